import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { principalComponents, projected } from './principal.ts';

describe('principal components', () => {
  test('a cloud along known axes is found with its shares of the variance', () => {
    // variances 9 : 4 : 1 along x, y, z
    const columns = [
      [3, -3, 3, -3, 3, -3, 3, -3],
      [2, 2, -2, -2, 2, 2, -2, -2],
      [1, 1, 1, 1, -1, -1, -1, -1],
    ];
    const rows = columns[0]!.map((_, k) => k);
    const { first, second, shares } = principalComponents(columns, rows);
    expect([...first].map((v) => Math.round(v * 1000) / 1000 + 0)).toEqual([1, 0, 0]);
    expect([...second].map((v) => Math.round(v * 1000) / 1000 + 0)).toEqual([0, 1, 0]);
    expect(shares[0]).toBeCloseTo(9 / 14, 6);
    expect(shares[1]).toBeCloseTo(4 / 14, 6);
  });

  test('components are at right angles, of unit length, and no direction is wider than the first', () => {
    const row = fc.tuple(...Array.from({ length: 4 }, () => fc.double({ min: -1, max: 1, noNaN: true })));
    fc.assert(
      fc.property(fc.array(row, { minLength: 8, maxLength: 40 }), (cloud) => {
        const columns = [0, 1, 2, 3].map((k) => cloud.map((values) => values[k]!));
        const rows = cloud.map((_, k) => k);
        const { mean, first, second, shares } = principalComponents(columns, rows);
        fc.pre(shares[1] > 1e-9);
        const dot = first.reduce((sum, value, k) => sum + value * second[k]!, 0);
        expect(Math.abs(dot)).toBeLessThan(1e-9);
        expect(Math.hypot(...first)).toBeCloseTo(1, 9);
        const spread = (direction: Float64Array): number =>
          projected(columns, rows, mean, direction).reduce((sum, at) => sum + at * at, 0);
        for (let k = 0; k < 4; k++) {
          const axis = Float64Array.from({ length: 4 }, (_, j) => (j === k ? 1 : 0));
          expect(spread(axis)).toBeLessThanOrEqual(spread(first) * 1.01 + 1e-12);
        }
      }),
    );
  });

  test('one point, or many at one place, have no direction', () => {
    const { shares, first } = principalComponents(
      [
        [1, 1],
        [2, 2],
      ],
      [0, 1],
    );
    expect(shares).toEqual([0, 0]);
    expect([...first]).toEqual([0, 0]);
  });
});
