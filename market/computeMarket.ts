/**
 * The compute market (MODEL 5a): one batch auction a tick, uniform price. An agent has one order, on one
 * side, so that a trade with itself is impossible by construction.
 */
import { PRICE_FRACTION_BITS, PRICE_LEVELS } from '../configs/worldParameters.ts';
import { draw, STREAM } from '../sim/core/rng.ts';
import { U32_MAX } from '../sim/core/units.ts';
import type { BatchAuction } from './batchAuction.ts';
import { CLEARED, type Clearing, COMPUTE_SUM } from './clearing.ts';
import { ASSET, FREE_SLOT, type MarketWorld, SIDE, SYSTEM, TOTAL, WORLD } from './columns.ts';
import { divideFee, payLessFee } from './fee.ts';
import { addPriceDeviation, takeInducedFills } from './inducedValues.ts';
import { REASON } from './ledger.ts';
import {
  buyable,
  disposeOfRest,
  moveDeliveredShare,
  register,
  sellable,
  settleComputeContracts,
  trustIsOn,
} from './trust.ts';

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
  const { clearing } = world;
  const cleared = clearing != null && clearInPasses(world, clearing, auction, tick);
  if (!cleared) clearOrders(world, auction, tick);
  if (auction.volume === 0) return;
  columns.scalar[WORLD.computeLevel] = auction.level;
  const price = parameters.computeMarket.priceTable[auction.level]!;
  const paid = cleared && clearing != null && payInPasses(world, clearing, auction, tick);
  if (!paid) payFills(world, auction, tick);
  if (parameters.induced.enabled) {
    if (!paid) takeInducedFills(world, auction.fill);
    addPriceDeviation(world, auction.level, auction.volume);
  }
  movePrices(world, price);
  columns.total[TOTAL.computeVolume]! += auction.volume;
  if (world.trades?.wants(tick)) recordFills(world, auction, tick);
}

/** Admits and clears the orders: the specification of the kernel's pass. */
function clearOrders(world: MarketWorld, auction: BatchAuction, tick: number): void {
  const { parameters, columns } = world;
  writeOrders(world, auction);
  if (trustIsOn(parameters)) admitContracts(world, auction);
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
}

/** The same by the kernel; false where the specification has to look at the sides' totals. Who traded stays in its lists. */
function clearInPasses(world: MarketWorld, clearing: Clearing, auction: BatchAuction, tick: number): boolean {
  const { scalar } = world.columns;
  const level = clearing.open().clearCompute(tick);
  if (level === TOO_MANY) return false;
  const { results } = clearing;
  auction.level = level;
  auction.bidTotal = results[CLEARED.bid]!;
  auction.askTotal = results[CLEARED.offered]!;
  auction.volume = results[CLEARED.volume]!;
  auction.buyerCount = results[CLEARED.buyers]!;
  auction.sellerCount = results[CLEARED.sellers]!;
  scalar[WORLD.computeBid] = auction.bidTotal;
  scalar[WORLD.computeOffered] = auction.askTotal;
  scalar[WORLD.computeVolume] = auction.volume;
  return true;
}
const TOO_MANY = -2;

/** Settles the fills and records what they moved: the specification of the kernel's pass. */
function payFills(world: MarketWorld, auction: BatchAuction, tick: number): void {
  const { parameters, columns } = world;
  columns.orderAmount.fill(0);
  noteBalances(world, auction.buyers, auction.buyerCount);
  noteBalances(world, auction.sellers, auction.sellerCount);
  if (trustIsOn(parameters)) {
    settleComputeContracts(world, auction, parameters.computeMarket.priceTable[auction.level]!, tick);
  } else settleFills(world, auction);
  recordAmounts(world, auction.buyers, auction.buyerCount);
  recordAmounts(world, auction.sellers, auction.sellerCount);
  addQuoteSurplus(world, auction);
}

/**
 * The same by the kernel where nobody asks for the entries, nobody can be sued and no balance comes near its range.
 * Returns whether all is settled; takes over who traded what if not, or where trades are recorded.
 */
function payInPasses(world: MarketWorld, clearing: Clearing, auction: BatchAuction, tick: number): boolean {
  const { parameters, columns, balances, ledger } = world;
  const { level, buyerCount, sellerCount, volume } = auction;
  const cash = balances.systemCash[SYSTEM.consumers]!;
  const paid =
    ledger.journal === null &&
    parameters.trust.regime !== 'legal' &&
    clearing.passes.payCompute(tick, level, buyerCount, sellerCount, cash) === 1;
  if (!paid || world.trades != null) {
    auction.fill.set(columns.orderFilled);
    auction.buyers.set(clearing.buyers.subarray(0, buyerCount));
    auction.sellers.set(clearing.sellers.subarray(0, sellerCount));
  }
  if (paid) bookFills(world, clearing.results, volume);
  return paid;
}

/** Books on the system accounts what the pass moved, and what contracts leave there. */
function bookFills(world: MarketWorld, sums: Float64Array, volume: number): void {
  const { ledger, parameters } = world;
  const caught = sums[COMPUTE_SUM.caught]!;
  const received = sums[COMPUTE_SUM.gross]! + parameters.trust.stakePerUnit * caught;
  const paid = sums[COMPUTE_SUM.refunded]! + sums[COMPUTE_SUM.compensation]! + sums[COMPUTE_SUM.received]!;
  ledger.bookPass(ASSET.token, SYSTEM.escrow, received, paid);
  ledger.bookPass(ASSET.cash, SYSTEM.consumers, 0, sums[COMPUTE_SUM.gains]!);
  const escrow = ledger.system(SYSTEM.escrow);
  divideFee(world, escrow, sums[COMPUTE_SUM.fees]!, sums[COMPUTE_SUM.burned]!, REASON.computeFee);
  if (!trustIsOn(parameters)) return;
  disposeOfRest(world, caught);
  moveDeliveredShare(world, volume, caught, sums[COMPUTE_SUM.undelivered]!);
}

