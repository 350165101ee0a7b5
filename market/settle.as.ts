// AssemblyScript, integers alone: the passes over agents of settle.ts and staking.ts, which are the specification, as
// few as its swaps allow. An amount of an agent is u32, products and sums are u64, and nothing is rounded that is not
// rounded there. Comments here say only what the specification cannot.
//
// Between `openBills` and `payBills` the column `invested`, which is zero until hardware is bought, holds the energy
// due.

import {
  MAX, FREE_SLOT, column, parameter, signedParameter, result, at, put, least, mulHigh, portion, tokenToCash,
  log2Fixed, exp2Fraction, draw,
} from './descriptor.as';
export { columns, parameters, results, log2Table, exp2Table } from './descriptor.as';

const SELL_TOKEN: u32 = 1;
const BUY_TOKEN: u32 = 2;
const STAKE_TOKEN: u32 = 3;
const UNSTAKE_TOKEN: u32 = 4;
const BUY_HARDWARE: u32 = 5;
const WEAR_STREAM: u32 = 11;

const TOKEN: usize = 0;
const CASH: usize = 1;
const STAKE: usize = 2;
const POPULATION: usize = 3;
const COMPUTE_USED: usize = 4;
const COMPUTE_FILLED: usize = 5;
const ORDER_SIDE: usize = 6;
const BILL: usize = 7;
const OPENED: usize = 8;
const SERVICE_AMOUNT: usize = 9;
const COMPENSATED: usize = 10;
const FINANCE: usize = 11;
const TOKEN_OFFERED: usize = 12;
const CASH_OFFERED: usize = 13;
const ORDER: usize = 14;
const CONTRACT_BILL: usize = 15;
const COURT_BILL: usize = 16;
const DEBT_DUE: usize = 17;
const LABELS_USED: usize = 18;
const INSOLVENT: usize = 19;
const DATA_BILL: usize = 20;
const CAPACITY: usize = 21;
const INVESTED: usize = 22;
const COMPUTE_AMOUNT: usize = 23;
const CONTRACT_CASH: usize = 24;
const LOSS_CARRIED: usize = 25;
const TASKS_SOLD: usize = 26;
const BREACHED: usize = 27;
const SKILL: usize = 28;
const TASK_CLASS: usize = 29;
const EPOCH_QUALITY: usize = 30;
const WEALTH: usize = 31;
const WEALTH_BEFORE: usize = 32;
const UNSTAKE_AMOUNT: usize = 33;
const UNSTAKE_DUE: usize = 34;
const LIABILITIES: usize = 35;
const UNDELIVERED: usize = 36;
const SLASHED: usize = 37;

const SLOTS: usize = 0;
const ENERGY_PRICE: usize = 1;
const SUBSISTENCE: usize = 2;
const SCALE_LOG2: usize = 3;
const DEVICE: usize = 4;
const CAPITAL_COST: usize = 5;
const AMM: usize = 6;
const STEP: usize = 7;
const CONTRACTS: usize = 8;
const COHORTS: usize = 9;
const LABEL_PRICE: usize = 10;
const DATA_MARKET: usize = 11;
const HARDWARE: usize = 12;
const CAPACITY_MAX: usize = 13;
const RUNWAY: usize = 14;
const WEAR: usize = 15;
const SEED: usize = 16;
const OPERATOR_SHARE: usize = 17;
const YUMA: usize = 18;
const WEALTH_TAX: usize = 19;
const STAKE_DELAY: usize = 20;

// Prices, units and bills below which four agents' bills are exact in 32 bits: 2^17 units at most, so 2^30 for energy,
// 2^29 for capital, subsistence and what is billed already.
const SMALL_PRICE: u64 = 1 << 13;
const SMALL_UNITS: u64 = 1 << 16;
const SMALL_BILL: u64 = 1 << 29;

@inline function isOn(k: usize): bool { return parameter(k) != 0; }

@inline function energyShare(capacity: u64, device: u64, deviceLog2: i64, scaleLog2: i64): u64 {
  return capacity <= device ? MAX : exp2Fraction((scaleLog2 * (log2Fixed(<u32>capacity) - deviceLog2)) >> 16);
}

@inline function capitalDue(capacity: u64, device: u64, cost: u64): u64 {
  return capacity <= device ? 0 : least(MAX, cost * (capacity - device));
}

