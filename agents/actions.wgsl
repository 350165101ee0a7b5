// Twin of actions.ts. DEVICE_levels holds the levels that the options of the quote head name this tick, asks then bids.

const PERCENT = 100u;
const PRICE_ONE = 256u;
const SOLD_EMA_ONE = 256u;
const SIXTEENTH_BITS = 4u;
const QUOTE_OPTIONS = 5u;

/** Option of one head of an agent's action. */
fn optionOf(agent: u32, head: u32) -> u32 {
  return load(BRAIN_action, agent * HEAD_COUNT + head);
}

/** Sets one head of an agent's action. */
fn chooseOption(agent: u32, head: u32, option: u32) {
  store(BRAIN_action, agent * HEAD_COUNT + head, option);
}

/** What a task costs its seller, milli-token at the tick's opening price, rounded up. */
fn taskCost() -> u32 {
  return costOfTask(addWide(parameterWide(PARAMETER_energy_price), wide(effortOfUnit())));
}

/** What a task made of rented compute costs its seller beside the rent, milli-token, rounded up. */
fn effortOfTask() -> u32 {
  let effort = effortOfUnit();
  if (effort == 0u) {
    return 0u;
  }
  return costOfTask(wide(effort));
}

fn effortOfUnit() -> u32 {
  return select(0u, parameter(PARAMETER_trust_effort), trustIsOn());
}

/** Milli-token of a task whose cu cost so much milli-cash each, rounded up. */
fn costOfTask(cashPerUnit: U64) -> u32 {
  let cash = mulWide(cashPerUnit, parameter(PARAMETER_serviceMarket_cuPerTask));
  let tokenPrice = load(COLUMN_scalar, WORLD_tokenPrice);
  if (tokenPrice == 0u) {
    return 0u;
  }
  return saturate(addWide(cashToToken(addWide(cash, wide(1u)), tokenPrice), wide(1u)));
}

/** Service ask at a share of the margin, milli-token, rounded down; `cost` where the quality is worth less. */
fn askOf(cost: u32, worth: u32, sharePercent: u32) -> u32 {
  if (worth <= cost) {
    return cost;
  }
  return cost + divideByWord(productOf(worth - cost, sharePercent), PERCENT).x;
}

fn priceAt(level: u32) -> u32 {
  return parameterOf(PARAMETER_computeMarket_priceTable, level);
}

/** The lowest level whose price times `scale` is at least `price`; PRICE_LEVELS when there is none. */
fn levelAtLeast(price: U64, scale: u32) -> u32 {
  var low = 0u;
  var high = PRICE_LEVELS;
  while (low < high) {
    let middle = (low + high) >> 1u;
    if (lessWide(productOf(priceAt(middle), scale), price)) {
      low = middle + 1u;
    } else {
      high = middle;
    }
  }
  return low;
}

/** The level whose price times `scale` is nearest to `price`, ties to the lower. */
fn nearestLevel(price: U64, scale: u32) -> u32 {
  let above = levelAtLeast(price, scale);
  if (above == 0u) {
    return 0u;
  }
  if (above == PRICE_LEVELS) {
    return PRICE_LEVELS - 1u;
  }
  let both = addWide(productOf(priceAt(above), scale), productOf(priceAt(above - 1u), scale));
  return select(above - 1u, above, lessWide(both, addWide(price, price)));
}

/** The fast moving-average price of compute, milli-token x 2^8; the config's start before any trade. */
fn fastPrice() -> u32 {
  let average = load(COLUMN_scalar, WORLD_priceFast);
  return select(average, parameter(PARAMETER_computeMarket_priceStart), average == 0u);
}

/** Tasks that an agent may serve: ceil(1.3 x its moving average of sales + 0.5), from 1/256 task. */
fn expectedTasks(soldEma: u32) -> u32 {
  let divisor = 10u * SOLD_EMA_ONE;
  let whole = soldEma / divisor;
  let rest = soldEma - whole * divisor;
  return 13u * whole + (13u * rest + 5u * SOLD_EMA_ONE + divisor - 1u) / divisor;
}

/** Computes what the orders of all agents of a tick have in common. */
fn openOrders(lane: u32) {
  if (lane >= 2u * QUOTE_OPTIONS) {
    return;
  }
  var asks = COMPUTE_ASK_PERCENT;
  var bids = COMPUTE_BID_PERCENT;
  let option = lane % QUOTE_OPTIONS;
  let percent = select(bids[option], asks[option], lane < QUOTE_OPTIONS);
  store(DEVICE_levels, lane, nearestLevel(productOf(fastPrice(), percent), PERCENT * PRICE_ONE));
}

/** Decodes a living agent's action into the intent columns of the markets, within what it can afford. */
fn applyAction(agent: u32) {
  if (load(COLUMN_population, agent) == FREE_SLOT) {
    return;
  }
  if (isOn(PARAMETER_induced_enabled)) {
    orderInduced(agent);
  } else {
    orderAgent(agent);
  }
  store(AGENT_scriptedAsk, agent, 0u);
  store(AGENT_scriptedLevel, agent, 0u);
}

