import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { worldParameters } from '../configs/arms.ts';
import { relativeSeries, SERIES_MOST } from '../configs/courses.ts';
import { parseConfig } from '../configs/parse.ts';
import { CLASS_COUNT } from '../configs/taskClasses.ts';
import { ConfigError, UsageError } from '../sim/core/errors.ts';
import { Shard } from '../sim/shard.ts';
import { readColumn, readSeries } from './recordedSeries.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'darwin-series-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const file = (name: string, text: string): string => {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
};
const config = (path: string) => `
ticks: 8
slots: 4
demandSeries: { file: ${path}, column: wanted, ticksPerRow: 2 }
world: { serviceMarket: { shape: series, demand: 20, classSpread: 0 } }
`;

describe('a recorded column', () => {
  it('is the same from CSV and Parquet', async () => {
    const csv = file('a.csv', 'hour,wanted\n0,5\n1,0\n2,2.5\n');
    const parquet = join(folder, 'a.parquet');
    const connection = await (await DuckDBInstance.create(':memory:')).connect();
    await connection.run(`copy (select * from read_csv('${csv}')) to '${parquet}' (format parquet)`);
    const read = await readColumn(csv, 'wanted');
    expect(read.values).toEqual([5, 0, 2.5]);
    expect(read.sha256).toMatch(/^[0-9a-f]{64}$/);
    expect((await readColumn(parquet, 'wanted')).values).toEqual(read.values);
  });

  it.each([
    ['a column that is not there', 'b.csv', 'wnted\n1\n', /no column wanted .*did you mean wnted/],
    ['a gap', 'c.csv', 'hour,wanted\n0,1\n1,\n', /row 2 of wanted/],
    ['a word', 'd.csv', 'hour,wanted\n0,1\n1,much\n', /row 2 of wanted/],
    ['an amount below zero', 'e.csv', 'wanted\n-1\n', /row 1 of wanted/],
    ['no rows', 'f.csv', 'wanted\n', /has no rows/],
    ['another kind of file', 'g.txt', 'wanted\n1\n', /give a .csv or .parquet/],
  ])('with %s is refused in one line', async (_, name, text, line) => {
    const error = await readColumn(file(name, text), 'wanted').catch((e: unknown) => e);
    expect(error).toBeInstanceOf(UsageError);
    expect((error as UsageError).line).toMatch(line);
    expect((error as UsageError).line).not.toContain('\n');
  });

  it('of a file that is not there, or no Parquet, is refused', async () => {
    await expect(readColumn('nowhere.csv', 'wanted')).rejects.toThrow(/there is no series nowhere.csv/);
    await expect(readColumn(file('h.parquet', 'no'), 'wanted')).rejects.toThrow(UsageError);
  });
});

describe('demand from a series', () => {
  it('has the mean that is asked for, follows the rows, and begins again behind the last one', async () => {
    const run = await readSeries(parseConfig(config(file('i.csv', 'wanted\n1\n3\n2\n'))));
    const shard = new Shard(run, [0]);
    const [world] = [...shard.inside()];
    const wanted: number[] = [];
    for (let tick = 1; tick <= 8; tick++) {
      shard.advance(tick);
      wanted.push(world!.columns.demand[CLASS_COUNT - 1]!);
    }
    expect(wanted).toEqual([10, 10, 30, 30, 20, 20, 10, 10]);
  });

  it('is part of the config that a manifest keeps, with its hash', async () => {
    const run = await readSeries(parseConfig(config(file('j.csv', 'wanted\n1\n3\n'))));
    const { values, sha256 } = run.arms[0]!.demandSeries;
    expect(values).toEqual([1, 3]);
    expect(sha256).toHaveLength(64);
    expect(worldParameters(run)[0]!.serviceMarket.series).toEqual(Uint32Array.of(32_768, 98_304));
  });

  it('stands beside a series of prices, each from its own file', async () => {
    const prices = file('prices.csv', 'close\n40\n50\n');
    const text = `${config(file('k.csv', 'wanted\n1\n3\n'))}priceSeries: { file: ${prices}, column: close }\n`;
    const [arm] = (await readSeries(parseConfig(text))).arms;
    expect(arm!.demandSeries.values).toEqual([1, 3]);
    expect(arm!.priceSeries.values).toEqual([40, 50]);
    expect(arm!.priceSeries.sha256).not.toBe(arm!.demandSeries.sha256);
  });

  it('is refused where no rows were read', () => {
    expect(() => parseConfig('world: { serviceMarket: { shape: series } }')).toThrow(ConfigError);
    const unread = parseConfig(config('unread.csv'));
    expect(() => worldParameters(unread)).toThrow(/no series is given/);
  });

  it('needs a mean above zero, and no row above a thousand means', () => {
    expect(() => relativeSeries([0, 0])).toThrow(ConfigError);
    const rows = new Array<number>(2 * SERIES_MOST).fill(0);
    expect(() => relativeSeries(rows.with(0, 1))).toThrow(ConfigError);
    expect(relativeSeries(rows.slice(0, SERIES_MOST).with(0, 1))[0]).toBe(SERIES_MOST * 65_536);
  });
});
