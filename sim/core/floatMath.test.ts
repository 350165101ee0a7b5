import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { exp, log, single, TANH_LIMIT, tanh, tanhF32 } from './floatMath.ts';

const relative = (a: number, b: number): number => (a === b ? 0 : Math.abs(a - b) / Math.abs(b));
const LIMIT = 1e-12;

describe('log', () => {
  it('is within 1e-12 of the logarithm, relative, at any positive double', () => {
    fc.assert(
      fc.property(fc.double({ min: Number.MIN_VALUE, max: Number.MAX_VALUE, noNaN: true }), (x) => {
        expect(relative(log(x), Math.log(x))).toBeLessThan(LIMIT);
      }),
      { numRuns: 5000 },
    );
  });

  it('keeps its relative error near 1, where the logarithm vanishes', () => {
    for (const h of [1e-3, 1e-6, 1e-9, 2 ** -52]) {
      expect(relative(log(1 + h), Math.log1p(1 + h - 1))).toBeLessThan(LIMIT);
      expect(relative(log(1 - h), Math.log1p(1 - h - 1))).toBeLessThan(LIMIT);
    }
  });

  it.each([
    [1, 0],
    [0, -Infinity],
    [-0, -Infinity],
    [-1, Number.NaN],
    [Infinity, Infinity],
    [Number.NaN, Number.NaN],
  ])('of %d is %d', (x, expected) => {
    expect(log(x)).toBe(expected);
  });

  it('is finite at the smallest double', () => {
    expect(relative(log(5e-324), Math.log(5e-324))).toBeLessThan(LIMIT);
  });
});

describe('exp', () => {
  it('is within 1e-12 of the exponential, relative, wherever that is a normal double', () => {
    fc.assert(
      fc.property(fc.double({ min: -708, max: 709.78, noNaN: true }), (x) => {
        expect(relative(exp(x), Math.exp(x))).toBeLessThan(LIMIT);
      }),
      { numRuns: 5000 },
    );
  });

  it('is within one unit of the last place of a subnormal', () => {
    for (let x = -745; x < -708; x += 0.37) {
      expect(Math.abs(exp(x) - Math.exp(x))).toBeLessThanOrEqual(5e-324 + 1e-12 * Math.exp(x));
    }
  });

  it.each([
    [0, 1],
    [-0, 1],
    [-Infinity, 0],
    [Infinity, Infinity],
    [-746, 0],
    [710, Infinity],
    [Number.NaN, Number.NaN],
  ])('of %d is %d', (x, expected) => {
    expect(exp(x)).toBe(expected);
  });

  it('is finite up to the largest exponent that a double holds', () => {
    expect(relative(exp(709.7827), Math.exp(709.7827))).toBeLessThan(LIMIT);
    expect(exp(709.7828)).toBe(Infinity);
  });
});

describe('tanh', () => {
  it('is within 1e-12 of the hyperbolic tangent, relative', () => {
    fc.assert(
      fc.property(fc.double({ min: -25, max: 25, noNaN: true }), (x) => {
        expect(relative(tanh(x), Math.tanh(x))).toBeLessThan(LIMIT);
      }),
      { numRuns: 5000 },
    );
    for (const x of [9.9e-5, 1e-4, 1.01e-4, 1e-3, 1e-8, 1e-300]) {
      expect(relative(tanh(x), Math.tanh(x))).toBeLessThan(LIMIT);
    }
  });

  it('is odd and bounded by one', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true }), (x) => {
        expect(tanh(-x)).toBe(-tanh(x));
        expect(Math.abs(tanh(x))).toBeLessThanOrEqual(1);
      }),
    );
  });

  it('of NaN is NaN', () => {
    expect(tanh(Number.NaN)).toBeNaN();
  });
});

describe('tanhF32', () => {
  it('is within 4e-7 of the hyperbolic tangent, relative, but for what underflows', () => {
    fc.assert(
      fc.property(fc.float({ min: -20, max: 20, noNaN: true }), (x) => {
        const exact = Math.tanh(x);
        expect(Math.abs(tanhF32(x) - exact)).toBeLessThan(4e-7 * Math.abs(exact) + 1e-42);
      }),
      { numRuns: 5000 },
    );
  });

  it('is an f32, odd, and at most one beyond the limit of its approximation', () => {
    fc.assert(
      fc.property(fc.float({ noNaN: true }), (x) => {
        expect(tanhF32(x)).toBe(single(tanhF32(x)));
        expect(tanhF32(-x)).toBe(-tanhF32(x));
      }),
    );
    for (const x of [TANH_LIMIT, 9, 1e30, Infinity]) expect(tanhF32(x)).toBe(tanhF32(TANH_LIMIT));
    expect(1 - tanhF32(TANH_LIMIT)).toBeGreaterThanOrEqual(0);
    expect(1 - tanhF32(TANH_LIMIT)).toBeLessThan(4e-7);
  });
});
