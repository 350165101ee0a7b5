/**
 * Orders on their way to a chain: signed, sent, raised where fees rise, sent again where they were dropped, and settled once. A
 * number is never carried over from one order to the next, so that what is lost costs a trade and not the account's order.
 */
import { type Address, type Hex, keccak256 } from 'viem';
import type { PrivateKeyAccount } from 'viem/accounts';
import { ASSET } from '../../market/accounts.ts';
import { sleep } from './patience.ts';
import type { PatientChain } from './patientChain.ts';
import type { Pool } from './pool.ts';
import { RpcError } from './rpc.ts';
import { type ChainAccess, encode, isKnown, type Receipt } from './transaction.ts';
import { uniswap } from './uniswap.ts';
import type { Fill, Placed } from './venue.ts';

export interface TradingLimits {
  /** Most wei per gas; dearer blocks are waited out. */
  readonly maxFeePerGas: bigint;
  /** Milliseconds for which a chain may be silent, or a transaction without a block. */
  readonly patienceMs: number;
  /** Decide and quote, send nothing. */
  readonly dryRun: boolean;
}

/** What went wrong on the way and was overcome. */
export interface Troubles {
  /** Times that the chain did not answer. */
  silent: number;
  /** Transactions sent again, the same or at a higher fee. */
  resent: number;
  /** Times that the number of a wallet's next transaction was not the one expected. */
  renumbered: number;
  /** Times that the block seen last was gone. */
  revertedBlocks: number;
  /** Trades that were in a block once and are in none now. */
  lostTrades: number;
}

const GAS_LIMIT = 400_000n;
/** Between questions for a receipt: on a chain of one's own, and of others, who limit how many they answer. */
const POLL_OWN_MS = 50;
const POLL_MS = 500;
/** A replacement must offer at least a tenth more. */
const RAISE_PERCENT = 125n;
const TIP = 1_000_000n;
/** Of no outcome: nothing was paid. */
export const SKIPPED: Fill = { outcome: 'skipped', out: 0, fee: 0n, gas: 0 };
const LOST: Fill = { outcome: 'lost', out: 0, fee: 0n, gas: 0 };

/** An order that was handed over. */
export interface Sent {
  readonly wallet: PrivateKeyAccount;
  readonly placed: Placed;
  readonly nonce: number;
  readonly data: Hex;
  /** Most wei per gas, and what of it goes to whoever makes the block, of the version that the chain accepted last. */
  fee: bigint;
  tip: bigint;
  raw: Hex;
  /** Most wei that it may cost, set aside in the purse. */
  reserved: bigint;
  /** Hashes of all versions, the newest last. */
  readonly hashes: Hex[];
}

export class LiveOrders {
  private readonly chain: ChainAccess;
  private readonly pool: Pool;
  private readonly limits: TradingLimits;
  private readonly asked: PatientChain;
  private readonly troubles: Troubles;
  private readonly nonces = new Map<Address, number>();
  private readonly routerAbi = uniswap().router.abi;

  /** @param troubles counted on */
  constructor(
    chain: ChainAccess,
    pool: Pool,
    limits: TradingLimits,
    asked: PatientChain,
    troubles: Troubles,
  ) {
    this.chain = chain;
    this.pool = pool;
    this.limits = limits;
    this.asked = asked;
    this.troubles = troubles;
  }

