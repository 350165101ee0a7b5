// Twin of training.ts.

/** The method of somebody who does not train this tick. */
const NO_METHOD = METHOD_COUNT;

/** Skill gained by a tick of training as a fraction of 2^32, before depreciation. */
fn gainFrom(method: u32, compute: u32, data: u32, skill: u32) -> u32 {
  let exponent = exponentOf(method) +
    scaleLog(parameterI32(PARAMETER_training_methods_computeExponent + 2u * method), compute) +
    scaleLog(parameterI32(PARAMETER_training_methods_dataExponent + 2u * method), data + select(1u, 0u, data == U32_MAX));
  return mulHigh(exp2Fraction(exponent), U32_MAX - skill);
}

/** Trains the agents in train mode, adds what that costs to their bills, and lets all skills depreciate. */
fn train(lane: u32) {
  if (agree(lane, parameter(PARAMETER_training_enabled)) == 0u) {
    return;
  }
  // of each method: agents that train by it, and what they gain
  var ticks = array<u32, METHOD_COUNT>();
  var gained = array<U64, METHOD_COUNT>();
  for (var i = lane; i < SLOTS; i += WORKGROUP) {
    store(COLUMN_skillGain, i, 0u);
    if (load(COLUMN_population, i) == FREE_SLOT) {
      continue;
    }
    var method = NO_METHOD;
    if (load(COLUMN_mode, i) == MODE_train) {
      method = writeGain(i);
    }
    depreciate(i);
    if (method != NO_METHOD) {
      let gain = load(COLUMN_skillGain, i);
      let at = i * CLASS_COUNT + load(COLUMN_taskClass, i);
      store(COLUMN_skill, at, load(COLUMN_skill, at) + gain);
      ticks[method] += 1u;
      gained[method] = addWide(gained[method], wide(gain));
    }
  }
  for (var m = 0u; m < METHOD_COUNT; m++) {
    let trained = sumOf(lane, wide(ticks[m]));
    let skill = sumOf(lane, gained[m]);
    if (lane == 0u) {
      let labels = mulWide(trained, parameterOf(PARAMETER_training_methods_labels, m));
      addTo(COLUMN_total, TOTAL_labels, labels);
      addTo(COLUMN_total, TOTAL_methodTicks + m, trained);
      addTo(COLUMN_total, TOTAL_methodLabels + m, labels);
      addTo(COLUMN_total, TOTAL_methodSkill + m, skill);
    }
  }
}

/** Writes `skillGain` of a trainee; returns its method, NO_METHOD without compute or where its runway forbids the cost. */
fn writeGain(i: u32) -> u32 {
  let used = min(parameter(PARAMETER_training_maxCompute), load(COLUMN_compute, i) - load(COLUMN_computeUsed, i));
  if (used == 0u) {
    return NO_METHOD;
  }
  let method = load(COLUMN_method, i);
  let cost = costOf(method);
  if (!isZero(cost) && lessWide(openingWealth(i), addWide(cost, parameterWide(PARAMETER_hardware_trainingRunway)))) {
    return NO_METHOD;
  }
  store(COLUMN_computeUsed, i, load(COLUMN_computeUsed, i) + used);
  store(COLUMN_labelsUsed, i, parameterOf(PARAMETER_training_methods_labels, method));
  store(COLUMN_bill, i, saturate(addWide(wide(load(COLUMN_bill, i)), cost)));
  let owned = load(COLUMN_skill, i * CLASS_COUNT + load(COLUMN_taskClass, i));
  store(COLUMN_skillGain, i, gainFrom(method, used, load(COLUMN_data, i), owned));
  return method;
}

/** Every skill of an agent loses its share, rounded down. */
fn depreciate(i: u32) {
  let share = parameter(PARAMETER_training_depreciation);
  for (var k = i * CLASS_COUNT; k < (i + 1u) * CLASS_COUNT; k++) {
    let q = load(COLUMN_skill, k);
    store(COLUMN_skill, k, q - mulHigh(q, share));
  }
}
