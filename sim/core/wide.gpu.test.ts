import fc from 'fast-check';
import { expect, test } from 'vitest';
import { describeOnGpu } from '../../experiments/testDevice.ts';
import { fixed, wide } from '../engines/webgpu/modules.ts';
import { compileProbe, joined, limbs } from '../engines/webgpu/probe.ts';
import { exp2Fraction, exp2Integer, isqrt, log2Fixed } from './fixed.ts';

const MASK = (1n << 64n) - 1n;
/** Integers of every size, and those around powers of two. */
const sized = (bits: number) =>
  fc.oneof(
    fc.bigInt({ min: 0n, max: (1n << BigInt(bits)) - 1n }),
    fc.tuple(fc.integer({ min: 0, max: bits - 1 }), fc.integer({ min: -2, max: 2 })).map(([power, off]) => {
      const x = (1n << BigInt(power)) + BigInt(off);
      return x < 0n ? 0n : x & ((1n << BigInt(bits)) - 1n);
    }),
    fc
      .tuple(fc.integer({ min: 1, max: bits }), fc.bigInt({ min: 0n, max: (1n << BigInt(bits)) - 1n }))
      .map(([keep, x]) => x >> BigInt(bits - keep)),
  );
const u32 = sized(32).map(Number);
const u64 = sized(64);
const rowsOf = <T>(row: fc.Arbitrary<T>) => fc.array(row, { minLength: 200, maxLength: 200 });
const runs = { numRuns: 4 };

