// Twin of specification.ts, learn and act of one agent by BRAIN_THREADS = 32 threads that share it. Every weight and trace
// has one thread, which keeps it in a register from the only load to the only store: a step moves each number once.
// Thread l has column l of both hidden matrices [16 x 32], so that loads are of neighbouring words; of the actor's output
// [32 x 16] it has hidden unit l mod 16 of the logits 2 r + floor(l / 16); and bias and gradient of logit l. Sums over
// inputs cross threads through `crossed`, where 33 words a row keep threads apart in banks of memory.

const INPUTS = 32u;
const UNITS = 16u;
const LOGITS = 32u;
const HEADS = 8u;
const CROSSED_STRIDE = 33u;
const LOGIT_STRIDE = 17u;

var<workgroup> crossed: array<f32, 544>;
/** What each thread tells all, by thread: sums, gradients, biases. */
var<workgroup> told: array<f32, 32>;
var<workgroup> toldLogit: array<f32, 32>;
var<workgroup> toldUnit: array<f32, 32>;
var<workgroup> pair: array<vec2<f32>, 32>;
/** 1 / deviation of the layer that was passed last. */
var<private> layerScale: f32;

/** A net's numbers of one thread. */
struct Column {
  rows: array<f32, 16>,
}

fn headOf(logit: u32) -> u32 {
  return (HEAD_OF_LOGIT[logit / 8u] >> (4u * (logit % 8u))) & 0xfu;
}

fn leaky(x: f32) -> f32 {
  return select(LEAK * x, x, x > 0.0);
}

/** The sum over all threads. */
fn sumOfPairs(lane: u32, value: vec2<f32>) -> vec2<f32> {
  pair[lane] = value;
  workgroupBarrier();
  var sum = vec2<f32>(0.0);
  for (var k = 0u; k < BRAIN_THREADS; k++) {
    sum += pair[k];
  }
  workgroupBarrier();
  return sum;
}

/** The sum over the 16 hidden units, of which each has two threads that give the same. */
fn sumOfUnits(lane: u32, value: f32) -> f32 {
  told[lane] = value;
  workgroupBarrier();
  var sum = 0.0;
  for (var k = 0u; k < UNITS; k++) {
    sum += told[k];
  }
  workgroupBarrier();
  return sum;
}

/** Layer-normalised pre-activation of hidden unit lane mod 16; sets layerScale. `bias` is that unit's. */
fn forwardHidden(lane: u32, matrix: ptr<function, Column>, input: f32, bias: f32) -> f32 {
  for (var r = 0u; r < UNITS; r++) {
    crossed[r * CROSSED_STRIDE + lane] = (*matrix).rows[r] * input;
  }
  workgroupBarrier();
  let unit = lane % UNITS;
  let half = lane / UNITS;
  var sum = 0.0;
  for (var k = 0u; k < UNITS; k++) {
    sum += crossed[unit * CROSSED_STRIDE + half * UNITS + k];
  }
  told[lane] = sum;
  workgroupBarrier();
  let before = bias + told[unit] + told[unit + UNITS];
  workgroupBarrier();
  let centred = before - sumOfUnits(lane, before) / f32(UNITS);
  let variance = sumOfUnits(lane, centred * centred) / f32(UNITS);
  layerScale = 1.0 / sqrt(variance + LAYER_NORM_EPSILON);
  return centred * layerScale;
}

/** Gradient of a hidden unit's pre-activation from that of its activation. */
fn backwardHidden(lane: u32, gradient: f32, normal: f32, scale: f32) -> f32 {
  let passed = select(LEAK * gradient, gradient, normal > 0.0);
  let mean = sumOfUnits(lane, passed) / f32(UNITS);
  let slope = sumOfUnits(lane, passed * normal) / f32(UNITS);
  return scale * (passed - mean - normal * slope);
}

