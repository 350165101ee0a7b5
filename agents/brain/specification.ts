/**
 * The learner's equations in plain TypeScript, one agent, as the specification of `kernel.as.ts`: stream AC(lambda)
 * with the ObGD step of M. Elsayed, G. Vasan, A. R. Mahmood, "Streaming deep reinforcement learning finally works"
 * (2024, arXiv 2410.14606), over factorised categorical heads.
 *
 * State lives in typed arrays of the caller's choice: Float64Array for checks of gradients, Float32Array to round
 * where the kernel rounds its state. Shapes are free, so that gradients can be checked at any size.
 */
import { assert } from '../../sim/core/assert.ts';
import { exp, log } from '../../sim/core/floatMath.ts';
import { DrawSequence, pcg4d, STREAM, unitInterval } from '../../sim/core/rng.ts';
import { type NetworkShape, type ParameterOffsets, parameterOffsets, STANDARD_SHAPE } from './layout.ts';

export type Real = Float64Array | Float32Array;
export type RealConstructor = new (length: number) => Real;

/** Observations after which running input moments become exponential means: f32 cannot count much further. */
export const INPUT_HORIZON = 2 ** 20;
/** Added to the variance of an input (Elsayed et al. 2024, algorithm 4). */
export const INPUT_EPSILON = 1e-8;
/** Normalised inputs are clipped to +- this. */
export const INPUT_CLIP = 5;
/** Raw observations and rewards are clipped to +- this, so that no square overflows. */
export const RAW_LIMIT = 1e9;
/** Rewards after which their running moments become exponential means of rate 1e-3. */
export const REWARD_HORIZON = 1000;
/** Scaled rewards are clipped to +- this. */
export const REWARD_CLIP = 5;
/** Added to the variance of a hidden layer (Ba, Kiros & Hinton 2016; the usual default). */
export const LAYER_NORM_EPSILON = 1e-5;
/** Slope of LeakyReLU below zero. */
export const LEAK = 0.01;
/** Least exponent of a softmax weight, so that no probability has subnormal gradients. */
export const EXPONENT_FLOOR = -60;
/** Traces of a head count as zero once decay since its last use has shrunk them by this factor. */
export const ENVELOPE_FLOOR = 1e-20;

/** Genes of the learner (MODEL.md section 7). */
export interface LearnerGenes {
  readonly gamma: number;
  readonly lambda: number;
  readonly tau: number;
  readonly kappaActor: number;
  readonly kappaCritic: number;
  readonly alpha: number;
}

export interface LearnerOptions {
  readonly shape: NetworkShape;
  /** Bit k allows logit k. */
  readonly logitMask: number;
  /** Per option of head 0, bit h = 1 counts head h. */
  readonly headUse: readonly number[];
  readonly centreReward: boolean;
  readonly rewardDeviationFloor: number;
}

/** Activations of a hidden layer. */
export interface Hidden {
  /** Layer-normalised pre-activations [hidden]. */
  readonly normal: Real;
  /** LeakyReLU of them [hidden]. */
  readonly active: Real;
  /** 1 / sqrt(variance + epsilon) of the layer. */
  scale: number;
}

/** Everything that one brain remembers; the kernel's columns of one lane. */
export interface LearnerState {
  readonly weights: Real;
  readonly traces: Real;
  readonly inputMean: Real;
  readonly inputVariance: Real;
  inputCount: number;
  readonly input: Real;
  readonly actor: Hidden;
  readonly critic: Hidden;
  readonly probability: Real;
  readonly entropyGradient: Real;
  /** Option of each head [heads]. */
  readonly action: Uint32Array;
  readonly traceEnvelope: Real;
  value: number;
  tdError: number;
  rewardMean: number;
  rewardVariance: number;
  rewardCount: number;
  fresh: boolean;
}

const sum = (sizes: readonly number[]): number => sizes.reduce((total, size) => total + size, 0);
const clip = (x: number, limit: number): number => Math.max(-limit, Math.min(limit, x));

