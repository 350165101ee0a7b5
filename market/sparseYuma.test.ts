import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TWO_32 } from '../sim/core/units.ts';
import { SparseYuma } from './sparseYuma.ts';
import { fixedOfAlpha, fixedOfShare, YUMA_MEMBERS_MAX, yumaEpoch } from './yuma.ts';

interface Case {
  readonly stakes: readonly number[];
  readonly weights: readonly number[];
  readonly bonds: readonly number[];
  readonly kappa: number;
  readonly bondsPenalty: number;
  readonly alpha: number;
  readonly emission: number;
  readonly validators: number;
}

/** Values at which rounding and ties matter, and any others. */
const stakes = fc.oneof(
  fc.constantFrom(0, 0, 1, 2, 2 ** 32 - 1),
  fc.integer({ min: 0, max: 9 }),
  fc.integer({ min: 0, max: 2 ** 32 - 1 }),
);
const u16s = fc.oneof(
  fc.constantFrom(0, 0, 1, 65535),
  fc.integer({ min: 0, max: 3 }),
  fc.integer({ min: 0, max: 65535 }),
);
const shares = fc.oneof(
  fc.constantFrom(0, 0.5, 1, 32767 / 65535),
  fc.double({ min: 0, max: 1, noNaN: true }),
);
const many = <T>(of: fc.Arbitrary<T>, length: number): fc.Arbitrary<T[]> =>
  fc.array(of, { minLength: length, maxLength: length });
const cases = (largest: number): fc.Arbitrary<Case> =>
  fc.integer({ min: 1, max: largest }).chain((n) =>
    fc.record({
      stakes: many(stakes, n),
      weights: many(u16s, n * n),
      bonds: many(u16s, n * n),
      kappa: shares,
      bondsPenalty: shares,
      alpha: shares,
      emission: fc.oneof(fc.integer({ min: 0, max: 9 }), fc.integer({ min: 0, max: 2 ** 50 })),
      validators: fc.integer({ min: 1, max: n + 1 }),
    }),
  );

function specified({ stakes: stake, weights, bonds, ...rest }: Case) {
  const { emission, bonds: next } = yumaEpoch({
    stakes: stake.map(BigInt),
    weights: Uint16Array.from(weights),
    bonds: Uint16Array.from(bonds),
    kappa: fixedOfShare(rest.kappa),
    bondsPenalty: fixedOfShare(rest.bondsPenalty),
    alpha: fixedOfAlpha(rest.alpha),
    emission: BigInt(rest.emission),
    validators: rest.validators,
  });
  return { emission: emission.map(Number), bonds: [...next] };
}

/** One instance for all epochs, as in a thread: nothing may leak from one to the next. */
const sparse = new SparseYuma();

function computed(epoch: Case, places: readonly number[] = epoch.stakes.map((_, i) => i), weightStride = -1) {
  const n = epoch.stakes.length;
  sparse.run({
    members: n,
    stakes: Uint32Array.from(epoch.stakes),
    weights: Uint16Array.from(epoch.weights),
    weightStride: weightStride < 0 ? n : weightStride,
    bonds: Uint32Array.from(epoch.bonds),
    bondStride: Math.sqrt(epoch.bonds.length),
    places: Int32Array.from(places),
    kappa: Number(fixedOfShare(epoch.kappa)),
    bondsPenalty: Number(fixedOfShare(epoch.bondsPenalty)),
    alpha: Number(fixedOfAlpha(epoch.alpha)),
    emission: epoch.emission,
    validators: epoch.validators,
  });
  const bonds = new Array<number>(n * n).fill(0);
  for (let r = 0; r < sparse.rows; r++)
    for (let j = 0; j < n; j++) bonds[sparse.rowMember[r]! * n + j] = sparse.bonds[j * sparse.rows + r]!;
  return { emission: [...sparse.emission.subarray(0, n)], bonds };
}

describe('an epoch over the rows of validators', () => {
  it('is that of the specification to the unit, for any stakes, weights and bonds', () => {
    fc.assert(
      fc.property(cases(12), (epoch) => {
        expect(computed(epoch)).toEqual(specified(epoch));
      }),
      { numRuns: 1500 },
    );
  });

  it('is the same where all say the same and write it once', () => {
    fc.assert(
      fc.property(cases(12), (epoch) => {
        const n = epoch.stakes.length;
        const row = epoch.weights.slice(0, n);
        const repeated = { ...epoch, weights: epoch.stakes.flatMap(() => row) };
        expect(computed({ ...epoch, weights: row }, undefined, 0)).toEqual(specified(repeated));
      }),
      { numRuns: 500 },
    );
  });

  it('follows a chain of epochs whose members come and go', () => {
    const chains = fc.array(fc.tuple(cases(8), fc.infiniteStream(fc.integer({ min: -1, max: 7 }))), {
      minLength: 2,
      maxLength: 5,
    });
    fc.assert(
      fc.property(chains, (chain) => {
        let last = { bonds: [] as number[] };
        for (const [epoch, stream] of chain) {
          const size = Math.sqrt(last.bonds.length);
          // each place is taken by one member at most
          const places = epoch.stakes.map(() => stream.next().value as number);
          places.forEach((place, i) => {
            if (place >= size || places.indexOf(place) < i) places[i] = -1;
          });
          const held = places.flatMap((a) =>
            places.map((b) => (a < 0 || b < 0 ? 0 : last.bonds[a * size + b]!)),
          );
          const now = computed({ ...epoch, bonds: last.bonds }, places);
          expect(now).toEqual(specified({ ...epoch, bonds: held }));
          last = now;
        }
      }),
      { numRuns: 300 },
    );
  });

  it('is that of the specification at 256 members with stakes, weights and bonds at their largest', () => {
    const n = YUMA_MEMBERS_MAX;
    const largest: Case = {
      stakes: Array.from({ length: n }, () => 2 ** 32 - 1),
      weights: Array.from({ length: n * n }, (_, k) => 65535 - (k % 7)),
      bonds: Array.from({ length: n * n }, (_, k) => (k % 3 === 0 ? 0 : 65535)),
      kappa: 0.5,
      bondsPenalty: 0.3,
      alpha: 0.1,
      emission: 1e15,
      validators: n,
    };
    expect(computed(largest)).toEqual(specified(largest));
    const few = { ...largest, validators: 16, stakes: largest.stakes.map((s, i) => s - (i % 40)) };
    expect(computed(few)).toEqual(specified(few));
  });

  it('exists where nobody stakes: nothing is emitted and no bond is left', () => {
    const idle: Case = {
      stakes: [0, 0],
      weights: [1, 2, 3, 4],
      bonds: [0, 9, 9, 0],
      kappa: 0.5,
      bondsPenalty: 1,
      alpha: 0.1,
      emission: TWO_32,
      validators: 2,
    };
    // bonds of the past still earn what incentive there is, and there is none
    expect(computed(idle)).toEqual(specified(idle));
    expect(computed(idle).bonds).toEqual([0, 0, 0, 0]);
  });
});