// Bills as they stand before anything is sold; sums of what sellers received; offers of all who are not short of
// cash, and a list of those who are, in `order`. Results: receipts, compensation, sold by choice, token of the short,
// how many are short.
export function openBills(): void {
  const end = <usize>parameter(SLOTS) << 2;
  const token = column(TOKEN);
  const cash = column(CASH);
  const population = column(POPULATION);
  const computeUsed = column(COMPUTE_USED);
  const computeFilled = column(COMPUTE_FILLED);
  const undelivered = column(UNDELIVERED);
  const orderSide = column(ORDER_SIDE);
  const bill = column(BILL);
  const opened = column(OPENED);
  const serviceAmount = column(SERVICE_AMOUNT);
  const compensated = column(COMPENSATED);
  const finance = column(FINANCE);
  const tokenOffered = column(TOKEN_OFFERED);
  const order = column(ORDER);
  const invested = column(INVESTED);
  const energyPrice = parameter(ENERGY_PRICE);
  const subsistence = parameter(SUBSISTENCE);
  const scaleLog2 = signedParameter(SCALE_LOG2);
  const device = parameter(DEVICE);
  const deviceLog2 = device == 0 ? 0 : log2Fixed(<u32>device);
  const capitalCost = parameter(CAPITAL_COST);
  const contracts = isOn(CONTRACTS);
  const amm = isOn(AMM);
  const step = parameter(STEP);
  let receipts: u64 = 0;
  let compensation: u64 = 0;
  let voluntary: u64 = 0;
  let most: u64 = 0;
  let short: usize = 0;
  // bills stand as they are where nothing is added to them
  const settled = !amm && !contracts && energyPrice == 0 && subsistence == 0 && capitalCost == 0;
  const blocks: usize = settled ? end & ~15 : 0;
  let received = i64x2.splat(0);
  for (let i: usize = 0; i < blocks; i += 16) {
    const amount = v128.load(serviceAmount + i);
    received = i64x2.add(received, i64x2.extend_low_i32x4_u(amount));
    received = i64x2.add(received, i64x2.extend_high_i32x4_u(amount));
    const free = i32x4.eq(v128.load(population + i), i32x4.splat(FREE_SLOT));
    v128.store(bill + i, v128.andnot(v128.load(bill + i), free));
    v128.store(invested + i, i32x4.splat(0));
  }
  receipts += i64x2.extract_lane(received, 0) + i64x2.extract_lane(received, 1);
  let i = blocks;
  // four agents at a time, as long as no sum can pass 32 bits
  if (
    !settled && energyPrice < SMALL_PRICE && capitalCost < SMALL_PRICE && subsistence < SMALL_BILL &&
    device < SMALL_UNITS
  ) {
    const one = i32x4.splat(1);
    const zero = i32x4.splat(0);
    const free = i32x4.splat(FREE_SLOT);
    const stepEach = i32x4.splat(<i32>step);
    const deviceEach = i32x4.splat(<i32>device);
    let sums = zero;
    let compensations = zero;
    let chosenSum = zero;
    let mostSum = zero;
    for (; i + 16 <= end; i += 16) {
      const filled = v128.load(computeFilled + i);
      const used = v128.load(computeUsed + i);
      const size = v128.load(opened + i);
      const before = v128.load(bill + i);
      const large = v128.or(i32x4.shr_u(v128.or(v128.or(filled, used), size), 16), i32x4.shr_u(before, 29));
      if (v128.any_true(large)) break;
      const received4 = v128.load(serviceAmount + i);
      sums = i64x2.add(sums, i64x2.extend_low_i32x4_u(received4));
      sums = i64x2.add(sums, i64x2.extend_high_i32x4_u(received4));
      const side = v128.load(orderSide + i);
      let arrived = i32x4.mul(filled, v128.and(side, one));
      if (contracts) {
        const compensated4 = v128.load(compensated + i);
        compensations = i64x2.add(compensations, i64x2.extend_low_i32x4_u(compensated4));
        compensations = i64x2.add(compensations, i64x2.extend_high_i32x4_u(compensated4));
        const buys = i32x4.eq(side, one);
        arrived = i32x4.sub(arrived, v128.and(v128.load(undelivered + i), buys));
      }
      const units = i32x4.add(
        i32x4.sub(i32x4.max_u(used, arrived), arrived),
        i32x4.mul(filled, i32x4.shr_u(side, 1)),
      );
      const gone = i32x4.eq(v128.load(population + i), free);
      let energy = v128.andnot(i32x4.mul(units, i32x4.splat(<i32>energyPrice)), gone);
      const beyond = i32x4.max_s(i32x4.sub(size, deviceEach), zero);
      if (scaleLog2 != 0 && v128.any_true(beyond)) {
        v128.store(invested + i, energy);
        for (let bits = i32x4.bitmask(i32x4.gt_s(beyond, zero)); bits != 0; bits &= bits - 1) {
          const k = i + (<usize>ctz(bits) << 2);
          put(invested, k, portion(at(invested, k), energyShare(at(opened, k), device, deviceLog2, scaleLog2)));
        }
        energy = v128.load(invested + i);
      }
      const fixed = i32x4.add(i32x4.splat(<i32>subsistence), i32x4.mul(beyond, i32x4.splat(<i32>capitalCost)));
      const owed = v128.andnot(i32x4.add(i32x4.add(before, energy), fixed), gone);
      v128.store(bill + i, owed);
      v128.store(invested + i, energy);
      if (!amm) continue;
      const has = v128.load(token + i);
      const owns = i32x4.ne(has, zero);
      const lacks = v128.and(i32x4.lt_u(v128.load(cash + i), owed), owns);
      const sells = i32x4.eq(v128.load(finance + i), i32x4.splat(SELL_TOKEN));
      // high words of has x step
      const product = v128.shuffle<i32>(
        i64x2.extmul_low_i32x4_u(has, stepEach),
        i64x2.extmul_high_i32x4_u(has, stepEach),
        1, 3, 5, 7,
      );
      const chosen = v128.and(product, sells);
      const offers = v128.andnot(owns, lacks);
      v128.store(tokenOffered + i, v128.bitselect(chosen, v128.load(tokenOffered + i), offers));
      const given = v128.and(chosen, offers);
      chosenSum = i64x2.add(chosenSum, i64x2.extend_low_i32x4_u(given));
      chosenSum = i64x2.add(chosenSum, i64x2.extend_high_i32x4_u(given));
      const all = v128.and(has, lacks);
      mostSum = i64x2.add(mostSum, i64x2.extend_low_i32x4_u(all));
      mostSum = i64x2.add(mostSum, i64x2.extend_high_i32x4_u(all));
      for (let bits = i32x4.bitmask(lacks); bits != 0; bits &= bits - 1) {
        store<u32>(order + (short << 2), <u32>(i >> 2) + <u32>ctz(bits));
        short++;
      }
    }
    receipts += i64x2.extract_lane(sums, 0) + i64x2.extract_lane(sums, 1);
    compensation += i64x2.extract_lane(compensations, 0) + i64x2.extract_lane(compensations, 1);
    voluntary += i64x2.extract_lane(chosenSum, 0) + i64x2.extract_lane(chosenSum, 1);
    most += i64x2.extract_lane(mostSum, 0) + i64x2.extract_lane(mostSum, 1);
  }
  for (; i < end; i += 4) {
    receipts += at(serviceAmount, i);
    if (contracts) compensation += at(compensated, i);
    let owed: u64 = 0;
    let energy: u64 = 0;
    if (load<u32>(population + i) != FREE_SLOT) {
      const filled = at(computeFilled, i);
      const side = at(orderSide, i);
      const used = at(computeUsed, i);
      const arrived = (contracts ? filled - at(undelivered, i) : filled) * (side & 1);
      const units = least(MAX, (used > arrived ? used - arrived : 0) + filled * (side >> 1));
      energy = least(MAX, units * energyPrice);
      owed = least(MAX, at(bill, i) + energy + subsistence);
      if (scaleLog2 != 0 || capitalCost != 0) {
        const size = at(opened, i);
        const due = scaleLog2 == 0 ? energy : portion(energy, energyShare(size, device, deviceLog2, scaleLog2));
        owed = least(MAX, owed - (energy - due) + capitalDue(size, device, capitalCost));
        energy = due;
      }
    }
    put(bill, i, owed);
    put(invested, i, energy);
    const has = at(token, i);
    if (!amm || has == 0) continue;
    const chosen = load<u32>(finance + i) == SELL_TOKEN ? mulHigh(has, step) : 0;
    if (at(cash, i) < owed) {
      store<u32>(order + (short << 2), <u32>(i >> 2));
      short++;
      most += has;
    } else {
      put(tokenOffered, i, chosen);
      voluntary += chosen;
    }
  }
  result(0, receipts);
  result(1, compensation);
  result(2, voluntary);
  result(3, most);
  result(4, short);
}

