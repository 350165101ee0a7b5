import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AssertionError } from '../sim/core/errors.ts';
import { amountIn, amountInNumber, amountOut, amountOutNumber, SwapRate } from './amm.ts';

/** x with a x = 1 modulo an odd number. */
function inverse(a: bigint, modulus: bigint): bigint {
  let [r, s, x, y] = [modulus, a % modulus, 0n, 1n];
  while (s > 0n) [r, s, x, y] = [s, r % s, y, x - (r / s) * y];
  return ((x % modulus) + modulus) % modulus;
}

const NO_RESERVE = /a swap needs both reserves above zero/;
const NO_INPUT = /a swap needs an amount of zero or more/;
const TOO_MUCH = /an output must be below its reserve/;

const u32 = fc.integer({ min: 1, max: 0xffff_ffff });
const wide = fc.bigInt({ min: 1n, max: 1n << 112n });

describe('amountOut', () => {
  // the second vector is that of the Uniswap v2 pair tests: 1 into 5 and 10, 18 decimals
  it.each([
    ['100', '1000', '1000', '90'],
    ['1000000000000000000', '5000000000000000000', '10000000000000000000', '1662497915624478906'],
    ['1000000000000000000', '10000000000000000000', '5000000000000000000', '453305446940074565'],
    ['1000000000000000000', '1000000000000000000000', '1000000000000000000000', '996006981039903216'],
    ['0', '1000', '1000', '0'],
    ['1', '1000', '1000', '0'],
    ['2', '1000', '1000', '1'],
  ])('of %s into %s / %s is %s', (input, reserveIn, reserveOut, expected) => {
    expect(amountOut(BigInt(input), BigInt(reserveIn), BigInt(reserveOut))).toBe(BigInt(expected));
  });

  it('never lets k fall, and one unit more would', () => {
    fc.assert(
      fc.property(wide, wide, wide, (input, reserveIn, reserveOut) => {
        const out = amountOut(input, reserveIn, reserveOut);
        expect(out).toBeLessThan(reserveOut);
        expect((reserveIn + input) * (reserveOut - out)).toBeGreaterThanOrEqual(reserveIn * reserveOut);
        const fees = (in1000: bigint, out1: bigint): boolean =>
          (1000n * reserveIn + 997n * in1000) * (reserveOut - out1) >= 1000n * reserveIn * reserveOut;
        expect(fees(input, out)).toBe(true);
        expect(fees(input, out + 1n)).toBe(false);
      }),
    );
  });

  it('is the same for numbers as for big integers, on both sides of 2^53', () => {
    fc.assert(
      fc.property(
        fc.oneof(u32, fc.integer({ min: 1, max: 2000 })),
        fc.oneof(u32, fc.integer({ min: 1, max: 2 ** 50 })),
        fc.oneof(u32, fc.integer({ min: 1, max: 2 ** 50 })),
        (input, reserveIn, reserveOut) => {
          expect(BigInt(amountOutNumber(input, reserveIn, reserveOut))).toBe(
            amountOut(BigInt(input), BigInt(reserveIn), BigInt(reserveOut)),
          );
        },
      ),
      { numRuns: 5000 },
    );
  });

  it('refuses empty reserves and negative amounts, each by its name', () => {
    expect(() => amountOut(1n, 0n, 5n)).toThrow(NO_RESERVE);
    expect(() => amountOut(1n, 5n, 0n)).toThrow(NO_RESERVE);
    expect(() => amountOut(1n, -1n, 5n)).toThrow(AssertionError);
    expect(() => amountOut(-1n, 5n, 5n)).toThrow(NO_INPUT);
    expect(amountOut(0n, 1n, 1n)).toBe(0n);
    expect(() => amountOutNumber(0, 0, 5)).toThrow(NO_RESERVE);
    expect(() => amountOutNumber(5, 0, 5)).toThrow(NO_RESERVE);
    expect(() => amountOutNumber(5, -1, 5)).toThrow(NO_RESERVE);
    expect(() => amountOutNumber(5, 5, 0)).toThrow(NO_RESERVE);
    expect(() => amountOutNumber(-1, 5, 5)).toThrow(NO_INPUT);
  });

  it('of numbers keeps the last unit where the denominator passes 2^53', () => {
    // 997 x 1000 k x 2 k / (1000 x 997 k + 997 x 1000 k) is k, and of one unit less put in just below k
    fc.assert(
      fc.property(fc.integer({ min: 2 ** 42, max: 2 ** 43 }), fc.constantFrom(0, 1), (k, less) => {
        const [input, reserveIn, reserveOut] = [1000 * k - less, 997 * k, 2 * k];
        const exact =
          (997n * BigInt(input) * BigInt(reserveOut)) / (1000n * BigInt(reserveIn) + 997n * BigInt(input));
        expect(amountOutNumber(input, reserveIn, reserveOut)).toBe(Number(exact));
        expect(exact).toBe(BigInt(k - less));
      }),
    );
  });
});

