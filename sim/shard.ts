/**
 * A shard: some of a run's worlds on one memory, advanced by one thread. Each world goes through a whole
 * stretch of ticks before the next one, so that its state stays in the cache.
 */
import { instantiateKernel } from '../agents/brain/brain.ts';
import type { FoundersByArm } from '../agents/founders.ts';
import { type ResolvedRun, worldParameters } from '../configs/arms.ts';
import { decodeWorld, encodeWorld, type RestoreOptions } from './checkpoint.ts';
import { assert } from './core/assert.ts';
import { Arena } from './core/columns.ts';
import { CapacityError, CheckpointError } from './core/errors.ts';
import { type FaultHook, faultHook } from './faults.ts';
import type { RecordBatch, ShardReport, WorldFrame } from './frame.ts';
import { createLawBook, lawStatus } from './invariants.ts';
import { type IntervalStart, measure, startInterval } from './metrics/measure.ts';
import { Recorder } from './recorder.ts';
import { ledgerHash, stateHash } from './stateHash.ts';
import { type TickHooks, tick } from './tick.ts';
import { createWorld, type World, worldBytes } from './world.ts';

/** A shard as its owner sees it, in this thread or another. */
export interface ShardHandle {
  /** Worlds of the run that this shard owns. */
  readonly worlds: readonly number[];
  /** Advances all of its worlds to `toTick` and reports. Rejects with LawViolation when a law breaks. */
  advance(toTick: number): Promise<ShardReport>;
  /** State hash of each world, in the order of `worlds`. */
  hashes(): Promise<readonly string[]>;
  /** Rows of a last snapshot of all agents, none where the schedule has just written one. */
  lastSnapshot(): Promise<readonly RecordBatch[]>;
  /** One of its worlds' complete state (checkpoint.ts). */
  saveWorld(world: number): Promise<Uint8Array<ArrayBuffer>>;
  /**
   * Puts a saved state into one of its worlds; to be done for all of them before the next advance. The bytes may be
   * moved to another thread. Returns the tick of the state; rejects with CheckpointError when it does not fit.
   */
  restoreWorld(world: number, saved: Uint8Array<ArrayBuffer>, options?: RestoreOptions): Promise<number>;
  close(): Promise<void>;
}

export interface ShardOptions {
  /** Whether economic laws are checked on every tick. Default true. */
  readonly laws?: boolean;
  /** A clock in nanoseconds; given, every phase is timed. */
  readonly clock?: () => number;
  /** Name of a fault to inject (faults.ts), to see the checker catch it. */
  readonly fault?: string;
  /** Saved agents that populations come from, [arm][population]. */
  readonly founders?: FoundersByArm;
  /** Called with the integer state's hash after each tick of each world. */
  readonly onTickHash?: (world: number, tick: number, hash: string) => void;
}

interface Resident {
  readonly world: World;
  since: IntervalStart;
}

/** A shard in this thread. */
export class Shard {
  readonly worlds: readonly number[];
  private readonly residents: readonly Resident[];
  private readonly recorder: Recorder;
  private readonly run: ResolvedRun;
  private readonly hooks: TickHooks;
  private readonly options: ShardOptions;
  private readonly lawBook = createLawBook();
  private readonly phaseNs: Record<string, number> = {};
  private readonly fault: FaultHook | null;
  private phaseStart = 0;
  private founded = false;

  /**
   * @param worlds numbers of the run's worlds that it owns
   * @throws CapacityError when they do not fit one memory
   */
  constructor(run: ResolvedRun, worlds: readonly number[], options: ShardOptions = {}) {
    this.run = run;
    this.worlds = worlds;
    this.options = options;
    this.fault = options.fault === undefined ? null : faultHook(options.fault);
    const all = worldParameters(run);
    const parameters = worlds.map((world) => all[world]!);
    this.recorder = new Recorder(run.arms[0]!.output);
    const bytes = parameters.reduce((sum, p) => sum + worldBytes({ ...p, market: p }), 0);
    const arena = allocate(bytes, parameters.length);
    const kernel = instantiateKernel(arena.memory);
    this.residents = parameters.map((p) => {
      const world = createWorld(
        p,
        arena,
        kernel,
        this.recorder.lineageSink(),
        this.recorder.journalOf(p.world),
        options.founders?.[p.arm],
      );
      world.trades = this.recorder.tradesOf(p.world);
      return { world, since: startInterval(world) };
    });
    this.hooks = { laws: options.laws === false ? null : this.lawBook, afterPhase: this.phaseHook() };
  }

  /** Advances every world to `toTick`. */
  advance(toTick: number): ShardReport {
    const { output } = this.run.arms[0]!;
    const frames: WorldFrame[] = [];
    let agentSteps = 0;
    for (const resident of this.residents) {
      const { world } = resident;
      const before = world.tally.agentSteps;
      if (!this.founded) this.sample(resident, frames, true);
      while (world.tick < toTick) {
        if (this.options.clock !== undefined) this.phaseStart = this.options.clock();
        tick(world, this.hooks);
        this.options.onTickHash?.(world.parameters.world, world.tick, ledgerHash(world));
        const boundary = world.tick % output.metricsEvery === 0;
        if (boundary || world.tick === toTick) this.sample(resident, frames, boundary);
        if (output.agentsEvery > 0 && world.tick % output.agentsEvery === 0) this.recorder.agents(world);
      }
      agentSteps += world.tally.agentSteps - before;
    }
    this.founded = true;
    return {
      tick: toTick,
      frames,
      laws: lawStatus(this.lawBook),
      batches: this.recorder.drain(),
      agentSteps,
      faultStruck: this.fault?.hasStruck() ?? false,
      phaseNs: this.options.clock === undefined ? null : this.drainPhases(),
    };
  }

