/**
 * The brains of one world on the CPU engine: the WebAssembly kernel bound to a world's columns, and what
 * happens to single brains at birth, inheritance, self-update and checkpoints. The equations are in
 * `specification.ts`, the layout in `layout.ts`.
 */
import { assert } from '../../sim/core/assert.ts';
import type { ColumnSpec, ColumnTypes } from '../../sim/core/columns.ts';
import { instantiate } from '../../sim/core/webAssembly.ts';
import { DEFAULT_SPARSITY, zeroCount } from './initialWeights.ts';
import { KERNEL_BASE64 } from './kernel.generated.ts';
import {
  ALL_HEADS,
  ALL_LOGITS,
  BRAIN_ROWS,
  type BrainColumnName,
  type BrainColumnSpec,
  EXCHANGED,
  type ExchangedName,
  HEADS,
  LANES,
  LOGIT_COUNT,
  laneIndex,
  MODE_COUNT,
  PARAMETER_COUNT,
  RETURNED,
  STANDARD_SHAPE,
} from './layout.ts';

/** The columns of one world's brains, allocated by `Arena.columns(brainColumnSpec(slotCount))`. */
export type BrainColumns = {
  readonly [K in keyof BrainColumnSpec]: BrainColumnSpec[K] extends ColumnSpec<infer T>
    ? ColumnTypes[T]
    : never;
};

/** The columns of a world through which its other phases deal with its brains. */
export type ExchangedColumns = Pick<BrainColumns, ExchangedName>;

/** Brains of neighbouring blocks whose columns lie in one memory. */
export interface BrainShard {
  /** Of that memory. */
  readonly kernel: BrainKernel;
  readonly columns: BrainColumns;
}

/** The kernel instantiated on one memory, for one thread. */
export interface BrainKernel {
  readonly memory: WebAssembly.Memory;
  /** Learns and acts for blocks blockFrom..blockTo-1 of the shard at `descriptor`. */
  readonly step: (
    descriptor: number,
    tick: number,
    blockFrom: number,
    blockTo: number,
    scratch: number,
  ) => void;
  /** First byte of this thread's working memory. */
  readonly scratch: number;
  /**
   * Gives an agent of the shard at `descriptor` a new brain (initialWeights.ts).
   *
   * @param zerosWide, zerosNarrow inputs of each neuron of a first and of a second layer that start at zero
   */
  readonly birth: (
    descriptor: number,
    agent: number,
    tick: number,
    slot: number,
    zerosWide: number,
    zerosNarrow: number,
    scratch: number,
  ) => void;
  /** e^x of `vectors` x LANES f32 from byte `input` to byte `output`; the only exponential of the kernel. */
  readonly exponentials: (input: number, output: number, vectors: number) => void;
}

interface KernelExports {
  step: BrainKernel['step'];
  birth: BrainKernel['birth'];
  exponentials: BrainKernel['exponentials'];
  scratchBytes: () => number;
  parameterCount: () => number;
}

/** Where the working memory lies unless told otherwise: above the kernel's static data, below other kernels. */
const SCRATCH_START_BYTES = 4096;
/** Working memory of one thread. */
export const SCRATCH_BYTES = 4096;

/**
 * Instantiates the kernel, synchronously.
 *
 * @param memory an Arena's memory
 * @param scratch first of SCRATCH_BYTES of it that no other thread uses
 */
export function instantiateKernel(memory: WebAssembly.Memory, scratch = SCRATCH_START_BYTES): BrainKernel {
  const { scratchBytes, parameterCount, ...kernel } = instantiate<KernelExports>(KERNEL_BASE64, memory);
  assert(scratchBytes() <= SCRATCH_BYTES, 'the kernel outgrew its scratch area');
  assert(parameterCount() === PARAMETER_COUNT, 'kernel and layout disagree about the parameters');
  return { ...kernel, memory, scratch };
}

