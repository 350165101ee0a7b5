/**
 * What an agent sees, MODEL.md section 6: one table and the function that fills it. Raw values of fixed
 * scale; the brain keeps running moments of each and normalises. Integers become logs by the table of
 * sim/core/fixed.ts, and quotients are formed in f32, each operation rounded, so that the bits are the same on every
 * engine. A feature of a mechanism that is off is 0.
 */

import { CLASS_COUNT } from '../configs/taskClasses.ts';
import type { WorldParameters } from '../configs/worldParameters.ts';
import { claimsOf } from '../market/claims.ts';
import { FREE_SLOT, MODE, SIDE, WORLD } from '../market/columns.ts';
import { trustIsOn } from '../market/trust.ts';
import { exp2Integer, LOG2_ONE, log2Fixed, mulHigh } from '../sim/core/fixed.ts';
import { single } from '../sim/core/floatMath.ts';
import { TWO_32, U32_MAX } from '../sim/core/units.ts';
import { fastPrice, taskCost } from './actions.ts';
import { LANES, OBSERVATION_COUNT } from './brain/layout.ts';
import { type AgentWorld, TRIAL } from './columns.ts';
import { WEALTH_BINS } from './senses.ts';

/** One of the numbers that an agent observes, as tables and documentation show it. */
export interface ObservationFeature {
  readonly name: string;
  readonly formula: string;
  /** Smallest and largest raw value. */
  readonly range: readonly [number, number];
}

const feature = (name: string, formula: string, min: number, max: number): ObservationFeature => ({
  name,
  formula,
  range: [min, max],
});

/** The features of an observation, in order; `last` means the previous tick. */
export const OBSERVATIONS: readonly ObservationFeature[] = [
  feature('wealth', 'log2(wealth / median wealth of the living) / 4', -8, 8),
  feature('token', 'log2(1 + free milli-token) / 16', 0, 2),
  feature('cash', 'log2(1 + milli-cash) / 16', 0, 2),
  feature('stake', 'log2(1 + staked milli-token) / 16', 0, 2),
  feature('capacity', 'log2(1 + capacity in cu) / 8', 0, 4),
  feature('unusedCompute', 'share of compute neither used nor rented out, last', 0, 1),
  feature('skill0', 'skill in class 0', 0, 1),
  feature('skill1', 'skill in class 1', 0, 1),
  feature('skill2', 'skill in class 2', 0, 1),
  feature('skill3', 'skill in class 3', 0, 1),
  feature('data', 'log2(1 + data units) / 16', 0, 2),
  feature('reputation', 'reputation, where sellers may default', 0, 1),
  feature('ownAsk', 'own last ask / value of a task of quality 1, where it served', 0, 4),
  feature('ownBid', 'log2(own last compute quote / fast moving-average price), where it quoted', -8, 8),
  feature('ownMarkup', '(own last ask - cost) / (value of its quality - cost), where it served', -4, 4),
  feature('clearingPrice', 'log2(last clearing price of compute / slow moving average)', -8, 8),
  feature('priceFast', 'log2(fast / slow moving-average price of compute)', -8, 8),
  feature('priceSlow', 'log2(slow moving-average price of compute / energy price of a cu) / 4', -8, 8),
  feature('imbalance', '(cu bid - cu offered) / (cu bid + cu offered), last', -1, 1),
  feature('computeFill', 'share of its compute order that was filled, last', 0, 1),
  feature('serviceFill', 'share of its offered tasks that were sold, last', 0, 1),
  feature('tokenPrice', 'log2(cash per token) / 4', -8, 8),
  feature('tokenReturn', '16 x log2(token price / token price one tick before)', -8, 8),
  feature('energyPrice', 'log2(energy of a task / value of a task of quality 1) / 4', -8, 8),
  feature('demand0', 'tasks wanted in class 0 / their mean - 1', -1, 8),
  feature('demand1', 'tasks wanted in class 1 / their mean - 1', -1, 8),
  feature('demand2', 'tasks wanted in class 2 / their mean - 1', -1, 8),
  feature('demand3', 'tasks wanted in class 3 / their mean - 1', -1, 8),
  feature('reward', 'own last reward', -8, 8),
  feature('age', 'log2(1 + age in ticks) / 16', 0, 2),
  feature('claims', 'log2(1 + milli-cash of claims pending in court) / 16', 0, 2),
  feature('onTrial', '1 in all four blocks of a trial of new reward genes', 0, 1),
];

