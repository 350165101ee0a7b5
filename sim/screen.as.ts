// AssemblyScript, i32x4 and f64x2 SIMD without relaxed instructions: screens the columns of one world for breaches of
// the laws. A clear bit says that a law holds; a set bit says that it may not, and the law itself (market/laws.ts,
// agents/laws.ts) is asked. The laws are the specification: every pass names the law whose terms it repeats.
//
// Sums of u32 are exact in i64; as doubles they are below 2^53 for up to 2^20 slots, as screen.ts asserts. Quantities of
// orders and tasks are summed in u32 lanes: where one has a bit of WIDE, in which such a sum could overflow, the laws
// that need it are asked instead. Doubles go through the operations of the law in the same order.

const ALL: i32 = -1;
const FREE_SLOT: i32 = -1;
const PRICE_LEVELS: i32 = 256;
const CLASSES: i32 = 4;
const LANES: i32 = 4;
const LOGITS: i32 = 32;
const SIDE_BUY: i32 = 1;
const BPS: f64 = 10000;
const SAFE_MAX: f64 = 9007199254740991;
/** Non-negative integers up to here leave room for sums of u32 columns: 2^51. */
const EXACT_MAX: f64 = 2251799813685248;

// Half of the tolerances of agents/laws.ts, so that the rounding of f32 sums of 19 and 6 terms (1e-6) hides no breach.
const NORM_TOLERANCE: f32 = 1e-5; // of the square, which is off by twice as much as the norm
const ZERO_NORM_TOLERANCE: f32 = 1e-11;
const PROBABILITY_TOLERANCE: f32 = 5e-6;

// Bits of the result; screen.ts names the laws in this order.
const BALANCES: u32 = 1 << 0;
const CONSERVATION: u32 = 1 << 1;
const COMPUTE_USED: u32 = 1 << 2;
const BOUGHT_SOLD: u32 = 1 << 3;
const CLEARING: u32 = 1 << 4;
const PRICE: u32 = 1 << 5;
const TASKS: u32 = 1 << 6;
const SLASHING: u32 = 1 << 7;
const CLAIMS: u32 = 1 << 8;
const SPENDING: u32 = 1 << 9;
const DATA: u32 = 1 << 10;
const CAPACITY: u32 = 1 << 11;
const POPULATION: u32 = 1 << 12;
const ESCROW: u32 = 1 << 13;
const AMM: u32 = 1 << 14;
const MINTED: u32 = 1 << 15;
const EMPTY: u32 = 1 << 16;
const NORM: u32 = 1 << 17;
const PROBABILITIES: u32 = 1 << 18;

// Words of the descriptor; screen.ts writes them in this order.
const SLOTS: usize = 0;
const FLAGS: usize = 1;
const WIDE: usize = 2;
const COMPUTE_FEE: usize = 3;
const TASK_FEE: usize = 4;
const NETWORK_EFFECT: usize = 5;
const SCORE_BUCKETS: usize = 6;
const COHORTS: usize = 7;
const SYSTEM_ACCOUNTS: usize = 8;
const POPULATIONS: usize = 9;
const LOGIT_MASK: usize = 10;
const UNIT_NORM_GENES: usize = 11;
// Columns, by address.
const C_TOKEN: usize = 12;
const C_STAKE: usize = 13;
const C_CASH: usize = 14;
const C_SYSTEM_TOKEN: usize = 15;
const C_SYSTEM_CASH: usize = 16;
const C_SUPPLY: usize = 17;
const C_CAPACITY: usize = 18;
const C_DATA: usize = 19;
const C_POPULATION: usize = 20;
const C_OPENED: usize = 21;
const C_USED: usize = 22;
const C_UNDELIVERED: usize = 23;
const C_SIDE: usize = 24;
const C_LEVEL: usize = 25;
const C_QUANTITY: usize = 26;
const C_FILLED: usize = 27;
const C_AMOUNT: usize = 28;
const C_RECORDED: usize = 29;
const C_BIDS: usize = 30;
const C_ASKS: usize = 31;
const C_TASKS_OFFERED: usize = 32;
const C_TASKS_SOLD: usize = 33;
const C_OFFER_QUANTITY: usize = 34;
const C_OFFER_CLASS: usize = 35;
const C_OFFER_ASK: usize = 36;
const C_OFFER_QUALITY: usize = 37;
const C_OFFER_WORTH: usize = 38;
const C_OFFER_SOLD: usize = 39;
const C_OFFER_PRICE: usize = 40;
const C_OFFER_RECEIPT: usize = 41;
const C_DEMAND: usize = 42;
const C_SERVED: usize = 43;
const C_STAKE_OPENED: usize = 44;
const C_STAKE_LOCKED: usize = 45;
const C_SLASHED: usize = 46;
const C_CLAIMS: usize = 47;
const C_LIABILITIES: usize = 48;
const C_CONSUMER_CLAIMS: usize = 49;
const C_TREASURY_CLAIMS: usize = 50;
const C_COURT_HELD: usize = 51;
const C_COURT_LOST: usize = 52;
const C_SERIAL: usize = 53;
const C_GENES: usize = 54;
const C_SHADOW_GENES: usize = 55;
const C_TRIAL_STAGE: usize = 56;
const C_TRIAL_GENES: usize = 57;
const C_ACTIVE: usize = 58;
const C_FRESH: usize = 59;
const C_PROBABILITY: usize = 60;
// Single numbers, by address.
const N_LEVEL: usize = 61;
const N_VOLUME: usize = 62;
const N_TASK_VALUE: usize = 63;
const N_CAPACITY: usize = 64;
const N_POOL: usize = 65;
const N_PRODUCED: usize = 66;
const N_FOUNDED: usize = 67;
const N_GENESIS: usize = 68;
const N_BIRTHS: usize = 69;
const N_IMMIGRANTS: usize = 70;
const N_DEATHS: usize = 71;
const N_TASK_FEES: usize = 72;
const N_SPENT: usize = 73;
const N_OPENED: usize = 74;
const N_CLOSED: usize = 75;
const N_RECEIPTS: usize = 76;
const N_FEES_BEFORE: usize = 77;
const N_SPENT_BEFORE: usize = 78;
const N_COMPENSATED: usize = 79;
const N_COURT_CASH: usize = 80;
const N_ESCROW_TOKEN: usize = 81;
const N_ESCROW_CASH: usize = 82;
const N_AMM_TOKEN: usize = 83;
const N_AMM_CASH: usize = 84;
const N_ISSUED: usize = 85;
const C_SWAPS: usize = 86;
const C_POOL: usize = 87;