/** A newborn's state, all weights zero. */
export function createLearner(shape: NetworkShape, Numbers: RealConstructor = Float64Array): LearnerState {
  const { inputs, hidden, heads } = shape;
  const logits = sum(heads);
  const { count } = parameterOffsets(shape);
  const layer = (): Hidden => ({ normal: new Numbers(hidden), active: new Numbers(hidden), scale: 0 });
  return {
    weights: new Numbers(count),
    traces: new Numbers(count),
    inputMean: new Numbers(inputs),
    inputVariance: new Numbers(inputs).fill(1),
    inputCount: 0,
    input: new Numbers(inputs),
    actor: layer(),
    critic: layer(),
    probability: new Numbers(logits),
    entropyGradient: new Numbers(logits),
    action: new Uint32Array(heads.length),
    traceEnvelope: new Numbers(heads.length),
    value: 0,
    tdError: 0,
    rewardMean: 0,
    rewardVariance: 1,
    rewardCount: 0,
    fresh: true,
  };
}

/** Rates at which a running mean and unbiased variance take in sample number `count`: Welford's, 1/n and 1/(n-1). */
const momentRates = (count: number): { mean: number; variance: number } => ({
  mean: 1 / count,
  variance: count > 1 ? 1 / (count - 1) : 0,
});

/** Updates the input moments with a raw observation and writes the normalised one to `out`. */
export function normaliseInput(state: LearnerState, observation: ArrayLike<number>, out: Real): void {
  state.inputCount = Math.min(INPUT_HORIZON, state.inputCount + 1);
  const rate = momentRates(state.inputCount);
  const { inputMean, inputVariance } = state;
  for (let k = 0; k < out.length; k++) {
    const raw = clip(observation[k]!, RAW_LIMIT);
    const before = raw - inputMean[k]!;
    inputMean[k]! += before * rate.mean;
    const after = raw - inputMean[k]!;
    inputVariance[k]! += (before * after - inputVariance[k]!) * rate.variance;
    out[k] = clip(after / Math.sqrt(inputVariance[k]! + INPUT_EPSILON), INPUT_CLIP);
  }
}

/** Updates the reward moments with a raw reward and returns the centred, scaled and clipped one. */
export function normaliseReward(state: LearnerState, reward: number, options: LearnerOptions): number {
  const raw = clip(reward, RAW_LIMIT);
  state.rewardCount = Math.min(REWARD_HORIZON, state.rewardCount + 1);
  const rate = momentRates(state.rewardCount);
  const before = raw - state.rewardMean;
  state.rewardMean += before * rate.mean;
  const after = raw - state.rewardMean;
  state.rewardVariance += (before * after - state.rewardVariance) * rate.variance;
  const deviation = Math.max(options.rewardDeviationFloor, Math.sqrt(state.rewardVariance));
  return clip((options.centreReward ? after : raw) / deviation, REWARD_CLIP);
}

/** Hidden layer of one net: linear, LayerNorm without affine, LeakyReLU. */
function forwardHidden(
  weights: Real,
  matrix: number,
  bias: number,
  input: ArrayLike<number>,
  out: Hidden,
): void {
  const { normal, active } = out;
  const hidden = normal.length;
  const inputs = input.length;
  let mean = 0;
  for (let j = 0; j < hidden; j++) {
    let s = weights[bias + j]!;
    for (let k = 0; k < inputs; k++) s += weights[matrix + j * inputs + k]! * input[k]!;
    normal[j] = s;
    mean += s / hidden;
  }
  let variance = 0;
  for (let j = 0; j < hidden; j++) {
    normal[j]! -= mean;
    variance += normal[j]! ** 2 / hidden;
  }
  out.scale = 1 / Math.sqrt(variance + LAYER_NORM_EPSILON);
  for (let j = 0; j < hidden; j++) {
    normal[j]! *= out.scale;
    active[j] = normal[j]! > 0 ? normal[j]! : LEAK * normal[j]!;
  }
}

/** V of a normalised input; fills `critic`. */
function forwardCritic(
  weights: Real,
  at: ParameterOffsets,
  input: ArrayLike<number>,
  critic: Hidden,
): number {
  forwardHidden(weights, at.criticHidden, at.criticHiddenBias, input, critic);
  let value = weights[at.criticOutputBias]!;
  critic.active.forEach((h, k) => {
    value += h * weights[at.criticOutput + k]!;
  });
  return value;
}

