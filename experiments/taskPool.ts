/** Independent tasks, one after the other in this thread or side by side on worker threads. */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type MessagePort, Worker, workerData } from 'node:worker_threads';
import { EnvironmentError } from '../sim/core/errors.ts';
import { loadExtensions, loadedExtensions } from './extensions.ts';
import { fromPlainError, type PlainError, toPlainError } from './threads.ts';

interface TaskCall<Task> {
  readonly number: number;
  readonly task: Task;
}
/** What a thread of a pool is started with. */
interface TaskThreadStart {
  /** Files that register extensions. */
  readonly extensions: readonly string[];
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
  const pool = Array.from(
    { length: Math.min(threads, tasks.length) },
    () => new TaskThread<Task, Result>(worker),
  );
  let next = 0;
  /** Gives a thread tasks until none is left. */
  const work = async (thread: TaskThread<Task, Result>): Promise<void> => {
    while (next < tasks.length && !watch.signal?.aborted) {
      const number = next++;
      const task = tasks[number]!;
      watch.onStart?.(task);
      const result = await thread.run(task);
      if (watch.signal?.aborted) return;
      results[number] = result;
      watch.onEnd?.(task, result);
    }
  };
  const aborted = new Promise<void>((resolve) => watch.signal?.addEventListener('abort', () => resolve()));
  try {
    await Promise.race([aborted, Promise.all(pool.map(work))]);
  } finally {
    await Promise.all(pool.map((thread) => thread.close()));
  }
  return results;
}

/** A worker thread that does one task at a time. */
export class TaskThread<Task, Result> {
  private readonly thread: Worker;
  private number = 0;
  private settle: { resolve: (result: Result) => void; reject: (error: Error) => void } | null = null;
  private ended: Error | null = null;

  /**
   * @param worker as for `runTasks`
   * @throws EnvironmentError when the compiled worker is missing
   */
  constructor(worker: string) {
    this.thread = new Worker(workerFile(worker), {
      workerData: { extensions: loadedExtensions() } satisfies TaskThreadStart,
    });
    this.thread.on('message', (reply: TaskReply<Result>) => {
      const { settle } = this;
      this.settle = null;
      if ('error' in reply) settle?.reject(fromPlainError(reply.error));
      else settle?.resolve(reply.result);
    });
    this.thread.on('error', (error) => this.end(error as Error));
    this.thread.on('exit', (code) =>
      this.end(new EnvironmentError(`a worker thread stopped with code ${code}`)),
    );
  }

  /** Does a task. Throws what it throws, EnvironmentError where the thread ends before it is done. */
  run(task: Task): Promise<Result> {
    return new Promise((resolve, reject) => {
      if (this.ended !== null) {
        reject(this.ended);
        return;
      }
      this.settle = { resolve, reject };
      this.thread.postMessage({ number: this.number++, task } satisfies TaskCall<Task>);
    });
  }

  /** Ends the thread; a task under way is rejected. */
  async close(): Promise<void> {
    await this.thread.terminate();
  }

  private end(error: Error): void {
    this.ended ??= error;
    this.settle?.reject(this.ended);
    this.settle = null;
  }
}

/** Does the tasks that a pool sends to this thread, one at a time. */
export function serveTasks<Task, Result>(port: MessagePort, run: (task: Task) => Promise<Result>): void {
  const { extensions } = workerData as TaskThreadStart;
  port.on('message', ({ number, task }: TaskCall<Task>) => {
    const done = loadExtensions(extensions).then(() => run(task));
    done.then(
      (result) => port.postMessage({ number, result } satisfies TaskReply<Result>),
      (error) => port.postMessage({ number, error: toPlainError(error) } satisfies TaskReply<Result>),
    );
  });
}

/**
 * The compiled worker, in `dist` when this runs from source.
 *
 * @param worker path from experiments/, without extension
 * @throws EnvironmentError when it is missing
 */
export function workerFile(worker: string): URL {
  const fromSource = import.meta.url.endsWith('.ts');
  const file = new URL(fromSource ? `../dist/experiments/${worker}.js` : `./${worker}.js`, import.meta.url);
  if (!existsSync(fileURLToPath(file)))
    throw new EnvironmentError('worker threads need the compiled code in dist/', 'npm run build');
  return file;
}
