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
