/**
 * Induced values (V. L. Smith, "An Experimental Study of Competitive Market Behavior", JPE 70(2), 1962):
 * every agent is told what a unit is worth to it, or costs it. Values are uniform over the price levels or
 * evenly spaced over them, and gains are measured on that level scale, so that a level table of any shape gives the textbook
 * schedule. Buyers are the even slots and sellers the odd ones: half of every population each.
 */
import { PRICE_LEVELS } from '../configs/worldParameters.ts';
import { DrawSequence, draw, indexBelow, STREAM } from '../sim/core/rng.ts';
import { FREE_SLOT, type MarketWorld, SIDE, TOTAL, WORLD } from './columns.ts';

// units by level: at most slots x units of a trader, far below 2^32
const bids = new Uint32Array(PRICE_LEVELS);
const asks = new Uint32Array(PRICE_LEVELS);

/** The agent key of draws that belong to the schedule and not to an agent. */
const SCHEDULE_DRAW = 0xffff_ffff;
const shuffle = new DrawSequence();

/**
 * Draws values and units for all agents at tick 0 and on schedule, or gives units again at the same values; adds
 * the gains now possible to the totals.
 */
export function drawInducedValues(world: MarketWorld, tick: number): void {
  const { enabled, schedule, redrawEvery, renewEvery } = world.parameters.induced;
  if (!enabled) return;
  const kernel = world.inducedSchedule ?? null;
  if (isDue(tick, redrawEvery)) {
    if (schedule === 'even') dealEvenValues(world, tick);
    else if (kernel !== null) kernel.drawRandomValues(tick);
    else drawRandomValues(world, tick);
  } else if (!isDue(tick, renewEvery)) return;
  if (kernel === null) {
    giveUnits(world);
    addPossibleGains(world);
  } else {
    const results = kernel.giveUnits();
    addGains(world, results[0]!, results[1]!, results[2]!, results[3]!);
  }
}

const isDue = (tick: number, every: number): boolean => tick === 0 || (every > 0 && tick % every === 0);

/** Every value uniform over the price levels. */
function drawRandomValues({ parameters, columns }: MarketWorld, tick: number): void {
  const { inducedLevel, inducedSide } = columns;
  for (let i = 0; i < parameters.slots; i++) {
    inducedSide[i] = sideOf(i);
    inducedLevel[i] = indexBelow(draw(parameters.seed, tick, i, STREAM.inducedValues), PRICE_LEVELS);
  }
}

/**
 * Values and costs evenly spaced over the price levels, at the middles of equal intervals, so that demand and
 * supply cross in the middle of the table; dealt out to the living by a shuffle, so that no population holds
 * the best of them.
 */
function dealEvenValues({ parameters, columns }: MarketWorld, tick: number): void {
  const { inducedLevel, inducedSide, population, order } = columns;
  shuffle.at(parameters.seed, tick, SCHEDULE_DRAW, STREAM.inducedValues);
  for (let parity = 0; parity < 2; parity++) {
    let traders = 0;
    for (let i = parity; i < parameters.slots; i += 2) {
      inducedSide[i] = sideOf(i);
      inducedLevel[i] = 0;
      if (population[i] !== FREE_SLOT) order[traders++] = i;
    }
    for (let rank = 0; rank < traders; rank++) {
      const pick = rank + shuffle.below(traders - rank);
      const trader = order[pick]!;
      order[pick] = order[rank]!;
      inducedLevel[trader] = Math.floor(((2 * rank + 1) * PRICE_LEVELS) / (2 * traders));
    }
  }
}

const sideOf = (slot: number): number => (slot % 2 === 0 ? SIDE.buy : SIDE.sell);

/** Gives every trader its units and counts them by level and side. */
function giveUnits({ parameters, columns }: MarketWorld): void {
  const { inducedLevel, inducedSide, inducedUnits, population } = columns;
  bids.fill(0);
  asks.fill(0);
  const { slots, induced } = parameters;
  const { unitsPerTrader } = induced;
  for (let i = 0; i < slots; i++) {
    const units = population[i] === FREE_SLOT ? 0 : unitsPerTrader;
    inducedUnits[i] = units;
    if (inducedSide[i] === SIDE.buy) bids[inducedLevel[i]!]! += units;
    else asks[inducedLevel[i]!]! += units;
  }
}

