// Twin of demand.ts.

const TURN = 65536u;
const HALF_TURN = 32768u;
const SINE_BITS = 16u;
/** Rows of a series are multiples of the mean in 2^-16. */
const SERIES_BITS = 16u;
const WALK_STEPS = 4u;
const WALK_BITS = 2u;

/** The size of the sine of phase / 2^16 turns in 2^-16, rounded down; it is negative in the second half. */
fn sineSize16(phase: u32) -> u32 {
  let x = phase % HALF_TURN;
  let p = x * (HALF_TURN - x);
  let numerator = shiftLeft(wide(p), 4u + SINE_BITS);
  let denominator = subWide(mulWide(wide(HALF_TURN * HALF_TURN), 5u), shiftLeft(wide(p), 2u));
  return divideFull(U128(numerator, WIDE_ZERO), denominator).x;
}

/** mean + floor(swing x by / 2^bits), by >= 0, or less where `down`. */
fn swung(mean: u32, swing: u32, by: u32, bits: u32, down: bool) -> u32 {
  let product = productOf(swing, by);
  if (!down) {
    return mean + shiftRight(product, bits).x;
  }
  // floor of a negative quotient
  return mean - shiftRight(addWide(product, wide((1u << bits) - 1u)), bits).x;
}

/** Moves the demand walks; at genesis they start at the mean. */
fn moveDemand(tick: u32) {
  let period = parameter(PARAMETER_serviceMarket_period);
  if (parameter(PARAMETER_serviceMarket_shape) != CHOICE_shape_randomWalk || tick == 0u || tick % period != 0u) {
    return;
  }
  for (var c = 0u; c < CLASS_COUNT; c++) {
    let up = draw(parameter(PARAMETER_seed), tick, c, STREAM_demand) >> 31u == 1u;
    let at = load(COLUMN_demandState, c);
    var next = select(at - 1u, at + 1u, up);
    // reflected: at a bound the only way is back
    if (at == 0u) {
      next = 1u;
    } else if (at == 2u * WALK_STEPS) {
      next = at - 1u;
    }
    store(COLUMN_demandState, c, next);
  }
}

/** Tasks of class `c` wanted in a tick, V_c(t). */
fn wantedTasks(tick: u32, c: u32) -> u32 {
  let mean = parameterOf(PARAMETER_serviceMarket_demand, c);
  let shape = parameter(PARAMETER_serviceMarket_shape);
  if (shape == CHOICE_shape_constant) {
    return mean;
  }
  let period = parameter(PARAMETER_serviceMarket_period);
  if (shape == CHOICE_shape_series) {
    let factor = parameterOf(PARAMETER_serviceMarket_series, (tick / period) % COUNT_serviceMarket_series);
    return saturate(shiftRight(productOf(mean, factor), SERIES_BITS));
  }
  let swing = portion(mean, parameter(PARAMETER_serviceMarket_amplitude));
  if (shape == CHOICE_shape_seasonal) {
    let turned = divideByWord(shiftLeft(wide(tick % period), SINE_BITS), period).x;
    let phase = (turned + c * TURN / CLASS_COUNT) % TURN;
    return swung(mean, swing, sineSize16(phase), SINE_BITS, phase >= HALF_TURN);
  }
  if (shape == CHOICE_shape_randomWalk) {
    let at = load(COLUMN_demandState, c);
    let down = at < WALK_STEPS;
    return swung(mean, swing, select(at - WALK_STEPS, WALK_STEPS - at, down), WALK_BITS, down);
  }
  let regime = (tick / period) % 2u;
  let favoured = (c < CLASS_COUNT / 2u) == (regime == 0u);
  return select(mean - swing, mean + swing, favoured);
}