// Flags.
const BOOK: u32 = 1 << 0;
const CONTRACTS: u32 = 1 << 1;
const ONE_PRICE: u32 = 1 << 2;
const SERVICE: u32 = 1 << 3;
const PAY_ASK: u32 = 1 << 4;
const AUDITED: u32 = 1 << 5;
const WORTH_BY_QUALITY: u32 = 1 << 6;
const TRIALS: u32 = 1 << 7;
const MARKETS: u32 = 1 << 8;

// Of a record of reserves: token and cash before and after, f64; three swaps of a tick, one record each, in order.
const SWAPS: usize = 3;
const RECORD_BYTES: usize = 32;
// Of the record of the pool: reserves at the opening, then the record of a redemption.
const REDEMPTION: usize = 16;

// Working memory, in bytes from the descriptor: of each order side (none, bids, asks) and level the quantities ordered
// and filled, two u32; of each class four vectors; of each population the norm of its reward genes, f32.
const BINS: usize = 1024;
const BIN: usize = 8;
const BIDS: usize = BINS + PRICE_LEVELS * BIN;
const ASKS: usize = BIDS + PRICE_LEVELS * BIN;
const OF_CLASS: usize = ASKS + PRICE_LEVELS * BIN;
const CLASS_BYTES: usize = 64;
const NORMS: usize = OF_CLASS + CLASSES * CLASS_BYTES;

/** First byte of the norms of populations, from the descriptor. */
export function normsOffset(): usize {
  return NORMS;
}
/** Words of the descriptor, price levels, task classes, logits and lanes, for the test that compares layouts. */
export function descriptorWords(): usize {
  return C_POOL + 1;
}
export function priceLevels(): i32 {
  return PRICE_LEVELS;
}
export function classCount(): i32 {
  return CLASSES;
}
export function logitCount(): i32 {
  return LOGITS;
}
export function laneCount(): i32 {
  return LANES;
}

@inline
function word(d: usize, name: usize): u32 {
  return load<u32>(d + (name << 2));
}
@inline
function column(d: usize, name: usize): usize {
  return <usize>load<u32>(d + (name << 2));
}
@inline
function number(d: usize, name: usize): f64 {
  return load<f64>(column(d, name));
}
/** Lanes of the four slots from i on that exist. */
@inline
function livesOf(i: i32, slots: i32): v128 {
  return i32x4.gt_s(i32x4.splat(slots - i), i32x4(0, 1, 2, 3));
}
@inline
function ld(p: usize, i: i32, exists: v128): v128 {
  return v128.and(v128.load(p + (<usize>i << 2)), exists);
}
@inline
function add64(sum: v128, x: v128): v128 {
  return i64x2.add(sum, i64x2.add(i64x2.extend_low_i32x4_u(x), i64x2.extend_high_i32x4_u(x)));
}
@inline
function total64(sum: v128): u64 {
  return i64x2.extract_lane(sum, 0) + i64x2.extract_lane(sum, 1);
}
// Lanes whose sum is known to fit 32 bits.
@inline
function total32(x: v128): u64 {
  const s = i32x4.add(x, v128.shuffle<i32>(x, x, 2, 3, 0, 1));
  return <u64>(<u32>(i32x4.extract_lane(s, 0) + i32x4.extract_lane(s, 1)));
}
@inline
function largest(x: v128): u32 {
  const m = i32x4.max_u(x, v128.shuffle<i32>(x, x, 2, 3, 0, 1));
  return <u32>i32x4.extract_lane(i32x4.max_u(m, v128.shuffle<i32>(m, m, 1, 0, 3, 2)), 0);
}
@inline
function largestSigned(x: v128): i32 {
  const m = i32x4.max_s(x, v128.shuffle<i32>(x, x, 2, 3, 0, 1));
  return i32x4.extract_lane(i32x4.max_s(m, v128.shuffle<i32>(m, m, 1, 0, 3, 2)), 0);
}
@inline
function smallest(x: v128): u32 {
  const m = i32x4.min_u(x, v128.shuffle<i32>(x, x, 2, 3, 0, 1));
  return <u32>i32x4.extract_lane(i32x4.min_u(m, v128.shuffle<i32>(m, m, 1, 0, 3, 2)), 0);
}
/** The fee on amounts, as market/fee.ts computes it. */
@inline
function feeOf(amount: v128, bps: v128): v128 {
  const a = f64x2.floor(f64x2.div(amount, f64x2.splat(BPS)));
  const b = f64x2.sub(amount, f64x2.mul(a, f64x2.splat(BPS)));
  return f64x2.add(f64x2.mul(a, bps), f64x2.floor(f64x2.div(f64x2.mul(b, bps), f64x2.splat(BPS))));
}
// The upper two lanes as doubles.
@inline
function high(x: v128): v128 {
  return f64x2.convert_low_i32x4_u(v128.shuffle<i32>(x, x, 2, 3, 2, 3));
}
@inline
function isExact(x: f64): bool {
  return x >= 0 && x <= EXACT_MAX && floor<f64>(x) == x;
}

/**
 * Screens the laws of every tick.
 *
 * @param d the descriptor
 * @param price of a cu at the clearing level, milli-token
 * @param issuable milli-token that the policy may have issued by now
 */
