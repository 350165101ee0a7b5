import { describe, expect, it } from 'vitest';
import { compact, duration } from './progress.ts';
import { figure, table } from './terminal.ts';

describe('figures for people', () => {
  it.each([
    [0, '0'],
    [7, '7'],
    [0.5, '0.500'],
    [9999, '9999'],
    [10_000, '10.0k'],
    [999_949, '999.9k'],
    [1_234_567, '1.23M'],
    [2.5e9, '2.50G'],
    [Number.NaN, '-'],
  ])('%d is short as %s', (value, text) => {
    expect(compact(value)).toBe(text);
  });

  it.each([
    [0, '0s'],
    [59, '59s'],
    [59.2, '1m00s'],
    [3599, '59m59s'],
    [3600, '1h00m'],
    [Number.POSITIVE_INFINITY, '-'],
  ])('%d seconds are %s', (seconds, text) => {
    expect(duration(seconds)).toBe(text);
  });

  it.each([
    [0, '0'],
    [0.123456, '0.1235'],
    [999.94, '999.9'],
    [1234.5, '1,235'],
    [1e-5, '1.000e-5'],
    [Number.NaN, '-'],
  ])('%d keeps four digits: %s', (value, text) => {
    expect(figure(value)).toBe(text);
  });

  it('a table sets figures to the right and words to the left', () => {
    const lines = table(
      ['word', 'figure'],
      [
        ['a', '1'],
        ['long word', '1,000'],
      ],
    ).split('\n');
    expect(lines.some((line) => /│ a +│ +1 │/.test(line))).toBe(true);
  });
});
