/** `darwin worker`: runs cells of sweeps that were asked for elsewhere, over Redis or as a task of an array job. */
import { availableParallelism } from 'node:os';
import process from 'node:process';
import type { Command } from 'commander';
import { EXIT, UsageError } from '../../sim/core/errors.ts';
import { countOf } from '../commandLine.ts';
import { addExtendOption, loadExtensions } from '../extensions.ts';
import { packageVersion } from '../hardware.ts';
import { failureOf, modelDigits } from '../queue/names.ts';
import { DEFAULT_PATIENCE, openQueue } from '../queue/openQueue.ts';
import { serveQueue } from '../queue/queueWorker.ts';
import { interruptSignal } from '../simulate.ts';
import { runArrayTask } from '../slurm/arrayTask.ts';
import type { CellResult } from '../sweep/cell.ts';
import { answer, note } from '../terminal.ts';

/** For the answer to get out. */
const LAST_WORDS_MS = 500;

interface WorkerOptions {
  readonly extend?: readonly string[];
  readonly queue?: string;
  readonly slurm?: string;
  readonly threads?: string;
  readonly silence: string;
  readonly patience: string;
  readonly idle?: string;
  readonly json?: boolean;
}

export function register(program: Command): void {
  const command = program
    .command('worker')
    .summary('run cells of sweeps that were sent to a queue')
    .description(
      'Runs cells that darwin sweep --queue has sent to Redis, until it is told to stop. Any number of workers may run, on any machines; the cells of one that dies are given to others.',
    )
    .option('--queue <url>', 'Redis server: redis://HOST:PORT')
    .option('--slurm <dir>', 'run the cells of one task of the array job of a sweep; written into its script')
    .option('--threads <n>', 'cells at once, by default one per core')
    .option('--idle <seconds>', 'end after so long without a cell that waits or is under way anywhere')
    .option(
      '--silence <seconds>',
      'after so long without a sign of life a cell is given to another worker',
      '30',
    )
    .option('--patience <seconds>', 'how long a lost Redis is waited for', DEFAULT_PATIENCE)
    .option('--json', 'print one JSON object')
    .action(workerCommand);
  addExtendOption(command);
}

async function workerCommand(options: WorkerOptions): Promise<void> {
  const threads = countOf('--threads', options.threads) ?? availableParallelism();
  if ((options.queue === undefined) === (options.slurm === undefined))
    throw new UsageError(
      'a worker needs either --queue URL or --slurm DIR',
      'for example darwin worker --queue redis://127.0.0.1:6379',
    );
  await loadExtensions(options.extend);
  if (options.slurm === undefined) await serveCommand(options.queue!, threads, options);
  else await taskCommand(options.slurm, threads, options.json);
}

const tellEnd = ({ arm, replicate, seconds }: CellResult): void =>
  note(`${arm}, seed ${replicate}: ${seconds.toFixed(1)} s`);

/** Cells of one task of an array job. */
async function taskCommand(directory: string, threads: number, json: boolean | undefined): Promise<void> {
  const interrupt = interruptSignal();
  try {
    const { SLURM_ARRAY_TASK_ID } = process.env;
    const watch = { signal: interrupt.signal, onEnd: tellEnd };
    const finished = await runArrayTask(directory, SLURM_ARRAY_TASK_ID, threads, watch);
    const { aborted } = interrupt.signal;
    answer(
      json,
      { status: aborted ? 'interrupted' : 'finished', cells: finished },
      () => `${finished} cells`,
    );
    if (aborted) process.exitCode = EXIT.interrupted;
  } finally {
    interrupt.release();
  }
}

/** Cells of a queue. */
async function serveCommand(url: string, threads: number, options: WorkerOptions): Promise<void> {
  const idle = countOf('--idle', options.idle);
  const silence = countOf('--silence', options.silence)!;
  const { server, libraries } = await openQueue(url, options.patience);
  const interrupt = interruptSignal();
  note(
    `worker ${process.pid} of darwin-market ${packageVersion()} (model ${modelDigits()}) at ${server.shown}, ${threads} ${threads === 1 ? 'thread' : 'threads'}`,
  );
  try {
    const finished = await serveQueue(server, libraries, {
      threads,
      silenceMs: silence * 1000,
      idleMs: idle === undefined ? null : idle * 1000,
      signal: interrupt.signal,
      onStart: ({ arm, replicate }) => note(`${arm}, seed ${replicate}: begun`),
      onEnd: tellEnd,
      onFail: ({ arm, replicate }, error) =>
        note(`${arm}, seed ${replicate}: ${failureOf(error.message).message}`),
    });
    const { aborted } = interrupt.signal;
    answer(
      options.json,
      { status: aborted ? 'interrupted' : 'finished', cells: finished },
      () =>
        `${finished} cells ${aborted ? 'before it was stopped; what was under way went back to the queue' : 'in all'}`,
    );
    if (aborted) process.exitCode = EXIT.interrupted;
  } finally {
    interrupt.release();
    server.close();
    // loops of the library may still wait for a server that is gone; by then nothing of ours is left to do
    setTimeout(() => process.exit(), LAST_WORDS_MS).unref();
  }
}
