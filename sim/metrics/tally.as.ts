// AssemblyScript: adds one tick of one world to the sums of its populations. Tally.addEach (tally.ts) is the
// specification; sums take the same terms in the same order, so that both give the same bits.

const FREE_SLOT: u32 = 0xffffffff;
const MODES: u32 = 4;
const WORDS: usize = 9;
const BYTES: usize = WORDS << 3;

// Bytes of the sums of a population, all f64; tally.ts names them in this order.
const AGENT_TICKS: usize = 0;
const MATURE_TICKS: usize = 8;
const PROFIT: usize = 16;
const MATURE_PROFIT: usize = 24;
const REWARD: usize = 32;
const OF_MODE: usize = 40;

/** Sums of one population, for the check that compares layouts. */
export function sumsPerPopulation(): usize {
  return WORDS;
}

/**
 * @param sums [populations x sumsPerPopulation], added to
 * @param maturity ticks from which an agent is mature
 */
export function addTick(
  sums: usize,
  populations: u32,
  slots: usize,
  tick: u32,
  maturity: u32,
  population: usize,
  bornAt: usize,
  mode: usize,
  profit: usize,
  reward: usize,
): void {
  const end = slots << 2;
  if (populations == 1) {
    addOnly(sums, end, tick, maturity, population, bornAt, mode, profit, reward);
    return;
  }
  for (let at: usize = 0; at < end; at += 4) {
    const p = load<u32>(population + at);
    if (p == FREE_SLOT || p >= populations) continue;
    const own = sums + <usize>p * BYTES;
    const gain = <f64>load<f32>(profit + at);
    store<f64>(own, load<f64>(own, AGENT_TICKS) + 1, AGENT_TICKS);
    store<f64>(own, load<f64>(own, PROFIT) + gain, PROFIT);
    store<f64>(own, load<f64>(own, REWARD) + <f64>load<f32>(reward + at), REWARD);
    const m = load<u32>(mode + at);
    if (m < MODES) {
      const count = own + (<usize>m << 3);
      store<f64>(count, load<f64>(count, OF_MODE) + 1, OF_MODE);
    }
    if (tick - load<u32>(bornAt + at) >= maturity) {
      store<f64>(own, load<f64>(own, MATURE_TICKS) + 1, MATURE_TICKS);
      store<f64>(own, load<f64>(own, MATURE_PROFIT) + gain, MATURE_PROFIT);
    }
  }
}

/** The same for a world of one population: its sums stay in registers. Counts are exact in any order. */
function addOnly(
  sums: usize,
  end: usize,
  tick: u32,
  maturity: u32,
  population: usize,
  bornAt: usize,
  mode: usize,
  profit: usize,
  reward: usize,
): void {
  let ticks: u32 = 0;
  let matureTicks: u32 = 0;
  let modes = i32x4.splat(0);
  let gains = load<f64>(sums, PROFIT);
  let matureGains = load<f64>(sums, MATURE_PROFIT);
  let rewards = load<f64>(sums, REWARD);
  for (let at: usize = 0; at < end; at += 4) {
    if (load<u32>(population + at) != 0) continue;
    const gain = <f64>load<f32>(profit + at);
    ticks++;
    gains += gain;
    rewards += <f64>load<f32>(reward + at);
    modes = i32x4.sub(modes, i32x4.eq(v128.load32_splat(mode + at), i32x4(0, 1, 2, 3)));
    if (tick - load<u32>(bornAt + at) >= maturity) {
      matureTicks++;
      matureGains += gain;
    }
  }
  store<f64>(sums, load<f64>(sums, AGENT_TICKS) + <f64>ticks, AGENT_TICKS);
  store<f64>(sums, load<f64>(sums, MATURE_TICKS) + <f64>matureTicks, MATURE_TICKS);
  store<f64>(sums, gains, PROFIT);
  store<f64>(sums, matureGains, MATURE_PROFIT);
  store<f64>(sums, rewards, REWARD);
  const low = f64x2.convert_low_i32x4_u(modes);
  const high = f64x2.convert_low_i32x4_u(v128.shuffle<i32>(modes, modes, 2, 3, 2, 3));
  v128.store(sums, f64x2.add(v128.load(sums, OF_MODE), low), OF_MODE);
  v128.store(sums, f64x2.add(v128.load(sums, OF_MODE + 16), high), OF_MODE + 16);
}
