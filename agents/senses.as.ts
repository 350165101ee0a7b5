// AssemblyScript, SIMD without relaxed instructions: what an agent senses and does beside its brain, four agents a
// vector: observations (observation.ts), orders from actions (actions.ts), profit, features and reward
// (rewardGenome.ts), and who revises (selfUpdate.ts). Those files are the specification, in the same order of
// operations; comments here say only what they cannot. Agents come in whole blocks of LANES.

const V: usize = 16; // bytes of one vector
const FREE_SLOT: i32 = -1;

// Words of the descriptor; senses.ts writes them in this order. First the columns:
const TOKEN: usize = 0;
const CASH: usize = 1;
const STAKE: usize = 2;
const POPULATION: usize = 3;
const MODE: usize = 4;
const TASK_CLASS: usize = 5;
const TASK_ASK: usize = 6;
const COMPUTE_SIDE: usize = 7;
const COMPUTE_LEVEL: usize = 8;
const COMPUTE_QUANTITY: usize = 9;
const METHOD: usize = 10;
const FINANCE: usize = 11;
const DELIVER: usize = 12;
const OPENED: usize = 13;
const COMPUTE: usize = 14;
const COMPUTE_FILLED: usize = 15;
const COMPUTE_AMOUNT: usize = 16;
const COMPUTE_USED: usize = 17;
const TASKS_OFFERED: usize = 18;
const TASKS_SOLD: usize = 19;
const SERVICE_AMOUNT: usize = 20;
const SKILL_GAIN: usize = 21;
const BILL: usize = 22;
const WEALTH: usize = 23;
const WEALTH_BEFORE: usize = 24;
const CAPACITY: usize = 25;
const DATA: usize = 26;
const SKILL: usize = 27;
const REPUTATION: usize = 28;
const SOLD_EMA: usize = 29;
const CONTRACTED: usize = 30;
const BREACHED: usize = 31;
const SLASHED: usize = 32;
const COMPENSATED: usize = 33;
const CONTRACT_CASH: usize = 34;
const CONTRACT_BILL: usize = 35;
const COURT_BILL: usize = 36;
const DEBT_DUE: usize = 37;
const REPUTATION_BEFORE: usize = 38;
const CLAIMS: usize = 39;
const BORN_AT: usize = 40;
const GENES: usize = 41;
const FEATURES: usize = 42;
const PROFIT: usize = 43;
const MODE_SHARE: usize = 44;
const LIFE_REWARD: usize = 45;
const LIFE_PROFIT: usize = 46;
const COMPUTE_FILL: usize = 47;
const SERVICE_FILL: usize = 48;
const UNUSED_COMPUTE: usize = 49;
const SCRIPTED_LEVEL: usize = 50;
const SCRIPTED_ASK: usize = 51;
const TRANSFER_GIVEN: usize = 52;
const TRIAL_STAGE: usize = 53;
const TRIAL_FROM: usize = 54;
const BLOCK_BASE: usize = 55;
const OBSERVATION: usize = 56;
const ACTION: usize = 57;
const REWARD: usize = 58;
const TD_ERROR: usize = 59;
const ACTIVE: usize = 60;
const INDUCED_LEVEL: usize = 61;
const INDUCED_SIDE: usize = 62;
const INDUCED_UNITS: usize = 63;
const LOG_TABLE: usize = 64; // log2(1 + k / 1024) in 2^-16, shifted left by 8, with the step to the next entry
const POWER_TABLE: usize = 65; // 2^(k / 1024) - 1 in 2^-32
const PRICES: usize = 66;
const QUOTE_LOGS: usize = 67;
const POPULATION_KINDS: usize = 68;
const HISTOGRAM: usize = 69;
// then what a world is,
const SLOTS: usize = 70;
const SEED: usize = 71;
const COHORTS: usize = 72;
const FLAGS: usize = 73;
const MAX_TASKS: usize = 74;
const CU_PER_TASK: usize = 75;
const MAX_COMPUTE: usize = 76;
const SOLD_EMA_MAX: usize = 77;
const BID_SHARE: usize = 78;
const REPUTATION_WEIGHT: usize = 79;
const DEVICE: usize = 80;
const DEVICE_LOG: usize = 81;
const SCALE_LOG2: usize = 82;
// and what it is in this tick.
const MEDIAN_LOG: usize = 83;
const AVERAGE_LOG: usize = 84;
const TASK_VALUE: usize = 85;
const TASK_COST: usize = 86;
const TOKEN_PRICE: usize = 87; // f32
const ASK_LEVELS: usize = 88; // 16 bytes, one an option
const BID_LEVELS: usize = 92;
const SHARED: usize = 96; // 32 f32, by observation

// Bits of FLAGS: mechanisms that are on.
const RENTS: u32 = 1;
const SERVES: u32 = 2;
const TRAINS: u32 = 4;
const CONTRACTS: u32 = 8;
const REVISES: u32 = 16;
const SCALES: u32 = 32;
const KINDS: u32 = 64;
const ALL_DAY: u32 = 128;
// Bits of a population's kind.
const HIDDEN_REWARD: i32 = 1;
const RANDOM_REWARD: i32 = 2;

const RENT_OUT: i32 = 0;
const SERVE: i32 = 1;
const TRAIN: i32 = 2;
const IDLE: i32 = 3;
const BUY: i32 = 1;
const SELL: i32 = 2;
const STREAM_SCRIPTED: u32 = 4;
const STREAM_RANDOM_REWARD: u32 = 18;
const STREAM_DEATH_HAZARD: u32 = 6;
const LEVELS: i32 = 256;

const OBSERVATIONS: usize = 32;
const HEADS: usize = 8;
const PHI: usize = 15;
const HIDDEN: usize = 4;
const OUTPUT_GENES: usize = PHI;
const HIDDEN_GENES: usize = PHI + HIDDEN;

