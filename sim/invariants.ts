/**
 * The laws of the economy, checked while a run goes on. Each is recomputed away from the code that upholds
 * it, and a broken one stops the run with the law, the tick, the world and the account.
 */
import { DarwinError } from './core/errors.ts';
import type { LawStatus } from './frame.ts';
import type { World } from './world.ts';

export interface Law {
  readonly name: string;
  readonly about: string;
  /** Ticks between checks; 1 = every tick. */
  readonly every: number;
  readonly check: (world: World) => void;
}

export const LAWS: readonly Law[] = [
  {
    name: 'conservation',
    about: 'sum of all balances = genesis + minted - burned, per asset',
    every: 1,
    check: (world) => world.ledger.checkConservation(),
  },
];

/** How often each law was checked by one shard, and what broke. */
export type LawBook = { readonly law: Law; checks: number; lastTick: number; violated: string | null }[];

export const createLawBook = (): LawBook =>
  LAWS.map((law) => ({ law, checks: 0, lastTick: -1, violated: null }));

/** Checks every law that is due. Throws LawViolation for the first broken one. */
export function checkLaws(world: World, book: LawBook, tick: number): void {
  for (const entry of book) {
    if (tick % entry.law.every !== 0) continue;
    entry.checks++;
    entry.lastTick = tick;
    try {
      entry.law.check(world);
    } catch (error) {
      entry.violated = error instanceof DarwinError ? error.message : String(error);
      throw error;
    }
  }
}

/** The book as data for frames. */
export const lawStatus = (book: LawBook): LawStatus[] =>
  book.map(({ law, checks, lastTick, violated }) => ({
    name: law.name,
    about: law.about,
    checks,
    lastTick,
    violated,
  }));
