/** What a replay may spend on a chain of others, whoever of its wallets pays. */
import { formatEther } from 'viem';
import { UsageError } from '../../sim/core/errors.ts';

export class Purse {
  /** Most wei in all; null = as much as it takes. */
  readonly cap: bigint | null;
  /** wei that left the funded wallet: fees, and money handed to other wallets for theirs. */
  spent = 0n;
  /** Of that, what they still hold for fees. */
  private handed = 0n;

  constructor(cap: bigint | null) {
    this.cap = cap;
  }

  /** Most wei that orders of strategies may still cost which are in no block yet. */
  private underWay = 0n;

  /**
   * Whether so much more could be spent, even where all orders under way cost what they may; `byStrategy` out of what
   * strategies were handed first.
   */
  allows(most: bigint, byStrategy = false): boolean {
    if (this.cap === null) return true;
    const possible = byStrategy
      ? this.beyond(this.underWay + most, true)
      : this.beyond(this.underWay, true) + most;
    return this.spent + possible <= this.cap;
  }

  /** Sets aside what an order of a strategy may cost; false, and nothing set aside, where that could pass the cap. */
  reserve(most: bigint): boolean {
    if (!this.allows(most, true)) return false;
    this.underWay += most;
    return true;
  }

  /** Gives back what was set aside for an order that is in a block, or never can be. */
  release(most: bigint): void {
    this.underWay -= most;
  }

  /** Throws UsageError where so much more could pass the cap. */
  assertAllows(most: bigint, what: string, byStrategy = false): void {
    if (this.allows(most, byStrategy)) return;
    throw new UsageError(
      `${what} could cost ${formatEther(most)} ether and ${formatEther(this.spent)} are spent: the cap is ${formatEther(this.cap!)}`,
      'raise --cap, or wait for lower fees',
    );
  }

  /** Books a fee. */
  pay(fee: bigint, byStrategy = false): void {
    const beyond = this.beyond(fee, byStrategy);
    this.handed -= fee - beyond;
    this.spent += beyond;
  }

  /** Books money that another wallet is handed for its fees. */
  handOver(wei: bigint): void {
    this.spent += wei;
    this.handed += wei;
  }

  /** What of an amount no strategy was handed before. */
  private beyond(amount: bigint, byStrategy: boolean): bigint {
    if (!byStrategy || this.handed === 0n) return amount;
    return amount > this.handed ? amount - this.handed : 0n;
  }
}
