// Twin of serviceMarket.ts: a slot has one offer at most, and a thread has some neighbouring buckets of scores.

const SOLD_ONE_BITS = 8u;
const SOLD_RATE_BITS = 4u;
/** The highest score: the specification keeps scores in 31 bits. */
const SCORE_MAX = 0x7fffffffu;
const SCORE_BUCKET_BITS = 8u;

/** Buckets of a thread. */
const BUCKETS_EACH = SCORE_BUCKETS / WORKGROUP;
const_assert BUCKETS_EACH * WORKGROUP == SCORE_BUCKETS && SCORE_BUCKETS == 1u << SCORE_BUCKET_BITS && CLASS_COUNT == 4u;

/** Tasks offered per class and score bucket. */
var<workgroup> offerBins: array<atomic<u32>, CLASS_COUNT * SCORE_BUCKETS>;
/** Per class, the bucket that is rationed (SCORE_BUCKETS where nothing is sold), and tasks to be sold of it. */
var<workgroup> marginBucket: array<u32, CLASS_COUNT>;
var<workgroup> marginRest: array<u32, CLASS_COUNT>;
/** Per class, worst score that won, and one more than the best left unfilled. */
var<workgroup> worstWon: array<atomic<u32>, CLASS_COUNT>;
var<workgroup> bestLost: array<atomic<u32>, CLASS_COUNT>;

/** The least shift at which every score up to `best` has a bucket. */
fn scoreShift(best: u32) -> u32 {
  let bits = 32u - countLeadingZeros(best);
  return max(bits, SCORE_BUCKET_BITS) - SCORE_BUCKET_BITS;
}

/** Most that consumers add to a score for reasons other than value, milli-token. */
fn bonusMax() -> u32 {
  return mulHigh(load(COLUMN_scalar, WORLD_taskValue), parameter(PARAMETER_serviceMarket_networkEffect));
}

/** Sums of the first pass: registrations, tasks that all sold before; of the second: tasks sold now. */
const SUM_REGISTRATIONS = 6u;
const SUM_SOLD_BEFORE = 7u;
const SUM_TASKS = 8u;
/** Of the passes that settle: cu sold, not delivered and slashed, milli-token in escrow, milli-cash claimed. */
const SUM_UNITS = 6u;
const SUM_DEFAULTED = 7u;
const SUM_FOUND = 8u;
const SUM_ESCROWED = 9u;
const SUM_CLAIMS = 10u;
/** Of payment: due in all, spent, the same in cash; of delivery: value, data produced and pooled. */
const SUM_DUE = 6u;
const SUM_SPENT = 7u;
const SUM_SPENT_CASH = 8u;
const SUM_WORTH = 9u;
const SUM_PRODUCED = 10u;
const SUM_POOLED = 11u;
/** And slashed stake for consumers, milli-token. */
const SUM_COMPENSATION = 12u;

fn serves(i: u32) -> bool {
  return i < SLOTS && load(COLUMN_mode, i) == MODE_serve && load(COLUMN_population, i) != FREE_SLOT;
}

/** Tasks that a server can do with its compute, and may promise. */
fn offerTasks(i: u32) -> u32 {
  let cuPerTask = parameter(PARAMETER_serviceMarket_cuPerTask);
  var q = min(parameter(PARAMETER_serviceMarket_maxTasks), load(COLUMN_compute, i) / cuPerTask);
  if (CONTRACTS && q > 0u) {
    let units = q * cuPerTask;
    let most = sellable(i, units);
    if (most < units) {
      q = most / cuPerTask;
    }
  }
  return q;
}

/** Writes all offers, counts them by score, and finds what each sells. */
fn offerAndChoose(lane: u32) {
  openSums(lane);
  scoreOffers(lane);
  choose(lane);
}

