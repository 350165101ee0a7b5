// The loops over agents of training.ts, its specification; a part of clearing.as.ts.
import {
  MAX, FREE_SLOT, column, parameter, signedParameter, at, put, least, tokenToCash, log2Fixed, exp2Fraction,
} from './descriptor.as';
import {
  TOKEN, CASH, STAKE, POPULATION, MODE, TASK_CLASS, METHOD, COMPUTE, COMPUTE_USED, LABELS_USED, BILL, DATA,
  SKILL, SKILL_GAIN, SCALAR, TOTAL, SLOTS, MAX_COMPUTE, DEPRECIATION, TRAINING_RUNWAY, AMM, METHODS, METHOD_FIELDS,
  TRAIN, TOKEN_PRICE, TOTAL_LABELS, TOTAL_METHOD_TICKS, TOTAL_METHOD_LABELS, TOTAL_METHOD_SKILL, addTo,
} from './clearingPlaces.as';

// Agents of a chunk that do something, as places in a column in bytes.
const CHUNK: usize = 1024;
const LIST: usize = memory.data(1025 * 4, 16);

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
  // without an AMM no token can become cash, and wealth is cash
  const price = parameter(AMM) == 0 ? 0 : at(column(SCALAR), TOKEN_PRICE << 2);
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
