/** Cases about matrix games in random pairs: payoffs in money, on which births and deaths select. */
import { UsageError } from '../../sim/core/errors.ts';
import { MILLI } from '../../sim/core/units.ts';
import { Shard } from '../../sim/shard.ts';
import { type TickHooks, tick } from '../../sim/tick.ts';
import type { World } from '../../sim/world.ts';
import { BLANK_WORLD, meanOf, QUIET_OUTPUT, resolve, STANDARD_ERRORS, type ValidationCase } from './case.ts';

const QUIET: TickHooks = { laws: null, afterPhase: null };

const HAWKS = 1;
/** Cash that the larger of value and cost stands for: fine in milli-cash, and a generation's wealth in 32 bits. */
const STAKES_CASH = 100;
const POPULATION_MIN = 400;
const POPULATION_MAX = 4000;
const GENERATIONS = 100;
const RELAXATION = 50;
/** Where hawks take over, the last doves go slowly: their disadvantage shrinks with their number of opponents. */
const TAKEOVER = 500;
/** Deviation of the share of hawks by chance, in distances to extinction of the rarer type, at most. */
const DRIFT_SHARE = 1 / 6;

const hawkShare = ({ columns }: World): number =>
  columns.population.reduce((hawks, of) => hawks + (of === HAWKS ? 1 : 0), 0) / columns.population.length;

export const hawkDove: ValidationCase = {
  name: 'hawk-dove',
  about:
    'Hawks and doves contest a value V in random pairs, two hawks at a cost C; parents of each generation are drawn by the money that they earned. Hawks settle at V/C, or take over when V >= C (Maynard Smith & Price 1973).',
  parameters: {
    value: { default: 2, about: 'what is contested, V' },
    cost: { default: 4, about: 'cost of losing a fight between hawks, C' },
  },
  seeds: 8,
  full: [
    { seeds: 40 },
    { set: { value: '1', cost: '4' }, seeds: 16 },
    { set: { value: '5', cost: '4' }, seeds: 16 },
  ],
  async measure(params, seeds) {
    const value = params.number('value');
    const cost = params.number('cost');
    if (!(value > 0 && cost > 0))
      throw new UsageError(
        `value ${value} and cost ${cost} must both be above 0`,
        'hawks settle at value / cost',
      );
    const expected = Math.min(1, value / cost);
    const unit = STAKES_CASH / Math.max(value, cost);
    // paid to everybody, so that nobody earns less than nothing
    const background = (Math.max(0, cost - value) / 2 + value / 4) * unit;
    const selection = (cost * unit) / 2 / (background + ((1 - expected) * value * unit) / 2);
    const population = populationFor(expected, selection);
    const run = resolve({
      seed: 'hawk-dove',
      ticks: 1_000_000,
      worlds: seeds,
      slots: population,
      output: QUIET_OUTPUT,
      world: {
        ...BLANK_WORLD,
        contest: {
          enabled: true,
          firstFirst: (value / 2) * unit,
          firstSecond: 0,
          secondFirst: value * unit,
          secondSecond: ((value - cost) / 2) * unit,
          background,
        },
        demography: {
          enabled: true,
          ageDeath: false,
          lottery: 'wealth',
          sampling: 'multinomial',
          deathsPerTick: population,
          birthsPerTick: population,
          parentPays: false,
          mutation: false,
          crossover: 0,
          immigrationFloor: 0,
          immigrantsPerTick: 0,
        },
      },
      populations: [
        { name: 'doves', kind: 'passive', strategy: 'first' },
        { name: 'hawks', kind: 'passive', strategy: 'second' },
      ],
    });
    const shard = new Shard(
      run,
      Array.from({ length: seeds }, (_, w) => w),
    );
    const shares: number[] = [];
    for (const world of shard.inside()) {
      let share = hawkShare(world);
      for (let t = 0; t < (expected === 1 ? TAKEOVER : RELAXATION) && share > 0 && share < 1; t++) {
        tick(world, QUIET);
        share = hawkShare(world);
      }
      let sum = 0;
      for (let t = 0; t < GENERATIONS; t++) {
        // without mutation a type that is gone stays away
        if (share > 0 && share < 1) {
          tick(world, QUIET);
          share = hawkShare(world);
        }
        sum += share;
      }
      shares.push(sum / GENERATIONS);
    }
    const { mean, standardError } = meanOf(shares);
    // a few worlds estimate their own error badly
    const error = Math.max(standardError, errorByTheory(expected, selection, population * seeds));
    return {
      measured: { hawkShare: mean },
      expected: { hawkShare: expected },
      tolerance: {
        hawkShare: STANDARD_ERRORS * error + pullOfChance(expected, selection, population),
      },
    };
  },
};