/**
 * Units with value at or above cost, matched from the best of both sides: the most that can be gained. The
 * equilibrium is the middle of the prices at which exactly these units trade: between the last buyer that
 * trades and the first that does not, and likewise for sellers.
 */
function addPossibleGains(world: MarketWorld): void {
  let buyer = nextLevel(bids, PRICE_LEVELS - 1, -1);
  let seller = nextLevel(asks, 0, 1);
  let lastBuyer = PRICE_LEVELS - 1;
  let lastSeller = 0;
  let volume = 0;
  let gains = 0;
  while (buyer >= seller) {
    const units = Math.min(bids[buyer]!, asks[seller]!);
    volume += units;
    gains += units * (buyer - seller);
    bids[buyer]! -= units;
    asks[seller]! -= units;
    lastBuyer = buyer;
    lastSeller = seller;
    buyer = nextLevel(bids, buyer, -1);
    seller = nextLevel(asks, seller, 1);
  }
  addGains(world, volume, gains, Math.max(lastSeller, buyer), Math.min(lastBuyer, seller));
}

/** Adds what can be traded and gained; the equilibrium lies between two levels. */
function addGains({ columns }: MarketWorld, volume: number, gains: number, low: number, high: number): void {
  columns.total[TOTAL.inducedVolumeMaximum]! += volume;
  columns.total[TOTAL.inducedGainsMaximum]! += gains;
  columns.scalar[WORLD.inducedEquilibrium] = low + high + 1;
}

/** The first level from `from` on, in steps of +-1, that has units; -1 or PRICE_LEVELS when none has. */
function nextLevel(units: Uint32Array, from: number, step: 1 | -1): number {
  let level = from;
  while (level >= 0 && level < PRICE_LEVELS && units[level] === 0) level += step;
  return level;
}

/** Squared relative deviations are kept in 2^-20. */
const DEVIATION_ONE = 2 ** 20;

/** Adds units traded at a level to the squared deviation from the equilibrium price (Smith's alpha). */
export function addPriceDeviation({ columns }: MarketWorld, level: number, units: number): void {
  const equilibrium = columns.scalar[WORLD.inducedEquilibrium]!;
  const relative = (2 * level + 1 - equilibrium) / equilibrium;
  columns.total[TOTAL.inducedSquaredDeviation]! += units * Math.floor(relative * relative * DEVIATION_ONE);
}

/** Takes the units that traded from their traders and adds the gains made to the totals. */
export function takeInducedFills(world: MarketWorld, fill: Uint32Array): void {
  const { inducedLevel, inducedSide, inducedUnits, total } = world.columns;
  const { slots } = world.parameters;
  let gains = 0;
  let volume = 0;
  for (let i = 0; i < slots; i++) {
    const units = fill[i]!;
    if (units === 0) continue;
    inducedUnits[i]! -= units;
    const value = units * inducedLevel[i]!;
    if (inducedSide[i] === SIDE.buy) {
      gains += value;
      volume += units;
    } else gains -= value;
  }
  total[TOTAL.inducedGains]! += gains;
  total[TOTAL.inducedVolume]! += volume;
}

/** Gains made of gains possible since genesis, 1 = every gain from trade; NaN without induced values. */
export const allocativeEfficiency = ({ columns: { total } }: MarketWorld): number =>
  total[TOTAL.inducedGains]! / total[TOTAL.inducedGainsMaximum]!;

/** Units traded of the efficient volume since genesis; NaN without induced values. */
export const volumeRatio = ({ columns: { total } }: MarketWorld): number =>
  total[TOTAL.inducedVolume]! / total[TOTAL.inducedVolumeMaximum]!;

/**
 * Smith's coefficient of convergence, percent: 100 x root mean square of (price - equilibrium) / equilibrium over
 * traded units, on the scale of price levels; NaN without trades.
 *
 * @param squares a difference of TOTAL.inducedSquaredDeviation
 * @param units the same difference of TOTAL.inducedVolume
 */
export const alphaOf = (squares: number, units: number): number =>
  100 * Math.sqrt(squares / DEVIATION_ONE / units);

/** Smith's alpha since genesis. */
export const smithAlpha = ({ columns: { total } }: MarketWorld): number =>
  alphaOf(total[TOTAL.inducedSquaredDeviation]!, total[TOTAL.inducedVolume]!);
