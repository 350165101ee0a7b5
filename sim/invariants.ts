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
import { MARKET_LAWS } from '../market/laws.ts';
import { assert } from './core/assert.ts';
import { DarwinError, LawViolation } from './core/errors.ts';
import type { LawMargin, LawStatus } from './frame.ts';
import { MARGINS, type MarginOf, PRICE_TOLERANCE, residualOf, worse } from './lawMargins.ts';
import { screenBit } from './screen.ts';
import type { World } from './world.ts';

/** Ticks between checks of laws about slowly changing floats, so that all laws together stay cheap. */
const RARELY = 16;
/**
 * Ticks between looks at the margins, all of which together take about as long as half a scripted tick. What a run begins
 * with is looked at at every rare check: a short one has margins, too.
 */
export const MARGINS_EVERY = 8 * RARELY;

export interface Law {
  readonly name: string;
  readonly about: string;
  /** Ticks between checks. */
  readonly every: 1 | typeof RARELY;
  readonly check: (world: World) => void;
  /** How far a world is from breaking it. */
  readonly margin: MarginOf;
}

const place = (world: World, account: string) => ({
  world: world.parameters.world,
  tick: world.ledger.tick,
  account,
});

function checkPriceEquation(world: World): void {
  const residual = residualOf(world);
  // written so that no number at all is a breach, too
  if (Math.abs(residual) < PRICE_TOLERANCE) return;
  throw new LawViolation('price-equation', place(world, 'tracked gene'), `residual ${residual}`);
}

const ALL_LAWS: readonly Omit<Law, 'margin'>[] = [
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
/** Every law that a run checks, in the order of its reports. */
export const LAWS: readonly Law[] = ALL_LAWS.map((law) => {
  const margin = MARGINS[law.name];
  assert(margin !== undefined, `law ${law.name} has a margin`);
  return { ...law, margin };
});

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
  /** Tick of the first rare check; -1 = there was none. */
  rareFirstTick: number;
  /** The nearest that each law has come to its limit, as far as it was looked at. */
  readonly margins: Map<Law, LawMargin>;
  /** Why laws without one have none. */
  readonly reasons: Map<Law, string>;
  /** The law that broke, or null, and what it found. */
  broken: Law | null;
  found: string;
}

export const createLawBook = (): LawBook => ({
  checks: 0,
  lastTick: -1,
  rareChecks: 0,
  rareLastTick: -1,
  rareFirstTick: -1,
  margins: new Map(),
  reasons: new Map(),
  broken: null,
  found: '',
});

const ALL_SUSPECTS = -1;

/** Notes that worlds whose laws a device screens have got to a tick: each of these ticks counts as a check. */
export function noteScreened(book: LawBook, worlds: number, from: number, to: number): void {
  book.checks += worlds * (to - from);
  book.lastTick = to - 1;
}

/**
 * Asks the laws of every tick about a world that a screen suspects.
 *
 * @throws LawViolation for the first broken one
 */
export const askEveryTick = (world: World, book: LawBook): void =>
  askLaws(world, book, LAWS_OF_EVERY_TICK, ALL_SUSPECTS);

/**
 * Asks every law about a world that is looked at after some ticks, whatever their schedules.
 *
 * @throws LawViolation for the first broken one
 */
export function askAll(world: World, book: LawBook): void {
  askEveryTick(world, book);
  book.rareChecks++;
  book.rareLastTick = world.ledger.tick;
  askLaws(world, book, RARE_LAWS, ALL_SUSPECTS);
  noteMargins(world, book);
}

/** Notes how near a world is to the limits of laws. */
function noteMargins(world: World, book: LawBook): void {
  for (const law of LAWS) {
    const found = law.margin(world);
    const before = book.margins.get(law);
    if ('why' in found) book.reasons.set(law, found.why);
    else book.margins.set(law, before === undefined ? found : worse(before, found));
  }
}

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
  if (book.rareFirstTick < 0) book.rareFirstTick = tick;
  if (tick % MARGINS_EVERY === 0 || tick < book.rareFirstTick + MARGINS_EVERY) noteMargins(world, book);
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
    margin: book.margins.get(law),
    noMargin: book.margins.has(law) ? undefined : book.reasons.get(law),
    name: law.name,
    about: law.about,
    checks: law.every === 1 ? book.checks : book.rareChecks,
    lastTick: law.every === 1 ? book.lastTick : book.rareLastTick,
    violated: law === book.broken ? book.found : null,
  }));
