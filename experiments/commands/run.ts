/** `darwin run CONFIG`: simulates a config and writes a run directory. */
import process from 'node:process';
import { type Command, Option } from 'commander';
import colors from 'picocolors';
import { type ResolvedRun, worldCount } from '../../configs/arms.ts';
import { worldSeeds } from '../../configs/derive.ts';
import { DarwinError, EXIT } from '../../sim/core/errors.ts';
import type { LawStatus, RunFrame } from '../../sim/frame.ts';
import { TABLES_VERSION } from '../../sim/tables.ts';
import type { LiveServer } from '../../viz/server.ts';
import { describeHardware, packageVersion, sourceCommit } from '../hardware.ts';
import { headerOf, portOf } from '../livePage.ts';
import { addConfigOptions, type ConfigOptions, loadConfig } from '../loadConfig.ts';
import { Pace } from '../pace.ts';
import { planRun } from '../plan.ts';
import { compact, duration, Progress } from '../progress.ts';
import {
  assertFree,
  MANIFEST_VERSION,
  type Manifest,
  makeNumbered,
  RUNS_DIRECTORY,
  RunDirectory,
  sqlPath,
} from '../runDirectory.ts';
import { drive, interruptSignal, openRun } from '../simulate.ts';
import { Summary } from '../summary.ts';
import { answer, note } from '../terminal.ts';

interface RunOptions extends ConfigOptions {
  readonly out?: string;
  readonly serve?: string | true;
  readonly fault?: string;
  readonly json?: boolean;
}

export function register(program: Command): void {
  addConfigOptions(
    program
      .command('run')
      .summary('simulate a config and write a run directory')
      .description('Simulates a config (a YAML file or the name of a preset) and writes a run directory.')
      .argument('<config>', 'YAML file or preset'),
  )
    .option('--out <dir>', `run directory; default ${RUNS_DIRECTORY}/<name>-<seed>-<n>`)
    .option('--serve [port]', 'show the run live in a browser, on a free port unless one is named')
    .addOption(new Option('--fault <name>', 'break a law on purpose, for testing').hideHelp())
    .option('--json', 'print one JSON object')
    .action(runCommand);
}

async function startPage(run: ResolvedRun, port: string | true): Promise<LiveServer> {
  const { startServer } = await import('../../viz/server.ts');
  return startServer({ port: portOf(port), header: headerOf(run) });
}

/** Everything that must be in order before anything is written. */
async function runCommand(config: string, options: RunOptions): Promise<void> {
  const run = loadConfig(config, options);
  if (options.out !== undefined) assertFree(options.out);
  planRun(run, run.arms[0]!.threads);
  const page = options.serve === undefined ? null : await startPage(run, options.serve);
  try {
    await simulate(run, options, page);
  } finally {
    await page?.close();
  }
}

function firstManifest(run: ResolvedRun, threads: number): Manifest {
  const { name, description, seed, worlds } = run.arms[0]!;
  return {
    manifestVersion: MANIFEST_VERSION,
    tablesVersion: TABLES_VERSION,
    name,
    description,
    status: 'running',
    error: null,
    arms: run.arms,
    armLabels: run.armLabels,
    seeds: [...worldSeeds(seed, worlds)],
    version: packageVersion(),
    commit: sourceCommit(),
    engine: 'cpu',
    threads,
    hardware: describeHardware(),
    startedAt: new Date().toISOString(),
    finishedAt: null,
    ticks: 0,
    elapsedSeconds: null,
    agentSteps: 0,
    agentStepsPerSecond: null,
    ticksPerSecond: null,
    finalHash: null,
    laws: [],
  };
}

async function simulate(run: ResolvedRun, options: RunOptions, page: LiveServer | null): Promise<void> {
  const { name, seed, output } = run.arms[0]!;
  const say = options.json ? note : (line: string): void => void process.stdout.write(`${line}\n`);
  // before the address is known to anybody, so that no control is lost
  const pace: Pace | undefined = page
    ? new Pace(() => page.status({ state: pace!.state, speed: pace!.speed }))
    : undefined;
  page?.onControl((control) => pace!.apply(control));
  if (page) say(`dashboard: ${page.url}`);
  const interrupt = interruptSignal();
  const { simulation, threads, bytes } = openRun(
    run,
    options.fault === undefined ? {} : { fault: options.fault },
  );
  const slots = worldCount(run) * run.arms[0]!.slots;
  note(
    `engine cpu (the only one in this version), ${threads} ${threads === 1 ? 'thread' : 'threads'}, ${(bytes / 2 ** 20).toFixed(1)} MiB, ${Math.round(bytes / slots)} bytes per agent slot`,
  );
  const path = options.out ?? makeNumbered(RUNS_DIRECTORY, `${name}-${seed}`);
  const directory = await RunDirectory.create(path, firstManifest(run, threads));
  const summary = new Summary(run);
  const progress = new Progress(simulation.ticks);

  const start = performance.now();
  let agentSteps = 0;
  let laws: readonly LawStatus[] = [];
  const standing = (): Partial<Manifest> => {
    const elapsedSeconds = (performance.now() - start) / 1000;
    return {
      finishedAt: new Date().toISOString(),
      ticks: simulation.tick,
      elapsedSeconds,
      agentSteps,
      agentStepsPerSecond: agentSteps / elapsedSeconds,
      ticksPerSecond: simulation.tick / elapsedSeconds,
      laws,
    };
  };
  try {
    const status = await drive(simulation, output.metricsEvery, {
      signal: interrupt.signal,
      ...(pace ? { pace } : {}),
      onAdvance: async (advance) => {
        agentSteps += advance.agentSteps;
        laws = advance.frame.laws;
        progress.update(simulation.tick, advance.agentSteps);
        publish(page, advance.frames, progress);
        summary.add(advance.frames);
        await directory.append(advance.batches);
      },
    });
    await directory.append(await simulation.lastSnapshot());
    const result = { ...standing(), finalHash: await simulation.finalHash(), status };
    progress.stop();
    const manifest = await directory.finish(result);
    page?.status({
      state: 'finished',
      message: status === 'finished' ? `hash ${manifest.finalHash}` : status,
    });
    report(run, options, path, manifest, summary);
    if (status === 'interrupted') process.exitCode = EXIT.interrupted;
    else if (page && process.stdout.isTTY) await stayOpen(page, interrupt.signal);
  } catch (error) {
    progress.stop();
    const line = error instanceof DarwinError ? error.line : String(error);
    // the first error says why; a second one, such as a full disk, must not hide it
    await directory.finish({ ...standing(), status: 'failed', error: line }).catch(() => {});
    page?.status({ state: 'failed', message: line });
    throw error;
  } finally {
    interrupt.release();
    await simulation.close();
  }
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
    worlds,
    agents,
    engine: manifest.engine,
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
