import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  FIXED_ONE,
  fixedOfAlpha,
  fixedOfShare,
  fixedOfU16,
  YUMA_MEMBERS_MAX,
  type YumaEpoch,
  yumaEpoch,
} from './yuma.ts';

const KAPPA = fixedOfU16(32767);
const ALPHA = fixedOfAlpha(0.1);
const EMISSION = 1_000_000_000n;
const SCORES = [0, 0, 0, 0, 16383, 32767, 49149, 65535];
const NOTHING = [0, 0, 0, 0, 0, 0, 0, 0];
const only = (member: number): number[] => NOTHING.map((_, j) => (j === member ? 65535 : 0));

const epochOf = (
  stakes: readonly number[],
  rows: readonly number[][],
  over: Partial<YumaEpoch> = {},
): YumaEpoch => ({
  stakes: stakes.map(BigInt),
  weights: Uint16Array.from(rows.flat()),
  bonds: new Uint16Array(stakes.length ** 2),
  kappa: KAPPA,
  bondsPenalty: FIXED_ONE,
  alpha: ALPHA,
  emission: EMISSION,
  ...over,
});

/**
 * Seven epochs of `test_bonds` in pallets/subtensor/src/tests/epoch.rs (opentensor/subtensor 14bc6f9f): weights of
 * the validators 0..3, emission, and the bonds on members 4 and 7 afterwards.
 */
const PUBLISHED = [
  {
    rows: [SCORES, SCORES, SCORES, SCORES],
    emission: [49999998, 99999999, 150000000, 200000001, 49998779, 100000610, 149996337, 200004272],
    on4: [16383, 32767, 49151, 65535],
    on7: [16383, 32767, 49151, 65535],
  },
  {
    rows: [only(0), SCORES, SCORES, SCORES],
    emission: [44998351, 101110561, 151667215, 202223870, 49998779, 100000610, 149996337, 200004272],
    on4: [14582, 32767, 49151, 65535],
    on7: [14582, 32767, 49151, 65535],
  },
  {
    rows: [only(0), only(1), SCORES, SCORES],
    emission: [40496805, 90999783, 157929636, 210573773, 49998779, 100000610, 149996337, 200004272],
    on4: [12603, 28321, 49151, 65535],
    on7: [12603, 28321, 49151, 65535],
  },
  {
    rows: [only(0), only(1), only(2), SCORES],
    emission: [99999999, 199999999, 299999999, 399999999, 0, 0, 0, 0],
    on4: [12602, 28320, 49150, 65535],
    on7: [12602, 28320, 49150, 65535],
  },
  {
    rows: [only(0), only(1), only(7), SCORES],
    emission: [36443733, 81898628, 163565493, 218092144, 0, 0, 0, 500000000],
    on4: [12601, 28319, 49149, 65535],
    on7: [10951, 24609, 49150, 65535],
  },
  {
    rows: [only(0), only(1), only(7), SCORES],
    emission: [32799427, 73706612, 168638129, 224855830, 0, 0, 0, 500000000],
    on4: [12600, 28318, 49148, 65535],
    on7: [9559, 21482, 49150, 65535],
  },
  {
    rows: [only(0), only(1), only(7), SCORES],
    emission: [29518068, 66336137, 173203134, 230942659, 0, 0, 0, 500000000],
    on4: [12599, 28317, 49147, 65535],
    on7: [8376, 18824, 49150, 65535],
  },
];
const STAKES = [1, 2, 3, 4, 0, 0, 0, 0];
const padded = (rows: readonly number[][]): number[][] => [...rows, NOTHING, NOTHING, NOTHING, NOTHING];
const bondsOn = (bonds: Uint16Array, member: number): number[] =>
  [0, 1, 2, 3].map((i) => bonds[i * 8 + member]!);

