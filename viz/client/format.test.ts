import { describe, expect, test } from 'vitest';
import { formatCount, formatTick, formatValue } from './format.ts';

describe('numbers on the page', () => {
  test.each([
    [0, '0'],
    [-0, '0'],
    [0.01234, '0.0123'],
    [4.5678, '4.57'],
    [128, '128'],
    [999.4, '999'],
    [999.6, '1,000'],
    [12_340.4, '12,340'],
    [99_999, '99,999'],
    [100_000, '100k'],
    [1_580_000, '1.58M'],
    [-0.5, '\u22120.5'],
    [-12_340, '\u221212,340'],
    [0.00042, '4.2e\u22124'],
    [Number.NaN, '\u2013'],
    [Number.POSITIVE_INFINITY, '\u2013'],
    [undefined, '\u2013'],
  ])('%d is written %s', (value, text) => {
    expect(formatValue(value)).toBe(text);
  });

  test('counts have thousands apart, axis labels are short', () => {
    expect(formatCount(1_234_567)).toBe('1,234,567');
    expect([0, 0.25, -0.5, 999, 2500, 20_000].map(formatTick)).toEqual([
      '0',
      '0.25',
      '\u22120.5',
      '999',
      '2.5k',
      '20k',
    ]);
  });
});
