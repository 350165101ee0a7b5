/** A run from its start to the last line of its manifest: state, directory, books, checkpoints, and who watches. */
import process from 'node:process';
import { CheckpointError, DarwinError, EngineError, LawViolation } from '../sim/core/errors.ts';
import type { Engine } from '../sim/engine.ts';
import type { LawStatus, RunFrame } from '../sim/frame.ts';
import type { Advance, Simulation } from '../sim/run.ts';
import type { LiveServer } from '../viz/server.ts';
import type { Steering } from '../viz/steering.ts';
import { checkpointTicks, type Standing } from './checkpoints.ts';
import type { ChosenEngine } from './engines/index.ts';
import { keepFounders } from './founders.ts';
import { freshManifest, type Manifest, type ParentRun } from './manifest.ts';
import { Progress } from './progress.ts';
import type { DirectoryCatalog } from './runCatalog.ts';
import { makeNumbered, RunDirectory } from './runDirectory.ts';
import { drive, engineLine, lateLines, openRun } from './simulate.ts';
import type { Start } from './starts.ts';
import { Summary } from './summary.ts';
import { note } from './terminal.ts';
import { walletRoots } from './walletRoots.ts';

/** Those who watch a run and may steer it. */
export interface Watch {
  readonly server: LiveServer;
  /** Tells the page of this run and of those beside it. */
  readonly catalog: DirectoryCatalog;
  readonly steering: Steering;
}

export interface ConductOptions {
  /** Run directory; a numbered one in `parent` where it is left out. */
  readonly out?: string | undefined;
  readonly parent: string;
  /** Name of a fault to inject. */
  readonly fault?: string | undefined;
  /** Aborted when the run is to stop, with a checkpoint. */
  readonly signal: AbortSignal;
  readonly watch: Watch | null;
  /** Told the run directory before the first tick. */
  readonly onBegin?: (directory: string) => void;
}

/** A run that has ended without an error. */
export interface Conducted {
  readonly directory: string;
  readonly manifest: Manifest;
  readonly summary: Summary;
  readonly status: 'finished' | 'interrupted';
}

/** The manifest that a run starts with. */
async function firstManifest(
  start: Start,
  engine: Engine,
  threads: number,
  parent: ParentRun | null,
): Promise<Manifest> {
  const { run, resumed, state } = start;
  if (resumed !== null)
    return {
      ...resumed.manifest,
      status: 'running',
      error: null,
      arms: run.arms,
      engine: engine.name,
      device: engine.device,
      threads,
      finishedAt: null,
      finalHash: null,
      resumedAt: [...resumed.manifest.resumedAt, state?.index.tick ?? 0],
    };
  const wallets = await walletRoots(run.arms.length * run.arms[0]!.worlds);
  return { ...freshManifest(run, engine, threads, parent, start.founders.sources), wallets };
}

/** Puts a simulation where its start says; returns what a branch records of its parent. */
async function takeUp(simulation: Simulation, start: Start): Promise<ParentRun | null> {
  const { state, parent, savedWorld } = start;
  if (state === null) return null;
  const options = { place: state.folder, branch: parent !== null };
  await simulation.restore((world, piece) => state.read(savedWorld(world), piece), options);
  const hash = await simulation.finalHash();
  if (parent !== null)
    return { dir: parent.directory, tick: simulation.tick, hash, parentHash: state.index.hash };
  if (hash !== state.index.hash)
    throw new CheckpointError(
      `${state.folder}: its state has hash ${hash}, recorded is ${state.index.hash}`,
      'use an earlier checkpoint',
    );
  return null;
}

/** The directory that a run writes to, with what must lie there before its first tick. */
async function openDirectory(
  start: Start,
  manifest: Manifest,
  out: string | undefined,
  parent: string,
): Promise<RunDirectory> {
  const { resumed, state, founders } = start;
  if (resumed !== null) {
    const { tick = -1, tableParts = {} } = state?.index ?? {};
    return RunDirectory.resume(resumed.directory, manifest, tableParts, { after: tick });
  }
  const path = out ?? makeNumbered(parent, `${manifest.name}-${manifest.arms[0]!.seed}`);
  const directory = await RunDirectory.create(path, manifest);
  keepFounders(path, founders);
  return directory;
}

/** What a run has added up, over all of its parts. */
class Books {
  readonly summary: Summary;
  agentSteps: number;
  laws: readonly LawStatus[];
  private readonly before: Standing | null;
  /** Tick at which this run, with all of its parts, began. */
  private readonly from: number;
  private readonly startedAt = performance.now();

  constructor({ run, state, resumed }: Start) {
    this.before = resumed === null ? null : (state?.index.standing ?? null);
    this.from = resumed === null ? (state?.index.tick ?? 0) : (resumed.manifest.parent?.tick ?? 0);
    this.summary = new Summary(run);
    if (resumed !== null && this.before !== null)
      this.summary.load(this.before.summary, resumed.manifest.arms[0]!.ticks === run.arms[0]!.ticks);
    this.agentSteps = this.before?.agentSteps ?? 0;
    this.laws = this.before?.laws ?? [];
  }

  add(advance: Advance): void {
    this.agentSteps += advance.agentSteps;
    this.laws = advance.frame.laws.map((law) => {
      const earlier = this.before?.laws.find(({ name }) => name === law.name);
      return { ...law, checks: law.checks + (earlier?.checks ?? 0) };
    });
    this.summary.add(advance.frames);
  }

