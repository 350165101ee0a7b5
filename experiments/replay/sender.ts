/** Signs transactions of one wallet or many, sends them, and waits until they are in a block. */
import { type Abi, type Address, decodeErrorResult, encodeFunctionData, type Hex, numberToHex } from 'viem';
import type { PrivateKeyAccount } from 'viem/accounts';
import { DarwinError, EXIT, UsageError } from '../../sim/core/errors.ts';
import { type Rpc, RpcError } from './rpc.ts';

/** A transaction that the chain did not carry out. Exit code 1. */
export class RevertedError extends DarwinError {
  readonly code = 'reverted';
  readonly exitCode = EXIT.checkFailed;
  /** Name of the contract's error, such as SwapDiffers, and its arguments. */
  readonly reason: string;
  readonly values: readonly unknown[];

  constructor(what: string, reason: string, values: readonly unknown[]) {
    super(`${what} reverts: ${reason}${values.length > 0 ? `(${values.join(', ')})` : ''}`);
    this.reason = reason;
    this.values = values;
  }
}

export interface Call {
  /** Absent = creates a contract. */
  readonly to?: Address;
  readonly data: Hex;
  /** What it is for, in errors. */
  readonly what: string;
  /** wei */
  readonly value?: bigint;
}

export interface SignedCall extends Call {
  readonly from: PrivateKeyAccount;
  /** Whom it pays, where it does nothing else: it then may stand in a block in any order with others that do not need its money. */
  readonly pays?: Address;
}

export interface Log {
  readonly address: Address;
  readonly topics: [Hex, ...Hex[]];
  readonly data: Hex;
}

export interface Receipt {
  readonly status: Hex;
  readonly gasUsed: Hex;
  readonly effectiveGasPrice: Hex;
  readonly contractAddress: Address | null;
  readonly blockNumber: Hex;
  readonly transactionIndex: Hex;
  readonly logs: readonly Log[];
}

/** A chain as a replay sees it. */
export interface ChainAccess {
  readonly rpc: Rpc;
  readonly chainId: number;
  /** Whether it is this program's own: blocks are mined on demand. */
  readonly own: boolean;
  /** wei per gas offered there; 0 = gas is free. */
  readonly ownFee?: bigint;
  /** Most wei that may be spent in all; unlimited on a chain of one's own. */
  readonly spendingCap: bigint | null;
}

/** Gas of a transaction on a chain of one's own: as much as any batch needs, where it costs nothing. */
const OWN_GAS = 20_000_000_000n;
const PAID_GAS = 30_000_000n;
/** Transactions in one request. */
const BATCH = 500;
const POLL_MS = 500;
const WAIT_MS = 300_000;
/** Room above an estimate, in percent. */
const ESTIMATE_ROOM = 125n;

export const encode = (abi: readonly unknown[], functionName: string, args: readonly unknown[]): Hex =>
  encodeFunctionData({ abi: abi as Abi, functionName, args });

/** Decodes what a reverted call returned: the error's name and arguments. */
export function revertReason(
  abis: readonly (readonly unknown[])[],
  error: RpcError,
): [string, readonly unknown[]] {
  const { data } = error;
  if (typeof data === 'string' && data.length >= 10)
    for (const abi of abis)
      try {
        const { errorName, args } = decodeErrorResult({ abi: abi as Abi, data: data as Hex });
        return errorName === 'Error' ? [String(args?.[0]), []] : [errorName, args ?? []];
      } catch {
        // an error of another contract
      }
  return [error.message, []];
}

/**
 * Calls of several wallets in blocks: a chain orders the transactions of one wallet by their numbers, and those of
 * different wallets as it likes. So a call that may need what an earlier one of another wallet did opens the next block.
 */
export function wavesOf(calls: readonly SignedCall[]): SignedCall[][] {
  const waves: SignedCall[][] = [];
  let paid = new Set<Address>();
  let last: SignedCall | undefined;
  for (const call of calls) {
    const { from, pays } = call;
    const alone = last !== undefined && last.from !== from && (pays === undefined || last.pays === undefined);
    if (last === undefined || alone || paid.has(from.address)) {
      waves.push([]);
      paid = new Set();
    }
    waves.at(-1)!.push(call);
    if (pays !== undefined) paid.add(pays);
    last = call;
  }
  return waves;
}

