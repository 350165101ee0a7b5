/**
 * What follows from a config: the integer parameters of one world, and the relations between constants
 * that must hold before anything is allocated. Configs hold choices; this file holds consequences.
 */
import seedrandom from 'seedrandom';
import { ConfigError } from '../sim/core/errors.ts';
import { exp2Integer, LOG2_ONE, log2Fixed } from '../sim/core/fixed.ts';
import { exp, log } from '../sim/core/floatMath.ts';
import { DrawSequence, STREAM } from '../sim/core/rng.ts';
import {
  type Fraction32,
  fraction32,
  MILLI,
  type MilliCash,
  type MilliToken,
  milli,
  PRODUCT_MAX,
  TWO_32,
  U32_MAX,
} from '../sim/core/units.ts';
import type { PopulationConfig, RunConfig, WorldConfig } from './schema.ts';
import { CLASS_COUNT } from './taskClasses.ts';

/** Price levels of the compute market (the K of MODEL.md). */
export const PRICE_LEVELS = 256;
/** Score buckets of the service market. */
export const SCORE_BUCKETS = 256;
/** Training methods, in the order of the action head. */
export const METHODS = ['supervised', 'unsupervised', 'semiSupervised', 'reinforcement'] as const;
/** Moving-average prices are kept in 1/256 milli-token. */
export const PRICE_FRACTION_BITS = 8;
/** Token prices are milli-cash per milli-token in 2^-16. */
export const TOKEN_PRICE_BITS = 16;

export interface TrainingMethodParameters {
  /** log2 of eta in 2^-16 (negative). */
  readonly etaLog2: number;
  /** Exponents as integers in 2^-16. */
  readonly computeExponent: number;
  readonly dataExponent: number;
  readonly labelExponent: number;
  readonly labels: number;
  /** Data units bought from the users' pool per training tick. */
  readonly dataBought: number;
  /** Cash per training tick. */
  readonly environmentPrice: MilliCash;
}

/** Integer parameters of trust (MODEL 5e). A unit is a cu; a task counts cuPerTask units. */
export interface TrustParameters {
  readonly regime: 'off' | 'none' | 'legal' | 'programmatic';
  /** Effort saved c and side gain g of a unit that is not delivered. */
  readonly effort: MilliCash;
  readonly sideGain: MilliCash;
  readonly reputationGain: Fraction32;
  readonly reputationLoss: Fraction32;
  readonly reputationWeight: Fraction32;
  readonly registrationFee: MilliCash;
  readonly legalCost: MilliCash;
  readonly recovery: Fraction32;
  readonly delay: number;
  /** A* = ceil(L e^(r d) / recovery), the least amount that is worth a suit; Infinity when nothing is recovered. */
  readonly smallestContract: number;
  /** Cohorts of claims of each agent, and ticks pooled in one; 0 cohorts where there are no courts. */
  readonly cohorts: number;
  readonly cohortTicks: number;
  /** Stake locked per unit, and the part of it that a buyer gets when it is slashed. */
  readonly stakePerUnit: MilliToken;
  readonly slashToBuyer: MilliToken;
  readonly burnsRest: boolean;
  readonly audit: Fraction32;
  readonly falseAlarm: Fraction32;
  /** What a buyer pays for the audits of a unit, rounded up. */
  readonly auditFee: MilliCash;
}

