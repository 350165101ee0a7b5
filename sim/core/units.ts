/**
 * Branded integers: what the numbers of the economy count, so that a milli-token is never added to a
 * milli-cash. Columns store the same integers unbranded; the brand is put on where a value leaves one.
 * This file holds the only conversions between a config's decimal money and the ledger's integers.
 */
import { assert } from './assert.ts';

declare const unit: unique symbol;
type Unit<U extends string> = number & { readonly [unit]: U };

/** Money in the token asset, 1/1000 token. */
export type MilliToken = Unit<'milli-token'>;
/** Money in the cash asset, 1/1000 cash. */
export type MilliCash = Unit<'milli-cash'>;
/** A fraction of one as an integer number of 2^-32. */
export type Fraction32 = Unit<'2^-32'>;

export const MILLI = 1000;
export const U32_MAX = 0xffff_ffff;
/** Largest price x quantity that a phase may form; leaves a sign bit for the GPU's i32. */
export const PRODUCT_MAX = 0x7fff_ffff;
export const TWO_32 = 0x1_0000_0000;

/** Milli-units of a decimal amount, to the nearest integer (ties up). Throws AssertionError unless 0 <= result < 2^53. */
export function milli<T extends MilliToken | MilliCash>(amount: number): T {
  const value = Math.round(amount * MILLI);
  assert(Number.isSafeInteger(value) && value >= 0, `amount ${amount} is not a representable sum of money`);
  return value as T;
}

/** Decimal amount of a milli-unit sum. */
export const fromMilli = (amount: number): number => amount / MILLI;

/** The nearest fraction of 2^32 at or below `share`, 0 <= share <= 1 (1 saturates to 2^32 - 1). */
export function fraction32(share: number): Fraction32 {
  assert(share >= 0 && share <= 1, `share ${share} is outside 0..1`);
  return Math.min(U32_MAX, Math.floor(share * TWO_32)) as Fraction32;
}

/** The real number in [0, 1) that a fraction of 2^32 stands for. */
export const fromFraction32 = (fraction: number): number => fraction / TWO_32;
