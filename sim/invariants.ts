/**
 * The laws of the economy, checked while a run goes on. Each is recomputed away from the code that upholds
 * it, and a broken one stops the run with the law, the tick, the world and the account.
 */
import {
  checkEmptySlots,
  checkPopulationBalance,
  checkProbabilities,
  checkUnitNorm,
} from '../agents/laws.ts';
import { priceTerms } from '../agents/priceEquation.ts';
import { FREE_SLOT } from '../market/columns.ts';
import { MARKET_LAWS } from '../market/laws.ts';
import { DarwinError, LawViolation } from './core/errors.ts';
import type { LawStatus } from './frame.ts';
import { TRACKED_TRAIT } from './metrics/measure.ts';
import type { World } from './world.ts';

export interface Law {
  readonly name: string;
  readonly about: string;
  /** Ticks between checks; 1 = every tick. */
  readonly every: number;
  readonly check: (world: World) => void;
}

/** Ticks between checks of laws about slowly changing floats, so that all laws together stay cheap. */
const RARELY = 16;
/** Residual of the Price equation in a gene of unit scale: rounding of f32 genes summed in double. */
const PRICE_TOLERANCE = 1e-5;

const place = (world: World, account: string) => ({
  world: world.parameters.world,
  tick: world.ledger.tick,
  account,
});

function checkPriceEquation(world: World): void {
  const lives = world.columns.population.some((owner) => owner !== FREE_SLOT);
  // nobody lives at one end of the interval: there is no mean to explain
  if (!lives || !world.agents.censusAlive.includes(1)) return;
  const { residual } = priceTerms(world, TRACKED_TRAIT);
  // written so that no number at all is a breach, too
  if (Math.abs(residual) < PRICE_TOLERANCE) return;
  throw new LawViolation('price-equation', place(world, 'tracked gene'), `residual ${residual}`);
}

export const LAWS: readonly Law[] = [
  ...MARKET_LAWS.map((law) => ({ ...law, every: 1 })),
  {
    name: 'population-balance',
    about: 'alive = genesis + births + immigrants - deaths',
    every: 1,
    check: (world) => checkPopulationBalance(world, world.ledger.tick),
  },
  {
    name: 'empty-slots',
    about: 'an empty slot owns no money, hardware or brain',
    every: RARELY,
    check: (world) => checkEmptySlots(world, world.ledger.tick),
  },
  {
    name: 'unit-norm',
    about: 'reward genes have norm 1 (0 where a population has no reward)',
    every: RARELY,
    check: (world) => checkUnitNorm(world, world.ledger.tick),
  },
  {
    name: 'probabilities',
    about: 'action probabilities are finite and sum to 1',
    every: RARELY,
    check: (world) => checkProbabilities(world, world.ledger.tick, world.logitMask),
  },
  {
    name: 'price-equation',
    about: 'change of a gene = selection + transmission + migration',
    every: RARELY,
    check: checkPriceEquation,
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
