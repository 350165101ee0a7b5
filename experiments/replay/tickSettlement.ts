/**
 * Ticks as transactions: a tick's operations in batches, cut where somebody arrives, and who comes and goes; or every
 * transfer signed by its owner.
 */
import type { Address } from 'viem';
import type { WorldWallets } from '../../agents/wallet.ts';
import { ASSET_NAMES, SYSTEM } from '../../market/accounts.ts';
import type { World } from '../../sim/world.ts';
import { BATCH_GAS_OWN, BATCH_GAS_PUBLIC, cutByGas, gasOf } from './batches.ts';
import { callTo, type Deployment, MAX_UINT } from './deployment.ts';
import { GasAccount } from './gas.ts';
import type { Arrival, TwinTick } from './ledgerTwin.ts';
import { type Entry, encodeOperations, KIND, type Operation, Translator } from './operations.ts';
import type { Receipt, SignedCall } from './transaction.ts';

/** A transaction of a tick: a batch of operations, or somebody who comes, or those who have gone. */
interface Step {
  readonly tick: number;
  readonly call: SignedCall;
  readonly operations: readonly Operation[];
  readonly arrival: Arrival | null;
}

/** Settles the ticks of a world, one after the other, and counts what that takes. */
export class TickSettlement {
  readonly gas = new GasAccount();
  transactions = 0;
  arrivals = 0;
  departures = 0;
  signedTransactions = 0;
  signedSeconds = 0;
  signedSendingSeconds = 0;
  private readonly deployment: Deployment;
  private readonly wallets: WorldWallets;
  private readonly world: World;
  private readonly translator: Translator;
  private readonly slots: number;
  /** Serial of who lives in a slot, 0 = nobody. */
  private readonly occupants: number[];
  /** Agents that let escrow take their stakes by their own signature. */
  private readonly stakers = new Set<number>();

  /** @param world that the engine advances beside the chain */
  constructor(deployment: Deployment, wallets: WorldWallets, world: World) {
    this.deployment = deployment;
    this.wallets = wallets;
    this.world = world;
    this.slots = world.parameters.slots;
    this.translator = new Translator(this.slots);
    this.occupants = new Array<number>(this.slots).fill(0);
  }

  /**
   * Settles a tick.
   *
   * @param entries of the journal
   * @param twin who comes and goes
   * @param signed whether owners sign for themselves
   * @throws RevertedError where the contracts refuse it, UnsettledEntryError where no operation stands for an entry
   */
  async settle(tick: number, entries: readonly Entry[], twin: TwinTick, signed: boolean): Promise<void> {
    const operations = this.translator.operationsOf(entries);
    const pending = [...twin.arrivals];
    const steps: Step[] = [];
    let from = 0;
    const flush = (upTo: number): void => {
      steps.push(...this.batches(tick, operations.slice(from, upTo), this.gasMost()));
      from = upTo;
    };
    const admit = async (arrival: Arrival): Promise<void> => {
      pending.splice(pending.indexOf(arrival), 1);
      steps.push({ tick, call: await this.admission(arrival), operations: [], arrival });
    };
    for (let k = 0; k < operations.length; k++) {
      const arrival = arrivalOf(pending, operations[k]!, entries);
      if (arrival === undefined) continue;
      flush(k);
      await admit(arrival);
    }
    flush(operations.length);
    for (const arrival of [...pending]) await admit(arrival);
    const gone = this.gone(twin);
    if (gone.length > 0) {
      const call = this.deployment.call(
        'settlement',
        'depart',
        [gone, BigInt(tick)],
        `the deaths of tick ${tick}`,
      );
      steps.push({ tick, call, operations: [], arrival: null });
    }
    if (signed) await this.sendSigned(steps);
    else await this.sendBatches(steps, entries);
    for (const slot of gone) this.occupants[slot] = 0;
  }

  private async sendBatches(steps: readonly Step[], entries: readonly Entry[]): Promise<void> {
    const { sender } = this.deployment;
    if (sender.chain.own) {
      const receipts = await sender.send(steps.map(({ call }) => call));
      receipts.forEach((receipt, k) => {
        this.book(steps[k]!, receipt, entries);
      });
    } else for (const step of steps) await this.sendEstimated(step, entries);
  }

  /** Sends a step to a chain of others, in halves where it turns out to need more gas than a batch may. */
  private async sendEstimated(step: Step, entries: readonly Entry[]): Promise<void> {
    const { sender } = this.deployment;
    const { tick, call, operations } = step;
    const estimate = await sender.estimate(call);
    const half = operations.reduce((sum, one) => sum + gasOf(one), 0) / 2;
    const parts = estimate > BATCH_GAS_PUBLIC ? this.batches(tick, operations, half) : [];
    if (parts.length < 2) this.book(step, await sender.sendEstimated(call, estimate), entries);
    else for (const part of parts) await this.sendEstimated(part, entries);
  }

  private book({ operations, arrival }: Step, receipt: Receipt, entries: readonly Entry[]): void {
    this.transactions++;
    if (arrival !== null) this.occupants[arrival.slot] = arrival.serial;
    if (operations.length === 0) this.gas.add('identities', Number(receipt.gasUsed), 1);
    else this.gas.addBatch(receipt, operations, entries, (slot) => this.occupants[slot]!, this.slots);
  }