/** Writes the orders of the tick, each cut to what its owner can pay for or deliver; SIDE.none for no order. */
function writeOrders(world: MarketWorld, auction: BatchAuction): void {
  const { parameters, columns, balances } = world;
  const { population, computeSide, computeLevel, computeQuantity, compute } = columns;
  const { orderSide, orderLevel, orderQuantity } = columns;
  const { priceTable } = parameters.computeMarket;
  const { token } = balances;
  const { quantity } = auction;
  const { slots } = parameters;
  for (let i = 0; i < slots; i++) {
    const level = computeLevel[i]!;
    const wanted = computeQuantity[i]!;
    let side = computeSide[i]!;
    let q = 0;
    if (wanted !== 0 && population[i] !== FREE_SLOT && level < PRICE_LEVELS) {
      if (side === SIDE.buy) {
        const price = priceTable[level]!;
        // most can pay for what they want: no need to divide
        q = wanted * price <= token[i]! ? wanted : Math.floor(token[i]! / price);
      } else if (side === SIDE.sell) q = Math.min(wanted, compute[i]!);
    }
    if (q === 0) side = SIDE.none;
    quantity[i] = q;
    orderQuantity[i] = q;
    orderSide[i] = side;
    orderLevel[i] = side === SIDE.none ? 0 : level;
  }
  if (parameters.induced.enabled) cutToInducedUnits(world, auction);
}

/** Nobody trades more units than it was given, or on the other side. */
function cutToInducedUnits({ parameters, columns }: MarketWorld, auction: BatchAuction): void {
  const { inducedSide, inducedUnits, orderSide } = columns;
  const { slots } = parameters;
  for (let i = 0; i < slots; i++) {
    const q = auction.quantity[i]!;
    const most = inducedSide[i] === orderSide[i] ? inducedUnits[i]! : 0;
    if (q > most) cutOrder(columns, auction, i, most);
  }
}

/** Cuts orders to what their owners may contract, and registers those that are left where there is a court. */
function admitContracts(world: MarketWorld, auction: BatchAuction): void {
  const { columns, parameters } = world;
  const { slots } = parameters;
  for (let i = 0; i < slots; i++) {
    const q = auction.quantity[i]!;
    if (q === 0) continue;
    const most = columns.orderSide[i] === SIDE.sell ? sellable(world, i, q) : buyable(world, i);
    if (q > most) cutOrder(columns, auction, i, most);
    if (most > 0) register(world, i);
  }
}

function cutOrder(columns: MarketWorld['columns'], auction: BatchAuction, i: number, quantity: number): void {
  auction.quantity[i] = quantity;
  columns.orderQuantity[i] = quantity;
  if (quantity > 0) return;
  columns.orderSide[i] = SIDE.none;
  columns.orderLevel[i] = 0;
}

/** Moves money through escrow, and compute. The fee rounds down and the seller keeps the remainder. */
function settleFills(world: MarketWorld, auction: BatchAuction): void {
  const { parameters, columns, ledger } = world;
  const { computeFilled, computeAmount, compute } = columns;
  const { priceTable, feeBps } = parameters.computeMarket;
  const { fill, buyers, sellers, buyerCount, sellerCount } = auction;
  const price = priceTable[auction.level]!;
  for (let k = 0; k < buyerCount; k++) {
    const i = buyers[k]!;
    const q = fill[i]!;
    compute[i]! += q;
    computeFilled[i] = q;
    computeAmount[i] = price * q;
  }
  ledger.gather(ASSET.token, buyers, buyerCount, computeAmount, SYSTEM.escrow, REASON.compute);
  for (let k = 0; k < sellerCount; k++) {
    const i = sellers[k]!;
    const q = fill[i]!;
    compute[i]! -= q;
    computeFilled[i] = q;
    computeAmount[i] = price * q;
  }
  payLessFee(world, SYSTEM.escrow, sellers, sellerCount, computeAmount, feeBps, REASON.compute);
}

/** Notes the token of those who trade in `orderAmount`. */
function noteBalances({ columns, balances }: MarketWorld, agents: Uint32Array, count: number): void {
  const { orderAmount } = columns;
  const { token } = balances;
  for (let k = 0; k < count; k++) {
    const i = agents[k]!;
    orderAmount[i] = token[i]!;
  }
}

/** Turns it, after the settlement, into what that moved. */
function recordAmounts({ columns, balances }: MarketWorld, agents: Uint32Array, count: number): void {
  const { orderAmount } = columns;
  const { token } = balances;
  for (let k = 0; k < count; k++) {
    const i = agents[k]!;
    orderAmount[i] = Math.abs(token[i]! - orderAmount[i]!);
  }
}

/** Adds the gains on submitted limits, milli-token. */
function addQuoteSurplus({ parameters, columns }: MarketWorld, auction: BatchAuction): void {
  const { orderLevel, total } = columns;
  const { priceTable } = parameters.computeMarket;
  const { fill, buyers, sellers, buyerCount, sellerCount } = auction;
  const price = priceTable[auction.level]!;
  let surplus = 0;
  for (let k = 0; k < buyerCount; k++) {
    const i = buyers[k]!;
    surplus += (priceTable[orderLevel[i]!]! - price) * fill[i]!;
  }
  for (let k = 0; k < sellerCount; k++) {
    const i = sellers[k]!;
    surplus += (price - priceTable[orderLevel[i]!]!) * fill[i]!;
  }
  total[TOTAL.quoteSurplus]! += surplus;
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
