/** A sweep on one machine: what it will do and take, and doing it. */
import process from 'node:process';
import type { RunConfig } from '../../configs/schema.ts';
import { CapacityError } from '../../sim/core/errors.ts';
import { planRun } from '../plan.ts';
import { runTasks } from '../taskPool.ts';
import { type Cell, type CellResult, cellOf, runCell, ticksOf } from './cell.ts';
import { type Arm, armsAt, type ExperimentFile } from './experimentFile.ts';
import type { ScaleName } from './experimentSchema.ts';
import { readCell, type SweepDirectory, type SweepPlan } from './sweepDirectory.ts';

/** Parts of a config that worlds of one batch share. */
const batchKey = ({ ticks, slots, output }: RunConfig): string => JSON.stringify([ticks, slots, output]);

/**
 * The cells of an experiment at a scale: every arm with every seed, seed by seed, so that a sweep that is stopped has
 * compared what it has.
 *
 * @throws ConfigError for what is wrong in an arm, CapacityError where the worlds under way would not fit
 */
export function planSweep(source: ExperimentFile, scale: ScaleName, threads: number): SweepPlan {
  const { experiment } = source;
  const { worlds, gardenTicks } = experiment.scales[scale];
  const arms = armsAt(source, scale);
  const garden =
    experiment.garden === undefined
      ? null
      : {
          ticks: gardenTicks ?? experiment.scales[scale].ticks,
          seed: experiment.seeds.evaluation!,
          population: experiment.garden.population,
          world: arms[0]!.config.world,
        };
  const cells = Array.from({ length: worlds }, (_, replicate) =>
    arms.map(({ name, config }) => cellOf(name, replicate, config, experiment.interventions, garden)),
  ).flat();
  const used = Math.min(threads, cells.length);
  const bytes = memoryOf(arms, used);
  if (bytes > process.availableMemory())
    throw new CapacityError(
      `${used} worlds at once need ${gib(bytes)} of memory, ${gib(process.availableMemory())} are available`,
      'fewer --threads, or fewer slots',
    );
  return {
    source,
    scale,
    arms: arms.map(({ name, about, config }) => ({ name, about, differs: differences(config, arms) })),
    cells,
    worlds,
    batches: new Set(arms.map(({ config }) => batchKey(config))).size,
    threads: used,
  };
}

const gib = (bytes: number): string => `${(bytes / 2 ** 30).toFixed(2)} GiB`;

/** Memory of the worlds that are under way at once, bytes. */
export function memoryOf(arms: readonly { readonly config: RunConfig }[], threads: number): number {
  const largest = Math.max(
    ...arms.map(({ config }) => {
      const run = { arms: [{ ...config, worlds: 1 }], armLabels: [''] };
      return planRun(run, 1, Number.POSITIVE_INFINITY).bytes;
    }),
  );
  return largest * threads;
}

/** Paths and values in which an arm differs from any other, as text. */
function differences(config: RunConfig, arms: readonly Arm[]): string {
  const flat = (value: unknown, path: string, to: Map<string, string>): Map<string, string> => {
    if (value !== null && typeof value === 'object')
      for (const [key, child] of Object.entries(value)) flat(child, path === '' ? key : `${path}.${key}`, to);
    else to.set(path, String(value));
    return to;
  };
  const own = flat(config, '', new Map());
  const others = arms.map((arm) => flat(arm.config, '', new Map()));
  const paths = new Set([...own.keys(), ...others.flatMap((other) => [...other.keys()])]);
  return [...paths]
    .filter((path) => others.some((other) => other.get(path) !== own.get(path)))
    .map((path) => `${path}=${own.get(path) ?? 'none'}`)
    .join(', ');
}

export interface Estimate {
  readonly cells: number;
  readonly finished: number;
  readonly batches: number;
  readonly threads: number;
  readonly bytes: number;
  /** Of what is left. */
  readonly seconds: number;
}

/** A first stretch of a cell is timed for about so long. */
const PROBE_MS = 400;

/** Time and memory that what is left of a sweep will take, from a stretch of its first unfinished cell. */
export async function estimateSweep(
  { cells, batches, threads }: SweepPlan,
  finished: number,
): Promise<Estimate> {
  const left = cells.slice(finished);
  const bytes = memoryOf(cells, threads);
  const total = left.reduce((sum, cell) => sum + ticksOf(cell) * cell.config.slots, 0);
  const first = left[0];
  const seconds = first === undefined ? 0 : (total * (await secondsPerAgentTick(first))) / threads;
  return { cells: cells.length, finished, batches, threads, bytes, seconds };
}

/** Seconds that a slot and tick of a cell take in this thread. */
async function secondsPerAgentTick(cell: Cell): Promise<number> {
  const enough = new Error('timed');
  const interval = 16;
  const config = {
    ...cell.config,
    output: { ...cell.config.output, metricsEvery: interval, tradesWorlds: 0 },
  };
  let from = performance.now();
  let perTick = 0;
  try {
    await runCell({ ...cell, config, garden: null }, (tick) => {
      // the first stretch founds the world and compiles
      if (tick <= interval) from = performance.now();
      else {
        perTick = (performance.now() - from) / 1000 / (tick - interval);
        if (performance.now() - from > PROBE_MS) throw enough;
      }
    });
  } catch (error) {
    if (error !== enough) throw error;
  }
  return perTick / cell.config.slots;
}

/** Cells whose results a directory does not hold yet. */
export const unfinished = (plan: SweepPlan, directory: string): Cell[] =>
  plan.cells.filter(({ hash }) => readCell(directory, hash) === null);

/**
 * Runs what is left of a sweep and keeps each result as it comes.
 *
 * @returns whether all of it was done
 * @throws what the first failing cell threw
 */
export async function runSweep(
  left: readonly Cell[],
  directory: SweepDirectory,
  threads: number,
  watch: { readonly signal?: AbortSignal; readonly onEnd?: (result: CellResult, done: number) => void } = {},
): Promise<boolean> {
  let done = 0;
  const { signal } = watch;
  const stopped = new Error('stopped');
  const run = (cell: Cell): Promise<CellResult> =>
    runCell(cell, async () => {
      // signals arrive between tasks of the event loop only
      await new Promise(setImmediate);
      if (signal?.aborted) throw stopped;
    });
  try {
    await runTasks(left, run, 'sweep/cellWorker', threads, {
      ...(signal === undefined ? {} : { signal }),
      onEnd: (_, result) => {
        directory.keep(result);
        watch.onEnd?.(result, ++done);
      },
    });
  } catch (error) {
    if (error !== stopped) throw error;
  }
  return done === left.length;
}
