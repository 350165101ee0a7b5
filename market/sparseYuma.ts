/**
 * Yuma consensus for the tick: the epoch of yuma.ts, which is its specification, to the unit, without big integers
 * and over the few rows that are not zero. Validators are few and all others neither weigh nor hold bonds, so that an
 * epoch of n members costs n x validators and not n^2.
 *
 * Numbers of 2^-32 are doubles: all of them are integers of at most 2^33, so that a product is split in 16 bits and
 * a quotient found in two digits of 16 bits with every step below 2^53, and so exact.
 */
import { mulDiv } from '../sim/core/fixed.ts';
import { TWO_32 } from '../sim/core/units.ts';
import { U16_MAX } from './yuma.ts';

const HALF = 0x1_0000;

/** floor(a x b / 2^32) for integers 0..2^33. */
function multiply(a: number, b: number): number {
  const high = Math.floor(a / HALF);
  return Math.floor((high * b + Math.floor(((a - high * HALF) * b) / HALF)) / HALF);
}

/** floor(a x 2^32 / b) for integers 0 <= a <= 2^33, 0 < b <= 2^36. */
function divide(a: number, b: number): number {
  const scaled = a * HALF;
  const high = Math.floor(scaled / b);
  return high * HALF + Math.floor(((scaled - high * b) * HALF) / b);
}

/** What an epoch needs; big integers of YumaEpoch are numbers here. */
export interface SparseEpoch {
  /** 1..256. */
  readonly members: number;
  /** Stake of each member, u32, at least [members]. */
  readonly stakes: Uint32Array;
  /** What member i says of member j at i x weightStride + j, u16; a stride of 0 = all say the same. */
  readonly weights: Uint16Array;
  readonly weightStride: number;
  /** Bonds of the previous epoch between places a and b at a x bondStride + b, u16. */
  readonly bonds: Uint32Array;
  readonly bondStride: number;
  /** Place of each member in the previous epoch, -1 for a new member, at least [members]. */
  readonly places: Int32Array;
  /** As in YumaEpoch, 2^-32. */
  readonly kappa: number;
  readonly bondsPenalty: number;
  readonly alpha: number;
  /** Whole units, below 2^53. */
  readonly emission: number;
  readonly validators: number;
}

/** Yuma consensus with the memory for its intermediate results, which grows to the largest epoch. */
export class SparseYuma {
  /** Each member's part of the emission, [members]. */
  emission = new Float64Array(0);
  /** How many members may hold bonds afterwards, and who, in order, [rows]. */
  rows = 0;
  rowMember = new Int32Array(0);
  /** Bonds for the next epoch, u16, member-major: of row r on member j at j x rows + r. All others are 0. */
  bonds = new Uint16Array(0);

  private stake = new Float64Array(0);
  private incentive = new Float64Array(0);
  private dividend = new Float64Array(0);
  private ranked = new Int32Array(0);
  /** 1 = may validate, by member. */
  private permitted = new Uint8Array(0);

  // by row: those that may validate, and those that only hold bonds of earlier epochs
  private member = new Int32Array(0);
  private place = new Int32Array(0);
  private isPermitted = new Uint8Array(0);
  private active = new Float64Array(0);
  private vote = new Float64Array(0);
  private weightSum = new Float64Array(0);
  private earned = new Float64Array(0);
  // by row, of one column at a time
  private weight = new Float64Array(0);
  private bought = new Float64Array(0);
  private held = new Float64Array(0);
  /** Rows with votes, in the order of their weights in the last column. */
  private order = new Int32Array(0);
  /** Bonds of all columns, by column, [members x rows]. */
  private bond = new Float64Array(0);

  /** Computes one epoch; results stand until the next. */
  run(epoch: SparseEpoch): void {
    this.reserve(epoch.members);
    const activeStake = this.chooseValidators(epoch);
    const rowCount = this.collectRows(epoch, activeStake);
    if (this.bond.length < epoch.members * rowCount) {
      this.bond = new Float64Array(epoch.members * rowCount);
      this.bonds = new Uint16Array(epoch.members * rowCount);
    }
    const voters = this.countVotes(rowCount);
    this.sumWeights(epoch, rowCount);
    const minority = this.voteSum(rowCount) - epoch.kappa;
    for (let j = 0; j < epoch.members; j++) this.closeColumn(epoch, j, rowCount, voters, minority);
    normalise(this.incentive, epoch.members);
    this.payBonds(epoch.members, rowCount);
    this.share(epoch, activeStake);
  }

