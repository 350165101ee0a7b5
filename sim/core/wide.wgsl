// Integers of 64 and 128 bits as limbs of 32, least significant first. Twin of the doubles (integers below 2^53) and
// big integers of TypeScript; signed ones in two's complement.

alias U64 = vec2<u32>;
alias U128 = vec4<u32>;

const WIDE_ZERO = U64(0u, 0u);
const U32_MAX = 0xffffffffu;

fn wide(x: u32) -> U64 {
  return U64(x, 0u);
}

/** A signed 32-bit number in 64 bits. */
fn wideSigned(x: i32) -> U64 {
  return U64(bitcast<u32>(x), select(0u, U32_MAX, x < 0));
}

fn isZero(a: U64) -> bool {
  return (a.x | a.y) == 0u;
}

/** Below zero in two's complement. */
fn isNegative(a: U64) -> bool {
  return (a.y >> 31u) == 1u;
}

fn equalWide(a: U64, b: U64) -> bool {
  return a.x == b.x && a.y == b.y;
}

/** a < b, unsigned. */
fn lessWide(a: U64, b: U64) -> bool {
  return a.y < b.y || (a.y == b.y && a.x < b.x);
}

/** a < b in two's complement. */
fn lessSigned(a: U64, b: U64) -> bool {
  let flip = U64(0u, 0x80000000u);
  return lessWide(a ^ flip, b ^ flip);
}

fn minWide(a: U64, b: U64) -> U64 {
  return select(b, a, lessWide(a, b));
}

fn maxWide(a: U64, b: U64) -> U64 {
  return select(a, b, lessWide(a, b));
}

fn addWide(a: U64, b: U64) -> U64 {
  let low = a.x + b.x;
  return U64(low, a.y + b.y + select(0u, 1u, low < a.x));
}

fn subWide(a: U64, b: U64) -> U64 {
  return U64(a.x - b.x, a.y - b.y - select(0u, 1u, a.x < b.x));
}

fn negateWide(a: U64) -> U64 {
  return subWide(WIDE_ZERO, a);
}

/** a - b, or 0 where b is more. */
fn lessOrZero(a: U64, b: U64) -> U64 {
  return select(subWide(a, b), WIDE_ZERO, lessWide(a, b));
}

/** The number as u32, 2^32 - 1 where it is more. */
fn saturate(a: U64) -> u32 {
  return select(a.x, U32_MAX, a.y != 0u);
}

/** a x b exactly. */
fn productOf(a: u32, b: u32) -> U64 {
  let aLow = a & 0xffffu;
  let aHigh = a >> 16u;
  let bLow = b & 0xffffu;
  let bHigh = b >> 16u;
  let low = aLow * bLow;
  let cross = aHigh * bLow + (low >> 16u);
  let middle = aLow * bHigh + (cross & 0xffffu);
  return U64((middle << 16u) | (low & 0xffffu), aHigh * bHigh + (cross >> 16u) + (middle >> 16u));
}

/** a x b, of which the product's 64 low bits. */
fn mulWide(a: U64, b: u32) -> U64 {
  let low = productOf(a.x, b);
  return U64(low.x, low.y + a.y * b);
}

/** a x b exactly. */
fn fullProduct(a: U64, b: U64) -> U128 {
  let low = productOf(a.x, b.x);
  let first = productOf(a.x, b.y);
  let second = productOf(a.y, b.x);
  let high = productOf(a.y, b.y);
  let sum = addWide(first, wide(low.y));
  let cross = addWide(second, wide(sum.x));
  let top = addWide(addWide(high, wide(sum.y)), wide(cross.y));
  return U128(low.x, cross.x, top.x, top.y);
}

fn addFull(a: U128, b: U128) -> U128 {
  let low = addWide(a.xy, b.xy);
  var high = addWide(a.zw, b.zw);
  if (lessWide(low, a.xy)) {
    high = addWide(high, wide(1u));
  }
  return U128(low, high);
}

fn subFull(a: U128, b: U128) -> U128 {
  var high = subWide(a.zw, b.zw);
  if (lessWide(a.xy, b.xy)) {
    high = subWide(high, wide(1u));
  }
  return U128(subWide(a.xy, b.xy), high);
}

