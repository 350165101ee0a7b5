/** `darwin sweep EXPERIMENT`: arms x seeds of an experiment file, over threads, resumable. */

import { availableParallelism } from 'node:os';
import { join, resolve } from 'node:path';
import process from 'node:process';
import type { Command } from 'commander';
import { suggestName } from '../../configs/suggestions.ts';
import { EXIT, UsageError } from '../../sim/core/errors.ts';
import { countOf } from '../commandLine.ts';
import { addExtendOption, loadExtensions } from '../extensions.ts';
import { duration } from '../progress.ts';
import { DEFAULT_PATIENCE, type OpenQueue, openQueue } from '../queue/openQueue.ts';
import { runQueuedSweep } from '../queue/queueSweep.ts';
import { RUNS_DIRECTORY } from '../runDirectory.ts';
import { interruptSignal } from '../simulate.ts';
import { type ArrayJob, arrayScript, assertNotSubmitted, submitArray, tasksOf } from '../slurm/array.ts';
import { distinctCells } from '../sweep/cell.ts';
import { type ExperimentFile, loadExperiment } from '../sweep/experimentFile.ts';
import { SCALES, type ScaleName } from '../sweep/experimentSchema.ts';
import {
  type Estimate,
  estimateSweep,
  memoryOf,
  planSweep,
  runSweep,
  type SweepWatch,
  unfinished,
} from '../sweep/sweep.ts';
import { SweepDirectory } from '../sweep/sweepDirectory.ts';
import { answer, note } from '../terminal.ts';

interface SweepOptions {
  readonly extend?: readonly string[];
  readonly scale: string;
  readonly out?: string;
  readonly threads?: string;
  readonly engine?: string;
  readonly queue?: string;
  readonly patience: string;
  readonly slurm?: boolean;
  readonly partition?: string;
  readonly time?: string;
  readonly sbatch?: readonly string[];
  readonly resume?: boolean;
  readonly dryRun?: boolean;
  readonly json?: boolean;
}

export function register(program: Command): void {
  const command = program
    .command('sweep')
    .summary('run the arms and seeds of an experiment')
    .description(
      'Runs every arm of an experiment file with every seed. Finished cells are kept and never run again.',
    )
    .argument('<experiment>', 'YAML file, or the name of one of the experiments of this program')
    .option('--scale <name>', `how large: ${SCALES.join(', ')}`, 'smoke')
    .option('--out <dir>', 'directory of the results; by default runs/NAME-SCALE')
    .option('--threads <n>', 'cells at once, by default one per core')
    .option('--engine <name>', 'auto, cpu or tensorflow for all cells, by default as their configs say')
    .option('--queue <url>', 'have workers run the cells (darwin worker), over Redis: redis://HOST:PORT')
    .option('--patience <seconds>', 'how long a lost Redis is waited for', DEFAULT_PATIENCE)
    .option('--slurm', 'submit the cells as an array job; --resume gathers them')
    .option('--partition <name>', 'partition of the array job')
    .option('--time <limit>', 'time limit of each of its tasks, as sbatch takes it: 2:00:00')
    .option(
      '--sbatch <option>',
      'another option of sbatch for its tasks, such as --account=lab; may be repeated',
      (value: string, all: string[] = []) => [...all, value],
    )
    .option('--resume', 'go on where an earlier sitting stopped')
    .option('--dry-run', 'say what would be run and what it takes, and stop')
    .option('--json', 'print one JSON object')
    .action(sweepCommand);
  addExtendOption(command);
}

/** The scale of a name. Throws UsageError with the nearest one. */
function scaleOf(name: string): ScaleName {
  const found = SCALES.find((scale) => scale === name);
  if (found !== undefined) return found;
  throw new UsageError(`there is no scale ${name}`, suggestName(name, SCALES, 'scales'));
}

const mib = (bytes: number): string => `${Math.ceil(bytes / 2 ** 20)} MiB`;

function announce(
  { cells, finished, batches, threads, bytes, seconds }: Estimate,
  arms: number,
  worlds: number,
): void {
  const what = `${cells} worlds = ${arms} arms x ${worlds} seeds in ${batches} ${batches === 1 ? 'batch' : 'batches'}`;
  const before = finished > 0 ? `, ${finished} finished before` : '';
  note(
    `${what}${before}: about ${duration(seconds)} on ${threads} ${threads === 1 ? 'thread' : 'threads'}, ${mib(bytes)}`,
  );
}

async function sweepCommand(given: string, options: SweepOptions): Promise<void> {
  const scale = scaleOf(options.scale);
  await loadExtensions(options.extend);
  const source = loadExperiment(given);
  if (options.slurm) {
    if (options.queue !== undefined)
      throw new UsageError('--slurm cannot be given with --queue', 'choose one of them');
    submitSweep(given, source, scale, options);
    return;
  }
  const server = options.queue === undefined ? null : await openQueue(options.queue, options.patience);
  try {
    await sweepOn(server, given, source, scale, options);
  } finally {
    server?.server.close();
  }
}

