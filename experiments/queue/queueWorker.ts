/**
 * A worker: takes cells out of the queue and runs each on a thread of its own, so that this thread can tell Redis that it
 * lives. The cells of one that has fallen silent are given to others.
 */
import { hostname } from 'node:os';
import process from 'node:process';
import { setTimeout as pause } from 'node:timers/promises';
import type { Job, Worker } from 'bullmq';
import { DarwinError, EngineError, EnvironmentError } from '../../sim/core/errors.ts';
import { type Cell, type CellResult, encodeResult, isIntact } from '../sweep/cell.ts';
import { TaskThread } from '../taskPool.ts';
import type { QueueLibraries, QueueServer } from './connection.ts';
import { failureText, PREFIX, queueName, RESULT_SECONDS, resultKey } from './names.ts';

/** Workers that may die over a cell before it is given up. */
const DEATHS_MAX = 2;
/** Between two looks at whether any cell is left. */
const LOOK_MS = 500;
/** How long the libraries may take to let go of a server that does not answer. */
const CLOSE_MS = 2000;

export interface WorkerOptions {
  /** Cells at once. */
  readonly threads: number;
  /** Silence after which a worker's cells are given to others, in milliseconds. */
  readonly silenceMs: number;
  /** Ends after so long without a cell that waits or is under way anywhere, in milliseconds; null = never. */
  readonly idleMs: number | null;
  readonly signal: AbortSignal;
  readonly onStart?: (cell: Cell) => void;
  readonly onEnd?: (result: CellResult) => void;
  readonly onFail?: (cell: Cell, error: Error) => void;
}

/**
 * Works until the signal is aborted, or until nothing is left. Cells that are under way then go back to the queue.
 *
 * @returns cells that were finished
 * @throws EnvironmentError where Redis is gone for too long
 */
export async function serveQueue(
  server: QueueServer,
  libraries: QueueLibraries,
  options: WorkerOptions,
): Promise<number> {
  const crew = new Crew(server, libraries, options);
  try {
    await server.orGone(crew.ended());
    return crew.finished;
  } finally {
    await crew.close();
  }
}

class Crew {
  finished = 0;
  private readonly server: QueueServer;
  private readonly libraries: QueueLibraries;
  private readonly options: WorkerOptions;
  private readonly worker: Worker<Cell>;
  private readonly threads = new Set<TaskThread<Cell, CellResult>>();
  private readonly idle: TaskThread<Cell, CellResult>[] = [];

  constructor(server: QueueServer, libraries: QueueLibraries, options: WorkerOptions) {
    this.server = server;
    this.libraries = libraries;
    this.options = options;
    const { silenceMs, threads } = options;
    this.worker = new libraries.Worker<Cell>(queueName(), (job, token) => this.process(job, token), {
      connection: server.redis,
      prefix: PREFIX,
      name: `${hostname()}-${process.pid}`,
      concurrency: threads,
      lockDuration: silenceMs,
      stalledInterval: silenceMs,
      maxStalledCount: DEATHS_MAX,
    });
    this.worker.on('error', () => {});
    this.worker.on('failed', (job, error) => {
      if (job !== undefined) options.onFail?.(job.data, error);
    });
  }

  /** Resolves when there is nothing more to do. */
  async ended(): Promise<void> {
    const { signal, idleMs } = this.options;
    const queue = new this.libraries.Queue(queueName(), { connection: this.server.redis, prefix: PREFIX });
    queue.on('error', () => {});
    let busyAt = performance.now();
    try {
      while (!signal.aborted) {
        await pause(LOOK_MS, undefined, { signal }).catch(() => {});
        if (idleMs === null || signal.aborted) continue;
        const counts = await queue.getJobCounts('wait', 'active', 'delayed', 'prioritized');
        if (Object.values(counts).some((count) => count > 0)) busyAt = performance.now();
        else if (performance.now() - busyAt > idleMs) return;
      }
    } finally {
      await Promise.race([queue.close(), pause(LOOK_MS)]);
    }
  }

  /** Gives back what is under way and lets go of everything. */
  async close(): Promise<void> {
    // threads that end make their cells go back to the queue
    const { threads } = this;
    const running = [...threads];
    threads.clear();
    await Promise.all(running.map((thread) => thread.close()));
    await Promise.race([this.worker.close(), pause(CLOSE_MS)]);
    await Promise.race([this.worker.close(true), pause(CLOSE_MS)]);
  }

  private async process(job: Job<Cell>, token: string | undefined): Promise<void> {
    const { UnrecoverableError, WaitingError } = this.libraries;
    const cell = job.data;
    try {
      await this.runCell(cell);
    } catch (error) {
      if (this.options.signal.aborted) {
        await job.moveToWait(token);
        throw new WaitingError();
      }
      // what the model says of a cell it says on every machine
      const final =
        error instanceof DarwinError && !(error instanceof EnvironmentError || error instanceof EngineError);
      const text = failureText(error);
      throw final ? new UnrecoverableError(text) : new Error(text);
    }
  }

  private async runCell(cell: Cell): Promise<void> {
    const { onStart, onEnd } = this.options;
    const { redis } = this.server;
    if (!isIntact(cell))
      throw new EnvironmentError(
        `arm ${cell.arm}, seed ${cell.replicate}: what it depends on is not the same here`,
        'saved runs that populations come from, and files of --extend, must be there on every machine',
      );
    if ((await redis.exists(resultKey(cell.hash))) === 1) return;
    onStart?.(cell);
    const thread = this.idle.pop() ?? new TaskThread<Cell, CellResult>('sweep/cellWorker');
    this.threads.add(thread);
    let result: CellResult;
    try {
      result = await thread.run(cell);
    } catch (error) {
      // a thread that has failed may be in any state
      this.threads.delete(thread);
      await thread.close();
      throw error;
    }
    this.idle.push(thread);
    await redis.set(resultKey(cell.hash), encodeResult(result), 'EX', RESULT_SECONDS);
    this.finished++;
    onEnd?.(result);
  }
}