/** a < b, unsigned. */
fn lessFull(a: U128, b: U128) -> bool {
  return lessWide(a.zw, b.zw) || (equalWide(a.zw, b.zw) && lessWide(a.xy, b.xy));
}

/** Quotient and remainder of a two-limb number whose high limb is below the divisor (Warren, Hacker's Delight, divlu). */
fn divideLimbs(high: u32, low: u32, divisor: u32) -> vec2<u32> {
  if (high == 0u) {
    return vec2<u32>(low / divisor, low % divisor);
  }
  let shift = countLeadingZeros(divisor);
  let d = divisor << shift;
  let dHigh = d >> 16u;
  let dLow = d & 0xffffu;
  // a shift by 32 is not defined
  let top = (high << shift) | select(low >> (32u - shift), 0u, shift == 0u);
  let rest = low << shift;
  let restHigh = rest >> 16u;
  let restLow = rest & 0xffffu;

  var q1 = top / dHigh;
  var r = top - q1 * dHigh;
  while (q1 >= 0x10000u || q1 * dLow > ((r << 16u) | restHigh)) {
    q1 -= 1u;
    r += dHigh;
    if (r >= 0x10000u) {
      break;
    }
  }
  let middle = ((top << 16u) | restHigh) - q1 * d;
  var q0 = middle / dHigh;
  r = middle - q0 * dHigh;
  while (q0 >= 0x10000u || q0 * dLow > ((r << 16u) | restLow)) {
    q0 -= 1u;
    r += dHigh;
    if (r >= 0x10000u) {
      break;
    }
  }
  let remainder = (((middle << 16u) | restLow) - q0 * d) >> shift;
  return vec2<u32>((q1 << 16u) + q0, remainder);
}

/** floor(a / b); b above 0. */
fn divideByWord(a: U64, b: u32) -> U64 {
  let high = a.y / b;
  return U64(divideLimbs(a.y - high * b, a.x, b).x, high);
}

/** a mod b; b above 0. */
fn remainderOfWord(a: U64, b: u32) -> u32 {
  return divideLimbs(a.y % b, a.x, b).y;
}

/**
 * floor(n / d) and n mod d, for n below d x 2^64; d above 0. Bit by bit: little code, which compilers copy to every call,
 * and as many rounds as the quotient may have bits.
 */
fn divideFull(n: U128, d: U64) -> U128 {
  var rest = n.zw;
  var quotient = n.xy;
  // leading zeros of the low half are passed over where nothing lies above them
  var rounds = 64u;
  if (isZero(rest)) {
    let zeros = min(63u, select(countLeadingZeros(quotient.y), 32u + countLeadingZeros(quotient.x), quotient.y == 0u));
    rounds -= zeros;
    if (zeros >= 32u) {
      quotient = U64(0u, quotient.x);
    }
    quotient = shiftLeft(quotient, zeros & 31u);
  }
  for (; rounds > 0u; rounds--) {
    let carry = rest.y >> 31u;
    rest = U64((rest.x << 1u) | (quotient.y >> 31u), (rest.y << 1u) | (rest.x >> 31u));
    quotient = U64(quotient.x << 1u, (quotient.y << 1u) | (quotient.x >> 31u));
    if (carry == 1u || !lessWide(rest, d)) {
      rest = subWide(rest, d);
      quotient.x |= 1u;
    }
  }
  return U128(quotient, rest);
}

/** a x 2^bits for bits below 32, of which the 64 low bits. */
fn shiftLeft(a: U64, bits: u32) -> U64 {
  if (bits == 0u) {
    return a;
  }
  return U64(a.x << bits, (a.y << bits) | (a.x >> (32u - bits)));
}

/** floor(a / 2^bits) for bits below 32. */
fn shiftRight(a: U64, bits: u32) -> U64 {
  if (bits == 0u) {
    return a;
  }
  return U64((a.x >> bits) | (a.y << (32u - bits)), a.y >> bits);
}

/** floor(a / 2^bits) in two's complement, for bits below 32: rounds down, as Math.floor does. */
fn shiftRightSigned(a: U64, bits: u32) -> U64 {
  if (bits == 0u) {
    return a;
  }
  return U64((a.x >> bits) | (a.y << (32u - bits)), bitcast<u32>(bitcast<i32>(a.y) >> bits));
}
