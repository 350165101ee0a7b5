/** A fresh Uniswap v2 pool of two new assets, and the approvals that trading needs. */
import { type Abi, type Address, decodeFunctionResult, encodeDeployData, type Hex } from 'viem';
import type { PrivateKeyAccount } from 'viem/accounts';
import { MarketToken } from './contracts.generated.ts';
import { MAX_UINT } from './deployment.ts';
import { Sender } from './sender.ts';
import type { Holdings } from './strategy.ts';
import { type ChainAccess, encode } from './transaction.ts';
import { uniswap } from './uniswap.ts';

/** Where a pool is. */
export interface Pool {
  readonly token: Address;
  readonly cash: Address;
  readonly pair: Address;
  readonly router: Address;
}

/** What a fresh pool and its traders begin with, milli-units. */
export interface PoolPlan {
  readonly reserves: Holdings;
  readonly owners: readonly {
    readonly wallet: PrivateKeyAccount;
    readonly holdings: Holdings;
    readonly wei: bigint;
  }[];
}

/**
 * Makes a pool of two new assets, gives its traders what they begin with, and lets the router take it from them.
 *
 * @throws UsageError at the spending cap
 */
export async function makePool(
  chain: ChainAccess,
  operator: PrivateKeyAccount,
  { reserves, owners }: PoolPlan,
): Promise<Pool> {
  const { factory, pair, router, weth } = uniswap();
  const sender = new Sender(chain, [MarketToken.abi, pair.abi, router.abi]);
  // approvals are paid out of what their wallets are handed
  sender.funder = operator;
  const admin = operator.address;
  const create = async (
    what: string,
    { abi, bytecode }: { abi: readonly unknown[]; bytecode: string },
    args: readonly unknown[],
  ): Promise<Address> => {
    const data = encodeDeployData({ abi: abi as Abi, bytecode: bytecode as Hex, args });
    const [receipt] = await sender.send([{ from: operator, data, what: `the creation of ${what}` }]);
    return receipt!.contractAddress!;
  };
  const call = async (
    to: Address,
    abi: readonly unknown[],
    name: string,
    args: readonly unknown[],
  ): Promise<void> => {
    await sender.send([{ from: operator, to, data: encode(abi, name, args), what: name }]);
  };
  const cap = 2n ** 53n - 1n;
  const token = await create('the token', MarketToken, ['Darwin Token', 'DTK', cap, admin]);
  const cash = await create('the cash', MarketToken, ['Darwin Cash', 'DCS', cap, admin]);
  const factoryAt = await create('the factory', factory, [admin]);
  const wethAt = await create('the wrapped ether', weth, []);
  const routerAt = await create('the router', router, [factoryAt, wethAt]);
  await call(factoryAt, factory.abi, 'createPair', [token, cash]);
  const found = await chain.rpc.call<Hex>('eth_call', [
    { to: factoryAt, data: encode(factory.abi, 'getPair', [token, cash]) },
    'latest',
  ]);
  const pairAt = decodeFunctionResult({
    abi: factory.abi as Abi,
    functionName: 'getPair',
    data: found,
  }) as Address;
  for (const [asset, name] of [
    [token, 'token'],
    [cash, 'cash'],
  ] as const) {
    const minter = await chain.rpc.call<Hex>('eth_call', [
      { to: asset, data: encode(MarketToken.abi, 'MINTER_ROLE', []) },
      'latest',
    ]);
    await call(asset, MarketToken.abi, 'grantRole', [minter, admin]);
    await call(asset, MarketToken.abi, 'mint', [pairAt, BigInt(reserves[name])]);
    for (const { wallet, holdings } of owners)
      if (holdings[name] > 0)
        await call(asset, MarketToken.abi, 'mint', [wallet.address, BigInt(holdings[name])]);
  }
  await call(pairAt, pair.abi, 'mint', [admin]);
  const pool = { token, cash, pair: pairAt, router: routerAt };
  await sender.send(
    owners
      .filter(({ wei }) => wei > 0n)
      .map(({ wallet, wei }) => ({
        from: operator,
        to: wallet.address,
        data: '0x',
        value: wei,
        what: 'the gas money',
      })),
  );
  for (const { wallet } of owners) await approveRouter(sender, pool, wallet);
  return pool;
}

/** Lets the router take both assets of a wallet. */
export async function approveRouter(sender: Sender, pool: Pool, wallet: PrivateKeyAccount): Promise<void> {
  for (const asset of [pool.token, pool.cash]) {
    const data = encode(MarketToken.abi, 'approve', [pool.router, MAX_UINT]);
    await sender.send([{ from: wallet, to: asset, data, what: 'the approval of the router' }]);
  }
}
