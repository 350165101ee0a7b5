import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addPair, CORRELATION_SUMS, correlation } from './correlation.ts';

const of = (pairs: readonly (readonly [number, number])[]): number => {
  const sums = new Float64Array(2 * CORRELATION_SUMS);
  for (const [x, y] of pairs) addPair(sums, CORRELATION_SUMS, x, y);
  expect([...sums.subarray(0, CORRELATION_SUMS)]).toEqual([0, 0, 0, 0, 0, 0]);
  return correlation(sums, CORRELATION_SUMS);
};

describe('correlation', () => {
  it.each([
    [
      '1 on a rising line',
      [
        [0, 1],
        [1, 3],
        [2, 5],
      ],
      1,
    ],
    [
      '-1 on a falling line',
      [
        [0, 1],
        [1, -1],
        [2, -3],
      ],
      -1,
    ],
    // Anscombe's first quartet: F. J. Anscombe, American Statistician 27, 1973
    [
      '.8164 for the first data set of Anscombe',
      [
        [10, 8.04],
        [8, 6.95],
        [13, 7.58],
        [9, 8.81],
        [11, 8.33],
        [14, 9.96],
        [6, 7.24],
        [4, 4.26],
        [12, 10.84],
        [7, 4.82],
        [5, 5.68],
      ],
      0.81642,
    ],
  ] as const)('is %s', (_, pairs, expected) => {
    expect(of(pairs)).toBeCloseTo(expected, 4);
  });

  it.each([
    [
      'two pairs',
      [
        [0, 1],
        [1, 3],
      ],
    ],
    [
      'a figure that never varies',
      [
        [0, 1e6],
        [1, 1e6],
        [2, 1e6],
        [7, 1e6],
      ],
    ],
    ['nothing', []],
  ] as const)('is not a number of %s', (_, pairs) => {
    expect(of(pairs)).toBeNaN();
  });

  it('does not depend on scale, origin or the order of the two', () => {
    const figure = fc.integer({ min: -1000, max: 1000 });
    fc.assert(
      fc.property(fc.array(fc.tuple(figure, figure), { minLength: 3, maxLength: 30 }), (pairs) => {
        const r = of(pairs);
        if (Number.isNaN(r)) return;
        expect(Math.abs(r)).toBeLessThanOrEqual(1);
        expect(of(pairs.map(([x, y]) => [y, x]))).toBeCloseTo(r, 9);
        expect(of(pairs.map(([x, y]) => [3 * x + 7, 11 - y / 2]))).toBeCloseTo(-r, 6);
      }),
    );
  });
});
