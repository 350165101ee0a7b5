// Twin of what ownership.ts does to single agents when a tick is settled.

/** Milli-cash due this tick for capital beyond the device that people own already. */
fn capitalDue(agent: u32) -> u32 {
  let opened = load(COLUMN_opened, agent);
  let device = parameter(PARAMETER_ownership_device);
  if (opened <= device) {
    return 0u;
  }
  return saturate(mulWide(parameterWide(PARAMETER_ownership_capitalCost), opened - device));
}

/** One cu for an agent that chose to buy hardware and may; returns how many it bought. */
fn buyHardware(agent: u32, closingPrice: u32) -> u32 {
  let price = load(COLUMN_scalar, WORLD_hardwarePrice);
  let cash = load(BALANCE_cash, agent);
  let capacity = load(COLUMN_capacity, agent);
  if (!isOn(PARAMETER_hardware_enabled) || load(COLUMN_finance, agent) != FINANCE_buyHardware || cash < price
    || load(COLUMN_population, agent) == FREE_SLOT || load(COLUMN_insolvent, agent) == 1u
    || capacity >= parameter(PARAMETER_hardware_capacityMax)) {
    return 0u;
  }
  let needed = addWide(parameterWide(PARAMETER_hardware_runway), wide(price));
  if (lessWide(wealthAt(agent, closingPrice), needed)) {
    return 0u;
  }
  store(BALANCE_cash, agent, cash - price);
  store(COLUMN_capacity, agent, capacity + 1u);
  store(COLUMN_invested, agent, price);
  return 1u;
}

/** Capacity that wears out: wear x capacity on average, the whole part for sure, the rest by a draw; returns cu lost. */
fn wearHardware(agent: u32, tick: u32) -> u32 {
  let wear = parameter(PARAMETER_hardware_wear);
  let capacity = load(COLUMN_capacity, agent);
  if (!isOn(PARAMETER_hardware_enabled) || wear == 0u || capacity == 0u || load(COLUMN_population, agent) == FREE_SLOT) {
    return 0u;
  }
  let product = productOf(capacity, wear);
  let drawn = draw(parameter(PARAMETER_seed), tick, agent, STREAM_wear) < product.x;
  let lost = product.y + select(0u, 1u, drawn);
  store(COLUMN_capacity, agent, capacity - lost);
  return lost;
}

/** What an operator took of an agent: token, cash, and what both are worth. */
struct Taken {
  token: u32,
  cash: u32,
  worth: U64,
}

/** The operator takes its share of a tick's profit, in token as far as they go, then in cash. */
fn payOperator(agent: u32, closingPrice: u32) -> Taken {
  var taken: Taken;
  if (LENGTH_COLUMN_lossCarried == 0u || load(COLUMN_population, agent) == FREE_SLOT) {
    return taken;
  }
  let profit = subWide(profitOf(agent), wide(load(COLUMN_lossCarried, agent)));
  if (isNegative(profit) || isZero(profit)) {
    store(COLUMN_lossCarried, agent, saturate(negateWide(profit)));
    return taken;
  }
  store(COLUMN_lossCarried, agent, 0u);
  let due = portion(saturate(profit), parameter(PARAMETER_ownership_operatorShare));
  let token = load(BALANCE_token, agent);
  let cash = load(BALANCE_cash, agent);
  taken.token = min(token, saturate(cashToToken(wide(due), closingPrice)));
  let inToken = tokenToCash(wide(taken.token), closingPrice);
  taken.cash = min(cash, lessOrZero(wide(due), inToken).x);
  taken.worth = addWide(inToken, wide(taken.cash));
  store(BALANCE_token, agent, token - taken.token);
  store(BALANCE_cash, agent, cash - taken.cash);
  return taken;
}

/** Realised profit of an agent's tick, milli-cash; signed. */
fn profitOf(agent: u32) -> U64 {
  let amount = wide(load(COLUMN_computeAmount, agent));
  let rent = select(amount, negateWide(amount), load(COLUMN_orderSide, agent) == SIDE_buy);
  var token = addWide(wide(load(COLUMN_serviceAmount, agent)), rent);
  if (LENGTH_COLUMN_slashed > 0u) {
    token = addWide(token, wide(load(COLUMN_compensated, agent)));
    token = subWide(token, wide(load(COLUMN_slashed, agent)));
  }
  let price = load(COLUMN_scalar, WORLD_tokenPrice);
  var profit: U64;
  if (isNegative(token)) {
    profit = negateWide(tokenToCash(negateWide(token), price));
  } else {
    profit = tokenToCash(token, price);
  }
  if (LENGTH_COLUMN_contractCash > 0u) {
    profit = addWide(profit, wide(load(COLUMN_contractCash, agent)));
    profit = subWide(profit, wide(load(COLUMN_contractBill, agent)));
    profit = subWide(profit, wide(load(COLUMN_courtBill, agent)));
    profit = subWide(profit, wide(load(COLUMN_debtDue, agent)));
  }
  return subWide(profit, wide(load(COLUMN_bill, agent)));
}
