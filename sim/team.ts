/**
 * A team: the threads that share the work of one large world. One of them leads: it goes through the phases of a tick
 * and does alone what needs the whole world; where agents do not meet (`Phase.share`), all threads take chunks of
 * blocks until none is left, and the phase ends at a barrier. Which thread takes which chunk never changes a result.
 *
 * Threads meet in a few words of shared memory, with Atomics; where they come from is not known here
 * (experiments/threads.ts starts them).
 */
import { EnvironmentError } from './core/errors.ts';

// Words of the board.
/** Number of the phase under way; helpers wait for it to change. */
const JOB = 0;
/** Which phase of the world's table, in which tick, and how many blocks there are. */
const PHASE = 1;
const TICK = 2;
const BLOCKS = 3;
/** Helpers that have not reached the barrier. */
const BUSY = 4;
/** 1 once a helper has failed. */
const FAILED = 5;
/** The next chunk of each thread's share, on a cache line each. */
const NEXT = 16;
const LINE_WORDS = 16;

/** Blocks that a thread takes at a time: a few hundred agents. */
const CHUNK_BLOCKS = 64;

/** Words that a team of `threads` meets in. */
export const boardWords = (threads: number): number => NEXT + LINE_WORDS * threads;

/** The first chunk of a thread's share. */
const shareStart = (blocks: number, threads: number, thread: number): number =>
  Math.floor((thread * Math.ceil(blocks / CHUNK_BLOCKS)) / threads);

/** One thread's part of the phase under way: chunks of its own share, near in memory, then those of slower threads. */
function takeChunks(
  board: Int32Array,
  threads: number,
  self: number,
  work: (blockFrom: number, blockTo: number) => void,
): void {
  const blocks = board[BLOCKS]!;
  for (let k = 0; k < threads; k++) {
    const whose = (self + k) % threads;
    const end = shareStart(blocks, threads, whose + 1);
    for (;;) {
      const chunk = Atomics.add(board, NEXT + LINE_WORDS * whose, 1);
      if (chunk >= end) break;
      const from = chunk * CHUNK_BLOCKS;
      work(from, Math.min(blocks, from + CHUNK_BLOCKS));
    }
  }
}

/** The leader's side of a team. */
export class Team {
  /** Threads, the leader included. */
  readonly threads: number;
  private readonly board: Int32Array;

  /** @param board `boardWords(threads)` shared words, zero */
  constructor(board: Int32Array, threads: number) {
    this.board = board;
    this.threads = threads;
  }

  /**
   * Does a phase with all threads; returns when the last one is done.
   *
   * @param phase what the helpers are told to do
   * @param work the same, for blocks blockFrom..blockTo-1
   * @throws EnvironmentError when another thread failed
   */
  share(
    phase: number,
    tick: number,
    blocks: number,
    work: (blockFrom: number, blockTo: number) => void,
  ): void {
    const { board, threads } = this;
    board[PHASE] = phase;
    board[TICK] = tick;
    board[BLOCKS] = blocks;
    for (let t = 0; t < threads; t++) board[NEXT + LINE_WORDS * t] = shareStart(blocks, threads, t);
    Atomics.store(board, BUSY, threads - 1);
    Atomics.add(board, JOB, 1);
    Atomics.notify(board, JOB);
    takeChunks(board, threads, 0, work);
    for (let busy = threads - 1; busy > 0; busy = Atomics.load(board, BUSY)) Atomics.wait(board, BUSY, busy);
    if (Atomics.load(board, FAILED) !== 0)
      throw new EnvironmentError(
        'a thread that shares this world has failed',
        'it may have run out of memory: use fewer agents',
      );
  }
}

/**
 * The life of a helper: waits for phases and shares them, until its thread is ended.
 *
 * @param thread 1..threads-1
 * @throws what `work` throws, once; the leader is told
 */
export function helpTeam(
  board: Int32Array,
  threads: number,
  thread: number,
  work: (phase: number, tick: number, blockFrom: number, blockTo: number) => void,
): never {
  for (let job = 0; ; job++) {
    while (Atomics.load(board, JOB) === job) Atomics.wait(board, JOB, job);
    try {
      takeChunks(board, threads, thread, (from, to) => work(board[PHASE]!, board[TICK]!, from, to));
    } catch (error) {
      Atomics.store(board, FAILED, 1);
      throw error;
    } finally {
      Atomics.sub(board, BUSY, 1);
      Atomics.notify(board, BUSY);
    }
  }
}
