/**
 * Double entry in two assets. Accounts of a world: agents' free balances 0..N-1, agents' stakes N..2N-1
 * (token only), then the system accounts. Every movement of money is one entry between two accounts;
 * minting and burning are entries against nobody and change the supply.
 */
import { assert } from '../sim/core/assert.ts';
import { AssertionError, LawViolation, OverflowError } from '../sim/core/errors.ts';
import { mulHigh } from '../sim/core/fixed.ts';
import { TWO_32, U32_MAX } from '../sim/core/units.ts';
import {
  ASSET,
  ASSET_NAMES,
  type Asset,
  type LedgerColumns,
  SYSTEM_COUNT,
  SYSTEM_NAMES,
} from './accounts.ts';
import type { SwapRate } from './amm.ts';

/** Why money moved; recorded in the journal. */
export const REASON = {
  genesis: 0,
  circulation: 1,
  consumerSwap: 2,
  compute: 3,
  computeFee: 4,
  task: 5,
  taskFee: 6,
  energy: 7,
  subsistence: 8,
  labels: 9,
  environment: 10,
  hardware: 11,
  ammSell: 12,
  ammBuy: 13,
  ammRemainder: 14,
  tax: 15,
  kit: 16,
  endowment: 17,
  estate: 18,
  immigration: 19,
  redemption: 20,
  randomExchange: 21,
  stake: 22,
  unstake: 23,
  orderLocked: 24,
  orderReleased: 25,
  contest: 26,
  contractCost: 27,
  sideGain: 28,
  refund: 29,
  slash: 30,
  courtFee: 31,
  damages: 32,
  recovery: 33,
  data: 34,
  capital: 35,
  operator: 36,
  issuance: 37,
  feeBurn: 38,
  dividend: 39,
  outsideTrade: 40,
} as const;
export type Reason = (typeof REASON)[keyof typeof REASON];
export const REASON_NAMES = Object.keys(REASON) as (keyof typeof REASON)[];

/** The account number that stands for nobody: the other side of a mint or burn. */
export const NOBODY = 0xffff_ffff;

/** One journal entry a row, six u32 and the amount: filled by the ledger, drained by the run's sink. */
export interface Journal {
  record(tick: number, from: number, to: number, asset: Asset, amount: number, reason: Reason): void;
}

/** One destination of a levy on all agents. */
export interface LevyLeg {
  /** A system account such as SYSTEM.supplier. */
  readonly to: number;
  readonly reason: Reason;
  /** What each agent pays, milli-units, at least [slots]; read by journals alone. */
  readonly amounts: Uint32Array;
  /** Their sum. */
  sum: number;
}

/** A u32 times a share below this is below 2^53. */
const EXACT_SHARE = 2 ** 21;

const GENESIS = 0;
const MINTED = 1;
const BURNED = 2;
const PER_ASSET = 3;

export class Ledger {
  /** Tick of the entries being made, for errors and the journal; set by sim/tick.ts. */
  tick = 0;
  journal: Journal | null = null;
  readonly slots: number;
  readonly world: number;
  private readonly balances: LedgerColumns;
  private readonly firstSystem: number;

  /**
   * @param world number of the world, for errors
   * @param balances its columns, [slots] and [SYSTEM_COUNT]
   */
  constructor(world: number, balances: LedgerColumns) {
    this.world = world;
    this.balances = balances;
    this.slots = balances.token.length;
    this.firstSystem = 2 * this.slots;
  }

  /** The account of an agent's stake. */
  stakeOf(agent: number): number {
    return this.slots + agent;
  }

  /** The account of a system account such as SYSTEM.treasury. */
  system(account: number): number {
    return this.firstSystem + account;
  }

  /** Balance of an account in milli-units. */
  balance(asset: Asset, account: number): number {
    const { balances, slots } = this;
    if (account < slots) return (asset === ASSET.token ? balances.token : balances.cash)[account]!;
    if (account < this.firstSystem) return asset === ASSET.token ? balances.stake[account - slots]! : 0;
    return (asset === ASSET.token ? balances.systemToken : balances.systemCash)[account - this.firstSystem]!;
  }

  /**
   * Moves `amount` milli-units between two accounts of this world. A zero amount makes no entry.
   *
   * @throws OverflowError when a balance would pass below zero or above its range
   */
  transfer(asset: Asset, from: number, to: number, amount: number, reason: Reason): void {
    if (amount === 0) return;
    this.debit(asset, from, amount);
    this.credit(asset, to, amount);
    if (this.journal !== null) this.journal.record(this.tick, from, to, asset, amount, reason);
  }

