/**
 * Yuma consensus: how Bittensor turns what validators say about miners into emission, in its own I32F32
 * integers, so that its published figures come out to the unit. Pure: one epoch in, one epoch out.
 *
 * Source of the equations and of every rounding: opentensor/subtensor, `pallets/subtensor/src/epoch`
 * (run_epoch.rs and math.rs at 14bc6f9f964b9cc362e9635dd110a487fa5d15a0, with Yuma 3 and liquid alpha off), and its
 * docs/consensus.md. I32F32 as in substrate-fixed: products are rounded down, quotients towards zero.
 */
import { assert } from '../sim/core/assert.ts';

/** Most members of an epoch. */
export const YUMA_MEMBERS_MAX = 256;
/** Weights and bonds are kept as u16 of which the largest stands for 1. */
export const U16_MAX = 0xffff;
/** Stakes are summed in I64F64, whose integers end here. */
const STAKE_SUM_MAX = 2n ** 63n - 1n;

const FRACTION_BITS = 32n;
/** 1 in I32F32. */
export const FIXED_ONE = 1n << FRACTION_BITS;
const U16_FIXED = BigInt(U16_MAX) << FRACTION_BITS;

/** A number of 2^-32, rounded down as I32F32 is. */
type Fixed = bigint;

const multiply = (a: Fixed, b: Fixed): Fixed => (a * b) >> FRACTION_BITS;
/** a / b; 0 for b = 0. */
const divide = (a: Fixed, b: Fixed): Fixed => (b === 0n ? 0n : (a << FRACTION_BITS) / b);
const lesser = (a: Fixed, b: Fixed): Fixed => (b < a ? b : a);
const sum = (values: readonly Fixed[]): Fixed => values.reduce((total, value) => total + value, 0n);

/** A share in u16 (32767 = a half, nearly) in 2^-32, as the chain holds kappa and the bonds penalty. */
export const fixedOfU16 = (share: number): bigint => divide(BigInt(share) << FRACTION_BITS, U16_FIXED);

/** A real share in [0, 1] in 2^-32, rounded down. Throws AssertionError outside. */
export function fixedOfShare(share: number): bigint {
  assert(share >= 0 && share <= 1, `a share must be in 0..1, not ${share}`);
  return BigInt(Math.floor(share * 2 ** 32));
}

/** The weight of a new observation in a moving average whose memory 1 - alpha is rounded down, as on the chain. */
export const fixedOfAlpha = (alpha: number): bigint => FIXED_ONE - fixedOfShare(1 - alpha);

export interface YumaEpoch {
  /** Stake of each member, whole units, [n]. */
  readonly stakes: readonly bigint[];
  /** What member i says of member j, u16, relative to the rest of its row, [n x n] row-major. */
  readonly weights: Uint16Array;
  /** Bonds that the previous epoch returned, u16, [n x n]; zeros at first. */
  readonly bonds: Uint16Array;
  /** Majority of stake that must support a weight, 2^-32. */
  readonly kappa: bigint;
  /** 1: bonds are bought with clipped weights; 0: with the weights as given; 2^-32. */
  readonly bondsPenalty: bigint;
  /** Weight of this epoch in the moving average of bonds, 2^-32. */
  readonly alpha: bigint;
  /** To be divided, whole units. */
  readonly emission: bigint;
  /** How many of the largest stakers may validate; default all. */
  readonly validators?: number;
}

export interface YumaResult {
  /** Each member's part of the emission, rounded down: the sum never exceeds it, the issuer keeps the rest, [n]. */
  readonly emission: bigint[];
  /** The part for weighing others well and the part for being weighed well, each rounded down, [n]. */
  readonly validatorEmission: bigint[];
  readonly minerEmission: bigint[];
  /** Stake-weighted median of the weights on each member, 2^-32, [n]. */
  readonly consensus: bigint[];
  /** Share of a validator's weights that survives clipping, 2^-32, [n]. */
  readonly validatorTrust: bigint[];
  /** Shares of what miners and validators earn, 2^-32, [n]. */
  readonly incentive: bigint[];
  readonly dividends: bigint[];
  /** For the next epoch: the largest of each column stands for 1, u16, [n x n]. */
  readonly bonds: Uint16Array;
}

