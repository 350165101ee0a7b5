/**
 * `darwin bench brain`: how many learn + act steps one thread of the CPU engine makes per second, and, if asked,
 * how many another kernel makes on the same agents in the same process, turn about.
 */
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type Brain, type BrainKernel, bindBrain, instantiateKernel } from '../../agents/brain/brain.ts';
import {
  type BrainColumnSpec,
  blockCountOf,
  brainColumnSpec,
  HEAD_COUNT,
  HIDDEN,
  LANES,
  OBSERVATION_COUNT,
  PARAMETER_COUNT,
  parameterOffsets,
  STANDARD_SHAPE,
} from '../../agents/brain/layout.ts';
import { assert } from '../../sim/core/assert.ts';
import { Arena, columnBytes, f32, u32 } from '../../sim/core/columns.ts';
import { EnvironmentError, UsageError } from '../../sim/core/errors.ts';
import { DrawSequence, STREAM } from '../../sim/core/rng.ts';
import { type BenchOptions, type BenchRow, ratioOf, spreadOf, takeTurns } from './measure.ts';

export interface BrainBenchOptions extends BenchOptions {
  /** Ticks of a world between two clock readings. */
  readonly steps?: number;
  /**
   * An AssemblyScript file to compare with. It imports its memory, keeps its statics below 64 KiB and exports
   * `think(blockFrom, blockTo, X, W, Z, R, V, U, ACT, NRM)`, a learn + act step for blocks of four agents whose arrays
   * are lane-blocked f32 with 32 inputs, `paramCount()` weights and as many traces, 1 reward, 1 value, 8 uniform
   * draws, 8 actions and 2 trace norms.
   */
  readonly against?: string;
  /** Hidden units of each net; every size is a row and takes turns with the others. Default HIDDEN alone. */
  readonly hiddenSizes?: readonly number[];
}

/** One kernel with its worlds: advances all of them by `steps` ticks. */
interface KernelContender {
  readonly name: string;
  readonly bytesPerAgent: number;
  readonly advance: (steps: number) => void;
}

/** Ticks after which the prepared observations and rewards repeat. */
const TAPE_TICKS = 64;
/** Large worlds share what was prepared for this many ticks of 256 agents, so that it stays small beside them. */
const TAPE_VALUES = TAPE_TICKS * 256;
/** Agent-steps between two clock readings, about: 64 ticks of 8 worlds of 256 agents. */
const STEPS = 64 * 8 * 256;
/** An arbitrary seed: the figures do not depend on it. */
const SEED = 20_26;
/** Genes near MODEL.md's defaults. */
const GENES = { gamma: 0.95, lambda: 0.5, tau: 0.05, kappaActor: 3, kappaCritic: 2, alpha: 1 } as const;
/** As in a market: rent out uses quote; serve class, ask, quote, deliver; train class, quote, method. */
const HEAD_USE: [number, number, number, number] = [0b1010_1001, 0b1011_1111, 0b1110_1011, 0b1010_0001];

/** Random observations, rewards and uniform draws for `agents` agents and TAPE_TICKS ticks. */
function makeTape(agents: number) {
  const draws = new DrawSequence().at(SEED, 0, 0, STREAM.environment);
  const ticks = Math.max(2, Math.min(TAPE_TICKS, Math.floor(TAPE_VALUES / agents)));
  const series = (rows: number, draw: () => number) =>
    Array.from({ length: ticks }, () => Float32Array.from({ length: agents * rows }, draw));
  return {
    observation: series(OBSERVATION_COUNT, () => draws.normal()),
    reward: series(1, () => draws.normal()),
    uniform: series(HEAD_COUNT, () => draws.unit()),
  };
}
type Tape = ReturnType<typeof makeTape>;

/** The columns of `agents` brains with `hidden` units a net. */
function columnSpec(agents: number, hidden: number): BrainColumnSpec {
  const size = blockCountOf(agents) * LANES;
  const parameters = f32(size * parameterOffsets({ ...STANDARD_SHAPE, hidden }).count);
  const units = f32(size * hidden);
  return {
    ...brainColumnSpec(agents),
    weights: parameters,
    traces: parameters,
    actorHidden: units,
    criticHidden: units,
  };
}

/** First byte of the working memory of kernels of other sizes: nothing else uses the place in a benchmark. */
const SCRATCH_BYTES = 8192;

/** The standard kernel, or one compiled from its source with another number of hidden units. */
async function kernelOf(hidden: number, memory: WebAssembly.Memory): Promise<BrainKernel> {
  if (hidden === HIDDEN) return instantiateKernel(memory);
  const module = new WebAssembly.Module(await compileAssemblyScript(kernelSource(), { H: hidden }));
  const { exports } = new WebAssembly.Instance(module, { env: { memory } });
  return { ...(exports as unknown as BrainKernel), memory, scratch: SCRATCH_BYTES };
}

