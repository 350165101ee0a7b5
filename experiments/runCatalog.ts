/** The runs of a directory for the page: those that are recorded, and the one that this process simulates. */
import { basename, dirname, resolve } from 'node:path';
import { DarwinError, UsageError } from '../sim/core/errors.ts';
import type { TableName } from '../sim/frame.ts';
import type { Simulation } from '../sim/run.ts';
import { SNAPSHOT_TABLES, TABLES } from '../sim/tables.ts';
import {
  DATA_API_VERSION,
  type FrameQuery,
  LIVE_RUN,
  NoSuchRun,
  type RunCatalog,
  type RunDetail,
  type RunList,
  type RunSummary,
  type TableQuery,
  TICKS_MAX,
  thinned,
} from '../viz/dataApi.ts';
import { headerOf, helloOf } from '../viz/hello.ts';
import type { Hello } from '../viz/protocol.ts';
import type { TableFrame } from '../viz/tableFrame.ts';
import { isWithin } from './confinement.ts';
import { type Manifest, readManifest } from './manifest.ts';
import { framesOf, runsIn } from './recordedRun.ts';
import type { RunDirectory } from './runDirectory.ts';
import { hasParts, RecordedTables, type RunTables, tableRows, ticksOf } from './runTables.ts';
import { nowOf, type SnapshotTable } from './tablePart.ts';

/** Runs that a list names, the newest first. */
const LISTED_MAX = 200;
/** Runs whose database may stay open until nobody has asked it for a while. */
const TABLES_KEPT_MAX = 8;
/** Characters of a cause that an error repeats. */
const CAUSE_SHOWN_MAX = 200;
/** A snapshot of the moment serves everybody who asks within so long. */
const SNAPSHOT_MS = 1000;

/** The run that this process simulates. */
export interface LiveRun {
  readonly directory: RunDirectory;
  readonly simulation: Simulation;
}

const isOfSnapshots = (table: TableName): table is SnapshotTable =>
  SNAPSHOT_TABLES.some((name) => name === table);

const summaryOf = (id: string, manifest: Manifest, live: boolean): RunSummary => {
  const { name, description, status, ticks, startedAt, finalHash, error, arms } = manifest;
  const { worlds, slots, ticks: plannedTicks } = arms[0]!;
  return {
    id,
    name,
    description,
    status,
    ticks,
    plannedTicks,
    arms: arms.length,
    worlds,
    slots,
    startedAt,
    finalHash,
    error,
    live,
  };
};

/** What a page is told of a recorded run first. Throws UsageError where its config is none that a world can be made of. */
function greetingOf(path: string, { arms, armLabels }: Manifest): Hello {
  try {
    return helloOf(headerOf({ arms, armLabels }));
  } catch (cause) {
    // a manifest is proved as far as every reader needs it, its config by whoever derives from it
    throw new UsageError(
      `${path}: the config of its manifest cannot be used: ${(cause as Error).message.split('\n')[0]!.slice(0, CAUSE_SHOWN_MAX)}`,
      'use the version of darwin-market that wrote it',
      { cause },
    );
  }
}

/**
 * What stands in a folder of runs; a directory that is no run, or not one of this version, is left out, and so is a link
 * that leads out of the folder.
 */
export class DirectoryCatalog implements RunCatalog {
  /** Directory that holds run directories. */
  readonly parent: string;
  private readonly shown: string | null;
  private live: LiveRun | null = null;
  /** Those of the runs that were asked for last, whose databases may still be open. */
  private readonly recorded = new Map<string, RecordedTables>();
  private snapshot: { at: number; tick: number; taken: Promise<void> } | null = null;

  /**
   * @param parent directory that holds run directories
   * @param shown the one of them that the page opens first
   */
  constructor(parent: string, shown: string | null = null) {
    this.parent = parent;
    this.shown = shown;
  }

  /** From now on `live` is the run of this directory. */
  begin(live: LiveRun): void {
    this.live = live;
    this.snapshot = null;
  }

  /** Directory of the run of this process; null before there is one. */
  get livePath(): string | null {
    return this.live?.directory.path ?? null;
  }

