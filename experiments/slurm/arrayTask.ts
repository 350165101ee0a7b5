/** One task of an array job: runs its cells and puts their results into the directory of the sweep. */
import { readFileSync } from 'node:fs';
import { EnvironmentError, UsageError } from '../../sim/core/errors.ts';
import { type Cell, isIntact } from '../sweep/cell.ts';
import { runCells, type SweepWatch } from '../sweep/sweep.ts';
import { keepResult, readCell } from '../sweep/sweepDirectory.ts';
import { cellsFile } from './array.ts';

/**
 * Runs the cells of a task that are not finished yet.
 *
 * @param task as Slurm gives it in SLURM_ARRAY_TASK_ID
 * @returns how many it has run
 * @throws UsageError outside an array job, EnvironmentError where cells depend on what is not the same on this node
 */
export async function runArrayTask(
  directory: string,
  task: string | undefined,
  threads: number,
  watch: SweepWatch,
): Promise<number> {
  if (task === undefined)
    throw new UsageError('SLURM_ARRAY_TASK_ID is not set', 'this is for the script of darwin sweep --slurm');
  const left = cellsOf(directory, task).filter(({ hash }) => readCell(directory, hash) === null);
  const strange = left.find((cell) => !isIntact(cell));
  if (strange !== undefined)
    throw new EnvironmentError(
      `arm ${strange.arm}, seed ${strange.replicate}: what it depends on is not the same on this node`,
      'the same version, saved runs that populations come from, and files of --extend must be there on every node',
    );
  let finished = 0;
  await runCells(left, threads, {
    ...watch,
    onEnd: (result) => {
      keepResult(directory, result);
      finished++;
      watch.onEnd?.(result);
    },
  });
  return finished;
}

function cellsOf(directory: string, task: string): readonly Cell[] {
  const file = cellsFile(directory);
  let tasks: readonly (readonly Cell[])[];
  try {
    tasks = JSON.parse(readFileSync(file, 'utf8')) as readonly (readonly Cell[])[];
  } catch (cause) {
    throw new UsageError(
      `cannot read ${file}: ${(cause as Error).message}`,
      'give the directory of a sweep',
      {
        cause,
      },
    );
  }
  const cells = tasks[Number(task)];
  if (cells === undefined)
    throw new UsageError(
      `${file} has ${tasks.length} tasks, and none with number ${task}`,
      'submit it again',
    );
  return cells;
}