  /** For a checkpoint. */
  standing(): Standing {
    const elapsedSeconds = (performance.now() - this.startedAt) / 1000 + (this.before?.elapsedSeconds ?? 0);
    return { agentSteps: this.agentSteps, elapsedSeconds, laws: this.laws, summary: this.summary.save() };
  }

  /** For the manifest. */
  figures(ticks: number): Partial<Manifest> {
    const { agentSteps, elapsedSeconds, laws } = this.standing();
    return {
      finishedAt: new Date().toISOString(),
      ticks,
      elapsedSeconds,
      agentSteps,
      agentStepsPerSecond: agentSteps / elapsedSeconds,
      ticksPerSecond: (ticks - this.from) / elapsedSeconds,
      laws,
    };
  }
}

/**
 * Runs what a start says on an engine and writes its directory.
 *
 * @throws what stopped the run, after the directory has kept what was done: EngineError where the device failed
 */
export async function conduct(
  start: Start,
  { engine, why }: ChosenEngine,
  { out, parent: folder, fault, signal, watch, onBegin }: ConductOptions,
): Promise<Conducted> {
  const page = watch?.server ?? null;
  const { run } = start;
  const { output } = run.arms[0]!;
  const { simulation, ...plan } = await openRun(run, engine, {
    founders: start.founders.founders,
    ...(fault === undefined ? {} : { fault }),
  }).catch((error) => {
    watch?.steering.end();
    throw error;
  });
  note(engineLine(run, engine, why, plan));
  for (const line of lateLines(run)) note(line);
  try {
    const parent = await takeUp(simulation, start);
    const first = await firstManifest(start, engine, plan.threads, parent);
    const directory = await openDirectory(start, first, out, folder);
    watch?.catalog.begin({ directory, simulation });
    onBegin?.(directory.path);
    const books = new Books(start);
    const progress = new Progress(simulation.ticks, process.stderr, simulation.tick);
    let current = run;
    let saved = start.resumed === null ? -1 : simulation.tick;
    const checkpoint = async (): Promise<void> => {
      if (saved === simulation.tick) return;
      // until the run is finished it may have to go on from the one before the last tick's
      const kept = output.checkpointsKept + (simulation.tick === simulation.ticks ? 1 : 0);
      await directory.checkpoint(simulation, books.standing(), kept);
      saved = simulation.tick;
    };
    try {
      // a branch holds the state that it began with, and needs its parent no more
      if (parent !== null) await checkpoint();
      const status = await drive(simulation, run, {
        signal,
        ...(watch === null ? {} : { pace: watch.steering.pace }),
        onBoundary: async () => {
          if (watch === null) return;
          current = await watch.steering.take(current, simulation, ({ arms }) => directory.amend({ arms }));
        },
        checkpointEvery: output.checkpointEvery,
        onCheckpoint: checkpoint,
        onAdvance: async (advance) => {
          books.add(advance);
          progress.update(simulation.tick, advance.agentSteps);
          publish(page, advance.frames, progress);
          await directory.append(advance.batches);
        },
      });
      // before the last snapshot, which the uninterrupted run would not write here
      if (simulation.tick > 0 && (status === 'interrupted' || output.checkpointAtEnd)) await checkpoint();
      await directory.append(await simulation.lastSnapshot());
      const finalHash = await simulation.finalHash();
      progress.stop();
      const manifest = await directory.finish({ ...books.figures(simulation.tick), finalHash, status });
      await directory.prune(output.checkpointsKept);
      const stopped = `at tick ${simulation.tick}, ${simulation.tick > 0 ? 'with a checkpoint' : 'before it began'}`;
      page?.status(
        status === 'finished'
          ? { state: 'finished', message: `hash ${manifest.finalHash}` }
          : { state: 'stopped', message: stopped },
      );
      return { directory: directory.path, manifest, summary: books.summary, status };
    } catch (error) {
      progress.stop();
      const line = error instanceof DarwinError ? error.line : String(error);
      // the first error says why; a second one, such as a full disk, must not hide it
      await directory
        .finish({ ...books.figures(simulation.tick), status: 'failed', error: line })
        .catch(() => {});
      page?.status({
        state: 'failed',
        message: line,
        ...(error instanceof LawViolation ? { brokenLaw: error.law } : {}),
      });
      if (error instanceof EngineError) note(whatIsLeft(directory.path, simulation.tick));
      throw error;
    }
  } finally {
    await simulation.close();
    watch?.steering.end();
  }
}

/** What a run whose engine failed has left, and how it goes on. */
function whatIsLeft(path: string, tick: number): string {
  const saved = checkpointTicks(path).at(-1);
  return saved === undefined
    ? `${path} keeps metrics up to tick ${tick}; with --checkpoint-every T it could go on`
    : `${path} keeps metrics up to tick ${tick} and a checkpoint of tick ${saved}; go on with darwin run --resume ${path}, or on another engine with darwin run --from ${path}@${saved} --engine cpu`;
}

function publish(
  page: LiveServer | null,
  frames: readonly RunFrame[],
  { ticksPerSecond, agentStepsPerSecond }: Progress,
): void {
  for (const frame of frames) page?.publish(frame, { ticksPerSecond, agentStepsPerSecond });
}
