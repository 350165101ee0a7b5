// The loops over agents of computeMarket.ts and batchAuction.ts, its specifications; a part of clearing.as.ts.
import { MAX, FREE_SLOT, column, parameter, result, at, put, least, mulHigh, portion, draw } from './descriptor.as';
import {
  TOKEN, CASH, STAKE, POPULATION, COMPUTE, BILL, TOTAL, DELIVER, STAKE_LOCKED, SLASHED, CONTRACT_BILL,
  TRUST_TOTAL, FILLS, BUYERS, SELLERS, COMPUTE_SIDE, COMPUTE_LEVEL, COMPUTE_QUANTITY, ORDER_SIDE, ORDER_LEVEL,
  ORDER_QUANTITY, ORDER_FILLED, ORDER_AMOUNT, COMPUTE_FILLED, COMPUTE_AMOUNT, BID_HISTOGRAM, ASK_HISTOGRAM,
  UNDELIVERED, COMPENSATED, INDUCED_SIDE, INDUCED_LEVEL, INDUCED_UNITS, PRICES, SLOTS, SEED, REGIME, STAKE_PER_UNIT, SLASH_TO_BUYER, SIDE_GAIN, AUDIT,
  FALSE_ALARM, AUDIT_FEE, FEE_BURN, COMPUTE_FEE, INDUCED, LEGAL, PROGRAMMATIC, BUY, SELL, COMPUTE_ROTATION_STREAM,
  AUDIT_STREAM, TOTAL_QUOTE_SURPLUS, TOTAL_INDUCED_GAINS, TOTAL_INDUCED_VOLUME, TRUST_CONTRACTED, TRUST_DEFAULTED, TRUST_SLASHED, TRUST_COMPENSATED,
  TRUST_ESCROWED, addTo,
} from './clearingPlaces.as';
import { canRegister, sellable, register, perform } from './trust.as';

// Quantity ordered at each side and level, and what of it is to be filled.
const LEVELS: usize = 256;
const ORDERS: usize = memory.data(768 * 4, 16);
const ORDERS_LEFT: usize = memory.data(768 * 4, 16);

// Writes the orders that agents can pay for and deliver, and counts them by side and level. Returns the sum of all.
@inline function admitOrders(end: usize): u64 {
  const population = column(POPULATION);
  const token = column(TOKEN);
  const compute = column(COMPUTE);
  const computeSide = column(COMPUTE_SIDE);
  const computeLevel = column(COMPUTE_LEVEL);
  const computeQuantity = column(COMPUTE_QUANTITY);
  const prices = column(PRICES);
  const orderSide = column(ORDER_SIDE);
  const orderLevel = column(ORDER_LEVEL);
  const orderQuantity = column(ORDER_QUANTITY);
  const regime = parameter(REGIME);
  const induced = parameter(INDUCED) != 0;
  const inducedSide = column(INDUCED_SIDE);
  const inducedUnits = column(INDUCED_UNITS);
  const backed = regime == LEGAL || (regime == PROGRAMMATIC && parameter(STAKE_PER_UNIT) != 0);
  memory.fill(ORDERS, 0, 3 * LEVELS * 4);
  let total: u64 = 0;
  for (let i: usize = 0; i < end; i += 4) {
    const wanted = at(computeQuantity, i);
    const level = load<u32>(computeLevel + i);
    const chosen = load<u32>(computeSide + i);
    const price = at(prices, <usize>min<u32>(level, 255) << 2);
    const tokens = at(token, i);
    let bid = wanted;
    if (wanted * price > tokens) bid = tokens / price;
    let q = select(bid, select<u64>(least(wanted, at(compute, i)), 0, chosen == SELL), chosen == BUY);
    q = select<u64>(q, 0, (level < 256) & (load<u32>(population + i) != FREE_SLOT));
    if (induced) q = least(q, select<u64>(at(inducedUnits, i), 0, load<u32>(inducedSide + i) == chosen));
    if (backed && q != 0) {
      const most = chosen == SELL ? sellable(regime, i, q) : regime == LEGAL && !canRegister(i) ? 0 : MAX;
      q = least(q, most);
      if (regime == LEGAL && q != 0) register(i);
    }
    const side = select<u32>(chosen, 0, q != 0);
    const limit = select<u32>(level, 0, q != 0);
    store<u32>(orderSide + i, side);
    store<u32>(orderLevel + i, limit);
    put(orderQuantity, i, q);
    const bin = ORDERS + (<usize>((side << 8) + limit) << 2);
    store<u32>(bin, load<u32>(bin) + <u32>q);
    total += q;
  }
  return total;
}