fn scoreOffers(lane: u32) {
  for (var k = lane; k < CLASS_COUNT * SCORE_BUCKETS; k += WORKGROUP) {
    atomicStore(&offerBins[k], 0u);
  }
  let most = bonusMax();
  for (var i = lane; LENGTH_COLUMN_soldBefore > 0u && i < SLOTS; i += WORKGROUP) {
    addToSum(SUM_SOLD_BEFORE, wide(load(COLUMN_soldBefore, i)));
  }
  closeSums();
  let before = select(sumAt(SUM_SOLD_BEFORE).x, 0u, most == 0u);
  let shift = scoreShift(load(COLUMN_scalar, WORLD_taskValue) + most);
  for (var i = lane; i < SLOTS; i += WORKGROUP) {
    if (!serves(i)) {
      continue;
    }
    let q = offerTasks(i);
    if (CONTRACTS && q > 0u) {
      addToSum(SUM_REGISTRATIONS, wide(registerParty(i)));
    }
    writeOffer(i, q, most, before);
    if (isAdmitted(i)) {
      let bin = load(COLUMN_taskClass, i) * SCORE_BUCKETS + (scoreOf(i) >> shift);
      atomicAdd(&offerBins[bin], q);
    }
  }
  closeSums();
  if (CONTRACTS && lane == 0u) {
    addTo(COLUMN_trustTotal, TRUST_TOTAL_registrations, sumAt(SUM_REGISTRATIONS));
  }
}

/** Writes an offer of `q` tasks; a seller's bonus is the largest one x its share of the tasks sold before. */
fn writeOffer(i: u32, q: u32, most: u32, before: u32) {
  let taskClass = load(COLUMN_taskClass, i);
  let quality = load(COLUMN_skill, i * CLASS_COUNT + taskClass);
  var worth = worthToConsumers(i, load(COLUMN_scalar, WORLD_taskValue), quality);
  if (before > 0u) {
    worth += divideByWord(productOf(most, load(COLUMN_soldBefore, i)), before).x;
  }
  store(COLUMN_tasksOffered, i, q);
  store(COLUMN_offerQuantity, i, q);
  store(COLUMN_offerClass, i, taskClass);
  store(COLUMN_offerAsk, i, load(COLUMN_taskAsk, i));
  store(COLUMN_offerQuality, i, quality);
  store(COLUMN_offerWorth, i, worth);
}

/** Whether consumers would buy of a server's offer at all. */
fn isAdmitted(i: u32) -> bool {
  return load(COLUMN_tasksOffered, i) > 0u && load(COLUMN_offerWorth, i) >= load(COLUMN_taskAsk, i);
}

/** The score of an offer that is admitted, milli-token. */
fn scoreOf(i: u32) -> u32 {
  return load(COLUMN_offerWorth, i) - load(COLUMN_taskAsk, i);
}

/** Best buckets first until demand is met; the marginal bucket is rationed in a rotated order. */
fn choose(lane: u32) {
  if (lane < CLASS_COUNT) {
    marginBucket[lane] = SCORE_BUCKETS;
    marginRest[lane] = 0u;
  }
  workgroupBarrier();
  chooseOfTwo(lane, 0u);
  chooseOfTwo(lane, 2u);
  fillOffers(lane);
}

/** Tasks of two classes in the bucket of a rank, 0 for the best. */
fn offeredAt(rank: u32, first: u32) -> vec2<u32> {
  let bucket = SCORE_BUCKETS - 1u - rank;
  return vec2<u32>(
    atomicLoad(&offerBins[first * SCORE_BUCKETS + bucket]),
    atomicLoad(&offerBins[(first + 1u) * SCORE_BUCKETS + bucket]),
  );
}

/** Finds the marginal buckets of two classes in one scan: neither sum reaches the other's word. */
fn chooseOfTwo(lane: u32, first: u32) {
  let best = lane * BUCKETS_EACH;
  var own = vec2<u32>();
  for (var rank = best; rank < best + BUCKETS_EACH; rank++) {
    own += offeredAt(rank, first);
  }
  let better = scanOf(lane, own);
  let served = min(better.total, vec2<u32>(load(COLUMN_demand, first), load(COLUMN_demand, first + 1u)));
  var before = better.before;
  for (var rank = best; rank < best + BUCKETS_EACH; rank++) {
    let offered = offeredAt(rank, first);
    for (var k = 0u; k < 2u; k++) {
      if (offered[k] > 0u && before[k] < served[k] && served[k] <= before[k] + offered[k]) {
        marginBucket[first + k] = SCORE_BUCKETS - 1u - rank;
        marginRest[first + k] = served[k] - before[k];
      }
    }
    before += offered;
  }
  if (lane == 0u) {
    store(COLUMN_served, first, served.x);
    store(COLUMN_served, first + 1u, served.y);
  }
  workgroupBarrier();
}

