/**
 * A cell: one world of one arm, and the common garden after it where there is one. It is plain data, and its result is a
 * function of it alone, so that cells may run in any order, on any thread or machine, and are never run twice.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import type { RunConfig } from '../../configs/schema.ts';
import { readFounders } from '../../sim/founders.ts';
import { Shard } from '../../sim/shard.ts';
import { TABLES_VERSION } from '../../sim/tables.ts';
import { gardenFounders, gardenRun } from '../calibration/garden.ts';
import { loadFounders } from '../founders.ts';
import { PACKAGE_ROOT, packageVersion } from '../hardware.ts';
import { readManifest } from '../manifest.ts';
import type { Intervention } from './experimentSchema.ts';
import { sha256 } from './sha256.ts';
import { runStage, type StageRecord } from './stage.ts';

/** Changes where results of cells are laid out in another way. */
const CELL_VERSION = 1;

export interface Cell {
  /** SHA-256 of all that the result depends on: config, seed, stages and version. */
  readonly hash: string;
  readonly arm: string;
  /** Seed index; the same in all arms. */
  readonly replicate: number;
  readonly config: RunConfig;
  readonly interventions: readonly Intervention[];
  readonly garden: Garden | null;
}

/** The common garden that follows a world of evolution. */
export interface Garden {
  readonly ticks: number;
  readonly seed: string;
  readonly population: string;
  /** The economy of the garden, the same for all arms: that of the first. */
  readonly world: RunConfig['world'];
}

export interface CellResult {
  readonly hash: string;
  readonly arm: string;
  readonly replicate: number;
  /** Wall-clock time; the only figure that differs from run to run. */
  readonly seconds: number;
  readonly run: StageRecord;
  readonly garden: StageRecord | null;
}

let modelKey: string | undefined;
/** What identifies the model: version, tables, and the pinned hashes of its golden run. */
const modelOf = (): string => {
  modelKey ??= sha256(
    [
      packageVersion(),
      TABLES_VERSION,
      CELL_VERSION,
      readFileSync(join(PACKAGE_ROOT, 'configs', 'ci.golden.json'), 'utf8'),
    ].join('\n'),
  );
  return modelKey;
};

/** The cell of a seed of an arm. */
export function cellOf(
  arm: string,
  replicate: number,
  config: RunConfig,
  interventions: readonly Intervention[],
  garden: Garden | null,
): Cell {
  // how it is called and how fast it runs change no result
  const { name: _, description: __, threads: ___, engine: ____, worlds: _____, ...rest } = config;
  const sources = config.populations.map(({ from }) =>
    from === undefined ? null : readManifest(from.run).finalHash,
  );
  const hash = sha256(
    JSON.stringify({ model: modelOf(), config: rest, replicate, interventions, garden, sources }),
  );
  return { hash, arm, replicate, config, interventions, garden };
}

/**
 * Runs a cell.
 *
 * @param onTick told of every sampled tick of all stages; what it throws ends the cell
 * @throws LawViolation when an economic law breaks
 */
export async function runCell(
  cell: Cell,
  onTick: (tick: number) => void | Promise<void> = () => {},
): Promise<CellResult> {
  const started = performance.now();
  const { hash, arm, replicate, config, interventions, garden } = cell;
  const run = { arms: [{ ...config, worlds: replicate + 1 }], armLabels: [arm] };
  const { founders } = await loadFounders(run);
  const shard = new Shard(run, [replicate], { founders });
  const record = await runStage(shard, config, interventions, onTick);
  const after =
    garden === null
      ? null
      : await runGarden(cell, garden, shard.saveWorld(replicate), (tick) => onTick(config.ticks + tick));
  const seconds = Math.round(performance.now() - started) / 1000;
  return { hash, arm, replicate, seconds, run: record, garden: after };
}

async function runGarden(
  { config, replicate }: Cell,
  { ticks, seed, population, world }: Garden,
  state: Uint8Array,
  onTick: (tick: number) => void | Promise<void>,
): Promise<StageRecord | null> {
  const base: RunConfig = {
    ...config,
    world,
    output: { ...config.output, metricsEvery: Math.max(1, Math.floor(ticks / 100)), tradesWorlds: 0 },
  };
  const run = gardenRun(base, replicate, ticks, seed);
  const evolved = config.populations.findIndex(({ name }) => name === population);
  // nobody is left whose genomes could be tried
  if (readFounders([state], evolved, false).count === 0) return null;
  const founders = gardenFounders([state], evolved, world.learner);
  return runStage(new Shard(run, [0], { founders }), run.arms[0]!, [], onTick);
}

/** Ticks that a cell simulates, all stages. */
export const ticksOf = ({ config, garden }: Cell): number => config.ticks + (garden?.ticks ?? 0);

/** A result as bytes. */
export const encodeResult = (result: CellResult): Buffer => gzipSync(JSON.stringify(result));

/** Numbers that JSON cannot hold are null there and NaN here. */
export const decodeResult = (bytes: Uint8Array): CellResult =>
  JSON.parse(gunzipSync(bytes).toString('utf8'), function revive(key, value: unknown) {
    return value === null && key !== 'garden' ? Number.NaN : value;
  }) as CellResult;
