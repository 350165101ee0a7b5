/** Who becomes a parent: integer sampling on prefix sums, the same on every engine. */
import { mulHigh } from '../sim/core/fixed.ts';
import type { DrawSequence } from '../sim/core/rng.ts';
import { TWO_32 } from '../sim/core/units.ts';

/**
 * Writes weights min(wealth >> s, cap): s is the smallest shift at which the sum stays below 2^32, cap is one
 * sampling interval, since nobody has more than one child a tick.
 *
 * @param wealth by slot
 * @param candidates slots, [count]
 * @param weights by candidate, overwritten
 */
export function wealthWeights(
  wealth: Uint32Array,
  candidates: Uint32Array,
  count: number,
  births: number,
  weights: Uint32Array,
): void {
  let total = 0;
  for (let k = 0; k < count; k++) total += wealth[candidates[k]!]!;
  let shift = 0;
  while (total / 2 ** shift >= TWO_32) shift++;
  const cap = Math.max(1, Math.floor(total / 2 ** shift / births));
  for (let k = 0; k < count; k++) weights[k] = Math.min(cap, wealth[candidates[k]!]! >>> shift);
}

/**
 * Systematic sampling: `births` equidistant pointers with one random offset over the prefix sums, so that a
 * candidate is chosen with probability births x weight / total. A candidate hit twice is chosen once. With no
 * more candidates than births, everybody of positive weight is chosen.
 *
 * @param weights u32 with a sum below 2^32, [count]
 * @param word a u32 draw
 * @param chosen indices of candidates in increasing order, overwritten
 * @returns how many were chosen
 */
export function systematicSample(
  weights: Uint32Array,
  count: number,
  births: number,
  word: number,
  chosen: Uint32Array,
): number {
  if (count <= births) {
    let everybody = 0;
    for (let k = 0; k < count; k++) if (weights[k]! > 0) chosen[everybody++] = k;
    return everybody;
  }
  let total = 0;
  for (let k = 0; k < count; k++) total += weights[k]!;
  if (total === 0) return 0;
  const offset = mulHigh(word, total);
  let cumulative = 0;
  let pointer = 0;
  let found = 0;
  for (let k = 0; k < count && pointer < births; k++) {
    cumulative += weights[k]!;
    // pointer p stands at (p x total + offset) / births; products stay below 2^53 for 2^21 births
    if (pointer * total + offset >= cumulative * births) continue;
    chosen[found++] = k;
    while (pointer < births && pointer * total + offset < cumulative * births) pointer++;
  }
  return found;
}

/**
 * Multinomial sampling: `births` independent draws with replacement, by binary search in the prefix sums.
 *
 * @param weights u32 with a sum below 2^32, [count]; overwritten by their inclusive prefix sums
 * @param chosen [births], overwritten
 * @returns `births`, or 0 when all weights are 0
 */
export function multinomialSample(
  weights: Uint32Array,
  count: number,
  births: number,
  draws: DrawSequence,
  chosen: Uint32Array,
): number {
  for (let k = 1; k < count; k++) weights[k]! += weights[k - 1]!;
  const total = count === 0 ? 0 : weights[count - 1]!;
  if (total === 0) return 0;
  for (let b = 0; b < births; b++) {
    const at = mulHigh(draws.word(), total);
    let low = 0;
    let high = count - 1;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (weights[middle]! > at) high = middle;
      else low = middle + 1;
    }
    chosen[b] = low;
  }
  return births;
}