/** Logits of a normalised input to `logits`; fills `actor`. */
function forwardActor(
  weights: Real,
  at: ParameterOffsets,
  input: ArrayLike<number>,
  actor: Hidden,
  logits: Real,
): void {
  forwardHidden(weights, at.actorHidden, at.actorHiddenBias, input, actor);
  const hidden = actor.active.length;
  for (let j = 0; j < logits.length; j++) {
    let s = weights[at.actorOutputBias + j]!;
    for (let k = 0; k < hidden; k++) s += weights[at.actorOutput + j * hidden + k]! * actor.active[k]!;
    logits[j] = s;
  }
}

const isAllowed = (mask: number, logit: number): boolean => ((mask >>> logit) & 1) === 1;

/**
 * Softmax of one head over its allowed options, 0 for the others, and the gradient of its entropy with respect to
 * its logits: d H / d y_j = -p_j (log p_j + H) = -p_j (y_j - sum_i p_i y_i).
 *
 * @param from first logit of the head
 * @param size options of the head
 * @returns the entropy in nats
 */
export function softmaxHead(
  logits: ArrayLike<number>,
  from: number,
  size: number,
  mask: number,
  probability: Real,
  entropyGradient: Real,
): number {
  const allowed = Array.from({ length: size }, (_, j) => from + j).filter((k) => isAllowed(mask, k));
  for (let k = from; k < from + size; k++) {
    probability[k] = 0;
    entropyGradient[k] = 0;
  }
  if (allowed.length === 1) probability[allowed[0]!] = 1;
  if (allowed.length < 2) return 0;
  const top = Math.max(...allowed.map((k) => logits[k]!));
  const weights = allowed.map((k) => exp(Math.max(EXPONENT_FLOOR, logits[k]! - top)));
  const total = sum(weights);
  const mean = sum(weights.map((weight, n) => (weight * (logits[allowed[n]!]! - top)) / total));
  allowed.forEach((k, n) => {
    const p = weights[n]! / total;
    probability[k] = p;
    entropyGradient[k] = p * (mean - (logits[k]! - top));
  });
  return log(total) - mean;
}

/** The option whose interval of cumulative probability holds u in [0, 1); the last allowed one past rounding. */
export function sampleHead(
  probability: ArrayLike<number>,
  from: number,
  size: number,
  mask: number,
  u: number,
): number {
  let cumulative = 0;
  let last = 0;
  for (let j = 0; j < size; j++) {
    if (!isAllowed(mask, from + j)) continue;
    cumulative += probability[from + j]!;
    if (u < cumulative) return j;
    last = j;
  }
  return last;
}

/**
 * The uniform draws of an agent's heads at a tick: words 0..3 of stream actHeadsA, then of actHeadsB.
 *
 * @returns [8] in [0, 1)
 */
export function headDraws(seed: number, tick: number, agent: number): number[] {
  const words = new Uint32Array(8);
  pcg4d(words.subarray(0, 4), seed, tick, agent, STREAM.actHeadsA);
  pcg4d(words.subarray(4, 8), seed, tick, agent, STREAM.actHeadsB);
  return Array.from(words, unitInterval);
}

/**
 * Gradient with respect to the logits of log pi(action) + bonus x H over the heads in `use`: one-hot less
 * probability, plus bonus times the gradient of the entropy; zero for heads without a choice and masked options.
 */
export function logitGradient(
  state: LearnerState,
  { shape, logitMask }: LearnerOptions,
  use: number,
  bonus: number,
  out: Real,
): void {
  let from = 0;
  shape.heads.forEach((size, head) => {
    const allowed = Array.from({ length: size }, (_, j) => isAllowed(logitMask, from + j));
    const counts = ((use >>> head) & 1) === 1 && allowed.filter(Boolean).length > 1;
    for (let j = 0; j < size; j++) {
      const k = from + j;
      const chosen = state.action[head] === j ? 1 : 0;
      out[k] = counts && allowed[j] ? chosen - state.probability[k]! + bonus * state.entropyGradient[k]! : 0;
    }
    from += size;
  });
}

