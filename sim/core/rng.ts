/**
 * The only source of randomness of the model: a stateless counter-based generator keyed by
 * (seed, tick, agent, stream). Adding an agent, reordering a loop or changing the thread count moves
 * nobody's luck. Integers only, so that every engine draws the same numbers.
 *
 * Source: M. Jarzynski, M. Olano, "Hash Functions for GPU Rendering", JCGT 9(3), 2020 (pcg4d).
 *
 * Use the high 24 bits of a word. The low bits of neighbouring agents are not uniform: low bits of the
 * products depend on low bits of the counters alone, and the paper's shift by 16 does not reach them all
 * (rng.test.ts shows it). A comparison with a threshold, a high-word product, `unitInterval` and `indexBelow`
 * all rest on the high bits; `word & 1` and counts of all 32 bits do not.
 */

/** The agent key of draws that belong to a world and not to an agent; further ones count down from it. */
export const WORLD_DRAW = 0xffff_ffff;

/** What a draw is for. A new use gets a new stream; a number is never given to another use. */
export const STREAM = {
  actHeadsA: 0,
  actHeadsB: 1,
  computeRotation: 2,
  serviceRotation: 3,
  scripted: 4,
  birthLottery: 5,
  deathHazard: 6,
  crossover: 7,
  mutation: 8,
  initialWeights: 9,
  genesisGenome: 10,
  wear: 11,
  demand: 12,
  immigration: 13,
  exchangePairs: 14,
  exchangeOutcome: 15,
  inducedValues: 16,
  environment: 17,
  randomReward: 18,
  sparsity: 19,
  shadow: 20,
  populationOfSlot: 21,
  arrivals: 22,
  quotes: 23,
  hearing: 24,
  tabular: 25,
  contestPairs: 26,
  shadowGenome: 27,
  selfUpdate: 28,
  audit: 29,
  founders: 30,
  ownership: 31,
  dataSplit: 32,
  dataRotation: 33,
} as const;
export type Stream = (typeof STREAM)[keyof typeof STREAM];

const MULTIPLIER = 1664525;
const INCREMENT = 1013904223;

/**
 * Writes the four words of pcg4d(seed, tick, agent, stream) to `out[at..at + 3]`.
 *
 * @param out four u32, overwritten
 */
export function pcg4d(
  out: Uint32Array,
  seed: number,
  tick: number,
  agent: number,
  stream: number,
  at = 0,
): void {
  let x = (Math.imul(seed, MULTIPLIER) + INCREMENT) | 0;
  let y = (Math.imul(tick, MULTIPLIER) + INCREMENT) | 0;
  let z = (Math.imul(agent, MULTIPLIER) + INCREMENT) | 0;
  let w = (Math.imul(stream, MULTIPLIER) + INCREMENT) | 0;
  x = (x + Math.imul(y, w)) | 0;
  y = (y + Math.imul(z, x)) | 0;
  z = (z + Math.imul(x, y)) | 0;
  w = (w + Math.imul(y, z)) | 0;
  x ^= x >>> 16;
  y ^= y >>> 16;
  z ^= z >>> 16;
  w ^= w >>> 16;
  x = (x + Math.imul(y, w)) | 0;
  y = (y + Math.imul(z, x)) | 0;
  z = (z + Math.imul(x, y)) | 0;
  w = (w + Math.imul(y, z)) | 0;
  out[at] = x;
  out[at + 1] = y;
  out[at + 2] = z;
  out[at + 3] = w;
}

/** The first word of pcg4d(seed, tick, agent, stream), a u32: the same rounds without what no other word needs. */
export function draw(seed: number, tick: number, agent: number, stream: Stream): number {
  let x = (Math.imul(seed, MULTIPLIER) + INCREMENT) | 0;
  let y = (Math.imul(tick, MULTIPLIER) + INCREMENT) | 0;
  let z = (Math.imul(agent, MULTIPLIER) + INCREMENT) | 0;
  let w = (Math.imul(stream, MULTIPLIER) + INCREMENT) | 0;
  x = (x + Math.imul(y, w)) | 0;
  y = (y + Math.imul(z, x)) | 0;
  z = (z + Math.imul(x, y)) | 0;
  w = (w + Math.imul(y, z)) | 0;
  x ^= x >>> 16;
  y ^= y >>> 16;
  w ^= w >>> 16;
  return (x + Math.imul(y, w)) >>> 0;
}

/** A u32 word as a number in [0, 1) with 24 bits, the f32 grid that the kernels use. */
export const unitInterval = (word: number): number => (word >>> 8) / 0x100_0000;

/**
 * An index in 0..count-1 by the high word of word x count (bias below count / 2^32).
 *
 * @param word a u32 draw
 * @param count 1..2^21, so that the product stays exact
 */
export const indexBelow = (word: number, count: number): number =>
  Math.floor(((word >>> 0) * count) / 0x1_0000_0000);

/**
 * A sequence of draws for code that needs more words than one key gives: the words of
 * (seed, tick, agent, stream + 256 k), k = 0, 1, ... so that streams never overlap.
 */
export class DrawSequence {
  private readonly words = new Uint32Array(4);
  private used = 4;
  private round = 0;
  private seed = 0;
  private tick = 0;
  private agent = 0;
  private stream = 0;

  /** Starts the sequence of one key; returns itself. */
  at(seed: number, tick: number, agent: number, stream: Stream): this {
    this.seed = seed;
    this.tick = tick;
    this.agent = agent;
    this.stream = stream;
    this.round = 0;
    this.used = 4;
    return this;
  }

  /** The next u32. */
  word(): number {
    if (this.used === 4) {
      pcg4d(this.words, this.seed, this.tick, this.agent, this.stream + 256 * this.round++);
      this.used = 0;
    }
    return this.words[this.used++]!;
  }

  /** Writes the next `count` u32 to the beginning of `out`, which is quicker than asking for each. */
  fill(out: Uint32Array, count: number): void {
    let k = 0;
    while (k < count && this.used < 4) out[k++] = this.words[this.used++]!;
    for (; k + 4 <= count; k += 4)
      pcg4d(out, this.seed, this.tick, this.agent, this.stream + 256 * this.round++, k);
    while (k < count) out[k++] = this.word();
  }

  /** The next number in [0, 1), 24 bits. */
  unit(): number {
    return unitInterval(this.word());
  }

  /** The next index in 0..count-1. */
  below(count: number): number {
    return indexBelow(this.word(), count);
  }

  /**
   * An approximately standard normal number: the sum of 12 uniforms less 6 (Irwin-Hall), exact in
   * every engine because it needs additions only. Variance 1, support +-6.
   */
  normal(): number {
    let sum = -6;
    for (let k = 0; k < 12; k++) sum += this.unit();
    return sum;
  }
}
