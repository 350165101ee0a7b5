// Twin of trust.ts: who may contract, what a contract is to its seller, and what consumers' cash pays of it. The config
// bounds the money of all units of one contract to 2^31 - 1.

/** Whether sellers can default in the worlds of this layout. */
const CONTRACTS = LENGTH_COLUMN_contracted > 0u;

// --- who may contract ---

/** Whether an agent is registered with the court, or has the cash to be. */
fn canRegister(agent: u32) -> bool {
  let due = addWide(wide(load(COLUMN_bill, agent)), parameterWide(PARAMETER_trust_registrationFee));
  return load(COLUMN_registered, agent) == 1u || !lessWide(wide(load(BALANCE_cash, agent)), due);
}

/** Of `wanted` units, those that an agent may sell under contract this tick. */
fn sellable(agent: u32, wanted: u32) -> u32 {
  let regime = parameter(PARAMETER_trust_regime);
  let stakePerUnit = parameter(PARAMETER_trust_stakePerUnit);
  if (regime == CHOICE_regime_legal) {
    return select(0u, wanted, canRegister(agent));
  }
  if (regime != CHOICE_regime_programmatic || stakePerUnit == 0u) {
    return wanted;
  }
  return min(wanted, freeStake(agent) / stakePerUnit);
}

/** Units that an agent may buy under contract this tick. */
fn buyable(agent: u32) -> u32 {
  if (parameter(PARAMETER_trust_regime) == CHOICE_regime_legal && !canRegister(agent)) {
    return 0u;
  }
  return U32_MAX;
}

/** An agent whose order is admitted registers where there is a court; returns how many registrations that makes. */
fn registerParty(agent: u32) -> u32 {
  if (parameter(PARAMETER_trust_regime) != CHOICE_regime_legal || load(COLUMN_registered, agent) == 1u) {
    return 0u;
  }
  store(COLUMN_registered, agent, 1u);
  addToBill(COLUMN_courtBill, agent, parameterWide(PARAMETER_trust_registrationFee));
  return 1u;
}

/** Cash due that settle will collect, saturated since nobody could pay more. */
fn addToBill(part: u32, agent: u32, cash: U64) {
  store(part, agent, saturate(addWide(wide(load(part, agent)), cash)));
  store(COLUMN_bill, agent, saturate(addWide(wide(load(COLUMN_bill, agent)), cash)));
}

// --- delivery ---

fn defaults(agent: u32) -> bool {
  return load(COLUMN_deliver, agent) == DELIVER_default;
}

/** Whether an audit finds for the buyers of a seller: one draw a seller and tick. */
fn auditFinds(agent: u32) -> bool {
  if (parameter(PARAMETER_trust_regime) != CHOICE_regime_programmatic) {
    return false;
  }
  let chance = select(parameter(PARAMETER_trust_falseAlarm), parameter(PARAMETER_trust_audit), defaults(agent));
  return draw(parameter(PARAMETER_seed), currentTick(), agent, STREAM_audit) < chance;
}

/** Books what the seller of `units` did: effort or side gain, which consumers pay, and reputation. */
fn performContract(agent: u32, units: u32) {
  store(COLUMN_contracted, agent, units);
  let reputation = load(COLUMN_reputation, agent);
  if (!defaults(agent)) {
    addToBill(COLUMN_contractBill, agent, productOf(parameter(PARAMETER_trust_effort), units));
    let gained = mulHigh(U32_MAX - reputation, parameter(PARAMETER_trust_reputationGain));
    store(COLUMN_reputation, agent, reputation + gained);
    return;
  }
  store(COLUMN_breached, agent, units);
  let gain = load(DEVICE_sideGain, agent);
  creditAgent(BALANCE_cash, agent, wide(gain));
  store(COLUMN_contractCash, agent, load(COLUMN_contractCash, agent) + gain);
  store(COLUMN_reputation, agent, reputation - mulHigh(reputation, parameter(PARAMETER_trust_reputationLoss)));
}

/** Locks the stake behind `units`, and slashes it into escrow where an audit finds for the buyers. */
fn lockStake(agent: u32, units: u32, found: bool) {
  if (parameter(PARAMETER_trust_regime) != CHOICE_regime_programmatic) {
    return;
  }
  let stake = parameter(PARAMETER_trust_stakePerUnit) * units;
  store(COLUMN_stakeLocked, agent, stake);
  if (!found) {
    return;
  }
  store(COLUMN_slashed, agent, stake);
  debitAgent(BALANCE_stake, agent, wide(stake));
}

