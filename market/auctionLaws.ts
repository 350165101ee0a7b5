/** Laws of compute and its market: use, what is bought and sold, the clearing of the auction, and its payments. */
import { PRICE_LEVELS } from '../configs/worldParameters.ts';
import { breach } from './breach.ts';
import { type MarketWorld, SIDE, WORLD } from './columns.ts';
import { feeOf } from './fee.ts';

/** Compute used <= compute at hand = capacity at the opening + bought and delivered - sold. */
export function checkComputeUse(world: MarketWorld): void {
  const { opened, computeUsed, orderFilled, orderSide, undelivered } = world.columns;
  const contracts = undelivered.length > 0;
  for (let i = 0; i < world.parameters.slots; i++) {
    const missing = contracts ? undelivered[i]! : 0;
    const hand = opened[i]! - missing + (orderSide[i] === SIDE.buy ? orderFilled[i]! : -orderFilled[i]!);
    if (hand < 0)
      breach(world, 'compute-used', `agent ${i} compute`, `${orderFilled[i]} cu sold of ${opened[i]}`);
    if (computeUsed[i]! > hand) {
      breach(world, 'compute-used', `agent ${i} compute`, `${computeUsed[i]} cu used of ${hand}`);
    }
  }
}

/** cu bought = cu sold = the volume of the auction. */
export function checkBoughtSold(world: MarketWorld): void {
  const { orderFilled, orderSide, scalar } = world.columns;
  let bought = 0;
  let sold = 0;
  for (let i = 0; i < world.parameters.slots; i++) {
    if (orderSide[i] === SIDE.buy) bought += orderFilled[i]!;
    else if (orderSide[i] === SIDE.sell) sold += orderFilled[i]!;
  }
  const volume = scalar[WORLD.computeVolume]!;
  if (bought !== sold || bought !== volume) {
    breach(world, 'bought-equals-sold', 'compute', `${bought} cu bought, ${sold} sold, volume ${volume}`);
  }
}

const filledBids = new Float64Array(PRICE_LEVELS);
const filledAsks = new Float64Array(PRICE_LEVELS);
/** Quantity ordered by level, counted again from the orders' record. */
const orderedBids = new Float64Array(PRICE_LEVELS);
const orderedAsks = new Float64Array(PRICE_LEVELS);

/**
 * The histograms hold every admitted order, the volume is the largest that any level allows, the clearing level the
 * one that the tie rule names, no fill is beyond its limit or larger than its order, and a better limit is served in
 * full before a worse one. Of a book (double auction) only that nobody trades more than it came with.
 */
export function checkClearing(world: MarketWorld): void {
  if (world.parameters.doubleAuction.enabled) {
    checkBookFills(world);
    return;
  }
  const { orderFilled, orderQuantity, orderSide, orderLevel, scalar } = world.columns;
  const { bidHistogram, askHistogram } = world.columns;
  const volume = scalar[WORLD.computeVolume]!;
  const best = largestVolume(bidHistogram, askHistogram);
  if (volume !== best) breach(world, 'clearing', 'compute', `volume ${volume} cu, ${best} could trade`);
  const clearing = scalar[WORLD.computeLevel]!;
  filledBids.fill(0);
  filledAsks.fill(0);
  orderedBids.fill(0);
  orderedAsks.fill(0);
  for (let i = 0; i < world.parameters.slots; i++) {
    if (orderSide[i] === SIDE.none) continue;
    const filled = orderFilled[i]!;
    const level = orderLevel[i]!;
    const buys = orderSide[i] === SIDE.buy;
    (buys ? orderedBids : orderedAsks)[level]! += orderQuantity[i]!;
    if (filled === 0) continue;
    if (buys ? level < clearing : level > clearing) {
      breach(
        world,
        'clearing',
        `agent ${i} compute`,
        `filled at level ${clearing}, beyond its limit ${level}`,
      );
    }
    if (filled > orderQuantity[i]!) {
      breach(world, 'clearing', `agent ${i} compute`, `filled ${filled} of ${orderQuantity[i]} cu`);
    }
    (buys ? filledBids : filledAsks)[level]! += filled;
  }
  for (let k = 0; k < PRICE_LEVELS; k++) {
    if (orderedBids[k] === bidHistogram[k] && orderedAsks[k] === askHistogram[k]) continue;
    const found = `level ${k}: ${orderedBids[k]} cu bid and ${orderedAsks[k]} asked, ${bidHistogram[k]} and ${askHistogram[k]} counted`;
    breach(world, 'clearing', 'compute', found);
  }
  if (volume === 0) return;
  const level = clearingLevel(orderedBids, orderedAsks);
  if (clearing !== level) {
    breach(world, 'clearing', 'compute', `cleared at level ${clearing}, the rule says ${level}`);
  }
  let open = true;
  for (let k = PRICE_LEVELS - 1; k >= 0; k--)
    open = checkPriority(world, 'bids', k, open, filledBids, bidHistogram);
  open = true;
  for (let k = 0; k < PRICE_LEVELS; k++)
    open = checkPriority(world, 'asks', k, open, filledAsks, askHistogram);
}

