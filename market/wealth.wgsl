// Twin of wealth.ts.

/** Wealth at the tick's opening price, milli-cash: cash + free and staked token. */
fn openingWealth(agent: u32) -> U64 {
  let token = addWide(wide(load(BALANCE_token, agent)), wide(load(BALANCE_stake, agent)));
  return addWide(wide(load(BALANCE_cash, agent)), tokenToCash(token, load(COLUMN_scalar, WORLD_tokenPrice)));
}
