// Twin of screen.as.ts: screens the columns of a world for breaches of the laws of every tick. A law that may be broken
// halts the device at the end of the tick, and the law itself (market/laws.ts, agents/laws.ts) is asked on the CPU: it
// alone accuses. Every function names the law whose terms it repeats.

/** Bits of laws that may be broken, as screenBit gives them. */
var<workgroup> suspected: atomic<u32>;

fn suspect(law: u32) {
  atomicOr(&suspected, 1u << law);
}

fn suspectIf(law: u32, broken: bool) {
  if (broken) {
    suspect(law);
  }
}

/** All threads together, before anything is suspected. */
fn openScreen(lane: u32) {
  if (lane == 0u) {
    atomicStore(&suspected, 0u);
  }
  openSums(lane);
}

/** All threads together, after the last suspicion. */
fn closeScreen(lane: u32) {
  workgroupBarrier();
  if (lane == 0u) {
    let found = atomicLoad(&suspected);
    if (found != 0u) {
      halt(found);
    }
  }
}

const SUM_TOKEN = 0u;
const SUM_CASH = 1u;
const SUM_CAPACITY = 2u;
const SUM_DATA = 3u;
const SUM_OFFER_RECEIPTS = 4u;
const SUM_LIVING = 5u;

/** checkBalances, checkConservation, checkCapacity, checkData, checkPopulationBalance, checkSpending; of accounts, the rest. */
fn screenPossessions(lane: u32) {
  openScreen(lane);
  let tokenSupply = supplyOf(ASSET_token);
  let cashSupply = supplyOf(ASSET_cash);
  var token = WIDE_ZERO;
  var cash = WIDE_ZERO;
  var capacity = WIDE_ZERO;
  var data = WIDE_ZERO;
  var receipts = WIDE_ZERO;
  var living = 0u;
  var most = WIDE_ZERO;
  for (var i = lane; i < SLOTS; i += WORKGROUP) {
    let free = load(BALANCE_token, i);
    let stake = load(BALANCE_stake, i);
    let ownCash = load(BALANCE_cash, i);
    token = addWide(addWide(token, wide(free)), wide(stake));
    cash = addWide(cash, wide(ownCash));
    most = U64(max(most.x, max(free, stake)), max(most.y, ownCash));
    capacity = addWide(capacity, wide(load(COLUMN_capacity, i)));
    data = addWide(data, wide(load(COLUMN_data, i)));
    receipts = addWide(receipts, wide(load(COLUMN_offerReceipt, i)));
    living += select(0u, 1u, load(COLUMN_population, i) != FREE_SLOT);
  }
  suspectIf(LAW_balancesInRange, lessWide(tokenSupply, wide(most.x)) || lessWide(cashSupply, wide(most.y)));
  addToSum(SUM_TOKEN, token);
  addToSum(SUM_CASH, cash);
  addToSum(SUM_CAPACITY, capacity);
  addToSum(SUM_DATA, data);
  addToSum(SUM_OFFER_RECEIPTS, receipts);
  addToSum(SUM_LIVING, wide(living));
  closeSums();
  if (lane == 0u) {
    screenHoldings(tokenSupply, cashSupply);
    screenCounts();
    screenSpending();
    screenAccounts();
    screenReserves();
  }
  closeScreen(lane);
}

fn supplyOf(asset: u32) -> U64 {
  let made = addWide(loadWide(BALANCE_supply, 3u * asset), loadWide(BALANCE_supply, 3u * asset + 1u));
  return subWide(made, loadWide(BALANCE_supply, 3u * asset + 2u));
}

/** Whether a number of a wide column is one that money can be: 0 .. 2^53 - 1. */
fn isMoney(amount: U64) -> bool {
  return !lessWide(MONEY_MAX, amount);
}

fn screenHoldings(tokenSupply: U64, cashSupply: U64) {
  var token = sumAt(SUM_TOKEN);
  var cash = sumAt(SUM_CASH);
  for (var account = 0u; account < SYSTEM_COUNT; account++) {
    let ownToken = systemBalance(ASSET_token, account);
    let ownCash = systemBalance(ASSET_cash, account);
    suspectIf(LAW_balancesInRange, !isMoney(ownToken) || !isMoney(ownCash));
    token = addWide(token, ownToken);
    cash = addWide(cash, ownCash);
  }
  suspectIf(LAW_conservation, !equalWide(token, tokenSupply) || !equalWide(cash, cashSupply));
}

