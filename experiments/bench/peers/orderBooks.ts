/** The limit order book alone, beside npm's `nodejs-order-book`: the same stream of orders, the same fills. */
import { PRICE_LEVELS } from '../../../configs/worldParameters.ts';
import { NO_ORDER, OrderBook } from '../../../market/classic/orderBook.ts';
import { SIDE } from '../../../market/columns.ts';
import { EnvironmentError, MismatchError } from '../../../sim/core/errors.ts';
import { type PeerContender, timed } from './contender.ts';
import { type Fill, ORDER, type OrderStream } from './orderStream.ts';

type PeerModule = typeof import('nodejs-order-book');

/**
 * The peer's module.
 *
 * @throws EnvironmentError when it is not installed
 */
export async function loadOrderBookPeer(): Promise<PeerModule> {
  return await import('nodejs-order-book').catch((cause: unknown) => {
    throw new EnvironmentError(
      'comparing order books needs the development dependency nodejs-order-book',
      'npm install --save-dev nodejs-order-book',
      { cause },
    );
  });
}

/** Plays a stream through an empty book of ours. */
export function playOurs(stream: OrderStream, book: OrderBook, row: Int32Array, fills: Fill[] | null): void {
  const { length, kind, side, level, quantity, target } = stream;
  const { fillOwner, fillLeft, fillLevel, fillQuantity } = book;
  for (let k = 0; k < length; k++) {
    if (kind[k] === ORDER.cancel) {
      const order = row[target[k]!]!;
      row[target[k]!] = NO_ORDER;
      if (order !== NO_ORDER) book.cancel(order);
      continue;
    }
    if (kind[k] === ORDER.limit) {
      row[k] = book.submit(side[k]!, level[k]!, quantity[k]!, k);
    } else {
      // a market order takes any price and does not rest
      const left = book.submit(side[k]!, side[k] === SIDE.buy ? PRICE_LEVELS - 1 : 0, quantity[k]!, k);
      if (left !== NO_ORDER) book.cancel(left);
    }
    const { fillCount } = book;
    for (let f = 0; f < fillCount; f++) {
      if (fillLeft[f] === 0) row[fillOwner[f]!] = NO_ORDER;
      if (fills !== null) fills.push([k, fillOwner[f]!, fillLevel[f]!, fillQuantity[f]!]);
    }
  }
}

/** Plays a stream through an empty book of the peer's; levels are its prices less one. */
export function playTheirs(
  stream: OrderStream,
  book: InstanceType<PeerModule['OrderBook']>,
  { BUY, SELL }: PeerModule['Side'],
  names: readonly string[],
  fills: Fill[] | null,
): void {
  const { length, kind, side, level, quantity, target } = stream;
  for (let k = 0; k < length; k++) {
    if (kind[k] === ORDER.cancel) {
      book.cancel(names[target[k]!]!);
      continue;
    }
    const id = names[k]!;
    const order = { side: side[k] === SIDE.buy ? BUY : SELL, size: quantity[k]! };
    const { done, partial, partialQuantityProcessed } =
      kind[k] === ORDER.limit ? book.limit({ ...order, id, price: level[k]! + 1 }) : book.market(order);
    if (fills === null) continue;
    // who was filled in part, and the incoming order itself, are told apart by their names
    for (const filled of done) {
      if (filled.id !== id && 'price' in filled)
        fills.push([k, Number(filled.id), filled.price - 1, filled.size]);
    }
    if (partial !== null && partial.id !== id)
      fills.push([k, Number(partial.id), partial.price - 1, partialQuantityProcessed]);
  }
}

/** The names under which entries are known to the peer. */
export const namesOf = (stream: OrderStream): string[] =>
  Array.from({ length: stream.length }, (_, k) => String(k));

/**
 * Both books' fills of a stream, which must be the same.
 *
 * @returns how many there are
 * @throws MismatchError with the first fill that differs
 */
export function compareFills(name: string, ours: readonly Fill[], theirs: readonly Fill[]): number {
  const count = Math.max(ours.length, theirs.length);
  for (let f = 0; f < count; f++) {
    if (String(ours[f]) === String(theirs[f])) continue;
    const show = (fill: Fill | undefined): string =>
      fill === undefined
        ? 'none'
        : `order ${fill[0]} takes ${fill[3]} of order ${fill[1]} at level ${fill[2]}`;
    throw new MismatchError(`fill ${f}: ours ${show(ours[f])}, ${name} ${show(theirs[f])}`);
  }
  return count;
}

/** Our book and the peer's, after both were seen to fill the stream alike; one pass over it is a portion of work. */
export async function openOrderBooks(
  stream: OrderStream,
): Promise<{ ours: PeerContender[]; theirs: PeerContender; fills: number }> {
  const from = performance.now();
  const peer = await loadOrderBookPeer();
  const theirStartMs = performance.now() - from;
  const row = new Int32Array(stream.length).fill(NO_ORDER);
  const names = namesOf(stream);
  const ourFills: Fill[] = [];
  const theirFills: Fill[] = [];
  const { made: first, ms: ourStartMs } = timed(() => new OrderBook(stream.depth));
  playOurs(stream, first, row, ourFills);
  playTheirs(stream, new peer.OrderBook(), peer.Side, names, theirFills);
  const fills = compareFills('nodejs-order-book', ourFills, theirFills);
  const contender = (engine: string, startMs: number, prepare: () => () => void): PeerContender => ({
    engine,
    startMs,
    work(amount) {
      let ms = 0;
      for (let pass = 0; pass < amount; pass++) ms += timed(prepare()).ms;
      return { units: amount * stream.length, ms };
    },
  });
  const ours = contender('darwin-market', ourStartMs, () => {
    const book = new OrderBook(stream.depth);
    row.fill(NO_ORDER);
    return () => playOurs(stream, book, row, null);
  });
  const theirs = contender('nodejs-order-book', theirStartMs, () => {
    const book = new peer.OrderBook();
    return () => playTheirs(stream, book, peer.Side, names, null);
  });
  return { ours: [ours], theirs, fills };
}