// Swaps `offered` of one column for shares of another at a rate of whole and part. Returns the agent whose balance
// would leave its range, or -1. Results: given, got.
@inline function share(x: u64, whole: u64, part: u64): u64 {
  // a rate above 2^32 passes every balance
  return (whole > MAX ? (x == 0 ? 0 : MAX + 1) : x * whole) + ((x * part) >> 32);
}

// The sale, if any, at a rate, and offers to buy. Results: token given, cash got, cash offered.
export function sellAndOffer(sells: bool, wholeOf: f64, partOf: f64): i32 {
  const end = <usize>parameter(SLOTS) << 2;
  const token = column(TOKEN);
  const cash = column(CASH);
  const population = column(POPULATION);
  const bill = column(BILL);
  const finance = column(FINANCE);
  const tokenOffered = column(TOKEN_OFFERED);
  const cashOffered = column(CASH_OFFERED);
  const step = parameter(STEP);
  const whole = <u64>wholeOf;
  const part = <u64>partOf;
  let given: u64 = 0;
  let got: u64 = 0;
  let paid: u64 = 0;
  for (let i: usize = 0; i < end; i += 4) {
    let money = at(cash, i);
    if (sells) {
      const amount = at(tokenOffered, i);
      const before = at(token, i);
      const gain = share(amount, whole, part);
      if (before < amount || money + gain > MAX) return <i32>(i >> 2);
      money += gain;
      put(token, i, before - amount);
      put(cash, i, money);
      given += amount;
      got += gain;
    }
    const owed = at(bill, i);
    const buys = i32(load<u32>(finance + i) == BUY_TOKEN) & i32(money > owed);
    // an empty slot has no cash to offer
    const offered = select(least(mulHigh(money, step), money - owed), <u64>0, buys);
    put(cashOffered, i, offered);
    paid += offered;
  }
  result(0, given);
  result(1, got);
  result(2, paid);
  return -1;
}

