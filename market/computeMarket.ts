/**
 * The compute market (MODEL 5a): one batch auction a tick, uniform price. An agent has one order, on one
 * side, so that a trade with itself is impossible by construction.
 */
import { PRICE_FRACTION_BITS, PRICE_LEVELS } from '../configs/derive.ts';
import { draw, STREAM } from '../sim/core/rng.ts';
import { U32_MAX } from '../sim/core/units.ts';
import type { BatchAuction } from './batchAuction.ts';
import { ASSET, FREE_SLOT, type MarketWorld, SIDE, SYSTEM, TOTAL, WORLD } from './columns.ts';
import { feeOf, takeFee } from './fee.ts';
import { addPriceDeviation, takeInducedFills } from './inducedValues.ts';
import { REASON } from './ledger.ts';
import { buyable, register, sellable, settleComputeContracts, trustIsOn } from './trust.ts';

const FAST = 8;
const SLOW = 64;

/**
 * Clears this tick's compute orders and settles the fills at once. Buyers' limits are covered by free token
 * before clearing (an order is cut to what its limit allows), so that payment cannot fail.
 *
 * @param auction scratch of this world's size
 */
export function tradeCompute(world: MarketWorld, auction: BatchAuction, tick: number): void {
  const { parameters, columns } = world;
  if (!parameters.computeMarket.enabled || parameters.doubleAuction.enabled) return;
  admitOrders(world, auction);
  auction.clear(
    columns.orderSide,
    columns.orderLevel,
    draw(parameters.seed, tick, 0, STREAM.computeRotation),
  );
  columns.bidHistogram.set(auction.bids);
  columns.askHistogram.set(auction.asks);
  columns.scalar[WORLD.computeBid] = auction.bidTotal;
  columns.scalar[WORLD.computeOffered] = auction.askTotal;
  columns.scalar[WORLD.computeVolume] = auction.volume;
  columns.orderFilled.set(auction.fill);
  if (auction.volume === 0) return;
  columns.scalar[WORLD.computeLevel] = auction.level;
  columns.orderAmount.set(world.balances.token);
  if (trustIsOn(parameters)) {
    settleComputeContracts(world, auction.fill, parameters.computeMarket.priceTable[auction.level]!, tick);
  } else settleFills(world, auction);
  recordAmounts(world);
  addQuoteSurplus(world, auction);
  if (parameters.induced.enabled) {
    takeInducedFills(world, auction.fill);
    addPriceDeviation(world, auction.level, auction.volume);
  }
  movePrices(world, parameters.computeMarket.priceTable[auction.level]!);
  columns.total[TOTAL.computeVolume]! += auction.volume;
  if (world.trades?.wants(tick)) recordFills(world, auction, tick);
}

/** Writes the orders of the tick, each cut to what its owner can pay for or deliver; SIDE.none for no order. */
function admitOrders(world: MarketWorld, auction: BatchAuction): void {
  const { parameters, columns, balances } = world;
  const { population, computeSide, computeLevel, computeQuantity, compute } = columns;
  const { inducedSide, inducedUnits, orderSide, orderLevel, orderQuantity } = columns;
  const { priceTable } = parameters.computeMarket;
  const induced = parameters.induced.enabled;
  const contracts = trustIsOn(parameters);
  for (let i = 0; i < parameters.slots; i++) {
    const side = computeSide[i]!;
    const level = computeLevel[i]!;
    let q = 0;
    if (side !== SIDE.none && population[i] !== FREE_SLOT && level < PRICE_LEVELS) {
      const most = side === SIDE.buy ? Math.floor(balances.token[i]! / priceTable[level]!) : compute[i]!;
      q = Math.min(computeQuantity[i]!, most);
      if (induced) q = inducedSide[i] === side ? Math.min(q, inducedUnits[i]!) : 0;
      if (contracts && q > 0) {
        q = Math.min(q, side === SIDE.sell ? sellable(world, i) : buyable(world, i));
        if (q > 0) register(world, i);
      }
    }
    auction.quantity[i] = q;
    orderQuantity[i] = q;
    orderSide[i] = q === 0 ? SIDE.none : side;
    orderLevel[i] = q === 0 ? 0 : level;
  }
}

