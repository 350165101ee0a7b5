/** Frames of a run, read back from its tables for the page. */
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { REWARD_FEATURES } from '../agents/columns.ts';
import { UsageError } from '../sim/core/errors.ts';
import type { RunFrame, WorldFrame } from '../sim/frame.ts';
import { METRICS, POPULATION_METRICS } from '../sim/metrics/table.ts';
import { FRAMES_MAX, type FrameQuery, thinned } from '../viz/dataApi.ts';
import { replicatesWatched } from '../viz/hello.ts';
import { type Manifest, readManifest } from './manifest.ts';
import { RUNS_DIRECTORY } from './runDirectory.ts';
import { RecordedTables, type ResultColumns, type RunTables, ticksOf } from './runTables.ts';

type Row = Record<string, number | string | null>;

const NOTHING = new Float64Array(0);

/** The run directory under `runs` that was started last. Throws UsageError when there is none. */
export function newestRun(parent: string = RUNS_DIRECTORY): string {
  const found = runsIn(parent);
  if (found.length === 0)
    throw new UsageError(`there is no run under ${parent}`, 'darwin run quickstart makes one');
  return found[0]!;
}

/** Run directories within a directory, the newest first. */
export function runsIn(parent: string): string[] {
  return (existsSync(parent) ? readdirSync(parent) : [])
    .map((name) => join(parent, name))
    .filter((path) => existsSync(join(path, 'manifest.json')))
    .sort((a, b) => statSync(b).birthtimeMs - statSync(a).birthtimeMs);
}

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
  const range = { from: afterTick + 1, to: Number.MAX_SAFE_INTEGER };
  return { manifest, frames: await framesOf(new RecordedTables(directory), manifest, range) };
}

/** Frames of a run within a range of ticks, at most FRAMES_MAX, oldest first. */
export async function framesOf(
  tables: RunTables,
  manifest: Manifest,
  { from, to }: FrameQuery,
): Promise<RunFrame[]> {
  const sampled = (await ticksOf(tables, 'metrics')).filter((tick) => tick >= from && tick <= to);
  const ticks = thinned(sampled, FRAMES_MAX);
  if (ticks.length === 0) return [];
  const shown = replicatesWatched(manifest.arms.length);
  const where = `where replicate < ${shown} and tick in (${ticks.join(', ')}) order by tick, world`;
  const rowsOf = async (table: 'metrics' | 'populations'): Promise<Row[]> =>
    rows(
      await tables.query((relation) => {
        const source = relation(table);
        return source === null ? null : `select * from ${source} ${where}`;
      }),
    );
  const byPlace = groupBy(await rowsOf('populations'), (row) => `${row.tick}/${row.world}`);
  const byTick = groupBy(await rowsOf('metrics'), (row) => row.tick);
  const total = manifest.arms[0]!.ticks;
  return ticks.map((tick) => ({
    tick,
    ticks: total,
    laws: manifest.laws,
    worlds: (byTick.get(tick) ?? []).map((row) =>
      worldFrame(manifest, row, byPlace.get(`${tick}/${row.world}`) ?? []),
    ),
  }));
}

function rows(columns: ResultColumns): Row[] {
  const entries = Object.entries(columns);
  const count = entries[0]?.[1].length ?? 0;
  return Array.from({ length: count }, (_, k) =>
    Object.fromEntries(entries.map(([name, values]) => [name, values[k] as number | string | null])),
  );
}

function groupBy<K>(all: readonly Row[], keyOf: (row: Row) => K): Map<K, Row[]> {
  const groups = new Map<K, Row[]>();
  for (const row of all) {
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
