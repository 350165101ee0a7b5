/**
 * Fuzzes what asks a chain: every exchange of a replay with a node that answers rightly, one of whose answers is changed, once
 * or from then on. Time passes at once, so that waiting for a block takes none.
 */
import { type Hex, keccak256, numberToHex, pad } from 'viem';
import { WorldWallets } from '../../agents/wallet.ts';
import { ASSET } from '../../market/accounts.ts';
import { ChainVenue } from '../replay/chainVenue.ts';
import { MarketToken } from '../replay/contracts.generated.ts';
import { PatientChain } from '../replay/patientChain.ts';
import type { Pool } from '../replay/pool.ts';
import { Purse } from '../replay/purse.ts';
import { Rpc } from '../replay/rpc.ts';
import { Sender } from '../replay/sender.ts';
import type { ChainAccess } from '../replay/transaction.ts';
import { type FuzzDraws, mutateText, mutateValue } from './mutation.ts';
import { hurry } from './quickTime.ts';
import type { FuzzInput, FuzzTarget } from './target.ts';

/** The mnemonic that every local chain knows. */
const WALLETS = new WorldWallets('test test test test test test test test test test test junk', 0);
const CHAIN_ID = 31337;
const POOL: Pool = {
  token: `0x${'11'.repeat(20)}`,
  cash: `0x${'22'.repeat(20)}`,
  pair: `0x${'33'.repeat(20)}`,
  router: `0x${'44'.repeat(20)}`,
};
const PATIENCE_MS = 20_000;
const WORDS_OF_RESERVES = 3;
/** Selector of getReserves(). */
const GET_RESERVES = '0x0902f1ac';

interface Question {
  readonly id: number;
  readonly method: string;
  readonly params: readonly unknown[];
}
interface HttpAnswer {
  readonly status: number;
  readonly retryAfter: string | null;
  readonly body: string;
}

/** A node that is always right: one block after another, each transaction in the next one. */
class GoodNode {
  private readonly sent: Hex[] = [];

  answer(questions: Question | readonly Question[]): unknown {
    if (!('method' in questions)) return questions.map((question) => this.answer(question));
    const { id, method, params } = questions;
    return { jsonrpc: '2.0', id, result: this.resultOf(method, params) };
  }

  private receipt(transactionHash: Hex, k: number): unknown {
    const to = pad(WALLETS.agent(1).address, { size: 32 });
    return {
      status: '0x1',
      gasUsed: '0x5208',
      effectiveGasPrice: '0x3b9aca00',
      transactionHash,
      contractAddress: POOL.token,
      blockNumber: '0x2a',
      transactionIndex: numberToHex(k),
      logs: [{ address: POOL.cash, topics: [keccak256('0x01'), to, to], data: pad('0x2710', { size: 32 }) }],
    };
  }

  private resultOf(method: string, [first]: readonly unknown[]): unknown {
    const hash = keccak256('0x2a');
    switch (method) {
      case 'eth_chainId':
        return numberToHex(CHAIN_ID);
      case 'eth_sendRawTransaction':
        this.sent.push(keccak256(first as Hex));
        return this.sent.at(-1);
      case 'eth_getTransactionCount':
        return numberToHex(this.sent.length);
      case 'eth_getTransactionReceipt':
        return this.receipt(first as Hex, 0);
      case 'eth_getBlockReceipts':
        return this.sent.map((one, k) => this.receipt(one, k));
      case 'eth_getTransactionByHash':
        return { hash: first };
      case 'eth_getBlockByNumber':
        return { number: '0x2a', hash, timestamp: '0x65000000', baseFeePerGas: '0x3b9aca00' };
      case 'eth_call': {
        const { to, data } = first as { to: Hex; data: Hex };
        // token0 and getReserves; the token of the pool reads as an amount, too
        const isPair = to === POOL.pair && data === GET_RESERVES;
        const word = isPair ? pad('0xf4240', { size: 32 }) : pad(POOL.token, { size: 32 });
        return `0x${word.slice(2).repeat(isPair ? WORDS_OF_RESERVES : 1)}`;
      }
      case 'eth_estimateGas':
        return '0x186a0';
      case 'eth_getBalance':
        return '0xde0b6b3a7640000';
      case 'evm_snapshot':
        return '0x1';
      case 'evm_mine':
      case 'evm_revert':
        return true;
      default:
        return '0x3b9aca00';
    }
  }
}

const accessTo = (rpc: Rpc, own: boolean): ChainAccess => ({
  rpc,
  chainId: CHAIN_ID,
  own,
  ownFee: 2_000_000_000n,
  purse: new Purse(own ? null : 10n ** 24n),
});

