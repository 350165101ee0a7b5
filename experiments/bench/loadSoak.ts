/** The memory of a served run over minutes, while watchers come and go and pages ask; part of `darwin bench load`. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { setTimeout as delay } from 'node:timers/promises';
import WebSocket from 'ws';
import { EnvironmentError } from '../../sim/core/errors.ts';
import { PACKAGE_ROOT } from '../hardware.ts';
import { median } from '../statistics/estimates.ts';
import { note } from '../terminal.ts';
import { type BenchOptions, type BenchRow, spreadOf } from './measure.ts';
import { addressOf } from './startup.ts';

/** Looks at the memory, and lines about them. */
const SAMPLES = 80;
const NOTES = 8;
const WATCHERS = 50;
const MINUTE_MS = 60_000;
const PAGE = 4096;
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

/** Resident memory of a process, MiB, by what Linux tells; throws EnvironmentError elsewhere. */
function residentOf({ pid }: ChildProcess): number {
  try {
    const [, pages] = readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ');
    return (Number(pages) * PAGE) / MIB;
  } catch (cause) {
    throw new EnvironmentError('the memory of another process cannot be told here', 'soak on Linux', {
      cause,
    });
  }
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
  let asked = 0;
  try {
    while (!over.aborted) {
      for (const socket of sockets.splice(0, Math.ceil(watchers / 10))) socket.terminate();
      while (sockets.length < watchers) watch();
      for (const question of QUESTIONS) {
        const response = await fetch(`${url}/api/v1/${question}`);
        await response.arrayBuffer();
        if (!response.ok) throw new EnvironmentError(`${question} is answered with HTTP ${response.status}`);
        asked++;
      }
      await delay(ROUND_MS);
    }
    return asked;
  } finally {
    for (const socket of sockets) socket.terminate();
  }
}

/** Memory of `darwin run --serve` over some minutes; `ratio` compares its last quarter with its second. */
export async function loadSoak(options: BenchOptions): Promise<BenchRow[]> {
  const { minutes = 1, watchers = WATCHERS } = options;
  const work = mkdtempSync(join(tmpdir(), 'darwin-load-soak-'));
  const config = join(work, 'soak.yaml');
  writeFileSync(config, CONFIG);
  const cli = join(PACKAGE_ROOT, 'dist', 'experiments', 'cli.js');
  const args = [cli, 'run', config, '--serve', '--out', join(work, 'runs', 'soak')];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'ignore'] });
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const over = new AbortController();
  try {
    const url = await addressOf(child);
    const disturbing = disturb(url, watchers, over.signal);
    // told where it is waited for; until then the samples go on
    disturbing.catch(() => {});
    const samples: { x: number; y: number }[] = [];
    for (let k = 1; k <= SAMPLES; k++) {
      await delay((minutes * MINUTE_MS) / SAMPLES);
      samples.push({ x: (k * minutes) / SAMPLES, y: residentOf(child) });
      if (k % (SAMPLES / NOTES) === 0)
        note(
          `load: minute ${samples.at(-1)!.x.toFixed(1)} of ${minutes}, ${samples.at(-1)!.y.toFixed(0)} MiB`,
        );
    }
    over.abort();
    const questions = await disturbing;
    const quarter = (k: number): number[] =>
      samples.slice((k * SAMPLES) / 4, ((k + 1) * SAMPLES) / 4).map(({ y }) => y);
    const warm = [...quarter(1), ...quarter(2), ...quarter(3)];
    return [
      {
        name: 'load: soak',
        engine: 'cpu',
        threads: 1,
        agents: 128,
        worlds: 2,
        mebibytes: spreadOf(warm),
        ratio: median(quarter(3)) / median(quarter(1)),
        ratioTo: 'the second quarter, in the last',
        samples,
        note: `resident memory of darwin run --serve over ${minutes} min, ${watchers} watchers of which a tenth leaves each second, ${questions} questions; the last three quarters`,
      },
    ];
  } finally {
    over.abort();
    child.kill('SIGTERM');
    await ended;
    rmSync(work, { recursive: true, force: true });
  }
}
