import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { lorenzCurve } from './lorenzCurve.ts';

describe('the Lorenz curve of a snapshot', () => {
  test('equals own as much as they are, and one who owns all comes last', () => {
    expect(lorenzCurve([5, 5, 5, 5])).toEqual(Array.from({ length: 21 }, (_, k) => k / 20));
    const one = lorenzCurve([0, 0, 0, 9]);
    expect([one[0], one[15], one[20]]).toEqual([0, 0, 1]);
    expect(lorenzCurve([0, 0])[10]).toBe(0.5);
  });

  test('it rises from 0 to 1 and never above the diagonal, whoever owns what', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(1e6), { minLength: 1, maxLength: 50 }), (owned) => {
        const curve = lorenzCurve(owned);
        expect(curve[0]).toBe(0);
        expect(curve[20]).toBeCloseTo(1, 12);
        for (let k = 1; k <= 20; k++) {
          expect(curve[k]!).toBeGreaterThanOrEqual(curve[k - 1]! - 1e-12);
          expect(curve[k]!).toBeLessThanOrEqual(k / 20 + 1e-12);
        }
      }),
    );
  });
});
