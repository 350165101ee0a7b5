/**
 * The brains of one world as tensors: equations in tensorflow.ts, everything else as on the CPU. State stays in tensors
 * from tick to tick. The columns are its mirror: what is written to them (births, inheritance, resets, checkpoints) is
 * taken into the tensors before the next step, what is read from them is fetched first, and what a world reads on every
 * tick (actions, probabilities, temporal-difference errors) is fetched on every tick.
 */
import { assert } from '../../sim/core/assert.ts';
import { EngineError } from '../../sim/core/errors.ts';
import { pcg4d, STREAM, unitInterval } from '../../sim/core/rng.ts';
import {
  type BindBrain,
  Brain,
  type BrainColumns,
  type BrainKernel,
  type BrainOptions,
  DEFAULT_REWARD_DEVIATION_FLOOR,
} from './brain.ts';
import {
  ALL_HEADS,
  ALL_LOGITS,
  BRAIN_ROWS,
  type BrainColumnName,
  HEAD_COUNT,
  HEADS,
  LANES,
  LOGIT_COUNT,
  laneIndex,
  MODE_COUNT,
  OBSERVATION_COUNT,
} from './layout.ts';
import {
  ACTOR_SHAPES,
  CRITIC_SHAPES,
  type HeadTensors,
  headTensors,
  type Net,
  stepLearners,
  type Tensor,
  type TensorOptions,
  type TensorState,
  type TensorTick,
  type Tf,
} from './tensorflow.ts';

/** Parts of a net in the plain order of parameters. */
const PARTS = ['hidden', 'hiddenBias', 'output', 'outputBias'] as const satisfies readonly (keyof Net)[];
/** Columns that are one tensor each. */
const PLAIN = [
  'inputMean',
  'inputVariance',
  'inputCount',
  'input',
  'actorHidden',
  'actorScale',
  'criticHidden',
  'criticScale',
  'probability',
  'entropyGradient',
  'value',
  'rewardMean',
  'rewardVariance',
  'rewardCount',
  'traceEnvelope',
] as const satisfies readonly (BrainColumnName & keyof TensorState)[];
/** Columns whose truth lies in tensors. */
const TENSOR_COLUMNS = ['weights', 'traces', ...PLAIN] as const;
type TensorColumn = (typeof TENSOR_COLUMNS)[number];
/** Genes of the learner, a tensor each. */
const GENES = ['gamma', 'lambda', 'tau', 'alpha', 'kappaActor', 'kappaCritic'] as const;

const isTensorColumn = (name: BrainColumnName): name is TensorColumn =>
  (TENSOR_COLUMNS as readonly BrainColumnName[]).includes(name);

/** Shapes behind the agents of a column's tensors, in the plain order of its rows. */
const shapesOf = (name: TensorColumn): readonly (readonly number[])[] =>
  name === 'weights' || name === 'traces'
    ? [ACTOR_SHAPES, CRITIC_SHAPES].flatMap((net) => PARTS.map((part) => net[part]))
    : [[BRAIN_ROWS[name][1]]];

const sizeOf = (shape: readonly number[]): number => shape.reduce((size, n) => size * n, 1);

/** A column's tensors, in the order of `shapesOf`. */
type Tensors = { [K in TensorColumn]: Tensor[] };

const netOf = (parts: readonly Tensor[]): Net =>
  Object.fromEntries(PARTS.map((part, k) => [part, parts[k]!])) as unknown as Net;
const partsOf = (...nets: readonly Net[]): Tensor[] => nets.flatMap((net) => PARTS.map((part) => net[part]));

/** Columns as the equations name them, and back. */
const stateOf = (columns: Tensors): TensorState => ({
  ...(Object.fromEntries(PLAIN.map((name) => [name, columns[name][0]!])) as Record<
    (typeof PLAIN)[number],
    Tensor
  >),
  actor: netOf(columns.weights.slice(0, PARTS.length)),
  critic: netOf(columns.weights.slice(PARTS.length)),
  actorTraces: netOf(columns.traces.slice(0, PARTS.length)),
  criticTraces: netOf(columns.traces.slice(PARTS.length)),
});
const columnsOf = (state: TensorState): Tensors => ({
  ...(Object.fromEntries(PLAIN.map((name) => [name, [state[name]]])) as Record<
    (typeof PLAIN)[number],
    Tensor[]
  >),
  weights: partsOf(state.actor, state.critic),
  traces: partsOf(state.actorTraces, state.criticTraces),
});

/** The brains of a world as tensors; `dispose` frees them. */
export class TensorBrain extends Brain {
  private readonly tf: Tf;
  private readonly host: BrainColumns;
  /** Slots, padded to whole blocks. */
  private readonly agents: number;
  private readonly options: TensorOptions;
  private readonly heads: HeadTensors;
  private tensors: Tensors | null = null;
  /** Columns that are newer in tensors, but for the agents of `written`. */
  private readonly stale = new Set<TensorColumn>();
  /** Agents whose rows are newer in the columns. */
  private readonly written = new Map<TensorColumn, Set<number>>();

