/**
 * A run: all worlds of a config, held by one or more shards and advanced together. The number of shards
 * and the schedule of `advance` never change a result.
 */
import type { FoundersByArm } from '../agents/founders.ts';
import type { ResolvedRun } from '../configs/arms.ts';
import { pieceCount, type RestoreOptions } from './checkpoint.ts';
import { CheckpointError } from './core/errors.ts';
import type { LawStatus, RecordBatch, RunFrame, ShardReport, WorldFrame } from './frame.ts';
import { worse } from './lawMargins.ts';
import { createShard, type InterventionByArm, type ShardHandle } from './shard.ts';
import { combineHashes } from './stateHash.ts';

/** What one call of `advance` gives. */
export interface Advance {
  /** The state at the tick reached, all worlds. */
  readonly frame: RunFrame;
  /** Frames of every sampled tick on the way, oldest first; the last one is `frame`. */
  readonly frames: readonly RunFrame[];
  /** Rows for the run directory. */
  readonly batches: readonly RecordBatch[];
  readonly agentSteps: number;
  /** Whether a fault that shards were given has struck in any of them. */
  readonly faultStruck: boolean;
  /** Nanoseconds per phase summed over shards, when they were given a clock. */
  readonly phaseNs: Readonly<Record<string, number>> | null;
}

/** A run that is advanced at will; all its methods answer when every shard has. */
export interface Simulation {
  /** Ticks completed. */
  readonly tick: number;
  readonly ticks: number;
  readonly worldCount: number;
  /**
   * Advances every world to `toTick`.
   * @throws LawViolation when an economic law breaks; the run cannot go on after that
   */
  advance(toTick: number): Promise<Advance>;
  /** Hash of the state of all worlds: equal for equal configs on any machine and thread count. */
  finalHash(): Promise<string>;
  /** Rows of a last snapshot of all agents, none where the schedule has just written one. */
  lastSnapshot(): Promise<readonly RecordBatch[]>;
  /** Rows of all agents at the tick reached, for somebody who watches; changes nothing. */
  snapshot(): Promise<readonly RecordBatch[]>;
  /**
   * Hands every world's complete state to `take`, piece by piece (checkpoint.ts), which must be done with one before it
   * gets the next one of the same shard; no more pieces than shards are in memory at a time.
   */
  save(take: (world: number, state: Uint8Array<ArrayBuffer>, piece: number) => Promise<void>): Promise<void>;
  /**
   * Goes on from saved states, before the first advance. Nothing of the ticks before is reported again.
   *
   * @param read a piece of the state of a world, 0 first; the bytes become the simulation's
   * @throws CheckpointError when a state does not fit or worlds stand at different ticks
   */
  restore(
    read: (world: number, piece: number) => Promise<Uint8Array<ArrayBuffer>>,
    options?: RestoreOptions,
  ): Promise<void>;
  /**
   * Changes parameters from the next tick on. The caller has proved them right (addIntervention) and records them: the
   * run goes on as if its config had planned them.
   */
  intervene(byArm: InterventionByArm): Promise<void>;
  /** Ends its shards, and the threads that they run on. */
  close(): Promise<void>;
  /** Frames at every tick of the metrics schedule until the run's last tick. */
  [Symbol.asyncIterator](): AsyncIterator<RunFrame>;
}

/** Deals worlds out to `shards` as evenly as possible, in runs of neighbours. */
export function dealWorlds(worlds: number, shards: number): number[][] {
  return Array.from({ length: Math.min(shards, worlds) }, (_, s, count = Math.min(shards, worlds)) => {
    const from = Math.floor((s * worlds) / count);
    const to = Math.floor(((s + 1) * worlds) / count);
    return Array.from({ length: to - from }, (_, k) => from + k);
  });
}

/**
 * Prepares a run.
 *
 * @param options.shards who holds the worlds; default one shard in this thread
 * @param options.founders saved agents for populations with `from`, where this thread holds the worlds
 * @throws ConfigError when a relation between constants does not hold, CapacityError when memory is short
 */
export function createSimulation(
  run: ResolvedRun,
  options: { shards?: readonly ShardHandle[]; founders?: FoundersByArm } = {},
): Simulation {
  const worldCount = run.arms.length * run.arms[0]!.worlds;
  const shards = options.shards ?? [
    createShard(
      run,
      Array.from({ length: worldCount }, (_, w) => w),
      options.founders === undefined ? {} : { founders: options.founders },
    ),
  ];
  return new ShardedSimulation(run, shards, worldCount);
}

class ShardedSimulation implements Simulation {
  tick = 0;
  readonly ticks: number;
  readonly worldCount: number;
  private readonly shards: readonly ShardHandle[];
  private readonly metricsEvery: number;
  /** In which each world is saved. */
  private readonly pieces: number;

  constructor(run: ResolvedRun, shards: readonly ShardHandle[], worldCount: number) {
    this.ticks = run.arms[0]!.ticks;
    this.metricsEvery = run.arms[0]!.output.metricsEvery;
    this.pieces = pieceCount(run.arms[0]!.slots);
    this.shards = shards;
    this.worldCount = worldCount;
  }