describe('amountIn', () => {
  it('is the least input that pays out what is wanted', () => {
    fc.assert(
      fc.property(wide, wide, fc.bigInt({ min: 0n, max: 1n << 112n }), (reserveIn, reserveOut, part) => {
        const wanted = part % reserveOut;
        const input = amountIn(wanted, reserveIn, reserveOut);
        expect(amountOut(input, reserveIn, reserveOut)).toBeGreaterThanOrEqual(wanted);
        if (input > 0n) expect(amountOut(input - 1n, reserveIn, reserveOut)).toBeLessThan(wanted);
      }),
    );
  });

  it('is one below Uniswap’s getAmountIn where the division is exact, else equal', () => {
    const uniswap = (out: bigint, a: bigint, b: bigint): bigint =>
      (a * out * 1000n) / ((b - out) * 997n) + 1n;
    expect(amountIn(90n, 1000n, 1000n)).toBe(uniswap(90n, 1000n, 1000n));
    expect(amountIn(1000n, 997n, 2000n)).toBe(uniswap(1000n, 997n, 2000n) - 1n);
    expect(amountInNumber(90, 1000, 1000)).toBe(100);
  });

  it('refuses to empty the pool', () => {
    expect(() => amountIn(1000n, 5n, 1000n)).toThrow(TOO_MUCH);
    expect(() => amountIn(-1n, 5n, 1000n)).toThrow(TOO_MUCH);
    expect(() => amountIn(1n, 0n, 1000n)).toThrow(NO_RESERVE);
    expect(() => amountIn(0n, -5n, 1000n)).toThrow(NO_RESERVE);
    expect(amountIn(999n, 5n, 1000n)).toBeGreaterThan(0n);
  });
});