/** Writes what each offer sells to DEVICE_scratch. */
fn fillOffers(lane: u32) {
  let start = mulHigh(draw(parameter(PARAMETER_seed), currentTick(), 0u, STREAM_serviceRotation), SLOTS);
  let shift = scoreShift(load(COLUMN_scalar, WORLD_taskValue) + bonusMax());
  var before = array<U64, 2>();
  for (var chunk = 0u; chunk < SLOTS; chunk += WORKGROUP) {
    let place = chunk + lane;
    let i = (start + place) % SLOTS;
    var sold = 0u;
    var atMargin = vec4<u32>();
    var taskClass = 0u;
    if (place < SLOTS && serves(i) && isAdmitted(i)) {
      taskClass = load(COLUMN_taskClass, i);
      let q = load(COLUMN_tasksOffered, i);
      let bucket = scoreOf(i) >> shift;
      if (bucket == marginBucket[taskClass]) {
        atMargin[taskClass] = q;
      } else if (bucket > marginBucket[taskClass]) {
        sold = q;
      }
    }
    let low = scanOf(lane, atMargin.xy);
    let high = scanOf(lane, atMargin.zw);
    if (atMargin[taskClass] > 0u) {
      let ahead = vec4<u32>(addWide(before[0], low.before), addWide(before[1], high.before))[taskClass];
      sold = min(atMargin[taskClass], marginRest[taskClass] - min(marginRest[taskClass], ahead));
    }
    if (place < SLOTS) {
      store(DEVICE_scratch, i, sold);
    }
    before[0] = addWide(before[0], low.total);
    before[1] = addWide(before[1], high.total);
  }
}

/** Prices what was sold. */
fn sellTasks(lane: u32) {
  openSums(lane);
  findMarginalScores(lane);
  recordSales(lane);
}

/** The second score of each class: the best left unfilled, but never above the worst that won. Zero where nobody lost. */
fn findMarginalScores(lane: u32) {
  if (lane < CLASS_COUNT) {
    atomicStore(&worstWon[lane], U32_MAX);
    atomicStore(&bestLost[lane], 0u);
  }
  workgroupBarrier();
  for (var i = lane; i < SLOTS; i += WORKGROUP) {
    if (!serves(i) || !isAdmitted(i) || scoreOf(i) > SCORE_MAX) {
      continue;
    }
    let taskClass = load(COLUMN_taskClass, i);
    let sold = load(DEVICE_scratch, i);
    if (sold > 0u) {
      atomicMin(&worstWon[taskClass], scoreOf(i));
    }
    if (sold < load(COLUMN_tasksOffered, i)) {
      atomicMax(&bestLost[taskClass], scoreOf(i) + 1u);
    }
  }
  workgroupBarrier();
  if (lane < CLASS_COUNT) {
    let lost = atomicLoad(&bestLost[lane]);
    store(COLUMN_marginalScore, lane, select(min(lost - 1u, atomicLoad(&worstWon[lane])), 0u, lost == 0u));
  }
  awaitAll();
}

/** Writes what everybody sold at which price: its own ask, or value + bonus - S*. */
fn recordSales(lane: u32) {
  let byAsk = parameter(PARAMETER_serviceMarket_pricing) == CHOICE_pricing_ask;
  for (var i = lane; i < SLOTS; i += WORKGROUP) {
    if (!serves(i)) {
      continue;
    }
    let sold = load(DEVICE_scratch, i);
    let average = load(COLUMN_soldEma, i);
    let change = (bitcast<i32>(sold << SOLD_ONE_BITS) - bitcast<i32>(average)) >> SOLD_RATE_BITS;
    store(COLUMN_soldEma, i, average + bitcast<u32>(change));
    if (sold == 0u) {
      continue;
    }
    addToSum(SUM_TASKS, wide(sold));
    let second = load(COLUMN_offerWorth, i) - load(COLUMN_marginalScore, load(COLUMN_taskClass, i));
    store(COLUMN_tasksSold, i, sold);
    store(COLUMN_offerSold, i, sold);
    store(COLUMN_offerPrice, i, select(second, load(COLUMN_taskAsk, i), byAsk));
    let used = sold * parameter(PARAMETER_serviceMarket_cuPerTask);
    store(COLUMN_computeUsed, i, load(COLUMN_computeUsed, i) + used);
  }
  closeSums();
  if (lane == 0u) {
    addTo(COLUMN_total, TOTAL_tasks, sumAt(SUM_TASKS));
  }
}

