/** A program in a comparison: it does an amount of work that can be chosen, and takes the time of the work alone. */
import type { TimedWork } from '../measure.ts';

export interface PeerContender {
  readonly engine: string;
  /** Milliseconds from nothing to ready: loading, starting a process, building the model. */
  readonly startMs: number;
  /** Does `amount` portions of work, all of about the same size. */
  readonly work: (amount: number) => TimedWork | Promise<TimedWork>;
}

/** A warm-up turn grows at most by this factor, since the first ones run unoptimised. */
const GROWTH = 8;

/**
 * Works until a turn takes at least half as long as asked, which also warms the program up; returns that amount. Each
 * amount is tried twice: the first time may compile, allocate or found a population.
 */
export async function warmUp(contender: PeerContender, turnMs: number): Promise<number> {
  let amount = 1;
  for (;;) {
    const first = await contender.work(amount);
    const ms = Math.min(first.ms, (await contender.work(amount)).ms);
    if (ms >= turnMs / 2) return amount;
    amount = Math.ceil(amount * Math.min(GROWTH, Math.max(2, turnMs / Math.max(ms, 1e-3))));
  }
}

/** Milliseconds that `make` takes, and what it makes. */
export function timed<T>(make: () => T): { readonly made: T; readonly ms: number } {
  const from = performance.now();
  const made = make();
  return { made, ms: performance.now() - from };
}