  private reserve(members: number): void {
    if (this.stake.length >= members) return;
    const doubles = () => new Float64Array(members);
    const integers = () => new Int32Array(members);
    this.emission = doubles();
    this.rowMember = integers();
    this.stake = doubles();
    this.incentive = doubles();
    this.dividend = doubles();
    this.ranked = integers();
    this.permitted = new Uint8Array(members);
    this.member = integers();
    this.place = integers();
    this.isPermitted = new Uint8Array(members);
    this.active = doubles();
    this.vote = doubles();
    this.weightSum = doubles();
    this.earned = doubles();
    this.weight = doubles();
    this.bought = doubles();
    this.held = doubles();
    this.order = integers();
  }

  /** Shares of all stake, and who may validate; returns the share of those who may. */
  private chooseValidators({ members, stakes, validators }: SparseEpoch): number {
    const { stake, permitted, ranked } = this;
    let total = 0;
    for (let i = 0; i < members; i++) total += stakes[i]!;
    let seated = 0;
    const seats = Math.min(validators, members);
    for (let i = 0; i < members; i++) {
      const own = stakes[i]!;
      stake[i] = own === 0 ? 0 : mulDiv(own, TWO_32, total);
      permitted[i] = 0;
      if (own === 0 || (seated === seats && stakes[ranked[seated - 1]!]! > own)) continue;
      // the largest first; of equal ones the later member, which comes before
      let at = seated < seats ? seated++ : seated - 1;
      while (at > 0 && stakes[ranked[at - 1]!]! <= own) {
        ranked[at] = ranked[at - 1]!;
        at--;
      }
      ranked[at] = i;
    }
    let active = 0;
    for (let k = 0; k < seated; k++) {
      permitted[ranked[k]!] = 1;
      active += stake[ranked[k]!]!;
    }
    return active;
  }

  /** Members whose row of weights or bonds is not all zeros; returns how many. */
  private collectRows({ members, bonds, bondStride, places }: SparseEpoch, activeStake: number): number {
    const { permitted, stake, member, place, isPermitted, active, rowMember } = this;
    let count = 0;
    this.rows = 0;
    for (let i = 0; i < members; i++) {
      const from = places[i]!;
      if (permitted[i] === 0 && (from < 0 || isZero(bonds, from * bondStride, bondStride))) continue;
      member[count] = i;
      place[count] = from;
      isPermitted[count] = permitted[i]!;
      active[count] = permitted[i] === 0 || activeStake === 0 ? 0 : divide(stake[i]!, activeStake);
      if (permitted[i] === 1) rowMember[this.rows++] = i;
      count++;
    }
    return count;
  }

  /** Rows with a vote on the consensus, in `order`; returns how many. */
  private countVotes(rowCount: number): number {
    const { active, vote, order } = this;
    let total = 0;
    for (let r = 0; r < rowCount; r++) total += active[r]!;
    let voters = 0;
    for (let r = 0; r < rowCount; r++) {
      vote[r] = total === 0 ? 0 : divide(active[r]!, total);
      if (vote[r]! > 0) order[voters++] = r;
    }
    return voters;
  }

  private voteSum(rowCount: number): number {
    let sum = 0;
    for (let r = 0; r < rowCount; r++) sum += this.vote[r]!;
    return sum;
  }

  /** Sum of what each validator says of others. */
  private sumWeights({ members, weights, weightStride }: SparseEpoch, rowCount: number): void {
    for (let r = 0; r < rowCount; r++) {
      const start = this.member[r]! * weightStride;
      let sum = 0;
      for (let j = 0; j < members; j++) sum += weights[start + j]!;
      this.weightSum[r] = sum - weights[start + this.member[r]!]!;
      this.earned[r] = 0;
    }
  }

  /** One member as all see it: consensus, incentive before normalising, bonds on it. */
  private closeColumn(
    epoch: SparseEpoch,
    j: number,
    rowCount: number,
    voters: number,
    minority: number,
  ): void {
    const { weights, weightStride, bonds, bondStride, bondsPenalty, alpha } = epoch;
    const { member, place, isPermitted, active, weightSum, weight, bought, held } = this;
    for (let r = 0; r < rowCount; r++) {
      const said = isPermitted[r] === 0 || member[r] === j ? 0 : weights[member[r]! * weightStride + j]!;
      // a u16 times 2^32 is below 2^53, and so the quotient exact
      weight[r] = said === 0 ? 0 : Math.floor((said * TWO_32) / weightSum[r]!);
    }
    const consensus = this.weightedMedian(voters, minority);
    const column = epoch.places[j]!;
    let incentive = 0;
    let boughtSum = 0;
    let heldSum = 0;
    for (let r = 0; r < rowCount; r++) {
      const own = weight[r]!;
      const clipped = Math.min(own, consensus);
      const lost = own - clipped;
      incentive += multiply(clipped, active[r]!);
      // from the weight towards the clipped one, the negative product rounded down
      const priced = lost === 0 ? own : own - multiplyUp(bondsPenalty, lost);
      bought[r] = multiply(priced, active[r]!);
      boughtSum += bought[r]!;
      held[r] = column < 0 || place[r]! < 0 ? 0 : bonds[place[r]! * bondStride + column]!;
      heldSum += held[r]!;
    }
    this.incentive[j] = incentive;
    const start = j * rowCount;
    let bondSum = 0;
    for (let r = 0; r < rowCount; r++) {
      const now = bought[r] === 0 ? 0 : divide(bought[r]!, boughtSum);
      const before = held[r] === 0 ? 0 : Math.floor((held[r]! * TWO_32) / heldSum);
      const bond = multiply(alpha, now) + multiply(TWO_32 - alpha, before);
      this.bond[start + r] = bond;
      bondSum += bond;
    }
    this.storeColumn(j, rowCount, bondSum);
  }

