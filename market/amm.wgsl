// Twin of amm.ts, for integers below 2^53.

const AMM_KEEP = 997u;
const AMM_SCALE = 1000u;

/** ceil(a x b / c), for a quotient below 2^64. */
fn mulDivUp(a: U64, b: U64, c: U64) -> U64 {
  return divideFull(addFull(fullProduct(a, b), U128(subWide(c, wide(1u)), WIDE_ZERO)), c).xy;
}

/** floor(997 in Rout / (1000 Rin + 997 in)): what a swap pays out; nothing from an empty pool. */
fn amountOut(amountIn: U64, reserveIn: U64, reserveOut: U64) -> U64 {
  let kept = mulWide(amountIn, AMM_KEEP);
  let denominator = addWide(mulWide(reserveIn, AMM_SCALE), kept);
  if (isZero(denominator)) {
    return WIDE_ZERO;
  }
  return divideFull(fullProduct(kept, reserveOut), denominator).xy;
}

/** The least input that pays out at least `wanted`, which is below the reserve; 2^64 - 1 where it is more. */
fn amountIn(wanted: U64, reserveIn: U64, reserveOut: U64) -> U64 {
  let divisor = mulWide(subWide(reserveOut, wanted), AMM_KEEP);
  let product = fullProduct(mulWide(reserveIn, AMM_SCALE), wanted);
  let rounded = addFull(product, U128(subWide(divisor, wide(1u)), WIDE_ZERO));
  if (!lessWide(rounded.zw, divisor)) {
    return U64(U32_MAX, U32_MAX);
  }
  return divideFull(rounded, divisor).xy;
}

/** The price at which an aggregate swap is shared out: `whole` + `part` / 2^32. */
struct SwapRate {
  whole: U64,
  part: u32,
}

/** The rate of `output` for `input` > 0, rounded down. */
fn rateOf(output: U64, input: U64) -> SwapRate {
  let whole = divideFull(U128(output, WIDE_ZERO), input);
  let part = divideFull(U128(0u, whole.z, whole.w, 0u), input);
  return SwapRate(whole.xy, part.x);
}

/** The higher of two rates. */
fn higherRate(a: SwapRate, b: SwapRate) -> SwapRate {
  if (lessWide(a.whole, b.whole) || (equalWide(a.whole, b.whole) && a.part < b.part)) {
    return b;
  }
  return a;
}

/** floor(x x rate), of which the 64 low bits: shares of what a pool pays out never pass 2^53. */
fn shareAt(rate: SwapRate, x: u32) -> U64 {
  return addWide(mulWide(rate.whole, x), wide(mulHigh(x, rate.part)));
}

/** The least x with shareAt(x) >= wanted, or `free` when all of it is not enough; wanted > 0. */
fn costAt(rate: SwapRate, wanted: u32, free: u32) -> u32 {
  if (rate.whole.y != 0u) {
    // one unit brings 2^32 or more
    return min(1u, free);
  }
  if (lessWide(shareAt(rate, free), wide(wanted))) {
    return free;
  }
  let whole = rate.whole.x;
  // wanted / rate by the first words of both, normalised: too large by two at most (Knuth, algorithm D)
  var dividend = U64(0u, wanted);
  var divisor = rate.part;
  if (whole != 0u) {
    let shift = countLeadingZeros(whole);
    dividend = shiftLeft(wide(wanted), shift);
    divisor = shiftLeft(U64(rate.part, whole), shift).y;
  }
  var quotient = U32_MAX;
  if (dividend.y < divisor) {
    quotient = divideLimbs(dividend.y, dividend.x, divisor).x;
  }
  var x = min(free, select(quotient + 1u, U32_MAX, quotient == U32_MAX));
  while (x > 0u && !lessWide(shareAt(rate, x - 1u), wide(wanted))) {
    x -= 1u;
  }
  return x;
}
