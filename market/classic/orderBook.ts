/**
 * A limit order book with price-time priority over a table of price levels. An order that crosses trades at once
 * at the prices of the resting orders, best level first and within a level the oldest first; what is left of
 * it rests. All storage is allocated once: orders are rows of typed arrays, linked into one queue a level and
 * side, and a bitmap of occupied levels finds the next best price, so that no operation depends on how many
 * orders rest, but for the fills that it makes.
 */
import { PRICE_LEVELS } from '../../configs/worldParameters.ts';
import { assert } from '../../sim/core/assert.ts';
import { SIDE } from '../columns.ts';

/** The order number of an order that does not rest: it was filled at once. */
export const NO_ORDER = -1;
/** The best bid of a book without bids. */
export const NO_BID = -1;
/** The best ask of a book without asks. */
export const NO_ASK = PRICE_LEVELS;

const NONE = -1;
// a row of `rows`; 32 bytes, so that an order is in one cache line
const OWNER = 0;
const QUANTITY = 1;
/** Level of a bid; PRICE_LEVELS + level of an ask: the number of its queue. */
const QUEUE = 2;
const NEXT = 3;
const PREVIOUS = 4;
const ROW_BITS = 3;
// a row of `ends`
const HEAD = 0;
const TAIL = 1;
const ENDS_BITS = 1;

const WORD_BITS = 5;
const WORDS = PRICE_LEVELS >>> WORD_BITS;
const TOP_BIT = 31;

export class OrderBook {
  /** Highest level with a resting bid, NO_BID without one. */
  bestBid: number = NO_BID;
  /** Lowest level with a resting ask, NO_ASK without one. */
  bestAsk: number = NO_ASK;
  /** Resting orders. */
  count = 0;
  /** Fills of the last submission, in the order in which they were made: entries 0..fillCount-1 of `fill*`. */
  fillCount = 0;
  /** Number of the resting order that was hit; free for another order once it is filled. */
  readonly fillOrder: Int32Array;
  /** Its owner. */
  readonly fillOwner: Uint32Array;
  /** Level at which the fill was made: the resting order's. */
  readonly fillLevel: Uint32Array;
  readonly fillQuantity: Uint32Array;
  /** What is left of the resting order. */
  readonly fillLeft: Uint32Array;

  /** One row of five words per order. Those without quantity are free and chained by their next. */
  private readonly rows: Int32Array;
  /** First row that is free. */
  private free = 0;
  private readonly capacity: number;

  /** First and last order of each queue, NONE where it is empty. */
  private readonly ends = new Int32Array((2 * PRICE_LEVELS) << ENDS_BITS).fill(NONE);
  private readonly bidWords = new Int32Array(WORDS);
  private readonly askWords = new Int32Array(WORDS);

  /** @param capacity most orders that may rest at once */
  constructor(capacity: number) {
    this.fillOrder = new Int32Array(capacity);
    this.fillOwner = new Uint32Array(capacity);
    this.fillLevel = new Uint32Array(capacity);
    this.fillQuantity = new Uint32Array(capacity);
    this.fillLeft = new Uint32Array(capacity);
    this.capacity = capacity;
    this.rows = new Int32Array(capacity << ROW_BITS);
    for (let order = 0; order < capacity; order++)
      this.rows[(order << ROW_BITS) + NEXT] = order + 1 < capacity ? order + 1 : NONE;
  }

  /**
   * Takes an order to buy up to `level` or to sell down to it. Its fills are in `fill*` afterwards.
   *
   * @param side SIDE.buy or SIDE.sell
   * @param level 0..PRICE_LEVELS-1
   * @param quantity units, 1..2^32-1
   * @param owner any u32; the book does not prevent an owner from trading with itself
   * @returns its number while it rests, NO_ORDER when it was filled at once
   * @throws AssertionError when it would rest in a full book
   */
  submit(side: number, level: number, quantity: number, owner: number): number {
    this.fillCount = 0;
    if (side === SIDE.buy) {
      const left = level >= this.bestAsk ? this.hitAsks(level, quantity) : quantity;
      if (left === 0) return NO_ORDER;
      const order = this.rest(level, left, owner);
      if (level > this.bestBid) this.bestBid = level;
      this.bidWords[level >>> WORD_BITS]! |= 1 << (level & TOP_BIT);
      return order;
    }
    const left = level <= this.bestBid ? this.hitBids(level, quantity) : quantity;
    if (left === 0) return NO_ORDER;
    const order = this.rest(PRICE_LEVELS + level, left, owner);
    if (level < this.bestAsk) this.bestAsk = level;
    this.askWords[level >>> WORD_BITS]! |= 1 << (level & TOP_BIT);
    return order;
  }

