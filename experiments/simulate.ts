/** Opens a run on worker threads and drives it to its end, at the pace that a watcher asks for. */
import process from 'node:process';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { type ResolvedRun, worldCount } from '../configs/arms.ts';
import type { Engine, EnginePlan } from '../sim/engine.ts';
import { type Advance, createSimulation, type Simulation } from '../sim/run.ts';
import type { ShardOptions } from '../sim/shard.ts';
import type { Pace } from './pace.ts';

export interface OpenRun extends EnginePlan {
  readonly simulation: Simulation;
}

/**
 * Checks that a run fits an engine, then founds its worlds there.
 *
 * @throws CapacityError when it does not fit, UsageError when the engine lacks a mechanism of the config
 */
export async function openRun(
  run: ResolvedRun,
  engine: Engine,
  options: ShardOptions = {},
): Promise<OpenRun> {
  const plan = engine.plan(run, run.arms[0]!.threads);
  return {
    ...plan,
    simulation: createSimulation(run, { shards: await engine.createShards(run, plan, options) }),
  };
}

/** What a run takes, for whoever watches it start. */
export function engineLine(
  run: ResolvedRun,
  { name, device }: Engine,
  why: string,
  plan: EnginePlan,
): string {
  const { threads, bytes } = plan;
  const slots = worldCount(run) * run.arms[0]!.slots;
  return [
    `engine ${name} (${why}) on ${device}`,
    `${threads} ${threads === 1 ? 'thread' : 'threads'}`,
    `${(bytes / 2 ** 20).toFixed(1)} MiB`,
    `${Math.round(bytes / slots)} bytes per agent slot`,
  ].join(', ');
}

/** Aborts on Ctrl-C or a request to stop; a second one ends the program at once. */
export function interruptSignal(): { readonly signal: AbortSignal; readonly release: () => void } {
  const controller = new AbortController();
  const stop = (): void => {
    if (controller.signal.aborted) process.exit(130);
    controller.abort();
  };
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
  return {
    signal: controller.signal,
    release: () => {
      process.off('SIGINT', stop);
      process.off('SIGTERM', stop);
    },
  };
}

export interface DriveOptions {
  readonly signal: AbortSignal;
  /** Called with every advance, in order; the run waits for it. */
  readonly onAdvance: (advance: Advance) => void | Promise<void>;
  /** Pauses, steps and speed limits of a watched run. */
  readonly pace?: Pace;
  /** Ticks between calls of `onCheckpoint`, which is made where the tick is a multiple; 0 = never. */
  readonly checkpointEvery?: number;
  /** Called where a checkpoint is due, after `onAdvance`; the run waits for it. */
  readonly onCheckpoint?: () => Promise<void>;
}

/** A call to the threads should take about this long: long enough to be cheap, short enough to stop soon. */
const CALL_MS = { unwatched: 300, watched: 60 };

/** Ticks of the first call, whose time is not known: at most so many, and so many agent-steps. */
const FIRST_TICKS = 64;
const FIRST_STEPS = 2 ** 18;
/** Rows of snapshots that may wait in memory until a call returns, about; 200 bytes each. */
const SNAPSHOT_ROWS = 2 ** 21;

/** Ticks of the first call to the threads of a run, and most of any: what waits in memory does not grow with the run. */
export function ticksOfCall(run: ResolvedRun): { readonly first: number; readonly most: number } {
  const { slots, output } = run.arms[0]!;
  const agents = slots * worldCount(run);
  return {
    first: Math.min(output.metricsEvery, FIRST_TICKS, Math.max(1, Math.floor(FIRST_STEPS / agents))),
    most:
      output.agentsEvery === 0
        ? Number.POSITIVE_INFINITY
        : output.agentsEvery * Math.max(1, Math.floor(SNAPSHOT_ROWS / agents)),
  };
}

/** Advances a run to its last tick, or until the signal is aborted. */
export async function drive(
  simulation: Simulation,
  run: ResolvedRun,
  { signal, onAdvance, pace, checkpointEvery = 0, onCheckpoint }: DriveOptions,
): Promise<'finished' | 'interrupted'> {
  const targetMs = pace ? CALL_MS.watched : CALL_MS.unwatched;
  const { first, most } = ticksOfCall(run);
  // who watches sees the first tick as soon as there is one; stretches double from there
  let stretch = pace ? 1 : Math.min(first, most);
  while (simulation.tick < simulation.ticks) {
    const allowed = pace ? await pace.turn(signal) : Number.POSITIVE_INFINITY;
    if (signal.aborted) return 'interrupted';
    const from = simulation.tick;
    const toCheckpoint =
      checkpointEvery > 0 ? checkpointEvery - (from % checkpointEvery) : Number.POSITIVE_INFINITY;
    const ticks = Math.min(allowed, stretch, toCheckpoint, simulation.ticks - from);
    // an engine in this thread would keep Ctrl-C and watchers waiting
    await nextTurn();
    const start = performance.now();
    const advance = await simulation.advance(from + ticks);
    const elapsed = performance.now() - start;
    pace?.spent(ticks);
    await onAdvance(advance);
    if (ticks === toCheckpoint) await onCheckpoint?.();
    if (elapsed < targetMs / 2 && ticks === stretch) stretch = Math.min(most, 2 * stretch);
    else if (elapsed > targetMs * 2) stretch = Math.max(1, Math.floor(stretch / 2));
  }
  return signal.aborted ? 'interrupted' : 'finished';
}
