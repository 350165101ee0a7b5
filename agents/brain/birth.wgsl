// Twin of birth in brain.ts, of drawInitialWeights, of inheritWeights and of silenceCritic, for agents whose
// DEVICE_newborn is set. What a child is taught is read in one pass and put in place in the next, since a teacher's slot
// may get a child of its own: it waits where the brain of a newborn has nothing.

/** Reads what a newborn is taught into its traces, inputs and entropy gradients. */
fn beTaught(agent: u32, brain: u32, lane: u32) {
  if (load(DEVICE_newborn, agent) != BRAIN_TAUGHT) {
    return;
  }
  let teacher = load(DEVICE_teacher, agent);
  // one buffer holds all brains of a world that has teachers (plan.ts)
  let source = (brain + teacher - agent) * WEIGHT_STRIDE;
  for (var k = lane; k < WEIGHT_STRIDE; k += BRAIN_THREADS) {
    traces[brain * WEIGHT_STRIDE + k] = weights[source + k];
  }
  for (var k = lane; k < OBSERVATION_COUNT; k += BRAIN_THREADS) {
    store(BRAIN_input, agent * OBSERVATION_COUNT + k, load(BRAIN_inputMean, teacher * OBSERVATION_COUNT + k));
    store(BRAIN_entropyGradient, agent * OBSERVATION_COUNT + k, load(BRAIN_inputVariance, teacher * OBSERVATION_COUNT + k));
  }
  if (lane == 0u) {
    store(BRAIN_actorScale, agent, load(BRAIN_inputCount, teacher));
  }
}

/** A new brain: weights drawn or taught, no memory. */
fn beBorn(agent: u32, brain: u32, lane: u32) {
  let how = agree(lane, load(DEVICE_newborn, agent));
  let base = brain * WEIGHT_STRIDE;
  if (how == 0u) {
    return;
  }
  if (how == BRAIN_TAUGHT) {
    for (var k = lane; k < WEIGHT_STRIDE; k += BRAIN_THREADS) {
      weights[base + k] = traces[base + k];
    }
  } else {
    for (var k = lane; k < WEIGHT_STRIDE; k += BRAIN_THREADS) {
      weights[base + k] = 0.0;
    }
    storageBarrier();
    drawInitialWeights(agent, base, lane);
  }
  storageBarrier();
  if (parameterOf(PARAMETER_populations_learner, load(COLUMN_population, agent)) == CHOICE_learner_reinforce && lane <= HIDDEN) {
    // the bias stands behind the weights of the critic's output
    weights[base + WEIGHT_criticOutput + lane] = 0.0;
  }
  for (var k = lane; k < WEIGHT_STRIDE; k += BRAIN_THREADS) {
    traces[base + k] = 0.0;
  }
  forgetInputs(agent, lane, how == BRAIN_TAUGHT);
  forgetState(agent, lane);
  if (lane == 0u) {
    store(DEVICE_newborn, agent, 0u);
  }
}

/** Moments of inputs: the teacher's, or none. */
fn forgetInputs(agent: u32, lane: u32, taught: bool) {
  let at = agent * OBSERVATION_COUNT + lane;
  storeF32(BRAIN_inputMean, at, select(0.0, loadF32(BRAIN_input, at), taught));
  storeF32(BRAIN_inputVariance, at, select(1.0, loadF32(BRAIN_entropyGradient, at), taught));
  store(BRAIN_input, at, 0u);
  store(BRAIN_entropyGradient, at, 0u);
  store(BRAIN_probability, at, 0u);
  if (lane == 0u) {
    storeF32(BRAIN_inputCount, agent, select(0.0, loadF32(BRAIN_actorScale, agent), taught));
  }
}