/** The integer parameters of one world. Money in milli-units, shares in 2^-32, prices as levels of a table. */
export interface WorldParameters {
  readonly world: number;
  readonly arm: number;
  readonly replicate: number;
  /** 32-bit seed of the world's counter generator; equal across arms of one replicate. */
  readonly seed: number;
  readonly slots: number;
  readonly genesis: {
    readonly token: MilliToken;
    readonly cash: MilliCash;
    readonly capacity: number;
    readonly skill: Fraction32;
    readonly data: number;
  };
  readonly consumers: {
    readonly token: MilliToken;
    readonly cash: MilliCash;
    readonly swapShare: Fraction32;
  };
  readonly treasury: {
    readonly tokenReserve: MilliToken;
    readonly cashReserve: MilliCash;
    readonly releaseShift: number;
  };
  readonly amm: {
    readonly enabled: boolean;
    readonly token: MilliToken;
    readonly cash: MilliCash;
    readonly redeemEvery: number;
  };
  readonly computeMarket: {
    readonly enabled: boolean;
    /** Milli-token per cu at each level, strictly increasing, [PRICE_LEVELS]. */
    readonly priceTable: Uint32Array;
    /** Moving-average price before the first trade, milli-token x 2^8. */
    readonly priceStart: number;
    readonly bidShare: Fraction32;
    readonly feeBps: number;
  };
  readonly serviceMarket: {
    readonly enabled: boolean;
    /** Mean demand per class, tasks per tick, [CLASS_COUNT]. */
    readonly demand: readonly number[];
    /** Cash value of a task of quality 1. */
    readonly value: MilliCash;
    readonly cuPerTask: number;
    readonly maxTasks: number;
    readonly feeBps: number;
    readonly pricing: 'ask' | 'secondScore';
    readonly shape: WorldConfig['serviceMarket']['shape'];
    /** A recorded course relative to its mean, 2^-16, a row every `period` ticks; null where demand has another shape. */
    readonly series: Uint32Array | null;
    readonly period: number;
    readonly amplitude: Fraction32;
    /** Largest bonus as a share of the value of a task; 0 = no network effect. */
    readonly networkEffect: Fraction32;
  };
  readonly energy: { readonly price: MilliCash; readonly subsistence: MilliCash };
  readonly training: {
    readonly enabled: boolean;
    readonly maxCompute: number;
    readonly depreciation: Fraction32;
    readonly labelPrice: MilliCash;
    readonly dataPerTask: number;
    /** In the order of METHODS. */
    readonly methods: readonly TrainingMethodParameters[];
  };
  readonly dataOwnership: {
    /** Share of yielded data that goes to the users' pool. */
    readonly poolShare: Fraction32;
    readonly market: boolean;
    /** Milli-cash per unit x 2^8, at genesis. */
    readonly price: number;
    /** Milli-cash that an agent spends on data in a tick, at most. */
    readonly budget: MilliCash;
    readonly priceStep: Fraction32;
  };
  readonly hardware: {
    readonly enabled: boolean;
    readonly priceBase: MilliCash;
    readonly priceScale: MilliCash;
    readonly capacityMax: number;
    /** Total capacity at genesis, the denominator of the price curve. */
    readonly genesisStock: number;
    readonly wear: Fraction32;
    /** Wealth that must remain after buying hardware. */
    readonly runway: MilliCash;
    readonly trainingRunway: MilliCash;
  };
  readonly ownership: {
    /** Capacity of each slot at genesis, [slots]; null = genesis.capacity for all. */
    readonly capacities: Uint32Array | null;
    /** Capacity of the device that people own already, cu. */
    readonly device: number;
    /** log2(1 - scaleEconomy) in 2^-16, zero or negative. */
    readonly scaleLog2: number;
    /** Milli-cash per tick and cu above the device. */
    readonly capitalCost: MilliCash;
    readonly operatorShare: Fraction32;
  };
  readonly policy: {
    readonly wealthTax: Fraction32;
    readonly financeStep: Fraction32;
    readonly issuance: WorldConfig['policy']['issuance'];
    /** Milli-token per tick; 0 where there is no rule. */
    readonly issuancePerTick: MilliToken;
    readonly epoch: number;
    readonly validators: number;
    /** Of Yuma consensus, 2^-32, 1 being 2^32. */
    readonly consensus: {
      readonly kappa: number;
      readonly bondsPenalty: number;
      /** Weight of an epoch in the moving average of bonds, whose memory is rounded down. */
      readonly alpha: number;
    };
    readonly feeBurn: Fraction32;
    readonly dividend: Fraction32;
  };
  /** Staking, see market/staking.ts. */
  readonly staking: { readonly enabled: boolean; readonly delay: number };
  readonly trust: TrustParameters;
  readonly learner: WorldConfig['learner'];
  readonly objectives: {
    readonly enabled: boolean;
    /** Ticks of a block, a quarter of a trial. */
    readonly trialBlock: number;
    readonly cooldown: number;
    readonly placebo: Fraction32;
  };
  readonly demography: {
    readonly enabled: boolean;
    /** Probability of dying of age in a tick; 0 = never. */
    readonly hazard: Fraction32;
    readonly deathsPerTick: number;
    readonly birthsPerTick: number;
    readonly lottery: 'wealth' | 'uniform' | 'fitness';
    readonly sampling: 'systematic' | 'multinomial';
    readonly threshold: MilliCash;
    readonly kitCompute: number;
    readonly endowmentShare: Fraction32;
    readonly endowmentFloor: MilliCash;
    readonly parentPays: boolean;
    readonly crossover: Fraction32;
    readonly mutation: boolean;
    readonly sigma: number;
    /** Living agents below which immigrants arrive. */
    readonly immigrationFloor: number;
    readonly immigrantsPerTick: number;
    readonly quotas: boolean;
    readonly selection: 'endogenous' | 'truncation';
    /** Ticks of a generation, and share of the living that dies and has children, under truncation. */
    readonly generation: number;
    readonly truncationShare: number;
  };
  readonly randomExchange: {
    readonly kind: WorldConfig['randomExchange']['kind'];
    readonly stake: MilliCash;
    readonly saving: Fraction32;
    readonly stakeShare: Fraction32;
    readonly winProbability: Fraction32;
    readonly target: MilliCash;
    readonly roundsPerTick: number;
  };
  readonly contest: {
    readonly enabled: boolean;
    /** Milli-cash of a move against a move, which may be negative: first-first, first-second, second-first, second-second. */
    readonly payoffs: readonly number[];
    readonly rounds: number;
    readonly meetings: number;
    readonly background: MilliCash;
  };
  readonly induced: {
    readonly enabled: boolean;
    readonly schedule: 'random' | 'even';
    readonly redrawEvery: number;
    readonly renewEvery: number;
    readonly unitsPerTrader: number;
  };
  readonly doubleAuction: WorldConfig['doubleAuction'];
  readonly tabular: WorldConfig['tabular'];
  readonly environment: WorldConfig['environment'];
  readonly populations: readonly PopulationConfig[];
}

