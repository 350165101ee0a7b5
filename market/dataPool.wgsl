// Twin of dataPool.ts.

/** Bits of a posted price behind the point: it is in 1/256 milli-cash. */
const PRICE_FRACTION_BITS = 8u;

/** Cost of `units` at a posted price in 1/256 milli-cash, rounded up. */
fn dataCost(units: u32, price: u32) -> U64 {
  return shiftRight(addWide(productOf(units, price), wide((1u << PRICE_FRACTION_BITS) - 1u)), PRICE_FRACTION_BITS);
}

/** What tasks yielded: data units produced, and those that go to the pool. */
struct DataYield {
  produced: U64,
  pooled: U64,
}

/** Splits the data that `tasks` tasks yield; the agent's part is added to it, the pool's is the caller's to add. */
fn yieldData(agent: u32, tasks: u32) -> DataYield {
  let units = mulWide(parameterWide(PARAMETER_training_dataPerTask), tasks);
  let owned = load(COLUMN_data, agent);
  let kept = minWide(wide(U32_MAX - owned), subWide(units, usersPart(agent, units)));
  store(COLUMN_data, agent, owned + kept.x);
  return DataYield(units, subWide(units, kept));
}

fn usersPart(agent: u32, units: U64) -> U64 {
  let share = parameter(PARAMETER_dataOwnership_poolShare);
  if (share == 0u) {
    return WIDE_ZERO;
  }
  if (share == U32_MAX) {
    return units;
  }
  // whole units, and a fraction of one that is a chance of one more
  let part = productOf(units.x, share);
  let more = draw(parameter(PARAMETER_seed), currentTick(), agent, STREAM_dataSplit) < part.x;
  return wide(part.y + select(0u, 1u, more));
}

/** Data that comes into the pool. */
fn addToPool(units: U64) {
  addTo(COLUMN_total, TOTAL_dataPool, units);
  let inflow = addWide(wide(load(COLUMN_scalar, WORLD_dataInflow)), units);
  store(COLUMN_scalar, WORLD_dataInflow, saturate(inflow));
}

/** Sells the pool's data to the agents that train with it this tick, and moves the posted price. */
fn buyData(lane: u32) {
  if (agree(lane, parameter(PARAMETER_dataOwnership_market)) == 0u) {
    return;
  }
  let pool = loadWide(COLUMN_total, TOTAL_dataPool);
  let wanted = writeWanted(lane);
  if (agree(lane, select(0u, 1u, lessWide(pool, wanted))) == 1u) {
    ration(lane, pool);
  }
  let price = load(COLUMN_scalar, WORLD_dataPrice);
  var sold = WIDE_ZERO;
  var revenue = WIDE_ZERO;
  for (var i = lane; i < SLOTS; i += WORKGROUP) {
    let units = load(COLUMN_dataBought, i);
    let cost = dataCost(units, price);
    store(COLUMN_dataBill, i, cost.x);
    if (units == 0u) {
      continue;
    }
    store(COLUMN_bill, i, saturate(addWide(wide(load(COLUMN_bill, i)), cost)));
    store(COLUMN_data, i, load(COLUMN_data, i) + units);
    sold = addWide(sold, wide(units));
    revenue = addWide(revenue, cost);
  }
  sold = sumOf(lane, sold);
  revenue = sumOf(lane, revenue);
  if (lane != 0u) {
    return;
  }
  storeWide(COLUMN_total, TOTAL_dataPool, subWide(pool, sold));
  addTo(COLUMN_total, TOTAL_dataSold, sold);
  addTo(COLUMN_total, TOTAL_dataRevenue, revenue);
  movePrice(wanted);
}

/** Writes the units that each buys at the posted price, all that its method asks for or none; returns their sum. */
fn writeWanted(lane: u32) -> U64 {
  var wanted = WIDE_ZERO;
  for (var i = lane; i < SLOTS; i += WORKGROUP) {
    let units = wantedBy(i);
    store(COLUMN_dataBought, i, units);
    wanted = addWide(wanted, wide(units));
  }
  wanted = sumOf(lane, wanted);
  awaitAll();
  return wanted;
}

fn wantedBy(i: u32) -> u32 {
  let trains = isOn(PARAMETER_training_enabled) && load(COLUMN_population, i) != FREE_SLOT &&
    load(COLUMN_mode, i) == MODE_train;
  if (!trains || load(COLUMN_compute, i) <= load(COLUMN_computeUsed, i)) {
    return 0u;
  }
  let method = load(COLUMN_method, i);
  let price = load(COLUMN_scalar, WORLD_dataPrice);
  var units = min(parameterOf(PARAMETER_training_methods_dataBought, method), U32_MAX - load(COLUMN_data, i));
  if (price != 0u) {
    let budget = parameterWide(PARAMETER_dataOwnership_budget);
    units = min(units, saturate(divideByWord(shiftLeft(budget, PRICE_FRACTION_BITS), price)));
  }
  let cost = addWide(costOf(method), dataCost(units, price));
  let short = lessWide(openingWealth(i), addWide(cost, parameterWide(PARAMETER_hardware_trainingRunway)));
  return select(units, 0u, short);
}

/** Cuts what is wanted to `pool` units: first come in a rotated order, first served. */
fn ration(lane: u32, pool: U64) {
  let start = mulHigh(draw(parameter(PARAMETER_seed), currentTick(), 0u, STREAM_dataRotation), SLOTS);
  var before = WIDE_ZERO;
  for (var chunk = 0u; chunk < SLOTS; chunk += WORKGROUP) {
    let place = chunk + lane;
    let i = (start + place) % SLOTS;
    let wanted = select(0u, load(COLUMN_dataBought, i), place < SLOTS);
    let scan = scanOf(lane, wide(wanted));
    let left = lessOrZero(pool, addWide(before, scan.before));
    if (place < SLOTS) {
      store(COLUMN_dataBought, i, minWide(wide(wanted), left).x);
    }
    before = addWide(before, scan.total);
  }
  awaitAll();
}

/** A step is at least 1/256 milli-cash, so that a low price can still move, and no price falls below that. */
fn movePrice(wanted: U64) {
  let price = load(COLUMN_scalar, WORLD_dataPrice);
  let inflow = wide(load(COLUMN_scalar, WORLD_dataInflow));
  let priceStep = parameter(PARAMETER_dataOwnership_priceStep);
  store(COLUMN_scalar, WORLD_dataInflow, 0u);
  if (priceStep == 0u) {
    return;
  }
  let step = max(1u, mulHigh(price, priceStep));
  if (lessWide(inflow, wanted)) {
    store(COLUMN_scalar, WORLD_dataPrice, saturate(addWide(wide(price), wide(step))));
  } else if (lessWide(wanted, inflow)) {
    store(COLUMN_scalar, WORLD_dataPrice, max(1u, select(price - step, 0u, price < step)));
  }
}