export interface BrainOptions {
  /** The world's seed, u32. */
  readonly seed: number;
  /** Bit k = 1 allows logit k; the same for all agents and ticks of a run. Default all. */
  readonly logitMask?: number;
  /** Per mode, bit h = 1 counts head h in log pi and entropy (bit 0, the mode itself, is added). Default all. */
  readonly headUse?: readonly [number, number, number, number];
  /** Subtract the running mean reward. Default true. */
  readonly centreReward?: boolean;
  /** Least deviation by which rewards are divided, in units of the raw reward. */
  readonly rewardDeviationFloor?: number;
  /** Share of each neuron's inputs that start at zero. */
  readonly sparsity?: number;
}

export const DEFAULT_REWARD_DEVIATION_FLOOR = 1e-3;

// Columns to which the kernel's descriptor points, in its order.
const POINTERS = [
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
  'probability',
  'value',
  'tdError',
  'weights',
  'traces',
  'inputMean',
  'inputVariance',
  'inputCount',
  'input',
  'actorHidden',
  'actorScale',
  'criticHidden',
  'criticScale',
  'entropyGradient',
  'rewardMean',
  'rewardVariance',
  'rewardCount',
  'traceEnvelope',
  'fresh',
] as const satisfies readonly BrainColumnName[];

const IN_WORLD: ReadonlySet<BrainColumnName> = new Set(EXCHANGED);

/** Everything that a brain remembers, as opposed to what the engine writes before each step. */
const STATE = POINTERS.slice(POINTERS.indexOf('action'));
const REWARD_MOMENTS = ['rewardMean', 'rewardCount'] as const;
const INPUT_MOMENTS = ['inputMean', 'inputVariance', 'inputCount'] as const;

/** Logits of heads with at least two allowed options: the only ones with a gradient. */
export function logitsWithChoice(logitMask: number): number[] {
  const rows: number[] = [];
  for (const { offset, size } of HEADS) {
    const allowed = Array.from({ length: size }, (_, j) => offset + j).filter((k) => (logitMask >>> k) & 1);
    if (allowed.length > 1) rows.push(...allowed);
  }
  return rows;
}

/**
 * The brains of one world, made by `bindBrain` or `bindShards`. A world whose brains outgrow one memory cuts them in
 * runs of neighbouring blocks, one run a memory; the exchanged columns of a run are then copied to its memory before a
 * step and back after it, some 2 % of what a step reads and writes.
 */
export class Brain {
  readonly columns: ExchangedColumns;
  readonly shards: readonly BrainShard[];
  readonly blockCount: number;
  /** Whether the brains lie in other memories than the world's other columns. */
  readonly apart: boolean;
  protected readonly seed: number;
  /** Inputs of a neuron that start at zero, in first and second layers. */
  private readonly zeros: { readonly wide: number; readonly narrow: number };
  /** Blocks of every shard; the last one may have fewer. */
  private readonly shardBlocks: number;

  constructor(columns: ExchangedColumns, shards: readonly BrainShard[], options: BrainOptions) {
    this.columns = columns;
    this.shards = shards;
    this.seed = options.seed;
    const { inputs, hidden } = STANDARD_SHAPE;
    const sparsity = options.sparsity ?? DEFAULT_SPARSITY;
    this.zeros = { wide: zeroCount(inputs, sparsity), narrow: zeroCount(hidden, sparsity) };
    this.blockCount = columns.active.length / LANES;
    this.shardBlocks = Math.max(1, shards[0]!.columns.active.length / LANES);
    this.apart = shards[0]!.columns.active !== columns.active;
    let firstBlock = 0;
    for (const shard of shards) {
      assert(
        shard.columns.weights.buffer === shard.kernel.memory.buffer,
        'brain columns lie in another memory',
      );
      assert(firstBlock % this.shardBlocks === 0, 'a shard of brains before the last has fewer blocks');
      describe(shard, firstBlock, options);
      firstBlock += shard.columns.active.length / LANES;
    }
    assert(firstBlock === this.blockCount, `shards hold ${firstBlock} blocks of ${this.blockCount}`);
  }

