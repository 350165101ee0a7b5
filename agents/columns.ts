/**
 * What a world's agents are, want and remember, beside their possessions (market/columns.ts) and their
 * brains (brain/layout.ts). N = slots; `genes` and `features` are feature-major: index feature x N + agent.
 */

import { BUILT_IN_REWARD_FEATURES } from '../configs/registry.ts';
import type { WorldParameters } from '../configs/worldParameters.ts';
import type { LedgerColumns, MarketColumns } from '../market/columns.ts';
import type { Ledger } from '../market/ledger.ts';
import { type Columns, f32, f64, i32, u32 } from '../sim/core/columns.ts';
import type { Brain } from './brain/brain.ts';
import type { Senses } from './senses.ts';

/** Reward features phi: what a genome can value. Bounded, of fixed scale, written by the engine alone. */
export const REWARD_FEATURES = BUILT_IN_REWARD_FEATURES;
export const FEATURE_COUNT = REWARD_FEATURES.length;
/** Hidden units of the optional layer v . tanh(U phi). */
export const REWARD_HIDDEN = 4;

/** Where each gene stands in a genome; reward genes first, then the learner's. */
export const GENE = {
  /** Linear weights w, FEATURE_COUNT. */
  linear: 0,
  /** Output weights v of the hidden layer, REWARD_HIDDEN. */
  output: FEATURE_COUNT,
  /** Input weights U, row-major [REWARD_HIDDEN x FEATURE_COUNT]. */
  hidden: FEATURE_COUNT + REWARD_HIDDEN,
  gamma: FEATURE_COUNT + REWARD_HIDDEN + REWARD_HIDDEN * FEATURE_COUNT,
  lambda: FEATURE_COUNT + REWARD_HIDDEN + REWARD_HIDDEN * FEATURE_COUNT + 1,
  tau: FEATURE_COUNT + REWARD_HIDDEN + REWARD_HIDDEN * FEATURE_COUNT + 2,
  logKappa: FEATURE_COUNT + REWARD_HIDDEN + REWARD_HIDDEN * FEATURE_COUNT + 3,
  sigma: FEATURE_COUNT + REWARD_HIDDEN + REWARD_HIDDEN * FEATURE_COUNT + 4,
} as const;
export const GENE_COUNT = GENE.sigma + 1;
/** Genes whose Euclidean norm is one: w and v. */
export const UNIT_NORM_GENES = FEATURE_COUNT + REWARD_HIDDEN;

/** Counters in `trialTotal`. */
const TRIAL_TOTALS = 6;

/**
 * Columns of one world.
 *
 * @param slots N
 * @param trialSlots N where agents may revise their objectives, else 0: the mechanism then takes no memory
 */
