/**
 * The learner's equations in TensorFlow.js, all agents of a world at once: the names and the order of specification.ts,
 * where the equations and their sources stand. Tensors are f32 [agents, ...]; a number per agent is [agents, 1].
 *
 * TensorFlow.js is handed in: what runs it (CUDA, a native library, plain JavaScript) is the host's choice.
 */
import type * as TensorFlow from '@tensorflow/tfjs';
import { HEAD_COUNT, HEADS, HIDDEN, LOGIT_COUNT, MODE_COUNT, OBSERVATION_COUNT } from './layout.ts';
import {
  ENVELOPE_FLOOR,
  EXPONENT_FLOOR,
  INPUT_CLIP,
  INPUT_EPSILON,
  INPUT_HORIZON,
  LAYER_NORM_EPSILON,
  LEAK,
  RAW_LIMIT,
  REWARD_CLIP,
  REWARD_HORIZON,
} from './specification.ts';

/** The library, whatever it runs on. */
export type Tf = typeof TensorFlow;
export type Tensor = TensorFlow.Tensor;

/** Parameters of one net, or their traces or gradients: matrices [agents, outputs, inputs], biases [agents, outputs]. */
export interface Net {
  readonly hidden: Tensor;
  readonly hiddenBias: Tensor;
  readonly output: Tensor;
  readonly outputBias: Tensor;
}

/** A hidden layer: layer-normalised pre-activations [agents, hidden] and 1 / deviation of the layer [agents, 1]. */
export interface Hidden {
  readonly normal: Tensor;
  readonly scale: Tensor;
}

/** All that brains remember, under the names of their columns (layout.ts). */
export interface TensorState {
  readonly actor: Net;
  readonly actorTraces: Net;
  readonly critic: Net;
  readonly criticTraces: Net;
  readonly inputMean: Tensor;
  readonly inputVariance: Tensor;
  readonly inputCount: Tensor;
  readonly input: Tensor;
  readonly actorHidden: Tensor;
  readonly actorScale: Tensor;
  readonly criticHidden: Tensor;
  readonly criticScale: Tensor;
  readonly probability: Tensor;
  readonly entropyGradient: Tensor;
  readonly value: Tensor;
  readonly rewardMean: Tensor;
  readonly rewardVariance: Tensor;
  readonly rewardCount: Tensor;
  readonly traceEnvelope: Tensor;
}

/** What a tick brings, [agents, 1] unless said otherwise. */
export interface TensorTick {
  /** Raw [agents, OBSERVATION_COUNT]. */
  readonly observation: Tensor;
  readonly reward: Tensor;
  /** 1 where the previous action ended an episode; null where none ended. */
  readonly done: Tensor | null;
  /** 1 where a learner lives, and where it has a previous action to learn from. */
  readonly acts: Tensor;
  readonly learns: Tensor;
  /** Options taken, i32 [agents, HEAD_COUNT]. */
  readonly action: Tensor;
  readonly gamma: Tensor;
  readonly lambda: Tensor;
  readonly tau: Tensor;
  readonly alpha: Tensor;
  readonly kappaActor: Tensor;
  readonly kappaCritic: Tensor;
}

export interface TensorOptions {
  readonly logitMask: number;
  /** Per mode, bit h = 1 counts head h. */
  readonly headUse: readonly number[];
  readonly centreReward: boolean;
  readonly rewardDeviationFloor: number;
}

/** The table of heads as tensors, made once; they belong to the caller. */
export interface HeadTensors {
  /** Logit of each option of each head, [HEAD_COUNT x optionCount]; where there is none, an allowed one of its head. */
  readonly rectangle: TensorFlow.Tensor1D;
  readonly optionCount: number;
  /** 1 = may be sampled, [LOGIT_COUNT]. */
  readonly allowed: Tensor;
  readonly headOfLogit: TensorFlow.Tensor1D;
  readonly optionOfLogit: Tensor;
  /** 1 = of the same head, [LOGIT_COUNT, LOGIT_COUNT]. */
  readonly sameHead: TensorFlow.Tensor2D;
  /** 1 = has a gradient after an action of the mode, [MODE_COUNT, LOGIT_COUNT]. */
  readonly logitUse: TensorFlow.Tensor2D;
  /** 1 = counts after an action of the mode, [MODE_COUNT, HEAD_COUNT]. */
  readonly headUse: TensorFlow.Tensor2D;
}

