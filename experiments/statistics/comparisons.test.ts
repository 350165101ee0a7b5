import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  cliffsDelta,
  cohensD,
  comparePaired,
  holm,
  probabilityOfImprovement,
  signedRankTest,
} from './comparisons.ts';

const values = fc.array(fc.integer({ min: -50, max: 50 }), { minLength: 1, maxLength: 15 });

describe('effect sizes', () => {
  it('the probability of improvement counts wins, and ties half', () => {
    expect(probabilityOfImprovement([2, 3], [1, 1])).toBe(1);
    expect(probabilityOfImprovement([1, 3], [2])).toBe(0.5);
    expect(probabilityOfImprovement([1, 1], [1])).toBe(0.5);
    expect(probabilityOfImprovement([1, 2], [1, 2])).toBe(0.5);
    expect(probabilityOfImprovement([], [1])).toBeNaN();
  });

  it('arms that are swapped have the opposite effect', () => {
    fc.assert(
      fc.property(values, values, (a, b) => {
        expect(probabilityOfImprovement(a, b) + probabilityOfImprovement(b, a)).toBeCloseTo(1);
        expect(cliffsDelta(a, b)).toBeCloseTo(-cliffsDelta(b, a));
      }),
    );
  });

  it("Cohen's d is the difference of means in pooled deviations", () => {
    expect(cohensD([2, 4, 6], [1, 3, 5])).toBeCloseTo(0.5);
    expect(cohensD([1, 1], [1, 1])).toBe(0);
    expect(cohensD([2, 2], [1, 1])).toBe(Infinity);
  });
});

describe('the signed-rank test', () => {
  it('cannot fall below 2 / 2^n with n seeds', () => {
    expect(signedRankTest([1, 2, 3, 4, 5])).toBe(2 / 32);
    expect(signedRankTest([1, 1, 1, 1, 1, 1])).toBe(2 / 64);
    expect(signedRankTest([-1, 1])).toBe(1);
    expect(signedRankTest([])).toBeNaN();
  });

  it('gives the probabilities of the published table', () => {
    // Wilcoxon 1945: with 10 pairs a sum of 8 has p = .049, of 9 .064
    const withLesserSum = (sum: number): number[] => {
      const ranks = Array.from({ length: 10 }, (_, k) => k + 1);
      let left = sum;
      return ranks.reverse().map((rank) => {
        if (rank > left) return rank;
        left -= rank;
        return -rank;
      });
    };
    expect(signedRankTest(withLesserSum(8))).toBeCloseTo(0.0488, 3);
    expect(signedRankTest(withLesserSum(9))).toBeCloseTo(0.0645, 3);
  });

  it('of seeds that do not differ finds nothing, and those beside them do not count', () => {
    expect(signedRankTest([0, 0, 0, 0])).toBe(1);
    expect(signedRankTest([0, 1, 2, 3, 4, 5, 6])).toBe(2 / 64);
  });

  it('equals the count over all signs, ties and all', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: -3, max: 3 }), { minLength: 1, maxLength: 8 }), (given) => {
        const values = given.filter((value) => value !== 0);
        const sizes = values.map(Math.abs);
        const rank = (size: number): number =>
          sizes.filter((other) => other < size).length +
          (sizes.filter((other) => other === size).length + 1) / 2;
        const score = (signs: readonly number[]): number =>
          Math.abs(sizes.reduce((sum, size, k) => sum + signs[k]! * rank(size), 0));
        const found = score(values.map(Math.sign));
        let extreme = 0;
        for (let way = 0; way < 2 ** values.length; way++)
          if (score(values.map((_, k) => ((way >> k) & 1 ? 1 : -1))) >= found) extreme++;
        expect(signedRankTest(given)).toBeCloseTo(extreme / 2 ** values.length, 9);
      }),
    );
  });
});

describe("Holm's adjustment", () => {
  it('multiplies the smallest by the number of contrasts, and never turns their order', () => {
    expect(holm([0.01, 0.04, 0.03, 0.005])).toEqual([0.03, 0.06, 0.06, 0.02]);
    expect(holm([0.6, 0.9])).toEqual([1, 1]);
    expect(holm([0.02])).toEqual([0.02]);
    expect(holm([])).toEqual([]);
  });

  it('a contrast that could not be tested does not count', () => {
    expect(holm([Number.NaN, 0.02])).toEqual([Number.NaN, 0.02]);
  });

  it('never makes a p-value smaller, nor larger than Bonferroni', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 1, maxLength: 8 }),
        (p) => {
          holm(p).forEach((adjusted, k) => {
            expect(adjusted).toBeGreaterThanOrEqual(p[k]!);
            expect(adjusted).toBeLessThanOrEqual(Math.min(1, p[k]! * p.length));
          });
        },
      ),
    );
  });
});

describe('paired comparisons', () => {
  const luck = [10, 50, 20, 80, 30, 60, 40, 70];

  it('see through luck that both arms share', () => {
    const ours = luck.map((value, k) => value + 1 + (k % 3) / 10);
    const { difference, interval, p, pairs, missing, probability } = comparePaired(ours, luck);
    expect({ pairs, missing }).toEqual({ pairs: 8, missing: 0 });
    expect(difference).toBeCloseTo(1.1, 1);
    expect(interval.low).toBeGreaterThan(0.9);
    expect(p).toBe(2 / 256);
    // between worlds of different seeds the effect is small
    expect(probability).toBeLessThan(0.6);
  });

  it('leave out seeds of which a value is missing, and say how many', () => {
    const { pairs, missing, difference } = comparePaired([1, Number.NaN, 3, 5], [0, 1, Number.NaN, 3]);
    expect({ pairs, missing, difference }).toEqual({ pairs: 2, missing: 2, difference: 1.5 });
  });

  it('of nothing compare nothing', () => {
    const { pairs, difference, interval, p } = comparePaired([Number.NaN], [1]);
    expect(pairs).toBe(0);
    for (const value of [difference, interval.low, p]) expect(value).toBeNaN();
  });
});
