/** `darwin run CONFIG`: simulates a config and writes a run directory. */
import { dirname } from 'node:path';
import process from 'node:process';
import { type Command, Option } from 'commander';
import colors from 'picocolors';
import { type ResolvedRun, worldCount } from '../../configs/arms.ts';
import {
  CheckpointError,
  DarwinError,
  EngineError,
  EXIT,
  LawViolation,
  UsageError,
} from '../../sim/core/errors.ts';
import type { Engine } from '../../sim/engine.ts';
import type { LawStatus, RunFrame } from '../../sim/frame.ts';
import type { Advance, Simulation } from '../../sim/run.ts';
import type { LiveServer } from '../../viz/server.ts';
import { checkpointTicks, discardAfter, type Standing } from '../checkpoints.ts';
import type { ChosenEngine } from '../engines/index.ts';
import { keepFounders } from '../founders.ts';
import { headerOf, portOf } from '../livePage.ts';
import {
  addConfigOptions,
  type ConfigOptions,
  loadConfig,
  openEngineOf,
  overridesOf,
} from '../loadConfig.ts';
import { freshManifest, type Manifest, type ParentRun } from '../manifest.ts';
import { Pace } from '../pace.ts';
import { compact, duration, Progress } from '../progress.ts';
import { DirectoryCatalog } from '../runCatalog.ts';
import { assertFree, makeNumbered, RUNS_DIRECTORY, RunDirectory } from '../runDirectory.ts';
import { drive, engineLine, interruptSignal, openRun } from '../simulate.ts';
import { type Start, startBranch, startFresh, startResumed } from '../starts.ts';
import { Summary } from '../summary.ts';
import { sqlPath } from '../tablePart.ts';
import { answer, note } from '../terminal.ts';

interface RunOptions extends ConfigOptions {
  readonly out?: string;
  readonly from?: string;
  readonly resume?: string;
  readonly serve?: string | true;
  readonly fault?: string;
  readonly json?: boolean;
}

export function register(program: Command): void {
  addConfigOptions(
    program
      .command('run')
      .summary('simulate a config and write a run directory')
      .description(
        'Simulates a config (a YAML file or the name of a preset) and writes a run directory; or goes on with an interrupted run; or branches a saved one.',
      )
      .argument('[config]', 'YAML file or preset'),
  )
    .option('--out <dir>', `run directory; default ${RUNS_DIRECTORY}/<name>-<seed>-<n>`)
    .option('--resume <dir>', 'go on with the run of a directory from its newest whole checkpoint')
    .option(
      '--from <dir@tick>',
      'branch: go on from a checkpoint of a saved run with values changed by --set',
    )
    .option('--checkpoint-every <ticks>', 'write a checkpoint every so many ticks; never changes a result')
    .option('--serve [port]', 'show the run live in a browser, on a free port unless one is named')
    .addOption(new Option('--fault <name>', 'break a law on purpose, for testing').hideHelp())
    .option('--json', 'print one JSON object')
    .action(runCommand);
}

/** Options that say what is run, and cannot stand beside one that says it already. */
function refuseBeside(choice: string, given: Readonly<Record<string, unknown>>): void {
  for (const [name, value] of Object.entries(given))
    if (value !== undefined)
      throw new UsageError(
        `${name} cannot be given with ${choice}`,
        `${choice} takes ${choice === '--resume' ? 'the config from the directory; --ticks, --threads and --checkpoint-every may change' : 'the config from the saved run; --set changes values of it'}`,
      );
}

function startOf(config: string | undefined, options: RunOptions): Promise<Start> {
  const { resume, from, out, set, seed, engine } = options;
  if (resume !== undefined) {
    refuseBeside('--resume', {
      [`config ${config}`]: config,
      '--from': from,
      '--out': out,
      '--set': set,
      '--seed': seed,
      '--engine': engine,
    });
    return startResumed(resume, overridesOf(options));
  }
  if (from !== undefined) {
    refuseBeside('--from', { [`config ${config}`]: config });
    return startBranch(from, overridesOf(options));
  }
  if (config === undefined)
    throw new UsageError("missing required argument 'config'", 'or --resume DIR, or --from DIR@tick');
  return startFresh(loadConfig(config, options));
}

/** The page of a run, and the catalog that tells it of this run and of those beside it. */
interface Page {
  readonly server: LiveServer;
  readonly catalog: DirectoryCatalog;
}

async function startPage(run: ResolvedRun, port: string | true, out: string | undefined): Promise<Page> {
  const { startServer } = await import('../../viz/server.ts');
  const catalog = new DirectoryCatalog(out === undefined ? RUNS_DIRECTORY : dirname(out));
  return { catalog, server: await startServer({ port: portOf(port), header: headerOf(run), catalog }) };
}

/** Everything that must be in order before anything is written. */
async function runCommand(config: string | undefined, options: RunOptions): Promise<void> {
  const start = await startOf(config, options);
  if (options.out !== undefined) assertFree(options.out);
  const chosen = await openEngineOf(start.run);
  chosen.engine.plan(start.run, start.run.arms[0]!.threads);
  const out = start.resumed?.directory ?? options.out;
  const page = options.serve === undefined ? null : await startPage(start.run, options.serve, out);
  try {
    await simulate(start, options, chosen, page);
  } finally {
    await page?.server.close();
    await chosen.engine.close();
  }
}

