// Twin of nursery.ts, by one thread of a world. DEVICE_stage has STAGE_WORDS words a staged child. Its genes and shadow
// wait in DEVICE_stageGenes where its slot's last owner may still be somebody's parent, else they are in place at once.

const STAGE_slot = 0u;
const STAGE_population = 1u;
const STAGE_parent = 2u;
const STAGE_secondParent = 4u;
const STAGE_generation = 6u;
const STAGE_ancestor = 7u;
const STAGE_threshold = 8u;
const STAGE_endowment = 9u;
const STAGE_token = 10u;
const STAGE_cash = 11u;
const STAGE_bornAt = 12u;
const STAGE_bornIn = 13u;
const STAGE_teacher = 14u;
const STAGE_WORDS = 15u;

/** Tries before a search by rejection gives way to an exact count; both are uniform. */
const REJECTIONS_MAX = 16u;

fn stageAt(b: u32, field: u32) -> u32 {
  return load(DEVICE_stage, b * STAGE_WORDS + field);
}

fn setStage(b: u32, field: u32, value: u32) {
  store(DEVICE_stage, b * STAGE_WORDS + field, value);
}

/** Lets a parent pay for a child and records all that the child inherits. */
fn stageChild(tick: u32, parent: u32, slot: u32, candidates: u32) {
  let b = load(DEVICE_lives, LIVES_staged);
  store(DEVICE_lives, LIVES_staged, b + 1u);
  let population = load(COLUMN_population, parent);
  let inheritance = parameterOf(PARAMETER_populations_inheritance, population);
  let baldwinian = inheritance == CHOICE_inheritance_baldwinian;
  let serial = loadWide(AGENT_serial, parent);
  setStage(b, STAGE_slot, slot);
  setStage(b, STAGE_population, population);
  setStage(b, STAGE_parent, serial.x);
  setStage(b, STAGE_parent + 1u, serial.y);
  setStage(b, STAGE_secondParent, 0u);
  setStage(b, STAGE_secondParent + 1u, 0u);
  setStage(b, STAGE_generation, load(AGENT_generation, parent) + 1u);
  setStage(b, STAGE_ancestor, load(AGENT_censusAncestor, parent));
  setStage(b, STAGE_bornAt, select(tick, load(AGENT_weightsBornAt, parent), baldwinian));
  setStage(b, STAGE_bornIn, select(slot, load(AGENT_weightsBornIn, parent), baldwinian));
  setStage(b, STAGE_teacher, select(FREE_SLOT, parent, inheritance == CHOICE_inheritance_lamarckian));
  pay(parent, b);
  inheritGenes(tick, parent, b, slot, population, candidates);
}

/** The least token worth `cash` at a price, 0 for nothing. */
fn tokenFor(cash: U64, price: u32) -> U64 {
  if (isZero(cash)) {
    return WIDE_ZERO;
  }
  return addWide(cashToToken(cash, price), wide(1u));
}

/** The parent buys the kit, then puts the endowment in escrow until the child's slot is free. */
fn pay(parent: u32, b: u32) {
  setStage(b, STAGE_token, 0u);
  setStage(b, STAGE_cash, 0u);
  if (!isOn(PARAMETER_demography_parentPays)) {
    return;
  }
  let price = load(DEVICE_lives, LIVES_price);
  let kit = kitPrice();
  let kitCash = minWide(kit, wide(load(BALANCE_cash, parent)));
  let kitToken = tokenFor(subWide(kit, kitCash), price);
  give(parent, SYSTEM_supplier, kitCash, SYSTEM_consumers, kitToken);

  let share = load(AGENT_endowmentGene, parent);
  let ownCash = load(BALANCE_cash, parent);
  let ownToken = load(BALANCE_token, parent);
  var cash = mulHigh(ownCash, share);
  var token = mulHigh(ownToken, share);
  let worth = addWide(wide(cash), tokenToCash(wide(token), price));
  var missing = lessOrZero(parameterWide(PARAMETER_demography_endowmentFloor), worth);
  if (!isZero(missing)) {
    let more = minWide(missing, wide(ownCash - cash));
    cash += more.x;
    missing = subWide(missing, more);
    token += minWide(tokenFor(missing, price), wide(ownToken - token)).x;
  }
  give(parent, SYSTEM_escrow, wide(cash), SYSTEM_escrow, wide(token));
  setStage(b, STAGE_cash, cash);
  setStage(b, STAGE_token, token);
  let whole = addWide(addWide(kit, wide(cash)), tokenToCash(wide(token), price));
  let wealth = load(COLUMN_wealth, parent);
  let given = minWide(wide(wealth), whole);
  store(AGENT_transferGiven, parent, saturate(addWide(wide(load(AGENT_transferGiven, parent)), given)));
  store(COLUMN_wealth, parent, wealth - given.x);
}