  /**
   * Moves a share of each agent's balance to one system account, each part rounded down; the payer keeps the
   * remainder. Returns the sum.
   *
   * @param to a system account such as SYSTEM.treasury
   * @param share 2^-32
   */
  levy(asset: Asset, to: number, share: number, reason: Reason): number {
    const column = asset === ASSET.token ? this.balances.token : this.balances.cash;
    const { slots, journal } = this;
    const account = this.firstSystem + to;
    // a share below 2^21 keeps the product of a u32 exact
    const exact = share < EXACT_SHARE;
    let sum = 0;
    for (let i = 0; i < slots; i++) {
      const before = column[i]!;
      const amount = exact ? Math.floor((before * share) / TWO_32) : mulHigh(before, share);
      if (amount === 0) continue;
      column[i] = before - amount;
      sum += amount;
      if (journal !== null) journal.record(this.tick, i, account, asset, amount, reason);
    }
    if (sum > 0) this.credit(asset, account, sum);
    return sum;
  }

  /**
   * Moves `dues[i]` milli-units, or all that it has if that is less, from each agent i to system accounts, in the
   * parts that `legs` say: the parts of every agent, and so their sums, add up to what is moved.
   *
   * @param dues milli-units, at least [slots]
   * @throws AssertionError when the sums do not add up
   */
  collect(asset: Asset, dues: Uint32Array, legs: readonly LevyLeg[]): void {
    const column = asset === ASSET.token ? this.balances.token : this.balances.cash;
    const { slots, journal } = this;
    let sum = 0;
    for (let i = 0; i < slots; i++) {
      const before = column[i]!;
      const amount = Math.min(dues[i]!, before);
      column[i] = before - amount;
      sum += amount;
    }
    for (const leg of legs) {
      sum -= leg.sum;
      if (leg.sum === 0) continue;
      const account = this.firstSystem + leg.to;
      this.credit(asset, account, leg.sum);
      if (journal === null) continue;
      for (let i = 0; i < slots; i++) {
        const amount = leg.amounts[i]!;
        if (amount > 0) journal.record(this.tick, i, account, asset, amount, leg.reason);
      }
    }
    assert(sum === 0, `the parts of a levy are ${sum} milli-units short of what it moved`);
  }

  /**
   * Moves `amounts[i]` milli-units from one system account to each agent i. Returns their sum.
   *
   * @param from a system account such as SYSTEM.treasury
   * @param amounts milli-units, at least [slots]
   * @throws OverflowError when the account has less than the sum, or a balance would pass 2^32 - 1
   */
  distribute(asset: Asset, from: number, amounts: Uint32Array, reason: Reason): number {
    const { slots, journal } = this;
    const account = this.firstSystem + from;
    let sum = 0;
    for (let i = 0; i < slots; i++) {
      const amount = amounts[i]!;
      if (amount === 0) continue;
      this.credit(asset, i, amount);
      sum += amount;
      if (journal !== null) journal.record(this.tick, account, i, asset, amount, reason);
    }
    if (sum > 0) this.debit(asset, account, sum);
    return sum;
  }

  /**
   * Moves `amounts[i]` milli-units from each listed agent i, in their order, to one system account.
   *
   * @param agents slots, of which the first `count` pay
   * @param amounts milli-units by slot
   * @param to a system account such as SYSTEM.escrow
   * @throws OverflowError when an agent has less
   */
  gather(
    asset: Asset,
    agents: Uint32Array,
    count: number,
    amounts: Uint32Array,
    to: number,
    reason: Reason,
  ): void {
    const column = asset === ASSET.token ? this.balances.token : this.balances.cash;
    const { journal } = this;
    const account = this.firstSystem + to;
    let sum = 0;
    for (let k = 0; k < count; k++) {
      const i = agents[k]!;
      const amount = amounts[i]!;
      const before = column[i]!;
      if (before < amount) this.short(asset, i, before, amount);
      column[i] = before - amount;
      sum += amount;
      if (journal !== null && amount > 0) journal.record(this.tick, i, account, asset, amount, reason);
    }
    if (sum > 0) this.credit(asset, account, sum);
  }

