// Doubles of TypeScript (IEEE 754 binary64, rounded to the nearest, ties to even) in integers, for the few rules that turn
// real numbers into money or births: what they decide is then the CPU's decision to the bit, which single precision, that
// a GPU may fuse besides, cannot promise. Neither infinite numbers nor those below 2^-1022 exist.

/** (-1)^negative x fraction x 2^exponent; the fraction has 53 bits, of which the highest is set, or is 0. */
struct Double {
  negative: bool,
  exponent: i32,
  fraction: U64,
}

const FRACTION_BITS = 52u;
/** Bits of a double behind its sign and exponent, high word. */
const HIGH_FRACTION = 0xfffffu;
const HIGH_ONE = 0x100000u;
const DOUBLE_BIAS = 1075;

/** The double of these bits. */
fn doubleOf(bits: U64) -> Double {
  let biased = (bits.y >> 20u) & 0x7ffu;
  if (biased == 0u) {
    return Double(bits.y >> 31u == 1u, 0, WIDE_ZERO);
  }
  return Double(bits.y >> 31u == 1u, i32(biased) - DOUBLE_BIAS, U64(bits.x, (bits.y & HIGH_FRACTION) | HIGH_ONE));
}

/** x 2^exponent, exactly. */
fn doubleOfWord(x: u32, exponent: i32) -> Double {
  let moved = countLeadingZeros(x) + 21u;
  return Double(false, select(exponent - i32(moved), 0, x == 0u), shiftFarLeft(wide(x), moved & 63u));
}

/** The double of a number in single precision, exactly. */
fn doubleOfF32(x: f32) -> Double {
  let bits = bitcast<u32>(x);
  let biased = (bits >> 23u) & 0xffu;
  let fraction = (bits & 0x7fffffu) | select(0u, 0x800000u, biased > 0u);
  var value = doubleOfWord(fraction, i32(max(biased, 1u)) - 150);
  value.negative = bits >> 31u == 1u;
  return value;
}

/** The next number of a sequence in [0, 1), as DrawSequence.unit. */
fn unitOf(word: u32) -> Double {
  return doubleOfWord(word >> 8u, -24);
}

/** a x 2^bits, of which the 64 low bits, for bits below 64. */
fn shiftFarLeft(a: U64, bits: u32) -> U64 {
  return shiftLeft(select(a, U64(0u, a.x), bits >= 32u), bits & 31u);
}

/** floor(a / 2^bits) for bits below 64. */
fn shiftFarRight(a: U64, bits: u32) -> U64 {
  return shiftRight(select(a, U64(a.y, 0u), bits >= 32u), bits & 31u);
}

/** The double nearest to (m + what is left) x 2^exponent, where something between 0 and 1 may be left of a wide m. */
fn rounded(negative: bool, exponent: i32, m: U64, left: bool) -> Double {
  if (isZero(m)) {
    return Double(negative, 0, WIDE_ZERO);
  }
  let zeros = select(countLeadingZeros(m.y), 32u + countLeadingZeros(m.x), m.y == 0u);
  let full = shiftFarLeft(m, zeros);
  let rest = full.x & 0x7ffu;
  var fraction = shiftRight(full, 11u);
  if (rest > 0x400u || (rest == 0x400u && (left || (fraction.x & 1u) == 1u))) {
    fraction = addWide(fraction, wide(1u));
  }
  var power = exponent - i32(zeros) + 11;
  if (fraction.y == 2u * HIGH_ONE) {
    fraction = U64(0u, HIGH_ONE);
    power += 1;
  }
  return Double(negative, power, fraction);
}

fn negated(a: Double) -> Double {
  return Double(!a.negative, a.exponent, a.fraction);
}

/** a x 2^by. */
fn scaled(a: Double, by: i32) -> Double {
  return Double(a.negative, select(a.exponent + by, 0, isZero(a.fraction)), a.fraction);
}

/** |a| < |b|. */
fn smaller(a: Double, b: Double) -> bool {
  if (isZero(a.fraction) || isZero(b.fraction) || a.exponent == b.exponent) {
    return lessWide(a.fraction, b.fraction);
  }
  return a.exponent < b.exponent;
}

