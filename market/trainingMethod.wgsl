// Twin of trainingMethod.ts: methods by their numbers.

/** An exponent in 2^-16 times a log2 in 2^-16, rounded down. */
fn scaleLog(exponent: i32, x: u32) -> i32 {
  let product = mulWide(wideSigned(exponent), log2Fixed(x));
  return bitcast<i32>(shiftRightSigned(product, LOG2_BITS).x);
}

/** The part of the exponent of a method's gains that is the same for everybody, 2^-16. */
fn exponentOf(method: u32) -> i32 {
  let labels = parameterOf(PARAMETER_training_methods_labels, method);
  let labelExponent = parameterI32(PARAMETER_training_methods_labelExponent + 2u * method);
  return parameterI32(PARAMETER_training_methods_etaLog2 + 2u * method) + scaleLog(labelExponent, 1u + labels);
}

/** Cost of a tick of training by a method, milli-cash; data apart. */
fn costOf(method: u32) -> U64 {
  let labels = parameterOf(PARAMETER_training_methods_labels, method);
  let environment = parameterWide(PARAMETER_training_methods_environmentPrice + 2u * method);
  return addWide(mulWide(parameterWide(PARAMETER_training_labelPrice), labels), environment);
}
