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
  store(COLUMN_scalar, WORLD_computeBid, 0u);
  store(COLUMN_scalar, WORLD_computeOffered, 0u);
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