const SHARE: f32 = 2.3283064365386963e-10; // 2^-32
const LIMIT: f32 = 8;
const MARKUP_LIMIT: f32 = 4;
const UNIT_LOG: f32 = 0.0000152587890625; // 2^-16
const QUARTER_LOG: f32 = 0.000003814697265625; // 2^-18
const NARROW_LOG: f32 = 0.0000019073486328125; // 2^-19
const WIDE_LOG: f32 = 9.5367431640625e-7; // 2^-20

@inline
function ld(p: usize): v128 {
  return v128.load(p);
}
@inline
function word(d: usize, name: usize): u32 {
  return load<u32>(d + (name << 2));
}
// A value of the world in every lane.
@inline
function all(d: usize, name: usize): v128 {
  return v128.load32_splat(d + (name << 2));
}
// The values of a block in a column with one row, `at` bytes from its start.
@inline
function own(d: usize, name: usize, at: usize): v128 {
  return v128.load(<usize>load<u32>(d + (name << 2)) + at);
}
// Stores to the lanes of `mask` only.
@inline
function put(p: usize, x: v128, mask: v128): void {
  v128.store(p, v128.bitselect(x, ld(p), mask));
}
@inline
function write(d: usize, name: usize, at: usize, x: v128, mask: v128): void {
  put(<usize>load<u32>(d + (name << 2)) + at, x, mask);
}
@inline
function splat(x: f32): v128 {
  return f32x4.splat(x);
}
@inline
function ints(x: i32): v128 {
  return i32x4.splat(x);
}
@inline
function float(x: v128): v128 {
  return f32x4.convert_i32x4_u(x);
}
@inline
function clip(x: v128, limit: f32): v128 {
  return f32x4.pmin(splat(limit), f32x4.pmax(splat(-limit), x));
}
// a - b of u32, rounded once.
@inline
function difference(a: v128, b: v128): v128 {
  const size = float(i32x4.sub(i32x4.max_u(a, b), i32x4.min_u(a, b)));
  return v128.xor(size, i32x4.shl(i32x4.lt_u(a, b), 31));
}
// max(0, a - b) of u32.
@inline
function excess(a: v128, b: v128): v128 {
  return i32x4.sub(i32x4.max_u(a, b), b);
}
// High words of u32 products.
@inline
function mulHigh(a: v128, b: v128): v128 {
  return v128.shuffle<i32>(i64x2.extmul_low_i32x4_u(a, b), i64x2.extmul_high_i32x4_u(a, b), 1, 3, 5, 7);
}
// x / (scale + |x|).
@inline
function squash(x: v128, scale: f32): v128 {
  return f32x4.div(x, f32x4.add(splat(scale), f32x4.abs(x)));
}
// part / whole, 0 of nothing; f32.
@inline
function shareOf(part: v128, whole: v128): v128 {
  return v128.and(f32x4.div(part, whole), f32x4.ne(whole, splat(0)));
}
// log2 of a u32 x >= 1 in 2^-16.
@inline
function log2(table: usize, x: u32): i32 {
  const zeros = clz<u32>(x);
  const fraction = (x << zeros) << 1;
  const entry = load<u32>(table + ((fraction >> 22) << 2));
  return ((31 - zeros) << 16) + (entry >> 8) + (((entry & 255) * ((fraction >> 1) & 0x1fffff)) >> 21);
}
// Entries of a table of u32 at four indices, which must lie in it.
@inline
function gather(table: usize, index: v128): v128 {
  let r = v128.load32_zero(table + (i32x4.extract_lane(index, 0) << 2));
  r = v128.load32_lane(table + (i32x4.extract_lane(index, 1) << 2), r, 1);
  r = v128.load32_lane(table + (i32x4.extract_lane(index, 2) << 2), r, 2);
  return v128.load32_lane(table + (i32x4.extract_lane(index, 3) << 2), r, 3);
}
// log2 of four u32, 0 counted as 1. A double has all digits of a u32: its exponent is the whole part, and of its
// fraction the first ten bits are the index and the next 21 the rest.
@inline
function logs(table: usize, x: v128): v128 {
  const y = i32x4.max_u(x, ints(1));
  const a = f64x2.convert_low_i32x4_u(y);
  const b = f64x2.convert_low_i32x4_u(v128.shuffle<i64>(y, y, 1, 1));
  const high = v128.shuffle<i32>(a, b, 1, 3, 5, 7);
  const low = v128.shuffle<i32>(a, b, 0, 2, 4, 6);
  const entry = gather(table, v128.and(i32x4.shr_u(high, 10), ints(1023)));
  const rest = v128.or(i32x4.shl(v128.and(high, ints(1023)), 11), i32x4.shr_u(low, 21));
  const step = i32x4.shr_u(i32x4.mul(v128.and(entry, ints(255)), rest), 21);
  const whole = i32x4.shl(i32x4.sub(i32x4.shr_u(high, 20), ints(1023)), 16);
  return i32x4.add(i32x4.add(whole, i32x4.shr_u(entry, 8)), step);
}
// log2(1 + x), saturated, times a scale.
@inline
function logPlus(table: usize, x: v128, scale: f32): v128 {
  const y = i32x4.sub(x, i32x4.ne(x, ints(-1)));
  return f32x4.mul(f32x4.convert_i32x4_s(logs(table, y)), splat(scale));
}
// A difference of logs times a scale.
@inline
function logRatio(a: v128, b: v128, scale: f32): v128 {
  return f32x4.mul(f32x4.convert_i32x4_s(i32x4.sub(a, b)), splat(scale));
}
// Skill of the agents of a block, each in its own class.
@inline
function skillIn(d: usize, at: usize, taskClass: v128): v128 {
  const index = i32x4.add(v128.and(taskClass, ints(3)), i32x4.shl(i32x4.splat(<i32>(at >> 2)), 2));
  const lanes = i32x4(0, 4, 8, 12);
  return gather(<usize>word(d, SKILL), i32x4.add(index, lanes));
}
// A byte of a table of 16 for each lane's option.
@inline
function choose(table: v128, option: v128): v128 {
  return v128.and(i8x16.swizzle(table, option), ints(255));
}

