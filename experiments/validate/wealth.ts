/** Cases about wealth that moves by chance: saving, yard sales, and proportional bets. */
import type { ResolvedRun } from '../../configs/arms.ts';
import { TOTAL } from '../../market/columns.ts';
import { MILLI } from '../../sim/core/units.ts';
import { Shard } from '../../sim/shard.ts';
import { type TickHooks, tick } from '../../sim/tick.ts';
import type { World } from '../../sim/world.ts';
import {
  BLANK_WORLD,
  meanOf,
  QUIET_OUTPUT,
  resolve,
  STANDARD_ERRORS,
  shareTolerance,
  type ValidationCase,
} from './case.ts';
import { gini } from './exchange.ts';

const QUIET: TickHooks = { laws: null, afterPhase: null };

/** A run of worlds that hold nothing but agents who exchange cash. */
const exchangeRun = (options: {
  seed: string;
  worlds: number;
  slots: number;
  cash: number;
  randomExchange: object;
  populations: object[];
}): ResolvedRun =>
  resolve({
    seed: options.seed,
    ticks: 1_000_000_000,
    worlds: options.worlds,
    slots: options.slots,
    output: QUIET_OUTPUT,
    world: {
      ...BLANK_WORLD,
      genesis: { token: 0, cash: options.cash, capacity: 0 },
      randomExchange: options.randomExchange,
    },
    populations: options.populations,
  });

const worldsOf = (run: ResolvedRun, count: number): World[] => [
  ...new Shard(
    run,
    Array.from({ length: count }, (_, w) => w),
  ).inside(),
];

/** ln Gamma(x), x > 0, by Stirling's series after shifting x above 8 (error below 1e-12). */
function logGamma(x: number): number {
  let shift = 0;
  let z = x;
  for (; z < 8; z++) shift -= Math.log(z);
  const inverse = 1 / z;
  const square = inverse * inverse;
  const series = inverse * (1 / 12 - square * (1 / 360 - square * (1 / 1260 - square / 1680)));
  return shift + (z - 0.5) * Math.log(z) - z + 0.5 * Math.log(2 * Math.PI) + series;
}

const SAVING_AGENTS = 400;
const SAVING_SAMPLES = 50;
const RELAXATION_TICKS = 8;

export const savingPropensity: ValidationCase = {
  name: 'saving-propensity',
  about:
    'Random pairs keep a share s and split the rest at random: Var/mean^2 = (1 - s)/(1 + 2s), Gini near that of a Gamma distribution of shape 1 + 3s/(1 - s) (Chakraborti & Chakrabarti 2000; Patriarca et al. 2004).',
  parameters: { saving: { default: 0.5, about: 'share s of its cash that each of a pair keeps, below 1' } },
  seeds: 12,
  full: [{ seeds: 120 }, { set: { saving: '0' }, seeds: 60 }, { set: { saving: '0.9' }, seeds: 60 }],
  async measure(params, seeds) {
    const saving = params.number('saving', 0, 0.99);
    // the variance relaxes by this rate a round: samples are three such times apart, nearly independent
    const rate = ((1 - saving) * (1 + 2 * saving)) / 3;
    const roundsPerTick = Math.ceil(3 / rate);
    const run = exchangeRun({
      seed: 'saving-propensity',
      worlds: seeds,
      slots: SAVING_AGENTS,
      cash: 1000,
      randomExchange: { kind: 'saving', saving, roundsPerTick },
      populations: [{ name: 'traders', kind: 'passive' }],
    });
    const ginis: number[] = [];
    const ratios: number[] = [];
    for (const world of worldsOf(run, seeds)) {
      for (let t = 0; t < RELAXATION_TICKS; t++) tick(world, QUIET);
      for (let s = 0; s < SAVING_SAMPLES; s++) {
        tick(world, QUIET);
        const { cash } = world.balances;
        let total = 0;
        let squares = 0;
        for (const money of cash) {
          total += money;
          squares += money ** 2;
        }
        // the sample's Gini without its bias of 1/n
        ginis.push((gini(cash) * SAVING_AGENTS) / (SAVING_AGENTS - 1));
        // E x^2 / E x_i x_j = (2 + s)/(1 + 2s) at any number of agents; Var/mean^2 follows when they are many
        const products = (total ** 2 - squares) / (SAVING_AGENTS * (SAVING_AGENTS - 1));
        ratios.push(squares / SAVING_AGENTS / products - 1);
      }
    }
    const shape = 1 + (3 * saving) / (1 - saving);
    const gamma = Math.exp(logGamma(shape + 0.5) - logGamma(shape + 1)) / Math.sqrt(Math.PI);
    const measuredGini = meanOf(ginis);
    const measuredRatio = meanOf(ratios);
    return {
      measured: { gini: measuredGini.mean, varianceRatio: measuredRatio.mean },
      expected: { gini: gamma, varianceRatio: (1 - saving) / (1 + 2 * saving) },
      tolerance: {
        gini: Math.max(0.005, STANDARD_ERRORS * measuredGini.standardError),
        varianceRatio: STANDARD_ERRORS * measuredRatio.standardError,
      },
    };
  },
};