/** Standard error of the mean share over GENERATIONS: variance 1/(2kn), correlated over 1/(kx(1 - x)) generations. */
const errorByTheory = (share: number, selection: number, agents: number): number =>
  share === 1 ? 0 : 1 / (selection * Math.sqrt(share * (1 - share) * agents * GENERATIONS));

/**
 * How far chance moves the mean share in a finite population, to first order in 1/n: it pulls the rarer type
 * towards extinction, and nobody meets itself.
 */
const pullOfChance = (share: number, selection: number, population: number): number =>
  (1 + (share === 1 ? 0 : Math.abs(1 - 2 * share) / (2 * selection * share * (1 - share)))) / population;

/**
 * Agents for which chance moves the share of hawks by less than DRIFT_SHARE of its distance to 0 and 1: its
 * variance is 1 / (2 k n), k = the difference in fitness per share, relative to mean fitness.
 */
function populationFor(share: number, selection: number): number {
  const rarer = Math.min(share, 1 - share);
  if (rarer === 0) return POPULATION_MIN;
  const needed = Math.ceil(1 / (2 * selection * (DRIFT_SHARE * rarer) ** 2));
  return Math.min(POPULATION_MAX, Math.max(POPULATION_MIN, needed));
}

export const iteratedPrisoner: ValidationCase = {
  name: 'iterated-prisoner',
  about:
    "Rounds of the prisoner's dilemma between tit for tat and a defector, paid in cash: 600 each for two reciprocators over 200 rounds, 199 against 204 for one exploited once (Axelrod 1984).",
  parameters: {
    temptation: { default: 5, about: 'payoff of defecting against a cooperator' },
    reward: { default: 3, about: 'payoff of mutual cooperation' },
    punishment: { default: 1, about: 'payoff of mutual defection' },
    sucker: { default: 0, about: 'payoff of cooperating with a defector' },
    rounds: { default: 200, about: 'rounds of a meeting' },
  },
  seeds: 1,
  full: [
    {},
    { set: { rounds: '2000' } },
    { set: { temptation: '4', reward: '2.5', punishment: '0.5', sucker: '-1' } },
  ],
  async measure(params) {
    const [temptation, reward, punishment, sucker] = (
      ['temptation', 'reward', 'punishment', 'sucker'] as const
    ).map((name) => params.number(name)) as [number, number, number, number];
    const rounds = params.integer('rounds');
    const most = Math.max(...[temptation, reward, punishment, sucker].map(Math.abs));
    /** What two strategies earn off each other, cash. */
    const meet = (one: string, other: string): [number, number] => {
      const run = resolve({
        seed: 'iterated-prisoner',
        ticks: 1,
        slots: 2,
        output: QUIET_OUTPUT,
        world: {
          ...BLANK_WORLD,
          // enough to pay for the worst that can happen
          genesis: { token: 0, cash: most * rounds, capacity: 0 },
          contest: {
            enabled: true,
            firstFirst: reward,
            firstSecond: sucker,
            secondFirst: temptation,
            secondSecond: punishment,
            rounds,
          },
        },
        populations: [
          { name: 'one', kind: 'passive', strategy: one },
          { name: 'other', kind: 'passive', strategy: other },
        ],
      });
      const [world] = new Shard(run, [0]).inside();
      const start = [...world!.balances.cash];
      tick(world!, QUIET);
      const [first, second] = start.map((cash, i) => (world!.balances.cash[i]! - cash) / MILLI);
      return [first!, second!];
    };
    const [reciprocator, otherReciprocator] = meet('titForTat', 'titForTat');
    const [exploited, defector] = meet('titForTat', 'second');
    const [oneDefector] = meet('second', 'second');
    return {
      measured: {
        titForTatPair: reciprocator,
        titForTatPairOther: otherReciprocator,
        titForTatAgainstDefector: exploited,
        defectorAgainstTitForTat: defector,
        defectorPair: oneDefector,
      },
      expected: {
        titForTatPair: rounds * reward,
        titForTatPairOther: rounds * reward,
        titForTatAgainstDefector: sucker + (rounds - 1) * punishment,
        defectorAgainstTitForTat: temptation + (rounds - 1) * punishment,
        defectorPair: rounds * punishment,
      },
      // payoffs are rounded to milli-cash once, then added
      tolerance: Object.fromEntries(
        [
          'titForTatPair',
          'titForTatPairOther',
          'titForTatAgainstDefector',
          'defectorAgainstTitForTat',
          'defectorPair',
        ].map((figure) => [
          figure,
          [temptation, reward, punishment, sucker].every(isMilli) ? 1e-9 * most * rounds : rounds / 2 / MILLI,
        ]),
      ),
    };
  },
};

const isMilli = (cash: number): boolean => Number.isInteger(cash * MILLI);
