/** Independent tasks, one after the other in this thread or side by side on worker threads. */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type MessagePort, Worker } from 'node:worker_threads';
import { EnvironmentError } from '../sim/core/errors.ts';
import { fromPlainError, type PlainError, toPlainError } from './threads.ts';

interface TaskCall<Task> {
  readonly number: number;
  readonly task: Task;
}
type TaskReply<Result> =
  | { readonly number: number; readonly result: Result }
  | { readonly number: number; readonly error: PlainError };

/** What is told while tasks run. */
export interface TaskWatch<Task, Result> {
  readonly onStart?: (task: Task) => void;
  /** The pool waits for it before the thread takes its next task. */
  readonly onEnd?: (task: Task, result: Result) => void;
  /** Aborted, no task is begun any more; those under way on worker threads are dropped. */
  readonly signal?: AbortSignal;
}

/**
 * Runs tasks; results come in the order of the tasks, whatever the number of threads. Those that an abort left undone
 * are missing.
 *
 * @param run what to do with a task in this thread
 * @param worker path of the module that does it in another one (`serveTasks`), from experiments/, without extension
 * @param threads how many to run at once; 1 = in this thread
 * @throws what the first failing task threw, EnvironmentError when the compiled worker is missing
 */
export async function runTasks<Task, Result>(
  tasks: readonly Task[],
  run: (task: Task) => Promise<Result>,
  worker: string,
  threads: number,
  watch: TaskWatch<Task, Result> = {},
): Promise<Result[]> {
  const results: Result[] = [];
  if (threads <= 1 || tasks.length <= 1) {
    for (const task of tasks) {
      if (watch.signal?.aborted) break;
      watch.onStart?.(task);
      const result = await run(task);
      watch.onEnd?.(task, result);
      results.push(result);
    }
    return results;
  }
  const file = workerFile(worker);
  let next = 0;
  /** One thread that takes tasks until none is left. */
  const work = (thread: Worker): Promise<void> =>
    new Promise((resolve, reject) => {
      const take = (): void => {
        const task = tasks[next];
        if (task === undefined || watch.signal?.aborted) {
          resolve();
          return;
        }
        watch.onStart?.(task);
        thread.postMessage({ number: next++, task } satisfies TaskCall<Task>);
      };
      thread.on('error', reject);
      thread.on('exit', (code) => reject(new EnvironmentError(`a worker thread stopped with code ${code}`)));
      thread.on('message', (reply: TaskReply<Result>) => {
        if ('error' in reply) return reject(fromPlainError(reply.error));
        results[reply.number] = reply.result;
        watch.onEnd?.(tasks[reply.number]!, reply.result);
        take();
      });
      watch.signal?.addEventListener('abort', () => resolve());
      take();
    });
  const workers = Array.from({ length: Math.min(threads, tasks.length) }, () => new Worker(file));
  try {
    await Promise.all(workers.map(work));
  } finally {
    await Promise.all(workers.map((thread) => thread.terminate()));
  }
  return results;
}

/** Does the tasks that a pool sends to this thread, one at a time. */
export function serveTasks<Task, Result>(port: MessagePort, run: (task: Task) => Promise<Result>): void {
  port.on('message', ({ number, task }: TaskCall<Task>) => {
    run(task).then(
      (result) => port.postMessage({ number, result } satisfies TaskReply<Result>),
      (error) => port.postMessage({ number, error: toPlainError(error) } satisfies TaskReply<Result>),
    );
  });
}

/** The compiled worker, in `dist` when this runs from source. */
function workerFile(worker: string): URL {
  const fromSource = import.meta.url.endsWith('.ts');
  const file = new URL(fromSource ? `../dist/experiments/${worker}.js` : `./${worker}.js`, import.meta.url);
  if (!existsSync(fileURLToPath(file)))
    throw new EnvironmentError('worker threads need the compiled code in dist/', 'npm run build');
  return file;
}