/** The heads of a world as tensors. */
export function headTensors(tf: Tf, { logitMask, headUse }: TensorOptions): HeadTensors {
  const optionCount = Math.max(...HEADS.map(({ size }) => size));
  const isAllowed = (logit: number): boolean => ((logitMask >>> logit) & 1) === 1;
  const heads = HEADS.flatMap(({ size }, head) => Array.from({ length: size }, () => head));
  const allowedOf = HEADS.map(({ offset, size }) =>
    Array.from({ length: size }, (_, j) => offset + j).filter(isAllowed),
  );
  const hasChoice = (logit: number): boolean => isAllowed(logit) && allowedOf[heads[logit]!]!.length > 1;
  const counts = (mode: number, head: number): boolean => (((headUse[mode]! | 1) >>> head) & 1) === 1;
  const logits = heads.map((_, logit) => logit);
  const modes = Array.from({ length: MODE_COUNT }, (_, mode) => mode);
  const flags = (values: readonly boolean[]): number[] => values.map(Number);
  return {
    rectangle: tf.tensor1d(
      HEADS.flatMap(({ offset }, head) =>
        Array.from({ length: optionCount }, (_, j) => allowedOf[head]![j] ?? allowedOf[head]![0] ?? offset),
      ),
      'int32',
    ),
    optionCount,
    allowed: tf.tensor1d(flags(logits.map(isAllowed))),
    headOfLogit: tf.tensor1d(heads, 'int32'),
    optionOfLogit: tf.tensor1d(logits.map((logit) => logit - HEADS[heads[logit]!]!.offset)),
    sameHead: tf.tensor2d(logits.map((a) => flags(logits.map((b) => heads[a] === heads[b])))),
    logitUse: tf.tensor2d(
      modes.map((mode) => flags(logits.map((k) => hasChoice(k) && counts(mode, heads[k]!)))),
    ),
    headUse: tf.tensor2d(modes.map((mode) => flags(HEADS.map((_, head) => counts(mode, head))))),
  };
}

/**
 * x of every agent times a number of its own: `factor` [rows, 1], x [rows, ...]. Written as a product of matrices,
 * because the plain JavaScript backend spreads a factor over rows an order of magnitude slower.
 */
function times(factor: Tensor, x: Tensor): Tensor {
  const rows = factor.size;
  return factor
    .reshape([rows, 1, 1])
    .matMul(x.reshape([rows, 1, x.size / rows]))
    .reshape(x.shape);
}

/** a b^T of every agent: [agents, m] and [agents, n] give [agents, m, n]. */
const outerProduct = (a: Tensor, b: Tensor): Tensor =>
  a.reshape([...a.shape, 1]).matMul(b.reshape([b.shape[0]!, 1, b.shape[1]!]));

/** W x, or W^T x, of every agent: [agents, m, n] and [agents, n], or [agents, m], give [agents, m], or [agents, n]. */
const product = (matrix: Tensor, x: Tensor, transposed = false): Tensor =>
  matrix.matMul(x.reshape([...x.shape, 1]), transposed).squeeze([2]);

/** `now` where `where` is 1, `before` elsewhere. */
const choose = (tf: Tf, where: Tensor, now: Tensor, before: Tensor): Tensor =>
  tf.where(where.greater(0), now, before);

/** Rates of a running mean and unbiased variance in sample number `count`, 1/n and 1/(n-1). */
function momentRates(tf: Tf, count: Tensor): { mean: Tensor; variance: Tensor } {
  const n = count.maximum(1);
  return { mean: n.reciprocal(), variance: tf.where(n.greater(1), n.sub(1).maximum(1).reciprocal(), 0) };
}

/** The input moments after a raw observation, and the normalised one. */
function normaliseInput(
  tf: Tf,
  state: Pick<TensorState, 'inputMean' | 'inputVariance' | 'inputCount'>,
  observation: Tensor,
): { inputMean: Tensor; inputVariance: Tensor; inputCount: Tensor; input: Tensor } {
  const inputCount = state.inputCount.add(1).minimum(INPUT_HORIZON);
  const rate = momentRates(tf, inputCount);
  const raw = observation.clipByValue(-RAW_LIMIT, RAW_LIMIT);
  const before = raw.sub(state.inputMean);
  const inputMean = state.inputMean.add(times(rate.mean, before));
  const after = raw.sub(inputMean);
  const surprise = before.mul(after).sub(state.inputVariance);
  const inputVariance = state.inputVariance.add(times(rate.variance, surprise));
  const deviation = inputVariance.add(INPUT_EPSILON).sqrt();
  return {
    inputMean,
    inputVariance,
    inputCount,
    input: after.div(deviation).clipByValue(-INPUT_CLIP, INPUT_CLIP),
  };
}

