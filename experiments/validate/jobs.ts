/** Validation cases as jobs, one after the other in this thread or side by side on worker threads. */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { EnvironmentError } from '../../sim/core/errors.ts';
import { fromPlainError, type PlainError } from '../threads.ts';
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
export type JobReply =
  | { readonly job: number; readonly result: ValidationResult }
  | { readonly job: number; readonly error: PlainError };

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
export async function runJobs(
  jobs: readonly Job[],
  threads: number,
  watch: { onStart?: (job: Job) => void; onEnd?: (job: Job, result: ValidationResult) => void } = {},
): Promise<ValidationResult[]> {
  const results: ValidationResult[] = [];
  if (threads <= 1 || jobs.length <= 1) {
    for (const job of jobs) {
      watch.onStart?.(job);
      const result = await runJob(job);
      watch.onEnd?.(job, result);
      results.push(result);
    }
    return results;
  }
  const file = workerFile();
  let next = 0;
  /** One thread that takes jobs until none is left. */
  const work = (worker: Worker): Promise<void> =>
    new Promise((resolve, reject) => {
      const take = (): void => {
        const job = jobs[next];
        if (job === undefined) {
          resolve();
          return;
        }
        watch.onStart?.(job);
        worker.postMessage({ number: next++, job });
      };
      worker.on('error', reject);
      worker.on('exit', (code) =>
        reject(new EnvironmentError(`a validation thread stopped with code ${code}`)),
      );
      worker.on('message', (reply: JobReply) => {
        if ('error' in reply) return reject(fromPlainError(reply.error));
        results[reply.job] = reply.result;
        watch.onEnd?.(jobs[reply.job]!, reply.result);
        take();
      });
      take();
    });
  const workers = Array.from({ length: Math.min(threads, jobs.length) }, () => new Worker(file));
  try {
    await Promise.all(workers.map(work));
  } finally {
    await Promise.all(workers.map((worker) => worker.terminate()));
  }
  return results;
}

/** The compiled worker beside this module, or in `dist` when this runs from source. */
function workerFile(): URL {
  const fromSource = import.meta.url.endsWith('.ts');
  const file = new URL(
    fromSource ? '../../dist/experiments/validate/jobWorker.js' : './jobWorker.js',
    import.meta.url,
  );
  if (!existsSync(fileURLToPath(file)))
    throw new EnvironmentError('worker threads need the compiled code in dist/', 'npm run build');
  return file;
}
