// Twin of settle.ts, by all threads of a world together, each for its own slots. DEVICE_scratch holds the energy due.

// Five passes: compilers copy functions to their calls, and take more than their share of time for a long shader.

/** Bills, and the aggregate sale that pays them. */
fn openSettlement(lane: u32) {
  addBills(lane);
  if (agree(lane, parameter(PARAMETER_amm_enabled)) != 0u) {
    sellToken(lane);
  }
}

/** The aggregate purchase, and what is paid. */
fn payAll(lane: u32) {
  if (agree(lane, parameter(PARAMETER_amm_enabled)) != 0u) {
    buyToken(lane);
  }
  payBills(lane);
}

/** The mid price after both swaps, for all threads. */
fn closingPriceOf(lane: u32) -> u32 {
  var price = 0u;
  if (lane == 0u) {
    price = midPrice();
  }
  return agree(lane, price);
}

/** Hardware, operators, and issuance by weight. */
fn keepAccounts(lane: u32) {
  let closingPrice = closingPriceOf(lane);
  keepHardware(lane, closingPrice);
  payOperators(lane, closingPrice);
  if (LENGTH_COLUMN_epochQuality > 0u) {
    for (var i = lane; i < SLOTS; i += WORKGROUP) {
      addEpochQuality(i);
    }
  } else if (agree(lane, u32(issuesNow(currentTick()))) != 0u) {
    issueByWeight(lane);
  }
}

/** Issuance by Yuma consensus. */
fn endEpoch(lane: u32) {
  if (LENGTH_COLUMN_epochQuality > 0u) {
    if (agree(lane, u32(issuesNow(currentTick()))) != 0u) {
      closeEpoch(lane);
    }
  }
}

/** Tax, dividend, and everybody's wealth. */
fn closeSettlement(lane: u32) {
  if (agree(lane, parameter(PARAMETER_policy_wealthTax)) != 0u) {
    levyTax(lane);
  }
  payDividend(lane);
  if (lane == 0u) {
    storeWide(COLUMN_total, TOTAL_burned, loadWide(BALANCE_supply, 3u * ASSET_token + 2u));
  }
  recordWealth(lane, closingPriceOf(lane));
}

/** Adds energy, subsistence and capital to what training already billed, and notes the service market's accounts. */
fn addBills(lane: u32) {
  var receipts = WIDE_ZERO;
  var compensation = WIDE_ZERO;
  for (var i = lane; i < SLOTS; i += WORKGROUP) {
    receipts = addWide(receipts, wide(load(COLUMN_serviceAmount, i)));
    if (LENGTH_COLUMN_compensated > 0u) {
      compensation = addWide(compensation, wide(load(COLUMN_compensated, i)));
    }
    addBill(i);
  }
  let sums = sumOfTwo(lane, receipts, compensation);
  if (lane == 0u) {
    noteSpending(sums.xy, sums.zw);
  }
}

/** Notes the service market's accounts, given the sums over agents (spending.ts). */
fn noteSpending(receipts: U64, compensation: U64) {
  storeWide(COLUMN_spending, SPENDING_closed, systemBalance(ASSET_token, SYSTEM_consumers));
  storeWide(COLUMN_spending, SPENDING_receipts, receipts);
  if (LENGTH_COLUMN_trustTotal > 0u) {
    let before = loadWide(COLUMN_spending, SPENDING_compensatedBefore);
    let slashed = subWide(loadWide(COLUMN_trustTotal, TRUST_TOTAL_compensated), before);
    storeWide(COLUMN_spending, SPENDING_compensated, subWide(slashed, compensation));
  }
}

fn addBill(agent: u32) {
  var energy = 0u;
  var bill = 0u;
  if (load(COLUMN_population, agent) != FREE_SLOT) {
    let price = select(parameter(PARAMETER_energy_price), 0u, isOn(PARAMETER_induced_enabled));
    let filled = load(COLUMN_computeFilled, agent);
    let side = load(COLUMN_orderSide, agent);
    let used = load(COLUMN_computeUsed, agent);
    var received = select(0u, filled, side == SIDE_buy);
    if (LENGTH_COLUMN_undelivered > 0u && side == SIDE_buy) {
      received = filled - load(COLUMN_undelivered, agent);
    }
    let sold = select(0u, filled, side == SIDE_sell);
    let units = addWide(wide(select(0u, used - received, used > received)), wide(sold));
    let due = saturate(productOf(saturate(units), price));
    let owed = addWide(wide(load(COLUMN_bill, agent)), wide(due));
    bill = saturate(addWide(owed, parameterWide(PARAMETER_energy_subsistence)));
    // what size saves of the energy, and the capital beyond the device
    energy = portion(due, energyShare(load(COLUMN_opened, agent)));
    bill = saturate(addWide(wide(bill - (due - energy)), wide(capitalDue(agent))));
  }
  store(COLUMN_bill, agent, bill);
  store(DEVICE_scratch, agent, energy);
}

