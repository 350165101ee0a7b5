/** Sums from which the correlation of two figures follows, collected pair by pair. */

/** Numbers of one set of sums: count, sums of x and y, of their squares and of their product. */
export const CORRELATION_SUMS = 6;
/** Fewer pairs than this say nothing: two points always lie on a line. */
const PAIRS_MIN = 3;
/** A spread below this share of the square of the mean is rounding. */
const SPREAD_MIN = 1e-12;

/** Adds the pair (x, y) to sums[from..from+5]. */
export function addPair(sums: Float64Array, from: number, x: number, y: number): void {
  sums[from]! += 1;
  sums[from + 1]! += x;
  sums[from + 2]! += y;
  sums[from + 3]! += x * x;
  sums[from + 4]! += y * y;
  sums[from + 5]! += x * y;
}

/** Pearson's r of the pairs in sums[from..from+5]; NaN of fewer than three, or where one of the two never varies. */
export function correlation(sums: Float64Array, from: number): number {
  const n = sums[from]!;
  if (n < PAIRS_MIN) return Number.NaN;
  const x = sums[from + 1]! / n;
  const y = sums[from + 2]! / n;
  const varianceX = sums[from + 3]! / n - x * x;
  const varianceY = sums[from + 4]! / n - y * y;
  if (varianceX <= SPREAD_MIN * x * x || varianceY <= SPREAD_MIN * y * y) return Number.NaN;
  const r = (sums[from + 5]! / n - x * y) / Math.sqrt(varianceX * varianceY);
  return Math.min(1, Math.max(-1, r));
}
