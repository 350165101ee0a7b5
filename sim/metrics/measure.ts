/**
 * What a world looks like at a sampled tick: the figures of METRICS, POPULATION_METRICS, gene means and
 * curves. Reads everything, writes nothing that the model reads.
 */
import { FEATURE_COUNT, TRIAL_TOTAL, UNIT_NORM_GENES } from '../../agents/columns.ts';
import { heritability } from '../../agents/heritability.ts';
import { linearGene, priceTerms, takeCensus } from '../../agents/priceEquation.ts';
import { CLASS_COUNT } from '../../configs/taskClasses.ts';
import { METHODS, PRICE_FRACTION_BITS, TOKEN_PRICE_BITS } from '../../configs/worldParameters.ts';
import { ASSET, FREE_SLOT, SYSTEM, TOTAL, TRUST_TOTAL, WORLD } from '../../market/columns.ts';
import { allocativeEfficiency, alphaOf } from '../../market/inducedValues.ts';
import { fromFraction32, fromMilli, MILLI } from '../core/units.ts';
import type { WorldFrame } from '../frame.ts';
import type { World } from '../world.ts';
import { CORRELATION_SUMS, correlation } from './correlation.ts';
import { meanSquaredDistance, speciesCount } from './diversity.ts';
import { type Concentration, concentration } from './inequality.ts';
import { measureOwn } from './ownMetrics.ts';
import { quotedSpread } from './spread.ts';
import {
  MATURITY_TICKS,
  METRIC_INDEX,
  METRICS,
  type MetricName,
  POPULATION_METRIC_INDEX,
  POPULATION_METRICS,
} from './table.ts';
import { tickWelfare } from './welfare.ts';

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

/** Working memory of a measurement, reused by all worlds of a thread: the living, their holdings, the learners. */
let living = new Uint32Array(0);
let holdings = new Uint32Array(0);
let sorted = new Float64Array(0);
let learners = new Uint32Array(0);

function makeRoom(slots: number): void {
  if (living.length >= slots) return;
  living = new Uint32Array(slots);
  holdings = new Uint32Array(slots);
  sorted = new Float64Array(slots);
  learners = new Uint32Array(slots);
}

/**
 * Measures a world.
 *
 * @param since totals at the start of the interval
 */
export function measure(world: World, since: IntervalStart): WorldFrame {
  const { parameters, columns, agents } = world;
  makeRoom(parameters.slots);
  const evolving = parameters.populations.map((p) => p.kind === 'learner' && p.evolves);
  let alive = 0;
  let learning = 0;
  for (let i = 0; i < parameters.slots; i++) {
    const population = columns.population[i]!;
    if (population === FREE_SLOT) continue;
    living[alive++] = i;
    if (evolving[population]) learners[learning++] = i;
  }
  const wealth = concentration(sortedOf(columns.wealth, alive));
  const compute = concentration(sortedOf(columns.capacity, alive));
  const genes = geneMoments(agents.genes, parameters.slots, learning);
  const shadow = geneMoments(agents.shadowGenes, parameters.slots, learning);
  const own = measureOwn(world);
  return {
    world: parameters.world,
    arm: parameters.arm,
    replicate: parameters.replicate,
    tick: world.tick,
    metrics: rowOf({
      ...economyOf(world, since, alive, wealth, compute),
      ...marketsOf(world, since),
      ...variationOf(world, learning, genes, shadow),
    }),
    ...(own === null ? {} : { ownMetrics: own }),
    populations: populationsOf(world, alive),
    geneMean: genes.mean,
    geneDeviation: genes.deviation,
    shadowMean: shadow.mean,
    lorenzWealth: wealth.lorenz,
    lorenzCompute: compute.lorenz,
    bidHistogram: Float64Array.from(columns.bidHistogram),
    askHistogram: Float64Array.from(columns.askHistogram),
  };
}

