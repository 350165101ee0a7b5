// AssemblyScript, f32x4 SIMD without relaxed instructions: one fused learn + act step of the streaming
// actor-critic for blocks of four agents, one agent a lane. The equations are those of specification.ts,
// in its order; comments here say only what the specification cannot.
//
// A block's 2 x 1,617 vectors (52 kB) exceed a first-level cache, so each net is finished before the
// other is touched: critic (17 kB), then actor (34 kB), two passes each:
//   1. traces: decay, add the gradient, sum |z|;
//   2. weights: add the step and form the forward pass at the new observation from the updated weights.
//
// Nor does a world fit a second-level cache, and WebAssembly has no prefetch. So every pass over a first layer loads
// and drops a word of each line of weights and traces that is due soon, a few an iteration, so that arithmetic
// hides the wait: the critic's passes fetch the actor, the actor's the next block's critic. Passes take four rows
// at once, so that each input is loaded once for four weights and no sum waits for another.
//
// Lanes that do not learn keep every bit of their weights and traces by arithmetic rather than by masks:
// their decay is 1, their gradient factor is -0 and its partner +0 (z * 1 + -0 = z, even for z = -0), and
// their step is 0 (w + 0 * z = w since no weight is ever -0). All else is stored through a mask.
//
// f32x4.pmin / pmax are one instruction where min / max are six; with the bound as the first operand a
// NaN becomes the bound.

const V: usize = 16; // bytes of one vector: LANES x f32
const LINE: usize = 64; // bytes of a cache line
const D: usize = 32;
const H: usize = 16; // a multiple of 8; `darwin bench brain --hidden` puts other sizes here
const A: usize = 32;
const HEADS: usize = 8;
const ROW: usize = D * V; // bytes of one neuron's row in the first layer

// Parameter offsets, in bytes from the start of a block.
const ACTOR_W1: usize = 0;
const ACTOR_B1: usize = H * D * V;
const ACTOR_W2: usize = (H * D + H) * V;
const ACTOR_B2: usize = (H * D + H + A * H) * V;
const CRITIC_W1: usize = (H * D + H + A * H + A) * V;
const CRITIC_B1: usize = CRITIC_W1 + H * D * V;
const CRITIC_W2: usize = CRITIC_B1 + H * V;
const CRITIC_B2: usize = CRITIC_W2 + H * V;
const PARAMETERS: usize = CRITIC_B2 + V;

// Bytes of weights that one pass over a first layer fetches: hiddenForward, and the other passes.
const FORWARD_FETCHED: usize = ((H * D) / 16) * LINE;
const FETCHED: usize = ((H * D) / 8) * LINE;

// Words of the descriptor; brain.ts writes them in this order.
const OBSERVATION: usize = 0;
const REWARD: usize = 1;
const DONE: usize = 2;
const ACTIVE: usize = 3;
const GAMMA: usize = 4;
const LAMBDA: usize = 5;
const TAU: usize = 6;
const KAPPA_ACTOR: usize = 7;
const KAPPA_CRITIC: usize = 8;
const ALPHA: usize = 9;
const ACTION: usize = 10;
const PROBABILITY: usize = 11;
const VALUE: usize = 12;
const TD_ERROR: usize = 13;
const WEIGHTS: usize = 14;
const TRACES: usize = 15;
const INPUT_MEAN: usize = 16;
const INPUT_VARIANCE: usize = 17;
const INPUT_COUNT: usize = 18;
const INPUT: usize = 19;
const ACTOR_HIDDEN: usize = 20;
const ACTOR_SCALE: usize = 21;
const CRITIC_HIDDEN: usize = 22;
const CRITIC_SCALE: usize = 23;
const ENTROPY_GRADIENT: usize = 24;
const REWARD_MEAN: usize = 25;
const REWARD_VARIANCE: usize = 26;
const REWARD_COUNT: usize = 27;
const TRACE_ENVELOPE: usize = 28;
const FRESH: usize = 29;
const SEED: usize = 30;
const LOGIT_MASK: usize = 31;
const CENTRE_REWARD: usize = 32;
const DEVIATION_FLOOR: usize = 33; // f32
const HEAD_USE: usize = 34; // 4 words, one a mode
const ROW_COUNT: usize = 38; // logits of heads with a choice, and their indices
const ROWS: usize = 39; // 32 words
const FIRST_BLOCK: usize = 71; // block of the world that stands first in this memory

// Scratch of one thread, in bytes from the start of its area.
const S_INPUT: usize = 0; // new normalised input
const S_PAST: usize = S_INPUT + D * V; // previous input, +0 in lanes that do not learn
const S_HIDDEN: usize = S_PAST + D * V; // layer-normalised pre-activations
const S_ACTIVE: usize = S_HIDDEN + H * V; // activations
const S_BACK: usize = S_ACTIVE + H * V; // gradient with respect to the hidden layer
const S_LOGIT: usize = S_BACK + H * V; // logits, or gradient with respect to them
const S_DECAY: usize = S_LOGIT + A * V; // decay of the traces of each logit's row
const S_WEIGHT: usize = S_DECAY; // e^logit, later in a step
const S_WORDS: usize = S_DECAY + A * V; // random words of the eight heads
const S_BYTES: usize = S_WORDS + HEADS * V;

const HEAD_SIZE = memory.data<u8>([4, 4, 5, 5, 2, 6, 4, 2]);

// Twins of specification.ts.
const INPUT_HORIZON: f32 = 1048576;
const INPUT_EPSILON: f32 = 1e-8;
const INPUT_CLIP: f32 = 5;
const RAW_LIMIT: f32 = 1e9;
const REWARD_HORIZON: f32 = 1000;
const REWARD_CLIP: f32 = 5;
const LAYER_NORM_EPSILON: f32 = 1e-5;
const LEAK: f32 = 0.01;
const ENVELOPE_FLOOR: f32 = 1e-20;

/** Bytes of scratch that one thread needs. */
export function scratchBytes(): usize {
  return S_BYTES;
}
/** Parameters of one agent, for the test that compares layouts. */
export function parameterCount(): usize {
  return PARAMETERS / V;
}

@inline
function splat(x: f32): v128 {
  return f32x4.splat(x);
}
@inline
function ld(p: usize): v128 {
  return v128.load(p);
}
// Multiply, then add, rounded twice: a fused instruction exists only in relaxed SIMD.
@inline
function madd(a: v128, b: v128, c: v128): v128 {
  return f32x4.add(f32x4.mul(a, b), c);
}
@inline
function column(d: usize, name: usize): usize {
  return <usize>load<u32>(d + (name << 2));
}
// Brings a line of weights, and that of their traces `apart` bytes further, into the cache.
@inline
function fetch(weights: usize, apart: usize): void {
  load<u32>(weights);
  load<u32>(weights + apart);
}
// Stores to the lanes of `mask` only.
@inline
function put(p: usize, x: v128, mask: v128): void {
  v128.store(p, v128.bitselect(x, ld(p), mask));
}
@inline
function clip(x: v128, limit: f32): v128 {
  return f32x4.pmin(splat(limit), f32x4.pmax(splat(-limit), x));
}
@inline
function leaky(x: v128): v128 {
  return f32x4.pmax(x, f32x4.mul(x, splat(LEAK)));
}

