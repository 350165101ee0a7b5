/**
 * `darwin bench brain`: how many learn + act steps one thread of the CPU engine makes per second, and, if asked,
 * how many another kernel makes on the same agents in the same process, turn about.
 */
import { readFileSync } from 'node:fs';
import { type Brain, bindBrain, instantiateKernel } from '../../agents/brain/brain.ts';
import {
  blockCountOf,
  brainColumnSpec,
  HEAD_COUNT,
  LANES,
  OBSERVATION_COUNT,
  PARAMETER_COUNT,
} from '../../agents/brain/layout.ts';
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
}

/** One kernel with its worlds: advances all of them by `steps` ticks. */
interface KernelContender {
  readonly name: string;
  readonly advance: (steps: number) => void;
}

/** Ticks after which the prepared observations and rewards repeat; a power of two. */
const TAPE_TICKS = 64;
/** An arbitrary seed: the figures do not depend on it. */
const SEED = 20_26;
/** Genes near MODEL.md's defaults. */
const GENES = { gamma: 0.95, lambda: 0.5, tau: 0.05, kappaActor: 3, kappaCritic: 2, alpha: 1 } as const;
/** As in a market: rent out uses quote; serve class, ask, quote, deliver; train class, quote, method. */
const HEAD_USE: [number, number, number, number] = [0b1010_1001, 0b1011_1111, 0b1110_1011, 0b1010_0001];

/** Random observations, rewards and uniform draws for `agents` agents and TAPE_TICKS ticks. */
function makeTape(agents: number) {
  const draws = new DrawSequence().at(SEED, 0, 0, STREAM.environment);
  const series = (rows: number, draw: () => number) =>
    Array.from({ length: TAPE_TICKS }, () => Float32Array.from({ length: agents * rows }, draw));
  return {
    observation: series(OBSERVATION_COUNT, () => draws.normal()),
    reward: series(1, () => draws.normal()),
    uniform: series(HEAD_COUNT, () => draws.unit()),
  };
}
type Tape = ReturnType<typeof makeTape>;

function ownContender(agents: number, worlds: number, tape: Tape): KernelContender {
  const spec = brainColumnSpec(agents);
  const arena = new Arena(worlds * columnBytes(spec));
  const kernel = instantiateKernel(arena.memory);
  const brains: Brain[] = [];
  for (let world = 0; world < worlds; world++) {
    const columns = arena.columns(spec);
    const brain = bindBrain(kernel, columns, { seed: SEED + world, headUse: HEAD_USE });
    for (const [gene, value] of Object.entries(GENES)) columns[gene as keyof typeof GENES].fill(value);
    for (let agent = 0; agent < agents; agent++) {
      brain.birth(agent, 0);
      columns.active[agent] = 1;
    }
    brains.push(brain);
  }
  let tick = 0;
  const advance = (steps: number): void => {
    for (const brain of brains) {
      for (let k = 0; k < steps; k++) {
        const at = (tick + k) % TAPE_TICKS;
        brain.columns.observation.set(tape.observation[at]!);
        brain.columns.reward.set(tape.reward[at]!);
        brain.step(tick + k);
      }
    }
    tick += steps;
  };
  return { name: 'wasm-simd', advance };
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
        const at = (tick + k) % TAPE_TICKS;
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
  return { name: path, advance };
}

/** Compiles an AssemblyScript file as the kernel is compiled. Throws UsageError with the compiler's message. */
async function compileAssemblyScript(path: string): Promise<Uint8Array<ArrayBuffer>> {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    throw new UsageError(`cannot read the kernel ${path}`, 'give the path of an AssemblyScript file', {
      cause,
    });
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

/**
 * Times the kernel on one thread, and another one beside it if `against` is given: each repeat runs both, in
 * alternating order, so that a disturbance of the machine falls on both.
 */
export async function benchBrain(options: BrainBenchOptions = {}): Promise<BenchRow[]> {
  const { agents = 256, worlds = 8, steps = 64, repeats = 15, against } = options;
  const tape = makeTape(blockCountOf(agents) * LANES);
  const spec = brainColumnSpec(agents);
  const contenders = [ownContender(agents, worlds, tape)];
  if (against !== undefined) {
    const arena = new Arena(columnBytes(spec));
    const columns = arena.columns(spec);
    const brain = bindBrain(instantiateKernel(arena.memory), columns, { seed: SEED });
    for (let agent = 0; agent < agents; agent++) brain.birth(agent, 0);
    contenders.push(await otherContender(against, agents, worlds, tape, columns.weights));
  }
  // engines optimise a kernel while it runs
  for (const contender of contenders) contender.advance(Math.max(steps, TAPE_TICKS));
  const timed = contenders.map(({ advance }) => ({
    advance: () => {
      advance(steps);
      return agents * worlds * steps;
    },
  }));
  const rates = await takeTurns(timed, repeats);
  return contenders.map(({ name }, index) => {
    const own = rates[index]!;
    const other = contenders[1 - index];
    const spread = spreadOf(own);
    return {
      name: `brain ${name}`,
      engine: 'cpu',
      threads: 1,
      agents: agents * worlds,
      worlds,
      agentStepsPerSecond: spread,
      nsPerAgentStep: 1e9 / spread.median,
      ...(index === 0 ? { bytesPerAgent: columnBytes(spec) / agents } : {}),
      ...(other === undefined ? {} : { ratio: ratioOf(own, rates[1 - index]!), ratioTo: other.name }),
    };
  });
}
