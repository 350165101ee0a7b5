import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { resolveConfig } from '../configs/parse.ts';
import { AssertionError, UsageError } from '../sim/core/errors.ts';
import { DrawSequence, STREAM } from '../sim/core/rng.ts';
import type { RecordBatch, TableName } from '../sim/frame.ts';
import { TABLES } from '../sim/tables.ts';
import { describeHardware } from './hardware.ts';
import { MANIFEST_VERSION, type Manifest, readManifest } from './manifest.ts';
import { makeNumbered, RunDirectory } from './runDirectory.ts';
import { sqlPath } from './tablePart.ts';

let parent: string;
beforeAll(() => {
  parent = mkdtempSync(join(tmpdir(), 'darwin-directory-'));
});
afterAll(() => rmSync(parent, { recursive: true }));

const manifest: Manifest = {
  manifestVersion: MANIFEST_VERSION,
  tablesVersion: 1,
  name: 'test',
  description: '',
  status: 'running',
  error: null,
  ...resolveConfig({ ticks: 3 }),
  seeds: [1],
  version: '0',
  commit: null,
  engine: 'cpu',
  device: null,
  threads: 1,
  hardware: describeHardware(),
  startedAt: '',
  finishedAt: null,
  ticks: 0,
  elapsedSeconds: null,
  agentSteps: 0,
  agentStepsPerSecond: null,
  ticksPerSecond: null,
  finalHash: null,
  laws: [],
  resumedAt: [],
  parent: null,
  sources: [],
  extensions: [],
  wallets: null,
};

/** Rows with the extremes of every type, then random ones. */
function makeBatch(table: TableName, rows: number, seed: number): RecordBatch {
  const draws = new DrawSequence().at(seed, 0, 0, STREAM.environment);
  const columns: Record<
    string,
    Uint32Array<ArrayBuffer> | Float32Array<ArrayBuffer> | Float64Array<ArrayBuffer> | string[]
  > = {};
  for (const { name, type } of TABLES[table]) {
    const values = Array.from({ length: rows }, (_, k) => {
      if (type === 'u32') return [0, 0xffff_ffff][k] ?? draws.word();
      if (type === 'u64') return [0, Number.MAX_SAFE_INTEGER][k] ?? draws.word() * 2 ** 20;
      return [Number.NaN, -0, 1e300, -1e-300][k] ?? draws.normal();
    });
    if (type === 'string') columns[name] = values.map((v) => `it's "${v}" \u00e9\u{1f98e}`);
    else if (type === 'u32') columns[name] = Uint32Array.from(values);
    else columns[name] = type === 'f32' ? Float32Array.from(values) : Float64Array.from(values);
  }
  return { table, rows, columns };
}

async function readBack(directory: string, table: TableName): Promise<Record<string, unknown[]>> {
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  const reader = await connection.runAndReadAll(`SELECT * FROM ${sqlPath(directory, table)}`);
  const columns = reader.getColumnsObjectJS() as Record<string, unknown[]>;
  connection.closeSync();
  instance.closeSync();
  return columns;
}

