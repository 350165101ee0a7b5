/**
 * A continuous double auction of compute, the institution of Smith (1962), Gode & Sunder (JPE 101(1), 1993) and
 * Cliff (HPL-97-91, 1997), in place of the batch auction. A tick is a trading day of some rounds; in each round
 * every trader with units left comes to the book once, in an order drawn anew, and may replace its order. A
 * quote that crosses trades at once at the resting order's price. What rests is paid for: a bid locks its token
 * in escrow and an ask its compute until it is filled or cancelled, and the book is empty when the day ends.
 */
import { PRICE_LEVELS } from '../../configs/worldParameters.ts';
import { DrawSequence, STREAM } from '../../sim/core/rng.ts';
import { ASSET, FREE_SLOT, type MarketWorld, SIDE, SYSTEM, TOTAL, WORLD } from '../columns.ts';
import { movePrices } from '../computeMarket.ts';
import { feeOf, takeFee } from '../fee.ts';
import { addPriceDeviation, takeInducedFills } from '../inducedValues.ts';
import { REASON } from '../ledger.ts';
import type { TradeSink } from '../trades.ts';
import { NO_ORDER, OrderBook } from './orderBook.ts';

/** Instead of a level: the trader takes its order back and leaves. */
export const NO_QUOTE = -1;

/** How the traders of a world behave at the book; implemented in agents/. */
export interface ContinuousTraders<W extends MarketWorld> {
  /**
   * The level at which an agent quotes now, or NO_QUOTE. Its side is `orderSide`; `orderQuantity - orderFilled`
   * units are left to it.
   *
   * @param round of the day, from 0
   */
  quote(world: W, tick: number, round: number, agent: number): number;
  /**
   * Tells everybody of a quote; null where nobody listens.
   *
   * @param shout number of the quote within the day
   * @param side of the quoting agent
   * @param level at which it traded, or else its limit
   */
  readonly hear:
    | ((world: W, tick: number, shout: number, side: number, level: number, traded: boolean) => void)
    | null;
}

/** One world's book and who has what in it. */
export class DoubleAuction {
  readonly book: OrderBook;
  /** Number of an agent's resting order, NO_ORDER without one, [N]. */
  readonly orderOf: Int32Array;
  /** Units that an agent may still trade today, [N]. */
  readonly left: Uint32Array;
  /** Traders with units left, in the order of arrival. */
  readonly present: Uint32Array;
  presentCount = 0;
  /** Traders with units left on either side. */
  buyers = 0;
  sellers = 0;
  /** Quotes so far today. */
  shouts = 0;
  /** Units traded today, and what was paid for them, milli-token. */
  volume = 0;
  paid = 0;
  /** Told of today's fills, or null. */
  trades: TradeSink | null = null;

  /** @param slots agents of the world; 0 for one without a book */
  constructor(slots: number) {
    this.book = new OrderBook(slots);
    this.orderOf = new Int32Array(slots).fill(NO_ORDER);
    this.left = new Uint32Array(slots);
    this.present = new Uint32Array(slots);
  }
}

const arrivals = new DrawSequence();

/**
 * The trading day of a tick; nothing unless the config trades compute in a double auction.
 *
 * @param auction of this world
 * @param tradersOf how the agents of a world quote and what they hear; asked where there is a book
 */
export function tradeContinuously<W extends MarketWorld>(
  world: W,
  auction: DoubleAuction,
  tradersOf: (world: W) => ContinuousTraders<W>,
  tick: number,
): void {
  const { parameters } = world;
  if (!parameters.doubleAuction.enabled) return;
  openDay(world, auction);
  auction.trades = world.trades?.wants(tick) ? world.trades : null;
  const traders = tradersOf(world);
  const { rounds } = parameters.doubleAuction;
  const { present, left } = auction;
  for (let round = 0; round < rounds && auction.buyers > 0 && auction.sellers > 0; round++) {
    drawArrivals(world, auction, tick, round);
    for (let k = 0; k < auction.presentCount; k++) {
      const agent = present[k]!;
      if (left[agent]! > 0) visit(world, auction, traders, tick, round, agent);
    }
  }
  closeDay(world, auction);
}