@inline function ordered(side: u32, level: i32): i64 {
  return <i64>load<u32>(ORDERS + (<usize>((side << 8) + level) << 2));
}

// What each level is to fill of `volume`, from the best level of a side on.
@inline function fillSide(side: u32, best: i32, step: i32, volume: i64): void {
  let left = volume;
  for (let k = best; left > 0; k += step) {
    const filled = min(left, ordered(side, k));
    store<u32>(ORDERS_LEFT + (<usize>((side << 8) + k) << 2), <u32>filled);
    left -= filled;
  }
}

@inline function fillOrders(from: usize, end: usize): void {
  const orderSide = column(ORDER_SIDE);
  const orderLevel = column(ORDER_LEVEL);
  const orderQuantity = column(ORDER_QUANTITY);
  const orderFilled = column(ORDER_FILLED);
  for (let i = from; i < end; i += 4) {
    const bin = ORDERS_LEFT + (<usize>((load<u32>(orderSide + i) << 8) + load<u32>(orderLevel + i)) << 2);
    const left = load<u32>(bin);
    const filled = min(load<u32>(orderQuantity + i), left);
    store<u32>(bin, left - filled);
    store<u32>(orderFilled + i, filled);
  }
}

// Admits orders and clears them (batchAuction.ts). Returns the level, -1 where nothing traded, or -2 where orders are so
// many that the specification must look at each side. Results: bid, asked, traded, how many bought and sold, whose slots
// are in BUYERS and SELLERS.
export function clearCompute(tick: u32): i32 {
  const slots = <usize>parameter(SLOTS);
  const end = slots << 2;
  if (admitOrders(end) > 0x7fff_ffff) return -2;
  let low = 0;
  while (low < 256 && ordered(SELL, low) == 0) low++;
  let high = 255;
  while (high >= 0 && ordered(BUY, high) == 0) high--;
  let bid: i64 = 0;
  for (let k = 0; k < low && k <= high; k++) bid += ordered(BUY, k);
  let demand: i64 = 0;
  for (let k = low; k <= high; k++) demand += ordered(BUY, k);
  bid += demand;
  let supply: i64 = 0;
  // volume above, least imbalance below: the largest is the best, and no branch has to guess where it lies
  let best: i64 = <i64>MAX;
  let first = -1;
  let last = -1;
  for (let k = low; k <= high; k++) {
    supply += ordered(SELL, k);
    const traded = min(demand, supply);
    const rank = (traded << 32) + <i64>MAX - (demand + supply - 2 * traded);
    first = select(k, first, rank > best);
    last = select(k, last, rank >= best);
    best = select(rank, best, rank > best);
    demand -= ordered(BUY, k);
  }
  const volume = best >> 32;
  for (let k = high + 1; k < 256; k++) supply += ordered(SELL, k);
  memory.copy(column(BID_HISTOGRAM), ORDERS + LEVELS * 4, LEVELS * 4);
  memory.copy(column(ASK_HISTOGRAM), ORDERS + 2 * LEVELS * 4, LEVELS * 4);
  result(0, bid);
  result(1, supply);
  result(2, volume);
  result(3, 0);
  result(4, 0);
  if (volume == 0) {
    memory.fill(column(ORDER_FILLED), 0, end);
    return -1;
  }
  memory.fill(ORDERS_LEFT, 0, 3 * LEVELS * 4);
  fillSide(BUY, high, -1, volume);
  fillSide(SELL, low, 1, volume);
  const start = <usize>mulHigh(draw(<u32>parameter(SEED), tick, 0, COMPUTE_ROTATION_STREAM), slots) << 2;
  fillOrders(start, end);
  fillOrders(0, start);
  listTraders(slots);
  return (first + last) >> 1;
}

@inline function listTraders(slots: usize): void {
  const orderSide = column(ORDER_SIDE);
  const orderFilled = column(ORDER_FILLED);
  const buyers = column(BUYERS);
  const sellers = column(SELLERS);
  let bought: usize = 0;
  let sold: usize = 0;
  for (let i: usize = 0; i < slots; i++) {
    const side = select<u32>(load<u32>(orderSide + (i << 2)), 0, load<u32>(orderFilled + (i << 2)) != 0);
    store<u32>(buyers + bought, <u32>i);
    store<u32>(sellers + sold, <u32>i);
    bought += (side & 1) << 2;
    sold += (side >> 1) << 2;
  }
  result(3, bought >> 2);
  result(4, sold >> 2);
}

