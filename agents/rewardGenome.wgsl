// Twin of rewardGenome.ts. The features phi are those of REWARD_FEATURES; quotients and tanh agree to a few units in the
// last place. Genes and features are feature-major.

const CASH_PER_MILLI = 0.001;
/** ln 2 per 2^-16. */
const LN_UNIT = 0.69314718 / 65536.0;
const SMALL_CHANGE = 0.05;
const THIRD = 0.33333334;
const WEALTH_GAIN_SCALE = 1000.0;
const SKILL_GAIN_SCALE = 1000.0;
const PROFIT_SCALE_CASH = 4.0;
const TRANSFER_SCALE_CASH = 500.0;
const SLASHED_SCALE_CASH = 4.0;
const REPUTATION_GAIN_SCALE = 16.0;
const RELATIVE_WEALTH_OCTAVES = 4.0;
const COMPUTE_SCALE_CU = 32.0;
const MODE_SHARE_RATE = 0.015625;
/** 2^-64. */
const MODE_SHARE_MIN = 5.42101086e-20;
const MODE_COUNT = 4u;
const MILLI = 1000.0;

var<private> phi: array<f32, FEATURE_COUNT>;

fn unitClip(x: f32) -> f32 {
  return clamp(x, -1.0, 1.0);
}

/** x / (scale + |x|). */
fn squash(x: f32, scale: f32) -> f32 {
  return x / (scale + abs(x));
}

/** a - b as a real number, exact in the difference. */
fn difference(a: u32, b: u32) -> f32 {
  return select(-f32(b - a), f32(a - b), a >= b);
}

/** Change of ln wealth from `before` to `after` milli-cash, 0 counted as 1. */
fn logChange(before: u32, after: u32) -> f32 {
  let origin = max(before, 1u);
  let reached = max(after, 1u);
  let x = difference(reached, origin) / f32(origin);
  // ln(1 + x) to third order
  if (x < SMALL_CHANGE && x > -SMALL_CHANGE) {
    return x * (1.0 - x * (0.5 - x * THIRD));
  }
  return (f32(log2Fixed(reached)) - f32(log2Fixed(origin))) * LN_UNIT;
}

/** Opening price of token: cash per token. */
fn openingTokenPrice() -> f32 {
  return f32(load(COLUMN_scalar, WORLD_tokenPrice)) / 65536.0;
}

/** part / whole of quantities; 0 of nothing. */
fn shareOf(part: u32, whole: u32) -> f32 {
  if (whole == 0u) {
    return 0.0;
  }
  return f32(part) / f32(whole);
}

/** Realised profit of an agent's tick, milli-cash. */
fn profitOf(agent: u32, price: f32) -> f32 {
  let amount = f32(load(COLUMN_computeAmount, agent));
  let rent = select(amount, -amount, load(COLUMN_computeSide, agent) == SIDE_buy);
  let income = f32(load(COLUMN_serviceAmount, agent)) + rent;
  let profit = income * price - f32(load(COLUMN_bill, agent));
  if (!trustIsOn()) {
    return profit;
  }
  let stakes = difference(load(COLUMN_compensated, agent), load(COLUMN_slashed, agent)) * price;
  let received = f32(load(COLUMN_contractCash, agent)) - f32(load(COLUMN_contractBill, agent));
  let paid = f32(load(COLUMN_courtBill, agent)) + f32(load(COLUMN_debtDue, agent));
  return profit + (stakes + (received - paid));
}

/** Profit, fills and unused compute of a living agent; features and reward of a learner; the sums over its life. */
fn reward(agent: u32) {
  let population = load(COLUMN_population, agent);
  if (population == FREE_SLOT) {
    return;
  }
  let price = openingTokenPrice();
  let filled = load(COLUMN_computeFilled, agent);
  let used = load(COLUMN_computeUsed, agent);
  let compute = load(COLUMN_compute, agent);
  let profit = profitOf(agent, price) * CASH_PER_MILLI;
  let sold = select(0u, filled, load(COLUMN_computeSide, agent) == SIDE_sell);
  let atHand = f32(compute) + f32(sold);
  let unused = f32(select(compute - used, 0u, compute < used));
  storeF32(AGENT_profit, agent, profit);
  storeF32(AGENT_computeFill, agent, shareOf(filled, load(COLUMN_computeQuantity, agent)));
  storeF32(AGENT_serviceFill, agent, shareOf(load(COLUMN_tasksSold, agent), load(COLUMN_tasksOffered, agent)));
  storeF32(AGENT_unusedCompute, agent, select(unused / max(atHand, 1.0), 0.0, atHand == 0.0));
  storeF32(AGENT_lifeProfit, agent, loadF32(AGENT_lifeProfit, agent) + profit);
  // scripted agents have no reward to be told
  if (load(BRAIN_active, agent) == 0u) {
    return;
  }
  let mode = load(COLUMN_mode, agent);
  senseReward(agent, mode, profit);
  for (var k = 0u; k < FEATURE_COUNT; k++) {
    storeF32(AGENT_features, k * SLOTS + agent, phi[k]);
  }
  moveModeShares(agent, mode);
  var r = 0.0;
  if (parameterOf(PARAMETER_populations_reward, population) == CHOICE_reward_randomReward) {
    let word = draw(parameter(PARAMETER_seed), currentTick(), agent, STREAM_randomReward);
    r = 2.0 * unitInterval(word) - 1.0;
  } else {
    r = rewardOf(agent, parameterOf(PARAMETER_populations_rewardHidden, population) != 0u);
  }
  storeF32(BRAIN_reward, agent, r);
  storeF32(AGENT_lifeReward, agent, loadF32(AGENT_lifeReward, agent) + r);
}

