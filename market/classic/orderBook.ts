/**
 * A limit order book with price-time priority over a table of price levels. An order that crosses trades at once
 * at the prices of the resting orders, best level first and within a level the oldest first; what is left of
 * it rests. All storage is allocated once: orders are rows of typed arrays, linked into one queue a level and
 * side, and a bitmap of occupied levels finds the next best price, so that no operation depends on how many
 * orders rest, but for the fills that it makes.
 */
import { PRICE_LEVELS } from '../../configs/derive.ts';
import { assert } from '../../sim/core/assert.ts';
import { SIDE } from '../columns.ts';

/** The order number of an order that does not rest: it was filled at once. */
export const NO_ORDER = -1;
/** The best bid of a book without bids. */
export const NO_BID = -1;
/** The best ask of a book without asks. */
export const NO_ASK = PRICE_LEVELS;

const NONE = -1;
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

  // one row per order
  private readonly owner: Uint32Array;
  private readonly quantity: Uint32Array;
  /** Level of a bid; PRICE_LEVELS + level of an ask: the number of its queue. */
  private readonly queue: Uint32Array;
  private readonly next: Int32Array;
  private readonly previous: Int32Array;
  /** First row that is free; free rows are chained by `next`. */
  private free = 0;

  // one row per queue
  private readonly head = new Int32Array(2 * PRICE_LEVELS).fill(NONE);
  private readonly tail = new Int32Array(2 * PRICE_LEVELS).fill(NONE);
  private readonly bidWords = new Int32Array(WORDS);
  private readonly askWords = new Int32Array(WORDS);

  /** @param capacity most orders that may rest at once */
  constructor(capacity: number) {
    this.fillOrder = new Int32Array(capacity);
    this.fillOwner = new Uint32Array(capacity);
    this.fillLevel = new Uint32Array(capacity);
    this.fillQuantity = new Uint32Array(capacity);
    this.fillLeft = new Uint32Array(capacity);
    this.owner = new Uint32Array(capacity);
    this.quantity = new Uint32Array(capacity);
    this.queue = new Uint32Array(capacity);
    this.next = Int32Array.from({ length: capacity }, (_, k) => (k + 1 < capacity ? k + 1 : NONE));
    this.previous = new Int32Array(capacity);
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
    const left = this.quantity[order]!;
    if (left === 0) return 0;
    this.quantity[order] = 0;
    const queue = this.queue[order]!;
    const before = this.previous[order]!;
    const after = this.next[order]!;
    if (before === NONE) this.head[queue] = after;
    else this.next[before] = after;
    if (after === NONE) this.tail[queue] = before;
    else this.previous[after] = before;
    if (before === NONE && after === NONE) this.vacate(queue);
    this.release(order);
    return left;
  }

  /** Owner of the oldest order at the best price of a side. Throws AssertionError when there is none. */
  ownerOfBest(side: number): number {
    const order = this.head[side === SIDE.buy ? this.bestBid : PRICE_LEVELS + this.bestAsk] ?? NONE;
    assert(order !== NONE, 'no order rests on this side');
    return this.owner[order]!;
  }

  /** Units left of an order; 0 once it is filled or cancelled. */
  remaining(order: number): number {
    return this.quantity[order]!;
  }

  /** Level of a resting order. */
  levelOf(order: number): number {
    return this.queue[order]! & (PRICE_LEVELS - 1);
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
    const { quantity, owner, next, fillOrder, fillOwner, fillLevel, fillQuantity, fillLeft } = this;
    const level = queue & (PRICE_LEVELS - 1);
    let order = this.head[queue]!;
    let left = wanted;
    let fills = this.fillCount;
    while (left > 0 && order !== NONE) {
      const resting = quantity[order]!;
      const traded = Math.min(resting, left);
      fillOrder[fills] = order;
      fillOwner[fills] = owner[order]!;
      fillLevel[fills] = level;
      fillQuantity[fills] = traded;
      fillLeft[fills] = resting - traded;
      fills++;
      left -= traded;
      quantity[order] = resting - traded;
      if (traded < resting) break;
      const after = next[order]!;
      this.release(order);
      order = after;
    }
    this.fillCount = fills;
    this.head[queue] = order;
    if (order === NONE) {
      this.tail[queue] = NONE;
      this.vacate(queue);
    } else this.previous[order] = NONE;
    return left;
  }

  /** Appends an order to a queue; returns its row. */
  private rest(queue: number, quantity: number, owner: number): number {
    const order = this.free;
    if (order === NONE) refuseFull(this.quantity.length);
    this.free = this.next[order]!;
    this.owner[order] = owner;
    this.quantity[order] = quantity;
    this.queue[order] = queue;
    const last = this.tail[queue]!;
    this.previous[order] = last;
    this.next[order] = NONE;
    if (last === NONE) this.head[queue] = order;
    else this.next[last] = order;
    this.tail[queue] = order;
    this.count++;
    return order;
  }

  private release(order: number): void {
    this.next[order] = this.free;
    this.free = order;
    this.count--;
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
