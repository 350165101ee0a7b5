/** A helper: a thread of a team that does not lead it. It sees the world's columns and does its share of phases. */
import { createEnvironment } from '../agents/environments/registry.ts';
import { type ResolvedRun, worldParameters } from '../configs/arms.ts';
import { Ledger } from '../market/ledger.ts';
import { helpTeam } from './team.ts';
import { phasesOf } from './tick.ts';
import { bindColumns } from './world.ts';
import { reopenWorld } from './worldMemory.ts';

/**
 * Shares the phases of a world with its leader until the thread is ended.
 *
 * @param world number of the world in the run
 * @param memories as the leader handed them out
 * @param board shared words of the team
 * @param thread 1..threads-1
 * @throws what a phase throws; the leader is told
 */
export function helpWorld(
  run: ResolvedRun,
  world: number,
  memories: readonly WebAssembly.Memory[],
  board: Int32Array,
  threads: number,
  thread: number,
): never {
  const parameters = worldParameters(run)[world]!;
  const environment = createEnvironment(parameters);
  const bound = bindColumns(parameters, reopenWorld(memories, threads, thread), environment);
  const view = { parameters, ...bound, ledger: new Ledger(world, bound.balances), lineage: null };
  const phases = phasesOf({ environment });
  return helpTeam(board, threads, thread, (phase, tick, from, to) =>
    phases[phase]!.share!(view, tick, from, to),
  );
}
