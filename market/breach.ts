/** How a law of the markets accuses. */
import { LawViolation } from '../sim/core/errors.ts';
import type { MarketWorld } from './columns.ts';

/** Throws LawViolation of a law at an account, with what was found there. */
export const breach = (world: MarketWorld, law: string, account: string, found: string): never => {
  throw new LawViolation(law, { world: world.ledger.world, tick: world.ledger.tick, account }, found);
};