  /** Everything that an agent or a system account can do itself is its own transaction, signed by it. */
  private async sendSigned(steps: readonly Step[]): Promise<void> {
    const start = performance.now();
    const { sender } = this.deployment;
    const sentBefore = sender.sendingSeconds;
    const calls: SignedCall[] = [];
    for (const { call, operations, arrival } of steps) {
      if (arrival !== null) this.occupants[arrival.slot] = arrival.serial;
      if (operations.length === 0) calls.push(call);
      for (const operation of operations) calls.push(...this.signedBy(operation, call.what));
    }
    const receipts = await sender.send(calls);
    this.transactions += receipts.length;
    this.signedTransactions += receipts.length;
    for (const receipt of receipts) this.gas.add('signed one by one', Number(receipt.gasUsed), 1);
    this.signedSendingSeconds += sender.sendingSeconds - sentBefore;
    this.signedSeconds += (performance.now() - start) / 1000;
  }

  /** The owner's own transactions for an operation, or the operator's where it has no owner. */
  private signedBy(operation: Operation, what: string): SignedCall[] {
    const { kind, asset, from, to, amount } = operation;
    const { at } = this.deployment;
    const owner = this.walletOf(from);
    const value = BigInt(amount);
    if (kind === KIND.transfer && owner !== null) {
      const call = callTo(at, ASSET_NAMES[asset], 'transfer', [this.addressOf(to), value], what);
      return [{ ...call, from: owner }];
    }
    if (kind === KIND.burn && owner !== null)
      return [{ ...callTo(at, ASSET_NAMES[asset], 'burn', [value], what), from: owner }];
    if (kind === KIND.stake && owner !== null) {
      const serial = this.occupants[from]!;
      const stake = { ...callTo(at, 'escrow', 'stake', [value], what), from: owner };
      if (this.stakers.has(serial)) return [stake];
      this.stakers.add(serial);
      const approval = callTo(at, 'token', 'approve', [at.escrow, MAX_UINT], what);
      return [{ ...approval, from: owner }, stake];
    }
    return [this.batch(0, [operation])];
  }

  private walletOf(account: number): SignedCall['from'] | null {
    if (account < this.slots) return this.wallets.agent(this.occupants[account]!);
    return this.wallets.system(account - this.slots);
  }

  private addressOf(account: number): Address {
    const { at } = this.deployment;
    if (account === this.translator.systemAccount(SYSTEM.amm)) return at.pair!;
    return this.walletOf(account)!.address;
  }

  private gasMost(): number {
    return this.deployment.sender.chain.own ? BATCH_GAS_OWN : BATCH_GAS_PUBLIC;
  }

  private batches(tick: number, operations: readonly Operation[], gasMost: number): Step[] {
    const pool = this.translator.systemAccount(SYSTEM.amm);
    return cutByGas(operations, gasMost, pool).map((part) => ({
      tick,
      call: this.batch(tick, part),
      operations: part,
      arrival: null,
    }));
  }

  private batch(tick: number, operations: readonly Operation[]): SignedCall {
    const args = [BigInt(tick), encodeOperations(operations)];
    return this.deployment.call('settlement', 'settle', args, `the settlement of tick ${tick}`);
  }

  private async admission(arrival: Arrival): Promise<SignedCall> {
    this.arrivals++;
    const wallet = this.wallets.agent(arrival.serial);
    const { slot, world, serial, parent, secondParent, generation, bornAt, genomeHash } = arrival;
    const numbers = { world, serial, parent, secondParent, generation, bornAt, goneAt: 0 };
    const identity = {
      ...Object.fromEntries(Object.entries(numbers).map(([name, value]) => [name, BigInt(value)])),
      genomeHash,
    };
    const args = [BigInt(slot), wallet.address, await this.deployment.approvalsOf(wallet), identity];
    return this.deployment.call('settlement', 'arrive', args, `the arrival of agent ${serial}`);
  }

  /** Slots where somebody died and nobody is after the tick; arriving where somebody has just died buries the dead. */
  private gone({ departures }: TwinTick): number[] {
    this.departures += departures.length;
    const { serial } = this.world.agents;
    return [...new Set(departures)].filter((slot) => serial[slot] === 0);
  }
}

/** Reasons of entries that give an arrival its first money. */
export const FIRST_MONEY: Readonly<Record<string, Arrival['event']>> = {
  genesis: 'genesis',
  endowment: 'birth',
  immigration: 'immigration',
};

/** Who has to be there before an operation can pay it; undefined = nobody new. */
function arrivalOf(
  pending: readonly Arrival[],
  { kind, to, entry }: Operation,
  entries: readonly Entry[],
): Arrival | undefined {
  const pays = kind === KIND.mint || kind === KIND.award || kind === KIND.transfer;
  if (!pays || pending.length === 0) return undefined;
  const event = FIRST_MONEY[entries[entry]!.reason];
  return pending.find((arrival) => arrival.slot === to && arrival.event === event);
}