/** Index of each observation feature. */
export const OBSERVATION: Readonly<Record<string, number>> = Object.fromEntries(
  OBSERVATIONS.map(({ name }, k) => [name, k]),
);

// Positions in the lane-blocked column: feature k of an agent stands k x LANES after its first.
const at = (name: string): number => OBSERVATION[name]! * LANES;
const WEALTH = at('wealth');
const TOKEN = at('token');
const CASH = at('cash');
const STAKE = at('stake');
const CAPACITY = at('capacity');
const UNUSED = at('unusedCompute');
const SKILL = at('skill0');
const DATA = at('data');
const REPUTATION = at('reputation');
const OWN_ASK = at('ownAsk');
const OWN_BID = at('ownBid');
const OWN_MARKUP = at('ownMarkup');
const CLEARING_PRICE = at('clearingPrice');
const PRICE_FAST = at('priceFast');
const PRICE_SLOW = at('priceSlow');
const IMBALANCE = at('imbalance');
const COMPUTE_FILL = at('computeFill');
const SERVICE_FILL = at('serviceFill');
const TOKEN_PRICE = at('tokenPrice');
const TOKEN_RETURN = at('tokenReturn');
const ENERGY_PRICE = at('energyPrice');
const DEMAND = at('demand0');
const REWARD = at('reward');
const AGE = at('age');
const CLAIMS = at('claims');
const ON_TRIAL = at('onTrial');

const WIDE_LOG = 1 / (16 * LOG2_ONE);
const NARROW_LOG = 1 / (8 * LOG2_ONE);
const QUARTER_LOG = 1 / (4 * LOG2_ONE);
const UNIT_LOG = 1 / LOG2_ONE;
const RETURN_LOG = 16 / LOG2_ONE;
const SHARE = 1 / TWO_32;
const LIMIT = 8;
const MARKUP_LIMIT = 4;
const PRICE_ONE = 256;

const clip = (x: number, limit: number): number => Math.min(limit, Math.max(-limit, x));
/** log2 of a u32, 0 counted as 1. */
const log2 = (x: number): number => (x > 0 ? log2Fixed(x) : 0);
/** log2(1 + x) in 2^-16, saturated. */
const log2Plus = (x: number): number => log2Fixed(x < U32_MAX ? x + 1 : U32_MAX);

/** Features that are the same for all agents of a world, by their place in the table. */
function observeWorld(
  { parameters: p, columns: { scalar, demand }, senses: { shared } }: AgentWorld,
  average: number,
): void {
  shared.fill(0);
  if (p.computeMarket.enabled) {
    const slow = log2(scalar[WORLD.priceSlow]! || p.computeMarket.priceStart);
    const price = p.computeMarket.priceTable[scalar[WORLD.computeLevel]!]! * PRICE_ONE;
    const bid = scalar[WORLD.computeBid]!;
    const offered = scalar[WORLD.computeOffered]!;
    shared[CLEARING_PRICE / LANES] = clip((log2(Math.min(U32_MAX, price)) - slow) * UNIT_LOG, LIMIT);
    shared[PRICE_FAST / LANES] = clip((log2(average) - slow) * UNIT_LOG, LIMIT);
    shared[PRICE_SLOW / LANES] = clip((slow - log2(energyOfUnit(p, scalar))) * QUARTER_LOG, LIMIT);
    shared[IMBALANCE / LANES] = bid + offered === 0 ? 0 : single(bid - offered) / single(bid + offered);
  }
  if (p.amm.enabled) {
    const price = log2(scalar[WORLD.tokenPrice]!);
    shared[TOKEN_PRICE / LANES] = clip((price - 16 * LOG2_ONE) * QUARTER_LOG, LIMIT);
    const before = scalar[WORLD.tokenPriceBefore]!;
    shared[TOKEN_RETURN / LANES] = before === 0 ? 0 : clip((price - log2(before)) * RETURN_LOG, LIMIT);
  }
  if (p.serviceMarket.enabled) {
    const energy = p.serviceMarket.cuPerTask * p.energy.price;
    shared[ENERGY_PRICE / LANES] = clip((log2(energy) - log2(p.serviceMarket.value)) * QUARTER_LOG, LIMIT);
    for (let c = 0; c < CLASS_COUNT; c++) {
      const mean = p.serviceMarket.demand[c]!;
      const change = mean === 0 ? 0 : single(demand[c]! / single(mean)) - 1;
      shared[DEMAND / LANES + c] = clip(change, LIMIT);
    }
  }
}

