/** Test support: a world of brains that differ in genes, what they are excited with, and their states as the specification's. */
import { Arena, columnBytes, u32 } from '../../sim/core/columns.ts';
import { DrawSequence, STREAM } from '../../sim/core/rng.ts';
import {
  type Brain,
  type BrainColumns,
  type BrainOptions,
  bindBrain,
  instantiateKernel,
  SCRATCH_BYTES,
} from './brain.ts';
import {
  ALL_LOGITS,
  BRAIN_ROWS,
  type BrainColumnName,
  brainColumnSpec,
  LANES,
  laneIndex,
  OBSERVATION_COUNT,
  STANDARD_SHAPE,
} from './layout.ts';
import {
  createLearner,
  LEAK,
  type LearnerGenes,
  type LearnerOptions,
  type LearnerState,
} from './specification.ts';

export const SEED = 42;
export const GENES: LearnerGenes = {
  gamma: 0.95,
  lambda: 0.5,
  tau: 0.1,
  kappaActor: 3,
  kappaCritic: 2,
  alpha: 1,
};
/** As in a market: every mode counts its own heads. */
export const HEAD_USE: [number, number, number, number] = [
  0b1010_1001, 0b1011_1111, 0b1110_1011, 0b1010_0001,
];

export interface TestWorld<B extends Brain = Brain> {
  readonly brain: B;
  readonly columns: BrainColumns;
  readonly slots: number;
  readonly memory: WebAssembly.Memory;
  /** First of SCRATCH_BYTES that nobody uses. */
  readonly spare: number;
}

/** A world whose agents differ in genes, all alive and newborn. */
export function makeWorld(
  slots: number,
  options: Partial<BrainOptions> = {},
  genes: Partial<LearnerGenes> = {},
): TestWorld {
  return makeWorldOf(bindBrain, slots, options, genes);
}

/** The same with another kind of brain. */
export function makeWorldOf<B extends Brain>(
  bind: (...of: Parameters<typeof bindBrain>) => B,
  slots: number,
  options: Partial<BrainOptions> = {},
  genes: Partial<LearnerGenes> = {},
): TestWorld<B> {
  const spec = brainColumnSpec(slots);
  const arena = new Arena(columnBytes(spec) + SCRATCH_BYTES);
  const columns = arena.columns(spec);
  const spare = arena.column(u32(SCRATCH_BYTES / 4)).byteOffset;
  const brain = bind(instantiateKernel(arena.memory), columns, { seed: SEED, ...options });
  for (let agent = 0; agent < slots; agent++) {
    const own = { ...GENES, gamma: 0.9 + 0.01 * (agent % 8), lambda: 0.3 + 0.1 * (agent % 6), ...genes };
    for (const [name, value] of Object.entries(own)) columns[name as keyof LearnerGenes][agent] = value;
    columns.active[agent] = 1;
    brain.birth(agent, 0);
  }
  return { brain, columns, slots, memory: arena.memory, spare };
}

/** Writes random observations (of different scales and offsets) and rewards. */
export function excite({ columns, slots }: TestWorld, tick: number, seed = SEED): void {
  const draws = new DrawSequence();
  for (let agent = 0; agent < slots; agent++) {
    draws.at(seed, tick, agent, STREAM.environment);
    const base = laneIndex(agent, OBSERVATION_COUNT);
    // feature 31 is constant
    for (let k = 0; k < OBSERVATION_COUNT; k++)
      columns.observation[base + k * LANES] = k === 31 ? 1 : (k - 10) * 3 + draws.normal() * (1 + (k % 5));
    columns.reward[agent] = 2 + 3 * draws.normal();
  }
}

/** Excites and steps ticks `from` to `to - 1`. */
export function run(world: TestWorld, from: number, to: number, seed = SEED): void {
  for (let tick = from; tick < to; tick++) {
    excite(world, tick, seed);
    world.brain.step(tick);
  }
}

/** What the specification is told of a world. */
export const specificationOptions = (over: Partial<LearnerOptions> = {}): LearnerOptions => ({
  shape: STANDARD_SHAPE,
  logitMask: ALL_LOGITS,
  headUse: HEAD_USE,
  centreReward: true,
  rewardDeviationFloor: 1e-3,
  ...over,
});

/** The genes of an agent. */
export const genesOf = ({ columns }: TestWorld, agent: number): LearnerGenes => ({
  gamma: columns.gamma[agent]!,
  lambda: columns.lambda[agent]!,
  tau: columns.tau[agent]!,
  kappaActor: columns.kappaActor[agent]!,
  kappaCritic: columns.kappaCritic[agent]!,
  alpha: columns.alpha[agent]!,
});

/** What an agent observed and earned. */
export const eventOf = (world: TestWorld, agent: number) => ({
  observation: Float64Array.from(rowsOf(world, 'observation', agent)),
  reward: world.columns.reward[agent]!,
  done: world.columns.done[agent] === 1,
});

/** Array members of the specification's state that have a column of their own. */
export const ARRAYS = [
  'weights',
  'traces',
  'inputMean',
  'inputVariance',
  'input',
  'probability',
  'entropyGradient',
  'traceEnvelope',
] as const;
/** Likewise its numbers. */
export const SCALARS = [
  'inputCount',
  'value',
  'tdError',
  'rewardMean',
  'rewardVariance',
  'rewardCount',
] as const;

/** Rows of a column of an agent, wherever the brain keeps them. */
export function rowsOf({ brain }: TestWorld, name: BrainColumnName, agent: number): number[] {
  const rows = new Array<number>(BRAIN_ROWS[name][1]);
  brain.readRows(name, agent, rows);
  return rows;
}

/** An agent's state as the specification's, in doubles. */
export function readLearner(world: TestWorld, agent: number): LearnerState {
  const state = createLearner(STANDARD_SHAPE);
  for (const name of ARRAYS) state[name].set(rowsOf(world, name, agent));
  for (const name of SCALARS) state[name] = rowsOf(world, name, agent)[0]!;
  for (const net of ['actor', 'critic'] as const) {
    state[net].normal.set(rowsOf(world, `${net}Hidden`, agent));
    state[net].active.set(state[net].normal.map((y) => (y > 0 ? y : LEAK * y)));
    state[net].scale = rowsOf(world, `${net}Scale`, agent)[0]!;
  }
  state.action.set(rowsOf(world, 'action', agent));
  state.fresh = rowsOf(world, 'fresh', agent)[0] === 1;
  return state;
}

/** Largest |a - b| / max(1, |b|). */
export function distance(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let largest = 0;
  for (let k = 0; k < b.length; k++) {
    const error = Math.abs(a[k]! - b[k]!) / Math.max(1, Math.abs(b[k]!));
    if (!(error <= largest)) largest = error;
  }
  return largest;
}
