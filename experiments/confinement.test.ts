import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseConfig } from '../configs/parse.ts';
import { ConfigError } from '../sim/core/errors.ts';
import { assertConfined, isWithin } from './confinement.ts';

let work: string;
const at = (path: string): string => join(work, path);
beforeAll(() => {
  work = mkdtempSync(join(tmpdir(), 'darwin-confined-'));
  for (const folder of ['runs/one', 'runs/..odd', 'runs-beside']) mkdirSync(at(folder), { recursive: true });
  writeFileSync(at('runs-beside/series.csv'), 'demand\n1\n');
  writeFileSync(at('runs/series.csv'), 'demand\n1\n');
  symlinkSync(at('runs-beside/series.csv'), at('runs/linked.csv'));
});
afterAll(() => rmSync(work, { recursive: true }));

describe('a path is within a folder', () => {
  test.each([
    ['runs', true],
    ['runs/one', true],
    ['runs/one/../series.csv', true],
    ['runs/..odd', true],
    ['runs-beside', false],
    ['runs/../runs-beside/series.csv', false],
    ['runs/linked.csv', false],
    ['runs/not-there', false],
    ['.', false],
  ])('%s: %s', (path, within) => {
    expect(isWithin(at(path), at('runs'))).toBe(within);
  });
});

describe('a config over the network', () => {
  const check = (yaml: string): void => assertConfined(parseConfig(yaml, { file: 'sent' }), at('runs'));
  const series = (file: string): string =>
    `world: { serviceMarket: { shape: series } }\ndemandSeries: { file: '${file}', column: demand }`;

  test('may name what lies in the folder of runs, comes with the program, or is not there', () => {
    check('ticks: 10');
    check(series(at('runs/series.csv')));
    check(series('configs/no-such-series.csv'));
  });

  test.each([
    ['an absolute path', () => series(at('runs-beside/series.csv')), 'demandSeries.file'],
    ['a way up', () => series('../../../../../../etc/series.csv'), 'demandSeries.file'],
    ['a link', () => series(at('runs/linked.csv')), 'demandSeries.file'],
    [
      'a run',
      () => `populations: [{ name: a, kind: learner, from: { run: '${at('runs-beside')}', tick: 1 } }]`,
      'populations[0].from.run',
    ],
  ])('may not name %s that leads elsewhere', (_, yaml, path) => {
    expect(() => check(yaml())).toThrow(ConfigError);
    expect(() => check(yaml())).toThrow('lies outside the working directory');
    expect(() => check(yaml())).toThrow(path);
  });
});