/** Cash of an agent to one system account and token to another. */
fn give(agent: u32, forCash: u32, cash: U64, forToken: u32, token: U64) {
  debitAgent(BALANCE_cash, agent, cash);
  creditSystem(ASSET_cash, forCash, cash);
  debitAgent(BALANCE_token, agent, token);
  creditSystem(ASSET_token, forToken, token);
}

/** The column that holds the genes which an agent hands down: during a trial its old ones. */
fn heritableGenes(agent: u32) -> u32 {
  if (LENGTH_AGENT_trialStage > 0u && usesNewGenes(load(AGENT_trialStage, agent))) {
    return AGENT_trialGenes;
  }
  return AGENT_genes;
}

/** Takes up a staged child's genome (record 0) or shadow (1), as it stands where it waits. */
fn takeUpStaged(b: u32, slot: u32, record: u32) {
  if (LENGTH_DEVICE_stageGenes > 0u) {
    takeUp(DEVICE_stageGenes, (2u * b + record) * GENE_COUNT, 1u);
  } else {
    takeUp(select(AGENT_shadowGenes, AGENT_genes, record == 0u), slot, SLOTS);
  }
}

/** Writes the child's genome and its neutral shadow, which has random parents but the same crossover and mutation. */
fn inheritGenes(tick: u32, parent: u32, b: u32, slot: u32, population: u32, candidates: u32) {
  let seed = parameter(PARAMETER_seed);
  let evolves = parameterOf(PARAMETER_populations_evolves, population) != 0u;
  var threshold = load(AGENT_thresholdGene, parent);
  var endowment = load(AGENT_endowmentGene, parent);
  var draws = drawsAt(seed, tick, slot, STREAM_crossover);
  var shadowDraws = drawsAt(seed, tick, slot, STREAM_shadow);
  var mutations = drawsAt(seed, tick, slot, STREAM_mutation);
  var second = parent;
  // the genome first, then its shadow
  for (var record = 0u; record < 2u; record++) {
    var giver = parent;
    var column = heritableGenes(parent);
    if (record == 1u) {
      giver = randomMember(parent, &shadowDraws);
      column = AGENT_shadowGenes;
    }
    takeUpStaged(b, slot, record);
    for (var k = 0u; k < GENE_COUNT; k++) {
      setGene(k, loadF32(column, k * SLOTS + giver));
    }
    if (!evolves) {
      continue;
    }
    if (record == 0u && drawWord(&draws) < parameter(PARAMETER_demography_crossover)) {
      second = secondParent(parent, candidates, &draws);
    }
    if (second != parent) {
      if (record == 0u) {
        crossOver(heritableGenes(second), second, &draws);
      } else {
        crossOver(AGENT_shadowGenes, randomMember(parent, &shadowDraws), &shadowDraws);
      }
    }
    if (record == 0u && second != parent) {
      let serial = loadWide(AGENT_serial, second);
      setStage(b, STAGE_secondParent, serial.x);
      setStage(b, STAGE_secondParent + 1u, serial.y);
      threshold = select(threshold, load(AGENT_thresholdGene, second), drawWord(&draws) >> 31u == 1u);
      endowment = select(endowment, load(AGENT_endowmentGene, second), drawWord(&draws) >> 31u == 1u);
    }
    if (!isOn(PARAMETER_demography_mutation)) {
      continue;
    }
    mutate(population, true, &mutations);
    if (record == 0u) {
      threshold = mutateThreshold(threshold, &mutations);
      endowment = mutateEndowment(endowment, &mutations);
    }
  }
  setStage(b, STAGE_threshold, threshold);
  setStage(b, STAGE_endowment, endowment);
}