  async list(): Promise<RunList> {
    const runs: RunSummary[] = [];
    for (const path of this.directories().slice(0, LISTED_MAX)) {
      try {
        const id = basename(path);
        runs.push(summaryOf(id, readManifest(path), this.isLive(id)));
      } catch (error) {
        if (!(error instanceof DarwinError)) throw error;
      }
    }
    return { runs, shown: this.shown };
  }

  async detail(id: string): Promise<RunDetail> {
    const { path, manifest } = this.find(id);
    const tables = (Object.keys(TABLES) as TableName[]).filter((table) => hasParts(path, table));
    return {
      version: DATA_API_VERSION,
      summary: summaryOf(basename(path), manifest, this.isLive(basename(path))),
      hello: greetingOf(path, manifest),
      laws: manifest.laws,
      interventions: manifest.arms.map(({ interventions = [] }) => interventions),
      ticksPerSecond: manifest.ticksPerSecond ?? 0,
      agentStepsPerSecond: manifest.agentStepsPerSecond ?? 0,
      tables,
    };
  }

  async frames(id: string, range: FrameQuery) {
    const { tables, manifest } = this.find(id);
    const { metricsEvery } = manifest.arms[0]!.output;
    return { metricsEvery, frames: await framesOf(tables, manifest, range) };
  }

  async ticks(id: string, table: TableName): Promise<readonly number[]> {
    return thinned(await ticksOf(this.find(id).tables, table), TICKS_MAX);
  }

  async table(id: string, query: TableQuery): Promise<TableFrame> {
    const { tables } = this.find(id);
    if (query.from !== 'now') return tableRows(tables, query);
    if (this.live === null || !this.live.directory.isOpen || !isOfSnapshots(query.table) || !this.isLive(id))
      throw new UsageError(
        `from=now is for the agents of a live run (${SNAPSHOT_TABLES.join(', ')})`,
        'give a tick',
      );
    await this.takeSnapshot(this.live);
    return tableRows(tables, query, nowOf(query.table));
  }

  async wallets(id: string): Promise<readonly string[] | null> {
    return this.find(id).manifest.wallets;
  }

  /** Everybody who watches shares one snapshot a second; the run waits no longer than one takes. */
  private takeSnapshot({ directory, simulation }: LiveRun): Promise<void> {
    const now = performance.now();
    const { snapshot } = this;
    if (snapshot !== null && (now - snapshot.at < SNAPSHOT_MS || snapshot.tick === simulation.tick))
      return snapshot.taken;
    const taken = simulation.snapshot().then((batches) => directory.showAgents(batches));
    this.snapshot = { at: now, tick: simulation.tick, taken };
    taken.catch(() => {
      this.snapshot = null;
    });
    return taken;
  }

  private isLive(id: string): boolean {
    return this.live !== null && (id === LIVE_RUN || id === basename(this.live.directory.path));
  }

  private directories(): string[] {
    return runsIn(this.parent).filter((path) => isWithin(path, this.parent));
  }

  /** The directory of a run. Throws NoSuchRun. */
  pathOf(id: string): string {
    return this.find(id).path;
  }

  private tablesOf(path: string): RunTables {
    const tables = this.recorded.get(path) ?? new RecordedTables(path);
    this.recorded.delete(path);
    this.recorded.set(path, tables);
    for (const [oldest] of this.recorded) {
      if (this.recorded.size <= TABLES_KEPT_MAX) break;
      this.recorded.delete(oldest);
    }
    return tables;
  }

  /** By id among the run directories; a path never comes from a request. */
  private find(id: string): { path: string; manifest: Manifest; tables: RunTables } {
    if (this.live !== null && this.isLive(id)) {
      const { directory } = this.live;
      const manifest = readManifest(directory.path);
      return {
        path: directory.path,
        manifest,
        tables: directory.isOpen ? directory : this.tablesOf(directory.path),
      };
    }
    const path = this.directories().find((candidate) => basename(candidate) === id);
    if (path === undefined) throw new NoSuchRun(id);
    return { path, manifest: readManifest(path), tables: this.tablesOf(path) };
  }
}

/** The catalog of the folder that a run directory lies in, which opens with that run. */
export const catalogBeside = (directory: string): DirectoryCatalog =>
  new DirectoryCatalog(dirname(resolve(directory)), basename(resolve(directory)));
