import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DrawSequence, STREAM } from '../sim/core/rng.ts';
import { U32_MAX } from '../sim/core/units.ts';
import { multinomialSample, systematicSample, wealthWeights } from './lottery.ts';

const smallWeights = fc.array(fc.nat(50), { minLength: 1, maxLength: 30 });

describe('systematicSample', () => {
  it('chooses distinct candidates of positive weight, never more than births', () => {
    fc.assert(
      fc.property(smallWeights, fc.integer({ min: 1, max: 10 }), fc.nat(U32_MAX), (weights, births, word) => {
        const chosen = new Uint32Array(30);
        const n = systematicSample(Uint32Array.from(weights), weights.length, births, word, chosen);
        expect(n).toBeLessThanOrEqual(births);
        for (let k = 0; k < n; k++) {
          expect(weights[chosen[k]!]).toBeGreaterThan(0);
          if (k > 0) expect(chosen[k]).toBeGreaterThan(chosen[k - 1]!);
        }
      }),
    );
  });

  it('chooses each candidate with probability births x weight / total, over all offsets', () => {
    const weights = Uint32Array.of(1, 4, 0, 3, 5, 2, 5);
    const total = 20;
    const births = 3; // no weight exceeds total / births, so nobody is hit twice
    const hits = new Array<number>(weights.length).fill(0);
    const chosen = new Uint32Array(8);
    for (let offset = 0; offset < total; offset++) {
      const word = Math.ceil((offset * 2 ** 32) / total);
      const n = systematicSample(weights, weights.length, births, word, chosen);
      expect(n).toBe(births);
      for (let k = 0; k < n; k++) hits[chosen[k]!]!++;
    }
    expect(hits).toEqual([...weights].map((w) => births * w));
  });

  it('chooses everybody of positive weight when there are slots for all', () => {
    const chosen = new Uint32Array(4);
    expect(systematicSample(Uint32Array.of(9, 0, 1), 3, 3, 0, chosen)).toBe(2);
    expect([...chosen.subarray(0, 2)]).toEqual([0, 2]);
  });

  it('chooses nobody when all weights are zero', () => {
    expect(systematicSample(new Uint32Array(5), 5, 2, 7, new Uint32Array(5))).toBe(0);
  });
});

describe('multinomialSample', () => {
  it('draws with replacement in proportion to the weights', () => {
    const chosen = new Uint32Array(1000);
    const hits = [0, 0, 0, 0];
    const draws = new DrawSequence();
    for (let round = 0; round < 20; round++) {
      draws.at(5, round, 0, STREAM.birthLottery);
      multinomialSample(Uint32Array.of(1, 0, 2, 7), 4, 1000, draws, chosen);
      for (const k of chosen) hits[k]!++;
    }
    expect(hits[1]).toBe(0);
    const standardError = Math.sqrt(20_000 * 0.1 * 0.9);
    expect(Math.abs(hits[0]! - 2000)).toBeLessThan(4 * standardError);
    expect(Math.abs(hits[3]! - 14_000)).toBeLessThan(4 * Math.sqrt(20_000 * 0.7 * 0.3));
  });

  it('draws nobody when all weights are zero', () => {
    expect(multinomialSample(new Uint32Array(3), 3, 2, new DrawSequence(), new Uint32Array(2))).toBe(0);
  });
});

describe('wealthWeights', () => {
  it('keeps the sum below 2^32 and nobody above one sampling interval of the uncapped sum', () => {
    const wealths = fc.array(fc.nat(U32_MAX), { minLength: 1, maxLength: 40 });
    fc.assert(
      fc.property(wealths, fc.integer({ min: 1, max: 20 }), (wealth, births) => {
        const candidates = Uint32Array.from(wealth, (_, k) => k);
        const weights = new Uint32Array(wealth.length);
        wealthWeights(Uint32Array.from(wealth), candidates, wealth.length, births, weights);
        const sum = weights.reduce((a, w) => a + w, 0);
        expect(sum).toBeLessThanOrEqual(U32_MAX);
        for (const w of weights) expect(w * births).toBeLessThanOrEqual(Math.max(births, U32_MAX));
        for (let k = 1; k < wealth.length; k++)
          if (wealth[k]! >= wealth[k - 1]!) expect(weights[k]).toBeGreaterThanOrEqual(weights[k - 1]!);
      }),
    );
  });

  it('is wealth itself where nothing overflows and nobody is capped', () => {
    const weights = new Uint32Array(3);
    wealthWeights(Uint32Array.of(5, 7, 9, 100), Uint32Array.of(0, 1, 2), 3, 1, weights);
    expect([...weights]).toEqual([5, 7, 9]);
  });
});