fn orderAgent(agent: u32) {
  let mode = allowedMode(optionOf(agent, HEAD_mode));
  store(COLUMN_mode, agent, mode);
  store(COLUMN_taskClass, agent, optionOf(agent, HEAD_class));
  store(COLUMN_method, agent, optionOf(agent, HEAD_method));
  store(COLUMN_finance, agent, optionOf(agent, HEAD_finance));
  store(COLUMN_deliver, agent, optionOf(agent, HEAD_deliver));
  store(COLUMN_taskAsk, agent, select(0u, taskAskOf(agent), mode == MODE_serve));
  orderCompute(agent, mode);
}

fn taskAskOf(agent: u32) -> u32 {
  let scripted = load(AGENT_scriptedAsk, agent);
  if (scripted != 0u) {
    return scripted - 1u;
  }
  var shares = ASK_SHARE_PERCENT;
  let skill = load(COLUMN_skill, agent * CLASS_COUNT + optionOf(agent, HEAD_class));
  let worth = worthToConsumers(agent, load(COLUMN_scalar, WORLD_taskValue), skill);
  return askOf(ownEnergy(agent, taskCost()), worth, shares[optionOf(agent, HEAD_ask)]);
}

fn orderCompute(agent: u32, mode: u32) {
  var side = SIDE_none;
  var level = 0u;
  var quantity = 0u;
  if (isOn(PARAMETER_computeMarket_enabled) && mode != MODE_idle) {
    let sells = mode == MODE_rentOut;
    let scripted = load(AGENT_scriptedLevel, agent);
    if (scripted != 0u) {
      level = scripted - 1u;
    } else {
      level = load(DEVICE_levels, select(QUOTE_OPTIONS, 0u, sells) + optionOf(agent, HEAD_quote));
    }
    side = select(SIDE_buy, SIDE_sell, sells);
    let compute = load(COLUMN_compute, agent);
    if (sells) {
      quantity = compute;
    } else {
      let wanted = computeWanted(agent, mode);
      let affordable = mulHigh(load(BALANCE_token, agent), parameter(PARAMETER_computeMarket_bidShare)) / priceAt(level);
      quantity = min(select(wanted - compute, 0u, wanted < compute), affordable);
    }
  }
  store(COLUMN_computeSide, agent, select(side, SIDE_none, quantity == 0u));
  store(COLUMN_computeLevel, agent, level);
  store(COLUMN_computeQuantity, agent, quantity);
}

/** Compute units that a mode can use. */
fn computeWanted(agent: u32, mode: u32) -> u32 {
  if (mode != MODE_serve) {
    return parameter(PARAMETER_training_maxCompute);
  }
  let tasks = min(parameter(PARAMETER_serviceMarket_maxTasks), expectedTasks(load(COLUMN_soldEma, agent)));
  return tasks * parameter(PARAMETER_serviceMarket_cuPerTask);
}

/** A recorded or custom action may name a mode whose mechanism is off: the agent idles. */
fn allowedMode(mode: u32) -> u32 {
  let on = (mode == MODE_rentOut && isOn(PARAMETER_computeMarket_enabled))
    || (mode == MODE_serve && isOn(PARAMETER_serviceMarket_enabled))
    || (mode == MODE_train && isOn(PARAMETER_training_enabled));
  return select(MODE_idle, mode, on);
}

/** An order at an induced value: whoever has units left quotes one of them on its side, never beyond its limit. */
fn orderInduced(agent: u32) {
  let left = load(COLUMN_inducedUnits, agent);
  let side = select(load(COLUMN_inducedSide, agent), SIDE_none, left == 0u);
  let scripted = load(AGENT_scriptedLevel, agent);
  var level = 0u;
  if (scripted != 0u) {
    level = scripted - 1u;
  } else {
    level = shadedLevel(optionOf(agent, HEAD_quote), side, load(COLUMN_inducedLevel, agent));
  }
  let affordable = side != SIDE_buy || load(BALANCE_token, agent) >= priceAt(level);
  store(COLUMN_mode, agent, select(MODE_idle, MODE_rentOut, side == SIDE_sell));
  store(COLUMN_computeSide, agent, select(SIDE_none, side, affordable));
  store(COLUMN_computeLevel, agent, level);
  store(COLUMN_computeQuantity, agent, select(1u, 0u, side == SIDE_none || !affordable));
  store(COLUMN_taskAsk, agent, 0u);
  store(COLUMN_finance, agent, FINANCE_hold);
}

/** The level that a quote head names: its shade of the way from the induced limit to the end of the table. */
fn shadedLevel(quote: u32, side: u32, limit: u32) -> u32 {
  var shades = INDUCED_SHADE_SIXTEENTHS;
  let room = select(PRICE_LEVELS - 1u - limit, limit, side == SIDE_buy);
  let step = (room * shades[quote]) >> SIXTEENTH_BITS;
  return select(limit + step, limit - step, side == SIDE_buy);
}