/** What a replay does with a chain. */
const SCENES: Readonly<Record<string, (rpc: Rpc) => Promise<unknown>>> = {
  ask: async (rpc) => {
    const chain = new PatientChain(rpc, PATIENCE_MS, () => {});
    await chain.latest();
    await chain.block('0x2a');
    await chain.countOf(POOL.token);
    await chain.view(POOL.token, MarketToken.abi, 'balanceOf', [POOL.cash]);
    return rpc.batch(['eth_gasPrice', 'eth_chainId'].map((method) => ({ method, params: [] })));
  },
  pay: (rpc) => {
    const sender = new Sender(accessTo(rpc, false), [MarketToken.abi]);
    return sender.send([{ from: WALLETS.operator, to: POOL.token, data: '0x01', what: 'a payment' }]);
  },
  settle: (rpc) => {
    const sender = new Sender(accessTo(rpc, true), [MarketToken.abi]);
    const call = (from: typeof WALLETS.operator) => ({
      from,
      to: POOL.token,
      data: '0x01' as Hex,
      what: 'a tick',
    });
    return sender.send([call(WALLETS.operator), call(WALLETS.agent(1))]);
  },
  trade: async (rpc) => {
    const limits = { maxFeePerGas: 10n ** 11n, patienceMs: PATIENCE_MS, dryRun: false };
    const venue = await ChainVenue.open(accessTo(rpc, false), POOL, [WALLETS.agent(1)], limits);
    await venue.reserves();
    await venue.holdings(0);
    const order = { trader: 0, give: ASSET.token, amount: 1000, least: 1 };
    await venue.trade([order]);
    return venue.trade([order]);
  },
};

/** The answers that a scene gets, and which of them is replaced. */
interface Line {
  readonly scene: string;
  /** Number of the exchange whose answer is another. */
  readonly exchange: number;
  /** Whether all after it are the same. */
  readonly ever: boolean;
  readonly answer: HttpAnswer;
}

/** Plays a scene; returns the bodies of all answers. */
async function play(scene: string, replace: (exchange: number) => HttpAnswer | null): Promise<string[]> {
  const node = new GoodNode();
  const bodies: string[] = [];
  globalThis.fetch = async (_url, init) => {
    const good = JSON.stringify(node.answer(JSON.parse(String(init?.body))));
    bodies.push(good);
    const other = replace(bodies.length - 1);
    const { status = 200, retryAfter = null, body = good } = other ?? {};
    return new Response(body, { status, headers: retryAfter === null ? {} : { 'retry-after': retryAfter } });
  };
  await SCENES[scene]!(new Rpc('http://127.0.0.1:8545/secret'));
  return bodies;
}

const STATUSES = [200, 400, 401, 404, 413, 429, 500, 502, 503];
const PAUSES = ['0', '1', '-5', '1e9', 'soon', 'Wed, 21 Oct 2015 07:28:00 GMT'];

function answerOf(good: string, draws: FuzzDraws): HttpAnswer {
  const status = draws.below(8) === 0 ? draws.from(STATUSES) : 200;
  const retryAfter = draws.below(8) === 0 ? draws.from(PAUSES) : null;
  const way = draws.below(10);
  if (way < 6)
    return { status, retryAfter, body: JSON.stringify(mutateValue(JSON.parse(good), draws)) ?? '' };
  if (way < 8) return { status, retryAfter, body: mutateText(good, draws) };
  const error = { code: -32000, message: 'execution reverted', data: '0x08c379a0' };
  const { id } = [JSON.parse(good)].flat()[0] as { id: number };
  const refused = { jsonrpc: '2.0', id, error };
  return { status, retryAfter, body: JSON.stringify(mutateValue(refused, draws)) ?? '' };
}

export async function openRpc(): Promise<FuzzTarget> {
  hurry();
  const scenes: [string, string[]][] = [];
  for (const scene of Object.keys(SCENES)) scenes.push([scene, await play(scene, () => null)]);
  return {
    toPeople: true,
    make: (draws): FuzzInput => {
      const [scene, bodies] = draws.from(scenes);
      const exchange = draws.below(bodies.length);
      const ever = draws.below(4) === 0;
      const line: Line = { scene, exchange, ever, answer: answerOf(bodies[exchange]!, draws) };
      return { what: scene, bytes: new TextEncoder().encode(JSON.stringify(line)) };
    },
    read: async ({ bytes }) => {
      const { scene, exchange, ever, answer } = JSON.parse(new TextDecoder().decode(bytes)) as Line;
      await play(scene, (now) => (now === exchange || (ever && now > exchange) ? answer : null));
    },
    close: async () => {},
  };
}