describe('a swap rate', () => {
  const out = fc.oneof(fc.nat(1000), u32, fc.integer({ min: 0, max: 2 ** 52 }));
  const input = fc.oneof(fc.integer({ min: 1, max: 1000 }), u32, fc.integer({ min: 1, max: 2 ** 52 }));

  it('is floor(out x 2^32 / in), whatever the sizes', () => {
    fc.assert(
      fc.property(out, input, (a, b) => {
        const rate = new SwapRate().set(a, b);
        expect((BigInt(rate.whole) << 32n) + BigInt(rate.part)).toBe((BigInt(a) << 32n) / BigInt(b));
      }),
      { numRuns: 3000 },
    );
  });

  it('is exact where the quotient lies just below an integer', () => {
    const odd = fc.integer({ min: 1, max: 2 ** 51 - 1 }).map((half) => 2 * half + 1);
    fc.assert(
      fc.property(odd, fc.constantFrom(1n, 2n, 3n), (divisor, below) => {
        // a x 2^32 is `below` short of a multiple of the divisor
        const b = BigInt(divisor);
        const a = (((-below * inverse(2n ** 32n, b)) % b) + b) % b;
        const rate = new SwapRate().set(Number(a), divisor);
        expect((BigInt(rate.whole) << 32n) + BigInt(rate.part)).toBe((a << 32n) / b);
      }),
      { numRuns: 2000 },
    );
  });

  it('shares out never more than there is, and less than one unit a head too little', () => {
    fc.assert(
      fc.property(fc.array(u32, { minLength: 1, maxLength: 20 }), u32, (parts, total) => {
        const rate = new SwapRate().set(
          total,
          parts.reduce((a, b) => a + b, 0),
        );
        const paid = parts.reduce((sum, x) => sum + rate.share(x), 0);
        expect(paid).toBeLessThanOrEqual(total);
        // the rate itself is rounded down too: at most one unit per 2^32 of input and head
        expect(total - paid).toBeLessThanOrEqual(2 * parts.length + 1);
      }),
    );
  });

  it('above one splits exactly into whole and part', () => {
    const rate = new SwapRate().set(7, 2);
    expect([rate.whole, rate.part]).toEqual([3, 2 ** 31]);
    expect(rate.share(3)).toBe(10);
    expect(rate.share(0xffff_ffff)).toBe(Math.floor(0xffff_ffff * 3.5));
  });

  it('costs the least token whose share covers what is wanted', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.nat(50), u32),
        fc.oneof(fc.integer({ min: 1, max: 50 }), u32),
        fc.oneof(fc.integer({ min: 1, max: 50 }), u32),
        fc.oneof(fc.nat(50), u32),
        (a, b, wanted, free) => {
          const rate = new SwapRate().set(a, b);
          const cost = rate.cost(wanted, free);
          expect(cost).toBeLessThanOrEqual(free);
          if (rate.share(free) < wanted) expect(cost).toBe(free);
          else {
            expect(rate.share(cost)).toBeGreaterThanOrEqual(wanted);
            expect(rate.share(cost - 1)).toBeLessThan(wanted);
          }
        },
      ),
      { numRuns: 3000 },
    );
  });

  it('costs exactly that where the quotient lies next to an integer, on either side', () => {
    const odd = fc.integer({ min: 2 ** 29, max: 2 ** 31 - 1 }).map((half) => 2 * half + 1);
    fc.assert(
      fc.property(odd, fc.constantFrom(-2n, -1n, 0n, 1n, 2n), (part, off) => {
        // wanted x 2^32 is `off` beyond a multiple of the rate
        const b = BigInt(part);
        const wanted = Number((((off * inverse(2n ** 32n, b)) % b) + b) % b) || part;
        const rate = new SwapRate().set(part, 2 ** 32);
        expect([rate.whole, rate.part]).toEqual([0, part]);
        const least = Number((BigInt(wanted) * 2n ** 32n + b - 1n) / b);
        expect(rate.cost(wanted, 0xffff_ffff)).toBe(Math.min(least, 0xffff_ffff));
      }),
      { numRuns: 3000 },
    );
  });

  it('of nothing costs all that there is', () => {
    const rate = new SwapRate().set(0, 5);
    expect(rate.cost(1, 7)).toBe(7);
    expect(new SwapRate().cost(1, 7)).toBe(7);
  });

  it('can only be raised by another', () => {
    const rate = new SwapRate().set(7, 2);
    rate.raiseTo(new SwapRate().set(3, 1));
    expect([rate.whole, rate.part]).toEqual([3, 2 ** 31]);
    rate.raiseTo(new SwapRate().set(11, 4));
    expect([rate.whole, rate.part]).toEqual([3, 2 ** 31]);
    rate.raiseTo(new SwapRate().set(15, 4));
    expect([rate.whole, rate.part]).toEqual([3, 3 * 2 ** 30]);
    rate.raiseTo(new SwapRate().set(4, 1));
    expect([rate.whole, rate.part]).toEqual([4, 0]);
  });
});
