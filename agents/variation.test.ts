import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DrawSequence, STREAM } from '../sim/core/rng.ts';
import { GENE, GENE_COUNT, UNIT_NORM_GENES } from './columns.ts';
import { initialGenome } from './rewardGenome.ts';
import { testWorld } from './testWorld.ts';
import {
  binomialStep,
  crossOver,
  ENDOWMENT_MAX,
  ENDOWMENT_MIN,
  GENE_BOUNDS,
  mutate,
  mutateEndowment,
  mutateThreshold,
  popcount,
  THRESHOLD_MAX,
} from './variation.ts';

const { learner } = testWorld().parameters;
const draws = new DrawSequence();
const norm = (genes: Float32Array): number =>
  Math.sqrt(genes.subarray(0, UNIT_NORM_GENES).reduce((sum, g) => sum + g * g, 0));
type Reward = Parameters<typeof initialGenome>[3];

function genome(population: Reward, seed: number, sigma = 0.1): Float32Array {
  const genes = new Float32Array(GENE_COUNT);
  draws.at(seed, 0, 0, STREAM.genesisGenome);
  initialGenome(genes, 0, 1, population, learner, Math.log(3), sigma, draws);
  return genes;
}
const inBounds = (x: number, [low, high]: readonly [number, number]): boolean =>
  x >= Math.fround(low) && x <= Math.fround(high);

describe('popcount', () => {
  it('counts the bits of a word', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 0xffff_ffff }), (word) => {
        expect(popcount(word)).toBe(word.toString(2).replaceAll('0', '').length);
      }),
    );
  });
});

describe('binomialStep', () => {
  it('has mean 0 and variance 32', () => {
    let sum = 0;
    let squares = 0;
    const n = 20_000;
    draws.at(3, 0, 0, STREAM.mutation);
    for (let k = 0; k < n; k++) {
      const step = binomialStep(draws);
      sum += step;
      squares += step * step;
    }
    expect(Math.abs(sum / n)).toBeLessThan(4 * Math.sqrt(32 / n));
    expect(Math.abs(squares / n - 32)).toBeLessThan(4 * 32 * Math.sqrt(2 / n));
  });
});

describe('integer genes', () => {
  it('stay integers within their bounds at both ends', () => {
    fc.assert(
      fc.property(fc.nat(0xffff), fc.constantFrom(0, 1, 1_000_000, THRESHOLD_MAX), (seed, threshold) => {
        draws.at(seed, 0, 0, STREAM.mutation);
        const t = mutateThreshold(threshold, draws);
        expect(Number.isInteger(t) && t >= 0 && t <= THRESHOLD_MAX).toBe(true);
        for (const share of [ENDOWMENT_MIN, 2 ** 31, ENDOWMENT_MAX]) {
          const e = mutateEndowment(share, draws);
          expect(Number.isInteger(e) && e >= ENDOWMENT_MIN && e <= ENDOWMENT_MAX).toBe(true);
        }
      }),
    );
  });
});

describe('mutate', () => {
  it.each([true, false])(
    'keeps unit norm and bounds over many generations (hidden layer %s)',
    (rewardHidden) => {
      const population: Reward = { reward: 'random', rewardHidden };
      const genes = genome(population, 9, 1);
      for (let generation = 0; generation < 300; generation++) {
        draws.at(1, generation, 0, STREAM.mutation);
        mutate(genes, 0, population, draws);
        expect(norm(genes)).toBeCloseTo(1, 5);
        for (const name of ['gamma', 'lambda', 'tau', 'logKappa', 'sigma'] as const)
          expect([name, inBounds(genes[GENE[name]]!, GENE_BOUNDS[name])]).toEqual([name, true]);
        for (let k = GENE.hidden; k < GENE.gamma; k++)
          expect(inBounds(genes[k]!, GENE_BOUNDS.hidden)).toBe(true);
      }
      const hidden = genes.subarray(GENE.output, GENE.gamma);
      expect(hidden.some((g) => g !== 0)).toBe(rewardHidden);
    },
  );

  it('leaves a zero reward at zero but moves the learner genes', () => {
    const population: Reward = { reward: 'zero', rewardHidden: true };
    const genes = genome(population, 9);
    const gamma = genes[GENE.gamma];
    draws.at(1, 0, 0, STREAM.mutation);
    mutate(genes, 0, population, draws);
    expect(genes.subarray(0, GENE.gamma).every((g) => g === 0)).toBe(true);
    expect(genes[GENE.gamma]).not.toBe(gamma);
  });

  it('moves reward genes in proportion to sigma', () => {
    const distance = (sigma: number): number => {
      let sum = 0;
      for (let seed = 0; seed < 200; seed++) {
        const genes = genome({ reward: 'logWealth', rewardHidden: false }, seed, sigma);
        draws.at(seed, 1, 0, STREAM.mutation);
        mutate(genes, 0, { reward: 'logWealth', rewardHidden: false }, draws);
        sum += Math.acos(Math.min(1, genes[0]!)) / 200;
      }
      return sum;
    };
    // sqrt(14) sigma, widened by sigma' = sigma exp(N / sqrt(15))
    expect(distance(0.01)).toBeGreaterThan(0.03);
    expect(distance(0.01)).toBeLessThan(0.045);
    expect(distance(0.04) / distance(0.01)).toBeGreaterThan(3.5);
  });
});

describe('crossOver', () => {
  it('takes about half of the learner genes from each parent and restores the unit norm', () => {
    const slots = 2;
    const columns = new Float32Array(GENE_COUNT * slots);
    const second = genome({ reward: 'random', rewardHidden: true }, 1);
    for (let k = 0; k < GENE_COUNT; k++) columns[k * slots + 1] = k >= GENE.hidden ? 100 + k : second[k]!;
    let taken = 0;
    const trials = 100;
    for (let t = 0; t < trials; t++) {
      const child = genome({ reward: 'random', rewardHidden: true }, 2);
      draws.at(t, 0, 0, STREAM.crossover);
      crossOver(child, 0, columns, 1, slots, draws);
      expect(norm(child)).toBeCloseTo(1, 5);
      for (let k = GENE.hidden; k < GENE_COUNT; k++) if (child[k] === 100 + k) taken++;
    }
    const n = trials * (GENE_COUNT - GENE.hidden);
    expect(Math.abs(taken / n - 0.5)).toBeLessThan(4 * Math.sqrt(0.25 / n));
  });
});

describe('integer genes of children born in one tick', () => {
  it('step by independent amounts of mean 0 and variance 32: no bias common to neighbouring slots', () => {
    const slots = 400;
    const draws = new DrawSequence();
    const means: number[] = [];
    let squares = 0;
    for (let tick = 1; tick <= 60; tick++) {
      let sum = 0;
      for (let slot = 0; slot < slots; slot++) {
        const step = binomialStep(draws.at(77, tick, slot, STREAM.mutation));
        sum += step;
        squares += step * step;
      }
      means.push(sum / slots);
    }
    // the mean of one tick has standard error sqrt(32 / slots); a shared bias would show in the spread of means
    const spread = means.reduce((total, mean) => total + mean ** 2, 0) / means.length;
    expect(spread / (32 / slots)).toBeLessThan(1.8);
    expect(squares / (60 * slots)).toBeGreaterThan(31);
    expect(squares / (60 * slots)).toBeLessThan(33);
  });
});
