/** Who gets which part of something: slots of populations, seeds of replicates, capacity at genesis. */
import seedrandom from 'seedrandom';
import { exp, log } from '../sim/core/floatMath.ts';
import { DrawSequence, STREAM } from '../sim/core/rng.ts';
import type { PopulationConfig, WorldConfig } from './schema.ts';

/** Lays slots out over populations in proportion to their shares (largest remainder), in order: [slots]. */
export function populationOfSlots(populations: readonly PopulationConfig[], slots: number): Uint32Array {
  const counts = apportion(
    populations.map((p) => p.share),
    slots,
  );
  const result = new Uint32Array(slots);
  let slot = 0;
  counts.forEach((n, population) => {
    result.fill(population, slot, slot + n);
    slot += n;
  });
  return result;
}

/** The 32-bit seeds of replicates 0..count-1, from a phrase. */
export function worldSeeds(phrase: string, count: number): Uint32Array {
  const random = seedrandom(phrase);
  return Uint32Array.from({ length: count }, () => random.int32() >>> 0);
}

/** The agent key of the draw that deals capacities out. */
const DEAL = 0xffff_ffff;

/**
 * Capacity of each slot at genesis, cu, [slots]: k firms with equal parts of their share and the rest alike, or the
 * quantiles of a Pareto distribution. The sum is slots x genesis.capacity whatever the distribution (largest
 * remainder); who gets which is shuffled by the world's seed. Null where all are equal.
 */
export function genesisCapacities(w: WorldConfig, slots: number, seed: number): Uint32Array | null {
  const { distribution, firms, firmShare, paretoAlpha } = w.ownership;
  if (distribution === 'equal') return null;
  const firmCount = Math.min(firms, slots);
  const others = slots - firmCount;
  // a Pareto quantile of p is (1 - p)^(-1 / alpha)
  const weights = Array.from({ length: slots }, (_, k) => {
    if (distribution === 'pareto') return exp(-log((slots - k - 0.5) / slots) / paretoAlpha);
    if (others === 0) return 1;
    return k < firmCount ? firmShare / firmCount : (1 - firmShare) / others;
  });
  const dealt = apportion(weights, slots * w.genesis.capacity);
  const draws = new DrawSequence().at(seed, 0, DEAL, STREAM.ownership);
  for (let k = slots - 1; k > 0; k--) {
    const other = draws.below(k + 1);
    const part = dealt[k]!;
    dealt[k] = dealt[other]!;
    dealt[other] = part;
  }
  return dealt;
}

/** Whole parts of `total` in proportion to weights, by largest remainder; of equal remainders the earlier. */
function apportion(weights: readonly number[], total: number): Uint32Array {
  const sum = weights.reduce((a, b) => a + b, 0);
  const quotas = weights.map((weight) => (sum > 0 ? (weight / sum) * total : 0));
  const parts = Uint32Array.from(quotas, Math.floor);
  const rest = total - parts.reduce((a, b) => a + b, 0);
  const byRemainder = quotas
    .map((quota, index) => ({ index, remainder: quota - Math.floor(quota) }))
    .sort((a, b) => b.remainder - a.remainder || a.index - b.index);
  for (let k = 0; k < rest; k++) parts[byRemainder[k % byRemainder.length]!.index]!++;
  return parts;
}