/** Tasks that a slot has just sold. */
fn soldNow(i: u32) -> u32 {
  return select(0u, load(DEVICE_scratch, i), serves(i));
}

/** What consumers owe for them, milli-token: the config bounds it to 2^31 - 1. */
fn dueFor(i: u32) -> u32 {
  return soldNow(i) * load(COLUMN_offerPrice, i);
}

/** Performs the tasks that each seller sold, locks and slashes stakes, and lets consumers sue, where sellers may default. */
fn performTaskContracts(lane: u32) {
  if (!CONTRACTS) {
    return;
  }
  openSums(lane);
  let cuPerTask = parameter(PARAMETER_serviceMarket_cuPerTask);
  let legal = parameter(PARAMETER_trust_regime) == CHOICE_regime_legal;
  let audits = parameter(PARAMETER_trust_regime) == CHOICE_regime_programmatic;
  let auditFee = select(0u, parameter(PARAMETER_trust_auditFee), audits);
  for (var i = lane; i < SLOTS; i += WORKGROUP) {
    let units = soldNow(i) * cuPerTask;
    let gain = select(0u, parameter(PARAMETER_trust_sideGain) * units, defaults(i));
    let sues = legal && defaults(i) && worthSuing(soldNow(i), load(COLUMN_offerPrice, i));
    noteConsumersCash(i, gain, auditFee * units, sues);
  }
  allotConsumersCash(lane);
  for (var i = lane; i < SLOTS; i += WORKGROUP) {
    let units = soldNow(i) * cuPerTask;
    if (units == 0u) {
      continue;
    }
    let finds = auditFinds(i);
    performContract(i, units);
    lockStake(i, units, finds);
    addToSum(SUM_UNITS, wide(units));
    addToSum(SUM_DEFAULTED, wide(select(0u, units, defaults(i))));
    addToSum(SUM_FOUND, wide(select(0u, units, finds)));
    addToSum(SUM_ESCROWED, wide(select(0u, dueFor(i), audits)));
    if (load(DEVICE_consumersSue, i) == 1u) {
      addToSum(SUM_CLAIMS, sueForTasks(i));
    }
  }
  closeSums();
  if (lane == 0u) {
    bookTasks(sumAt(SUM_FOUND).x);
  }
}

/** Books what a seller owes for tasks that it did not deliver; returns what consumers claim. */
fn sueForTasks(i: u32) -> U64 {
  let amount = productOf(claimPerUnit(load(COLUMN_offerPrice, i)), soldNow(i));
  addToRing(COLUMN_liabilities, i, cohortAt(dueTick(currentTick())), amount);
  return amount;
}

/** Books on the system accounts what contracts moved, and on the totals what became of them. */
fn bookTasks(found: u32) {
  let slashed = productOf(parameter(PARAMETER_trust_stakePerUnit), found);
  let compensation = productOf(parameter(PARAMETER_trust_slashToBuyer), found);
  creditSystem(ASSET_token, SYSTEM_escrow, slashed);
  // consumers get their part when they pay
  disposeOfRest(found);
  if (COHORTS > 0u) {
    addTo(COLUMN_consumerClaims, cohortAt(dueTick(currentTick())), sumAt(SUM_CLAIMS));
  }
  addTo(COLUMN_trustTotal, TRUST_TOTAL_contracted, sumAt(SUM_UNITS));
  addTo(COLUMN_trustTotal, TRUST_TOTAL_defaulted, sumAt(SUM_DEFAULTED));
  addTo(COLUMN_trustTotal, TRUST_TOTAL_slashed, slashed);
  addTo(COLUMN_trustTotal, TRUST_TOTAL_compensated, compensation);
  addTo(COLUMN_trustTotal, TRUST_TOTAL_escrowed, sumAt(SUM_ESCROWED));
}