await describeOnGpu('integers of several words', (gpu) => {
  test('sums, differences, products and comparisons of 64 bits are those of big integers', async () => {
    const probe = await compileProbe(
      gpu,
      [wide],
      `fn probe(at: u32, lane: u32) {
        let a = U64(state[at], state[at + 1u]);
        let b = U64(state[at + 2u], state[at + 3u]);
        let results = array<U64, 7>(addWide(a, b), subWide(a, b), productOf(a.x, b.x), mulWide(a, b.x), minWide(a, b),
          U64(select(0u, 1u, lessWide(a, b)), select(0u, 1u, lessSigned(a, b))), lessOrZero(a, b));
        for (var k = 0u; k < 7u; k++) {
          state[at + 16u + 2u * k] = results[k].x;
          state[at + 17u + 2u * k] = results[k].y;
        }
        state[at + 30u] = saturate(a);
      }`,
    );
    await fc.assert(
      fc.asyncProperty(rowsOf(fc.tuple(u64, u64)), async (rows) => {
        const got = await probe(rows.map(([a, b]) => [...limbs(a), ...limbs(b)]));
        rows.forEach(([a, b], k) => {
          const low = b & 0xffff_ffffn;
          const [sum, difference, product, wideProduct, least, compared, left] = Array.from(
            { length: 7 },
            (_, n) => joined(got[k]!.slice(2 * n, 2 * n + 2)),
          );
          expect(sum).toBe((a + b) & MASK);
          expect(difference).toBe((a - b) & MASK);
          expect(product).toBe((a & 0xffff_ffffn) * low);
          expect(wideProduct).toBe((a * low) & MASK);
          expect(least).toBe([a, b].sort((x, y) => (x < y ? -1 : 1))[0]);
          const signed = BigInt.asIntN(64, a) < BigInt.asIntN(64, b);
          expect(compared).toBe((a < b ? 1n : 0n) | (signed ? 1n << 32n : 0n));
          expect(left).toBe(a > b ? a - b : 0n);
          expect(got[k]![14]).toBe(Number(a > 0xffff_ffffn ? 0xffff_ffffn : a));
        });
      }),
      runs,
    );
  });

  test('products of 128 bits, quotients and remainders are those of big integers', async () => {
    const probe = await compileProbe(
      gpu,
      [wide],
      `fn probe(at: u32, lane: u32) {
        let a = U64(state[at], state[at + 1u]);
        let b = U64(state[at + 2u], state[at + 3u]);
        let c = U64(state[at + 4u], state[at + 5u]);
        let product = fullProduct(a, b);
        let divided = divideFull(product, c);
        let byWord = divideByWord(a, c.x | 1u);
        let results = array<u32, 11>(product.x, product.y, product.z, product.w, divided.x, divided.y, divided.z, divided.w,
          byWord.x, byWord.y, remainderOfWord(a, c.x | 1u));
        for (var k = 0u; k < 11u; k++) {
          state[at + 16u + k] = results[k];
        }
      }`,
    );
    // the quotient fits 64 bits where c is one of the factors, or large enough
    const row = fc.tuple(u64, u64, u64).map(([a, b, c]) => [a, b, (a * b) >> 64n < c ? c : b | 1n] as const);
    await fc.assert(
      fc.asyncProperty(rowsOf(row), async (rows) => {
        const got = await probe(rows.map(([a, b, c]) => [...limbs(a), ...limbs(b), ...limbs(c)]));
        rows.forEach(([a, b, c], k) => {
          const words = got[k]!;
          expect(joined(words.slice(0, 4))).toBe(a * b);
          expect(joined(words.slice(4, 6))).toBe((a * b) / c);
          expect(joined(words.slice(6, 8))).toBe((a * b) % c);
          const divisor = (c & 0xffff_ffffn) | 1n;
          expect(joined(words.slice(8, 10))).toBe(a / divisor);
          expect(BigInt(words[10]!)).toBe(a % divisor);
        });
      }),
      runs,
    );
  });

  test('shifts, also signed ones, round down', async () => {
    const probe = await compileProbe(
      gpu,
      [wide],
      `fn probe(at: u32, lane: u32) {
        let a = U64(state[at], state[at + 1u]);
        let results = array<U64, 3>(shiftLeft(a, state[at + 2u]), shiftRight(a, state[at + 2u]), shiftRightSigned(a, state[at + 2u]));
        for (var k = 0u; k < 3u; k++) {
          state[at + 16u + 2u * k] = results[k].x;
          state[at + 17u + 2u * k] = results[k].y;
        }
      }`,
    );
    await fc.assert(
      fc.asyncProperty(rowsOf(fc.tuple(u64, fc.integer({ min: 0, max: 31 }))), async (rows) => {
        const got = await probe(rows.map(([a, bits]) => [...limbs(a), bits]));
        rows.forEach(([a, bits], k) => {
          const by = BigInt(bits);
          expect(joined(got[k]!.slice(0, 2))).toBe((a << by) & MASK);
          expect(joined(got[k]!.slice(2, 4))).toBe(a >> by);
          expect(joined(got[k]!.slice(4, 6))).toBe((BigInt.asIntN(64, a) >> by) & MASK);
        });
      }),
      runs,
    );
  });

  test('fixed-point logarithms, powers, roots and shares are those of fixed.ts', async () => {
    const probe = await compileProbe(
      gpu,
      [fixed],
      `fn probe(at: u32, lane: u32) {
        let x = state[at];
        let root = isqrt(U128(state[at + 2u], state[at + 3u], state[at + 4u], state[at + 5u]));
        let results = array<u32, 6>(log2Fixed(max(1u, x)), exp2Fraction(bitcast<i32>(state[at + 1u])),
          exp2Integer(bitcast<u32>(state[at + 1u]) & 0x1fffffu), root.x, root.y, portion(x, state[at + 2u]));
        for (var k = 0u; k < 6u; k++) {
          state[at + 16u + k] = results[k];
        }
      }`,
    );
    const exponent = fc.oneof(
      fc.integer({ min: -34 * 65_536, max: 70_000 }),
      fc.integer({ min: -34, max: 1 }).map((k) => k * 65_536),
    );
    await fc.assert(
      fc.asyncProperty(rowsOf(fc.tuple(u32, exponent, sized(128))), async (rows) => {
        const got = await probe(
          rows.map(([x, e, n]) => [x, e >>> 0, ...limbs(n & MASK), ...limbs(n >> 64n)]),
        );
        rows.forEach(([x, e, n], k) => {
          const [log, fraction, integer, low, high, share] = got[k]!;
          expect(log).toBe(log2Fixed(Math.max(1, x)));
          expect(fraction).toBe(exp2Fraction(e));
          expect(integer).toBe(exp2Integer(e & 0x1f_ffff));
          expect(joined([low!, high!])).toBe(isqrt(n));
          const by = Number(n & 0xffff_ffffn);
          expect(share).toBe(by === 0xffff_ffff ? x : Number((BigInt(x) * BigInt(by)) >> 32n));
        });
      }),
      runs,
    );
  });
});