const POOR = 4;

export const yardSale: ValidationCase = {
  name: 'yard-sale',
  about:
    "Fair bets in random pairs for a share of the poorer one's money end with one owner of everything, an agent with the probability of its share at the start (Chakraborti 2002).",
  parameters: {
    stakeShare: { default: 0.1, about: "share of the poorer one's money at stake; at least one unit is" },
    endowment: { default: 3, about: `what one agent starts with, the others with 1 each; they are ${POOR}` },
  },
  seeds: 600,
  full: [{ seeds: 6000 }, { set: { stakeShare: '0.3', endowment: '0.5' }, seeds: 6000 }],
  async measure(params, seeds) {
    const stakeShare = params.number('stakeShare', 0, 1);
    const endowment = params.number('endowment', 0, 1000);
    // enough units that a stake is a share of them, and few enough that bets of one unit soon end
    const units = Math.min(40, Math.max(10, Math.ceil(4 / Math.max(1e-9, stakeShare))));
    const run = exchangeRun({
      seed: 'yard-sale',
      worlds: seeds,
      slots: POOR + 1,
      cash: units / MILLI,
      randomExchange: { kind: 'yardSale', stakeShare, roundsPerTick: 4 * units },
      populations: [
        { name: 'rich', kind: 'passive', share: 1, endowment },
        { name: 'poor', kind: 'passive', share: POOR },
      ],
    });
    const rich = Math.round(units * endowment);
    const total = rich + POOR * units;
    // a bet of one unit a round would end in about total^2 rounds
    const ticksMax = 100 * Math.ceil(total ** 2 / (4 * units));
    let won = 0;
    const ginis: number[] = [];
    for (const world of worldsOf(run, seeds)) {
      const { cash } = world.balances;
      for (let t = 0; t < ticksMax && cash.every((money) => money < total); t++) tick(world, QUIET);
      if (cash[0] === total) won++;
      ginis.push((gini(cash) * (POOR + 1)) / POOR);
    }
    const expected = rich / total;
    return {
      measured: { gini: meanOf(ginis).mean, winShare: won / seeds },
      expected: { gini: 1, winShare: expected },
      tolerance: {
        gini: 1e-9,
        winShare: shareTolerance(expected, seeds),
      },
    };
  },
};

const BETTORS = 1000;
const BETTOR_CASH = 1000;
const BETS_MAX = 400;
/** Standard deviations of log wealth that bettors may be apart, so that the poorest still own many units. */
const SPREAD_MAX = 2;
/** Worlds in which bettors of different fractions compete. */
const RIVAL_WORLDS = 16;
const RIVAL_BETS_MAX = 100_000;

