/** `darwin sweep EXPERIMENT`: arms x seeds of an experiment file, over threads, resumable. */

import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import type { Command } from 'commander';
import { closest } from 'fastest-levenshtein';
import { EXIT, UsageError } from '../../sim/core/errors.ts';
import { countOf } from '../commandLine.ts';
import { duration } from '../progress.ts';
import { RUNS_DIRECTORY } from '../runDirectory.ts';
import { interruptSignal } from '../simulate.ts';
import { loadExperiment } from '../sweep/experimentFile.ts';
import { SCALES, type ScaleName } from '../sweep/experimentSchema.ts';
import { type Estimate, estimateSweep, planSweep, runSweep, unfinished } from '../sweep/sweep.ts';
import { SweepDirectory } from '../sweep/sweepDirectory.ts';
import { answer, note } from '../terminal.ts';

interface SweepOptions {
  readonly scale: string;
  readonly out?: string;
  readonly threads?: string;
  readonly resume?: boolean;
  readonly dryRun?: boolean;
  readonly json?: boolean;
}

export function register(program: Command): void {
  program
    .command('sweep')
    .summary('run the arms and seeds of an experiment')
    .description(
      'Runs every arm of an experiment file with every seed. Finished cells are kept and never run again.',
    )
    .argument('<experiment>', 'YAML file, or the name of one of the experiments of this program')
    .option('--scale <name>', `how large: ${SCALES.join(', ')}`, 'smoke')
    .option('--out <dir>', 'directory of the results; by default runs/NAME-SCALE')
    .option('--threads <n>', 'cells at once, by default one per core')
    .option('--resume', 'go on where an earlier sitting stopped')
    .option('--dry-run', 'say what would be run and what it takes, and stop')
    .option('--json', 'print one JSON object')
    .action(sweepCommand);
}

/** The scale of a name. Throws UsageError with the nearest one. */
function scaleOf(name: string): ScaleName {
  const found = SCALES.find((scale) => scale === name);
  if (found !== undefined) return found;
  throw new UsageError(`there is no scale ${name}`, `did you mean ${closest(name, [...SCALES])}?`);
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
  const source = loadExperiment(given);
  const threads = countOf('--threads', options.threads) ?? availableParallelism();
  const plan = planSweep(source, scale, threads);
  const path = options.out ?? join(RUNS_DIRECTORY, `${source.experiment.name}-${scale}`);
  if (options.dryRun) {
    const estimate = await estimateSweep(plan, plan.cells.length - unfinished(plan, path).length);
    answer(options.json, { dir: path, scale, ...estimate }, () => `would write to ${path}`);
    if (!options.json) announce(estimate, plan.arms.length, plan.worlds);
    return;
  }
  const interrupt = interruptSignal();
  const directory = new SweepDirectory(path, plan, options.resume ?? false);
  let status: 'finished' | 'interrupted' | 'failed' = 'failed';
  const left = unfinished(plan, path);
  const before = plan.cells.length - left.length;
  try {
    announce(await estimateSweep(plan, before), plan.arms.length, plan.worlds);
    const began = performance.now();
    const complete = await runSweep(left, directory, plan.threads, {
      signal: interrupt.signal,
      onEnd: ({ arm, replicate, seconds }, done) => {
        const perCell = (performance.now() - began) / 1000 / done;
        const rest = duration(perCell * (left.length - done));
        note(
          `${before + done}/${plan.cells.length} ${arm}, seed ${replicate}: ${seconds.toFixed(1)} s, ${rest} left`,
        );
      },
    });
    status = complete ? 'finished' : 'interrupted';
  } finally {
    interrupt.release();
    directory.close(status);
  }
  const done = plan.cells.length - unfinished(plan, path).length;
  answer(
    options.json,
    {
      dir: path,
      status,
      scale,
      experimentHash: source.hash,
      cells: plan.cells.length,
      finished: done,
      ranNow: done - before,
      arms: plan.arms.map(({ name }) => name),
      worlds: plan.worlds,
    },
    () =>
      status === 'finished'
        ? `${done} cells in ${path}; next: darwin report ${path}`
        : `${done} of ${plan.cells.length} cells in ${path}`,
  );
  if (status !== 'interrupted') return;
  note(`interrupted; go on with: darwin sweep ${given} --scale ${scale} --out ${path} --resume`);
  process.exitCode = EXIT.interrupted;
}
