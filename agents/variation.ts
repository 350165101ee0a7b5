/**
 * How a child's genome differs from its parents': uniform crossover, Gaussian mutation of real genes with a
 * size that evolves itself, and binomial steps of the integer genes that feed money.
 */
import type { PopulationConfig } from '../configs/schema.ts';
import { exp } from '../sim/core/floatMath.ts';
import type { DrawSequence } from '../sim/core/rng.ts';
import { FEATURE_COUNT, GENE, GENE_COUNT, REWARD_HIDDEN } from './columns.ts';
import { isUnrewarded, normalise } from './rewardGenome.ts';

/** Smallest and largest value of each real gene that is not normalised. */
export const GENE_BOUNDS = {
  hidden: [-4, 4],
  gamma: [0, 0.9999],
  lambda: [0, 1],
  tau: [0, 10],
  /** ln kappa: kappa from 1 to 100. */
  logKappa: [0, 4.605170185988092],
  sigma: [1e-4, 1],
} as const;
/** Step of the discount gene in units of sigma: gamma is felt through 1 / (1 - gamma). */
const GAMMA_STEP = 0.1;

/** Bounds of the integer genes: threshold in milli-cash, endowment share in 2^-32 (1/16 to 15/16). */
export const THRESHOLD_MAX = 0x7fff_ffff;
export const ENDOWMENT_MIN = 2 ** 28;
export const ENDOWMENT_MAX = 15 * 2 ** 28;
/** One step moves the threshold by 1/128 of itself, the endowment share by 1/128. */
const THRESHOLD_STEP_SHIFT = 7;
const ENDOWMENT_STEP = 2 ** 25;
/** 128 random bits are five words of RANDOM_BITS and the highest eight bits of a sixth. */
const STEP_WORDS = 5;
const STEP_MEAN = 64;
/** Bits of a draw that are uniform in every direction of its key: the high ones (sim/core/rng.ts). */
const RANDOM_BITS = 24;
const LOW_BITS = 32 - RANDOM_BITS;

const bounded = (x: number, [low, high]: readonly [number, number]): number =>
  x < low ? low : x > high ? high : x;

/** Bits set in a u32. */
export function popcount(word: number): number {
  let x = word - ((word >>> 1) & 0x5555_5555);
  x = (x & 0x3333_3333) + ((x >>> 2) & 0x3333_3333);
  return Math.imul((x + (x >>> 4)) & 0x0f0f_0f0f, 0x0101_0101) >>> 24;
}

/** popcount(128 random bits) - 64: an integer of mean 0 and variance 32, the same on every engine. */
export function binomialStep(draws: DrawSequence): number {
  let count = -STEP_MEAN;
  for (let k = 0; k < STEP_WORDS; k++) count += popcount(draws.word() >>> LOW_BITS);
  return count + popcount(draws.word() >>> RANDOM_BITS);
}

/** A child's reproduction threshold, milli-cash. */
export function mutateThreshold(gene: number, draws: DrawSequence): number {
  const unit = Math.max(1, gene >>> THRESHOLD_STEP_SHIFT);
  return Math.min(THRESHOLD_MAX, Math.max(0, gene + unit * binomialStep(draws)));
}

/** A child's endowment share, 2^-32. */
export function mutateEndowment(gene: number, draws: DrawSequence): number {
  return Math.min(ENDOWMENT_MAX, Math.max(ENDOWMENT_MIN, gene + ENDOWMENT_STEP * binomialStep(draws)));
}

/**
 * Uniform crossover in place: each gene of `child` is replaced by the second parent's with probability 1/2,
 * then w and v are brought back to unit norm.
 *
 * @param child a contiguous genome at `start`
 * @param genes columns of all agents, [GENE_COUNT x slots], of which `second` is one
 */
export function crossOver(
  child: Float32Array,
  start: number,
  genes: Float32Array,
  second: number,
  slots: number,
  draws: DrawSequence,
): void {
  let bits = 0;
  for (let k = 0; k < GENE_COUNT; k++) {
    if (k % RANDOM_BITS === 0) bits = draws.word() >>> LOW_BITS;
    if ((bits >>> (k % RANDOM_BITS)) & 1) child[start + k] = genes[k * slots + second]!;
  }
  normalise(child, start, 1);
}

/**
 * Mutates the reward genes alone of a contiguous genome at `start`, in place, by sigma x N(0, 1), then w and v back
 * to unit norm. Genes that a population does not use stay zero.
 */
export function mutateReward(
  genome: Float32Array,
  start: number,
  population: Pick<PopulationConfig, 'reward' | 'rewardHidden'>,
  sigma: number,
  draws: DrawSequence,
): void {
  if (isUnrewarded(population)) return;
  const hidden = population.rewardHidden;
  const unitNorm = FEATURE_COUNT + (hidden ? REWARD_HIDDEN : 0);
  for (let k = 0; k < unitNorm; k++) genome[start + k]! += sigma * draws.normal();
  normalise(genome, start, 1);
  if (!hidden) return;
  for (let k = GENE.hidden; k < GENE.gamma; k++)
    genome[start + k] = bounded(genome[start + k]! + sigma * draws.normal(), GENE_BOUNDS.hidden);
}

/**
 * Mutates a contiguous genome at `start` in place: reward genes by sigma x N(0, 1), then w and v back to unit
 * norm; learner genes within their bounds; sigma' = sigma exp(N(0, 1) / sqrt(n)), n = reward genes. Reward
 * genes that a population does not use (hidden layer off, zero reward) stay zero.
 */
export function mutate(
  genome: Float32Array,
  start: number,
  population: Pick<PopulationConfig, 'reward' | 'rewardHidden'>,
  draws: DrawSequence,
): void {
  const hidden = !isUnrewarded(population) && population.rewardHidden;
  const count = FEATURE_COUNT + (hidden ? REWARD_HIDDEN * (1 + FEATURE_COUNT) : 0);
  const sigma = bounded(
    genome[start + GENE.sigma]! * exp(draws.normal() / Math.sqrt(count)),
    GENE_BOUNDS.sigma,
  );
  genome[start + GENE.sigma] = sigma;
  mutateReward(genome, start, population, sigma, draws);
  const gene = (at: number, value: number, bounds: readonly [number, number]): void => {
    genome[start + at] = bounded(value, bounds);
  };
  gene(GENE.gamma, genome[start + GENE.gamma]! + GAMMA_STEP * sigma * draws.normal(), GENE_BOUNDS.gamma);
  gene(GENE.lambda, genome[start + GENE.lambda]! + sigma * draws.normal(), GENE_BOUNDS.lambda);
  gene(GENE.tau, genome[start + GENE.tau]! * exp(sigma * draws.normal()), GENE_BOUNDS.tau);
  gene(GENE.logKappa, genome[start + GENE.logKappa]! + sigma * draws.normal(), GENE_BOUNDS.logKappa);
}