fn totalAt(k: u32) -> U64 {
  return loadWide(COLUMN_total, k);
}

fn screenCounts() {
  suspectIf(LAW_capacityTotal, !equalWide(sumAt(SUM_CAPACITY), totalAt(TOTAL_capacity)));
  let pool = totalAt(TOTAL_dataPool);
  let made = addWide(totalAt(TOTAL_dataProduced), totalAt(TOTAL_dataFounded));
  suspectIf(LAW_dataConserved, isNegative(pool) || !equalWide(addWide(pool, sumAt(SUM_DATA)), made));
  let came = addWide(addWide(totalAt(TOTAL_genesisAgents), totalAt(TOTAL_births)), totalAt(TOTAL_immigrants));
  suspectIf(LAW_populationBalance, !equalWide(sumAt(SUM_LIVING), subWide(came, totalAt(TOTAL_deaths))));
}

fn spendingAt(k: u32) -> U64 {
  return loadWide(COLUMN_spending, k);
}

fn screenSpending() {
  let booked = spendingAt(SPENDING_receipts);
  let left = subWide(spendingAt(SPENDING_opened), spendingAt(SPENDING_closed));
  let spent = addWide(left, spendingAt(SPENDING_compensated));
  let received = addWide(booked, subWide(totalAt(TOTAL_taskFees), spendingAt(SPENDING_feesBefore)));
  let counted = subWide(totalAt(TOTAL_spentToken), spendingAt(SPENDING_spentBefore));
  let agreed = equalWide(spent, received) && equalWide(spent, counted);
  suspectIf(LAW_welfareAccounting, !agreed || !equalWide(sumAt(SUM_OFFER_RECEIPTS), booked));
}

/** checkEscrow, checkMinted. */
fn screenAccounts() {
  let held = systemBalance(ASSET_token, SYSTEM_escrow) | systemBalance(ASSET_cash, SYSTEM_escrow);
  suspectIf(LAW_escrowEmpty, !isZero(held));
  let issued = totalAt(TOTAL_issued);
  let token = loadWide(BALANCE_supply, 3u * ASSET_token + 1u);
  let cash = loadWide(BALANCE_supply, 3u * ASSET_cash + 1u);
  let ticks = addWide(wide(currentTick()), wide(1u));
  let allowed = fullProduct(parameterWide(PARAMETER_policy_issuancePerTick), ticks);
  let lawful = equalWide(token, issued) && isZero(cash) && !lessFull(allowed, U128(issued, WIDE_ZERO));
  suspectIf(LAW_mintedEqualsIssued, !lawful);
}

/** Reserves of the pool, token and cash. */
struct Reserves {
  token: U64,
  cash: U64,
}

fn reservesAt(column: u32, at: u32) -> Reserves {
  return Reserves(loadWide(column, at), loadWide(column, at + 1u));
}

fn sameReserves(a: Reserves, b: Reserves) -> bool {
  return equalWide(a.token, b.token) && equalWide(a.cash, b.cash);
}

/** checkAmm with checkReserves. */
fn screenReserves() {
  var reached = reservesAt(COLUMN_poolRecord, POOL_RECORD_openedToken);
  var chained = true;
  // the purchase of consumers, the redemption, the sale and the purchase
  for (var step = 0u; step < 4u; step++) {
    let redeems = step == 1u;
    var column = COLUMN_swapReserves;
    var at = SWAP_FIELDS * select(step - 1u, 0u, step == 0u);
    if (redeems) {
      column = COLUMN_poolRecord;
      at = POOL_RECORD_redemption;
    }
    let before = reservesAt(column, at);
    if (isZero(before.token | before.cash)) {
      continue;
    }
    let after = reservesAt(column, at + 2u);
    let allMoney = isMoney(before.token) && isMoney(before.cash) && isMoney(after.token) && isMoney(after.cash);
    let product = fullProduct(after.token, after.cash);
    if (redeems) {
      let root = totalAt(TOTAL_ammRootK);
      let adds = lessWide(before.token, after.token) || lessWide(before.cash, after.cash);
      suspectIf(LAW_ammK, adds || lessFull(product, fullProduct(root, root)));
    } else {
      suspectIf(LAW_ammK, lessFull(product, fullProduct(before.token, before.cash)));
    }
    chained = chained && allMoney && sameReserves(reached, before);
    reached = after;
  }
  suspectIf(LAW_ammK, !chained || !sameReserves(reached, Reserves(tokenReserve(), cashReserve())));
}

