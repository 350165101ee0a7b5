// Twin of tally.ts and taskEnergy.ts: adds a tick to what DEVICE_tally and DEVICE_members hold. Counts are exact; real
// numbers are summed as integers of 96 bits, so that no order of threads changes a sum.

/** Populations whose sums are gathered at once. */
const MEMBERS_AT_ONCE = min(COUNT_populations_kind, 32u);

var<workgroup> memberWords: array<atomic<u32>, 2u * MEMBER_SUMS * MEMBERS_AT_ONCE>;
/** Of this thread's agents of one population. */
var<private> ownSums: array<U64, MEMBER_SUMS>;

/** What agents did, before births and deaths. */
fn tallyAgents(lane: u32) {
  let tick = currentTick();
  for (var first = 0u; first < COUNT_populations_kind; first += MEMBERS_AT_ONCE) {
    for (var k = lane; k < 2u * MEMBER_SUMS * MEMBERS_AT_ONCE; k += WORKGROUP) {
      atomicStore(&memberWords[k], 0u);
    }
    workgroupBarrier();
    addAgents(lane, tick, first);
    workgroupBarrier();
    let sums = MEMBER_SUMS * min(MEMBERS_AT_ONCE, COUNT_populations_kind - first);
    for (var k = lane; k < sums; k += WORKGROUP) {
      let sum = U64(atomicLoad(&memberWords[2u * k]), atomicLoad(&memberWords[2u * k + 1u]));
      addTo(DEVICE_members, MEMBER_SUMS * first + k, sum);
    }
    workgroupBarrier();
  }
  addTaskEnergy(lane);
}

/** Energy of the tasks that were sold, milli-cash. */
fn addTaskEnergy(lane: u32) {
  var tasks = WIDE_ZERO;
  for (var c = 0u; c < CLASS_COUNT; c++) {
    tasks = addWide(tasks, wide(load(COLUMN_served, c)));
  }
  let cuPerTask = parameter(PARAMETER_serviceMarket_cuPerTask);
  let bySize = agree(lane, select(0u, 1u, parameterI32(PARAMETER_ownership_scaleLog2) != 0)) == 1u;
  if (!bySize) {
    if (lane == 0u) {
      addTo(DEVICE_tally, TALLY_taskEnergy, mulWide(mulWide(tasks, cuPerTask), parameter(PARAMETER_energy_price)));
    }
    return;
  }
  var energy = WIDE_ZERO;
  var rented = WIDE_ZERO;
  var sold = WIDE_ZERO;
  var soldEnergy = WIDE_ZERO;
  for (var i = lane; i < SLOTS; i += WORKGROUP) {
    let used = load(COLUMN_offerSold, i) * cuPerTask;
    let filled = load(COLUMN_orderFilled, i);
    let side = load(COLUMN_orderSide, i);
    if (used == 0u && filled == 0u) {
      continue;
    }
    let hired = select(0u, min(used, filled), side == SIDE_buy);
    let share = energyShare(load(COLUMN_opened, i));
    energy = addWide(energy, energyAt(share, used - hired));
    rented = addWide(rented, wide(hired));
    if (side == SIDE_sell) {
      sold = addWide(sold, wide(filled));
      soldEnergy = addWide(soldEnergy, energyAt(share, filled));
    }
  }
  let own = sumOfTwo(lane, energy, rented);
  let others = sumOfTwo(lane, sold, soldEnergy);
  if (lane == 0u && !isZero(tasks)) {
    addTo(DEVICE_tally, TALLY_taskEnergy, own.xy);
    if (!isZero(own.zw)) {
      addTo(DEVICE_tally, TALLY_taskEnergy, mulDiv(others.zw, own.zw, others.xy));
    }
  }
}

/** What the energy of `units` of compute costs at a share of the price, milli-cash. */
fn energyAt(share: u32, units: u32) -> U64 {
  return wide(portion(saturate(productOf(units, parameter(PARAMETER_energy_price))), share));
}

/** What the world as a whole did, when the tick is over. */
fn measure(lane: u32) {
  if (lane != 0u) {
    return;
  }
  addTo(DEVICE_tally, TALLY_ticks, wide(1u));
  addTo(DEVICE_tally, TALLY_births, wide(load(COLUMN_scalar, WORLD_births)));
  addTo(DEVICE_tally, TALLY_deaths, wide(load(COLUMN_scalar, WORLD_deaths)));
  addTo(DEVICE_tally, TALLY_immigrants, wide(load(COLUMN_scalar, WORLD_immigrants)));
  addTo(DEVICE_tally, TALLY_agentSteps, wide(load(COLUMN_scalar, WORLD_alive)));
  countTick(TALLY_computeTicks, load(COLUMN_scalar, WORLD_computeVolume) > 0u);
  var served = 0u;
  for (var c = 0u; c < CLASS_COUNT; c++) {
    served |= load(COLUMN_served, c);
  }
  countTick(TALLY_serviceTicks, served > 0u);
  let swapped = loadWide(COLUMN_swapReserves, SWAP_consumers * SWAP_FIELDS)
    | loadWide(COLUMN_swapReserves, SWAP_sale * SWAP_FIELDS)
    | loadWide(COLUMN_swapReserves, SWAP_purchase * SWAP_FIELDS);
  countTick(TALLY_swapTicks, !isZero(swapped));
}