describe('an epoch', () => {
  it('gives the published emission and bonds to the unit, over seven epochs', () => {
    let bonds: Uint16Array = new Uint16Array(64);
    for (const { rows, emission, on4, on7 } of PUBLISHED) {
      const result = yumaEpoch(epochOf(STAKES, padded(rows), { bonds }));
      expect(result.emission.map(Number)).toEqual(emission);
      bonds = result.bonds;
      expect(bondsOn(bonds, 4)).toEqual(on4);
      expect(bondsOn(bonds, 7)).toEqual(on7);
    }
  });

  it('splits emission in halves: miners get what validators agree on, validators what their bonds are worth', () => {
    const result = yumaEpoch(epochOf(STAKES, padded(PUBLISHED[0]!.rows)));
    expect(result.minerEmission.slice(0, 4)).toEqual([0n, 0n, 0n, 0n]);
    expect(result.validatorEmission.slice(4)).toEqual([0n, 0n, 0n, 0n]);
    expect(result.minerEmission.slice(4)).toEqual(result.emission.slice(4));
  });

  it('follows the stake when no weight is left', () => {
    const nobody = yumaEpoch(
      epochOf(
        [3, 1],
        [
          [0, 0],
          [0, 0],
        ],
      ),
    );
    expect(nobody.emission).toEqual([750_000_000n, 250_000_000n]);
    const selfOnly = yumaEpoch(
      epochOf(
        [3, 1],
        [
          [9, 0],
          [0, 9],
        ],
      ),
    );
    expect(selfOnly.emission).toEqual([750_000_000n, 250_000_000n]);
  });

  it('emits nothing where nobody holds a stake', () => {
    expect(
      yumaEpoch(
        epochOf(
          [0, 0],
          [
            [0, 9],
            [9, 0],
          ],
        ),
      ).emission,
    ).toEqual([0n, 0n]);
  });

  it('keeps a weight that more than 1 - kappa of the stake supports and clips one that just fails', () => {
    // validators 0 and 1 disagree about members 2 and 3
    const rows = [
      [0, 0, 10, 0],
      [0, 0, 0, 10],
      [0, 0, 0, 0],
      [0, 0, 0, 0],
    ];
    const half = { kappa: fixedOfShare(0.5) };
    const equal = yumaEpoch(epochOf([2, 2, 0, 0], rows, half)).consensus;
    // stake below a weight is exactly the minority: not above it, so the weight stands
    expect(equal.slice(2)).toEqual([FIXED_ONE, FIXED_ONE]);
    const tilted = yumaEpoch(epochOf([3, 2, 0, 0], rows, half)).consensus;
    expect(tilted.slice(2)).toEqual([FIXED_ONE, 0n]);
  });

  it('buys bonds with clipped weights under the penalty and with all of them without it', () => {
    // 1 alone praises member 3; the majority does not follow
    const rows = [
      [0, 0, 8, 0],
      [0, 0, 4, 4],
      [0, 0, 0, 0],
      [0, 0, 0, 0],
    ];
    const bondOf1On3 = (bondsPenalty: bigint): number =>
      yumaEpoch(epochOf([8, 2, 0, 0], rows, { bondsPenalty })).bonds[1 * 4 + 3]!;
    expect(bondOf1On3(FIXED_ONE)).toBe(0);
    expect(bondOf1On3(FIXED_ONE / 2n)).toBe(65535);
    expect(bondOf1On3(0n)).toBe(65535);
  });

  it('lets only the largest stakers validate, and clears the bonds of the others', () => {
    const rows = [
      [0, 5, 5, 5],
      [5, 0, 5, 5],
      [5, 5, 0, 5],
      [0, 0, 0, 0],
    ];
    const bonds = new Uint16Array(16).fill(65535);
    const result = yumaEpoch(epochOf([1, 3, 2, 0], rows, { bonds, validators: 2 }));
    expect(result.validatorTrust[0]).toBe(0n);
    expect(result.validatorTrust[1]).toBeGreaterThan(0n);
    expect([...result.bonds.subarray(0, 4)]).toEqual([0, 0, 0, 0]);
    expect([...result.bonds.subarray(12, 16)]).toEqual([0, 0, 0, 0]);
    expect([...result.bonds.subarray(4, 12)].some((bond) => bond > 0)).toBe(true);
  });

  it('takes 256 members and refuses 257, and a matrix of another size', () => {
    const of = (n: number): YumaEpoch =>
      epochOf(
        Array.from({ length: n }, () => 1),
        [],
        { weights: new Uint16Array(n * n), bonds: new Uint16Array(n * n) },
      );
    expect(yumaEpoch(of(YUMA_MEMBERS_MAX)).emission).toHaveLength(YUMA_MEMBERS_MAX);
    expect(() => yumaEpoch(of(YUMA_MEMBERS_MAX + 1))).toThrow('1 to 256 members, not 257');
    expect(() => yumaEpoch({ ...of(2), bonds: new Uint16Array(3) })).toThrow(
      'bonds must hold 2 x 2 values, not 3',
    );
    expect(() => yumaEpoch({ ...of(2), stakes: [1n, -1n] })).toThrow('not negative');
  });
});

