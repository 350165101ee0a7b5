/** A sweep on one machine: what it will do and take, and doing it. */
import process from 'node:process';
import type { RunConfig } from '../../configs/schema.ts';
import { CapacityError, UsageError } from '../../sim/core/errors.ts';
import { planRun } from '../plan.ts';
import { runTasks } from '../taskPool.ts';
import { agentTicksOf, type Cell, type CellResult, cellOf, distinctCells, runCell } from './cell.ts';
import { type Arm, armsAt, type ExperimentFile, gardensAt } from './experimentFile.ts';
import type { ScaleName } from './experimentSchema.ts';
import { readCell, type SweepDirectory, type SweepPlan } from './sweepDirectory.ts';

/** Parts of a config that worlds of one batch share. */
const batchKey = ({ ticks, slots, output }: RunConfig): string => JSON.stringify([ticks, slots, output]);

/**
 * The cells of an experiment at a scale: every arm with every seed, seed by seed, so that a sweep that is stopped has
 * compared what it has.
 *
 * @param engine that all cells run on; by default that of their configs
 * @throws ConfigError for what is wrong in an arm, UsageError for an engine that no cell runs on, CapacityError where the worlds under way would not fit
 */
export function planSweep(
  source: ExperimentFile,
  scale: ScaleName,
  threads: number,
  engine?: string,
): SweepPlan {
  const { experiment } = source;
  const { worlds } = experiment.scales[scale];
  const arms = armsAt(source, scale).map((arm) => ({ ...arm, config: onEngine(arm.config, engine) }));
  const gardens = gardensAt(source, scale, arms[0]!);
  const cells = Array.from({ length: worlds }, (_, replicate) =>
    arms.map(({ name, config }) => cellOf(name, replicate, config, experiment.interventions, gardens)),
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

/** Cells are single worlds: `auto` is cpu. An engine that is named is never replaced by another. */
function onEngine(config: RunConfig, engine: string = config.engine): RunConfig {
  if (engine === 'auto' || engine === 'cpu') return { ...config, engine: 'cpu' };
  if (engine === 'tensorflow') return { ...config, engine };
  throw new UsageError(
    `cells of a sweep do not run on engine ${engine}`,
    `one of auto, cpu, tensorflow; webgpu advances many worlds at once: darwin run`,
  );
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

/** Processor time of the stretch of a cell that is timed, after as much that founds the world and compiles. */
const PROBE_MS = 500;
/** Ticks and slots between samples of the probe, which would take most of its time if they were as close as it is short. */
const PROBE_SAMPLE = 16_384;

/** Time and memory that what is left of a sweep will take, from a stretch of its first unfinished cell. */
export async function estimateSweep(
  { cells: all, batches, threads }: SweepPlan,
  left: readonly Cell[],
): Promise<Estimate> {
  const cells = distinctCells(all);
  const finished = cells.length - left.length;
  const bytes = memoryOf(cells, threads);
  const total = left.reduce((sum, cell) => sum + agentTicksOf(cell), 0);
  const first = left[0];
  const seconds = first === undefined ? 0 : (total * (await secondsPerAgentTick(first))) / threads;
  return { cells: cells.length, finished, batches, threads, bytes, seconds };
}

/**
 * Seconds that a slot and tick of a cell take in this thread, in processor time: what else the machine does while the probe
 * runs says nothing about the hours after it.
 */
async function secondsPerAgentTick(cell: Cell): Promise<number> {
  const enough = new Error('timed');
  const interval = Math.max(16, Math.round(PROBE_SAMPLE / cell.config.slots));
  const config = {
    ...cell.config,
    output: { ...cell.config.output, metricsEvery: interval, tradesWorlds: 0 },
  };
  const began = process.cpuUsage();
  const spentMs = (): number => {
    const { user, system } = process.cpuUsage(began);
    return (user + system) / 1000;
  };
  let [fromTick, fromMs] = [0, 0];
  let perTick = 0;
  try {
    await runCell({ ...cell, config, gardens: [] }, (tick) => {
      const spent = spentMs();
      perTick = (spent - fromMs) / 1000 / (tick - fromTick);
      if (fromTick === 0 && spent > PROBE_MS) [fromTick, fromMs] = [tick, spent];
      else if (fromTick > 0 && spent - fromMs > PROBE_MS) throw enough;
    });
  } catch (error) {
    if (error !== enough) throw error;
  }
  return perTick / cell.config.slots;
}

/** Cells whose results a directory does not hold yet, each once. */
export const unfinished = (plan: SweepPlan, directory: string): Cell[] =>
  distinctCells(plan.cells).filter(({ hash }) => readCell(directory, hash) === null);

/** What is told while a sweep runs. */
export interface SweepWatch {
  readonly signal?: AbortSignal;
  /** A result has been kept. */
  readonly onEnd?: (result: CellResult) => void;
}

/**
 * Runs what is left of a sweep and keeps each result as it comes.
 *
 * @returns whether all of it was done
 * @throws what the first failing cell threw
 */
export const runSweep = (
  left: readonly Cell[],
  directory: SweepDirectory,
  threads: number,
  watch: SweepWatch = {},
): Promise<boolean> =>
  runCells(left, threads, {
    ...watch,
    onEnd: (result) => {
      directory.keep(result);
      watch.onEnd?.(result);
    },
  });

/**
 * Runs cells over threads.
 *
 * @returns whether all of them were run
 * @throws what the first failing cell threw
 */
export async function runCells(
  cells: readonly Cell[],
  threads: number,
  { signal, onEnd }: SweepWatch,
): Promise<boolean> {
  let done = 0;
  const stopped = new Error('stopped');
  const run = (cell: Cell): Promise<CellResult> =>
    runCell(cell, async () => {
      // signals arrive between tasks of the event loop only
      await new Promise(setImmediate);
      if (signal?.aborted) throw stopped;
    });
  try {
    await runTasks(cells, run, 'sweep/cellWorker', threads, {
      ...(signal === undefined ? {} : { signal }),
      onEnd: (_, result) => {
        done++;
        onEnd?.(result);
      },
    });
  } catch (error) {
    if (error !== stopped) throw error;
  }
  return done === cells.length;
}
