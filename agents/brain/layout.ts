/**
 * Where every number of a brain lives: the shape of the networks, the action heads, and the columns of
 * one world. All columns are lane-blocked, `index = (block * rows + row) * LANES + lane`, so that one SIMD
 * vector holds the same quantity of four neighbouring agents. This file is the only place that computes
 * such offsets in TypeScript; `kernel.as.ts` repeats the constants and a test compares the two.
 */
import { type ColumnSpec, type ColumnType, f32, u32 } from '../../sim/core/columns.ts';

/** Features of an observation (MODEL.md section 6). */
export const OBSERVATION_COUNT = 32;
/** Hidden units of the actor and of the critic, each. */
export const HIDDEN = 16;
/** Logits over all heads. */
export const LOGIT_COUNT = 32;
/** Factorised categorical action heads. */
export const HEAD_COUNT = 8;
/** Modes, the options of head 0; each decides which other heads count. */
export const MODE_COUNT = 4;
/** Agents in one SIMD vector. */
export const LANES = 4;

export interface Head {
  readonly name: string;
  /** Number of options. */
  readonly size: number;
  /** First logit. */
  readonly offset: number;
}

/** The action heads in order (MODEL.md section 6). */
export const HEADS = [
  { name: 'mode', size: 4, offset: 0 },
  { name: 'class', size: 4, offset: 4 },
  { name: 'ask', size: 5, offset: 8 },
  { name: 'quote', size: 5, offset: 13 },
  { name: 'deliver', size: 2, offset: 18 },
  { name: 'finance', size: 6, offset: 20 },
  { name: 'method', size: 4, offset: 26 },
  { name: 'objective', size: 2, offset: 30 },
] as const satisfies readonly Head[];

/** Index of each head in `HEADS`. */
export const HEAD = {
  mode: 0,
  class: 1,
  ask: 2,
  quote: 3,
  deliver: 4,
  finance: 5,
  method: 6,
  objective: 7,
} as const;

/** Mask in which every option of every head is allowed. */
export const ALL_LOGITS = 0xffff_ffff;
/** Use mask in which every head counts. */
export const ALL_HEADS = 0xff;

/** The logit "revise" of the objective head, which starts at `REVISE_BIAS`. */
export const REVISE_LOGIT = HEADS[HEAD.objective].offset + 1;
export const REVISE_BIAS = -8;

/** Shape of an actor and a critic, each inputs -> hidden -> outputs. */
export interface NetworkShape {
  readonly inputs: number;
  readonly hidden: number;
  /** Option counts of the heads; their sum is the number of logits. */
  readonly heads: readonly number[];
}

/** The standard brain, 32-16-32 and 32-16-1. */
export const STANDARD_SHAPE: NetworkShape = {
  inputs: OBSERVATION_COUNT,
  hidden: HIDDEN,
  heads: HEADS.map((head) => head.size),
};

/** First index of each parameter group in plain order; matrices are row-major [output x input]. */
export interface ParameterOffsets {
  readonly actorHidden: number;
  readonly actorHiddenBias: number;
  readonly actorOutput: number;
  readonly actorOutputBias: number;
  readonly criticHidden: number;
  readonly criticHiddenBias: number;
  readonly criticOutput: number;
  readonly criticOutputBias: number;
  /** Parameters of the actor, which come first. */
  readonly actorCount: number;
  /** Parameters of both nets. */
  readonly count: number;
}

/** Parameter offsets of a shape: the actor's, then the critic's. */
export function parameterOffsets({ inputs, hidden, heads }: NetworkShape): ParameterOffsets {
  const logits = heads.reduce((sum, size) => sum + size, 0);
  const actorHiddenBias = hidden * inputs;
  const actorOutput = actorHiddenBias + hidden;
  const actorOutputBias = actorOutput + logits * hidden;
  const criticHidden = actorOutputBias + logits;
  const criticHiddenBias = criticHidden + hidden * inputs;
  const criticOutput = criticHiddenBias + hidden;
  const criticOutputBias = criticOutput + hidden;
  return {
    actorHidden: 0,
    actorHiddenBias,
    actorOutput,
    actorOutputBias,
    criticHidden,
    criticHiddenBias,
    criticOutput,
    criticOutputBias,
    actorCount: criticHidden,
    count: criticOutputBias + 1,
  };
}

/** Parameter offsets of the standard brain. */
export const PARAMETERS = parameterOffsets(STANDARD_SHAPE);
/** Parameters of the standard brain, and as many eligibility traces: 1,617. */
export const PARAMETER_COUNT = 1617;

/**
 * Type and rows per agent of every column. A column of `rows` holds [blockCount x rows x LANES] numbers; with
 * one row that is simply one number per agent.
 */