/** What the living own, in ascending order; good until the next call. */
function sortedOf(column: Uint32Array, alive: number): Float64Array {
  for (let k = 0; k < alive; k++) holdings[k] = column[living[k]!]!;
  const ordered = sorted.subarray(0, alive);
  // integers sort several times faster than doubles, which may be NaN
  ordered.set(holdings.subarray(0, alive).sort());
  return ordered;
}

const mean = (sum: number, count: number): number => (count === 0 ? Number.NaN : sum / count);

function sumOf(column: Uint32Array | Float64Array): number {
  let sum = 0;
  for (let k = 0; k < column.length; k++) sum += column[k]!;
  return sum;
}

const bestSkill = (skill: Uint32Array, agent: number): number => {
  let best = 0;
  for (let c = 0; c < CLASS_COUNT; c++) best = Math.max(best, skill[agent * CLASS_COUNT + c]!);
  return fromFraction32(best);
};

/** Sums over the living, in the order of their slots. */
function sumsOf({ columns, agents, tick }: World, alive: number) {
  let wealth = 0;
  let used = 0;
  let skill = 0;
  let bestOfAll = 0;
  let age = 0;
  let generation = 0;
  let depth = alive === 0 ? Number.NaN : 0;
  for (let k = 0; k < alive; k++) {
    const i = living[k]!;
    const best = bestSkill(columns.skill, i);
    wealth += columns.wealth[i]!;
    used += columns.computeUsed[i]!;
    skill += best;
    bestOfAll = Math.max(bestOfAll, best);
    age += tick - agents.bornAt[i]!;
    generation += agents.generation[i]!;
    depth = Math.max(depth, agents.generation[i]!);
  }
  return { wealth, used, skill, bestOfAll, age, generation, depth };
}

function economyOf(
  world: World,
  since: IntervalStart,
  alive: number,
  wealth: Concentration,
  compute: Concentration,
): Partial<Record<MetricName, number>> {
  const { parameters, columns, balances, tally } = world;
  const { scalar, total } = columns;
  const gained = (index: number): number => total[index]! - since[index]!;
  const tokenPrice = scalar[WORLD.tokenPrice]! / 2 ** TOKEN_PRICE_BITS;
  const sums = sumsOf(world, alive);
  const staked = sumOf(balances.stake);
  // token that cannot become cash is no wealth (wealth.ts), and so no money either
  const tokenWorth = parameters.amm.enabled ? tokenPrice : 0;
  const moneyTotal =
    sumOf(balances.cash) +
    sumOf(balances.systemCash) +
    tokenWorth * (sumOf(balances.token) + staked + sumOf(balances.systemToken));
  const tasks = gained(TOTAL.tasks);
  const price = priceTerms(world, TRACKED_TRAIT);
  return {
    alive,
    births: tally.births,
    deaths: tally.deaths,
    immigrants: tally.immigrants,
    insolvencies: gained(TOTAL.insolvencies),
    computePrice: scalar[WORLD.priceFast]! / 2 ** PRICE_FRACTION_BITS / MILLI,
    computeVolume: gained(TOTAL.computeVolume),
    computeBid: scalar[WORLD.computeBid]!,
    computeOffered: scalar[WORLD.computeOffered]!,
    tasksServed: tasks,
    tasksDemanded: sumOf(columns.demand),
    spend: fromMilli(gained(TOTAL.spentToken)),
    spendCash: fromMilli(gained(TOTAL.spentCash)),
    serviceWelfare: fromMilli(gained(TOTAL.taskValue) - tally.taskEnergy),
    taskPrice: tasks === 0 ? Number.NaN : fromMilli(gained(TOTAL.spentToken)) / tasks,
    tokenPrice,
    swaps: gained(TOTAL.swaps),
    computeActive: tally.computeTicks / tally.ticks,
    serviceActive: tally.serviceTicks / tally.ticks,
    swapActive: tally.swapTicks / tally.ticks,
    agentsMoneyShare: sums.wealth / moneyTotal,
    meanWealth: fromMilli(sums.wealth / alive),
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
    utilisation: sums.used / total[TOTAL.capacity]!,
    meanSkill: mean(sums.skill, alive),
    bestSkill: sums.bestOfAll,
    labels: gained(TOTAL.labels),
    staked: parameters.staking.enabled ? fromMilli(staked) : Number.NaN,
    ...methodsOf(gained),
    consumerSurplus: fromMilli(gained(TOTAL.taskValue) - gained(TOTAL.spentCash)),
    dataPool: total[TOTAL.dataPool]!,
    dataAgents: sumOf(columns.data),
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
    ...(parameters.amm.enabled
      ? {
          poolToken: fromMilli(balances.systemToken[SYSTEM.amm]!),
          poolCash: fromMilli(balances.systemCash[SYSTEM.amm]!),
        }
      : {}),
    meanAge: mean(sums.age, alive),
    meanGeneration: mean(sums.generation, alive),
    lineageDepth: sums.depth,
    allocativeEfficiency: allocativeEfficiency(world),
    smithAlpha: alphaOf(gained(TOTAL.inducedSquaredDeviation), gained(TOTAL.inducedVolume)),
    quoteSurplus: fromMilli(gained(TOTAL.quoteSurplus)),
    ...contractsOf(world, since, alive),
    priceSelection: price.selection,
    priceTransmission: price.transmission,
    priceMigration: price.migration,
    priceResidual: price.residual,
    ...trialsOf(world, since),
  };
}