/** The reward moments after a raw reward, and the centred, scaled and clipped one. */
function normaliseReward(
  tf: Tf,
  state: Pick<TensorState, 'rewardMean' | 'rewardVariance' | 'rewardCount'>,
  rawReward: Tensor,
  { centreReward, rewardDeviationFloor }: TensorOptions,
): { rewardMean: Tensor; rewardVariance: Tensor; rewardCount: Tensor; reward: Tensor } {
  const raw = rawReward.clipByValue(-RAW_LIMIT, RAW_LIMIT);
  const rewardCount = state.rewardCount.add(1).minimum(REWARD_HORIZON);
  const rate = momentRates(tf, rewardCount);
  const before = raw.sub(state.rewardMean);
  const rewardMean = state.rewardMean.add(before.mul(rate.mean));
  const after = raw.sub(rewardMean);
  const surprise = before.mul(after).sub(state.rewardVariance);
  const rewardVariance = state.rewardVariance.add(surprise.mul(rate.variance));
  const deviation = rewardVariance.sqrt().maximum(rewardDeviationFloor);
  const reward = (centreReward ? after : raw).div(deviation).clipByValue(-REWARD_CLIP, REWARD_CLIP);
  return { rewardMean, rewardVariance, rewardCount, reward };
}

/** Hidden layer of one net: linear, LayerNorm without affine. */
function forwardHidden(net: Net, input: Tensor): Hidden {
  const y = product(net.hidden, input).add(net.hiddenBias);
  const centred = y.sub(y.mean(1, true));
  const variance = centred.square().mean(1, true);
  const scale = variance.add(LAYER_NORM_EPSILON).rsqrt();
  return { normal: times(scale, centred), scale };
}

/** LeakyReLU. */
const activate = ({ normal }: Hidden): Tensor => normal.maximum(normal.mul(LEAK));

/** V of a normalised input, [agents, 1]; or the logits, [agents, LOGIT_COUNT]. */
function forward(net: Net, input: Tensor): { hidden: Hidden; output: Tensor } {
  const hidden = forwardHidden(net, input);
  return { hidden, output: product(net.output, activate(hidden)).add(net.outputBias) };
}

/** Below the weight of any allowed option, e^EXPONENT_FLOOR: what a head without options is divided by. */
const WEIGHT_FLOOR = 1e-30;

/** Softmax of every head over its allowed options, and the gradient of its entropy: d H / d y_j = p_j (mean y - y_j). */
function softmaxHeads(logits: Tensor, heads: HeadTensors): { probability: Tensor; entropyGradient: Tensor } {
  const { rectangle, optionCount, headOfLogit, allowed, sameHead } = heads;
  const top = logits
    .gather(rectangle, 1)
    .reshape([-1, HEAD_COUNT, optionCount])
    .max(2)
    .gather(headOfLogit, 1);
  const y = logits.sub(top);
  const weight = y.maximum(EXPONENT_FLOOR).exp().mul(allowed);
  const total = weight.matMul(sameHead).maximum(WEIGHT_FLOOR);
  const probability = weight.div(total);
  const mean = probability.mul(y).matMul(sameHead);
  return { probability, entropyGradient: probability.mul(mean.sub(y)) };
}

/** Gradient with respect to the logits of log pi(a|s) + bonus x H over the heads that the mode of the action used. */
function logitGradient(
  tf: Tf,
  { probability, entropyGradient }: Pick<TensorState, 'probability' | 'entropyGradient'>,
  heads: HeadTensors,
  action: Tensor,
  bonus: Tensor,
): Tensor {
  const mode = action.slice([0, 0], [-1, 1]).flatten() as TensorFlow.Tensor1D;
  const chosen = action.gather(heads.headOfLogit, 1).equal(heads.optionOfLogit.toInt()).toFloat();
  const gradient = chosen.sub(probability).add(times(bonus, entropyGradient));
  return gradient.mul(tf.gather(heads.logitUse, mode));
}

/** Gradient with respect to pre-activations from that with respect to activations. */
function backwardHidden(tf: Tf, gradient: Tensor, { normal, scale }: Hidden): Tensor {
  const through = tf.where(normal.greater(0), gradient, gradient.mul(LEAK));
  const mean = through.mean(1, true);
  const slope = through.mul(normal).mean(1, true);
  return times(scale, through.sub(mean).sub(times(slope, normal)));
}

