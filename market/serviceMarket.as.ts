// The loops over agents of serviceMarket.ts, its specification; a part of clearing.as.ts.
import {
  MAX, FREE_SLOT, column, parameter, result, at, put, least, mulHigh, portion, tokenToCash, draw,
} from './descriptor.as';
import {
  TOKEN, CASH, STAKE, POPULATION, MODE, TASK_CLASS, COMPUTE, COMPUTE_USED, DATA, SKILL, SCALAR, TOTAL, TASK_ASK,
  TASKS_OFFERED, TASKS_SOLD, SOLD_EMA, REPUTATION, OFFER_QUANTITY, OFFER_CLASS, OFFER_ASK, OFFER_QUALITY,
  OFFER_WORTH, OFFER_SOLD, OFFER_PRICE, OFFER_RECEIPT, SERVICE_AMOUNT, SOLD_BEFORE, DEMAND, SERVED,
  MARGINAL_SCORE, DELIVER, BREACHED, STAKE_LOCKED, SLASHED, TRUST_TOTAL, SERVERS, WINNERS, FILLS, SLOTS, SEED,
  CU_PER_TASK, MAX_TASKS, NETWORK_EFFECT, BY_ASK, TASK_FEE, VALUE, REGIME, REPUTATION_WEIGHT, STAKE_PER_UNIT,
  SLASH_TO_BUYER, SIDE_GAIN, AUDIT, FALSE_ALARM, AUDIT_FEE, FEE_BURN, DATA_PER_TASK, POOL_SHARE, LEGAL,
  PROGRAMMATIC, SERVE, SERVICE_ROTATION_STREAM, AUDIT_STREAM, DATA_SPLIT_STREAM, TOKEN_PRICE, TASK_VALUE,
  DATA_INFLOW, TOTAL_SPENT_TOKEN, TOTAL_SPENT_CASH, TOTAL_TASKS, TOTAL_TASK_VALUE, TOTAL_DATA_POOL,
  TOTAL_DATA_PRODUCED, TRUST_CONTRACTED, TRUST_DEFAULTED, TRUST_SLASHED, TRUST_COMPENSATED, TRUST_ESCROWED,
  addTo,
} from './clearingPlaces.as';
import { sellable, register, perform } from './trust.as';

// Tasks offered per class and bucket of the score, and what of them is to be filled; then offers of no score.
const CLASSES: usize = 4;
const BUCKETS: usize = 256;
const NO_BIN: usize = CLASSES * BUCKETS;
const BINS: usize = memory.data(1025 * 4, 16);
const REST: usize = memory.data(1025 * 4, 16);

@inline function listServers(slots: usize): usize {
  const population = column(POPULATION);
  const mode = column(MODE);
  const servers = column(SERVERS);
  let count: usize = 0;
  for (let i: usize = 0; i < slots; i++) {
    store<u32>(servers + (count << 2), <u32>i);
    count += usize(load<u32>(mode + (i << 2)) == SERVE) & usize(load<u32>(population + (i << 2)) != FREE_SLOT);
  }
  return count << 2;
}

@inline function soldInAll(slots: usize): u64 {
  const soldBefore = column(SOLD_BEFORE);
  let sum: u64 = 0;
  for (let i: usize = 0; i < slots << 2; i += 4) sum += at(soldBefore, i);
  return sum;
}