export function screen(d: usize, price: f64, issuable: f64): u32 {
  let broken =
    possessions(d) | accounts(d, issuable) | reserves(d) | orders(d, price) | tasks(d) | claims(d);
  if (word(d, FLAGS) & CONTRACTS) broken |= slashes(d);
  return broken;
}

/** checkBalances, checkConservation, checkCapacity, checkData, checkPopulationBalance, checkSpending. */
function possessions(d: usize): u32 {
  const slots = <i32>word(d, SLOTS);
  const tokens = column(d, C_TOKEN);
  const stakes = column(d, C_STAKE);
  const cashes = column(d, C_CASH);
  const capacities = column(d, C_CAPACITY);
  const datas = column(d, C_DATA);
  const populations = column(d, C_POPULATION);
  const receipts = column(d, C_OFFER_RECEIPT);
  let tokenSum = i64x2.splat(0);
  let cashSum = i64x2.splat(0);
  let capacitySum = i64x2.splat(0);
  let dataSum = i64x2.splat(0);
  let receiptSum = i64x2.splat(0);
  let tokenMost = i32x4.splat(0);
  let cashMost = i32x4.splat(0);
  let living = i32x4.splat(0);
  for (let i = 0; i < slots; i += LANES) {
    const exists = livesOf(i, slots);
    const token = ld(tokens, i, exists);
    const stake = ld(stakes, i, exists);
    const cash = ld(cashes, i, exists);
    tokenSum = add64(add64(tokenSum, token), stake);
    cashSum = add64(cashSum, cash);
    tokenMost = i32x4.max_u(tokenMost, i32x4.max_u(token, stake));
    cashMost = i32x4.max_u(cashMost, cash);
    capacitySum = add64(capacitySum, ld(capacities, i, exists));
    dataSum = add64(dataSum, ld(datas, i, exists));
    receiptSum = add64(receiptSum, ld(receipts, i, exists));
    const free = i32x4.eq(ld(populations, i, exists), i32x4.splat(FREE_SLOT));
    living = i32x4.sub(living, v128.andnot(exists, free));
  }
  const supply = column(d, C_SUPPLY);
  const tokenSupply = load<f64>(supply) + load<f64>(supply + 8) - load<f64>(supply + 16);
  const cashSupply = load<f64>(supply + 24) + load<f64>(supply + 32) - load<f64>(supply + 40);
  let inRange = <f64>largest(tokenMost) <= tokenSupply && <f64>largest(cashMost) <= cashSupply;
  let tokenHeld = <f64>total64(tokenSum);
  let cashHeld = <f64>total64(cashSum);
  const systemToken = column(d, C_SYSTEM_TOKEN);
  const systemCash = column(d, C_SYSTEM_CASH);
  const accounts = <usize>word(d, SYSTEM_ACCOUNTS);
  for (let a: usize = 0; a < accounts; a++) {
    const token = load<f64>(systemToken + (a << 3));
    const cash = load<f64>(systemCash + (a << 3));
    inRange =
      inRange &&
      token >= 0 &&
      token <= SAFE_MAX &&
      floor<f64>(token) == token &&
      cash >= 0 &&
      cash <= SAFE_MAX &&
      floor<f64>(cash) == cash;
    tokenHeld += token;
    cashHeld += cash;
  }
  let broken: u32 = inRange ? 0 : BALANCES;
  if (!(tokenHeld - tokenSupply == 0 && cashHeld - cashSupply == 0)) broken |= CONSERVATION;
  if (!(<f64>total64(capacitySum) == number(d, N_CAPACITY))) broken |= CAPACITY;

  const pool = number(d, N_POOL);
  const made = number(d, N_PRODUCED) + number(d, N_FOUNDED);
  if (!(isExact(pool) && pool + <f64>total64(dataSum) == made)) broken |= DATA;

  const expected =
    number(d, N_GENESIS) + number(d, N_BIRTHS) + number(d, N_IMMIGRANTS) - number(d, N_DEATHS);
  if (!(<f64>total32(living) == expected)) broken |= POPULATION;

  const booked = number(d, N_RECEIPTS);
  const spent = number(d, N_OPENED) - number(d, N_CLOSED) + number(d, N_COMPENSATED);
  const received = booked + number(d, N_TASK_FEES) - number(d, N_FEES_BEFORE);
  const counted = number(d, N_SPENT) - number(d, N_SPENT_BEFORE);
  if (!(spent == received && spent == counted && <f64>total64(receiptSum) == booked)) broken |= SPENDING;
  return broken;
}

/** checkEscrow, checkMinted. */
function accounts(d: usize, issuable: f64): u32 {
  const supply = column(d, C_SUPPLY);
  const issued = number(d, N_ISSUED);
  const lawful = load<f64>(supply, 8) == issued && load<f64>(supply, 32) == 0 && issued <= issuable;
  const held = !(number(d, N_ESCROW_TOKEN) == 0 && number(d, N_ESCROW_CASH) == 0);
  return (held ? ESCROW : 0) | (lawful ? 0 : MINTED);
}

@inline
function isWhole(x: f64): bool {
  return x >= 0 && x <= SAFE_MAX && floor<f64>(x) == x;
}

/** checkAmm with checkReserves; ties of products and redemptions, which need big integers, are left to the law. */
function reserves(d: usize): u32 {
  const swaps = column(d, C_SWAPS);
  const pool = column(d, C_POOL);
  let token = load<f64>(pool);
  let cash = load<f64>(pool, 8);
  let chained = load<f64>(pool, REDEMPTION) == 0 && load<f64>(pool, REDEMPTION + 8) == 0;
  for (let row: usize = 0; row < SWAPS; row++) {
    const p = swaps + row * RECORD_BYTES;
    const tokenBefore = load<f64>(p);
    const cashBefore = load<f64>(p, 8);
    if (tokenBefore == 0 && cashBefore == 0) continue;
    const tokenAfter = load<f64>(p, 16);
    const cashAfter = load<f64>(p, 24);
    const whole = isWhole(tokenBefore) && isWhole(cashBefore) && isWhole(tokenAfter) && isWhole(cashAfter);
    // rounding is monotone: a product that is larger when rounded is larger
    if (!(whole && tokenAfter * cashAfter > tokenBefore * cashBefore)) return AMM;
    chained = chained && tokenBefore == token && cashBefore == cash;
    token = tokenAfter;
    cash = cashAfter;
  }
  if ((word(d, FLAGS) & MARKETS) == 0) return 0;
  return chained && token == number(d, N_AMM_TOKEN) && cash == number(d, N_AMM_CASH) ? 0 : AMM;
}

