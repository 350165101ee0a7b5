/**
 * A fault simulator: runs a small config under a schedule of faults, start after start, and proves that in the end
 * nothing differs from the run that nobody disturbed: hash, laws, figures and rows; and that no start lost more than the
 * run's interval between checkpoints. Everything is the program's own but the engine, whose shards share this thread.
 */
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { DuckDBInstance } from '@duckdb/node-api';
import { type ResolvedRun, worldCount } from '../../configs/arms.ts';
import { DarwinError, EnvironmentError, LawViolation, UsageError } from '../../sim/core/errors.ts';
import type { Engine } from '../../sim/engine.ts';
import type { TableName } from '../../sim/frame.ts';
import { dealWorlds } from '../../sim/run.ts';
import { createShard, type ShardHandle } from '../../sim/shard.ts';
import { TABLES } from '../../sim/tables.ts';
import { checkpointTicks, openCheckpoint, openNewest } from '../checkpoints.ts';
import { type Conducted, conduct } from '../conduct.ts';
import { watchDisk } from '../disk.ts';
import { readManifest } from '../manifest.ts';
import { hasParts } from '../runTables.ts';
import { type Start, startFresh, startResumed } from '../starts.ts';
import { partName, sqlPath } from '../tablePart.ts';
import { Crash, FaultyDisk } from './faultyDisk.ts';
import { type Attempt, type Damage, type Fault, runOf, SCHEDULES_PER_RUN, scheduleOf } from './schedule.ts';

/** What a run comes to. */
interface Result {
  readonly hash: string;
  readonly laws: string;
  readonly figures: string;
  /** Of each table that has rows: how many, and a digest of them in any order. */
  readonly rows: string;
}

/** The run of some schedules without faults. */
interface Reference {
  readonly run: ResolvedRun;
  readonly result: Result;
  /** Steps that it takes on the disk. */
  readonly steps: number;
}

/** What came of a schedule. */
export interface Trial {
  readonly seed: number;
  /** What it proved wrong; null = nothing. */
  readonly problem: string | null;
  /** Kinds of the faults that struck, in order, and of what was damaged. */
  readonly struck: readonly string[];
  /** Ticks that were run again after a start ended before its time, at most. */
  readonly lost: number;
}

/** Raised where a schedule proves something wrong. */
class Wrong extends Error {}

/** A process that nobody is: beyond the largest number that Linux gives. */
const NOBODY = { pid: 2 ** 22 + 1, host: hostname(), started: null };

/** Who is asked for an advance of the worlds, and stops where the fault says so. */
class Workers {
  /** Ticks that all worlds have reached. */
  reached = 0;
  struck = false;
  readonly controller = new AbortController();
  private readonly fault: Fault | null;
  private readonly fatalTick: number;

  constructor(fault: Fault | null, ticks: number) {
    this.fault = fault;
    this.fatalTick = fault === null ? 0 : 1 + Math.floor(fault.at * ticks);
  }

  engine(): Engine {
    return {
      name: 'cpu',
      device: 'this thread',
      plan: () => ({ threads: 2, bytes: 0 }),
      createShards: async (run, _plan, options) =>
        dealWorlds(worldCount(run), 2).map((worlds, k) => this.watched(createShard(run, worlds, options), k)),
      close: async () => {},
    };
  }

  private watched(shard: ShardHandle, index: number): ShardHandle {
    const { fault } = this;
    let gone = false;
    const advance = async (toTick: number) => {
      if (fault?.kind === 'worker' && index === 0 && toTick >= this.fatalTick) gone = true;
      if (gone) {
        this.struck = true;
        throw new EnvironmentError('the thread of worlds 0 to 0 stopped with code 1', 'use fewer agents');
      }
      const report = await shard.advance(toTick);
      this.reached = Math.max(this.reached, toTick);
      if (fault?.kind === 'interrupted' && toTick >= this.fatalTick) {
        this.struck = true;
        this.controller.abort();
      }
      return report;
    };
    return { ...shard, advance };
  }
}

/** What starts say on standard error, kept from the terminal. */
async function quietly<T>(act: () => Promise<T>): Promise<T> {
  const { write } = process.stderr;
  process.stderr.write = () => true;
  try {
    return await act();
  } finally {
    process.stderr.write = write;
  }
}

export class FaultSimulator {
  private readonly folder: string;
  private readonly instance: DuckDBInstance;
  private readonly references = new Map<number, Promise<Reference>>();

  private constructor(folder: string, instance: DuckDBInstance) {
    this.folder = folder;
    this.instance = instance;
  }

