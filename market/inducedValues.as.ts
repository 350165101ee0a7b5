// AssemblyScript, i32x4 SIMD, integers alone: the loops of inducedValues.ts over agents and levels, which is the
// specification.

const FREE_SLOT: i32 = -1;
const BUY: u32 = 1;
const SELL: u32 = 2;
const STREAM: u32 = 16;
const LEVELS: i32 = 256;
/** Bits below those of a level in a drawn word. */
const LEVEL_SHIFT: i32 = 24;
const M: u32 = 1664525;
const C: u32 = 1013904223;

/** Units by level, u32. */
const BIDS: usize = memory.data(256 * 4, 16);
const ASKS: usize = memory.data(256 * 4, 16);
const RESULTS: usize = memory.data(4 * 8, 16);

export function results(): usize {
  return RESULTS;
}
export function levels(): i32 {
  return LEVELS;
}

// The first word of pcg4d of sim/core/rng.ts for four agents.
@inline
function draw(seed: u32, tick: u32, agents: v128): v128 {
  const first = tick * M + C;
  const last = STREAM * M + C;
  let x = i32x4.splat(seed * M + C + first * last);
  let z = i32x4.add(i32x4.mul(agents, i32x4.splat(M)), i32x4.splat(C));
  let y = i32x4.add(i32x4.splat(first), i32x4.mul(z, x));
  z = i32x4.add(z, i32x4.mul(x, y));
  let w = i32x4.add(i32x4.splat(last), i32x4.mul(y, z));
  x = v128.xor(x, i32x4.shr_u(x, 16));
  y = v128.xor(y, i32x4.shr_u(y, 16));
  w = v128.xor(w, i32x4.shr_u(w, 16));
  return i32x4.add(x, i32x4.mul(y, w));
}

/** Random values, and the sides of slots. */
export function drawLevels(seed: u32, tick: u32, slots: usize, level: usize, side: usize): void {
  const end = slots << 2;
  const blocks = end & ~15;
  let agents = i32x4(0, 1, 2, 3);
  let at: usize = 0;
  for (; at < blocks; at += 16) {
    v128.store(level + at, i32x4.shr_u(draw(seed, tick, agents), LEVEL_SHIFT));
    v128.store(side + at, i32x4(BUY, SELL, BUY, SELL));
    agents = i32x4.add(agents, i32x4.splat(4));
  }
  const rest = i32x4.shr_u(draw(seed, tick, agents), LEVEL_SHIFT);
  const left = (end - blocks) >> 2;
  if (left > 0) store<i32>(level + at, i32x4.extract_lane(rest, 0));
  if (left > 1) store<i32>(level + at, i32x4.extract_lane(rest, 1), 4);
  if (left > 2) store<i32>(level + at, i32x4.extract_lane(rest, 2), 8);
  for (; at < end; at += 4) store<u32>(side + at, at & 4 ? SELL : BUY);
}

/** Gives every trader its units and counts them by level and side. */
export function giveUnits(
  units: u32,
  slots: usize,
  population: usize,
  side: usize,
  level: usize,
  given: usize,
): void {
  memory.fill(BIDS, 0, <usize>LEVELS << 2);
  memory.fill(ASKS, 0, <usize>LEVELS << 2);
  const end = slots << 2;
  for (let at: usize = 0; at < end; at += 4) {
    const own = load<i32>(population + at) == FREE_SLOT ? 0 : units;
    store<u32>(given + at, own);
    const bins = load<u32>(side + at) == BUY ? BIDS : ASKS;
    const bin = bins + ((<usize>load<u32>(level + at) & <usize>(LEVELS - 1)) << 2);
    store<u32>(bin, load<u32>(bin) + own);
  }
}

@inline
function unitsAt(bins: usize, level: i32): u32 {
  return load<u32>(bins + (<usize>level << 2));
}

/** Matches units from the best of both sides. Results: volume, gains, the lowest and highest equilibrium level. */
export function matchUnits(): void {
  let buyer = LEVELS - 1;
  while (buyer >= 0 && unitsAt(BIDS, buyer) == 0) buyer--;
  let seller = 0;
  while (seller < LEVELS && unitsAt(ASKS, seller) == 0) seller++;
  let bid = buyer >= 0 ? unitsAt(BIDS, buyer) : 0;
  let ask = seller < LEVELS ? unitsAt(ASKS, seller) : 0;
  let lastBuyer = LEVELS - 1;
  let lastSeller = 0;
  let volume: u64 = 0;
  let gains: u64 = 0;
  while (buyer >= seller) {
    const units = bid < ask ? bid : ask;
    volume += <u64>units;
    gains += <u64>units * <u64>(buyer - seller);
    bid -= units;
    ask -= units;
    lastBuyer = buyer;
    lastSeller = seller;
    while (buyer >= 0 && bid == 0) if (--buyer >= 0) bid = unitsAt(BIDS, buyer);
    while (seller < LEVELS && ask == 0) if (++seller < LEVELS) ask = unitsAt(ASKS, seller);
  }
  store<f64>(RESULTS, <f64>volume);
  store<f64>(RESULTS, <f64>gains, 8);
  store<f64>(RESULTS, <f64>(lastSeller > buyer ? lastSeller : buyer), 16);
  store<f64>(RESULTS, <f64>(lastBuyer < seller ? lastBuyer : seller), 24);
}
