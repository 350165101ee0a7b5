/** Validation cases as jobs, one after the other in this thread or side by side on worker threads. */
import { runTasks } from '../taskPool.ts';
import type { ValidationCase, ValidationResult } from './case.ts';
import { caseNamed, runCase } from './index.ts';

/** One run of one case, as plain data. */
export interface Job {
  readonly name: string;
  readonly set: Readonly<Record<string, string>>;
  /** Independent worlds; undefined = as the case says. */
  readonly seeds: number | undefined;
  /** Whether tolerances are those of a full run. */
  readonly full: boolean;
}

/**
 * The jobs of some cases: each at its defaults, or with `full` at each of its longer settings.
 *
 * @param options.set parameters of all of them, which go before those of a setting
 * @param options.seeds worlds of all of them
 */
export function jobsOf(
  cases: readonly ValidationCase[],
  options: { full: boolean; set: Readonly<Record<string, string>>; seeds: number | undefined },
): Job[] {
  const { full, set, seeds } = options;
  return cases.flatMap((one) =>
    (full ? one.full : [{}]).map((setting) => ({
      name: one.name,
      set: { ...setting.set, ...set },
      seeds: seeds ?? setting.seeds,
      full,
    })),
  );
}

export const runJob = ({ name, set, seeds, full }: Job): Promise<ValidationResult> =>
  runCase(caseNamed(name), set, seeds, full);

/**
 * Runs jobs; results come in the order of the jobs, whatever the number of threads.
 *
 * @param threads how many to run at once; 1 = in this thread
 * @param watch told of each job as it begins, and of its result as it ends
 * @throws what the first failing job threw, EnvironmentError when the compiled worker is missing
 */
export const runJobs = (
  jobs: readonly Job[],
  threads: number,
  watch: { onStart?: (job: Job) => void; onEnd?: (job: Job, result: ValidationResult) => void } = {},
): Promise<ValidationResult[]> => runTasks(jobs, runJob, 'validate/jobWorker', threads, watch);
