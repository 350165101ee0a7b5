/** `darwin bench startup`: from the command to the first answer, in processes of their own. */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import WebSocket from 'ws';
import { EnvironmentError } from '../../sim/core/errors.ts';
import { PACKAGE_ROOT } from '../hardware.ts';
import { type BenchOptions, type BenchRow, spreadOf } from './measure.ts';

const REPEATS = 5;
/** A start that takes longer has failed. */
const TIMEOUT_MS = 60_000;

/** Repeats what takes milliseconds; one row. */
async function timed(
  name: string,
  note: string,
  repeats: number,
  once: () => Promise<number>,
): Promise<BenchRow> {
  const milliseconds: number[] = [];
  for (let repeat = 0; repeat < repeats; repeat++) milliseconds.push(await once());
  return {
    name,
    engine: 'cpu',
    threads: 1,
    agents: 0,
    worlds: 0,
    milliseconds: spreadOf(milliseconds),
    note,
  };
}

/** Times the command line of dist/ as a shell would start it. */
export async function benchStartup({ repeats = REPEATS }: BenchOptions = {}): Promise<BenchRow[]> {
  const cli = join(PACKAGE_ROOT, 'dist', 'experiments', 'cli.js');
  if (!existsSync(cli))
    throw new EnvironmentError('start-up is measured on the compiled code in dist/', 'npm run build');
  return [
    await timed('startup help', 'darwin --help, to its end', repeats, () => untilExit(cli, ['--help'])),
    await timed('startup check', 'darwin check configs/ci.yaml, 20 ticks, to its end', repeats, () =>
      untilExit(cli, ['check', join(PACKAGE_ROOT, 'configs', 'ci.yaml'), '--set', 'ticks=20']),
    ),
    await timed(
      'startup frame',
      'npm start from built, without npm: to the first frame that a watcher receives after genesis',
      repeats,
      () => untilFirstFrame(cli),
    ),
  ];
}

async function untilExit(cli: string, args: readonly string[]): Promise<number> {
  const start = performance.now();
  const child = spawn(process.execPath, [cli, ...args], { stdio: 'ignore' });
  await new Promise<void>((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', (code) =>
      code === 0 ? resolve() : reject(new EnvironmentError(`darwin ${args[0]} ended with code ${code}`)),
    );
  });
  return performance.now() - start;
}

async function untilFirstFrame(cli: string): Promise<number> {
  const directory = mkdtempSync(join(tmpdir(), 'darwin-startup-'));
  const config = join(PACKAGE_ROOT, 'configs', 'quickstart.yaml');
  const start = performance.now();
  const args = [cli, 'run', config, '--serve', '--out', join(directory, 'run')];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'ignore'] });
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  try {
    await firstFrame(await addressOf(child));
    return performance.now() - start;
  } finally {
    child.kill('SIGKILL');
    await ended;
    rmSync(directory, { recursive: true, force: true });
  }
}

/** The address that a serving run prints first. */
export function addressOf(child: ChildProcess): Promise<string> {
  return withinTime(
    new Promise((resolve, reject) => {
      let text = '';
      child.stdout!.on('data', (chunk: Buffer) => {
        text += chunk.toString();
        const found = /http:\/\/[^\s/]+/.exec(text);
        if (found !== null) resolve(found[0]);
      });
      child.once('exit', (code) =>
        reject(new EnvironmentError(`the run ended with code ${code} before it served`)),
      );
    }),
    'no address was printed',
  );
}

function firstFrame(address: string): Promise<void> {
  const socket = new WebSocket(`${address.replace('http', 'ws')}/api/live`, { origin: address });
  return withinTime(
    new Promise<void>((resolve, reject) => {
      socket.on('error', reject);
      socket.on('message', (_, binary) => {
        if (binary) resolve();
      });
    }),
    'no frame arrived',
  ).finally(() => socket.terminate());
}

async function withinTime<T>(work: Promise<T>, otherwise: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new EnvironmentError(`${otherwise} within ${TIMEOUT_MS / 1000} s`)),
      TIMEOUT_MS,
    );
  });
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
}
