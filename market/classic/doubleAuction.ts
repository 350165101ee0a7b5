/**
 * A continuous double auction of compute, the institution of Smith (1962), Gode & Sunder (JPE 101(1), 1993) and
 * Cliff (HPL-97-91, 1997), in place of the batch auction. A tick is a trading day of some rounds; in each round
 * every trader with units left comes to the book once, in an order drawn anew, and may replace its order. A
 * quote that crosses trades at once at the resting order's price. What rests is paid for: a bid locks its token
 * in escrow and an ask its compute until it is filled or cancelled, and the book is empty when the day ends.
 */
import { PRICE_LEVELS } from '../../configs/derive.ts';
import { DrawSequence, STREAM } from '../../sim/core/rng.ts';
import { ASSET, FREE_SLOT, type MarketWorld, SIDE, SYSTEM, TOTAL, WORLD } from '../columns.ts';
import { movePrices } from '../computeMarket.ts';
import { feeOf, takeFee } from '../fee.ts';
import { addPriceDeviation, takeInducedFills } from '../inducedValues.ts';
import { REASON } from '../ledger.ts';
import type { TradeSink } from '../trades.ts';
import { NO_ASK, NO_BID, NO_ORDER, OrderBook } from './orderBook.ts';

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
   * Tells everybody of a quote.
   *
   * @param shout number of the quote within the day
   * @param side of the quoting agent
   * @param level at which it traded, or else its limit
   */
  hear(world: W, tick: number, shout: number, side: number, level: number, traded: boolean): void;
}

/** One world's book and who has what in it. */
export class DoubleAuction {
  readonly book: OrderBook;
  /** Number of an agent's resting order, NO_ORDER without one, [N]. */
  readonly orderOf: Int32Array;
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
    this.present = new Uint32Array(slots);
  }
}

const arrivals = new DrawSequence();

/**
 * The trading day of a tick; nothing unless the config trades compute in a double auction.
 *
 * @param auction of this world
 * @param traders how its agents quote and what they hear
 */
export function tradeContinuously<W extends MarketWorld>(
  world: W,
  auction: DoubleAuction,
  traders: ContinuousTraders<W>,
  tick: number,
): void {
  const { parameters } = world;
  if (!parameters.doubleAuction.enabled) return;
  openDay(world, auction);
  auction.trades = world.trades?.wants(tick) ? world.trades : null;
  const { rounds } = parameters.doubleAuction;
  for (let round = 0; round < rounds && auction.buyers > 0 && auction.sellers > 0; round++) {
    drawArrivals(world, auction, tick, round);
    for (let k = 0; k < auction.presentCount; k++) {
      const agent = auction.present[k]!;
      if (unitsLeft(world, agent) > 0) visit(world, auction, traders, tick, round, agent);
    }
  }
  closeDay(world, auction);
}

const unitsLeft = ({ columns }: MarketWorld, agent: number): number =>
  columns.orderQuantity[agent]! - columns.orderFilled[agent]!;

/** Admits the traders of the day: sides and units as intended, or as induced; a seller has at most its compute. */
function openDay(world: MarketWorld, auction: DoubleAuction): void {
  const { parameters, columns } = world;
  const { population, computeSide, computeQuantity, compute, inducedSide, inducedUnits } = columns;
  const { orderSide, orderQuantity, orderFilled, scalar } = columns;
  const induced = parameters.induced.enabled;
  auction.presentCount = 0;
  auction.buyers = 0;
  auction.sellers = 0;
  auction.shouts = 0;
  auction.volume = 0;
  auction.paid = 0;
  for (let i = 0; i < parameters.slots; i++) {
    const side = induced ? inducedSide[i]! : computeSide[i]!;
    let units = 0;
    if (side !== SIDE.none && population[i] !== FREE_SLOT) {
      units = induced ? inducedUnits[i]! : computeQuantity[i]!;
      if (side === SIDE.sell) units = Math.min(units, compute[i]!);
    }
    orderQuantity[i] = units;
    orderFilled[i] = 0;
    orderSide[i] = units === 0 ? SIDE.none : side;
    if (units === 0) continue;
    auction.present[auction.presentCount++] = i;
    if (side === SIDE.buy) {
      auction.buyers++;
      scalar[WORLD.computeBid]! += units;
    } else {
      auction.sellers++;
      scalar[WORLD.computeOffered]! += units;
    }
  }
}

