/** Stylised facts of a recorded price (R. Cont, "Empirical properties of asset returns", Quantitative Finance 1, 2001): descriptive only. */
import { mean } from './estimates.ts';

/** Share of sizes that make the tail, and the fewest of them that say something. */
const TAIL_SHARE = 0.1;
const TAIL_MIN = 10;
/** Fewer returns than this have no autocorrelation worth a number. */
const RETURNS_MIN = 10;

/** Logarithmic returns from sample to sample; those next to a price that is none (NaN, 0) are left out. */
export function returnsOf(prices: readonly number[]): number[] {
  const returns: number[] = [];
  for (let k = 1; k < prices.length; k++) {
    const step = Math.log(prices[k]! / prices[k - 1]!);
    if (Number.isFinite(step)) returns.push(step);
  }
  return returns;
}

/**
 * Tail index by Hill's estimator (B. M. Hill, Annals of Statistics 3(5), 1975) from the largest tenth of sizes: k over the
 * sum of ln(x_i / x_k+1). Around 3 in stock markets; the smaller, the heavier the tail. NaN below ten sizes in the tail,
 * where the tail begins at 0 or all of it has one size.
 */
export function tailIndex(values: readonly number[]): number {
  const sizes = values.map(Math.abs).sort((a, b) => b - a);
  const count = Math.floor(sizes.length * TAIL_SHARE);
  const least = sizes[count] ?? 0;
  if (count < TAIL_MIN || least === 0) return Number.NaN;
  const sum = sizes.slice(0, count).reduce((total, size) => total + Math.log(size / least), 0);
  return sum === 0 ? Number.NaN : count / sum;
}

/** Autocorrelation at lag 1, biased (by n), -1 to 1; NaN of fewer than ten values or of values that never vary. */
export function autocorrelation(values: readonly number[]): number {
  if (values.length < RETURNS_MIN) return Number.NaN;
  const centre = mean(values);
  let squares = 0;
  let products = 0;
  values.forEach((value, k) => {
    squares += (value - centre) ** 2;
    if (k > 0) products += (value - centre) * (values[k - 1]! - centre);
  });
  // of equal numbers, the mean may differ by rounding
  return squares <= values.length * (Number.EPSILON * centre) ** 2 ? Number.NaN : products / squares;
}

export interface StylisedFacts {
  readonly returns: number;
  readonly tailIndex: number;
  /** Of returns, and of their absolute size: volatility that clusters. */
  readonly autocorrelation: number;
  readonly clustering: number;
}

/** Of one price of one world, sample by sample. */
export function stylisedFacts(prices: readonly number[]): StylisedFacts {
  const returns = returnsOf(prices);
  return {
    returns: returns.length,
    tailIndex: tailIndex(returns),
    autocorrelation: autocorrelation(returns),
    clustering: autocorrelation(returns.map(Math.abs)),
  };
}
