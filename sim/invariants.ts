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
import { screenBit } from './screen.ts';
import type { World } from './world.ts';

/** Ticks between checks of laws about slowly changing floats, so that all laws together stay cheap. */
const RARELY = 16;

export interface Law {
  readonly name: string;
  readonly about: string;
  /** Ticks between checks. */
  readonly every: 1 | typeof RARELY;
  readonly check: (world: World) => void;
}

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
  ...MARKET_LAWS.map((law) => ({ ...law, every: 1 as const })),
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

interface ScreenedLaw {
  readonly law: Law;
  /** Of the law in what a screen returns; 0 where none clears it. */
  readonly bit: number;
}
const screened = (law: Law): ScreenedLaw => ({ law, bit: screenBit(law.name) });
const LAWS_OF_EVERY_TICK = LAWS.filter(({ every }) => every === 1).map(screened);
const ALL_SCREENED = LAWS_OF_EVERY_TICK.every(({ bit }) => bit !== 0);
const RARE_LAWS = LAWS.filter(({ every }) => every !== 1).map(screened);

/** How often the laws were checked by one shard, and what broke. */
export interface LawBook {
  /** Of the laws of every tick, and of those that are checked rarely. */
  checks: number;
  lastTick: number;
  rareChecks: number;
  rareLastTick: number;
  /** The law that broke, or null, and what it found. */
  broken: Law | null;
  found: string;
}

export const createLawBook = (): LawBook => ({
  checks: 0,
  lastTick: -1,
  rareChecks: 0,
  rareLastTick: -1,
  broken: null,
  found: '',
});

const ALL_SUSPECTS = -1;

/**
 * Checks every law that is due. Throws LawViolation for the first broken one. Where the world has a screen, a law that
 * it clears holds and is not asked.
 */
export function checkLaws(world: World, book: LawBook, tick: number): void {
  const { screen } = world;
  book.checks++;
  book.lastTick = tick;
  const suspects = screen === null ? ALL_SUSPECTS : screen.suspects();
  if (suspects !== 0 || !ALL_SCREENED) askLaws(world, book, LAWS_OF_EVERY_TICK, suspects);
  if (tick % RARELY !== 0) return;
  book.rareChecks++;
  book.rareLastTick = tick;
  askLaws(world, book, RARE_LAWS, screen === null ? ALL_SUSPECTS : screen.rareSuspects());
}

function askLaws(world: World, book: LawBook, laws: readonly ScreenedLaw[], suspects: number): void {
  for (const { law, bit } of laws) {
    if (bit !== 0 && (suspects & bit) === 0) continue;
    try {
      law.check(world);
    } catch (error) {
      book.broken = law;
      book.found = error instanceof DarwinError ? error.message : String(error);
      throw error;
    }
  }
}

/** The book as data for frames. */
export const lawStatus = (book: LawBook): LawStatus[] =>
  LAWS.map((law) => ({
    name: law.name,
    about: law.about,
    checks: law.every === 1 ? book.checks : book.rareChecks,
    lastTick: law.every === 1 ? book.lastTick : book.rareLastTick,
    violated: law === book.broken ? book.found : null,
  }));