// What each server offers, worth and bin; a place's bin stands in FILLS until its fill does.
@inline function scoreOffers(slots: usize, end: usize, shift: u32, offered: usize): void {
  const taskClass = column(TASK_CLASS);
  const taskAsk = column(TASK_ASK);
  const compute = column(COMPUTE);
  const skill = column(SKILL);
  const reputation = column(REPUTATION);
  const soldBefore = column(SOLD_BEFORE);
  const tasksOffered = column(TASKS_OFFERED);
  const offerQuantity = column(OFFER_QUANTITY);
  const offerClass = column(OFFER_CLASS);
  const offerAsk = column(OFFER_ASK);
  const offerQuality = column(OFFER_QUALITY);
  const offerWorth = column(OFFER_WORTH);
  const servers = column(SERVERS);
  const fills = column(FILLS);
  const regime = parameter(REGIME);
  const weight = regime == 0 ? 0 : parameter(REPUTATION_WEIGHT);
  const cuPerTask = <u32>parameter(CU_PER_TASK);
  const maxTasks = <u32>parameter(MAX_TASKS);
  const value = at(column(SCALAR), TASK_VALUE << 2);
  const most = mulHigh(value, parameter(NETWORK_EFFECT));
  const before = most == 0 ? 0 : soldInAll(slots);
  memory.fill(BINS, 0, (NO_BIN + 1) << 2);
  memory.fill(offered, 0, CLASSES << 3);
  for (let k: usize = 0; k < end; k += 4) {
    const i = <usize>load<u32>(servers + k) << 2;
    let q = <u64>min(maxTasks, load<u32>(compute + i) / cuPerTask);
    if (regime > 1 && q > 0) {
      const units = q * cuPerTask;
      const may = sellable(regime, i, units);
      if (may < units) q = may / cuPerTask;
      if (regime == LEGAL && q > 0) register(i);
    }
    const c = <usize>load<u32>(taskClass + i);
    const quality = at(skill, (i << 2) + (c << 2));
    let worth = mulHigh(value, quality);
    if (weight != 0) worth = mulHigh(worth, MAX - mulHigh(weight, MAX - at(reputation, i)));
    if (before != 0) worth = (worth + (most * at(soldBefore, i)) / before) & MAX;
    const ask = at(taskAsk, i);
    put(tasksOffered, i, q);
    put(offerQuantity, i, q);
    store<u32>(offerClass + i, <u32>c);
    put(offerAsk, i, ask);
    put(offerQuality, i, quality);
    put(offerWorth, i, worth);
    const admitted = (q != 0) & (worth >= ask);
    const bin = select<usize>((c << 8) + <usize>(<u32>(worth - ask) >> shift), NO_BIN, admitted);
    store<u32>(fills + k, <u32>bin);
    const place = BINS + (bin << 2);
    store<u32>(place, load<u32>(place) + <u32>q);
    const sum = offered + (c << 3);
    store<u64>(sum, load<u64>(sum) + select<u64>(q, 0, admitted));
  }
}

// What each class and bucket is to fill.
@inline function allot(offered: usize): void {
  const demand = column(DEMAND);
  const served = column(SERVED);
  memory.fill(REST, 0, (NO_BIN + 1) << 2);
  for (let c: usize = 0; c < CLASSES; c++) {
    let left = least(load<u64>(offered + (c << 3)), at(demand, c << 2));
    put(served, c << 2, left);
    for (let k = ((c + 1) * BUCKETS - 1) << 2; left > 0; k -= 4) {
      const filled = least(left, at(BINS, k));
      put(REST, k, filled);
      left -= filled;
    }
  }
}

const WON: usize = memory.data(4 * 8, 16);
const LOST: usize = memory.data(4 * 8, 16);
const OFFERED: usize = memory.data(4 * 8, 16);

// Fills the places from `from` to `end` and notes the worst score that won and the best that lost.
@inline function fillOffers(from: usize, end: usize): void {
  const servers = column(SERVERS);
  const fills = column(FILLS);
  const taskClass = column(TASK_CLASS);
  const tasksOffered = column(TASKS_OFFERED);
  const offerWorth = column(OFFER_WORTH);
  const offerAsk = column(OFFER_ASK);
  for (let k = from; k < end; k += 4) {
    const i = <usize>load<u32>(servers + k) << 2;
    const rest = REST + (<usize>load<u32>(fills + k) << 2);
    const q = load<u32>(tasksOffered + i);
    const sold = min(q, load<u32>(rest));
    store<u32>(rest, load<u32>(rest) - sold);
    store<u32>(fills + k, sold);
    const score = <i64>(at(offerWorth, i) - at(offerAsk, i));
    // a score is an i32 in the specification
    const scored = (score >= 0) & (score <= 0x7fff_ffff);
    const c = <usize>load<u32>(taskClass + i) << 3;
    const won = load<i64>(WON + c);
    const lost = load<i64>(LOST + c);
    store<i64>(WON + c, select(score, won, scored & (sold > 0) & (score < won)));
    store<i64>(LOST + c, select(score, lost, scored & (sold < q) & (score > lost)));
  }
}

// Sells tasks up to what is to be paid: offers, fills, prices. Returns how many won something, whose slots are in
// WINNERS.
export function sellTasks(tick: u32, shift: u32): usize {
  const slots = <usize>parameter(SLOTS);
  const end = listServers(slots);
  const servers = column(SERVERS);
  const winners = column(WINNERS);
  const fills = column(FILLS);
  const marginalScore = column(MARGINAL_SCORE);
  scoreOffers(slots, end, shift, OFFERED);
  allot(OFFERED);
  for (let c: usize = 0; c < CLASSES; c++) {
    store<i64>(WON + (c << 3), MAX);
    store<i64>(LOST + (c << 3), -1);
  }
  const start = <u32>mulHigh(draw(<u32>parameter(SEED), tick, 0, SERVICE_ROTATION_STREAM), slots);
  let first: usize = 0;
  while (first < end && load<u32>(servers + first) < start) first += 4;
  fillOffers(first, end);
  fillOffers(0, first);
  for (let c: usize = 0; c < CLASSES; c++) {
    const lost = load<i64>(LOST + (c << 3));
    put(marginalScore, c << 2, lost < 0 ? 0 : min(lost, load<i64>(WON + (c << 3))));
  }
  const soldEma = column(SOLD_EMA);
  let count: usize = 0;
  for (let k: usize = 0; k < end; k += 4) {
    const slot = load<u32>(servers + k);
    const sold = load<u32>(fills + k);
    const ema = soldEma + (<usize>slot << 2);
    const average = <i64>load<u32>(ema);
    store<u32>(ema, <u32>(average + (((<i64>sold << 8) - average) >> 4)));
    // no place is read again once it is written: count stays at or below k
    store<u32>(winners + count, slot);
    store<u32>(fills + count, sold);
    count += usize(sold != 0) << 2;
  }
  recordSales(count);
  return count >> 2;
}

