// Twin of computeMarket.ts.

const FAST_SHIFT = 3u;
const SLOW_SHIFT = 6u;
/** Bits of a moving average of prices behind the point. */
const AVERAGE_BITS = 8u;
/** Most units of a side, 2^31 - 1. */
const UNITS_MAX = 0x7fffffffu;

/** Sums of the first pass: registrations, units bid and asked. */
const SUM_REGISTRATIONS = 6u;
const SUM_BID = 7u;
const SUM_ASKED = 8u;
/** Of the passes that settle: gains on submitted limits. */
const SUM_SURPLUS = 6u;

/** Admits and clears the orders; writes `orderFilled`, the histograms and the scalars of the auction. */
fn clearOrders(lane: u32) {
  openSums(lane);
  clearBins(lane);
  countOrders(lane);
  chooseLevel(lane);
  for (var k = lane; k < PRICE_LEVELS; k += WORKGROUP) {
    store(COLUMN_bidHistogram, k, atomicLoad(&orderBins[k]));
    store(COLUMN_askHistogram, k, atomicLoad(&orderBins[ASK_BINS + k]));
  }
  if (lane == 0u) {
    store(COLUMN_scalar, WORLD_computeBid, clearing.bid);
    store(COLUMN_scalar, WORLD_computeOffered, clearing.asked);
    store(COLUMN_scalar, WORLD_computeVolume, atomicLoad(&clearing.volume));
    if (atomicLoad(&clearing.volume) > 0u) {
      store(COLUMN_scalar, WORLD_computeLevel, clearingLevel());
    }
  }
  fillOrders(lane, draw(parameter(PARAMETER_seed), currentTick(), 0u, STREAM_computeRotation));
}

/** Writes and counts the orders; refuses sides that would pass 2^31 - 1 units. */
fn countOrders(lane: u32) {
  for (var i = lane; i < SLOTS; i += WORKGROUP) {
    var quantity = writeOrder(i);
    if (CONTRACTS && quantity > 0u) {
      addToSum(SUM_REGISTRATIONS, wide(admitContract(i, quantity)));
      quantity = load(COLUMN_orderQuantity, i);
    }
    if (quantity == 0u) {
      continue;
    }
    let side = load(COLUMN_orderSide, i);
    addOrder(side, load(COLUMN_orderLevel, i), quantity);
    addToSum(select(SUM_ASKED, SUM_BID, side == SIDE_buy), wide(quantity));
  }
  closeSums();
  if (lane == 0u) {
    let most = maxWide(sumAt(SUM_BID), sumAt(SUM_ASKED));
    if (lessWide(wide(UNITS_MAX), most)) {
      fail(FAIL_overflow, 0u, most, wide(UNITS_MAX));
    }
    if (CONTRACTS) {
      addTo(COLUMN_trustTotal, TRUST_TOTAL_registrations, sumAt(SUM_REGISTRATIONS));
    }
  }
}

/** Writes an agent's order, cut to what it can pay for or deliver; SIDE_none for no order. Returns its quantity. */
fn writeOrder(i: u32) -> u32 {
  let level = load(COLUMN_computeLevel, i);
  let wanted = load(COLUMN_computeQuantity, i);
  let side = load(COLUMN_computeSide, i);
  var q = 0u;
  if (wanted != 0u && load(COLUMN_population, i) != FREE_SLOT && level < PRICE_LEVELS) {
    if (side == SIDE_buy) {
      let price = limitPrice(level);
      let token = load(BALANCE_token, i);
      // most can pay for what they want: no need to divide
      q = wanted;
      if (lessWide(wide(token), productOf(wanted, price))) {
        q = token / price;
      }
    } else if (side == SIDE_sell) {
      q = min(wanted, load(COLUMN_compute, i));
    }
  }
  if (isOn(PARAMETER_induced_enabled)) {
    // nobody trades more units than it was given, or on the other side
    q = min(q, select(0u, load(COLUMN_inducedUnits, i), load(COLUMN_inducedSide, i) == side));
  }
  storeOrder(i, side, level, q);
  return q;
}

fn storeOrder(i: u32, side: u32, level: u32, quantity: u32) {
  store(COLUMN_orderQuantity, i, quantity);
  store(COLUMN_orderSide, i, select(side, SIDE_none, quantity == 0u));
  store(COLUMN_orderLevel, i, select(level, 0u, quantity == 0u));
}

/** Cuts an order to what its owner may contract, and registers it where there is a court; returns registrations made. */
fn admitContract(i: u32, quantity: u32) -> u32 {
  let side = load(COLUMN_orderSide, i);
  var most = 0u;
  if (side == SIDE_sell) {
    most = sellable(i, quantity);
  } else {
    most = buyable(i);
  }
  if (quantity > most) {
    storeOrder(i, side, load(COLUMN_orderLevel, i), most);
  }
  if (most == 0u) {
    return 0u;
  }
  return registerParty(i);
}