@inline
function bump(bins: usize, index: i32, by: i64): void {
  const p = bins + <usize>index * BIN;
  store<i64>(p, load<i64>(p) + by);
}

/** checkComputeUse, checkBoughtSold, checkClearing, checkPayments. */
function orders(d: usize, price: f64): u32 {
  const slots = <i32>word(d, SLOTS);
  const flags = word(d, FLAGS);
  const sides = column(d, C_SIDE);
  const levels = column(d, C_LEVEL);
  const quantities = column(d, C_QUANTITY);
  const fills = column(d, C_FILLED);
  const openeds = column(d, C_OPENED);
  const useds = column(d, C_USED);
  const missings = flags & CONTRACTS ? column(d, C_UNDELIVERED) : 0;
  const amounts = column(d, C_AMOUNT);
  const recordeds = column(d, C_RECORDED);
  const book = (flags & BOOK) != 0;
  const onePrice = (flags & ONE_PRICE) != 0;
  const anyOrder = i32x4.splat(book ? ALL : 0);
  const level = load<u32>(column(d, N_LEVEL));
  const clearing = i32x4.splat(level);
  const bps = f64x2.splat(<f64>word(d, COMPUTE_FEE));
  const prices = f64x2.splat(price);
  const bins = d + BINS;
  if (!book) memory.fill(d + BIDS, 0, 2 * PRICE_LEVELS * BIN);
  let wide = i32x4.splat(0);
  let highest = i32x4.splat(0);
  let overused = i32x4.splat(0);
  let misfilled = i32x4.splat(0);
  let mispaid = i32x4.splat(0);
  let bought = i32x4.splat(0);
  let sold = i32x4.splat(0);
  for (let i = 0; i < slots; i += LANES) {
    const exists = livesOf(i, slots);
    const side = ld(sides, i, exists);
    const filled = ld(fills, i, exists);
    const quantity = ld(quantities, i, exists);
    const opened = ld(openeds, i, exists);
    const used = ld(useds, i, exists);
    const missing = missings != 0 ? ld(missings, i, exists) : i32x4.splat(0);
    wide = v128.or(wide, v128.or(v128.or(filled, quantity), v128.or(v128.or(opened, used), missing)));
    const buys = i32x4.eq(side, i32x4.splat(SIDE_BUY));
    const notBuys = v128.not(buys);
    const sells = i32x4.eq(side, i32x4.splat(SIDE_BUY + 1));
    const signed = i32x4.sub(v128.xor(filled, notBuys), notBuys);
    overused = v128.or(
      overused,
      i32x4.gt_s(used, i32x4.add(i32x4.sub(opened, missing), signed)),
    );
    bought = i32x4.add(bought, v128.and(filled, buys));
    sold = i32x4.add(sold, v128.and(filled, sells));

    const ordered = i32x4.ne(side, i32x4.splat(0));
    misfilled = v128.or(
      misfilled,
      v128.and(i32x4.gt_s(filled, quantity), v128.or(ordered, anyOrder)),
    );
    if (!book && v128.any_true(ordered)) {
      const limit = ld(levels, i, ordered);
      highest = i32x4.max_u(highest, limit);
      const beyond = v128.bitselect(i32x4.gt_s(clearing, limit), i32x4.gt_s(limit, clearing), buys);
      const moved = i32x4.ne(filled, i32x4.splat(0));
      misfilled = v128.or(misfilled, v128.and(v128.and(beyond, moved), ordered));
      // slots without an order count in bins that nobody reads, one a lane
      const first = v128.bitselect(i32x4.splat(PRICE_LEVELS), i32x4.splat(2 * PRICE_LEVELS), buys);
      const within = v128.and(limit, i32x4.splat(PRICE_LEVELS - 1));
      const at = v128.bitselect(i32x4.add(first, within), i32x4(0, 1, 2, 3), ordered);
      const low = v128.shuffle<i32>(quantity, filled, 0, 4, 1, 5);
      const rest = v128.shuffle<i32>(quantity, filled, 2, 6, 3, 7);
      bump(bins, i32x4.extract_lane(at, 0), i64x2.extract_lane(low, 0));
      bump(bins, i32x4.extract_lane(at, 1), i64x2.extract_lane(low, 1));
      bump(bins, i32x4.extract_lane(at, 2), i64x2.extract_lane(rest, 0));
      bump(bins, i32x4.extract_lane(at, 3), i64x2.extract_lane(rest, 1));
    }
    if (!onePrice) continue;
    const amount = ld(amounts, i, exists);
    const recorded = ld(recordeds, i, exists);
    if (!v128.any_true(v128.or(filled, v128.or(amount, recorded)))) continue;
    let dueLow = f64x2.mul(prices, f64x2.convert_low_i32x4_u(filled));
    let dueHigh = f64x2.mul(prices, high(filled));
    if (word(d, COMPUTE_FEE) > 0 && v128.any_true(sells)) {
      const sellsLow = v128.shuffle<i32>(sells, sells, 0, 0, 1, 1);
      const sellsHigh = v128.shuffle<i32>(sells, sells, 2, 2, 3, 3);
      dueLow = f64x2.sub(dueLow, v128.and(feeOf(dueLow, bps), sellsLow));
      dueHigh = f64x2.sub(dueHigh, v128.and(feeOf(dueHigh, bps), sellsHigh));
    }
    const zero = f64x2.splat(0);
    const recordedLow = f64x2.convert_low_i32x4_u(recorded);
    const recordedHigh = high(recorded);
    mispaid = v128.or(mispaid, f64x2.ne(f64x2.convert_low_i32x4_u(amount), dueLow));
    mispaid = v128.or(mispaid, f64x2.ne(high(amount), dueHigh));
    mispaid = v128.or(mispaid, v128.and(f64x2.ne(recordedLow, dueLow), f64x2.ne(recordedLow, zero)));
    mispaid = v128.or(mispaid, v128.and(f64x2.ne(recordedHigh, dueHigh), f64x2.ne(recordedHigh, zero)));
  }
  let broken: u32 = v128.any_true(mispaid) ? PRICE : 0;
  if (v128.any_true(v128.and(wide, i32x4.splat(word(d, WIDE))))) {
    return broken | COMPUTE_USED | BOUGHT_SOLD | CLEARING;
  }
  const volume = <u64>load<u32>(column(d, N_VOLUME));
  if (v128.any_true(overused)) broken |= COMPUTE_USED;
  const boughtAll = total32(bought);
  if (boughtAll != total32(sold) || boughtAll != volume) broken |= BOUGHT_SOLD;
  if (v128.any_true(misfilled)) broken |= CLEARING;
  else if (!book) {
    if (level >= <u32>PRICE_LEVELS || largest(highest) >= <u32>PRICE_LEVELS) broken |= CLEARING;
    else if (!clears(d, volume, level)) broken |= CLEARING;
  }
  return broken;
}

