import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AssertionError } from './errors.ts';
import { fraction32, fromFraction32, fromMilli, milli, U32_MAX } from './units.ts';

describe('milli', () => {
  it.each([
    [0, 0],
    [0.0004, 0],
    [0.0005, 1],
    [0.001, 1],
    [1.2345, 1235],
    [2000, 2_000_000],
    [0.15, 150],
  ])('of %d is %i milli-units', (amount, expected) => {
    expect(milli(amount)).toBe(expected);
  });

  it('gives back every amount of whole milli-units', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 48 }), (n) => {
        expect(milli(fromMilli(n))).toBe(n);
      }),
    );
  });

  it.each([-0.001, Number.NaN, Infinity, 1e13])('refuses %d', (amount) => {
    expect(() => milli(amount)).toThrow(AssertionError);
  });
});

describe('fraction32', () => {
  it.each([
    [0, 0],
    [0.5, 0x8000_0000],
    [2 ** -32, 1],
    [2 ** -33, 0],
    [1, U32_MAX],
  ])('of %d is %i', (share, expected) => {
    expect(fraction32(share)).toBe(expected);
  });

  it('rounds down by less than 2^-32', () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), (share) => {
        const back = fromFraction32(fraction32(share));
        expect(back).toBeLessThanOrEqual(share);
        expect(share - back).toBeLessThan(2 ** -32);
      }),
    );
  });

  it.each([-1e-9, 1.0000001, Number.NaN])('refuses %d', (share) => {
    expect(() => fraction32(share)).toThrow(AssertionError);
  });
});