/** In the order of METRICS; NaN where a world has no such figure. */
function rowOf(values: Partial<Record<MetricName, number>>): Float64Array {
  const row = new Float64Array(METRICS.length).fill(Number.NaN);
  for (const [name, value] of Object.entries(values)) row[METRIC_INDEX[name as MetricName]] = value;
  return row;
}

/** How fast token goes round, and how well the markets of the sampled tick did. */
function marketsOf(world: World, since: IntervalStart) {
  const { parameters, columns, ledger } = world;
  const { total, scalar, bidHistogram, askHistogram } = columns;
  const { made, bound } = tickWelfare(world);
  // a book's histograms are what its day left, those of a call what was ordered
  const filled = parameters.doubleAuction.enabled ? 0 : scalar[WORLD.computeVolume]!;
  const { priceTable } = parameters.computeMarket;
  return {
    velocity: (total[TOTAL.spentToken]! - since[TOTAL.spentToken]!) / ledger.supply(ASSET.token),
    computeSpread: fromMilli(quotedSpread(bidHistogram, askHistogram, filled, priceTable)),
    welfareBound: fromMilli(bound),
    serviceEfficiency: bound === 0 ? Number.NaN : made / bound,
  } satisfies Partial<Record<MetricName, number>>;
}

/** How different the reward genomes of living learners are that can evolve, each figure beside its neutral shadow. */
function variationOf({ parameters, agents }: World, learning: number, genes: Moments, shadow: Moments) {
  const { slots } = parameters;
  return {
    speciesCount: speciesCount(agents.genes, slots, learners, learning),
    speciesCountShadow: speciesCount(agents.shadowGenes, slots, learners, learning),
    diversity: meanSquaredDistance(genes.variance, learning),
    diversityShadow: meanSquaredDistance(shadow.variance, learning),
  } satisfies Partial<Record<MetricName, number>>;
}