/** checkClearing, of the price levels, once orders are in their bins. */
function clears(d: usize, volume: u64, level: u32): bool {
  const bids = column(d, C_BIDS);
  const asks = column(d, C_ASKS);
  const none = i32x4.splat(-1);
  const beyond = i32x4.splat(PRICE_LEVELS);
  const zero = i32x4.splat(0);
  let miscounted = zero;
  let at = i32x4(0, 1, 2, 3);
  // a better limit is served in full before a worse one: no level is filled beyond the best that is not filled in full
  let lowestBid = beyond;
  let waitingBid = none;
  let highestAsk = none;
  let waitingAsk = beyond;
  let wanted = zero;
  for (let k: usize = 0; k < <usize>PRICE_LEVELS; k += 4) {
    const bid0 = v128.load(d + k * BIN, BIDS);
    const bid1 = v128.load(d + k * BIN, BIDS + 16);
    const ask0 = v128.load(d + k * BIN, ASKS);
    const ask1 = v128.load(d + k * BIN, ASKS + 16);
    const bid = v128.shuffle<i32>(bid0, bid1, 0, 2, 4, 6);
    const ask = v128.shuffle<i32>(ask0, ask1, 0, 2, 4, 6);
    const bidFilled = v128.shuffle<i32>(bid0, bid1, 1, 3, 5, 7);
    const askFilled = v128.shuffle<i32>(ask0, ask1, 1, 3, 5, 7);
    miscounted = v128.or(miscounted, v128.xor(bid, v128.load(bids + (k << 2))));
    miscounted = v128.or(miscounted, v128.xor(ask, v128.load(asks + (k << 2))));
    lowestBid = i32x4.min_s(lowestBid, v128.bitselect(beyond, at, i32x4.eq(bidFilled, zero)));
    waitingBid = i32x4.max_s(waitingBid, v128.bitselect(none, at, i32x4.eq(bidFilled, bid)));
    highestAsk = i32x4.max_s(highestAsk, v128.bitselect(none, at, i32x4.eq(askFilled, zero)));
    waitingAsk = i32x4.min_s(waitingAsk, v128.bitselect(beyond, at, i32x4.eq(askFilled, ask)));
    at = i32x4.add(at, i32x4.splat(4));
    wanted = i32x4.add(wanted, bid);
  }
  if (v128.any_true(miscounted)) return false;

  // volume above, least imbalance below: the largest is the best, and no branch has to guess where it lies
  let demand = total32(wanted);
  let supply: u64 = 0;
  let best: u64 = 0;
  let first: u32 = 0;
  let last: u32 = 0;
  for (let k: u32 = 0; k < <u32>PRICE_LEVELS; k++) {
    supply += <u64>load<u32>(asks + (<usize>k << 2));
    const could = select(demand, supply, demand < supply);
    const excess = demand + supply - 2 * could;
    const rank = (could << 32) | (0xffff_ffff - excess);
    first = select(k, first, rank > best);
    last = select(k, last, rank >= best);
    best = select(rank, best, rank > best);
    demand -= <u64>load<u32>(bids + (<usize>k << 2));
  }
  if (best >> 32 != volume) return false;
  if (volume == 0) return true;
  return (
    level == (first + last) >> 1 &&
    <i32>smallest(lowestBid) >= largestSigned(waitingBid) &&
    largestSigned(highestAsk) <= <i32>smallest(waitingAsk)
  );
}