/** Moves money through escrow, and compute. The fee rounds down and the seller keeps the remainder. */
function settleFills(world: MarketWorld, auction: BatchAuction): void {
  const { parameters, columns, ledger } = world;
  const { orderSide, computeFilled, computeAmount, compute } = columns;
  const { priceTable, feeBps } = parameters.computeMarket;
  const { slots } = parameters;
  const price = priceTable[auction.level]!;
  const escrow = ledger.system(SYSTEM.escrow);
  for (let i = 0; i < slots; i++) {
    const q = auction.fill[i]!;
    if (q === 0 || orderSide[i] !== SIDE.buy) continue;
    ledger.transfer(ASSET.token, i, escrow, price * q, REASON.compute);
    compute[i]! += q;
    computeFilled[i] = q;
    computeAmount[i] = price * q;
  }
  for (let i = 0; i < slots; i++) {
    const q = auction.fill[i]!;
    if (q === 0 || orderSide[i] !== SIDE.sell) continue;
    const paid = price * q;
    const fee = feeOf(paid, feeBps);
    ledger.transfer(ASSET.token, escrow, i, paid - fee, REASON.compute);
    takeFee(world, escrow, fee, REASON.computeFee);
    compute[i]! -= q;
    computeFilled[i] = q;
    computeAmount[i] = paid - fee;
  }
}

/** Turns the token that everybody had before the settlement, in `orderAmount`, into what the settlement moved. */
function recordAmounts({ parameters, columns, balances }: MarketWorld): void {
  const { orderAmount } = columns;
  for (let i = 0; i < parameters.slots; i++) orderAmount[i] = Math.abs(balances.token[i]! - orderAmount[i]!);
}

/** Adds the gains on submitted limits, milli-token. */
function addQuoteSurplus({ parameters, columns }: MarketWorld, auction: BatchAuction): void {
  const { orderSide, orderLevel, total } = columns;
  const { priceTable } = parameters.computeMarket;
  const price = priceTable[auction.level]!;
  for (let i = 0; i < parameters.slots; i++) {
    const q = auction.fill[i]!;
    if (q === 0) continue;
    const limit = priceTable[orderLevel[i]!]!;
    total[TOTAL.quoteSurplus]! += (orderSide[i] === SIDE.buy ? limit - price : price - limit) * q;
  }
}

/** Moving averages in 1/256 milli-token of the price of a tick's trades, rounded down and saturated at 2^32 - 1. */
export function movePrices(world: MarketWorld, price: number): void {
  const { scalar } = world.columns;
  const now = Math.min(U32_MAX, price * 2 ** PRICE_FRACTION_BITS);
  scalar[WORLD.priceFast]! += Math.floor((now - scalar[WORLD.priceFast]!) / FAST);
  scalar[WORLD.priceSlow]! += Math.floor((now - scalar[WORLD.priceSlow]!) / SLOW);
}

/** Who bought from whom, by cumulative position in slot order. */
function recordFills(world: MarketWorld, auction: BatchAuction, tick: number): void {
  const { orderSide } = world.columns;
  const price = world.parameters.computeMarket.priceTable[auction.level]!;
  let seller = -1;
  let left = 0;
  for (let buyer = 0; buyer < world.parameters.slots; buyer++) {
    if (orderSide[buyer] !== SIDE.buy) continue;
    let wanted = auction.fill[buyer]!;
    while (wanted > 0) {
      while (left === 0) {
        seller++;
        if (orderSide[seller] === SIDE.sell) left = auction.fill[seller]!;
      }
      const q = Math.min(wanted, left);
      world.trades?.fill(tick, 'compute', buyer, seller, 0, q, price);
      wanted -= q;
      left -= q;
    }
  }
}
