import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AssertionError } from './errors.ts';
import { exp2Fraction, exp2Integer, isqrt, LOG2_ONE, log2Fixed, mulDiv, mulHigh } from './fixed.ts';

const MAX = 0xffff_ffff;
const u32 = fc.integer({ min: 0, max: MAX });
const safe = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER });

describe('mulHigh', () => {
  it.each([
    [0, MAX, 0],
    [1, MAX, 0],
    [2, 0x8000_0000, 1],
    [2, 0x7fff_ffff, 0],
    [MAX, MAX, MAX - 1],
    [0x1_0000, 0x1_0000, 1],
    [0xffff, 0x1_0001, 0],
  ])('of %i and %i is %i', (a, b, expected) => {
    expect(mulHigh(a, b)).toBe(expected);
  });

  it('is the high word of the product of any two u32', () => {
    fc.assert(
      fc.property(u32, u32, (a, b) => {
        expect(BigInt(mulHigh(a, b))).toBe((BigInt(a) * BigInt(b)) >> 32n);
      }),
      { numRuns: 5000 },
    );
  });
});

describe('mulDiv', () => {
  it('is the floor of a b / c, however large the product', () => {
    fc.assert(
      fc.property(safe, safe, safe, (a, b, c) => {
        const divisor = c + 1;
        const exact = (BigInt(a) * BigInt(b)) / BigInt(divisor);
        fc.pre(exact <= BigInt(Number.MAX_SAFE_INTEGER));
        expect(BigInt(mulDiv(a, b, divisor))).toBe(exact);
      }),
      { numRuns: 2000 },
    );
  });

  it('is exact where the quotient of a large product is an integer, or one unit short of one', () => {
    const large = fc.integer({ min: 2 ** 26, max: 2 ** 49 });
    fc.assert(
      fc.property(
        large,
        large,
        fc.integer({ min: 1, max: 2 ** 26 }),
        fc.integer({ min: -2, max: 2 }),
        (a, c, m, d) => {
          // a x (c m + d) / c = a m + a d / c, on either side of a m where a < c
          const b = c * m + d;
          fc.pre(Number.isSafeInteger(b) && (BigInt(a) * BigInt(b)) / BigInt(c) <= Number.MAX_SAFE_INTEGER);
          expect(BigInt(mulDiv(a, b, c))).toBe((BigInt(a) * BigInt(b)) / BigInt(c));
        },
      ),
      { numRuns: 2000 },
    );
  });

  it('refuses a quotient that no double holds exactly, and takes the largest that one does', () => {
    expect(() => mulDiv(562_949_952_372_737, 1_073_741_826, 67_108_864)).toThrow('passes 2^53 - 1');
    expect(mulDiv(Number.MAX_SAFE_INTEGER, 2, 2)).toBe(Number.MAX_SAFE_INTEGER);
  });

  it('is exact on both sides of a quotient that is almost an integer', () => {
    expect(mulDiv(Number.MAX_SAFE_INTEGER, 1, Number.MAX_SAFE_INTEGER)).toBe(1);
    expect(mulDiv(Number.MAX_SAFE_INTEGER - 1, 1, Number.MAX_SAFE_INTEGER)).toBe(0);
    expect(mulDiv(3, 2 ** 51, 2 ** 52)).toBe(1);
    expect(mulDiv(2 ** 52, 2 ** 52 - 1, 2 ** 52)).toBe(2 ** 52 - 1);
  });

  it('refuses to divide by zero', () => {
    expect(() => mulDiv(1, 1, 0)).toThrow(AssertionError);
  });
});

describe('isqrt', () => {
  it('is the largest integer whose square does not exceed n', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 1n << 130n }), (n) => {
        const root = isqrt(n);
        expect(root * root <= n && (root + 1n) * (root + 1n) > n).toBe(true);
      }),
    );
  });

  it('is exact one below, at and one above a square', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 2n, max: 1n << 64n }), (root) => {
        expect(isqrt(root * root - 1n)).toBe(root - 1n);
        expect(isqrt(root * root)).toBe(root);
        expect(isqrt(root * root + 1n)).toBe(root);
      }),
    );
  });

  it('refuses a negative number', () => {
    expect(() => isqrt(-1n)).toThrow(AssertionError);
  });
});