// Constants of exp, four times each: as literals the compiler would build each anew at every use.
const EXP = memory.data<f32>([
  -60, -60, -60, -60,
  1.44269504088896341, 1.44269504088896341, 1.44269504088896341, 1.44269504088896341,
  0.693359375, 0.693359375, 0.693359375, 0.693359375,
  -2.12194440e-4, -2.12194440e-4, -2.12194440e-4, -2.12194440e-4,
  1.9875691500e-4, 1.9875691500e-4, 1.9875691500e-4, 1.9875691500e-4,
  1.3981999507e-3, 1.3981999507e-3, 1.3981999507e-3, 1.3981999507e-3,
  8.3334519073e-3, 8.3334519073e-3, 8.3334519073e-3, 8.3334519073e-3,
  4.1665795894e-2, 4.1665795894e-2, 4.1665795894e-2, 4.1665795894e-2,
  1.6666665459e-1, 1.6666665459e-1, 1.6666665459e-1, 1.6666665459e-1,
  5.0000001201e-1, 5.0000001201e-1, 5.0000001201e-1, 5.0000001201e-1,
  1, 1, 1, 1,
  12582912, 12582912, 12582912, 12582912,
], 16);

/**
 * e^x of `vectors` (a multiple of 4) vectors of x <= 88 from `input` to `output`, relative error below 2e-7. Below -60 x
 * counts as -60, so that no probability is so small that its gradients become subnormal, a hundred times slower.
 * Cody-Waite reduction and the polynomial of Cephes expf (S. Moshier, netlib.org/cephes); four vectors share each
 * constant.
 */
export function exponentials(input: usize, output: usize, vectors: usize): void {
  for (let end = input + vectors * V; input < end; input += 4 * V, output += 4 * V) {
    let c = ld(EXP);
    const x0 = f32x4.pmax(c, v128.load(input));
    const x1 = f32x4.pmax(c, v128.load(input, V));
    const x2 = f32x4.pmax(c, v128.load(input, 2 * V));
    const x3 = f32x4.pmax(c, v128.load(input, 3 * V));
    c = ld(EXP + V);
    const k0 = f32x4.nearest(f32x4.mul(x0, c));
    const k1 = f32x4.nearest(f32x4.mul(x1, c));
    const k2 = f32x4.nearest(f32x4.mul(x2, c));
    const k3 = f32x4.nearest(f32x4.mul(x3, c));
    c = ld(EXP + 2 * V);
    let r0 = f32x4.sub(x0, f32x4.mul(k0, c));
    let r1 = f32x4.sub(x1, f32x4.mul(k1, c));
    let r2 = f32x4.sub(x2, f32x4.mul(k2, c));
    let r3 = f32x4.sub(x3, f32x4.mul(k3, c));
    c = ld(EXP + 3 * V);
    r0 = f32x4.sub(r0, f32x4.mul(k0, c));
    r1 = f32x4.sub(r1, f32x4.mul(k1, c));
    r2 = f32x4.sub(r2, f32x4.mul(k2, c));
    r3 = f32x4.sub(r3, f32x4.mul(k3, c));
    c = ld(EXP + 4 * V);
    let q = ld(EXP + 5 * V);
    let p0 = madd(c, r0, q);
    let p1 = madd(c, r1, q);
    let p2 = madd(c, r2, q);
    let p3 = madd(c, r3, q);
    q = ld(EXP + 6 * V);
    p0 = madd(p0, r0, q);
    p1 = madd(p1, r1, q);
    p2 = madd(p2, r2, q);
    p3 = madd(p3, r3, q);
    q = ld(EXP + 7 * V);
    p0 = madd(p0, r0, q);
    p1 = madd(p1, r1, q);
    p2 = madd(p2, r2, q);
    p3 = madd(p3, r3, q);
    q = ld(EXP + 8 * V);
    p0 = madd(p0, r0, q);
    p1 = madd(p1, r1, q);
    p2 = madd(p2, r2, q);
    p3 = madd(p3, r3, q);
    q = ld(EXP + 9 * V);
    p0 = madd(p0, r0, q);
    p1 = madd(p1, r1, q);
    p2 = madd(p2, r2, q);
    p3 = madd(p3, r3, q);
    q = ld(EXP + 10 * V);
    p0 = f32x4.add(madd(p0, f32x4.mul(r0, r0), r0), q);
    p1 = f32x4.add(madd(p1, f32x4.mul(r1, r1), r1), q);
    p2 = f32x4.add(madd(p2, f32x4.mul(r2, r2), r2), q);
    p3 = f32x4.add(madd(p3, f32x4.mul(r3, r3), r3), q);
    // |k| < 128 is an integer: 1.5 x 2^23 + k has it in its low bits, and adding those to the exponent of p scales p.
    q = ld(EXP + 11 * V);
    v128.store(output, i32x4.add(p0, i32x4.shl(f32x4.add(k0, q), 23)));
    v128.store(output, i32x4.add(p1, i32x4.shl(f32x4.add(k1, q), 23)), V);
    v128.store(output, i32x4.add(p2, i32x4.shl(f32x4.add(k2, q), 23)), 2 * V);
    v128.store(output, i32x4.add(p3, i32x4.shl(f32x4.add(k3, q), 23)), 3 * V);
  }
}

// pcg4d of sim/core/rng.ts for four agents; writes four word vectors.
function drawWords(out: usize, seed: u32, tick: u32, agent: v128, stream: u32): void {
  const m: u32 = 1664525;
  const c: u32 = 1013904223;
  let x = i32x4.splat(seed * m + c);
  let y = i32x4.splat(tick * m + c);
  let z = i32x4.add(i32x4.mul(agent, i32x4.splat(m)), i32x4.splat(c));
  let w = i32x4.splat(stream * m + c);
  x = i32x4.add(x, i32x4.mul(y, w));
  y = i32x4.add(y, i32x4.mul(z, x));
  z = i32x4.add(z, i32x4.mul(x, y));
  w = i32x4.add(w, i32x4.mul(y, z));
  x = v128.xor(x, i32x4.shr_u(x, 16));
  y = v128.xor(y, i32x4.shr_u(y, 16));
  z = v128.xor(z, i32x4.shr_u(z, 16));
  w = v128.xor(w, i32x4.shr_u(w, 16));
  x = i32x4.add(x, i32x4.mul(y, w));
  y = i32x4.add(y, i32x4.mul(z, x));
  z = i32x4.add(z, i32x4.mul(x, y));
  w = i32x4.add(w, i32x4.mul(y, z));
  v128.store(out, x);
  v128.store(out, y, V);
  v128.store(out, z, 2 * V);
  v128.store(out, w, 3 * V);
}