/** Gradient with respect to pre-activations from that with respect to activations, in place. */
function backwardHidden(gradient: Real, { normal, scale }: Hidden): void {
  const hidden = gradient.length;
  let mean = 0;
  let slope = 0;
  for (let j = 0; j < hidden; j++) {
    if (!(normal[j]! > 0)) gradient[j]! *= LEAK;
    mean += gradient[j]! / hidden;
    slope += (gradient[j]! * normal[j]!) / hidden;
  }
  for (let j = 0; j < hidden; j++) gradient[j] = scale * (gradient[j]! - mean - normal[j]! * slope);
}

function outerProduct(
  out: Real,
  matrix: number,
  bias: number,
  gradient: ArrayLike<number>,
  input: ArrayLike<number>,
): void {
  const inputs = input.length;
  for (let j = 0; j < gradient.length; j++) {
    out[bias + j] = gradient[j]!;
    for (let k = 0; k < inputs; k++) out[matrix + j * inputs + k] = gradient[j]! * input[k]!;
  }
}

/** Gradient of sum_k logitGradient_k x logit_k with respect to the actor's parameters, to `out`. */
function actorGradient(
  weights: Real,
  at: ParameterOffsets,
  input: ArrayLike<number>,
  actor: Hidden,
  gradient: ArrayLike<number>,
  out: Real,
): void {
  const hidden = actor.active.length;
  const back = new Float64Array(hidden);
  for (let j = 0; j < gradient.length; j++)
    for (let k = 0; k < hidden; k++) back[k]! += gradient[j]! * weights[at.actorOutput + j * hidden + k]!;
  outerProduct(out, at.actorOutput, at.actorOutputBias, gradient, actor.active);
  backwardHidden(back, actor);
  outerProduct(out, at.actorHidden, at.actorHiddenBias, back, input);
}

/** Gradient of V with respect to the critic's parameters, to `out`. */
function criticGradient(
  weights: Real,
  at: ParameterOffsets,
  input: ArrayLike<number>,
  critic: Hidden,
  out: Real,
): void {
  const back = Float64Array.from(critic.active, (_, k) => weights[at.criticOutput + k]!);
  outerProduct(out, at.criticOutput, at.criticOutputBias, [1], critic.active);
  backwardHidden(back, critic);
  outerProduct(out, at.criticHidden, at.criticHiddenBias, back, input);
}

/** ObGD (Elsayed et al. 2024, algorithm 3): the effective step size of one net. */
export function effectiveStepSize(alpha: number, kappa: number, tdError: number, traceNorm: number): number {
  const bound = alpha * kappa * Math.max(Math.abs(tdError), 1) * traceNorm;
  return bound > 1 ? alpha / bound : alpha;
}

/** Decays traces from..to-1, adds the gradient, moves the weights by the bounded step. */
function updateNet(
  { weights, traces }: LearnerState,
  from: number,
  to: number,
  decayOf: (parameter: number) => number,
  gradient: Real,
  step: { alpha: number; kappa: number; tdError: number },
): void {
  let norm = 0;
  for (let p = from; p < to; p++) {
    traces[p] = decayOf(p) * traces[p]! + gradient[p]!;
    norm += Math.abs(traces[p]!);
  }
  const size = effectiveStepSize(step.alpha, step.kappa, step.tdError, norm);
  for (let p = from; p < to; p++) weights[p]! += size * step.tdError * traces[p]!;
}

/** The head that each actor output parameter belongs to, -1 for the hidden layer's. */
function headOfParameters(shape: NetworkShape, at: ParameterOffsets): Int8Array {
  const heads = new Int8Array(at.actorCount).fill(-1);
  let logit = 0;
  shape.heads.forEach((size, head) => {
    for (let j = 0; j < size; j++, logit++) {
      heads[at.actorOutputBias + logit] = head;
      heads.fill(head, at.actorOutput + logit * shape.hidden, at.actorOutput + (logit + 1) * shape.hidden);
    }
  });
  return heads;
}

/**
 * Learns from the previous action: with `input` the new normalised observation,
 *
 *     delta = r + gamma (1 - done) V(s') - V(s)
 *     z_v  <- gamma lambda z_v + grad V(s)
 *     z_pi <- gamma lambda z_pi + grad log pi(a|s) + tau sign(delta) grad H(pi(.|s))
 *     w    <- w + alpha_eff delta z, per net
 *
 * V(s), the activations and the probabilities are those stored at the last act: no weight has changed since, so
 * they are current.
 */