// The purchase, if any, at a rate; then what contracts cost, then all other bills. Results: cash given, token got, then
// cash for contracts, court, debts, energy, subsistence, labels, capital, data, the rest; agents that could not pay.
export function payBills(buys: bool, wholeOf: f64, partOf: f64, cohort: usize): i32 {
  const end = <usize>parameter(SLOTS) << 2;
  const token = column(TOKEN);
  const cash = column(CASH);
  const population = column(POPULATION);
  const bill = column(BILL);
  const opened = column(OPENED);
  const cashOffered = column(CASH_OFFERED);
  const contractBill = column(CONTRACT_BILL);
  const courtBill = column(COURT_BILL);
  const debtDue = column(DEBT_DUE);
  const liabilities = column(LIABILITIES) + (cohort << 2);
  const labelsUsed = column(LABELS_USED);
  const insolvent = column(INSOLVENT);
  const dataBill = column(DATA_BILL);
  const invested = column(INVESTED);
  const contracts = isOn(CONTRACTS);
  const cohorts = <usize>parameter(COHORTS);
  const subsistence = parameter(SUBSISTENCE);
  const labelPrice = parameter(LABEL_PRICE);
  const device = parameter(DEVICE);
  const capitalCost = parameter(CAPITAL_COST);
  const dataMarket = isOn(DATA_MARKET);
  const whole = <u64>wholeOf;
  const part = <u64>partOf;
  let given: u64 = 0;
  let got: u64 = 0;
  let contractSum: u64 = 0;
  let courtSum: u64 = 0;
  let debtSum: u64 = 0;
  let energySum: u64 = 0;
  let subsistenceSum: u64 = 0;
  let labelSum: u64 = 0;
  let capitalSum: u64 = 0;
  let dataSum: u64 = 0;
  let restSum: u64 = 0;
  let insolvents: u64 = 0;
  const onlyBills = !buys && !contracts;
  const blocks = end & ~15;
  for (let i: usize = 0; i < end; i += 4) {
    // four who owe nothing pay nothing
    if (onlyBills && (i & 15) == 0 && i < blocks && !v128.any_true(v128.load(bill + i))) {
      v128.store(invested + i, i32x4.splat(0));
      i += 12;
      continue;
    }
    let money = at(cash, i);
    if (buys) {
      const amount = at(cashOffered, i);
      const gain = share(amount, whole, part);
      const after = at(token, i) + gain;
      if (money < amount || after > MAX) return <i32>(i >> 2);
      money -= amount;
      put(token, i, after);
      given += amount;
      got += gain;
    }
    let owed = at(bill, i);
    const lives = load<u32>(population + i) != FREE_SLOT;
    if (contracts && lives) {
      const forContract = least(at(contractBill, i), money);
      money -= forContract;
      const forCourt = least(at(courtBill, i), money);
      money -= forCourt;
      const debt = least(at(debtDue, i), money);
      money -= debt;
      put(contractBill, i, forContract);
      put(courtBill, i, forCourt);
      put(debtDue, i, debt);
      if (debt != 0) put(liabilities, i * cohorts, at(liabilities, i * cohorts) - debt);
      contractSum += forContract;
      courtSum += forCourt;
      debtSum += debt;
      owed -= least(owed, forContract + forCourt + debt);
      put(bill, i, owed);
    }
    let left = owed;
    if (money < left) {
      store<u32>(insolvent + i, 1);
      insolvents++;
      left = money;
    }
    put(cash, i, money - left);
    const forEnergy = least(left, at(invested, i));
    left -= forEnergy;
    const forSubsistence = least(left, subsistence);
    left -= forSubsistence;
    const forLabels = least(left, at(labelsUsed, i) * labelPrice);
    left -= forLabels;
    store<u32>(invested + i, 0);
    energySum += forEnergy;
    subsistenceSum += forSubsistence;
    labelSum += forLabels;
    if (capitalCost != 0 && lives) {
      const forCapital = least(left, capitalDue(at(opened, i), device, capitalCost));
      left -= forCapital;
      capitalSum += forCapital;
    }
    if (dataMarket) {
      const forData = least(left, at(dataBill, i));
      left -= forData;
      dataSum += forData;
    }
    restSum += left;
  }
  result(0, given);
  result(1, got);
  result(2, contractSum);
  result(3, courtSum);
  result(4, debtSum);
  result(5, energySum);
  result(6, subsistenceSum);
  result(7, labelSum);
  result(8, capitalSum);
  result(9, dataSum);
  result(10, restSum);
  result(11, insolvents);
  return -1;
}

