import { availableParallelism } from 'node:os';
import { type Abi, type Address, encodeDeployData, type Hex, keccak256, toHex } from 'viem';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WorldWallets } from '../../agents/wallet.ts';
import { assertCompiled } from '../compiled.ts';
import { type OpenChain, openChain } from './access.ts';
import { MarketToken } from './contracts.generated.ts';
import { Sender } from './sender.ts';
import { SigningPool, type UnsignedTransaction } from './signingPool.ts';
import { type ChainAccess, encode, RevertedError, type SignedCall } from './transaction.ts';

let chain: OpenChain;
let wallets: WorldWallets;
let pool: SigningPool;
let token: Address;
beforeAll(async () => {
  assertCompiled();
  chain = await openChain({});
  wallets = new WorldWallets(chain.mnemonic, 0);
  pool = new SigningPool((address) => wallets.keyOf(address), Math.min(2, availableParallelism()));
  const sender = new Sender(chain, []);
  const { operator } = chain;
  const args = ['Token', 'TOK', 1_000_000n, operator.address];
  const data = encodeDeployData({ abi: MarketToken.abi as Abi, bytecode: MarketToken.bytecode as Hex, args });
  const [made] = await sender.send([{ from: operator, data, what: 'the token' }]);
  token = made!.contractAddress!;
  const grant = encode(MarketToken.abi, 'grantRole', [keccak256(toHex('MINTER_ROLE')), operator.address]);
  await sender.send([{ from: operator, to: token, data: grant, what: 'the grant' }]);
});
afterAll(async () => {
  await pool.close();
  await chain.close();
});

const COUNT = 90;
/** A token that goes from hand to hand: nobody has it before the one before has passed it on. */
const relay = (first: number): SignedCall[] =>
  Array.from({ length: COUNT }, (_, k) => ({
    from: wallets.agent(first + (k % 30)),
    to: token,
    data: encode(MarketToken.abi, 'transfer', [wallets.agent(first + ((k + 1) % 30)).address, 1000n]),
    what: `payment ${k}`,
  }));

/** Gives the token to whoever has it first. */
async function begin(first: number): Promise<void> {
  const data = encode(MarketToken.abi, 'mint', [wallets.agent(first).address, 1000n]);
  await new Sender(chain, []).send([{ from: chain.operator, to: token, data, what: 'the mint' }]);
}

describe('calls of several wallets', () => {
  it('are carried out in their order in one block, each signed by its own wallet', async () => {
    await begin(1);
    const sender = new Sender(chain, []);
    const receipts = await sender.send(relay(1));
    expect(receipts).toHaveLength(COUNT);
    expect(new Set(receipts.map(({ blockNumber }) => blockNumber)).size).toBe(1);
    expect(receipts.map(({ transactionIndex }) => Number(transactionIndex))).toEqual([
      ...Array(COUNT).keys(),
    ]);
  });

  it('are so where they are signed in other threads', async () => {
    await begin(101);
    const sender = new Sender(chain, []);
    sender.pool = pool;
    expect(await sender.send(relay(101))).toHaveLength(COUNT);
  });

  it('are so where the way to the chain mixes them up', async () => {
    await begin(201);
    const { rpc } = chain;
    let turned = 0;
    const reversing = Object.assign(Object.create(rpc) as typeof rpc, {
      batch: async (requests: Parameters<typeof rpc.batch>[0]) => {
        if (requests[0]?.method !== 'eth_sendRawTransaction' || requests.length === 1)
          return rpc.batch(requests);
        turned++;
        return (await rpc.batch([...requests].reverse())).reverse();
      },
    });
    const sender = new Sender({ ...chain, rpc: reversing } as ChainAccess, []);
    const receipts = await sender.send(relay(201));
    expect(turned).toBeGreaterThan(0);
    expect(receipts.map(({ transactionIndex }) => Number(transactionIndex))).toEqual([
      ...Array(COUNT).keys(),
    ]);
  });

  it('name the one that reverts', async () => {
    const sender = new Sender(chain, []);
    // code that reverts whatever it is asked: revert(0, 0)
    const wall = wallets.agent(300).address;
    await chain.rpc.call('anvil_setCode', [wall, '0x60006000fd']);
    const calls = [0, 1, 2].map(
      (k): SignedCall => ({
        from: wallets.agent(301 + k),
        to: k === 1 ? wall : wallets.agent(301).address,
        data: '0x',
        what: `call ${k}`,
      }),
    );
    const error = await sender.send(calls).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(RevertedError);
    expect((error as Error).message).toMatch(/^call 1 reverts/);
  });
});

describe('signatures of other threads', () => {
  const transaction = (nonce: number, data: `0x${string}` = '0x1234'): UnsignedTransaction => ({
    type: 'eip1559',
    chainId: 31337,
    nonce,
    gas: 21_000n,
    maxFeePerGas: 7n,
    maxPriorityFeePerGas: 1n,
    data,
    value: 5n,
    to: wallets.agent(2).address,
  });

  it('are those of the wallets themselves, in the order asked for', async () => {
    const owners = [1, 2, 3].map((serial) => wallets.agent(serial));
    const parts = Array.from({ length: 12 }, (_, k) => ({
      address: owners[k % 3]!.address,
      transaction: transaction(k),
    }));
    const orders = [parts.slice(0, 7), parts.slice(7)].map((part) => pool.sign(part)!);
    const here = await Promise.all(parts.map((part, k) => owners[k % 3]!.signTransaction(part.transaction)));
    expect((await Promise.all(orders)).flat()).toEqual(here);
  });

  it('are made by nobody for a wallet whose key is not known', () => {
    const address = '0x70997970C51812dc3A010C7d01b50e0d17dc79C8';
    expect(pool.sign([{ address, transaction: transaction(0) }])).toBe(null);
  });

  it('fail with the reason, and the thread goes on', async () => {
    const { address } = wallets.agent(1);
    await expect(pool.sign([{ address, transaction: transaction(-1) }])).rejects.toThrow();
    await expect(pool.sign([{ address, transaction: transaction(1) }])).resolves.toHaveLength(1);
  });
});
