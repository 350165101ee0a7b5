/**
 * The constant-product market maker in the exact integers of Uniswap v2 (30 bps fee kept by the pool).
 * Source: H. Adams, N. Zinsmeister, D. Robinson, "Uniswap v2 Core", 2020, equation 11 and getAmountOut.
 */
import { assert } from '../sim/core/assert.ts';
import { mulDiv } from '../sim/core/fixed.ts';

/** The share of an input that trades, in thousandths. */
export const AMM_KEEP = 997;
export const AMM_SCALE = 1000;
const KEEP = BigInt(AMM_KEEP);
const SCALE = BigInt(AMM_SCALE);

/**
 * floor(997 in Rout / (1000 Rin + 997 in)): what a swap pays out, for integers of any width.
 *
 * @throws AssertionError for a negative input or an empty reserve
 */
export function amountOut(amountIn: bigint, reserveIn: bigint, reserveOut: bigint): bigint {
  assert(amountIn >= 0n, 'a swap needs an amount of zero or more');
  assert(reserveIn > 0n && reserveOut > 0n, 'a swap needs both reserves above zero');
  return (KEEP * amountIn * reserveOut) / (SCALE * reserveIn + KEEP * amountIn);
}

/**
 * The least input that pays out at least `wanted`: ceil(1000 Rin wanted / (997 (Rout - wanted))). Uniswap's
 * getAmountIn returns one more where the division is exact.
 *
 * @throws AssertionError unless 0 <= wanted < reserveOut
 */
export function amountIn(wanted: bigint, reserveIn: bigint, reserveOut: bigint): bigint {
  assert(wanted >= 0n && wanted < reserveOut, 'an output must be below its reserve');
  assert(reserveIn > 0n, 'a swap needs both reserves above zero');
  const divisor = KEEP * (reserveOut - wanted);
  return (SCALE * reserveIn * wanted + divisor - 1n) / divisor;
}

/** `amountOut` of safe integers, the same result; without big integers where the denominator stays below 2^53. */
export function amountOutNumber(input: number, reserveIn: number, reserveOut: number): number {
  const denominator = AMM_SCALE * reserveIn + AMM_KEEP * input;
  if (denominator <= Number.MAX_SAFE_INTEGER && input >= 0 && reserveIn > 0 && reserveOut > 0) {
    return mulDiv(AMM_KEEP * input, reserveOut, denominator);
  }
  return Number(amountOut(BigInt(input), BigInt(reserveIn), BigInt(reserveOut)));
}

/** `amountIn` of safe integers. */
export function amountInNumber(wanted: number, reserveIn: number, reserveOut: number): number {
  return Number(amountIn(BigInt(wanted), BigInt(reserveIn), BigInt(reserveOut)));
}

/** Distance from an integer within which a quotient of u32 in double precision is checked in integers. */
const ESTIMATE_MARGIN = 2 ** -18;

/**
 * The price at which an aggregate swap is shared out: floor(out x 2^32 / in) as two words, since a price
 * above one passes 32 bits. share(x) = floor(x x rate / 2^32), so shares never add up to more than `out`.
 */
export class SwapRate {
  whole = 0;
  /** 2^-32. */
  part = 0;
  /** 1 / rate in double precision. */
  private inverse = Number.POSITIVE_INFINITY;

  /** Sets the rate of `out` for `input` > 0, both below 2^53. */
  set(out: number, input: number): this {
    this.whole = Math.floor(out / input);
    const rest = out - this.whole * input;
    if (input < 2 ** 37) {
      // long division by two 16-bit digits: every product stays below 2^53
      const high = Math.floor((rest * 0x1_0000) / input);
      const low = Math.floor(((rest * 0x1_0000 - high * input) * 0x1_0000) / input);
      this.part = high * 0x1_0000 + low;
    } else {
      this.part = mulDiv(rest, 0x1_0000_0000, input);
    }
    this.inverse = 1 / (this.whole + this.part / 0x1_0000_0000);
    return this;
  }

  /** Takes over another rate when it is higher. */
  raiseTo(other: SwapRate): void {
    if (other.whole > this.whole || (other.whole === this.whole && other.part > this.part)) {
      this.whole = other.whole;
      this.part = other.part;
      this.inverse = other.inverse;
    }
  }

  /** floor(x x rate / 2^32) for a u32 x. */
  share(x: number): number {
    // mulHigh of fixed.ts, inlined by hand: the hot line of the sale's search
    const high = x >>> 16;
    const low = x & 0xffff;
    const partHigh = this.part >>> 16;
    const partLow = this.part & 0xffff;
    const middle = high * partLow + low * partHigh + (Math.imul(low, partLow) >>> 16);
    return x * this.whole + high * partHigh + Math.floor(middle / 0x1_0000);
  }

  /**
   * The least x with share(x) >= wanted, or `free` when all of it is not enough: min(ceil(wanted x 2^32 /
   * rate), free). Exact: the estimate in double precision decides unless it is so close to an integer that its
   * rounding could matter; then it is corrected.
   *
   * @param wanted positive u32
   * @param free u32
   */
  cost(wanted: number, free: number): number {
    const estimate = wanted * this.inverse;
    const x = Math.ceil(estimate);
    const short = x - estimate;
    // relative error below 2^-51, so 2^-19 at 2^32 (of a rate of 0 the estimate is infinite)
    if (estimate < 0x1_0000_0000 && short > ESTIMATE_MARGIN && short < 1 - ESTIMATE_MARGIN)
      return Math.min(x, free);
    return this.exactCost(wanted, free);
  }

  private exactCost(wanted: number, free: number): number {
    if (this.share(free) < wanted) return free;
    let x = Math.min(free, Math.max(1, Math.ceil(wanted / (this.whole + this.part / 0x1_0000_0000))));
    while (x > 0 && this.share(x - 1) >= wanted) x--;
    while (this.share(x) < wanted) x++;
    return x;
  }
}