export const BRAIN_ROWS = {
  // Written by the engine before `step`.
  /** Raw observation. */
  observation: ['f32', OBSERVATION_COUNT],
  /** Raw reward for the previous action. */
  reward: ['f32', 1],
  /** 1 where the previous action ended an episode: no bootstrap, traces cleared. Always 0 in a market. */
  done: ['u32', 1],
  /** 1 where a living learner sits. All else of an agent whose flag is 0 stays as it is. */
  active: ['u32', 1],
  /** Discount, 0..1. */
  gamma: ['f32', 1],
  /** Trace decay, 0..1. */
  lambda: ['f32', 1],
  /** Entropy coefficient. */
  tau: ['f32', 1],
  /** ObGD step-size bound of the actor. */
  kappaActor: ['f32', 1],
  /** ObGD step-size bound of the critic. */
  kappaCritic: ['f32', 1],
  /** Largest step size of both nets. */
  alpha: ['f32', 1],

  // Read by the engine after `step`.
  /** Sampled option of each head. The next `step` learns from what stands here then: a replay may overwrite it. */
  action: ['u32', HEAD_COUNT],
  /** Probability of each option, 0 for masked ones. */
  probability: ['f32', LOGIT_COUNT],
  /** V of the current observation under the current weights. */
  value: ['f32', 1],
  /** Temporal-difference error of the last learning step, 0 where there was none. */
  tdError: ['f32', 1],

  // Owned by the brain.
  weights: ['f32', PARAMETER_COUNT],
  traces: ['f32', PARAMETER_COUNT],
  /** Running mean, unbiased variance and count of the raw observation. */
  inputMean: ['f32', OBSERVATION_COUNT],
  inputVariance: ['f32', OBSERVATION_COUNT],
  inputCount: ['f32', 1],
  /** Normalised observation of the last act. */
  input: ['f32', OBSERVATION_COUNT],
  /** Layer-normalised pre-activations of the last act, and 1 / deviation of the layer. */
  actorHidden: ['f32', HIDDEN],
  actorScale: ['f32', 1],
  criticHidden: ['f32', HIDDEN],
  criticScale: ['f32', 1],
  /** d H / d logit of each head's entropy at the last act. */
  entropyGradient: ['f32', LOGIT_COUNT],
  /** Exponential mean and variance of the raw reward, and how many were seen (saturating). */
  rewardMean: ['f32', 1],
  rewardVariance: ['f32', 1],
  rewardCount: ['f32', 1],
  /** Per head, a bound on its traces relative to its last use; traces below 1e-20 of it count as 0. */
  traceEnvelope: ['f32', HEAD_COUNT],
  /** 1 = there is no previous tick to learn from. */
  fresh: ['u32', 1],
} as const satisfies Record<string, readonly [ColumnType, number]>;

export type BrainColumnName = keyof typeof BRAIN_ROWS;

/**
 * Columns through which a brain and the rest of its world deal with each other. They always lie in the world's own
 * memory; all others only where the brains are.
 */
export const EXCHANGED = [
  'observation',
  'reward',
  'done',
  'active',
  'gamma',
  'lambda',
  'tau',
  'kappaActor',
  'kappaCritic',
  'alpha',
  'action',
  'tdError',
] as const satisfies readonly BrainColumnName[];
/** Those of them that a step writes. */
export const RETURNED = ['action', 'tdError'] as const satisfies readonly (typeof EXCHANGED)[number][];
export type ExchangedName = (typeof EXCHANGED)[number];

/** Words of the kernel's descriptor of one world: pointers, seed, masks and switches. */
const DESCRIPTOR_WORDS = 96;

export type BrainColumnSpec = {
  readonly [K in BrainColumnName]: ColumnSpec<(typeof BRAIN_ROWS)[K][0]>;
} & { readonly descriptor: ColumnSpec<'u32'> };

/** Blocks of LANES agents that hold `slotCount` agents. */
export const blockCountOf = (slotCount: number): number => Math.ceil(slotCount / LANES);

/** Columns of the brains of one world of `slotCount` agents, padded to whole blocks. */
export function brainColumnSpec(slotCount: number): BrainColumnSpec {
  const blocks = blockCountOf(slotCount);
  const columns = Object.entries(BRAIN_ROWS).map(([name, [type, rows]]) => {
    const length = blocks * rows * LANES;
    return [name, type === 'u32' ? u32(length) : f32(length)];
  });
  return { ...Object.fromEntries(columns), descriptor: u32(DESCRIPTOR_WORDS) } as BrainColumnSpec;
}

/** The exchanged columns of `brainColumnSpec`, for a world whose brains lie in other memories. */
export function exchangedColumnSpec(slotCount: number): Pick<BrainColumnSpec, ExchangedName> {
  const spec = brainColumnSpec(slotCount);
  return Object.fromEntries(EXCHANGED.map((name) => [name, spec[name]])) as Pick<
    BrainColumnSpec,
    ExchangedName
  >;
}

/** Index of an agent's first row in a lane-blocked column; its further rows follow every LANES elements. */
export const laneIndex = (agent: number, rows: number): number =>
  Math.floor(agent / LANES) * rows * LANES + (agent % LANES);
