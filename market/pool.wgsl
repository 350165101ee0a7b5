// Twin of pool.ts, for one thread of a world.

fn tokenReserve() -> U64 {
  return systemBalance(ASSET_token, SYSTEM_amm);
}

fn cashReserve() -> U64 {
  return systemBalance(ASSET_cash, SYSTEM_amm);
}

/** Milli-cash per milli-token in 2^-16, rounded down. */
fn midPrice() -> u32 {
  let enabled = isOn(PARAMETER_amm_enabled);
  let token = select(parameterWide(PARAMETER_amm_token), tokenReserve(), enabled);
  let cash = select(parameterWide(PARAMETER_amm_cash), cashReserve(), enabled);
  if (isZero(token) || isZero(cash)) {
    return 1u << TOKEN_PRICE_BITS;
  }
  return saturate(mulDiv(cash, wide(1u << TOKEN_PRICE_BITS), token));
}

/** Notes the reserves before swap `row` of SWAP. */
fn openSwap(row: u32) {
  storeWide(COLUMN_swapReserves, row * SWAP_FIELDS, tokenReserve());
  storeWide(COLUMN_swapReserves, row * SWAP_FIELDS + 1u, cashReserve());
}

/** Notes the reserves after it and counts it. */
fn closeSwap(row: u32) {
  storeWide(COLUMN_swapReserves, row * SWAP_FIELDS + 2u, tokenReserve());
  storeWide(COLUMN_swapReserves, row * SWAP_FIELDS + 3u, cashReserve());
  addTo(COLUMN_total, TOTAL_swaps, wide(1u));
}

/** Notes the reserves at the opening of a tick, for the laws. */
fn openPool() {
  storeWide(COLUMN_poolRecord, POOL_RECORD_openedToken, tokenReserve());
  storeWide(COLUMN_poolRecord, POOL_RECORD_openedCash, cashReserve());
}

/** Notes a redemption that has just taken place, given the reserves before it. */
fn recordRedemption(token: U64, cash: U64) {
  storeWide(COLUMN_poolRecord, POOL_RECORD_redemption, token);
  storeWide(COLUMN_poolRecord, POOL_RECORD_redemption + 1u, cash);
  storeWide(COLUMN_poolRecord, POOL_RECORD_redemption + 2u, tokenReserve());
  storeWide(COLUMN_poolRecord, POOL_RECORD_redemption + 3u, cashReserve());
}
