import { describe, expect, it } from 'vitest';
import { autocorrelation, returnsOf, stylisedFacts, tailIndex } from './stylisedFacts.ts';

describe('stylised facts of a price', () => {
  it('returns are logarithmic, and a price that is none has none on either side', () => {
    expect(returnsOf([1, Math.E, 1])).toEqual([1, -1]);
    expect(returnsOf([1, 2, Number.NaN, 2, 2, 0, 5])).toEqual([Math.log(2), 0]);
    expect(returnsOf([1])).toEqual([]);
  });

  it('the tail index is that of the law whose quantiles it is given', () => {
    for (const alpha of [1.5, 3]) {
      // x at which a Pareto law of this index is exceeded with probability (k - 0.5) / n
      const n = 20_000;
      const sizes = Array.from({ length: n }, (_, k) => ((k + 0.5) / n) ** (-1 / alpha));
      expect(tailIndex(sizes.map((size, k) => (k % 2 === 0 ? size : -size)))).toBeCloseTo(alpha, 1);
    }
  });

  it('the tail index is as worked by hand: ten sizes of e above one, of a hundred', () => {
    const sizes = Array.from({ length: 100 }, (_, k) => (k < 10 ? Math.E : 1));
    expect(tailIndex(sizes)).toBeCloseTo(1, 12);
    // 99 values have a tail of nine
    expect(tailIndex(sizes.slice(0, 99))).toBeNaN();
  });

  it('there is no tail of a price that hardly ever moves, or always by the same', () => {
    expect(tailIndex(Array.from({ length: 200 }, (_, k) => (k < 20 ? 1 : 0)))).toBeNaN();
    expect(tailIndex(new Array<number>(200).fill(0.5))).toBeNaN();
  });

  it('autocorrelation is -1 but for the ends where signs alternate, and as worked by hand', () => {
    const signs = Array.from({ length: 10 }, (_, k) => (k % 2 === 0 ? 1 : -1));
    expect(autocorrelation(signs)).toBeCloseTo(-0.9, 12);
    // five of 1, five of -1: eight products of 1 and one of -1, over ten
    expect(autocorrelation([1, 1, 1, 1, 1, -1, -1, -1, -1, -1])).toBeCloseTo(0.7, 12);
    expect(autocorrelation(signs.slice(1))).toBeNaN();
    expect(autocorrelation(new Array<number>(20).fill(0.1))).toBeNaN();
  });

  it('sees calm and wild times in sizes, not in returns', () => {
    const signs = [1, 1, -1, -1];
    let price = 0;
    const prices = Array.from({ length: 401 }, (_, k) => {
      price += signs[k % 4]! * (k % 200 < 100 ? 0.01 : 0.1);
      return Math.exp(price);
    });
    const { returns, autocorrelation: own, clustering } = stylisedFacts(prices);
    expect(returns).toBe(400);
    expect(Math.abs(own)).toBeLessThan(0.05);
    expect(clustering).toBeGreaterThan(0.9);
  });

  it('a price that nobody made has no figures', () => {
    expect(stylisedFacts(new Array<number>(500).fill(Number.NaN))).toEqual({
      returns: 0,
      tailIndex: Number.NaN,
      autocorrelation: Number.NaN,
      clustering: Number.NaN,
    });
  });
});