export function learn(
  state: LearnerState,
  genes: LearnerGenes,
  options: LearnerOptions,
  input: Real,
  rawReward: number,
  done: boolean,
): void {
  const { shape } = options;
  const at = parameterOffsets(shape);
  const { weights, traces, action } = state;
  const reward = normaliseReward(state, rawReward, options);
  const scratch: Hidden = createLearner(shape).critic;
  const next = forwardCritic(weights, at, input, scratch);
  const tdError = reward + (done ? 0 : genes.gamma * next) - state.value;
  const decay = genes.gamma * genes.lambda;
  const gradient = new Float64Array(at.count);

  const use = options.headUse[action[0]!]!;
  const logits = new Float64Array(sum(shape.heads));
  logitGradient(state, options, use, genes.tau * Math.sign(tdError), logits);
  actorGradient(weights, at, state.input, state.actor, logits, gradient);
  criticGradient(weights, at, state.input, state.critic, gradient);

  const { traceEnvelope } = state;
  shape.heads.forEach((_, head) => {
    const faded = decay * traceEnvelope[head]!;
    traceEnvelope[head] = ((use >>> head) & 1) === 1 ? 1 : faded > ENVELOPE_FLOOR ? faded : 0;
  });
  const headOf = headOfParameters(shape, at);
  const actorDecay = (p: number): number => (headOf[p]! >= 0 && traceEnvelope[headOf[p]!] === 0 ? 0 : decay);

  const { alpha, kappaActor, kappaCritic } = genes;
  updateNet(state, 0, at.actorCount, actorDecay, gradient, { alpha, kappa: kappaActor, tdError });
  updateNet(state, at.actorCount, at.count, () => decay, gradient, { alpha, kappa: kappaCritic, tdError });
  if (done) {
    traces.fill(0);
    traceEnvelope.fill(0);
  }
  state.tdError = tdError;
}

/** Stores the forward passes of both nets at the normalised input: V, activations, probabilities, entropy gradients. */
export function evaluate(state: LearnerState, { shape, logitMask }: LearnerOptions, input: Real): void {
  const at = parameterOffsets(shape);
  state.input.set(input);
  state.value = forwardCritic(state.weights, at, input, state.critic);
  const logits = new Float64Array(sum(shape.heads));
  forwardActor(state.weights, at, input, state.actor, logits);
  let from = 0;
  for (const size of shape.heads) {
    softmaxHead(logits, from, size, logitMask, state.probability, state.entropyGradient);
    from += size;
  }
}

/** Samples every head with one uniform draw each. */
function sampleAction(
  state: LearnerState,
  { shape, logitMask }: LearnerOptions,
  uniforms: readonly number[],
): void {
  let from = 0;
  shape.heads.forEach((size, head) => {
    state.action[head] = sampleHead(state.probability, from, size, logitMask, uniforms[head]!);
    from += size;
  });
}

/**
 * One tick of one agent: normalise the observation, learn from the previous action unless fresh, evaluate, sample.
 *
 * @param uniforms one draw in [0, 1) per head
 */
export function stepLearner(
  state: LearnerState,
  genes: LearnerGenes,
  options: LearnerOptions,
  { observation, reward, done }: { observation: ArrayLike<number>; reward: number; done: boolean },
  uniforms: readonly number[],
): void {
  const input = new (state.input.constructor as RealConstructor)(options.shape.inputs);
  normaliseInput(state, observation, input);
  if (state.fresh) state.tdError = 0;
  else learn(state, genes, options, input, reward, done);
  evaluate(state, options, input);
  sampleAction(state, options, uniforms);
  state.fresh = false;
}

/** Largest differences between hand-written gradients and finite differences in f64. */
export interface GradientErrors {
  /** Of grad log pi, per head. */
  readonly logProbability: readonly number[];
  /** Of grad H, per head. */
  readonly entropy: readonly number[];
  /** Of grad V. */
  readonly critic: number;
  /** The largest of all. */
  readonly maximum: number;
}

