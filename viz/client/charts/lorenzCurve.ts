/** Points of a curve at 0, 5, ..., 100 %, as in a frame. */
const POINTS = 21;

/** The Lorenz curve of what a population owns: the share of the poorest k/20 of it, linear between agents, [21]. */
export function lorenzCurve(owned: readonly number[]): number[] {
  const ascending = Float64Array.from(owned).sort();
  const below = new Float64Array(ascending.length + 1);
  for (const [k, value] of ascending.entries()) below[k + 1] = below[k]! + value;
  const total = below.at(-1)!;
  return Array.from({ length: POINTS }, (_, point) => {
    const share = point / (POINTS - 1);
    if (total === 0) return share;
    const at = share * ascending.length;
    const k = Math.min(ascending.length - 1, Math.floor(at));
    return (below[k]! + (at - k) * ascending[k]!) / total;
  });
}
