/**
 * A pool on a chain, for strategies that sign and send. Whatever happens between two ticks, the chain is asked again:
 * balances, reserves and transaction numbers are never carried over, so that a node that was restarted, a block that
 * was reverted or a transaction that was dropped costs a trade and not the account's order.
 */
import { type Abi, type Address, decodeFunctionResult, encodeDeployData, type Hex, numberToHex } from 'viem';
import type { PrivateKeyAccount } from 'viem/accounts';
import { ASSET } from '../../market/accounts.ts';
import { UsageError } from '../../sim/core/errors.ts';
import { MarketToken } from './contracts.generated.ts';
import { MAX_UINT } from './deployment.ts';
import { NodeDownError, RpcError } from './rpc.ts';
import { type ChainAccess, encode, type Receipt, Sender } from './sender.ts';
import type { Holdings } from './strategy.ts';
import { uniswap } from './uniswap.ts';
import type { Fill, Placed, Venue } from './venue.ts';

/** Where a pool is. */
export interface Pool {
  readonly token: Address;
  readonly cash: Address;
  readonly pair: Address;
  readonly router: Address;
}

export interface TradingLimits {
  /** Most wei per gas; dearer blocks are waited out. */
  readonly maxFeePerGas: bigint;
  /** Milliseconds for which a chain may be silent, or a transaction without a block. */
  readonly patienceMs: number;
  /** Decide and quote, send nothing. */
  readonly dryRun: boolean;
}

/** What went wrong on the way and was overcome. */
export interface Troubles {
  /** Times that the chain did not answer. */
  silent: number;
  /** Transactions sent again, the same or at a higher fee. */
  resent: number;
  /** Times that the number of a wallet's next transaction was not the one expected. */
  renumbered: number;
  /** Times that the block seen last was gone. */
  revertedBlocks: number;
  /** Trades that were in a block once and are in none now. */
  lostTrades: number;
}

const GAS_LIMIT = 400_000n;
const POLL_MS = 50;
/** A replacement must offer at least a tenth more. */
const RAISE_PERCENT = 125n;
const TIP = 1_000_000n;
/** Of no outcome: nothing was paid. */
const SKIPPED: Fill = { outcome: 'skipped', out: 0, fee: 0n, gas: 0 };

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

interface Sent {
  readonly wallet: PrivateKeyAccount;
  readonly placed: Placed;
  readonly nonce: number;
  readonly data: Hex;
  fee: bigint;
  raw: Hex;
  /** Hashes of all versions, the newest last. */
  readonly hashes: Hex[];
}

interface Block {
  readonly number: Hex;
  readonly hash: Hex;
  readonly timestamp: Hex;
  readonly baseFeePerGas?: Hex;
}

export class ChainVenue implements Venue {
  readonly troubles: Troubles = { silent: 0, resent: 0, renumbered: 0, revertedBlocks: 0, lostTrades: 0 };
  readonly pool: Pool;
  /** wei spent by all traders. */
  spent = 0n;
  private readonly chain: ChainAccess;
  private readonly limits: TradingLimits;
  private readonly wallets: readonly PrivateKeyAccount[];
  private readonly nonces = new Map<Address, number>();
  private readonly routerAbi = uniswap().router.abi;
  private readonly pairAbi = uniswap().pair.abi;
  private tokenFirst = true;
  private seen: Block | null = null;
  /** Trades of the block seen last. */
  private last: readonly Sent[] = [];

  private constructor(
    chain: ChainAccess,
    pool: Pool,
    wallets: readonly PrivateKeyAccount[],
    limits: TradingLimits,
  ) {
    this.chain = chain;
    this.pool = pool;
    this.wallets = wallets;
    this.limits = limits;
  }

  /**
   * Opens a pool for wallets that own something in it.
   *
   * @param wallets of the traders, in their order
   */
  static async open(
    chain: ChainAccess,
    pool: Pool,
    wallets: readonly PrivateKeyAccount[],
    limits: TradingLimits,
  ): Promise<ChainVenue> {
    const venue = new ChainVenue(chain, pool, wallets, limits);
    const first = await venue.view<Address>(pool.pair, venue.pairAbi, 'token0', []);
    venue.tokenFirst = first.toLowerCase() === pool.token.toLowerCase();
    return venue;
  }

  /** The two assets of a pair, in its order. Throws UsageError where there is no pair. */
  static async assetsOf({ rpc }: ChainAccess, pair: Address): Promise<{ first: Address; second: Address }> {
    const { abi } = uniswap().pair;
    const ask = async (functionName: string): Promise<Address> => {
      const data = encode(abi, functionName, []);
      const answer = await rpc.call<Hex>('eth_call', [{ to: pair, data }, 'latest']);
      if (answer === '0x') throw new UsageError(`there is no pair at ${pair}`, 'check --pool and --rpc');
      return decodeFunctionResult({ abi: abi as Abi, functionName, data: answer }) as Address;
    };
    return { first: await ask('token0'), second: await ask('token1') };
  }

