/** Opens a run on an engine and drives it to its end. */
import process from 'node:process';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { type ResolvedRun, worldCount } from '../configs/arms.ts';
import type { Engine, EnginePlan } from '../sim/engine.ts';
import { createSimulation, type Simulation } from '../sim/run.ts';
import type { ShardOptions } from '../sim/shard.ts';
import { type DriveOptions, drive as driveRun } from '../viz/drive.ts';

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

/** Advances a run to its last tick, or until the signal is aborted. */
export const drive = (
  simulation: Pick<Simulation, 'tick' | 'ticks' | 'advance'>,
  run: ResolvedRun,
  options: Omit<DriveOptions, 'nextTurn'>,
): Promise<'finished' | 'interrupted'> => driveRun(simulation, run, { ...options, nextTurn });

/** Interventions that a run ends before, a line each. */
export function lateLines({ arms }: Pick<ResolvedRun, 'arms'>): string[] {
  const { ticks, interventions = [] } = arms[0]!;
  return interventions
    .filter(({ tick }) => tick >= ticks)
    .map(
      ({ tick, path, value }) =>
        `${path}=${value} at tick ${tick} does not happen in a run of ${ticks} ticks, unless it goes on`,
    );
}