export const kelly: ValidationCase = {
  name: 'kelly',
  about:
    'Bets of a share f of wealth at even odds, won with probability p: log wealth grows by p ln(1 + f) + q ln(1 - f) a bet, and among bettors the one of f = 2p - 1 ends richest (Kelly 1956).',
  parameters: {
    p: { default: 0.6, about: 'probability of winning a bet' },
    fraction: { default: 0.2, about: 'share f of its wealth that each agent bets, below 1' },
  },
  seeds: 12,
  full: [
    { seeds: 120 },
    { set: { p: '0.55', fraction: '0.3' }, seeds: 60 },
    { set: { p: '0.8', fraction: '0.6' }, seeds: 60 },
  ],
  async measure(params, seeds) {
    const p = params.number('p', 0, 1);
    const fraction = params.number('fraction', 0, 0.999);
    const growth = p * Math.log1p(fraction) + (1 - p) * Math.log1p(-fraction);
    const growths = growthOf(p, fraction, betsThatFit(p, fraction, growth), seeds);
    const { mean, standardError } = meanOf(growths);
    return {
      measured: { growth: mean, selectedFraction: richestFraction(p) },
      expected: { growth, selectedFraction: Math.max(0, 2 * p - 1) },
      // stakes and halvings are rounded down to a unit
      tolerance: { growth: STANDARD_ERRORS * standardError + 1e-5, selectedFraction: 1e-9 },
    };
  },
};

/** Bets after which the poorest agent still has so much that rounding its stake is small. */
function betsThatFit(p: number, fraction: number, growth: number): number {
  const step = Math.log((1 + fraction) / (1 - fraction)) * Math.sqrt(p * (1 - p));
  const bySpread = step === 0 ? BETS_MAX : (SPREAD_MAX / step) ** 2;
  const byDecline = growth < 0 ? Math.log(BETTOR_CASH) / 2 / -growth : BETS_MAX;
  return Math.max(1, Math.floor(Math.min(BETS_MAX, bySpread, byDecline)));
}

const bettingRun = (p: number, worlds: number, slots: number, roundsPerTick: number, fractions: number[]) =>
  exchangeRun({
    seed: 'kelly',
    worlds,
    slots,
    cash: BETTOR_CASH,
    randomExchange: { kind: 'kelly', winProbability: p, roundsPerTick },
    populations: fractions.map((betShare, k) => ({ name: `bettors ${k}`, kind: 'passive', betShare })),
  });

/** Growth of log wealth a bet, of every agent of every world. */
function growthOf(p: number, fraction: number, bets: number, worlds: number): number[] {
  const growths: number[] = [];
  for (const world of worldsOf(bettingRun(p, worlds, BETTORS, 1, [fraction]), worlds)) {
    for (let t = 0; t < bets; t++) tick(world, QUIET);
    const halved = world.columns.total[TOTAL.halvings]! * Math.LN2;
    for (const cash of world.balances.cash) {
      const start = BETTOR_CASH * MILLI;
      growths.push((Math.log(Math.max(0.5, cash) / start) + halved) / bets);
    }
  }
  return growths;
}

/** The fraction whose only bettor ends richest in most worlds, among Kelly's, less and more. */
function richestFraction(p: number): number {
  const best = Math.max(0, 2 * p - 1);
  const more = best === 0 ? 0.2 : Math.min(1.5 * best, (1 + best) / 2);
  const fractions = [...new Set([best === 0 ? 0.1 : best / 2, best, more])];
  // a lead of 1.5 standard deviations over the nearest rival, whose growth is best^2 / 8 less
  const bets = best === 0 ? 2000 : Math.min(RIVAL_BETS_MAX, Math.ceil(36 / best ** 2));
  const roundsPerTick = 50;
  const wins = fractions.map(() => 0);
  for (const world of worldsOf(
    bettingRun(p, RIVAL_WORLDS, fractions.length, roundsPerTick, fractions),
    RIVAL_WORLDS,
  )) {
    for (let t = 0; t < bets; t += roundsPerTick) tick(world, QUIET);
    const { cash } = world.balances;
    wins[cash.indexOf(Math.max(...cash))]!++;
  }
  return fractions[wins.indexOf(Math.max(...wins))]!;
}
