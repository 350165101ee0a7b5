/**
 * A sweep as an array job of Slurm: `slurm/cells.json` in its directory holds the cells of every task, `slurm/array.sh` is
 * the script, `slurm/job` the job's number. Tasks put results into the directory themselves, which all nodes must see.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { EnvironmentError, UsageError } from '../../sim/core/errors.ts';
import { PACKAGE_ROOT } from '../hardware.ts';
import { makeDirectory } from '../makeDirectory.ts';
import type { Cell } from '../sweep/cell.ts';

/** Tasks of a job: Slurm's default `MaxArraySize` is 1001, and task 0 counts. */
const TASKS_MAX = 1000;
/** What Node takes beside worlds, and for each thread. */
const NODE_BYTES = 256 * 2 ** 20;

const FOLDER = 'slurm';
const fileIn = (directory: string, name: string): string => join(directory, FOLDER, name);
/** The cells of every task. */
export const cellsFile = (directory: string): string => fileIn(directory, 'cells.json');

export interface ArrayJob {
  readonly name: string;
  /** Directory of the sweep, absolute. */
  readonly directory: string;
  /** Cells of each task. */
  readonly tasks: readonly (readonly Cell[])[];
  /** Cells of a task at once. */
  readonly threads: number;
  /** Of the worlds that a task has under way at once. */
  readonly bytes: number;
  /** Files that register extensions, as `--extend` takes them, absolute. */
  readonly extensions: readonly string[];
  /** Further options of sbatch, `--partition=long`. */
  readonly options: readonly string[];
}

/** Deals cells out to tasks, as many to each as it has threads, or more where there would be too many tasks. */
export function tasksOf(cells: readonly Cell[], threads: number): Cell[][] {
  const count = Math.min(TASKS_MAX, Math.ceil(cells.length / threads));
  const tasks = Array.from({ length: count }, (): Cell[] => []);
  cells.forEach((cell, k) => {
    tasks[k % count]!.push(cell);
  });
  return tasks;
}

/** A word for the shell, whatever is in it. */
const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;
/** A value in a line of options, which sbatch reads itself. */
const valued = (text: string): string =>
  /[\s"'\\#]/.test(text) ? `"${text.replaceAll(/["\\]/g, '\\$&')}"` : text;

/** The script that sbatch is given. */
export function arrayScript({
  name,
  directory,
  tasks,
  threads,
  bytes,
  extensions,
  options,
}: ArrayJob): string {
  const mebibytes = Math.ceil((bytes + NODE_BYTES * (threads + 1)) / 2 ** 20);
  // the percent sign begins what Slurm fills in
  const log = join(directory.replaceAll('%', '%%'), FOLDER, '%A_%a.log');
  const settings = [
    `--job-name=${valued(name)}`,
    `--array=0-${Math.max(0, tasks.length - 1)}`,
    '--ntasks=1',
    `--cpus-per-task=${threads}`,
    `--mem=${mebibytes}M`,
    `--output=${valued(log)}`,
    '--requeue',
    ...options,
  ];
  const extended = extensions.flatMap((file) => ['--extend', file]);
  const command = [process.execPath, join(PACKAGE_ROOT, 'dist', 'experiments', 'cli.js'), 'worker'];
  return [
    '#!/bin/bash',
    ...settings.map((setting) => `#SBATCH ${setting}`),
    '',
    `exec ${[...command, '--slurm', directory, '--threads', String(threads), ...extended].map(quoted).join(' ')}`,
    '',
  ].join('\n');
}

/** A program of Slurm; EnvironmentError where it is not there. */
function slurm(program: string, args: readonly string[]): { readonly ok: boolean; readonly text: string } {
  const { error, status, stdout, stderr } = spawnSync(program, args, { encoding: 'utf8' });
  if (error !== undefined)
    throw new EnvironmentError(
      `${program} cannot be started: ${error.message}`,
      '--slurm works where Slurm is installed; --dry-run shows the script',
      { cause: error },
    );
  return { ok: status === 0, text: status === 0 ? stdout.trim() : stderr.trim() };
}

/**
 * Writes a job beside the sweep's results and submits it.
 *
 * @returns its number
 * @throws EnvironmentError where sbatch is missing or refuses it
 */
export function submitArray(job: ArrayJob): string {
  const { directory, tasks } = job;
  makeDirectory(join(directory, FOLDER));
  writeFileSync(cellsFile(directory), JSON.stringify(tasks));
  const script = fileIn(directory, 'array.sh');
  writeFileSync(script, arrayScript(job));
  const { ok, text } = slurm('sbatch', ['--parsable', script]);
  if (!ok)
    throw new EnvironmentError(
      `sbatch refused ${script}: ${text.split('\n')[0]}`,
      'see --partition, --time and --sbatch; --resume submits again',
    );
  // with several clusters: number;cluster
  const id = text.split('\n').at(-1)!.split(';')[0]!;
  writeFileSync(fileIn(directory, 'job'), `${id}\n`);
  return id;
}

/** Refuses a sweep whose array job still waits or runs. */
export function assertNotSubmitted(directory: string): void {
  const file = fileIn(directory, 'job');
  if (!existsSync(file)) return;
  const id = readFileSync(file, 'utf8').trim();
  const { error, status, stdout } = spawnSync('squeue', ['--noheader', '--jobs', id], { encoding: 'utf8' });
  // a job that ended long ago is unknown, which is an error to squeue
  if (error !== undefined || status !== 0 || stdout.trim() === '') return;
  throw new UsageError(
    `job ${id} of ${directory} has ${stdout.trim().split('\n').length} entries in the queue of Slurm`,
    `wait for it (squeue --jobs ${id}), or scancel ${id}`,
  );
}
