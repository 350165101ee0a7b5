/**
 * A cell: one world of one arm, and the common garden after it where there is one. It is plain data, and its result is a
 * function of it alone, so that cells may run in any order, on any thread or machine, and are never run twice.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { type TensorBrain, tensorBrains } from '../../agents/brain/tensorBrain.ts';
import type { RunConfig } from '../../configs/schema.ts';
import { EnvironmentError, LawViolation } from '../../sim/core/errors.ts';
import { readFounders } from '../../sim/founders.ts';
import { Shard, type ShardOptions } from '../../sim/shard.ts';
import { TABLES_VERSION } from '../../sim/tables.ts';
import { type GardenPopulation, gardenFounders, gardenRun } from '../calibration/garden.ts';
import { loadTensorflow } from '../engines/tensorflow.ts';
import { extensionDigests, extensionsOf } from '../extensions.ts';
import { loadFounders } from '../founders.ts';
import { PACKAGE_ROOT, packageVersion } from '../hardware.ts';
import { readManifest } from '../manifest.ts';
import { COMMON_GARDEN, type Intervention } from './experimentSchema.ts';
import { sha256 } from './sha256.ts';
import { runStage, type StageRecord } from './stage.ts';

/** Changes where results of cells are laid out in another way. */
const CELL_VERSION = 2;

export interface Cell {
  /** SHA-256 of all that the result depends on: config, seed, stages and version. */
  readonly hash: string;
  readonly arm: string;
  /** Seed index; the same in all arms. */
  readonly replicate: number;
  readonly config: RunConfig;
  readonly interventions: readonly Intervention[];
  readonly gardens: readonly Garden[];
}

/** A garden that follows a world of evolution. */
export interface Garden {
  readonly name: string;
  readonly ticks: number;
  readonly slots: number;
  readonly seed: string;
  /** Whose genomes are tried. */
  readonly population: string;
  /** The economy of the garden, the same for all arms. */
  readonly world: RunConfig['world'];
  readonly populations: readonly GardenPopulation[];
}

export interface CellResult {
  readonly hash: string;
  readonly arm: string;
  readonly replicate: number;
  /** Wall-clock time; the only figure that differs from run to run. */
  readonly seconds: number;
  readonly run: StageRecord;
  /** By name; null where nobody was left whose genomes could be tried. */
  readonly gardens: Readonly<Record<string, StageRecord | null>>;
}

let modelKey: string | undefined;
/** What identifies the model: version, tables, and the pinned hashes of its golden run. */
export const modelOf = (): string => {
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
  gardens: readonly Garden[],
): Cell {
  // how it is called and how fast it runs change no result
  const { name: _, description: __, threads: ___, engine, worlds: ____, ...rest } = config;
  const sources = config.populations.map(({ from }) =>
    from === undefined ? null : readManifest(from.run).finalHash,
  );
  const hash = sha256(
    JSON.stringify({
      model: modelOf(),
      config: rest,
      replicate,
      interventions,
      gardens,
      sources,
      // other floats than the CPU's
      ...(engine === 'tensorflow' ? { engine } : {}),
      // names may stay while the code behind them changes
      ...(extensionsOf([config]).length > 0 ? { extensions: extensionDigests() } : {}),
    }),
  );
  return { hash, arm, replicate, config, interventions, gardens };
}

/**
 * Runs a cell.
 *
 * @param onTick told of every sampled tick of all stages; what it throws ends the cell
 * @throws LawViolation when an economic law breaks; its hint names arm and seed
 */
export async function runCell(
  cell: Cell,
  onTick: (tick: number) => void | Promise<void> = () => {},
): Promise<CellResult> {
  const started = performance.now();
  const { hash, arm, replicate, config, interventions } = cell;
  const run = { arms: [{ ...config, worlds: replicate + 1 }], armLabels: [arm] };
  const { founders } = await loadFounders(run);
  const { bindBrain, release } = await brainsOf(config);
  try {
    const shard = new Shard(run, [replicate], { founders, ...bindBrain });
    const record = await runStage(shard, config, interventions, onTick);
    const gardens: Record<string, StageRecord | null> = {};
    let before = config.ticks;
    for (const garden of cell.gardens) {
      const from = before;
      gardens[garden.name] = await runGarden(cell, garden, shard.save(), bindBrain, (tick) =>
        onTick(from + tick),
      );
      before += garden.ticks;
    }
    const seconds = Math.round(performance.now() - started) / 1000;
    return { hash, arm, replicate, seconds, run: record, gardens };
  } catch (error) {
    // the law knows the world, which in a sweep is one seed of some arm
    if (error instanceof LawViolation && error.hint === '')
      Object.assign(error, { hint: `in arm ${arm}, seed ${replicate}` });
    throw error;
  } finally {
    release();
  }
}