  /**
   * Moves `amounts[i]` milli-units from one system account to each listed agent i, in their order.
   *
   * @param from a system account such as SYSTEM.escrow
   * @param agents slots, of which the first `count` are paid
   * @param amounts milli-units by slot
   * @throws OverflowError when the account has less than the sum, or a balance would pass 2^32 - 1
   */
  deal(
    asset: Asset,
    from: number,
    agents: Uint32Array,
    count: number,
    amounts: Uint32Array,
    reason: Reason,
  ): void {
    const column = asset === ASSET.token ? this.balances.token : this.balances.cash;
    const { journal } = this;
    const account = this.firstSystem + from;
    let sum = 0;
    for (let k = 0; k < count; k++) {
      const i = agents[k]!;
      const amount = amounts[i]!;
      const after = column[i]! + amount;
      if (after > U32_MAX) this.overflow(asset, i, `balance ${after} passes 2^32 - 1`);
      column[i] = after;
      sum += amount;
      if (journal !== null && amount > 0) journal.record(this.tick, account, i, asset, amount, reason);
    }
    if (sum > 0) this.debit(asset, account, sum);
  }

  /**
   * Swaps `offered[i]` of one asset of each agent i for `rate.share(offered[i])` of the other with one system
   * account, which receives before it pays. Returns what it paid.
   *
   * @param account a system account such as SYSTEM.amm
   * @param offered milli-units of `give`, at least [slots]
   * @throws OverflowError when a balance would leave its range
   */
  swapEach(account: number, give: Asset, offered: Uint32Array, rate: SwapRate, reason: Reason): number {
    const get = give === ASSET.token ? ASSET.cash : ASSET.token;
    const giving = give === ASSET.token ? this.balances.token : this.balances.cash;
    const getting = give === ASSET.token ? this.balances.cash : this.balances.token;
    const { slots, journal } = this;
    const to = this.firstSystem + account;
    let given = 0;
    let got = 0;
    for (let i = 0; i < slots; i++) {
      const amount = offered[i]!;
      if (amount === 0) continue;
      const before = giving[i]!;
      if (before < amount) this.short(give, i, before, amount);
      const share = rate.share(amount);
      const after = getting[i]! + share;
      if (after > U32_MAX) this.overflow(get, i, `balance ${after} passes 2^32 - 1`);
      giving[i] = before - amount;
      getting[i] = after;
      given += amount;
      got += share;
      if (journal === null) continue;
      journal.record(this.tick, i, to, give, amount, reason);
      if (share > 0) journal.record(this.tick, to, i, get, share, reason);
    }
    if (given > 0) this.credit(give, to, given);
    if (got > 0) this.debit(get, to, got);
    return got;
  }

  /**
   * Books on a system account what a pass over all agents' balances elsewhere (settle.as.ts) has moved: it receives
   * before it pays. No journal may be listening, since sums say nothing about entries.
   *
   * @param account a system account such as SYSTEM.amm
   * @throws OverflowError when the account would leave its range
   */
  bookPass(asset: Asset, account: number, received: number, paid: number): void {
    assert(this.journal === null, 'a journal needs every entry of a pass');
    if (received > 0) this.credit(asset, this.firstSystem + account, received);
    if (paid > 0) this.debit(asset, this.firstSystem + account, paid);
  }

  /**
   * Throws the error of an agent's part of a swap that leaves the range of a balance.
   *
   * @param share what it would get for `amount` of `give`
   */
  assertSwap(agent: number, give: Asset, amount: number, share: number): void {
    const get = give === ASSET.token ? ASSET.cash : ASSET.token;
    const before = this.balance(give, agent);
    if (before < amount) this.short(give, agent, before, amount);
    const after = this.balance(get, agent) + share;
    if (after > U32_MAX) this.overflow(get, agent, `balance ${after} passes 2^32 - 1`);
  }

  /** Creates money; counted in the supply. */
  mint(asset: Asset, to: number, amount: number, reason: Reason): void {
    if (amount === 0) return;
    this.credit(asset, to, amount);
    this.balances.supply[asset * PER_ASSET + (reason === REASON.genesis ? GENESIS : MINTED)]! += amount;
    if (this.journal !== null) this.journal.record(this.tick, NOBODY, to, asset, amount, reason);
  }

  /** Destroys money; counted in the supply. */
  burn(asset: Asset, from: number, amount: number, reason: Reason): void {
    if (amount === 0) return;
    this.debit(asset, from, amount);
    this.balances.supply[asset * PER_ASSET + BURNED]! += amount;
    if (this.journal !== null) this.journal.record(this.tick, from, NOBODY, asset, amount, reason);
  }

  /** Genesis + minted - burned, milli-units. */
  supply(asset: Asset): number {
    const { supply } = this.balances;
    const at = asset * PER_ASSET;
    return supply[at + GENESIS]! + supply[at + MINTED]! - supply[at + BURNED]!;
  }