/** The aggregate sale: offers enter the pool at once and share its cash; the remainder goes to the treasury. */
fn sellToken(lane: u32) {
  let sold = offerToken(lane);
  let out = agreeWide(lane, select(brought, WIDE_ZERO, isZero(sold)));
  if (isZero(out)) {
    clearWords(lane, COLUMN_tokenOffered, SLOTS);
    return;
  }
  swapWithPool(lane, SWAP_sale, ASSET_token, COLUMN_tokenOffered, out);
}

/** Swaps all offers at `rate`; what their shares leave of the pool's output goes to the treasury. */
fn swapWithPool(lane: u32, row: u32, give: u32, offered: u32, out: U64) {
  let isSale = give == ASSET_token;
  let taking = select(ASSET_token, ASSET_cash, isSale);
  let giving = select(BALANCE_cash, BALANCE_token, isSale);
  let getting = select(BALANCE_token, BALANCE_cash, isSale);
  let swapped = rate;
  var given = WIDE_ZERO;
  var got = WIDE_ZERO;
  for (var i = lane; i < SLOTS; i += WORKGROUP) {
    let amount = load(offered, i);
    if (amount > 0u) {
      let share = shareAt(swapped, amount);
      debitAgent(giving, i, wide(amount));
      creditAgent(getting, i, share);
      given = addWide(given, wide(amount));
      got = addWide(got, share);
    }
  }
  let sums = sumOfTwo(lane, given, got);
  if (lane == 0u) {
    openSwap(row);
    creditSystem(give, SYSTEM_amm, sums.xy);
    debitSystem(taking, SYSTEM_amm, sums.zw);
    transferSystem(taking, SYSTEM_amm, SYSTEM_treasury, subWide(out, sums.zw));
    closeSwap(row);
  }
}

/** The aggregate purchase by those who chose it, out of cash that their bill does not need. */
fn buyToken(lane: u32) {
  let step = parameter(PARAMETER_policy_financeStep);
  var own = WIDE_ZERO;
  for (var i = lane; i < SLOTS; i += WORKGROUP) {
    let cash = load(BALANCE_cash, i);
    let bill = load(COLUMN_bill, i);
    // an empty slot has no cash to offer
    if (load(COLUMN_finance, i) == FINANCE_buyToken && cash > bill) {
      let offered = min(mulHigh(cash, step), cash - bill);
      store(COLUMN_cashOffered, i, offered);
      own = addWide(own, wide(offered));
    }
  }
  let offered = sumOf(lane, own);
  if (lane == 0u && !isZero(offered)) {
    brought = amountOut(offered, cashReserve(), tokenReserve());
    rate = rateOf(brought, offered);
  }
  let out = agreeWide(lane, select(brought, WIDE_ZERO, isZero(offered)));
  if (isZero(out)) {
    clearWords(lane, COLUMN_cashOffered, SLOTS);
    return;
  }
  swapWithPool(lane, SWAP_purchase, ASSET_cash, COLUMN_cashOffered, out);
}

/** What agents paid to whom, milli-cash, and how many could not pay all. */
struct Payments {
  supplier: U64,
  energy: U64,
  court: U64,
  debts: U64,
  labour: U64,
  data: U64,
  insolvent: u32,
}