// Updates the running moments with the raw observation and writes the normalised one to `x`.
function normaliseInput(x: usize, raw: usize, mean: usize, variance: usize, count: usize, active: v128): void {
  const n = f32x4.pmin(splat(INPUT_HORIZON), f32x4.add(ld(count), splat(1)));
  put(count, n, active);
  const meanRate = f32x4.div(splat(1), n);
  const spread = f32x4.sub(n, splat(1));
  const varianceRate = v128.and(f32x4.div(splat(1), spread), f32x4.gt(spread, splat(0)));
  for (let end = x + D * V; x < end; x += V, raw += V, mean += V, variance += V) {
    const o = clip(ld(raw), RAW_LIMIT);
    const m0 = ld(mean);
    const before = f32x4.sub(o, m0);
    const m = madd(before, meanRate, m0);
    const after = f32x4.sub(o, m);
    const v0 = ld(variance);
    const v = madd(f32x4.sub(f32x4.mul(before, after), v0), varianceRate, v0);
    v128.store(mean, v128.bitselect(m, m0, active));
    v128.store(variance, v128.bitselect(v, v0, active));
    v128.store(x, clip(f32x4.div(after, f32x4.sqrt(f32x4.add(v, splat(INPUT_EPSILON)))), INPUT_CLIP));
  }
}

// Pre-activations at `n` become layer-normalised ones, their activations go to `h`; returns 1 / deviation.
function finishHidden(n: usize, h: usize): v128 {
  let sum = splat(0);
  for (let j = n; j < n + H * V; j += 2 * V) sum = f32x4.add(sum, f32x4.add(ld(j), v128.load(j, V)));
  const mean = f32x4.mul(sum, splat(1 / <f32>H));
  let squares = splat(0);
  for (let j = n; j < n + H * V; j += V) {
    const d = f32x4.sub(ld(j), mean);
    v128.store(j, d);
    squares = madd(d, d, squares);
  }
  const scale = f32x4.div(splat(1), f32x4.sqrt(madd(squares, splat(1 / <f32>H), splat(LAYER_NORM_EPSILON))));
  for (let end = n + H * V; n < end; n += V, h += V) {
    const y = f32x4.mul(ld(n), scale);
    v128.store(n, y);
    v128.store(h, leaky(y));
  }
  return scale;
}

// First layer: pre-activations of x to n.
function hiddenForward(w1: usize, b1: usize, x: usize, n: usize, soon: usize, apart: usize): void {
  for (let j: usize = 0; j < H * V; j += 4 * V) {
    let w = w1 + j * D;
    let q = x;
    let s0 = ld(b1 + j);
    let s1 = v128.load(b1 + j, V);
    let s2 = v128.load(b1 + j, 2 * V);
    let s3 = v128.load(b1 + j, 3 * V);
    for (let end = w + D * V; w < end; w += 4 * V, q += 4 * V, soon += LINE) {
      fetch(soon, apart);
      const x0 = v128.load(q);
      s0 = madd(x0, v128.load(w), s0);
      s1 = madd(x0, v128.load(w, ROW), s1);
      s2 = madd(x0, v128.load(w, 2 * ROW), s2);
      s3 = madd(x0, v128.load(w, 3 * ROW), s3);
      const x1 = v128.load(q, V);
      s0 = madd(x1, v128.load(w, V), s0);
      s1 = madd(x1, v128.load(w, ROW + V), s1);
      s2 = madd(x1, v128.load(w, 2 * ROW + V), s2);
      s3 = madd(x1, v128.load(w, 3 * ROW + V), s3);
      const x2 = v128.load(q, 2 * V);
      s0 = madd(x2, v128.load(w, 2 * V), s0);
      s1 = madd(x2, v128.load(w, ROW + 2 * V), s1);
      s2 = madd(x2, v128.load(w, 2 * ROW + 2 * V), s2);
      s3 = madd(x2, v128.load(w, 3 * ROW + 2 * V), s3);
      const x3 = v128.load(q, 3 * V);
      s0 = madd(x3, v128.load(w, 3 * V), s0);
      s1 = madd(x3, v128.load(w, ROW + 3 * V), s1);
      s2 = madd(x3, v128.load(w, 2 * ROW + 3 * V), s2);
      s3 = madd(x3, v128.load(w, 3 * ROW + 3 * V), s3);
    }
    v128.store(n + j, s0);
    v128.store(n + j, s1, V);
    v128.store(n + j, s2, 2 * V);
    v128.store(n + j, s3, 3 * V);
  }
}

// One weight: add the step, store, return it.
@inline
function moved(w: usize, z: usize, step: v128): v128 {
  const v = madd(step, ld(z), ld(w));
  v128.store(w, v);
  return v;
}

// First layer's weights move, and give the pre-activations of x at once.
function hiddenUpdateForward(
  w1: usize, z1: usize, wb: usize, zb: usize, step: v128, x: usize, n: usize, soon: usize, apart: usize,
): void {
  for (let j: usize = 0; j < H * V; j += 4 * V) {
    let w = w1 + j * D;
    let z = z1 + j * D;
    let q = x;
    let s0 = moved(wb + j, zb + j, step);
    let s1 = moved(wb + j + V, zb + j + V, step);
    let s2 = moved(wb + j + 2 * V, zb + j + 2 * V, step);
    let s3 = moved(wb + j + 3 * V, zb + j + 3 * V, step);
    for (let end = w + D * V; w < end; w += 2 * V, z += 2 * V, q += 2 * V, soon += LINE) {
      fetch(soon, apart);
      const x0 = v128.load(q);
      const v00 = madd(step, v128.load(z), v128.load(w));
      v128.store(w, v00);
      s0 = madd(x0, v00, s0);
      const v01 = madd(step, v128.load(z, ROW), v128.load(w, ROW));
      v128.store(w, v01, ROW);
      s1 = madd(x0, v01, s1);
      const v02 = madd(step, v128.load(z, 2 * ROW), v128.load(w, 2 * ROW));
      v128.store(w, v02, 2 * ROW);
      s2 = madd(x0, v02, s2);
      const v03 = madd(step, v128.load(z, 3 * ROW), v128.load(w, 3 * ROW));
      v128.store(w, v03, 3 * ROW);
      s3 = madd(x0, v03, s3);
      const x1 = v128.load(q, V);
      const v10 = madd(step, v128.load(z, V), v128.load(w, V));
      v128.store(w, v10, V);
      s0 = madd(x1, v10, s0);
      const v11 = madd(step, v128.load(z, ROW + V), v128.load(w, ROW + V));
      v128.store(w, v11, ROW + V);
      s1 = madd(x1, v11, s1);
      const v12 = madd(step, v128.load(z, 2 * ROW + V), v128.load(w, 2 * ROW + V));
      v128.store(w, v12, 2 * ROW + V);
      s2 = madd(x1, v12, s2);
      const v13 = madd(step, v128.load(z, 3 * ROW + V), v128.load(w, 3 * ROW + V));
      v128.store(w, v13, 3 * ROW + V);
      s3 = madd(x1, v13, s3);
    }
    v128.store(n + j, s0);
    v128.store(n + j, s1, V);
    v128.store(n + j, s2, 2 * V);
    v128.store(n + j, s3, 3 * V);
  }
}