// The first word of pcg4d of sim/core/rng.ts for four agents.
@inline
function draw(seed: u32, tick: u32, agents: v128, stream: u32): v128 {
  const m: u32 = 1664525;
  const c: u32 = 1013904223;
  const first = tick * m + c;
  const last = stream * m + c;
  let x = ints(seed * m + c + first * last);
  let z = i32x4.add(i32x4.mul(agents, ints(m)), ints(c));
  let y = i32x4.add(ints(first), i32x4.mul(z, x));
  z = i32x4.add(z, i32x4.mul(x, y));
  let w = i32x4.add(ints(last), i32x4.mul(y, z));
  x = v128.xor(x, i32x4.shr_u(x, 16));
  y = v128.xor(y, i32x4.shr_u(y, 16));
  w = v128.xor(w, i32x4.shr_u(w, 16));
  return i32x4.add(x, i32x4.mul(y, w));
}

// Sum of an agent's claims, saturated.
function claimsOf(d: usize, agent: usize, cohorts: usize): u32 {
  const first = <usize>word(d, CLAIMS) + ((agent * cohorts) << 2);
  const end = first + (cohorts << 2);
  let sum: u64 = 0;
  for (let p = first; p < end; p += 4) sum += load<u32>(p);
  return sum > 0xffffffff ? 0xffffffff : <u32>sum;
}

export function observe(d: usize, tick: u32, blockFrom: u32, blockTo: u32): void {
  const flags = word(d, FLAGS);
  const table = <usize>word(d, LOG_TABLE);
  const zero = ints(0);
  for (let block: usize = blockFrom; block < <usize>blockTo; block++) {
    const at = block * V;
    const mask = i32x4.ne(own(d, ACTIVE, at), zero);
    if (!v128.any_true(mask)) continue;
    const to = <usize>word(d, OBSERVATION) + block * (OBSERVATIONS * V);
    const shared = d + (SHARED << 2);
    for (let k: usize = 15; k <= 18; k++) put(to + k * V, v128.load32_splat(shared + (k << 2)), mask);
    for (let k: usize = 21; k <= 27; k++) put(to + k * V, v128.load32_splat(shared + (k << 2)), mask);

    put(to, clip(logRatio(logs(table, own(d, WEALTH, at)), all(d, MEDIAN_LOG), QUARTER_LOG), LIMIT), mask);
    put(to + V, logPlus(table, own(d, TOKEN, at), WIDE_LOG), mask);
    put(to + 2 * V, logPlus(table, own(d, CASH, at), WIDE_LOG), mask);
    const stake = own(d, STAKE, at);
    put(to + 3 * V, v128.any_true(stake) ? logPlus(table, stake, WIDE_LOG) : zero, mask);
    put(to + 4 * V, logPlus(table, own(d, CAPACITY, at), NARROW_LOG), mask);
    put(to + 5 * V, own(d, UNUSED_COMPUTE, at), mask);

    let x0 = zero;
    let x1 = zero;
    let x2 = zero;
    let x3 = zero;
    if (flags & (SERVES | TRAINS)) {
      const skill = <usize>word(d, SKILL) + at * 4;
      const a = v128.load(skill);
      const b = v128.load(skill, V);
      const c = v128.load(skill, 2 * V);
      const e = v128.load(skill, 3 * V);
      const low01 = v128.shuffle<i32>(a, b, 0, 4, 1, 5);
      const high01 = v128.shuffle<i32>(a, b, 2, 6, 3, 7);
      const low23 = v128.shuffle<i32>(c, e, 0, 4, 1, 5);
      const high23 = v128.shuffle<i32>(c, e, 2, 6, 3, 7);
      const unit = splat(SHARE);
      x0 = f32x4.mul(float(v128.shuffle<i64>(low01, low23, 0, 2)), unit);
      x1 = f32x4.mul(float(v128.shuffle<i64>(low01, low23, 1, 3)), unit);
      x2 = f32x4.mul(float(v128.shuffle<i64>(high01, high23, 0, 2)), unit);
      x3 = f32x4.mul(float(v128.shuffle<i64>(high01, high23, 1, 3)), unit);
    }
    put(to + 6 * V, x0, mask);
    put(to + 7 * V, x1, mask);
    put(to + 8 * V, x2, mask);
    put(to + 9 * V, x3, mask);
    put(to + 10 * V, flags & TRAINS ? logPlus(table, own(d, DATA, at), WIDE_LOG) : zero, mask);
    put(
      to + 11 * V,
      flags & CONTRACTS ? f32x4.mul(float(own(d, REPUTATION, at)), splat(SHARE)) : zero,
      mask,
    );

    let ask = zero;
    let markup = zero;
    const serve = i32x4.eq(own(d, MODE, at), ints(SERVE));
    if ((flags & SERVES) != 0 && word(d, TASK_VALUE) > 0 && v128.any_true(v128.and(serve, mask))) {
      const value = all(d, TASK_VALUE);
      const cost = all(d, TASK_COST);
      const asked = own(d, TASK_ASK, at);
      ask = v128.and(clip(f32x4.div(float(asked), float(value)), MARKUP_LIMIT), serve);
      const worth = mulHigh(value, skillIn(d, at, own(d, TASK_CLASS, at)));
      const margin = float(excess(worth, cost));
      markup = clip(f32x4.div(difference(asked, cost), margin), MARKUP_LIMIT);
      markup = v128.and(markup, v128.and(serve, i32x4.gt_u(worth, cost)));
    }
    put(to + 12 * V, ask, mask);
    put(to + 14 * V, markup, mask);

    let quote = zero;
    let fill = zero;
    if (flags & RENTS) {
      const quoted = i32x4.ne(own(d, COMPUTE_SIDE, at), zero);
      if (v128.any_true(v128.and(quoted, mask))) {
        const level = v128.and(own(d, COMPUTE_LEVEL, at), ints(255));
        const log = gather(<usize>word(d, QUOTE_LOGS), level);
        quote = v128.and(clip(logRatio(log, all(d, AVERAGE_LOG), UNIT_LOG), LIMIT), quoted);
      }
      fill = own(d, COMPUTE_FILL, at);
    }
    put(to + 13 * V, quote, mask);
    put(to + 19 * V, fill, mask);
    put(to + 20 * V, flags & SERVES ? own(d, SERVICE_FILL, at) : zero, mask);
    put(to + 28 * V, clip(own(d, REWARD, at), LIMIT), mask);
    put(to + 29 * V, logPlus(table, i32x4.sub(ints(tick), own(d, BORN_AT, at)), WIDE_LOG), mask);

    let claims = zero;
    const cohorts = <usize>word(d, COHORTS);
    if (cohorts != 0) {
      const agent = block * 4;
      claims = ints(claimsOf(d, agent, cohorts));
      claims = i32x4.replace_lane(claims, 1, claimsOf(d, agent + 1, cohorts));
      claims = i32x4.replace_lane(claims, 2, claimsOf(d, agent + 2, cohorts));
      claims = i32x4.replace_lane(claims, 3, claimsOf(d, agent + 3, cohorts));
      claims = logPlus(table, claims, WIDE_LOG);
    }
    put(to + 30 * V, claims, mask);
    put(
      to + 31 * V,
      flags & REVISES ? v128.and(i32x4.gt_u(own(d, TRIAL_STAGE, at), ints(1)), splat(1)) : zero,
      mask,
    );
  }
}