  async reserves(): Promise<Holdings> {
    const [first, second] = await this.view<[bigint, bigint]>(
      this.pool.pair,
      this.pairAbi,
      'getReserves',
      [],
    );
    const [token, cash] = this.tokenFirst ? [first, second] : [second, first];
    return { token: Number(token), cash: Number(cash) };
  }

  async holdings(trader: number): Promise<Holdings> {
    const { address } = this.wallets[trader]!;
    const of = (asset: Address): Promise<bigint> => this.view(asset, MarketToken.abi, 'balanceOf', [address]);
    const [token, cash] = await Promise.all([of(this.pool.token), of(this.pool.cash)]);
    return { token: Number(token), cash: Number(cash) };
  }

  async trade(orders: readonly Placed[]): Promise<Fill[]> {
    await this.noteRevertedBlocks();
    const sent: (Sent | null)[] = [];
    for (const order of orders) sent.push(await this.send(order));
    if (this.chain.own && sent.some((one) => one !== null))
      await this.patiently(() => this.chain.rpc.call('evm_mine'));
    const fills: Fill[] = [];
    for (const one of sent) fills.push(one === null ? SKIPPED : await this.settle(one));
    this.last = sent.filter((one, k) => one !== null && fills[k]!.outcome === 'done') as Sent[];
    this.seen = await this.block('latest');
    return fills;
  }

  // --- one transaction ---

  /** Signs and sends an order; null where it costs too much or would revert. */
  private async send(placed: Placed): Promise<Sent | null> {
    const wallet = this.wallets[placed.trader]!;
    const { baseFeePerGas, timestamp } = await this.block('latest');
    const fee = this.feeAt(BigInt(baseFeePerGas ?? '0x0'));
    if (fee === null || this.wouldPassCap(fee)) return null;
    const { token, cash, router } = this.pool;
    const path = placed.give === ASSET.token ? [token, cash] : [cash, token];
    const deadline = BigInt(timestamp) + BigInt(this.limits.patienceMs);
    const args = [BigInt(placed.amount), BigInt(placed.least), path, wallet.address, deadline];
    const data = encode(this.routerAbi, 'swapExactTokensForTokens', args);
    if (this.limits.dryRun) {
      await this.simulate(wallet.address, router, data);
      return null;
    }
    const nonce = await this.nonceOf(wallet.address);
    const one: Sent = { wallet, placed, nonce, data, fee, raw: '0x', hashes: [] };
    await this.offer(one);
    this.nonces.set(wallet.address, nonce + 1);
    return one;
  }

  /** Most wei per gas to offer at a base fee, null where the limit does not reach it. */
  private feeAt(baseFee: bigint): bigint | null {
    const { maxFeePerGas } = this.limits;
    if (baseFee + TIP > maxFeePerGas) return null;
    const fee = 2n * baseFee + TIP;
    return fee < maxFeePerGas ? fee : maxFeePerGas;
  }

  private wouldPassCap(fee: bigint): boolean {
    const { spendingCap } = this.chain;
    return spendingCap !== null && this.spent + fee * GAS_LIMIT > spendingCap;
  }

  /** Signs at the present fee and hands it over. */
  private async offer(one: Sent): Promise<void> {
    one.raw = await one.wallet.signTransaction({
      type: 'eip1559',
      chainId: this.chain.chainId,
      nonce: one.nonce,
      gas: GAS_LIMIT,
      maxFeePerGas: one.fee,
      maxPriorityFeePerGas: TIP < one.fee ? TIP : one.fee,
      to: this.pool.router,
      data: one.data,
    });
    await this.hand(one);
  }

  private async hand(one: Sent): Promise<void> {
    try {
      const hash = await this.patiently(() => this.chain.rpc.call<Hex>('eth_sendRawTransaction', [one.raw]));
      if (!one.hashes.includes(hash)) one.hashes.push(hash);
    } catch (error) {
      // it is there already, or its number was used: the receipt will tell
      if (!(error instanceof RpcError) || !/already|known|nonce|underpriced/i.test(error.message))
        throw error;
    }
  }

  /** Waits for the block of a transaction; sends it again where it was dropped, dearer where the fee rose. */
  private async settle(one: Sent): Promise<Fill> {
    const until = performance.now() + this.limits.patienceMs;
    while (performance.now() < until) {
      const receipt = await this.receiptOf(one);
      if (receipt !== null) return this.fillOf(one, receipt);
      const count = await this.countOf(one.wallet.address);
      if (count > one.nonce) {
        // the number is used and none of our versions is in a block: somebody else signs with this key
        const late = await this.receiptOf(one);
        if (late !== null) return this.fillOf(one, late);
        this.renumber(one.wallet.address);
        return { outcome: 'lost', out: 0, fee: 0n, gas: 0 };
      }
      if (!(await this.push(one))) break;
      await sleep(POLL_MS);
    }
    this.renumber(one.wallet.address);
    return SKIPPED;
  }

