/**
 * The port between a run and what advances it. An engine takes worlds and gives shards (shard.ts); everything else, from
 * run directories to the page, is the same for all of them. Integers agree between engines bit for bit when they are fed
 * the same actions, floats within tolerances; checkpoints are portable, because agents stand in them in plain order.
 */
import type { ResolvedRun } from '../configs/arms.ts';
import type { EngineName } from '../configs/schema.ts';
import type { ShardHandle, ShardOptions } from './shard.ts';

/** What a run takes, known before anything is allocated. */
export interface EnginePlan {
  /** Threads of this machine that advance worlds. */
  readonly threads: number;
  /** Memory of all worlds, bytes: on the device where the engine has one of its own. */
  readonly bytes: number;
}

/** Something that advances worlds. */
export interface Engine {
  readonly name: EngineName;
  /** What it runs on, as a manifest records it: processor, adapter and driver, or library and backend. */
  readonly device: string;
  /**
   * What a run would take.
   *
   * @param threads as asked for, 0 = as the engine sees fit
   * @throws CapacityError with the figure and the nearest size that fits; UsageError for a config with a mechanism that
   *   the engine does not have, naming it
   */
  plan(run: ResolvedRun, threads: number): EnginePlan;
  /**
   * Founds all worlds of a run, each in one of the shards. A shard rejects with EngineError when its device fails; it is
   * of no use after that.
   */
  createShards(run: ResolvedRun, plan: EnginePlan, options: ShardOptions): Promise<readonly ShardHandle[]>;
  /** Gives the device back; after the shards are closed. */
  close(): Promise<void>;
}