/** Drops who has nothing left to trade and shuffles the rest. */
function drawArrivals(world: MarketWorld, auction: DoubleAuction, tick: number, round: number): void {
  const { present } = auction;
  let count = 0;
  for (let k = 0; k < auction.presentCount; k++) {
    const agent = present[k]!;
    if (unitsLeft(world, agent) > 0) present[count++] = agent;
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
  if (level < 0 || level >= PRICE_LEVELS) {
    withdraw(world, auction, agent);
    return;
  }
  const side = orderSide[agent]!;
  const resting = orderOf[agent]!;
  // an order that would only be repeated keeps its place in the queue
  if (resting === NO_ORDER || book.levelOf(resting) !== level) {
    withdraw(world, auction, agent);
    const units = lock(world, agent, side, level);
    if (units === 0) return;
    orderLevel[agent] = level;
    orderOf[agent] = book.submit(side, level, units, agent);
    settleFills(world, auction, tick, agent, side, level);
  } else book.fillCount = 0;
  const { fillCount } = book;
  const shout = auction.shouts++;
  const heard = fillCount === 0 ? level : book.fillLevel[fillCount - 1]!;
  if (fillCount > 0 && world.parameters.doubleAuction.clearBookAtTrade) clearBook(world, auction);
  traders.hear(world, tick, shout, side, heard, fillCount > 0);
}

/**
 * Locks what an order needs: token in escrow at its limit, or compute. Returns the units that it covers, at most
 * what the trader has left and one where values are induced unit by unit.
 */
function lock(world: MarketWorld, agent: number, side: number, level: number): number {
  const { parameters, columns, balances, ledger } = world;
  const left = unitsLeft(world, agent);
  let units = parameters.induced.enabled ? Math.min(1, left) : left;
  if (side === SIDE.sell) {
    columns.compute[agent]! -= units;
    return units;
  }
  const price = parameters.computeMarket.priceTable[level]!;
  units = Math.min(units, Math.floor(balances.token[agent]! / price));
  ledger.transfer(ASSET.token, agent, ledger.system(SYSTEM.escrow), price * units, REASON.orderLocked);
  return units;
}

/** Cancels an agent's resting order, if it has one, and gives back what it locked. */
function withdraw(world: MarketWorld, auction: DoubleAuction, agent: number): void {
  const order = auction.orderOf[agent]!;
  if (order === NO_ORDER) return;
  const { parameters, columns, ledger } = world;
  const level = auction.book.levelOf(order);
  const units = auction.book.cancel(order);
  auction.orderOf[agent] = NO_ORDER;
  if (columns.orderSide[agent] === SIDE.sell) {
    columns.compute[agent]! += units;
    return;
  }
  const locked = parameters.computeMarket.priceTable[level]! * units;
  ledger.transfer(ASSET.token, ledger.system(SYSTEM.escrow), agent, locked, REASON.orderReleased);
}

/** Cancels every resting order. */
function clearBook(world: MarketWorld, auction: DoubleAuction): void {
  const { book } = auction;
  while (book.bestBid !== NO_BID) withdraw(world, auction, book.ownerOfBest(SIDE.buy));
  while (book.bestAsk !== NO_ASK) withdraw(world, auction, book.ownerOfBest(SIDE.sell));
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
  const { book, orderOf } = auction;
  const { priceTable, feeBps } = parameters.computeMarket;
  const { compute, computeAmount, total, scalar } = columns;
  const escrow = ledger.system(SYSTEM.escrow);
  for (let f = 0; f < book.fillCount; f++) {
    const other = book.fillOwner[f]!;
    const units = book.fillQuantity[f]!;
    const level = book.fillLevel[f]!;
    const price = priceTable[level]!;
    const gain = Math.abs(priceTable[limit]! - price) * units;
    const buyer = side === SIDE.buy ? agent : other;
    const seller = side === SIDE.buy ? other : agent;
    if (book.fillLeft[f] === 0) orderOf[other] = NO_ORDER;
    const amount = price * units;
    const fee = feeOf(amount, feeBps);
    ledger.transfer(ASSET.token, escrow, seller, amount - fee, REASON.compute);
    takeFee(world, escrow, fee, REASON.computeFee);
    // a resting bid locked exactly its price
    if (side === SIDE.buy) ledger.transfer(ASSET.token, escrow, buyer, gain, REASON.orderReleased);
    compute[buyer]! += units;
    computeAmount[buyer]! += amount;
    computeAmount[seller]! += amount - fee;
    countFill(columns, auction, buyer, units);
    countFill(columns, auction, seller, units);
    total[TOTAL.quoteSurplus]! += gain;
    scalar[WORLD.computeLevel] = level;
    auction.volume += units;
    auction.paid += amount;
    if (parameters.induced.enabled) addPriceDeviation(world, level, units);
    auction.trades?.fill(tick, 'compute', buyer, seller, 0, units, price);
  }
}

function countFill(
  columns: MarketWorld['columns'],
  auction: DoubleAuction,
  agent: number,
  units: number,
): void {
  columns.orderFilled[agent]! += units;
  columns.computeFilled[agent]! += units;
  if (columns.orderFilled[agent] !== columns.orderQuantity[agent]) return;
  if (columns.orderSide[agent] === SIDE.buy) auction.buyers--;
  else auction.sellers--;
}

/** Records the book as it stands, empties it, and moves prices by the day's mean price, rounded down. */
function closeDay(world: MarketWorld, auction: DoubleAuction): void {
  const { parameters, columns } = world;
  const { bidHistogram, askHistogram, orderSide } = columns;
  const { book, orderOf } = auction;
  for (let k = 0; k < auction.presentCount; k++) {
    const agent = auction.present[k]!;
    const order = orderOf[agent]!;
    if (order === NO_ORDER) continue;
    const histogram = orderSide[agent] === SIDE.buy ? bidHistogram : askHistogram;
    histogram[book.levelOf(order)]! += book.remaining(order);
  }
  clearBook(world, auction);
  columns.scalar[WORLD.computeVolume] = auction.volume;
  if (auction.volume === 0) return;
  if (parameters.induced.enabled) takeInducedFills(world, columns.orderFilled);
  movePrices(world, Math.floor(auction.paid / auction.volume));
  columns.total[TOTAL.computeVolume]! += auction.volume;
}
