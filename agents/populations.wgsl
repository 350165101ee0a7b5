// Twin of populations.ts and of the traders in scripted/: those who decide by a rule.

const SCRIPTED_SPAN = 2u;
const BPS = 10000u;
const STAKED_TICKS = 2u;
const METHOD_SUPERVISED = 0u;
const POOR_FILL = 0.5;
const GOOD_FILL = 0.99;
/** 0.4 x 2^32, rounded down. */
const SKILL_WANTED = 1717986918u;
const ASK_LITTLE = 1u;
const QUOTE_LOWEST = 0u;
const QUOTE_LOW = 1u;

/** Writes the action of a living agent that does not learn. */
fn decideScripted(agent: u32) {
  let population = load(COLUMN_population, agent);
  if (population == FREE_SLOT) {
    return;
  }
  switch parameterOf(PARAMETER_populations_kind, population) {
    case CHOICE_kind_random: {
      decideRandom(agent);
    }
    case CHOICE_kind_ziC: {
      decideZiC(agent);
    }
    case CHOICE_kind_ziU: {
      decideZiU(agent);
    }
    case CHOICE_kind_zip: {
      decideZip(agent);
    }
    case CHOICE_kind_fixedMarkup: {
      decideFixedMarkup(agent, population);
    }
    case CHOICE_kind_rule: {
      decideRule(agent);
    }
    case CHOICE_kind_truthful, CHOICE_kind_gvwy: {
      decideTruthful(agent);
    }
    case CHOICE_kind_passive, CHOICE_kind_tabular: {
      chooseOption(agent, HEAD_mode, MODE_idle);
      chooseOption(agent, HEAD_finance, FINANCE_hold);
    }
    default: {
    }
  }
}

/** The class in which an agent is most skilled; equal skills are told apart by its slot. */
fn bestClass(agent: u32) -> u32 {
  var best = agent % CLASS_COUNT;
  for (var k = 1u; k < CLASS_COUNT; k++) {
    let c = (agent + k) % CLASS_COUNT;
    if (load(COLUMN_skill, agent * CLASS_COUNT + c) > load(COLUMN_skill, agent * CLASS_COUNT + best)) {
      best = c;
    }
  }
  return best;
}

/** What a task of an agent's quality is worth to consumers, milli-token. */
fn worthOf(agent: u32, taskClass: u32) -> u32 {
  let skill = load(COLUMN_skill, agent * CLASS_COUNT + taskClass);
  return worthToConsumers(agent, load(COLUMN_scalar, WORLD_taskValue), skill);
}

/** The lowest compute level at which renting out pays for the energy and effort that it takes; the top one if none does. */
fn lowestAskLevel() -> u32 {
  let tokenPrice = load(COLUMN_scalar, WORLD_tokenPrice);
  let effort = select(0u, parameter(PARAMETER_trust_effort), trustIsOn());
  let cost = addWide(parameterWide(PARAMETER_energy_price), wide(effort + 1u));
  var energy = WIDE_ZERO;
  if (tokenPrice != 0u) {
    energy = addWide(cashToToken(cost, tokenPrice), wide(1u));
  }
  // the fee is taken from what the seller receives
  let fee = parameter(PARAMETER_computeMarket_feeBps);
  let left = max(1u, select(BPS - fee, 0u, fee > BPS));
  let needed = divideByWord(addWide(mulWide(energy, BPS), wide(left - 1u)), left);
  return min(PRICE_LEVELS - 1u, levelAtLeast(needed, 1u));
}

/** The highest compute level at which a bought unit still earns its price in a task sold at `ask`; -1 when none does. */
fn highestBidLevel(ask: u32) -> i32 {
  let fee = parameter(PARAMETER_serviceMarket_feeBps);
  let received = divideByWord(productOf(ask, BPS - fee), BPS).x;
  let effort = effortOfTask();
  if (received <= effort) {
    return -1;
  }
  let earned = (received - effort) / parameter(PARAMETER_serviceMarket_cuPerTask);
  var expected = earned;
  if (trustIsOn()) {
    expected = mulHigh(earned, load(COLUMN_deliveredShare, 0u));
  }
  return i32(levelAtLeast(addWide(wide(expected), wide(1u)), 1u)) - 1;
}

