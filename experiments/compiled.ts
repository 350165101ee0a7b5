/** For tests that need the compiled program: worker threads and the command line run from `dist`. */
import { type SpawnSyncReturns, spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { pathToFileURL } from 'node:url';
import { DuckDBInstance } from '@duckdb/node-api';
import { EnvironmentError } from '../sim/core/errors.ts';
import type { TableName } from '../sim/frame.ts';
import { TABLES } from '../sim/tables.ts';
import { checkpointTicks } from './checkpoints.ts';
import { PACKAGE_ROOT } from './hardware.ts';
import { hasParts } from './runTables.ts';
import { sqlPath } from './tablePart.ts';

const CLI = join(PACKAGE_ROOT, 'dist', 'experiments', 'cli.js');

export interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Throws EnvironmentError unless the program was compiled. */
export function assertCompiled(): void {
  if (!existsSync(CLI)) throw new EnvironmentError(`${CLI} is missing`, 'npm run build');
}

/** Runs a compiled program of `npm run` to its end; its file is told from the root of the package. */
export function runProgram(file: string, ...args: string[]): SpawnSyncReturns<string> {
  const env = { ...process.env, DEBUG: '' };
  return spawnSync(process.execPath, [join(PACKAGE_ROOT, file), ...args], { encoding: 'utf8', env });
}

/**
 * Runs `darwin ARGS` to its end.
 *
 * @param onOutput called with all that was written so far; may send signals to the process
 * @param variables of its environment, beside those of this process
 */
export function darwin(
  args: readonly string[],
  cwd: string,
  onOutput?: (text: string, interrupt: () => void, kill: (signal: NodeJS.Signals) => void) => void,
  variables: NodeJS.ProcessEnv = {},
): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const env = { ...process.env, DEBUG: '', ...variables };
    const child = spawn(process.execPath, [CLI, ...args], { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
    const text = { stdout: '', stderr: '' };
    for (const name of ['stdout', 'stderr'] as const)
      child[name].setEncoding('utf8').on('data', (data: string) => {
        text[name] += data;
        onOutput?.(
          text.stdout + text.stderr,
          () => child.kill('SIGINT'),
          (signal) => child.kill(signal),
        );
      });
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, ...text }));
  });
}

/** What a command of several in one process did. */
export interface TriedOutcome extends Outcome {
  /** Paths below its working directory, before and after it. */
  readonly before: readonly string[];
  readonly after: readonly string[];
}

/** Runs the module of the command line anew for each command that it is sent; its imports are loaded once. */
const TRIAL = `
const { readdirSync } = require('node:fs');
// each command adds a listener of its own
for (const name of ['stdout', 'stderr']) process[name].setMaxListeners(0);
process.once('message', async ({ cli, commands }) => {
  const files = () => readdirSync('.', { recursive: true }).map(String).sort();
  const outcomes = [];
  for (const [k, args] of commands.entries()) {
    const text = { stdout: '', stderr: '' };
    const writes = ['stdout', 'stderr'].map((name) => [name, process[name].write]);
    for (const [name] of writes)
      process[name].write = (data, ...rest) => {
        text[name] += data;
        rest.find((one) => typeof one === 'function')?.();
        return true;
      };
    process.argv = [process.argv[0], cli, ...args];
    process.exitCode = undefined;
    const before = files();
    await import(cli + '?command=' + k);
    outcomes.push({ code: process.exitCode ?? 0, ...text, before, after: files() });
    for (const [name, write] of writes) process[name].write = write;
  }
  process.send(outcomes, () => process.exit(0));
});`;

/**
 * Runs several `darwin ARGS` one after the other in one process, which costs one start: for commands that end by
 * themselves and keep nothing open.
 */
export function darwinEach(commands: readonly (readonly string[])[], cwd: string): Promise<TriedOutcome[]> {
  return new Promise((resolve, reject) => {
    const env = { ...process.env, DEBUG: '' };
    const args = ['--eval', TRIAL];
    const child = spawn(process.execPath, args, { cwd, env, stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
    child.once('message', resolve);
    child.once('error', reject);
    child.once('exit', (code) => reject(new EnvironmentError(`the commands ended early (${code})`)));
    child.send({ cli: pathToFileURL(CLI).href, commands });
  });
}

/** Runs `darwin ARGS`, which writes `dir`, and kills it with no warning once it has so many checkpoints. */
export async function endAfter(
  args: readonly string[],
  cwd: string,
  dir: string,
  checkpoints: number,
): Promise<Outcome> {
  let polling: NodeJS.Timeout | undefined;
  const outcome = await darwin(args, cwd, (_text, _interrupt, kill) => {
    polling ??= setInterval(() => {
      if (checkpointTicks(join(cwd, dir)).length < checkpoints) return;
      clearInterval(polling);
      kill('SIGKILL');
    }, 5);
  });
  clearInterval(polling);
  return outcome;
}

/** How many rows two run directories do not share, of each table where there are any. */
export async function differingRows(one: string, other: string): Promise<Record<string, number>> {
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  const found: Record<string, number> = {};
  for (const table of Object.keys(TABLES) as TableName[]) {
    const [here, there] = [one, other].map((directory) => hasParts(directory, table));
    if (!here && !there) continue;
    const [a, b] = [one, other].map((directory) => `from ${sqlPath(directory, table)}`);
    const reader = await connection.runAndReadAll(
      `select count(*) from ((select * ${a} except all select * ${b}) union all (select * ${b} except all select * ${a}))`,
    );
    const rows = Number(reader.getRowsJS()[0]![0]);
    if (rows > 0) found[table] = rows;
  }
  connection.closeSync();
  instance.closeSync();
  return found;
}