/** Lays slots out over populations in proportion to their shares (largest remainder), in order: [slots]. */
export function populationOfSlots(populations: readonly PopulationConfig[], slots: number): Uint32Array {
  const counts = apportion(
    populations.map((p) => p.share),
    slots,
  );
  const result = new Uint32Array(slots);
  let slot = 0;
  counts.forEach((n, population) => {
    result.fill(population, slot, slot + n);
    slot += n;
  });
  return result;
}

/** The 32-bit seeds of replicates 0..count-1, from a phrase. */
export function worldSeeds(phrase: string, count: number): Uint32Array {
  const random = seedrandom(phrase);
  return Uint32Array.from({ length: count }, () => random.int32() >>> 0);
}

/** A strictly increasing table of PRICE_LEVELS prices, geometric between two prices in milli-token. */
export function priceTable(min: number, max: number): Uint32Array {
  const low = log2Fixed(min);
  const span = log2Fixed(max) - low;
  const table = new Uint32Array(PRICE_LEVELS);
  for (let k = 0; k < PRICE_LEVELS; k++) {
    const price = exp2Integer(low + Math.floor((span * k) / (PRICE_LEVELS - 1)));
    table[k] = k === 0 ? min : Math.max(price, table[k - 1]! + 1);
  }
  return table;
}

/** The agent key of the draw that deals capacities out. */
const DEAL = 0xffff_ffff;

/**
 * Capacity of each slot at genesis, cu, [slots]: k firms with equal parts of their share and the rest alike, or the
 * quantiles of a Pareto distribution. The sum is slots x genesis.capacity whatever the distribution (largest
 * remainder); who gets which is shuffled by the world's seed. Null where all are equal.
 */