/** Who makes the brains of a cell's worlds, and how they are let go. */
async function brainsOf({
  engine,
}: RunConfig): Promise<{ bindBrain: Pick<ShardOptions, 'bindBrain'>; release: () => void }> {
  if (engine !== 'tensorflow') return { bindBrain: {}, release: () => {} };
  const { tf, missing } = await loadTensorflow();
  if (tf === null)
    throw new EnvironmentError(
      `engine tensorflow is not available: ${missing.join('; ')}`,
      'npm install --no-save @tensorflow/tfjs',
    );
  const brains: TensorBrain[] = [];
  return {
    bindBrain: { bindBrain: tensorBrains(tf, (brain) => brains.push(brain)) },
    release: () => {
      for (const brain of brains) brain.dispose();
    },
  };
}

async function runGarden(
  { config, replicate }: Cell,
  { name, ticks, slots, seed, population, world, populations }: Garden,
  state: readonly Uint8Array[],
  bindBrain: Pick<ShardOptions, 'bindBrain'>,
  onTick: (tick: number) => void | Promise<void>,
): Promise<StageRecord | null> {
  const base: RunConfig = {
    ...config,
    slots,
    world,
    output: { ...config.output, metricsEvery: Math.max(1, Math.floor(ticks / 100)), tradesWorlds: 0 },
  };
  // gardens differ in their luck; the common one is as it was before there were others
  const phrase = name === COMMON_GARDEN ? seed : `${seed}, ${name}`;
  const run = gardenRun(base, replicate, ticks, phrase, populations);
  const evolved = config.populations.findIndex((one) => one.name === population);
  // nobody is left whose genomes could be tried
  if (readFounders(state, evolved, false).count === 0) return null;
  const founders = gardenFounders([state], evolved, world.learner, populations);
  return runStage(new Shard(run, [0], { founders, ...bindBrain }), run.arms[0]!, [], onTick);
}

/** Whether what a cell depends on is here what it was where the cell was planned. */
export const isIntact = ({ hash, arm, replicate, config, interventions, gardens }: Cell): boolean =>
  cellOf(arm, replicate, config, interventions, gardens).hash === hash;

/** Cells of different results, each once: arms with equal settings share theirs. */
export const distinctCells = (cells: readonly Cell[]): Cell[] => [
  ...new Map(cells.map((cell) => [cell.hash, cell])).values(),
];

/** Ticks that a cell simulates, all stages. */
export const ticksOf = ({ config, gardens }: Cell): number =>
  gardens.reduce((sum, garden) => sum + garden.ticks, config.ticks);

/** The same, times the slots of each. */
export const agentTicksOf = ({ config, gardens }: Cell): number =>
  gardens.reduce((sum, { ticks, slots }) => sum + ticks * slots, config.ticks * config.slots);

/** A result as bytes. */
export const encodeResult = (result: CellResult): Buffer => gzipSync(JSON.stringify(result));

/** Of a result, inflated; the largest have some ten megabytes. */
const RESULT_BYTES_MAX = 2 ** 28;

/** Numbers that JSON cannot hold are null there and NaN here. Whether it is a result is up to `isResult`. */
export const decodeResult = (bytes: Uint8Array): CellResult =>
  JSON.parse(
    gunzipSync(bytes, { maxOutputLength: RESULT_BYTES_MAX }).toString('utf8'),
    (key, value: unknown) => {
      if (value === null) return Number.NaN;
      return key === 'gardens' ? withoutMissing(value as CellResult['gardens']) : value;
    },
  ) as CellResult;

/** Gardens that nobody was left for came as NaN, like every null. */
const withoutMissing = (gardens: CellResult['gardens']): CellResult['gardens'] =>
  Object.fromEntries(
    Object.entries(gardens).map(([name, stage]) => [name, typeof stage === 'object' ? stage : null]),
  );