/** checkTasks with checkOffers and checkTaskPrices. */
function tasks(d: usize): u32 {
  const slots = <i32>word(d, SLOTS);
  const flags = word(d, FLAGS);
  const zero = i32x4.splat(0);
  const offereds = column(d, C_TASKS_OFFERED);
  const solds = column(d, C_TASKS_SOLD);
  const quantities = column(d, C_OFFER_QUANTITY);
  const classes = column(d, C_OFFER_CLASS);
  const asks = column(d, C_OFFER_ASK);
  const qualities = column(d, C_OFFER_QUALITY);
  const worths = column(d, C_OFFER_WORTH);
  const wins = column(d, C_OFFER_SOLD);
  const receipts = column(d, C_OFFER_RECEIPT);
  const served = v128.load(column(d, C_SERVED));
  const demand = v128.load(column(d, C_DEMAND));
  const value = load<u32>(column(d, N_TASK_VALUE));
  const bonus = <u32>((<u64>value * <u64>word(d, NETWORK_EFFECT)) >> 32);
  const values = i32x4.splat(value);
  const bonuses = i32x4.splat(bonus);
  const service = (flags & SERVICE) != 0;
  const byQuality = (flags & WORTH_BY_QUALITY) != 0;
  const ofClass = d + OF_CLASS;
  for (let c: usize = 0; c < <usize>CLASSES; c++) {
    const p = ofClass + c * CLASS_BYTES;
    v128.store(p, zero); // offered
    v128.store(p, zero, 16); // won
    v128.store(p, i32x4.splat(ALL), 32); // worst winning score
    v128.store(p, zero, 48); // best waiting score
  }
  let wide = zero;
  let bad = i32x4.gt_u(served, demand);
  let soldSum = zero;
  for (let i = 0; i < slots; i += LANES) {
    const exists = livesOf(i, slots);
    const sold = ld(solds, i, exists);
    bad = v128.or(bad, i32x4.gt_u(sold, ld(offereds, i, exists)));
    soldSum = i32x4.add(soldSum, sold);
    wide = v128.or(wide, sold);
    if (!service) continue;
    const quantity = ld(quantities, i, exists);
    const won = ld(wins, i, exists);
    const either = v128.or(quantity, won);
    if (!v128.any_true(either)) continue;
    wide = v128.or(wide, either);
    const offers = i32x4.ne(either, zero);
    const wins4 = i32x4.ne(won, zero);
    const c = ld(classes, i, offers);
    bad = v128.or(bad, i32x4.gt_u(c, i32x4.splat(CLASSES - 1)));
    bad = v128.or(bad, i32x4.gt_u(won, quantity));
    const worth = ld(worths, i, offers);
    const ask = ld(asks, i, offers);
    const quality = ld(qualities, i, offers);
    const plain = v128.shuffle<i32>(
      i64x2.extmul_low_i32x4_u(values, quality),
      i64x2.extmul_high_i32x4_u(values, quality),
      1,
      3,
      5,
      7,
    );
    if (byQuality) bad = v128.or(bad, v128.xor(worth, plain));
    else {
      const extra = i32x4.sub(i32x4.max_u(worth, plain), plain);
      bad = v128.or(bad, v128.and(i32x4.gt_u(extra, bonuses), offers));
    }
    const below = i32x4.gt_u(ask, worth);
    bad = v128.or(bad, v128.and(below, wins4));
    const scored = v128.andnot(offers, below);
    const score = i32x4.sub(worth, ask);
    const waits = i32x4.ne(won, quantity);
    // a score that does not count stands as the neutral one
    const winning = v128.bitselect(score, i32x4.splat(ALL), wins4);
    const waiting = v128.and(score, waits);
    for (let k = 0; k < CLASSES; k++) {
      const p = ofClass + <usize>k * CLASS_BYTES;
      const here = v128.and(scored, i32x4.eq(c, i32x4.splat(k)));
      v128.store(p, i32x4.add(v128.load(p), v128.and(quantity, here)));
      v128.store(p, i32x4.add(v128.load(p, 16), v128.and(won, here)), 16);
      v128.store(p, i32x4.min_u(v128.load(p, 32), v128.or(winning, v128.not(here))), 32);
      v128.store(p, i32x4.max_u(v128.load(p, 48), v128.and(waiting, here)), 48);
    }
  }
  if (v128.any_true(bad) || v128.any_true(v128.and(wide, i32x4.splat(word(d, WIDE))))) return TASKS;
  const servedSum =
    <u64>(<u32>i32x4.extract_lane(served, 0)) +
    <u64>(<u32>i32x4.extract_lane(served, 1)) +
    <u64>(<u32>i32x4.extract_lane(served, 2)) +
    <u64>(<u32>i32x4.extract_lane(served, 3));
  if (total32(soldSum) > servedSum) return TASKS;
  if (!service) return 0;

  let shift: u64 = 0;
  while ((<u64>value + <u64>bonus) >> shift >= <u64>word(d, SCORE_BUCKETS)) shift++;
  let second = zero;
  for (let k = 0; k < CLASSES; k++) {
    const p = ofClass + <usize>k * CLASS_BYTES;
    const offered = total32(v128.load(p));
    const wanted = <u64>load<u32>(column(d, C_DEMAND) + (<usize>k << 2));
    const could = offered < wanted ? offered : wanted;
    if (total32(v128.load(p, 16)) != could) return TASKS;
    if (<u64>load<u32>(column(d, C_SERVED) + (<usize>k << 2)) != could) return TASKS;
    const worst = smallest(v128.load(p, 32));
    const best = largest(v128.load(p, 48));
    if (<u64>worst >> shift < <u64>best >> shift) return TASKS;
    const here = i32x4.eq(i32x4(0, 1, 2, 3), i32x4.splat(k));
    second = v128.or(second, v128.and(i32x4.splat(worst < best ? worst : best), here));
  }

  const prices = column(d, C_OFFER_PRICE);
  const fee = word(d, TASK_FEE);
  const bps = f64x2.splat(<f64>fee);
  const payAsk = (flags & PAY_ASK) != 0;
  const pardoned = flags & AUDITED ? f64x2.splat(0) : f64x2.splat(-1);
  for (let i = 0; i < slots; i += LANES) {
    const exists = livesOf(i, slots);
    const won = ld(wins, i, exists);
    const receipt = ld(receipts, i, exists);
    const either = v128.or(won, receipt);
    if (!v128.any_true(either)) continue;
    const offers = i32x4.ne(either, zero);
    const ask = ld(asks, i, offers);
    const worth = ld(worths, i, offers);
    let price = ask;
    if (!payAsk) {
      const c = v128.and(ld(classes, i, offers), i32x4.splat(CLASSES - 1));
      // the four bytes of each class's second score
      const bytes = i32x4.add(
        i32x4.mul(c, i32x4.splat(0x04040404)),
        i32x4.splat(0x03020100),
      );
      const less = v128.and(i8x16.swizzle(second, bytes), offers);
      bad = v128.or(bad, i32x4.gt_u(less, worth));
      price = i32x4.sub(worth, less);
    }
    bad = v128.or(bad, v128.xor(price, ld(prices, i, offers)));
    bad = v128.or(bad, i32x4.gt_u(ask, price));
    bad = v128.or(bad, i32x4.gt_u(price, worth));
    // what never was an offer has no record to be paid by
    bad = v128.or(bad, v128.and(i32x4.eq(won, zero), receipt));
    let dueLow = f64x2.mul(f64x2.convert_low_i32x4_u(price), f64x2.convert_low_i32x4_u(won));
    let dueHigh = f64x2.mul(high(price), high(won));
    if (fee > 0) {
      dueLow = f64x2.sub(dueLow, feeOf(dueLow, bps));
      dueHigh = f64x2.sub(dueHigh, feeOf(dueHigh, bps));
    }
    const receiptLow = f64x2.convert_low_i32x4_u(receipt);
    const receiptHigh = high(receipt);
    bad = v128.or(bad, v128.and(f64x2.ne(receiptLow, dueLow), f64x2.ne(receiptLow, pardoned)));
    bad = v128.or(bad, v128.and(f64x2.ne(receiptHigh, dueHigh), f64x2.ne(receiptHigh, pardoned)));
  }
  return v128.any_true(bad) ? TASKS : 0;
}