export function genesisCapacities(w: WorldConfig, slots: number, seed: number): Uint32Array | null {
  const { distribution, firms, firmShare, paretoAlpha } = w.ownership;
  if (distribution === 'equal') return null;
  const firmCount = Math.min(firms, slots);
  const others = slots - firmCount;
  // a Pareto quantile of p is (1 - p)^(-1 / alpha)
  const weights = Array.from({ length: slots }, (_, k) => {
    if (distribution === 'pareto') return exp(-log((slots - k - 0.5) / slots) / paretoAlpha);
    if (others === 0) return 1;
    return k < firmCount ? firmShare / firmCount : (1 - firmShare) / others;
  });
  const dealt = apportion(weights, slots * w.genesis.capacity);
  const draws = new DrawSequence().at(seed, 0, DEAL, STREAM.ownership);
  for (let k = slots - 1; k > 0; k--) {
    const other = draws.below(k + 1);
    const part = dealt[k]!;
    dealt[k] = dealt[other]!;
    dealt[other] = part;
  }
  return dealt;
}

/** Whole parts of `total` in proportion to weights, by largest remainder; of equal remainders the earlier. */
function apportion(weights: readonly number[], total: number): Uint32Array {
  const sum = weights.reduce((a, b) => a + b, 0);
  const quotas = weights.map((weight) => (sum > 0 ? (weight / sum) * total : 0));
  const parts = Uint32Array.from(quotas, Math.floor);
  const rest = total - parts.reduce((a, b) => a + b, 0);
  const byRemainder = quotas
    .map((quota, index) => ({ index, remainder: quota - Math.floor(quota) }))
    .sort((a, b) => b.remainder - a.remainder || a.index - b.index);
  for (let k = 0; k < rest; k++) parts[byRemainder[k % byRemainder.length]!.index]!++;
  return parts;
}

/** log2 of a small positive real in 2^-16, through an integer number of 2^-32; -2^31 stands for zero. */
const log2Share = (value: number): number => {
  const scaled = fraction32(value);
  return scaled === 0 ? -(2 ** 31) : log2Fixed(scaled) - 32 * LOG2_ONE;
};

/**
 * The parameters of world `world` of a run.
 *
 * @param config the resolved config of the world's arm
 * @throws ConfigError when a relation between constants does not hold
 */
