/**
 * Induced values (V. L. Smith, "An Experimental Study of Competitive Market Behavior", JPE 70(2), 1962):
 * every agent is told what a unit is worth to it, or costs it. Values are uniform over the price levels
 * and gains are measured on that level scale, so that a level table of any shape gives the textbook
 * schedule. Buyers are the even slots and sellers the odd ones: half of every population each.
 */
import { PRICE_LEVELS } from '../configs/derive.ts';
import { draw, indexBelow, STREAM } from '../sim/core/rng.ts';
import { FREE_SLOT, type MarketWorld, SIDE, TOTAL } from './columns.ts';

const bids = new Float64Array(PRICE_LEVELS);
const asks = new Float64Array(PRICE_LEVELS);

/** Draws values and units for all agents at tick 0 and on schedule; adds the gains now possible to the totals. */
export function drawInducedValues(world: MarketWorld, tick: number): void {
  const { parameters, columns } = world;
  const { enabled, redrawEvery, unitsPerTrader } = parameters.induced;
  if (!enabled || (tick > 0 && (redrawEvery === 0 || tick % redrawEvery !== 0))) return;
  const { inducedLevel, inducedSide, inducedUnits, population } = columns;
  bids.fill(0);
  asks.fill(0);
  for (let i = 0; i < parameters.slots; i++) {
    inducedSide[i] = i % 2 === 0 ? SIDE.buy : SIDE.sell;
    const level = indexBelow(draw(parameters.seed, tick, i, STREAM.inducedValues), PRICE_LEVELS);
    inducedLevel[i] = level;
    inducedUnits[i] = population[i] === FREE_SLOT ? 0 : unitsPerTrader;
    (inducedSide[i] === SIDE.buy ? bids : asks)[level]! += inducedUnits[i]!;
  }
  addPossibleGains(world);
}

/** Units with value at or above cost, matched from the best of both sides: the most that can be gained. */
function addPossibleGains(world: MarketWorld): void {
  const { total } = world.columns;
  let buyer = PRICE_LEVELS - 1;
  let seller = 0;
  let bidLeft = bids[buyer]!;
  let askLeft = asks[seller]!;
  while (buyer >= seller) {
    if (bidLeft === 0) {
      buyer--;
      bidLeft = bids[buyer] ?? 0;
    } else if (askLeft === 0) {
      seller++;
      askLeft = asks[seller] ?? 0;
    } else {
      const units = Math.min(bidLeft, askLeft);
      total[TOTAL.inducedVolumeMaximum]! += units;
      total[TOTAL.inducedGainsMaximum]! += units * (buyer - seller);
      bidLeft -= units;
      askLeft -= units;
    }
  }
}

/** Takes the units that traded from their traders and adds the gains made to the totals. */
export function takeInducedFills(world: MarketWorld, fill: Uint32Array): void {
  const { inducedLevel, inducedSide, inducedUnits, total } = world.columns;
  for (let i = 0; i < world.parameters.slots; i++) {
    const units = fill[i]!;
    if (units === 0) continue;
    inducedUnits[i]! -= units;
    const buys = inducedSide[i] === SIDE.buy;
    total[TOTAL.inducedGains]! += (buys ? units : -units) * inducedLevel[i]!;
    if (buys) total[TOTAL.inducedVolume]! += units;
  }
}

/** Gains made of gains possible since genesis, 1 = every gain from trade; NaN without induced values. */
export const allocativeEfficiency = ({ columns: { total } }: MarketWorld): number =>
  total[TOTAL.inducedGains]! / total[TOTAL.inducedGainsMaximum]!;

/** Units traded of the efficient volume since genesis; NaN without induced values. */
export const volumeRatio = ({ columns: { total } }: MarketWorld): number =>
  total[TOTAL.inducedVolume]! / total[TOTAL.inducedVolumeMaximum]!;