/** The effective step size of one net; a net of infinite kappa never moves. */
fn effectiveStepSize(alpha: f32, kappa: f32, tdError: f32, traceNorm: f32) -> f32 {
  if ((bitcast<u32>(kappa) & 0x7fffffffu) >= 0x7f800000u) {
    return 0.0;
  }
  let bound = alpha * kappa * max(abs(tdError), 1.0) * traceNorm;
  return select(alpha, alpha / bound, bound > 1.0);
}

fn isAllowed(mask: u32, logit: u32) -> bool {
  return ((mask >> logit) & 1u) == 1u;
}

/** Options of a head that the mask allows. */
fn allowedOf(mask: u32, head: u32) -> u32 {
  return countOneBits((mask >> HEAD_FIRST[head]) & ((1u << HEAD_SIZE[head]) - 1u));
}

/** One tick of one agent: normalise the observation, learn from the previous action unless fresh, evaluate, sample. */
fn stepBrain(agent: u32, brain: u32, lane: u32) {
  if (agree(lane, load(BRAIN_active, agent)) == 0u) {
    return;
  }
  let fresh = agree(lane, load(BRAIN_fresh, agent)) != 0u;
  let base = brain * WEIGHT_STRIDE;
  let unit = lane % UNITS;
  let half = lane / UNITS;
  let isUnit = lane < UNITS;
  let mask = parameter(PARAMETER_brain_logitMask);
  let at = agent * INPUTS + lane;
  let unitAt = agent * UNITS + unit;

  // the new observation
  let count = min(INPUT_HORIZON, loadF32(BRAIN_inputCount, agent) + 1.0);
  let raw = clamp(loadF32(BRAIN_observation, at), -RAW_LIMIT, RAW_LIMIT);
  var mean = loadF32(BRAIN_inputMean, at);
  let beforeMean = raw - mean;
  mean += beforeMean / count;
  let afterMean = raw - mean;
  var variance = loadF32(BRAIN_inputVariance, at);
  variance += select(0.0, (beforeMean * afterMean - variance) / (count - 1.0), count > 1.0);
  let input = clamp(afterMean / sqrt(variance + INPUT_EPSILON), -INPUT_CLIP, INPUT_CLIP);
  let previous = loadF32(BRAIN_input, at);

  var actorHidden: Column;
  var actorOutput: Column;
  var criticHidden: Column;
  for (var r = 0u; r < UNITS; r++) {
    actorHidden.rows[r] = weights[base + WEIGHT_actorHidden + r * INPUTS + lane];
    actorOutput.rows[r] = weights[base + WEIGHT_actorOutput + r * INPUTS + lane];
    criticHidden.rows[r] = weights[base + WEIGHT_criticHidden + r * INPUTS + lane];
  }
  let logitBiasAt = base + WEIGHT_actorOutputBias + lane;
  // the biases of the actor's hidden units in the lower threads, of the critic's in the upper ones
  let unitBiasAt = base + select(WEIGHT_criticHiddenBias, WEIGHT_actorHiddenBias, isUnit) + unit;
  // sixteen weights of the critic's output and its bias; the threads above them have nothing
  let valueAt = base + WEIGHT_criticOutput + min(lane, UNITS);
  let hasValue = lane <= UNITS;
  var logitBias = weights[logitBiasAt];
  var unitBias = weights[unitBiasAt];
  var valueWeight = select(0.0, weights[valueAt], hasValue);
  toldUnit[lane] = unitBias;
  workgroupBarrier();
  var actorBias = toldUnit[unit];
  var criticBias = toldUnit[unit + UNITS];

  var tdError = 0.0;
  if (!fresh) {
    // V of the new observation under the weights before the update
    let next = leaky(forwardHidden(lane, &criticHidden, input, criticBias));
    let nextValue = valueOf(lane, valueWeight, next);

    let reward = normaliseReward(lane, agent);
    let gamma = loadF32(BRAIN_gamma, agent);
    let done = agree(lane, load(BRAIN_done, agent)) != 0u;
    tdError = reward + select(gamma * nextValue, 0.0, done) - loadF32(BRAIN_value, agent);
    let decay = gamma * loadF32(BRAIN_lambda, agent);

    // gradient of log pi and of its entropy with respect to logit `lane`
    let head = headOf(lane);
    let mode = load(BRAIN_action, agent * HEADS + HEAD_mode);
    let counted = parameterOf(PARAMETER_brain_headUse, mode);
    let used = ((counted >> head) & 1u) == 1u;
    let counts = used && allowedOf(mask, head) > 1u && isAllowed(mask, lane);
    let chosen = load(BRAIN_action, agent * HEADS + head) == lane - HEAD_FIRST[head];
    let bonus = loadF32(BRAIN_tau, agent) * sign(tdError);
    let score = select(0.0, 1.0, chosen) - loadF32(BRAIN_probability, at) + bonus * loadF32(BRAIN_entropyGradient, at);
    let logitGradient = select(0.0, score, counts);
    let faded = decay * loadF32(BRAIN_traceEnvelope, agent * HEADS + head);
    let envelope = select(select(0.0, faded, faded > ENVELOPE_FLOOR), 1.0, used);
    let logitDecay = select(decay, 0.0, envelope == 0.0);
    told[lane] = logitGradient;
    toldLogit[lane] = logitDecay;
    workgroupBarrier();
    if (lane == HEAD_FIRST[head]) {
      storeF32(BRAIN_traceEnvelope, agent * HEADS + head, select(envelope, 0.0, done));
    }

    // the actor's traces
    let normal = loadF32(BRAIN_actorHidden, unitAt);
    let activation = leaky(normal);
    var back = 0.0;
    var norm = vec2<f32>(0.0);
    var outputTraces: Column;
    for (var r = 0u; r < UNITS; r++) {
      let logit = 2u * r + half;
      back += told[logit] * actorOutput.rows[r];
      let trace = toldLogit[logit] * traces[base + WEIGHT_actorOutput + r * INPUTS + lane] + told[logit] * activation;
      outputTraces.rows[r] = trace;
      norm.x += abs(trace);
    }
    workgroupBarrier();
    told[lane] = back;
    workgroupBarrier();
    let unitBack = told[unit] + told[unit + UNITS];
    workgroupBarrier();
    let actorBack = backwardHidden(lane, unitBack, normal, loadF32(BRAIN_actorScale, agent));
    let logitBiasTrace = logitDecay * traces[logitBiasAt] + logitGradient;
    norm.x += abs(logitBiasTrace);

    // the critic's
    let criticNormal = loadF32(BRAIN_criticHidden, unitAt);
    toldUnit[lane] = valueWeight;
    workgroupBarrier();
    let criticBack = backwardHidden(lane, toldUnit[unit], criticNormal, loadF32(BRAIN_criticScale, agent));
    let valueGradient = select(1.0, leaky(criticNormal), isUnit);
    let valueTrace = select(0.0, decay * traces[valueAt] + valueGradient, hasValue);
    let unitBiasTrace = decay * traces[unitBiasAt] + select(criticBack, actorBack, isUnit);
    norm += select(vec2<f32>(0.0, abs(unitBiasTrace)), vec2<f32>(abs(unitBiasTrace), 0.0), isUnit);
    norm.y += abs(valueTrace);

    // the hidden layers', whose gradients all threads need
    told[lane] = actorBack;
    toldLogit[lane] = criticBack;
    workgroupBarrier();
    var actorTraces: Column;
    var criticTraces: Column;
    for (var r = 0u; r < UNITS; r++) {
      let actorTrace = decay * traces[base + WEIGHT_actorHidden + r * INPUTS + lane] + told[r] * previous;
      let criticTrace = decay * traces[base + WEIGHT_criticHidden + r * INPUTS + lane] + toldLogit[r] * previous;
      actorTraces.rows[r] = actorTrace;
      criticTraces.rows[r] = criticTrace;
      norm += vec2<f32>(abs(actorTrace), abs(criticTrace));
    }
    norm = sumOfPairs(lane, norm);

    // the bounded steps
    let alpha = loadF32(BRAIN_alpha, agent);
    let actorStep = tdError * effectiveStepSize(alpha, loadF32(BRAIN_kappaActor, agent), tdError, norm.x);
    let criticStep = tdError * effectiveStepSize(alpha, loadF32(BRAIN_kappaCritic, agent), tdError, norm.y);
    let keep = select(1.0, 0.0, done);
    for (var r = 0u; r < UNITS; r++) {
      let ownHidden = base + WEIGHT_actorHidden + r * INPUTS + lane;
      let ownOutput = base + WEIGHT_actorOutput + r * INPUTS + lane;
      let ownCritic = base + WEIGHT_criticHidden + r * INPUTS + lane;
      actorHidden.rows[r] += actorStep * actorTraces.rows[r];
      actorOutput.rows[r] += actorStep * outputTraces.rows[r];
      criticHidden.rows[r] += criticStep * criticTraces.rows[r];
      weights[ownHidden] = actorHidden.rows[r];
      weights[ownOutput] = actorOutput.rows[r];
      weights[ownCritic] = criticHidden.rows[r];
      traces[ownHidden] = keep * actorTraces.rows[r];
      traces[ownOutput] = keep * outputTraces.rows[r];
      traces[ownCritic] = keep * criticTraces.rows[r];
    }
    logitBias += actorStep * logitBiasTrace;
    unitBias += select(criticStep, actorStep, isUnit) * unitBiasTrace;
    valueWeight += criticStep * valueTrace;
    weights[logitBiasAt] = logitBias;
    weights[unitBiasAt] = unitBias;
    traces[logitBiasAt] = keep * logitBiasTrace;
    traces[unitBiasAt] = keep * unitBiasTrace;
    if (hasValue) {
      weights[valueAt] = valueWeight;
      traces[valueAt] = keep * valueTrace;
    }
    workgroupBarrier();
    toldUnit[lane] = unitBias;
    workgroupBarrier();
    actorBias = toldUnit[unit];
    criticBias = toldUnit[unit + UNITS];
  }

  // act
  let criticNormal = forwardHidden(lane, &criticHidden, input, criticBias);
  let criticScale = layerScale;
  let value = valueOf(lane, valueWeight, leaky(criticNormal));
  let actorNormal = forwardHidden(lane, &actorHidden, input, actorBias);
  let actorScale = layerScale;
  let activation = leaky(actorNormal);
  for (var r = 0u; r < UNITS; r++) {
    crossed[(2u * r + half) * LOGIT_STRIDE + unit] = actorOutput.rows[r] * activation;
  }
  workgroupBarrier();
  var logit = logitBias;
  for (var k = 0u; k < UNITS; k++) {
    logit += crossed[lane * LOGIT_STRIDE + k];
  }
  sampleHeads(lane, agent, mask, logit);

  storeF32(BRAIN_inputMean, at, mean);
  storeF32(BRAIN_inputVariance, at, variance);
  storeF32(BRAIN_input, at, input);
  if (isUnit) {
    storeF32(BRAIN_actorHidden, unitAt, actorNormal);
    storeF32(BRAIN_criticHidden, unitAt, criticNormal);
  }
  if (lane == 0u) {
    storeF32(BRAIN_inputCount, agent, count);
    storeF32(BRAIN_actorScale, agent, actorScale);
    storeF32(BRAIN_criticScale, agent, criticScale);
    storeF32(BRAIN_value, agent, value);
    storeF32(BRAIN_tdError, agent, tdError);
    store(BRAIN_fresh, agent, 0u);
  }
}

