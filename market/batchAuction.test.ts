import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AssertionError } from '../sim/core/errors.ts';
import { BatchAuction, NO_LEVEL } from './batchAuction.ts';
import { SIDE } from './columns.ts';

type Order = readonly [side: number, level: number, quantity: number];

/** Clears orders; offset = where the rotation starts. */
function clear(orders: readonly Order[], { levels = 8, offset = 0 } = {}): BatchAuction {
  const n = Math.max(1, orders.length);
  const auction = new BatchAuction(n, levels);
  orders.forEach(([, , quantity], i) => {
    auction.quantity[i] = quantity;
  });
  const word = Math.ceil((offset * 2 ** 32) / n);
  auction.clear(
    Uint32Array.from(orders, ([side]) => side),
    Uint32Array.from(orders, ([, level]) => level),
    word,
  );
  return auction;
}
const { buy, sell } = SIDE;
const fills = (auction: BatchAuction): number[] => [...auction.fill];

const orders = (levels: number) =>
  fc.array(fc.tuple(fc.constantFrom(buy, sell), fc.nat(levels - 1), fc.nat(20)), {
    minLength: 1,
    maxLength: 40,
  });
const sum = (auction: BatchAuction, list: readonly Order[], side: number): number =>
  list.reduce((total, [s], i) => total + (s === side ? auction.fill[i]! : 0), 0);

describe('the clearing level', () => {
  it('does not exist without volume', () => {
    expect(clear([]).level).toBe(NO_LEVEL);
    expect(clear([[buy, 3, 5]]).level).toBe(NO_LEVEL);
    const crossed = clear([
      [buy, 3, 5],
      [sell, 4, 5],
    ]);
    expect(crossed.level).toBe(NO_LEVEL);
    expect(fills(crossed)).toEqual([0, 0]);
  });

  it('is the lower middle between a bid and an ask that cross', () => {
    const at = (bid: number, ask: number): number =>
      clear([
        [buy, bid, 5],
        [sell, ask, 5],
      ]).level;
    expect(at(4, 4)).toBe(4);
    expect(at(5, 4)).toBe(4);
    expect(at(6, 4)).toBe(5);
    expect(at(7, 4)).toBe(5);
  });

  it('is, among equal volumes, that of least imbalance', () => {
    // D = 10 10 5 and S = 7 7 7: level 1 and below trade 7 of 10, imbalance 3
    const auction = clear(
      [
        [buy, 1, 5],
        [buy, 2, 5],
        [sell, 0, 7],
      ],
      { levels: 3 },
    );
    const { demand, supply } = auction.curves();
    expect([...demand]).toEqual([10, 10, 5]);
    expect([...supply]).toEqual([7, 7, 7]);
    expect(auction.level).toBe(0);
    expect(auction.volume).toBe(7);
    // the margin of the buyers is their limit level 1, which is not the clearing level
    expect(fills(auction)).toEqual([2, 5, 7]);
  });

  it('maximises the volume over all levels, then minimises imbalance, then is the lower middle', () => {
    fc.assert(
      fc.property(orders(8), (list) => {
        const auction = clear(list);
        const rows = Array.from({ length: 8 }, (_, k) => {
          const d = list.reduce((t, [s, l, q]) => t + (s === buy && l >= k ? q : 0), 0);
          const s = list.reduce((t, [side, l, q]) => t + (side === sell && l <= k ? q : 0), 0);
          return { k, traded: Math.min(d, s), gap: Math.abs(d - s) };
        });
        const best = Math.max(...rows.map((r) => r.traded));
        expect(auction.volume).toBe(best);
        if (best === 0) {
          expect(auction.level).toBe(NO_LEVEL);
          return;
        }
        const tied = rows.filter((r) => r.traded === best);
        const gap = Math.min(...tied.map((r) => r.gap));
        const last = tied.filter((r) => r.gap === gap).map((r) => r.k);
        expect(auction.level).toBe(last[Math.floor((last.length - 1) / 2)]);
      }),
      { numRuns: 2000 },
    );
  });
});