  /**
   * Takes a resting order out of the book; returns the quantity that was left of it, 0 for an order that rests
   * no more. Numbers are used again: forget those of orders that were filled or cancelled.
   */
  cancel(order: number): number {
    const { rows, ends } = this;
    const row = order << ROW_BITS;
    const left = rows[row + QUANTITY]! >>> 0;
    if (left === 0) return 0;
    rows[row + QUANTITY] = 0;
    const queue = rows[row + QUEUE]!;
    const before = rows[row + PREVIOUS]!;
    const after = rows[row + NEXT]!;
    if (before === NONE) ends[(queue << ENDS_BITS) + HEAD] = after;
    else rows[(before << ROW_BITS) + NEXT] = after;
    if (after === NONE) ends[(queue << ENDS_BITS) + TAIL] = before;
    else rows[(after << ROW_BITS) + PREVIOUS] = before;
    if (before === NONE && after === NONE) this.vacate(queue);
    rows[row + NEXT] = this.free;
    this.free = order;
    this.count--;
    return left;
  }

  /**
   * Takes every resting order out of the book: bids, then asks, each side by priority. They are in `fillOwner`,
   * `fillLevel` and `fillLeft` afterwards, with 0 in `fillQuantity`; returns how many of them are bids.
   */
  cancelAll(): number {
    const { bidWords, askWords } = this;
    this.fillCount = 0;
    for (let w = WORDS - 1; w >= 0; w--) {
      for (let bits = bidWords[w]!; bits !== 0; ) {
        const top = TOP_BIT - Math.clz32(bits);
        bits &= ~(1 << top);
        this.cancelQueue((w << WORD_BITS) + top);
      }
      bidWords[w] = 0;
    }
    const bids = this.fillCount;
    for (let w = 0; w < WORDS; w++) {
      for (let bits = askWords[w]!; bits !== 0; bits &= bits - 1)
        this.cancelQueue(PRICE_LEVELS + (w << WORD_BITS) + TOP_BIT - Math.clz32(bits & -bits));
      askWords[w] = 0;
    }
    this.bestBid = NO_BID;
    this.bestAsk = NO_ASK;
    this.count = 0;
    return bids;
  }

  /** Units left of an order; 0 once it is filled or cancelled. */
  remaining(order: number): number {
    return this.rows[(order << ROW_BITS) + QUANTITY]! >>> 0;
  }

  /** Level of a resting order. */
  levelOf(order: number): number {
    return this.rows[(order << ROW_BITS) + QUEUE]! & (PRICE_LEVELS - 1);
  }

  /** Lists and frees the orders of a queue that is occupied; the caller sees to bits, best prices and count. */
  private cancelQueue(queue: number): void {
    const { rows, ends, fillOrder, fillOwner, fillLevel, fillQuantity, fillLeft } = this;
    const level = queue & (PRICE_LEVELS - 1);
    const first = ends[(queue << ENDS_BITS) + HEAD]!;
    let fills = this.fillCount;
    let last = first;
    for (let order = first; order !== NONE; order = rows[(order << ROW_BITS) + NEXT]!) {
      const row = order << ROW_BITS;
      fillOrder[fills] = order;
      fillOwner[fills] = rows[row + OWNER]!;
      fillLevel[fills] = level;
      fillQuantity[fills] = 0;
      fillLeft[fills] = rows[row + QUANTITY]!;
      fills++;
      rows[row + QUANTITY] = 0;
      last = order;
    }
    // the queue is chained by next, as free rows are
    rows[(last << ROW_BITS) + NEXT] = this.free;
    this.free = first;
    this.fillCount = fills;
    ends[(queue << ENDS_BITS) + HEAD] = NONE;
    ends[(queue << ENDS_BITS) + TAIL] = NONE;
  }

