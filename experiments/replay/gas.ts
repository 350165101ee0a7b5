/** Gas of a replay by mechanism and by agent. */
import { type Abi, decodeEventLog, toEventSelector } from 'viem';
import { assert } from '../../sim/core/assert.ts';
import { Settlement } from './contracts.generated.ts';
import { type Entry, KIND, type Operation } from './operations.ts';
import type { Receipt } from './transaction.ts';

/** The mechanism that a reason of the journal belongs to; others stand for themselves. */
const MECHANISMS: Readonly<Record<string, string>> = {
  outsideTrade: 'amm',
  consumerSwap: 'amm',
  ammSell: 'amm',
  ammBuy: 'amm',
  ammRemainder: 'amm',
  redemption: 'amm',
  compute: 'compute market',
  computeFee: 'compute market',
  orderLocked: 'compute market',
  orderReleased: 'compute market',
  task: 'service market',
  taskFee: 'service market',
  refund: 'trust',
  slash: 'trust',
  sideGain: 'trust',
  contractCost: 'trust',
  courtFee: 'trust',
  damages: 'trust',
  recovery: 'trust',
  stake: 'staking',
  unstake: 'staking',
  energy: 'bills',
  subsistence: 'bills',
  labels: 'bills',
  environment: 'bills',
  hardware: 'bills',
  capital: 'bills',
  data: 'bills',
  operator: 'bills',
  kit: 'births and deaths',
  endowment: 'births and deaths',
  estate: 'births and deaths',
  immigration: 'births and deaths',
  tax: 'token policy',
  dividend: 'token policy',
  issuance: 'token policy',
  feeBurn: 'token policy',
};

const OVERHEAD = 'transactions less refunds';

export interface MechanismGas {
  entries: number;
  gas: number;
}

export class GasAccount {
  /** All gas, that of transactions themselves included. */
  total = 0;
  readonly byMechanism = new Map<string, MechanismGas>();
  /** By identity. */
  readonly byAgent = new Map<number, number>();

  /** Gas of what belongs to one mechanism as a whole, such as identities. */
  add(mechanism: string, gas: number, entries = 0): void {
    this.total += gas;
    this.book(mechanism, gas, entries);
  }

  /**
   * Shares out the gas of a batch: each operation costs what the contract measured for its kind on average in this
   * batch; what a transaction costs beyond its operations, less
   * what storage that was cleared gives back, is OVERHEAD.
   *
   * @param serialOf the identity in a slot, 0 = none
   * @param slots agent slots
   */
  addBatch(
    receipt: Receipt,
    operations: readonly Operation[],
    entries: readonly Entry[],
    serialOf: (slot: number) => number,
    slots: number,
  ): void {
    const used = Number(receipt.gasUsed);
    this.total += used;
    const measured = gasByKind(receipt);
    const counts = new Array<number>(measured.length).fill(0);
    for (const { kind } of operations) counts[kind]!++;
    let rest = used;
    let last = -1;
    for (const { kind, from, to, entry } of operations) {
      const gas = measured[kind]! / counts[kind]!;
      rest -= gas;
      const { reason } = entries[entry]!;
      this.book(MECHANISMS[reason] ?? reason, gas, entry === last ? 0 : 1);
      last = entry;
      const receives = kind === KIND.award || kind === KIND.payOut || kind === KIND.mint;
      const slot = receives ? to : from;
      const serial = slot < slots && kind !== KIND.swap && kind !== KIND.redeem ? serialOf(slot) : 0;
      if (serial !== 0) this.byAgent.set(serial, (this.byAgent.get(serial) ?? 0) + gas);
    }
    this.book(OVERHEAD, rest, 0);
  }

  private book(mechanism: string, gas: number, entries: number): void {
    const of = this.byMechanism.get(mechanism);
    if (of === undefined) this.byMechanism.set(mechanism, { entries, gas });
    else {
      of.entries += entries;
      of.gas += gas;
    }
  }
}

const GAS_TOPIC = toEventSelector(
  Settlement.abi.find((item) => item.type === 'event' && item.name === 'Gas') as never,
);

/** What the contract measured for each kind of operation. */
function gasByKind({ logs }: Receipt): number[] {
  // most logs are transfers: the topic is compared before anything is decoded
  const log = logs.find(({ topics }) => topics[0] === GAS_TOPIC);
  assert(log !== undefined, 'a settled batch tells its gas');
  const { args } = decodeEventLog({ abi: Settlement.abi as Abi, topics: log.topics, data: log.data });
  return (args as unknown as { byKind: bigint[] }).byKind.map(Number);
}