/** Energy of one cu in milli-token x 2^8 at the opening price, at least 1. */
const energyOfUnit = (p: WorldParameters, scalar: Uint32Array): number =>
  Math.min(
    U32_MAX,
    Math.max(1, Math.floor((p.energy.price * PRICE_ONE * 0x1_0000) / Math.max(1, scalar[WORLD.tokenPrice]!))),
  );

/**
 * Phase 2: writes the raw observation of every living learner to `brain.columns.observation`, lane-blocked.
 * Scripted agents read the columns themselves. Agents are independent: any split into ranges gives the same bits.
 *
 * @param from first agent, a multiple of LANES
 * @param to the agent behind the last, a multiple of LANES or all
 */
export function observe(world: AgentWorld, tick: number, from = 0, to = world.parameters.slots): void {
  openObservation(world);
  observeRange(world, tick, from, to);
}

/** Computes what all observations of a tick have in common. */
export function openObservation(world: AgentWorld): void {
  const average = fastPrice(world);
  const { scalar } = world.columns;
  observeWorld(world, average);
  world.senses.openObservation(
    log2(scalar[WORLD.medianWealth]!),
    log2(average),
    scalar[WORLD.taskValue]!,
    taskCost(world),
  );
}

/** All of `observe` but what `openObservation` does. */
export function observeRange(world: AgentWorld, tick: number, from: number, to: number): void {
  observeAgents(world, tick, world.senses.observe(tick, from, to), to);
}

/**
 * The specification of observations, which the kernel repeats, for agents from..to-1; `senses.shared` has been
 * written.
 */