// Gradient with respect to activations (at g) becomes that with respect to pre-activations, -0 off `learn`.
function hiddenBackward(g: usize, n: usize, scale: v128, learn: v128): void {
  let sum = splat(0);
  let dot = splat(0);
  for (let j: usize = 0; j < H * V; j += V) {
    const y = ld(n + j);
    const a = ld(g + j);
    const d = v128.bitselect(a, f32x4.mul(a, splat(LEAK)), f32x4.gt(y, splat(0)));
    v128.store(g + j, d);
    sum = f32x4.add(sum, d);
    dot = madd(d, y, dot);
  }
  const mean = f32x4.mul(sum, splat(1 / <f32>H));
  const slope = f32x4.mul(dot, splat(1 / <f32>H));
  for (let j: usize = 0; j < H * V; j += V) {
    const d = f32x4.mul(scale, f32x4.sub(f32x4.sub(ld(g + j), mean), f32x4.mul(ld(n + j), slope)));
    v128.store(g + j, v128.bitselect(d, splat(-0.0), learn));
  }
}

// One trace: decay, add the gradient, store, return its magnitude.
@inline
function traced(z: usize, decay: v128, gradient: v128): v128 {
  const v = madd(decay, ld(z), gradient);
  v128.store(z, v);
  return f32x4.abs(v);
}

// First layer's traces; returns the sum of their magnitudes.
function hiddenTraces(z1: usize, zb: usize, g: usize, x: usize, decay: v128, soon: usize, apart: usize): v128 {
  const magnitude = i32x4.splat(0x7fffffff);
  let a0 = splat(0);
  let a1 = splat(0);
  for (let j: usize = 0; j < H * V; j += 4 * V) {
    let z = z1 + j * D;
    let q = x;
    const g0 = v128.load(g + j);
    const g1 = v128.load(g + j, V);
    const g2 = v128.load(g + j, 2 * V);
    const g3 = v128.load(g + j, 3 * V);
    a0 = f32x4.add(a0, traced(zb + j, decay, g0));
    a1 = f32x4.add(a1, traced(zb + j + V, decay, g1));
    a0 = f32x4.add(a0, traced(zb + j + 2 * V, decay, g2));
    a1 = f32x4.add(a1, traced(zb + j + 3 * V, decay, g3));
    for (let end = z + D * V; z < end; z += 2 * V, q += 2 * V, soon += LINE) {
      fetch(soon, apart);
      const x0 = v128.load(q);
      const t00 = madd(decay, v128.load(z), f32x4.mul(g0, x0));
      v128.store(z, t00);
      a0 = f32x4.add(a0, v128.and(t00, magnitude));
      const t01 = madd(decay, v128.load(z, ROW), f32x4.mul(g1, x0));
      v128.store(z, t01, ROW);
      a0 = f32x4.add(a0, v128.and(t01, magnitude));
      const t02 = madd(decay, v128.load(z, 2 * ROW), f32x4.mul(g2, x0));
      v128.store(z, t02, 2 * ROW);
      a0 = f32x4.add(a0, v128.and(t02, magnitude));
      const t03 = madd(decay, v128.load(z, 3 * ROW), f32x4.mul(g3, x0));
      v128.store(z, t03, 3 * ROW);
      a0 = f32x4.add(a0, v128.and(t03, magnitude));
      const x1 = v128.load(q, V);
      const t10 = madd(decay, v128.load(z, V), f32x4.mul(g0, x1));
      v128.store(z, t10, V);
      a1 = f32x4.add(a1, v128.and(t10, magnitude));
      const t11 = madd(decay, v128.load(z, ROW + V), f32x4.mul(g1, x1));
      v128.store(z, t11, ROW + V);
      a1 = f32x4.add(a1, v128.and(t11, magnitude));
      const t12 = madd(decay, v128.load(z, 2 * ROW + V), f32x4.mul(g2, x1));
      v128.store(z, t12, 2 * ROW + V);
      a1 = f32x4.add(a1, v128.and(t12, magnitude));
      const t13 = madd(decay, v128.load(z, 3 * ROW + V), f32x4.mul(g3, x1));
      v128.store(z, t13, 3 * ROW + V);
      a1 = f32x4.add(a1, v128.and(t13, magnitude));
    }
  }
  return f32x4.add(a0, a1);
}

// Past activations to `h`, +0 in lanes that do not learn.
@inline
function pastActivations(h: usize, n: usize, learn: v128): void {
  for (let j: usize = 0; j < H * V; j += V) v128.store(h + j, v128.and(leaky(ld(n + j)), learn));
}

// V at the activations h.
@inline
function criticOutput(w: usize, h: usize): v128 {
  let s = ld(w + CRITIC_B2);
  for (let j: usize = 0; j < H * V; j += V) s = madd(ld(h + j), ld(w + CRITIC_W2 + j), s);
  return s;
}

// Traces of the critic; returns the sum of their magnitudes.
function criticTraces(
  w: usize, z: usize, n: usize, scale: v128, decay: v128, learn: v128, s: usize, soon: usize,
): v128 {
  const magnitude = i32x4.splat(0x7fffffff);
  const one = v128.bitselect(splat(1), splat(-0.0), learn);
  pastActivations(s + S_ACTIVE, n, learn);
  let sum = traced(z + CRITIC_B2, decay, one);
  for (let j: usize = 0; j < H * V; j += V) {
    sum = f32x4.add(sum, traced(z + CRITIC_W2 + j, decay, f32x4.mul(one, ld(s + S_ACTIVE + j))));
    v128.store(s + S_BACK + j, ld(w + CRITIC_W2 + j));
  }
  hiddenBackward(s + S_BACK, n, scale, learn);
  const hidden = hiddenTraces(z + CRITIC_W1, z + CRITIC_B1, s + S_BACK, s + S_PAST, decay, soon, z - w);
  return f32x4.add(sum, hidden);
}

// Critic's output weights move and give V.
@inline
function criticUpdateOutput(w: usize, z: usize, step: v128, h: usize): v128 {
  let v = moved(w + CRITIC_B2, z + CRITIC_B2, step);
  for (let j: usize = 0; j < H * V; j += V)
    v = madd(ld(h + j), moved(w + CRITIC_W2 + j, z + CRITIC_W2 + j, step), v);
  return v;
}

