/** `darwin run CONFIG`: simulates a config and writes a run directory. */
import { dirname } from 'node:path';
import process from 'node:process';
import { type Command, Option } from 'commander';
import colors from 'picocolors';
import { type ResolvedRun, worldCount } from '../../configs/arms.ts';
import { EXIT, UsageError } from '../../sim/core/errors.ts';
import { headerOf } from '../../viz/hello.ts';
import { conduct } from '../conduct.ts';
import type { ChosenEngine } from '../engines/index.ts';
import { addExtendOption, loadExtensions } from '../extensions.ts';
import { HOST_ABOUT, HOST_NOTE, portOf } from '../livePage.ts';
import {
  addConfigOptions,
  type ConfigOptions,
  loadConfig,
  openEngineOf,
  overridesOf,
} from '../loadConfig.ts';
import type { Manifest } from '../manifest.ts';
import { compact, duration } from '../progress.ts';
import type { RunDesk } from '../runDesk.ts';
import { assertFree, RUNS_DIRECTORY } from '../runDirectory.ts';
import { interruptSignal } from '../simulate.ts';
import { type Start, startBranch, startFresh, startResumed } from '../starts.ts';
import type { Summary } from '../summary.ts';
import { sqlPath } from '../tablePart.ts';
import { answer, note } from '../terminal.ts';

interface RunOptions extends ConfigOptions {
  readonly extend?: readonly string[];
  readonly out?: string;
  readonly from?: string;
  readonly resume?: string;
  readonly serve?: string | true;
  readonly host?: string;
  readonly fault?: string;
  readonly json?: boolean;
}

export function register(program: Command): void {
  addExtendOption(
    addConfigOptions(
      program
        .command('run')
        .summary('simulate a config and write a run directory')
        .description(
          'Simulates a config (a YAML file or the name of a preset) and writes a run directory; or goes on with an interrupted run; or branches a saved one.',
        )
        .argument('[config]', 'YAML file or preset'),
    ),
  )
    .option('--out <dir>', `run directory; default ${RUNS_DIRECTORY}/<name>-<seed>-<n>`)
    .option('--resume <dir>', 'go on with the run of a directory from its newest whole checkpoint')
    .option(
      '--from <dir@tick>',
      'branch: go on from a checkpoint of a saved run with values changed by --set',
    )
    .option('--checkpoint-every <ticks>', 'write a checkpoint every so many ticks; never changes a result')
    .option('--serve [port]', 'show the run live in a browser, on a free port unless one is named')
    .option('--host <address>', `with --serve: ${HOST_ABOUT}`)
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
        `${choice} takes ${choice === '--resume' ? 'the config from the directory; --ticks, --threads and --checkpoint-every may change, --intervene adds to it' : 'the config from the saved run; --set changes values of it'}`,
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

/** Everything that must be in order before anything is written. */
async function runCommand(config: string | undefined, options: RunOptions): Promise<void> {
  if (options.host !== undefined && options.serve === undefined)
    throw new UsageError('--host is for --serve', 'add --serve');
  await loadExtensions(options.extend);
  const start = await startOf(config, options);
  if (options.out !== undefined) assertFree(options.out);
  const chosen = await openEngineOf(start.run);
  chosen.engine.plan(start.run, start.run.arms[0]!.threads);
  const out = start.resumed?.directory ?? options.out;
  const folder = out === undefined ? RUNS_DIRECTORY : dirname(out);
  const desk = options.serve === undefined ? null : await openDesk(start, options, folder);
  try {
    await simulate(start, options, chosen, desk);
  } finally {
    await desk?.close();
    await chosen.engine.close();
  }
}

async function openDesk(start: Start, { serve, host }: RunOptions, folder: string): Promise<RunDesk> {
  const { RunDesk } = await import('../runDesk.ts');
  const where = host === undefined ? {} : { host };
  const desk = await RunDesk.open({ port: portOf(serve), ...where, folder, header: headerOf(start.run) });
  if (desk.link !== desk.url) note(HOST_NOTE);
  return desk;
}

/**
 * Runs a config on an engine, writes its directory and says what came out.
 *
 * @throws what stopped the run, after the directory has kept what was done
 */
export async function simulate(
  start: Start,
  options: RunOptions,
  chosen: ChosenEngine,
  desk: RunDesk | null = null,
): Promise<void> {
  const say = options.json ? note : (line: string): void => void process.stdout.write(`${line}\n`);
  const interrupt = interruptSignal();
  try {
    // before the address is known to anybody, so that no control is lost
    const watch = desk?.take(start) ?? null;
    if (desk !== null) say(`dashboard: ${desk.link}`);
    const signal =
      watch === null ? interrupt.signal : AbortSignal.any([interrupt.signal, watch.steering.signal]);
    const { out, fault } = options;
    const done = await conduct(start, chosen, { out, parent: RUNS_DIRECTORY, fault, signal, watch });
    report(start.run, options, done.directory, done.manifest, done.summary);
    const { status, directory, manifest } = done;
    if (status === 'interrupted') {
      note(`interrupted at tick ${manifest.ticks}; go on with: darwin run --resume ${directory}`);
      process.exitCode = EXIT.interrupted;
    }
    // whoever stopped it on the page is still there
    const isWatched = status === 'finished' ? process.stdout.isTTY : watch?.steering.signal.aborted;
    if (desk !== null && isWatched && !interrupt.signal.aborted) await desk.stayOpen(interrupt.signal);
  } finally {
    interrupt.release();
  }
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
      `look inside: duckdb -c "select arm, tick, avg(tokenPrice), avg(alive) from ${sqlPath(dir, 'metrics')} group by arm, tick order by arm, tick"`,
    ].join('\n'),
  );
}