// The part of a cost that a machine of `capacity` pays: energyShare and portion of market/ownership.ts.
function energyOf(d: usize, capacity: u32, cost: u32): u32 {
  const device = word(d, DEVICE);
  if (capacity <= device) return cost;
  const doublings = log2(<usize>word(d, LOG_TABLE), capacity) - <i32>word(d, DEVICE_LOG);
  const exponent = <i32>((<i64>(<i32>word(d, SCALE_LOG2)) * <i64>doublings) >> 16);
  if (exponent >= 0) return cost;
  const whole = exponent >> 16;
  if (whole < -32) return 0;
  const index = (exponent & 0xffff) >> 6;
  const powers = <usize>word(d, POWER_TABLE) + (index << 2);
  const low = load<u32>(powers);
  // the last entry is 2^32, which wraps to 0 as the difference wraps back
  const mantissa = <u64>low + <u64>(((load<u32>(powers, 4) - low) * (exponent & 63)) >> 6);
  const share = <u32>((0x100000000 + mantissa) >> <u64>-whole);
  return share == 0xffffffff ? cost : <u32>((<u64>cost * <u64>share) >> 32);
}

export function decide(d: usize, blockFrom: u32, blockTo: u32): void {
  const flags = word(d, FLAGS);
  const zero = ints(0);
  const rentsOn = ints(flags & RENTS ? -1 : 0);
  const servesOn = ints(flags & SERVES ? -1 : 0);
  const trainsOn = ints(flags & TRAINS ? -1 : 0);
  for (let block: usize = blockFrom; block < <usize>blockTo; block++) {
    const at = block * V;
    const mask = i32x4.ne(own(d, POPULATION, at), ints(FREE_SLOT));
    if (!v128.any_true(mask)) continue;
    const action = <usize>word(d, ACTION) + block * (HEADS * V);
    const chosen = ld(action);
    const rent = v128.and(i32x4.eq(chosen, ints(RENT_OUT)), rentsOn);
    const serve = v128.and(i32x4.eq(chosen, ints(SERVE)), servesOn);
    const train = v128.and(i32x4.eq(chosen, ints(TRAIN)), trainsOn);
    const bids = v128.or(serve, train);
    const mode = v128.bitselect(chosen, ints(IDLE), v128.or(rent, bids));
    const taskClass = v128.load(action, V);
    write(d, MODE, at, mode, mask);
    write(d, TASK_CLASS, at, taskClass, mask);
    write(d, METHOD, at, v128.load(action, 6 * V), mask);
    write(d, FINANCE, at, v128.load(action, 5 * V), mask);
    write(d, DELIVER, at, v128.load(action, 4 * V), mask);

    let ask = zero;
    const scriptedAsk = own(d, SCRIPTED_ASK, at);
    const scriptedLevel = own(d, SCRIPTED_LEVEL, at);
    if (v128.any_true(v128.and(serve, mask))) {
      let worth = mulHigh(all(d, TASK_VALUE), skillIn(d, at, taskClass));
      if (word(d, REPUTATION_WEIGHT) != 0) {
        const doubt = mulHigh(all(d, REPUTATION_WEIGHT), v128.not(own(d, REPUTATION, at)));
        worth = mulHigh(worth, v128.not(doubt));
      }
      let cost = all(d, TASK_COST);
      if (flags & SCALES) {
        const opened = own(d, OPENED, at);
        const whole = word(d, TASK_COST);
        if (v128.any_true(v128.and(serve, i32x4.gt_u(opened, all(d, DEVICE))))) {
          cost = ints(energyOf(d, i32x4.extract_lane(opened, 0), whole));
          cost = i32x4.replace_lane(cost, 1, energyOf(d, i32x4.extract_lane(opened, 1), whole));
          cost = i32x4.replace_lane(cost, 2, energyOf(d, i32x4.extract_lane(opened, 2), whole));
          cost = i32x4.replace_lane(cost, 3, energyOf(d, i32x4.extract_lane(opened, 3), whole));
        }
      }
      // floor(margin x percent / 100) in 32 bits: of the hundreds and of the rest
      const percent = choose(i8x16(5, 25, 50, 75, 95, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0), v128.load(action, 2 * V));
      const margin = excess(worth, cost);
      const hundreds = i32x4.shr_u(mulHigh(margin, ints(0x51eb851f)), 5);
      const rest = i32x4.mul(i32x4.sub(margin, i32x4.mul(hundreds, ints(100))), percent);
      ask = i32x4.add(cost, i32x4.mul(hundreds, percent));
      ask = i32x4.add(ask, i32x4.shr_u(mulHigh(rest, ints(0x51eb851f)), 5));
      ask = v128.bitselect(i32x4.sub(scriptedAsk, ints(1)), ask, i32x4.ne(scriptedAsk, zero));
      ask = v128.and(ask, serve);
    }
    write(d, TASK_ASK, at, ask, mask);

    let side = zero;
    let level = zero;
    let quantity = zero;
    if (flags & RENTS) {
      const quote = v128.load(action, 3 * V);
      const asks = choose(ld(d + (ASK_LEVELS << 2)), quote);
      const bid = choose(ld(d + (BID_LEVELS << 2)), quote);
      level = v128.bitselect(asks, bid, rent);
      level = v128.bitselect(i32x4.sub(scriptedLevel, ints(1)), level, i32x4.ne(scriptedLevel, zero));
      level = v128.and(level, v128.or(rent, bids));
      const compute = own(d, COMPUTE, at);
      quantity = v128.and(compute, rent);
      if (v128.any_true(v128.and(bids, mask))) {
        // ceil((13 x sales + 1280) / 2560): 2560 = 2^9 x 5
        const sales = i32x4.min_u(own(d, SOLD_EMA, at), all(d, SOLD_EMA_MAX));
        const scaled = i32x4.add(i32x4.mul(sales, ints(13)), ints(1280 + 2559));
        const tasks = i32x4.shr_u(mulHigh(i32x4.shr_u(scaled, 9), ints(0xcccccccd)), 2);
        const served = i32x4.mul(i32x4.min_u(tasks, all(d, MAX_TASKS)), all(d, CU_PER_TASK));
        const use = v128.bitselect(served, all(d, MAX_COMPUTE), serve);
        const money = mulHigh(own(d, TOKEN, at), all(d, BID_SHARE));
        const price = gather(<usize>word(d, PRICES), v128.and(level, ints(255)));
        const low = f64x2.div(f64x2.convert_low_i32x4_u(money), f64x2.convert_low_i32x4_u(price));
        const high = f64x2.div(
          f64x2.convert_low_i32x4_u(v128.shuffle<i64>(money, money, 1, 1)),
          f64x2.convert_low_i32x4_u(v128.shuffle<i64>(price, price, 1, 1)),
        );
        const affordable = v128.shuffle<i64>(
          i32x4.trunc_sat_f64x2_u_zero(low),
          i32x4.trunc_sat_f64x2_u_zero(high),
          0,
          2,
        );
        quantity = v128.or(quantity, v128.and(i32x4.min_u(excess(use, compute), affordable), bids));
      }
      side = v128.bitselect(ints(SELL), v128.and(ints(BUY), bids), rent);
      side = v128.and(side, i32x4.ne(quantity, zero));
    }
    write(d, COMPUTE_SIDE, at, side, mask);
    write(d, COMPUTE_LEVEL, at, level, mask);
    write(d, COMPUTE_QUANTITY, at, quantity, mask);
    if (v128.any_true(v128.or(scriptedAsk, scriptedLevel))) {
      write(d, SCRIPTED_ASK, at, zero, mask);
      write(d, SCRIPTED_LEVEL, at, zero, mask);
    }
  }
}

