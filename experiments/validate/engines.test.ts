import { describe, expect, it } from 'vitest';
import { UsageError } from '../../sim/core/errors.ts';
import { runCase } from './case.ts';
import {
  COMPARED,
  compareFigures,
  engines,
  missingStandardised,
  SILENT_MOST,
  standardised,
} from './engines.ts';

/** Worlds whose figures are all noise of one scale. */
const noise = (worlds: number, seed: number): number[][] =>
  Array.from({ length: worlds }, (_, w) => COMPARED.map((__, k) => Math.sin(1e4 * (seed + w * 31 + k * 7))));
/** The two-sided probability of four standard errors. */
const ALPHA = 6.334e-5;

describe('the comparison of engines', () => {
  it('measures a difference of means of independent worlds in standard errors', () => {
    // means 2 and 4, deviations 1 and 2
    expect(standardised([1, 2, 3], [2, 4, 6])).toBeCloseTo(-2 / Math.sqrt(1 / 3 + 4 / 3), 12);
    expect(standardised([1, 1], [1, 1])).toBe(0);
    expect(standardised([1, 1], [2, 2])).toBe(Number.NEGATIVE_INFINITY);
    expect(standardised([1, Number.NaN, 3], [1, 2, 3])).toBe(0);
    expect(standardised([1, Number.NaN], [2, 3])).toBeNaN();
  });

  it('measures a difference of how many worlds have a figure at all', () => {
    const without = (count: number) => Array.from({ length: 32 }, (_, w) => (w < count ? Number.NaN : w));
    expect(missingStandardised(without(0), without(0))).toBeNaN();
    expect(missingStandardised(without(32), without(32))).toBeNaN();
    expect(missingStandardised(without(9), without(9))).toBe(0);
    expect(missingStandardised(without(16), without(0))).toBeCloseTo(0.5 / Math.sqrt((0.25 * 0.75) / 16), 12);
  });

  it('finds nothing in noise, and one figure that is off by seven errors among all', () => {
    const [ours, theirs] = [noise(32, 1), noise(32, 2)];
    const { leastP, informative, missing } = compareFigures(ours, theirs);
    expect(leastP).toBeGreaterThan(ALPHA);
    expect([informative, missing]).toEqual([COMPARED.length, 0]);
    const { distances } = compareFigures(ours, theirs);
    const errorOf = (rows: number[][]): number => {
      const values = rows.map((row) => row[3]!);
      const mean = values.reduce((sum, x) => sum + x) / 32;
      return Math.sqrt(values.reduce((sum, x) => sum + (x - mean) ** 2, 0) / 31 / 32);
    };
    const error = Math.hypot(errorOf(ours), errorOf(theirs));
    const shifted = (errors: number) =>
      ours.map((row) => row.with(3, row[3]! + (errors - distances[COMPARED[3]!]!) * error));
    const found = compareFigures(shifted(7), theirs);
    expect(found.distances[COMPARED[3]!]).toBeCloseTo(7, 6);
    expect(found.leastP).toBeLessThan(ALPHA);
    // and not without the others: four errors of one among many are no evidence
    expect(compareFigures(shifted(4.05), theirs).leastP).toBeGreaterThan(ALPHA);
  });

  it('sees an engine on which a figure is there in too few worlds, and one on which it is always the same', () => {
    const [ours, theirs] = [noise(32, 1), noise(32, 2)];
    const rare = ours.map((row, w) => (w < 20 ? row.with(5, Number.NaN) : row));
    const found = compareFigures(rare, theirs);
    expect(found.leastP).toBeLessThan(ALPHA);
    expect(found).toMatchObject({ informative: COMPARED.length - 1, missing: 20, missingBeside: 0 });
    const frozen = ours.map((row) => row.with(5, 0.25));
    expect(compareFigures(frozen, theirs).informative).toBe(COMPARED.length - 1);
  });

  it('leaves out figures that no world has, and counts them as silent', () => {
    const without = (seed: number) => noise(8, seed).map((row) => row.with(0, Number.NaN));
    const { distances, leastP, informative } = compareFigures(without(1), without(2));
    expect(distances[COMPARED[0]!]).toBeNaN();
    expect(leastP).not.toBeNaN();
    expect(informative).toBe(COMPARED.length - 1);
  });

  it('of the cpu engine with itself finds no difference, in worlds that are others', async () => {
    const { measured, pass } = await runCase(engines, { engine: 'cpu', slots: '8', ticks: '40' });
    expect(pass, JSON.stringify(measured)).toBe(true);
    expect(measured.informative).toBeGreaterThanOrEqual(COMPARED.length - SILENT_MOST);
    expect(new Set(Object.values(measured)).size).toBeGreaterThan(10);
  });

  it('fails where worlds are too few and too short to say anything', async () => {
    const { pass } = await runCase(engines, { engine: 'cpu', slots: '4', ticks: '20' }, 1);
    expect(pass).toBe(false);
  });

  it('refuses an engine that there is not', async () => {
    await expect(runCase(engines, { engine: 'gpu' })).rejects.toThrow(UsageError);
  });
});