  constructor(tf: Tf, kernel: BrainKernel, columns: BrainColumns, options: BrainOptions) {
    super(columns, [{ kernel, columns }], options);
    this.tf = tf;
    this.host = columns;
    this.agents = columns.active.length;
    this.options = {
      logitMask: (options.logitMask ?? ALL_LOGITS) >>> 0,
      headUse: options.headUse ?? Array.from({ length: MODE_COUNT }, () => ALL_HEADS),
      centreReward: options.centreReward ?? true,
      rewardDeviationFloor: options.rewardDeviationFloor ?? DEFAULT_REWARD_DEVIATION_FLOOR,
    };
    this.heads = headTensors(tf, this.options);
  }

  /** All agents of the world at once. Throws EngineError when the library or its device fails. */
  override step(tick: number, blockFrom = 0, blockTo = this.blockCount): void {
    assert(
      blockFrom === 0 && blockTo === this.blockCount,
      'tensors hold all agents: a step takes all of them',
    );
    // a world without learners has no such columns
    if (this.host.weights.length === 0) return;
    const { active, fresh, tdError } = this.host;
    if (!active.includes(1)) return;
    try {
      this.advance();
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : String(cause);
      throw new EngineError(
        `TensorFlow.js failed in tick ${tick}: ${why.split('\n')[0]}`,
        'use fewer agents, or --engine cpu',
        { cause },
      );
    }
    for (let agent = 0; agent < this.agents; agent++) {
      if (active[agent] === 0) continue;
      if (fresh[agent] !== 0) tdError[agent] = 0;
      fresh[agent] = 0;
      sampleAction(this.host, agent, this.options.logitMask, this.seed, tick);
    }
  }

  /** Frees all tensors; the columns hold what was fetched last. */
  dispose(): void {
    this.tf.dispose([Object.values(this.heads).filter((value) => typeof value !== 'number')]);
    if (this.tensors !== null) this.tf.dispose(Object.values(this.tensors).flat());
    this.tensors = null;
  }

  protected override beforeRead(name: BrainColumnName, from: number, to: number): void {
    if (!isTensorColumn(name) || !this.stale.has(name)) return;
    const written = this.written.get(name);
    let unwritten = false;
    for (let agent = from; agent < to && !unwritten; agent++) unwritten = !written?.has(agent);
    if (!unwritten) return;
    this.takeWritten(name);
    this.fetch(name, from, to);
  }

  protected override afterWrite(name: BrainColumnName, from: number, to: number): void {
    if (!isTensorColumn(name) || this.tensors === null) return;
    const written = this.written.get(name) ?? new Set<number>();
    this.written.set(name, written);
    for (let agent = from; agent < to; agent++) written.add(agent);
  }

  /** Steps the tensors, and fetches what worlds read on every tick. */
  private advance(): void {
    const { tf } = this;
    for (const name of TENSOR_COLUMNS) this.takeWritten(name);
    const before = this.tensors ?? this.upload();
    const { tdError, ...columns } = tf.tidy(() => {
      const stepped = stepLearners(tf, stateOf(before), this.tickTensors(), this.heads, this.options);
      return { ...columnsOf(stepped.state), tdError: stepped.tdError };
    });
    const kept = new Set(Object.values(columns).flat());
    tf.dispose(
      Object.values(before)
        .flat()
        .filter((tensor) => !kept.has(tensor)),
    );
    this.tensors = columns;
    for (const name of TENSOR_COLUMNS) this.stale.add(name);
    const errors = tdError.dataSync();
    tdError.dispose();
    const { active } = this.host;
    for (let agent = 0; agent < this.agents; agent++)
      if (active[agent] !== 0) this.host.tdError[agent] = errors[agent]!;
    this.fetch('probability', 0, this.agents);
  }

  /** What the world wrote for this tick, as tensors; zeros where nobody acts, whatever a dead agent left there. */
  private tickTensors(): TensorTick {
    const { tf, host, agents } = this;
    const { active, fresh } = host;
    const perAgent = (read: (agent: number) => number): Tensor => {
      const values = Float32Array.from(active, (acts, agent) => (acts === 0 ? 0 : read(agent)));
      return tf.tensor2d(values, [agents, 1]);
    };
    const genes = Object.fromEntries(GENES.map((name) => [name, perAgent((agent) => host[name][agent]!)]));
    return {
      ...(genes as Record<(typeof GENES)[number], Tensor>),
      observation: tf.tensor2d(this.rowsOfActing('observation', Float32Array), [agents, OBSERVATION_COUNT]),
      action: tf.tensor2d(this.rowsOfActing('action', Int32Array), [agents, HEAD_COUNT], 'int32'),
      reward: perAgent((agent) => host.reward[agent]!),
      done: host.done.includes(1) ? perAgent((agent) => host.done[agent]!) : null,
      acts: perAgent(() => 1),
      learns: perAgent((agent) => (fresh[agent] === 0 ? 1 : 0)),
    };
  }