/** Contracts and what became of them; no figures where nobody can default. */
function contractsOf({ agents, columns }: World, since: IntervalStart, alive: number) {
  const { total, trustTotal, reputation } = columns;
  if (trustTotal.length === 0) return {};
  const first = total.length + agents.trialTotal.length;
  const gained = (index: number): number => trustTotal[index]! - since[first + index]!;
  let reputed = 0;
  for (let k = 0; k < alive; k++) reputed += fromFraction32(reputation[living[k]!]!);
  return {
    contracted: gained(TRUST_TOTAL.contracted),
    defaults: gained(TRUST_TOTAL.defaulted),
    suits: gained(TRUST_TOTAL.suits),
    recoveries: fromMilli(gained(TRUST_TOTAL.recovered)),
    claimsLost: fromMilli(gained(TRUST_TOTAL.lost)),
    slashes: fromMilli(gained(TRUST_TOTAL.slashed)),
    escrowed: fromMilli(gained(TRUST_TOTAL.escrowed)),
    meanReputation: mean(reputed, alive),
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

/** Sums over the living of one population. */
interface Members {
  count: number;
  wealth: number;
  skill: number;
  capacity: number;
}

function populationsOf(world: World, alive: number): Float64Array[] {
  const { parameters, columns, tally } = world;
  const all = parameters.populations.map((): Members => ({ count: 0, wealth: 0, skill: 0, capacity: 0 }));
  for (let k = 0; k < alive; k++) {
    const i = living[k]!;
    const members = all[columns.population[i]!]!;
    members.count++;
    members.wealth += columns.wealth[i]!;
    members.skill += bestSkill(columns.skill, i);
    members.capacity += columns.capacity[i]!;
  }
  const slopes = heritability(world, world.tick, MATURITY_TICKS);
  return all.map((members, population) => {
    const sums = tally.populations[population]!;
    const perTick = (value: number, ticks: number): number => (ticks === 0 ? Number.NaN : value / ticks);
    const row = new Float64Array(POPULATION_METRICS.length);
    const set = (name: keyof typeof POPULATION_METRIC_INDEX, value: number): void => {
      row[POPULATION_METRIC_INDEX[name]] = value;
    };
    set('alive', members.count);
    set('wealth', fromMilli(mean(members.wealth, members.count)));
    set('profitPerTick', perTick(sums.profit, sums.agentTicks));
    set('matureProfitPerTick', perTick(sums.matureProfit, sums.matureTicks));
    set('reward', perTick(sums.reward, sums.agentTicks));
    set('skill', mean(members.skill, members.count));
    set('capacity', mean(members.capacity, members.count));
    set('births', sums.births);
    set('deaths', sums.deaths);
    (['rentOut', 'serve', 'train', 'idle'] as const).forEach((mode, k) => {
      set(mode, perTick(sums.modes[k]!, sums.agentTicks));
    });
    set('rewardWealthCorrelation', correlation(sums.lives, 0));
    set('rewardProfitCorrelation', correlation(sums.lives, CORRELATION_SUMS));
    set('heritability', slopes[population]!);
    return row;
  });
}

/** Of reward genes over living learners. */
interface Moments {
  /** Mean and standard deviation of linear genes, [FEATURE_COUNT]. */
  readonly mean: Float64Array;
  readonly deviation: Float64Array;
  /** With n, of all genes of the unit norm, [UNIT_NORM_GENES]. */
  readonly variance: Float64Array;
}

/** Moments over the first `learning` of `learners`: living learners whose genes can evolve. */
function geneMoments(genes: Float32Array, slots: number, learning: number): Moments {
  const means = new Float64Array(FEATURE_COUNT);
  const variance = new Float64Array(UNIT_NORM_GENES);
  for (let f = 0; f < UNIT_NORM_GENES; f++) {
    const first = f * slots;
    let sum = 0;
    for (let k = 0; k < learning; k++) sum += genes[first + learners[k]!]!;
    const centre = mean(sum, learning);
    let squares = 0;
    for (let k = 0; k < learning; k++) squares += (genes[first + learners[k]!]! - centre) ** 2;
    if (f < FEATURE_COUNT) means[f] = centre;
    variance[f] = mean(squares, learning);
  }
  return { mean: means, deviation: variance.slice(0, FEATURE_COUNT).map(Math.sqrt), variance };
}