/** Moves money through escrow, and compute. The fee rounds down and the seller keeps the remainder. */
fn settleFills(lane: u32) {
  if (CONTRACTS) {
    return;
  }
  openSums(lane);
  let price = limitPrice(load(COLUMN_scalar, WORLD_computeLevel));
  let feeBps = parameter(PARAMETER_computeMarket_feeBps);
  var own = noPayments();
  for (var i = lane; i < SLOTS; i += WORKGROUP) {
    let before = load(BALANCE_token, i);
    let q = load(COLUMN_orderFilled, i);
    if (q > 0u) {
      store(COLUMN_computeFilled, i, q);
      let due = price * q;
      if (load(COLUMN_orderSide, i) == SIDE_buy) {
        store(COLUMN_compute, i, load(COLUMN_compute, i) + q);
        store(COLUMN_computeAmount, i, due);
        debitAgent(BALANCE_token, i, wide(due));
      } else {
        store(COLUMN_compute, i, load(COLUMN_compute, i) - q);
        store(COLUMN_computeAmount, i, payLessFee(&own, i, due, feeBps));
      }
      addToSum(SUM_SURPLUS, quoteSurplus(i, price, q));
      if (isOn(PARAMETER_induced_enabled)) {
        takeInducedFill(i, q);
      }
    }
    recordAmount(i, before);
  }
  addPayments(own);
  closeSums();
  if (lane == 0u) {
    let volume = load(COLUMN_scalar, WORLD_computeVolume);
    creditSystem(ASSET_token, SYSTEM_escrow, productOf(price, volume));
    bookPayments(SYSTEM_escrow, TOTAL_computeFees);
    if (isOn(PARAMETER_induced_enabled) && volume > 0u) {
      bookInducedFills();
      addPriceDeviation(load(COLUMN_scalar, WORLD_computeLevel), volume);
    }
    closeAuction(price, volume);
  }
}

/** Notes the token that an agent's settlement moved, given what it had before. */
fn recordAmount(i: u32, before: u32) {
  let after = load(BALANCE_token, i);
  store(COLUMN_orderAmount, i, max(before, after) - min(before, after));
}

/** What a fill gains on its submitted limit, milli-token. */
fn quoteSurplus(i: u32, price: u32, q: u32) -> U64 {
  let limit = limitPrice(load(COLUMN_orderLevel, i));
  return productOf(max(limit, price) - min(limit, price), q);
}

/** The same where sellers may default (trust.ts), once judgeSellers has judged them: buyers pay and sellers are paid. */
fn payFills(lane: u32) {
  if (!CONTRACTS) {
    return;
  }
  openSums(lane);
  let price = limitPrice(load(COLUMN_scalar, WORLD_computeLevel));
  let judged = judgement();
  var own = noPayments();
  var boughtBefore = 0u;
  for (var chunk = 0u; chunk < SLOTS; chunk += WORKGROUP) {
    let i = chunk + lane;
    let bought = filledOf(i, SIDE_buy);
    let sold = filledOf(i, SIDE_sell);
    let scan = scanOf(lane, wide(bought));
    if (i < SLOTS) {
      let before = load(BALANCE_token, i);
      if (bought > 0u) {
        payForCompute(i, bought, boughtBefore + scan.before.x + bought, judged, price);
      } else if (sold > 0u) {
        releasePayment(&own, i, sold, price);
      }
      recordAmount(i, before);
      addToSum(SUM_SURPLUS, quoteSurplus(i, price, bought + sold));
    }
    boughtBefore += scan.total.x;
  }
  addPayments(own);
  closeSums();
  if (lane == 0u) {
    bookFills(judged, price);
    closeAuction(price, judged.units);
  }
}

/** Books on the system accounts what contracts moved, and on the totals what became of them. */
fn bookFills(judged: Judged, price: u32) {
  let gross = productOf(price, judged.units);
  let slashed = productOf(parameter(PARAMETER_trust_stakePerUnit), judged.found);
  let compensation = productOf(parameter(PARAMETER_trust_slashToBuyer), judged.found);
  creditSystem(ASSET_token, SYSTEM_escrow, addWide(gross, slashed));
  debitSystem(ASSET_token, SYSTEM_escrow, addWide(productOf(price, judged.found), compensation));
  bookPayments(SYSTEM_escrow, TOTAL_computeFees);
  disposeOfRest(judged.found);
  moveDeliveredShare(judged.units, judged.found, judged.defaulted);
  addTo(COLUMN_trustTotal, TRUST_TOTAL_contracted, wide(judged.units));
  addTo(COLUMN_trustTotal, TRUST_TOTAL_defaulted, wide(judged.defaulted));
  addTo(COLUMN_trustTotal, TRUST_TOTAL_slashed, slashed);
  addTo(COLUMN_trustTotal, TRUST_TOTAL_compensated, compensation);
  if (parameter(PARAMETER_trust_regime) == CHOICE_regime_programmatic) {
    addTo(COLUMN_trustTotal, TRUST_TOTAL_escrowed, gross);
  }
}

/** Counts an auction and moves the prices that agents remember, where there was volume. */
fn closeAuction(price: u32, volume: u32) {
  if (volume == 0u) {
    return;
  }
  addTo(COLUMN_total, TOTAL_quoteSurplus, sumAt(SUM_SURPLUS));
  addTo(COLUMN_total, TOTAL_computeVolume, wide(volume));
  movePrices(price);
}

/** Moving averages in 1/256 milli-token of the price of a tick's trades, rounded down and saturated at 2^32 - 1. */
fn movePrices(price: u32) {
  let now = wide(saturate(shiftLeft(wide(price), AVERAGE_BITS)));
  let fast = load(COLUMN_scalar, WORLD_priceFast);
  let slow = load(COLUMN_scalar, WORLD_priceSlow);
  store(COLUMN_scalar, WORLD_priceFast, fast + shiftRightSigned(subWide(now, wide(fast)), FAST_SHIFT).x);
  store(COLUMN_scalar, WORLD_priceSlow, slow + shiftRightSigned(subWide(now, wide(slow)), SLOW_SHIFT).x);
}