const SUM_BOUGHT = 0u;
const SUM_SOLD = 1u;
const SUM_ORDERED = 2u;
const SUM_FILLED = 3u;

/** Units ordered and filled at each level: bids, then asks. */
var<workgroup> orderedBins: array<atomic<u32>, 2u * PRICE_LEVELS>;
var<workgroup> filledBins: array<atomic<u32>, 2u * PRICE_LEVELS>;

/** checkComputeUse, checkBoughtSold, checkClearing, checkPayments. */
fn screenOrders(lane: u32) {
  openScreen(lane);
  for (var k = lane; k < 2u * PRICE_LEVELS; k += WORKGROUP) {
    atomicStore(&orderedBins[k], 0u);
    atomicStore(&filledBins[k], 0u);
  }
  workgroupBarrier();
  let level = load(COLUMN_scalar, WORLD_computeLevel);
  for (var i = lane; i < SLOTS; i += WORKGROUP) {
    screenUse(i);
    screenOrder(i, level);
    screenPayment(i, level);
  }
  closeSums();
  let volume = wide(load(COLUMN_scalar, WORLD_computeVolume));
  if (lane == 0u) {
    suspectIf(LAW_boughtEqualsSold, !equalWide(sumAt(SUM_BOUGHT), sumAt(SUM_SOLD)) || !equalWide(sumAt(SUM_BOUGHT), volume));
    // where bins may have overflown they say nothing
    suspectIf(LAW_clearing, sumAt(SUM_ORDERED).y != 0u || sumAt(SUM_FILLED).y != 0u);
  }
  screenLevels(lane, volume.x, level);
  closeScreen(lane);
}

fn undeliveredTo(i: u32) -> u32 {
  if (LENGTH_COLUMN_undelivered == 0u) {
    return 0u;
  }
  return load(COLUMN_undelivered, i);
}

fn screenUse(i: u32) {
  let filled = load(COLUMN_orderFilled, i);
  let buys = load(COLUMN_orderSide, i) == SIDE_buy;
  let had = addWide(wide(load(COLUMN_opened, i)), wide(select(0u, filled, buys)));
  let gave = addWide(wide(undeliveredTo(i)), wide(select(filled, 0u, buys)));
  suspectIf(LAW_computeUsed, lessWide(had, addWide(gave, wide(load(COLUMN_computeUsed, i)))));
}

fn screenOrder(i: u32, clearing: u32) {
  let side = load(COLUMN_orderSide, i);
  if (side == SIDE_none) {
    return;
  }
  let buys = side == SIDE_buy;
  let filled = load(COLUMN_orderFilled, i);
  let quantity = load(COLUMN_orderQuantity, i);
  let level = load(COLUMN_orderLevel, i);
  if (buys) {
    addToSum(SUM_BOUGHT, wide(filled));
  } else if (side == SIDE_sell) {
    addToSum(SUM_SOLD, wide(filled));
  }
  addToSum(SUM_ORDERED, wide(quantity));
  addToSum(SUM_FILLED, wide(filled));
  if (level >= PRICE_LEVELS) {
    suspect(LAW_clearing);
    return;
  }
  let bin = level + select(PRICE_LEVELS, 0u, buys);
  atomicAdd(&orderedBins[bin], quantity);
  atomicAdd(&filledBins[bin], filled);
  let beyond = select(level > clearing, level < clearing, buys);
  suspectIf(LAW_clearing, filled > quantity || (beyond && filled > 0u));
}

fn screenPayment(i: u32, level: u32) {
  if (parameter(PARAMETER_trust_regime) == CHOICE_regime_programmatic) {
    return;
  }
  let gross = productOf(parameterOf(PARAMETER_computeMarket_priceTable, min(level, PRICE_LEVELS - 1u)), load(COLUMN_orderFilled, i));
  let sells = load(COLUMN_orderSide, i) == SIDE_sell;
  let due = gross.x - select(0u, feeOf(gross.x, parameter(PARAMETER_computeMarket_feeBps)), sells);
  let recorded = load(COLUMN_computeAmount, i);
  // zero in the slot of an agent that has died since
  let paid = load(COLUMN_orderAmount, i) == due && (recorded == due || recorded == 0u);
  suspectIf(LAW_uniformPrice, !paid || gross.y != 0u || level >= PRICE_LEVELS);
}