/** A uniformly random eligible agent of the parent's population other than the parent; the parent when there is none. */
fn secondParent(parent: u32, candidates: u32, draws: ptr<function, DrawSequence>) -> u32 {
  let own = load(COLUMN_population, parent);
  for (var k = 0u; k < REJECTIONS_MAX; k++) {
    let agent = load(DEVICE_eligible, drawBelow(draws, candidates));
    if (agent != parent && load(COLUMN_population, agent) == own) {
      return agent;
    }
  }
  var count = 0u;
  for (var k = 0u; k < candidates; k++) {
    let agent = load(DEVICE_eligible, k);
    count += select(0u, 1u, agent != parent && load(COLUMN_population, agent) == own);
  }
  if (count == 0u) {
    return parent;
  }
  var pick = drawBelow(draws, count);
  for (var k = 0u; k < candidates; k++) {
    let agent = load(DEVICE_eligible, k);
    if (agent == parent || load(COLUMN_population, agent) != own) {
      continue;
    }
    if (pick == 0u) {
      return agent;
    }
    pick--;
  }
  return parent;
}

/** A uniformly random living agent of an agent's population, itself included. */
fn randomMember(agent: u32, draws: ptr<function, DrawSequence>) -> u32 {
  let own = load(COLUMN_population, agent);
  for (var k = 0u; k < REJECTIONS_MAX; k++) {
    let other = drawBelow(draws, SLOTS);
    if (load(COLUMN_population, other) == own) {
      return other;
    }
  }
  var count = 0u;
  for (var i = 0u; i < SLOTS; i++) {
    count += select(0u, 1u, load(COLUMN_population, i) == own);
  }
  var pick = drawBelow(draws, count);
  for (var i = 0u; i < SLOTS; i++) {
    if (load(COLUMN_population, i) != own) {
      continue;
    }
    if (pick == 0u) {
      return i;
    }
    pick--;
  }
  return agent;
}

/** Places a staged child in its slot, which is free by now. */
fn place(tick: u32, b: u32) {
  let slot = stageAt(b, STAGE_slot);
  let population = stageAt(b, STAGE_population);
  if (LENGTH_DEVICE_stageGenes > 0u) {
    for (var k = 0u; k < GENE_COUNT; k++) {
      store(AGENT_genes, k * SLOTS + slot, load(DEVICE_stageGenes, 2u * b * GENE_COUNT + k));
      store(AGENT_shadowGenes, k * SLOTS + slot, load(DEVICE_stageGenes, (2u * b + 1u) * GENE_COUNT + k));
    }
  }
  store(AGENT_thresholdGene, slot, stageAt(b, STAGE_threshold));
  store(AGENT_endowmentGene, slot, stageAt(b, STAGE_endowment));
  storeWide(AGENT_parent, slot, U64(stageAt(b, STAGE_parent), stageAt(b, STAGE_parent + 1u)));
  storeWide(AGENT_secondParent, slot, U64(stageAt(b, STAGE_secondParent), stageAt(b, STAGE_secondParent + 1u)));
  store(AGENT_generation, slot, stageAt(b, STAGE_generation));
  store(AGENT_censusAncestor, slot, stageAt(b, STAGE_ancestor));
  store(AGENT_weightsBornAt, slot, stageAt(b, STAGE_bornAt));
  store(AGENT_weightsBornIn, slot, stageAt(b, STAGE_bornIn));
  embody(tick, slot, population, kitSize(), 0u);
  let cash = wide(stageAt(b, STAGE_cash));
  let token = wide(stageAt(b, STAGE_token));
  debitSystem(ASSET_cash, SYSTEM_escrow, cash);
  creditAgent(BALANCE_cash, slot, cash);
  debitSystem(ASSET_token, SYSTEM_escrow, token);
  creditAgent(BALANCE_token, slot, token);
  setWealth(slot);
  if (isLearner(population)) {
    let teacher = stageAt(b, STAGE_teacher);
    store(DEVICE_teacher, slot, teacher);
    store(DEVICE_newborn, slot, select(BRAIN_TAUGHT, BRAIN_DRAWN, teacher == FREE_SLOT));
  }
  store(COLUMN_scalar, WORLD_births, load(COLUMN_scalar, WORLD_births) + 1u);
  addTo(COLUMN_total, TOTAL_births, wide(1u));
  store(COLUMN_scalar, WORLD_alive, load(COLUMN_scalar, WORLD_alive) + 1u);
}