fn countTick(sum: u32, happened: bool) {
  addTo(DEVICE_tally, sum, wide(select(0u, 1u, happened)));
}

/** Adds the agents of the populations from `first` on. A thread's agents of one population are added up before all others'. */
fn addAgents(lane: u32, tick: u32, first: u32) {
  var current = FREE_SLOT;
  for (var i = lane; ; i += WORKGROUP) {
    let ended = i >= SLOTS;
    var population = FREE_SLOT;
    if (!ended) {
      population = load(COLUMN_population, i);
      let counts = population - first < MEMBERS_AT_ONCE;
      population = select(FREE_SLOT, population, population != FREE_SLOT && counts);
    }
    if (current != FREE_SLOT && (ended || (population != FREE_SLOT && population != current))) {
      addOwnSums(current - first);
    }
    if (ended) {
      break;
    }
    if (population != FREE_SLOT) {
      current = population;
      addAgent(i, tick);
    }
  }
}

fn addAgent(i: u32, tick: u32) {
  let profit = realOf(i, load(AGENT_profit, i));
  addOne(MEMBERS_agentTicks);
  addReal(MEMBERS_profit, profit);
  addReal(MEMBERS_reward, realOf(i, load(BRAIN_reward, i)));
  addOne(MEMBERS_modes + min(load(COLUMN_mode, i), MODES - 1u));
  if (tick - load(AGENT_bornAt, i) >= MATURITY_TICKS) {
    addOne(MEMBERS_matureTicks);
    addReal(MEMBERS_matureProfit, profit);
  }
}

const MODES = MEMBER_SUMS - MEMBERS_modes;

fn addOne(sum: u32) {
  ownSums[sum] = addWide(ownSums[sum], wide(1u));
}

/** 96 bits: the lowest word apart, since the sums of both parts have room for carries. */
struct Real {
  low: u32,
  high: U64,
}

fn addReal(sum: u32, real: Real) {
  ownSums[sum] = addWide(ownSums[sum], wide(real.low));
  ownSums[sum + 1u] = addWide(ownSums[sum + 1u], real.high);
}

/** Adds what this thread has summed to the sums of all, and begins again. */
fn addOwnSums(member: u32) {
  for (var k = 0u; k < MEMBER_SUMS; k++) {
    let at = 2u * (MEMBER_SUMS * member + k);
    let sum = ownSums[k];
    let before = atomicAdd(&memberWords[at], sum.x);
    atomicAdd(&memberWords[at + 1u], sum.y + select(0u, 1u, before + sum.x < before));
    ownSums[k] = WIDE_ZERO;
  }
}

const EXPONENT_BIAS = 150u;
/** The exponent of an f32 whose last bit is worth one unit. */
const UNIT_EXPONENT = EXPONENT_BIAS - REAL_BITS;
/** Of numbers below 2^44, above all the money that a world can have: the sums have room for thousands of them. */
const EXPONENT_MAX = UNIT_EXPONENT + 60u;

/** An f32, given by its bits, in units of 2^-REAL_BITS, rounded where it is below one of 24 bits. */
fn realOf(agent: u32, bits: u32) -> Real {
  let field = (bits >> 23u) & 0xffu;
  if (field > EXPONENT_MAX) {
    fail(select(FAIL_unsummable, FAIL_notFinite, field == 0xffu), agent, wide(bits), WIDE_ZERO);
    return Real(0u, WIDE_ZERO);
  }
  var mantissa = bits & 0x7fffffu;
  if (field > 0u) {
    mantissa |= 0x800000u;
  }
  let exponent = max(field, 1u);
  var real = Real(0u, WIDE_ZERO);
  if (exponent < UNIT_EXPONENT) {
    let places = UNIT_EXPONENT - exponent;
    if (places <= 24u) {
      real.low = (mantissa + (1u << (places - 1u))) >> places;
    }
  } else {
    let places = exponent - UNIT_EXPONENT;
    let part = shiftLeft(wide(mantissa), places & 31u);
    if (places < 32u) {
      real = Real(part.x, wide(part.y));
    } else {
      real.high = part;
    }
  }
  if (bits >> 31u == 1u) {
    let low = 0u - real.low;
    real = Real(low, subWide(negateWide(real.high), wide(select(0u, 1u, low != 0u))));
  }
  return real;
}
