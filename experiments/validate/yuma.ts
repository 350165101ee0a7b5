/** The case of Yuma consensus: published figures to the unit, or an epoch from a file against the real-number equations. */
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import {
  fixedOfAlpha,
  fixedOfShare,
  fixedOfU16,
  U16_MAX,
  YUMA_MEMBERS_MAX,
  yumaEpoch,
} from '../../market/yuma.ts';
import { UsageError } from '../../sim/core/errors.ts';
import type { ValidationCase } from './case.ts';

const whole = z.union([z.int().min(0), z.string().regex(/^\d+$/)]).transform(BigInt);
const u16 = z.int().min(0).max(U16_MAX);
/** A row of n values, or pairs [member, value] of those that are not 0; missing rows are zeros. */
const matrix = z.array(z.union([z.array(u16), z.array(z.tuple([u16, u16]))])).max(YUMA_MEMBERS_MAX);
/** A share in 0..1, or above 1 a whole number of 1/65535. */
const share = z.union([z.number().min(0).max(1), z.int().min(2).max(U16_MAX)]);

const EpochFile = z.strictObject({
  stakes: z.array(whole).min(1).max(YUMA_MEMBERS_MAX),
  weights: matrix,
  bonds: matrix.default([]),
  kappa: share.default(32767),
  bondsPenalty: share.default(1),
  alpha: z.number().min(0).max(1).default(0.1),
  emission: whole.default(1_000_000_000n),
});
type Epoch = z.infer<typeof EpochFile>;

/** The first epoch of `test_bonds`, pallets/subtensor/src/tests/epoch.rs (opentensor/subtensor 14bc6f9f). */
const SCORES = [0, 0, 0, 0, 16383, 32767, 49149, 65535];
const PUBLISHED: Epoch = {
  stakes: [1n, 2n, 3n, 4n, 0n, 0n, 0n, 0n],
  weights: [SCORES, SCORES, SCORES, SCORES],
  bonds: [],
  kappa: 32767,
  bondsPenalty: 1,
  alpha: 0.1,
  emission: 1_000_000_000n,
};
const PUBLISHED_EMISSION = [
  49999998, 99999999, 150000000, 200000001, 49998779, 100000610, 149996337, 200004272,
];
const PUBLISHED_BONDS = [16383, 32767, 49151, 65535, 0, 0, 0, 0].map((bond) => [
  0,
  0,
  0,
  0,
  bond,
  bond,
  bond,
  bond,
]);

/** Rounding moves no part of the emission by more than this share of all of it. */
const EMISSION_TOLERANCE = 1e-6;
/** Stake shares are rounded down: a vote that ends at the majority exactly may fall on either side of it. */
const TIE = 1e-7;

function readEpoch(file: string): Epoch {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (cause) {
    throw new UsageError(`cannot read '${file}'`, 'give the path of a JSON file', { cause });
  }
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new UsageError(`'${file}' is not JSON: ${(cause as Error).message}`, '', { cause });
  }
  const parsed = EpochFile.safeParse(json);
  if (parsed.success) return parsed.data;
  const { path, message } = parsed.error.issues[0]!;
  throw new UsageError(
    `'${file}': ${path.join('.') || 'the file'}: ${message}`,
    'it holds {stakes, weights, bonds, kappa, bondsPenalty, alpha, emission}; kappa and bondsPenalty as shares in 0..1 or u16',
  );
}

function dense(rows: Epoch['weights'], n: number, name: string): Uint16Array {
  const values = new Uint16Array(n * n);
  rows.forEach((row, i) => {
    for (const [k, entry] of row.entries()) {
      const [j, value] = typeof entry === 'number' ? [k, entry] : entry;
      if (i >= n || j >= n)
        throw new UsageError(
          `${name}[${i}] has an entry for member ${j}`,
          `there are ${n} stakes, so ${n} members`,
        );
      values[i * n + j] = value;
    }
  });
  return values;
}

const fixedShare = (value: number): bigint => (value > 1 ? fixedOfU16(value) : fixedOfShare(value));
const realShare = (value: number): number => (value > 1 ? value / U16_MAX : value);