describe('a run directory', () => {
  it('reads back, by SQL and with no code of ours, exactly what was written to every table', async () => {
    const path = join(parent, "tables of a 'run'");
    const directory = await RunDirectory.create(path, manifest);
    const tables = Object.keys(TABLES) as TableName[];
    // 5000 rows take three data chunks
    const batches = tables.map((table, k) => makeBatch(table, table === 'trades' ? 5000 : 6, k));
    await directory.append(batches);
    await directory.finish({ status: 'finished' });
    for (const { table, columns } of batches) {
      const instance = await DuckDBInstance.create(':memory:');
      const connection = await instance.connect();
      const glob = join(path, table, '*.parquet').replaceAll("'", "''");
      const reader = await connection.runAndReadAll(`SELECT * FROM '${glob}'`);
      const found = reader.getColumnsObjectJS() as Record<string, unknown[]>;
      expect(Object.keys(found)).toEqual(TABLES[table].map((c) => c.name));
      for (const [name, values] of Object.entries(columns))
        expect(
          found[name]!.map((v) => (typeof v === 'bigint' ? Number(v) : v)),
          `${table}.${name}`,
        ).toEqual([...values]);
      const types = reader.columnTypes().map(String);
      const sql = { u32: 'UINTEGER', u64: 'UBIGINT', f32: 'FLOAT', f64: 'DOUBLE', string: 'VARCHAR' };
      expect(types).toEqual(TABLES[table].map((c) => sql[c.type]));
      connection.closeSync();
      instance.closeSync();
    }
  });

  it('writes parts as rows come in, in order, and nothing half-written stays', async () => {
    const path = join(parent, 'parts');
    const columns = TABLES.journal.length;
    const directory = await RunDirectory.create(path, manifest, 1000 * columns);
    const batches = [0, 1, 2, 3, 4].map((k) => makeBatch('journal', 500, k));
    for (const batch of batches) await directory.append([batch]);
    expect(readdirSync(join(path, 'journal'))).toEqual(['part-00000.parquet', 'part-00001.parquet']);
    await directory.finish({ status: 'finished' });
    expect(readdirSync(join(path, 'journal'))).toHaveLength(3);
    expect(readdirSync(path).sort()).toEqual(['columns.json', 'journal', 'manifest.json']);
    const found = await readBack(path, 'journal');
    expect(found.amount!.map(Number)).toEqual(batches.flatMap((b) => [...b.columns.amount!].map(Number)));
  });

  it('documents every column with its unit', async () => {
    const path = join(parent, 'documented');
    await (await RunDirectory.create(path, manifest)).finish({});
    const { version, tables } = JSON.parse(readFileSync(join(path, 'columns.json'), 'utf8'));
    expect(version).toBe(1);
    expect(tables).toEqual(TABLES);
  });

  it('keeps a manifest that says how the run stands and round-trips', async () => {
    const path = join(parent, 'manifest');
    const directory = await RunDirectory.create(path, manifest);
    expect(readManifest(path)).toEqual(manifest);
    await directory.finish({ status: 'failed', error: 'a law broke' });
    expect(readManifest(path)).toEqual({ ...manifest, status: 'failed', error: 'a law broke' });
  });

  it('is started in an empty directory but never in one that holds something', async () => {
    const path = join(parent, 'taken');
    mkdirSync(path);
    await (await RunDirectory.create(path, manifest)).finish({});
    await expect(RunDirectory.create(path, manifest)).rejects.toThrow(UsageError);
    const file = join(parent, 'file');
    writeFileSync(file, '');
    await expect(RunDirectory.create(file, manifest)).rejects.toThrow(UsageError);
  });

  it('gets the lowest free number, with a name that every file system takes', () => {
    expect(makeNumbered(parent, 'a/b c:é')).toBe(join(parent, 'a-b-c--1'));
    expect(makeNumbered(parent, 'a/b c:é')).toBe(join(parent, 'a-b-c--2'));
  });

  it('refuses a batch that lacks a column or has one of another length', async () => {
    const directory = await RunDirectory.create(join(parent, 'short'), manifest);
    const batch = makeBatch('trades', 3, 1);
    const { price: _, ...rest } = batch.columns;
    await expect(directory.append([{ ...batch, columns: rest }])).rejects.toThrow(AssertionError);
    const short = { ...batch.columns, price: new Uint32Array(2) };
    await expect(directory.append([{ ...batch, columns: short }])).rejects.toThrow(AssertionError);
    await directory.finish({});
  });
});

/** A directory with a text, or a folder, for a manifest. */
function damaged(name: string, text: string | null): string {
  const path = join(parent, `damaged ${name}`);
  mkdirSync(text === null ? join(path, 'manifest.json') : path, { recursive: true });
  if (text !== null) writeFileSync(join(path, 'manifest.json'), text);
  return path;
}

describe('reading a manifest', () => {
  it.each([
    ['nothing there', () => join(parent, 'absent'), 'there is no directory'],
    [
      'text that is not JSON',
      () => {
        const path = join(parent, 'broken');
        mkdirSync(path);
        writeFileSync(join(path, 'manifest.json'), '{');
        return path;
      },
      'broken',
    ],
    [
      'another version',
      () => {
        const path = join(parent, 'newer');
        mkdirSync(path);
        writeFileSync(join(path, 'manifest.json'), '{"manifestVersion": 99}');
        return path;
      },
      'version 99',
    ],
    ['null', () => damaged('null', 'null'), 'broken'],
    ['a list', () => damaged('list', '[]'), 'broken'],
    ['no version', () => damaged('no version', '{}'), 'version missing'],
    ['no arms', () => damaged('no arms', JSON.stringify({ ...manifest, arms: [] })), 'is damaged: `arms`'],
    [
      'something nested deeper than the stack',
      () => {
        const deep = `${'{"a":'.repeat(20_000)}1${'}'.repeat(20_000)}`;
        return damaged(
          'deep',
          JSON.stringify({ ...manifest, wallets: 1 }).replace('"wallets":1', `"wallets":${deep}`),
        );
      },
      'is damaged: `wallets` is {"a":"{...}"}',
    ],
    [
      'a world of half a slot',
      () => damaged('half', JSON.stringify({ ...manifest, arms: [{ ...manifest.arms[0], slots: 0.5 }] })),
      'is damaged: `arms[0].slots`',
    ],
    [
      'founders named after a path',
      () =>
        damaged(
          'path',
          JSON.stringify({ ...manifest, sources: [{ arm: 0, foundersHash: '../../etc/passwd' }] }),
        ),
      'is damaged: `sources[0].foundersHash`',
    ],
    ['a folder in its place', () => damaged('folder', null), 'cannot read'],
  ])('%s is refused in one line', (_, make, part) => {
    const path = make();
    expect(() => readManifest(path)).toThrow(UsageError);
    expect(() => readManifest(path)).toThrow(part);
  });
});
