/**
 * Figures of a sample of worlds. The replicate is a world, never an agent: agents of one world share its prices and
 * its luck, so that a thousand of them are still one observation.
 */

export const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

/** Standard deviation with n - 1; NaN of fewer than two values. */
export function deviation(values: readonly number[]): number {
  const centre = mean(values);
  return Math.sqrt(values.reduce((sum, value) => sum + (value - centre) ** 2, 0) / (values.length - 1));
}

/** Sorted copy, ascending. */
export const ascending = (values: readonly number[]): number[] => [...values].sort((a, b) => a - b);

/**
 * The quantile of sorted values by linear interpolation (type 7 of Hyndman & Fan 1996); NaN of none.
 *
 * @param share 0 = least, 1 = greatest
 */
export function quantileOfSorted(sorted: readonly number[] | Float64Array, share: number): number {
  const at = (sorted.length - 1) * share;
  const low = Math.floor(at);
  const below = sorted[low];
  if (below === undefined) return Number.NaN;
  const above = sorted[Math.min(sorted.length - 1, low + 1)]!;
  // equal infinities have no difference
  return below === above ? below : below + (at - low) * (above - below);
}

/** The middle of the sorted values, between the two middle ones where they are even in number; NaN of none. */
export function median(values: readonly number[]): number {
  const sorted = ascending(values);
  const half = sorted.length / 2;
  return (sorted[Math.ceil(half) - 1]! + sorted[Math.floor(half)]!) / 2;
}

/**
 * The median of the slopes between all pairs of points (Theil 1950, Sen 1968): a trend that no few outliers bend; NaN of
 * fewer than two abscissas.
 */
export function theilSenSlope(points: readonly { readonly x: number; readonly y: number }[]): number {
  return median(
    points.flatMap((from, k) =>
      points.slice(k + 1).flatMap((to) => (to.x === from.x ? [] : [(to.y - from.y) / (to.x - from.x)])),
    ),
  );
}

/** The least of how many sorted values the interquartile mean leaves out at either end. */
export const cutCount = (count: number): number => Math.floor(count / 4);

/**
 * Interquartile mean: the mean of what is left without the lowest and the highest quarter, each rounded down. As robust
 * as needed for runs of which some fail, and steadier than the median (Agarwal et al. 2021, "Deep reinforcement
 * learning at the edge of the statistical precipice"). Below four values it is the mean; NaN of none.
 */
export function interquartileMean(values: readonly number[]): number {
  const cut = cutCount(values.length);
  return mean(ascending(values).slice(cut, values.length - cut));
}

/**
 * Standard error of the interquartile mean from the Winsorised deviation (Tukey & McLaughlin 1963); NaN of fewer than
 * two values.
 */
export function interquartileError(values: readonly number[]): number {
  const sorted = ascending(values);
  const count = sorted.length;
  const cut = cutCount(count);
  const winsorised = sorted.map((_, k) => sorted[Math.min(count - 1 - cut, Math.max(cut, k))]!);
  return deviation(winsorised) / (1 - (2 * cut) / count) / Math.sqrt(count);
}
