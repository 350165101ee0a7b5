// Twin of fixed.ts. LOG2_TABLE and EXP2_TABLE are the offsets of both tables in `tables`; the last entry of the second,
// 2^32, is stored as 0 and never read as anything but the end of the last step.

const LOG2_BITS = 16u;
const LOG2_ONE = 65536;
const TABLE_BITS = 10u;
const MANTISSA_SHIFT = 21u;

/** floor(a x b / 2^32). */
fn mulHigh(a: u32, b: u32) -> u32 {
  return productOf(a, b).y;
}

/** The share of an amount in 2^-32, rounded down; a share of 2^32 - 1 is all of it. */
fn portion(amount: u32, share: u32) -> u32 {
  return select(mulHigh(amount, share), amount, share == U32_MAX);
}

/** floor(a x b / c), for a quotient below 2^64 and c above 0. */
fn mulDiv(a: U64, b: U64, c: U64) -> U64 {
  return divideFull(fullProduct(a, b), c).xy;
}

/** floor(sqrt(n)) of 128 bits, bit by bit from the highest. */
fn isqrt(n: U128) -> U64 {
  var root = WIDE_ZERO;
  for (var k = 64u; k > 0u; k--) {
    let bit = k - 1u;
    let trial = root | select(U64(1u << (bit & 31u), 0u), U64(0u, 1u << (bit & 31u)), bit >= 32u);
    if (!lessFull(n, fullProduct(trial, trial))) {
      root = trial;
    }
  }
  return root;
}

/** log2(x) in 2^-16, for x of at least 1. */
fn log2Fixed(x: u32) -> u32 {
  let leading = 31u - countLeadingZeros(x);
  let mantissa = (x << (31u - leading)) & 0x7fffffffu;
  let index = mantissa >> MANTISSA_SHIFT;
  let rest = mantissa & ((1u << MANTISSA_SHIFT) - 1u);
  let low = tables[LOG2_TABLE + index];
  let step = tables[LOG2_TABLE + index + 1u] - low;
  return (leading << LOG2_BITS) + low + ((step * rest) >> MANTISSA_SHIFT);
}

/** log2 of a u32 in 2^-16, 0 counted as 1. */
fn log2OrZero(x: u32) -> u32 {
  return log2Fixed(max(x, 1u));
}

/** 2^(exponent / 2^16) as a fraction of 2^32, for a negative exponent in 2^-16; saturates at 2^32 - 1. */
fn exp2Fraction(exponent: i32) -> u32 {
  if (exponent >= 0) {
    return U32_MAX;
  }
  let whole = exponent >> LOG2_BITS;
  if (whole < -32) {
    return 0u;
  }
  let part = u32(exponent - whole * LOG2_ONE);
  let index = part >> (LOG2_BITS - TABLE_BITS);
  let rest = part & ((1u << (LOG2_BITS - TABLE_BITS)) - 1u);
  let low = tables[EXP2_TABLE + index];
  // in 32 bits the last entry is 0, and its difference to the one before still right
  let step = tables[EXP2_TABLE + index + 1u] - low;
  let mantissa = low + shiftRight(productOf(step, rest), LOG2_BITS - TABLE_BITS).x;
  let shift = u32(-whole);
  // (2^32 + mantissa) / 2^shift, shift 1..32
  if (shift == 32u) {
    return 1u;
  }
  return (1u << (32u - shift)) | (mantissa >> shift);
}

/** 2^(exponent / 2^16) rounded down, for 0 <= exponent < 32 x 2^16. */
fn exp2Integer(exponent: u32) -> u32 {
  let whole = exponent >> LOG2_BITS;
  let fraction = exp2Fraction(i32(exponent) - i32((whole + 1u) << LOG2_BITS));
  return fraction >> (31u - whole);
}