/** V from the critic's activations: thread l has the weight of unit l, thread 16 the bias. */
fn valueOf(lane: u32, weight: f32, activation: f32) -> f32 {
  let terms = select(0.0, weight * select(1.0, activation, lane < UNITS), lane <= UNITS);
  return sumOfPairs(lane, vec2<f32>(terms, 0.0)).x;
}

/** Updates the reward moments and returns the centred, scaled and clipped reward, the same for all threads. */
fn normaliseReward(lane: u32, agent: u32) -> f32 {
  let raw = clamp(loadF32(BRAIN_reward, agent), -RAW_LIMIT, RAW_LIMIT);
  let count = min(REWARD_HORIZON, loadF32(BRAIN_rewardCount, agent) + 1.0);
  var mean = loadF32(BRAIN_rewardMean, agent);
  var variance = loadF32(BRAIN_rewardVariance, agent);
  let before = raw - mean;
  mean += before / count;
  let after = raw - mean;
  variance += select(0.0, (before * after - variance) / (count - 1.0), count > 1.0);
  // all have read what one of them writes
  workgroupBarrier();
  if (lane == 0u) {
    storeF32(BRAIN_rewardCount, agent, count);
    storeF32(BRAIN_rewardMean, agent, mean);
    storeF32(BRAIN_rewardVariance, agent, variance);
  }
  let deviation = max(REWARD_DEVIATION_FLOOR, sqrt(variance));
  return clamp(select(raw, after, isOn(PARAMETER_learner_centreReward)) / deviation, -REWARD_CLIP, REWARD_CLIP);
}