// Gradient of log pi + bonus * H with respect to the logits, over the heads that the mode used, and the decay of
// each logit's traces. A head that is not used for long would leave traces that decay into subnormal numbers; once
// the envelope of its traces is below ENVELOPE_FLOOR they count as 0.
function logitGradients(
  d: usize, s: usize, action: usize, p: usize, e: usize, envelope: usize, bonus: v128, decay: v128, learn: v128,
): void {
  const mode = ld(action);
  let use = i32x4.splat(0);
  for (let m: usize = 0; m < 4; m++) {
    const bits = i32x4.splat(load<u32>(d + ((HEAD_USE + m) << 2)));
    use = v128.or(use, v128.and(bits, i32x4.eq(mode, i32x4.splat(<i32>m))));
  }
  let at: usize = 0;
  for (let head: usize = 0; head < HEADS; head++) {
    const end = at + <usize>load<u8>(HEAD_SIZE + head) * V;
    const bit = i32x4.splat(1 << <i32>head);
    const used = i32x4.eq(v128.and(use, bit), bit);
    const faded = f32x4.mul(decay, ld(envelope + head * V));
    const left = v128.bitselect(splat(1), v128.and(faded, f32x4.gt(faded, splat(ENVELOPE_FLOOR))), used);
    put(envelope + head * V, left, learn);
    const rowDecay = v128.bitselect(v128.and(decay, f32x4.gt(left, splat(0))), decay, learn);
    const chosen = ld(action + head * V);
    let option = i32x4.splat(0);
    for (; at < end; at += V) {
      const one = v128.and(i32x4.eq(chosen, option), splat(1));
      option = i32x4.add(option, i32x4.splat(1));
      const all = v128.and(madd(bonus, ld(e + at), f32x4.sub(one, ld(p + at))), used);
      v128.store(s + S_LOGIT + at, v128.bitselect(all, splat(-0.0), learn));
      v128.store(s + S_DECAY + at, rowDecay);
    }
  }
}

// Traces of the actor; `g` is the gradient with respect to the logits. Rows of logits without a choice have
// neither gradient nor trace and are left out. Returns the sum of magnitudes.
function actorTraces(
  w: usize, z: usize, n: usize, scale: v128, decay: v128, learn: v128, s: usize, d: usize, soon: usize,
): v128 {
  const magnitude = i32x4.splat(0x7fffffff);
  const g = s + S_LOGIT;
  const rowsEnd = d + ((ROWS + <usize>load<u32>(d + (ROW_COUNT << 2))) << 2);
  pastActivations(s + S_ACTIVE, n, learn);
  let a0 = splat(0);
  let a1 = splat(0);
  for (let row = d + (ROWS << 2); row < rowsEnd; row += 4) {
    const j = <usize>load<u32>(row) * V;
    a0 = f32x4.add(a0, traced(z + ACTOR_B2 + j, ld(s + S_DECAY + j), ld(g + j)));
  }
  // Row by row, in the order of memory: its traces, and its part of the back-propagation.
  for (let k: usize = 0; k < H * V; k += V) v128.store(s + S_BACK + k, splat(0));
  for (let row = d + (ROWS << 2); row < rowsEnd; row += 4) {
    const j = <usize>load<u32>(row) * V;
    const gj = ld(g + j);
    const rowDecay = ld(s + S_DECAY + j);
    const wj = w + ACTOR_W2 + j * H;
    const zj = z + ACTOR_W2 + j * H;
    for (let k: usize = 0; k < H * V; k += 8 * V) {
      const back = s + S_BACK + k;
      const h = s + S_ACTIVE + k;
      v128.store(back, madd(gj, v128.load(wj + k), v128.load(back)));
      const t0 = madd(rowDecay, v128.load(zj + k), f32x4.mul(gj, v128.load(h)));
      v128.store(zj + k, t0);
      a0 = f32x4.add(a0, v128.and(t0, magnitude));
      v128.store(back, madd(gj, v128.load(wj + k, V), v128.load(back, V)), V);
      const t1 = madd(rowDecay, v128.load(zj + k, V), f32x4.mul(gj, v128.load(h, V)));
      v128.store(zj + k, t1, V);
      a1 = f32x4.add(a1, v128.and(t1, magnitude));
      v128.store(back, madd(gj, v128.load(wj + k, 2 * V), v128.load(back, 2 * V)), 2 * V);
      const t2 = madd(rowDecay, v128.load(zj + k, 2 * V), f32x4.mul(gj, v128.load(h, 2 * V)));
      v128.store(zj + k, t2, 2 * V);
      a0 = f32x4.add(a0, v128.and(t2, magnitude));
      v128.store(back, madd(gj, v128.load(wj + k, 3 * V), v128.load(back, 3 * V)), 3 * V);
      const t3 = madd(rowDecay, v128.load(zj + k, 3 * V), f32x4.mul(gj, v128.load(h, 3 * V)));
      v128.store(zj + k, t3, 3 * V);
      a1 = f32x4.add(a1, v128.and(t3, magnitude));
      v128.store(back, madd(gj, v128.load(wj + k, 4 * V), v128.load(back, 4 * V)), 4 * V);
      const t4 = madd(rowDecay, v128.load(zj + k, 4 * V), f32x4.mul(gj, v128.load(h, 4 * V)));
      v128.store(zj + k, t4, 4 * V);
      a0 = f32x4.add(a0, v128.and(t4, magnitude));
      v128.store(back, madd(gj, v128.load(wj + k, 5 * V), v128.load(back, 5 * V)), 5 * V);
      const t5 = madd(rowDecay, v128.load(zj + k, 5 * V), f32x4.mul(gj, v128.load(h, 5 * V)));
      v128.store(zj + k, t5, 5 * V);
      a1 = f32x4.add(a1, v128.and(t5, magnitude));
      v128.store(back, madd(gj, v128.load(wj + k, 6 * V), v128.load(back, 6 * V)), 6 * V);
      const t6 = madd(rowDecay, v128.load(zj + k, 6 * V), f32x4.mul(gj, v128.load(h, 6 * V)));
      v128.store(zj + k, t6, 6 * V);
      a0 = f32x4.add(a0, v128.and(t6, magnitude));
      v128.store(back, madd(gj, v128.load(wj + k, 7 * V), v128.load(back, 7 * V)), 7 * V);
      const t7 = madd(rowDecay, v128.load(zj + k, 7 * V), f32x4.mul(gj, v128.load(h, 7 * V)));
      v128.store(zj + k, t7, 7 * V);
      a1 = f32x4.add(a1, v128.and(t7, magnitude));
    }
  }
  hiddenBackward(s + S_BACK, n, scale, learn);
  const hidden = hiddenTraces(z + ACTOR_W1, z + ACTOR_B1, s + S_BACK, s + S_PAST, decay, soon, z - w);
  return f32x4.add(f32x4.add(a0, a1), hidden);
}

// Actor's output weights move and give the logits, of rows with a choice only.
function actorUpdateLogits(w: usize, z: usize, step: v128, s: usize, d: usize): void {
  const h = s + S_ACTIVE;
  const rowsEnd = d + ((ROWS + <usize>load<u32>(d + (ROW_COUNT << 2))) << 2);
  for (let row = d + (ROWS << 2); row < rowsEnd; row += 4) {
    const j = <usize>load<u32>(row) * V;
    const wj = w + ACTOR_W2 + j * H;
    const zj = z + ACTOR_W2 + j * H;
    let s0 = moved(w + ACTOR_B2 + j, z + ACTOR_B2 + j, step);
    let s1 = splat(0);
    for (let k: usize = 0; k < H * V; k += 4 * V) {
      const v0 = madd(step, v128.load(zj + k), v128.load(wj + k));
      v128.store(wj + k, v0);
      s0 = madd(ld(h + k), v0, s0);
      const v1 = madd(step, v128.load(zj + k, V), v128.load(wj + k, V));
      v128.store(wj + k, v1, V);
      s1 = madd(v128.load(h + k, V), v1, s1);
      const v2 = madd(step, v128.load(zj + k, 2 * V), v128.load(wj + k, 2 * V));
      v128.store(wj + k, v2, 2 * V);
      s0 = madd(v128.load(h + k, 2 * V), v2, s0);
      const v3 = madd(step, v128.load(zj + k, 3 * V), v128.load(wj + k, 3 * V));
      v128.store(wj + k, v3, 3 * V);
      s1 = madd(v128.load(h + k, 3 * V), v3, s1);
    }
    v128.store(s + S_LOGIT + j, f32x4.add(s0, s1));
  }
}