  /**
   * Phases 3 and 4 of a tick: every active agent learns from `reward` for its previous action, then chooses
   * `action` at `observation`. Blocks of agents are independent, so any split of the range gives the same bits.
   */
  step(tick: number, blockFrom = 0, blockTo = this.blockCount): void {
    assert(blockFrom >= 0 && blockFrom <= blockTo && blockTo <= this.blockCount, 'block range out of bounds');
    const { shardBlocks } = this;
    for (let from = blockFrom; from < blockTo; ) {
      const k = Math.floor(from / shardBlocks);
      const first = k * shardBlocks;
      const to = Math.min(blockTo, first + shardBlocks);
      this.stepShard(this.shards[k]!, tick, first, from, to);
      from = to;
    }
  }

  private stepShard(shard: BrainShard, tick: number, first: number, from: number, to: number): void {
    const { kernel, columns } = shard;
    const { apart } = this;
    if (apart)
      for (const name of EXCHANGED) moveBlocks(name, this.columns, from, columns, from - first, to - from);
    kernel.step(columns.descriptor.byteOffset, tick, from - first, to - first, kernel.scratch);
    if (apart)
      for (const name of RETURNED) moveBlocks(name, columns, from - first, this.columns, from, to - from);
  }

  /**
   * A new brain in a slot: fresh weights, no memory. Genes and `active` are the engine's.
   *
   * @param tick, slot where and when its weights are born, from which they are drawn: elsewhere for who inherits them
   */
  birth(agent: number, tick: number, slot = agent): void {
    const { shardBlocks, zeros } = this;
    const shard = Math.floor(agent / (LANES * shardBlocks));
    const { kernel, columns } = this.shards[shard]!;
    const local = agent - shard * LANES * shardBlocks;
    const { byteOffset } = columns.descriptor;
    kernel.birth(byteOffset, local, tick, slot, zeros.wide, zeros.narrow, kernel.scratch);
    if (this.apart) for (const name of RETURNED) this.fill(name, agent, 0);
    for (const name of STATE) this.afterWrite(name, agent, agent + 1);
  }

  /** Forgets traces and reward moments, at the switches of a self-update trial; weights and input moments stay. */
  resetLearning(agent: number): void {
    this.clearTraces(agent);
    this.fill('traceEnvelope', agent, 0);
    for (const name of REWARD_MOMENTS) this.fill(name, agent, 0);
    this.fill('rewardVariance', agent, 1);
  }

  /** Gives `to` the current weights of `from` (Lamarckian inheritance). */
  copyWeights(from: number, to: number): void {
    this.copy('weights', from, to);
  }

  /** Gives `to` the input moments of `from`, without which copied weights see differently scaled inputs. */
  copyInputMoments(from: number, to: number): void {
    for (const name of INPUT_MOMENTS) this.copy(name, from, to);
  }

  /** An agent's weights in plain order [PARAMETER_COUNT], into `out` if given. */
  readAgent(agent: number, out = new Float32Array(PARAMETER_COUNT)): Float32Array {
    this.readRows('weights', agent, out);
    return out;
  }

  /** Sets an agent's weights from plain order [PARAMETER_COUNT]. */
  writeAgent(agent: number, weights: ArrayLike<number>): void {
    assert(weights.length === PARAMETER_COUNT, `expected ${PARAMETER_COUNT} weights, got ${weights.length}`);
    this.writeRows('weights', agent, weights);
  }

  /** All that an agent's brain remembers, in plain order: the concatenated rows of its state columns, as bits. */
  readState(agent: number): Uint32Array {
    const state = new Uint32Array(BRAIN_STATE_WORDS);
    let next = 0;
    for (const name of STATE) {
      this.beforeRead(name, agent, agent + 1);
      const rows = BRAIN_ROWS[name][1];
      const bits = asWords(this.columnOf(name, agent));
      let index = this.firstOf(name, agent);
      for (let row = 0; row < rows; row++, index += LANES) state[next++] = bits[index]!;
    }
    return state;
  }

  /** Restores what `readState` gave, in any slot of any world. */
  writeState(agent: number, state: Uint32Array): void {
    assert(state.length === BRAIN_STATE_WORDS, `expected ${BRAIN_STATE_WORDS} words, got ${state.length}`);
    let next = 0;
    for (const name of STATE) {
      const rows = BRAIN_ROWS[name][1];
      const bits = asWords(this.columnOf(name, agent));
      let index = this.firstOf(name, agent);
      for (let row = 0; row < rows; row++, index += LANES) bits[index] = state[next++]!;
      this.afterWrite(name, agent, agent + 1);
    }
  }

