// What the kernels of settlement and clearing share: how a world is described to them (descriptor.ts knows the same
// order), and the integers of sim/core/fixed.ts and rng.ts. Each kernel has its own copy of these places.

export const MAX: u64 = 0xffff_ffff;
export const FREE_SLOT: u32 = 0xffff_ffff;

// Addresses of columns (u32), parameters (64-bit integers), results (f64), tables of fixed.ts.
const COLUMNS: usize = memory.data(72 * 4, 16);
const PARAMETERS: usize = memory.data(64 * 8, 16);
const RESULTS: usize = memory.data(16 * 8, 16);
const LOG2_TABLE: usize = memory.data(1025 * 4, 16);
const EXP2_TABLE: usize = memory.data(1025 * 8, 16);

export function columns(): usize { return COLUMNS; }
export function parameters(): usize { return PARAMETERS; }
export function results(): usize { return RESULTS; }
export function log2Table(): usize { return LOG2_TABLE; }
export function exp2Table(): usize { return EXP2_TABLE; }

@inline export function column(k: usize): usize { return load<u32>(COLUMNS + (k << 2)); }
@inline export function parameter(k: usize): u64 { return load<u64>(PARAMETERS + (k << 3)); }
@inline export function signedParameter(k: usize): i64 { return load<i64>(PARAMETERS + (k << 3)); }
@inline export function result(k: usize, value: u64): void { store<f64>(RESULTS + (k << 3), <f64>value); }
@inline export function at(base: usize, i: usize): u64 { return <u64>load<u32>(base + i); }
@inline export function put(base: usize, i: usize, value: u64): void { store<u32>(base + i, <u32>value); }
@inline export function least(a: u64, b: u64): u64 { return select(a, b, a < b); }
@inline export function mulHigh(a: u64, b: u64): u64 { return (a * b) >> 32; }
@inline export function portion(amount: u64, share: u64): u64 {
  return share == MAX ? amount : mulHigh(amount, share);
}

// A token balance with its stake passes 32 bits: two products, or 65 bits would be needed.
@inline export function tokenToCash(token: u64, price: u64): u64 {
  return (token >> 16) * price + (((token & 0xffff) * price) >> 16);
}

// log2 in 2^-16 of a u32 from 1 on, fixed.ts
@inline export function log2Fixed(x: u32): i64 {
  const leading = 31 - clz(x);
  const mantissa = (x << (31 - leading)) & 0x7fff_ffff;
  const entry = LOG2_TABLE + (<usize>(mantissa >> 21) << 2);
  const low = load<u32>(entry);
  const step = load<u32>(entry + 4) - low;
  return ((<i64>leading) << 16) + low + ((step * (mantissa & 0x1f_ffff)) >> 21);
}

// 2^exponent as a fraction of 2^32, fixed.ts
@inline export function exp2Fraction(exponent: i64): u64 {
  if (exponent >= 0) return MAX;
  const whole = exponent >> 16;
  if (whole < -32) return 0;
  const entry = EXP2_TABLE + (<usize>((exponent >> 6) & 0x3ff) << 3);
  const low = load<u64>(entry);
  return (0x1_0000_0000 + low + (((load<u64>(entry + 8) - low) * <u64>(exponent & 63)) >> 6)) >> <u64>-whole;
}

// the first word of pcg4d, rng.ts
@inline export function draw(seed: u32, tick: u32, agent: u32, stream: u32): u32 {
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