/** The kernel's source file, which only a checkout has. */
function kernelSource(): string {
  const root = import.meta.url.includes('/dist/') ? '../../../' : '../../';
  const path = fileURLToPath(new URL(`${root}agents/brain/kernel.as.ts`, import.meta.url));
  if (existsSync(path)) return path;
  throw new EnvironmentError(
    'other hidden sizes are compiled from the source of the kernel, which is not installed',
    'run this in a checkout',
  );
}

async function ownContender(
  agents: number,
  worlds: number,
  hidden: number,
  tape: Tape,
): Promise<KernelContender> {
  const spec = columnSpec(agents, hidden);
  const arena = new Arena(worlds * columnBytes(spec));
  const kernel = await kernelOf(hidden, arena.memory);
  const draws = new DrawSequence().at(SEED, 0, 0, STREAM.initialWeights);
  const brains: Brain[] = [];
  for (let world = 0; world < worlds; world++) {
    const columns = arena.columns(spec);
    const brain = bindBrain(kernel, columns, { seed: SEED + world, headUse: HEAD_USE });
    for (const [gene, value] of Object.entries(GENES)) columns[gene as keyof typeof GENES].fill(value);
    for (let agent = 0; agent < agents; agent++) {
      if (hidden === HIDDEN) brain.birth(agent, 0);
      columns.active[agent] = 1;
    }
    if (hidden !== HIDDEN) {
      const bound = 1 / Math.sqrt(OBSERVATION_COUNT);
      for (let k = 0; k < columns.weights.length; k++) columns.weights[k] = bound * (2 * draws.unit() - 1);
      for (const column of [columns.inputVariance, columns.rewardVariance, columns.fresh]) column.fill(1);
    }
    brains.push(brain);
  }
  let tick = 0;
  const advance = (steps: number): void => {
    for (const brain of brains) {
      for (let k = 0; k < steps; k++) {
        const at = (tick + k) % tape.reward.length;
        brain.columns.observation.set(tape.observation[at]!);
        brain.columns.reward.set(tape.reward[at]!);
        brain.step(tick + k);
      }
    }
    tick += steps;
  };
  const name = hidden === HIDDEN ? 'wasm-simd' : `wasm-simd, hidden ${hidden}`;
  return { name, bytesPerAgent: columnBytes(spec) / agents, advance };
}

interface OtherKernel {
  readonly think: (...pointers: number[]) => void;
  readonly paramCount: () => number;
}

async function otherContender(
  path: string,
  agents: number,
  worlds: number,
  tape: Tape,
  weights: Float32Array,
): Promise<KernelContender> {
  const module = new WebAssembly.Module(await compileAssemblyScript(path));
  const blocks = blockCountOf(agents);
  const size = blocks * LANES;
  const spec = {
    input: f32(size * OBSERVATION_COUNT),
    weights: f32(size * PARAMETER_COUNT),
    traces: f32(size * PARAMETER_COUNT),
    reward: f32(size),
    value: f32(size),
    uniform: f32(size * HEAD_COUNT),
    action: u32(size * HEAD_COUNT),
    norm: f32(size * 2),
  };
  const arena = new Arena(worlds * columnBytes(spec));
  const instance = new WebAssembly.Instance(module, { env: { memory: arena.memory } });
  const { think, paramCount } = instance.exports as unknown as OtherKernel;
  if (typeof think !== 'function' || typeof paramCount !== 'function' || paramCount() !== PARAMETER_COUNT) {
    throw new UsageError(`${path} does not export think and paramCount() = ${PARAMETER_COUNT}`);
  }
  const states = Array.from({ length: worlds }, () => {
    const columns = arena.columns(spec);
    columns.weights.set(weights);
    return columns;
  });
  let tick = 0;
  const advance = (steps: number): void => {
    for (const s of states) {
      for (let k = 0; k < steps; k++) {
        const at = (tick + k) % tape.reward.length;
        s.input.set(tape.observation[at]!);
        s.reward.set(tape.reward[at]!);
        s.uniform.set(tape.uniform[at]!);
        const { input, weights: w, traces, reward, value, uniform, action, norm } = s;
        const pointers = [input, w, traces, reward, value, uniform, action, norm].map((c) => c.byteOffset);
        think(0, blocks, ...pointers);
      }
    }
    tick += steps;
  };
  return { name: path, bytesPerAgent: columnBytes(spec) / agents, advance };
}

/**
 * Compiles an AssemblyScript file as the kernel is compiled, with other values for some of its `const NAME: usize`.
 * Throws UsageError with the compiler's message.
 */