/** Gradient of gradient . output with respect to a net's parameters; of V with gradient 1. */
function netGradient(tf: Tf, net: Net, input: Tensor, hidden: Hidden, gradient: Tensor): Net {
  const back = backwardHidden(tf, product(net.output, gradient, true), hidden);
  return {
    output: outerProduct(gradient, activate(hidden)),
    outputBias: gradient,
    hidden: outerProduct(back, input),
    hiddenBias: back,
  };
}

/** ObGD (Elsayed et al. 2024, algorithm 3): the effective step size of one net. */
function effectiveStepSize(tf: Tf, alpha: Tensor, kappa: Tensor, tdError: Tensor, traceNorm: Tensor): Tensor {
  const bound = alpha.mul(kappa).mul(tdError.abs().maximum(1)).mul(traceNorm);
  return tf.where(bound.greater(1), alpha.div(bound), alpha);
}

const absoluteSum = (x: Tensor): Tensor => x.abs().reshape([x.shape[0]!, -1]).sum(1, true);

/**
 * z <- decay z + gradient;  w <- w + alpha_eff delta z.
 *
 * @param outputDecay of the traces of each output, [agents, outputs]
 */
function updateNet(
  tf: Tf,
  weights: Net,
  traces: Net,
  gradient: Net,
  decay: Tensor,
  outputDecay: Tensor,
  { alpha, learns }: TensorTick,
  kappa: Tensor,
  tdError: Tensor,
): { weights: Net; traces: Net } {
  const [agents, outputs, units] = weights.output.shape as [number, number, number];
  const perOutput = outputDecay.reshape([agents * outputs, 1]);
  const z: Net = {
    hidden: times(decay, traces.hidden).add(gradient.hidden),
    hiddenBias: times(decay, traces.hiddenBias).add(gradient.hiddenBias),
    output: times(perOutput, traces.output.reshape([agents * outputs, units]))
      .reshape([agents, outputs, units])
      .add(gradient.output),
    outputBias: outputDecay.mul(traces.outputBias).add(gradient.outputBias),
  };
  const norm = tf.addN([z.hidden, z.hiddenBias, z.output, z.outputBias].map(absoluteSum));
  const size = effectiveStepSize(tf, alpha, kappa, tdError, norm);
  const step = choose(tf, learns, size.mul(tdError), tf.zerosLike(size));
  const moved = (w: Tensor, trace: Tensor): Tensor => w.add(times(step, trace));
  return {
    traces: z,
    weights: {
      hidden: moved(weights.hidden, z.hidden),
      hiddenBias: moved(weights.hiddenBias, z.hiddenBias),
      output: moved(weights.output, z.output),
      outputBias: moved(weights.outputBias, z.outputBias),
    },
  };
}

/** What learning changes. */
type Learned = Pick<
  TensorState,
  | 'actor'
  | 'actorTraces'
  | 'critic'
  | 'criticTraces'
  | 'traceEnvelope'
  | 'rewardMean'
  | 'rewardVariance'
  | 'rewardCount'
> & { readonly tdError: Tensor };

/**
 * Learns from the previous action where `tick.learns`, with `input` the new normalised observation:
 *
 *     delta = r + gamma (1 - done) V(s') - V(s)
 *     z_v  <- gamma lambda z_v + grad V(s)
 *     z_pi <- gamma lambda z_pi + grad log pi(a|s) + tau sign(delta) grad H(pi(.|s))
 *     w    <- w + alpha_eff delta z, per net
 */