/** Admits the traders of the day: sides and units as intended, or as induced; a seller has at most its compute. */
function openDay(world: MarketWorld, auction: DoubleAuction): void {
  const { parameters, columns } = world;
  const { population, computeSide, computeQuantity, compute, inducedSide, inducedUnits } = columns;
  const { orderSide, orderQuantity, orderFilled, scalar } = columns;
  const { left, present } = auction;
  const induced = parameters.induced.enabled;
  let traders = 0;
  let buyers = 0;
  let demanded = 0;
  let offered = 0;
  for (let i = 0; i < parameters.slots; i++) {
    const side = induced ? inducedSide[i]! : computeSide[i]!;
    let units = 0;
    if (side !== SIDE.none && population[i] !== FREE_SLOT) {
      units = induced ? inducedUnits[i]! : computeQuantity[i]!;
      if (side === SIDE.sell) units = Math.min(units, compute[i]!);
    }
    orderQuantity[i] = units;
    orderFilled[i] = 0;
    left[i] = units;
    orderSide[i] = units === 0 ? SIDE.none : side;
    if (units === 0) continue;
    present[traders++] = i;
    if (side === SIDE.buy) {
      buyers++;
      demanded += units;
    } else offered += units;
  }
  scalar[WORLD.computeBid] = demanded;
  scalar[WORLD.computeOffered] = offered;
  auction.presentCount = traders;
  auction.buyers = buyers;
  auction.sellers = traders - buyers;
  auction.shouts = 0;
  auction.volume = 0;
  auction.paid = 0;
}

/** Drops who has nothing left to trade and shuffles the rest. */
function drawArrivals(world: MarketWorld, auction: DoubleAuction, tick: number, round: number): void {
  const { present, left } = auction;
  let count = 0;
  for (let k = 0; k < auction.presentCount; k++) {
    const agent = present[k]!;
    if (left[agent]! > 0) present[count++] = agent;
  }
  auction.presentCount = count;
  arrivals.at(world.parameters.seed, tick, round, STREAM.arrivals);
  for (let k = count - 1; k > 0; k--) {
    const other = arrivals.below(k + 1);
    const held = present[k]!;
    present[k] = present[other]!;
    present[other] = held;
  }
}

/** One trader at the book: keeps, replaces or takes back its order, and trades what crosses. */
function visit<W extends MarketWorld>(
  world: W,
  auction: DoubleAuction,
  traders: ContinuousTraders<W>,
  tick: number,
  round: number,
  agent: number,
): void {
  const { book, orderOf } = auction;
  const { orderSide, orderLevel } = world.columns;
  const level = traders.quote(world, tick, round, agent);
  const side = orderSide[agent]!;
  const resting = orderOf[agent]!;
  let fillCount = 0;
  // an order that would only be repeated keeps its place in the queue
  if (resting === NO_ORDER || book.levelOf(resting) !== level) {
    if (resting !== NO_ORDER) withdraw(world, auction, agent, side);
    if (level < 0 || level >= PRICE_LEVELS) return;
    const units = lock(world, auction, agent, side, level);
    if (units === 0) return;
    orderLevel[agent] = level;
    orderOf[agent] = book.submit(side, level, units, agent);
    fillCount = book.fillCount;
    if (fillCount > 0) settleFills(world, auction, tick, agent, side, level);
  }
  const shout = auction.shouts++;
  if (fillCount === 0) {
    traders.hear?.(world, tick, shout, side, level, false);
    return;
  }
  const heard = book.fillLevel[fillCount - 1]!;
  if (world.parameters.doubleAuction.clearBookAtTrade) clearBook(world, auction);
  traders.hear?.(world, tick, shout, side, heard, true);
}

/**
 * Locks what an order needs: token in escrow at its limit, or compute. Returns the units that it covers, at most
 * what the trader has left and one where values are induced unit by unit.
 */
function lock(
  world: MarketWorld,
  auction: DoubleAuction,
  agent: number,
  side: number,
  level: number,
): number {
  const { parameters, columns, balances, ledger } = world;
  const left = auction.left[agent]!;
  let units = parameters.induced.enabled && left > 1 ? 1 : left;
  if (side === SIDE.sell) {
    columns.compute[agent]! -= units;
    return units;
  }
  const price = parameters.computeMarket.priceTable[level]!;
  const token = balances.token[agent]!;
  if (price * units > token) units = Math.floor(token / price);
  ledger.transfer(ASSET.token, agent, ledger.system(SYSTEM.escrow), price * units, REASON.orderLocked);
  return units;
}

/** Cancels an agent's resting order and gives back what it locked. */
function withdraw(world: MarketWorld, auction: DoubleAuction, agent: number, side: number): void {
  const order = auction.orderOf[agent]!;
  const level = auction.book.levelOf(order);
  const units = auction.book.cancel(order);
  auction.orderOf[agent] = NO_ORDER;
  if (side === SIDE.sell) world.columns.compute[agent]! += units;
  else unlockToken(world, agent, level, units);
}