export function observeAgents(world: AgentWorld, tick: number, from: number, to: number): void {
  if (from >= to) return;
  const { parameters: p, columns: c, balances, agents, brain, senses } = world;
  const { observation, active, reward } = brain.columns;
  const { shared } = senses;
  const median = log2(c.scalar[WORLD.medianWealth]!);
  const averageLog = log2(fastPrice(world));
  const cost = taskCost(world);
  const taskValue = c.scalar[WORLD.taskValue]!;
  const { priceTable } = p.computeMarket;
  const hasCompute = p.computeMarket.enabled;
  const hasService = p.serviceMarket.enabled;
  const hasSkill = hasService || p.training.enabled;
  const revises = p.objectives.enabled;
  const contracts = trustIsOn(p);
  const courts = p.trust.cohorts > 0;
  for (let i = from; i < to; i++) {
    if (active[i] === 0) continue;
    const own = Math.floor(i / LANES) * OBSERVATION_COUNT * LANES + (i % LANES);
    for (let k = CLEARING_PRICE; k <= IMBALANCE; k += LANES) observation[own + k] = shared[k / LANES]!;
    for (let k = TOKEN_PRICE; k <= DEMAND + 3 * LANES; k += LANES) observation[own + k] = shared[k / LANES]!;
    observation[own + WEALTH] = clip((log2(c.wealth[i]!) - median) * QUARTER_LOG, LIMIT);
    observation[own + TOKEN] = log2Plus(balances.token[i]!) * WIDE_LOG;
    observation[own + CASH] = log2Plus(balances.cash[i]!) * WIDE_LOG;
    observation[own + STAKE] = log2Plus(balances.stake[i]!) * WIDE_LOG;
    observation[own + CAPACITY] = log2Plus(c.capacity[i]!) * NARROW_LOG;
    observation[own + UNUSED] = agents.unusedCompute[i]!;
    for (let k = 0; k < CLASS_COUNT; k++)
      observation[own + SKILL + k * LANES] = hasSkill ? c.skill[i * CLASS_COUNT + k]! * SHARE : 0;
    observation[own + DATA] = p.training.enabled ? log2Plus(c.data[i]!) * WIDE_LOG : 0;
    let ask = 0;
    let markup = 0;
    if (hasService && c.mode[i] === MODE.serve && taskValue > 0) {
      ask = clip(single(c.taskAsk[i]!) / single(taskValue), MARKUP_LIMIT);
      const worth = mulHigh(taskValue, c.skill[i * CLASS_COUNT + c.taskClass[i]!]!);
      markup = worth > cost ? clip(single(c.taskAsk[i]! - cost) / single(worth - cost), MARKUP_LIMIT) : 0;
    }
    observation[own + OWN_ASK] = ask;
    observation[own + OWN_MARKUP] = markup;
    let quote = 0;
    if (hasCompute && c.computeSide[i] !== SIDE.none) {
      const price = priceTable[c.computeLevel[i]!]! * PRICE_ONE;
      quote = clip((log2(Math.min(U32_MAX, price)) - averageLog) * UNIT_LOG, LIMIT);
    }
    observation[own + OWN_BID] = quote;
    observation[own + COMPUTE_FILL] = hasCompute ? agents.computeFill[i]! : 0;
    observation[own + SERVICE_FILL] = hasService ? agents.serviceFill[i]! : 0;
    observation[own + REWARD] = clip(reward[i]!, LIMIT);
    observation[own + AGE] = log2Plus(tick - agents.bornAt[i]!) * WIDE_LOG;
    observation[own + REPUTATION] = contracts ? c.reputation[i]! * SHARE : 0;
    observation[own + CLAIMS] = courts ? log2Plus(claimsOf(world, i)) * WIDE_LOG : 0;
    // under old genes as under new ones, or the flag would be part of what the trial compares
    observation[own + ON_TRIAL] = revises && agents.trialStage[i]! > TRIAL.waiting ? 1 : 0;
  }
}

/** Bins of an octave in the histogram of wealth: the median is exact to 2^(1/32). */
const BIN_SHIFT = 12;
const histogram = new Uint32Array(WEALTH_BINS);

/**
 * Writes the median wealth of the living to `WORLD.medianWealth`, milli-cash: the middle of the bin of a
 * log2 histogram that holds the lower median, so that the GPU can form it too. Integers only; within
 * 2.2 % of the true median. 0 when nobody lives.
 */
export function measureWealth({ columns, senses }: Pick<AgentWorld, 'columns' | 'senses'>): void {
  const bin = senses.medianBin(BIN_SHIFT);
  columns.scalar[WORLD.medianWealth] =
    bin === 0 ? 0 : exp2Integer(((bin - 1) << BIN_SHIFT) + (1 << (BIN_SHIFT - 1)));
}

/** The specification of `Senses.medianBin`: the bin of 2^(1/16) that holds the lower median; 0 of nothing. */
export function medianBin({ columns: c }: Pick<AgentWorld, 'columns'>): number {
  histogram.fill(0);
  let alive = 0;
  for (let i = 0; i < c.population.length; i++) {
    if (c.population[i] === FREE_SLOT) continue;
    alive++;
    const wealth = c.wealth[i]!;
    histogram[wealth === 0 ? 0 : 1 + (log2Fixed(wealth) >>> BIN_SHIFT)]!++;
  }
  let before = 0;
  let bin = 0;
  while (alive > 0 && before + histogram[bin]! < (alive + 1) >> 1) before += histogram[bin++]!;
  return bin;
}
