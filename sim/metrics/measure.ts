/**
 * What a world looks like at a sampled tick: the figures of METRICS, POPULATION_METRICS, gene means and
 * curves. Reads everything, writes nothing that the model reads.
 */
import { FEATURE_COUNT, TRIAL_TOTAL } from '../../agents/columns.ts';
import { linearGene, priceTerms, takeCensus } from '../../agents/priceEquation.ts';
import { METHODS, PRICE_FRACTION_BITS, TOKEN_PRICE_BITS } from '../../configs/derive.ts';
import { CLASS_COUNT } from '../../configs/schema.ts';
import { ASSET, FREE_SLOT, SYSTEM, TOTAL, TRUST_TOTAL, WORLD } from '../../market/columns.ts';
import { allocativeEfficiency, alphaOf } from '../../market/inducedValues.ts';
import { fromFraction32, fromMilli, MILLI } from '../core/units.ts';
import type { WorldFrame } from '../frame.ts';
import type { World } from '../world.ts';
import { CORRELATION_SUMS, correlation } from './correlation.ts';
import { type Concentration, concentration } from './inequality.ts';
import {
  METRIC_INDEX,
  METRICS,
  type MetricName,
  POPULATION_METRIC_INDEX,
  POPULATION_METRICS,
} from './table.ts';

/** The gene that the Price equation's terms follow. */
export const TRACKED_TRAIT = linearGene('skillGain');

/** Totals of a world when its current interval began. */
export type IntervalStart = Float64Array;

/**
 * Starts a metric interval: clears the tally, takes the census; returns the totals to measure from, [TOTAL] and, where
 * objectives are revised, [TRIAL_TOTAL], and, where sellers may default, [TRUST_TOTAL].
 */
export function startInterval(world: World): IntervalStart {
  world.tally.clear();
  takeCensus(world, TRACKED_TRAIT);
  const { total, trustTotal } = world.columns;
  return Float64Array.of(...total, ...world.agents.trialTotal, ...trustTotal);
}

/**
 * Measures a world.
 *
 * @param since totals at the start of the interval
 */
export function measure(world: World, since: IntervalStart): WorldFrame {
  const { parameters, columns, agents } = world;
  const living: number[] = [];
  for (let i = 0; i < parameters.slots; i++) if (columns.population[i] !== FREE_SLOT) living.push(i);
  const wealth = concentration(sortedOf(living, columns.wealth));
  const compute = concentration(sortedOf(living, columns.capacity));
  const genes = geneMoments(agents.genes, world, living);
  const shadow = geneMoments(agents.shadowGenes, world, living);
  return {
    world: parameters.world,
    arm: parameters.arm,
    replicate: parameters.replicate,
    tick: world.tick,
    metrics: economyOf(world, since, living, wealth, compute),
    populations: populationsOf(world, living),
    geneMean: genes.mean,
    geneDeviation: genes.deviation,
    shadowMean: shadow.mean,
    lorenzWealth: wealth.lorenz,
    lorenzCompute: compute.lorenz,
    bidHistogram: Float64Array.from(columns.bidHistogram),
    askHistogram: Float64Array.from(columns.askHistogram),
  };
}

function sortedOf(living: readonly number[], column: Uint32Array): Float64Array {
  return Float64Array.from(living, (i) => column[i]!).sort();
}

const meanOf = (living: readonly number[], value: (agent: number) => number): number => {
  let sum = 0;
  for (const i of living) sum += value(i);
  return living.length === 0 ? Number.NaN : sum / living.length;
};

const bestSkill = (skill: Uint32Array, agent: number): number => {
  let best = 0;
  for (let c = 0; c < CLASS_COUNT; c++) best = Math.max(best, skill[agent * CLASS_COUNT + c]!);
  return fromFraction32(best);
};