describe('log2Fixed', () => {
  it.each([
    [1, 0],
    [2, LOG2_ONE],
    [0x8000_0000, 31 * LOG2_ONE],
  ])('of the power of two %i is exact', (x, expected) => {
    expect(log2Fixed(x)).toBe(expected);
  });

  it('is within 1.52 x 2^-16 of the logarithm', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: MAX }), (x) => {
        expect(Math.abs(log2Fixed(x) / LOG2_ONE - Math.log2(x))).toBeLessThan(1.52 * 2 ** -16);
      }),
      { numRuns: 20_000 },
    );
    for (let x = 1; x < 100_000; x++)
      if (Math.abs(log2Fixed(x) / LOG2_ONE - Math.log2(x)) >= 1.52 * 2 ** -16) expect.fail(`log2 of ${x}`);
  });

  it('never falls as x grows', () => {
    let before = 0;
    for (let x = 1; x < 200_000; x++) {
      const now = log2Fixed(x);
      if (now < before) expect.fail(`log2 of ${x} is below that of ${x - 1}`);
      before = now;
    }
    fc.assert(
      fc.property(fc.integer({ min: 1, max: MAX - 1 }), (x) => log2Fixed(x) <= log2Fixed(x + 1)),
      { numRuns: 20_000 },
    );
  });

  it('refuses zero', () => {
    expect(() => log2Fixed(0)).toThrow(AssertionError);
  });
});

describe('exp2Fraction', () => {
  it('is within 2^-22 of the power, relative, plus one unit of truncation', () => {
    for (let exponent = -20 * LOG2_ONE; exponent < 0; exponent += 7) {
      const exact = 2 ** (exponent / LOG2_ONE + 32);
      const error = Math.abs(exp2Fraction(exponent) - exact);
      if (error > exact * 2 ** -22 + 1) expect.fail(`2^${exponent / LOG2_ONE} is off by ${error}`);
    }
  });

  it('never falls as the exponent grows', () => {
    let before = 0;
    for (let exponent = -33 * LOG2_ONE; exponent <= 1; exponent += 3) {
      const now = exp2Fraction(exponent);
      if (now < before) expect.fail(`falls at ${exponent}`);
      before = now;
    }
  });

  it.each([
    [-LOG2_ONE, 0x8000_0000],
    [-32 * LOG2_ONE, 1],
    [-32 * LOG2_ONE - 1, 0],
    [-(2 ** 31), 0],
    [0, MAX],
    [5 * LOG2_ONE, MAX],
  ])('of %i / 2^16 is %i', (exponent, expected) => {
    expect(exp2Fraction(exponent)).toBe(expected);
  });
});

describe('exp2Integer', () => {
  it('is exact at whole exponents', () => {
    for (let k = 0; k < 32; k++) expect(exp2Integer(k * LOG2_ONE)).toBe(2 ** k);
  });

  it('is within 2^-22 of the power, relative, rounded down', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 32 * LOG2_ONE - 1 }), (exponent) => {
        const exact = 2 ** (exponent / LOG2_ONE);
        const value = exp2Integer(exponent);
        expect(value).toBeLessThanOrEqual(Math.floor(exact * (1 + 2 ** -22)));
        expect(value).toBeGreaterThanOrEqual(Math.floor(exact * (1 - 2 ** -22)) - 1);
      }),
      { numRuns: 5000 },
    );
  });

  it('undoes log2Fixed to 2^-15, relative, and one unit', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: MAX }), (x) => {
        expect(Math.abs(exp2Integer(log2Fixed(x)) - x)).toBeLessThanOrEqual(x * 2 ** -15 + 1);
      }),
    );
  });

  it.each([-1, 32 * LOG2_ONE])('refuses the exponent %i', (exponent) => {
    expect(() => exp2Integer(exponent)).toThrow(AssertionError);
  });
});