function learn(
  tf: Tf,
  state: TensorState,
  tick: TensorTick,
  heads: HeadTensors,
  options: TensorOptions,
  input: Tensor,
): Learned {
  const { gamma, lambda, tau, done, learns, action, kappaActor, kappaCritic } = tick;
  const { reward, ...moments } = normaliseReward(tf, state, tick.reward, options);
  const next = forward(state.critic, input).output;
  const ahead = gamma.mul(next);
  const bootstrap = done === null ? ahead : ahead.mul(goesOn(done));
  const tdError = choose(tf, learns, reward.add(bootstrap).sub(state.value), tf.zerosLike(reward));
  // who does not learn has no gradient, and its traces stay
  const decay = choose(tf, learns, gamma.mul(lambda), tf.onesLike(gamma));

  const gradient = times(learns, logitGradient(tf, state, heads, action, tau.mul(tdError.sign())));
  const actorHidden = { normal: state.actorHidden, scale: state.actorScale };
  const criticHidden = { normal: state.criticHidden, scale: state.criticScale };
  const actorGradient = netGradient(tf, state.actor, state.input, actorHidden, gradient);
  const criticGradient = netGradient(tf, state.critic, state.input, criticHidden, learns);

  const mode = action.slice([0, 0], [-1, 1]).flatten() as TensorFlow.Tensor1D;
  const faded = times(gamma.mul(lambda), state.traceEnvelope);
  const unused = faded.mul(faded.greater(ENVELOPE_FLOOR).toFloat());
  const used = tf.gather(heads.headUse, mode).maximum(unused);
  const envelope = choose(tf, learns, used, state.traceEnvelope);
  const alive = choose(tf, learns, envelope.greater(0).toFloat(), tf.onesLike(envelope));
  const logitDecay = times(decay, alive.gather(heads.headOfLogit, 1));

  const actor = updateNet(
    tf,
    state.actor,
    state.actorTraces,
    actorGradient,
    decay,
    logitDecay,
    tick,
    kappaActor,
    tdError,
  );
  const critic = updateNet(
    tf,
    state.critic,
    state.criticTraces,
    criticGradient,
    decay,
    decay,
    tick,
    kappaCritic,
    tdError,
  );
  const kept = (now: Tensor, before: Tensor): Tensor => choose(tf, learns, now, before);
  const remember = (traces: Net): Net =>
    done === null ? traces : timesNet(goesOn(done.mul(learns)), traces);
  return {
    tdError,
    actor: actor.weights,
    actorTraces: remember(actor.traces),
    critic: critic.weights,
    criticTraces: remember(critic.traces),
    traceEnvelope: done === null ? envelope : times(goesOn(done.mul(learns)), envelope),
    rewardMean: kept(moments.rewardMean, state.rewardMean),
    rewardVariance: kept(moments.rewardVariance, state.rewardVariance),
    rewardCount: kept(moments.rewardCount, state.rewardCount),
  };
}

/** 1 where an episode goes on. */
const goesOn = (done: Tensor): Tensor => done.neg().add(1);

/** A net's parts times a factor of each agent. */
const timesNet = (factor: Tensor, { hidden, hiddenBias, output, outputBias }: Net): Net => ({
  hidden: times(factor, hidden),
  hiddenBias: times(factor, hiddenBias),
  output: times(factor, output),
  outputBias: times(factor, outputBias),
});

/** The forward passes of both nets at the normalised input: V, activations, probabilities, entropy gradients. */
function evaluate(
  { actor, critic }: Pick<TensorState, 'actor' | 'critic'>,
  heads: HeadTensors,
  input: Tensor,
) {
  const value = forward(critic, input);
  const policy = forward(actor, input);
  return {
    input,
    value: value.output,
    criticHidden: value.hidden.normal,
    criticScale: value.hidden.scale,
    actorHidden: policy.hidden.normal,
    actorScale: policy.hidden.scale,
    ...softmaxHeads(policy.output, heads),
  };
}

/**
 * One tick of all agents: normalise the observation, learn from the previous action where `tick.learns`, evaluate. All
 * else of agents that do not act stays as it is; who acts samples from `probability`.
 */
export function stepLearners(
  tf: Tf,
  state: TensorState,
  tick: TensorTick,
  heads: HeadTensors,
  options: TensorOptions,
): { readonly state: TensorState; readonly tdError: Tensor } {
  const seen = normaliseInput(tf, state, tick.observation);
  const { tdError, ...learned } = learn(tf, state, tick, heads, options, seen.input);
  const evaluated = { ...seen, ...evaluate(learned, heads, seen.input) };
  const acted = Object.entries(evaluated).map(([name, now]) => [
    name,
    choose(tf, tick.acts, now, state[name as keyof typeof evaluated]),
  ]);
  return { tdError, state: { ...learned, ...Object.fromEntries(acted) } };
}

/** Shapes of a net's parts behind the agents, in the plain order of parameters. */
const netShapes = (outputs: number): { readonly [K in keyof Net]: readonly number[] } => ({
  hidden: [HIDDEN, OBSERVATION_COUNT],
  hiddenBias: [HIDDEN],
  output: [outputs, HIDDEN],
  outputBias: [outputs],
});
export const ACTOR_SHAPES = netShapes(LOGIT_COUNT);
export const CRITIC_SHAPES = netShapes(1);