/** Slashed stake that consumers get where an audit finds that a seller did not do its tasks, milli-token. */
fn compensationFor(i: u32) -> U64 {
  return productOf(parameter(PARAMETER_trust_slashToBuyer) * parameter(PARAMETER_serviceMarket_cuPerTask), soldNow(i));
}

/** Consumers pay each winner unless an audit found for them. The fee rounds down; the seller keeps the rest. */
fn pay(lane: u32) {
  openSums(lane);
  let tokenPrice = load(COLUMN_scalar, WORLD_tokenPrice);
  var own = noPayments();
  for (var i = lane; i < SLOTS; i += WORKGROUP) {
    let due = dueFor(i);
    addToSum(SUM_DUE, wide(due));
    if (soldNow(i) == 0u) {
      continue;
    }
    if (CONTRACTS && auditFinds(i)) {
      store(COLUMN_offerReceipt, i, 0u);
      addToSum(SUM_COMPENSATION, compensationFor(i));
      continue;
    }
    let net = payLessFee(&own, i, due, parameter(PARAMETER_serviceMarket_feeBps));
    store(COLUMN_serviceAmount, i, net);
    store(COLUMN_offerReceipt, i, net);
    addToSum(SUM_SPENT, wide(due));
    addToSum(SUM_SPENT_CASH, tokenToCash(wide(due), tokenPrice));
  }
  addPayments(own);
  deliver(lane);
  closeSums();
  if (lane == 0u) {
    assertConsumersCanPay();
    transferSystem(ASSET_token, SYSTEM_escrow, SYSTEM_consumers, sumAt(SUM_COMPENSATION));
    bookPayments(SYSTEM_consumers, TOTAL_taskFees);
    addTo(COLUMN_total, TOTAL_spentToken, sumAt(SUM_SPENT));
    addTo(COLUMN_total, TOTAL_spentCash, sumAt(SUM_SPENT_CASH));
    addTo(COLUMN_total, TOTAL_taskValue, sumAt(SUM_WORTH));
    addTo(COLUMN_total, TOTAL_dataProduced, sumAt(SUM_PRODUCED));
    addToPool(sumAt(SUM_POOLED));
  }
}

/**
 * Reports consumers who have too little token for what they bought. Only where it is less than all payments together can
 * one fail, and then the order counts: an audit that finds for them gives a payment back, and slashed stake with it.
 */
fn assertConsumersCanPay() {
  var money = systemBalance(ASSET_token, SYSTEM_consumers);
  if (!lessWide(money, sumAt(SUM_DUE))) {
    return;
  }
  for (var i = 0u; i < SLOTS; i++) {
    let due = wide(dueFor(i));
    if (lessWide(money, due)) {
      fail(FAIL_short + ASSET_token, systemAccount(SYSTEM_consumers), money, due);
      return;
    }
    if (CONTRACTS && auditFinds(i)) {
      money = addWide(money, compensationFor(i));
    } else {
      money = subWide(money, due);
    }
  }
}

/** Adds up the value of what was delivered, and gives everybody the data that it yields. */
fn deliver(lane: u32) {
  let value = parameter(PARAMETER_serviceMarket_value);
  for (var i = lane; i < SLOTS; i += WORKGROUP) {
    let sold = soldNow(i);
    if (LENGTH_COLUMN_soldBefore > 0u) {
      store(COLUMN_soldBefore, i, load(COLUMN_tasksSold, i));
    }
    if (sold == 0u) {
      continue;
    }
    if (CONTRACTS && load(COLUMN_breached, i) > 0u) {
      continue;
    }
    addToSum(SUM_WORTH, productOf(mulHigh(value, load(COLUMN_offerQuality, i)), sold));
    let data = yieldData(i, sold);
    addToSum(SUM_PRODUCED, data.produced);
    addToSum(SUM_POOLED, data.pooled);
  }
}
