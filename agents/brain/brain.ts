/**
 * The brains of one world on the CPU engine: the WebAssembly kernel bound to a world's columns, and what
 * happens to single brains at birth, inheritance, self-update and checkpoints. The equations are in
 * `specification.ts`, the layout in `layout.ts`.
 */
import { assert } from '../../sim/core/assert.ts';
import type { ColumnSpec, ColumnTypes } from '../../sim/core/columns.ts';
import { DrawSequence, STREAM } from '../../sim/core/rng.ts';
import { instantiate } from '../../sim/core/webAssembly.ts';
import { KERNEL_BASE64 } from './kernel.generated.ts';
import {
  ALL_HEADS,
  ALL_LOGITS,
  BRAIN_ROWS,
  type BrainColumnName,
  type BrainColumnSpec,
  HEADS,
  LANES,
  laneIndex,
  MODE_COUNT,
  PARAMETER_COUNT,
  PARAMETERS,
  parameterOffsets,
  REVISE_BIAS,
  REVISE_LOGIT,
  STANDARD_SHAPE,
} from './layout.ts';

/** The columns of one world's brains, allocated by `Arena.columns(brainColumnSpec(slotCount))`. */
export type BrainColumns = {
  readonly [K in keyof BrainColumnSpec]: BrainColumnSpec[K] extends ColumnSpec<infer T>
    ? ColumnTypes[T]
    : never;
};

/** The kernel instantiated on one memory, for one thread. */
export interface BrainKernel {
  readonly memory: WebAssembly.Memory;
  /** Learns and acts for blocks blockFrom..blockTo-1 of the world at `descriptor`. */
  readonly step: (
    descriptor: number,
    tick: number,
    blockFrom: number,
    blockTo: number,
    scratch: number,
  ) => void;
  /** First byte of this thread's working memory. */
  readonly scratch: number;
  /** e^x of `vectors` x LANES f32 from byte `input` to byte `output`; the only exponential of the kernel. */
  readonly exponentials: (input: number, output: number, vectors: number) => void;
}

interface KernelExports {
  step: BrainKernel['step'];
  exponentials: BrainKernel['exponentials'];
  scratchBytes: () => number;
  parameterCount: () => number;
}

/** Working memories of threads lie above the kernel's static data, below those of other kernels. */
const SCRATCH_START_BYTES = 4096;
const SCRATCH_STRIDE_BYTES = 4096;
/** Threads whose working memories fit into the first 64 KiB. */
export const KERNEL_THREADS_MAX = 15;

/**
 * Instantiates the kernel, synchronously.
 *
 * @param memory an Arena's memory
 * @param thread 0..KERNEL_THREADS_MAX-1: threads that share one memory work in different scratch areas
 */
export function instantiateKernel(memory: WebAssembly.Memory, thread = 0): BrainKernel {
  assert(
    Number.isInteger(thread) && thread >= 0 && thread < KERNEL_THREADS_MAX,
    `kernel thread ${thread} is outside 0..${KERNEL_THREADS_MAX - 1}`,
  );
  const { step, exponentials, scratchBytes, parameterCount } = instantiate<KernelExports>(
    KERNEL_BASE64,
    memory,
  );
  assert(scratchBytes() <= SCRATCH_STRIDE_BYTES, 'the kernel outgrew its scratch area');
  assert(parameterCount() === PARAMETER_COUNT, 'kernel and layout disagree about the parameters');
  return { memory, step, exponentials, scratch: SCRATCH_START_BYTES + thread * SCRATCH_STRIDE_BYTES };
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

export const DEFAULT_SPARSITY = 0.5;
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

/** The brains of one world. Made by `bindBrain`. */
export class Brain {
  readonly columns: BrainColumns;
  readonly blockCount: number;
  private readonly kernel: BrainKernel;
  private readonly seed: number;
  private readonly sparsity: number;
  private readonly descriptor: number;
  private readonly initial = new Float32Array(PARAMETER_COUNT);

  constructor(kernel: BrainKernel, columns: BrainColumns, options: BrainOptions) {
    this.kernel = kernel;
    this.columns = columns;
    this.seed = options.seed;
    this.sparsity = options.sparsity ?? DEFAULT_SPARSITY;
    this.blockCount = columns.active.length / LANES;
    this.descriptor = columns.descriptor.byteOffset;
    assert(columns.weights.buffer === kernel.memory.buffer, 'brain columns lie in another memory');

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
    for (const row of rows) words[next++] = row;
  }

  /**
   * Phases 3 and 4 of a tick: every active agent learns from `reward` for its previous action, then chooses
   * `action` at `observation`. Blocks of agents are independent, so any split of the range gives the same bits.
   */
  step(tick: number, blockFrom = 0, blockTo = this.blockCount): void {
    assert(blockFrom >= 0 && blockFrom <= blockTo && blockTo <= this.blockCount, 'block range out of bounds');
    this.kernel.step(this.descriptor, tick, blockFrom, blockTo, this.kernel.scratch);
  }

  /** A new brain in a slot: fresh weights drawn from (seed, tick, slot), no memory. Genes and `active` are the engine's. */
  birth(agent: number, tick: number): void {
    for (const name of STATE) this.fill(name, agent, 0);
    this.fill('inputVariance', agent, 1);
    this.fill('rewardVariance', agent, 1);
    this.fill('fresh', agent, 1);
    drawInitialWeights(this.initial, this.seed, tick, agent, this.sparsity);
    this.writeAgent(agent, this.initial);
  }

  /** Forgets traces and reward moments, at the switches of a self-update trial; weights and input moments stay. */
  resetLearning(agent: number): void {
    this.fill('traces', agent, 0);
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
      const rows = BRAIN_ROWS[name][1];
      const bits = asWords(this.columns[name]);
      let index = laneIndex(agent, rows);
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
      const bits = asWords(this.columns[name]);
      let index = laneIndex(agent, rows);
      for (let row = 0; row < rows; row++, index += LANES) bits[index] = state[next++]!;
    }
  }

  /** Copies one agent's rows of a column to `out`, in plain order. */
  readRows(name: BrainColumnName, agent: number, out: { [index: number]: number }): void {
    const rows = BRAIN_ROWS[name][1];
    const column = this.columns[name];
    let index = laneIndex(agent, rows);
    for (let row = 0; row < rows; row++, index += LANES) out[row] = column[index]!;
  }

  /** Sets one agent's rows of a column from plain order. */
  writeRows(name: BrainColumnName, agent: number, values: ArrayLike<number>): void {
    const rows = BRAIN_ROWS[name][1];
    const column = this.columns[name];
    let index = laneIndex(agent, rows);
    // The kernel relies on no weight being -0; + 0 turns -0 to +0 and changes nothing else.
    for (let row = 0; row < rows; row++, index += LANES) column[index] = values[row]! + 0;
  }

  private fill(name: BrainColumnName, agent: number, value: number): void {
    const rows = BRAIN_ROWS[name][1];
    const column = this.columns[name];
    let index = laneIndex(agent, rows);
    for (let row = 0; row < rows; row++, index += LANES) column[index] = value;
  }

  private copy(name: BrainColumnName, from: number, to: number): void {
    const rows = BRAIN_ROWS[name][1];
    const column = this.columns[name];
    let source = laneIndex(from, rows);
    let target = laneIndex(to, rows);
    for (let row = 0; row < rows; row++, source += LANES, target += LANES) column[target] = column[source]!;
  }
}

