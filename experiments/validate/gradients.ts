/**
 * The learner's hand-written gradients, in every brain that has them, against two others: finite differences in double
 * precision, and automatic differentiation by TensorFlow.js of objectives that are written down here once more.
 */
import { type BindBrain, bindBrain, instantiateKernel } from '../../agents/brain/brain.ts';
import {
  brainColumnSpec,
  HEADS,
  HIDDEN,
  LOGIT_COUNT,
  OBSERVATION_COUNT,
  PARAMETER_COUNT,
  PARAMETERS,
  STANDARD_SHAPE,
} from '../../agents/brain/layout.ts';
import {
  createLearner,
  gradientErrors,
  type LearnerOptions,
  stepLearner,
} from '../../agents/brain/specification.ts';
import { type TensorBrain, tensorBrains } from '../../agents/brain/tensorBrain.ts';
import type { Tensor, Tf } from '../../agents/brain/tensorflow.ts';
import { Arena, columnBytes } from '../../sim/core/columns.ts';
import { DrawSequence, STREAM } from '../../sim/core/rng.ts';
import { loadTensorflow } from '../engines/tensorflow.ts';
import { mayHaveGpu, openGpu } from '../webgpu.ts';
import { type BrainOnTrial, GENES, type Learned, type Lesson, type Rules, TAU } from './brainOnTrial.ts';
import type { ValidationCase } from './case.ts';

/** Agents of a seed. */
const AGENTS = 8;
/** As in a market: every mode counts heads of its own. */
const HEAD_USE: [number, number, number, number] = [0b1010_1001, 0b1011_1111, 0b1110_1011, 0b1010_0001];
/** One option of finance, all of deliver but one and a class are masked. */
const LOGIT_MASK = 0b11_1111_101111_01_11111_11111_1011_1111;
const OPTIONS: LearnerOptions = {
  shape: STANDARD_SHAPE,
  logitMask: LOGIT_MASK >>> 0,
  headUse: HEAD_USE,
  centreReward: true,
  rewardDeviationFloor: 1e-3,
};

/** Random parameters and observations. */
function drawLessons(seed: number): Lesson[] {
  const draws = new DrawSequence();
  return Array.from({ length: AGENTS }, (_, agent) => {
    draws.at(seed, 0, agent, STREAM.initialWeights);
    const normals = (count: number, scale: number) =>
      Float32Array.from({ length: count }, () => scale * draws.normal());
    return {
      weights: normals(PARAMETER_COUNT, 0.3),
      observation: [normals(OBSERVATION_COUNT, 1), normals(OBSERVATION_COUNT, 1)],
      reward: draws.normal(),
    };
  });
}

/** The readable specification, in doubles. */
const specification: BrainOnTrial = {
  name: 'specification',
  learn: async (lessons, seed) =>
    lessons.map(({ weights, observation: [first, second], reward }, agent) => {
      const draws = new DrawSequence().at(seed, 0, agent, STREAM.actHeadsA);
      const uniforms = STANDARD_SHAPE.heads.map(() => draws.unit());
      const state = createLearner(STANDARD_SHAPE);
      state.weights.set(weights);
      stepLearner(state, GENES, OPTIONS, { observation: first, reward: 0, done: false }, uniforms);
      const input = state.input.slice();
      const action = state.action.slice();
      stepLearner(state, GENES, OPTIONS, { observation: second, reward, done: false }, uniforms);
      return { weights, input, action, tdError: state.tdError, traces: state.traces };
    }),
};

/** A brain that keeps the columns of a world. */
const columnBrain = (name: string, bind: BindBrain, dispose: () => void = () => {}): BrainOnTrial => ({
  name,
  learn: async (lessons, seed) => {
    const spec = brainColumnSpec(lessons.length);
    const arena = new Arena(columnBytes(spec));
    const columns = arena.columns(spec);
    const { logitMask } = OPTIONS;
    const brain = bind(instantiateKernel(arena.memory), columns, { seed, logitMask, headUse: HEAD_USE });
    const observe = (tick: 0 | 1): void =>
      lessons.forEach(({ observation, reward }, agent) => {
        brain.writeRows('observation', agent, observation[tick]);
        columns.reward[agent] = tick === 0 ? 0 : reward;
      });
    lessons.forEach(({ weights }, agent) => {
      brain.birth(agent, 0);
      brain.writeAgent(agent, weights);
      columns.active[agent] = 1;
      for (const [gene, value] of Object.entries(GENES)) columns[gene as keyof typeof GENES][agent] = value;
    });
    const rowsOf = (column: 'input' | 'action' | 'traces', agent: number, count: number): number[] => {
      const rows = new Array<number>(count);
      brain.readRows(column, agent, rows);
      return rows;
    };
    observe(0);
    brain.step(0);
    const acted = lessons.map((_, agent) => ({
      input: rowsOf('input', agent, OBSERVATION_COUNT),
      action: rowsOf('action', agent, HEADS.length),
    }));
    observe(1);
    brain.step(1);
    const learned = lessons.map(({ weights }, agent) => ({
      weights,
      ...acted[agent]!,
      tdError: columns.tdError[agent]!,
      traces: rowsOf('traces', agent, PARAMETER_COUNT),
    }));
    dispose();
    return learned;
  },
});

