import fc from 'fast-check';
import seedrandom from 'seedrandom';
import { describe, expect, it } from 'vitest';
import { type Point, saltelliGroups } from './sampling.ts';
import { sobolIndices } from './sensitivity.ts';

const pointsOf = (pairs: number, count: number, seed: string): Point[] =>
  saltelliGroups(pairs, count, seedrandom(seed)).flatMap((group, trajectory) =>
    group.map((unit) => ({
      set: Object.fromEntries(unit.map((value, k) => [`x${k + 1}`, value])),
      unit,
      trajectory,
    })),
  );

describe('points for Sobol indices', () => {
  it('are pairs, and the first of each with one parameter of the second', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 20 }),
        fc.integer({ min: 1, max: 5 }),
        fc.string(),
        (n, k, seed) => {
          const groups = saltelliGroups(n, k, seedrandom(seed));
          expect(groups).toHaveLength(n);
          for (const [a, b, ...mixed] of groups) {
            expect(mixed).toHaveLength(k);
            mixed.forEach((point, own) => {
              point.forEach((value, j) => {
                expect(value).toBe(j === own ? b![j] : a![j]);
              });
            });
          }
        },
      ),
    );
  });
});

describe('Sobol indices', () => {
  // Ishigami & Homma 1990 with a = 7, b = 0.1: V = a^2/8 + b pi^4/5 + b^2 pi^8/18 + 1/2
  const [a, b] = [7, 0.1];
  const ishigami = ({ unit }: Point): number => {
    const [x, y, z] = unit.map((value) => Math.PI * (2 * value - 1));
    return Math.sin(x!) + a * Math.sin(y!) ** 2 + b * z! ** 4 * Math.sin(x!);
  };
  const byItself = [0.5 * (1 + (b * Math.PI ** 4) / 5) ** 2, a ** 2 / 8, 0];
  const together = b ** 2 * Math.PI ** 8 * (1 / 18 - 1 / 50);
  const variance = byItself[0]! + byItself[1]! + together;
  const first = byItself.map((part) => part / variance);
  const total = [first[0]! + together / variance, first[1]!, together / variance];

  const points = pointsOf(2000, 3, 'ishigami');
  const found = sobolIndices(points, points.map(ishigami));

  it.each([0, 1, 2])("of Ishigami's function are the published ones, parameter %i", (k) => {
    const index = found.find(({ path }) => path === `x${k + 1}`)!;
    expect(index.first).toBeCloseTo(first[k]!, 1);
    expect(index.total).toBeCloseTo(total[k]!, 1);
    for (const [interval, truth] of [
      [index.firstInterval, first[k]!],
      [index.totalInterval, total[k]!],
    ] as const) {
      // four standard errors, of which an interval spans almost four
      const slack = (interval.high - interval.low) / 2;
      expect(interval.high - interval.low).toBeLessThan(0.2);
      expect(truth).toBeGreaterThan(interval.low - slack);
      expect(truth).toBeLessThan(interval.high + slack);
    }
  });

  it('are sorted by total order, and do not depend on where the outcome lies', () => {
    expect(found.map(({ path }) => path)).toEqual(['x1', 'x2', 'x3']);
    const moved = sobolIndices(
      points,
      points.map((point) => 1e6 + 3 * ishigami(point)),
    );
    moved.forEach(({ first: share }, k) => {
      expect(share).toBeCloseTo(found[k]!.first, 6);
    });
  });

  it('leave out pairs with a missing outcome, and are NaN where nothing varies', () => {
    const values = points.map(ishigami);
    const some = sobolIndices(points, values.with(7, Number.NaN));
    expect(some.find(({ path }) => path === 'x1')!.total).toBeCloseTo(total[0]!, 1);
    for (const { first: share } of sobolIndices(
      points,
      values.map(() => 4),
    ))
      expect(share).toBeNaN();
  });
});