  /** @param folder an empty folder for its runs, on a disk that is quick to force */
  static async open(folder: string): Promise<FaultSimulator> {
    // it would keep in memory what it has read of thousands of files
    const options = { threads: '1', enable_external_file_cache: 'false' };
    return new FaultSimulator(folder, await DuckDBInstance.create(':memory:', options));
  }

  close(): void {
    this.instance.closeSync();
  }

  /** Runs the schedule of a seed, a whole number from 0. */
  async try(seed: number): Promise<Trial> {
    const struck: string[] = [];
    const path = join(this.folder, `run-${seed}`);
    let lost = 0;
    try {
      const reference = await this.referenceOf(seed);
      for (const attempt of scheduleOf(seed).attempts)
        lost = Math.max(lost, await this.attempt(path, reference, attempt, struck));
      const done = await this.start(path, reference.run, new Workers(null, 0), new FaultyDisk(null, 0));
      assertSame(await this.resultOf(path, done), reference.result);
      assertTidy(path, done === null);
      return { seed, problem: null, struck, lost };
    } catch (error) {
      const problem = error instanceof Wrong ? error.message : `${(error as Error).name}: ${String(error)}`;
      return { seed, problem: `after ${struck.join(', ') || 'no fault'}: ${problem}`, struck, lost };
    } finally {
      rmSync(path, { recursive: true, force: true });
    }
  }

  /** One start under a fault, and what is damaged after it; returns how many ticks are to be run again. */
  private async attempt(
    path: string,
    { run, steps }: Reference,
    { fault, damage, share }: Attempt,
    struck: string[],
  ): Promise<number> {
    const { ticks, output } = run.arms[0]!;
    const workers = new Workers(fault, ticks);
    const disk = new FaultyDisk(fault, steps);
    const least = await usable(path, ticks);
    try {
      await this.start(path, run, workers, disk);
    } catch (error) {
      if (!(error instanceof Crash)) assertExpected(error, disk.struck || workers.struck);
    }
    if (disk.struck || workers.struck) struck.push(fault.kind);
    if (fault.kind === 'power' && disk.dead) disk.losePower(fault.share);
    leaveLock(path);
    const kept = await usable(path, ticks);
    // what lay there before stays until something newer does, or until nothing is left to go on from
    if (kept < least && !isFinished(path))
      throw new Wrong(`checkpoint ${least} is gone, the newest is ${kept}`);
    const lost = isFinished(path) ? 0 : workers.reached - kept;
    if (output.checkpointEvery > 0 && lost > output.checkpointEvery)
      throw new Wrong(`${lost} ticks lost of an interval of ${output.checkpointEvery}`);
    if (damage !== null && (await damageOf(path, damage, share))) struck.push(`damaged ${damage}`);
    return Math.max(0, lost);
  }

  /** Starts the run as a user would: afresh where there is none, else from where it stopped; null = it is finished. */
  private start(
    path: string,
    run: ResolvedRun,
    workers: Workers,
    disk: FaultyDisk,
  ): Promise<Conducted | null> {
    return quietly(async () => {
      const start = await startOf(path, run);
      if (start === null) return null;
      watchDisk(disk);
      try {
        return await conduct(
          start,
          { engine: workers.engine(), why: 'simulated' },
          { out: path, parent: this.folder, signal: workers.controller.signal, watch: null },
        );
      } finally {
        watchDisk(null);
      }
    });
  }

  private referenceOf(seed: number): Promise<Reference> {
    const group = Math.floor(seed / SCHEDULES_PER_RUN);
    const known = this.references.get(group) ?? this.refer(seed);
    this.references.clear();
    this.references.set(group, known);
    return known;
  }

  private async refer(seed: number): Promise<Reference> {
    const run = runOf(seed);
    const path = join(this.folder, `reference-${seed}`);
    const disk = new FaultyDisk(null, 0);
    const done = await this.start(path, run, new Workers(null, 0), disk);
    const result = await this.resultOf(path, done!);
    rmSync(path, { recursive: true });
    return { run, result, steps: disk.steps };
  }

  /** @param done null where the run was finished before: what it said is gone, and what it wrote is here */
  private async resultOf(path: string, done: Conducted | null): Promise<Result> {
    const { manifest, summary } = done ?? { manifest: readManifest(path), summary: null };
    if (manifest.status !== 'finished') throw new Wrong(`its status is ${manifest.status}`);
    return {
      hash: String(manifest.finalHash),
      laws: JSON.stringify(manifest.laws.map(({ name, checks, violated }) => [name, checks, violated])),
      figures:
        summary === null
          ? ''
          : JSON.stringify([summary.metrics(), summary.totals(0), summary.populations(0)]),
      rows: await this.rowsOf(path),
    };
  }