/** What the levels of an auction agree on: what could trade, the least imbalance, the first and last level that has both. */
struct Best {
  volume: atomic<u32>,
  imbalance: atomic<u32>,
  first: atomic<u32>,
  last: atomic<u32>,
  /**
   * Of bids the lowest level that is filled, and one above the highest that still waits; of asks one above the highest that is
   * filled, and the lowest that waits: PRICE_LEVELS, 0, 0 and PRICE_LEVELS where there are none.
   */
  lowestBid: atomic<u32>,
  waitingBid: atomic<u32>,
  highestAsk: atomic<u32>,
  waitingAsk: atomic<u32>,
}
var<workgroup> best: Best;

/** Levels of a thread. */
const LEVELS_EACH = PRICE_LEVELS / WORKGROUP;
const_assert LEVELS_EACH * WORKGROUP == PRICE_LEVELS;

/** Of a level: bid and asked there, the volume that it would trade and its imbalance. */
struct Level {
  orders: vec2<u32>,
  traded: u32,
  imbalance: u32,
}

/** A level, given what was bid and asked below it and what was bid in all. */
fn levelAt(level: u32, below: vec2<u32>, bid: u32) -> Level {
  let orders = vec2<u32>(atomicLoad(&orderedBins[level]), atomicLoad(&orderedBins[PRICE_LEVELS + level]));
  let demand = bid - below.x;
  let supply = below.y + orders.y;
  return Level(orders, min(demand, supply), max(demand, supply) - min(demand, supply));
}

/** checkClearing, of the price levels, some neighbouring ones a thread. */
fn screenLevels(lane: u32, volume: u32, level: u32) {
  if (lane == 0u) {
    atomicStore(&best.volume, 0u);
    atomicStore(&best.imbalance, U32_MAX);
    atomicStore(&best.first, U32_MAX);
    atomicStore(&best.last, 0u);
    atomicStore(&best.lowestBid, PRICE_LEVELS);
    atomicStore(&best.waitingBid, 0u);
    atomicStore(&best.highestAsk, 0u);
    atomicStore(&best.waitingAsk, PRICE_LEVELS);
  }
  let first = lane * LEVELS_EACH;
  // both sides in one scan: neither sum reaches the other's word
  var own = vec2<u32>();
  for (var k = first; k < first + LEVELS_EACH; k++) {
    let orders = vec2<u32>(atomicLoad(&orderedBins[k]), atomicLoad(&orderedBins[PRICE_LEVELS + k]));
    suspectIf(LAW_clearing, orders.x != load(COLUMN_bidHistogram, k) || orders.y != load(COLUMN_askHistogram, k));
    own += orders;
  }
  let scan = scanOf(lane, own);
  var below = scan.before;
  for (var k = first; k < first + LEVELS_EACH; k++) {
    let at = levelAt(k, below, scan.total.x);
    atomicMax(&best.volume, at.traded);
    notePriority(k, at.orders.x, at.orders.y);
    below += at.orders;
  }
  workgroupBarrier();
  below = scan.before;
  for (var k = first; k < first + LEVELS_EACH; k++) {
    let at = levelAt(k, below, scan.total.x);
    if (at.traded == atomicLoad(&best.volume)) {
      atomicMin(&best.imbalance, at.imbalance);
    }
    below += at.orders;
  }
  workgroupBarrier();
  below = scan.before;
  for (var k = first; k < first + LEVELS_EACH; k++) {
    let at = levelAt(k, below, scan.total.x);
    if (at.traded == atomicLoad(&best.volume) && at.imbalance == atomicLoad(&best.imbalance)) {
      atomicMin(&best.first, k);
      atomicMax(&best.last, k);
    }
    below += at.orders;
  }
  workgroupBarrier();
  if (lane > 0u) {
    return;
  }
  suspectIf(LAW_clearing, volume != atomicLoad(&best.volume));
  if (volume > 0u) {
    let middle = (atomicLoad(&best.first) + atomicLoad(&best.last)) >> 1u;
    let bidsInTurn = atomicLoad(&best.lowestBid) + 1u >= atomicLoad(&best.waitingBid);
    let asksInTurn = atomicLoad(&best.highestAsk) <= atomicLoad(&best.waitingAsk) + 1u;
    suspectIf(LAW_clearing, level != middle || !bidsInTurn || !asksInTurn);
  }
}