describe('fills', () => {
  it('buy exactly what is sold, beyond nobody’s limit or quantity', () => {
    fc.assert(
      fc.property(orders(8), fc.nat(1000), (list, turn) => {
        const auction = clear(list, { offset: turn % list.length });
        expect(sum(auction, list, buy)).toBe(auction.volume);
        expect(sum(auction, list, sell)).toBe(auction.volume);
        list.forEach(([side, level, quantity], i) => {
          expect(auction.fill[i]).toBeLessThanOrEqual(quantity);
          if (auction.fill[i] === 0) return;
          if (side === buy) expect(level).toBeGreaterThanOrEqual(auction.level);
          else expect(level).toBeLessThanOrEqual(auction.level);
        });
      }),
      { numRuns: 2000 },
    );
  });

  it('serve a better limit in full before a worse one gets anything', () => {
    fc.assert(
      fc.property(orders(8), fc.nat(1000), (list, turn) => {
        const auction = clear(list, { offset: turn % list.length });
        list.forEach(([side, level, quantity], i) => {
          list.forEach(([otherSide, otherLevel], j) => {
            if (side !== otherSide) return;
            const better = side === buy ? level > otherLevel : level < otherLevel;
            if (better && auction.fill[j]! > 0) expect(auction.fill[i]).toBe(quantity);
          });
        });
      }),
    );
  });

  it('depend on the rotation at the margin alone', () => {
    fc.assert(
      fc.property(orders(8), fc.nat(1000), (list, turn) => {
        const first = clear(list);
        const other = clear(list, { offset: turn % list.length });
        expect(other.level).toBe(first.level);
        const moved = list.filter((_, i) => first.fill[i] !== other.fill[i]);
        for (const side of [buy, sell]) {
          const levels = new Set(moved.filter(([s]) => s === side).map(([, level]) => level));
          expect(levels.size).toBeLessThanOrEqual(1);
        }
      }),
    );
  });

  it('at the margin go to those who come first after the offset', () => {
    const list: Order[] = [
      [buy, 5, 3],
      [buy, 5, 3],
      [buy, 5, 3],
      [sell, 5, 4],
    ];
    expect(fills(clear(list, { offset: 0 }))).toEqual([3, 1, 0, 4]);
    expect(fills(clear(list, { offset: 1 }))).toEqual([0, 3, 1, 4]);
    expect(fills(clear(list, { offset: 2 }))).toEqual([1, 0, 3, 4]);
    expect(fills(clear(list, { offset: 3 }))).toEqual([3, 1, 0, 4]);
  });

  it('leave orders of no side or no quantity alone', () => {
    expect(
      fills(
        clear([
          [SIDE.none, 5, 3],
          [buy, 5, 0],
          [buy, 5, 1],
          [sell, 5, 1],
        ]),
      ),
    ).toEqual([0, 0, 1, 1]);
  });
});

describe('an auction', () => {
  it('can be used again without a trace of the last orders', () => {
    const auction = new BatchAuction(2, 4);
    auction.quantity.set([5, 5]);
    auction.clear(Uint32Array.of(buy, sell), Uint32Array.of(2, 1), 0);
    expect(auction.volume).toBe(5);
    auction.quantity.set([0, 5]);
    auction.clear(Uint32Array.of(buy, sell), Uint32Array.of(2, 1), 0);
    expect([auction.volume, auction.level, auction.bidTotal, auction.askTotal]).toEqual([0, NO_LEVEL, 0, 5]);
    expect(fills(auction)).toEqual([0, 0]);
  });

  it('holds 2^31 - 1 units a side and not one more', () => {
    expect(
      clear([
        [buy, 1, 2 ** 31 - 1],
        [sell, 1, 2 ** 31 - 1],
      ]).volume,
    ).toBe(2 ** 31 - 1);
    expect(() =>
      clear([
        [buy, 1, 2 ** 31 - 1],
        [buy, 1, 1],
      ]),
    ).toThrow(AssertionError);
  });
});
