/** Two arms with the same seeds: what differs, how sure that is, and how large. */
import {
  ascending,
  deviation,
  interquartileError,
  interquartileMean,
  mean,
  quantileOfSorted,
} from './estimates.ts';
import { bootstrapInterval, CONFIDENCE, type Interval, RESAMPLES, uniforms } from './intervals.ts';

/**
 * Probability that a world of one arm does better than one of the other, ties counting half: the Mann-Whitney form
 * (Agarwal et al. 2021). NaN without worlds.
 */
export function probabilityOfImprovement(ours: readonly number[], theirs: readonly number[]): number {
  let wins = 0;
  for (const a of ours) for (const b of theirs) wins += a > b ? 1 : a === b ? 0.5 : 0;
  return wins / (ours.length * theirs.length);
}

/** Cliff's delta: how much more often an arm wins than it loses, -1 to 1. */
export const cliffsDelta = (ours: readonly number[], theirs: readonly number[]): number =>
  2 * probabilityOfImprovement(ours, theirs) - 1;

/** Cohen's d with the pooled deviation of two arms; infinite where both are constant and differ. */
export function cohensD(ours: readonly number[], theirs: readonly number[]): number {
  const [n, m] = [ours.length, theirs.length];
  const variance = ((n - 1) * deviation(ours) ** 2 + (m - 1) * deviation(theirs) ** 2) / (n + m - 2);
  const difference = mean(ours) - mean(theirs);
  return difference === 0 ? 0 : difference / Math.sqrt(variance);
}

/**
 * Two-sided p-value of "arms differ by luck alone": if so, a seed's difference has either sign with equal probability
 * (Wilcoxon 1945, signed ranks). Exact for any number of seeds, ties and all; seeds without a difference say nothing and
 * are left out. With n seeds it cannot fall below 2 / 2^n, so that five seeds never show anything at 5 %. NaN without
 * differences.
 */
export function signedRankTest(differences: readonly number[]): number {
  if (differences.length === 0) return Number.NaN;
  const signed = differences.filter((value) => value !== 0);
  const ranks = doubledRanks(signed.map(Math.abs));
  const total = ranks.reduce((sum, rank) => sum + rank, 0);
  const positive = ranks.reduce((sum, rank, k) => sum + (signed[k]! > 0 ? rank : 0), 0);
  // share of the 2^n choices of signs with each sum of positive ranks
  const shares = new Float64Array(total + 1);
  shares[0] = 1;
  let reach = 0;
  for (const rank of ranks) {
    reach += rank;
    for (let sum = reach; sum >= 0; sum--)
      shares[sum] = (shares[sum]! + (sum >= rank ? shares[sum - rank]! : 0)) / 2;
  }
  const lower = Math.min(positive, total - positive);
  let tail = 0;
  for (let sum = 0; sum <= lower; sum++) tail += shares[sum]!;
  return Math.min(1, 2 * tail);
}

/** Twice the ranks of values from 1 up, the mean rank for ties: whole numbers. */
function doubledRanks(values: readonly number[]): number[] {
  const sorted = ascending(values);
  return values.map((value) => sorted.indexOf(value) + sorted.lastIndexOf(value) + 2);
}

/**
 * Holm's step-down adjustment (Holm 1979): p-values of a family of contrasts such that rejecting those below alpha errs
 * anywhere in the family with probability alpha at most. NaN stays and does not count.
 */
export function holm(pValues: readonly number[]): number[] {
  const order = pValues
    .map((p, k) => ({ p, k }))
    .filter(({ p }) => !Number.isNaN(p))
    .sort((a, b) => a.p - b.p);
  const adjusted = pValues.map(() => Number.NaN);
  let least = 0;
  order.forEach(({ p, k }, rank) => {
    least = Math.max(least, Math.min(1, (order.length - rank) * p));
    adjusted[k] = least;
  });
  return adjusted;
}

/** What two arms with paired seeds say. */
export interface Comparison {
  /** Seeds of which both arms have a value. */
  readonly pairs: number;
  /** Seeds left out because a value is missing, such as the profit of a population that died out. */
  readonly missing: number;
  /** Interquartile mean of the differences by seed. */
  readonly difference: number;
  readonly interval: Interval;
  /** Standard error of that difference. */
  readonly error: number;
  readonly probability: number;
  readonly probabilityInterval: Interval;
  readonly cliffsDelta: number;
  readonly cohensD: number;
  /** Of signedRankTest, not adjusted for other contrasts. */
  readonly p: number;
}

/**
 * Compares arms whose k-th values come from the same seed.
 *
 * @param ours values by seed; NaN = missing
 */
export function comparePaired(
  ours: readonly number[],
  theirs: readonly number[],
  seed = 'comparison',
): Comparison {
  const both = ours.flatMap((value, k) =>
    Number.isFinite(value) && Number.isFinite(theirs[k]) ? [[value, theirs[k]!] as const] : [],
  );
  const differences = both.map(([a, b]) => a - b);
  const [left, right] = [both.map(([a]) => a), both.map(([, b]) => b)];
  return {
    pairs: both.length,
    missing: ours.length - both.length,
    difference: interquartileMean(differences),
    interval: bootstrapInterval([differences], { seed }),
    error: interquartileError(differences),
    probability: probabilityOfImprovement(left, right),
    probabilityInterval: probabilityInterval(both, seed),
    cliffsDelta: cliffsDelta(left, right),
    cohensD: cohensD(left, right),
    p: signedRankTest(differences),
  };
}

/** Percentile interval of the probability of improvement; seeds are drawn whole, with both of their values. */
function probabilityInterval(pairs: readonly (readonly [number, number])[], seed: string): Interval {
  if (pairs.length < 2) return { low: Number.NaN, high: Number.NaN };
  const uniform = uniforms(`${seed}, probability`);
  const resampled = Float64Array.from({ length: RESAMPLES }, () => {
    const drawn = pairs.map(() => pairs[Math.floor(uniform() * pairs.length)]!);
    return probabilityOfImprovement(
      drawn.map(([a]) => a),
      drawn.map(([, b]) => b),
    );
  }).sort();
  const tail = (1 - CONFIDENCE) / 2;
  return { low: quantileOfSorted(resampled, tail), high: quantileOfSorted(resampled, 1 - tail) };
}
