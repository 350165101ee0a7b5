// Twin of the opening of contracts of trust.ts.

/** Opens a tick: clears its flows and pays out the claims that fall due. */
fn openContracts(lane: u32) {
  for (var i = lane; i < LENGTH_COLUMN_contracted; i += WORKGROUP) {
    store(COLUMN_contracted, i, 0u);
    store(COLUMN_breached, i, 0u);
    store(COLUMN_undelivered, i, 0u);
    store(COLUMN_stakeOpened, i, load(BALANCE_stake, i));
    store(COLUMN_stakeLocked, i, 0u);
    store(COLUMN_slashed, i, 0u);
    store(COLUMN_compensated, i, 0u);
    store(COLUMN_contractCash, i, 0u);
    store(COLUMN_contractBill, i, 0u);
    store(COLUMN_courtBill, i, 0u);
    store(COLUMN_debtDue, i, 0u);
    store(COLUMN_reputationBefore, i, load(COLUMN_reputation, i));
  }
  let tick = currentTick();
  if (tick == 0u && lane == 0u) {
    store(COLUMN_deliveredShare, 0u, U32_MAX);
  }
  payClaims(lane, tick);
}

/**
 * An agent pays what contracts cost it, before all other bills and as far as its cash goes; the parts of the bill are
 * then what was paid and the bill is what is left. Returns what went to the supplier, to the court, and of that in debts.
 */
fn payContractBills(agent: u32, cohort: u32) -> vec3<u32> {
  if (load(COLUMN_population, agent) == FREE_SLOT) {
    return vec3<u32>();
  }
  var cash = load(BALANCE_cash, agent);
  let forContract = min(load(COLUMN_contractBill, agent), cash);
  cash -= forContract;
  let forCourt = min(load(COLUMN_courtBill, agent), cash);
  cash -= forCourt;
  let debt = min(load(COLUMN_debtDue, agent), cash);
  cash -= debt;
  store(COLUMN_contractBill, agent, forContract);
  store(COLUMN_courtBill, agent, forCourt);
  store(COLUMN_debtDue, agent, debt);
  if (debt > 0u) {
    let at = agent * COHORTS + cohort;
    store(COLUMN_liabilities, at, load(COLUMN_liabilities, at) - debt);
  }
  // all three came out of one balance, so that their sum fits
  let bill = load(COLUMN_bill, agent);
  store(COLUMN_bill, agent, bill - min(bill, forContract + forCourt + debt));
  store(BALANCE_cash, agent, cash);
  return vec3<u32>(forContract, forCourt + debt, debt);
}
