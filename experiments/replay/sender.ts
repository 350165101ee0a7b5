/** Signs transactions of one wallet or many, sends them, and waits until they are in a block. */
import { type Address, formatEther, type Hex, keccak256, numberToHex } from 'viem';
import type { PrivateKeyAccount } from 'viem/accounts';
import { UsageError } from '../../sim/core/errors.ts';
import { patiently, sleep } from './patience.ts';
import { RpcError } from './rpc.ts';
import type { SigningPool, UnsignedTransaction } from './signingPool.ts';
import {
  type ChainAccess,
  isKnown,
  isRevert,
  isTooLarge,
  type Receipt,
  RevertedError,
  revertReason,
  type SignedCall,
} from './transaction.ts';

/** Gas of a transaction on a chain of one's own: as much as any batch needs, where it costs nothing. */
const OWN_GAS = 20_000_000_000n;
const PAID_GAS = 30_000_000n;
/** Transactions of a block at most, on a chain of one's own. */
const BLOCK_CALLS = 2000;
/** Transactions in one request: of more than 63, anvil 1.7 takes those behind in another order. */
const BATCH = 32;
const POLL_MS = 500;
const WAIT_MS = 300_000;
/** For which a chain of others may be silent. */
const SILENCE_MS = 60_000;
/** wei per gas */
const TIP_LEAST = 1_000_000n;
/** Room above an estimate, in percent. */
const ESTIMATE_ROOM = 125n;
/** Most gas that one transaction may ask for (EIP-7825). */
export const TRANSACTION_GAS_MOST = 2n ** 24n;
/** What a wallet without gas money is handed suffices for so many transactions like its next one. */
const FUNDED_CALLS = 4n;

export class Sender {
  readonly chain: ChainAccess;
  /** Where signatures are made, if not here. */
  pool: SigningPool | null = null;
  /** Seconds that were spent in signatures, or waiting for them. */
  signingSeconds = 0;
  /** Seconds from handing signed transactions over to their block, on a chain of one's own. */
  sendingSeconds = 0;
  /** Who gives other wallets their gas money on a chain of others; null = they have to have it. */
  funder: PrivateKeyAccount | null = null;
  private readonly abis: readonly (readonly unknown[])[];
  private readonly nonces = new Map<Address, number>();

  /** @param abis of the contracts whose errors are named */
  constructor(chain: ChainAccess, abis: readonly (readonly unknown[])[]) {
    this.chain = chain;
    this.abis = abis;
  }

  /**
   * Sends calls in this order and returns their receipts.
   *
   * @throws RevertedError for the first that reverts, UsageError at the spending cap
   */
  async send(calls: readonly SignedCall[]): Promise<Receipt[]> {
    const { own } = this.chain;
    if (!own) {
      const receipts: Receipt[] = [];
      for (const call of calls) receipts.push(await this.sendOne(call));
      return receipts;
    }
    const receipts: Receipt[] = [];
    for (let from = 0; from < calls.length; from += BLOCK_CALLS)
      receipts.push(...(await this.sendBlock(calls.slice(from, from + BLOCK_CALLS))));
    return receipts;
  }

  /** One block of calls in their order, whoever signs them. */
  private async sendBlock(calls: readonly SignedCall[]): Promise<Receipt[]> {
    const { rpc } = this.chain;
    const mixed = calls.some(({ from }) => from.address !== calls[0]!.from.address);
    const before = mixed ? await rpc.call('evm_snapshot') : null;
    const raw: Hex[] = [];
    const hashes: Hex[] = [];
    for (const signatures of await this.signAll(calls)) {
      const signing = performance.now();
      const part = await signatures;
      const start = performance.now();
      this.signingSeconds += (start - signing) / 1000;
      hashes.push(...(await this.broadcast(part)));
      this.sendingSeconds += (performance.now() - start) / 1000;
      raw.push(...part);
    }
    const start = performance.now();
    await rpc.call('evm_mine');
    let receipts = await this.receipts(hashes);
    if (!receipts.every(({ transactionHash }, k) => transactionHash === hashes[k])) {
      // wallets were mixed up on the way: back, and one after the other
      await rpc.call('evm_revert', [before]);
      for (const one of raw) await this.broadcast([one]);
      await rpc.call('evm_mine');
      receipts = await this.receipts(hashes);
    }
    this.sendingSeconds += (performance.now() - start) / 1000;
    for (const [k, receipt] of receipts.entries())
      if (receipt.status !== '0x1') await this.explain(calls[k]!, receipt);
    return receipts;
  }