// Hardware bought and worn, the operators' share, quality towards the epoch, and the tax if nothing is issued before
// it. Results: cu bought, cu worn out, operators' token, operators' cash, their worth, token taxed, cash taxed.
export function closeAccounts(
  tick: u32,
  openingPriceOf: f64,
  closingPriceOf: f64,
  hardwarePriceOf: f64,
  taxes: bool,
): void {
  const end = <usize>parameter(SLOTS) << 2;
  const token = column(TOKEN);
  const cash = column(CASH);
  const stake = column(STAKE);
  const population = column(POPULATION);
  const bill = column(BILL);
  const orderSide = column(ORDER_SIDE);
  const finance = column(FINANCE);
  const insolvent = column(INSOLVENT);
  const capacity = column(CAPACITY);
  const invested = column(INVESTED);
  const computeAmount = column(COMPUTE_AMOUNT);
  const serviceAmount = column(SERVICE_AMOUNT);
  const compensated = column(COMPENSATED);
  const slashed = column(SLASHED);
  const contractCash = column(CONTRACT_CASH);
  const contractBill = column(CONTRACT_BILL);
  const courtBill = column(COURT_BILL);
  const debtDue = column(DEBT_DUE);
  const lossCarried = column(LOSS_CARRIED);
  const tasksSold = column(TASKS_SOLD);
  const breached = column(BREACHED);
  const skill = column(SKILL);
  const taskClass = column(TASK_CLASS);
  const epochQuality = column(EPOCH_QUALITY);
  const openingPrice = <u64>openingPriceOf;
  const closingPrice = <u64>closingPriceOf;
  const hardwarePrice = <u64>hardwarePriceOf;
  const hardware = isOn(HARDWARE);
  const capacityMax = parameter(CAPACITY_MAX);
  const runway = parameter(RUNWAY);
  const wear = hardware ? parameter(WEAR) : 0;
  const seed = <u32>parameter(SEED);
  const contracts = isOn(CONTRACTS);
  const operatorShare = parameter(OPERATOR_SHARE);
  const yuma = isOn(YUMA);
  const tax = taxes ? parameter(WEALTH_TAX) : 0;
  const worth = isOn(AMM) ? closingPrice : 0;
  let bought: u64 = 0;
  let worn: u64 = 0;
  let operatorToken: u64 = 0;
  let operatorCash: u64 = 0;
  let operatorTaken: u64 = 0;
  let taxedToken: u64 = 0;
  let taxedCash: u64 = 0;
  const nothing = !hardware && operatorShare == 0 && !yuma && tax == 0;
  for (let i: usize = nothing ? end : 0; i < end; i += 4) {
    if (load<u32>(population + i) == FREE_SLOT) continue;
    let money = at(cash, i);
    let tokens = at(token, i);
    let size = at(capacity, i);
    if (
      hardware &&
      load<u32>(finance + i) == BUY_HARDWARE &&
      money >= hardwarePrice &&
      load<u32>(insolvent + i) == 0 &&
      size < capacityMax &&
      money + tokenToCash(tokens + at(stake, i), worth) >= runway + hardwarePrice
    ) {
      money -= hardwarePrice;
      size++;
      bought++;
      put(capacity, i, size);
      put(invested, i, hardwarePrice);
    }
    if (wear != 0 && size != 0) {
      const product = size * wear;
      const lost = (product >> 32) + (draw(seed, tick, <u32>(i >> 2), WEAR_STREAM) < <u32>product ? 1 : 0);
      put(capacity, i, size - lost);
      worn += lost;
    }
    if (operatorShare != 0) {
      const amount = <i64>at(computeAmount, i);
      let sold = <i64>at(serviceAmount, i) + (load<u32>(orderSide + i) == 1 ? -amount : amount);
      if (contracts) sold += <i64>at(compensated, i) - <i64>at(slashed, i);
      let profit = sold < 0 ? -<i64>tokenToCash(-sold, openingPrice) : <i64>tokenToCash(sold, openingPrice);
      if (contracts)
        profit += <i64>at(contractCash, i) - <i64>at(contractBill, i) - <i64>at(courtBill, i) - <i64>at(debtDue, i);
      profit -= <i64>at(bill, i) + <i64>at(lossCarried, i);
      if (profit <= 0) {
        put(lossCarried, i, least(MAX, -profit));
      } else {
        store<u32>(lossCarried + i, 0);
        const due = portion(least(MAX, profit), operatorShare);
        const inToken = least(tokens, closingPrice == 0 ? 0 : (due << 16) / closingPrice);
        const inTokenWorth = tokenToCash(inToken, closingPrice);
        const inCash = least(money, due - least(due, inTokenWorth));
        tokens -= inToken;
        money -= inCash;
        operatorToken += inToken;
        operatorCash += inCash;
        operatorTaken += inTokenWorth + inCash;
      }
    }
    if (yuma) {
      const tasks = at(tasksSold, i);
      if (tasks != 0 && (!contracts || load<u32>(breached + i) == 0)) {
        const quality = load<u32>(skill + (i << 2) + (<usize>load<u32>(taskClass + i) << 2)) >> 16;
        put(epochQuality, i, least(MAX, at(epochQuality, i) + tasks * <u64>quality));
      }
    }
    if (tax != 0) {
      const fromToken = mulHigh(tokens, tax);
      const fromCash = mulHigh(money, tax);
      tokens -= fromToken;
      money -= fromCash;
      taxedToken += fromToken;
      taxedCash += fromCash;
    }
    put(token, i, tokens);
    put(cash, i, money);
  }
  result(0, bought);
  result(1, worn);
  result(2, operatorToken);
  result(3, operatorCash);
  result(4, operatorTaken);
  result(5, taxedToken);
  result(6, taxedCash);
}