/**
 * One epoch of consensus. Members are compared by position only.
 *
 * @throws AssertionError for more than YUMA_MEMBERS_MAX members, matrices of another size, a negative stake
 */
export function yumaEpoch(epoch: YumaEpoch): YumaResult {
  const n = epoch.stakes.length;
  assert(n >= 1 && n <= YUMA_MEMBERS_MAX, `an epoch has 1 to ${YUMA_MEMBERS_MAX} members, not ${n}`);
  for (const name of ['weights', 'bonds'] as const)
    assert(epoch[name].length === n * n, `${name} must hold ${n} x ${n} values, not ${epoch[name].length}`);

  const stake = normalisedStake(epoch.stakes);
  const permitted = largestStakers(epoch.stakes, epoch.validators ?? n);
  const active = normalise(stake.map((s, i) => (permitted[i] ? s : 0n)));
  const weights = rowNormalised(epoch.weights, permitted);
  const consensus = weightedMedians(active, weights, epoch.kappa);
  const clipped = weights.map((row) => row.map((w, j) => lesser(w, consensus[j]!)));
  const incentive = normalise(stakeWeightedSum(clipped, active));

  const bought = interpolate(weights, clipped, epoch.bondsPenalty).map((row, i) =>
    row.map((w) => multiply(w, active[i]!)),
  );
  columnNormalise(bought);
  const held = rowsOf(epoch.bonds, n);
  columnNormalise(held);
  const bonds = held.map((row, i) =>
    row.map((old, j) => multiply(epoch.alpha, bought[i]![j]!) + multiply(FIXED_ONE - epoch.alpha, old)),
  );
  columnNormalise(bonds);
  const dividends = normalise(bonds.map((row) => sum(row.map((b, j) => multiply(incentive[j]!, b)))));

  const shares = emissionShares(incentive, dividends, sum(active) === 0n ? stake : active);
  const part = (share: Fixed): bigint => (share * epoch.emission) >> FRACTION_BITS;
  return {
    emission: shares.combined.map(part),
    validatorEmission: shares.validator.map(part),
    minerEmission: shares.miner.map(part),
    consensus,
    validatorTrust: clipped.map(sum),
    incentive,
    dividends,
    bonds: storedBonds(bonds, permitted),
  };
}

const columnsOf = <T>(n: number, value: (column: number) => T): T[] =>
  Array.from({ length: n }, (_, j) => value(j));

/** Shares of all stake. */
function normalisedStake(stakes: readonly bigint[]): Fixed[] {
  assert(
    stakes.every((s) => s >= 0n),
    'a stake is not negative',
  );
  const total = sum(stakes);
  assert(total <= STAKE_SUM_MAX, `all stakes together are at most ${STAKE_SUM_MAX}`);
  return stakes.map((s) => divide(s, total));
}

/** Who may validate: the `count` largest stakes above 0; of equal ones those that come later. */
function largestStakers(stakes: readonly bigint[], count: number): boolean[] {
  const order = stakes.map((_, i) => i);
  order.sort((a, b) => (stakes[a]! < stakes[b]! ? -1 : stakes[a]! > stakes[b]! ? 1 : a - b));
  const permitted = stakes.map((s) => s > 0n);
  for (const i of order.slice(0, Math.max(0, stakes.length - count))) permitted[i] = false;
  return permitted;
}

/** Divided by their sum, each rounded down; all zeros stay. */
function normalise(values: Fixed[]): Fixed[] {
  const total = sum(values);
  return total === 0n ? values : values.map((value) => divide(value, total));
}

