// Twin of observation.ts. Integers become logs by the table of fixed.ts; quotients are of single precision, so that
// observations agree to a few units in the last place. DEVICE_shared holds what all agents of a world see alike, and
// behind it what their own features are measured against.

const FEATURE_LIMIT = 8.0;
const MARKUP_LIMIT = 4.0;
const WIDE_LOG = 1.0 / (16.0 * 65536.0);
const NARROW_LOG = 1.0 / (8.0 * 65536.0);
const QUARTER_LOG = 1.0 / (4.0 * 65536.0);
const UNIT_LOG = 1.0 / 65536.0;
const RETURN_LOG = 16.0 / 65536.0;

/** Words of DEVICE_shared behind the features: logs of the median wealth and of the average price, the cost of a task. */
const SHARED_MEDIAN = OBSERVATION_COUNT;
const SHARED_AVERAGE = OBSERVATION_COUNT + 1u;
const SHARED_COST = OBSERVATION_COUNT + 2u;

/** log2(1 + x) in 2^-16, saturated. */
fn log2Plus(x: u32) -> f32 {
  return f32(log2Fixed(select(x + 1u, U32_MAX, x == U32_MAX)));
}

/** a - b of two logs. */
fn between(a: u32, b: u32) -> f32 {
  return f32(i32(a) - i32(b));
}

fn clip(x: f32, limit: f32) -> f32 {
  return clamp(x, -limit, limit);
}

/** Energy of one cu in milli-token x 2^8 at the opening price, at least 1. */
fn energyOfUnit() -> u32 {
  let price = max(1u, load(COLUMN_scalar, WORLD_tokenPrice));
  let energy = shiftLeft(wide(parameter(PARAMETER_energy_price)), 24u);
  return max(1u, saturate(divideByWord(energy, price)));
}

/** Price of a level in milli-token x 2^8, saturated. */
fn priceOfLevel(level: u32) -> u32 {
  return saturate(shiftLeft(wide(parameterOf(PARAMETER_computeMarket_priceTable, level)), 8u));
}

/** Computes what all observations of a tick have in common. */
fn openObservation(lane: u32) {
  if (lane != 0u) {
    return;
  }
  for (var k = 0u; k < OBSERVATION_COUNT; k++) {
    store(DEVICE_shared, k, 0u);
  }
  let average = log2OrZero(fastPrice());
  store(DEVICE_shared, SHARED_MEDIAN, log2OrZero(load(COLUMN_scalar, WORLD_medianWealth)));
  store(DEVICE_shared, SHARED_AVERAGE, average);
  store(DEVICE_shared, SHARED_COST, taskCost());
  if (isOn(PARAMETER_computeMarket_enabled)) {
    observeCompute(average);
  }
  if (isOn(PARAMETER_amm_enabled)) {
    let price = log2OrZero(load(COLUMN_scalar, WORLD_tokenPrice));
    storeF32(DEVICE_shared, OBSERVATION_tokenPrice, clip(between(price, 16u * LOG2_ONE) * QUARTER_LOG, FEATURE_LIMIT));
    let before = load(COLUMN_scalar, WORLD_tokenPriceBefore);
    if (before != 0u) {
      storeF32(DEVICE_shared, OBSERVATION_tokenReturn, clip(between(price, log2Fixed(before)) * RETURN_LOG, FEATURE_LIMIT));
    }
  }
  if (isOn(PARAMETER_serviceMarket_enabled)) {
    observeDemand();
  }
}

fn observeCompute(average: u32) {
  let known = load(COLUMN_scalar, WORLD_priceSlow);
  let slow = log2OrZero(select(known, parameter(PARAMETER_computeMarket_priceStart), known == 0u));
  let price = log2OrZero(priceOfLevel(load(COLUMN_scalar, WORLD_computeLevel)));
  let bid = f32(load(COLUMN_scalar, WORLD_computeBid));
  let offered = f32(load(COLUMN_scalar, WORLD_computeOffered));
  storeF32(DEVICE_shared, OBSERVATION_clearingPrice, clip(between(price, slow) * UNIT_LOG, FEATURE_LIMIT));
  storeF32(DEVICE_shared, OBSERVATION_priceFast, clip(between(average, slow) * UNIT_LOG, FEATURE_LIMIT));
  storeF32(DEVICE_shared, OBSERVATION_priceSlow, clip(between(slow, log2Fixed(energyOfUnit())) * QUARTER_LOG, FEATURE_LIMIT));
  if (bid + offered > 0.0) {
    storeF32(DEVICE_shared, OBSERVATION_imbalance, (bid - offered) / (bid + offered));
  }
}

fn observeDemand() {
  let energy = parameter(PARAMETER_serviceMarket_cuPerTask) * parameter(PARAMETER_energy_price);
  let ratio = between(log2OrZero(energy), log2OrZero(parameter(PARAMETER_serviceMarket_value)));
  storeF32(DEVICE_shared, OBSERVATION_energyPrice, clip(ratio * QUARTER_LOG, FEATURE_LIMIT));
  for (var c = 0u; c < CLASS_COUNT; c++) {
    let mean = parameterOf(PARAMETER_serviceMarket_demand, c);
    if (mean != 0u) {
      let change = f32(load(COLUMN_demand, c)) / f32(mean) - 1.0;
      storeF32(DEVICE_shared, OBSERVATION_demand0 + c, clip(change, FEATURE_LIMIT));
    }
  }
}