/** What the buyers of `units` slashed units do not get leaves escrow: burned, or to the treasury. */
fn disposeOfRest(units: u32) {
  let kept = parameter(PARAMETER_trust_stakePerUnit) - parameter(PARAMETER_trust_slashToBuyer);
  let rest = productOf(units, kept);
  if (isOn(PARAMETER_trust_burnsRest)) {
    burnSystem(SYSTEM_escrow, rest);
  } else {
    transferSystem(ASSET_token, SYSTEM_escrow, SYSTEM_treasury, rest);
  }
}

/** A claim a unit, milli-cash, at a price in milli-token a unit: the recovered share of it, rounded down. */
fn claimPerUnit(price: u32) -> u32 {
  let cash = tokenToCash(wide(price), load(COLUMN_scalar, WORLD_tokenPrice));
  return portion(cash.x, parameter(PARAMETER_trust_recovery));
}

/** Whether `units` undelivered at a price are worth a suit to a buyer that has the cash for it. */
fn worthSuing(units: u32, price: u32) -> bool {
  let cash = tokenToCash(wide(price), load(COLUMN_scalar, WORLD_tokenPrice));
  let amount = mulWide(cash, units);
  return units > 0u && !lessWide(amount, parameterWide(PARAMETER_trust_smallestContract)) && claimPerUnit(price) > 0u;
}

// --- what consumers pay in cash ---

/** Sums of what contracts take of the consumers' cash: side gains, audits, milli-cash, and suits. */
const SUM_GAINS = 3u;
const SUM_AUDITS = 4u;
const SUM_SUITS = 5u;

/** Notes what a seller's contract would take of the consumers' cash, if they have it; 0 for all who sold nothing. */
fn noteConsumersCash(agent: u32, gain: u32, audit: u32, sues: bool) {
  store(DEVICE_sideGain, agent, gain);
  store(DEVICE_auditCost, agent, audit);
  store(DEVICE_consumersSue, agent, select(0u, 1u, sues));
  addToSum(SUM_GAINS, wide(gain));
  addToSum(SUM_AUDITS, wide(audit));
  addToSum(SUM_SUITS, wide(select(0u, 1u, sues)));
}

/**
 * Cuts what was noted to what the consumers have, seller after seller, and takes it from them; side gains are credited
 * where they are earned. Where the cash is not enough for all, which is rare, one thread goes through the sellers, since
 * whether there is a suit depends on all that was paid before.
 */
fn allotConsumersCash(lane: u32) {
  closeSums();
  if (lane == 0u) {
    let legalCost = wide(parameter(PARAMETER_trust_legalCost));
    let money = systemBalance(ASSET_cash, SYSTEM_consumers);
    var gains = sumAt(SUM_GAINS);
    var audits = sumAt(SUM_AUDITS);
    var suits = sumAt(SUM_SUITS).x;
    if (lessWide(money, addWide(addWide(gains, audits), mulWide(legalCost, suits)))) {
      gains = WIDE_ZERO;
      audits = WIDE_ZERO;
      suits = 0u;
      var left = money;
      for (var i = 0u; i < SLOTS; i++) {
        let gain = minWide(wide(load(DEVICE_sideGain, i)), left);
        left = subWide(left, gain);
        let audit = minWide(wide(load(DEVICE_auditCost, i)), left);
        left = subWide(left, audit);
        let sues = load(DEVICE_consumersSue, i) == 1u && !lessWide(left, legalCost);
        left = subWide(left, select(WIDE_ZERO, legalCost, sues));
        store(DEVICE_sideGain, i, gain.x);
        store(DEVICE_consumersSue, i, select(0u, 1u, sues));
        gains = addWide(gains, gain);
        audits = addWide(audits, audit);
        suits += select(0u, 1u, sues);
      }
    }
    debitSystem(ASSET_cash, SYSTEM_consumers, gains);
    transferSystem(ASSET_cash, SYSTEM_consumers, SYSTEM_supplier, audits);
    transferSystem(ASSET_cash, SYSTEM_consumers, SYSTEM_court, mulWide(legalCost, suits));
    addTo(COLUMN_trustTotal, TRUST_TOTAL_suits, wide(suits));
  }
  awaitAll();
}

