// Twin of ledger.ts without a journal: what moves on system accounts, by one thread of a world, and what an agent's own
// thread moves on its balances. An account that would leave its range is reported by `fail` and left as it is.

/** 2^53 - 1. */
const MONEY_MAX = U64(0xffffffffu, 0x1fffffu);

fn systemColumn(asset: u32) -> u32 {
  return select(BALANCE_systemCash, BALANCE_systemToken, asset == ASSET_token);
}

/** The number by which errors know a system account: ledger.ts counts agents, stakes, then system accounts. */
fn systemAccount(account: u32) -> u32 {
  return 2u * SLOTS + account;
}

fn systemBalance(asset: u32, account: u32) -> U64 {
  return loadWide(systemColumn(asset), account);
}

fn creditSystem(asset: u32, account: u32, amount: U64) {
  let before = systemBalance(asset, account);
  let after = addWide(before, amount);
  if (lessWide(MONEY_MAX, after)) {
    fail(FAIL_balance + asset, systemAccount(account), before, amount);
    return;
  }
  storeWide(systemColumn(asset), account, after);
}

fn debitSystem(asset: u32, account: u32, amount: U64) {
  let before = systemBalance(asset, account);
  if (lessWide(before, amount)) {
    fail(FAIL_short + asset, systemAccount(account), before, amount);
    return;
  }
  storeWide(systemColumn(asset), account, subWide(before, amount));
}

/** Moves money between two system accounts. */
fn transferSystem(asset: u32, source: u32, receiver: u32, amount: U64) {
  debitSystem(asset, source, amount);
  creditSystem(asset, receiver, amount);
}

/** Adds to an agent's balance in BALANCE_token, BALANCE_cash or BALANCE_stake. */
fn creditAgent(column: u32, agent: u32, amount: U64) {
  let before = load(column, agent);
  let after = addWide(wide(before), amount);
  if (after.y != 0u) {
    fail(FAIL_balance + assetOf(column), agent, wide(before), amount);
    return;
  }
  store(column, agent, after.x);
}

/** Takes from an agent's balance. */
fn debitAgent(column: u32, agent: u32, amount: U64) {
  let before = load(column, agent);
  if (lessWide(wide(before), amount)) {
    fail(FAIL_short + assetOf(column), agent, wide(before), amount);
    return;
  }
  store(column, agent, before - amount.x);
}

fn assetOf(column: u32) -> u32 {
  return select(select(ASSET_token, ASSET_cash, column == BALANCE_cash), ASSET_stake, column == BALANCE_stake);
}

/** Counts money created on an account; the account itself is credited by the caller. */
fn countMinted(asset: u32, amount: U64) {
  addTo(BALANCE_supply, asset * 3u + 1u, amount);
}

fn countBurned(asset: u32, amount: U64) {
  addTo(BALANCE_supply, asset * 3u + 2u, amount);
}