export function deriveWorld(
  config: RunConfig,
  place: { world: number; arm: number; replicate: number; seed: number },
): WorldParameters {
  const w = config.world;
  const slots = config.slots;
  const capacity = w.genesis.capacity;
  const spread = w.serviceMarket.classSpread;
  const subsistence = milli<MilliCash>(w.energy.subsistence);
  const parameters: WorldParameters = {
    ...place,
    slots,
    genesis: {
      token: milli<MilliToken>(w.genesis.token),
      cash: milli<MilliCash>(w.genesis.cash),
      capacity,
      skill: fraction32(w.genesis.skill),
      data: w.genesis.data,
    },
    consumers: {
      token: milli<MilliToken>(w.consumers.token),
      cash: milli<MilliCash>(w.consumers.cash),
      swapShare: fraction32(w.consumers.swapShare),
    },
    treasury: {
      tokenReserve: milli<MilliToken>(w.treasury.reserveEndowments * w.genesis.token),
      cashReserve: milli<MilliCash>(w.treasury.reserveEndowments * w.genesis.cash),
      releaseShift: w.treasury.releaseShift,
    },
    amm: {
      enabled: w.amm.enabled,
      token: milli<MilliToken>(w.amm.token),
      cash: milli<MilliCash>(w.amm.cash),
      redeemEvery: w.amm.redeemEvery,
    },
    computeMarket: {
      enabled: w.computeMarket.enabled,
      priceTable: priceTable(
        Math.max(1, milli<MilliToken>(w.computeMarket.priceMin)),
        Math.max(2, milli<MilliToken>(w.computeMarket.priceMax)),
      ),
      priceStart: milli<MilliToken>(w.computeMarket.priceStart) * 2 ** PRICE_FRACTION_BITS,
      bidShare: fraction32(w.computeMarket.bidShare),
      feeBps: w.computeMarket.feeBps,
    },
    serviceMarket: {
      enabled: w.serviceMarket.enabled,
      demand: Array.from({ length: CLASS_COUNT }, (_, c) =>
        Math.round(w.serviceMarket.demand * (1 + spread * ((2 * c) / (CLASS_COUNT - 1) - 1))),
      ),
      value: milli<MilliCash>(w.serviceMarket.value),
      cuPerTask: w.serviceMarket.cuPerTask,
      maxTasks: w.serviceMarket.maxTasks,
      feeBps: w.serviceMarket.feeBps,
      pricing: w.serviceMarket.pricing,
      shape: w.serviceMarket.shape,
      series: w.serviceMarket.shape === 'series' ? relativeSeries(config.demandSeries.values) : null,
      period: w.serviceMarket.shape === 'series' ? config.demandSeries.ticksPerRow : w.serviceMarket.period,
      amplitude: fraction32(w.serviceMarket.amplitude),
      networkEffect: fraction32(w.serviceMarket.networkEffect),
    },
    energy: { price: milli<MilliCash>(w.energy.price), subsistence },
    training: {
      enabled: w.training.enabled,
      maxCompute: w.training.maxCompute,
      depreciation: fraction32(w.training.depreciation),
      labelPrice: milli<MilliCash>(w.training.labelPrice),
      dataPerTask: w.training.dataPerTask,
      methods: METHODS.map((name) => {
        const m = w.training[name];
        return {
          etaLog2: log2Share(m.eta),
          computeExponent: Math.round(m.computeExponent * LOG2_ONE),
          dataExponent: Math.round(m.dataExponent * LOG2_ONE),
          labelExponent: Math.round(m.labelExponent * LOG2_ONE),
          labels: m.labels,
          dataBought: m.dataBought,
          environmentPrice: milli<MilliCash>(m.environmentPrice),
        };
      }),
    },
    dataOwnership: {
      poolShare: fraction32(1 - w.dataOwnership.platform),
      market: w.dataOwnership.market,
      price: milli<MilliCash>(w.dataOwnership.price) * 2 ** PRICE_FRACTION_BITS,
      budget: milli<MilliCash>(w.dataOwnership.budget),
      priceStep: fraction32(w.dataOwnership.priceStep),
    },
    hardware: {
      enabled: w.hardware.enabled,
      priceBase: milli<MilliCash>(w.hardware.priceBase),
      priceScale: milli<MilliCash>(w.hardware.priceScale),
      capacityMax: w.hardware.capacityMax,
      genesisStock: Math.max(1, slots * capacity),
      wear: fraction32(w.hardware.wearPerTick),
      runway: (w.hardware.runwayTicks * subsistence) as MilliCash,
      trainingRunway: (w.hardware.trainingRunwayTicks * subsistence) as MilliCash,
    },
    ownership: {
      capacities: genesisCapacities(w, slots, place.seed),
      device: capacity,
      scaleLog2: w.ownership.scaleEconomy === 0 ? 0 : log2Share(1 - w.ownership.scaleEconomy),
      capitalCost: milli<MilliCash>(w.ownership.capitalCost),
      operatorShare: fraction32(w.ownership.operatorShare),
    },
    policy: {
      wealthTax: fraction32(w.policy.wealthTaxPerTick),
      financeStep: fraction32(w.policy.financeStep),
      issuance: w.policy.issuance,
      issuancePerTick: milli<MilliToken>(w.policy.issuance === 'none' ? 0 : w.policy.issuancePerTick),
      epoch: w.policy.epoch,
      validators: w.policy.validators,
      consensus: {
        kappa: Math.floor(w.policy.kappa * TWO_32),
        bondsPenalty: Math.floor(w.policy.bondsPenalty * TWO_32),
        alpha: TWO_32 - Math.floor((1 - w.policy.bondsAlpha) * TWO_32),
      },
      feeBurn: fraction32(w.policy.feeBurn),
      dividend: fraction32(w.policy.dividend),
    },
    staking: {
      enabled: w.policy.staking || w.trust.regime === 'programmatic',
      delay: w.policy.unstakeDelay,
    },
    trust: deriveTrust(w.trust),
    learner: w.learner,
    objectives: { ...w.objectives, placebo: fraction32(w.objectives.placebo) },
    demography: {
      enabled: w.demography.enabled,
      hazard: w.demography.ageDeath ? fraction32(1 / w.demography.meanLife) : (0 as Fraction32),
      deathsPerTick: w.demography.deathsPerTick,
      birthsPerTick: w.demography.birthsPerTick,
      lottery: w.demography.lottery,
      sampling: w.demography.sampling,
      threshold: milli<MilliCash>(w.demography.threshold),
      kitCompute: w.demography.kitCompute,
      endowmentShare: fraction32(w.demography.endowmentShare),
      endowmentFloor: milli<MilliCash>(w.demography.endowmentFloor),
      parentPays: w.demography.parentPays,
      crossover: fraction32(w.demography.crossover),
      mutation: w.demography.mutation,
      sigma: w.demography.sigma,
      immigrationFloor: Math.floor(w.demography.immigrationFloor * slots),
      immigrantsPerTick: w.demography.immigrantsPerTick,
      quotas: w.demography.quotas,
      selection: w.demography.selection,
      generation: w.demography.generation,
      truncationShare: w.demography.truncationShare,
    },
    randomExchange: {
      kind: w.randomExchange.kind,
      stake: milli<MilliCash>(w.randomExchange.stake),
      saving: fraction32(w.randomExchange.saving),
      stakeShare: fraction32(w.randomExchange.stakeShare),
      winProbability: fraction32(w.randomExchange.winProbability),
      target: milli<MilliCash>(w.randomExchange.target),
      roundsPerTick: w.randomExchange.roundsPerTick,
    },
    contest: {
      enabled: w.contest.enabled,
      payoffs: [
        w.contest.firstFirst,
        w.contest.firstSecond,
        w.contest.secondFirst,
        w.contest.secondSecond,
      ].map((payoff) => Math.round(payoff * MILLI)),
      rounds: w.contest.rounds,
      meetings: w.contest.meetings,
      background: milli<MilliCash>(w.contest.background),
    },
    induced: w.induced,
    doubleAuction: w.doubleAuction,
    tabular: w.tabular,
    environment: w.environment,
    populations: config.populations,
  };
  for (const relation of relations(parameters, w)) {
    if (!relation.holds) throw new ConfigError(relation.path, relation.found, relation.hint);
  }
  return parameters;
}