/** Whether an agent can pay for one step of training and keep the runway that the engine demands. */
fn canTrain(agent: u32) -> bool {
  let runway = parameterWide(PARAMETER_hardware_trainingRunway);
  return isOn(PARAMETER_training_enabled) && lessWide(addWide(runway, runway), wide(load(COLUMN_wealth, agent)));
}

/** The finance step of an agent that invests: hardware as soon as it is rich enough, paid in cash. */
fn wantsHardware(agent: u32) -> bool {
  let wanted = addWide(parameterWide(PARAMETER_hardware_runway), wide(load(COLUMN_scalar, WORLD_hardwarePrice)));
  return isOn(PARAMETER_hardware_enabled)
    && load(COLUMN_capacity, agent) < parameter(PARAMETER_hardware_capacityMax)
    && lessWide(addWide(wanted, wanted), wide(load(COLUMN_wealth, agent)));
}

/** What an agent that trades and nothing else does with its finances: stakes where it sells more than its stake covers. */
fn restingFinance(agent: u32) -> u32 {
  if (parameter(PARAMETER_trust_regime) != CHOICE_regime_programmatic) {
    return FINANCE_hold;
  }
  let unit = parameterWide(PARAMETER_trust_stakePerUnit);
  let wanted = mulWide(addWide(unit, unit), load(COLUMN_capacity, agent));
  return select(FINANCE_hold, FINANCE_stake, lessWide(wide(freeStake(agent)), wanted));
}

/** Chooses uniformly among the options that are not masked, in every head. */
fn decideRandom(agent: u32) {
  let mask = parameter(PARAMETER_brain_logitMask);
  var draws = drawsAt(parameter(PARAMETER_seed), currentTick(), agent, STREAM_scripted);
  var offsets = HEAD_FIRST;
  var sizes = HEAD_SIZE;
  for (var h = 0u; h < HEAD_COUNT; h++) {
    let options = (mask >> offsets[h]) & ((1u << sizes[h]) - 1u);
    var pick = drawBelow(&draws, max(1u, countOneBits(options)));
    // of as many allowed options as were drawn, the one behind them
    var left = options;
    for (; pick > 0u; pick--) {
      left &= left - 1u;
    }
    chooseOption(agent, h, select(countTrailingZeros(left), 0u, left == 0u));
  }
}

/** A number in 0..span-1 in proportion to a draw. */
fn drawSpan(draws: ptr<function, DrawSequence>, span: U64) -> U64 {
  let word = drawWord(draws) >> 8u;
  return shiftRight(mulWide(span, word), 24u);
}

/** Zero intelligence, constrained. */
fn decideZiC(agent: u32) {
  var draws = drawsAt(parameter(PARAMETER_seed), currentTick(), agent, STREAM_scripted);
  if (isOn(PARAMETER_induced_enabled)) {
    store(AGENT_scriptedLevel, agent, withinLimit(agent, drawWord(&draws)) + 1u);
    return;
  }
  let rents = drawMarket(&draws);
  let taskClass = drawBelow(&draws, CLASS_COUNT);
  trade(agent, rents, taskClass);
  if (rents) {
    let low = lowestAskLevel();
    let average = wide(fastPrice());
    let high = levelAtLeast(addWide(average, average), PRICE_ONE);
    store(AGENT_scriptedLevel, agent, low + drawBelow(&draws, select(high - low, 1u, high <= low)) + 1u);
    return;
  }
  let cost = taskCost();
  let worth = worthOf(agent, taskClass);
  let span = addWide(wide(select(worth - cost, 0u, worth < cost)), wide(select(1u, 0u, worth < cost)));
  let ask = cost + drawSpan(&draws, span).x;
  store(AGENT_scriptedAsk, agent, ask + 1u);
  store(AGENT_scriptedLevel, agent, drawBelow(&draws, u32(highestBidLevel(ask) + 1)) + 1u);
}

/** The level that a word draws between the induced limit and the end of the table. */
fn withinLimit(agent: u32, word: u32) -> u32 {
  let limit = load(COLUMN_inducedLevel, agent);
  if (load(COLUMN_inducedSide, agent) == SIDE_buy) {
    return indexBelow(word, limit + 1u);
  }
  return limit + indexBelow(word, PRICE_LEVELS - limit);
}