/** checkPriority: a better limit is served in full before a worse one. */
fn notePriority(level: u32, bid: u32, ask: u32) {
  let bidFilled = atomicLoad(&filledBins[level]);
  let askFilled = atomicLoad(&filledBins[PRICE_LEVELS + level]);
  suspectIf(LAW_clearing, bidFilled > bid || askFilled > ask);
  if (bidFilled > 0u) {
    atomicMin(&best.lowestBid, level);
  }
  if (bidFilled != bid) {
    atomicMax(&best.waitingBid, level + 1u);
  }
  if (askFilled > 0u) {
    atomicMax(&best.highestAsk, level + 1u);
  }
  if (askFilled != ask) {
    atomicMin(&best.waitingAsk, level);
  }
}

/** Of each class: tasks offered at a score of zero or more, then tasks won; after them tasks sold by anybody. */
const SUM_OFFERED = 0u;
const SUM_WON = CLASS_COUNT;
const SUM_TASKS = 2u * CLASS_COUNT;
/** The worst score that won in a class, and the best that waits. */
var<workgroup> worstWon: array<atomic<u32>, CLASS_COUNT>;
var<workgroup> bestWaiting: array<atomic<u32>, CLASS_COUNT>;

/** checkTasks with checkOffers and checkTaskPrices. */
fn screenTasks(lane: u32) {
  openScreen(lane);
  if (lane < CLASS_COUNT) {
    atomicStore(&worstWon[lane], U32_MAX);
    atomicStore(&bestWaiting[lane], 0u);
  }
  workgroupBarrier();
  let value = load(COLUMN_scalar, WORLD_taskValue);
  let bonus = mulHigh(value, parameter(PARAMETER_serviceMarket_networkEffect));
  let service = isOn(PARAMETER_serviceMarket_enabled);
  for (var i = lane; i < SLOTS; i += WORKGROUP) {
    let sold = load(COLUMN_tasksSold, i);
    suspectIf(LAW_tasks, sold > load(COLUMN_tasksOffered, i));
    addToSum(SUM_TASKS, wide(sold));
    if (service) {
      screenOffer(i, value, bonus);
    }
  }
  closeSums();
  if (lane < CLASS_COUNT) {
    screenClass(lane, addWide(wide(value), wide(bonus)), service);
  }
  if (lane == 0u) {
    var served = WIDE_ZERO;
    for (var c = 0u; c < CLASS_COUNT; c++) {
      served = addWide(served, wide(load(COLUMN_served, c)));
    }
    // less where a seller has died since
    suspectIf(LAW_tasks, lessWide(served, sumAt(SUM_TASKS)));
  }
  if (service) {
    for (var i = lane; i < SLOTS; i += WORKGROUP) {
      screenTaskPrice(i);
    }
  }
  closeScreen(lane);
}

/** checkOffers, of one offer. */
fn screenOffer(i: u32, value: u32, bonus: u32) {
  let quantity = load(COLUMN_offerQuantity, i);
  let sold = load(COLUMN_offerSold, i);
  if ((quantity | sold) == 0u) {
    return;
  }
  let worth = load(COLUMN_offerWorth, i);
  let ask = load(COLUMN_offerAsk, i);
  let plain = mulHigh(value, load(COLUMN_offerQuality, i));
  let byQuality = parameter(PARAMETER_serviceMarket_networkEffect) == 0u
    && (parameter(PARAMETER_trust_regime) == CHOICE_regime_off || parameter(PARAMETER_trust_reputationWeight) == 0u);
  let overrated = lessWide(addWide(wide(plain), wide(bonus)), wide(worth));
  suspectIf(LAW_tasks, sold > quantity || select(overrated, worth != plain, byQuality));
  let c = load(COLUMN_offerClass, i);
  if (c >= CLASS_COUNT) {
    suspect(LAW_tasks);
    return;
  }
  if (ask > worth) {
    suspectIf(LAW_tasks, sold > 0u);
    return;
  }
  addToSum(SUM_OFFERED + c, wide(quantity));
  addToSum(SUM_WON + c, wide(sold));
  if (sold > 0u) {
    atomicMin(&worstWon[c], worth - ask);
  }
  if (sold < quantity) {
    atomicMax(&bestWaiting[c], worth - ask);
  }
}