async function compileAssemblyScript(
  path: string,
  constants: Readonly<Record<string, number>> = {},
): Promise<Uint8Array<ArrayBuffer>> {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    throw new UsageError(`cannot read the kernel ${path}`, 'give the path of an AssemblyScript file', {
      cause,
    });
  }
  for (const [name, value] of Object.entries(constants)) {
    const changed = text.replace(
      new RegExp(`^const ${name}: usize = \\d+;`, 'm'),
      `const ${name}: usize = ${value};`,
    );
    assert(changed !== text, `${path} has no constant ${name} with another value than ${value}`);
    text = changed;
  }
  const { default: asc } = await import('assemblyscript/asc').catch((cause: unknown) => {
    throw new EnvironmentError('comparing kernels needs the AssemblyScript compiler', 'npm install', {
      cause,
    });
  });
  let binary: Uint8Array | undefined;
  const flags = [
    '--runtime',
    'stub',
    '--enable',
    'simd',
    '--importMemory',
    '-O3',
    '--converge',
    '--noAssert',
  ];
  const { error, stderr } = await asc.main(['kernel.ts', '--outFile', 'kernel.wasm', ...flags], {
    readFile: (name: string) => (name === 'kernel.ts' ? text : null),
    writeFile: (name: string, contents: string | Uint8Array) => {
      if (name === 'kernel.wasm') binary = contents as Uint8Array;
    },
    listFiles: () => [],
  });
  if (error !== null || binary === undefined) {
    throw new UsageError(`${path} does not compile: ${stderr.toString().trim()}`);
  }
  return new Uint8Array(binary);
}

/** Hidden sizes for which the kernel's loops come out even. */
const HIDDEN_STEP = 8;
const HIDDEN_MAX = 64;

/**
 * Times the kernel on one thread, at every number of agents; kernels of other sizes or of others take turns with it,
 * so that a disturbance of the machine falls on all.
 *
 * @throws UsageError for hidden sizes that are not a multiple of 8 up to 64
 */
export async function benchBrain(options: BrainBenchOptions = {}): Promise<BenchRow[]> {
  const { hiddenSizes = [HIDDEN], agentCounts = [options.agents ?? 256] } = options;
  for (const hidden of hiddenSizes) {
    if (hidden % HIDDEN_STEP !== 0 || hidden < HIDDEN_STEP || hidden > HIDDEN_MAX)
      throw new UsageError(
        `a hidden layer of ${hidden} is not a multiple of ${HIDDEN_STEP} up to ${HIDDEN_MAX}`,
        '--hidden 8,16,32,64',
      );
  }
  const rows: BenchRow[] = [];
  for (const agents of agentCounts) rows.push(...(await benchSize(agents, hiddenSizes, options)));
  return rows;
}

async function benchSize(
  agents: number,
  hiddenSizes: readonly number[],
  options: BrainBenchOptions,
): Promise<BenchRow[]> {
  const { worlds = 8, repeats = 15, against } = options;
  const steps = options.steps ?? Math.max(1, Math.min(64, Math.floor(STEPS / (agents * worlds))));
  const tape = makeTape(blockCountOf(agents) * LANES);
  const contenders: KernelContender[] = [];
  for (const hidden of hiddenSizes) contenders.push(await ownContender(agents, worlds, hidden, tape));
  if (against !== undefined) {
    const spec = brainColumnSpec(agents);
    const arena = new Arena(columnBytes(spec));
    const columns = arena.columns(spec);
    const brain = bindBrain(instantiateKernel(arena.memory), columns, { seed: SEED });
    for (let agent = 0; agent < agents; agent++) brain.birth(agent, 0);
    contenders.push(await otherContender(against, agents, worlds, tape, columns.weights));
  }
  // engines optimise a kernel while it runs
  for (const contender of contenders) contender.advance(steps);
  const timed = contenders.map(({ advance }) => ({
    advance: () => {
      advance(steps);
      return agents * worlds * steps;
    },
  }));
  const rates = await takeTurns(timed, repeats);
  return contenders.map(({ name, bytesPerAgent }, index) => {
    const own = rates[index]!;
    // the first is compared with the last, the others with the first
    const other = index === 0 ? contenders.length - 1 : 0;
    const spread = spreadOf(own);
    return {
      name: `brain ${name}`,
      engine: 'cpu',
      threads: 1,
      agents: agents * worlds,
      worlds,
      agentStepsPerSecond: spread,
      nsPerAgentStep: 1e9 / spread.median,
      bytesPerAgent,
      ...(other === index ? {} : { ratio: ratioOf(own, rates[other]!), ratioTo: contenders[other]!.name }),
    };
  });
}