const asWords = (column: ColumnTypes['u32' | 'f32']): Uint32Array =>
  new Uint32Array(column.buffer, column.byteOffset, column.length);

/** Words of one agent's `readState`. */
export const BRAIN_STATE_WORDS = STATE.reduce((sum, name) => sum + BRAIN_ROWS[name][1], 0);

/** Binds the kernel to one world's columns and writes the world's parameters for it. */
export const bindBrain = (kernel: BrainKernel, columns: BrainColumns, options: BrainOptions): Brain =>
  new Brain(kernel, columns, options);

const draws = new DrawSequence();
const zeroDraws = new DrawSequence();

/**
 * Draws the weights of a newborn in plain order: uniform +-1/sqrt(fan-in), of each neuron ceil(sparsity x fan-in)
 * inputs zero but at least one kept, biases 0 except the "revise" logit's, which is REVISE_BIAS (sparse
 * initialisation of Elsayed et al. 2024, algorithm 1). A function of (seed, tick, slot) alone, so birth weights
 * (Baldwinian inheritance) can be drawn again from a founder's tick and slot.
 *
 * @param out [PARAMETER_COUNT], overwritten
 */
export function drawInitialWeights(
  out: Float32Array,
  seed: number,
  tick: number,
  slot: number,
  sparsity = DEFAULT_SPARSITY,
): void {
  const { inputs, hidden, heads } = STANDARD_SHAPE;
  const at = parameterOffsets(STANDARD_SHAPE);
  const logits = heads.reduce((sum, size) => sum + size, 0);
  draws.at(seed, tick, slot, STREAM.initialWeights);
  zeroDraws.at(seed, tick, slot, STREAM.sparsity);
  out.fill(0);
  drawLayer(out, at.actorHidden, hidden, inputs, sparsity);
  drawLayer(out, at.actorOutput, logits, hidden, sparsity);
  drawLayer(out, at.criticHidden, hidden, inputs, sparsity);
  drawLayer(out, at.criticOutput, 1, hidden, sparsity);
  out[PARAMETERS.actorOutputBias + REVISE_LOGIT] = REVISE_BIAS;
}

function drawLayer(out: Float32Array, from: number, rows: number, fanIn: number, sparsity: number): void {
  const bound = 1 / Math.sqrt(fanIn);
  const zeroCount = Math.min(fanIn - 1, Math.ceil(sparsity * fanIn));
  const order = new Uint8Array(fanIn);
  for (let row = 0; row < rows; row++) {
    const start = from + row * fanIn;
    for (let k = 0; k < fanIn; k++) {
      out[start + k] = bound * (2 * draws.unit() - 1);
      order[k] = k;
    }
    // The first zeroCount places of a Fisher-Yates shuffle.
    for (let k = 0; k < zeroCount; k++) {
      const pick = k + zeroDraws.below(fanIn - k);
      out[start + order[pick]!] = 0;
      order[pick] = order[k]!;
    }
  }
}
