// Twin of wealth.ts.

/** Wealth of an agent at a token price, milli-cash; cash alone where no token can become cash. */
fn wealthAt(agent: u32, tokenPrice: u32) -> U64 {
  let cash = wide(load(BALANCE_cash, agent));
  if (!isOn(PARAMETER_amm_enabled)) {
    return cash;
  }
  let token = addWide(wide(load(BALANCE_token, agent)), wide(load(BALANCE_stake, agent)));
  return addWide(cash, tokenToCash(token, tokenPrice));
}

/** Wealth at the tick's opening price, milli-cash. */
fn openingWealth(agent: u32) -> U64 {
  return wealthAt(agent, load(COLUMN_scalar, WORLD_tokenPrice));
}
