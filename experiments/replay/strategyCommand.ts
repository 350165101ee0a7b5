/** `darwin replay DIR --strategy ID`: saved learners trade on a pool, for real. */
import { getAddress, isAddress } from 'viem';
import { WorldWallets } from '../../agents/wallet.ts';
import { SYSTEM } from '../../market/accounts.ts';
import { UsageError } from '../../sim/core/errors.ts';
import { openPlace, parsePlace } from '../checkpoints.ts';
import { wholeOf } from '../commandLine.ts';
import { readManifest } from '../manifest.ts';
import { answer, figure, note, table } from '../terminal.ts';
import { assertAffordable, type OpenChain, openChain } from './access.ts';
import { ChainVenue } from './chainVenue.ts';
import { MarketToken } from './contracts.generated.ts';
import type { Troubles } from './liveOrders.ts';
import { approveRouter, makePool, type Pool } from './pool.ts';
import { hostOf } from './rpc.ts';
import { Sender } from './sender.ts';
import { type Holdings, StrategyDesk } from './strategy.ts';
import {
  predict,
  type Shock,
  type StrategyResult,
  shockFunds,
  type TradingPlan,
  tradeOn,
} from './strategyReplay.ts';
import { StillVenue } from './venue.ts';

export interface StrategyCommandOptions {
  readonly rpc?: string;
  readonly chain?: string;
  readonly chainId?: string;
  readonly cap?: string;
  readonly world: string;
  readonly strategy?: string;
  readonly tradeTicks: string;
  readonly slippage: string;
  readonly shock: readonly string[];
  readonly maxFee: string;
  readonly pool?: string;
  readonly dryRun?: boolean;
  readonly json?: boolean;
}

const WEI_PER_GWEI = 1_000_000_000n;
/** Base fee of the local chain's first block, wei. */
const LOCAL_BASE_FEE = 1_000_000_000;
const PATIENCE_MS = 120_000;
/** Ether for the gas of one strategy on a chain of others, and on a local one, wei. */
const GAS_MONEY = 10n ** 16n;
const LOCAL_GAS_MONEY = 10n ** 21n;
/** Of the contracts of a fresh pool, measured on anvil, and the approvals of a strategy or two. */
const POOL_GAS = 15_000_000;
const BPS = 10_000;

/** `10:0.2` = in tick 10, cash of a fifth of the pool's. Throws UsageError. */
export function shockOf(text: string): Shock {
  const match = /^(\d+):(-?\d*\.?\d+)$/.exec(text.trim());
  const share = Number(match?.[2]);
  if (match !== null && share !== 0 && Math.abs(share) <= 1) return { tick: Number(match[1]), share };
  throw new UsageError(
    `--shock ${text} is no tick and share from -1 to 1`,
    'for example --shock 50:0.2, or --shock 50:-0.2 for a sale of token',
  );
}

/** `pair,router,token` as addresses. Throws UsageError. */
export function poolAddresses(text: string): {
  pair: `0x${string}`;
  router: `0x${string}`;
  token: `0x${string}`;
} {
  const parts = text.split(',').map((part) => part.trim());
  const [pair, router, token] = parts;
  if (parts.length === 3 && parts.every((part) => isAddress(part)))
    return { pair: getAddress(pair!), router: getAddress(router!), token: getAddress(token!) };
  throw new UsageError(`--pool ${text} is not three addresses`, 'give pair,router,token');
}

function planOf(options: StrategyCommandOptions): TradingPlan {
  const slippageBps = wholeOf('--slippage', options.slippage);
  if (slippageBps > BPS)
    throw new UsageError(`--slippage ${slippageBps} is more than everything`, 'for example 100');
  return {
    ticks: wholeOf('--trade-ticks', options.tradeTicks),
    slippageBps,
    shocks: options.shock.map(shockOf),
  };
}

