/** A chain that is asked again while it is silent. */
import { type Abi, type Address, decodeFunctionResult, type Hex } from 'viem';
import { patiently } from './patience.ts';
import { type Rpc, RpcError } from './rpc.ts';
import { encode } from './transaction.ts';

/** What is read of a block. */
export interface Block {
  readonly number: Hex;
  readonly hash: Hex;
  readonly timestamp: Hex;
  readonly baseFeePerGas?: Hex;
}

export class PatientChain {
  private readonly rpc: Rpc;
  private readonly patienceMs: number;
  private readonly onSilence: () => void;

  /** @param patienceMs milliseconds for which the chain may be silent */
  constructor(rpc: Rpc, patienceMs: number, onSilence: () => void) {
    this.rpc = rpc;
    this.patienceMs = patienceMs;
    this.onSilence = onSilence;
  }

  /**
   * One call.
   *
   * @throws RpcError for an error that the chain answers with, NodeDownError when it is silent for too long
   */
  call<T>(method: string, params: readonly unknown[] = []): Promise<T> {
    return patiently(() => this.rpc.call<T>(method, params), this.patienceMs, this.onSilence);
  }

  /** What a contract's view returns. Throws RpcError where that is not what its interface says. */
  async view<T>(
    to: Address,
    abi: readonly unknown[],
    functionName: string,
    args: readonly unknown[],
  ): Promise<T> {
    const data = encode(abi, functionName, args);
    const answer = await this.call<Hex>('eth_call', [{ to, data }, 'latest']);
    try {
      return decodeFunctionResult({ abi: abi as Abi, functionName, data: answer }) as T;
    } catch {
      throw new RpcError('eth_call', `${to} does not answer ${functionName} as its contract would`);
    }
  }

  /** A block by number or name; null where there is none. */
  block(which: string): Promise<Block | null> {
    return this.call<Block | null>('eth_getBlockByNumber', [which, false]);
  }

  /** The newest block. Throws RpcError where a chain has none. */
  async latest(): Promise<Block> {
    const block = await this.block('latest');
    if (block === null) throw new RpcError('eth_getBlockByNumber', 'the chain has no newest block');
    return block;
  }

  /** Transactions that a wallet has in blocks. */
  async countOf(address: Address): Promise<number> {
    return Number(await this.call<Hex>('eth_getTransactionCount', [address, 'latest']));
  }
}
