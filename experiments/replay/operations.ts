/**
 * From a tick's journal to operations of the contract Settlement: which entries are transfers of ERC-20 balances, which
 * move stakes or payments in escrow, and which belong to one swap of the pool.
 */
import { ASSET, type Asset, SYSTEM, SYSTEM_COUNT } from '../../market/accounts.ts';
import { NOBODY } from '../../market/ledger.ts';
import { DarwinError, EXIT } from '../../sim/core/errors.ts';

/** One row of a journal. */
export interface Entry {
  readonly from: number;
  readonly to: number;
  readonly asset: Asset;
  /** milli-units */
  readonly amount: number;
  /** Name of a reason of market/ledger.ts. */
  readonly reason: string;
}

/** Twin of the kinds of Settlement.sol. */
export const KIND = {
  transfer: 0,
  mint: 1,
  burn: 2,
  stake: 3,
  release: 4,
  slash: 5,
  lock: 6,
  award: 7,
  burnAward: 8,
  swap: 9,
  payOut: 10,
  redeem: 11,
  addLiquidity: 12,
} as const;

/** An operation; accounts are slots of agents, then system accounts. */
export interface Operation {
  readonly kind: (typeof KIND)[keyof typeof KIND];
  readonly asset: Asset;
  readonly from: number;
  readonly to: number;
  readonly amount: number;
  /** The entry it comes from, the first one of a group. */
  readonly entry: number;
}

/** A journal entry that no contract can carry out. Exit code 1. */
export class UnsettledEntryError extends DarwinError {
  readonly code = 'unsettled';
  readonly exitCode = EXIT.checkFailed;
}

const other = (asset: Asset): Asset => (asset === ASSET.token ? ASSET.cash : ASSET.token);
/** Reasons whose entries with the pool are parts of one swap. */
const SWAP_REASONS = new Set(['outsideTrade', 'consumerSwap', 'ammSell', 'ammBuy']);
const REMAINDER = 'ammRemainder';

/** Translates journals of worlds with a number of slots. */
export class Translator {
  private readonly slots: number;
  private operations: Operation[] = [];

  constructor(slots: number) {
    this.slots = slots;
  }

  /** The account of Settlement.sol for a system account such as SYSTEM.treasury. */
  systemAccount(account: number): number {
    return this.slots + account;
  }

  /**
   * The operations of a tick, in the order of its entries.
   *
   * @throws UnsettledEntryError for an entry that no operation stands for
   */
  operationsOf(entries: readonly Entry[]): Operation[] {
    this.operations = [];
    for (let k = 0; k < entries.length; ) k = this.take(entries, k);
    return this.operations;
  }

  /** Translates the entry at `k` and those that belong to it; returns the next one. */
  private take(entries: readonly Entry[], k: number): number {
    const entry = entries[k]!;
    if (!this.touches(entry, SYSTEM.amm)) {
      this.plain(entry, k);
      return k + 1;
    }
    if (entry.from === NOBODY) return this.openPool(entries, k);
    if (entry.reason === 'redemption') return this.redemption(entries, k);
    if (SWAP_REASONS.has(entry.reason)) return this.swap(entries, k);
    throw this.refuse(entry, k);
  }

  private isSystem(account: number, system: number): boolean {
    return account === 2 * this.slots + system;
  }

  private touches({ from, to }: Entry, system: number): boolean {
    return this.isSystem(from, system) || this.isSystem(to, system);
  }

  private isStake(account: number): boolean {
    return account >= this.slots && account < 2 * this.slots;
  }

  /** The account of Settlement.sol: free balances and stakes of an agent are one address. */
  private accountOf(account: number): number {
    if (account < this.slots) return account;
    return account - this.slots;
  }

  private add(
    kind: Operation['kind'],
    asset: Asset,
    from: number,
    to: number,
    amount: number,
    entry: number,
  ): void {
    this.operations.push({ kind, asset, from, to, amount, entry });
  }

