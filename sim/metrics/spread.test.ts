import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BatchAuction } from '../../market/batchAuction.ts';
import { SIDE } from '../../market/columns.ts';
import { quotedSpread } from './spread.ts';

const PRICES = [1, 2, 4, 8, 16];
const spreadOf = (bids: number[], asks: number[], filled: number): number =>
  quotedSpread(Uint32Array.from(bids), Uint32Array.from(asks), filled, PRICES);

describe('the spread of the compute market', () => {
  it('is the best ask less the best bid where nothing crosses', () => {
    expect(spreadOf([3, 5, 0, 0, 0], [0, 0, 0, 2, 9], 0)).toBe(8 - 2);
  });

  it('is of what is left: orders served in full are out of the book, one served in part is in it', () => {
    // 7 cu trade: bids 4 at 16 and 3 of 5 at 4; asks 7 at 1 in full, next ask at 8
    expect(spreadOf([9, 0, 5, 0, 4], [7, 0, 0, 2, 0], 7)).toBe(8 - 4);
    // one cu more of bids at 4 and all of them are served: the next bid is at 1
    expect(spreadOf([9, 0, 3, 0, 4], [7, 0, 0, 2, 0], 7)).toBe(8 - 1);
  });

  it('has no value where a side has nothing left, or where there are no orders', () => {
    expect(spreadOf([0, 0, 5, 0, 0], [5, 0, 0, 2, 0], 5)).toBeNaN();
    expect(spreadOf([0, 0, 7, 0, 0], [5, 0, 0, 0, 0], 5)).toBeNaN();
    expect(spreadOf([0, 0, 0, 0, 0], [0, 0, 0, 1, 0], 0)).toBeNaN();
    expect(spreadOf([0, 0, 0, 0, 0], [0, 0, 0, 0, 0], 0)).toBeNaN();
  });

  it('is above zero after every clearing, and that of the orders which the auction left unfilled', () => {
    const order = fc.record({
      side: fc.constantFrom(SIDE.buy, SIDE.sell),
      level: fc.integer({ min: 0, max: 4 }),
      quantity: fc.integer({ min: 0, max: 6 }),
    });
    fc.assert(
      fc.property(
        fc.array(order, { minLength: 1, maxLength: 12 }),
        fc.integer({ min: 0 }),
        (orders, word) => {
          const auction = new BatchAuction(orders.length, PRICES.length);
          auction.quantity.set(orders.map(({ quantity }) => quantity));
          const sides = Uint32Array.from(orders, ({ side, quantity }) => (quantity === 0 ? SIDE.none : side));
          const levels = Uint32Array.from(orders, ({ level, quantity }) => (quantity === 0 ? 0 : level));
          auction.clear(sides, levels, word);
          const left = (side: number): number[] =>
            orders.flatMap(({ level, quantity }, k) =>
              sides[k] === side && quantity > auction.fill[k]! ? [PRICES[level]!] : [],
            );
          const spread = quotedSpread(auction.bids, auction.asks, auction.volume, PRICES);
          const [bids, asks] = [left(SIDE.buy), left(SIDE.sell)];
          if (bids.length === 0 || asks.length === 0) expect(spread).toBeNaN();
          else {
            expect(spread).toBe(Math.min(...asks) - Math.max(...bids));
            expect(spread).toBeGreaterThan(0);
          }
        },
      ),
    );
  });
});