export class Sender {
  readonly chain: ChainAccess;
  /** wei spent so far on gas and value. */
  spent = 0n;
  /** Seconds that signing has taken. */
  signingSeconds = 0;
  /** Seconds from handing signed transactions over to their block, on a chain of one's own. */
  sendingSeconds = 0;
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
    const { rpc, own } = this.chain;
    if (!own) {
      const receipts: Receipt[] = [];
      for (const call of calls) receipts.push(await this.sendOne(call));
      return receipts;
    }
    const receipts: Receipt[] = [];
    const { ownFee = 0n } = this.chain;
    const gas = ownFee === 0n ? OWN_GAS : PAID_GAS;
    for (const wave of wavesOf(calls)) {
      const raw: Hex[] = [];
      for (const call of wave) raw.push(await this.sign(call, gas, ownFee));
      const start = performance.now();
      const hashes = await this.broadcast(raw);
      await rpc.call('evm_mine');
      this.sendingSeconds += (performance.now() - start) / 1000;
      for (const [k, receipt] of (await this.receipts(hashes)).entries()) {
        if (receipt.status !== '0x1') await this.explain(wave[k]!, receipt);
        receipts.push(receipt);
      }
    }
    return receipts;
  }

  /** Signs a call with the next nonce of its wallet. */
  async sign({ from, to, data, value = 0n }: SignedCall, gas: bigint, fee: bigint): Promise<Hex> {
    const start = performance.now();
    const nonce = await this.nonceOf(from.address);
    this.nonces.set(from.address, nonce + 1);
    const raw = await from.signTransaction({
      type: 'eip1559',
      chainId: this.chain.chainId,
      nonce,
      gas,
      maxFeePerGas: fee,
      maxPriorityFeePerGas: 0n,
      data,
      value,
      ...(to === undefined ? {} : { to }),
    });
    this.signingSeconds += (performance.now() - start) / 1000;
    return raw;
  }

  /** Hands signed transactions to the chain, in order; returns their hashes. */
  async broadcast(raw: readonly Hex[]): Promise<Hex[]> {
    const hashes: Hex[] = [];
    for (let from = 0; from < raw.length; from += BATCH) {
      const answers = await this.chain.rpc.batch(
        raw.slice(from, from + BATCH).map((tx) => ({ method: 'eth_sendRawTransaction', params: [tx] })),
      );
      for (const answer of answers) {
        if (answer instanceof Error) throw answer;
        hashes.push(answer as Hex);
      }
    }
    return hashes;
  }

  private async receipts(hashes: readonly Hex[]): Promise<Receipt[]> {
    const receipts: Receipt[] = [];
    for (let from = 0; from < hashes.length; from += BATCH) {
      const answers = await this.chain.rpc.batch(
        hashes
          .slice(from, from + BATCH)
          .map((hash) => ({ method: 'eth_getTransactionReceipt', params: [hash] })),
      );
      for (const [k, answer] of answers.entries()) {
        if (answer instanceof Error) throw answer;
        if (answer === null)
          throw new RpcError('eth_getTransactionReceipt', `transaction ${hashes[from + k]} is in no block`);
        receipts.push(answer as Receipt);
      }
    }
    return receipts;
  }

  /** On a chain of others: estimated, priced, within the cap, one at a time. */
  private async sendOne(call: SignedCall): Promise<Receipt> {
    const { rpc, spendingCap } = this.chain;
    const request = {
      from: call.from.address,
      to: call.to,
      data: call.data,
      value: numberToHex(call.value ?? 0n),
    };
    let estimate: bigint;
    try {
      estimate = BigInt(await rpc.call<Hex>('eth_estimateGas', [request]));
    } catch (error) {
      if (!(error instanceof RpcError)) throw error;
      throw new RevertedError(call.what, ...revertReason(this.abis, error));
    }
    const gas = (estimate * ESTIMATE_ROOM) / 100n;
    const fee = 2n * BigInt(await rpc.call<Hex>('eth_gasPrice'));
    const most = gas * fee + (call.value ?? 0n);
    if (spendingCap !== null && this.spent + most > spendingCap)
      throw new UsageError(
        `${call.what} could spend ${most} wei and ${this.spent} are spent: the cap is ${spendingCap}`,
        'raise --cap, or wait for lower fees',
      );
    const [hash] = await this.broadcast([await this.sign(call, gas, fee)]);
    const receipt = await this.awaitReceipt(hash!);
    this.spent += BigInt(receipt.gasUsed) * BigInt(receipt.effectiveGasPrice) + (call.value ?? 0n);
    if (receipt.status !== '0x1') await this.explain(call, receipt);
    return receipt;
  }

  private async awaitReceipt(hash: Hex): Promise<Receipt> {
    const until = performance.now() + WAIT_MS;
    while (performance.now() < until) {
      const receipt = await this.chain.rpc.call<Receipt | null>('eth_getTransactionReceipt', [hash]);
      if (receipt !== null) return receipt;
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
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

  private async nonceOf(address: Address): Promise<number> {
    const known = this.nonces.get(address);
    if (known !== undefined) return known;
    return Number(await this.chain.rpc.call<Hex>('eth_getTransactionCount', [address, 'pending']));
  }
}