  async advance(toTick: number): Promise<Advance> {
    const reports = await Promise.all(this.shards.map((shard) => shard.advance(toTick)));
    this.tick = toTick;
    const frames = this.framesOf(reports);
    return {
      frame: frames.at(-1)!,
      frames,
      batches: reports.flatMap((report) => report.batches),
      agentSteps: reports.reduce((sum, report) => sum + report.agentSteps, 0),
      faultStruck: reports.some((report) => report.faultStruck),
      phaseNs: sumPhases(reports),
    };
  }

  async finalHash(): Promise<string> {
    const byWorld: string[] = [];
    await Promise.all(
      this.shards.map(async (shard) => {
        const hashes = await shard.hashes();
        shard.worlds.forEach((world, k) => {
          byWorld[world] = hashes[k]!;
        });
      }),
    );
    return combineHashes(byWorld);
  }

  async lastSnapshot(): Promise<readonly RecordBatch[]> {
    return (await Promise.all(this.shards.map((shard) => shard.lastSnapshot()))).flat();
  }

  async snapshot(): Promise<readonly RecordBatch[]> {
    return (await Promise.all(this.shards.map((shard) => shard.snapshot()))).flat();
  }

  async save(
    take: (world: number, state: Uint8Array<ArrayBuffer>, piece: number) => Promise<void>,
  ): Promise<void> {
    await this.ofEachPiece(async (shard, world, piece) =>
      take(world, await shard.saveWorld(world, piece), piece),
    );
  }

  async restore(
    read: (world: number, piece: number) => Promise<Uint8Array<ArrayBuffer>>,
    options: RestoreOptions = {},
  ): Promise<void> {
    const ticks = new Set<number>();
    await this.ofEachPiece(async (shard, world, piece) => {
      ticks.add(await shard.restoreWorld(world, await read(world, piece), options));
    });
    const [tick, ...others] = ticks;
    if (tick === undefined || others.length > 0)
      throw new CheckpointError(
        `${options.place ?? 'checkpoint'}: its worlds stand at ticks ${[...ticks].join(', ')}`,
        'use an earlier checkpoint',
      );
    this.tick = tick;
  }

  async intervene(byArm: InterventionByArm): Promise<void> {
    await Promise.all(this.shards.map((shard) => shard.intervene(byArm)));
  }

  async close(): Promise<void> {
    await Promise.all(this.shards.map((shard) => shard.close()));
  }

  async *[Symbol.asyncIterator](): AsyncIterator<RunFrame> {
    while (this.tick < this.ticks) {
      const next = Math.min(this.ticks, this.tick + this.metricsEvery - (this.tick % this.metricsEvery));
      yield (await this.advance(next)).frame;
    }
  }

  /** Shards side by side, the pieces of the worlds of each one after the other. */
  private async ofEachPiece(
    visit: (shard: ShardHandle, world: number, piece: number) => Promise<void>,
  ): Promise<void> {
    await Promise.all(
      this.shards.map(async (shard) => {
        for (const world of shard.worlds)
          for (let piece = 0; piece < this.pieces; piece++) await visit(shard, world, piece);
      }),
    );
  }

  private framesOf(reports: readonly ShardReport[]): RunFrame[] {
    const byTick = new Map<number, WorldFrame[]>();
    for (const frame of reports.flatMap((report) => report.frames)) {
      const worlds = byTick.get(frame.tick);
      if (worlds === undefined) byTick.set(frame.tick, [frame]);
      else worlds.push(frame);
    }
    const laws = mergeLaws(reports.map((report) => report.laws));
    return [...byTick]
      .sort(([a], [b]) => a - b)
      .map(([tick, worlds]) => ({
        tick,
        ticks: this.ticks,
        worlds: worlds.sort((a, b) => a.world - b.world),
        laws,
      }));
  }
}

function mergeLaws(books: readonly (readonly LawStatus[])[]): LawStatus[] {
  return (books[0] ?? []).map((law, k) => ({
    ...law,
    ...mergeMargins(books.map((book) => book[k]!)),
    checks: books.reduce((sum, book) => sum + book[k]!.checks, 0),
    lastTick: Math.max(...books.map((book) => book[k]!.lastTick)),
    violated: books.map((book) => book[k]!.violated).find((violated) => violated !== null) ?? null,
  }));
}

/** The worst of one law's margins; why there is none where no shard has any. */
function mergeMargins(laws: readonly LawStatus[]): Pick<LawStatus, 'margin' | 'noMargin'> {
  const margins = laws.map(({ margin }) => margin).filter((margin) => margin !== undefined);
  if (margins.length > 0) return { margin: margins.reduce(worse), noMargin: undefined };
  return { noMargin: laws.find(({ noMargin }) => noMargin !== undefined)?.noMargin };
}

function sumPhases(reports: readonly ShardReport[]): Record<string, number> | null {
  const sums: Record<string, number> = {};
  for (const { phaseNs } of reports) {
    if (phaseNs === null) return null;
    for (const [phase, ns] of Object.entries(phaseNs)) sums[phase] = (sums[phase] ?? 0) + ns;
  }
  return sums;
}
