import fc from 'fast-check';
import { expect, test } from 'vitest';
import { describeOnGpu } from '../../experiments/testDevice.ts';
import { double } from '../engines/webgpu/modules.ts';
import { doubleWords } from '../engines/webgpu/parameters.ts';
import { compileProbe, joined } from '../engines/webgpu/probe.ts';
import { unitInterval } from './rng.ts';

const BODY = `fn put(at: u32, k: u32, a: Double) {
  // zero has no exponent of its own
  let biased = select(u32(a.exponent + DOUBLE_BIAS), 0u, isZero(a.fraction));
  state[at + k] = a.fraction.x;
  state[at + k + 1u] = (select(0u, 1u, a.negative) << 31u) | (biased << 20u) | (a.fraction.y & HIGH_FRACTION);
}

fn probe(at: u32, lane: u32) {
  let a = doubleOf(U64(state[at], state[at + 1u]));
  let b = doubleOf(U64(state[at + 2u], state[at + 3u]));
  let out = at + 16u;
  put(out, 0u, sumOfDoubles(a, b));
  put(out, 2u, productOfDoubles(a, b));
  if (!isZero(b.fraction)) {
    put(out, 4u, quotientOfDoubles(a, b));
  }
  state[out + 6u] = singleOf(a);
  put(out, 7u, doubleOfF32(bitcast<f32>(state[at])));
  put(out, 9u, unitOf(state[at]));
  state[out + 11u] = select(0u, 1u, isBelow(a, b));
  var magnitude = a;
  magnitude.negative = false;
  let whole = floorOfDouble(magnitude);
  state[out + 12u] = whole.x;
  state[out + 13u] = whole.y;
  let above = ceilingOfDouble(magnitude);
  state[out + 14u] = above.x;
  state[out + 15u] = above.y;
}`;

const bits = new DataView(new ArrayBuffer(8));
const doubleAt = (words: Uint32Array, k: number): number => {
  bits.setUint32(0, words[k]!, true);
  bits.setUint32(4, words[k + 1]!, true);
  return bits.getFloat64(0, true);
};
const singleWord = (x: number): number => {
  bits.setFloat32(0, x, true);
  return bits.getUint32(0, true);
};
const singleOf = (word: number): number => {
  bits.setUint32(0, word, true);
  return bits.getFloat32(0, true);
};
const U64_MAX = 2n ** 64n - 1n;
const wholeOf = (x: number): bigint => (x >= 2 ** 64 ? U64_MAX : BigInt(x));

/** Doubles of every size that products and quotients keep within range, integers, halves, and neighbours of powers of two. */
const anyDouble = fc.oneof(
  fc.constantFrom(0, -0, 1, -1, 0.1, 3, 2 ** 53 - 1, 2 ** -149, 2 ** -150, 1 + 2 ** -24, 1 - 2 ** -25),
  fc.integer({ min: -40, max: 40 }).map((x) => x / 2),
  fc.integer({ min: 0, max: 0xffff_ffff }),
  fc
    .tuple(fc.boolean(), fc.maxSafeInteger(), fc.integer({ min: -330, max: 80 }))
    .map(([negative, fraction, exponent]) => (negative ? -1 : 1) * Math.abs(fraction) * 2 ** exponent),
);
/** Pairs that are often near one another, so that most bits of a difference cancel. */
const pair = fc.oneof(
  fc.tuple(anyDouble, anyDouble),
  fc
    .tuple(anyDouble, fc.integer({ min: -4, max: 4 }))
    .map(([a, steps]): [number, number] => [a, -a * (1 + steps * 2 ** -52)]),
);

await describeOnGpu('doubles in integers', (gpu) => {
  test('add, multiply, divide, compare and round to integers and singles as JavaScript does, to the bit', async () => {
    const probe = await compileProbe(gpu, [double], BODY);
    await fc.assert(
      fc.asyncProperty(fc.array(pair, { minLength: 400, maxLength: 400 }), async (pairs) => {
        const results = await probe(pairs.map(([a, b]) => [...doubleWords(a), ...doubleWords(b)]));
        results.forEach((words, k) => {
          const [a, b] = pairs[k]!;
          const what = `${a} and ${b}`;
          expect(doubleAt(words, 0), `${what}, sum`).toBe(a + b);
          expect(doubleAt(words, 2), `${what}, product`).toBe(a * b);
          if (b !== 0) expect(doubleAt(words, 4), `${what}, quotient`).toBe(a / b);
          expect(words[6], `${a} as single`).toBe(singleWord(a));
          const [low] = doubleWords(a);
          const single = singleOf(low);
          if (Number.isFinite(single)) expect(doubleAt(words, 7), `single ${low}`).toBe(single);
          expect(doubleAt(words, 9)).toBe(unitInterval(low));
          expect(words[11], `${what}, below`).toBe(a < b ? 1 : 0);
          expect(joined(words.subarray(12, 14)), `floor ${a}`).toBe(wholeOf(Math.floor(Math.abs(a))));
          expect(joined(words.subarray(14, 16)), `ceil ${a}`).toBe(wholeOf(Math.ceil(Math.abs(a))));
        });
      }),
      { numRuns: 20 },
    );
  });
});
