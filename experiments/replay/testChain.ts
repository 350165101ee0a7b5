/** A local chain on which tests act as anybody, without signatures. */
import {
  type Abi,
  type Address,
  decodeErrorResult,
  decodeFunctionResult,
  encodeDeployData,
  encodeFunctionData,
  type Hex,
  numberToHex,
} from 'viem';
import { type Anvil, startAnvil } from './anvil.ts';
import { Rpc, RpcError } from './rpc.ts';

export interface Artifact {
  readonly abi: readonly unknown[];
  readonly bytecode: string;
}

export interface Contract {
  readonly address: Address;
  readonly abi: Abi;
}

const GAS = numberToHex(30_000_000);

export class TestChain {
  readonly anvil: Anvil;
  readonly rpc: Rpc;

  private constructor(anvil: Anvil) {
    this.anvil = anvil;
    this.rpc = new Rpc(anvil.url);
  }

  static async start(): Promise<TestChain> {
    return new TestChain(await startAnvil({ impersonate: true, history: true }));
  }

  /** An address that nobody has a key for. */
  static actor(k: number): Address {
    return `0x${(0xac70_0000 + k).toString(16).padStart(40, '0')}`;
  }

  async deploy(artifact: Artifact, args: readonly unknown[], from = TestChain.actor(0)): Promise<Contract> {
    const abi = artifact.abi as Abi;
    const data = encodeDeployData({ abi, bytecode: artifact.bytecode as Hex, args });
    const receipt = await this.transact({ from, data });
    return { address: receipt.contractAddress as Address, abi };
  }

  /** What a view returns. */
  async read<T>(contract: Contract, functionName: string, args: readonly unknown[] = []): Promise<T> {
    const data = encodeFunctionData({ abi: contract.abi, functionName, args });
    const answer = await this.rpc.call<Hex>('eth_call', [{ to: contract.address, data }, 'latest']);
    return decodeFunctionResult({ abi: contract.abi, functionName, data: answer }) as T;
  }

  /** Sends a call and mines it. Returns the name of the error where it reverts, which changes nothing, else null. */
  async attempt(
    from: Address,
    contract: Contract,
    functionName: string,
    args: readonly unknown[] = [],
  ): Promise<string | null> {
    const data = encodeFunctionData({ abi: contract.abi, functionName, args });
    const call = { from, to: contract.address, data, gas: GAS };
    await this.rpc.call('evm_mine');
    try {
      await this.rpc.call('eth_call', [call, 'latest']);
    } catch (error) {
      if (error instanceof RpcError) return errorName(contract.abi, error);
      throw error;
    }
    await this.transact(call);
    return null;
  }

  /** Sends a call that must not revert. */
  async send(
    from: Address,
    contract: Contract,
    functionName: string,
    args: readonly unknown[] = [],
  ): Promise<void> {
    const error = await this.attempt(from, contract, functionName, args);
    if (error !== null) throw new Error(`${functionName} reverts: ${error}`);
  }

  /** Lets seconds pass. */
  async wait(seconds: number): Promise<void> {
    await this.rpc.call('evm_increaseTime', [seconds]);
    await this.rpc.call('evm_mine');
  }

  async now(): Promise<number> {
    const block = await this.rpc.call<{ timestamp: Hex }>('eth_getBlockByNumber', ['latest', false]);
    return Number(block.timestamp);
  }

  /** Does something and returns to the state before it, whatever happens. */
  async undone<T>(work: () => Promise<T>): Promise<T> {
    const id = await this.rpc.call('evm_snapshot');
    try {
      return await work();
    } finally {
      await this.rpc.call('evm_revert', [id]);
    }
  }

  private async transact(call: object): Promise<{ status: Hex; contractAddress: string }> {
    const hash = await this.rpc.call('eth_sendTransaction', [{ gas: GAS, gasPrice: '0x0', ...call }]);
    await this.rpc.call('evm_mine');
    const receipt = await this.rpc.call<{ status: Hex; contractAddress: string }>(
      'eth_getTransactionReceipt',
      [hash],
    );
    if (receipt === null || receipt.status !== '0x1') throw new Error(`transaction ${hash} reverted`);
    return receipt;
  }
}

/** The name of a custom error, or the reason of a plain one. */
function errorName(abi: Abi, { data, message }: RpcError): string {
  if (typeof data !== 'string' || data === '0x') return message;
  try {
    const decoded = decodeErrorResult({ abi, data: data as Hex });
    return decoded.errorName === 'Error' ? String(decoded.args?.[0]) : decoded.errorName;
  } catch {
    return data;
  }
}