// --- the compute market ---

/** What of an auction's units was sold, did not arrive, and has its price given back. */
struct Judged {
  units: u32,
  defaulted: u32,
  found: u32,
}

/** Books what all sellers of compute did. Leaves where their units end, one after another, and marks among them. */
fn judgeSellers(lane: u32) {
  if (!CONTRACTS) {
    return;
  }
  openSums(lane);
  for (var i = lane; i < SLOTS; i += WORKGROUP) {
    let units = filledOf(i, SIDE_sell);
    noteConsumersCash(i, select(0u, parameter(PARAMETER_trust_sideGain) * units, defaults(i)), 0u, false);
  }
  allotConsumersCash(lane);
  var before = WIDE_ZERO;
  var foundBefore = WIDE_ZERO;
  for (var chunk = 0u; chunk < SLOTS; chunk += WORKGROUP) {
    let i = chunk + lane;
    let units = filledOf(i, SIDE_sell);
    var defaulted = 0u;
    var found = 0u;
    if (units > 0u) {
      let finds = auditFinds(i);
      performContract(i, units);
      lockStake(i, units, finds);
      defaulted = select(0u, units, defaults(i));
      found = select(0u, units, finds);
    }
    let scan = scanOf(lane, U64(units, defaulted));
    let foundScan = scanOf(lane, wide(found));
    if (i < SLOTS) {
      store(DEVICE_unitEnds, i, before.x + scan.before.x + units);
      store(DEVICE_markedEnds, i, before.y + scan.before.y + defaulted);
      store(DEVICE_foundEnds, i, foundBefore.x + foundScan.before.x + found);
    }
    before = addWide(before, scan.total);
    foundBefore = addWide(foundBefore, foundScan.total);
  }
}

/** What judgeSellers found. */
fn judgement() -> Judged {
  let last = SLOTS - 1u;
  return Judged(load(DEVICE_unitEnds, last), load(DEVICE_markedEnds, last), load(DEVICE_foundEnds, last));
}

/** Units that a slot's order filled where it is on a side, else 0. */
fn filledOf(i: u32, side: u32) -> u32 {
  return select(0u, load(COLUMN_orderFilled, i), i < SLOTS && load(COLUMN_orderSide, i) == side);
}

/** Of the first `x` units that end as DEVICE_unitEnds says, those that are marked in a column of marks. */
fn markedBelow(marks: u32, x: u32) -> u32 {
  var low = 0u;
  var high = SLOTS;
  while (low < high) {
    let middle = (low + high) / 2u;
    if (load(DEVICE_unitEnds, middle) < x) {
      low = middle + 1u;
    } else {
      high = middle;
    }
  }
  if (low == SLOTS) {
    return load(marks, SLOTS - 1u);
  }
  let upTo = load(marks, low);
  let earlier = select(load(marks, max(low, 1u) - 1u), 0u, low == 0u);
  // all units of a slot are marked or none: take back what lies behind x
  return upTo - select(0u, load(DEVICE_unitEnds, low) - x, upTo > earlier);
}

/** Of `units` up to place `end`, those that are marked. */
fn markedWithin(marks: u32, end: u32, units: u32) -> u32 {
  return markedBelow(marks, end) - markedBelow(marks, end - units);
}

/** A buyer pays into escrow, and gets back what audits found for it with its part of the slashed stakes. */
fn payForCompute(i: u32, units: u32, end: u32, judged: Judged, price: u32) {
  var missing = 0u;
  var refunded = 0u;
  if (judged.defaulted > 0u) {
    missing = markedWithin(DEVICE_markedEnds, end, units);
  }
  if (judged.found > 0u) {
    refunded = markedWithin(DEVICE_foundEnds, end, units);
  }
  let compensation = parameter(PARAMETER_trust_slashToBuyer) * refunded;
  let audited = parameter(PARAMETER_trust_regime) == CHOICE_regime_programmatic;
  let fee = select(0u, parameter(PARAMETER_trust_auditFee), audited);
  store(COLUMN_compute, i, load(COLUMN_compute, i) + units - missing);
  store(COLUMN_undelivered, i, missing);
  store(COLUMN_computeFilled, i, units);
  store(COLUMN_computeAmount, i, price * (units - refunded));
  store(COLUMN_compensated, i, compensation);
  addToBill(COLUMN_contractBill, i, productOf(fee, units));
  debitAgent(BALANCE_token, i, productOf(price, units));
  creditAgent(BALANCE_token, i, addWide(productOf(price, refunded), wide(compensation)));
}

