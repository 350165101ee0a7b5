/** Order statistics of integers, by counting: nothing is sorted or allocated, and any engine gives the same answer. */
import { assert } from './assert.ts';

const DIGIT_BITS = 11;
const DIGITS = 1 << DIGIT_BITS;
const DIGIT_MASK = DIGITS - 1;
/** Bits below the first digit, which has ten of a u32. */
const FIRST_SHIFT = 2 * DIGIT_BITS;
const histogram = new Uint32Array(DIGITS);

/** Values below the digit that `digitOf` found last. */
let below = 0;

/** The digit at which the cumulative histogram first passes `k`. */
function digitOf(k: number): number {
  let digit = 0;
  below = 0;
  while (below + histogram[digit]! <= k) below += histogram[digit++]!;
  return digit;
}

/**
 * The k-th smallest of values[0..count-1], k from 0: one histogram a digit, high digits first; small ones, because
 * most worlds have fewer agents than a histogram of 16 bits has entries to clear.
 *
 * @param values u32, [count]
 * @throws AssertionError unless 0 <= k < count
 */
export function kthSmallest(values: Uint32Array, count: number, k: number): number {
  assert(k >= 0 && k < count, `there is no value number ${k} among ${count}`);
  histogram.fill(0);
  for (let i = 0; i < count; i++) histogram[values[i]! >>> FIRST_SHIFT]!++;
  let found = digitOf(k);
  let rest = k - below;
  for (let shift = FIRST_SHIFT - DIGIT_BITS; shift >= 0; shift -= DIGIT_BITS) {
    histogram.fill(0);
    for (let i = 0; i < count; i++) {
      const value = values[i]! >>> shift;
      if (value >>> DIGIT_BITS === found) histogram[value & DIGIT_MASK]!++;
    }
    found = found * DIGITS + digitOf(rest);
    rest -= below;
  }
  return found;
}

/** values of candidates, grown to the largest world of the thread. */
let ranked = new Uint32Array(0);

function rank(values: Uint32Array, candidates: Uint32Array, count: number): void {
  if (ranked.length < count) ranked = new Uint32Array(count);
  for (let k = 0; k < count; k++) ranked[k] = values[candidates[k]!]!;
}

/**
 * Writes the `quota` candidates of smallest value to `out`, in the order of the list; of equals the first come first.
 *
 * @param values by slot
 * @param candidates slots, [count]; `out` may be the same array
 * @returns how many: min(quota, count)
 */
export function takeSmallest(
  values: Uint32Array,
  candidates: Uint32Array,
  count: number,
  quota: number,
  out: Uint32Array,
): number {
  const wanted = Math.min(quota, count);
  if (wanted <= 0) return 0;
  rank(values, candidates, count);
  const limit = kthSmallest(ranked, count, wanted - 1);
  let ties = wanted;
  for (let k = 0; k < count; k++) if (ranked[k]! < limit) ties--;
  let taken = 0;
  for (let k = 0; k < count; k++) {
    if (ranked[k]! < limit || (ranked[k] === limit && ties-- > 0)) out[taken++] = candidates[k]!;
  }
  return taken;
}

/** As `takeSmallest`, of largest value. */
export function takeLargest(
  values: Uint32Array,
  candidates: Uint32Array,
  count: number,
  quota: number,
  out: Uint32Array,
): number {
  const wanted = Math.min(quota, count);
  if (wanted <= 0) return 0;
  rank(values, candidates, count);
  const limit = kthSmallest(ranked, count, count - wanted);
  let ties = wanted;
  for (let k = 0; k < count; k++) if (ranked[k]! > limit) ties--;
  let taken = 0;
  for (let k = 0; k < count; k++) {
    if (ranked[k]! > limit || (ranked[k] === limit && ties-- > 0)) out[taken++] = candidates[k]!;
  }
  return taken;
}
