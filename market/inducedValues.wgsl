// Twin of inducedValues.ts.

/** The agent key of draws that belong to the schedule and not to an agent. */
const SCHEDULE_DRAW = 0xffffffffu;
/** Where units asked begin in `levelUnits`. */
const ASKS = PRICE_LEVELS;

/** Units by level: bid, then asked. */
var<workgroup> levelUnits: array<atomic<u32>, 2u * PRICE_LEVELS>;

/** Draws values and units at tick 0 and on schedule, or gives units again at the same values. */
fn drawInducedValues(lane: u32) {
  let draws = isOn(PARAMETER_induced_enabled) && isDue(parameter(PARAMETER_induced_redrawEvery));
  let renews = isOn(PARAMETER_induced_enabled) && isDue(parameter(PARAMETER_induced_renewEvery));
  if (agree(lane, select(0u, 1u, draws || renews)) == 0u) {
    return;
  }
  if (draws) {
    if (parameter(PARAMETER_induced_schedule) != CHOICE_schedule_even) {
      drawRandomValues(lane);
    } else if (lane == 0u) {
      dealEvenValues();
    }
  }
  awaitAll();
  giveUnits(lane);
  if (lane == 0u) {
    addPossibleGains();
  }
}

fn isDue(every: u32) -> bool {
  let tick = currentTick();
  return tick == 0u || (every > 0u && tick % max(every, 1u) == 0u);
}

/** Every value uniform over the price levels. */
fn drawRandomValues(lane: u32) {
  let seed = parameter(PARAMETER_seed);
  for (var i = lane; i < SLOTS; i += WORKGROUP) {
    store(COLUMN_inducedSide, i, sideOf(i));
    store(COLUMN_inducedLevel, i, indexBelow(draw(seed, currentTick(), i, STREAM_inducedValues), PRICE_LEVELS));
  }
}

/**
 * Values and costs evenly spaced over the price levels, dealt out to the living by a shuffle. One thread: each swap of a
 * shuffle needs the one before, and values are dealt once in many ticks.
 */
fn dealEvenValues() {
  var draws = drawsAt(parameter(PARAMETER_seed), currentTick(), SCHEDULE_DRAW, STREAM_inducedValues);
  for (var parity = 0u; parity < 2u; parity++) {
    var traders = 0u;
    for (var i = parity; i < SLOTS; i += 2u) {
      store(COLUMN_inducedSide, i, sideOf(i));
      store(COLUMN_inducedLevel, i, 0u);
      if (load(COLUMN_population, i) != FREE_SLOT) {
        store(COLUMN_order, traders, i);
        traders++;
      }
    }
    for (var rank = 0u; rank < traders; rank++) {
      let pick = rank + drawBelow(&draws, traders - rank);
      let trader = load(COLUMN_order, pick);
      store(COLUMN_order, pick, load(COLUMN_order, rank));
      store(COLUMN_inducedLevel, trader, ((2u * rank + 1u) * PRICE_LEVELS) / (2u * traders));
    }
  }
}

fn sideOf(slot: u32) -> u32 {
  return select(SIDE_sell, SIDE_buy, slot % 2u == 0u);
}

/** Gives every trader its units and counts them by level and side. */
fn giveUnits(lane: u32) {
  for (var k = lane; k < 2u * PRICE_LEVELS; k += WORKGROUP) {
    atomicStore(&levelUnits[k], 0u);
  }
  awaitAll();
  for (var i = lane; i < SLOTS; i += WORKGROUP) {
    let lives = load(COLUMN_population, i) != FREE_SLOT;
    let units = select(0u, parameter(PARAMETER_induced_unitsPerTrader), lives);
    store(COLUMN_inducedUnits, i, units);
    let first = select(ASKS, 0u, load(COLUMN_inducedSide, i) == SIDE_buy);
    atomicAdd(&levelUnits[first + load(COLUMN_inducedLevel, i)], units);
  }
  awaitAll();
}

