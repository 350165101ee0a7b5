import { describe, expect, it } from 'vitest';
import { normalQuantile } from './distributions.ts';
import { bootstrapInterval, uniforms } from './intervals.ts';
import { POWER, requiredSeeds, requiredSeedsOf } from './power.ts';

/** Share of simulated experiments whose interval leaves out zero. */
function powerAt(seeds: number, effect: number, trials: number): number {
  const uniform = uniforms(`power ${seeds}`);
  let shown = 0;
  for (let trial = 0; trial < trials; trial++) {
    const differences = Array.from({ length: seeds }, () => normalQuantile(uniform() || 0.5) + effect);
    if (bootstrapInterval([differences], { resamples: 400, seed: `${trial}` }).low > 0) shown++;
  }
  return shown / trials;
}

describe('required seeds', () => {
  it.each([0.5, 0.8])('with the number for an effect of %d four experiments of five show it', (effect) => {
    // the approximation is asymptotic: at 15 seeds it promises a little too much
    expect(Math.abs(powerAt(requiredSeeds(effect), effect, 600) - POWER)).toBeLessThan(0.1);
  });

  it('fall with the square of the effect, whatever its sign', () => {
    expect(requiredSeeds(0.5)).toBe(38);
    expect(requiredSeeds(-0.5)).toBe(38);
    expect(requiredSeeds(0.25)).toBe(150);
    expect(requiredSeeds(100)).toBe(2);
    expect(requiredSeeds(0.5, 0.9)).toBeGreaterThan(requiredSeeds(0.5));
  });

  it('no effect needs no end of seeds', () => {
    expect(requiredSeeds(0)).toBe(Infinity);
    expect(requiredSeeds(Number.NaN)).toBe(Infinity);
    expect(requiredSeedsOf(0, 1, 5)).toBe(Infinity);
  });

  it('of a pilot are those that its difference and error foretell', () => {
    // an error of 1 with 16 pairs is 0.5 with 64; a difference of 1.4 is then 2.8 errors
    expect(requiredSeedsOf(1.4, 1, 16)).toBe(65);
  });
});