  /** Copies one agent's rows of a column to `out`, in plain order. */
  readRows(name: BrainColumnName, agent: number, out: { [index: number]: number }): void {
    this.beforeRead(name, agent, agent + 1);
    const rows = BRAIN_ROWS[name][1];
    const column = this.columnOf(name, agent);
    let index = this.firstOf(name, agent);
    for (let row = 0; row < rows; row++, index += LANES) out[row] = column[index]!;
  }

  /** Sets one agent's rows of a column from plain order. */
  writeRows(name: BrainColumnName, agent: number, values: ArrayLike<number>): void {
    const rows = BRAIN_ROWS[name][1];
    const column = this.columnOf(name, agent);
    let index = this.firstOf(name, agent);
    // The kernel relies on no weight being -0; + 0 turns -0 to +0 and changes nothing else.
    for (let row = 0; row < rows; row++, index += LANES) column[index] = values[row]! + 0;
    this.afterWrite(name, agent, agent + 1);
  }

  /** Copies a column's rows of agents from..to-1, as they are, to plain order [agents x rows] from out's beginning. */
  readColumn(name: BrainColumnName, from: number, to: number, out: { [index: number]: number }): void {
    this.beforeRead(name, from, to);
    this.gatherRows(name, from, to, out);
  }

  /** Puts back what `readColumn` gave. */
  writeColumn(name: BrainColumnName, from: number, to: number, values: ArrayLike<number>): void {
    this.scatterRows(name, from, to, values);
    this.afterWrite(name, from, to);
  }

  /** Called before rows of a state column are read; an engine that keeps them elsewhere fetches them. */
  protected beforeRead(_name: BrainColumnName, _from: number, _to: number): void {}

  /** Called when rows of a state column were written; an engine that keeps them elsewhere takes them. */
  protected afterWrite(_name: BrainColumnName, _from: number, _to: number): void {}

  protected gatherRows(
    name: BrainColumnName,
    from: number,
    to: number,
    out: { [index: number]: number },
  ): void {
    const rows = BRAIN_ROWS[name][1];
    for (let agent = from, next = 0; agent < to; agent++) {
      const column = this.columnOf(name, agent);
      let index = this.firstOf(name, agent);
      for (let row = 0; row < rows; row++, index += LANES) out[next++] = column[index]!;
    }
  }

  protected scatterRows(name: BrainColumnName, from: number, to: number, values: ArrayLike<number>): void {
    const rows = BRAIN_ROWS[name][1];
    for (let agent = from, next = 0; agent < to; agent++) {
      const column = this.columnOf(name, agent);
      let index = this.firstOf(name, agent);
      for (let row = 0; row < rows; row++, index += LANES) column[index] = values[next++]!;
    }
  }

  /** Rows of a column over all blocks; 0 where nobody in the world has a brain. */
  lengthOf(name: BrainColumnName): number {
    return this.placesOf(name).reduce((sum, { length }) => sum + length, 0);
  }

  /** A column of the whole world, in the pieces in which it lies, in agent order. */
  piecesOf(name: BrainColumnName): readonly BrainColumns[BrainColumnName][] {
    this.beforeRead(name, 0, LANES * this.blockCount);
    return this.placesOf(name);
  }

  private placesOf(name: BrainColumnName): readonly BrainColumns[BrainColumnName][] {
    return isExchanged(name) ? [this.columns[name]] : this.shards.map(({ columns }) => columns[name]);
  }

  /** Whether an agent has not acted yet. */
  isFresh(agent: number): boolean {
    return this.columnOf('fresh', agent)[this.firstOf('fresh', agent)] !== 0;
  }

  private columnOf(name: BrainColumnName, agent: number): BrainColumns[BrainColumnName] {
    if (isExchanged(name)) return this.columns[name];
    return this.shards[Math.floor(agent / (LANES * this.shardBlocks))]!.columns[name];
  }

  /** Index of an agent's first row in its column. */
  private firstOf(name: BrainColumnName, agent: number): number {
    const local = isExchanged(name) ? agent : agent % (LANES * this.shardBlocks);
    return laneIndex(local, BRAIN_ROWS[name][1]);
  }