@inline function recordSales(end: usize): void {
  const winners = column(WINNERS);
  const fills = column(FILLS);
  const taskClass = column(TASK_CLASS);
  const tasksSold = column(TASKS_SOLD);
  const computeUsed = column(COMPUTE_USED);
  const offerAsk = column(OFFER_ASK);
  const offerWorth = column(OFFER_WORTH);
  const offerSold = column(OFFER_SOLD);
  const offerPrice = column(OFFER_PRICE);
  const marginalScore = column(MARGINAL_SCORE);
  const byAsk = parameter(BY_ASK) != 0;
  const cuPerTask = parameter(CU_PER_TASK);
  let tasks: u64 = 0;
  for (let k: usize = 0; k < end; k += 4) {
    const i = <usize>load<u32>(winners + k) << 2;
    const sold = at(fills, k);
    put(tasksSold, i, sold);
    put(offerSold, i, sold);
    const margin = at(marginalScore, <usize>load<u32>(taskClass + i) << 2);
    put(offerPrice, i, byAsk ? at(offerAsk, i) : at(offerWorth, i) - margin);
    put(computeUsed, i, at(computeUsed, i) + sold * cuPerTask);
    tasks += sold;
  }
  addTo(column(TOTAL), TOTAL_TASKS, tasks);
}

// Whether no balance can leave its range, in whatever order winners are paid.
@inline function canPay(end: usize, consumersToken: u64): bool {
  const winners = column(WINNERS);
  const token = column(TOKEN);
  const cash = column(CASH);
  const stake = column(STAKE);
  const offerSold = column(OFFER_SOLD);
  const offerPrice = column(OFFER_PRICE);
  const regime = parameter(REGIME);
  const cuPerTask = parameter(CU_PER_TASK);
  const gain = regime == 0 ? 0 : parameter(SIDE_GAIN);
  const unit = regime == PROGRAMMATIC ? parameter(STAKE_PER_UNIT) : 0;
  let sum: u64 = 0;
  let fits = true;
  for (let k: usize = 0; k < end; k += 4) {
    const i = <usize>load<u32>(winners + k) << 2;
    const sold = at(offerSold, i);
    const units = sold * cuPerTask;
    const due = sold * at(offerPrice, i);
    sum += due;
    fits = fits & (due <= MAX) & (at(token, i) + due <= MAX) & (at(cash, i) + gain * units <= MAX);
    fits = fits & (at(stake, i) >= unit * units);
  }
  return fits && sum <= consumersToken;
}

