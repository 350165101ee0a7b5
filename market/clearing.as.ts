// AssemblyScript, integers alone: the loops over agents of training.ts, which is the specification. An amount of an
// agent is u32, products and sums are u64, and nothing is rounded that is not rounded there. Comments here say only
// what the specification cannot.

const MAX: u64 = 0xffff_ffff;
const FREE_SLOT: u32 = 0xffff_ffff;
const TRAIN: u32 = 2;

// The descriptor: addresses of columns (u32), parameters (64-bit integers); clearing.ts knows the same order.
const COLUMNS: usize = memory.data(64 * 4, 16);
const PARAMETERS: usize = memory.data(64 * 8, 16);
const LOG2_TABLE: usize = memory.data(1025 * 4, 16);
const EXP2_TABLE: usize = memory.data(1025 * 8, 16);
// Agents of a chunk that do something, as places in a column in bytes.
const CHUNK: usize = 1024;
const LIST: usize = memory.data(1025 * 4, 16);

export function columns(): usize { return COLUMNS; }
export function parameters(): usize { return PARAMETERS; }
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

const SLOTS: usize = 0;
const MAX_COMPUTE: usize = 1;
const DEPRECIATION: usize = 2;
const TRAINING_RUNWAY: usize = 3;
// of each method: labels, cost, then exponents in 2^-16: its own part, of compute, of data
const METHODS: usize = 4;
const METHOD_FIELDS: usize = 5;

const TOKEN_PRICE: usize = 6;
const TOTAL_LABELS: usize = 14;
const TOTAL_METHOD_TICKS: usize = 36;
const TOTAL_METHOD_LABELS: usize = 40;
const TOTAL_METHOD_SKILL: usize = 44;

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
