// AssemblyScript, integers alone: the loops over agents of training.ts, serviceMarket.ts and computeMarket.ts, which
// are the specifications. An amount of an agent is u32, products and sums are u64, and nothing is rounded that is not
// rounded there. Comments here say only what the specification cannot.

const MAX: u64 = 0xffff_ffff;
const FREE_SLOT: u32 = 0xffff_ffff;
const TRAIN: u32 = 2;

// The descriptor: addresses of columns (u32), parameters (64-bit integers); clearing.ts knows the same order.
const COLUMNS: usize = memory.data(64 * 4, 16);
const PARAMETERS: usize = memory.data(64 * 8, 16);
const RESULTS: usize = memory.data(16 * 8, 16);
const LOG2_TABLE: usize = memory.data(1025 * 4, 16);
const EXP2_TABLE: usize = memory.data(1025 * 8, 16);
// Agents of a chunk that do something, as places in a column in bytes.
const CHUNK: usize = 1024;
const LIST: usize = memory.data(1025 * 4, 16);
// Tasks offered per class and bucket of the score, and what of them is to be filled; then offers of no score.
const CLASSES: usize = 4;
const BUCKETS: usize = 256;
const NO_BIN: usize = CLASSES * BUCKETS;
const BINS: usize = memory.data(1025 * 4, 16);
const REST: usize = memory.data(1025 * 4, 16);

// Quantity ordered at each side and level, and what of it is to be filled.
const LEVELS: usize = 256;
const ORDERS: usize = memory.data(768 * 4, 16);
const ORDERS_LEFT: usize = memory.data(768 * 4, 16);

export function columns(): usize { return COLUMNS; }
export function parameters(): usize { return PARAMETERS; }
export function results(): usize { return RESULTS; }
export function log2Table(): usize { return LOG2_TABLE; }
export function exp2Table(): usize { return EXP2_TABLE; }

const TOKEN: usize = 0;
const CASH: usize = 1;
const STAKE: usize = 2;
const POPULATION: usize = 3;
const MODE: usize = 4;
const TASK_CLASS: usize = 5;
const METHOD: usize = 6;
const COMPUTE: usize = 7;
const COMPUTE_USED: usize = 8;
const LABELS_USED: usize = 9;
const BILL: usize = 10;
const DATA: usize = 11;
const SKILL: usize = 12;
const SKILL_GAIN: usize = 13;
const SCALAR: usize = 14;
const TOTAL: usize = 15;
const TASK_ASK: usize = 16;
const TASKS_OFFERED: usize = 17;
const TASKS_SOLD: usize = 18;
const SOLD_EMA: usize = 19;
const REPUTATION: usize = 20;
const OFFER_QUANTITY: usize = 21;
const OFFER_CLASS: usize = 22;
const OFFER_ASK: usize = 23;
const OFFER_QUALITY: usize = 24;
const OFFER_WORTH: usize = 25;
const OFFER_SOLD: usize = 26;
const OFFER_PRICE: usize = 27;
const OFFER_RECEIPT: usize = 28;
const SERVICE_AMOUNT: usize = 29;
const SOLD_BEFORE: usize = 30;
const DEMAND: usize = 31;
const SERVED: usize = 32;
const MARGINAL_SCORE: usize = 33;
const DELIVER: usize = 34;
const REGISTERED: usize = 35;
const CONTRACTED: usize = 36;
const BREACHED: usize = 37;
const STAKE_LOCKED: usize = 38;
const SLASHED: usize = 39;
const CONTRACT_CASH: usize = 40;
const CONTRACT_BILL: usize = 41;
const COURT_BILL: usize = 42;
const UNSTAKE_AMOUNT: usize = 43;
const TRUST_TOTAL: usize = 44;
// lists of slots, and something about each entry of the first
const SERVERS: usize = 45;
const WINNERS: usize = 46;
const FILLS: usize = 47;
const BUYERS: usize = SERVERS;
const SELLERS: usize = WINNERS;
const COMPUTE_SIDE: usize = 48;
const COMPUTE_LEVEL: usize = 49;
const COMPUTE_QUANTITY: usize = 50;
const ORDER_SIDE: usize = 51;
const ORDER_LEVEL: usize = 52;
const ORDER_QUANTITY: usize = 53;
const ORDER_FILLED: usize = 54;
const ORDER_AMOUNT: usize = 55;
const COMPUTE_FILLED: usize = 56;
const COMPUTE_AMOUNT: usize = 57;
const BID_HISTOGRAM: usize = 58;
const ASK_HISTOGRAM: usize = 59;
const UNDELIVERED: usize = 60;
const COMPENSATED: usize = 61;
const PRICES: usize = 62;

