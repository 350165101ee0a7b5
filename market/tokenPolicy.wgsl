// Twin of tokenPolicy.ts, by all threads of a world together; Yuma consensus is in sparseYuma.wgsl.

/** Quality of a task is counted in 2^-16. */
const QUALITY_SHIFT = 16u;

/** Whether token is issued at the end of a tick. */
fn issuesNow(tick: u32) -> bool {
  let rule = parameter(PARAMETER_policy_issuance);
  if (rule == CHOICE_issuance_yuma) {
    return (tick + 1u) % parameter(PARAMETER_policy_epoch) == 0u;
  }
  return rule != CHOICE_issuance_none;
}

/** Counts what was issued, by thread 0. */
fn countIssued(amount: U64) {
  countMinted(ASSET_token, amount);
  addTo(COLUMN_total, TOTAL_issued, amount);
}

/** An agent's weight in this tick's issuance. */
fn issuanceWeight(agent: u32) -> u32 {
  if (load(COLUMN_population, agent) == FREE_SLOT) {
    return 0u;
  }
  if (parameter(PARAMETER_policy_issuance) == CHOICE_issuance_stakeWeighted) {
    return load(BALANCE_stake, agent);
  }
  return deliveredQuality(agent);
}

/** Issues this tick's token in proportion to weights; nothing where all are zero. */
fn issueByWeight(lane: u32) {
  var own = WIDE_ZERO;
  for (var i = lane; i < SLOTS; i += WORKGROUP) {
    own = addWide(own, wide(issuanceWeight(i)));
  }
  let sum = sumOf(lane, own);
  if (isZero(sum)) {
    return;
  }
  if (lane == 0u) {
    rate = rateOf(parameterWide(PARAMETER_policy_issuancePerTick), sum);
  }
  workgroupBarrier();
  let issued = rate;
  own = WIDE_ZERO;
  for (var i = lane; i < SLOTS; i += WORKGROUP) {
    let amount = shareAt(issued, issuanceWeight(i));
    creditAgent(BALANCE_token, i, amount);
    own = addWide(own, amount);
  }
  let total = sumOf(lane, own);
  if (lane == 0u) {
    countIssued(total);
  }
}

/** Sum of quality over the tasks that an agent delivered this tick, 2^-16, saturated. */
fn deliveredQuality(agent: u32) -> u32 {
  let tasks = load(COLUMN_tasksSold, agent);
  if (tasks == 0u) {
    return 0u;
  }
  if (LENGTH_COLUMN_breached > 0u) {
    if (load(COLUMN_breached, agent) > 0u) {
      return 0u;
    }
  }
  let quality = load(COLUMN_skill, agent * CLASS_COUNT + load(COLUMN_taskClass, agent)) >> QUALITY_SHIFT;
  return saturate(productOf(tasks, quality));
}

/** Adds an agent's quality of the tick to that of the epoch. */
fn addEpochQuality(agent: u32) {
  if (load(COLUMN_population, agent) == FREE_SLOT) {
    return;
  }
  let sum = addWide(wide(load(COLUMN_epochQuality, agent)), wide(deliveredQuality(agent)));
  store(COLUMN_epochQuality, agent, saturate(sum));
}

/** Wealth tax on free token and cash, each rounded down. */
fn levyTax(lane: u32) {
  let tax = parameter(PARAMETER_policy_wealthTax);
  var taxedToken = WIDE_ZERO;
  var taxedCash = WIDE_ZERO;
  for (var i = lane; i < SLOTS; i += WORKGROUP) {
    let token = load(BALANCE_token, i);
    let cash = load(BALANCE_cash, i);
    let fromToken = mulHigh(token, tax);
    let fromCash = mulHigh(cash, tax);
    store(BALANCE_token, i, token - fromToken);
    store(BALANCE_cash, i, cash - fromCash);
    taxedToken = addWide(taxedToken, wide(fromToken));
    taxedCash = addWide(taxedCash, wide(fromCash));
  }
  let sums = sumOfTwo(lane, taxedToken, taxedCash);
  if (lane == 0u) {
    creditSystem(ASSET_token, SYSTEM_treasury, sums.xy);
    creditSystem(ASSET_cash, SYSTEM_treasury, sums.zw);
  }
}

/** What the treasury pays everybody alive in an asset; for thread 0. */
fn dividendEach(asset: u32) -> u32 {
  let alive = load(COLUMN_scalar, WORLD_alive);
  let dividend = parameter(PARAMETER_policy_dividend);
  if (dividend == 0u || alive == 0u) {
    return 0u;
  }
  let tokenReserve = parameterWide(PARAMETER_treasury_tokenReserve);
  let reserve = select(parameterWide(PARAMETER_treasury_cashReserve), tokenReserve, asset == ASSET_token);
  let surplus = lessOrZero(systemBalance(asset, SYSTEM_treasury), reserve);
  return portion(saturate(surplus), dividend) / alive;
}

/** Pays everybody alive the same of an asset. */
fn payEqually(lane: u32, asset: u32, counted: u32) {
  let each = agree(lane, dividendEach(asset));
  if (each == 0u) {
    return;
  }
  let column = select(BALANCE_cash, BALANCE_token, asset == ASSET_token);
  var own = WIDE_ZERO;
  for (var i = lane; i < SLOTS; i += WORKGROUP) {
    if (load(COLUMN_population, i) != FREE_SLOT) {
      creditAgent(column, i, wide(each));
      own = addWide(own, wide(each));
    }
  }
  let paid = sumOf(lane, own);
  if (lane == 0u) {
    debitSystem(asset, SYSTEM_treasury, paid);
    addTo(COLUMN_total, counted, paid);
  }
}

/** Equal parts, rounded down, of a share of what the treasury holds above its reserve. */
fn payDividend(lane: u32) {
  payEqually(lane, ASSET_token, TOTAL_dividendToken);
  payEqually(lane, ASSET_cash, TOTAL_dividendCash);
}
