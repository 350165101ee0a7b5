import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DrawSequence, draw, indexBelow, pcg4d, STREAM, type Stream, unitInterval } from './rng.ts';

const u32 = fc.integer({ min: 0, max: 0xffff_ffff });
const out = new Uint32Array(4);
const words = (seed: number, tick: number, agent: number, stream: number): number[] => {
  pcg4d(out, seed, tick, agent, stream);
  return [...out];
};

/** The reference HLSL of the paper, line by line, in integers without a width. */
function reference(seed: number, tick: number, agent: number, stream: number): number[] {
  const wrap = (n: bigint): bigint => n & 0xffff_ffffn;
  let [x, y, z, w] = [seed, tick, agent, stream].map((v) => wrap(BigInt(v) * 1664525n + 1013904223n)) as [
    bigint,
    bigint,
    bigint,
    bigint,
  ];
  const rounds = (): void => {
    x = wrap(x + y * w);
    y = wrap(y + z * x);
    z = wrap(z + x * y);
    w = wrap(w + y * z);
  };
  rounds();
  x ^= x >> 16n;
  y ^= y >> 16n;
  z ^= z >> 16n;
  w ^= w >> 16n;
  rounds();
  return [x, y, z, w].map(Number);
}

describe('pcg4d', () => {
  // computed by a third implementation (Python) of the published code
  it.each([
    [
      [0, 0, 0, 0],
      [0x0f02_f829, 0x2d56_8769, 0x32b0_c43b, 0xd325_48ea],
    ],
    [
      [1, 2, 3, 4],
      [0x3622_cd16, 0xf114_71d8, 0xe110_9b3f, 0x02b9_4c2f],
    ],
    [
      [0xffff_ffff, 0xffff_ffff, 0xffff_ffff, 0xffff_ffff],
      [0x974e_d892, 0xc015_dc67, 0x9f95_5760, 0xa1bb_a208],
    ],
    [
      [0x8000_0000, 1, 0, 0],
      [0xf798_f1a8, 0xb269_5d97, 0x1955_1c0e, 0x6986_084c],
    ],
    [
      [123456789, 987654321, 42, 21],
      [0xd3df_823d, 0xb783_fe75, 0x1298_33a4, 0xd069_33c0],
    ],
  ] as const)('of %j is a fixed vector', ([seed, tick, agent, stream], expected) => {
    expect(words(seed, tick, agent, stream)).toEqual(expected);
  });

  it("agrees with the paper's reference at any key", () => {
    fc.assert(
      fc.property(u32, u32, u32, u32, (seed, tick, agent, stream) => {
        expect(words(seed, tick, agent, stream)).toEqual(reference(seed, tick, agent, stream));
      }),
      { numRuns: 2000 },
    );
  });

  it('is a bijection on the keys tried: no two keys share their four words', () => {
    const seen = new Set<string>();
    for (let tick = 0; tick < 32; tick++)
      for (let agent = 0; agent < 32; agent++)
        for (let stream = 0; stream < 16; stream++) seen.add(words(7, tick, agent, stream).join());
    expect(seen.size).toBe(32 * 32 * 16);
  });
});

/** Chi-square statistic of counts against equal expectation. */
const chiSquare = (counts: ArrayLike<number>): number => {
  let total = 0;
  for (let k = 0; k < counts.length; k++) total += counts[k]!;
  const expected = total / counts.length;
  let sum = 0;
  for (let k = 0; k < counts.length; k++) sum += (counts[k]! - expected) ** 2 / expected;
  return sum;
};
/** Mean + 6 standard deviations of a chi-square with `freedom` degrees: passed by chance once in 10^8 or so. */
const chiLimit = (freedom: number): number => freedom + 6 * Math.sqrt(2 * freedom);

const SAMPLES = 1 << 16;
/** The key of draw k when only one coordinate moves, as it does inside a run. */
const WALKS: Record<string, (k: number) => [number, number, number, Stream]> = {
  seed: (k) => [k, 5, 3, STREAM.wear],
  tick: (k) => [12345, k, 3, STREAM.wear],
  agent: (k) => [12345, 5, k, STREAM.wear],
  stream: (k) => [12345, 5, 3, (k * 256) as Stream],
  'tick and agent': (k) => [12345, k >>> 8, k & 255, STREAM.actHeadsA],
};

describe.each(Object.entries(WALKS))('draws along %s', (_, key) => {
  it('are uniform in each of the high three bytes of each word', () => {
    const counts = Array.from({ length: 16 }, () => new Uint32Array(256));
    for (let k = 0; k < SAMPLES; k++) {
      pcg4d(out, ...key(k));
      for (let b = 0; b < 16; b++) counts[b]![(out[b >> 2]! >>> (8 * (b & 3))) & 255]!++;
    }
    counts.forEach((count, b) => {
      if ((b & 3) > 0) expect(chiSquare(count)).toBeLessThan(chiLimit(255));
    });
  });

  it('set each of the high 24 bits half of the time', () => {
    const ones = new Uint32Array(128);
    for (let k = 0; k < SAMPLES; k++) {
      pcg4d(out, ...key(k));
      for (let b = 0; b < 128; b++) ones[b]! += (out[b >> 5]! >>> (b & 31)) & 1;
    }
    ones.forEach((n, b) => {
      if ((b & 31) >= 8) expect(Math.abs(n - SAMPLES / 2)).toBeLessThan(6 * Math.sqrt(SAMPLES / 4));
    });
  });

  it('are independent of their neighbours: pairs of top nibbles are uniform', () => {
    const pairs = new Uint32Array(256);
    let before = draw(...key(0));
    for (let k = 1; k <= SAMPLES; k++) {
      const now = draw(...key(k));
      pairs[((before >>> 28) << 4) | (now >>> 28)]!++;
      before = now;
    }
    expect(chiSquare(pairs)).toBeLessThan(chiLimit(255));
  });

  it('differ from their neighbours in half of the high 24 bits', () => {
    let flips = 0;
    let before = draw(...key(0));
    for (let k = 1; k <= SAMPLES; k++) {
      const now = draw(...key(k));
      for (let x = (before ^ now) >>> 8; x !== 0; x &= x - 1) flips++;
      before = now;
    }
    const bits = SAMPLES * 24;
    expect(Math.abs(flips - bits / 2)).toBeLessThan(6 * Math.sqrt(bits / 4));
  });
});