fn see(agent: u32, feature: u32, value: f32) {
  storeF32(BRAIN_observation, agent * OBSERVATION_COUNT + feature, value);
}

/** The raw observation of a living learner. */
fn observe(agent: u32) {
  if (load(BRAIN_active, agent) == 0u) {
    return;
  }
  for (var k = OBSERVATION_clearingPrice; k <= OBSERVATION_imbalance; k++) {
    see(agent, k, loadF32(DEVICE_shared, k));
  }
  for (var k = OBSERVATION_tokenPrice; k <= OBSERVATION_demand3; k++) {
    see(agent, k, loadF32(DEVICE_shared, k));
  }
  observePossessions(agent);
  observeQuotes(agent);
  see(agent, OBSERVATION_reward, clip(loadF32(BRAIN_reward, agent), FEATURE_LIMIT));
  see(agent, OBSERVATION_age, log2Plus(currentTick() - load(AGENT_bornAt, agent)) * WIDE_LOG);
  observeStanding(agent);
}

fn observePossessions(agent: u32) {
  let trains = isOn(PARAMETER_training_enabled);
  let skilled = trains || isOn(PARAMETER_serviceMarket_enabled);
  let wealth = log2OrZero(load(COLUMN_wealth, agent));
  see(agent, OBSERVATION_wealth, clip(between(wealth, load(DEVICE_shared, SHARED_MEDIAN)) * QUARTER_LOG, FEATURE_LIMIT));
  see(agent, OBSERVATION_token, log2Plus(load(BALANCE_token, agent)) * WIDE_LOG);
  see(agent, OBSERVATION_cash, log2Plus(load(BALANCE_cash, agent)) * WIDE_LOG);
  see(agent, OBSERVATION_stake, log2Plus(load(BALANCE_stake, agent)) * WIDE_LOG);
  see(agent, OBSERVATION_capacity, log2Plus(load(COLUMN_capacity, agent)) * NARROW_LOG);
  see(agent, OBSERVATION_unusedCompute, loadF32(AGENT_unusedCompute, agent));
  for (var c = 0u; c < CLASS_COUNT; c++) {
    see(agent, OBSERVATION_skill0 + c, select(0.0, f32(load(COLUMN_skill, agent * CLASS_COUNT + c)) * SHARE, skilled));
  }
  see(agent, OBSERVATION_data, select(0.0, log2Plus(load(COLUMN_data, agent)) * WIDE_LOG, trains));
}

/** Its last ask and bid, and how they filled. */
fn observeQuotes(agent: u32) {
  let hasCompute = isOn(PARAMETER_computeMarket_enabled);
  let hasService = isOn(PARAMETER_serviceMarket_enabled);
  let taskValue = load(COLUMN_scalar, WORLD_taskValue);
  var ask = 0.0;
  var markup = 0.0;
  if (hasService && load(COLUMN_mode, agent) == MODE_serve && taskValue > 0u) {
    let asked = load(COLUMN_taskAsk, agent);
    let cost = load(DEVICE_shared, SHARED_COST);
    ask = clip(f32(asked) / f32(taskValue), MARKUP_LIMIT);
    let worth = mulHigh(taskValue, load(COLUMN_skill, agent * CLASS_COUNT + load(COLUMN_taskClass, agent)));
    if (worth > cost) {
      let above = select(-f32(cost - asked), f32(asked - cost), asked >= cost);
      markup = clip(above / f32(worth - cost), MARKUP_LIMIT);
    }
  }
  see(agent, OBSERVATION_ownAsk, ask);
  see(agent, OBSERVATION_ownMarkup, markup);
  var quote = 0.0;
  if (hasCompute && load(COLUMN_computeSide, agent) != SIDE_none) {
    let price = log2OrZero(priceOfLevel(load(COLUMN_computeLevel, agent)));
    quote = clip(between(price, load(DEVICE_shared, SHARED_AVERAGE)) * UNIT_LOG, FEATURE_LIMIT);
  }
  see(agent, OBSERVATION_ownBid, quote);
  see(agent, OBSERVATION_computeFill, select(0.0, loadF32(AGENT_computeFill, agent), hasCompute));
  see(agent, OBSERVATION_serviceFill, select(0.0, loadF32(AGENT_serviceFill, agent), hasService));
}

/** What others owe it and think of it, and whether its objectives are on trial. */
fn observeStanding(agent: u32) {
  see(agent, OBSERVATION_reputation, select(0.0, f32(load(COLUMN_reputation, agent)) * SHARE, trustIsOn()));
  // 0 where there are no courts
  see(agent, OBSERVATION_claims, log2Plus(claimsOf(agent)) * WIDE_LOG);
  var onTrial = 0.0;
  if (LENGTH_AGENT_trialStage > 0u && load(AGENT_trialStage, agent) > TRIAL_waiting) {
    onTrial = 1.0;
  }
  see(agent, OBSERVATION_onTrial, onTrial);
}
