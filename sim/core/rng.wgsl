// Twin of rng.ts: pcg4d, keyed by (seed, tick, agent, stream). Streams are the constants STREAM_*.

const WORLD_DRAW = 0xffffffffu;

/** The four words of a key. */
fn pcg4d(seed: u32, tick: u32, agent: u32, stream: u32) -> vec4<u32> {
  var v = vec4<u32>(seed, tick, agent, stream) * 1664525u + 1013904223u;
  v.x += v.y * v.w;
  v.y += v.z * v.x;
  v.z += v.x * v.y;
  v.w += v.y * v.z;
  v ^= v >> vec4<u32>(16u);
  v.x += v.y * v.w;
  v.y += v.z * v.x;
  v.z += v.x * v.y;
  v.w += v.y * v.z;
  return v;
}

/** The first word of a key. */
fn draw(seed: u32, tick: u32, agent: u32, stream: u32) -> u32 {
  return pcg4d(seed, tick, agent, stream).x;
}

/** A word as a number in [0, 1) with 24 bits. */
fn unitInterval(word: u32) -> f32 {
  return f32(word >> 8u) / 16777216.0;
}

/** An index in 0..count-1 by the high word of word x count. */
fn indexBelow(word: u32, count: u32) -> u32 {
  return productOf(word, count).y;
}

/** The words of (seed, tick, agent, stream + 256 k), k = 0, 1, ... */
struct DrawSequence {
  key: vec4<u32>,
  words: vec4<u32>,
  used: u32,
}

fn drawsAt(seed: u32, tick: u32, agent: u32, stream: u32) -> DrawSequence {
  return DrawSequence(vec4<u32>(seed, tick, agent, stream), vec4<u32>(), 4u);
}

fn drawWord(draws: ptr<function, DrawSequence>) -> u32 {
  if ((*draws).used == 4u) {
    let key = (*draws).key;
    (*draws).words = pcg4d(key.x, key.y, key.z, key.w);
    (*draws).key.w = key.w + 256u;
    (*draws).used = 0u;
  }
  let word = (*draws).words[(*draws).used];
  (*draws).used += 1u;
  return word;
}

fn drawUnit(draws: ptr<function, DrawSequence>) -> f32 {
  return unitInterval(drawWord(draws));
}

fn drawBelow(draws: ptr<function, DrawSequence>, count: u32) -> u32 {
  return indexBelow(drawWord(draws), count);
}

/** The sum of 12 uniforms less 6, exact: a multiple of 2^-24 that an integer sums and one division scales. */
fn drawNormal(draws: ptr<function, DrawSequence>) -> f32 {
  var sum = -6 * 16777216;
  for (var k = 0u; k < 12u; k++) {
    sum += i32(drawWord(draws) >> 8u);
  }
  return f32(sum) / 16777216.0;
}