/** The manifest that a run starts with. */
function firstManifest(start: Start, engine: Engine, threads: number, parent: ParentRun | null): Manifest {
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
  return freshManifest(run, engine, threads, parent, start.founders.sources);
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
): Promise<RunDirectory> {
  const { resumed, state, founders } = start;
  if (resumed !== null) {
    const directory = await RunDirectory.resume(resumed.directory, manifest, state?.index.tableParts ?? {});
    discardAfter(resumed.directory, state?.index.tick ?? -1);
    return directory;
  }
  const path = out ?? makeNumbered(RUNS_DIRECTORY, `${manifest.name}-${manifest.arms[0]!.seed}`);
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
 * Runs a config on an engine and writes its directory.
 *
 * @throws what stopped the run, after the directory has kept what was done: EngineError where the device failed
 */
export async function simulate(
  start: Start,
  options: RunOptions,
  { engine, why }: ChosenEngine,
  watched: Page | null = null,
): Promise<void> {
  const page = watched?.server ?? null;
  const { run } = start;
  const { output } = run.arms[0]!;
  const say = options.json ? note : (line: string): void => void process.stdout.write(`${line}\n`);
  // before the address is known to anybody, so that no control is lost
  const pace: Pace | undefined = page
    ? new Pace(() => page.status({ state: pace!.state, speed: pace!.speed }))
    : undefined;
  page?.onControl((control) => pace!.apply(control));
  if (page) say(`dashboard: ${page.url}`);
  const { simulation, ...plan } = await openRun(run, engine, {
    founders: start.founders.founders,
    ...(options.fault === undefined ? {} : { fault: options.fault }),
  });
  note(engineLine(run, engine, why, plan));
  const interrupt = interruptSignal();
  try {
    const parent = await takeUp(simulation, start);
    const first = firstManifest(start, engine, plan.threads, parent);
    const directory = await openDirectory(start, first, options.out);
    watched?.catalog.begin({ directory, simulation });
    const books = new Books(start);
    const progress = new Progress(simulation.ticks, process.stderr, simulation.tick);
    let saved = start.resumed === null ? -1 : simulation.tick;
    const checkpoint = async (): Promise<void> => {
      if (saved === simulation.tick) return;
      await directory.checkpoint(simulation, books.standing(), output.checkpointsKept);
      saved = simulation.tick;
    };
    try {
      // a branch holds the state that it began with, and needs its parent no more
      if (parent !== null) await checkpoint();
      const status = await drive(simulation, run, {
        signal: interrupt.signal,
        ...(pace ? { pace } : {}),
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
      page?.status({
        state: 'finished',
        message: status === 'finished' ? `hash ${manifest.finalHash}` : status,
      });
      report(run, options, directory.path, manifest, books.summary);
      if (status === 'interrupted') {
        note(`interrupted at tick ${simulation.tick}; go on with: darwin run --resume ${directory.path}`);
        process.exitCode = EXIT.interrupted;
      } else if (page && process.stdout.isTTY) await stayOpen(page, interrupt.signal);
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
    interrupt.release();
    await simulation.close();
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

async function stayOpen(page: LiveServer, signal: AbortSignal): Promise<void> {
  note(`the run is over; the page stays at ${page.url} until Ctrl-C`);
  if (signal.aborted) return;
  await new Promise<void>((resolve) => {
    const keepAlive = setInterval(() => {}, 2 ** 30);
    signal.addEventListener('abort', () => {
      clearInterval(keepAlive);
      resolve();
    });
  });
}

/** The answer of `darwin run`. */
function report(
  run: ResolvedRun,
  options: RunOptions,
  dir: string,
  manifest: Manifest,
  summary: Summary,
): void {
  const { laws, finalHash, ticks, status, agentStepsPerSecond, elapsedSeconds } = manifest;
  const worlds = worldCount(run);
  const agents = worlds * run.arms[0]!.slots;
  const invariants = {
    checked: laws.reduce((sum, law) => sum + law.checks, 0),
    violated: laws.filter((law) => law.violated !== null).length,
  };
  const value = {
    dir,
    status,
    finalHash,
    ticks,
    parent: manifest.parent,
    resumedAt: manifest.resumedAt,
    worlds,
    agents,
    engine: manifest.engine,
    device: manifest.device,
    threads: manifest.threads,
    agentStepsPerSecond,
    metrics: summary.metrics(),
    invariants,
    arms: run.armLabels.map((label, arm) => ({
      label,
      metrics: summary.metrics(arm),
      totals: summary.totals(arm),
      populations: summary.populations(arm),
    })),
  };
  answer(options.json, value, () =>
    [
      summary.text(),
      `${status} after ${ticks} ticks of ${worlds} ${worlds === 1 ? 'world' : 'worlds'} x ${run.arms[0]!.slots} slots in ${duration(elapsedSeconds!)}, ${compact(agentStepsPerSecond!)} agent-steps/s`,
      `invariants: ${invariants.checked.toLocaleString('en-US')} checks of ${laws.length} laws, ${invariants.violated} violated`,
      `hash: ${finalHash}`,
      `directory: ${colors.bold(dir)}`,
      `look inside: duckdb -c "select tick, avg(tokenPrice), avg(alive) from ${sqlPath(dir, 'metrics')} group by tick order by tick"`,
    ].join('\n'),
  );
}