/** Step of the five-point differences: truncation and rounding errors near 1e-11. */
const DIFFERENCE_STEP = 1e-4;
/** No unit may lie closer to LeakyReLU's kink than this, or a difference could straddle it. */
const KINK_DISTANCE = 1e-2;
/** Nor may a layer be nearly constant: the curvature of LayerNorm grows with 1 / deviation. */
const SCALE_MAX = 10;

/**
 * Checks every gradient of a random network at a random input: log pi and entropy of each head alone with respect to
 * all actor parameters, V with respect to all critic parameters.
 *
 * @param shape the network's size, the standard one by default; at most 32 logits
 */
export function gradientErrors(seed: number, shape: NetworkShape = STANDARD_SHAPE): GradientErrors {
  const at = parameterOffsets(shape);
  const logitCount = sum(shape.heads);
  assert(logitCount <= 32, `${logitCount} logits exceed the 32 bits of a mask`);
  assert(shape.hidden >= 2, 'LayerNorm of a single unit is constant: hidden must be at least 2');
  const draws = new DrawSequence().at(seed, 0, 0, STREAM.initialWeights);
  const state = createLearner(shape);
  const input = new Float64Array(shape.inputs);
  const isRough = ({ normal, scale }: Hidden): boolean =>
    scale > SCALE_MAX || normal.some((y) => Math.abs(y) < KINK_DISTANCE);
  const options: LearnerOptions = {
    shape,
    logitMask: 0xffff_ffff,
    headUse: [],
    centreReward: true,
    rewardDeviationFloor: 1,
  };
  do {
    for (let p = 0; p < at.count; p++) state.weights[p] = draws.normal() / 2;
    for (let k = 0; k < input.length; k++) input[k] = draws.normal();
    evaluate(state, options, input);
  } while (isRough(state.actor) || isRough(state.critic));
  sampleAction(
    state,
    options,
    shape.heads.map(() => draws.unit()),
  );

  const { weights } = state;
  const gradient = new Float64Array(at.count);
  const scratch = createLearner(shape);
  const logits = new Float64Array(logitCount);
  const unused = new Float64Array(logitCount);
  const probability = new Float64Array(logitCount);

  criticGradient(weights, at, input, state.critic, gradient);
  const value = (): number => forwardCritic(weights, at, input, scratch.critic);
  const critic = largestError(weights, at.actorCount, at.count, gradient, value);

  const logProbability: number[] = [];
  const entropy: number[] = [];
  let from = 0;
  shape.heads.forEach((size, head) => {
    const start = from;
    const softmax = (): number => {
      forwardActor(weights, at, input, scratch.actor, logits);
      return softmaxHead(logits, start, size, options.logitMask, probability, unused);
    };
    const logPi = (): number => {
      softmax();
      return log(probability[start + state.action[head]!]!);
    };
    const score = new Float64Array(logitCount);
    logitGradient(state, options, 1 << head, 0, score);
    actorGradient(weights, at, input, state.actor, score, gradient);
    logProbability.push(largestError(weights, 0, at.actorCount, gradient, logPi));
    const slope = new Float64Array(logitCount);
    slope.set(state.entropyGradient.subarray(start, start + size), start);
    actorGradient(weights, at, input, state.actor, slope, gradient);
    entropy.push(largestError(weights, 0, at.actorCount, gradient, softmax));
    from += size;
  });
  return { logProbability, entropy, critic, maximum: Math.max(critic, ...logProbability, ...entropy) };
}

/** The largest error of `gradientErrors` for the standard heads on a network of the given size. */
export const gradientError = ({
  inputs,
  hidden,
  seed,
}: {
  inputs: number;
  hidden: number;
  seed: number;
}): number => gradientErrors(seed, { ...STANDARD_SHAPE, inputs, hidden }).maximum;

function largestError(weights: Real, from: number, to: number, gradient: Real, f: () => number): number {
  let largest = 0;
  for (let p = from; p < to; p++) {
    const kept = weights[p]!;
    const at = (steps: number): number => {
      weights[p] = kept + steps * DIFFERENCE_STEP;
      return f();
    };
    const slope = (8 * (at(1) - at(-1)) - (at(2) - at(-2))) / (12 * DIFFERENCE_STEP);
    weights[p] = kept;
    largest = Math.max(largest, Math.abs(slope - gradient[p]!));
  }
  return largest;
}
