import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { normalCdf, normalQuantile, studentQuantile } from './distributions.ts';

describe('distributions', () => {
  it.each([
    [0.5, 0],
    [0.975, 1.959964],
    [0.8, 0.841621],
    [0.999, 3.090232],
    [1e-9, -5.997807],
  ])('the normal quantile at %d is %d', (p, expected) => {
    expect(normalQuantile(p)).toBeCloseTo(expected, 5);
  });

  it('the distribution function undoes the quantile to seven digits', () => {
    fc.assert(
      fc.property(fc.double({ min: 1e-6, max: 1 - 1e-6, noNaN: true }), (p) => {
        expect(normalCdf(normalQuantile(p))).toBeCloseTo(p, 6);
      }),
    );
  });

  it.each([
    [0.025, 1, 12.7062],
    [0.025, 2, 4.30265],
    [0.025, 3, 3.18245],
    [0.025, 4, 2.77645],
    [0.025, 9, 2.26216],
    [0.025, 19, 2.09302],
    [0.005, 7, 3.49948],
    [0.1, 30, 1.31042],
    [0.025, 1e6, 1.95997],
    [0.5, 5, 0],
  ])("Student's t exceeds with probability %d at %d degrees of freedom the tabled %d", (tail, freedom, t) => {
    expect(studentQuantile(tail, freedom)).toBeCloseTo(t, 3);
  });

  it('probabilities and degrees of freedom that are none are refused', () => {
    for (const p of [0, 1, -0.1, Number.NaN]) expect(() => normalQuantile(p)).toThrow(RangeError);
    for (const p of [0, 0.51, Number.NaN]) expect(() => studentQuantile(p, 3)).toThrow(RangeError);
    expect(() => studentQuantile(0.025, 0)).toThrow(RangeError);
  });
});