/** Writes the features of a learner's tick to phi. */
fn senseReward(agent: u32, mode: u32, profit: f32) {
  let serves = mode == MODE_serve;
  let wealth = load(COLUMN_wealth, agent);
  let median = log2OrZero(load(COLUMN_scalar, WORLD_medianWealth));
  phi[REWARD_wealthGain] = unitClip(WEALTH_GAIN_SCALE * logChange(load(COLUMN_wealthBefore, agent), wealth));
  phi[REWARD_skillGain] = unitClip(f32(load(COLUMN_skillGain, agent)) * (SKILL_GAIN_SCALE * SHARE));
  phi[REWARD_profit] = squash(profit, PROFIT_SCALE_CASH);
  phi[REWARD_fill] = select(loadF32(AGENT_computeFill, agent), loadF32(AGENT_serviceFill, agent), serves);
  phi[REWARD_contractKept] = 0.0;
  phi[REWARD_contractBreached] = 0.0;
  phi[REWARD_slashed] = 0.0;
  phi[REWARD_reputationGain] = 0.0;
  if (trustIsOn()) {
    senseContracts(agent);
  }
  phi[REWARD_transferGiven] = squash(f32(load(AGENT_transferGiven, agent)), TRANSFER_SCALE_CASH * MILLI);
  let octaves = f32(i32(log2OrZero(wealth)) - i32(median)) / 65536.0;
  phi[REWARD_relativeWealth] = unitClip(octaves / RELATIVE_WEALTH_OCTAVES);
  phi[REWARD_novelty] = 1.0 - loadF32(AGENT_modeShare, mode * SLOTS + agent);
  phi[REWARD_forecastError] = squash(abs(loadF32(BRAIN_tdError, agent)), 1.0);
  phi[REWARD_computeSpent] = unitClip(f32(load(COLUMN_computeUsed, agent)) / COMPUTE_SCALE_CU);
  phi[REWARD_idle] = select(0.0, 1.0, mode == MODE_idle);
  phi[REWARD_survival] = 1.0;
}

/** The features of contracts, where sellers may default. */
fn senseContracts(agent: u32) {
  let breached = load(COLUMN_breached, agent) > 0u;
  let contracted = load(COLUMN_contracted, agent) > 0u;
  let moved = difference(load(COLUMN_reputation, agent), load(COLUMN_reputationBefore, agent));
  phi[REWARD_contractKept] = select(0.0, 1.0, contracted && !breached);
  phi[REWARD_contractBreached] = select(0.0, 1.0, breached);
  phi[REWARD_slashed] = squash(f32(load(COLUMN_slashed, agent)) * openingTokenPrice(), SLASHED_SCALE_CASH * MILLI);
  phi[REWARD_reputationGain] = unitClip(moved * (REPUTATION_GAIN_SCALE * SHARE));
}

/** Moves the shares of ticks that an agent spends in each mode. */
fn moveModeShares(agent: u32, mode: u32) {
  for (var m = 0u; m < MODE_COUNT; m++) {
    let share = loadF32(AGENT_modeShare, m * SLOTS + agent);
    let moved = share + MODE_SHARE_RATE * (select(0.0, 1.0, m == mode) - share);
    storeF32(AGENT_modeShare, m * SLOTS + agent, max(MODE_SHARE_MIN, moved));
  }
}

/** w . phi + v . tanh(U phi). */
fn rewardOf(agent: u32, hidden: bool) -> f32 {
  var r = weighFeatures(GENE_linear, agent);
  if (!hidden) {
    return r;
  }
  for (var j = 0u; j < REWARD_HIDDEN; j++) {
    let unit = tanhF32(weighFeatures(GENE_hidden + j * FEATURE_COUNT, agent));
    r += loadF32(AGENT_genes, (GENE_output + j) * SLOTS + agent) * unit;
  }
  return r;
}

/** The product of the features in phi with FEATURE_COUNT genes from `gene`. */
fn weighFeatures(gene: u32, agent: u32) -> f32 {
  var sum = 0.0;
  for (var k = 0u; k < FEATURE_COUNT; k++) {
    sum += loadF32(AGENT_genes, (gene + k) * SLOTS + agent) * phi[k];
  }
  return sum;
}
