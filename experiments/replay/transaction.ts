/** What replays send to a chain and what comes back: calls, receipts, and why one was refused. */
import { type Abi, type Address, decodeErrorResult, encodeFunctionData, type Hex } from 'viem';
import type { PrivateKeyAccount } from 'viem/accounts';
import { DarwinError, EXIT } from '../../sim/core/errors.ts';
import type { Purse } from './purse.ts';
import type { Rpc, RpcError } from './rpc.ts';

/** A transaction that the chain did not carry out. Exit code 1. */
export class RevertedError extends DarwinError {
  readonly code = 'reverted';
  readonly exitCode = EXIT.checkFailed;
  /** Name of the contract's error, such as SwapDiffers, and its arguments. */
  readonly reason: string;
  readonly values: readonly unknown[];

  constructor(what: string, reason: string, values: readonly unknown[]) {
    super(
      `${what} reverts: ${reason}${values.length > 0 ? `(${values.join(', ')})` : ''}`,
      'try it with --dry-run, or look at its transaction on the chain',
    );
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
  readonly transactionHash: Hex;
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
  /** What may be spent there, by all wallets together. */
  readonly purse: Purse;
}

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

/** Whether a contract refused a call, rather than the node. */
export const isRevert = ({ data, message }: RpcError): boolean =>
  (typeof data === 'string' && data.startsWith('0x')) || /revert/i.test(message);

/** Whether a call needs more gas than a node gives to anybody. */
export const isTooLarge = ({ message }: RpcError): boolean =>
  /gas required exceeds|out of gas|gas limit (is )?(too high|exceeds)|exceeds .*gas (limit|cap)/i.test(
    message,
  );

/** Whether a node refuses a transaction that it has already. */
export const isKnown = ({ message }: RpcError): boolean =>
  /already (known|imported)|known transaction/i.test(message);