// x by way of memory: V8 would compute it anew at every use inside a loop.
@inline
function kept(p: usize, x: v128): v128 {
  v128.store(p, x);
  return ld(p);
}

// Softmax of each head over its allowed options, one sample of each, and the gradient of the entropies.
function sampleHeads(mask: u32, s: usize, action: usize, p: usize, e: usize, active: v128): void {
  const logits = s + S_LOGIT;
  const weights = s + S_WEIGHT;
  // Rows that are not allowed hold what is left of their gradients: finite, and read by no one after this.
  let at: usize = 0;
  let options = mask;
  for (let head: usize = 0; head < HEADS; head++) {
    const to = at + <usize>load<u8>(HEAD_SIZE + head) * V;
    let top = splat(-3.4e38);
    for (let j = at; j < to; j += V, options >>= 1) if (options & 1) top = f32x4.pmax(top, ld(logits + j));
    for (; at < to; at += V) v128.store(logits + at, f32x4.sub(ld(logits + at), top));
  }
  exponentials(logits, weights, A);
  let o: usize = 0;
  for (let head: usize = 0; head < HEADS; head++) {
    const size = <usize>load<u8>(HEAD_SIZE + head);
    const allowed = (mask >> <u32>o) & ((1 << <u32>size) - 1);
    const from = o * V;
    const to = (o + size) * V;
    o += size;
    if (popcnt(allowed) < 2) {
      // No choice: the single option is certain, and a head without any is reported as option 0.
      for (let j = from; j < to; j += V) {
        const certain = (allowed >> <u32>((j - from) / V)) & 1;
        put(p + j, splat(<f32>certain), active);
        put(e + j, splat(0), active);
      }
      put(action + head * V, i32x4.splat(allowed ? ctz(allowed) : 0), active);
      continue;
    }
    let sum = splat(0);
    let mean = splat(0);
    for (let j = from, bits = allowed; j < to; j += V, bits >>= 1) {
      if (!(bits & 1)) continue;
      const weight = ld(weights + j);
      sum = f32x4.add(sum, weight);
      mean = madd(weight, ld(logits + j), mean);
    }
    const inverse = kept(s + S_BACK, f32x4.div(splat(1), sum));
    mean = kept(s + S_BACK + V, f32x4.mul(mean, inverse));
    const bits = i32x4.shr_u(ld(s + S_WORDS + head * V), 8);
    const u = kept(s + S_BACK + 2 * V, f32x4.mul(f32x4.convert_i32x4_s(bits), splat(1.0 / 16777216)));
    let cumulative = splat(0);
    let option = i32x4.splat(0);
    for (let j = from, bits = allowed; j < to; j += V, bits >>= 1) {
      if (bits & 1) {
        const q = f32x4.mul(ld(weights + j), inverse);
        put(p + j, q, active);
        // d H / d y = -q (log q + H) = -q (y - mean y): the normaliser cancels.
        put(e + j, f32x4.mul(q, f32x4.sub(mean, ld(logits + j))), active);
        cumulative = f32x4.add(cumulative, q);
      } else {
        put(p + j, splat(0), active);
        put(e + j, splat(0), active);
      }
      option = i32x4.sub(option, f32x4.ge(u, cumulative));
    }
    // Rounding may leave the last cumulative probability below u.
    const last = i32x4.splat(31 - clz(allowed));
    put(action + head * V, i32x4.min_s(option, last), active);
  }
}

// Zeroes the lanes of `mask` in `bytes` bytes.
function clear(p: usize, bytes: usize, mask: v128): void {
  for (let end = p + bytes; p < end; p += V) v128.store(p, v128.andnot(ld(p), mask));
}

/**
 * Learns from the previous action and acts, for blocks blockFrom..blockTo-1 of those of one world in this memory.
 *
 * @param d the world's descriptor
 * @param s `scratchBytes` bytes that no other thread uses
 */
