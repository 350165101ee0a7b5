/** The memory of a served run over minutes, while watchers come and go and pages ask; part of `darwin bench load`. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { setTimeout as delay } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import WebSocket from 'ws';
import { EnvironmentError } from '../../sim/core/errors.ts';
import { PACKAGE_ROOT } from '../hardware.ts';
import { readManifest } from '../manifest.ts';
import { median, theilSenSlope } from '../statistics/estimates.ts';
import { note } from '../terminal.ts';
import { asked } from './asking.ts';
import { type BenchOptions, type BenchRow, spreadOf } from './measure.ts';
import { addressOf } from './startup.ts';

/** Looks at the memory, and lines about them. */
const SAMPLES = 80;
const NOTES = 8;
const WATCHERS = 50;
const MINUTE_MS = 60_000;
const MINUTES_IN_HOUR = 60;
const MIB = 2 ** 20;
/** Between two rounds of questions, as a page asks that shows agents. */
const ROUND_MS = 1000;
const CONFIG = `{ name: soak, ticks: 100000000, threads: 1, worlds: 2, slots: 64,
  output: { metricsEvery: 50, agentsEvery: 1000, tradesEvery: 500, checkpointEvery: 5000 } }`;
const QUESTIONS = [
  'runs',
  'runs/live',
  'runs/live/frames',
  'runs/live/ticks?table=agents',
  'runs/live/tables/agents?from=now&limit=1000',
];

/** What a process takes, MiB: resident, and of its JavaScript heap. */
interface Taken {
  readonly resident: number;
  readonly heap: number;
}

/** Asks a process that has tellMemory.ts loaded. Throws EnvironmentError where it has ended. */
function takenBy(child: ChildProcess): Promise<Taken> {
  return new Promise((resolve, reject) => {
    const ended = (): void => reject(new EnvironmentError('the served run ended before its time'));
    child.once('exit', ended);
    child.once('message', ({ rss, heapUsed }: NodeJS.MemoryUsage) => {
      child.off('exit', ended);
      resolve({ resident: rss / MIB, heap: heapUsed / MIB });
    });
    child.send('memory', (error) => error !== null && ended());
  });
}

/** Watches and asks, in turns, until it is told to stop: a tenth of the watchers leaves and comes anew each second. */
async function disturb(url: string, watchers: number, over: AbortSignal): Promise<number> {
  const live = `${url.replace('http', 'ws')}/api/live`;
  const sockets: WebSocket[] = [];
  const watch = (): void => {
    const socket = new WebSocket(live, { origin: url });
    socket.on('error', () => {});
    socket.on('message', () => {});
    sockets.push(socket);
  };
  let questions = 0;
  try {
    while (!over.aborted) {
      for (const socket of sockets.splice(0, Math.ceil(watchers / 10))) socket.terminate();
      while (sockets.length < watchers) watch();
      for (const question of QUESTIONS) {
        await asked(`${url}/api/v1/${question}`);
        questions++;
      }
      await delay(ROUND_MS);
    }
    return questions;
  } finally {
    for (const socket of sockets) socket.terminate();
  }
}

/** One kind of memory over the minutes; `ratio` compares its last quarter with its second. */
function rowOf(what: string, samples: readonly { x: number; y: number }[], told: string): BenchRow {
  const quarter = (k: number): number[] =>
    samples.slice((k * SAMPLES) / 4, ((k + 1) * SAMPLES) / 4).map(({ y }) => y);
  const slope = theilSenSlope(samples.slice(SAMPLES / 4)) * MINUTES_IN_HOUR;
  const [start, end] = [median(quarter(0)), median(quarter(3))].map((mebibytes) => mebibytes.toFixed(0));
  return {
    name: `load: soak, ${what}`,
    engine: 'cpu',
    threads: 1,
    agents: 128,
    worlds: 2,
    mebibytes: spreadOf([...quarter(1), ...quarter(2), ...quarter(3)]),
    ratio: median(quarter(3)) / median(quarter(1)),
    ratioTo: 'the second quarter, in the last',
    samples,
    note: `${what} of ${told}; median of the first quarter ${start} MiB, of the last ${end}, slope after the first ${slope.toFixed(1)} MiB an hour`,
  };
}

/** Memory of `darwin run --serve` over some minutes. */
export async function loadSoak(options: BenchOptions): Promise<BenchRow[]> {
  const { minutes = 1, watchers = WATCHERS } = options;
  const work = mkdtempSync(join(tmpdir(), 'darwin-load-soak-'));
  const config = join(work, 'soak.yaml');
  writeFileSync(config, CONFIG);
  const out = join(work, 'runs', 'soak');
  const directory = join(PACKAGE_ROOT, 'dist', 'experiments');
  const teller = pathToFileURL(join(directory, 'bench', 'tellMemory.js')).href;
  const args = ['run', config, '--serve', '--out', out];
  const child = spawn(process.execPath, ['--import', teller, join(directory, 'cli.js'), ...args], {
    stdio: ['ignore', 'pipe', 'ignore', 'ipc'],
  });
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const over = new AbortController();
  try {
    const url = await addressOf(child);
    const disturbing = disturb(url, watchers, over.signal);
    // told where it is waited for
    disturbing.catch(() => {});
    const samples: ({ x: number } & Taken)[] = [];
    for (let k = 1; k <= SAMPLES; k++) {
      await Promise.race([delay((minutes * MINUTE_MS) / SAMPLES), disturbing]);
      const taken = await takenBy(child);
      samples.push({ x: (k * minutes) / SAMPLES, ...taken });
      if (k % (SAMPLES / NOTES) === 0)
        note(
          `load: minute ${((k * minutes) / SAMPLES).toFixed(1)} of ${minutes}, ${taken.resident.toFixed(0)} MiB, heap ${taken.heap.toFixed(0)} MiB`,
        );
    }
    over.abort();
    const questions = await disturbing;
    child.kill('SIGTERM');
    await ended;
    const { ticks } = readManifest(out);
    const told = `darwin run --serve over ${minutes} min and ${ticks} ticks, ${watchers} watchers of which a tenth leaves each second, ${questions} questions`;
    return [
      rowOf(
        'resident memory',
        samples.map(({ x, resident: y }) => ({ x, y })),
        told,
      ),
      rowOf(
        'heap',
        samples.map(({ x, heap: y }) => ({ x, y })),
        told,
      ),
    ];
  } finally {
    over.abort();
    child.kill('SIGTERM');
    await ended;
    rmSync(work, { recursive: true, force: true });
  }
}
