/** Deterministic frames of a run that never was, for tests and for working on the page without an engine. */
import { FEATURE_COUNT, REWARD_FEATURES } from '../agents/columns.ts';
import { priceTable } from '../configs/derive.ts';
import { PRICE_LEVELS } from '../configs/worldParameters.ts';
import { draw, STREAM, unitInterval } from '../sim/core/rng.ts';
import type { LawStatus, RunFrame, WorldFrame } from '../sim/frame.ts';
import { METRIC_INDEX, METRICS, POPULATION_METRIC_INDEX, POPULATION_METRICS } from '../sim/metrics/table.ts';
import type { RunHeader } from './protocol.ts';

const LORENZ_POINTS = 21;
const MILLI = 1000;
const SLOTS = 128;

export interface SampleOptions {
  readonly arms: number;
  readonly worlds: number;
  readonly ticks: number;
  /** Ticks between frames. */
  readonly interval: number;
}
const DEFAULTS: SampleOptions = { arms: 2, worlds: 3, ticks: 20_000, interval: 50 };

const POPULATIONS = [
  { name: 'learners', kind: 'learner', share: 0.62, profit: 1.9 },
  { name: 'zero intelligence', kind: 'ziC', share: 0.2, profit: 0.1 },
  { name: 'fixed markup', kind: 'fixedMarkup', share: 0.18, profit: 0.7 },
] as const;

/** The header that belongs to the frames. */
export function sampleHeader(options: Partial<SampleOptions> = {}): RunHeader {
  const o = { ...DEFAULTS, ...options };
  const computePrices = Array.from(priceTable(5, 20_000), (price) => price / MILLI);
  return {
    name: 'sample market',
    description: 'Learners against two scripted traders, with and without selection by wealth.',
    ticks: o.ticks,
    worlds: o.worlds,
    slots: SLOTS,
    metricsEvery: o.interval,
    arms: Array.from({ length: o.arms }, (_, k) => ({
      label: `demography.lottery = ${k === 0 ? 'wealth' : 'uniform'}`,
      computePrices,
    })),
    populations: POPULATIONS.map(({ name, kind }) => ({ name, kind, evolves: true })),
    ownMetrics: [],
  };
}

/** A number in -1..1 that depends on (world, step, what) alone. */
const noise = (world: number, step: number, what: number): number =>
  2 * unitInterval(draw(world + 1, step, what, STREAM.demand)) - 1;

/** Smooth noise: a mean over the last eight steps. */
function wander(world: number, step: number, what: number): number {
  let sum = 0;
  for (let k = 0; k < 8; k++) sum += noise(world, step - k + 8, what);
  return sum / 4;
}

/** Lorenz curve p^shape, whose Gini is (shape - 1) / (shape + 1). */
const lorenz = (shape: number): Float64Array =>
  Float64Array.from({ length: LORENZ_POINTS }, (_, k) => (k / (LORENZ_POINTS - 1)) ** shape);
const gini = (shape: number): number => (shape - 1) / (shape + 1);