export const yuma: ValidationCase = {
  name: 'yuma',
  about:
    "One epoch of Bittensor's Yuma consensus in I32F32: the published emission and bonds to the unit, or those of a file against the equations in real numbers.",
  parameters: {
    file: {
      default: '',
      about:
        'JSON file {stakes, weights, bonds, kappa, bondsPenalty, alpha, emission}, the last five optional; empty = the published 8 neurons',
    },
  },
  seeds: 1,
  full: [{}],
  async measure(params) {
    const file = params.text('file');
    const epoch = file === '' ? PUBLISHED : readEpoch(file);
    const n = epoch.stakes.length;
    const weights = dense(epoch.weights, n, 'weights');
    const bonds = dense(epoch.bonds, n, 'bonds');
    const result = yumaEpoch({
      stakes: epoch.stakes,
      weights,
      bonds,
      kappa: fixedShare(epoch.kappa),
      bondsPenalty: fixedShare(epoch.bondsPenalty),
      alpha: fixedOfAlpha(epoch.alpha),
      emission: epoch.emission,
    });
    const total = Number(epoch.emission);
    const gapTo = (parts: readonly number[]): number =>
      Math.max(...parts.map((part, i) => Math.abs(part - Number(result.emission[i]) / Math.max(1, total))));
    const gap = Math.min(...[-TIE, 0, TIE].map((tie) => gapTo(emissionInReals(epoch, weights, bonds, tie))));
    const published = {
      emission: PUBLISHED_EMISSION.join(','),
      bonds: PUBLISHED_BONDS.flat().join(','),
    };
    return {
      measured: { emission: result.emission.join(','), bonds: result.bonds.join(','), emissionGap: gap },
      expected: { ...(file === '' ? published : {}), emissionGap: 0 },
      // an emission of so few units that rounding one of them is more than the tolerance
      tolerance: { emissionGap: Math.max(EMISSION_TOLERANCE, 1 / Math.max(1, total)) },
    };
  },
};

/** The equations of docs/consensus.md in real numbers: each member's share of the emission, [n]. */
function emissionInReals(epoch: Epoch, weights: Uint16Array, bonds: Uint16Array, tie: number): number[] {
  const n = epoch.stakes.length;
  const all = Array.from({ length: n }, (_, i) => i);
  const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);
  const shares = (values: readonly number[]): number[] => {
    const total = sum(values);
    return total === 0 ? [...values] : values.map((value) => value / total);
  };
  const byColumn = (rows: readonly (readonly number[])[]): number[][] => {
    const columns = all.map((j) => shares(rows.map((row) => row[j]!)));
    return all.map((i) => all.map((j) => columns[j]![i]!));
  };
  const stake = shares(epoch.stakes.map(Number));
  const votes = all.map((i) => shares(all.map((j) => (i === j || stake[i] === 0 ? 0 : weights[i * n + j]!))));
  const minority = 1 - realShare(epoch.kappa) + tie;
  const consensus = all.map((j) => {
    const levels = all.filter((i) => stake[i]! > 0).map((i) => votes[i]![j]!);
    const above = levels.filter(
      (level) => sum(all.map((i) => (votes[i]![j]! <= level ? stake[i]! : 0))) > minority,
    );
    return above.length > 0 ? Math.min(...above) : Math.max(0, ...levels);
  });
  const clipped = votes.map((row) => row.map((w, j) => Math.min(w, consensus[j]!)));
  const incentive = shares(all.map((j) => sum(all.map((i) => stake[i]! * clipped[i]![j]!))));
  const penalty = realShare(epoch.bondsPenalty);
  const bought = byColumn(
    votes.map((row, i) => row.map((w, j) => stake[i]! * (w + penalty * (clipped[i]![j]! - w)))),
  );
  const held = byColumn(all.map((i) => all.map((j) => bonds[i * n + j]!)));
  const average = byColumn(
    bought.map((row, i) => row.map((b, j) => epoch.alpha * b + (1 - epoch.alpha) * held[i]![j]!)),
  );
  const dividends = shares(average.map((row) => sum(row.map((b, j) => b * incentive[j]!))));
  const earned = shares(incentive.map((share, i) => share + dividends[i]!));
  return sum(earned) === 0 ? stake : earned;
}
