import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { concentration } from './inequality.ts';

const of = (...values: number[]) => concentration(Float64Array.from(values).sort());
const holdings = fc.array(fc.integer({ min: 0, max: 1_000_000 }), { minLength: 1, maxLength: 60 });

describe('concentration', () => {
  it('is nil when all hold the same', () => {
    const equal = of(5, 5, 5, 5);
    expect(equal.gini).toBeCloseTo(0, 12);
    expect(equal.hhi).toBeCloseTo(1 / 4, 12);
    expect(equal.theil).toBeCloseTo(0, 12);
    expect(equal.entropy).toBeCloseTo(1, 12);
    expect(equal.nakamoto33).toBe(2);
    expect(equal.nakamoto50).toBe(2);
  });

  it('is greatest when one holds all', () => {
    const one = of(0, 0, 0, 10);
    expect(one.gini).toBeCloseTo(3 / 4, 12);
    expect(one.hhi).toBe(1);
    expect(one.theil).toBeCloseTo(Math.log(4), 12);
    expect(one.entropy).toBe(0);
    expect(one.nakamoto33).toBe(1);
    expect(one.top1).toBe(1);
  });

  it('gives the Gini coefficient of the mean-difference formula', () => {
    fc.assert(
      fc.property(holdings, (values) => {
        const total = values.reduce((sum, v) => sum + v, 0);
        fc.pre(total > 0);
        let difference = 0;
        for (const a of values) for (const b of values) difference += Math.abs(a - b);
        expect(of(...values).gini).toBeCloseTo(difference / (2 * values.length * total), 9);
      }),
    );
  });

  it('draws a Lorenz curve that is convex, from 0 to 1 and below the diagonal', () => {
    fc.assert(
      fc.property(holdings, (values) => {
        fc.pre(values.some((v) => v > 0));
        const { lorenz } = of(...values);
        expect(lorenz[0]).toBe(0);
        expect(lorenz[20]).toBeCloseTo(1, 12);
        for (let k = 1; k < 21; k++) {
          expect(lorenz[k]!).toBeLessThanOrEqual(k / 20 + 1e-12);
          if (k < 20)
            expect(lorenz[k + 1]! - lorenz[k]!).toBeGreaterThanOrEqual(lorenz[k]! - lorenz[k - 1]! - 1e-12);
        }
      }),
    );
  });

  it('counts the fewest holders of a third and of a half, exactly at the boundary', () => {
    expect(of(50, 30, 20).nakamoto50).toBe(1);
    expect(of(49, 31, 20).nakamoto50).toBe(2);
    expect(of(33, 33, 34).nakamoto33).toBe(1);
  });

  it('has no value when nobody holds anything', () => {
    expect(of(0, 0).gini).toBeNaN();
    expect(concentration(new Float64Array(0)).hhi).toBeNaN();
  });
});
