// Twin of staking.ts.

/** After bills are settled: what an agent stakes, asks back and is given back. */
fn moveStakes(agent: u32) {
  if (load(COLUMN_population, agent) == FREE_SLOT) {
    return;
  }
  let tick = currentTick();
  let finance = load(COLUMN_finance, agent);
  let step = parameter(PARAMETER_policy_financeStep);
  var asked = load(COLUMN_unstakeAmount, agent);
  if (finance == FINANCE_stake && load(COLUMN_insolvent, agent) == 0u) {
    let moved = wide(mulHigh(load(BALANCE_token, agent), step));
    debitAgent(BALANCE_token, agent, moved);
    creditAgent(BALANCE_stake, agent, moved);
  } else if (finance == FINANCE_unstake && asked == 0u) {
    asked = mulHigh(load(BALANCE_stake, agent), step);
    store(COLUMN_unstakeDue, agent, tick + parameter(PARAMETER_staking_delay));
  }
  if (asked != 0u && tick >= load(COLUMN_unstakeDue, agent)) {
    let released = wide(min(asked, load(BALANCE_stake, agent)));
    debitAgent(BALANCE_stake, agent, released);
    creditAgent(BALANCE_token, agent, released);
    asked = 0u;
  }
  store(COLUMN_unstakeAmount, agent, asked);
}
