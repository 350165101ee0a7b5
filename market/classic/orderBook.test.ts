import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PRICE_LEVELS } from '../../configs/worldParameters.ts';
import { SIDE } from '../columns.ts';
import { NO_ASK, NO_BID, NO_ORDER, OrderBook } from './orderBook.ts';

const { buy, sell } = SIDE;

/** Fills of the last submission as [owner, level, quantity, left]. */
const fillsOf = (book: OrderBook): number[][] =>
  Array.from({ length: book.fillCount }, (_, f) => [
    book.fillOwner[f]!,
    book.fillLevel[f]!,
    book.fillQuantity[f]!,
    book.fillLeft[f]!,
  ]);

interface Resting {
  side: number;
  level: number;
  quantity: number;
  owner: number;
  order: number;
}

/** The rule itself, on a plain list in order of arrival. */
class PlainBook {
  resting: Resting[] = [];

  submit(side: number, level: number, quantity: number): { fills: number[][]; left: number } {
    const fills: number[][] = [];
    let left = quantity;
    const better = (a: Resting, b: Resting): number => (side === buy ? a.level - b.level : b.level - a.level);
    // sort is stable: equal levels stay in order of arrival
    const others = this.resting.filter((o) => o.side !== side).sort(better);
    for (const other of others) {
      if (left === 0 || (side === buy ? other.level > level : other.level < level)) break;
      const traded = Math.min(left, other.quantity);
      other.quantity -= traded;
      left -= traded;
      fills.push([other.owner, other.level, traded, other.quantity]);
    }
    this.resting = this.resting.filter((o) => o.quantity > 0);
    return { fills, left };
  }

  best(side: number): number {
    const levels = this.resting.filter((o) => o.side === side).map((o) => o.level);
    return side === buy ? Math.max(NO_BID, ...levels) : Math.min(NO_ASK, ...levels);
  }
}