export function step(d: usize, tick: u32, blockFrom: u32, blockTo: u32, s: usize): void {
  const seed = load<u32>(d + (SEED << 2));
  const firstBlock = load<u32>(d + (FIRST_BLOCK << 2));
  const mask = load<u32>(d + (LOGIT_MASK << 2));
  const centre = i32x4.splat(load<u32>(d + (CENTRE_REWARD << 2)) ? -1 : 0);
  const floor = splat(load<f32>(d + (DEVIATION_FLOOR << 2)));
  const zero = i32x4.splat(0);

  for (let b = <usize>blockFrom; b < <usize>blockTo; b++) {
    const one = b * V; // of columns with one row
    const active = i32x4.ne(ld(column(d, ACTIVE) + one), zero);
    if (!v128.any_true(active)) continue;
    const w = column(d, WEIGHTS) + b * PARAMETERS;
    const z = column(d, TRACES) + b * PARAMETERS;
    const apart = z - w;
    const due = w + CRITIC_W1 + (b + 1 < <usize>blockTo ? PARAMETERS : 0);
    const learn = v128.and(active, i32x4.eq(ld(column(d, FRESH) + one), zero));
    const done = v128.and(learn, i32x4.ne(ld(column(d, DONE) + one), zero));
    const wide = b * D * V;
    const hidden = b * H * V;
    const input = column(d, INPUT) + wide;
    const action = column(d, ACTION) + b * HEADS * V;
    const probability = column(d, PROBABILITY) + wide;
    const entropy = column(d, ENTROPY_GRADIENT) + wide;
    const actorHidden = column(d, ACTOR_HIDDEN) + hidden;
    const criticHidden = column(d, CRITIC_HIDDEN) + hidden;

    normaliseInput(
      s + S_INPUT, column(d, OBSERVATION) + wide, column(d, INPUT_MEAN) + wide,
      column(d, INPUT_VARIANCE) + wide, column(d, INPUT_COUNT) + one, active,
    );
    for (let k: usize = 0; k < D * V; k += V) v128.store(s + S_PAST + k, v128.and(ld(input + k), learn));

    // Reward: centred and scaled by its running moments.
    const raw = clip(ld(column(d, REWARD) + one), RAW_LIMIT);
    const count = f32x4.pmin(splat(REWARD_HORIZON), f32x4.add(ld(column(d, REWARD_COUNT) + one), splat(1)));
    const mean0 = ld(column(d, REWARD_MEAN) + one);
    const variance0 = ld(column(d, REWARD_VARIANCE) + one);
    const before = f32x4.sub(raw, mean0);
    const mean = madd(before, f32x4.div(splat(1), count), mean0);
    const after = f32x4.sub(raw, mean);
    const spread = f32x4.sub(count, splat(1));
    const rate = v128.and(f32x4.div(splat(1), spread), f32x4.gt(spread, splat(0)));
    const variance = madd(f32x4.sub(f32x4.mul(before, after), variance0), rate, variance0);
    put(column(d, REWARD_COUNT) + one, count, learn);
    put(column(d, REWARD_MEAN) + one, mean, learn);
    put(column(d, REWARD_VARIANCE) + one, variance, learn);
    const deviation = f32x4.pmax(floor, f32x4.sqrt(variance));
    const reward = clip(f32x4.div(v128.bitselect(after, raw, centre), deviation), REWARD_CLIP);

    // delta = r + gamma (1 - done) V(s') - V(s), both values under the current weights.
    hiddenForward(w + CRITIC_W1, w + CRITIC_B1, s + S_INPUT, s + S_HIDDEN, w, apart);
    finishHidden(s + S_HIDDEN, s + S_ACTIVE);
    const next = criticOutput(w, s + S_ACTIVE);
    const gamma = ld(column(d, GAMMA) + one);
    const bootstrap = f32x4.mul(v128.andnot(gamma, done), next);
    const delta = v128.and(f32x4.sub(f32x4.add(reward, bootstrap), ld(column(d, VALUE) + one)), learn);
    put(column(d, TD_ERROR) + one, delta, active);
    const alpha = ld(column(d, ALPHA) + one);
    const bound = f32x4.mul(alpha, f32x4.pmax(splat(1), f32x4.abs(delta)));
    const full = f32x4.mul(alpha, delta);
    const decay = v128.bitselect(f32x4.mul(gamma, ld(column(d, LAMBDA) + one)), splat(1), learn);

    // Critic: traces, then weights and V(s').
    const criticNorm = criticTraces(
      w, z, criticHidden, ld(column(d, CRITIC_SCALE) + one), decay, learn, s, w + FORWARD_FETCHED,
    );
    const criticBound = f32x4.mul(f32x4.mul(bound, ld(column(d, KAPPA_CRITIC) + one)), criticNorm);
    const criticStep = v128.and(f32x4.div(full, f32x4.pmax(splat(1), criticBound)), learn);
    hiddenUpdateForward(
      w + CRITIC_W1, z + CRITIC_W1, w + CRITIC_B1, z + CRITIC_B1, criticStep, s + S_INPUT, s + S_HIDDEN,
      w + FORWARD_FETCHED + FETCHED, apart,
    );
    put(column(d, CRITIC_SCALE) + one, finishHidden(s + S_HIDDEN, s + S_ACTIVE), active);
    put(column(d, VALUE) + one, criticUpdateOutput(w, z, criticStep, s + S_ACTIVE), active);
    for (let k: usize = 0; k < H * V; k += V) put(criticHidden + k, ld(s + S_HIDDEN + k), active);

    // Actor: traces, then weights and logits.
    const sign = v128.or(
      v128.and(f32x4.gt(delta, splat(0)), splat(1)),
      v128.and(f32x4.lt(delta, splat(0)), splat(-1)),
    );
    const bonus = f32x4.mul(ld(column(d, TAU) + one), sign);
    const envelope = column(d, TRACE_ENVELOPE) + b * HEADS * V;
    logitGradients(d, s, action, probability, entropy, envelope, bonus, decay, learn);
    const actorNorm = actorTraces(
      w, z, actorHidden, ld(column(d, ACTOR_SCALE) + one), decay, learn, s, d, due,
    );
    const actorBound = f32x4.mul(f32x4.mul(bound, ld(column(d, KAPPA_ACTOR) + one)), actorNorm);
    const actorStep = v128.and(f32x4.div(full, f32x4.pmax(splat(1), actorBound)), learn);
    hiddenUpdateForward(
      w + ACTOR_W1, z + ACTOR_W1, w + ACTOR_B1, z + ACTOR_B1, actorStep, s + S_INPUT, s + S_HIDDEN,
      due + FETCHED, apart,
    );
    put(column(d, ACTOR_SCALE) + one, finishHidden(s + S_HIDDEN, s + S_ACTIVE), active);
    actorUpdateLogits(w, z, actorStep, s, d);
    for (let k: usize = 0; k < H * V; k += V) put(actorHidden + k, ld(s + S_HIDDEN + k), active);
    if (v128.any_true(done)) {
      clear(z, PARAMETERS, done);
      clear(envelope, HEADS * V, done);
    }

    // Act.
    const lane = i32x4.add(i32x4.splat(<i32>((<u32>b + firstBlock) << 2)), i32x4(0, 1, 2, 3));
    drawWords(s + S_WORDS, seed, tick, lane, 0);
    drawWords(s + S_WORDS + 4 * V, seed, tick, lane, 1);
    sampleHeads(mask, s, action, probability, entropy, active);
    for (let k: usize = 0; k < D * V; k += V) put(input + k, ld(s + S_INPUT + k), active);
    put(column(d, FRESH) + one, zero, active);
  }
}

// --- birth ---

// Streams of sim/core/rng.ts.
const INITIAL_WEIGHTS: u32 = 9;
const SPARSITY: u32 = 19;
const REVISE_LOGIT: usize = 31;
const REVISE_BIAS: f32 = -8;

// Scratch of a birth, in bytes from the start of a thread's area: words of each of two sequences, inputs in the order of
// a shuffle.
const WORDS: usize = 4 * V; // of four rounds
const S_DRAWN: usize = 0;
const S_PICKED: usize = S_DRAWN + WORDS;
const S_ORDER: usize = S_PICKED + WORDS;

// Rounds and bytes of the two sequences that were drawn and used, and the newborn's key.
let bornSeed: u32 = 0;
let bornTick: u32 = 0;
let bornSlot: u32 = 0;
let drawnRound: u32 = 0;
let drawnUsed: usize = 0;
let pickedRound: u32 = 0;
let pickedUsed: usize = 0;

// Words of four rounds of a DrawSequence (sim/core/rng.ts), a round a lane, in the order in which it gives them.
function drawRounds(out: usize, stream: u32, round: u32): void {
  const m: u32 = 1664525;
  const c: u32 = 1013904223;
  let x = i32x4.splat(bornSeed * m + c);
  let y = i32x4.splat(bornTick * m + c);
  let z = i32x4.splat(bornSlot * m + c);
  let w = i32x4.add(i32x4.splat((stream + (round << 8)) * m + c), i32x4.mul(i32x4(0, 256, 512, 768), i32x4.splat(m)));
  x = i32x4.add(x, i32x4.mul(y, w));
  y = i32x4.add(y, i32x4.mul(z, x));
  z = i32x4.add(z, i32x4.mul(x, y));
  w = i32x4.add(w, i32x4.mul(y, z));
  x = v128.xor(x, i32x4.shr_u(x, 16));
  y = v128.xor(y, i32x4.shr_u(y, 16));
  z = v128.xor(z, i32x4.shr_u(z, 16));
  w = v128.xor(w, i32x4.shr_u(w, 16));
  x = i32x4.add(x, i32x4.mul(y, w));
  y = i32x4.add(y, i32x4.mul(z, x));
  z = i32x4.add(z, i32x4.mul(x, y));
  w = i32x4.add(w, i32x4.mul(y, z));
  const xy0 = v128.shuffle<i32>(x, y, 0, 4, 1, 5);
  const zw0 = v128.shuffle<i32>(z, w, 0, 4, 1, 5);
  const xy2 = v128.shuffle<i32>(x, y, 2, 6, 3, 7);
  const zw2 = v128.shuffle<i32>(z, w, 2, 6, 3, 7);
  v128.store(out, v128.shuffle<i64>(xy0, zw0, 0, 2));
  v128.store(out, v128.shuffle<i64>(xy0, zw0, 1, 3), V);
  v128.store(out, v128.shuffle<i64>(xy2, zw2, 0, 2), 2 * V);
  v128.store(out, v128.shuffle<i64>(xy2, zw2, 1, 3), 3 * V);
}