  /** Normalises the bonds on member j and writes them in u16 of which the largest stands for 1. */
  private storeColumn(j: number, rowCount: number, bondSum: number): void {
    const { bond, bonds, isPermitted, rows } = this;
    const start = j * rowCount;
    let most = 0;
    for (let r = 0; r < rowCount; r++) {
      const share = bondSum === 0 ? 0 : divide(bond[start + r]!, bondSum);
      bond[start + r] = share;
      if (share > most) most = share;
    }
    for (let r = 0, at = j * rows; r < rowCount; r++) {
      if (isPermitted[r] === 0) continue;
      const share = bond[start + r]!;
      bonds[at++] = share === 0 ? 0 : Math.floor((divide(share, most) * U16_MAX) / TWO_32);
    }
  }

  /** The least weight such that the votes for no more pass the minority; the largest of all where none does. */
  private weightedMedian(voters: number, minority: number): number {
    const { order, weight, vote } = this;
    // columns are alike, so that the last order is nearly right: insertion is cheapest
    for (let k = 1; k < voters; k++) {
      const row = order[k]!;
      const own = weight[row]!;
      let at = k;
      while (at > 0 && weight[order[at - 1]!]! > own) {
        order[at] = order[at - 1]!;
        at--;
      }
      order[at] = row;
    }
    let supported = 0;
    let median = 0;
    for (let k = 0; k < voters; k++) {
      median = weight[order[k]!]!;
      supported += vote[order[k]!]!;
      // rows of equal weight stand or fall together
      if (supported > minority && (k + 1 === voters || weight[order[k + 1]!]! !== median)) break;
    }
    return median;
  }

  /** What each validator's bonds earn: the incentive of each member by its share of the bonds on it. */
  private payBonds(members: number, rowCount: number): void {
    const { bond, incentive, earned, dividend, member } = this;
    for (let j = 0; j < members; j++) {
      const start = j * rowCount;
      const share = incentive[j]!;
      dividend[j] = 0;
      if (share === 0) continue;
      for (let r = 0; r < rowCount; r++) earned[r]! += multiply(share, bond[start + r]!);
    }
    for (let r = 0; r < rowCount; r++) dividend[member[r]!] = earned[r]!;
    normalise(dividend, members);
  }

  /** Divides the emission by incentive and dividend alike; by stake where nothing was earned. */
  private share({ members, emission: whole }: SparseEpoch, activeStake: number): void {
    const { incentive, dividend, emission, stake, permitted } = this;
    let total = 0;
    for (let i = 0; i < members; i++) total += incentive[i]! + dividend[i]!;
    for (let i = 0; i < members; i++) {
      let share: number;
      if (total > 0) share = divide(incentive[i]! + dividend[i]!, total);
      else if (activeStake === 0) share = stake[i]!;
      else share = permitted[i] === 0 ? 0 : divide(stake[i]!, activeStake);
      emission[i] = share === 0 ? 0 : mulDiv(share, whole, TWO_32);
    }
  }
}

/** ceil(a x b / 2^32) for integers 0..2^33: what -a x -b loses when it is rounded down. */
const multiplyUp = (a: number, b: number): number => {
  const down = multiply(a, b);
  return isWhole(a, b) ? down : down + 1;
};

/** Whether 2^32 divides a x b. */
const isWhole = (a: number, b: number): boolean => Math.imul(a, b) === 0;

/** Divides by their sum, each rounded down; all zeros stay. */
function normalise(values: Float64Array, count: number): void {
  let total = 0;
  for (let i = 0; i < count; i++) total += values[i]!;
  if (total === 0) return;
  for (let i = 0; i < count; i++) values[i] = divide(values[i]!, total);
}

function isZero(values: Uint32Array, start: number, count: number): boolean {
  for (let at = start; at < start + count; at++) if (values[at] !== 0) return false;
  return true;
}
