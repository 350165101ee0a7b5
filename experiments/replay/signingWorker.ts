/** Entry point of a thread that signs transactions for a SigningPool. */
import { parentPort } from 'node:worker_threads';
import type { Hex } from 'viem';
import { signTransaction } from 'viem/accounts';
import { assert } from '../../sim/core/assert.ts';
import { toPlainError } from '../threads.ts';
import type { SigningOrder, SigningReply } from './signingPool.ts';

assert(parentPort !== null, 'signingWorker.ts runs in a worker thread only');
const port = parentPort;

port.on('message', ({ id, parts }: SigningOrder) => {
  const sign = async (): Promise<Hex[]> => {
    const raw: Hex[] = [];
    for (const { key, transaction } of parts)
      raw.push(await signTransaction({ privateKey: key, transaction }));
    return raw;
  };
  sign().then(
    (raw) => port.postMessage({ id, raw } satisfies SigningReply),
    (error) => port.postMessage({ id, error: toPlainError(error) } satisfies SigningReply),
  );
});