describe('a limit order book', () => {
  it('is empty at first', () => {
    const book = new OrderBook(4);
    expect([book.bestBid, book.bestAsk, book.count]).toEqual([NO_BID, NO_ASK, 0]);
    book.cancelAll();
    expect([book.bestBid, book.bestAsk, book.count, book.fillCount]).toEqual([NO_BID, NO_ASK, 0, 0]);
  });

  it('trades at the price of the resting order, whichever side comes second', () => {
    const book = new OrderBook(4);
    book.submit(sell, 10, 5, 1);
    expect(book.submit(buy, 20, 5, 2)).toBe(NO_ORDER);
    expect(fillsOf(book)).toEqual([[1, 10, 5, 0]]);
    book.submit(buy, 20, 5, 2);
    book.submit(sell, 10, 5, 1);
    expect(fillsOf(book)).toEqual([[2, 20, 5, 0]]);
  });

  it('trades at equal limits and rests one level apart', () => {
    const book = new OrderBook(4);
    book.submit(sell, 10, 1, 1);
    expect(book.submit(buy, 9, 1, 2)).not.toBe(NO_ORDER);
    expect(book.fillCount).toBe(0);
    expect([book.bestBid, book.bestAsk]).toEqual([9, 10]);
    book.submit(buy, 10, 1, 3);
    expect(fillsOf(book)).toEqual([[1, 10, 1, 0]]);
  });

  it('serves the better price first, and at one price the older order', () => {
    const book = new OrderBook(8);
    book.submit(sell, 12, 2, 1);
    book.submit(sell, 11, 2, 2);
    book.submit(sell, 11, 2, 3);
    book.submit(buy, 12, 5, 9);
    expect(fillsOf(book)).toEqual([
      [2, 11, 2, 0],
      [3, 11, 2, 0],
      [1, 12, 1, 1],
    ]);
  });

  it('keeps the place in the queue of an order that was filled in part', () => {
    const book = new OrderBook(8);
    const first = book.submit(buy, 7, 5, 1);
    book.submit(buy, 7, 5, 2);
    book.submit(sell, 7, 3, 9);
    expect(book.remaining(first)).toBe(2);
    book.submit(sell, 7, 3, 9);
    expect(fillsOf(book)).toEqual([
      [1, 7, 2, 0],
      [2, 7, 1, 4],
    ]);
  });

  it('rests what is left of an order that takes all that crosses', () => {
    const book = new OrderBook(4);
    book.submit(sell, 3, 4, 1);
    const order = book.submit(buy, 5, 10, 2);
    expect(book.remaining(order)).toBe(6);
    expect(book.levelOf(order)).toBe(5);
    expect([book.bestBid, book.bestAsk, book.count]).toEqual([5, NO_ASK, 1]);
  });

  it('gives back what was left of a cancelled order, once', () => {
    const book = new OrderBook(4);
    const order = book.submit(sell, 3, 4, 1);
    book.submit(buy, 3, 1, 2);
    expect(book.cancel(order)).toBe(3);
    expect(book.cancel(order)).toBe(0);
    expect([book.bestAsk, book.count]).toEqual([NO_ASK, 0]);
  });

  it('gives back all orders at once, bids before asks, each side by price and time, and is empty then', () => {
    const book = new OrderBook(8);
    book.submit(buy, 5, 2, 1);
    book.submit(sell, 40, 3, 2);
    book.submit(buy, 5, 4, 3);
    book.submit(buy, 7, 5, 4);
    book.submit(sell, 33, 6, 5);
    const order = book.submit(sell, 40, 7, 6);
    book.submit(buy, 33, 1, 7);
    book.cancelAll();
    expect(fillsOf(book)).toEqual([
      [4, 7, 0, 5],
      [1, 5, 0, 2],
      [3, 5, 0, 4],
      [5, 33, 0, 5],
      [2, 40, 0, 3],
      [6, 40, 0, 7],
    ]);
    expect([book.bestBid, book.bestAsk, book.count]).toEqual([NO_BID, NO_ASK, 0]);
    expect([book.remaining(order), book.cancel(order)]).toEqual([0, 0]);
  });

  it('has room again for as many orders as before once all were given back', () => {
    const book = new OrderBook(3);
    for (let time = 0; time < 3; time++) {
      for (let owner = 0; owner < 3; owner++) book.submit(owner === 0 ? buy : sell, 10 * owner, 1, owner);
      expect(() => book.submit(buy, 0, 1, 9)).toThrow('3 resting orders');
      book.cancelAll();
    }
    const orders = [1, 2, 3].map((level) => book.submit(buy, level, 1, level));
    expect(new Set(orders).size).toBe(3);
    expect(orders.map((order) => book.levelOf(order))).toEqual([1, 2, 3]);
  });

  it('holds quantities and owners up to 2^32 - 1', () => {
    const most = 2 ** 32 - 1;
    const book = new OrderBook(2);
    const order = book.submit(sell, 9, most, most);
    expect(book.remaining(order)).toBe(most);
    book.submit(buy, 9, 1, 0);
    expect(fillsOf(book)).toEqual([[most, 9, 1, most - 1]]);
    book.submit(buy, 9, most, 0);
    expect(fillsOf(book)).toEqual([[most, 9, most - 1, 0]]);
    book.cancelAll();
    expect(fillsOf(book)).toEqual([[0, 9, 0, 1]]);
  });

  it('finds the next best price at both ends of the table', () => {
    const book = new OrderBook(8);
    const top = PRICE_LEVELS - 1;
    book.submit(buy, 0, 1, 1);
    const bid = book.submit(buy, 31, 1, 2);
    book.submit(sell, top, 1, 3);
    const ask = book.submit(sell, 224, 1, 4);
    expect([book.bestBid, book.bestAsk]).toEqual([31, 224]);
    book.cancel(bid);
    book.cancel(ask);
    expect([book.bestBid, book.bestAsk]).toEqual([0, top]);
  });

  it('refuses to rest one order more than it has room for, and stays as it was', () => {
    const book = new OrderBook(2);
    book.submit(buy, 1, 1, 1);
    book.submit(sell, 9, 1, 2);
    expect(() => book.submit(buy, 5, 1, 3)).toThrow('2 resting orders');
    expect([book.bestBid, book.bestAsk, book.count]).toEqual([1, 9, 2]);
    expect(book.submit(buy, 9, 1, 3)).toBe(NO_ORDER);
    expect(book.submit(buy, 5, 1, 3)).not.toBe(NO_ORDER);
  });

  const command = fc.oneof(
    { weight: 4, arbitrary: fc.tuple(fc.constantFrom(buy, sell), fc.nat(PRICE_LEVELS - 1), fc.nat(8)) },
    {
      weight: 3,
      arbitrary: fc.tuple(fc.constantFrom(buy, sell), fc.integer({ min: 94, max: 98 }), fc.nat(8)),
    },
    { weight: 2, arbitrary: fc.tuple(fc.constant(0), fc.nat(), fc.constant(0)) },
  );

  it('does what a plain sorted list does: price, then time, never crossed, nothing lost', () => {
    fc.assert(
      fc.property(fc.array(command, { maxLength: 120 }), (commands) => {
        const book = new OrderBook(120);
        const plain = new PlainBook();
        commands.forEach(([side, value, units], owner) => {
          if (side === 0) {
            if (plain.resting.length === 0) return;
            const [gone] = plain.resting.splice(value % plain.resting.length, 1);
            expect(book.cancel(gone!.order)).toBe(gone!.quantity);
          } else {
            const quantity = units + 1;
            const { fills, left } = plain.submit(side, value, quantity);
            const order = book.submit(side, value, quantity, owner);
            expect(fillsOf(book)).toEqual(fills);
            expect(order === NO_ORDER).toBe(left === 0);
            if (left > 0) {
              plain.resting.push({ side, level: value, quantity: left, owner, order });
              expect(book.remaining(order)).toBe(left);
            }
          }
          expect(book.bestBid).toBe(plain.best(buy));
          expect(book.bestAsk).toBe(plain.best(sell));
          expect(book.bestBid).toBeLessThan(book.bestAsk);
          expect(book.count).toBe(plain.resting.length);
        });
        for (const { order, level, quantity } of plain.resting) {
          expect([book.levelOf(order), book.remaining(order)]).toEqual([level, quantity]);
        }
        const byPriority = [buy, sell].flatMap((side) =>
          plain.resting
            .filter((o) => o.side === side)
            .sort((a, b) => (side === buy ? b.level - a.level : a.level - b.level))
            .map(({ owner, level, quantity }) => [owner, level, 0, quantity]),
        );
        expect(book.cancelAll()).toBe(plain.resting.filter(({ side }) => side === buy).length);
        expect(fillsOf(book)).toEqual(byPriority);
        expect(book.count).toBe(0);
      }),
    );
  });
});
