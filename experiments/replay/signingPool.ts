/**
 * Signs in worker threads: a signature takes longer than anything else that this program does for a transaction. Keys go
 * from memory to memory.
 */
import { Worker } from 'node:worker_threads';
import type { Address, Hex } from 'viem';
import { EnvironmentError } from '../../sim/core/errors.ts';
import { workerFile } from '../taskPool.ts';
import { fromPlainError, type PlainError } from '../threads.ts';

/** What of a transaction is signed; money in wei. */
export interface UnsignedTransaction {
  readonly type: 'eip1559';
  readonly chainId: number;
  readonly nonce: number;
  readonly gas: bigint;
  readonly maxFeePerGas: bigint;
  readonly maxPriorityFeePerGas: bigint;
  readonly data: Hex;
  readonly value: bigint;
  readonly to?: Address;
}

export interface SigningOrder {
  readonly id: number;
  readonly parts: readonly { readonly key: Hex; readonly transaction: UnsignedTransaction }[];
}
export type SigningReply =
  | { readonly id: number; readonly raw: readonly Hex[] }
  | { readonly id: number; readonly error: PlainError };

interface Waiting {
  readonly resolve: (raw: readonly Hex[]) => void;
  readonly reject: (error: unknown) => void;
}

export class SigningPool {
  readonly threads: number;
  private readonly workers: Worker[];
  private readonly keyOf: (address: Address) => Hex | undefined;
  private readonly waiting = new Map<number, Waiting>();
  private nextId = 0;

  /**
   * @param keyOf the private key of an address, undefined where it is not known
   * @throws EnvironmentError when the compiled worker is missing
   */
  constructor(keyOf: (address: Address) => Hex | undefined, threads: number) {
    this.keyOf = keyOf;
    this.threads = threads;
    const file = workerFile('replay/signingWorker');
    this.workers = Array.from({ length: threads }, () => {
      const worker = new Worker(file);
      worker.on('message', (reply: SigningReply) => {
        const one = this.waiting.get(reply.id);
        this.waiting.delete(reply.id);
        if ('error' in reply) one?.reject(fromPlainError(reply.error));
        else one?.resolve(reply.raw);
      });
      worker.on('error', (error) => this.fail(error));
      worker.on('exit', (code) =>
        this.fail(new EnvironmentError(`a thread that signs stopped with code ${code}`)),
      );
      return worker;
    });
  }

  /**
   * Signs transactions in one of the threads, which take turns; null where the key of one is not known.
   *
   * @param parts each with the address of its wallet
   */
  sign(
    parts: readonly { readonly address: Address; readonly transaction: UnsignedTransaction }[],
  ): Promise<readonly Hex[]> | null {
    const keyed: { key: Hex; transaction: UnsignedTransaction }[] = [];
    for (const { address, transaction } of parts) {
      const key = this.keyOf(address);
      if (key === undefined) return null;
      keyed.push({ key, transaction });
    }
    const id = this.nextId++;
    return new Promise((resolve, reject) => {
      this.waiting.set(id, { resolve, reject });
      this.workers[id % this.threads]!.postMessage({ id, parts: keyed } satisfies SigningOrder);
    });
  }

  /** Ends the threads; what still waits is refused. */
  async close(): Promise<void> {
    await Promise.all(this.workers.map((worker) => worker.terminate()));
  }

  private fail(error: unknown): void {
    for (const { reject } of this.waiting.values()) reject(error);
    this.waiting.clear();
  }
}
