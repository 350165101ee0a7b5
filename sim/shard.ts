/**
 * A shard: some of a run's worlds, advanced by one thread, or one large world, advanced by a team (team.ts). Each world
 * goes through a whole stretch of ticks before the next one, so that its state stays in the cache.
 */
import type { BindBrain } from '../agents/brain/brain.ts';
import { HEAD_COUNT } from '../agents/brain/layout.ts';
import type { FoundersByArm } from '../agents/founders.ts';
import { type ResolvedRun, worldParameters } from '../configs/arms.ts';
import { afterIssuance, Course, type Intervention } from '../configs/interventions.ts';
import { issuedRate } from '../market/laws.ts';
import { decodeWorld, encodeWorld, pieceCount, type RestoreOptions } from './checkpoint.ts';
import { assert } from './core/assert.ts';
import { CheckpointError } from './core/errors.ts';
import { type FaultHook, faultHook } from './faults.ts';
import type { RecordBatch, ShardReport, WorldFrame } from './frame.ts';
import { createLawBook, lawStatus } from './invariants.ts';
import { type IntervalStart, measure, startInterval } from './metrics/measure.ts';
import { Recorder } from './recorder.ts';
import { integerHash, ledgerHash, stateHash } from './stateHash.ts';
import { tablesOf } from './tables.ts';
import { Team } from './team.ts';
import { type TickHooks, tick } from './tick.ts';
import { changeParameters, createWorld, type World } from './world.ts';
import { allocateWorlds, memoriesOf } from './worldMemory.ts';

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
  /** Rows of a snapshot of all agents, whatever the schedule; for somebody who watches. Changes nothing. */
  snapshot(): Promise<readonly RecordBatch[]>;
  /** A piece of one of its worlds' complete state (checkpoint.ts). */
  saveWorld(world: number, piece?: number): Promise<Uint8Array<ArrayBuffer>>;
  /**
   * Puts a piece of a saved state into one of its worlds, the first one first; to be done for all of them before the
   * next advance. The bytes may be moved to another thread. Returns the tick of the state; rejects with CheckpointError
   * when it does not fit.
   */
  restoreWorld(world: number, saved: Uint8Array<ArrayBuffer>, options?: RestoreOptions): Promise<number>;
  /** Changes parameters from the next tick on; an intervention, or none, for each arm. */
  intervene(byArm: InterventionByArm): Promise<void>;
  /** Ends the shard, and the thread that it runs on. */
  close(): Promise<void>;
}

/** What happens to each arm at a tick, [arm]; null = nothing. */
export type InterventionByArm = readonly (Intervention | null)[];

/** Threads that help with a shard's only world (team.ts, helper.ts). */
export interface TeamPort {
  /** Threads, this one included. */
  readonly threads: number;
  /** `boardWords(threads)` shared words, zero. */
  readonly board: Int32Array;
  /** Hands the world's memories to the other threads. */
  readonly handOut: (memories: readonly WebAssembly.Memory[]) => void;
  /** Tells the other threads of an intervention, before the first phase that it concerns. */
  readonly tell: (byArm: InterventionByArm) => void;
}

/** What agents of a world do in a tick, in plain order [slots x HEAD_COUNT]. */
export type RecordedActions = (world: number, tick: number) => Uint32Array<ArrayBuffer>;

/** How a shard computes, what it starts from, and what it tells while it runs. */
export interface ShardOptions {
  /** Whether economic laws are checked on every tick. Default true. */
  readonly laws?: boolean;
  /** A clock in nanoseconds; given, every phase is timed. */
  readonly clock?: () => number;
  /** Name of a fault to inject (faults.ts), to see the checker catch it. */
  readonly fault?: string;
  /** Saved agents that populations come from, [arm][population]. */
  readonly founders?: FoundersByArm;
  /** Memories for the brains of each world; default as many as they need. Never changes a result. */
  readonly brainShards?: number;
  /** Who makes the brains of worlds that lie in one memory; default the WebAssembly kernel's. */
  readonly bindBrain?: BindBrain;
  /** The team that this thread leads. */
  readonly team?: TeamPort;
  /** What agents do in place of what they would choose, on any engine with the same integers; not with a team. */
  readonly actions?: RecordedActions;
  /** Told what agents are about to do, in every tick of every world. */
  readonly onActions?: (world: number, tick: number, actions: Uint32Array<ArrayBuffer>) => void;
  /** Called with the hash of all integers that engines agree on (integerHash), after each tick of each world. */
  readonly onTickIntegers?: (world: number, tick: number, hash: string) => void;
  /** Called with the integer state's hash after each tick of each world. */
  readonly onTickHash?: (world: number, tick: number, hash: string) => void;
}