/** checkSlashing. */
function slashes(d: usize): u32 {
  const slots = <i32>word(d, SLOTS);
  const openeds = column(d, C_STAKE_OPENED);
  const lockeds = column(d, C_STAKE_LOCKED);
  const slasheds = column(d, C_SLASHED);
  let bad = i32x4.splat(0);
  for (let i = 0; i < slots; i += LANES) {
    const exists = livesOf(i, slots);
    const locked = ld(lockeds, i, exists);
    bad = v128.or(bad, i32x4.gt_u(ld(slasheds, i, exists), locked));
    bad = v128.or(bad, i32x4.gt_u(locked, ld(openeds, i, exists)));
  }
  return v128.any_true(bad) ? SLASHING : 0;
}

/** checkClaims. */
function claims(d: usize): u32 {
  const slots = <i32>word(d, SLOTS);
  const cohorts = <i32>word(d, COHORTS);
  const claimed = column(d, C_CLAIMS);
  const owed = column(d, C_LIABILITIES);
  const populations = column(d, C_POPULATION);
  const stride = <usize>cohorts << 2;
  let held: f64 = 0;
  for (let k = 0; k < cohorts; k += LANES) {
    const exists = livesOf(k, cohorts);
    let claimLow = i64x2.splat(0);
    let claimHigh = i64x2.splat(0);
    let debtLow = i64x2.splat(0);
    let debtHigh = i64x2.splat(0);
    let ghosts = i32x4.splat(0);
    let at = <usize>k << 2;
    for (let i = 0; i < slots; i++, at += stride) {
      const claim = v128.and(v128.load(claimed + at), exists);
      const debt = v128.and(v128.load(owed + at), exists);
      claimLow = i64x2.add(claimLow, i64x2.extend_low_i32x4_u(claim));
      claimHigh = i64x2.add(claimHigh, i64x2.extend_high_i32x4_u(claim));
      debtLow = i64x2.add(debtLow, i64x2.extend_low_i32x4_u(debt));
      debtHigh = i64x2.add(debtHigh, i64x2.extend_high_i32x4_u(debt));
      const free = i32x4.eq(v128.load32_splat(populations + (<usize>i << 2)), i32x4.splat(FREE_SLOT));
      ghosts = v128.or(ghosts, v128.and(free, v128.or(claim, debt)));
    }
    if (v128.any_true(ghosts)) return CLAIMS;
    const lanes = cohorts - k < LANES ? cohorts - k : LANES;
    for (let lane = 0; lane < lanes; lane++) {
      const cell = <usize>(k + lane) << 3;
      const consumers = load<f64>(column(d, C_CONSUMER_CLAIMS) + cell);
      const treasury = load<f64>(column(d, C_TREASURY_CLAIMS) + cell);
      const court = load<f64>(column(d, C_COURT_HELD) + cell);
      const lost = load<f64>(column(d, C_COURT_LOST) + cell);
      if (!(isExact(consumers) && isExact(treasury) && isExact(court) && isExact(lost))) return CLAIMS;
      const claim = cohortSum(claimLow, claimHigh, lane);
      const debt = cohortSum(debtLow, debtHigh, lane);
      if (consumers + treasury + <f64>claim != court + lost + <f64>debt) return CLAIMS;
      held += court;
    }
  }
  return held <= number(d, N_COURT_CASH) ? 0 : CLAIMS;
}

function cohortSum(low: v128, high: v128, lane: i32): u64 {
  const pair = lane < 2 ? low : high;
  return lane & 1 ? i64x2.extract_lane(pair, 1) : i64x2.extract_lane(pair, 0);
}

/** Screens the laws that are checked rarely. */
export function screenRare(d: usize): u32 {
  return empties(d) | norms(d) | probabilities(d);
}

