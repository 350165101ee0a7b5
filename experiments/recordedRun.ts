/** Frames of a run, read back from its tables for the page. */
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { REWARD_FEATURES } from '../agents/columns.ts';
import { PRICE_LEVELS } from '../configs/worldParameters.ts';
import { UsageError } from '../sim/core/errors.ts';
import type { RunFrame, WorldFrame } from '../sim/frame.ts';
import { METRICS, POPULATION_METRICS } from '../sim/metrics/table.ts';
import { FRAMES_MAX, type FrameQuery, thinned } from '../viz/dataApi.ts';
import { replicatesWatched } from '../viz/hello.ts';
import { type Manifest, readManifest } from './manifest.ts';
import { RecordedTables, type ResultColumns, type RunTables, ticksOf } from './runTables.ts';

const NOTHING = new Float64Array(0);

/** Run directories within a directory, the newest first. */
export function runsIn(parent: string): string[] {
  return (existsSync(parent) ? readdirSync(parent) : [])
    .map((name) => join(parent, name))
    .filter((path) => existsSync(join(path, 'manifest.json')))
    .sort((a, b) => statSync(b).birthtimeMs - statSync(a).birthtimeMs);
}

/**
 * Frames of a recorded run after `afterTick`, oldest first. Lorenz curves are not recorded and are empty, histograms
 * are left out of more than one frame; spreads of genes are NaN.
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
  const rowsOf = async (table: 'metrics' | 'populations'): Promise<Rows> =>
    new Rows(
      await tables.query((relation) => {
        const source = relation(table);
        return source === null ? null : `select * from ${source} ${where}`;
      }),
    );
  const members = await rowsOf('populations');
  const byPlace = members.groupBy((k) => `${members.at('tick', k)}/${members.at('world', k)}`);
  const metrics = await rowsOf('metrics');
  const byTick = metrics.groupBy((k) => metrics.at('tick', k));
  const total = manifest.arms[0]!.ticks;
  const books = ticks.length === 1 ? await ordersOf(tables, manifest, ticks[0]!) : null;
  return ticks.map((tick) => ({
    tick,
    ticks: total,
    laws: manifest.laws,
    worlds: (byTick.get(tick) ?? []).map((row) => {
      const place = byPlace.get(`${tick}/${metrics.at('world', row)}`) ?? [];
      return worldFrame(manifest, metrics, row, members, place, books);
    }),
  }));
}

/** Orders of the last compute auction before a tick, by world; NaN for worlds whose orders are not recorded. */
type OrdersByWorld = (world: number) => { readonly bids: Float64Array; readonly asks: Float64Array };

async function ordersOf(tables: RunTables, manifest: Manifest, tick: number): Promise<OrdersByWorld | null> {
  const columns = await tables.query((relation) => {
    const source = relation('orders');
    return source === null ? null : `select * from ${source} where tick = ${tick}`;
  });
  const recorded = manifest.arms[0]!.output.tradesWorlds;
  if (columns.tick === undefined) return null;
  const orders = new Rows(columns);
  const byWorld = orders.groupBy((k) => orders.at('world', k));
  return (world) => {
    const empty = world < recorded ? 0 : Number.NaN;
    const bids = new Float64Array(PRICE_LEVELS).fill(empty);
    const asks = new Float64Array(PRICE_LEVELS).fill(empty);
    for (const k of byWorld.get(world) ?? []) {
      bids[orders.at('level', k)] = orders.at('bid', k);
      asks[orders.at('level', k)] = orders.at('offered', k);
    }
    return { bids, asks };
  };
}

/** A result by column and row; hundreds of columns of thousands of rows would be slow as objects. */
class Rows {
  private readonly columns: ResultColumns;
  private readonly count: number;

  constructor(columns: ResultColumns) {
    this.columns = columns;
    this.count = Object.values(columns)[0]?.length ?? 0;
  }

  /** NaN where there is no such column, or no value. */
  at(name: string, row: number): number {
    return Number(this.columns[name]?.[row] ?? Number.NaN);
  }

  word(name: string, row: number): unknown {
    return this.columns[name]?.[row];
  }

  pick(row: number | undefined, names: readonly string[]): Float64Array {
    const picked = new Float64Array(names.length).fill(Number.NaN);
    if (row !== undefined) for (const [k, name] of names.entries()) picked[k] = this.at(name, row);
    return picked;
  }

  groupBy<K>(keyOf: (row: number) => K): Map<K, number[]> {
    const groups = new Map<K, number[]>();
    for (let row = 0; row < this.count; row++) {
      const key = keyOf(row);
      const group = groups.get(key);
      if (group) group.push(row);
      else groups.set(key, [row]);
    }
    return groups;
  }
}

const METRIC_NAMES = METRICS.map(({ name }) => name);
const POPULATION_METRIC_NAMES = POPULATION_METRICS.map(({ name }) => name);
const GENE_NAMES = REWARD_FEATURES.map((feature) => `gene_${feature}`);
const SHADOW_NAMES = REWARD_FEATURES.map((feature) => `shadow_${feature}`);

/**
 * @param row of `metrics`
 * @param place rows of `members` that are of the same world and tick
 */
function worldFrame(
  manifest: Manifest,
  metrics: Rows,
  row: number,
  members: Rows,
  place: readonly number[],
  orders: OrdersByWorld | null,
): WorldFrame {
  const book = orders?.(metrics.at('world', row));
  const arm = manifest.arms[metrics.at('arm', row)];
  if (arm === undefined)
    throw new UsageError(
      `a row of metrics is of arm ${metrics.at('arm', row)}, the run has ${manifest.arms.length}`,
      'its tables are of another run',
    );
  const { populations, extensions } = arm;
  return {
    world: metrics.at('world', row),
    arm: metrics.at('arm', row),
    replicate: metrics.at('replicate', row),
    tick: metrics.at('tick', row),
    metrics: metrics.pick(row, METRIC_NAMES),
    ...(extensions?.metrics === undefined ? {} : { ownMetrics: metrics.pick(row, extensions.metrics) }),
    populations: populations.map(({ name }) =>
      members.pick(
        place.find((member) => members.word('population', member) === name),
        POPULATION_METRIC_NAMES,
      ),
    ),
    geneMean: metrics.pick(row, GENE_NAMES),
    geneDeviation: new Float64Array(REWARD_FEATURES.length).fill(Number.NaN),
    shadowMean: metrics.pick(row, SHADOW_NAMES),
    lorenzWealth: NOTHING,
    lorenzCompute: NOTHING,
    bidHistogram: book?.bids ?? NOTHING,
    askHistogram: book?.asks ?? NOTHING,
  };
}