  private rowsOfActing<T extends Float32Array | Int32Array>(
    name: 'observation' | 'action',
    Numbers: new (length: number) => T,
  ): T {
    const rows = BRAIN_ROWS[name][1];
    const out = new Numbers(this.agents * rows);
    for (let agent = 0; agent < this.agents; agent++)
      if (this.host.active[agent] !== 0)
        this.gatherRows(name, agent, agent + 1, out.subarray(agent * rows, (agent + 1) * rows));
    return out;
  }

  /** All columns as tensors. */
  private upload(): Tensors {
    const entries = TENSOR_COLUMNS.map((name) => [name, this.rowsToTensors(name, this.all())]);
    this.written.clear();
    return Object.fromEntries(entries) as Tensors;
  }

  private all(): number[] {
    return Array.from({ length: this.agents }, (_, agent) => agent);
  }

  /** The rows of some agents of a column, cut into its tensors. */
  private rowsToTensors(name: TensorColumn, agents: readonly number[]): Tensor[] {
    const rows = BRAIN_ROWS[name][1];
    const plain = new Float32Array(rows);
    const shapes = shapesOf(name);
    const parts = shapes.map((shape) => new Float32Array(agents.length * sizeOf(shape)));
    agents.forEach((agent, row) => {
      this.gatherRows(name, agent, agent + 1, plain);
      let next = 0;
      parts.forEach((part, k) => {
        const size = sizeOf(shapes[k]!);
        part.set(plain.subarray(next, next + size), row * size);
        next += size;
      });
    });
    return parts.map((part, k) => this.tf.tensor(part, [agents.length, ...shapes[k]!]));
  }

  /** Takes rows that were written to a column into its tensors. */
  private takeWritten(name: TensorColumn): void {
    const written = this.written.get(name);
    if (written === undefined || written.size === 0 || this.tensors === null) return;
    const { tf } = this;
    const agents = [...written].sort((a, b) => a - b);
    const before = this.tensors[name];
    const after = tf.tidy(() => {
      const rows = this.rowsToTensors(name, agents);
      if (agents.length === this.agents) return rows;
      const indices = tf.tensor2d(agents, [agents.length, 1], 'int32');
      return before.map((tensor, k) => tf.tensorScatterUpdate(tensor, indices, rows[k]!));
    });
    tf.dispose([...before]);
    this.tensors = { ...this.tensors, [name]: after };
    written.clear();
  }

  /** Copies rows of agents from..to-1 from tensors to the column. */
  private fetch(name: TensorColumn, from: number, to: number): void {
    const { tf } = this;
    const rows = BRAIN_ROWS[name][1];
    const shapes = shapesOf(name);
    const whole = from === 0 && to === this.agents;
    const parts = tf.tidy(() =>
      this.tensors![name].map((tensor) =>
        (whole ? tensor : tensor.slice(from, to - from)).dataSync<'float32'>(),
      ),
    );
    const plain = new Float32Array(rows);
    for (let agent = from; agent < to; agent++) {
      let next = 0;
      parts.forEach((part, k) => {
        const size = sizeOf(shapes[k]!);
        plain.set(part.subarray((agent - from) * size, (agent - from + 1) * size), next);
        next += size;
      });
      // no weight may be -0, see writeRows
      for (let row = 0; row < rows; row++) plain[row]! += 0;
      this.scatterRows(name, agent, agent + 1, plain);
    }
    if (whole) this.stale.delete(name);
  }
}

/** The words of an agent's heads: 0..3 of stream actHeadsA, then of actHeadsB. */
const words = new Uint32Array(HEAD_COUNT);
const wordsA = words.subarray(0, HEAD_COUNT / 2);
const wordsB = words.subarray(HEAD_COUNT / 2);

/** Samples every head of an agent from its probabilities: the draws of the kernel and, like its, sums in f32. */
export function sampleAction(
  { probability, action }: Pick<BrainColumns, 'probability' | 'action'>,
  agent: number,
  logitMask: number,
  seed: number,
  tick: number,
): void {
  const from = laneIndex(agent, LOGIT_COUNT);
  const to = laneIndex(agent, HEAD_COUNT);
  pcg4d(wordsA, seed, tick, agent, STREAM.actHeadsA);
  pcg4d(wordsB, seed, tick, agent, STREAM.actHeadsB);
  HEADS.forEach(({ offset, size }, head) => {
    const u = unitInterval(words[head]!);
    let cumulative = 0;
    let option = 0;
    for (let j = 0; j < size; j++) {
      if (((logitMask >>> (offset + j)) & 1) === 0) continue;
      cumulative = Math.fround(cumulative + probability[from + LANES * (offset + j)]!);
      option = j;
      // past the last one only rounding is left
      if (u < cumulative) break;
    }
    action[to + LANES * head] = option;
  });
}

/**
 * Makes brains of tensors.
 *
 * @param onMade told of each, so that whoever owns the library can dispose of them
 */
export const tensorBrains =
  (tf: Tf, onMade: (brain: TensorBrain) => void): BindBrain =>
  (kernel, columns, options) => {
    const brain = new TensorBrain(tf, kernel, columns, options);
    onMade(brain);
    return brain;
  };
