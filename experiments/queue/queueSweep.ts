/**
 * A sweep whose cells run elsewhere: each is a job whose id is the cell's hash, so that no two sweeps, sittings or
 * workers ever have it twice. A result is a key of its own, written before its job ends; whoever sweeps asks for the keys
 * that it misses, and so finds everything again after a stop of its own, of a worker or of Redis.
 */
import { setTimeout as pause } from 'node:timers/promises';
import type { Job, Queue } from 'bullmq';
import { DarwinError, EnvironmentError } from '../../sim/core/errors.ts';
import { type Cell, decodeResult } from '../sweep/cell.ts';
import type { SweepWatch } from '../sweep/sweep.ts';
import type { SweepDirectory } from '../sweep/sweepDirectory.ts';
import { note } from '../terminal.ts';
import type { QueueLibraries, QueueServer } from './connection.ts';
import { failureOf, modelDigits, PREFIX, queueName, resultKey } from './names.ts';

/** Tries of a cell whose worker failed, and the pause before the second one; it doubles from there. */
const ATTEMPTS = 3;
const BACKOFF_MS = 1000;
/** Between two looks for results, and between two looks at what became of the jobs that are missing. */
const LOOK_MS = 500;
const CENSUS_MS = 5000;
/** Between two notes that nobody works. */
const REMINDER_MS = 60_000;
/** Keys asked for at once. */
const CHUNK = 500;

/**
 * Has workers run what is left of a sweep and keeps each result as it arrives.
 *
 * @param left cells of different hashes
 * @returns whether all of it was done; stopped before, workers go on, and the next sitting finds what they did
 * @throws what a cell failed with, EnvironmentError where Redis is gone or workers keep dying over a cell
 */
export async function runQueuedSweep(
  left: readonly Cell[],
  directory: SweepDirectory,
  server: QueueServer,
  libraries: QueueLibraries,
  watch: SweepWatch = {},
): Promise<boolean> {
  const queue = new libraries.Queue<Cell>(queueName(), { connection: server.redis, prefix: PREFIX });
  queue.on('error', () => {});
  try {
    return await server.orGone(new QueuedSweep(queue, left, directory, server, watch).run());
  } finally {
    // a queue whose server is gone never answers
    await Promise.race([queue.close(), pause(LOOK_MS)]);
  }
}

class QueuedSweep {
  private readonly queue: Queue<Cell>;
  private readonly pending: Map<string, Cell>;
  private readonly directory: SweepDirectory;
  private readonly server: QueueServer;
  private readonly watch: SweepWatch;
  private remindedAt = Number.NEGATIVE_INFINITY;

  constructor(
    queue: Queue<Cell>,
    left: readonly Cell[],
    directory: SweepDirectory,
    server: QueueServer,
    watch: SweepWatch,
  ) {
    this.queue = queue;
    this.pending = new Map(left.map((cell) => [cell.hash, cell]));
    this.directory = directory;
    this.server = server;
    this.watch = watch;
  }

  async run(): Promise<boolean> {
    const { pending, watch } = this;
    await this.fetch();
    // what failed in an earlier sitting is tried again, as often as at first
    await this.census(async (job) => {
      await job.remove();
      return true;
    });
    let countedAt = performance.now();
    while (pending.size > 0) {
      if (watch.signal?.aborted) return false;
      await this.remind();
      await pause(LOOK_MS, undefined, { signal: watch.signal }).catch(() => {});
      await this.fetch();
      if (performance.now() - countedAt < CENSUS_MS) continue;
      countedAt = performance.now();
      await this.census(async ({ failedReason, data }) => {
        throw errorOf(data, failedReason);
      });
    }
    return true;
  }

  /** Takes the results that have arrived. */
  private async fetch(): Promise<void> {
    const { redis } = this.server;
    const hashes = [...this.pending.keys()];
    for (let from = 0; from < hashes.length; from += CHUNK) {
      const asked = hashes.slice(from, from + CHUNK);
      const there = await Promise.all(asked.map((hash) => redis.exists(resultKey(hash))));
      for (const hash of asked.filter((_, k) => there[k] === 1)) {
        const bytes = await redis.getBuffer(resultKey(hash));
        if (bytes === null || this.watch.signal?.aborted) continue;
        const result = decodeResult(bytes);
        if (result.hash !== hash)
          throw new EnvironmentError(
            `Redis at ${this.server.shown} holds the result of cell ${result.hash} under ${hash}`,
            `delete ${resultKey(hash)} there, and --resume`,
          );
        this.directory.keep(result);
        this.pending.delete(hash);
        this.watch.onEnd?.(result);
      }
    }
  }

  /**
   * Adds the jobs that are not there: all of them at first, later those that Redis has lost.
   *
   * @param onFailed told of every job that has failed for good; returns whether it is to be added again
   */
  private async census(onFailed: (job: Job<Cell>) => Promise<boolean>): Promise<void> {
    const cells = [...this.pending.values()];
    for (let from = 0; from < cells.length; from += CHUNK) {
      const asked = cells.slice(from, from + CHUNK);
      const jobs = await Promise.all(asked.map(({ hash }) => this.queue.getJob(hash)));
      const absent: Cell[] = [];
      for (const [k, job] of jobs.entries()) {
        const cell = asked[k]!;
        if (job === undefined || ((await job.isFailed()) && (await onFailed(job)))) absent.push(cell);
      }
      await this.queue.addBulk(absent.map((cell) => jobOf(cell)));
    }
  }

  private async remind(): Promise<void> {
    if (performance.now() - this.remindedAt < REMINDER_MS) return;
    this.remindedAt = performance.now();
    const { shown } = this.server;
    const workers = await this.queue.getWorkersCount().catch(() => null);
    if (workers === 0)
      note(
        `${this.pending.size} cells wait, and no worker of this version (model ${modelDigits()}) is there: darwin worker --queue ${shown}`,
      );
  }
}

const jobOf = (cell: Cell) => ({
  name: `${cell.arm}, seed ${cell.replicate}`,
  data: cell,
  opts: {
    jobId: cell.hash,
    attempts: ATTEMPTS,
    backoff: { type: 'exponential', delay: BACKOFF_MS },
    removeOnComplete: true,
  },
});

/** Why a cell failed for good. */
function errorOf({ arm, replicate }: Cell, reason: string): Error {
  if (reason.startsWith('job stalled'))
    return new EnvironmentError(
      `arm ${arm}, seed ${replicate}: one worker after the other died over this cell`,
      'look at the memory of their machines; --resume tries it again',
    );
  const error = failureOf(reason);
  return error instanceof DarwinError
    ? error
    : new Error(`arm ${arm}, seed ${replicate}: ${error.message}`, { cause: error });
}
