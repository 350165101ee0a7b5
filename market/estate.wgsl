// Twin of payDebt and settleEstate in claims.ts, by one thread of a world.

/** An agent pays the court `amount` milli-cash of what it owes to a cohort. */
fn payDebt(agent: u32, cohort: u32, amount: u32) {
  let at = agent * COHORTS + cohort;
  debitAgent(BALANCE_cash, agent, wide(amount));
  creditSystem(ASSET_cash, SYSTEM_court, wide(amount));
  store(COLUMN_liabilities, at, load(COLUMN_liabilities, at) - amount);
  addTo(COLUMN_courtHeld, cohort, wide(amount));
}

/** Settles the debts and claims of a dying agent, before the rest of its estate goes to the treasury. */
fn settleEstate(agent: u32) {
  if (COHORTS == 0u) {
    return;
  }
  let token = addWide(wide(load(BALANCE_token, agent)), wide(load(BALANCE_stake, agent)));
  var worth = tokenToCash(token, load(DEVICE_lives, LIVES_price));
  for (var k = 0u; k < COHORTS; k++) {
    let at = agent * COHORTS + k;
    addTo(COLUMN_treasuryClaims, k, wide(load(COLUMN_claims, at)));
    store(COLUMN_claims, at, 0u);
    payDebt(agent, k, min(load(COLUMN_liabilities, at), load(BALANCE_cash, agent)));
    let rest = wide(load(COLUMN_liabilities, at));
    let advanced = minWide(minWide(rest, worth), systemBalance(ASSET_cash, SYSTEM_treasury));
    transferSystem(ASSET_cash, SYSTEM_treasury, SYSTEM_court, advanced);
    worth = subWide(worth, advanced);
    addTo(COLUMN_courtHeld, k, advanced);
    addTo(COLUMN_courtLost, k, subWide(rest, advanced));
    store(COLUMN_liabilities, at, 0u);
  }
}
