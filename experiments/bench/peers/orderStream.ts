/** A reproducible stream of orders for limit order books, and the fills that it must lead to in any of them. */
import { PRICE_LEVELS } from '../../../configs/worldParameters.ts';
import { NO_ORDER, OrderBook } from '../../../market/classic/orderBook.ts';
import { SIDE } from '../../../market/columns.ts';
import { DrawSequence, STREAM } from '../../../sim/core/rng.ts';

/** What an entry of a stream asks for. */
export const ORDER = { limit: 0, market: 1, cancel: 2 } as const;

/** Entry k is known to everybody by its number k. */
export interface OrderStream {
  readonly length: number;
  /** ORDER.limit, ORDER.market or ORDER.cancel. */
  readonly kind: Uint8Array;
  /** SIDE.buy or SIDE.sell; of limit and market orders. */
  readonly side: Uint8Array;
  /** 0..PRICE_LEVELS-1; of limit orders. */
  readonly level: Uint32Array;
  readonly quantity: Uint32Array;
  /** The entry to cancel. It rests where price-time priority was kept. */
  readonly target: Int32Array;
  /** Most limit orders that rest at once. */
  readonly depth: number;
}

/** One execution: the incoming entry, the resting entry, the level and the quantity. */
export type Fill = readonly [taker: number, maker: number, level: number, quantity: number];

const LIMIT_SHARE = 0.55;
const MARKET_SHARE = 0.1;
/** Limit orders lie this far from the middle of the market at most, on either side of it. */
const REACH = 20;
/** One limit order in this many is priced to cross the middle. */
const AGGRESSIVE = 8;
const QUANTITY_MAX = 10;

/**
 * Orders around a price that walks at random: 55 % limit orders of 1 to 10 units, 10 % market orders, the others
 * cancel a resting order drawn at random; a book that holds `depth` orders is cancelled from.
 */
export function makeOrderStream(length: number, depth = 400, seed = 1): OrderStream {
  const draws = new DrawSequence().at(seed, 0, 0, STREAM.environment);
  const stream = {
    length,
    kind: new Uint8Array(length),
    side: new Uint8Array(length),
    level: new Uint32Array(length),
    quantity: new Uint32Array(length),
    target: new Int32Array(length),
    depth,
  };
  const { kind, side, level, quantity, target } = stream;
  const book = new OrderBook(depth);
  const row = new Int32Array(length).fill(NO_ORDER);
  // who rests, so that a cancellation finds somebody: filled ones are dropped when they are drawn
  const resting: number[] = [];
  let middle = PRICE_LEVELS >> 1;
  for (let k = 0; k < length; k++) {
    middle = Math.min(PRICE_LEVELS - 1 - REACH, Math.max(REACH, middle + draws.below(3) - 1));
    const choice = draws.unit();
    side[k] = draws.below(2) === 0 ? SIDE.buy : SIDE.sell;
    quantity[k] = 1 + draws.below(QUANTITY_MAX);
    let cancelled = NO_ORDER;
    if (choice >= LIMIT_SHARE + MARKET_SHARE || book.count >= depth) {
      while (cancelled === NO_ORDER && resting.length > 0) {
        const pick = draws.below(resting.length);
        const entry = resting[pick]!;
        resting[pick] = resting.at(-1)!;
        resting.pop();
        if (row[entry] !== NO_ORDER) cancelled = entry;
      }
    }
    if (cancelled !== NO_ORDER) {
      kind[k] = ORDER.cancel;
      target[k] = cancelled;
      book.cancel(row[cancelled]!);
      row[cancelled] = NO_ORDER;
      continue;
    }
    const buys = side[k] === SIDE.buy;
    if (choice < LIMIT_SHARE || choice >= LIMIT_SHARE + MARKET_SHARE) {
      kind[k] = ORDER.limit;
      const distance = draws.below(AGGRESSIVE) === 0 ? -draws.below(4) : draws.below(REACH);
      level[k] = buys ? middle - distance : middle + distance;
      row[k] = book.submit(side[k]!, level[k]!, quantity[k]!, k);
      if (row[k] !== NO_ORDER) resting.push(k);
    } else {
      kind[k] = ORDER.market;
      const order = book.submit(side[k]!, buys ? PRICE_LEVELS - 1 : 0, quantity[k]!, k);
      if (order !== NO_ORDER) book.cancel(order);
    }
    for (let f = 0; f < book.fillCount; f++) if (book.fillLeft[f] === 0) row[book.fillOwner[f]!] = NO_ORDER;
  }
  return stream;
}
