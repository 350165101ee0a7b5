/** Principal components of genomes: the two directions in which a cloud is widest (Pearson 1901). */

/** Power iterations; the angle to the component is then below a thousandth where eigenvalues differ by 5 %. */
const ITERATIONS = 200;

export interface Components {
  readonly mean: Float64Array;
  /** Unit vectors; the sign is such that the largest entry is positive. */
  readonly first: Float64Array;
  readonly second: Float64Array;
  /** Share of the variance along each. */
  readonly shares: readonly [number, number];
}

function covariance(columns: readonly ArrayLike<number>[], rows: readonly number[], mean: Float64Array) {
  const size = columns.length;
  const matrix = new Float64Array(size * size);
  for (const row of rows)
    for (let a = 0; a < size; a++) {
      const da = columns[a]![row]! - mean[a]!;
      for (let b = a; b < size; b++) matrix[a * size + b]! += da * (columns[b]![row]! - mean[b]!);
    }
  for (let a = 0; a < size; a++)
    for (let b = a; b < size; b++) {
      matrix[a * size + b]! /= Math.max(1, rows.length);
      matrix[b * size + a] = matrix[a * size + b]!;
    }
  return matrix;
}

/** The widest direction of a symmetric matrix at right angles to `apart`, with the variance along it. */
function widest(matrix: Float64Array, size: number, apart: Float64Array | null): [Float64Array, number] {
  let at = Float64Array.from({ length: size }, (_, k) => 1 + k / size);
  let variance = 0;
  for (let n = 0; n < ITERATIONS; n++) {
    const next = new Float64Array(size);
    for (let a = 0; a < size; a++) for (let b = 0; b < size; b++) next[a]! += matrix[a * size + b]! * at[b]!;
    const along = apart === null ? 0 : next.reduce((sum, value, k) => sum + value * apart[k]!, 0);
    if (apart !== null) for (let a = 0; a < size; a++) next[a]! -= along * apart[a]!;
    variance = Math.hypot(...next);
    if (variance === 0) return [next, 0];
    at = next.map((value) => value / variance);
  }
  const largest = at.reduce((best, value) => (Math.abs(value) > Math.abs(best) ? value : best), 0);
  return [largest < 0 ? at.map((value) => -value) : at, variance];
}

/** The two principal components of some rows of columns. */
export function principalComponents(
  columns: readonly ArrayLike<number>[],
  rows: readonly number[],
): Components {
  const size = columns.length;
  const mean = Float64Array.from(
    columns,
    (column) => rows.reduce((sum, row) => sum + column[row]!, 0) / Math.max(1, rows.length),
  );
  const matrix = covariance(columns, rows, mean);
  let total = 0;
  for (let a = 0; a < size; a++) total += matrix[a * size + a]!;
  const [first, along] = widest(matrix, size, null);
  const [second, across] = widest(matrix, size, first);
  const share = (variance: number): number => (total === 0 ? 0 : variance / total);
  return { mean, first, second, shares: [share(along), share(across)] };
}

/** Where each row stands along a component, [rows]. */
export function projected(
  columns: readonly ArrayLike<number>[],
  rows: readonly number[],
  mean: Float64Array,
  direction: Float64Array,
): Float64Array {
  return Float64Array.from(rows, (row) => {
    let sum = 0;
    for (let k = 0; k < columns.length; k++) sum += (columns[k]![row]! - mean[k]!) * direction[k]!;
    return sum;
  });
}
