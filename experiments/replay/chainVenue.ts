/**
 * A pool on a chain, for strategies that sign and send. Whatever happens between two ticks, the chain is asked again:
 * balances, reserves and transaction numbers are never carried over, so that a node that was restarted, a block that
 * was reverted or a transaction that was dropped costs a trade and not the account's order.
 */
import { type Abi, type Address, decodeFunctionResult, type Hex } from 'viem';
import type { PrivateKeyAccount } from 'viem/accounts';
import { UsageError } from '../../sim/core/errors.ts';
import { MarketToken } from './contracts.generated.ts';
import { LiveOrders, type Sent, SKIPPED, type TradingLimits, type Troubles } from './liveOrders.ts';
import { type Block, PatientChain } from './patientChain.ts';
import type { Pool } from './pool.ts';
import type { Holdings } from './strategy.ts';
import { type ChainAccess, encode } from './transaction.ts';
import { uniswap } from './uniswap.ts';
import type { Fill, Placed, Venue } from './venue.ts';

export class ChainVenue implements Venue {
  readonly troubles: Troubles = { silent: 0, resent: 0, renumbered: 0, revertedBlocks: 0, lostTrades: 0 };
  readonly pool: Pool;
  private readonly chain: ChainAccess;
  private readonly asked: PatientChain;
  private readonly orders: LiveOrders;
  private readonly wallets: readonly PrivateKeyAccount[];
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
    this.asked = new PatientChain(chain.rpc, limits.patienceMs, () => {
      this.troubles.silent++;
    });
    this.orders = new LiveOrders(chain, pool, limits, this.asked, this.troubles);
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
    const first = await venue.asked.view<Address>(pool.pair, venue.pairAbi, 'token0', []);
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
    const [first, second] = await this.asked.view<[bigint, bigint]>(
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
    const of = (asset: Address): Promise<bigint> =>
      this.asked.view(asset, MarketToken.abi, 'balanceOf', [address]);
    const [token, cash] = await Promise.all([of(this.pool.token), of(this.pool.cash)]);
    return { token: Number(token), cash: Number(cash) };
  }

  async trade(orders: readonly Placed[]): Promise<Fill[]> {
    await this.noteRevertedBlocks();
    const sent: (Sent | null)[] = [];
    for (const order of orders) sent.push(await this.orders.send(order, this.wallets[order.trader]!));
    if (this.chain.own && sent.some((one) => one !== null)) await this.asked.call('evm_mine');
    const fills: Fill[] = [];
    for (const one of sent) fills.push(one === null ? SKIPPED : await this.orders.settle(one));
    if (fills.some(({ outcome }) => outcome === 'lost')) await this.noteRevertedBlocks();
    this.last = sent.filter((one, k) => one !== null && fills[k]!.outcome === 'done') as Sent[];
    this.seen = await this.asked.latest();
    return fills;
  }

  private async noteRevertedBlocks(): Promise<void> {
    if (this.seen === null) return;
    const { seen } = this;
    const now = await this.asked.block(seen.number);
    if (now?.hash === seen.hash) return;
    this.troubles.revertedBlocks++;
    for (const one of this.last) if ((await this.orders.receiptOf(one)) === null) this.troubles.lostTrades++;
    for (const { address } of this.wallets) this.orders.forget(address);
  }
}