/** All brains whose gradients are written by hand. */
export function brainsOnTrial(tf: Tf): BrainOnTrial[] {
  const made: TensorBrain[] = [];
  const disposeAll = (): void => {
    for (const brain of made.splice(0)) brain.dispose();
  };
  return [
    specification,
    columnBrain('kernel', bindBrain),
    columnBrain(
      'tensors',
      tensorBrains(tf, (brain) => made.push(brain)),
      disposeAll,
    ),
  ];
}

/** One agent's parameters of a net by name, as tensors. */
function netTensors(tf: Tf, weights: ArrayLike<number>, critic: boolean): Tensor[] {
  const from = critic ? PARAMETERS.criticHidden : PARAMETERS.actorHidden;
  const outputs = critic ? 1 : LOGIT_COUNT;
  const shapes = [[HIDDEN, OBSERVATION_COUNT], [HIDDEN], [outputs, HIDDEN], [outputs]];
  let next = from;
  return shapes.map((shape) => {
    const size = shape.reduce((product, n) => product * n, 1);
    const values = Array.from({ length: size }, (_, k) => weights[next + k]!);
    next += size;
    return tf.tensor(values, shape);
  });
}

/** The output of a net of one agent: linear, layer normalisation, leaky rectifier, linear. */
function output(tf: Tf, [hidden, hiddenBias, matrix, bias]: Tensor[], input: Tensor): Tensor {
  const y = tf.dot(hidden!, input).add(hiddenBias!);
  const { mean, variance } = tf.moments(y);
  const normal = y.sub(mean).div(variance.add(1e-5).sqrt());
  return tf.dot(matrix!, tf.leakyRelu(normal, 0.01)).add(bias!);
}

/** log pi(a|s) + bonus H(pi(.|s)) over the heads that the mode of the action uses, from logits. */
function objective(
  tf: Tf,
  { logitMask, headUse }: Rules,
  logits: Tensor,
  action: ArrayLike<number>,
  bonus: number,
): Tensor {
  const use = headUse[action[0]!]!;
  const terms = HEADS.flatMap(({ offset, size }, head) => {
    const open = Array.from({ length: size }, (_, j) => j).filter((j) => (logitMask >>> (offset + j)) & 1);
    if (((use >>> head) & 1) === 0 || open.length < 2) return [];
    const indices = tf.tensor1d(
      open.map((j) => offset + j),
      'int32',
    );
    const logPi = tf.logSoftmax(logits.gather(indices));
    const entropy = logPi.exp().mul(logPi).sum().neg();
    return [logPi.gather(tf.scalar(open.indexOf(action[head]!), 'int32')).add(entropy.mul(bonus))];
  });
  return tf.addN(terms);
}

/** Automatic gradients of one agent, in the plain order of its parameters [PARAMETER_COUNT]. */
function automaticGradients(
  tf: Tf,
  rules: Rules,
  { weights, input, action, tdError }: Learned,
): Float64Array {
  const flat = (parts: readonly Tensor[]): number[] => parts.flatMap((part) => [...part.dataSync()]);
  const gradients = new Float64Array(PARAMETER_COUNT);
  tf.tidy(() => {
    const seen = tf.tensor1d([...Array.from(input)]);
    const policy = (...net: Tensor[]) =>
      objective(tf, rules, output(tf, net, seen), action, TAU * Math.sign(tdError)) as never;
    const value = (...net: Tensor[]) => output(tf, net, seen).sum() as never;
    const found = [
      ...flat(tf.grads(policy)(netTensors(tf, weights, false))),
      ...flat(tf.grads(value)(netTensors(tf, weights, true))),
    ];
    gradients.set(found);
  });
  return gradients;
}