/** What contracts cost; then energy, subsistence, labels, capital, data, environment; who cannot pay all pays what it has. */
fn payBills(lane: u32) {
  var paid: Payments;
  let cohort = cohortAt(currentTick() + 1u);
  for (var i = lane; i < SLOTS; i += WORKGROUP) {
    if (LENGTH_COLUMN_contracted > 0u) {
      let contracts = payContractBills(i, cohort);
      paid.supplier = addWide(paid.supplier, wide(contracts.x));
      paid.court = addWide(paid.court, wide(contracts.y));
      paid.debts = addWide(paid.debts, wide(contracts.z));
    }
    payBill(i, &paid);
  }
  let ofSupplier = sumOfTwo(lane, paid.supplier, paid.energy);
  let ofCourt = sumOfTwo(lane, paid.court, paid.debts);
  let ofOthers = sumOfTwo(lane, paid.labour, paid.data);
  let insolvent = sumOf(lane, wide(paid.insolvent));
  if (lane == 0u) {
    creditSystem(ASSET_cash, SYSTEM_supplier, ofSupplier.xy);
    creditSystem(ASSET_cash, SYSTEM_court, ofCourt.xy);
    creditSystem(ASSET_cash, SYSTEM_labour, ofOthers.xy);
    creditSystem(ASSET_cash, SYSTEM_consumers, ofOthers.zw);
    if (COHORTS > 0u) {
      addTo(COLUMN_courtHeld, cohort, ofCourt.zw);
    }
    addTo(COLUMN_total, TOTAL_energy, ofSupplier.zw);
    addTo(COLUMN_total, TOTAL_insolvencies, insolvent);
  }
}

fn payBill(agent: u32, paid: ptr<function, Payments>) {
  var left = load(COLUMN_bill, agent);
  let cash = load(BALANCE_cash, agent);
  if (cash < left) {
    store(COLUMN_insolvent, agent, 1u);
    (*paid).insolvent += 1u;
    left = cash;
  }
  store(BALANCE_cash, agent, cash - left);
  let forEnergy = min(left, load(DEVICE_scratch, agent));
  left -= forEnergy;
  let forSubsistence = min(left, saturate(parameterWide(PARAMETER_energy_subsistence)));
  left -= forSubsistence;
  let labels = mulWide(parameterWide(PARAMETER_training_labelPrice), load(COLUMN_labelsUsed, agent));
  let forLabels = min(left, saturate(labels));
  left -= forLabels;
  var forCapital = 0u;
  if (load(COLUMN_population, agent) != FREE_SLOT) {
    forCapital = min(left, capitalDue(agent));
  }
  left -= forCapital;
  var forData = 0u;
  if (LENGTH_COLUMN_dataBill > 0u) {
    forData = min(left, load(COLUMN_dataBill, agent));
  }
  left -= forData;
  let forSupplier = addWide(addWide(wide(forEnergy), wide(forSubsistence)), addWide(wide(forCapital), wide(left)));
  (*paid).supplier = addWide((*paid).supplier, forSupplier);
  (*paid).energy = addWide((*paid).energy, wide(forEnergy));
  (*paid).labour = addWide((*paid).labour, wide(forLabels));
  (*paid).data = addWide((*paid).data, wide(forData));
}

/** Hardware bought and worn out. */
fn keepHardware(lane: u32, closingPrice: u32) {
  let tick = currentTick();
  var bought = 0u;
  var worn = 0u;
  for (var i = lane; i < SLOTS; i += WORKGROUP) {
    bought += buyHardware(i, closingPrice);
    worn += wearHardware(i, tick);
  }
  let sums = sumOfTwo(lane, wide(bought), wide(worn));
  if (lane == 0u) {
    creditSystem(ASSET_cash, SYSTEM_supplier, mulWide(sums.xy, load(COLUMN_scalar, WORLD_hardwarePrice)));
    addTo(COLUMN_total, TOTAL_capacity, subWide(sums.xy, sums.zw));
  }
}

/** Operators take their share of this tick's profits. */
fn payOperators(lane: u32, closingPrice: u32) {
  if (LENGTH_COLUMN_lossCarried == 0u) {
    return;
  }
  var token = WIDE_ZERO;
  var cash = WIDE_ZERO;
  var worth = WIDE_ZERO;
  for (var i = lane; i < SLOTS; i += WORKGROUP) {
    let taken = payOperator(i, closingPrice);
    token = addWide(token, wide(taken.token));
    cash = addWide(cash, wide(taken.cash));
    worth = addWide(worth, taken.worth);
  }
  let sums = sumOfTwo(lane, token, cash);
  let total = sumOf(lane, worth);
  if (lane == 0u) {
    creditSystem(ASSET_token, SYSTEM_operators, sums.xy);
    creditSystem(ASSET_cash, SYSTEM_operators, sums.zw);
    addTo(COLUMN_total, TOTAL_operatorTaken, total);
  }
}

/** Everybody's wealth, saturated, and that of the last tick. */
fn recordWealth(lane: u32, closingPrice: u32) {
  for (var i = lane; i < SLOTS; i += WORKGROUP) {
    store(COLUMN_wealthBefore, i, load(COLUMN_wealth, i));
    store(COLUMN_wealth, i, saturate(wealthAt(i, closingPrice)));
  }
}