/** A seller for whose buyers no audit found anything is paid. */
fn releasePayment(payments: ptr<function, Payments>, i: u32, units: u32, price: u32) {
  store(COLUMN_compute, i, load(COLUMN_compute, i) - units);
  store(COLUMN_computeFilled, i, units);
  if (auditFinds(i)) {
    return;
  }
  let feeBps = parameter(PARAMETER_computeMarket_feeBps);
  store(COLUMN_computeAmount, i, payLessFee(payments, i, price * units, feeBps));
}

/** Moving share, over the cu whose price was not given back, of those that arrived; rounded down. */
fn moveDeliveredShare(traded: u32, refunded: u32, undelivered: u32) {
  if (traded <= refunded) {
    return;
  }
  let accepted = traded - refunded;
  // a false alarm gives the price back for what arrived: never more than all
  let arrived = min(accepted, traded - undelivered);
  let now = divideByWord(productOf(arrived, U32_MAX), accepted);
  let before = load(COLUMN_deliveredShare, 0u);
  let change = shiftRightSigned(subWide(now, wide(before)), SHARE_RATE_SHIFT);
  store(COLUMN_deliveredShare, 0u, before + change.x);
}

/** Rate of the moving share of units delivered. */
const SHARE_RATE_SHIFT = 6u;

/** Buyers whose loss is worth it sue; sellers owe what the suing among their buyers did not get. */
fn sueSellers(lane: u32) {
  if (COHORTS == 0u) {
    return;
  }
  openSums(lane);
  let price = limitPrice(load(COLUMN_scalar, WORLD_computeLevel));
  let legalCost = parameter(PARAMETER_trust_legalCost);
  let claim = claimPerUnit(price);
  let cohort = cohortAt(dueTick(currentTick()));
  var before = WIDE_ZERO;
  for (var chunk = 0u; chunk < SLOTS; chunk += WORKGROUP) {
    let i = chunk + lane;
    let units = filledOf(i, SIDE_buy);
    var suing = 0u;
    if (units > 0u && sues(i, price)) {
      suing = units;
      addToSum(SUM_SUITS, wide(1u));
      addToBill(COLUMN_courtBill, i, wide(legalCost));
      addToRing(COLUMN_claims, i, cohort, productOf(claim, load(COLUMN_undelivered, i)));
    }
    let scan = scanOf(lane, U64(units, suing));
    if (i < SLOTS) {
      store(DEVICE_unitEnds, i, before.x + scan.before.x + units);
      store(DEVICE_markedEnds, i, before.y + scan.before.y + suing);
    }
    before = addWide(before, scan.total);
  }
  closeSums();
  if (lane == 0u) {
    addTo(COLUMN_trustTotal, TRUST_TOTAL_suits, sumAt(SUM_SUITS));
  }
  bookLiabilities(lane, cohort, claim);
}

/** Whether a buyer's loss is worth a suit that it can pay for. */
fn sues(i: u32, price: u32) -> bool {
  let due = addWide(wide(load(COLUMN_bill, i)), wide(parameter(PARAMETER_trust_legalCost)));
  return worthSuing(load(COLUMN_undelivered, i), price) && !lessWide(wide(load(BALANCE_cash, i)), due);
}

fn bookLiabilities(lane: u32, cohort: u32, claim: u32) {
  var before = 0u;
  for (var chunk = 0u; chunk < SLOTS; chunk += WORKGROUP) {
    let i = chunk + lane;
    let units = filledOf(i, SIDE_sell);
    let scan = scanOf(lane, wide(units));
    if (units > 0u && load(COLUMN_breached, i) > 0u) {
      let sued = markedWithin(DEVICE_markedEnds, before + scan.before.x + units, units);
      addToRing(COLUMN_liabilities, i, cohort, productOf(claim, sued));
    }
    before += scan.total.x;
  }
}