const SLOTS: usize = 0;
const MAX_COMPUTE: usize = 1;
const DEPRECIATION: usize = 2;
const TRAINING_RUNWAY: usize = 3;
// of each method: labels, cost, then exponents in 2^-16: its own part, of compute, of data
const METHODS: usize = 4;
const METHOD_FIELDS: usize = 5;
const SEED: usize = 24;
const CU_PER_TASK: usize = 25;
const MAX_TASKS: usize = 26;
const NETWORK_EFFECT: usize = 27;
const BY_ASK: usize = 28;
const TASK_FEE: usize = 29;
const VALUE: usize = 30;
const REGIME: usize = 31;
const REPUTATION_WEIGHT: usize = 32;
const REGISTRATION_FEE: usize = 33;
const STAKE_PER_UNIT: usize = 34;
const SLASH_TO_BUYER: usize = 35;
const EFFORT: usize = 36;
const SIDE_GAIN: usize = 37;
const REPUTATION_GAIN: usize = 38;
const REPUTATION_LOSS: usize = 39;
const AUDIT: usize = 40;
const FALSE_ALARM: usize = 41;
const AUDIT_FEE: usize = 42;
const FEE_BURN: usize = 43;
const DATA_PER_TASK: usize = 44;
const POOL_SHARE: usize = 45;
const COMPUTE_FEE: usize = 46;

const LEGAL: u64 = 2;
const PROGRAMMATIC: u64 = 3;
const SERVE: u32 = 1;
const BUY: u32 = 1;
const SELL: u32 = 2;
const COMPUTE_ROTATION_STREAM: u32 = 2;
const SERVICE_ROTATION_STREAM: u32 = 3;
const AUDIT_STREAM: u32 = 29;
const DATA_SPLIT_STREAM: u32 = 32;

const TOKEN_PRICE: usize = 6;
const TASK_VALUE: usize = 8;
const DATA_INFLOW: usize = 17;
const TOTAL_SPENT_TOKEN: usize = 7;
const TOTAL_SPENT_CASH: usize = 8;
const TOTAL_TASKS: usize = 10;
const TOTAL_TASK_VALUE: usize = 12;
const TOTAL_LABELS: usize = 14;
const TOTAL_QUOTE_SURPLUS: usize = 16;
const TOTAL_DATA_POOL: usize = 24;
const TOTAL_DATA_PRODUCED: usize = 25;
const TOTAL_METHOD_TICKS: usize = 36;
const TOTAL_METHOD_LABELS: usize = 40;
const TOTAL_METHOD_SKILL: usize = 44;
const TRUST_CONTRACTED: usize = 0;
const TRUST_DEFAULTED: usize = 1;
const TRUST_SLASHED: usize = 5;
const TRUST_COMPENSATED: usize = 6;
const TRUST_ESCROWED: usize = 7;
const TRUST_REGISTRATIONS: usize = 8;

@inline function column(k: usize): usize { return load<u32>(COLUMNS + (k << 2)); }
@inline function parameter(k: usize): u64 { return load<u64>(PARAMETERS + (k << 3)); }
@inline function signedParameter(k: usize): i64 { return load<i64>(PARAMETERS + (k << 3)); }
@inline function at(base: usize, i: usize): u64 { return <u64>load<u32>(base + i); }
@inline function put(base: usize, i: usize, value: u64): void { store<u32>(base + i, <u32>value); }
@inline function least(a: u64, b: u64): u64 { return select(a, b, a < b); }
@inline function addTo(base: usize, k: usize, amount: u64): void {
  const place = base + (k << 3);
  store<f64>(place, load<f64>(place) + <f64>amount);
}

@inline function result(k: usize, value: u64): void { store<f64>(RESULTS + (k << 3), <f64>value); }
@inline function mulHigh(a: u64, b: u64): u64 { return (a * b) >> 32; }
@inline function portion(amount: u64, share: u64): u64 { return share == MAX ? amount : mulHigh(amount, share); }