// The tax alone. Results: token taxed, cash taxed.
export function levyTax(): void {
  const end = <usize>parameter(SLOTS) << 2;
  const token = column(TOKEN);
  const cash = column(CASH);
  const tax = parameter(WEALTH_TAX);
  let taxedToken: u64 = 0;
  let taxedCash: u64 = 0;
  for (let i: usize = 0; i < end; i += 4) {
    const tokens = at(token, i);
    const money = at(cash, i);
    const fromToken = mulHigh(tokens, tax);
    const fromCash = mulHigh(money, tax);
    put(token, i, tokens - fromToken);
    put(cash, i, money - fromCash);
    taxedToken += fromToken;
    taxedCash += fromCash;
  }
  result(0, taxedToken);
  result(1, taxedCash);
}

// Equal dividends to the living, then everybody's wealth. Returns the agent whose balance would leave its range, or -1.
// Result: how many live.
export function recordWealth(tokenEachOf: f64, cashEachOf: f64, priceOf: f64): i32 {
  const end = <usize>parameter(SLOTS) << 2;
  const token = column(TOKEN);
  const cash = column(CASH);
  const stake = column(STAKE);
  const population = column(POPULATION);
  const wealth = column(WEALTH);
  const wealthBefore = column(WEALTH_BEFORE);
  const tokenEach = <u64>tokenEachOf;
  const cashEach = <u64>cashEachOf;
  const pays = (tokenEach | cashEach) != 0;
  const price = isOn(AMM) ? <u64>priceOf : 0;
  let living: u64 = 0;
  // without a price of token, wealth is cash
  const blocks: usize = pays || price != 0 ? 0 : end & ~15;
  for (let i: usize = 0; i < blocks; i += 16) {
    v128.store(wealthBefore + i, v128.load(wealth + i));
    v128.store(wealth + i, v128.load(cash + i));
  }
  for (let i = blocks; i < end; i += 4) {
    let tokens = at(token, i);
    let money = at(cash, i);
    if (pays && load<u32>(population + i) != FREE_SLOT) {
      tokens += tokenEach;
      money += cashEach;
      if (tokens > MAX || money > MAX) return <i32>(i >> 2);
      put(token, i, tokens);
      put(cash, i, money);
      living++;
    }
    store<u32>(wealthBefore + i, load<u32>(wealth + i));
    put(wealth, i, least(MAX, money + tokenToCash(tokens + at(stake, i), price)));
  }
  result(0, living);
  return -1;
}

