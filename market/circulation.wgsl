// Twin of circulation.ts.

/** 2^31 - 1, the largest price x quantity. */
const PRODUCT_MAX = 0x7fffffffu;

/** Value of a task of quality 1 in milli-token at the opening price. */
fn taskValue() -> u32 {
  let value = cashToToken(parameterWide(PARAMETER_serviceMarket_value), load(COLUMN_scalar, WORLD_tokenPrice));
  let most = PRODUCT_MAX / parameter(PARAMETER_serviceMarket_maxTasks);
  // a bonus at most doubles what a task is paid
  let halved = isOn(PARAMETER_serviceMarket_networkEffect);
  return min(saturate(value), select(most, most >> 1u, halved));
}

/** Opens a tick: clears its flows, makes capacity this tick's compute and fixes the opening prices. */
fn startTick(lane: u32) {
  clearFlows(lane);
  openCapacity(lane);
  awaitAll();
  if (lane != 0u) {
    return;
  }
  let tick = currentTick();
  openPool();
  store(COLUMN_scalar, WORLD_computeVolume, 0u);
  store(COLUMN_scalar, WORLD_tokenPriceBefore, load(COLUMN_scalar, WORLD_tokenPrice));
  store(COLUMN_scalar, WORLD_tokenPrice, midPrice());
  store(COLUMN_scalar, WORLD_taskValue, taskValue());
  store(COLUMN_scalar, WORLD_hardwarePrice, hardwarePrice());
  moveDemand(tick);
  for (var c = 0u; c < CLASS_COUNT; c++) {
    store(COLUMN_demand, c, select(0u, wantedTasks(tick, c), isOn(PARAMETER_serviceMarket_enabled)));
  }
}

/** What a tick starts at zero. */
fn clearFlows(lane: u32) {
  for (var i = lane; i < SLOTS; i += WORKGROUP) {
    store(COLUMN_orderSide, i, 0u);
    store(COLUMN_orderLevel, i, 0u);
    store(COLUMN_orderQuantity, i, 0u);
    store(COLUMN_orderFilled, i, 0u);
    store(COLUMN_orderAmount, i, 0u);
    store(COLUMN_computeFilled, i, 0u);
    store(COLUMN_computeAmount, i, 0u);
    store(COLUMN_computeUsed, i, 0u);
    store(COLUMN_tasksOffered, i, 0u);
    store(COLUMN_tasksSold, i, 0u);
    store(COLUMN_serviceAmount, i, 0u);
    store(COLUMN_offerQuantity, i, 0u);
    store(COLUMN_offerSold, i, 0u);
    store(COLUMN_offerPrice, i, 0u);
    store(COLUMN_offerReceipt, i, 0u);
    store(COLUMN_labelsUsed, i, 0u);
    store(COLUMN_skillGain, i, 0u);
    store(COLUMN_bill, i, 0u);
    store(COLUMN_tokenOffered, i, 0u);
    store(COLUMN_cashOffered, i, 0u);
    store(COLUMN_insolvent, i, 0u);
    store(COLUMN_invested, i, 0u);
  }
  clearWords(lane, COLUMN_served, CLASS_COUNT);
  clearWords(lane, COLUMN_marginalScore, CLASS_COUNT);
  clearWords(lane, COLUMN_bidHistogram, PRICE_LEVELS);
  clearWords(lane, COLUMN_askHistogram, PRICE_LEVELS);
  clearWords(lane, COLUMN_swapReserves, 2u * LENGTH_COLUMN_swapReserves);
  clearWords(lane, COLUMN_poolRecord, 2u * LENGTH_COLUMN_poolRecord);
}

/** Capacity is this tick's compute, nothing where nobody lives. */
fn openCapacity(lane: u32) {
  for (var i = lane; i < SLOTS; i += WORKGROUP) {
    let opened = select(load(COLUMN_capacity, i), 0u, load(COLUMN_population, i) == FREE_SLOT);
    store(COLUMN_opened, i, opened);
    store(COLUMN_compute, i, opened);
  }
}

/** Returns money to the consumers, lets them buy the token they lack, and cuts `demand` to their budget. */
fn circulate(lane: u32) {
  if (lane != 0u) {
    return;
  }
  let tick = currentTick();
  returnReceipts();
  releaseTreasury();
  if (isOn(PARAMETER_amm_enabled)) {
    buyConsumersToken();
    if (tick > 0u && tick % parameter(PARAMETER_amm_redeemEvery) == 0u) {
      redeemLiquidity();
    }
  }
  cutDemandToBudget();
  openSpending();
}

/** What a task costs consumers at most: value and largest bonus, milli-token. */
fn highestTaskPrice() -> u32 {
  let value = load(COLUMN_scalar, WORLD_taskValue);
  return value + mulHigh(value, parameter(PARAMETER_serviceMarket_networkEffect));
}

/** All of an account's money in an asset goes to the consumers, but for what is held. */
fn returnReceipt(asset: u32, account: u32, held: U64) {
  transferSystem(asset, account, SYSTEM_consumers, subWide(systemBalance(asset, account), held));
}