// Performs, pays and delivers what the winners sold, in their order. Returns 0 and changes nothing where a balance
// might leave its range. Results: token received by sellers, fees, of these burned, slashed stake for consumers, the
// rest of it, cash for side gains, cash for audits.
export function payTasks(tick: u32, count: usize, consumersTokenOf: f64, consumersCashOf: f64): i32 {
  const end = count << 2;
  if (!canPay(end, <u64>consumersTokenOf)) return 0;
  const winners = column(WINNERS);
  const token = column(TOKEN);
  const stake = column(STAKE);
  const offerSold = column(OFFER_SOLD);
  const offerPrice = column(OFFER_PRICE);
  const offerReceipt = column(OFFER_RECEIPT);
  const serviceAmount = column(SERVICE_AMOUNT);
  const deliver = column(DELIVER);
  const stakeLocked = column(STAKE_LOCKED);
  const slashedOf = column(SLASHED);
  const regime = parameter(REGIME);
  const programmatic = regime == PROGRAMMATIC;
  const seed = <u32>parameter(SEED);
  const cuPerTask = parameter(CU_PER_TASK);
  const feeBps = parameter(TASK_FEE);
  const feeBurn = parameter(FEE_BURN);
  const unit = parameter(STAKE_PER_UNIT);
  const toBuyer = parameter(SLASH_TO_BUYER);
  const auditFee = programmatic ? parameter(AUDIT_FEE) : 0;
  const audit = <u32>parameter(AUDIT);
  const falseAlarm = <u32>parameter(FALSE_ALARM);
  const price = at(column(SCALAR), TOKEN_PRICE << 2);
  let money = <u64>consumersCashOf;
  let received: u64 = 0;
  let fees: u64 = 0;
  let burned: u64 = 0;
  let spent: u64 = 0;
  let spentCash: u64 = 0;
  let escrowed: u64 = 0;
  let unitSum: u64 = 0;
  let defaultedUnits: u64 = 0;
  let slashedUnits: u64 = 0;
  let gains: u64 = 0;
  let audits: u64 = 0;
  for (let k: usize = 0; k < end; k += 4) {
    const slot = load<u32>(winners + k);
    const i = <usize>slot << 2;
    const sold = at(offerSold, i);
    const due = sold * at(offerPrice, i);
    let found = false;
    if (regime != 0) {
      const units = sold * cuPerTask;
      const defaulted = load<u32>(deliver + i) == 1;
      unitSum += units;
      if (defaulted) defaultedUnits += units;
      const gain = perform(i, units, defaulted, money);
      money -= gain;
      gains += gain;
      if (programmatic) {
        found = draw(seed, tick, slot, AUDIT_STREAM) < (defaulted ? audit : falseAlarm);
        put(stakeLocked, i, unit * units);
        escrowed += due;
        const checked = least(auditFee * units, money);
        money -= checked;
        audits += checked;
        if (found) {
          put(slashedOf, i, unit * units);
          put(stake, i, at(stake, i) - unit * units);
          slashedUnits += units;
        }
      }
    }
    if (found) {
      put(offerReceipt, i, 0);
      continue;
    }
    const fee = (due * feeBps) / 10_000;
    const net = due - fee;
    put(token, i, at(token, i) + net);
    put(serviceAmount, i, net);
    put(offerReceipt, i, net);
    received += net;
    fees += fee;
    burned += portion(fee, feeBurn);
    spent += due;
    spentCash += tokenToCash(due, price);
  }
  const total = column(TOTAL);
  addTo(total, TOTAL_SPENT_TOKEN, spent);
  addTo(total, TOTAL_SPENT_CASH, spentCash);
  if (regime != 0) {
    const trustTotal = column(TRUST_TOTAL);
    addTo(trustTotal, TRUST_CONTRACTED, unitSum);
    addTo(trustTotal, TRUST_DEFAULTED, defaultedUnits);
    addTo(trustTotal, TRUST_SLASHED, unit * slashedUnits);
    addTo(trustTotal, TRUST_COMPENSATED, toBuyer * slashedUnits);
    addTo(trustTotal, TRUST_ESCROWED, escrowed);
  }
  deliverTasks(tick, end);
  result(0, received);
  result(1, fees);
  result(2, burned);
  result(3, toBuyer * slashedUnits);
  result(4, (unit - toBuyer) * slashedUnits);
  result(5, gains);
  result(6, audits);
  return 1;
}

// The value of what was delivered, and the data that it yields.
@inline function deliverTasks(tick: u32, end: usize): void {
  const winners = column(WINNERS);
  const offerSold = column(OFFER_SOLD);
  const offerQuality = column(OFFER_QUALITY);
  const breached = column(BREACHED);
  const data = column(DATA);
  const contracts = parameter(REGIME) != 0;
  const value = parameter(VALUE);
  const perTask = parameter(DATA_PER_TASK);
  const poolShare = parameter(POOL_SHARE);
  const seed = <u32>parameter(SEED);
  let worth: u64 = 0;
  let produced: u64 = 0;
  let pooled: u64 = 0;
  for (let k: usize = 0; k < end; k += 4) {
    const slot = load<u32>(winners + k);
    const i = <usize>slot << 2;
    if (contracts && load<u32>(breached + i) != 0) continue;
    const sold = at(offerSold, i);
    worth += mulHigh(value, at(offerQuality, i)) * sold;
    const units = sold * perTask;
    let users = portion(units, poolShare);
    if (poolShare != 0 && poolShare != MAX)
      users += u64(draw(seed, tick, slot, DATA_SPLIT_STREAM) < <u32>(units * poolShare));
    const owned = at(data, i);
    const kept = least(MAX - owned, units - users);
    put(data, i, owned + kept);
    produced += units;
    pooled += units - kept;
  }
  const total = column(TOTAL);
  const inflow = column(SCALAR) + (DATA_INFLOW << 2);
  addTo(total, TOTAL_TASK_VALUE, worth);
  addTo(total, TOTAL_DATA_PRODUCED, produced);
  addTo(total, TOTAL_DATA_POOL, pooled);
  store<u32>(inflow, <u32>least(MAX, <u64>load<u32>(inflow) + pooled));
}