/** Whether a trader without a plan rents out: by coin toss where it could serve. */
fn drawMarket(draws: ptr<function, DrawSequence>) -> bool {
  if (!isOn(PARAMETER_computeMarket_enabled)) {
    return false;
  }
  if (!isOn(PARAMETER_serviceMarket_enabled)) {
    return true;
  }
  return drawBelow(draws, 2u) == 0u;
}

/** The heads of a trader that neither trains nor invests. */
fn trade(agent: u32, rents: bool, taskClass: u32) {
  chooseOption(agent, HEAD_finance, restingFinance(agent));
  chooseOption(agent, HEAD_mode, select(MODE_serve, MODE_rentOut, rents));
  chooseOption(agent, HEAD_class, taskClass);
}

/** Zero intelligence, unconstrained. */
fn decideZiU(agent: u32) {
  var draws = drawsAt(parameter(PARAMETER_seed), currentTick(), agent, STREAM_scripted);
  store(AGENT_scriptedLevel, agent, drawBelow(&draws, PRICE_LEVELS) + 1u);
  if (isOn(PARAMETER_induced_enabled)) {
    return;
  }
  let rents = drawMarket(&draws);
  let taskClass = drawBelow(&draws, CLASS_COUNT);
  trade(agent, rents, taskClass);
  let most = productOf(SCRIPTED_SPAN, max(taskCost(), worthOf(agent, taskClass)));
  store(AGENT_scriptedAsk, agent, drawSpan(&draws, addWide(most, wide(1u))).x + 1u);
}

/** Cost-plus pricing: serves its best class at cost x (1 + markup), and trains after a tick that left much unsold. */
fn decideFixedMarkup(agent: u32, population: u32) {
  let poor = loadF32(AGENT_serviceFill, agent) < POOR_FILL;
  let served = load(COLUMN_mode, agent) == MODE_serve;
  let trains = served && poor && load(COLUMN_compute, agent) > 0u && canTrain(agent);
  chooseOption(agent, HEAD_mode, select(MODE_serve, MODE_train, trains));
  chooseOption(agent, HEAD_class, bestClass(agent));
  chooseOption(agent, HEAD_method, METHOD_SUPERVISED);
  chooseOption(agent, HEAD_quote, QUOTE_LOWEST);
  chooseOption(agent, HEAD_finance, restingFinance(agent));
  if (trains || load(COLUMN_scalar, WORLD_taskValue) == 0u) {
    return;
  }
  let cost = taskCost();
  let markup = portion(cost, parameterOf(PARAMETER_populations_markup, population));
  store(AGENT_scriptedAsk, agent, min(U32_MAX - 1u, saturate(addWide(wide(cost), wide(markup)))) + 1u);
}

/** The strong baseline: no exploration and no learning. */
fn decideRule(agent: u32) {
  let taskClass = bestClass(agent);
  let unskilled = load(COLUMN_skill, agent * CLASS_COUNT + taskClass) <= SKILL_WANTED;
  let unsold = load(COLUMN_mode, agent) == MODE_serve && loadF32(AGENT_serviceFill, agent) < GOOD_FILL;
  let trains = (unskilled || unsold) && canTrain(agent);
  chooseOption(agent, HEAD_mode, select(MODE_serve, MODE_train, trains));
  chooseOption(agent, HEAD_class, taskClass);
  chooseOption(agent, HEAD_ask, ASK_LITTLE);
  chooseOption(agent, HEAD_quote, QUOTE_LOW);
  chooseOption(agent, HEAD_method, METHOD_SUPERVISED);
  var finance = restingFinance(agent);
  if (wantsHardware(agent)) {
    let short = load(BALANCE_cash, agent) < load(COLUMN_scalar, WORLD_hardwarePrice);
    finance = select(FINANCE_buyHardware, FINANCE_sellToken, short);
  }
  chooseOption(agent, HEAD_finance, finance);
}

/** Quotes its limit: the induced level; or serves its best class at cost and bids what a unit earns at its worth. */
fn decideTruthful(agent: u32) {
  if (isOn(PARAMETER_induced_enabled)) {
    store(AGENT_scriptedLevel, agent, load(COLUMN_inducedLevel, agent) + 1u);
    return;
  }
  let taskClass = bestClass(agent);
  trade(agent, false, taskClass);
  store(AGENT_scriptedAsk, agent, taskCost() + 1u);
  store(AGENT_scriptedLevel, agent, u32(max(0, highestBidLevel(worthOf(agent, taskClass)))) + 1u);
}