  private async rowsOf(path: string): Promise<string> {
    const connection = await this.instance.connect();
    try {
      const tables = (Object.keys(TABLES) as TableName[]).filter((table) => hasParts(path, table));
      const selects = tables.map(
        (table) =>
          `select '${table}' as name, count(*)::varchar as n, sum(hash(t)::hugeint)::varchar as digest from ${sqlPath(path, table)} t`,
      );
      const reader = await connection.runAndReadAll(selects.join(' union all '));
      return JSON.stringify(reader.getRowsJS());
    } finally {
      connection.closeSync();
    }
  }
}

async function startOf(path: string, run: ResolvedRun): Promise<Start | null> {
  // what failed before there was a manifest has lost nothing
  if (!existsSync(join(path, 'manifest.json'))) {
    rmSync(path, { recursive: true, force: true });
    mkdirSync(path, { recursive: true });
    return startFresh(run);
  }
  return isFinished(path) ? null : startResumed(path, []);
}

const isFinished = (path: string): boolean =>
  existsSync(join(path, 'manifest.json')) && readManifest(path).status === 'finished';

/** Tick of the newest checkpoint that a run can go on from; 0 = it begins again. */
async function usable(path: string, ticks: number): Promise<number> {
  const state = await openNewest(path, () => {}, { withRows: true, before: ticks });
  return state?.index.tick ?? 0;
}

/** An error must be one that a user can understand, and have a cause. */
function assertExpected(error: unknown, struck: boolean): void {
  if (!(error instanceof DarwinError) || error instanceof LawViolation || error.line.includes('\n'))
    throw new Wrong(`ended with ${String((error as Error).stack ?? error)}`);
  if (!struck) throw new Wrong(`ended without a fault: ${error.line}`);
  if (!(error instanceof EnvironmentError || error instanceof UsageError))
    throw new Wrong(`ended with ${error.name}: ${error.line}`);
}

function assertSame(found: Result, expected: Result): void {
  for (const what of Object.keys(expected) as (keyof Result)[])
    if (found[what] !== '' && found[what] !== expected[what])
      throw new Wrong(
        `${what} differ: ${found[what].slice(0, 300)}, without faults ${expected[what].slice(0, 300)}`,
      );
}

/**
 * Nothing that was written aside stays; but nobody starts a run again whose process was stopped between the last line of
 * its manifest and its end: there its lock may stay, and a checkpoint that it was removing.
 */
function assertTidy(path: string, wasFinished: boolean): void {
  const forbidden = wasFinished ? /\.writing$/ : /\.(writing|dropped)$|running\.lock$/;
  const left = readdirSync(path, { recursive: true })
    .map(String)
    .filter((name) => forbidden.test(name));
  if (left.length > 0) throw new Wrong(`${left.join(', ')} stayed`);
}

/** The lock of a process that is gone. */
function leaveLock(path: string): void {
  const file = join(path, 'running.lock');
  if (existsSync(file)) writeFileSync(file, JSON.stringify(NOBODY));
}

/** Damages the newest checkpoint where an earlier one can stand in; returns whether it did. */
async function damageOf(path: string, damage: Damage, share: number): Promise<boolean> {
  if (!existsSync(join(path, 'manifest.json')) || isFinished(path)) return false;
  const { ticks } = readManifest(path).arms[0]!;
  const [earlier, newest] = checkpointTicks(path)
    .filter((tick) => tick < ticks)
    .slice(-2);
  if (earlier === undefined || newest !== (await usable(path, ticks))) return false;
  const folder = join(path, 'checkpoints', String(newest));
  if (damage === 'state') return cut(join(folder, 'part-00000.bin'), share);
  if (damage === 'index') return flip(join(folder, 'index.json'), share);
  const [before, after] = await Promise.all(
    [earlier, newest].map(async (tick) => (await openCheckpoint(path, tick)).index.tableParts),
  );
  const table = (Object.keys(TABLES) as TableName[]).find(
    (name) => (after![name] ?? 0) > (before![name] ?? 0),
  );
  if (table === undefined) return false;
  return cut(join(path, table, partName(after![table]! - 1)), share);
}

function cut(file: string, share: number): boolean {
  truncateSync(file, Math.floor(readFileSync(file).length * share));
  return true;
}

function flip(file: string, share: number): boolean {
  const bytes = readFileSync(file);
  bytes[Math.floor(bytes.length * share)]! ^= 1;
  writeFileSync(file, bytes);
  return true;
}
