/** Which parameters an outcome depends on. */
import seedrandom from 'seedrandom';
import { ascending, deviation, mean, quantileOfSorted } from '../statistics/estimates.ts';
import { bootstrapInterval, type Interval } from '../statistics/intervals.ts';
import type { Point } from './sampling.ts';

/** What a parameter does to an outcome. */
export interface Sensitivity {
  readonly path: string;
  /** Mean size of its elementary effects (mu* of Campolongo, Cariboni & Saltelli 2007), in units of the outcome. */
  readonly effect: number;
  readonly interval: Interval;
  /** Mean with sign: whether the outcome rises or falls with it. */
  readonly direction: number;
  /**
   * Standard deviation of the effects with n - 1 (sigma of Morris 1991): large beside `effect` where it interacts or is
   * not linear; NaN of fewer than two.
   */
  readonly spread: number;
}

/**
 * Elementary effects of every parameter (Morris 1991): what the outcome changes by, per full range of the parameter,
 * between neighbours of a trajectory. Sorted by effect; trajectories are what is resampled.
 *
 * @param outcomes by point; a step from or to a missing one is left out
 */
export function morrisEffects(points: readonly Point[], outcomes: readonly number[]): Sensitivity[] {
  const paths = Object.keys(points[0]?.set ?? {});
  const effects: number[][] = paths.map(() => []);
  for (let k = 1; k < points.length; k++) {
    const [from, to] = [points[k - 1]!, points[k]!];
    if (from.trajectory !== to.trajectory) continue;
    const moved = to.unit.findIndex((value, j) => value !== from.unit[j]);
    const effect = (outcomes[k]! - outcomes[k - 1]!) / (to.unit[moved]! - from.unit[moved]!);
    if (Number.isFinite(effect)) effects[moved]!.push(effect);
  }
  return paths
    .map((path, k): Sensitivity => {
      const sizes = effects[k]!.map(Math.abs);
      return {
        path,
        effect: mean(sizes),
        interval: bootstrapInterval([sizes], { statistic: 'mean', seed: path }),
        direction: mean(effects[k]!),
        spread: deviation(effects[k]!),
      };
    })
    .sort((a, b) => b.effect - a.effect);
}

/** What share of an outcome's variance a parameter makes. */
export interface SobolIndex {
  readonly path: string;
  /** By itself. */
  readonly first: number;
  readonly firstInterval: Interval;
  /** Together with what it does with others. */
  readonly total: number;
  readonly totalInterval: Interval;
}

const RESAMPLES = 1000;
const TAIL = 0.025;

/**
 * Sobol indices of every parameter over points of `saltelliGroups`: first order by Saltelli et al. 2010 (their table 2, b),
 * total order by Jansen 1999, with 95 % percentile intervals of the bootstrap, which resamples pairs. Sorted by total
 * order; NaN where the outcome does not vary.
 *
 * @param outcomes by point; pairs with a missing one are left out
 */
export function sobolIndices(points: readonly Point[], outcomes: readonly number[]): SobolIndex[] {
  const paths = Object.keys(points[0]?.set ?? {});
  const size = paths.length + 2;
  const groups: number[][] = [];
  for (let from = 0; from < points.length; from += size) {
    const group = outcomes.slice(from, from + size);
    if (group.length === size && group.every(Number.isFinite)) groups.push(group);
  }
  const random = seedrandom(paths.join());
  const found = indicesOf(groups);
  const resampled = Array.from({ length: RESAMPLES }, () =>
    indicesOf(groups.map(() => groups[Math.floor(random() * groups.length)]!)),
  );
  const interval = (pick: (indices: Indices) => number): Interval => {
    const sorted = ascending(resampled.map(pick).filter(Number.isFinite));
    return { low: quantileOfSorted(sorted, TAIL), high: quantileOfSorted(sorted, 1 - TAIL) };
  };
  return paths
    .map((path, k) => ({
      path,
      first: found.first[k]!,
      firstInterval: interval(({ first }) => first[k]!),
      total: found.total[k]!,
      totalInterval: interval(({ total }) => total[k]!),
    }))
    .sort((a, b) => b.total - a.total);
}

interface Indices {
  readonly first: readonly number[];
  readonly total: readonly number[];
}

/** @param groups [pair][A, B, A with a parameter of B, ...] */
function indicesOf(groups: readonly (readonly number[])[]): Indices {
  // products of what is far from zero lose digits
  const centre = mean(groups.flatMap(([a, b]) => [a!, b!]));
  const variance = mean(groups.flatMap(([a, b]) => [(a! - centre) ** 2, (b! - centre) ** 2]));
  const parameters = Array.from({ length: (groups[0]?.length ?? 2) - 2 }, (_, k) => k + 2);
  return {
    first: parameters.map(
      (k) => mean(groups.map((group) => (group[1]! - centre) * (group[k]! - group[0]!))) / variance,
    ),
    total: parameters.map((k) => mean(groups.map((group) => (group[0]! - group[k]!) ** 2)) / (2 * variance)),
  };
}

/** Mean ranks from 1 up. */
function ranks(values: readonly number[]): number[] {
  const sorted = [...values].sort((a, b) => a - b);
  return values.map((value) => (sorted.indexOf(value) + sorted.lastIndexOf(value)) / 2 + 1);
}

/** Spearman's rank correlation of a parameter and an outcome over sampled points; NaN where either is constant. */
export function rankCorrelation(parameter: readonly number[], outcome: readonly number[]): number {
  const kept = parameter.map((_, k) => k).filter((k) => Number.isFinite(outcome[k]));
  const a = ranks(kept.map((k) => parameter[k]!));
  const b = ranks(kept.map((k) => outcome[k]!));
  const [centreA, centreB] = [mean(a), mean(b)];
  const sum = (f: (k: number) => number): number => a.reduce((total, _, k) => total + f(k), 0);
  return (
    sum((k) => (a[k]! - centreA) * (b[k]! - centreB)) /
    Math.sqrt(sum((k) => (a[k]! - centreA) ** 2) * sum((k) => (b[k]! - centreB) ** 2))
  );
}