  /** Rows of a last snapshot of all agents, unless the schedule has just written one. */
  lastSnapshot(): readonly RecordBatch[] {
    const { agentsEvery } = this.run.arms[0]!.output;
    for (const { world } of this.residents) {
      if (agentsEvery === 0 || world.tick % agentsEvery !== 0) this.recorder.agents(world);
    }
    return this.recorder.drain();
  }

  /** State hash of each world, in the order of `worlds`. */
  hashes(): string[] {
    return this.residents.map(({ world }) => stateHash(world));
  }

  /** Every world's complete state (checkpoint.ts), in the order of `worlds`. */
  save(): Uint8Array<ArrayBuffer>[] {
    return this.worlds.map((world) => this.saveWorld(world));
  }

  /** The complete state of one of its worlds. */
  saveWorld(number: number): Uint8Array<ArrayBuffer> {
    const { world, since } = this.residentOf(number);
    return encodeWorld(world, since);
  }

  /**
   * Takes up states saved by a shard of the same run, in the order of `worlds`.
   *
   * @throws CheckpointError when they do not fit
   */
  restore(saved: readonly Uint8Array[], place = 'checkpoint'): void {
    this.worlds.forEach((world, k) => {
      this.restoreWorld(world, saved[k]!, { place });
    });
  }

  /**
   * Puts a saved state into one of its worlds; to be done for all of them before the next advance.
   *
   * @returns the tick of the state
   * @throws CheckpointError when it does not fit
   */
  restoreWorld(number: number, saved: Uint8Array, options: RestoreOptions = {}): number {
    const resident = this.residentOf(number);
    const since = decodeWorld(resident.world, saved, options);
    // a mechanism that was switched on counts more than the open interval did
    const same = since.length === resident.since.length;
    if (!same && !options.branch)
      throw new CheckpointError(
        `${options.place ?? 'checkpoint'}: its open interval has ${since.length} totals, this world ${resident.since.length}`,
        'resume with the config that the run was started with',
      );
    resident.since = same ? since : startInterval(resident.world);
    // rows of a genesis that is not this run's
    this.recorder.drain();
    this.founded = true;
    return resident.world.tick;
  }

  /** The resident worlds, for tests and library users who look inside. */
  *inside(): IterableIterator<World> {
    for (const { world } of this.residents) yield world;
  }

  private residentOf(number: number): Resident {
    const resident = this.residents[this.worlds.indexOf(number)];
    assert(resident !== undefined, `world ${number} is not among the worlds ${this.worlds.join(', ')}`);
    return resident;
  }

  /** Measures a world; on a boundary of the metrics schedule also records it and starts a new interval. */
  private sample(resident: Resident, frames: WorldFrame[], boundary: boolean): void {
    const { world } = resident;
    const frame = measure(world, resident.since);
    frames.push(frame);
    if (!boundary) return;
    this.recorder.frame(
      frame,
      world.parameters.populations.map((p) => p.name),
    );
    resident.since = startInterval(world);
  }

  private phaseHook(): TickHooks['afterPhase'] {
    const { clock } = this.options;
    const inject = this.fault?.afterPhase ?? null;
    if (clock === undefined) return inject;
    return (world, phase) => {
      const now = clock();
      this.phaseNs[phase] = (this.phaseNs[phase] ?? 0) + now - this.phaseStart;
      inject?.(world, phase);
      this.phaseStart = clock();
    };
  }

  private drainPhases(): Record<string, number> {
    const drained = { ...this.phaseNs };
    for (const name of Object.keys(this.phaseNs)) this.phaseNs[name] = 0;
    return drained;
  }
}

function allocate(bytes: number, worlds: number): Arena {
  try {
    return new Arena(bytes);
  } catch (error) {
    if (error instanceof CapacityError) {
      throw new CapacityError(`${worlds} worlds on one thread: ${error.message}`, error.hint, {
        cause: error,
      });
    }
    throw error;
  }
}

/** A shard in this thread behind the interface of one in another. */
export function createShard(
  run: ResolvedRun,
  worlds: readonly number[],
  options: ShardOptions = {},
): ShardHandle {
  const shard = new Shard(run, worlds, options);
  return {
    worlds,
    advance: async (toTick) => shard.advance(toTick),
    hashes: async () => shard.hashes(),
    lastSnapshot: async () => shard.lastSnapshot(),
    saveWorld: async (world) => shard.saveWorld(world),
    restoreWorld: async (world, saved, restore) => shard.restoreWorld(world, saved, restore),
    close: async () => {},
  };
}
