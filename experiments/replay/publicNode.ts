/**
 * A proxy before anvil for tests, as strict as nodes of public networks: no methods of anvil, a limited rate of questions, and
 * a pool of transactions with the rules and words of go-ethereum.
 */
import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Hex, keccak256, parseTransaction, recoverTransactionAddress } from 'viem';
import { Rpc, RpcError, type RpcRequest } from './rpc.ts';

export interface PublicNodeOptions {
  /** Each so many-th request is refused with HTTP 429; 0 = none. */
  readonly limitEvery?: number;
  /** Milliseconds between blocks; 0 = a block for each transaction. */
  readonly blockMs?: number;
}

export interface PublicNode {
  readonly url: string;
  /** How often it refused. */
  readonly refused: { limited: number; tipless: number; replacement: number; known: number };
  /** Told of each transaction that it took, before any block. */
  onTaken: (raw: Hex) => void | Promise<void>;
  /** So many next answers about transactions are lost on their way back. */
  loseAnswers: number;
  stop(): Promise<void>;
}

interface Pending {
  readonly hash: Hex;
  readonly fee: bigint;
  readonly tip: bigint;
}
interface Question extends RpcRequest {
  readonly id: number;
}

/** Code that go-ethereum refuses transactions with. */
const REFUSED = -32000;
const NO_METHOD = -32601;
const RAISE_PERCENT = 110n;

/** Starts a proxy on a free port of the loopback interface. */
export async function startPublicNode(
  anvilUrl: string,
  { limitEvery = 0, blockMs = 0 }: PublicNodeOptions = {},
): Promise<PublicNode> {
  const chain = new Rpc(anvilUrl);
  const pool = new Map<string, Pending>();
  let asked = 0;
  /** Transactions that are being taken: no block comes before whoever asked to be told of them has done what it wants to. */
  let taking = 0;

  const take = async (raw: Hex): Promise<unknown> => {
    const transaction = parseTransaction(raw);
    const from = await recoverTransactionAddress({ serializedTransaction: raw as never });
    const { maxFeePerGas: fee = 0n, maxPriorityFeePerGas: tip = 0n, nonce = 0 } = transaction;
    const hash = keccak256(raw);
    const place = `${from} ${nonce}`;
    const before = pool.get(place);
    const refuse = (why: keyof PublicNode['refused'], message: string): never => {
      node.refused[why]++;
      throw new RpcError('', message, undefined, REFUSED);
    };
    if (before?.hash === hash) refuse('known', 'already known');
    if (tip === 0n) refuse('tipless', 'transaction underpriced: gas tip cap 0, minimum needed 1');
    const low = (now: bigint, then: bigint): boolean => 100n * now < RAISE_PERCENT * then;
    if (before !== undefined && (low(fee, before.fee) || low(tip, before.tip)))
      refuse('replacement', 'replacement transaction underpriced');
    taking++;
    let answer: unknown;
    try {
      answer = await chain.call('eth_sendRawTransaction', [raw]);
      pool.set(place, { hash, fee, tip });
      await node.onTaken(raw);
    } finally {
      taking--;
    }
    if (blockMs === 0) await chain.call('evm_mine');
    return answer;
  };

  const answer = async ({ id, method, params }: Question): Promise<object> => {
    try {
      if (!/^(eth|net|web3)_/.test(method))
        throw new RpcError('', `the method ${method} does not exist`, undefined, NO_METHOD);
      const result = await (method === 'eth_sendRawTransaction'
        ? take(params[0] as Hex)
        : chain.call(method, params));
      return { jsonrpc: '2.0', id, result };
    } catch (error) {
      if (!(error instanceof RpcError)) throw error;
      const { number = REFUSED, data } = error;
      return {
        jsonrpc: '2.0',
        id,
        error: { code: number, message: error.message.replace(/^\w*: /, ''), data },
      };
    }
  };

  const serve = async (text: string, response: ServerResponse): Promise<void> => {
    asked++;
    if (limitEvery > 0 && asked % limitEvery === 0) {
      node.refused.limited++;
      response.writeHead(429).end('Too Many Requests');
      return;
    }
    const questions = JSON.parse(text) as Question | Question[];
    const answers: object[] = [];
    for (const question of [questions].flat()) answers.push(await answer(question));
    if (
      node.loseAnswers > 0 &&
      [questions].flat().some(({ method }) => method === 'eth_sendRawTransaction')
    ) {
      node.loseAnswers--;
      response.destroy();
    } else response.end(JSON.stringify(Array.isArray(questions) ? answers : answers[0]));
  };

  const server = createServer((request, response) => {
    let text = '';
    request.on('data', (part) => {
      text += part;
    });
    request.on('end', () => {
      serve(text, response).catch(() => response.destroy());
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  // a block that fails because the chain has ended is nobody's concern
  const mine = (): void => {
    if (taking === 0) void chain.call('evm_mine').catch(() => {});
  };
  const blocks = blockMs === 0 ? null : setInterval(mine, blockMs);
  const node: PublicNode = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    refused: { limited: 0, tipless: 0, replacement: 0, known: 0 },
    onTaken: () => {},
    loseAnswers: 0,
    stop: async () => {
      if (blocks !== null) clearInterval(blocks);
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
  return node;
}
