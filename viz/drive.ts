/**
 * Drives a run to its end, at the pace that a watcher asks for: how many ticks each call makes, and what is done between
 * two of them.
 */
import { type ResolvedRun, worldCount } from '../configs/arms.ts';
import type { Advance, Simulation } from '../sim/run.ts';
import type { Pace } from './pace.ts';

export interface DriveOptions {
  readonly signal: AbortSignal;
  /** Called with every advance, in order; the run waits for it. */
  readonly onAdvance: (advance: Advance) => void | Promise<void>;
  /** Pauses, steps and speed limits of a watched run. */
  readonly pace?: Pace;
  /** Called before every advance, at a boundary between ticks; the run waits for it. */
  readonly onBoundary?: () => Promise<void>;
  /** Ticks between calls of `onCheckpoint`, which is made where the tick is a multiple; 0 = never. */
  readonly checkpointEvery?: number;
  /** Called where a checkpoint is due, after `onAdvance`; the run waits for it. */
  readonly onCheckpoint?: () => Promise<void>;
  /** Lets everything else that waits in this thread have its turn. */
  readonly nextTurn: () => Promise<unknown>;
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
  simulation: Pick<Simulation, 'tick' | 'ticks' | 'advance'>,
  run: ResolvedRun,
  { signal, onAdvance, pace, onBoundary, checkpointEvery = 0, onCheckpoint, nextTurn }: DriveOptions,
): Promise<'finished' | 'interrupted'> {
  const targetMs = pace ? CALL_MS.watched : CALL_MS.unwatched;
  const { first, most } = ticksOfCall(run);
  // who watches sees the first tick as soon as there is one; stretches double from there
  let stretch = pace ? 1 : Math.min(first, most);
  // a run that waits shows how it begins
  if (pace?.holds && simulation.tick === 0) await onAdvance(await simulation.advance(0));
  while (simulation.tick < simulation.ticks) {
    const allowed = pace ? await pace.turn(signal) : Number.POSITIVE_INFINITY;
    if (signal.aborted) return 'interrupted';
    await onBoundary?.();
    if (allowed === 0) continue;
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
  // an interruption that comes with the last tick finds nothing left to stop
  return 'finished';
}