/** A book trades order by order, so that no level clears the tick: nobody trades more than it came with. */
function checkBookFills(world: MarketWorld): void {
  const { orderFilled, orderQuantity } = world.columns;
  for (let i = 0; i < world.parameters.slots; i++) {
    if (orderFilled[i]! <= orderQuantity[i]!) continue;
    breach(world, 'clearing', `agent ${i} compute`, `filled ${orderFilled[i]} of ${orderQuantity[i]} cu`);
  }
}

const demanded = new Float64Array(PRICE_LEVELS);
const supplied = new Float64Array(PRICE_LEVELS);

/** The level of the largest min(D, S), of those that of the least |D - S|, of those the lower middle. */
function clearingLevel(bids: Float64Array, asks: Float64Array): number {
  let sum = 0;
  for (let k = PRICE_LEVELS - 1; k >= 0; k--) {
    sum += bids[k]!;
    demanded[k] = sum;
  }
  sum = 0;
  let volume = 0;
  for (let k = 0; k < PRICE_LEVELS; k++) {
    sum += asks[k]!;
    supplied[k] = sum;
    volume = Math.max(volume, Math.min(demanded[k]!, sum));
  }
  let gap = Number.POSITIVE_INFINITY;
  for (let k = 0; k < PRICE_LEVELS; k++) {
    if (Math.min(demanded[k]!, supplied[k]!) === volume)
      gap = Math.min(gap, Math.abs(demanded[k]! - supplied[k]!));
  }
  // both prefix sums are monotone, so that ties are neighbours
  let first = PRICE_LEVELS;
  let last = 0;
  for (let k = 0; k < PRICE_LEVELS; k++) {
    if (Math.min(demanded[k]!, supplied[k]!) !== volume || Math.abs(demanded[k]! - supplied[k]!) !== gap)
      continue;
    first = Math.min(first, k);
    last = k;
  }
  return Math.floor((first + last) / 2);
}

/**
 * What the settlement of the batch auction moved, by the balances: clearing price x cu out of each buyer, the same
 * less the fee into each seller, and what agents were told is that. Not where stakes back contracts (programmatic):
 * there an audit gives prices back and adds slashed stake; nor of a book, where every trade has its own price.
 */
export function checkPayments(world: MarketWorld): void {
  const { parameters, columns } = world;
  if (parameters.doubleAuction.enabled || parameters.trust.regime === 'programmatic') return;
  const { orderAmount, computeAmount, orderFilled, orderSide, scalar } = columns;
  const { priceTable, feeBps } = parameters.computeMarket;
  const price = priceTable[scalar[WORLD.computeLevel]!]!;
  for (let i = 0; i < parameters.slots; i++) {
    const gross = orderFilled[i]! === 0 ? 0 : price * orderFilled[i]!;
    const due = orderSide[i] === SIDE.sell ? gross - feeOf(gross, feeBps) : gross;
    if (orderAmount[i] !== due) {
      const found = `${orderAmount[i]} milli-token moved for ${orderFilled[i]} cu, ${due} due`;
      breach(world, 'uniform-price', `agent ${i} token`, found);
    }
    // zero in the slot of an agent that has died since
    if (computeAmount[i] !== due && computeAmount[i] !== 0) {
      const found = `${computeAmount[i]} milli-token on record for compute, ${due} due`;
      breach(world, 'uniform-price', `agent ${i} token`, found);
    }
  }
}

/** Max over levels of min(D, S). */
export function largestVolume(bids: Uint32Array, asks: Uint32Array): number {
  let demand = 0;
  for (let k = 0; k < PRICE_LEVELS; k++) demand += bids[k]!;
  let supply = 0;
  let best = 0;
  for (let k = 0; k < PRICE_LEVELS; k++) {
    supply += asks[k]!;
    best = Math.max(best, Math.min(demand, supply));
    demand -= bids[k]!;
  }
  return best;
}

/** Whether worse levels may still be filled, given those better than `level`. */
function checkPriority(
  world: MarketWorld,
  side: string,
  level: number,
  open: boolean,
  filled: Float64Array,
  ordered: Uint32Array,
): boolean {
  if (!open && filled[level]! > 0) {
    breach(
      world,
      'clearing',
      `compute ${side}`,
      `level ${level}: ${filled[level]} of ${ordered[level]} cu filled while a better limit waits`,
    );
  }
  return open && filled[level] === ordered[level];
}