  private fill(name: BrainColumnName, agent: number, value: number): void {
    const rows = BRAIN_ROWS[name][1];
    const column = this.columnOf(name, agent);
    let index = this.firstOf(name, agent);
    for (let row = 0; row < rows; row++, index += LANES) column[index] = value;
    this.afterWrite(name, agent, agent + 1);
  }

  /** By far the longest rows, apart from the loop above, which serves columns of both types. */
  private clearTraces(agent: number): void {
    const traces = this.columnOf('traces', agent) as Float32Array;
    const first = this.firstOf('traces', agent);
    const end = first + PARAMETER_COUNT * LANES;
    for (let index = first; index < end; index += LANES) traces[index] = 0;
    this.afterWrite('traces', agent, agent + 1);
  }

  private copy(name: BrainColumnName, from: number, to: number): void {
    this.beforeRead(name, from, from + 1);
    const rows = BRAIN_ROWS[name][1];
    const sources = this.columnOf(name, from);
    const targets = this.columnOf(name, to);
    let source = this.firstOf(name, from);
    let target = this.firstOf(name, to);
    for (let row = 0; row < rows; row++, source += LANES, target += LANES) targets[target] = sources[source]!;
    this.afterWrite(name, to, to + 1);
  }
}

const isExchanged = (name: BrainColumnName): name is ExchangedName => IN_WORLD.has(name);

/** Writes the world's parameters and a shard's addresses for the kernel. */
function describe({ columns }: BrainShard, firstBlock: number, options: BrainOptions): void {
  const words = columns.descriptor;
  const logitMask = (options.logitMask ?? ALL_LOGITS) >>> 0;
  const headUse = options.headUse ?? Array.from({ length: MODE_COUNT }, () => ALL_HEADS);
  let next = 0;
  for (const name of POINTERS) words[next++] = columns[name].byteOffset;
  words[next++] = options.seed;
  words[next++] = logitMask;
  words[next++] = (options.centreReward ?? true) ? 1 : 0;
  const floor = options.rewardDeviationFloor ?? DEFAULT_REWARD_DEVIATION_FLOOR;
  assert(floor > 0, `rewardDeviationFloor ${floor} must be above 0`);
  new Float32Array(words.buffer, words.byteOffset + 4 * next++, 1)[0] = floor;
  for (const use of headUse) words[next++] = use | 1;
  const rows = logitsWithChoice(logitMask);
  words[next++] = rows.length;
  words.set(rows, next);
  words[next + LOGIT_COUNT] = firstBlock;
}

/** Copies `blocks` blocks of a column from one memory to another. */
function moveBlocks(
  name: ExchangedName,
  source: ExchangedColumns,
  from: number,
  target: ExchangedColumns,
  to: number,
  blocks: number,
): void {
  const stride = BRAIN_ROWS[name][1] * LANES;
  // the only view that a tick makes: a few for thousands of agents, and only where brains lie apart
  target[name].set(source[name].subarray(from * stride, (from + blocks) * stride), to * stride);
}

const asWords = (column: ColumnTypes['u32' | 'f32']): Uint32Array =>
  new Uint32Array(column.buffer, column.byteOffset, column.length);

/** Words of one agent's `readState`. */
const BRAIN_STATE_WORDS = STATE.reduce((sum, name) => sum + BRAIN_ROWS[name][1], 0);

/** Makes the brains of a world whose columns lie in one memory. */
export type BindBrain = (kernel: BrainKernel, columns: BrainColumns, options: BrainOptions) => Brain;

/** Binds the kernel to one world's columns and writes the world's parameters for it. */
export const bindBrain: BindBrain = (kernel, columns, options) =>
  new Brain(columns, [{ kernel, columns }], options);

/**
 * Binds a world whose brains lie in other memories than its exchanged columns.
 *
 * @param shards in agent order, of equal size but for the last
 */
export const bindShards = (
  columns: ExchangedColumns,
  shards: readonly BrainShard[],
  options: BrainOptions,
): Brain => new Brain(columns, shards, options);