// Whether no balance can leave its range, in whatever order fills are settled.
@inline function canSettle(buyerEnd: usize, sellerEnd: usize, price: u64): bool {
  const buyers = column(BUYERS);
  const sellers = column(SELLERS);
  const token = column(TOKEN);
  const cash = column(CASH);
  const stake = column(STAKE);
  const orderFilled = column(ORDER_FILLED);
  const regime = parameter(REGIME);
  const gain = regime == 0 ? 0 : parameter(SIDE_GAIN);
  const unit = regime == PROGRAMMATIC ? parameter(STAKE_PER_UNIT) : 0;
  const toBuyer = regime == PROGRAMMATIC ? parameter(SLASH_TO_BUYER) : 0;
  let fits = true;
  for (let k: usize = 0; k < buyerEnd; k += 4) {
    const i = <usize>load<u32>(buyers + k) << 2;
    const units = at(orderFilled, i);
    fits = fits & (price * units <= at(token, i)) & (at(token, i) + toBuyer * units <= MAX);
  }
  for (let k: usize = 0; k < sellerEnd; k += 4) {
    const i = <usize>load<u32>(sellers + k) << 2;
    const units = at(orderFilled, i);
    fits = fits & (at(token, i) + price * units <= MAX) & (at(cash, i) + gain * units <= MAX);
    fits = fits & (at(stake, i) >= unit * units);
  }
  return fits;
}

// Takes the units that traded from their traders, each of whom traded on the side that it was given.
@inline function takeInducedFills(buyerEnd: usize, sellerEnd: usize, volume: u64): void {
  const total = column(TOTAL);
  const gains = total + (TOTAL_INDUCED_GAINS << 3);
  const made = takeUnits(column(BUYERS), buyerEnd) - takeUnits(column(SELLERS), sellerEnd);
  store<f64>(gains, load<f64>(gains) + <f64>made);
  addTo(total, TOTAL_INDUCED_VOLUME, volume);
}

// Of one side; returns the sum of values, in levels.
@inline function takeUnits(traders: usize, end: usize): i64 {
  const orderFilled = column(ORDER_FILLED);
  const inducedLevel = column(INDUCED_LEVEL);
  const inducedUnits = column(INDUCED_UNITS);
  let sum: i64 = 0;
  for (let k: usize = 0; k < end; k += 4) {
    const i = <usize>load<u32>(traders + k) << 2;
    const units = at(orderFilled, i);
    put(inducedUnits, i, at(inducedUnits, i) - units);
    sum += units * at(inducedLevel, i);
  }
  return sum;
}

