/** How different reward genomes are: species and distances. Genes are feature-major, index gene x slots + agent. */
import { FEATURE_COUNT } from '../../agents/columns.ts';

/** Largest weight of each member and whose it is, by dominantGene's numbers from 1 on; reused by all worlds of a thread. */
let size = new Float32Array(0);
let species = new Uint8Array(0);
const seen = new Uint8Array(2 * FEATURE_COUNT + 1);

/**
 * Species among the living: how many kinds of genome there are, by the weight that counts most and its sign. It is
 * dominantGene of agents/species.ts, which the page shows, gene by gene as they lie in memory. NaN where there is nobody.
 *
 * @param members slots, of which the first `count` are looked at
 */
export function speciesCount(
  genes: Float32Array,
  slots: number,
  members: Uint32Array,
  count: number,
): number {
  if (count === 0) return Number.NaN;
  if (size.length < count) {
    size = new Float32Array(count);
    species = new Uint8Array(count);
  }
  size.fill(0, 0, count);
  species.fill(0, 0, count);
  for (let f = 0; f < FEATURE_COUNT; f++) {
    const first = f * slots;
    for (let k = 0; k < count; k++) {
      const value = genes[first + members[k]!]!;
      const weight = Math.abs(value);
      if (weight <= size[k]!) continue;
      size[k] = weight;
      species[k] = 2 * f + (value < 0 ? 2 : 1);
    }
  }
  seen.fill(0);
  for (let k = 0; k < count; k++) seen[species[k]!] = 1;
  return seen.reduce((sum, one) => sum + one, 0);
}

/**
 * Mean squared Euclidean distance between two different members: Rao's quadratic entropy (C. R. Rao, "Diversity and
 * dissimilarity coefficients", Theoretical Population Biology 21, 1982) without pairs of one with itself. No pair is
 * looked at: it is 2 x the sum over genes of the variance with n - 1. NaN below two members.
 *
 * @param variance with n, of each gene over the members
 */
export function meanSquaredDistance(variance: Float64Array, members: number): number {
  if (members < 2) return Number.NaN;
  let sum = 0;
  for (let gene = 0; gene < variance.length; gene++) sum += variance[gene]!;
  return (2 * sum * members) / (members - 1);
}