/** The last phase in which agents choose what to do. */
const CHOICE = 'scripted';

/** Metrics at sampled ticks, beside the phases of a tick in a profile. */
const SAMPLE = 'sample';

interface Resident {
  readonly world: World;
  /** Which parameters it has when. */
  readonly course: Course;
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
   * @throws CapacityError when a world does not fit or the machine refuses its memory
   */
  constructor(run: ResolvedRun, worlds: readonly number[], options: ShardOptions = {}) {
    this.run = run;
    this.worlds = worlds;
    this.options = options;
    this.fault = options.fault === undefined ? null : faultHook(options.fault);
    const all = worldParameters(run);
    const parameters = worlds.map((world) => all[world]!);
    this.recorder = new Recorder(run.arms[0]!.output, tablesOf(run.arms[0]!));
    const { team } = options;
    assert(team === undefined || worlds.length === 1, 'a team shares one world');
    const memories = allocateWorlds(parameters, team?.threads, options.brainShards);
    if (team !== undefined) team.handOut(memoriesOf(memories[0]!));
    this.residents = parameters.map((p, k) => {
      const world = createWorld(
        p,
        memories[k]!,
        this.recorder.lineageSink(),
        this.recorder.journalOf(p.world),
        options.founders?.[p.arm],
        team === undefined ? null : new Team(team.board, team.threads),
        options.bindBrain,
      );
      world.trades = this.recorder.tradesOf(p.world);
      return { world, course: new Course(run.arms[p.arm]!, { ...p }), since: startInterval(world) };
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
        if (world.tick >= resident.course.next)
          changeParameters(world, resident.course.parametersAt(world.tick));
        if (this.options.clock !== undefined) this.phaseStart = this.options.clock();
        tick(world, this.hooks);
        this.options.onTickHash?.(world.parameters.world, world.tick, ledgerHash(world));
        this.options.onTickIntegers?.(world.parameters.world, world.tick, integerHash(world));
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

  /** Rows of all agents as they are; kept apart from what is recorded. */
  snapshot(): readonly RecordBatch[] {
    const watcher = new Recorder(this.run.arms[0]!.output);
    for (const { world } of this.residents) watcher.agents(world);
    return watcher.drain();
  }

  /** State hash of each world, in the order of `worlds`. */
  hashes(): string[] {
    return this.residents.map(({ world }) => stateHash(world));
  }

  /** Every world's complete state (checkpoint.ts), piece by piece, in the order of `worlds`. */
  save(): Uint8Array<ArrayBuffer>[] {
    const pieces = pieceCount(this.run.arms[0]!.slots);
    return this.worlds.flatMap((world) =>
      Array.from({ length: pieces }, (_, piece) => this.saveWorld(world, piece)),
    );
  }

  /** A piece of the complete state of one of its worlds. */
  saveWorld(number: number, piece = 0): Uint8Array<ArrayBuffer> {
    const { world, since } = this.residentOf(number);
    return encodeWorld(world, since, piece);
  }

  /**
   * Takes up what `save` of a shard with the same worlds gave.
   *
   * @throws CheckpointError when they do not fit
   */
  restore(saved: readonly Uint8Array[], place = 'checkpoint'): void {
    const pieces = pieceCount(this.run.arms[0]!.slots);
    saved.forEach((piece, k) => {
      this.restoreWorld(this.worlds[Math.floor(k / pieces)]!, piece, { place });
    });
  }

  /**
   * Puts a piece of a saved state into one of its worlds, the first one first; to be done for all of them before the
   * next advance.
   *
   * @returns the tick of the state
   * @throws CheckpointError when it does not fit
   */
  restoreWorld(number: number, saved: Uint8Array, options: RestoreOptions = {}): number {
    const resident = this.residentOf(number);
    const since = decodeWorld(resident.world, saved, options);
    if (since === null) return resident.world.tick;
    // a mechanism that was switched on counts more than the open interval did
    const same = since.length === resident.since.length;
    if (!same && !options.branch)
      throw new CheckpointError(
        `${options.place ?? 'checkpoint'}: its open interval has ${since.length} totals, this world ${resident.since.length}`,
        'resume with the config that the run was started with',
      );
    resident.since = same ? since : startInterval(resident.world);
    this.takeIssuance(resident);
    // rows of a genesis that is not this run's
    this.recorder.drain();
    this.founded = true;
    return resident.world.tick;
  }

  /** Changes parameters from the next tick on. */
  intervene(byArm: InterventionByArm): void {
    this.options.team?.tell(byArm);
    for (const { world, course } of this.residents) {
      const intervention = byArm[world.parameters.arm] ?? null;
      if (intervention !== null) course.add(intervention);
    }
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

  /** A branch may issue less than its parent did: what is there already is judged by the rate of then. */
  private takeIssuance({ world, course }: Resident): void {
    const rate = issuedRate(world, world.tick);
    course.hasIssued(rate);
    const parameters = afterIssuance(world.parameters, rate);
    if (parameters !== world.parameters) changeParameters(world, parameters);
  }

  /** Measures a world; on a boundary of the metrics schedule also records it and starts a new interval. */
  private sample(resident: Resident, frames: WorldFrame[], boundary: boolean): void {
    const { world } = resident;
    const { clock } = this.options;
    const start = clock?.() ?? 0;
    const frame = measure(world, resident.since);
    frames.push(frame);
    if (boundary) {
      this.recorder.frame(
        frame,
        world.parameters.populations.map((p) => p.name),
        world.parameters.computeMarket.priceTable,
      );
      resident.since = startInterval(world);
    }
    if (clock !== undefined) this.phaseNs[SAMPLE] = (this.phaseNs[SAMPLE] ?? 0) + clock() - start;
  }

  private phaseHook(): TickHooks['afterPhase'] {
    const { clock, actions, onActions } = this.options;
    const inject = this.fault?.afterPhase ?? null;
    if (clock === undefined && actions === undefined && onActions === undefined) return inject;
    return (world, phase) => {
      const now = clock?.() ?? 0;
      this.phaseNs[phase] = (this.phaseNs[phase] ?? 0) + now - this.phaseStart;
      if (phase === CHOICE) this.exchangeActions(world);
      inject?.(world, phase);
      this.phaseStart = clock?.() ?? 0;
    };
  }

  /** Replaces what agents have chosen, where it is given, and tells what they do, where somebody asks. */
  private exchangeActions({ parameters: { world, slots }, brain, tick }: World): void {
    const { actions, onActions } = this.options;
    if (actions !== undefined) brain.writeColumn('action', 0, slots, actions(world, tick));
    if (onActions === undefined) return;
    const chosen = new Uint32Array(slots * HEAD_COUNT);
    brain.readColumn('action', 0, slots, chosen);
    onActions(world, tick, chosen);
  }

  private drainPhases(): Record<string, number> {
    const drained = { ...this.phaseNs };
    for (const name of Object.keys(this.phaseNs)) this.phaseNs[name] = 0;
    return drained;
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
    snapshot: async () => shard.snapshot(),
    saveWorld: async (world, piece) => shard.saveWorld(world, piece),
    restoreWorld: async (world, saved, restore) => shard.restoreWorld(world, saved, restore),
    intervene: async (byArm) => shard.intervene(byArm),
    close: async () => {},
  };
}