  /** Signs and sends an order; null where it costs too much, or a dry run. */
  async send(placed: Placed, wallet: PrivateKeyAccount): Promise<Sent | null> {
    const { baseFeePerGas, timestamp } = await this.asked.latest();
    const fee = this.feeAt(BigInt(baseFeePerGas ?? '0x0'));
    if (fee === null || !this.chain.purse.allows(fee * GAS_LIMIT, true)) return null;
    const { token, cash, router } = this.pool;
    const path = placed.give === ASSET.token ? [token, cash] : [cash, token];
    const deadline = BigInt(timestamp) + this.life();
    const args = [BigInt(placed.amount), BigInt(placed.least), path, wallet.address, deadline];
    const data = encode(this.routerAbi, 'swapExactTokensForTokens', args);
    if (this.limits.dryRun) {
      await this.simulate(wallet.address, router, data);
      return null;
    }
    const nonce = await this.nonceOf(wallet.address);
    const one: Sent = { wallet, placed, nonce, data, fee, tip: 0n, raw: '0x', reserved: 0n, hashes: [] };
    if (!(await this.offer(one, fee, TIP < fee ? TIP : fee))) return null;
    this.nonces.set(wallet.address, nonce + 1);
    return one;
  }

  /** Seconds after which a router refuses an order that is still about; a chain of one's own mines many blocks in a second. */
  private life(): bigint {
    const { patienceMs } = this.limits;
    return BigInt(this.chain.own ? patienceMs : Math.ceil(patienceMs / 1000));
  }

  /** Most wei per gas to offer at a base fee, null where the limit does not reach it. */
  private feeAt(baseFee: bigint): bigint | null {
    const { maxFeePerGas } = this.limits;
    if (baseFee + TIP > maxFeePerGas) return null;
    const fee = 2n * baseFee + TIP;
    return fee < maxFeePerGas ? fee : maxFeePerGas;
  }

  /** Signs at a fee and hands it over; false where that could pass the cap or the chain keeps an earlier version. */
  private async offer(one: Sent, fee: bigint, tip: bigint): Promise<boolean> {
    const more = fee * GAS_LIMIT - one.reserved;
    if (!this.chain.purse.reserve(more)) return false;
    const raw = await one.wallet.signTransaction({
      type: 'eip1559',
      chainId: this.chain.chainId,
      nonce: one.nonce,
      gas: GAS_LIMIT,
      maxFeePerGas: fee,
      maxPriorityFeePerGas: tip,
      to: this.pool.router,
      data: one.data,
    });
    if (!(await this.hand(one, raw))) {
      this.chain.purse.release(more);
      return false;
    }
    Object.assign(one, { fee, tip, raw, reserved: one.reserved + more });
    return true;
  }

  /** Hands a version of an order to the chain; false where the chain keeps the one that it has. */
  private async hand(one: Sent, raw: Hex): Promise<boolean> {
    try {
      const hash = await this.asked.call<Hex>('eth_sendRawTransaction', [raw]);
      if (!one.hashes.includes(hash)) one.hashes.push(hash);
    } catch (error) {
      if (!(error instanceof RpcError)) throw error;
      // too dear for the wallet, or not dear enough to replace the version that the chain has
      if (/underpriced|insufficient funds/i.test(error.message)) return false;
      // it is there already, or its number was used: the receipt will tell; or the fee of the next block has risen beyond what
      // the last one told: it waits with us, and is made dearer once a block tells
      if (!isKnown(error) && !/nonce|less than block base fee/i.test(error.message)) throw error;
      const hash = keccak256(raw);
      if (!one.hashes.includes(hash)) one.hashes.push(hash);
    }
    return true;
  }

  /** Waits for the block of a transaction; sends it again where it was dropped, dearer where the fee rose. */
  async settle(one: Sent): Promise<Fill> {
    const until = performance.now() + this.limits.patienceMs;
    while (performance.now() < until) {
      const receipt = await this.receiptOf(one);
      if (receipt !== null) return this.fillOf(one, receipt);
      const count = await this.asked.countOf(one.wallet.address);
      if (count > one.nonce) {
        // the number is used and none of our versions is in a block: somebody else signs with this key
        const late = await this.receiptOf(one);
        if (late !== null) return this.fillOf(one, late);
        return this.lose(one);
      }
      if (count < one.nonce && this.chain.own) {
        // the chain went back behind an earlier trade, and nobody else remembers that one: this number never comes
        return this.lose(one);
      }
      if (!(await this.push(one))) break;
      await sleep(this.chain.own ? POLL_OWN_MS : POLL_MS);
    }
    this.renumber(one.wallet.address);
    return SKIPPED;
  }

