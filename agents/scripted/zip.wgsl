// Twin of zip.ts for markets without a book: its margins are doubles and their products become quotes, so that every step
// is the CPU's to the bit (double.wgsl).

// Numbers that a decision works with: an agent's memory in its order, what is drawn, what it sees, and results.
const R_margin = 0u;
const R_momentumTerm = 1u;
const R_rate = 2u;
const R_momentum = 3u;
const MEMORY = 4u;
const R_draw = 4u;
const DRAWS = 5u;
const R_rateMin = 9u;
const R_rateSpan = 10u;
const R_momentumSpan = 11u;
const R_marginMin = 12u;
const R_marginSpan = 13u;
const R_relativeStep = 14u;
const R_absoluteStep = 15u;
const R_zero = 16u;
const R_one = 17u;
const R_minusOne = 18u;
const R_unit = 19u;
const R_limit = 20u;
const R_heard = 21u;
const R_price = 22u;
const R_relative = 23u;
const R_absolute = 24u;
const R_target = 25u;
const R_step = 26u;
const R_rest = 27u;
const REGISTERS = 28u;

// All that a decision computes, as to = from + a x b: each call of double.wgsl is copied by compilers, so that one loop has
// the only one. `equip`, once a life; its own price; `adapt`, after which the price is computed again.
const STEP_born = 2u;
const STEP_open = 3u;
const STEP_price = 4u;
const STEP_divided = 15u;
const STEP_adapted = 16u;
const STEPS = array<vec4<u32>, 17>(
  vec4<u32>(R_rate, R_rateMin, R_rateSpan, R_draw),
  vec4<u32>(R_momentum, R_zero, R_momentumSpan, R_draw + 1u),
  vec4<u32>(R_margin, R_marginMin, R_marginSpan, R_draw + 2u),
  vec4<u32>(R_price, R_one, R_margin, R_one),
  vec4<u32>(R_price, R_zero, R_limit, R_price),
  vec4<u32>(R_relative, R_zero, R_relativeStep, R_draw + 3u),
  vec4<u32>(R_absolute, R_zero, R_absoluteStep, R_draw + 4u),
  vec4<u32>(R_absolute, R_zero, R_absolute, R_unit),
  vec4<u32>(R_target, R_one, R_relative, R_one),
  vec4<u32>(R_target, R_absolute, R_heard, R_target),
  vec4<u32>(R_target, R_target, R_price, R_minusOne),
  vec4<u32>(R_step, R_zero, R_rate, R_target),
  vec4<u32>(R_rest, R_one, R_momentum, R_minusOne),
  vec4<u32>(R_momentumTerm, R_zero, R_momentum, R_momentumTerm),
  vec4<u32>(R_momentumTerm, R_momentumTerm, R_rest, R_step),
  vec4<u32>(R_margin, R_price, R_momentumTerm, R_one),
  vec4<u32>(R_margin, R_margin, R_one, R_minusOne),
);
/** What an agent decides from. */
struct ZipView {
  induced: bool,
  side: u32,
  /** Its value or cost, and what stands for two of Cliff's units of money, milli-token. */
  limit: u32,
  equilibrium: u32,
  /** The last clearing price, or what its quality is worth to consumers, milli-token. */
  heard: u32,
}

fn zipView(agent: u32, worth: u32) -> ZipView {
  if (isOn(PARAMETER_induced_enabled)) {
    let level = load(COLUMN_inducedLevel, agent);
    let heard = priceAt(load(COLUMN_scalar, WORLD_computeLevel));
    return ZipView(true, load(COLUMN_inducedSide, agent), priceAt(level), priceAt(PRICE_LEVELS >> 1u), heard);
  }
  let cost = taskCost();
  return ZipView(false, SIDE_sell, cost, cost, worth);
}

/** Whether an agent moves its margin after what it heard, and whether it raises it. */
struct ZipReaction {
  adapts: bool,
  raises: bool,
}

/** @param beyond where its own price stands: below (-1), at (0) or above (1) the price heard */
fn react(agent: u32, view: ZipView, beyond: i32) -> ZipReaction {
  if (view.induced) {
    let beaten = beyond == select(-1, 1, view.side == SIDE_sell);
    let called = !isZero(loadWide(COLUMN_total, TOTAL_computeVolume));
    return ZipReaction(called && (!beaten || load(COLUMN_inducedUnits, agent) > 0u), !beaten);
  }
  let soldOut = loadF32(AGENT_serviceFill, agent) == 1.0;
  let offered = load(COLUMN_mode, agent) == MODE_serve && currentTick() > load(AGENT_bornAt, agent);
  // what it offered last tick is judged by what was sold of it; above its worth nobody buys at all
  return ZipReaction(offered && !(soldOut && beyond >= 0), soldOut);
}

