/** Quantiles and tails of the normal and of Student's distribution, for intervals and the number of seeds that an effect needs. */

/** Coefficients of Wichura's algorithm AS 241 (Applied Statistics 37, 1988), routine PPND7: relative error 1e-7. */
const CENTRE = {
  numerator: [3.3871327179, 50.434271938, 159.29113202, 59.10937472],
  denominator: [1, 17.895169469, 78.757757664, 67.1875636],
} as const;
const MIDDLE = {
  numerator: [1.4234372777, 2.75681539, 1.3067284816, 0.17023821103],
  denominator: [1, 0.7370016425, 0.12021132975],
} as const;
const TAIL = {
  numerator: [6.657905115, 3.081226386, 0.42868294337, 0.017337203997],
  denominator: [1, 0.24197894225, 0.012258202635],
} as const;
const CENTRE_WIDTH = 0.425;
const TAIL_FROM = 5;
const TAIL_SHIFT = 1.6;

const polynomial = (coefficients: readonly number[], x: number): number =>
  coefficients.reduceRight((value, coefficient) => value * x + coefficient, 0);

/**
 * The value below which a standard normal variable lies with probability `p`, in (0, 1).
 *
 * @throws RangeError outside
 */
export function normalQuantile(p: number): number {
  if (!(p > 0 && p < 1)) throw new RangeError(`a probability of a quantile is ${p}, not between 0 and 1`);
  const q = p - 0.5;
  if (Math.abs(q) <= CENTRE_WIDTH) {
    const r = CENTRE_WIDTH ** 2 - q * q;
    return (q * polynomial(CENTRE.numerator, r)) / polynomial(CENTRE.denominator, r);
  }
  const r = Math.sqrt(-Math.log(Math.min(p, 1 - p)));
  const [{ numerator, denominator }, x] = r <= TAIL_FROM ? [MIDDLE, r - TAIL_SHIFT] : [TAIL, r - TAIL_FROM];
  return Math.sign(q) * (polynomial(numerator, x) / polynomial(denominator, x));
}

/** Abramowitz & Stegun 7.1.26 has an error of 1.5e-7 at most, which no report shows. */
const ERF = [0, 0.254829592, -0.284496736, 1.421413741, -1.453152027, 1.061405429] as const;
const ERF_SCALE = 0.3275911;

/** Probability that a standard normal variable lies below `x`; absolute error 1e-7. */
export function normalCdf(x: number): number {
  const z = Math.abs(x) / Math.SQRT2;
  const upper = 0.5 * polynomial(ERF, 1 / (1 + ERF_SCALE * z)) * Math.exp(-z * z);
  return x < 0 ? upper : 1 - upper;
}

/**
 * The value that Student's t exceeds with probability `tail`, in (0, 0.5]: Hill 1970 (algorithm 396), six digits.
 *
 * @param freedom degrees of freedom, a whole number from 1
 * @throws RangeError outside
 */
export function studentQuantile(tail: number, freedom: number): number {
  if (!(tail > 0 && tail <= 0.5)) throw new RangeError(`a tail is ${tail}, not above 0 and up to 0.5`);
  if (!(freedom >= 1))
    throw new RangeError(`Student's t has ${freedom} degrees of freedom, at least 1 needed`);
  const both = 2 * tail;
  if (freedom === 1) return 1 / Math.tan((both * Math.PI) / 2);
  if (freedom === 2) return Math.sqrt(2 / (both * (2 - both)) - 2);
  const a = 1 / (freedom - 0.5);
  const b = 48 / (a * a);
  let c = (((20_700 * a) / b - 98) * a - 16) * a + 96.36;
  const d = ((94.5 / (b + c) - 3) / b + 1) * Math.sqrt((a * Math.PI) / 2) * freedom;
  let y = (d * both) ** (2 / freedom);
  if (y > 0.05 + a) {
    const x = normalQuantile(tail);
    y = x * x;
    if (freedom < 5) c += 0.3 * (freedom - 4.5) * (x + 0.6);
    c += (((0.05 * d * x - 5) * x - 7) * x - 2) * x + b;
    y = (((((0.4 * y + 6.3) * y + 36) * y + 94.5) / c - y - 3) / b + 1) * x;
    y = Math.expm1(a * y * y);
  } else {
    const far = 1 / (((freedom + 6) / (freedom * y) - 0.089 * d - 0.822) * (freedom + 2) * 3);
    y = ((far + 0.5 / (freedom + 4)) * y - 1) * ((freedom + 1) / (freedom + 2)) + 1 / y;
  }
  return Math.sqrt(freedom * y);
}
