/** The integer parameters of one world, as its phases read them; derive.ts computes them of a config. */
import type { Fraction32, MilliCash, MilliToken } from '../sim/core/units.ts';
import type { PopulationConfig, WorldConfig } from './schema.ts';

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

/** A training method: the exponents of what it uses, and what it costs. */
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
/** The course of the token's price on a market outside. */
export interface OutsidePrice {
  /** Milli-cash per milli-token, 2^-16, above zero, a row every `ticksPerRow`; behind the last the first one follows. */
  readonly prices: Uint32Array;
  readonly ticksPerRow: number;
}

/** All parameters of one world: money in milli-units, shares in 2^-32, ticks as counts. */
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
    /** Null where the pool alone makes its price. */
    readonly outside: OutsidePrice | null;
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
    /** The highest rate that was ever in force, where interventions or a branch changed it. */
    readonly issuanceMost?: MilliToken;
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
    /** What decides a trial; absent = wealth. */
    readonly judge?: 'wealth' | 'reward' | undefined;
  };
  /** Names of metrics of one's own; absent where there are none. */
  readonly ownMetrics?: readonly string[] | undefined;
  /** Reward features of one's own, and whose places they take; absent where there are none. */
  readonly ownFeatures?: readonly { readonly name: string; readonly replaces: string }[] | undefined;
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