export const agentColumnSpec = (slots: number, trialSlots = 0) => ({
  // --- identity and life; written by live ---
  /** Serial number of the agent in its world, from 1; 0 = nobody, [N]. */
  serial: f64(slots),
  /** Serials of its parents; 0 for genesis, immigrants and single parents, [N]. */
  parent: f64(slots),
  secondParent: f64(slots),
  /** Tick of birth, [N]. */
  bornAt: u32(slots),
  /** 0 for genesis and immigrants, else 1 + the parent's, [N]. */
  generation: u32(slots),
  /** Population that owns the slot under quotas, [N]. */
  slotPopulation: u32(slots),
  /** Slot of the agent's ancestor at the last census of the Price equation, [N]; NO_ANCESTOR for immigrants. */
  censusAncestor: u32(slots),

  // --- genome; written by live ---
  /** [GENE_COUNT x N]. */
  genes: f32(GENE_COUNT * slots),
  /** Neutral shadow: inherited from random parents, never read by behaviour, [GENE_COUNT x N]. */
  shadowGenes: f32(GENE_COUNT * slots),
  /** Wealth above which it reproduces, milli-cash, an integer gene, [N]. */
  thresholdGene: u32(slots),
  /** Share of its money given to a child, 2^-32, an integer gene, [N]. */
  endowmentGene: u32(slots),

  // --- reward; written by reward ---
  /** [FEATURE_COUNT x N]. */
  features: f32(FEATURE_COUNT * slots),
  /** Realised profit of the tick: sales less purchases, energy, subsistence, labels; cash, [N]. */
  profit: f32(slots),
  /** Exponential moving share of ticks in each mode, [4 x N], mode-major. */
  modeShare: f32(4 * slots),
  /** Reward, profit and ticks summed over the agent's life, [N]. */
  lifeReward: f32(slots),
  lifeProfit: f32(slots),

  // --- what the agent remembers of its last tick; written by reward, read by observe and scripted traders ---
  /** Share of its compute order that was filled, 0 without an order, [N]. */
  computeFill: f32(slots),
  /** Share of the tasks it offered that were sold, 0 without an offer, [N]. */
  serviceFill: f32(slots),
  /** Share of its compute that was neither used nor rented out, [N]. */
  unusedCompute: f32(slots),

  // --- scripted traders ---
  /** Their memory, [4 x N]. */
  memory: f32(4 * slots),
  /** A quote that no head can express, plus one; 0 = quote by the heads. Written by decideScripted, taken by applyActions, [N]. */
  scriptedLevel: u32(slots),
  scriptedAsk: u32(slots),

  // --- demography ---
  /** Tick and slot from which the weights at birth were drawn: Baldwinian children draw them again, [N]. */
  weightsBornAt: u32(slots),
  weightsBornIn: u32(slots),
  /** The trait of the Price equation at the last census, and whether somebody lived in the slot then, [N]. */
  censusTrait: f64(slots),
  censusAlive: u32(slots),
  /** Given to children this tick, milli-cash equivalent, [N]. */
  transferGiven: u32(slots),

  // --- self-update of objectives; written by selfUpdate ---
  /** TRIAL of each agent, [N]. */
  trialStage: u32(trialSlots),
  /** The genome of a trial that is not in use: the new one, and the old one while the new one is, [GENE_COUNT x N]. */
  trialGenes: f32(GENE_COUNT * trialSlots),
  /** 1 where the new genes are the old ones, [N]. */
  trialPlacebo: u32(trialSlots),
  /** Growth under new genes less growth under old ones so far, each less the median's, log2 in 2^-16, [N]. */
  trialScore: i32(trialSlots),
  /** First tick in which the agent may revise again, [N]. */
  trialFrom: u32(trialSlots),
  /**
   * log2 of wealth at the opening of the block less gifts to children since, 2^-16, or reward since birth, 2^-10, where
   * it is the judge; NO_BASE for newcomers, [N].
   */
  blockBase: i32(trialSlots),
  /** Trials of the world, see TRIAL_TOTAL. */
  trialTotal: f64(trialSlots === 0 ? 0 : TRIAL_TOTALS),
});
export type AgentColumns = Columns<ReturnType<typeof agentColumnSpec>>;

export const NO_ANCESTOR = 0xffff_ffff;

/** Where a trial stands: blocks A B B A of old (A) and new (B) genes. A trial begins at the next opening of a block. */
export const TRIAL = { none: 0, waiting: 1, oldFirst: 2, newFirst: 3, newSecond: 4, oldSecond: 5 } as const;
/** Blocks are measured for agents that saw them open. */
export const NO_BASE = -0x8000_0000;
/** Indices into `trialTotal`: trials since genesis. Started = all others + those that go on. */
export const TRIAL_TOTAL = {
  started: 0,
  /** New genes that made the agent richer than old ones. */
  accepted: 1,
  /** Old genes kept. */
  kept: 2,
  /** The same two of placebos. */
  placeboAccepted: 3,
  placeboKept: 4,
  /** Ended by the agent's death. */
  cutShort: 5,
} as const;

export type DeathCause = 'insolvency' | 'age' | 'random' | 'truncation';

/** Told of each birth and death; a run records them as its lineage. Watching never changes a result. */
export interface LineageSink {
  birth(world: AgentWorld, tick: number, slot: number, cause: 'genesis' | 'birth' | 'immigration'): void;
  death(world: AgentWorld, tick: number, slot: number, cause: DeathCause): void;
}

/** The saved agents of one population, as plain data; any number may be drawn from them. */
export interface Founders {
  readonly count: number;
  /** [count x GENE_COUNT], agent-major. */
  readonly genes: Float32Array<ArrayBuffer>;
  /** Milli-cash and 2^-32, [count]. */
  readonly thresholdGene: Uint32Array<ArrayBuffer>;
  readonly endowmentGene: Uint32Array<ArrayBuffer>;
  /** [count x MIND_VALUES], columns in the order of MIND (founders.ts); empty where only genomes are taken. */
  readonly mind: Float32Array<ArrayBuffer>;
  /** 2^-32, [count x CLASS_COUNT]; empty where only genomes are taken. */
  readonly skill: Uint32Array<ArrayBuffer>;
}

/** What every phase of agents/ is given: one world. */
export interface AgentWorld {
  readonly parameters: WorldParameters;
  readonly columns: MarketColumns;
  readonly balances: LedgerColumns;
  readonly ledger: Ledger;
  readonly agents: AgentColumns;
  readonly brain: Brain;
  readonly senses: Senses;
  readonly lineage: LineageSink | null;
  /** By population: the saved agents that its founders are drawn from; absent where none are. */
  readonly founders?: readonly (Founders | null)[] | null;
}
