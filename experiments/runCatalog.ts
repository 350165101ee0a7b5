/** The runs of a directory for the page: those that are recorded, and the one that this process simulates. */
import { basename, dirname, resolve } from 'node:path';
import { DarwinError, UsageError } from '../sim/core/errors.ts';
import type { TableName } from '../sim/frame.ts';
import type { Simulation } from '../sim/run.ts';
import { TABLES } from '../sim/tables.ts';
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
import { helloOf } from '../viz/hello.ts';
import type { TableFrame } from '../viz/tableFrame.ts';
import { headerOf } from './livePage.ts';
import { type Manifest, readManifest } from './manifest.ts';
import { framesOf, runsIn } from './recordedRun.ts';
import type { RunDirectory } from './runDirectory.ts';
import { hasParts, RecordedTables, type RunTables, tableRows, ticksOf } from './runTables.ts';
import { AGENTS_NOW } from './tablePart.ts';

/** Runs that a list names, the newest first. */
const LISTED_MAX = 200;
/** A snapshot of the moment serves everybody who asks within so long. */
const SNAPSHOT_MS = 1000;

/** The run that this process simulates. */
export interface LiveRun {
  readonly directory: RunDirectory;
  readonly simulation: Simulation;
}

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

/** What stands in a folder of runs; a directory that is no run, or not one of this version, is left out. */
export class DirectoryCatalog implements RunCatalog {
  private readonly parent: string;
  private readonly shown: string | null;
  private live: LiveRun | null = null;
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
  }

  async list(): Promise<RunList> {
    const runs: RunSummary[] = [];
    for (const path of runsIn(this.parent).slice(0, LISTED_MAX)) {
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
      hello: helloOf(headerOf({ arms: manifest.arms, armLabels: manifest.armLabels })),
      laws: manifest.laws,
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
    if (this.live === null || !this.live.directory.isOpen || query.table !== 'agents' || !this.isLive(id))
      throw new UsageError('from=now is for the agents of a live run', 'give a tick');
    await this.takeSnapshot(this.live);
    return tableRows(tables, query, AGENTS_NOW);
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

  /** By id among the run directories; a path never comes from a request. */
  private find(id: string): { path: string; manifest: Manifest; tables: RunTables } {
    if (this.live !== null && this.isLive(id)) {
      const { directory } = this.live;
      const manifest = readManifest(directory.path);
      return {
        path: directory.path,
        manifest,
        tables: directory.isOpen ? directory : new RecordedTables(directory.path),
      };
    }
    const path = runsIn(this.parent).find((candidate) => basename(candidate) === id);
    if (path === undefined) throw new NoSuchRun(id);
    return { path, manifest: readManifest(path), tables: new RecordedTables(path) };
  }
}

/** The catalog of the folder that a run directory lies in, which opens with that run. */
export const catalogBeside = (directory: string): DirectoryCatalog =>
  new DirectoryCatalog(dirname(resolve(directory)), basename(resolve(directory)));
