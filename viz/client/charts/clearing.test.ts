import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { BatchAuction, NO_LEVEL } from '../../../market/batchAuction.ts';
import { SIDE } from '../../../market/columns.ts';
import { clearingLevel } from './clearing.ts';

describe('clearingLevel', () => {
  test('is the level at which the market itself cleared, for any orders', () => {
    const LEVELS = 12;
    const order = fc.record({
      buys: fc.boolean(),
      level: fc.nat({ max: LEVELS - 1 }),
      quantity: fc.nat({ max: 5 }),
    });
    fc.assert(
      fc.property(fc.array(order, { minLength: 1, maxLength: 12 }), (orders) => {
        const auction = new BatchAuction(orders.length, LEVELS);
        auction.quantity.set(orders.map((o) => o.quantity));
        auction.clear(
          Uint32Array.from(orders, (o) => (o.buys ? SIDE.buy : SIDE.sell)),
          Uint32Array.from(orders, (o) => o.level),
          0,
        );
        expect(clearingLevel(auction.bids, auction.asks)).toBe(auction.level);
      }),
      { numRuns: 300 },
    );
  });

  test('without a trade there is none', () => {
    expect(clearingLevel([0, 3, 0], [0, 0, 2])).toBe(NO_LEVEL);
    expect(clearingLevel([], [])).toBe(NO_LEVEL);
    expect(clearingLevel([0, 3, 0], [0, 2, 0])).toBe(1);
  });
});