/** Rows of a recorded course may be at most this multiple of their mean. */
export const SERIES_MOST = 1000;
/** 2^16. */
const SERIES_ONE = 0x1_0000;

/**
 * A recorded course relative to its mean, in 2^-16, to the nearest.
 *
 * @throws ConfigError without rows, for a mean of 0, or a row above SERIES_MOST means
 */
export function relativeSeries(values: readonly number[]): Uint32Array {
  const refuse = (problem: string, hint: string): never => {
    throw new ConfigError('demandSeries', problem, hint);
  };
  if (values.length === 0)
    refuse(
      '`world.serviceMarket.shape` is series, but no series is given',
      'set demandSeries.file, or give its rows as demandSeries.values',
    );
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  if (!(mean > 0)) refuse('its rows are all 0', 'give a column of what was wanted');
  const highest = values.reduce((most, value) => Math.max(most, value), 0);
  if (highest > SERIES_MOST * mean)
    refuse(`its highest row ${highest} is above ${SERIES_MOST} times the mean ${mean}`, 'check its unit');
  return Uint32Array.from(values, (value) => Math.round((value / mean) * SERIES_ONE));
}

/** Integer parameters of trust, and what follows from them: the smallest contract worth a suit, the cohorts. */
export function deriveTrust(t: WorldConfig['trust']): TrustParameters {
  const legalCost = milli<MilliCash>(t.legalCost);
  const stakePerUnit = milli<MilliToken>(t.stakePerUnit);
  const legal = t.regime === 'legal';
  return {
    regime: t.regime,
    effort: milli<MilliCash>(t.effort),
    sideGain: milli<MilliCash>(t.sideGain),
    reputationGain: fraction32(t.reputationGain),
    reputationLoss: fraction32(t.reputationLoss),
    reputationWeight: fraction32(t.reputationWeight),
    registrationFee: milli<MilliCash>(t.registrationFee),
    legalCost,
    recovery: fraction32(t.recovery),
    delay: t.delay,
    smallestContract:
      t.recovery === 0
        ? Number.POSITIVE_INFINITY
        : Math.ceil((legalCost * exp(t.discountRate * t.delay)) / t.recovery),
    cohorts: legal ? t.claimCohorts : 0,
    // so that no more than `claimCohorts` due ticks are ever open: claims of a tick t fall due within delay +
    // cohortTicks - 1 ticks
    cohortTicks: Math.ceil(t.delay / (t.claimCohorts - 1)),
    stakePerUnit,
    slashToBuyer: Math.floor(stakePerUnit * t.slashToBuyer) as MilliToken,
    burnsRest: t.slashRest === 'burned',
    audit: fraction32(t.audit),
    falseAlarm: fraction32(t.falseAlarm),
    auditFee: Math.ceil(milli<MilliCash>(t.auditCost) * t.audit) as MilliCash,
  };
}