/** Softmax of each head over its allowed options, the gradient of its entropy, and an option drawn. */
fn sampleHeads(lane: u32, agent: u32, mask: u32, logit: f32) {
  let head = headOf(lane);
  let first = HEAD_FIRST[head];
  let allowed = isAllowed(mask, lane);
  workgroupBarrier();
  told[lane] = logit;
  workgroupBarrier();
  var top = -3.0e38;
  for (var j = 0u; j < HEAD_SIZE[head]; j++) {
    top = max(top, select(-3.0e38, told[first + j], isAllowed(mask, first + j)));
  }
  let weight = select(0.0, expF32(max(EXPONENT_FLOOR, logit - top)), allowed);
  toldLogit[lane] = weight;
  workgroupBarrier();
  var total = 0.0;
  var mean = 0.0;
  for (var j = 0u; j < HEAD_SIZE[head]; j++) {
    let other = toldLogit[first + j];
    total += other;
    mean += select(0.0, other * (told[first + j] - top), other > 0.0);
  }
  let choice = allowedOf(mask, head) > 1u;
  let probability = select(0.0, select(1.0, weight / total, choice), allowed);
  let gradient = select(0.0, probability * (mean / total - (logit - top)), allowed && choice);
  storeF32(BRAIN_probability, agent * LOGITS + lane, probability);
  storeF32(BRAIN_entropyGradient, agent * LOGITS + lane, gradient);
  toldUnit[lane] = probability;
  workgroupBarrier();
  if (lane < HEADS) {
    store(BRAIN_action, agent * HEADS + lane, sampleHead(lane, mask, headDraw(agent, lane)));
  }
}

/** The uniform draw of a head: words 0..3 of stream actHeadsA, then of actHeadsB. */
fn headDraw(agent: u32, head: u32) -> f32 {
  let stream = select(STREAM_actHeadsB, STREAM_actHeadsA, head < 4u);
  let words = pcg4d(parameter(PARAMETER_seed), currentTick(), agent, stream);
  return unitInterval(words[head % 4u]);
}

/** The option whose interval of cumulative probability holds u in [0, 1); the last allowed one past rounding. */
fn sampleHead(head: u32, mask: u32, u: f32) -> u32 {
  let first = HEAD_FIRST[head];
  var cumulative = 0.0;
  var last = 0u;
  for (var j = 0u; j < HEAD_SIZE[head]; j++) {
    if (!isAllowed(mask, first + j)) {
      continue;
    }
    cumulative += toldUnit[first + j];
    if (u < cumulative) {
      return j;
    }
    last = j;
  }
  return last;
}