// the first word of pcg4d, rng.ts
@inline function draw(seed: u32, tick: u32, agent: u32, stream: u32): u32 {
  let x = seed * 1664525 + 1013904223;
  let y = tick * 1664525 + 1013904223;
  let z = agent * 1664525 + 1013904223;
  let w = stream * 1664525 + 1013904223;
  x += y * w;
  y += z * x;
  z += x * y;
  w += y * z;
  x ^= x >> 16;
  y ^= y >> 16;
  w ^= w >> 16;
  return x + y * w;
}

// A token balance with its stake passes 32 bits: two products, or 65 bits would be needed.
@inline function tokenToCash(token: u64, price: u64): u64 {
  return (token >> 16) * price + (((token & 0xffff) * price) >> 16);
}

// log2 in 2^-16 of a u32 from 1 on, fixed.ts
@inline function log2Fixed(x: u32): i64 {
  const leading = 31 - clz(x);
  const mantissa = (x << (31 - leading)) & 0x7fff_ffff;
  const entry = LOG2_TABLE + (<usize>(mantissa >> 21) << 2);
  const low = load<u32>(entry);
  const step = load<u32>(entry + 4) - low;
  return ((<i64>leading) << 16) + low + ((step * (mantissa & 0x1f_ffff)) >> 21);
}

// 2^exponent as a fraction of 2^32, fixed.ts
@inline function exp2Fraction(exponent: i64): u64 {
  if (exponent >= 0) return MAX;
  const whole = exponent >> 16;
  if (whole < -32) return 0;
  const entry = EXP2_TABLE + (<usize>((exponent >> 6) & 0x3ff) << 3);
  const low = load<u64>(entry);
  return (0x1_0000_0000 + low + (((load<u64>(entry + 8) - low) * <u64>(exponent & 63)) >> 6)) >> <u64>-whole;
}

// --- training ---

// The trainees among the agents from `from` to `end`, in bytes of a column; returns how many.
@inline function listTrainees(from: usize, end: usize): usize {
  const population = column(POPULATION);
  const mode = column(MODE);
  let count: usize = 0;
  for (let i = from; i < end; i += 4) {
    store<u32>(LIST + (count << 2), <u32>i);
    count += usize(load<u32>(mode + i) == TRAIN) & usize(load<u32>(population + i) != FREE_SLOT);
  }
  return count;
}

// Four skills of an agent less their share, rounded down.
@inline function depreciated(q: v128, share: v128): v128 {
  const low = i64x2.extmul_low_i32x4_u(q, share);
  const high = i64x2.extmul_high_i32x4_u(q, share);
  return i32x4.sub(q, v128.shuffle<i32>(low, high, 1, 3, 5, 7));
}

// A tick of training: gains are worked out from skills before they depreciate, and added after.
export function train(): void {
  const slots = <usize>parameter(SLOTS) << 2;
  const token = column(TOKEN);
  const cash = column(CASH);
  const stake = column(STAKE);
  const population = column(POPULATION);
  const taskClass = column(TASK_CLASS);
  const method = column(METHOD);
  const compute = column(COMPUTE);
  const computeUsed = column(COMPUTE_USED);
  const labelsUsed = column(LABELS_USED);
  const bill = column(BILL);
  const data = column(DATA);
  const skill = column(SKILL);
  const skillGain = column(SKILL_GAIN);
  const total = column(TOTAL);
  const price = at(column(SCALAR), TOKEN_PRICE << 2);
  const maxCompute = parameter(MAX_COMPUTE);
  const runway = <i64>parameter(TRAINING_RUNWAY);
  const share = i32x4.splat(<i32><u32>parameter(DEPRECIATION));
  memory.fill(skillGain, 0, slots);
  for (let from: usize = 0; from < slots; from += CHUNK << 2) {
    const end = min(slots, from + (CHUNK << 2));
    const count = listTrainees(from, end) << 2;
    for (let k: usize = 0; k < count; k += 4) {
      const i = <usize>load<u32>(LIST + k);
      const used = least(maxCompute, at(compute, i) - at(computeUsed, i));
      if (used == 0) continue;
      const m = <usize>load<u32>(method + i);
      const place = METHODS + m * METHOD_FIELDS;
      const labels = parameter(place);
      const cost = parameter(place + 1);
      if (cost > 0) {
        const wealth = at(cash, i) + tokenToCash(at(token, i) + at(stake, i), price);
        if (<i64>(wealth - cost) < runway) continue;
        put(bill, i, least(MAX, at(bill, i) + cost));
      }
      put(computeUsed, i, at(computeUsed, i) + used);
      put(labelsUsed, i, labels);
      const owned = at(skill, (i << 2) + (<usize>load<u32>(taskClass + i) << 2));
      const exponent =
        signedParameter(place + 2) +
        ((signedParameter(place + 3) * log2Fixed(<u32>used)) >> 16) +
        ((signedParameter(place + 4) * log2Fixed(<u32>least(MAX, at(data, i) + 1))) >> 16);
      const gain = (exp2Fraction(exponent) * (MAX - owned)) >> 32;
      put(skillGain, i, gain);
      addTo(total, TOTAL_LABELS, labels);
      addTo(total, TOTAL_METHOD_TICKS + m, 1);
      addTo(total, TOTAL_METHOD_LABELS + m, labels);
      addTo(total, TOTAL_METHOD_SKILL + m, gain);
    }
    for (let i = from; i < end; i += 4) {
      const place = skill + (i << 2);
      const q = v128.load(place);
      const lives = i32x4.splat(-i32(load<u32>(population + i) != FREE_SLOT));
      v128.store(place, v128.bitselect(depreciated(q, share), q, lives));
    }
    for (let k: usize = 0; k < count; k += 4) {
      const i = <usize>load<u32>(LIST + k);
      const place = skill + (i << 2) + (<usize>load<u32>(taskClass + i) << 2);
      store<u32>(place, load<u32>(place) + load<u32>(skillGain + i));
    }
  }
}