/** Gives back the token that a bid for so many units locked. */
function unlockToken({ parameters, ledger }: MarketWorld, agent: number, level: number, units: number): void {
  const locked = parameters.computeMarket.priceTable[level]! * units;
  ledger.transfer(ASSET.token, ledger.system(SYSTEM.escrow), agent, locked, REASON.orderReleased);
}

/** Cancels every resting order; they stand in the book's `fill*` afterwards. Returns how many of them are bids. */
function clearBook(world: MarketWorld, { book, orderOf }: DoubleAuction): number {
  const { compute } = world.columns;
  const bids = book.cancelAll();
  const { fillCount, fillOwner, fillLevel, fillLeft } = book;
  for (let f = 0; f < bids; f++) {
    const agent = fillOwner[f]!;
    orderOf[agent] = NO_ORDER;
    unlockToken(world, agent, fillLevel[f]!, fillLeft[f]!);
  }
  for (let f = bids; f < fillCount; f++) {
    const agent = fillOwner[f]!;
    orderOf[agent] = NO_ORDER;
    compute[agent]! += fillLeft[f]!;
  }
  return bids;
}

/**
 * Settles the fills of the order just submitted: the buyer's escrow pays the seller at the resting order's price,
 * a buyer whose limit was higher gets the difference back. The fee rounds down and the seller keeps the remainder.
 */
function settleFills(
  world: MarketWorld,
  auction: DoubleAuction,
  tick: number,
  agent: number,
  side: number,
  limit: number,
): void {
  const { parameters, columns, ledger } = world;
  const { book, orderOf, trades } = auction;
  const { priceTable, feeBps } = parameters.computeMarket;
  const { compute, computeAmount, total, scalar } = columns;
  const { fillCount, fillOwner, fillQuantity, fillLevel, fillLeft } = book;
  const induced = parameters.induced.enabled;
  const escrow = ledger.system(SYSTEM.escrow);
  for (let f = 0; f < fillCount; f++) {
    const other = fillOwner[f]!;
    const units = fillQuantity[f]!;
    const level = fillLevel[f]!;
    const price = priceTable[level]!;
    const gain = Math.abs(priceTable[limit]! - price) * units;
    const buyer = side === SIDE.buy ? agent : other;
    const seller = side === SIDE.buy ? other : agent;
    if (fillLeft[f] === 0) orderOf[other] = NO_ORDER;
    const amount = price * units;
    const fee = feeBps === 0 ? 0 : feeOf(amount, feeBps);
    ledger.transfer(ASSET.token, escrow, seller, amount - fee, REASON.compute);
    if (fee > 0) takeFee(world, escrow, fee, REASON.computeFee);
    // a resting bid locked exactly its price
    if (side === SIDE.buy) ledger.transfer(ASSET.token, escrow, buyer, gain, REASON.orderReleased);
    compute[buyer]! += units;
    computeAmount[buyer]! += amount;
    computeAmount[seller]! += amount - fee;
    if (countFill(columns, auction, buyer, units)) auction.buyers--;
    if (countFill(columns, auction, seller, units)) auction.sellers--;
    total[TOTAL.quoteSurplus]! += gain;
    scalar[WORLD.computeLevel] = level;
    auction.volume += units;
    auction.paid += amount;
    if (induced) addPriceDeviation(world, level, units);
    if (trades !== null) trades.fill(tick, 'compute', buyer, seller, 0, units, price);
  }
}

/** Returns whether the agent has traded all that it came with. */
function countFill(
  { orderFilled, computeFilled }: MarketWorld['columns'],
  { left }: DoubleAuction,
  agent: number,
  units: number,
): boolean {
  orderFilled[agent]! += units;
  computeFilled[agent]! += units;
  const still = left[agent]! - units;
  left[agent] = still;
  return still === 0;
}

/** Records the book as it stands, empties it, and moves prices by the day's mean price, rounded down. */
function closeDay(world: MarketWorld, auction: DoubleAuction): void {
  const { parameters, columns } = world;
  const { bidHistogram, askHistogram } = columns;
  const bids = clearBook(world, auction);
  const { fillCount, fillLevel, fillLeft } = auction.book;
  for (let f = 0; f < bids; f++) bidHistogram[fillLevel[f]!]! += fillLeft[f]!;
  for (let f = bids; f < fillCount; f++) askHistogram[fillLevel[f]!]! += fillLeft[f]!;
  columns.scalar[WORLD.computeVolume] = auction.volume;
  if (auction.volume === 0) return;
  if (parameters.induced.enabled) takeInducedFills(world, columns.orderFilled);
  movePrices(world, Math.floor(auction.paid / auction.volume));
  columns.total[TOTAL.computeVolume]! += auction.volume;
}