/** checkOffers, of one class; and that no class is served beyond its demand. */
fn screenClass(c: u32, valueMost: U64, service: bool) {
  let demand = load(COLUMN_demand, c);
  let served = load(COLUMN_served, c);
  suspectIf(LAW_tasks, served > demand);
  if (!service) {
    return;
  }
  var shift = 0u;
  while (!lessWide(shiftRight(valueMost, shift), wide(SCORE_BUCKETS))) {
    shift++;
  }
  let could = minWide(sumAt(SUM_OFFERED + c), wide(demand));
  let all = equalWide(sumAt(SUM_WON + c), could) && equalWide(wide(served), could);
  let best = atomicLoad(&bestWaiting[c]) >> shift;
  suspectIf(LAW_tasks, !all || atomicLoad(&worstWon[c]) >> shift < best);
}

/** checkTaskPrices, of one seller. */
fn screenTaskPrice(i: u32) {
  let sold = load(COLUMN_offerSold, i);
  let receipt = load(COLUMN_offerReceipt, i);
  if ((sold | receipt) == 0u) {
    return;
  }
  let c = load(COLUMN_offerClass, i);
  let ask = load(COLUMN_offerAsk, i);
  let worth = load(COLUMN_offerWorth, i);
  if (c >= CLASS_COUNT) {
    suspect(LAW_tasks);
    return;
  }
  let second = min(atomicLoad(&bestWaiting[c]), atomicLoad(&worstWon[c]));
  let byAsk = parameter(PARAMETER_serviceMarket_pricing) == CHOICE_pricing_ask;
  let price = select(worth - second, ask, byAsk);
  let gross = productOf(price, sold);
  let due = gross.x - feeOf(gross.x, parameter(PARAMETER_serviceMarket_feeBps));
  let pardoned = receipt == 0u && parameter(PARAMETER_trust_regime) == CHOICE_regime_programmatic;
  let lawful = load(COLUMN_offerPrice, i) == price && price >= ask && price <= worth && (byAsk || second <= worth);
  suspectIf(LAW_tasks, !lawful || gross.y != 0u || (receipt != due && !pardoned));
}

/** Cohorts whose claims and liabilities are summed at once. */
const COHORTS_AT_ONCE = 8u;

/** checkSlashing, checkClaims; nothing to do where nobody can default. */
fn screenContracts(lane: u32) {
  openScreen(lane);
  for (var i = lane; i < LENGTH_COLUMN_slashed; i += WORKGROUP) {
    let locked = load(COLUMN_stakeLocked, i);
    suspectIf(LAW_slashingWithinStake, load(COLUMN_slashed, i) > locked || locked > load(COLUMN_stakeOpened, i));
  }
  var held = WIDE_ZERO;
  for (var first = 0u; first < COHORTS; first += COHORTS_AT_ONCE) {
    openSums(lane);
    let count = min(COHORTS_AT_ONCE, COHORTS - first);
    for (var i = lane; i < SLOTS; i += WORKGROUP) {
      let nobody = load(COLUMN_population, i) == FREE_SLOT;
      for (var k = 0u; k < count; k++) {
        let at = i * COHORTS + first + k;
        let claim = load(COLUMN_claims, at);
        let debt = load(COLUMN_liabilities, at);
        suspectIf(LAW_claimsEqualLiabilities, nobody && (claim | debt) != 0u);
        addToSum(2u * k, wide(claim));
        addToSum(2u * k + 1u, wide(debt));
      }
    }
    closeSums();
    if (lane < count) {
      screenCohort(lane, first + lane);
    }
    for (var k = 0u; k < count; k++) {
      held = addWide(held, loadWide(COLUMN_courtHeld, first + k));
    }
    workgroupBarrier();
  }
  let court = systemBalance(ASSET_cash, SYSTEM_court);
  suspectIf(LAW_claimsEqualLiabilities, COHORTS > 0u && lessSigned(court, held));
  closeScreen(lane);
}

fn screenCohort(sums: u32, cohort: u32) {
  let others = addWide(loadWide(COLUMN_consumerClaims, cohort), loadWide(COLUMN_treasuryClaims, cohort));
  let settled = addWide(loadWide(COLUMN_courtHeld, cohort), loadWide(COLUMN_courtLost, cohort));
  let owed = addWide(sumAt(2u * sums), others);
  let owing = addWide(sumAt(2u * sums + 1u), settled);
  suspectIf(LAW_claimsEqualLiabilities, !equalWide(owed, owing));
}
