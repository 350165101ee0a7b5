/**
 * Fixed-point arithmetic that every engine can repeat bit for bit: fractions of 2^32, the high word of
 * a 32 x 32 product, and integer log2 / exp2 by table with linear interpolation. No floating-point
 * logarithm or power touches money.
 */
import { assert } from './assert.ts';
import { U32_MAX } from './units.ts';

/** floor(a x b / 2^32) for u32 a and b, in halves of a: both products stay below 2^48 and exact. */
export function mulHigh(a: number, b: number): number {
  const factor = b >>> 0;
  const low = Math.floor(((a & 0xffff) * factor) / 0x1_0000);
  return Math.floor(((a >>> 16) * factor + low) / 0x1_0000);
}

/**
 * The share of a u32 amount, rounded down; a share of 2^32 - 1, which is what 1 saturates to, is all of it.
 *
 * @param share 2^-32
 */
export const portion = (amount: number, share: number): number =>
  share === U32_MAX ? amount : mulHigh(amount, share);

/** 2^27 + 1: splits a double into two halves of at most 26 bits (G. W. Veltkamp, T. J. Dekker 1971). */
const SPLITTER = 0x800_0001;

/** a x b - p exactly, for p = the double nearest to a x b (Dekker 1971); all integers below 2^53 in size. */
function productError(a: number, b: number, p: number): number {
  const aSplit = SPLITTER * a;
  const aHigh = aSplit - (aSplit - a);
  const aLow = a - aHigh;
  const bSplit = SPLITTER * b;
  const bHigh = bSplit - (bSplit - b);
  const bLow = b - bHigh;
  return aLow * bLow - (p - aHigh * bHigh - aLow * bHigh - aHigh * bLow);
}

/** Quotients below this are found in double precision: the estimate is then within one of the truth. */
const QUOTIENT_MAX = 2 ** 50;

/**
 * floor(a x b / c) for non-negative safe integers, exact however large the product. Throws AssertionError when c = 0
 * or the quotient passes 2^53 - 1, which a double cannot hold.
 */
export function mulDiv(a: number, b: number, c: number): number {
  assert(c > 0, 'mulDiv: division by zero');
  const product = a * b;
  if (product <= Number.MAX_SAFE_INTEGER) return Math.floor(product / c);
  const quotient = Math.floor(product / c);
  if (quotient >= QUOTIENT_MAX) {
    const exact = (BigInt(a) * BigInt(b)) / BigInt(c);
    assert(exact <= Number.MAX_SAFE_INTEGER, `mulDiv: ${a} x ${b} / ${c} passes 2^53 - 1`);
    return Number(exact);
  }
  // the remainder a x b - quotient x c, exact although both products pass 2^53
  const back = quotient * c;
  const rest = product - back + (productError(a, b, product) - productError(quotient, c, back));
  return rest < 0 ? quotient - 1 : rest >= c ? quotient + 1 : quotient;
}

/** floor(sqrt(n)) of a BigInt (Newton's method). */
export function isqrt(n: bigint): bigint {
  assert(n >= 0n, 'isqrt of a negative number');
  if (n < 2n) return n;
  let x = 1n << BigInt((n.toString(2).length + 1) >> 1);
  for (;;) {
    const next = (x + n / x) >> 1n;
    if (next >= x) return x;
    x = next;
  }
}

/** Fraction bits of log2 values: log2(x) is an integer number of 2^-16. */
const LOG2_BITS = 16;
export const LOG2_ONE = 1 << LOG2_BITS;
const TABLE_BITS = 10;
const TABLE_SIZE = 1 << TABLE_BITS;
const MANTISSA_SHIFT = 31 - TABLE_BITS;

/** log2(1 + k / 1024) in 2^-16, rounded to nearest, by repeated squaring in integers. */
export const LOG2_TABLE = Uint32Array.from({ length: TABLE_SIZE + 1 }, (_, k) => log2Digits(TABLE_SIZE + k));
/** 2^(k / 1024) - 1 in 2^-32 truncated, by integer square roots; the last is 2^32. */
export const EXP2_TABLE = Float64Array.from({ length: TABLE_SIZE + 1 }, (_, k) => exp2Digits(k));

/** 2^-k for 0 <= k <= 32. */
const HALVINGS = Float64Array.from({ length: 33 }, (_, k) => 2 ** -k);

function log2Digits(numerator: number): number {
  const one = 1n << 60n;
  let x = (BigInt(numerator) << 60n) / BigInt(TABLE_SIZE);
  if (x >= one << 1n) return LOG2_ONE;
  let digits = 0;
  for (let bit = 0; bit < LOG2_BITS + 1; bit++) {
    x = (x * x) >> 60n;
    digits <<= 1;
    if (x >= one << 1n) {
      digits |= 1;
      x >>= 1n;
    }
  }
  return (digits + 1) >> 1;
}

function exp2Digits(k: number): number {
  if (k === TABLE_SIZE) return 0x1_0000_0000;
  let root = 2n << 120n; // 2^(1/2), then 2^(1/4), ... as 60-bit fractions
  let product = 1n << 60n;
  for (let bit = TABLE_BITS - 1; bit >= 0; bit--) {
    const value = isqrt(root);
    if ((k >> bit) & 1) product = (product * value) >> 60n;
    root = value << 60n;
  }
  return Number((product - (1n << 60n)) >> 28n);
}

/** log2(x) in 2^-16 for a u32 x >= 1; error below 1.52 x 2^-16 (half a unit of the table, one of the interpolation). Throws AssertionError for x = 0. */
export function log2Fixed(x: number): number {
  assert(x >= 1, 'log2Fixed of zero');
  const leading = 31 - Math.clz32(x);
  const mantissa = (x << (31 - leading)) & 0x7fff_ffff; // 31 bits behind the leading one
  const index = mantissa >>> MANTISSA_SHIFT;
  const rest = mantissa & ((1 << MANTISSA_SHIFT) - 1);
  const low = LOG2_TABLE[index]!;
  const step = LOG2_TABLE[index + 1]! - low;
  return leading * LOG2_ONE + low + ((step * rest) >>> MANTISSA_SHIFT);
}

/**
 * 2^(exponent / 2^16) as a fraction of 2^32, for a negative exponent in 2^-16; zero below -32.
 * Non-negative exponents saturate to 2^32 - 1.
 */
export function exp2Fraction(exponent: number): number {
  if (exponent >= 0) return 0xffff_ffff;
  const whole = Math.floor(exponent / LOG2_ONE);
  if (whole < -32) return 0;
  const part = exponent - whole * LOG2_ONE;
  const index = part >>> (LOG2_BITS - TABLE_BITS);
  const rest = part & ((1 << (LOG2_BITS - TABLE_BITS)) - 1);
  const low = EXP2_TABLE[index]!;
  const mantissa =
    low + Math.floor(((EXP2_TABLE[index + 1]! - low) * rest) / (1 << (LOG2_BITS - TABLE_BITS)));
  return Math.floor((0x1_0000_0000 + mantissa) * HALVINGS[-whole]!);
}

/** 2^(exponent / 2^16) rounded down to an integer, for 0 <= exponent < 32 x 2^16. */
export function exp2Integer(exponent: number): number {
  assert(exponent >= 0 && exponent < 32 * LOG2_ONE, `exp2Integer: exponent ${exponent} out of range`);
  const whole = Math.floor(exponent / LOG2_ONE);
  const fraction = exp2Fraction(exponent - (whole + 1) * LOG2_ONE); // in [1/2, 1)
  return Math.floor(fraction / 2 ** (31 - whole));
}