  /** Signatures of all calls in parts of one request each; those of later parts are made while earlier ones are sent. */
  private async signAll(calls: readonly SignedCall[]): Promise<Promise<readonly Hex[]>[]> {
    const { ownFee = 0n } = this.chain;
    const gas = ownFee === 0n ? OWN_GAS : PAID_GAS;
    const parts: Promise<readonly Hex[]>[] = [];
    await this.learnNonces(calls);
    for (let from = 0; from < calls.length; from += BATCH) {
      const part = calls.slice(from, from + BATCH).map((call) => ({
        call,
        address: call.from.address,
        transaction: this.number(call, gas, ownFee),
      }));
      const signed =
        this.pool?.sign(part) ?? this.signHere(part.map(({ call, transaction }) => [call.from, transaction]));
      // whoever waits for an earlier part must not leave this one's failure to nobody
      signed.catch(() => {});
      parts.push(signed);
    }
    return parts;
  }

  private async signHere(
    parts: readonly (readonly [PrivateKeyAccount, UnsignedTransaction])[],
  ): Promise<readonly Hex[]> {
    const raw: Hex[] = [];
    for (const [wallet, transaction] of parts) raw.push(await wallet.signTransaction(transaction));
    return raw;
  }

  /** A call as the next transaction of its wallet, whose number must be known. */
  private number(
    { from, to, data, value = 0n }: SignedCall,
    gas: bigint,
    fee: bigint,
    tip = 0n,
  ): UnsignedTransaction {
    const nonce = this.nonces.get(from.address)!;
    this.nonces.set(from.address, nonce + 1);
    return {
      type: 'eip1559',
      chainId: this.chain.chainId,
      nonce,
      gas,
      maxFeePerGas: fee,
      maxPriorityFeePerGas: tip,
      data,
      value,
      ...(to === undefined ? {} : { to }),
    };
  }

  /** Hands signed transactions to the chain, in order; returns their hashes. */
  private async broadcast(raw: readonly Hex[]): Promise<Hex[]> {
    const answers = await this.chain.rpc.batch(
      raw.map((tx) => ({ method: 'eth_sendRawTransaction', params: [tx] })),
    );
    return answers.map((answer) => {
      if (answer instanceof Error) throw answer;
      return answer as Hex;
    });
  }

  /** Of the block mined last, all of it. */
  private async receipts(hashes: readonly Hex[]): Promise<Receipt[]> {
    const receipts = await this.chain.rpc.call<Receipt[]>('eth_getBlockReceipts', ['latest']);
    const mined = new Set(receipts.map(({ transactionHash }) => transactionHash));
    const missing = hashes.find((hash) => !mined.has(hash));
    if (missing === undefined && receipts.length === hashes.length) return receipts;
    throw new RpcError(
      'eth_getBlockReceipts',
      missing === undefined
        ? `the block holds ${receipts.length} transactions, ${hashes.length} were sent`
        : `transaction ${missing} is in no block`,
    );
  }

  /** On a chain of others: estimated, priced, within the cap, one at a time. */
  private async sendOne(call: SignedCall): Promise<Receipt> {
    return this.sendEstimated(call, await this.estimate(call));
  }

  /**
   * Gas that a call needs on a chain of others; more than TRANSACTION_GAS_MOST where nodes give up on it.
   *
   * @throws RevertedError where the contract refuses it
   */
  async estimate(call: SignedCall): Promise<bigint> {
    const request = {
      from: call.from.address,
      to: call.to,
      data: call.data,
      value: numberToHex(call.value ?? 0n),
    };
    try {
      return BigInt(await this.ask<Hex>('eth_estimateGas', [request]));
    } catch (error) {
      if (!(error instanceof RpcError)) throw error;
      if (isTooLarge(error)) return TRANSACTION_GAS_MOST + 1n;
      // of a call that the chain did try: others are refused for money, or for asking too often
      if (!isRevert(error)) throw error;
      throw new RevertedError(call.what, ...revertReason(this.abis, error));
    }
  }

  /**
   * Sends a call whose gas is estimated to a chain of others and waits for its block.
   *
   * @throws RevertedError, UsageError at the spending cap, without the money for it, or above TRANSACTION_GAS_MOST
   */
  async sendEstimated(call: SignedCall, estimate: bigint): Promise<Receipt> {
    const { purse } = this.chain;
    if (estimate > TRANSACTION_GAS_MOST)
      throw new UsageError(
        `${call.what} needs more than ${TRANSACTION_GAS_MOST} gas, the most of a transaction`,
        'replay a smaller world, or on a local chain',
      );
    const room = (estimate * ESTIMATE_ROOM) / 100n;
    const gas = room < TRANSACTION_GAS_MOST ? room : TRANSACTION_GAS_MOST;
    const { fee, tip } = await this.prices();
    const most = gas * fee + (call.value ?? 0n);
    const handed = this.funder !== null && call.from.address !== this.funder.address;
    if (handed) await this.fund(call.from.address, most, call.what);
    purse.assertAllows(most, call.what, handed);
    await this.assertFunds(call, most);
    await this.learnNonces([call]);
    const start = performance.now();
    const raw = await call.from.signTransaction(this.number(call, gas, fee, tip));
    this.signingSeconds += (performance.now() - start) / 1000;
    const receipt = await this.awaitReceipt(await this.hand(raw, call));
    purse.pay(BigInt(receipt.gasUsed) * BigInt(receipt.effectiveGasPrice), handed);
    if (receipt.status === '0x1') purse.handOver(call.value ?? 0n);
    if (receipt.status !== '0x1') await this.explain(call, receipt);
    return receipt;
  }