  /** Milli-units minted since genesis. */
  minted(asset: Asset): number {
    return this.balances.supply[asset * PER_ASSET + MINTED]!;
  }

  /** Milli-units burned since genesis. */
  burned(asset: Asset): number {
    return this.balances.supply[asset * PER_ASSET + BURNED]!;
  }

  /** Sum of all balances, recomputed from the columns and not from the entries, milli-units. */
  holdings(asset: Asset): number {
    const { balances, slots } = this;
    const free = asset === ASSET.token ? balances.token : balances.cash;
    let sum = 0;
    for (let i = 0; i < slots; i++) sum += free[i]!;
    if (asset === ASSET.token) for (let i = 0; i < slots; i++) sum += balances.stake[i]!;
    const system = asset === ASSET.token ? balances.systemToken : balances.systemCash;
    for (let a = 0; a < SYSTEM_COUNT; a++) sum += system[a]!;
    return sum;
  }

  /** `agent 12`, `stake of agent 12`, `treasury`, `nobody`. */
  accountName(account: number): string {
    if (account === NOBODY) return 'nobody';
    if (account < this.slots) return `agent ${account}`;
    if (account < this.firstSystem) return `stake of agent ${account - this.slots}`;
    return SYSTEM_NAMES[account - this.firstSystem] ?? `account ${account}`;
  }

  /** Throws LawViolation unless sum of balances = genesis + minted - burned, for both assets. */
  checkConservation(): void {
    for (const asset of [ASSET.token, ASSET.cash] as const) {
      const gap = this.holdings(asset) - this.supply(asset);
      if (gap === 0) continue;
      throw new LawViolation(
        'conservation',
        { world: this.world, tick: this.tick, account: `all ${ASSET_NAMES[asset]}` },
        `balances exceed genesis + minted - burned by ${gap} milli-${ASSET_NAMES[asset]}`,
      );
    }
  }

  // one branch a kind of column: the hot path of a tick reads each array at a place of its own
  private debit(asset: Asset, account: number, amount: number): void {
    if (!(amount > 0 && Number.isSafeInteger(amount))) refuseAmount(amount);
    const { balances, slots } = this;
    if (account < slots) {
      const column = asset === ASSET.token ? balances.token : balances.cash;
      const before = column[account]!;
      if (before < amount) this.short(asset, account, before, amount);
      column[account] = before - amount;
    } else if (account >= this.firstSystem) {
      const column = asset === ASSET.token ? balances.systemToken : balances.systemCash;
      const at = account - this.firstSystem;
      const before = column[at]!;
      if (before < amount) this.short(asset, account, before, amount);
      column[at] = before - amount;
    } else {
      assert(asset === ASSET.token, 'a stake holds token only');
      const before = balances.stake[account - slots]!;
      if (before < amount) this.short(asset, account, before, amount);
      balances.stake[account - slots] = before - amount;
    }
  }

  private credit(asset: Asset, account: number, amount: number): void {
    if (!(amount > 0 && Number.isSafeInteger(amount))) refuseAmount(amount);
    const { balances, slots } = this;
    if (account < slots) {
      const column = asset === ASSET.token ? balances.token : balances.cash;
      const after = column[account]! + amount;
      if (after > U32_MAX) this.overflow(asset, account, `balance ${after} passes 2^32 - 1`);
      column[account] = after;
    } else if (account >= this.firstSystem) {
      const column = asset === ASSET.token ? balances.systemToken : balances.systemCash;
      const at = account - this.firstSystem;
      const after = column[at]! + amount;
      if (after > Number.MAX_SAFE_INTEGER) this.overflow(asset, account, `balance ${after} passes 2^53 - 1`);
      column[at] = after;
    } else {
      assert(asset === ASSET.token, 'a stake holds token only');
      const after = balances.stake[account - slots]! + amount;
      if (after > U32_MAX) this.overflow(asset, account, `balance ${after} passes 2^32 - 1`);
      balances.stake[account - slots] = after;
    }
  }

  private short(asset: Asset, account: number, balance: number, amount: number): never {
    return this.overflow(asset, account, `balance ${balance} cannot pay ${amount}`);
  }

  private overflow(asset: Asset, account: number, found: string): never {
    throw new OverflowError(
      { world: this.world, tick: this.tick, account: `${this.accountName(account)} ${ASSET_NAMES[asset]}` },
      `${found} milli-${ASSET_NAMES[asset]}`,
    );
  }
}

/** Apart from the entry itself, which is made often, so that no message is built while all is well. */
function refuseAmount(amount: number): never {
  throw new AssertionError(`entry of ${amount} is not a positive integer`);
}