// staking.ts. Returns the agent whose balance would leave its range, or -1.
export function moveStakes(tick: u32): i32 {
  const end = <usize>parameter(SLOTS) << 2;
  const token = column(TOKEN);
  const stake = column(STAKE);
  const population = column(POPULATION);
  const finance = column(FINANCE);
  const insolvent = column(INSOLVENT);
  const unstakeAmount = column(UNSTAKE_AMOUNT);
  const unstakeDue = column(UNSTAKE_DUE);
  const step = parameter(STEP);
  const delay = <u32>parameter(STAKE_DELAY);
  for (let i: usize = 0; i < end; i += 4) {
    const choice = load<u32>(finance + i);
    const waiting = load<u32>(unstakeAmount + i);
    if (choice != STAKE_TOKEN && choice != UNSTAKE_TOKEN && waiting == 0) continue;
    if (load<u32>(population + i) == FREE_SLOT) continue;
    let tokens = at(token, i);
    let staked = at(stake, i);
    let asked = <u64>waiting;
    let due = load<u32>(unstakeDue + i);
    if (choice == STAKE_TOKEN && load<u32>(insolvent + i) == 0) {
      const moved = mulHigh(tokens, step);
      tokens -= moved;
      staked += moved;
      if (staked > MAX) return <i32>(i >> 2);
    } else if (choice == UNSTAKE_TOKEN && waiting == 0) {
      asked = mulHigh(staked, step);
      due = tick + delay;
    }
    if (asked != 0 && tick >= due) {
      const released = least(asked, staked);
      staked -= released;
      tokens += released;
      if (tokens > MAX) return <i32>(i >> 2);
      asked = 0;
    }
    put(token, i, tokens);
    put(stake, i, staked);
    put(unstakeAmount, i, asked);
    store<u32>(unstakeDue + i, due);
  }
  return -1;
}