  private plain(entry: Entry, k: number): void {
    const { asset, amount } = entry;
    if (entry.to !== NOBODY && entry.to >= 2 * this.slots + SYSTEM_COUNT) throw this.refuse(entry, k);
    const to = entry.to === NOBODY ? 0 : this.accountOf(entry.to);
    const from = entry.from === NOBODY ? 0 : this.accountOf(entry.from);
    const toEscrow = this.isSystem(entry.to, SYSTEM.escrow);
    if (entry.from === NOBODY) {
      if (toEscrow || entry.to === NOBODY) throw this.refuse(entry, k);
      this.add(KIND.mint, asset, 0, to, amount, k);
      if (this.isStake(entry.to)) this.add(KIND.stake, asset, to, to, amount, k);
    } else if (this.isSystem(entry.from, SYSTEM.escrow)) {
      if (toEscrow) return;
      if (entry.to === NOBODY) this.add(KIND.burnAward, asset, 0, 0, amount, k);
      else this.add(KIND.award, asset, 0, to, amount, k);
      if (this.isStake(entry.to)) this.add(KIND.stake, asset, to, to, amount, k);
    } else if (this.isStake(entry.from)) {
      if (toEscrow || entry.to === NOBODY) this.add(KIND.slash, asset, from, 0, amount, k);
      else this.add(KIND.release, asset, from, to, amount, k);
      if (entry.to === NOBODY) this.add(KIND.burnAward, asset, 0, 0, amount, k);
      if (this.isStake(entry.to)) this.add(KIND.stake, asset, to, to, amount, k);
    } else if (toEscrow) this.add(KIND.lock, asset, from, 0, amount, k);
    else if (entry.to === NOBODY) this.add(KIND.burn, asset, from, 0, amount, k);
    else if (this.isStake(entry.to)) {
      if (from !== to) this.add(KIND.transfer, asset, from, to, amount, k);
      this.add(KIND.stake, asset, to, to, amount, k);
    } else this.add(KIND.transfer, asset, from, to, amount, k);
  }

  /** Money minted into the pool becomes its first liquidity. */
  private openPool(entries: readonly Entry[], k: number): number {
    const pool = this.systemAccount(SYSTEM.amm);
    let next = k;
    for (; next < entries.length; next++) {
      const { from, asset, amount } = entries[next]!;
      if (from !== NOBODY || !this.isSystem(entries[next]!.to, SYSTEM.amm)) break;
      this.add(KIND.mint, asset, 0, pool, amount, next);
    }
    this.add(KIND.addLiquidity, ASSET.token, 0, 0, 0, k);
    return next;
  }

  /** The pool pays both assets out of its liquidity. */
  private redemption(entries: readonly Entry[], k: number): number {
    const paid = [0, 0];
    let next = k;
    for (; next < entries.length && entries[next]!.reason === 'redemption'; next++)
      paid[entries[next]!.asset]! += entries[next]!.amount;
    this.add(KIND.redeem, ASSET.token, 0, 0, paid[ASSET.token]!, k);
    this.add(KIND.redeem, ASSET.cash, 0, 0, paid[ASSET.cash]!, k);
    for (let at = k; at < next; at++) {
      const { to, asset, amount } = entries[at]!;
      this.add(KIND.payOut, asset, 0, this.accountOf(to), amount, at);
    }
    return next;
  }

  /** All inputs go to the pool, which swaps once; then its output is shared out. */
  private swap(entries: readonly Entry[], k: number): number {
    const { asset, reason } = entries[k]!;
    const pool = this.systemAccount(SYSTEM.amm);
    let next = k;
    let out = 0;
    for (; next < entries.length; next++) {
      const entry = entries[next]!;
      if (entry.reason !== reason && entry.reason !== REMAINDER) break;
      const comesIn = this.isSystem(entry.to, SYSTEM.amm);
      if (entry.asset !== (comesIn ? asset : other(asset))) throw this.refuse(entry, next);
      if (comesIn) this.add(KIND.transfer, asset, this.accountOf(entry.from), pool, entry.amount, next);
      else out += entry.amount;
    }
    this.add(KIND.swap, asset, 0, 0, out, k);
    for (let at = k; at < next; at++) {
      const { from, to, amount } = entries[at]!;
      if (this.isSystem(from, SYSTEM.amm))
        this.add(KIND.payOut, other(asset), 0, this.accountOf(to), amount, at);
    }
    return next;
  }

  private refuse({ from, to, asset, amount, reason }: Entry, k: number): UnsettledEntryError {
    return new UnsettledEntryError(
      `entry ${k} (${reason}: ${amount} of asset ${asset} from account ${from} to ${to}) is none that contracts can carry out`,
      'the journal was changed, or its mechanism has no contract',
    );
  }
}

const OPERATION_BYTES = 16;

/** Operations as Settlement.sol reads them: kind, asset, from (3 bytes), to (3 bytes), amount (8 bytes). */
export function encodeOperations(operations: readonly Operation[]): `0x${string}` {
  const bytes = new DataView(new ArrayBuffer(operations.length * OPERATION_BYTES));
  operations.forEach(({ kind, asset, from, to, amount }, k) => {
    const at = k * OPERATION_BYTES;
    bytes.setUint8(at, kind);
    bytes.setUint8(at + 1, asset);
    bytes.setUint8(at + 2, from >>> 16);
    bytes.setUint16(at + 3, from & 0xffff);
    bytes.setUint8(at + 5, to >>> 16);
    bytes.setUint16(at + 6, to & 0xffff);
    bytes.setBigUint64(at + 8, BigInt(amount));
  });
  return `0x${Buffer.from(bytes.buffer).toString('hex')}`;
}
