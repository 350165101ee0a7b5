/** A run directory of any size whose rows were never simulated, with parts as large as a run writes them. */
import { mkdirSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { resolveConfig } from '../../configs/parse.ts';
import type { TableName } from '../../sim/frame.ts';
import { TABLES, type TableColumn } from '../../sim/tables.ts';
import { freshManifest } from '../manifest.ts';
import { RunDirectory } from '../runDirectory.ts';
import { partName } from '../tablePart.ts';

const WORLDS = 8;
const SLOTS = 8192;
const METRICS_EVERY = 20;
const AGENTS_EVERY = 10_000;
/** Ticks of metrics in a part. */
const METRIC_TICKS = 2000;
const MIB = 2 ** 20;
/** Share of the bytes that metrics take; the others are snapshots of agents. */
const METRICS_SHARE = 0.25;
const MONEY_MOST = 2_000_000;

/** What stands behind SELECT for a column of row `i`, whose tick and world are given. */
function sqlOf({ name, type }: TableColumn, tick: string): string {
  if (name === 'tick') return `(${tick})::uinteger`;
  if (name === 'world' || name === 'replicate') return `(i % ${WORLDS})::uinteger`;
  if (name === 'arm' || name === 'population') return '0::uinteger';
  if (name === 'slot') return `(i // ${WORLDS})::uinteger`;
  if (name === 'mode') return '(i % 4)::uinteger';
  if (name === 'serial') return '(i + 1)::ubigint';
  if (type === 'u32') return `(random() * ${MONEY_MOST})::uinteger`;
  if (type === 'u64') return `(random() * ${MONEY_MOST})::ubigint`;
  return type === 'f32' ? 'random()::float' : 'random()';
}

const columnsOf = (table: 'metrics' | 'agents', tick: string): string =>
  TABLES[table].map((column) => `${sqlOf(column, tick)} "${column.name}"`).join(', ');

const bytesOf = (folder: string): number =>
  readdirSync(folder).reduce((sum, name) => sum + statSync(join(folder, name)).size, 0);

/**
 * Writes a directory with metrics and snapshots of agents of so many MiB; returns what it has.
 *
 * @param path absent
 */
export async function writeLargeRun(
  path: string,
  mebibytes: number,
): Promise<{ ticks: number; parts: number; bytes: number }> {
  const instance = await DuckDBInstance.create(':memory:', { threads: '2' });
  const connection = await instance.connect();
  const written = { parts: 0, bytes: 0 };
  /** Writes parts of a table until they have so many bytes; returns how many. */
  const fill = async (table: TableName, bytes: number, select: (part: number) => string): Promise<number> => {
    const folder = join(path, table);
    mkdirSync(folder, { recursive: true });
    let part = 0;
    for (; part === 0 || bytesOf(folder) < bytes; part++)
      await connection.run(
        `copy (select ${select(part)}) to '${join(folder, partName(part)).replaceAll("'", "''")}' (format parquet, compression zstd)`,
      );
    written.parts += part;
    written.bytes += bytesOf(folder);
    return part;
  };
  try {
    const run = resolveConfig({
      name: 'large',
      worlds: WORLDS,
      slots: SLOTS,
      ticks: 1_000_000,
      output: { metricsEvery: METRICS_EVERY, agentsEvery: AGENTS_EVERY },
    });
    const manifest = freshManifest(run, { name: 'cpu', device: 'none' }, 1);
    const directory = await RunDirectory.create(path, manifest);
    const metricTicks = `(part * ${METRIC_TICKS} + i // ${WORLDS}) * ${METRICS_EVERY}`;
    const metricParts = await fill(
      'metrics',
      METRICS_SHARE * mebibytes * MIB,
      (part) =>
        `${columnsOf('metrics', metricTicks.replace('part', String(part)))} from range(${METRIC_TICKS * WORLDS}) t(i)`,
    );
    await fill(
      'agents',
      (1 - METRICS_SHARE) * mebibytes * MIB,
      (part) => `${columnsOf('agents', String(part * AGENTS_EVERY))} from range(${WORLDS * SLOTS}) t(i)`,
    );
    const ticks = (metricParts * METRIC_TICKS - 1) * METRICS_EVERY;
    await directory.finish({ ticks, status: 'finished', finalHash: '0'.repeat(16) });
    return { ticks, ...written };
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}