async function sweepOn(
  queue: OpenQueue | null,
  given: string,
  source: ExperimentFile,
  scale: ScaleName,
  options: SweepOptions,
): Promise<void> {
  const asked = countOf('--threads', options.threads);
  if (queue !== null && asked !== undefined)
    throw new UsageError('--threads cannot be given with --queue', 'darwin worker --queue URL --threads N');
  const plan = planSweep(
    source,
    scale,
    queue === null ? (asked ?? availableParallelism()) : 1,
    options.engine,
  );
  const path = options.out ?? join(RUNS_DIRECTORY, `${source.experiment.name}-${scale}`);
  const total = distinctCells(plan.cells).length;
  if (options.dryRun) {
    const estimate = await estimateSweep(plan, unfinished(plan, path));
    answer(options.json, { dir: path, scale, ...estimate }, () => `would write to ${path}`);
    if (!options.json) announce(estimate, plan.arms.length, plan.worlds);
    return;
  }
  assertNotSubmitted(path);
  const interrupt = interruptSignal();
  const directory = new SweepDirectory(path, plan, options.resume ?? false);
  let status: 'finished' | 'interrupted' | 'failed' = 'failed';
  const left = unfinished(plan, path);
  const before = total - left.length;
  let done = 0;
  try {
    announce(await estimateSweep(plan, left), plan.arms.length, plan.worlds);
    const began = performance.now();
    const watch: SweepWatch = {
      signal: interrupt.signal,
      onEnd: ({ arm, replicate, seconds }) => {
        done++;
        const perCell = (performance.now() - began) / 1000 / done;
        const rest = duration(perCell * (left.length - done));
        note(`${before + done}/${total} ${arm}, seed ${replicate}: ${seconds.toFixed(1)} s, ${rest} left`);
      },
    };
    const complete =
      queue === null
        ? await runSweep(left, directory, plan.threads, watch)
        : await runQueuedSweep(left, directory, queue.server, queue.libraries, watch);
    status = complete ? 'finished' : 'interrupted';
  } finally {
    interrupt.release();
    directory.close(status);
  }
  answer(
    options.json,
    {
      dir: path,
      status,
      scale,
      experimentHash: source.hash,
      cells: total,
      finished: before + done,
      ranNow: done,
      arms: plan.arms.map(({ name }) => name),
      worlds: plan.worlds,
    },
    () =>
      status === 'finished'
        ? `${total} cells in ${path}; next: darwin report ${path}`
        : `${before + done} of ${total} cells in ${path}`,
  );
  if (status !== 'interrupted') return;
  const again = options.queue === undefined ? '' : ` --queue ${queue!.server.shown}`;
  note(
    `interrupted; go on with: darwin sweep ${given} --scale ${scale} --out ${path}${again} --resume${queue === null ? '' : '; workers go on meanwhile'}`,
  );
  process.exitCode = EXIT.interrupted;
}

/** `--slurm`: states the sweep, writes its array job and submits it. */
function submitSweep(given: string, source: ExperimentFile, scale: ScaleName, options: SweepOptions): void {
  const threads = countOf('--threads', options.threads) ?? 1;
  const plan = planSweep(source, scale, threads, options.engine);
  const path = resolve(options.out ?? join(RUNS_DIRECTORY, `${source.experiment.name}-${scale}`));
  const { partition, time, sbatch = [] } = options;
  const left = unfinished(plan, path);
  const job: ArrayJob = {
    name: `${source.experiment.name}-${scale}`,
    directory: path,
    tasks: tasksOf(left, plan.threads),
    threads: plan.threads,
    bytes: memoryOf(plan.cells, plan.threads),
    extensions: (options.extend ?? []).map((file) => resolve(file)),
    options: [
      ...(partition === undefined ? [] : [`--partition=${partition}`]),
      ...(time === undefined ? [] : [`--time=${time}`]),
      ...sbatch,
    ],
  };
  if (options.dryRun) {
    const script = arrayScript(job);
    answer(
      options.json,
      { dir: path, scale, cells: left.length, tasks: job.tasks.length, script },
      () => script,
    );
    return;
  }
  assertNotSubmitted(path);
  const directory = new SweepDirectory(path, plan, options.resume ?? false);
  let status: 'submitted' | 'finished' | 'failed' = 'failed';
  let id: string | null = null;
  try {
    if (left.length > 0) id = submitArray(job);
    status = id === null ? 'finished' : 'submitted';
  } finally {
    directory.close(status);
  }
  const total = distinctCells(plan.cells).length;
  answer(
    options.json,
    {
      dir: path,
      status,
      scale,
      job: id,
      tasks: job.tasks.length,
      cells: total,
      finished: total - left.length,
    },
    () =>
      id === null
        ? `all ${total} cells are in ${path}; next: darwin report ${path}`
        : `job ${id}: ${left.length} cells in ${job.tasks.length} tasks; when it has ended: darwin sweep ${given} --scale ${scale} --out ${path} --resume`,
  );
}
