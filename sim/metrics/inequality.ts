/**
 * Concentration of non-negative holdings, on one sorted copy. Definitions: Cowell, "Measuring Inequality"
 * (3rd ed., 2011); the Nakamoto coefficient after Srinivasan & Lee (2017).
 */
import { log } from '../core/floatMath.ts';

export interface Concentration {
  /** Mean absolute difference over twice the mean, 0..1 - 1/n. */
  readonly gini: number;
  /** Sum of squared shares, 1/n..1. */
  readonly hhi: number;
  /** Theil's T, 0..ln n. */
  readonly theil: number;
  /** Shannon entropy of shares over ln n, 0..1. */
  readonly entropy: number;
  /** Fewest holders that own at least 33 % and 50 %. */
  readonly nakamoto33: number;
  readonly nakamoto50: number;
  /** Shares of the richest 1 % and 10 % (at least one holder). */
  readonly top1: number;
  readonly top10: number;
  /** Share of the total that the poorest k/20 of holders own, k = 0..20. */
  readonly lorenz: Float64Array;
}

const LORENZ_POINTS = 21;

/**
 * @param sorted holdings in ascending order, [n]
 * @returns NaN indices when nobody holds anything
 */
export function concentration(sorted: Float64Array): Concentration {
  const n = sorted.length;
  let total = 0;
  let weighted = 0;
  for (let k = 0; k < n; k++) {
    total += sorted[k]!;
    weighted += (k + 1) * sorted[k]!;
  }
  if (n === 0 || total === 0) {
    const none = Number.NaN;
    const lorenz = Float64Array.from({ length: LORENZ_POINTS }, (_, k) => k / (LORENZ_POINTS - 1));
    return {
      gini: none,
      hhi: none,
      theil: none,
      entropy: none,
      nakamoto33: none,
      nakamoto50: none,
      top1: none,
      top10: none,
      lorenz,
    };
  }
  let hhi = 0;
  let entropy = 0;
  for (let k = 0; k < n; k++) {
    const share = sorted[k]! / total;
    hhi += share * share;
    if (share > 0) entropy -= share * log(share);
  }
  const maxEntropy = log(n);
  return {
    gini: (2 * weighted) / (n * total) - (n + 1) / n,
    hhi,
    theil: maxEntropy - entropy,
    entropy: n > 1 ? entropy / maxEntropy : 1,
    nakamoto33: holdersOf(sorted, 0.33 * total),
    nakamoto50: holdersOf(sorted, 0.5 * total),
    top1: topShare(sorted, Math.max(1, Math.round(n / 100))) / total,
    top10: topShare(sorted, Math.max(1, Math.round(n / 10))) / total,
    lorenz: lorenzCurve(sorted, total),
  };
}

function holdersOf(sorted: Float64Array, amount: number): number {
  let sum = 0;
  for (let k = sorted.length - 1; k >= 0; k--) {
    sum += sorted[k]!;
    if (sum >= amount) return sorted.length - k;
  }
  return sorted.length;
}

function topShare(sorted: Float64Array, holders: number): number {
  let sum = 0;
  for (let k = sorted.length - holders; k < sorted.length; k++) sum += sorted[k]!;
  return sum;
}

function lorenzCurve(sorted: Float64Array, total: number): Float64Array {
  const points = new Float64Array(LORENZ_POINTS);
  const n = sorted.length;
  let below = 0;
  let holder = 0;
  for (let k = 1; k < LORENZ_POINTS; k++) {
    const position = (k * n) / (LORENZ_POINTS - 1);
    while (holder + 1 <= position) below += sorted[holder++]!;
    const part = holder < n ? (position - holder) * sorted[holder]! : 0;
    points[k] = (below + part) / total;
  }
  return points;
}
