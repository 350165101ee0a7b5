// Twin of claims.ts. Claims and liabilities are rings of COHORTS per agent, none of them where there are no courts.

const COHORTS = LENGTH_COLUMN_courtHeld;

/** The first tick from `tick + delay` on in which a cohort falls due. */
fn dueTick(tick: u32) -> u32 {
  let pooled = parameter(PARAMETER_trust_cohortTicks);
  return (tick + parameter(PARAMETER_trust_delay) + pooled - 1u) / pooled * pooled;
}

/** Place in the rings of the cohort that falls due at `due`. */
fn cohortAt(due: u32) -> u32 {
  return (due / parameter(PARAMETER_trust_cohortTicks)) % max(COHORTS, 1u);
}

/** Adds to a ring of an agent, by its own thread. */
fn addToRing(ring: u32, agent: u32, cohort: u32, amount: U64) {
  let at = agent * COHORTS + cohort;
  let before = load(ring, at);
  let after = addWide(wide(before), amount);
  if (after.y != 0u) {
    fail(select(FAIL_liabilities, FAIL_claims, ring == COLUMN_claims), agent, after, wide(U32_MAX));
    return;
  }
  store(ring, at, after.x);
}

/** Sum of an agent's claims, milli-cash, at most 2^32 - 1. */
fn claimsOf(agent: u32) -> u32 {
  var sum = WIDE_ZERO;
  for (var k = 0u; k < COHORTS; k++) {
    sum = addWide(sum, wide(load(COLUMN_claims, agent * COHORTS + k)));
  }
  return saturate(sum);
}

/** Cash that the court holds for creditors and may not give away, milli-cash. */
fn heldByCourt() -> U64 {
  var held = WIDE_ZERO;
  for (var k = 0u; k < COHORTS; k++) {
    held = addWide(held, loadWide(COLUMN_courtHeld, k));
  }
  return held;
}

/** What comes of a claim when a court that holds `held` owes `owed` in all. */
fn recoveryOf(claim: U64, held: U64, owed: U64) -> U64 {
  if (equalWide(held, owed)) {
    return claim;
  }
  return mulDiv(claim, held, owed);
}

/** Pays out the cohort that is due now; all threads together. */
fn payClaims(lane: u32, tick: u32) {
  if (COHORTS == 0u || agree(lane, tick % max(parameter(PARAMETER_trust_cohortTicks), 1u)) != 0u) {
    return;
  }
  let k = cohortAt(tick);
  let held = loadWide(COLUMN_courtHeld, k);
  let ofConsumers = loadWide(COLUMN_consumerClaims, k);
  let ofTreasury = loadWide(COLUMN_treasuryClaims, k);
  var own = select(WIDE_ZERO, addWide(ofConsumers, ofTreasury), lane == 0u);
  for (var i = lane; i < SLOTS; i += WORKGROUP) {
    own = addWide(own, wide(load(COLUMN_claims, i * COHORTS + k)));
  }
  let owed = sumOf(lane, own);
  if (isZero(owed)) {
    return;
  }
  own = WIDE_ZERO;
  for (var i = lane; i < SLOTS; i += WORKGROUP) {
    let at = i * COHORTS + k;
    let paid = recoveryOf(wide(load(COLUMN_claims, at)), held, owed);
    creditAgent(BALANCE_cash, i, paid);
    store(COLUMN_contractCash, i, load(COLUMN_contractCash, i) + paid.x);
    own = addWide(own, paid);
    store(COLUMN_claims, at, 0u);
    store(COLUMN_liabilities, at, 0u);
  }
  let toAgents = sumOf(lane, own);
  if (lane != 0u) {
    return;
  }
  let toConsumers = recoveryOf(ofConsumers, held, owed);
  let toTreasury = recoveryOf(ofTreasury, held, owed);
  transferSystem(ASSET_cash, SYSTEM_court, SYSTEM_consumers, toConsumers);
  transferSystem(ASSET_cash, SYSTEM_court, SYSTEM_treasury, toTreasury);
  debitSystem(ASSET_cash, SYSTEM_court, toAgents);
  let paid = addWide(toAgents, addWide(toConsumers, toTreasury));
  addTo(COLUMN_trustTotal, TRUST_TOTAL_recovered, paid);
  addTo(COLUMN_trustTotal, TRUST_TOTAL_lost, subWide(owed, paid));
  storeWide(COLUMN_consumerClaims, k, WIDE_ZERO);
  storeWide(COLUMN_treasuryClaims, k, WIDE_ZERO);
  storeWide(COLUMN_courtHeld, k, WIDE_ZERO);
  storeWide(COLUMN_courtLost, k, WIDE_ZERO);
}

/** Before bills are settled: adds to a debtor's bill what falls due in the next tick. */
fn billDebts(agent: u32) {
  let tick = currentTick();
  if (COHORTS == 0u || (tick + 1u) % parameter(PARAMETER_trust_cohortTicks) != 0u) {
    return;
  }
  let debt = load(COLUMN_liabilities, agent * COHORTS + cohortAt(tick + 1u));
  if (debt == 0u || load(COLUMN_population, agent) == FREE_SLOT) {
    return;
  }
  store(COLUMN_debtDue, agent, debt);
  store(COLUMN_bill, agent, saturate(addWide(wide(load(COLUMN_bill, agent)), wide(debt))));
}