  /** Brings a waiting transaction on its way; false where its fee would pass the limit. */
  private async push(one: Sent): Promise<boolean> {
    const { baseFeePerGas } = await this.block('latest');
    const baseFee = BigInt(baseFeePerGas ?? '0x0');
    if (baseFee + TIP > one.fee) {
      const raised = (one.fee * RAISE_PERCENT) / 100n;
      const needed = this.feeAt(baseFee);
      if (needed === null) {
        // no block takes it now: wait for cheaper ones
        if (this.chain.own) await this.patiently(() => this.chain.rpc.call('evm_mine'));
        return true;
      }
      one.fee = needed > raised ? needed : raised;
      if (one.fee > this.limits.maxFeePerGas) one.fee = this.limits.maxFeePerGas;
      this.troubles.resent++;
      await this.offer(one);
    } else if (!(await this.isWaiting(one))) {
      this.troubles.resent++;
      await this.hand(one);
    }
    if (this.chain.own) await this.patiently(() => this.chain.rpc.call('evm_mine'));
    return true;
  }

  private async isWaiting({ hashes }: Sent): Promise<boolean> {
    const hash = hashes.at(-1);
    if (hash === undefined) return false;
    return (await this.patiently(() => this.chain.rpc.call('eth_getTransactionByHash', [hash]))) !== null;
  }

  private async receiptOf({ hashes }: Sent): Promise<Receipt | null> {
    for (const hash of hashes) {
      const receipt = await this.patiently(() =>
        this.chain.rpc.call<Receipt | null>('eth_getTransactionReceipt', [hash]),
      );
      if (receipt !== null) return receipt;
    }
    return null;
  }

  private fillOf({ placed, wallet }: Sent, receipt: Receipt): Fill {
    const gas = Number(receipt.gasUsed);
    const fee = BigInt(receipt.gasUsed) * BigInt(receipt.effectiveGasPrice);
    this.spent += fee;
    if (receipt.status !== '0x1') return { outcome: 'reverted', out: 0, fee, gas };
    // the last transfer to the trader is what the pool paid
    const asset = placed.give === ASSET.token ? this.pool.cash : this.pool.token;
    const to = wallet.address.slice(2).toLowerCase();
    const paid = receipt.logs.findLast(
      ({ address, topics }) => address.toLowerCase() === asset.toLowerCase() && topics[2]?.endsWith(to),
    );
    return { outcome: 'done', out: paid === undefined ? 0 : Number(BigInt(paid.data)), fee, gas };
  }

  private async simulate(from: Address, to: Address, data: Hex): Promise<void> {
    try {
      await this.patiently(() => this.chain.rpc.call('eth_call', [{ from, to, data }, 'latest']));
    } catch (error) {
      if (!(error instanceof RpcError)) throw error;
    }
  }

  // --- what the chain says now ---

  /** Asks again while the chain is silent, up to the limit. */
  private async patiently<T>(ask: () => Promise<T>): Promise<T> {
    const until = performance.now() + this.limits.patienceMs;
    for (let pause = POLL_MS; ; pause = Math.min(2 * pause, 2000)) {
      try {
        return await ask();
      } catch (error) {
        if (!(error instanceof NodeDownError) || performance.now() > until) throw error;
        this.troubles.silent++;
        await sleep(pause);
      }
    }
  }

  private async view<T>(
    to: Address,
    abi: readonly unknown[],
    functionName: string,
    args: readonly unknown[],
  ): Promise<T> {
    const data = encode(abi, functionName, args);
    const answer = await this.patiently(() => this.chain.rpc.call<Hex>('eth_call', [{ to, data }, 'latest']));
    return decodeFunctionResult({ abi: abi as Abi, functionName, data: answer }) as T;
  }

  private block(which: string): Promise<Block> {
    return this.patiently(() => this.chain.rpc.call<Block>('eth_getBlockByNumber', [which, false]));
  }

  private async noteRevertedBlocks(): Promise<void> {
    if (this.seen === null) return;
    const { seen } = this;
    const now = await this.patiently(() =>
      this.chain.rpc.call<Block | null>('eth_getBlockByNumber', [seen.number, false]),
    );
    if (now?.hash === seen.hash) return;
    this.troubles.revertedBlocks++;
    for (const one of this.last) if ((await this.receiptOf(one)) === null) this.troubles.lostTrades++;
    for (const { address } of this.wallets) this.nonces.delete(address);
  }

  private async countOf(address: Address): Promise<number> {
    return Number(
      await this.patiently(() => this.chain.rpc.call<Hex>('eth_getTransactionCount', [address, 'latest'])),
    );
  }

  /** The number of the next transaction: the chain's count, since every earlier one was settled or given up. */
  private async nonceOf(address: Address): Promise<number> {
    const count = await this.countOf(address);
    const expected = this.nonces.get(address);
    if (expected !== undefined && expected !== count) this.troubles.renumbered++;
    return count;
  }

  private renumber(address: Address): void {
    this.troubles.renumbered++;
    this.nonces.delete(address);
  }
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

/** Ether on a chain of one's own, where nobody asks where it comes from. */
export async function giveEther(chain: ChainAccess, wallet: Address, wei: bigint): Promise<void> {
  if (!chain.own) throw new UsageError('ether comes from nowhere on a local chain only', 'fund the operator');
  await chain.rpc.call('anvil_setBalance', [wallet, numberToHex(wei)]);
}
