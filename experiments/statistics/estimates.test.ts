import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  ascending,
  deviation,
  interquartileError,
  interquartileMean,
  mean,
  median,
  quantileOfSorted,
  theilSenSlope,
} from './estimates.ts';

const finite = fc.double({ min: -1e6, max: 1e6, noNaN: true });

describe('the interquartile mean', () => {
  it('leaves out a quarter at either end, rounded down', () => {
    expect(interquartileMean([1, 2, 3])).toBe(2);
    expect(interquartileMean([100, 2, 3, -50])).toBe(2.5);
    expect(interquartileMean([5, 1, 2, 9, 3])).toBeCloseTo(10 / 3);
    expect(interquartileMean([8, 1, 2, 3, 4, 5, 6, 70])).toBe(4.5);
    expect(interquartileMean([])).toBeNaN();
  });

  it('does not see how far the outermost quarter lies, which the mean does', () => {
    const worlds = [1, 2, 3, 4, 5, 6, 7, 8];
    expect(interquartileMean([...worlds.slice(0, 7), 1e9])).toBe(interquartileMean(worlds));
    expect(mean([...worlds.slice(0, 7), 1e9])).toBeGreaterThan(1e8);
  });

  it('lies within the sample and moves with it', () => {
    fc.assert(
      fc.property(fc.array(finite, { minLength: 1, maxLength: 40 }), finite, (values, shift) => {
        const middle = interquartileMean(values);
        expect(middle).toBeGreaterThanOrEqual(Math.min(...values) - 1e-6);
        expect(middle).toBeLessThanOrEqual(Math.max(...values) + 1e-6);
        expect(interquartileMean(values.map((value) => value + shift))).toBeCloseTo(middle + shift, 4);
      }),
    );
  });

  it('has the standard error of the mean where nothing is left out', () => {
    expect(interquartileError([1, 2, 3])).toBeCloseTo(1 / Math.sqrt(3));
    expect(interquartileError([1])).toBeNaN();
    // eight values: 3, 3, 3, 4, 5, 6, 6, 6 after Winsorising
    expect(interquartileError([1, 2, 3, 4, 5, 6, 7, 8])).toBeCloseTo(
      deviation([3, 3, 3, 4, 5, 6, 6, 6]) / 0.5 / Math.sqrt(8),
    );
  });
});

describe('the Theil-Sen slope', () => {
  it('is that of a line, whatever a few outliers say', () => {
    const line = Array.from({ length: 20 }, (_, x) => ({ x, y: 3 - 0.5 * x }));
    expect(theilSenSlope(line)).toBeCloseTo(-0.5);
    expect(
      theilSenSlope(line.map((point) => (point.x % 7 === 3 ? { ...point, y: 1e6 } : point))),
    ).toBeCloseTo(-0.5, 0);
    expect(theilSenSlope([{ x: 1, y: 1 }])).toBeNaN();
    expect(
      theilSenSlope([
        { x: 1, y: 1 },
        { x: 1, y: 9 },
        { x: 2, y: 5 },
      ]),
    ).toBe(0);
  });
});

describe('quantiles', () => {
  it('interpolate between neighbours and end at the extremes', () => {
    expect(quantileOfSorted([1, 2, 4], 0)).toBe(1);
    expect(quantileOfSorted([1, 2, 4], 0.5)).toBe(2);
    expect(quantileOfSorted([1, 2, 4], 0.75)).toBe(3);
    expect(quantileOfSorted([1, 2, 4], 1)).toBe(4);
    expect(quantileOfSorted([], 0.5)).toBeNaN();
    expect(quantileOfSorted([1, Infinity, Infinity], 0.75)).toBe(Infinity);
  });

  it('have the middle value as median, or the mean of the two in the middle', () => {
    expect([median([3, 1, 2]), median([4, 1, 2, 3]), median([7])]).toEqual([2, 2.5, 7]);
    expect(median([])).toBeNaN();
  });

  it('sorting leaves the given values alone', () => {
    const given = [3, 1, 2];
    expect(ascending(given)).toEqual([1, 2, 3]);
    expect(given).toEqual([3, 1, 2]);
  });
});