fn forgetState(agent: u32, lane: u32) {
  if (lane < HIDDEN) {
    store(BRAIN_actorHidden, agent * HIDDEN + lane, 0u);
    store(BRAIN_criticHidden, agent * HIDDEN + lane, 0u);
  }
  if (lane < HEAD_COUNT) {
    store(BRAIN_action, agent * HEAD_COUNT + lane, 0u);
    store(BRAIN_traceEnvelope, agent * HEAD_COUNT + lane, 0u);
  }
  if (lane == 0u) {
    store(BRAIN_value, agent, 0u);
    store(BRAIN_tdError, agent, 0u);
    store(BRAIN_actorScale, agent, 0u);
    store(BRAIN_criticScale, agent, 0u);
    store(BRAIN_rewardMean, agent, 0u);
    storeF32(BRAIN_rewardVariance, agent, 1.0);
    store(BRAIN_rewardCount, agent, 0u);
    store(BRAIN_fresh, agent, 1u);
  }
}

/** Initial weights of an agent, drawn from where and when its weights were born; rows are dealt out to the threads. */
fn drawInitialWeights(agent: u32, base: u32, lane: u32) {
  drawLayer(agent, base + WEIGHT_actorHidden, HIDDEN, OBSERVATION_COUNT, 0u, 0u, lane);
  let first = HIDDEN * OBSERVATION_COUNT;
  let firstZeros = HIDDEN * zerosOf(OBSERVATION_COUNT);
  drawLayer(agent, base + WEIGHT_actorOutput, LOGIT_COUNT, HIDDEN, first, firstZeros, lane);
  let second = first + LOGIT_COUNT * HIDDEN;
  let secondZeros = firstZeros + LOGIT_COUNT * zerosOf(HIDDEN);
  drawLayer(agent, base + WEIGHT_criticHidden, HIDDEN, OBSERVATION_COUNT, second, secondZeros, lane);
  let third = second + HIDDEN * OBSERVATION_COUNT;
  let thirdZeros = secondZeros + HIDDEN * zerosOf(OBSERVATION_COUNT);
  drawLayer(agent, base + WEIGHT_criticOutput, 1u, HIDDEN, third, thirdZeros, lane);
  if (lane == 0u) {
    weights[base + WEIGHT_actorOutputBias + REVISE_LOGIT] = REVISE_BIAS;
  }
}

/** Zeros of a row of so many weights. */
fn zerosOf(fanIn: u32) -> u32 {
  return min(fanIn - 1u, u32(ceil(parameterF32(PARAMETER_learner_sparsity) * f32(fanIn))));
}

/** Word `n` of the sequence of a newborn's weights, or of their zeros. */
fn weightWord(agent: u32, stream: u32, n: u32) -> u32 {
  let at = load(AGENT_weightsBornAt, agent);
  let slot = load(AGENT_weightsBornIn, agent);
  return pcg4d(parameter(PARAMETER_seed), at, slot, stream + 256u * (n / 4u))[n % 4u];
}

/** Rows of a layer: uniform in +-1 / sqrt(fan-in), then zeros in random places. */
fn drawLayer(agent: u32, start: u32, rows: u32, fanIn: u32, firstWord: u32, firstZero: u32, lane: u32) {
  let bound = 1.0 / sqrt(f32(fanIn));
  let zeros = zerosOf(fanIn);
  for (var row = lane; row < rows; row += BRAIN_THREADS) {
    var order: array<u32, OBSERVATION_COUNT>;
    for (var k = 0u; k < fanIn; k++) {
      let word = weightWord(agent, STREAM_initialWeights, firstWord + row * fanIn + k);
      weights[start + row * fanIn + k] = bound * (2.0 * unitInterval(word) - 1.0);
      order[k] = k;
    }
    // the first places of a Fisher-Yates shuffle
    for (var k = 0u; k < zeros; k++) {
      let pick = k + indexBelow(weightWord(agent, STREAM_sparsity, firstZero + row * zeros + k), fanIn - k);
      weights[start + row * fanIn + order[pick]] = 0.0;
      order[pick] = order[k];
    }
  }
}