// --- contracts (trust.ts) ---

@inline function canRegister(i: usize): bool {
  if (load<u32>(column(REGISTERED) + i) == 1) return true;
  return at(column(CASH), i) >= at(column(BILL), i) + parameter(REGISTRATION_FEE);
}

// Of `wanted` units, those that an agent may sell.
@inline function sellable(regime: u64, i: usize, wanted: u64): u64 {
  if (regime == LEGAL) return canRegister(i) ? wanted : 0;
  const unit = parameter(STAKE_PER_UNIT);
  if (regime != PROGRAMMATIC || unit == 0) return wanted;
  const staked = at(column(STAKE), i);
  const asked = at(column(UNSTAKE_AMOUNT), i);
  const free = staked < asked ? 0 : staked - asked;
  return wanted * unit <= free ? wanted : free / unit;
}

function register(i: usize): void {
  const registered = column(REGISTERED) + i;
  if (load<u32>(registered) == 1) return;
  store<u32>(registered, 1);
  addTo(column(TRUST_TOTAL), TRUST_REGISTRATIONS, 1);
  addToBill(column(COURT_BILL), i, parameter(REGISTRATION_FEE));
}

@inline function addToBill(part: usize, i: usize, amount: u64): void {
  const bill = column(BILL);
  put(part, i, least(MAX, at(part, i) + amount));
  put(bill, i, least(MAX, at(bill, i) + amount));
}

// Books what the seller of `units` did; returns what consumers, who have `money`, pay for it as a side gain.
@inline function perform(i: usize, units: u64, defaulted: bool, money: u64): u64 {
  const reputation = column(REPUTATION);
  const standing = at(reputation, i);
  put(column(CONTRACTED), i, units);
  if (!defaulted) {
    addToBill(column(CONTRACT_BILL), i, parameter(EFFORT) * units);
    put(reputation, i, standing + mulHigh(MAX - standing, parameter(REPUTATION_GAIN)));
    return 0;
  }
  const cash = column(CASH);
  const contractCash = column(CONTRACT_CASH);
  const gain = least(parameter(SIDE_GAIN) * units, money);
  put(column(BREACHED), i, units);
  put(cash, i, at(cash, i) + gain);
  put(contractCash, i, at(contractCash, i) + gain);
  put(reputation, i, standing - mulHigh(standing, parameter(REPUTATION_LOSS)));
  return gain;
}

// --- the service market ---

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

// --- the compute market ---

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
  let volume: i64 = 0;
  let imbalance: i64 = 0;
  let first = -1;
  let ties = 0;
  for (let k = low; k <= high; k++) {
    supply += ordered(SELL, k);
    const traded = min(demand, supply);
    const gap = demand < supply ? supply - demand : demand - supply;
    if (traded > volume || (traded == volume && gap < imbalance)) {
      volume = traded;
      imbalance = gap;
      first = k;
      ties = 1;
    } else if (traded == volume && gap == imbalance) {
      ties++;
    }
    demand -= ordered(BUY, k);
  }
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
  return first + ((ties - 1) >> 1);
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
