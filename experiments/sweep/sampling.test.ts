import fc from 'fast-check';
import seedrandom from 'seedrandom';
import { describe, expect, it } from 'vitest';
import { UsageError } from '../../sim/core/errors.ts';
import type { Sampling } from './experimentSchema.ts';
import { latinHypercube, morrisStep, morrisTrajectory, type Point, samplePoints } from './sampling.ts';
import { morrisEffects, rankCorrelation } from './sensitivity.ts';

type Parameter = Sampling['parameters'][number];
const range = (path: string, low: number, high: number, more: Partial<Parameter> = {}): Parameter => ({
  path,
  low,
  high,
  spacing: 'linear',
  integer: false,
  ...more,
});
const sampling = (more: Partial<Sampling>): Sampling => ({
  method: 'random',
  points: 8,
  levels: 4,
  parameters: [range('a', 0, 1), range('b', 10, 20)],
  ...more,
});

describe('samples of a parameter space', () => {
  it('a grid has every combination, the last parameter fastest', () => {
    const points = samplePoints(
      sampling({
        method: 'grid',
        parameters: [
          { path: 'a', values: [1, 2], spacing: 'linear', integer: false },
          { path: 'b', values: ['x', 'y', 'z'], spacing: 'linear', integer: false },
        ],
      }),
      's',
    );
    expect(points.map(({ set }) => `${set.a}${set.b}`)).toEqual(['1x', '1y', '1z', '2x', '2y', '2z']);
  });

  it('a Latin hypercube puts one point into each part of every range', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 30 }),
        fc.integer({ min: 1, max: 5 }),
        fc.string(),
        (n, k, seed) => {
          const points = latinHypercube(n, k, seedrandom(seed));
          for (let j = 0; j < k; j++) {
            const parts = points.map((point) => Math.floor(point[j]! * n)).sort((a, b) => a - b);
            expect(parts).toEqual(Array.from({ length: n }, (_, part) => part));
          }
        },
      ),
    );
  });

  it('values are spaced and rounded as asked, and the same for the same phrase', () => {
    const one = sampling({
      points: 50,
      parameters: [range('a', 1, 100, { spacing: 'log' }), range('b', 1, 5, { integer: true })],
    });
    const points = samplePoints(one, 's');
    const a = points.map(({ set }) => Number(set.a));
    expect(a.filter((value) => value < 10).length).toBeGreaterThan(15);
    expect(Math.min(...a)).toBeGreaterThanOrEqual(1);
    expect(points.every(({ set }) => Number.isInteger(set.b))).toBe(true);
    expect(samplePoints(one, 's')).toEqual(points);
    expect(samplePoints(one, 't')).not.toEqual(points);
  });

  it.each([
    [{ method: 'grid' as const }, /`a` has no `values`/],
    [{ parameters: [range('a', 2, 1)] }, /goes from 2 to 1/],
    [{ parameters: [range('a', 0, 1, { spacing: 'log' as const })] }, /starts at 0 on a log scale/],
    [{ parameters: [{ path: 'a', spacing: 'linear' as const, integer: false }] }, /no `low` and `high`/],
    [
      { parameters: [{ path: 'a', values: [1, 2], spacing: 'linear' as const, integer: false }] },
      /lists `values`/,
    ],
    [{ method: 'morris' as const, levels: 5 }, /an even number/],
    [
      {
        method: 'grid' as const,
        parameters: ['a', 'b'].map((path) => ({
          path,
          values: Array.from({ length: 101 }, (_, k) => k),
          spacing: 'linear' as const,
          integer: false,
        })),
      },
      /10201 points/,
    ],
  ])('what cannot be sampled is refused: %o', (more, message) => {
    expect(() => samplePoints(sampling(more), 's')).toThrow(UsageError);
    expect(() => samplePoints(sampling(more), 's')).toThrow(message);
  });
});

describe('Morris screening', () => {
  it('moves each parameter once a trajectory, by the same step, within the range', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 6 }),
        fc.constantFrom(4, 6, 8),
        fc.string(),
        (count, levels, seed) => {
          const walk = morrisTrajectory(levels, count, seedrandom(seed));
          expect(walk).toHaveLength(count + 1);
          const moved = walk.slice(1).map((point, k) => {
            const steps = point.map((value, j) => value - walk[k]![j]!);
            const changed = steps.flatMap((step, j) => (step === 0 ? [] : [j]));
            expect(changed).toHaveLength(1);
            expect(Math.abs(steps[changed[0]!]!)).toBeCloseTo(morrisStep(levels));
            return changed[0]!;
          });
          expect(new Set(moved).size).toBe(count);
          for (const value of walk.flat()) {
            expect(value).toBeGreaterThanOrEqual(0);
            expect(value).toBeLessThanOrEqual(1 + 1e-12);
          }
        },
      ),
    );
  });

  const points = samplePoints(
    sampling({ method: 'morris', points: 12, parameters: ['a', 'b', 'c'].map((path) => range(path, 0, 1)) }),
    's',
  );

  it('finds the coefficients of a linear outcome, and no spread', () => {
    const effects = morrisEffects(
      points,
      points.map(({ unit }) => 3 * unit[0]! - 5 * unit[1]!),
    );
    expect(effects.map(({ path }) => path)).toEqual(['b', 'a', 'c']);
    expect(effects[0]!.effect).toBeCloseTo(5);
    expect(effects[0]!.direction).toBeCloseTo(-5);
    expect(effects[1]!.direction).toBeCloseTo(3);
    for (const { spread } of effects) expect(spread).toBeCloseTo(0);
    expect(effects[2]!.effect).toBeCloseTo(0);
  });

  it('spreads effects by the standard deviation of a sample, with n - 1', () => {
    const at = (unit: number, trajectory: number) => ({ set: { a: unit }, unit: [unit], trajectory });
    const walks = [at(0, 0), at(0.5, 0), at(0, 1), at(0.5, 1)];
    // effects 2 and 6: their deviation is sqrt(8), of a whole population it would be 2
    expect(morrisEffects(walks, [0, 1, 0, 3])[0]!.spread).toBeCloseTo(Math.sqrt(8), 12);
    expect(morrisEffects(walks.slice(0, 2), [0, 1])[0]!.spread).toBeNaN();
  });

  it('sees an interaction as spread, and leaves out steps without an outcome', () => {
    const outcomes = points.map(({ unit }) => unit[0]! * unit[1]!);
    expect(morrisEffects(points, outcomes).find(({ path }) => path === 'a')!.spread).toBeGreaterThan(0.1);
    const missing = morrisEffects(
      points,
      points.map((_, k) => (k === 0 ? Number.NaN : 1)),
    );
    for (const { effect } of missing) expect(effect).toBeCloseTo(0);
  });
});

describe('rank correlation', () => {
  it('is one for what rises together, however it is bent, and NaN for what does not vary', () => {
    expect(rankCorrelation([1, 2, 3, 4], [1, 10, 100, 1000])).toBeCloseTo(1);
    expect(rankCorrelation([1, 2, 3, 4], [4, 3, 2, 1])).toBeCloseTo(-1);
    expect(rankCorrelation([1, 2, 3], [5, 5, 5])).toBeNaN();
    expect(rankCorrelation([1, 2, 3, 4], [1, 2, Number.NaN, 4])).toBeCloseTo(1);
  });

  it('points keep what they set', () => {
    const [point]: Point[] = samplePoints(sampling({}), 's');
    expect(Object.keys(point!.set)).toEqual(['a', 'b']);
  });
});
