import { describe, expect, test } from 'vitest';
import { levelScale } from './axes.ts';
import { columnsAt } from './geneGrid.ts';

describe('the axis of a panel', () => {
  test.each([
    ['values of their own', [0.12, 0.48], false, [0.1, 0.5], [0.1, 0.2, 0.3, 0.4, 0.5]],
    ['zero beside them', [0.12, 0.48], true, [0, 0.5], [0, 0.1, 0.2, 0.3, 0.4, 0.5]],
    ['zero above them', [-3, -1], true, [-3, 0], [-3, -2, -1, 0]],
    ['nothing but zero', [0, 0], true, [0, 1], [0, 0.2, 0.4, 0.6, 0.8, 1]],
  ] as const)('is round and holds %s', (_, values, zero, domain, ticks) => {
    const { scale, ticks: labels } = levelScale(values, 100, zero);
    expect(scale.domain()).toEqual(domain);
    expect(labels).toEqual(ticks);
    expect(scale(domain[0])).toBe(100);
    expect(scale(domain[1])).toBe(0);
  });

  test('has one value alone in its middle', () => {
    for (const value of [0.1, 1, -4]) {
      const { scale } = levelScale([value, value], 100, false);
      expect(scale(value), `${value}`).toBeCloseTo(50, 9);
    }
  });

  test('of a panel of 70 px is labelled at its ends alone', () => {
    expect(levelScale([0, 390], 71, true).ticks).toEqual([0, 100, 200, 300, 400]);
    expect(levelScale([0, 390], 70, true).ticks).toEqual([0, 400]);
  });
});

describe('the grid of genes', () => {
  test.each([
    [346, 15, 2],
    [1190, 15, 5],
    [2320, 15, 8],
    [2320, 3, 3],
    [100, 15, 1],
    [1190, 0, 1],
  ])('of %i px for %i genes has rows as full as they can be: %i columns', (width, count, columns) => {
    expect(columnsAt(width, count)).toBe(columns);
  });
});