/** Largest distance of hand-written gradients from automatic ones, as a share of the largest gradient of their net. */
function distances(
  automatic: ArrayLike<number>,
  traces: ArrayLike<number>,
): { actor: number; critic: number } {
  const of = (from: number, to: number): number => {
    let largest = 0;
    let error = 0;
    for (let p = from; p < to; p++) {
      largest = Math.max(largest, Math.abs(automatic[p]!));
      const here = Math.abs(automatic[p]! - traces[p]!);
      if (!(here <= error)) error = here;
    }
    return error / largest;
  };
  return { actor: of(0, PARAMETERS.actorCount), critic: of(PARAMETERS.actorCount, PARAMETER_COUNT) };
}

/**
 * What f32 leaves of a gradient, as a share of the largest: 2^-24 for each of about a hundred roundings on its way
 * (sums over 32 inputs, 16 units and 32 logits, one layer normalisation), which mostly cancel.
 */
export const F32_TOLERANCE = 100 * 2 ** -24;
/** Of five-point differences in doubles (VALIDATION.md). */
const DIFFERENCE_TOLERANCE = 1e-6;

/** The largest distances of a brain's gradients from automatic ones. */
export async function automaticErrors(
  tf: Tf,
  { learn, rules = OPTIONS }: BrainOnTrial,
  seeds: number,
): Promise<{ actor: number; critic: number }> {
  const worst = { actor: 0, critic: 0 };
  for (let seed = 1; seed <= seeds; seed++)
    for (const learned of await learn(drawLessons(seed), seed)) {
      const { actor, critic } = distances(automaticGradients(tf, rules, learned), learned.traces);
      worst.actor = Math.max(worst.actor, actor);
      worst.critic = Math.max(worst.critic, critic);
    }
  return worst;
}

/** Those of each brain; the reason where there is no automatic differentiation. */
async function automaticFigures(seeds: number): Promise<Record<string, number> | string> {
  const { tf, missing } = await loadTensorflow();
  if (tf === null) return `not run: ${missing.at(-1)}`;
  const gpu = mayHaveGpu() ? await openGpu().catch(() => null) : null;
  const figures: Record<string, number> = {};
  try {
    const onDevice = gpu === null ? [] : [(await import('./deviceBrain.ts')).deviceBrain(gpu)];
    for (const brain of [...brainsOnTrial(tf), ...onDevice]) {
      const { actor, critic } = await automaticErrors(tf, brain, seeds);
      figures[`${brain.name}Actor`] = actor;
      figures[`${brain.name}Critic`] = critic;
    }
  } finally {
    gpu?.close();
  }
  return figures;
}

export const gradients: ValidationCase = {
  name: 'gradients',
  about:
    'Hand-written gradients of log pi, entropy and value against finite differences in double precision; those of every brain (specification, WebAssembly kernel, tensors, and the shader where there is a GPU) against automatic differentiation in TensorFlow.js.',
  parameters: {
    inputs: { default: 32, about: 'observation size, of the finite differences' },
    hidden: { default: 16, about: 'hidden units, of the finite differences' },
  },
  seeds: 3,
  full: [{ seeds: 10 }, { set: { inputs: '5', hidden: '3' }, seeds: 50 }],
  async measure(params, seeds) {
    const shape = {
      ...STANDARD_SHAPE,
      inputs: params.integer('inputs', 2),
      hidden: params.integer('hidden', 2),
    };
    const worst = { logProbability: 0, entropy: 0, critic: 0 };
    for (let seed = 1; seed <= seeds; seed++) {
      const errors = gradientErrors(seed, shape);
      worst.logProbability = Math.max(worst.logProbability, ...errors.logProbability);
      worst.entropy = Math.max(worst.entropy, ...errors.entropy);
      worst.critic = Math.max(worst.critic, errors.critic);
    }
    const automatic = await automaticFigures(seeds);
    const same = (figures: object, value: number): Record<string, number> =>
      Object.fromEntries(Object.keys(figures).map((name) => [name, value]));
    if (typeof automatic === 'string')
      return {
        measured: { ...worst, automatic },
        expected: same(worst, 0),
        tolerance: same(worst, DIFFERENCE_TOLERANCE),
      };
    return {
      measured: { ...worst, ...automatic },
      expected: { ...same(worst, 0), ...same(automatic, 0) },
      tolerance: { ...same(worst, DIFFERENCE_TOLERANCE), ...same(automatic, F32_TOLERANCE) },
    };
  },
};