describe('over random epochs', () => {
  const epochs = fc.integer({ min: 1, max: 9 }).chain((n) => {
    const u16s = fc.array(fc.integer({ min: 0, max: 65535 }), { minLength: n * n, maxLength: n * n });
    const share = fc.double({ min: 0, max: 1, noNaN: true }).map(fixedOfShare);
    return fc.record({
      stakes: fc.array(fc.bigInt({ min: 0n, max: 2n ** 40n }), { minLength: n, maxLength: n }),
      weights: u16s.map((w) => Uint16Array.from(w)),
      bonds: u16s.map((w) => Uint16Array.from(w)),
      kappa: share,
      bondsPenalty: share,
      alpha: share,
      emission: fc.bigInt({ min: 0n, max: 2n ** 50n }),
    });
  });

  it('never emits more than there is, nor less by more than rounding', () => {
    fc.assert(
      fc.property(epochs, (epoch) => {
        const { emission } = yumaEpoch(epoch);
        const total = emission.reduce((a, b) => a + b, 0n);
        expect(total).toBeLessThanOrEqual(epoch.emission);
        if (epoch.stakes.every((s) => s === 0n) && epoch.bonds.every((b) => b === 0)) return;
        if (total === 0n) return;
        const n = BigInt(epoch.stakes.length);
        // a unit each from rounding the part, and 2^-32 of everything each from rounding its share
        expect(epoch.emission - total).toBeLessThanOrEqual(n + ((2n * n * epoch.emission) >> 32n) + 1n);
      }),
    );
  });

  it('keeps no weight above the consensus: nobody gains by praising more than the majority does', () => {
    fc.assert(
      fc.property(epochs, (epoch) => {
        const { validatorTrust, consensus } = yumaEpoch(epoch);
        const agreed = consensus.reduce((a, b) => a + b, 0n);
        for (const trust of validatorTrust) {
          expect(trust).toBeLessThanOrEqual(agreed);
          expect(trust).toBeLessThanOrEqual(FIXED_ONE);
        }
      }),
    );
  });

  it('does not depend on the unit of stake, as long as shares divide evenly', () => {
    fc.assert(
      fc.property(epochs, fc.bigInt({ min: 1n, max: 2n ** 20n }), (epoch, unit) => {
        const scaled = { ...epoch, stakes: epoch.stakes.map((s) => s * unit) };
        expect(yumaEpoch(scaled)).toEqual(yumaEpoch(epoch));
      }),
    );
  });
});

describe('shares in 2^-32', () => {
  it('are rounded down, u16 shares as quotients of 65535', () => {
    expect(fixedOfShare(0.1)).toBe(429496729n);
    expect(fixedOfU16(65535)).toBe(FIXED_ONE);
    expect(fixedOfU16(32767)).toBe((32767n << 32n) / 65535n);
    expect(() => fixedOfShare(1.5)).toThrow('a share must be in 0..1');
  });

  it('complement the memory of a moving average: alpha .1 is what a memory of .9, rounded down, leaves', () => {
    expect(fixedOfAlpha(0.1)).toBe(FIXED_ONE - (900_000n << 32n) / 1_000_000n);
  });
});