// Settles the fills of clearCompute. Returns 0 and changes nothing where a balance might leave its range. Results: token
// that buyers paid, got back and got of slashed stakes, that sellers received, fees, of these burned, cash for side
// gains, cu not delivered, cu whose price was given back.
export function payCompute(tick: u32, level: u32, buyerCount: usize, sellerCount: usize, consumersCashOf: f64): i32 {
  const prices = column(PRICES);
  const price = at(prices, <usize>level << 2);
  const buyerEnd = buyerCount << 2;
  const sellerEnd = sellerCount << 2;
  if (!canSettle(buyerEnd, sellerEnd, price)) return 0;
  const buyers = column(BUYERS);
  const sellers = column(SELLERS);
  const marks = column(FILLS);
  const token = column(TOKEN);
  const stake = column(STAKE);
  const compute = column(COMPUTE);
  const bill = column(BILL);
  const deliver = column(DELIVER);
  const orderLevel = column(ORDER_LEVEL);
  const orderFilled = column(ORDER_FILLED);
  const orderAmount = column(ORDER_AMOUNT);
  const computeFilled = column(COMPUTE_FILLED);
  const computeAmount = column(COMPUTE_AMOUNT);
  const contractBill = column(CONTRACT_BILL);
  const undelivered = column(UNDELIVERED);
  const compensated = column(COMPENSATED);
  const stakeLocked = column(STAKE_LOCKED);
  const slashedOf = column(SLASHED);
  const regime = parameter(REGIME);
  const programmatic = regime == PROGRAMMATIC;
  const seed = <u32>parameter(SEED);
  const feeBps = parameter(COMPUTE_FEE);
  const feeBurn = parameter(FEE_BURN);
  const unit = parameter(STAKE_PER_UNIT);
  const toBuyer = parameter(SLASH_TO_BUYER);
  const auditFee = programmatic ? parameter(AUDIT_FEE) : 0;
  const audit = <u32>parameter(AUDIT);
  const falseAlarm = <u32>parameter(FALSE_ALARM);
  let money = <u64>consumersCashOf;
  let received: u64 = 0;
  let fees: u64 = 0;
  let burned: u64 = 0;
  let gains: u64 = 0;
  let traded: u64 = 0;
  let defaultedUnits: u64 = 0;
  let caughtUnits: u64 = 0;
  let surplus: i64 = 0;
  memory.fill(orderAmount, 0, <usize>parameter(SLOTS) << 2);
  for (let k: usize = 0; k < sellerEnd; k += 4) {
    const slot = load<u32>(sellers + k);
    const i = <usize>slot << 2;
    const units = at(orderFilled, i);
    let found = false;
    if (regime != 0) {
      const defaulted = load<u32>(deliver + i) == 1;
      if (defaulted) defaultedUnits += units;
      const gain = perform(i, units, defaulted, money);
      money -= gain;
      gains += gain;
      if (programmatic) {
        found = draw(seed, tick, slot, AUDIT_STREAM) < (defaulted ? audit : falseAlarm);
        put(stakeLocked, i, unit * units);
        if (found) {
          put(slashedOf, i, unit * units);
          put(stake, i, at(stake, i) - unit * units);
          caughtUnits += units;
        }
      }
      store<u32>(marks + k, u32(defaulted) | (u32(found) << 1));
    }
    put(compute, i, at(compute, i) - units);
    put(computeFilled, i, units);
    surplus += <i64>(price - at(prices, <usize>load<u32>(orderLevel + i) << 2)) * <i64>units;
    if (found) continue;
    const due = price * units;
    const fee = (due * feeBps) / 10_000;
    put(computeAmount, i, due - fee);
    put(orderAmount, i, due - fee);
    put(token, i, at(token, i) + due - fee);
    received += due - fee;
    fees += fee;
    burned += portion(fee, feeBurn);
  }
  const marked = (defaultedUnits | caughtUnits) != 0;
  let seller: usize = 0;
  let left: u64 = 0;
  let mark: u64 = 0;
  for (let k: usize = 0; k < buyerEnd; k += 4) {
    const i = <usize>load<u32>(buyers + k) << 2;
    const units = at(orderFilled, i);
    let missing: u64 = 0;
    let refunded: u64 = 0;
    // buyers and sellers are matched by cumulative position in slot order
    for (let wanted = marked ? units : 0; wanted > 0; ) {
      if (left == 0) {
        mark = at(marks, seller);
        left = at(orderFilled, <usize>load<u32>(sellers + seller) << 2);
        seller += 4;
      }
      const taken = least(wanted, left);
      missing += taken * (mark & 1);
      refunded += taken * (mark >> 1);
      wanted -= taken;
      left -= taken;
    }
    const before = at(token, i);
    const after = before - price * (units - refunded) + toBuyer * refunded;
    put(token, i, after);
    put(orderAmount, i, after > before ? after - before : before - after);
    put(compute, i, at(compute, i) + units - missing);
    put(computeFilled, i, units);
    put(computeAmount, i, price * (units - refunded));
    if (regime != 0) {
      put(undelivered, i, missing);
      put(compensated, i, toBuyer * refunded);
      put(contractBill, i, least(MAX, at(contractBill, i) + auditFee * units));
      put(bill, i, least(MAX, at(bill, i) + auditFee * units));
    }
    surplus += <i64>(at(prices, <usize>load<u32>(orderLevel + i) << 2) - price) * <i64>units;
    traded += units;
  }
  const sum = column(TOTAL) + (TOTAL_QUOTE_SURPLUS << 3);
  store<f64>(sum, load<f64>(sum) + <f64>surplus);
  if (regime != 0) {
    const trustTotal = column(TRUST_TOTAL);
    addTo(trustTotal, TRUST_CONTRACTED, traded);
    addTo(trustTotal, TRUST_DEFAULTED, defaultedUnits);
    addTo(trustTotal, TRUST_SLASHED, unit * caughtUnits);
    addTo(trustTotal, TRUST_COMPENSATED, toBuyer * caughtUnits);
    if (programmatic) addTo(trustTotal, TRUST_ESCROWED, price * traded);
  }
  if (parameter(INDUCED) != 0) takeInducedFills(buyerEnd, sellerEnd, traded);
  result(0, price * traded);
  result(1, price * caughtUnits);
  result(2, toBuyer * caughtUnits);
  result(3, received);
  result(4, fees);
  result(5, burned);
  result(6, gains);
  result(7, defaultedUnits);
  result(8, caughtUnits);
  return 1;
}