/** checkEmptySlots. */
function empties(d: usize): u32 {
  const slots = <i32>word(d, SLOTS);
  const populations = column(d, C_POPULATION);
  const serials = column(d, C_SERIAL);
  const zero = i32x4.splat(0);
  let bad = zero;
  for (let i = 0; i < slots; i += LANES) {
    const exists = livesOf(i, slots);
    const free = i32x4.eq(ld(populations, i, exists), i32x4.splat(FREE_SLOT));
    if (!v128.any_true(free)) continue;
    const serial = serials + (<usize>i << 3);
    const low = f64x2.ne(v128.load(serial), f64x2.splat(0));
    const rest = f64x2.ne(v128.load(serial, 16), f64x2.splat(0));
    const left = v128.or(
      v128.or(
        v128.or(ld(column(d, C_TOKEN), i, free), ld(column(d, C_CASH), i, free)),
        v128.or(ld(column(d, C_STAKE), i, free), ld(column(d, C_CAPACITY), i, free)),
      ),
      v128.or(ld(column(d, C_ACTIVE), i, free), v128.and(v128.shuffle<i32>(low, rest, 0, 2, 4, 6), free)),
    );
    bad = v128.or(bad, left);
  }
  return v128.any_true(bad) ? EMPTY : 0;
}

/** Lanes in which the sum of squares of w and v is as far from `norms` as no law allows; NaN is. */
function offUnit(genes: usize, slots: i32, count: i32, norms: v128, tolerance: v128): v128 {
  let squares = f32x4.splat(0);
  const stride = <usize>slots << 2;
  for (let k = 0; k < count; k++) {
    const gene = v128.load(genes);
    squares = f32x4.add(squares, f32x4.mul(gene, gene));
    genes += stride;
  }
  return v128.not(f32x4.le(f32x4.abs(f32x4.sub(squares, norms)), tolerance));
}

@inline
function normOf(d: usize, population: i32, count: u32): f32 {
  return <u32>population < count ? load<f32>(d + (<usize>population << 2), NORMS) : 0;
}

/** checkUnitNorm. */
function norms(d: usize): u32 {
  const slots = <i32>word(d, SLOTS);
  const populations = column(d, C_POPULATION);
  const kinds = word(d, POPULATIONS);
  const count = <i32>word(d, UNIT_NORM_GENES);
  const trials = (word(d, FLAGS) & TRIALS) != 0;
  let bad = i32x4.splat(0);
  for (let i = 0; i < slots; i += LANES) {
    const exists = livesOf(i, slots);
    const population = ld(populations, i, exists);
    const lives = v128.andnot(exists, i32x4.eq(population, i32x4.splat(FREE_SLOT)));
    if (!v128.any_true(lives)) continue;
    bad = v128.or(bad, v128.and(lives, i32x4.gt_u(population, i32x4.splat(kinds - 1))));
    const expected = f32x4(
      normOf(d, i32x4.extract_lane(population, 0), kinds),
      normOf(d, i32x4.extract_lane(population, 1), kinds),
      normOf(d, i32x4.extract_lane(population, 2), kinds),
      normOf(d, i32x4.extract_lane(population, 3), kinds),
    );
    const tolerance = f32x4.max(
      f32x4.mul(expected, f32x4.splat(NORM_TOLERANCE)),
      f32x4.splat(ZERO_NORM_TOLERANCE),
    );
    const at = <usize>i << 2;
    const own = offUnit(column(d, C_GENES) + at, slots, count, expected, tolerance);
    const shadow = offUnit(column(d, C_SHADOW_GENES) + at, slots, count, expected, tolerance);
    bad = v128.or(bad, v128.and(lives, v128.or(own, shadow)));
    if (!trials) continue;
    const onTrial = i32x4.ne(ld(column(d, C_TRIAL_STAGE), i, lives), i32x4.splat(0));
    if (!v128.any_true(onTrial)) continue;
    const other = offUnit(column(d, C_TRIAL_GENES) + at, slots, count, expected, tolerance);
    bad = v128.or(bad, v128.and(onTrial, other));
  }
  return v128.any_true(bad) ? NORM : 0;
}

/** One head of the policies of four agents: lanes in which its probabilities do not sum to what is allowed. */
@inline
function offSum(p: usize, offset: i32, size: i32, mask: u32): v128 {
  let sum = f32x4.splat(0);
  let negative = i32x4.splat(0);
  for (let k = offset; k < offset + size; k++) {
    const probability = v128.load(p + (<usize>k << 4));
    sum = f32x4.add(sum, probability);
    // without negative terms no rounding exceeds that of a sum of ones
    negative = v128.or(negative, f32x4.lt(probability, f32x4.splat(0)));
  }
  const some = (mask >>> offset) & ((1 << size) - 1);
  const off = f32x4.abs(f32x4.sub(sum, f32x4.splat(some != 0 ? 1 : 0)));
  return v128.or(negative, v128.not(f32x4.le(off, f32x4.splat(PROBABILITY_TOLERANCE))));
}

/** checkProbabilities. */
function probabilities(d: usize): u32 {
  const slots = <i32>word(d, SLOTS);
  const mask = word(d, LOGIT_MASK);
  const actives = column(d, C_ACTIVE);
  const freshes = column(d, C_FRESH);
  const first = column(d, C_PROBABILITY);
  // a world without brains has no such columns; its law takes note of anybody who acts all the same
  if (first == 0) return PROBABILITIES;
  const zero = i32x4.splat(0);
  let bad = zero;
  for (let i = 0; i < slots; i += LANES) {
    const exists = livesOf(i, slots);
    const active = i32x4.ne(ld(actives, i, exists), zero);
    if (!v128.any_true(active)) continue;
    const acted = v128.and(active, i32x4.eq(ld(freshes, i, exists), zero));
    const p = first + <usize>i * LOGITS * 4;
    let off = offSum(p, 0, 4, mask);
    off = v128.or(off, offSum(p, 4, 4, mask));
    off = v128.or(off, offSum(p, 8, 5, mask));
    off = v128.or(off, offSum(p, 13, 5, mask));
    off = v128.or(off, offSum(p, 18, 2, mask));
    off = v128.or(off, offSum(p, 20, 6, mask));
    off = v128.or(off, offSum(p, 26, 4, mask));
    off = v128.or(off, offSum(p, 30, 2, mask));
    bad = v128.or(bad, v128.and(acted, off));
  }
  return v128.any_true(bad) ? PROBABILITIES : 0;
}
