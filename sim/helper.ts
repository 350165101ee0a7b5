/** A helper: a thread of a team that does not lead it. It sees the world's columns and does its share of phases. */
import { createEnvironment } from '../agents/environments/registry.ts';
import { type ResolvedRun, worldParameters } from '../configs/arms.ts';
import { Course } from '../configs/interventions.ts';
import { Ledger } from '../market/ledger.ts';
import type { InterventionByArm } from './shard.ts';
import { helpTeam } from './team.ts';
import { phasesOf } from './tick.ts';
import { bindColumns, changeParameters } from './world.ts';
import { reopenWorld } from './worldMemory.ts';

/**
 * Shares the phases of a world with its leader until the thread is ended.
 *
 * @param world number of the world in the run
 * @param memories as the leader handed them out
 * @param board shared words of the team
 * @param thread 1..threads-1
 * @param news interventions that the leader has told of since the last call
 * @throws what a phase throws; the leader is told
 */
export function helpWorld(
  run: ResolvedRun,
  world: number,
  memories: readonly WebAssembly.Memory[],
  board: Int32Array,
  threads: number,
  thread: number,
  news: () => readonly InterventionByArm[] = () => [],
): never {
  const parameters = worldParameters(run)[world]!;
  const environment = createEnvironment(parameters);
  const bound = bindColumns(parameters, reopenWorld(memories, threads, thread), environment);
  const view = { parameters, ...bound, ledger: new Ledger(world, bound.balances), lineage: null };
  const phases = phasesOf({ environment });
  const course = new Course(run.arms[parameters.arm]!, { ...parameters });
  let last = -1;
  const follow = (tick: number): void => {
    for (const byArm of news()) {
      const intervention = byArm[parameters.arm] ?? null;
      if (intervention !== null) course.add(intervention);
    }
    if (tick >= course.next) changeParameters(view, course.parametersAt(tick));
    last = tick;
  };
  return helpTeam(board, threads, thread, (phase, tick, from, to) => {
    if (tick !== last) follow(tick);
    phases[phase]!.share!(view, tick, from, to);
  });
}