/** Quotes of a population of zero-intelligence traders at induced values. */
export function quoteAtRandom(d: usize, tick: u32, kind: i32, blockTo: u32): void {
  const one = ints(1);
  const seed = word(d, SEED);
  const end = <usize>blockTo * V;
  let agents = i32x4(0, 1, 2, 3);
  for (let at: usize = 0; at < end; at += V) {
    const limit = own(d, INDUCED_LEVEL, at);
    const above = i32x4.add(limit, one);
    const buys = i32x4.eq(own(d, INDUCED_SIDE, at), ints(BUY));
    const levels = v128.bitselect(above, i32x4.sub(ints(LEVELS), limit), buys);
    const level = i32x4.add(
      v128.bitselect(one, above, buys),
      mulHigh(draw(seed, tick, agents, STREAM_SCRIPTED), levels),
    );
    write(d, SCRIPTED_LEVEL, at, level, i32x4.eq(own(d, POPULATION, at), ints(kind)));
    agents = i32x4.add(agents, ints(4));
  }
}

/** Orders at induced values. */
export function decideInduced(d: usize, blockFrom: u32, blockTo: u32): void {
  const zero = ints(0);
  const most = ints(word(d, FLAGS) & ALL_DAY ? -1 : 1);
  const shades = i8x16(0, 1, 2, 4, 8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
  for (let block: usize = blockFrom; block < <usize>blockTo; block++) {
    const at = block * V;
    const mask = i32x4.ne(own(d, POPULATION, at), ints(FREE_SLOT));
    if (!v128.any_true(mask)) continue;
    const left = own(d, INDUCED_UNITS, at);
    let side = v128.and(own(d, INDUCED_SIDE, at), i32x4.ne(left, zero));
    const buys = i32x4.eq(side, ints(BUY));
    const quoted = own(d, SCRIPTED_LEVEL, at);
    let level = i32x4.sub(quoted, ints(1));
    const byHead = i32x4.eq(quoted, zero);
    if (v128.any_true(v128.and(byHead, mask))) {
      const limit = own(d, INDUCED_LEVEL, at);
      const quote = v128.load(<usize>word(d, ACTION) + block * (HEADS * V), 3 * V);
      const room = v128.bitselect(limit, i32x4.sub(ints(LEVELS - 1), limit), buys);
      const step = i32x4.shr_s(i32x4.mul(room, choose(shades, quote)), 4);
      const shaded = v128.bitselect(i32x4.sub(limit, step), i32x4.add(limit, step), buys);
      level = v128.bitselect(shaded, level, byHead);
    }
    write(d, MODE, at, v128.andnot(ints(IDLE), i32x4.eq(side, ints(SELL))), mask);
    const price = gather(<usize>word(d, PRICES), v128.and(level, ints(LEVELS - 1)));
    side = v128.andnot(side, v128.and(buys, i32x4.lt_u(own(d, TOKEN, at), price)));
    write(d, COMPUTE_SIDE, at, side, mask);
    write(d, COMPUTE_LEVEL, at, level, mask);
    write(d, COMPUTE_QUANTITY, at, v128.and(i32x4.min_u(left, most), i32x4.ne(side, zero)), mask);
    write(d, TASK_ASK, at, zero, mask);
    write(d, FINANCE, at, zero, mask);
    write(d, SCRIPTED_LEVEL, at, zero, mask);
    write(d, SCRIPTED_ASK, at, zero, mask);
  }
}

/** The bin of the log2 histogram of wealth that holds the lower median of the living. */
export function medianBin(d: usize, bins: u32, shift: u32): u32 {
  const histogram = <usize>word(d, HISTOGRAM);
  memory.fill(histogram, 0, <usize>bins << 2);
  const table = <usize>word(d, LOG_TABLE);
  const population = <usize>word(d, POPULATION);
  const wealth = <usize>word(d, WEALTH);
  const end = <usize>word(d, SLOTS) << 2;
  let alive: u32 = 0;
  for (let at: usize = 0; at < end; at += 4) {
    if (load<i32>(population + at) == FREE_SLOT) continue;
    alive++;
    const held = load<u32>(wealth + at);
    const bin = held == 0 ? 0 : 1 + (<u32>log2(table, held) >> shift);
    const p = histogram + (<usize>bin << 2);
    store<u32>(p, load<u32>(p) + 1);
  }
  if (alive == 0) return 0;
  const middle = (alive + 1) >> 1;
  let bin: u32 = 0;
  let before = load<u32>(histogram);
  while (before < middle) before += load<u32>(histogram + (<usize>++bin << 2));
  return bin;
}

// tanhF32 of sim/core/floatMath.ts.
function tanh(x: v128): v128 {
  const limit: f32 = 7.905311107635498;
  const c = f32x4.min(splat(limit), f32x4.max(splat(-limit), x));
  const s = f32x4.mul(c, c);
  let p = splat(-2.76076847742355e-16);
  p = f32x4.add(f32x4.mul(p, s), splat(2.00018790482477e-13));
  p = f32x4.add(f32x4.mul(p, s), splat(-8.60467152213735e-11));
  p = f32x4.add(f32x4.mul(p, s), splat(5.12229709037114e-8));
  p = f32x4.add(f32x4.mul(p, s), splat(1.48572235717979e-5));
  p = f32x4.add(f32x4.mul(p, s), splat(6.37261928875436e-4));
  p = f32x4.add(f32x4.mul(p, s), splat(4.89352455891786e-3));
  let q = splat(1.19825839466702e-6);
  q = f32x4.add(f32x4.mul(q, s), splat(1.18534705686654e-4));
  q = f32x4.add(f32x4.mul(q, s), splat(2.268434632439e-3));
  q = f32x4.add(f32x4.mul(q, s), splat(4.89352518554385e-3));
  return f32x4.div(f32x4.mul(c, p), q);
}

// The random reward, a number in [-1, 1).
function randomReward(seed: u32, tick: u32, agents: v128): v128 {
  const x = draw(seed, tick, agents, STREAM_RANDOM_REWARD);
  const unit = f32x4.mul(float(i32x4.shr_u(x, 8)), splat(5.9604644775390625e-8)); // 2^-24
  return f32x4.sub(f32x4.mul(unit, splat(2)), splat(1));
}

// Writes feature k of a block and adds its product with gene k.
@inline
function value(features: usize, genes: usize, stride: usize, k: usize, x: v128, mask: v128, sum: v128): v128 {
  put(features + k * stride, x, mask);
  return f32x4.add(sum, f32x4.mul(ld(genes + k * stride), x));
}

// w . phi + v . tanh(U phi), from w . phi and the features as they were written.
function hiddenReward(features: usize, genes: usize, stride: usize, linear: v128): v128 {
  let r = linear;
  for (let j: usize = 0; j < HIDDEN; j++) {
    let sum = splat(0);
    let gene = genes + (HIDDEN_GENES + j * PHI) * stride;
    for (let k: usize = 0; k < PHI; k++, gene += stride)
      sum = f32x4.add(sum, f32x4.mul(ld(gene), ld(features + k * stride)));
    r = f32x4.add(r, f32x4.mul(ld(genes + (OUTPUT_GENES + j) * stride), tanh(sum)));
  }
  return r;
}

// Bits of POPULATION_KINDS for the learners of a block, 0 in other lanes.
function kindsOf(d: usize, at: usize, mask: v128): v128 {
  const population = v128.and(own(d, POPULATION, at), mask);
  return v128.and(gather(<usize>word(d, POPULATION_KINDS), population), mask);
}

// logChange of rewardGenome.ts; `asked` are the lanes that matter.
@inline
function logChange(d: usize, before: v128, after: v128, asked: v128): v128 {
  const from = i32x4.max_u(before, ints(1));
  const to = i32x4.max_u(after, ints(1));
  const x = f32x4.div(difference(to, from), float(from));
  const third: f32 = 0.3333333333333333;
  const small: f32 = 0.05;
  const series = f32x4.sub(splat(0.5), f32x4.mul(x, splat(third)));
  const near = f32x4.mul(x, f32x4.sub(splat(1), f32x4.mul(x, series)));
  const isNear = f32x4.lt(f32x4.abs(x), splat(small));
  if (!v128.any_true(v128.andnot(asked, isNear))) return near;
  const table = <usize>word(d, LOG_TABLE);
  const unit: f32 = 0.000010576586646493524; // ln 2 / 2^16
  return v128.bitselect(near, logRatio(logs(table, to), logs(table, from), unit), isNear);
}

export function reward(d: usize, tick: u32, blockFrom: u32, blockTo: u32): void {
  const flags = word(d, FLAGS);
  const zero = ints(0);
  const one = splat(1);
  const stride = <usize>word(d, SLOTS) << 2;
  const price = all(d, TOKEN_PRICE);
  const milli: f32 = 0.001;
  const table = <usize>word(d, LOG_TABLE);
  for (let block: usize = blockFrom; block < <usize>blockTo; block++) {
    const at = block * V;
    const living = i32x4.ne(own(d, POPULATION, at), ints(FREE_SLOT));
    if (!v128.any_true(living)) continue;
    const side = own(d, COMPUTE_SIDE, at);
    const filled = own(d, COMPUTE_FILLED, at);
    const used = own(d, COMPUTE_USED, at);
    const rent = v128.xor(float(own(d, COMPUTE_AMOUNT, at)), i32x4.shl(i32x4.eq(side, ints(BUY)), 31));
    const income = f32x4.add(float(own(d, SERVICE_AMOUNT, at)), rent);
    let profit = f32x4.sub(f32x4.mul(income, price), float(own(d, BILL, at)));
    let slashed = zero;
    if (flags & CONTRACTS) {
      slashed = own(d, SLASHED, at);
      const stakes = f32x4.mul(difference(own(d, COMPENSATED, at), slashed), price);
      const received = f32x4.sub(float(own(d, CONTRACT_CASH, at)), float(own(d, CONTRACT_BILL, at)));
      const paid = f32x4.add(float(own(d, COURT_BILL, at)), float(own(d, DEBT_DUE, at)));
      profit = f32x4.add(profit, f32x4.add(stakes, f32x4.sub(received, paid)));
    }
    profit = f32x4.mul(profit, splat(milli));
    const computeFill = shareOf(float(filled), float(own(d, COMPUTE_QUANTITY, at)));
    const serviceFill = shareOf(float(own(d, TASKS_SOLD, at)), float(own(d, TASKS_OFFERED, at)));
    const compute = own(d, COMPUTE, at);
    const rentedOut = v128.and(float(filled), i32x4.eq(side, ints(SELL)));
    const atHand = f32x4.add(float(compute), rentedOut);
    write(d, PROFIT, at, profit, living);
    write(d, COMPUTE_FILL, at, computeFill, living);
    write(d, SERVICE_FILL, at, serviceFill, living);
    write(d, UNUSED_COMPUTE, at, shareOf(float(excess(compute, used)), atHand), living);
    write(d, LIFE_PROFIT, at, f32x4.add(own(d, LIFE_PROFIT, at), profit), living);

    const mask = v128.and(living, i32x4.ne(own(d, ACTIVE, at), zero));
    if (!v128.any_true(mask)) continue;
    const mode = own(d, MODE, at);
    const phi = <usize>word(d, FEATURES) + at;
    const w = <usize>word(d, GENES) + at;
    const wealth = own(d, WEALTH, at);
    let r = zero;
    let x = logChange(d, own(d, WEALTH_BEFORE, at), wealth, mask);
    r = value(phi, w, stride, 0, clip(f32x4.mul(x, splat(1000)), 1), mask, r);
    x = f32x4.mul(float(own(d, SKILL_GAIN, at)), splat(<f32>1000 * SHARE));
    r = value(phi, w, stride, 1, clip(x, 1), mask, r);
    r = value(phi, w, stride, 2, squash(profit, 4), mask, r);
    x = v128.bitselect(serviceFill, computeFill, i32x4.eq(mode, ints(SERVE)));
    r = value(phi, w, stride, 3, x, mask, r);
    let kept = zero;
    let broken = zero;
    let lost = zero;
    let standing = zero;
    if (flags & CONTRACTS) {
      const breached = i32x4.ne(own(d, BREACHED, at), zero);
      kept = v128.and(v128.andnot(i32x4.ne(own(d, CONTRACTED, at), zero), breached), one);
      broken = v128.and(breached, one);
      lost = squash(f32x4.mul(float(slashed), price), 4000);
      x = difference(own(d, REPUTATION, at), own(d, REPUTATION_BEFORE, at));
      standing = clip(f32x4.mul(x, splat(<f32>16 * SHARE)), 1);
    }
    r = value(phi, w, stride, 4, kept, mask, r);
    r = value(phi, w, stride, 5, broken, mask, r);
    r = value(phi, w, stride, 6, lost, mask, r);
    r = value(phi, w, stride, 7, standing, mask, r);
    r = value(phi, w, stride, 8, squash(float(own(d, TRANSFER_GIVEN, at)), 500000), mask, r);
    x = clip(logRatio(logs(table, wealth), all(d, MEDIAN_LOG), QUARTER_LOG), 1);
    r = value(phi, w, stride, 9, x, mask, r);

    let shares = <usize>word(d, MODE_SHARE) + at;
    x = zero;
    for (let m = 0; m < 4; m++, shares += stride) {
      const share = ld(shares);
      const chosen = i32x4.eq(mode, ints(m));
      x = v128.bitselect(share, x, chosen);
      const step = f32x4.mul(f32x4.sub(v128.and(chosen, one), share), splat(0.015625));
      put(shares, f32x4.pmax(splat(5.421010862427522e-20), f32x4.add(share, step)), mask); // 2^-64
    }
    r = value(phi, w, stride, 10, f32x4.sub(one, x), mask, r);
    x = f32x4.abs(own(d, TD_ERROR, at));
    r = value(phi, w, stride, 11, f32x4.div(x, f32x4.add(one, x)), mask, r);
    r = value(phi, w, stride, 12, clip(f32x4.mul(float(used), splat(0.03125)), 1), mask, r);
    r = value(phi, w, stride, 13, v128.and(i32x4.eq(mode, ints(IDLE)), one), mask, r);
    r = value(phi, w, stride, 14, one, mask, r);

    if (flags & KINDS) {
      const kinds = kindsOf(d, at, mask);
      const hidden = i32x4.ne(v128.and(kinds, ints(HIDDEN_REWARD)), zero);
      if (v128.any_true(hidden)) r = v128.bitselect(hiddenReward(phi, w, stride, r), r, hidden);
      const random = i32x4.ne(v128.and(kinds, ints(RANDOM_REWARD)), zero);
      if (v128.any_true(random)) {
        const agents = i32x4.add(ints(<i32>(block * 4)), i32x4(0, 1, 2, 3));
        r = v128.bitselect(randomReward(word(d, SEED), tick, agents), r, random);
      }
    }
    write(d, REWARD, at, r, mask);
    write(d, LIFE_REWARD, at, f32x4.add(own(d, LIFE_REWARD, at), r), mask);
  }
}

// The first lane from `from` on that is set, as an agent; `end` where there is none in its block.
@inline
function firstFrom(found: v128, block: usize, from: u32, end: u32): u32 {
  let lanes = i32x4.bitmask(found);
  if (<u32>block == from >> 2) lanes &= 15 << (from & 3);
  return lanes == 0 ? end : <u32>(block * 4) + ctz(lanes);
}

/** The first agent from `from` on that chose to revise and may begin a trial, below 4 x blockTo, which it is if there is none. */
export function nextReviser(d: usize, tick: u32, from: u32, blockTo: u32): u32 {
  const end = blockTo << 2;
  const zero = ints(0);
  const now = ints(tick);
  for (let block: usize = from >> 2; block < <usize>blockTo; block++) {
    const at = block * V;
    const wants = i32x4.eq(v128.load(<usize>word(d, ACTION) + block * (HEADS * V), 7 * V), ints(1));
    if (!v128.any_true(wants)) continue;
    let found = v128.and(wants, i32x4.ne(own(d, ACTIVE, at), zero));
    found = v128.and(found, i32x4.eq(own(d, TRIAL_STAGE, at), zero));
    found = v128.and(found, i32x4.ge_u(now, own(d, TRIAL_FROM, at)));
    const agent = firstFrom(found, block, from, end);
    if (agent != end) return agent;
  }
  return end;
}

/** The first agent from `from` on that gave to a child and whose block is measured, below 4 x blockTo, which it is if there is none. */
export function nextGiver(d: usize, from: u32, blockTo: u32): u32 {
  const end = blockTo << 2;
  const zero = ints(0);
  for (let block: usize = from >> 2; block < <usize>blockTo; block++) {
    const at = block * V;
    const gave = i32x4.ne(own(d, TRANSFER_GIVEN, at), zero);
    if (!v128.any_true(gave)) continue;
    let found = v128.and(gave, i32x4.ne(own(d, POPULATION, at), ints(FREE_SLOT)));
    found = v128.and(found, i32x4.ne(own(d, BLOCK_BASE, at), ints(0x80000000)));
    const agent = firstFrom(found, block, from, end);
    if (agent != end) return agent;
  }
  return end;
}

/** The first living agent from `from` on that cannot go on or whose life is over, below 4 x blockTo, which it is if there is none. */
export function nextMortal(d: usize, tick: u32, insolvent: usize, subsistence: u32, hazard: u32, from: u32, blockTo: u32): u32 {
  const end = blockTo << 2;
  const seed = word(d, SEED);
  for (let block: usize = from >> 2; block < <usize>blockTo; block++) {
    const at = block * V;
    let found = i32x4.ne(v128.load(insolvent + at), ints(0));
    found = v128.or(found, i32x4.lt_u(own(d, WEALTH, at), ints(subsistence)));
    const agents = i32x4.add(ints(<u32>block << 2), i32x4(0, 1, 2, 3));
    found = v128.or(found, i32x4.lt_u(draw(seed, tick, agents, STREAM_DEATH_HAZARD), ints(hazard)));
    if (!v128.any_true(found)) continue;
    found = v128.and(found, i32x4.ne(own(d, POPULATION, at), ints(FREE_SLOT)));
    const agent = firstFrom(found, block, from, end);
    if (agent != end) return agent;
  }
  return end;
}

/** The first agent from `from` on whose wealth is its threshold and a kit, below 4 x blockTo, which it is if there is none. */
export function nextRich(d: usize, threshold: usize, kit: u32, from: u32, blockTo: u32): u32 {
  const end = blockTo << 2;
  for (let block: usize = from >> 2; block < <usize>blockTo; block++) {
    const at = block * V;
    const wealth = own(d, WEALTH, at);
    const rest = i32x4.sub(wealth, ints(kit));
    const found = v128.and(i32x4.ge_u(wealth, ints(kit)), i32x4.ge_u(rest, v128.load(threshold + at)));
    if (!v128.any_true(found)) continue;
    const agent = firstFrom(found, block, from, end);
    if (agent != end) return agent;
  }
  return end;
}