describe('the low byte of a draw', () => {
  it('is far from uniform along agents, which is why only the high bits are used', () => {
    const counts = new Uint32Array(256);
    for (let k = 0; k < SAMPLES; k++) counts[draw(12345, 5, k, STREAM.wear) & 255]!++;
    expect(chiSquare(counts)).toBeGreaterThan(10 * chiLimit(255));
  });
});

describe('draws of different streams', () => {
  it('do not correlate', () => {
    for (const other of [STREAM.computeRotation, STREAM.deathHazard, STREAM.exchangeOutcome]) {
      let agree = 0;
      for (let k = 0; k < SAMPLES; k++) {
        const x = draw(9, k, 4, STREAM.actHeadsA) ^ draw(9, k, 4, other);
        for (let b = 0; b < 32; b++) agree += (x >>> b) & 1;
      }
      const bits = SAMPLES * 32;
      expect(Math.abs(agree - bits / 2)).toBeLessThan(6 * Math.sqrt(bits / 4));
    }
  });

  it('have numbers of their own', () => {
    const numbers = Object.values(STREAM);
    expect(new Set(numbers).size).toBe(numbers.length);
    // a sequence adds multiples of 256 to its stream
    expect(Math.max(...numbers)).toBeLessThan(256);
  });
});

describe('unitInterval', () => {
  it('runs from 0 to just below 1 on the grid of 2^-24', () => {
    expect(unitInterval(0)).toBe(0);
    expect(unitInterval(255)).toBe(0);
    expect(unitInterval(256)).toBe(2 ** -24);
    expect(unitInterval(0xffff_ffff)).toBe(1 - 2 ** -24);
    expect(Math.fround(unitInterval(0xffff_ffff))).toBeLessThan(1);
  });
});

describe('indexBelow', () => {
  it('is floor(word x count / 2^32), below count, for any word and count', () => {
    fc.assert(
      fc.property(u32, fc.integer({ min: 1, max: 2 ** 21 }), (word, count) => {
        const index = indexBelow(word, count);
        expect(BigInt(index)).toBe((BigInt(word) * BigInt(count)) >> 32n);
        expect(index).toBeLessThan(count);
      }),
    );
  });
});

describe('a draw sequence', () => {
  it('is the words of its key, then of the key with 256 added to the stream', () => {
    const sequence = new DrawSequence().at(1, 2, 3, STREAM.mutation);
    const drawn = Array.from({ length: 8 }, () => sequence.word());
    expect(drawn).toEqual([...words(1, 2, 3, STREAM.mutation), ...words(1, 2, 3, STREAM.mutation + 256)]);
  });

  it('gives the same words many at a time, wherever it stands', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(9), fc.nat(3)), { maxLength: 6 }), fc.nat(), (portions, seed) => {
        const [many, single] = [new DrawSequence(), new DrawSequence()].map((sequence) =>
          sequence.at(seed, 2, 3, STREAM.mutation),
        ) as [DrawSequence, DrawSequence];
        const out = new Uint32Array(10);
        for (const [count, between] of portions) {
          out.fill(7);
          many.fill(out, count);
          const words = Array.from({ length: count }, () => single.word());
          expect([...out]).toEqual([...words, ...new Array<number>(10 - count).fill(7)]);
          for (let k = 0; k < between; k++) expect(many.word()).toBe(single.word());
        }
      }),
    );
  });

  it('starts again at the same key', () => {
    const sequence = new DrawSequence().at(1, 2, 3, STREAM.mutation);
    const first = sequence.word();
    sequence.word();
    expect(sequence.at(1, 2, 3, STREAM.mutation).word()).toBe(first);
  });

  it('gives normals of mean 0 and variance 1 within 6 standard errors', () => {
    const sequence = new DrawSequence().at(5, 6, 7, STREAM.mutation);
    const n = 40_000;
    let sum = 0;
    let squares = 0;
    for (let k = 0; k < n; k++) {
      const x = sequence.normal();
      expect(Math.abs(x)).toBeLessThanOrEqual(6);
      sum += x;
      squares += x * x;
    }
    expect(Math.abs(sum / n)).toBeLessThan(6 / Math.sqrt(n));
    // variance of the square of an Irwin-Hall(12) normal is 1.9
    expect(Math.abs(squares / n - 1)).toBeLessThan(6 * Math.sqrt(1.9 / n));
  });

  it('gives each index below a count equally often', () => {
    const sequence = new DrawSequence().at(5, 6, 8, STREAM.exchangePairs);
    const counts = new Uint32Array(7);
    for (let k = 0; k < 70_000; k++) counts[sequence.below(7)]!++;
    expect(chiSquare(counts)).toBeLessThan(chiLimit(6) + 20);
    expect(sequence.unit()).toBeLessThan(1);
  });
});