  /** Hands a wallet the gas money that it lacks, out of the funder's. */
  private async fund(address: Address, most: bigint, what: string): Promise<void> {
    const balance = await this.balanceOf(address);
    if (balance >= most) return;
    const plenty = FUNDED_CALLS * most - balance;
    const value = this.chain.purse.allows(2n * plenty) ? plenty : most - balance;
    const call = {
      from: this.funder!,
      to: address,
      data: '0x' as Hex,
      value,
      what: `the gas money for ${what}`,
    };
    await this.sendOne(call);
  }

  private async assertFunds({ from, what }: SignedCall, most: bigint): Promise<void> {
    const balance = await this.balanceOf(from.address);
    if (balance >= most) return;
    throw new UsageError(
      `${from.address} holds ${formatEther(balance)} ether, ${what} could cost ${formatEther(most)}`,
      'send it test ether, from a faucet for example',
    );
  }

  private async balanceOf(address: Address): Promise<bigint> {
    return BigInt(await this.ask<Hex>('eth_getBalance', [address, 'latest']));
  }

  /**
   * wei per gas: the most to offer, what of it goes to whoever makes the block (nodes pass on nothing that offers none), and the
   * price of now.
   */
  async prices(): Promise<{ fee: bigint; tip: bigint; price: bigint }> {
    const asked = BigInt(await this.ask<Hex>('eth_maxPriorityFeePerGas'));
    const tip = asked > TIP_LEAST ? asked : TIP_LEAST;
    const now = BigInt(await this.ask<Hex>('eth_gasPrice'));
    // the price holds a tip already, where there is one
    const price = now > tip ? now : now + tip;
    // room for blocks that grow dearer
    return { fee: now > tip ? 2n * now : price, tip, price };
  }

  /** Hands a transaction over; one that the chain has already, because an answer was lost on its way, is handed over. */
  private async hand(raw: Hex, { from, what }: SignedCall): Promise<Hex> {
    const hash = keccak256(raw);
    try {
      await this.ask('eth_sendRawTransaction', [raw]);
    } catch (error) {
      if (!(error instanceof RpcError)) throw error;
      if (isKnown(error) || (await this.ask('eth_getTransactionByHash', [hash])) !== null) return hash;
      if (!/nonce/i.test(error.message)) throw error;
      this.nonces.delete(from.address);
      throw new RpcError(
        'eth_sendRawTransaction',
        `${what} has a number that is used: does another program sign for ${from.address}?`,
      );
    }
    return hash;
  }

  private ask<T>(method: string, params: readonly unknown[] = []): Promise<T> {
    return patiently(() => this.chain.rpc.call<T>(method, params), SILENCE_MS);
  }

  private async awaitReceipt(hash: Hex): Promise<Receipt> {
    const until = performance.now() + WAIT_MS;
    while (performance.now() < until) {
      const receipt = await this.ask<Receipt | null>('eth_getTransactionReceipt', [hash]);
      if (receipt !== null) return receipt;
      await sleep(POLL_MS);
    }
    throw new RpcError(
      'eth_getTransactionReceipt',
      `transaction ${hash} is in no block after ${WAIT_MS / 1000} s`,
    );
  }

  /** Finds out why a transaction reverted by calling it again at its place, and throws it. */
  private async explain(call: SignedCall, receipt: Receipt): Promise<never> {
    const request = { from: call.from.address, to: call.to, data: call.data };
    try {
      await this.chain.rpc.call('eth_call', [request, receipt.blockNumber]);
    } catch (error) {
      if (error instanceof RpcError) throw new RevertedError(call.what, ...revertReason(this.abis, error));
      throw error;
    }
    throw new RevertedError(call.what, 'for a reason that is gone by now', []);
  }

  /** Asks for the numbers of wallets that have sent nothing yet. */
  private async learnNonces(calls: readonly SignedCall[]): Promise<void> {
    const fresh = [...new Set(calls.map(({ from }) => from.address))].filter((a) => !this.nonces.has(a));
    if (fresh.length === 0) return;
    const answers = await this.chain.rpc.batch(
      fresh.map((address) => ({ method: 'eth_getTransactionCount', params: [address, 'pending'] })),
    );
    for (const [k, answer] of answers.entries()) {
      if (answer instanceof Error) throw answer;
      this.nonces.set(fresh[k]!, Number(answer));
    }
  }
}
