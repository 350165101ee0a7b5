import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AssertionError } from './errors.ts';
import { kthSmallest, takeLargest, takeSmallest } from './orderStatistic.ts';

const u32s = fc.uint32Array({ minLength: 1, maxLength: 40 });

describe('kthSmallest', () => {
  it('is what sorting gives, at every rank', () => {
    fc.assert(
      fc.property(fc.oneof(u32s, fc.uint32Array({ minLength: 1, maxLength: 40, max: 3 })), (values) => {
        const sorted = values.slice().sort();
        for (let k = 0; k < values.length; k++) {
          expect(kthSmallest(values as Uint32Array, values.length, k)).toBe(sorted[k]);
        }
      }),
      { numRuns: 25 },
    );
  });

  it('looks at the first `count` values only and refuses a rank beyond them', () => {
    const values = Uint32Array.of(9, 4, 1);
    expect(kthSmallest(values, 2, 0)).toBe(4);
    expect(() => kthSmallest(values, 2, 2)).toThrow(AssertionError);
    expect(() => kthSmallest(values, 2, -1)).toThrow(AssertionError);
  });
});

describe('takeSmallest and takeLargest', () => {
  it('divide the candidates at any quota: nobody left out is poorer than a taken one, or richer', () => {
    fc.assert(
      fc.property(fc.uint32Array({ minLength: 1, maxLength: 30, max: 9 }), fc.nat(32), (raw, quota) => {
        const values = Uint32Array.from(raw);
        const slots = Uint32Array.from(values.keys());
        for (const [take, order] of [
          [takeSmallest, 1],
          [takeLargest, -1],
        ] as const) {
          const out = new Uint32Array(values.length);
          const count = take(values, slots, values.length, quota, out);
          expect(count).toBe(Math.min(quota, values.length));
          const taken = [...out.subarray(0, count)];
          expect(new Set(taken).size).toBe(count);
          const left = [...slots].filter((slot) => !taken.includes(slot));
          for (const a of taken)
            for (const b of left) expect(order * (values[b]! - values[a]!)).toBeGreaterThanOrEqual(0);
        }
      }),
      { numRuns: 40 },
    );
  });

  it('take the first of equals, into the list itself if wanted', () => {
    const list = Uint32Array.of(2, 0, 1);
    expect(takeSmallest(Uint32Array.of(5, 5, 5), list, 3, 2, list)).toBe(2);
    expect([...list.subarray(0, 2)]).toEqual([2, 0]);
    expect(takeLargest(Uint32Array.of(5, 5, 5), list, 2, 0, list)).toBe(0);
  });
});