/** An agent's price, milli-token, after it has reacted to what it heard; its memory changes. */
fn zipPrice(agent: u32, view: ZipView) -> Double {
  var r: array<Double, REGISTERS>;
  var steps = STEPS;
  for (var k = 0u; k < MEMORY; k++) {
    r[k] = doubleOfF32(loadF32(AGENT_memory, k * SLOTS + agent));
  }
  let seed = parameter(PARAMETER_seed);
  let born = pcg4d(seed, load(AGENT_bornAt, agent), agent, STREAM_quotes);
  let hears = pcg4d(seed, currentTick(), agent, STREAM_hearing);
  var words = array<u32, DRAWS>(born.x, born.y, born.z, hears.x, hears.y);
  for (var k = 0u; k < DRAWS; k++) {
    r[R_draw + k] = unitOf(words[k]);
  }
  let buys = view.side == SIDE_buy;
  r[R_rateMin] = doubleOf(ZIP_rateMin);
  r[R_rateSpan] = doubleOf(ZIP_rateSpan);
  r[R_momentumSpan] = doubleOf(ZIP_momentumSpan);
  r[R_marginMin] = withSign(doubleOf(ZIP_marginMin), buys);
  r[R_marginSpan] = withSign(doubleOf(ZIP_marginSpan), buys);
  r[R_zero] = doubleOf(WIDE_ZERO);
  r[R_one] = doubleOfWord(1u, 0);
  r[R_minusOne] = negated(r[R_one]);
  r[R_unit] = doubleOfWord(view.equilibrium, -1);
  r[R_limit] = doubleOfWord(view.limit, 0);
  r[R_heard] = doubleOfWord(view.heard, 0);
  var reacted = false;
  var step = select(0u, STEP_open, !isZero(r[R_rate].fraction));
  loop {
    let s = steps[step];
    r[s.x] = sumOfDoubles(r[s.y], productOfDoubles(r[s.z], r[s.w]));
    if (step == STEP_divided) {
      r[s.x] = quotientOfDoubles(r[s.x], doubleOfWord(max(1u, view.limit), 0));
    }
    if (step == STEP_adapted) {
      r[R_margin] = onProfitableSide(r[R_margin], buys);
    }
    if (s.x < MEMORY) {
      let word = singleOf(r[s.x]);
      store(AGENT_memory, s.x * SLOTS + agent, word);
      if (step <= STEP_born || step == STEP_adapted) {
        r[s.x] = doubleOfF32(bitcast<f32>(word));
      }
    }
    if (step == STEP_price) {
      if (reacted) {
        break;
      }
      let below = isBelow(r[R_price], r[R_heard]);
      let beyond = select(select(0, 1, isBelow(r[R_heard], r[R_price])), -1, below);
      let reaction = react(agent, view, beyond);
      if (!reaction.adapts) {
        break;
      }
      if (!view.induced && below) {
        r[R_heard] = r[R_price];
      }
      // up in price when a seller raises or a buyer lowers its margin
      let down = buys == reaction.raises;
      r[R_relativeStep] = withSign(doubleOf(ZIP_relativeStep), down);
      r[R_absoluteStep] = withSign(doubleOf(ZIP_absoluteStep), down);
      reacted = true;
    }
    step = select(step + 1u, STEP_open, step == STEP_adapted);
  }
  return r[R_price];
}

fn withSign(a: Double, negative: bool) -> Double {
  return Double(negative, a.exponent, a.fraction);
}

/** A seller's margin from 0 on, a buyer's from -1 to 0. */
fn onProfitableSide(margin: Double, buys: bool) -> Double {
  if (margin.negative != buys) {
    return doubleOf(WIDE_ZERO);
  }
  let one = doubleOfWord(1u, 0);
  if (buys && smaller(one, margin)) {
    return negated(one);
  }
  return margin;
}

/** The level nearest to a price that is no worse for an agent, within its limit. */
fn levelOf(price: Double, limit: u32, buys: bool) -> u32 {
  // the lowest level at or above the price; a buyer's is the one below those above it
  var bound = price;
  if (buys) {
    bound = sumOfDoubles(price, doubleOfWord(1u, 0));
  }
  let level = levelAtLeast(ceilingOfDouble(bound), 1u);
  if (buys) {
    return min(limit, select(level - 1u, 0u, level == 0u));
  }
  return max(limit, min(PRICE_LEVELS - 1u, level));
}

/** The decision of a tick: by its margin at the call market of induced values, or as a seller of tasks. */
fn decideZip(agent: u32) {
  let taskClass = bestClass(agent);
  let worth = worthOf(agent, taskClass);
  let view = zipView(agent, worth);
  let price = zipPrice(agent, view);
  if (view.induced) {
    store(AGENT_scriptedLevel, agent, levelOf(price, load(COLUMN_inducedLevel, agent), view.side == SIDE_buy) + 1u);
    return;
  }
  let ask = max(view.limit, minWide(wide(worth), floorOfDouble(price)).x);
  trade(agent, false, taskClass);
  store(AGENT_scriptedAsk, agent, min(U32_MAX - 1u, ask) + 1u);
  store(AGENT_scriptedLevel, agent, u32(max(0, highestBidLevel(ask))) + 1u);
}