/** The command. */
export async function strategyCommand(directory: string, options: StrategyCommandOptions): Promise<void> {
  const place = parsePlace(directory);
  const manifest = readManifest(place.directory);
  const world = wholeOf('--world', options.world);
  const plan = planOf(options);
  const names = options.strategy!.split(',');
  const existing = options.pool === undefined ? null : poolAddresses(options.pool);
  if (existing !== null && plan.shocks.length > 0)
    throw new UsageError('--shock needs a fresh pool', 'leave --pool or --shock out');
  const gwei = wholeOf('--max-fee', options.maxFee);
  const state = await openPlace(place, note);
  const open = () => StrategyDesk.open(place.directory, manifest, world, state, names);
  const desk = await open();
  const chain = await openChain({ ...options, anvil: { baseFee: LOCAL_BASE_FEE, history: true } });
  try {
    note(`${chain.name}, chain ${chain.chainId}, at ${hostOf(chain.rpc.url)}`);
    const wallets = new WorldWallets(chain.mnemonic, world);
    const traders = desk.slots.map((_, k) => wallets.agent(desk.serial(k)));
    const shocker = wallets.system(SYSTEM.consumers);
    const dryRun = options.dryRun ?? false;
    let pool: Pool | null = null;
    let venue: ChainVenue | StillVenue;
    if (existing === null && dryRun && !chain.own) {
      note('a fresh pool would be made first: nothing is sent');
      venue = new StillVenue(
        desk.savedReserves(),
        traders.map((_, k) => desk.savedHoldings(k)),
      );
    } else {
      pool =
        existing === null
          ? await freshPool(chain, desk, plan, traders, shocker)
          : await givenPool(chain, existing, traders, dryRun);
      venue = await ChainVenue.open(chain, pool, [...traders, shocker], {
        maxFeePerGas: BigInt(gwei) * WEI_PER_GWEI,
        patienceMs: PATIENCE_MS,
        dryRun,
      });
    }
    const reserves = await venue.reserves();
    const owned: Holdings[] = [];
    for (let k = 0; k < traders.length; k++) owned.push(await venue.holdings(k));
    const predicted = await predict(await open(), reserves, owned, plan);
    const live = await tradeOn(desk, venue, plan);
    const strategies = live.map((result, k) => ({
      ...result,
      fees: String(result.fees),
      address: traders[k]!.address,
      publicKey: traders[k]!.publicKey,
      predictedProfit: predicted[k]!.profit,
      gap: result.profit - predicted[k]!.profit,
    }));
    const report = {
      dir: place.directory,
      world,
      tick: state.index.tick,
      ticks: plan.ticks,
      dryRun,
      chain: { id: chain.chainId, name: chain.name, own: chain.own },
      pool,
      strategies,
      troubles: venue instanceof ChainVenue ? venue.troubles : null,
    };
    answer(options.json, report, () =>
      [describe(live, predicted), ...describeTroubles(report.troubles)].join('\n'),
    );
  } finally {
    await chain.close();
  }
}

type Wallet = OpenChain['operator'];

async function freshPool(
  chain: OpenChain,
  desk: StrategyDesk,
  plan: TradingPlan,
  traders: readonly Wallet[],
  shocker: Wallet,
): Promise<Pool> {
  const wei = chain.own ? LOCAL_GAS_MONEY : GAS_MONEY;
  if (!chain.own)
    await assertAffordable(
      chain,
      POOL_GAS,
      BigInt(traders.length + Math.min(1, plan.shocks.length)) * wei,
      note,
    );
  const reserves = desk.savedReserves();
  const owners = traders.map((wallet, k) => ({ wallet, holdings: desk.savedHoldings(k), wei }));
  if (plan.shocks.length > 0) owners.push({ wallet: shocker, holdings: shockFunds(plan, reserves), wei });
  return makePool(chain, chain.operator, { reserves, owners });
}

/** A pool that is there, in which the wallets own what they own. */
async function givenPool(
  chain: OpenChain,
  { pair, router, token }: ReturnType<typeof poolAddresses>,
  traders: readonly Wallet[],
  dryRun = false,
): Promise<Pool> {
  const { first, second } = await ChainVenue.assetsOf(chain, pair);
  const known = [first, second].map((address) => address.toLowerCase());
  const at = known.indexOf(token.toLowerCase());
  if (at < 0)
    throw new UsageError(`the pair ${pair} does not trade ${token}`, 'give --pool pair,router,token');
  const pool = { token, cash: at === 0 ? second : first, pair, router };
  const sender = new Sender(chain, [MarketToken.abi]);
  if (!dryRun) for (const wallet of traders) await approveRouter(sender, pool, wallet);
  return pool;
}

/** One line where anything went wrong on the way. */
function describeTroubles(troubles: Troubles | null): string[] {
  const met = Object.entries(troubles ?? {}).filter(([, count]) => count > 0);
  return met.length === 0 ? [] : [`overcome: ${met.map(([name, count]) => `${name} ${count}`).join(', ')}`];
}

function describe(live: readonly StrategyResult[], predicted: readonly StrategyResult[]): string {
  const cash = (milli: number): string => figure(milli / 1000);
  return table(
    [
      'agent',
      'trades',
      'reverted',
      'skipped',
      'lost',
      'profit, cash',
      'over holding',
      'drawdown',
      'predicted',
      'gap',
      'gas',
      'fees, gwei',
    ],
    live.map((result, k) => [
      String(result.serial),
      String(result.trades),
      String(result.reverted),
      String(result.skipped),
      String(result.lost),
      cash(result.profit),
      cash(result.profitOverHolding),
      cash(result.drawdown),
      cash(predicted[k]!.profit),
      cash(result.profit - predicted[k]!.profit),
      figure(result.gas),
      figure(Number(result.fees / WEI_PER_GWEI)),
    ]),
  );
}
