/**
 * What the device gathers of a world beside the columns of the CPU, until somebody takes it (readouts.ts): sums over
 * ticks, and what the table of lives will say of births and deaths.
 */
import { FEATURE_COUNT } from '../../../agents/columns.ts';
import type { WorldParameters } from '../../../configs/worldParameters.ts';
import { MODE } from '../../../market/columns.ts';

/** Sums of a world, each a wide integer: fields of Tally. */
export const TALLY = {
  ticks: 0,
  births: 1,
  deaths: 2,
  immigrants: 3,
  agentSteps: 4,
  computeTicks: 5,
  serviceTicks: 6,
  swapTicks: 7,
  taskEnergy: 8,
} as const;
export const TALLIES = Object.keys(TALLY).length;

/**
 * Sums of each population, wide integers: fields of PopulationTally. Those of real numbers are integers of 96 bits in
 * units of 2^-REAL_BITS: the sum of the lowest words, then that of the others, in two's complement.
 */
export const MEMBERS = {
  agentTicks: 0,
  matureTicks: 1,
  profit: 2,
  matureProfit: 4,
  reward: 6,
  modes: 8,
} as const;
export const MEMBER_SUMS = MEMBERS.modes + Object.keys(MODE).length;

/** Bits behind the point of what is summed: an f32 from 2^-17 on is summed exactly, a smaller one to 2^-41. */
export const REAL_BITS = 40;

/** Words of a record of a life's beginning or end. */
export const LIFE = {
  tick: 0,
  event: 1,
  slot: 2,
  population: 3,
  generation: 4,
  bornAt: 5,
  wealth: 6,
  lifeProfit: 7,
  lifeReward: 8,
  /** Two words each. */
  serial: 9,
  parent: 11,
  secondParent: 13,
  /** Linear reward genes, [FEATURE_COUNT]. */
  genes: 15,
} as const;
export const LIFE_WORDS = LIFE.genes + FEATURE_COUNT;

/** Events by their number in a record; the causes of deaths are those of mortality.wgsl. */
export const LIFE_EVENTS = [
  'none',
  'insolvency',
  'age',
  'random',
  'truncation',
  'birth',
  'immigration',
] as const;

/** Records after which a world waits for somebody to take them: those of some thousand ticks where lives are long. */
export const lifeSlack = (slots: number): number => 16 + Math.floor(slots / 4);

/** Records that a world has room for: those after which it waits, and the most that its last tick may add. */
export function lifeRoom({ slots, demography }: WorldParameters): number {
  if (!demography.enabled) return 0;
  // who dies, and who takes a slot: as many as there are, once more where slots of this tick's dead are taken
  const reuse = demography.deathsPerTick > 0 || demography.selection === 'truncation';
  const newcomers = reuse ? slots : Math.min(slots, demography.immigrantsPerTick);
  return lifeSlack(slots) + slots + newcomers;
}

/** Why a world wants to be looked at: bits of laws that may be broken (screenBit), and records that wait. */
export const HALT_LIVES = 0x8000_0000;