interface Relation {
  holds: boolean;
  /** Config path that is best changed. */
  path: string;
  found: string;
  hint: string;
}

/** The relations between constants of one world, one a line, each with its reason. */
function relations(p: WorldParameters, w: WorldConfig): Relation[] {
  const topPrice = p.computeMarket.priceTable[PRICE_LEVELS - 1]!;
  const largestGenesis = (p.ownership.capacities ?? new Uint32Array(0)).reduce(
    (most, part) => Math.max(most, part),
    p.genesis.capacity,
  );
  const largestCapacity = Math.max(p.hardware.capacityMax, largestGenesis);
  const largestTaskPrice = (p.serviceMarket.value * p.amm.token) / Math.max(1, p.amm.cash);
  const largestEndowment = p.populations.reduce((most, { endowment }) => Math.max(most, endowment), 1);
  const tokenTotal =
    p.slots * p.genesis.token * largestEndowment + p.consumers.token + p.amm.token + p.treasury.tokenReserve;
  const cashTotal =
    p.slots * p.genesis.cash * largestEndowment + p.consumers.cash + p.amm.cash + p.treasury.cashReserve;
  const is = (holds: boolean, path: string, found: string, hint: string): Relation => ({
    holds,
    path,
    found,
    hint,
  });
  return [
    // a payment must fit the GPU's i32 product
    is(
      topPrice * largestCapacity <= PRODUCT_MAX,
      'world.computeMarket.priceMax',
      `highest price x largest capacity = ${topPrice * largestCapacity} milli-token must be at most ${PRODUCT_MAX}`,
      'lower priceMax or hardware.capacityMax',
    ),
    is(
      largestTaskPrice * (1 + w.serviceMarket.networkEffect) * p.serviceMarket.maxTasks * 64 <= PRODUCT_MAX,
      'world.serviceMarket.value',
      `a task at 64 x the opening token price x maxTasks must be at most ${PRODUCT_MAX} milli-token`,
      'lower value or maxTasks',
    ),
    // prefix sums of quantities stay in 31 bits
    is(
      p.slots * largestCapacity < 2 ** 31,
      'world.hardware.capacityMax',
      `slots x largest capacity = ${p.slots * largestCapacity} must be below 2^31`,
      'lower slots or capacityMax',
    ),
    // exact sums in double precision and two 32-bit limbs
    is(
      tokenTotal < 2 ** 53,
      'world.genesis.token',
      `total token supply ${tokenTotal} must be below 2^53 milli-token`,
      'lower the genesis balances',
    ),
    is(
      cashTotal < 2 ** 53,
      'world.genesis.cash',
      `total cash supply ${cashTotal} must be below 2^53 milli-cash`,
      'lower the genesis balances',
    ),
    // reserves are u32 operands of the 128-bit swap product
    is(
      p.amm.token <= U32_MAX / 4 && p.amm.cash <= U32_MAX / 4,
      'world.amm',
      `reserves must be at most ${Math.floor(U32_MAX / 4000)}`,
      'lower amm.token or amm.cash',
    ),
    is(
      !p.amm.enabled || (p.amm.token > 0 && p.amm.cash > 0),
      'world.amm',
      'an enabled AMM needs both reserves above 0',
      'set amm.enabled: false or give reserves',
    ),
    // an agent's balances are u32
    is(
      Math.max(p.genesis.token, p.genesis.cash) * largestEndowment <= U32_MAX / 16,
      'world.genesis',
      `a balance at genesis must be at most ${Math.floor(U32_MAX / 16_000)}`,
      'lower genesis.token, genesis.cash or an endowment',
    ),
    // what a meeting pays is one entry of the ledger, and one agent's balance must hold many
    is(
      (Math.max(...p.contest.payoffs.map(Math.abs)) * p.contest.rounds + p.contest.background) *
        p.contest.meetings <=
        U32_MAX / 16,
      'world.contest',
      `payoff x rounds x meetings of a tick must be at most ${Math.floor(U32_MAX / 16_000)} cash`,
      'lower the payoffs, rounds or meetings',
    ),
    is(
      largestGenesis <= p.hardware.capacityMax || !p.hardware.enabled,
      p.ownership.capacities === null ? 'world.genesis.capacity' : 'world.ownership.distribution',
      `capacity ${largestGenesis} must not exceed hardware.capacityMax ${p.hardware.capacityMax}`,
      'raise hardware.capacityMax',
    ),
    is(
      milli(w.computeMarket.priceMax) - milli(w.computeMarket.priceMin) >= PRICE_LEVELS - 1,
      'world.computeMarket.priceMax',
      'the price table needs 256 distinct prices in milli-token between priceMin and priceMax',
      'raise priceMax above priceMin + 0.255',
    ),
    // a book trades at the levels of the compute market's table
    is(
      !p.doubleAuction.enabled || p.computeMarket.enabled,
      'world.doubleAuction.enabled',
      'a continuous double auction is a way to trade compute and needs computeMarket.enabled',
      'set world.computeMarket.enabled: true',
    ),
    is(
      p.environment.kind !== 'none' || p.populations.every(({ kind }) => kind !== 'tabular'),
      'populations',
      'tabular learners need an environment with numbered states',
      'set world.environment.kind: gridWorld',
    ),
    is(
      p.environment.kind !== 'gridWorld' || p.populations.every(({ kind }) => kind === 'tabular'),
      'populations',
      'a grid world is for populations of kind tabular',
      'set kind: tabular',
    ),
    // a trial is judged by the wealth that a choice of mode brings
    is(
      !p.objectives.enabled || (!p.induced.enabled && p.environment.kind === 'none'),
      'world.objectives.enabled',
      'objectives are revised in economies, not in worlds of induced values or environments',
      'set world.objectives.enabled: false',
    ),
    // defaults are settled by the batch auction of an economy
    is(
      p.trust.regime === 'off' ||
        (!p.doubleAuction.enabled && !p.induced.enabled && p.environment.kind === 'none'),
      'world.trust.regime',
      'sellers can default in batch and scoring auctions only',
      'set world.trust.regime: off',
    ),
    // money of all units of one contract must fit the GPU's i32 product
    is(
      Math.max(p.trust.effort, p.trust.sideGain, p.trust.stakePerUnit, p.trust.auditFee) *
        Math.max(largestCapacity, p.serviceMarket.maxTasks * p.serviceMarket.cuPerTask) <=
        PRODUCT_MAX,
      'world.trust',
      `effort, sideGain, stakePerUnit and auditCost times the largest contract must be at most ${PRODUCT_MAX} milli-units`,
      'lower them, hardware.capacityMax or serviceMarket.maxTasks',
    ),
    is(
      Math.max(p.trust.legalCost, p.trust.registrationFee) <= PRODUCT_MAX,
      'world.trust.legalCost',
      `legalCost and registrationFee must be at most ${Math.floor(PRODUCT_MAX / MILLI)} cash`,
      'lower them',
    ),
    // bills need something to be paid from: without cash and without an AMM nobody can pay energy
    is(
      p.hardware.runway < TWO_32,
      'world.hardware.runwayTicks',
      'runway x subsistence must be below 2^32 milli-cash',
      'lower runwayTicks',
    ),
    is(
      p.populations.some((population) => population.share > 0),
      'populations',
      'at least one population needs a share above 0',
      'set share',
    ),
  ];
}