function economyOf(
  world: World,
  since: IntervalStart,
  living: readonly number[],
  wealth: Concentration,
  compute: Concentration,
): Float64Array {
  const { parameters, columns, balances, agents, tally } = world;
  const { scalar, total } = columns;
  const gained = (index: number): number => total[index]! - since[index]!;
  const sum = (column: ArrayLike<number>): number => {
    let s = 0;
    for (let k = 0; k < column.length; k++) s += column[k]!;
    return s;
  };
  const tokenPrice = scalar[WORLD.tokenPrice]! / 2 ** TOKEN_PRICE_BITS;
  const wealthTotal = meanOf(living, (i) => columns.wealth[i]!) * living.length || 0;
  const moneyTotal =
    sum(balances.cash) +
    sum(balances.systemCash) +
    tokenPrice * (sum(balances.token) + sum(balances.stake) + sum(balances.systemToken));
  const used = meanOf(living, (i) => columns.computeUsed[i]!) * living.length || 0;
  const tasks = gained(TOTAL.tasks);
  const price = priceTerms(world, TRACKED_TRAIT);
  const values: Partial<Record<MetricName, number>> = {
    alive: living.length,
    births: tally.births,
    deaths: tally.deaths,
    immigrants: tally.immigrants,
    insolvencies: gained(TOTAL.insolvencies),
    computePrice: scalar[WORLD.priceFast]! / 2 ** PRICE_FRACTION_BITS / MILLI,
    computeVolume: gained(TOTAL.computeVolume),
    computeBid: scalar[WORLD.computeBid]!,
    computeOffered: scalar[WORLD.computeOffered]!,
    tasksServed: tasks,
    tasksDemanded: sum(columns.demand),
    spend: fromMilli(gained(TOTAL.spentToken)),
    spendCash: fromMilli(gained(TOTAL.spentCash)),
    serviceWelfare: fromMilli(
      gained(TOTAL.taskValue) - tasks * parameters.serviceMarket.cuPerTask * parameters.energy.price,
    ),
    taskPrice: tasks === 0 ? Number.NaN : fromMilli(gained(TOTAL.spentToken)) / tasks,
    tokenPrice,
    swaps: gained(TOTAL.swaps),
    computeActive: tally.computeTicks / tally.ticks,
    serviceActive: tally.serviceTicks / tally.ticks,
    swapActive: tally.swapTicks / tally.ticks,
    agentsMoneyShare: wealthTotal / moneyTotal,
    meanWealth: fromMilli(wealthTotal / living.length),
    medianWealth: fromMilli(scalar[WORLD.medianWealth]!),
    giniWealth: wealth.gini,
    giniCompute: compute.gini,
    hhiWealth: wealth.hhi,
    hhiCompute: compute.hhi,
    theilWealth: wealth.theil,
    entropyWealth: wealth.entropy,
    nakamoto33: compute.nakamoto33,
    nakamoto50: compute.nakamoto50,
    top1: wealth.top1,
    top10: wealth.top10,
    capacity: total[TOTAL.capacity]!,
    utilisation: used / total[TOTAL.capacity]!,
    meanSkill: meanOf(living, (i) => bestSkill(columns.skill, i)),
    bestSkill: living.reduce((best, i) => Math.max(best, bestSkill(columns.skill, i)), 0),
    labels: gained(TOTAL.labels),
    staked: parameters.staking.enabled ? fromMilli(sum(balances.stake)) : Number.NaN,
    ...methodsOf(gained),
    consumerSurplus: fromMilli(gained(TOTAL.taskValue) - gained(TOTAL.spentCash)),
    dataPool: total[TOTAL.dataPool]!,
    dataAgents: sum(columns.data),
    dataSold: gained(TOTAL.dataSold),
    dataRevenue: fromMilli(gained(TOTAL.dataRevenue)),
    dataPrice: parameters.dataOwnership.market
      ? fromMilli(scalar[WORLD.dataPrice]! / 2 ** PRICE_FRACTION_BITS)
      : Number.NaN,
    fees: fromMilli(gained(TOTAL.taskFees) + gained(TOTAL.computeFees)),
    issued: fromMilli(gained(TOTAL.issued)),
    burned: fromMilli(gained(TOTAL.burned)),
    tokenSupply: fromMilli(world.ledger.supply(ASSET.token)),
    dividends: fromMilli(gained(TOTAL.dividendCash) + gained(TOTAL.dividendToken) * tokenPrice),
    operatorTaken: fromMilli(gained(TOTAL.operatorTaken)),
    energy: fromMilli(gained(TOTAL.energy)),
    consumersCash: fromMilli(balances.systemCash[SYSTEM.consumers]!),
    consumersToken: fromMilli(balances.systemToken[SYSTEM.consumers]!),
    treasuryCash: fromMilli(balances.systemCash[SYSTEM.treasury]!),
    treasuryToken: fromMilli(balances.systemToken[SYSTEM.treasury]!),
    meanAge: meanOf(living, (i) => world.tick - agents.bornAt[i]!),
    meanGeneration: meanOf(living, (i) => agents.generation[i]!),
    allocativeEfficiency: allocativeEfficiency(world),
    smithAlpha: alphaOf(gained(TOTAL.inducedSquaredDeviation), gained(TOTAL.inducedVolume)),
    quoteSurplus: fromMilli(gained(TOTAL.quoteSurplus)),
    ...contractsOf(world, since, living),
    priceSelection: price.selection,
    priceTransmission: price.transmission,
    priceMigration: price.migration,
    priceResidual: price.residual,
    ...trialsOf(world, since),
  };
  const row = new Float64Array(METRICS.length).fill(Number.NaN);
  for (const [name, value] of Object.entries(values)) row[METRIC_INDEX[name as MetricName]] = value;
  return row;
}