fn returnReceipts() {
  returnReceipt(ASSET_cash, SYSTEM_supplier, WIDE_ZERO);
  returnReceipt(ASSET_cash, SYSTEM_labour, WIDE_ZERO);
  // what the court holds for creditors is not its own
  returnReceipt(ASSET_cash, SYSTEM_court, heldByCourt());
  returnReceipt(ASSET_cash, SYSTEM_operators, WIDE_ZERO);
  returnReceipt(ASSET_token, SYSTEM_operators, WIDE_ZERO);
}

/** 1 / 2^shift of what is above the reserve, rounded down; the treasury keeps the remainder. */
fn releaseTreasury() {
  let shift = parameter(PARAMETER_treasury_releaseShift);
  let token = lessOrZero(systemBalance(ASSET_token, SYSTEM_treasury), parameterWide(PARAMETER_treasury_tokenReserve));
  let cash = lessOrZero(systemBalance(ASSET_cash, SYSTEM_treasury), parameterWide(PARAMETER_treasury_cashReserve));
  transferSystem(ASSET_token, SYSTEM_treasury, SYSTEM_consumers, shiftRight(token, shift));
  transferSystem(ASSET_cash, SYSTEM_treasury, SYSTEM_consumers, shiftRight(cash, shift));
}

/** Consumers swap min(swapShare x cash, cost of the token they lack) cash for token. */
fn buyConsumersToken() {
  let reserve = tokenReserve();
  let price = highestTaskPrice();
  var wanted = WIDE_ZERO;
  for (var c = 0u; c < CLASS_COUNT; c++) {
    wanted = addWide(wanted, productOf(load(COLUMN_demand, c), price));
  }
  let lacking = lessOrZero(wanted, systemBalance(ASSET_token, SYSTEM_consumers));
  if (isZero(lacking)) {
    return;
  }
  let share = wide(parameter(PARAMETER_consumers_swapShare));
  let most = fullProduct(systemBalance(ASSET_cash, SYSTEM_consumers), share).yz;
  var cash = most;
  if (lessWide(lacking, reserve)) {
    cash = minWide(most, amountIn(lacking, cashReserve(), reserve));
  }
  let token = amountOut(cash, cashReserve(), reserve);
  if (isZero(token)) {
    return;
  }
  openSwap(SWAP_consumers);
  transferSystem(ASSET_cash, SYSTEM_consumers, SYSTEM_amm, cash);
  transferSystem(ASSET_token, SYSTEM_amm, SYSTEM_consumers, token);
  closeSwap(SWAP_consumers);
}

/** Redeems the liquidity that fees added: afterwards isqrt(k) is what it was at genesis, never below. */
fn redeemLiquidity() {
  let root = loadWide(COLUMN_total, TOTAL_ammRootK);
  let token = tokenReserve();
  let cash = cashReserve();
  let now = isqrt(fullProduct(token, cash));
  if (!lessWide(root, now)) {
    return;
  }
  let small = minWide(token, cash);
  let smallAfter = mulDivUp(small, root, now);
  let largeAfter = mulDivUp(root, root, smallAfter);
  let isToken = equalWide(token, small);
  let tokenAfter = select(largeAfter, smallAfter, isToken);
  let cashAfter = select(smallAfter, largeAfter, isToken);
  transferSystem(ASSET_token, SYSTEM_amm, SYSTEM_consumers, lessOrZero(token, tokenAfter));
  transferSystem(ASSET_cash, SYSTEM_amm, SYSTEM_consumers, lessOrZero(cash, cashAfter));
  recordRedemption(token, cash);
}

/** D_c = min(V_c(t), floor(budget_c / most that a task costs)), the consumers' token split by V_c. */
fn cutDemandToBudget() {
  let price = highestTaskPrice();
  let token = systemBalance(ASSET_token, SYSTEM_consumers);
  var wanted = WIDE_ZERO;
  for (var c = 0u; c < CLASS_COUNT; c++) {
    wanted = addWide(wanted, wide(load(COLUMN_demand, c)));
  }
  if (isZero(wanted)) {
    return;
  }
  for (var c = 0u; c < CLASS_COUNT; c++) {
    let demand = load(COLUMN_demand, c);
    var most = 0u;
    if (price != 0u) {
      most = saturate(divideByWord(mulDiv(token, wide(demand), wanted), price));
    }
    store(COLUMN_demand, c, min(demand, most));
  }
}

/** Notes the consumers' token before any task is bought (spending.ts). */
fn openSpending() {
  storeWide(COLUMN_spending, SPENDING_opened, systemBalance(ASSET_token, SYSTEM_consumers));
  storeWide(COLUMN_spending, SPENDING_feesBefore, loadWide(COLUMN_total, TOTAL_taskFees));
  storeWide(COLUMN_spending, SPENDING_spentBefore, loadWide(COLUMN_total, TOTAL_spentToken));
  if (LENGTH_COLUMN_trustTotal > 0u) {
    storeWide(COLUMN_spending, SPENDING_compensatedBefore, loadWide(COLUMN_trustTotal, TRUST_TOTAL_compensated));
  }
}