function sampleWorld(o: SampleOptions, step: number, arm: number, replicate: number): WorldFrame {
  const world = arm * o.worlds + replicate;
  const tick = step * o.interval;
  const progress = Math.min(1, tick / o.ticks);
  const rise = 1 - Math.exp(-4 * progress);
  const w = (what: number): number => wander(world, step, what);

  const metrics = new Float64Array(METRICS.length);
  const set = (name: keyof typeof METRIC_INDEX, value: number): void => {
    metrics[METRIC_INDEX[name]] = value;
  };
  const computePrice = 0.12 + 0.5 * rise * (1 + 0.15 * w(1));
  const wealthShape = 1.3 + 4 * rise * (arm === 0 ? 1 : 0.6) + 0.2 * w(2);
  const computeShape = 1.1 + 2.2 * rise + 0.1 * w(3);
  const alive = Math.round(SLOTS * (0.9 - 0.2 * Math.exp(-20 * progress) + 0.03 * w(4)));
  set('alive', alive);
  set('births', Math.round(o.interval * (0.02 + 0.02 * rise * (1 + 0.5 * w(5)))));
  set('deaths', Math.round(o.interval * (0.025 + 0.02 * rise * (1 + 0.5 * w(6)))));
  set('immigrants', Math.round(o.interval * 0.03 * Math.exp(-6 * progress)));
  set('computePrice', computePrice);
  set('computeVolume', Math.round(o.interval * (44 - 28 * rise + 4 * w(7))));
  set('computeBid', 80);
  set('computeOffered', 64);
  set('tasksServed', Math.round(o.interval * (60 + 140 * rise + 10 * w(8))));
  set('tasksDemanded', Math.round(210 + 8 * w(9)));
  set('spend', Math.round(o.interval * (180 + 500 * rise + 40 * w(10))));
  set('taskPrice', 3.2 + 0.3 * w(11));
  set('tokenPrice', 1 + 0.9 * rise + 0.12 * w(12));
  set('giniWealth', gini(wealthShape));
  set('giniCompute', gini(computeShape));
  set('meanGeneration', 8 * progress);
  set('meanSkill', 0.2 + 0.3 * rise);
  set('allocativeEfficiency', Number.NaN);
  set('smithAlpha', Number.NaN);

  const populations = POPULATIONS.map((p, index) => {
    const values = new Float64Array(POPULATION_METRICS.length);
    const growth = index === 0 ? 1 + 0.35 * rise : 1 - 0.5 * rise;
    values[POPULATION_METRIC_INDEX.alive] = Math.round(alive * p.share * growth);
    values[POPULATION_METRIC_INDEX.profitPerTick] = p.profit * (2 * rise - 0.6) + 0.25 * w(20 + index);
    return values;
  });

  const genes = (what: number, drift: number): Float64Array =>
    Float64Array.from({ length: FEATURE_COUNT }, (_, f) => {
      const selected = REWARD_FEATURES[f] === 'skillGain' || REWARD_FEATURES[f] === 'computeSpent';
      const walk = 0.15 * noise(world, 0, what + f) + drift * 0.12 * w(what + f);
      return walk + (selected && what === 40 && arm === 0 ? 0.45 * rise : 0);
    });
  const bell = (centre: number, width: number, scale: number, what: number): Float64Array =>
    Float64Array.from({ length: PRICE_LEVELS }, (_, k) =>
      Math.max(
        0,
        Math.round(scale * Math.exp(-(((k - centre) / width) ** 2)) * (1 + noise(world, step, what + k))),
      ),
    );
  const level = Math.round((255 * Math.log(computePrice / 0.005)) / Math.log(20 / 0.005));
  return {
    world,
    arm,
    replicate,
    tick,
    metrics,
    populations,
    geneMean: genes(40, 1),
    geneDeviation: new Float64Array(FEATURE_COUNT).fill(0.18),
    shadowMean: genes(60, 0.5),
    lorenzWealth: lorenz(wealthShape),
    lorenzCompute: lorenz(computeShape),
    bidHistogram: bell(level + 2, 9, 12, 300),
    askHistogram: bell(level - 1, 11, 10, 600),
  };
}

const LAWS: readonly [name: string, about: string][] = [
  ['token-conserved', 'sum of all token accounts = genesis + minted - burned'],
  ['cash-conserved', 'sum of all cash accounts = genesis + minted - burned'],
  ['balances-in-range', 'no account is negative or past 2^32 - 1'],
  ['bought-equals-sold', 'compute bought = compute sold, tasks likewise'],
  ['clearing-maximal', 'the clearing volume is maximal and no fill is beyond its limit'],
  ['amm-product', 'the product of the AMM reserves never falls across swaps'],
  ['population-balance', 'population = genesis + births + immigrants - deaths'],
  ['unit-norm', 'reward genomes have norm one'],
];

/** All laws checked at every tick; `broken` names one that is violated. */
export const sampleLaws = (tick: number, broken: string | null = null): LawStatus[] =>
  LAWS.map(([name, about]) => ({
    name,
    about,
    checks: tick * 6,
    lastTick: tick,
    violated:
      name === broken
        ? `law '${name}' broken at tick ${tick}, world 0, account 'agent 12 cash': found 4999, expected 5000`
        : null,
  }));

/** The frame of a step: every world at tick step x interval. */
export function sampleFrame(step: number, options: Partial<SampleOptions> = {}): RunFrame {
  const o = { ...DEFAULTS, ...options };
  const worlds: WorldFrame[] = [];
  for (let arm = 0; arm < o.arms; arm++) {
    for (let r = 0; r < o.worlds; r++) worlds.push(sampleWorld(o, step, arm, r));
  }
  return { tick: step * o.interval, ticks: o.ticks, worlds, laws: sampleLaws(step * o.interval) };
}
