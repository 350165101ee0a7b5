/** Frames of a run directory, read back from its Parquet parts for the page. */
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { REWARD_FEATURES } from '../agents/columns.ts';
import { UsageError } from '../sim/core/errors.ts';
import type { RunFrame, TableName, WorldFrame } from '../sim/frame.ts';
import { METRICS, POPULATION_METRICS } from '../sim/metrics/table.ts';
import { type Manifest, readManifest } from './manifest.ts';
import { RUNS_DIRECTORY, sqlPath } from './runDirectory.ts';

type Row = Record<string, number | string | null>;

/** Most frames that the page of a recorded run shows; longer runs are thinned evenly. */
const FRAMES_MAX = 400;
const NOTHING = new Float64Array(0);

/** The run directory under `runs` that was started last. Throws UsageError when there is none. */
export function newestRun(parent: string = RUNS_DIRECTORY): string {
  const found = (existsSync(parent) ? readdirSync(parent) : [])
    .map((name) => join(parent, name))
    .filter((path) => existsSync(join(path, 'manifest.json')))
    .sort((a, b) => statSync(b).birthtimeMs - statSync(a).birthtimeMs);
  if (found.length === 0)
    throw new UsageError(`there is no run under ${parent}`, 'darwin run quickstart makes one');
  return found[0]!;
}

async function query(sql: string): Promise<Row[]> {
  const instance = await DuckDBInstance.create(':memory:', {
    threads: '2',
    memory_limit: '1GB',
    temp_directory: '',
  });
  const connection = await instance.connect();
  try {
    return (await connection.runAndReadAll(sql)).getRowObjectsJS() as Row[];
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

const hasParts = (directory: string, table: TableName): boolean =>
  existsSync(join(directory, table)) &&
  readdirSync(join(directory, table)).some((name) => name.endsWith('.parquet'));

/**
 * Frames of a recorded run after `afterTick`, oldest first. Histograms and Lorenz curves are not recorded and
 * are empty; spreads of genes are NaN.
 *
 * @throws UsageError when the directory holds no run
 */
export async function recordedFrames(
  directory: string,
  afterTick = -1,
): Promise<{ manifest: Manifest; frames: RunFrame[] }> {
  const manifest = readManifest(directory);
  if (!hasParts(directory, 'metrics') || !hasParts(directory, 'populations')) return { manifest, frames: [] };
  const sampled = (await query(
    `select distinct tick from ${sqlPath(directory, 'metrics')} where tick > ${afterTick} order by tick`,
  )) as { tick: number }[];
  const step = Math.ceil(sampled.length / FRAMES_MAX);
  const ticks = sampled
    .filter((_, k) => (sampled.length - 1 - k) % Math.max(1, step) === 0)
    .map(({ tick }) => tick);
  if (ticks.length === 0) return { manifest, frames: [] };
  const where = `where tick in (${ticks.join(', ')}) order by tick, world`;
  const metrics = await query(`select * from ${sqlPath(directory, 'metrics')} ${where}`);
  const members = await query(`select * from ${sqlPath(directory, 'populations')} ${where}`);
  const byPlace = groupBy(members, (row) => `${row.tick}/${row.world}`);
  const byTick = groupBy(metrics, (row) => row.tick);
  const total = manifest.arms[0]!.ticks;
  const frames = ticks.map(
    (tick): RunFrame => ({
      tick,
      ticks: total,
      laws: manifest.laws,
      worlds: (byTick.get(tick) ?? []).map((row) =>
        worldFrame(manifest, row, byPlace.get(`${tick}/${row.world}`) ?? []),
      ),
    }),
  );
  return { manifest, frames };
}

function groupBy<K>(rows: readonly Row[], keyOf: (row: Row) => K): Map<K, Row[]> {
  const groups = new Map<K, Row[]>();
  for (const row of rows) {
    const key = keyOf(row);
    const group = groups.get(key);
    if (group) group.push(row);
    else groups.set(key, [row]);
  }
  return groups;
}

const pick = (row: Row | undefined, names: readonly string[]): Float64Array =>
  Float64Array.from(names, (name) => Number(row?.[name] ?? Number.NaN));

function worldFrame(manifest: Manifest, row: Row, members: readonly Row[]): WorldFrame {
  const names = manifest.arms[row.arm as number]!.populations.map((population) => population.name);
  return {
    world: row.world as number,
    arm: row.arm as number,
    replicate: row.replicate as number,
    tick: row.tick as number,
    metrics: pick(
      row,
      METRICS.map((m) => m.name),
    ),
    populations: names.map((name) =>
      pick(
        members.find((member) => member.population === name),
        POPULATION_METRICS.map((m) => m.name),
      ),
    ),
    geneMean: pick(
      row,
      REWARD_FEATURES.map((feature) => `gene_${feature}`),
    ),
    geneDeviation: new Float64Array(REWARD_FEATURES.length).fill(Number.NaN),
    shadowMean: pick(
      row,
      REWARD_FEATURES.map((feature) => `shadow_${feature}`),
    ),
    lorenzWealth: NOTHING,
    lorenzCompute: NOTHING,
    bidHistogram: NOTHING,
    askHistogram: NOTHING,
  };
}