  private hitAsks(limit: number, wanted: number): number {
    let left = wanted;
    while (left > 0 && this.bestAsk <= limit) left = this.hitQueue(PRICE_LEVELS + this.bestAsk, left);
    return left;
  }

  private hitBids(limit: number, offered: number): number {
    let left = offered;
    while (left > 0 && this.bestBid >= limit) left = this.hitQueue(this.bestBid, left);
    return left;
  }

  /** Fills from the oldest order of a queue on; returns what is left of the incoming quantity. */
  private hitQueue(queue: number, wanted: number): number {
    const { rows, ends, fillOrder, fillOwner, fillLevel, fillQuantity, fillLeft } = this;
    const level = queue & (PRICE_LEVELS - 1);
    let order = ends[(queue << ENDS_BITS) + HEAD]!;
    let left = wanted;
    let fills = this.fillCount;
    while (left > 0 && order !== NONE) {
      const row = order << ROW_BITS;
      const resting = rows[row + QUANTITY]! >>> 0;
      const traded = Math.min(resting, left);
      fillOrder[fills] = order;
      fillOwner[fills] = rows[row + OWNER]!;
      fillLevel[fills] = level;
      fillQuantity[fills] = traded;
      fillLeft[fills] = resting - traded;
      fills++;
      left -= traded;
      rows[row + QUANTITY] = resting - traded;
      if (traded < resting) break;
      const after = rows[row + NEXT]!;
      rows[row + NEXT] = this.free;
      this.free = order;
      this.count--;
      order = after;
    }
    this.fillCount = fills;
    ends[(queue << ENDS_BITS) + HEAD] = order;
    if (order === NONE) {
      ends[(queue << ENDS_BITS) + TAIL] = NONE;
      this.vacate(queue);
    } else rows[(order << ROW_BITS) + PREVIOUS] = NONE;
    return left;
  }

  /** Appends an order to a queue; returns its row. */
  private rest(queue: number, quantity: number, owner: number): number {
    const { rows, ends } = this;
    const order = this.free;
    if (order === NONE) refuseFull(this.capacity);
    const row = order << ROW_BITS;
    this.free = rows[row + NEXT]!;
    const last = ends[(queue << ENDS_BITS) + TAIL]!;
    rows[row + OWNER] = owner;
    rows[row + QUANTITY] = quantity;
    rows[row + QUEUE] = queue;
    rows[row + NEXT] = NONE;
    rows[row + PREVIOUS] = last;
    if (last === NONE) ends[(queue << ENDS_BITS) + HEAD] = order;
    else rows[(last << ROW_BITS) + NEXT] = order;
    ends[(queue << ENDS_BITS) + TAIL] = order;
    this.count++;
    return order;
  }

  /** Marks a queue empty and moves the best price of its side where it was the best. */
  private vacate(queue: number): void {
    if (queue < PRICE_LEVELS) {
      const word = queue >>> WORD_BITS;
      this.bidWords[word]! &= ~(1 << (queue & TOP_BIT));
      if (queue === this.bestBid) this.bestBid = highestBit(this.bidWords, word);
      return;
    }
    const level = queue - PRICE_LEVELS;
    const word = level >>> WORD_BITS;
    this.askWords[word]! &= ~(1 << (level & TOP_BIT));
    if (level === this.bestAsk) this.bestAsk = lowestBit(this.askWords, word);
  }
}

/** The highest level whose bit is set at or below a word; NO_BID without one. */
function highestBit(words: Int32Array, from: number): number {
  for (let w = from; w >= 0; w--) {
    const bits = words[w]!;
    if (bits !== 0) return (w << WORD_BITS) + TOP_BIT - Math.clz32(bits);
  }
  return NO_BID;
}

/** The lowest level whose bit is set at or above a word; NO_ASK without one. */
function lowestBit(words: Int32Array, from: number): number {
  for (let w = from; w < WORDS; w++) {
    const bits = words[w]!;
    if (bits !== 0) return (w << WORD_BITS) + TOP_BIT - Math.clz32(bits & -bits);
  }
  return NO_ASK;
}

/** Apart from the submission, which is made often, so that no message is built while all is well. */
function refuseFull(capacity: number): never {
  assert(false, `the book holds ${capacity} resting orders, its capacity`);
}