/** Divides every column by its sum, in place. */
function columnNormalise(matrix: Fixed[][]): void {
  for (let j = 0; j < matrix.length; j++) {
    let total = 0n;
    for (const row of matrix) total += row[j]!;
    if (total === 0n) continue;
    for (const row of matrix) row[j] = divide(row[j]!, total);
  }
}

/** u16 as whole numbers of 2^-32; only their ratios matter. */
const rowsOf = (matrix: Uint16Array, n: number): Fixed[][] =>
  columnsOf(n, (i) =>
    Array.from(matrix.subarray(i * n, (i + 1) * n), (value) => BigInt(value) << FRACTION_BITS),
  );

/** Weights of the permitted with a row sum of 1; nobody weighs itself. */
function rowNormalised(weights: Uint16Array, permitted: readonly boolean[]): Fixed[][] {
  return rowsOf(weights, permitted.length).map((row, i) =>
    normalise(row.map((w, j) => (permitted[i] && i !== j ? w : 0n))),
  );
}

/**
 * For each member the least weight such that the stake of those who give no more exceeds the minority 1 - kappa:
 * the largest weight that a majority of stake supports. The largest weight of all where no stake exceeds it.
 */
function weightedMedians(active: readonly Fixed[], weights: readonly Fixed[][], kappa: Fixed): Fixed[] {
  const total = sum(active);
  const stake = active.map((s) => divide(s, total));
  const minority = sum(stake) - kappa;
  const stakers = stake.flatMap((s, i) => (s > 0n ? [i] : []));
  return columnsOf(active.length, (j) => {
    stakers.sort((a, b) => Number(weights[a]![j]! - weights[b]![j]!));
    let supported = 0n;
    let median = 0n;
    for (let k = 0; k < stakers.length; k++) {
      median = weights[stakers[k]!]![j]!;
      supported += stake[stakers[k]!]!;
      const next = stakers[k + 1];
      if (next !== undefined && weights[next]![j] === median) continue;
      if (supported > minority) break;
    }
    return median;
  });
}

/** Sum over validators of weight x stake, each product rounded down, by member. */
function stakeWeightedSum(weights: readonly Fixed[][], stake: readonly Fixed[]): Fixed[] {
  return columnsOf(stake.length, (j) => sum(weights.map((row, i) => multiply(stake[i]!, row[j]!))));
}

/** from + ratio x (to - from), the product rounded down; exactly `to` for a ratio of 1. */
function interpolate(from: readonly Fixed[][], to: readonly Fixed[][], ratio: Fixed): Fixed[][] {
  return from.map((row, i) => row.map((w, j) => w + multiply(ratio, to[i]![j]! - w)));
}

/** Miners and validators share alike; with nothing earned at all, emission follows the stake. */
function emissionShares(
  incentive: readonly Fixed[],
  dividends: readonly Fixed[],
  fallback: readonly Fixed[],
) {
  const combined = incentive.map((share, i) => share + dividends[i]!);
  const total = sum(combined);
  const nothing = incentive.map(() => 0n);
  if (total === 0n) return { combined: fallback, validator: fallback, miner: nothing };
  const scaled = (values: readonly Fixed[]): Fixed[] => values.map((value) => divide(value, total));
  return { combined: scaled(combined), validator: scaled(dividends), miner: scaled(incentive) };
}

/** Columns scaled so that their largest is 1, in u16 rounded down; who may not validate holds none. */
function storedBonds(bonds: readonly Fixed[][], permitted: readonly boolean[]): Uint16Array {
  const n = bonds.length;
  const stored = new Uint16Array(n * n);
  for (let j = 0; j < n; j++) {
    let most = 0n;
    for (const row of bonds) if (row[j]! > most) most = row[j]!;
    for (let i = 0; i < n; i++) {
      if (!permitted[i]) continue;
      stored[i * n + j] = Number(multiply(divide(bonds[i]![j]!, most), U16_FIXED) >> FRACTION_BITS);
    }
  }
  return stored;
}
