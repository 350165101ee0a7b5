/**
 * What watchers cost a run, part of `darwin bench page`: one thread simulates, this one serves, another process watches.
 * Runs that are not served, and served to nobody, to one and to fifty, take turns.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseConfig } from '../../configs/parse.ts';
import { EnvironmentError } from '../../sim/core/errors.ts';
import { headerOf } from '../../viz/hello.ts';
import { Pace } from '../../viz/pace.ts';
import { type LiveServer, startServer } from '../../viz/server.ts';
import { cpuEngine } from '../engines/cpu.ts';
import { drive, openRun } from '../simulate.ts';
import { type BenchOptions, type BenchRow, type Contender, ratioOf, spreadOf, takeTurns } from './measure.ts';

const REPEATS = 5;
/** Of a turn: so many that its first calls to the thread, which are short, do not count. */
const TICKS = 1500;
const WARM_UP_TICKS = 50;
const WORLDS = 8;
const SLOTS = 96;
/** Watchers of each run; null = it is not served. */
const WATCHERS = [null, 0, 1, 50] as const;
const NEVER = new AbortController().signal;

/** The compiled program of a process, beside this module or in `dist` when this runs from source. */
function program(): string {
  const fromSource = import.meta.url.endsWith('.ts');
  const place = fromSource ? '../../dist/experiments/bench/watchersProcess.js' : './watchersProcess.js';
  const path = fileURLToPath(new URL(place, import.meta.url));
  if (existsSync(path)) return path;
  throw new EnvironmentError('watchers need the compiled code in dist/', 'npm run build');
}

/** Watchers in a process of their own; resolves when all of them watch. */
function watch(url: string, watchers: number): Promise<ChildProcess> {
  return new Promise((resolve, reject) => {
    const child = fork(program(), [`${url.replace('http', 'ws')}api/live`, String(watchers)], {
      execArgv: [],
    });
    child.once('message', () => resolve(child));
    child.once('exit', (code) => reject(new EnvironmentError(`the watchers ended early (${code})`)));
  });
}

/** A run that goes on with every turn. */
class WatchedRun implements Contender {
  /** Frames that its watchers were too slow for. */
  get dropped(): number {
    return this.server?.dropped ?? 0;
  }
  private readonly ticks: number;
  private target = 0;
  private readonly run: ReturnType<typeof parseConfig>;
  private readonly opened: Awaited<ReturnType<typeof openRun>>;
  private readonly server: LiveServer | null;
  private readonly watchers: ChildProcess | null;

  private constructor(
    run: WatchedRun['run'],
    opened: WatchedRun['opened'],
    server: LiveServer | null,
    watchers: ChildProcess | null,
    ticks: number,
  ) {
    this.run = run;
    this.opened = opened;
    this.server = server;
    this.watchers = watchers;
    this.ticks = ticks;
  }

  static async open(watchers: number | null, worlds: number, ticks: number): Promise<WatchedRun> {
    const run = parseConfig(
      `{ name: watched, ticks: 1000000, threads: 1, worlds: ${worlds}, slots: ${SLOTS}, output: { metricsEvery: 10, agentsEvery: 0 } }`,
      { file: 'benchmark' },
    );
    const opened = await openRun(run, cpuEngine());
    const server = watchers === null ? null : await startServer({ header: headerOf(run) });
    const child = server === null || watchers === 0 ? null : await watch(server.url, watchers!);
    const watched = new WatchedRun(run, opened, server, child, ticks);
    await watched.drive(WARM_UP_TICKS);
    return watched;
  }

  advance(): Promise<number> {
    return this.drive(this.ticks);
  }

  async close(): Promise<void> {
    this.watchers?.removeAllListeners('exit').kill();
    await this.opened.simulation.close();
    await this.server?.close();
  }

  /** As `darwin run` drives it, served or not; returns the agent-steps. */
  private async drive(ticks: number): Promise<number> {
    const { simulation } = this.opened;
    this.target += ticks;
    const { target, server } = this;
    let steps = 0;
    const part = {
      get tick() {
        return simulation.tick;
      },
      ticks: target,
      advance: (toTick: number) => simulation.advance(toTick),
    };
    const start = performance.now();
    await drive(part, this.run, {
      signal: NEVER,
      ...(server === null ? {} : { pace: new Pace() }),
      onAdvance: ({ agentSteps, frames }) => {
        steps += agentSteps;
        const seconds = (performance.now() - start) / 1000;
        const rates = { ticksPerSecond: ticks / seconds, agentStepsPerSecond: steps / seconds };
        for (const frame of frames) server?.publish(frame, rates);
      },
    });
    return steps;
  }
}

/**
 * Rates of a one-thread run by how many watch it, each beside the run that is served to nobody.
 *
 * @param options.audiences watchers of each run, one of them 0; null = it is not served
 */
export async function benchWatched(
  options: BenchOptions & { readonly ticks?: number; readonly audiences?: readonly (number | null)[] } = {},
): Promise<BenchRow[]> {
  const { worlds = WORLDS, repeats = REPEATS, ticks = TICKS, audiences = WATCHERS } = options;
  const runs: WatchedRun[] = [];
  try {
    for (const watchers of audiences) runs.push(await WatchedRun.open(watchers, worlds, ticks));
    const rates = await takeTurns(runs, repeats);
    return audiences.map((watchers, k) => ({
      name: watchers === null ? 'page: run not served' : `page: run watched by ${watchers}`,
      engine: 'cpu',
      threads: 1,
      agents: SLOTS * worlds,
      worlds,
      agentStepsPerSecond: spreadOf(rates[k]!),
      ...(watchers === 0
        ? {}
        : { ratio: ratioOf(rates[k]!, rates[audiences.indexOf(0)]!), ratioTo: 'watched by nobody' }),
      note: `runs take turns, ${ticks} ticks each; ${runs[k]!.dropped} frames dropped`,
    }));
  } finally {
    for (const run of runs) await run.close();
  }
}
