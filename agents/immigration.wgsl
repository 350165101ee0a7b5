// Twin of immigration.ts and of initialGenome in rewardGenome.ts, by one thread of a world.

/** Admits agents of the genesis distribution below the population floor; under quotas, below each population's own floor. */
fn immigrate(tick: u32) {
  let floorCount = parameter(PARAMETER_demography_immigrationFloor);
  let limit = parameter(PARAMETER_demography_immigrantsPerTick);
  if (floorCount == 0u || limit == 0u) {
    return;
  }
  if (!isOn(PARAMETER_demography_quotas)) {
    let alive = load(COLUMN_scalar, WORLD_alive);
    admit(tick, min(limit, select(floorCount - alive, 0u, floorCount < alive)), FREE_SLOT);
    return;
  }
  var room = limit;
  for (var population = 0u; population < COUNT_populations_kind && room > 0u; population++) {
    if (parameterOf(PARAMETER_populations_immigrates, population) == 0u) {
      continue;
    }
    var owned = 0u;
    var alive = 0u;
    for (var i = 0u; i < SLOTS; i++) {
      if (load(AGENT_slotPopulation, i) == population) {
        owned++;
        alive += select(0u, 1u, load(COLUMN_population, i) != FREE_SLOT);
      }
    }
    let due = divideByWord(productOf(floorCount, owned), SLOTS).x;
    room -= admit(tick, min(room, select(due - alive, 0u, due < alive)), population);
  }
}

/** Admits up to `count` immigrants until the treasury cannot pay the next one in full; returns how many came. */
fn admit(tick: u32, count: u32, only: u32) -> u32 {
  var admitted = 0u;
  for (var k = count; k > 0u; k--) {
    var population = only;
    if (only == FREE_SLOT) {
      population = immigrantPopulation(draw(parameter(PARAMETER_seed), tick, WORLD_DRAW - k, STREAM_immigration));
    }
    if (population == FREE_SLOT) {
      break;
    }
    let token = wide(parameterOf(PARAMETER_populations_endowmentToken, population));
    let cash = wide(parameterOf(PARAMETER_populations_endowmentCash, population));
    if (lessWide(systemBalance(ASSET_token, SYSTEM_treasury), token) || lessWide(systemBalance(ASSET_cash, SYSTEM_treasury), cash)) {
      break;
    }
    let slot = freeSlot(population);
    if (slot == FREE_SLOT) {
      continue;
    }
    arrive(tick, slot, population);
    debitSystem(ASSET_token, SYSTEM_treasury, token);
    creditAgent(BALANCE_token, slot, token);
    debitSystem(ASSET_cash, SYSTEM_treasury, cash);
    creditAgent(BALANCE_cash, slot, cash);
    setWealth(slot);
    store(COLUMN_scalar, WORLD_immigrants, load(COLUMN_scalar, WORLD_immigrants) + 1u);
    addTo(COLUMN_total, TOTAL_immigrants, wide(1u));
    store(COLUMN_scalar, WORLD_alive, load(COLUMN_scalar, WORLD_alive) + 1u);
    admitted++;
  }
  return admitted;
}

/** A population drawn by the genesis shares of those that accept immigrants, FREE_SLOT when none does: the host has found which words are whose. */
fn immigrantPopulation(word: u32) -> u32 {
  for (var k = 0u; k < COUNT_populations_immigrantsBelow; k++) {
    let at = PARAMETER_populations_immigrantsBelow + 2u * k;
    if (lessWide(wide(word), parameterWide(at))) {
      return k;
    }
  }
  return FREE_SLOT;
}

/** The first free slot that a population may use, or FREE_SLOT. */
fn freeSlot(population: u32) -> u32 {
  let quotas = isOn(PARAMETER_demography_quotas);
  for (var i = 0u; i < SLOTS; i++) {
    if (load(COLUMN_population, i) == FREE_SLOT && (!quotas || load(AGENT_slotPopulation, i) == population)) {
      return i;
    }
  }
  return FREE_SLOT;
}

/** A newcomer of the genesis distribution in a free slot. */
fn arrive(tick: u32, slot: u32, population: u32) {
  let seed = parameter(PARAMETER_seed);
  // the genome first, then its shadow
  for (var record = 0u; record < 2u; record++) {
    takeUp(select(AGENT_genes, AGENT_shadowGenes, record == 1u), slot, SLOTS);
    var draws = drawsAt(seed, tick, slot, select(STREAM_immigration, STREAM_shadowGenome, record == 1u));
    initialGenome(population, &draws);
  }
  store(AGENT_thresholdGene, slot, parameter(PARAMETER_demography_threshold));
  store(AGENT_endowmentGene, slot, parameter(PARAMETER_demography_endowmentShare));
  store(AGENT_generation, slot, 0u);
  storeWide(AGENT_parent, slot, WIDE_ZERO);
  storeWide(AGENT_secondParent, slot, WIDE_ZERO);
  store(AGENT_censusAncestor, slot, NO_ANCESTOR);
  store(AGENT_weightsBornAt, slot, tick);
  store(AGENT_weightsBornIn, slot, slot);
  embody(tick, slot, population, parameter(PARAMETER_genesis_capacity), parameter(PARAMETER_genesis_data));
  if (isLearner(population)) {
    store(DEVICE_newborn, slot, BRAIN_DRAWN);
  }
}

/** Makes the genome at hand one of generation 0: reward genes as the population's config says, learner genes from the config. */
fn initialGenome(population: u32, draws: ptr<function, DrawSequence>) {
  let hidden = parameterOf(PARAMETER_populations_rewardHidden, population) != 0u;
  let kind = parameterOf(PARAMETER_populations_reward, population);
  let random = kind == CHOICE_reward_random;
  let fixed = fixedReward(kind);
  for (var k = 0u; k < GENE_gamma; k++) {
    var drawn = random && (hidden || k < FEATURE_COUNT);
    if (k >= GENE_hidden) {
      drawn = hidden && !isUnrewarded(population);
    }
    var gene = select(0.0, 1.0, k == GENE_linear + fixed && fixed < FEATURE_COUNT);
    if (drawn) {
      gene = drawNormal(draws);
    }
    setGene(k, gene);
  }
  if (random) {
    normalise();
  }
  setGene(GENE_gamma, parameterF32(PARAMETER_learner_gamma));
  setGene(GENE_lambda, parameterF32(PARAMETER_learner_lambda));
  setGene(GENE_tau, parameterF32(PARAMETER_learner_tau));
  setGene(GENE_logKappa, logF32(parameterF32(PARAMETER_learner_kappaActor)));
  setGene(GENE_sigma, parameterF32(PARAMETER_demography_sigma));
}

/** The single feature that a fixed choice of reward pays for; FEATURE_COUNT where it pays for none. */
fn fixedReward(kind: u32) -> u32 {
  switch kind {
    case CHOICE_reward_logWealth: {
      return REWARD_wealthGain;
    }
    case CHOICE_reward_constant: {
      return REWARD_survival;
    }
    case CHOICE_reward_profit: {
      return REWARD_profit;
    }
    case CHOICE_reward_skill: {
      return REWARD_skillGain;
    }
    case CHOICE_reward_computeSpent: {
      return REWARD_computeSpent;
    }
    default: {
      return FEATURE_COUNT;
    }
  }
}