fn isBelow(a: Double, b: Double) -> bool {
  if (isZero(a.fraction) && isZero(b.fraction)) {
    return false;
  }
  if (a.negative != b.negative) {
    return a.negative;
  }
  return (a.negative && smaller(b, a)) || (!a.negative && smaller(a, b));
}

fn sumOfDoubles(a: Double, b: Double) -> Double {
  let swaps = smaller(a, b);
  var large = a;
  var small = b;
  if (swaps) {
    large = b;
    small = a;
  }
  if (isZero(small.fraction)) {
    return Double(large.negative && (small.negative || !isZero(large.fraction)), large.exponent, large.fraction);
  }
  // ten bits to spare below, of which no sum needs more than two beside what is left
  let apart = min(63u, u32(large.exponent - small.exponent));
  let most = shiftLeft(large.fraction, 10u);
  let moved = shiftLeft(small.fraction, 10u);
  let least = shiftFarRight(moved, apart);
  let left = !equalWide(shiftFarLeft(least, apart), moved);
  var total = addWide(most, least);
  if (large.negative != small.negative) {
    total = subWide(most, addWide(least, wide(select(0u, 1u, left))));
    if (isZero(total)) {
      return Double(false, 0, WIDE_ZERO);
    }
  }
  return rounded(large.negative, large.exponent - 10, total, left);
}

fn differenceOfDoubles(a: Double, b: Double) -> Double {
  return sumOfDoubles(a, negated(b));
}

fn productOfDoubles(a: Double, b: Double) -> Double {
  let product = fullProduct(a.fraction, b.fraction);
  let top = U64((product.z << 22u) | (product.y >> 10u), (product.w << 22u) | (product.z >> 10u));
  let left = product.x != 0u || (product.y & 0x3ffu) != 0u;
  return rounded(a.negative != b.negative, a.exponent + b.exponent + 42, top, left);
}

/** a / b for b other than 0. */
fn quotientOfDoubles(a: Double, b: Double) -> Double {
  let numerator = U128(0u, a.fraction.x << 30u, shiftRight(a.fraction, 2u));
  let divided = divideFull(numerator, b.fraction);
  return rounded(a.negative != b.negative, a.exponent - b.exponent - 62, divided.xy, !isZero(divided.zw));
}

/** The number in single precision, rounded to the nearest, ties to even; infinite where it is too large. */
fn singleOf(a: Double) -> u32 {
  let sign = select(0u, 0x80000000u, a.negative);
  let power = a.exponent + i32(FRACTION_BITS);
  if (power > 127) {
    return sign | 0x7f800000u;
  }
  // numbers below 2^-126 have fewer bits
  let dropped = min(63u, 29u + u32(max(0, -126 - power)));
  var kept = shiftFarRight(a.fraction, dropped).x;
  let rest = subWide(a.fraction, shiftFarLeft(wide(kept), dropped));
  let half = shiftFarLeft(wide(1u), dropped - 1u);
  if (lessWide(half, rest) || (equalWide(half, rest) && (kept & 1u) == 1u)) {
    kept += 1u;
  }
  return sign + select(u32(max(power, -126) + 126) << 23u, 0u, isZero(a.fraction)) + kept;
}

/** floor(a) for a from 0 on, 2^64 - 1 where it is more. */
fn floorOfDouble(a: Double) -> U64 {
  if (a.exponent > 11) {
    return U64(U32_MAX, U32_MAX);
  }
  if (a.exponent >= 0) {
    return shiftLeft(a.fraction, u32(a.exponent));
  }
  return shiftFarRight(a.fraction, min(63u, u32(-a.exponent)));
}

/** The least integer from a on, for a from 0 on, 2^64 - 1 where it is more. */
fn ceilingOfDouble(a: Double) -> U64 {
  let whole = floorOfDouble(a);
  let above = a.exponent < 0 && !equalWide(shiftFarLeft(whole, min(63u, u32(-a.exponent))), a.fraction);
  return addWide(whole, wide(select(0u, 1u, above)));
}
