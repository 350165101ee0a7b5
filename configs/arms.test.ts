import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { worldSeeds } from './allotments.ts';
import { worldCount, worldParameters } from './arms.ts';
import { resolveConfig } from './parse.ts';

describe('arms', () => {
  it('lists of length A become A configs that differ in the listed values alone', () => {
    const run = resolveConfig({
      world: { amm: { token: [1000, 2000, 3000] }, policy: { financeStep: [0.1, 0.2, 0.3] } },
      populations: [{ name: 'a', kind: ['learner', 'random', 'rule'] }],
    });
    expect(run.arms.map((arm) => arm.world.amm.token)).toEqual([1000, 2000, 3000]);
    expect(run.arms.map((arm) => arm.world.policy.financeStep)).toEqual([0.1, 0.2, 0.3]);
    expect(run.arms.map((arm) => arm.populations[0]!.kind)).toEqual(['learner', 'random', 'rule']);
    const same = (k: number) => ({
      ...run.arms[k]!,
      world: { ...run.arms[k]!.world, amm: null, policy: null },
      populations: null,
    });
    expect(same(1)).toEqual(same(0));
    expect(run.armLabels[2]).toBe('amm.token=3000, policy.financeStep=0.3, a.kind=rule');
  });

  it('a list of one value is one arm', () => {
    const run = resolveConfig({ world: { amm: { token: [1000] } } });
    expect(run.armLabels).toEqual(['amm.token=1000']);
  });

  it('arms with the same value keep distinct labels, for A/A comparisons', () => {
    expect(resolveConfig({ world: { amm: { token: [1000, 1000] } } }).armLabels).toEqual([
      'amm.token=1000',
      'amm.token=1000 (2)',
    ]);
  });

  it('worlds are numbered arm x replicates + replicate and seeds are paired across arms', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 5 }),
        fc.integer({ min: 1, max: 4 }),
        fc.string({ minLength: 1, maxLength: 8 }),
        (worlds, armCount, seed) => {
          const token = Array.from({ length: armCount }, (_, k) => 1000 + k);
          const run = resolveConfig({ worlds, seed, world: { amm: { token } } });
          const parameters = worldParameters(run);
          const seeds = worldSeeds(seed, worlds);
          expect(parameters).toHaveLength(worldCount(run));
          parameters.forEach((p, k) => {
            expect(p.world).toBe(k);
            expect(p.arm * worlds + p.replicate).toBe(k);
            expect(p.seed).toBe(seeds[p.replicate]);
            expect(p.amm.token).toBe(token[p.arm]! * 1000);
          });
        },
      ),
      { numRuns: 30 },
    );
  });
});