// The next four words of a newborn's weights.
@inline
function drawFour(s: usize): v128 {
  if (drawnUsed == WORDS) {
    drawRounds(s + S_DRAWN, INITIAL_WEIGHTS, drawnRound);
    drawnRound += 4;
    drawnUsed = 0;
  }
  const four = ld(s + S_DRAWN + drawnUsed);
  drawnUsed += V;
  return four;
}

// The next word of their zeros.
@inline
function pickWord(s: usize): u32 {
  if (pickedUsed == WORDS) {
    drawRounds(s + S_PICKED, SPARSITY, pickedRound);
    pickedRound += 4;
    pickedUsed = 0;
  }
  const word = load<u32>(s + S_PICKED + pickedUsed);
  pickedUsed += 4;
  return word;
}

// drawLayer of brain.ts, in its double precision: uniform weights, then `zeros` of each row's inputs zero.
function bearLayer(first: usize, rows: usize, fanIn: usize, zeros: usize, s: usize): void {
  const bound = f64x2.splat(1 / sqrt<f64>(<f64>fanIn));
  const scale = f64x2.splat(2.0 / 16777216);
  const one = f64x2.splat(1);
  for (let p = first, end = first + rows * fanIn * V; p < end; p += 4 * V) {
    const bits = i32x4.shr_u(drawFour(s), 8);
    const last = v128.shuffle<i64>(bits, bits, 1, 1);
    const a = f64x2.mul(bound, f64x2.sub(f64x2.mul(f64x2.convert_low_i32x4_u(bits), scale), one));
    const b = f64x2.mul(bound, f64x2.sub(f64x2.mul(f64x2.convert_low_i32x4_u(last), scale), one));
    const low = f32x4.demote_f64x2_zero(a);
    const high = f32x4.demote_f64x2_zero(b);
    store<f32>(p, f32x4.extract_lane(low, 0));
    store<f32>(p, f32x4.extract_lane(low, 1), V);
    store<f32>(p, f32x4.extract_lane(high, 0), 2 * V);
    store<f32>(p, f32x4.extract_lane(high, 1), 3 * V);
  }
  const order = s + S_ORDER;
  for (let row = first; rows > 0; rows--, row += fanIn * V) {
    for (let k: usize = 0; k < fanIn; k++) store<u8>(order + k, <u8>k);
    for (let k: usize = 0; k < zeros; k++) {
      const pick = order + k + <usize>((<u64>pickWord(s) * (fanIn - k)) >> 32);
      store<f32>(row + <usize>load<u8>(pick) * V, 0);
      store<u8>(pick, load<u8>(order + k));
    }
  }
}

// Sets one lane of `rows` rows.
@inline
function fillLane(p: usize, rows: usize, value: f32): void {
  for (let end = p + rows * V; p < end; p += V) store<f32>(p, value);
}

// An agent's lane of a column with so many rows.
@inline
function laneOf(d: usize, name: usize, agent: usize, rows: usize): usize {
  return column(d, name) + (agent >> 2) * rows * V + ((agent & 3) << 2);
}

/**
 * A new brain: weights drawn from (seed, tick, slot), no memory.
 *
 * @param d the descriptor of a world's brains in this memory
 * @param agent of those, from 0
 * @param zerosWide inputs of each neuron of a first layer that start at zero
 * @param zerosNarrow the same of a second layer
 * @param s `scratchBytes` bytes that no other thread uses
 */
export function birth(
  d: usize, agent: usize, tick: u32, slot: u32, zerosWide: usize, zerosNarrow: usize, s: usize,
): void {
  bornSeed = load<u32>(d + (SEED << 2));
  bornTick = tick;
  bornSlot = slot;
  drawnRound = 0;
  drawnUsed = WORDS;
  pickedRound = 0;
  pickedUsed = WORDS;
  const w = laneOf(d, WEIGHTS, agent, PARAMETERS / V);
  bearLayer(w + ACTOR_W1, H, D, zerosWide, s);
  fillLane(w + ACTOR_B1, H, 0);
  bearLayer(w + ACTOR_W2, A, H, zerosNarrow, s);
  fillLane(w + ACTOR_B2, A, 0);
  store<f32>(w + ACTOR_B2 + REVISE_LOGIT * V, REVISE_BIAS);
  bearLayer(w + CRITIC_W1, H, D, zerosWide, s);
  fillLane(w + CRITIC_B1, H, 0);
  bearLayer(w + CRITIC_W2, 1, H, zerosNarrow, s);
  fillLane(w + CRITIC_B2, 1, 0);
  fillLane(laneOf(d, TRACES, agent, PARAMETERS / V), PARAMETERS / V, 0);
  fillLane(laneOf(d, ACTION, agent, HEADS), HEADS, 0);
  fillLane(laneOf(d, PROBABILITY, agent, A), A, 0);
  fillLane(laneOf(d, VALUE, agent, 1), 1, 0);
  fillLane(laneOf(d, TD_ERROR, agent, 1), 1, 0);
  fillLane(laneOf(d, INPUT_MEAN, agent, D), D, 0);
  fillLane(laneOf(d, INPUT_VARIANCE, agent, D), D, 1);
  fillLane(laneOf(d, INPUT_COUNT, agent, 1), 1, 0);
  fillLane(laneOf(d, INPUT, agent, D), D, 0);
  fillLane(laneOf(d, ACTOR_HIDDEN, agent, H), H, 0);
  fillLane(laneOf(d, ACTOR_SCALE, agent, 1), 1, 0);
  fillLane(laneOf(d, CRITIC_HIDDEN, agent, H), H, 0);
  fillLane(laneOf(d, CRITIC_SCALE, agent, 1), 1, 0);
  fillLane(laneOf(d, ENTROPY_GRADIENT, agent, A), A, 0);
  fillLane(laneOf(d, REWARD_MEAN, agent, 1), 1, 0);
  fillLane(laneOf(d, REWARD_VARIANCE, agent, 1), 1, 1);
  fillLane(laneOf(d, REWARD_COUNT, agent, 1), 1, 0);
  fillLane(laneOf(d, TRACE_ENVELOPE, agent, HEADS), HEADS, 0);
  store<u32>(laneOf(d, FRESH, agent, 1), 1);
}