  /** Gives up an order whose number is used otherwise. One that only waits too long keeps what was set aside: it may still come. */
  private lose({ wallet, reserved }: Sent): Fill {
    this.chain.purse.release(reserved);
    this.renumber(wallet.address);
    return LOST;
  }

  /** Brings a waiting transaction on its way; false where its fee would pass the limit. */
  private async push(one: Sent): Promise<boolean> {
    const { baseFeePerGas } = await this.asked.latest();
    const baseFee = BigInt(baseFeePerGas ?? '0x0');
    if (baseFee + TIP > one.fee) {
      const raised = { fee: (one.fee * RAISE_PERCENT) / 100n, tip: (one.tip * RAISE_PERCENT) / 100n };
      const needed = this.feeAt(baseFee);
      if (needed === null) {
        // no block takes it now: wait for cheaper ones
        if (this.chain.own) await this.asked.call('evm_mine');
        return true;
      }
      const fee = needed > raised.fee ? needed : raised.fee;
      const within = fee < this.limits.maxFeePerGas ? fee : this.limits.maxFeePerGas;
      // nodes replace an order only where both fees rise by a tenth
      const rises = 10n * within >= 11n * one.fee;
      if (rises && (await this.offer(one, within, raised.tip < within ? raised.tip : within)))
        this.troubles.resent++;
    } else if (!(await this.isWaiting(one))) {
      this.troubles.resent++;
      await this.hand(one, one.raw);
    }
    if (this.chain.own) await this.asked.call('evm_mine');
    return true;
  }

  private async isWaiting({ hashes }: Sent): Promise<boolean> {
    const hash = hashes.at(-1);
    if (hash === undefined) return false;
    return (await this.asked.call('eth_getTransactionByHash', [hash])) !== null;
  }

  /** Of whichever version is in a block; null where none is. */
  async receiptOf({ hashes }: Sent): Promise<Receipt | null> {
    for (const hash of hashes) {
      const receipt = await this.asked.call<Receipt | null>('eth_getTransactionReceipt', [hash]);
      if (receipt !== null) return receipt;
    }
    return null;
  }

  private fillOf({ placed, wallet, reserved }: Sent, receipt: Receipt): Fill {
    const gas = Number(receipt.gasUsed);
    const fee = BigInt(receipt.gasUsed) * BigInt(receipt.effectiveGasPrice);
    this.chain.purse.release(reserved);
    this.chain.purse.pay(fee, true);
    if (receipt.status !== '0x1') return { outcome: 'reverted', out: 0, fee, gas };
    // the last transfer to the trader is what the pool paid
    const asset = placed.give === ASSET.token ? this.pool.cash : this.pool.token;
    const to = wallet.address.slice(2).toLowerCase();
    const paid = receipt.logs.findLast(
      ({ address, topics }) => address.toLowerCase() === asset.toLowerCase() && topics[2]?.endsWith(to),
    );
    return { outcome: 'done', out: paid === undefined ? 0 : Number(BigInt(paid.data)), fee, gas };
  }

  private async simulate(from: Address, to: Address, data: Hex): Promise<void> {
    try {
      await this.asked.call('eth_call', [{ from, to, data }, 'latest']);
    } catch (error) {
      if (!(error instanceof RpcError)) throw error;
    }
  }

  /** The number of the next transaction: the chain's count, since every earlier one was settled or given up. */
  private async nonceOf(address: Address): Promise<number> {
    const count = await this.asked.countOf(address);
    const expected = this.nonces.get(address);
    if (expected !== undefined && expected !== count) this.troubles.renumbered++;
    return count;
  }

  /** Forgets which number comes next. */
  forget(address: Address): void {
    this.nonces.delete(address);
  }

  private renumber(address: Address): void {
    this.troubles.renumbered++;
    this.nonces.delete(address);
  }
}