/** Units with value at or above cost, matched from the best of both sides: the most that can be gained. */
fn addPossibleGains() {
  var buyer = nextLevel(0u, i32(PRICE_LEVELS) - 1, -1);
  var seller = nextLevel(ASKS, 0, 1);
  var lastBuyer = i32(PRICE_LEVELS) - 1;
  var lastSeller = 0;
  var volume = WIDE_ZERO;
  var gains = WIDE_ZERO;
  while (buyer >= seller) {
    let bid = atomicLoad(&levelUnits[buyer]);
    let asked = atomicLoad(&levelUnits[ASKS + u32(seller)]);
    let units = min(bid, asked);
    volume = addWide(volume, wide(units));
    gains = addWide(gains, productOf(units, u32(buyer - seller)));
    atomicStore(&levelUnits[buyer], bid - units);
    atomicStore(&levelUnits[ASKS + u32(seller)], asked - units);
    lastBuyer = buyer;
    lastSeller = seller;
    buyer = nextLevel(0u, buyer, -1);
    seller = nextLevel(ASKS, seller, 1);
  }
  addGains(volume, gains, u32(max(lastSeller, buyer)), u32(min(lastBuyer, seller)));
}

/** Adds what can be traded and gained; the equilibrium lies between two levels. */
fn addGains(volume: U64, gains: U64, low: u32, high: u32) {
  addTo(COLUMN_total, TOTAL_inducedVolumeMaximum, volume);
  addTo(COLUMN_total, TOTAL_inducedGainsMaximum, gains);
  store(COLUMN_scalar, WORLD_inducedEquilibrium, low + high + 1u);
}

/** The first level from `start` on, in steps of +-1, that has units of those from `first` on; -1 or PRICE_LEVELS when none has. */
fn nextLevel(first: u32, start: i32, step: i32) -> i32 {
  var level = start;
  while (level >= 0 && level < i32(PRICE_LEVELS)) {
    if (atomicLoad(&levelUnits[first + u32(level)]) != 0u) {
      break;
    }
    level += step;
  }
  return level;
}

/** Bits of a squared relative deviation behind the point. */
const DEVIATION_BITS = 20u;

/**
 * Adds units traded at a level to the squared deviation from the equilibrium price (Smith's alpha). The specification
 * rounds its quotient down in doubles, which are close enough to give the exact one.
 */
fn addPriceDeviation(level: u32, units: u32) {
  let equilibrium = load(COLUMN_scalar, WORLD_inducedEquilibrium);
  let price = 2u * level + 1u;
  let gap = max(price, equilibrium) - min(price, equilibrium);
  let squared = divideByWord(shiftLeft(wide(gap * gap), DEVIATION_BITS), max(1u, equilibrium * equilibrium));
  addTo(COLUMN_total, TOTAL_inducedSquaredDeviation, mulWide(squared, units));
}

/** Sums of gains and units that traded. */
const SUM_INDUCED_GAINS = 9u;
const SUM_INDUCED_VOLUME = 10u;

/** Takes the units that a trader traded from it and adds its part of the gains to their sum. */
fn takeInducedFill(i: u32, units: u32) {
  store(COLUMN_inducedUnits, i, load(COLUMN_inducedUnits, i) - units);
  let value = productOf(units, load(COLUMN_inducedLevel, i));
  if (load(COLUMN_inducedSide, i) == SIDE_buy) {
    addToSum(SUM_INDUCED_GAINS, value);
    addToSum(SUM_INDUCED_VOLUME, wide(units));
  } else {
    addToSum(SUM_INDUCED_GAINS, negateWide(value));
  }
}

/** Adds what all made and traded to the totals; one thread, after closeSums. */
fn bookInducedFills() {
  addTo(COLUMN_total, TOTAL_inducedGains, sumAt(SUM_INDUCED_GAINS));
  addTo(COLUMN_total, TOTAL_inducedVolume, sumAt(SUM_INDUCED_VOLUME));
}
