/**
 * exp, log and tanh of the float side of the model (observations, rewards, scripted traders). Built from
 * +, -, x, / alone, so that every JavaScript engine returns the same bits; the host's Math.exp and Math.log
 * may differ between versions. Relative error below 1e-12 in double precision.
 */
const LN2 = Math.LN2; // a constant of the language, not a computed value
const SQRT_HALF = Math.SQRT1_2;
const bits = new DataView(new ArrayBuffer(8));

/** Natural logarithm of a finite x > 0; -Infinity for 0, NaN below. */
export function log(x: number): number {
  if (!(x > 0)) return x === 0 ? -Infinity : Number.NaN;
  if (x === Infinity) return Infinity;
  let shift = 0;
  let scaled = x;
  if (x < 2.2250738585072014e-308) {
    scaled = x * 0x1_0000_0000_0000 * 16; // subnormal: 2^52
    shift = -52;
  }
  bits.setFloat64(0, scaled);
  const high = bits.getUint32(0);
  let exponent = (high >>> 20) - 1023 + shift;
  bits.setUint32(0, (high & 0x000f_ffff) | 0x3ff0_0000);
  let mantissa = bits.getFloat64(0); // in [1, 2)
  if (mantissa > 2 * SQRT_HALF) {
    mantissa /= 2;
    exponent++;
  }
  // log m = 2 atanh(s), s = (m - 1) / (m + 1), |s| <= 0.172
  const s = (mantissa - 1) / (mantissa + 1);
  const t = s * s;
  const series =
    1 / 3 + t * (1 / 5 + t * (1 / 7 + t * (1 / 9 + t * (1 / 11 + t * (1 / 13 + t * (1 / 15 + t / 17))))));
  return exponent * LN2 + 2 * s * (1 + t * series);
}

/** e^x; overflows to Infinity and underflows to 0 like Math.exp. */
export function exp(x: number): number {
  if (Number.isNaN(x)) return x;
  if (x > 709.782712893384) return Infinity; // log of the largest double
  if (x < -745.2) return 0;
  const k = Math.round(x / LN2);
  // r in [-ln2/2, ln2/2]; LN2 split in two so that k x LN2 is exact to the last bit
  const r = x - k * 0.6931471803691238 - k * 1.9082149292705877e-10;
  let sum = 1;
  for (let n = 13; n >= 1; n--) sum = 1 + (r / n) * sum;
  const half = k >> 1;
  return sum * powerOfTwo(half) * powerOfTwo(k - half);
}

/** Hyperbolic tangent. */
export function tanh(x: number): number {
  if (x > 20) return 1;
  if (x < -20) return -1;
  const magnitude = x < 0 ? -x : x;
  if (magnitude < 1e-4) return x * (1 - (x * x) / 3); // keeps the sign of a zero
  const e = exp(-2 * magnitude);
  const value = (1 - e) / (1 + e);
  return x < 0 ? -value : value;
}

/** A number rounded to single precision (f32), as kernels compute. */
export const single = (x: number): number => Math.fround(x);

/** Numerator of x^1, x^3, ... x^13 and denominator of x^0, x^2, x^4, x^6, lowest power first. */
const TANH_NUMERATOR = [
  4.89352455891786e-3, 6.37261928875436e-4, 1.48572235717979e-5, 5.12229709037114e-8, -8.60467152213735e-11,
  2.00018790482477e-13, -2.76076847742355e-16,
].map(single);
const TANH_DENOMINATOR = [
  4.89352518554385e-3, 2.268434632439e-3, 1.18534705686654e-4, 1.19825839466702e-6,
].map(single);
/** Beyond it tanh is 1 to f32. */
export const TANH_LIMIT = single(7.905311107635498);

/**
 * Hyperbolic tangent of an f32 in f32 arithmetic, relative error below 4e-7 above 1e-35: the rational approximation of
 * Eigen (generic_fast_tanh_float, eigen.tuxfamily.org), each operation rounded.
 */
export function tanhF32(x: number): number {
  const clipped = Math.min(TANH_LIMIT, Math.max(-TANH_LIMIT, x));
  const square = single(clipped * clipped);
  let p = TANH_NUMERATOR[6]!;
  for (let k = 5; k >= 0; k--) p = single(single(p * square) + TANH_NUMERATOR[k]!);
  let q = TANH_DENOMINATOR[3]!;
  for (let k = 2; k >= 0; k--) q = single(single(q * square) + TANH_DENOMINATOR[k]!);
  return single(single(clipped * p) / q);
}

function powerOfTwo(k: number): number {
  bits.setUint32(0, (k + 1023) << 20);
  bits.setUint32(4, 0);
  return bits.getFloat64(0);
}