/** Contracts and what became of them; no figures where nobody can default. */
function contractsOf({ agents, columns }: World, since: IntervalStart, living: readonly number[]) {
  const { total, trustTotal, reputation } = columns;
  if (trustTotal.length === 0) return {};
  const first = total.length + agents.trialTotal.length;
  const gained = (index: number): number => trustTotal[index]! - since[first + index]!;
  return {
    contracted: gained(TRUST_TOTAL.contracted),
    defaults: gained(TRUST_TOTAL.defaulted),
    suits: gained(TRUST_TOTAL.suits),
    recoveries: fromMilli(gained(TRUST_TOTAL.recovered)),
    claimsLost: fromMilli(gained(TRUST_TOTAL.lost)),
    slashes: fromMilli(gained(TRUST_TOTAL.slashed)),
    escrowed: fromMilli(gained(TRUST_TOTAL.escrowed)),
    meanReputation: meanOf(living, (i) => fromFraction32(reputation[i]!)),
  } satisfies Partial<Record<MetricName, number>>;
}

/** Trials of reward genes; no figures where objectives are never revised. */
function trialsOf({ agents, columns }: World, since: IntervalStart): Partial<Record<MetricName, number>> {
  const { trialTotal } = agents;
  if (trialTotal.length === 0) return {};
  const gained = (index: number): number => trialTotal[index]! - since[columns.total.length + index]!;
  const share = (accepted: number, kept: number): number =>
    trialTotal[accepted]! / (trialTotal[accepted]! + trialTotal[kept]!); // NaN before the first
  return {
    trialsStarted: gained(TRIAL_TOTAL.started),
    trialsFinished: gained(TRIAL_TOTAL.accepted) + gained(TRIAL_TOTAL.kept),
    trialsAccepted: gained(TRIAL_TOTAL.accepted),
    trialAcceptance: share(TRIAL_TOTAL.accepted, TRIAL_TOTAL.kept),
    placeboAcceptance: share(TRIAL_TOTAL.placeboAccepted, TRIAL_TOTAL.placeboKept),
  };
}

/** Human effort and adoption of each training method over the interval; NaN where nobody trained by it. */
function methodsOf(gained: (index: number) => number): Partial<Record<MetricName, number>> {
  const ticks = METHODS.map((_, m) => gained(TOTAL.methodTicks + m));
  const all = ticks.reduce((a, b) => a + b, 0);
  const values: Partial<Record<MetricName, number>> = {};
  METHODS.forEach((method, m) => {
    const name = `${method[0]!.toUpperCase()}${method.slice(1)}` as Capitalize<typeof method>;
    values[`effort${name}`] = gained(TOTAL.methodLabels + m) / fromFraction32(gained(TOTAL.methodSkill + m));
    values[`adoption${name}`] = ticks[m]! / all;
  });
  return values;
}

function populationsOf(world: World, living: readonly number[]): Float64Array[] {
  const { parameters, columns, tally } = world;
  return parameters.populations.map((_, population) => {
    const members = living.filter((i) => columns.population[i] === population);
    const sums = tally.populations[population]!;
    const perTick = (value: number, ticks: number): number => (ticks === 0 ? Number.NaN : value / ticks);
    const row = new Float64Array(POPULATION_METRICS.length);
    const set = (name: keyof typeof POPULATION_METRIC_INDEX, value: number): void => {
      row[POPULATION_METRIC_INDEX[name]] = value;
    };
    set('alive', members.length);
    set('wealth', fromMilli(meanOf(members, (i) => columns.wealth[i]!)));
    set('profitPerTick', perTick(sums.profit, sums.agentTicks));
    set('matureProfitPerTick', perTick(sums.matureProfit, sums.matureTicks));
    set('reward', perTick(sums.reward, sums.agentTicks));
    set(
      'skill',
      meanOf(members, (i) => bestSkill(columns.skill, i)),
    );
    set(
      'capacity',
      meanOf(members, (i) => columns.capacity[i]!),
    );
    set('births', sums.births);
    set('deaths', sums.deaths);
    (['rentOut', 'serve', 'train', 'idle'] as const).forEach((mode, k) => {
      set(mode, perTick(sums.modes[k]!, sums.agentTicks));
    });
    set('rewardWealthCorrelation', correlation(sums.lives, 0));
    set('rewardProfitCorrelation', correlation(sums.lives, CORRELATION_SUMS));
    return row;
  });
}

/** Mean and standard deviation of each linear reward gene over living learners whose genes can evolve, [FEATURE_COUNT] each. */
function geneMoments(genes: Float32Array, world: World, living: readonly number[]) {
  const { parameters, columns } = world;
  const evolving = parameters.populations.map((p) => p.kind === 'learner' && p.evolves);
  const learners = living.filter((i) => evolving[columns.population[i]!]);
  const mean = new Float64Array(FEATURE_COUNT);
  const deviation = new Float64Array(FEATURE_COUNT);
  for (let f = 0; f < FEATURE_COUNT; f++) {
    const gene = (agent: number): number => genes[f * parameters.slots + agent]!;
    mean[f] = meanOf(learners, gene);
    deviation[f] = Math.sqrt(meanOf(learners, (i) => (gene(i) - mean[f]!) ** 2));
  }
  return { mean, deviation };
}
