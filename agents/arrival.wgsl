// Twin of arrival.ts, learners.ts and kit.ts: what every newcomer gets, by one thread of a world.

/** Reputation of a newborn, a half. */
const REPUTATION_START = 0x80000000u;
const NO_ANCESTOR = 0xffffffffu;
const MODES = 4u;
/** What DEVICE_lives holds: how many die, children staged, the closing price (0 where no token can be sold). */
const LIVES_dying = 0u;
const LIVES_staged = 1u;
const LIVES_price = 2u;
/** What DEVICE_newborn says of a slot's brain: nothing to do, weights to draw, weights to copy from DEVICE_teacher. */
const BRAIN_DRAWN = 1u;
const BRAIN_TAUGHT = 2u;

fn isLearner(population: u32) -> bool {
  return parameterOf(PARAMETER_populations_kind, population) == CHOICE_kind_learner;
}

/** cu of a child's kit. */
fn kitSize() -> u32 {
  let works = isOn(PARAMETER_serviceMarket_enabled) || isOn(PARAMETER_training_enabled);
  return max(parameter(PARAMETER_demography_kitCompute), select(0u, parameter(PARAMETER_serviceMarket_cuPerTask), works));
}

/** Price of the kit, milli-cash. */
fn kitPrice() -> U64 {
  return productOf(kitSize(), load(COLUMN_scalar, WORLD_hardwarePrice));
}

/** What a milli-token is worth to a parent, milli-cash in 2^-16; 0 where none can be sold. */
fn tokenWorth() -> u32 {
  if (!isOn(PARAMETER_amm_enabled)) {
    return 0u;
  }
  return midPrice();
}

/** What every new agent gets, whoever its parents: serial, body, empty memory. */
fn embody(tick: u32, slot: u32, population: u32, capacity: u32, data: u32) {
  addTo(COLUMN_total, TOTAL_nextSerial, wide(1u));
  storeWide(AGENT_serial, slot, loadWide(COLUMN_total, TOTAL_nextSerial));
  store(AGENT_bornAt, slot, tick);
  store(COLUMN_population, slot, population);
  store(COLUMN_capacity, slot, capacity);
  addTo(COLUMN_total, TOTAL_capacity, wide(capacity));
  store(COLUMN_data, slot, data);
  addTo(COLUMN_total, TOTAL_dataFounded, wide(data));
  store(COLUMN_reputation, slot, REPUTATION_START);
  for (var k = 0u; k < CLASS_COUNT; k++) {
    store(COLUMN_skill, slot * CLASS_COUNT + k, parameter(PARAMETER_genesis_skill));
  }
  for (var m = 0u; m < MODES; m++) {
    storeF32(AGENT_modeShare, m * SLOTS + slot, 0.25);
  }
  if (LENGTH_AGENT_blockBase > 0u) {
    storeI32(AGENT_blockBase, slot, NO_BASE);
  }
  let learns = isLearner(population);
  store(BRAIN_active, slot, select(0u, 1u, learns));
  if (LENGTH_BRAIN_gamma > 0u) {
    writeLearnerGenes(slot, population);
  }
}

/** Writes what an agent's brain learns with: its genes, as far as its population's learner uses them. */
fn writeLearnerGenes(slot: u32, population: u32) {
  let kind = parameterOf(PARAMETER_populations_learner, population);
  let streams = kind == CHOICE_learner_streamAc;
  let reinforces = kind == CHOICE_learner_reinforce;
  let kappa = expF32(loadF32(AGENT_genes, GENE_logKappa * SLOTS + slot));
  storeF32(BRAIN_gamma, slot, loadF32(AGENT_genes, GENE_gamma * SLOTS + slot));
  storeF32(BRAIN_lambda, slot, select(loadF32(AGENT_genes, GENE_lambda * SLOTS + slot), 1.0, reinforces));
  storeF32(BRAIN_tau, slot, loadF32(AGENT_genes, GENE_tau * SLOTS + slot));
  storeF32(BRAIN_kappaActor, slot, select(0.0, kappa, streams));
  if (reinforces) {
    // infinite, which no expression may be
    store(BRAIN_kappaCritic, slot, 0x7f800000u);
  } else {
    storeF32(BRAIN_kappaCritic, slot, select(0.0, parameterF32(PARAMETER_learner_kappaCritic), streams));
  }
  let plain = select(parameterF32(PARAMETER_learner_plainStep), 0.0, kind == CHOICE_learner_frozen);
  storeF32(BRAIN_alpha, slot, select(plain, parameterF32(PARAMETER_learner_alpha), streams));
}

/** Wealth of a newcomer at the closing price; its next tick's change starts from here. */
fn setWealth(slot: u32) {
  let wealth = saturate(wealthAt(slot, load(DEVICE_lives, LIVES_price)));
  store(COLUMN_wealth, slot, wealth);
  store(COLUMN_wealthBefore, slot, wealth);
}
