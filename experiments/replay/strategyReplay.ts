/**
 * Strategies trade on a pool, first in the simulator and then for real, with the same luck: the gap between the two is
 * what the simulator does not know of a chain.
 */
import type { Asset } from '../../market/accounts.ts';
import { ASSET } from '../../market/accounts.ts';
import type { Holdings, Order, StrategyDesk } from './strategy.ts';
import { type Fill, type Placed, quote, SimulatedVenue, type Venue } from './venue.ts';

/** One trade of somebody who knows nothing, against the strategies: a share of the pool's own reserve. */
export interface Shock {
  readonly tick: number;
  /** Share of the reserve that comes in; positive = cash comes in and the token's price rises. */
  readonly share: number;
}

export interface TradingPlan {
  readonly ticks: number;
  /** Least output as a share of the quote is 1 - slippage. */
  readonly slippageBps: number;
  readonly shocks: readonly Shock[];
}

/** How a strategy did; money in milli-cash unless named. */
export interface StrategyResult {
  readonly serial: number;
  readonly genomeHash: string;
  readonly start: Holdings;
  readonly end: Holdings;
  /** Wealth at the end's price less wealth at the start's. */
  readonly profit: number;
  /** The same less what holding still would have made: what trading itself was worth. */
  readonly profitOverHolding: number;
  /** Largest fall of wealth from an earlier height. */
  readonly drawdown: number;
  readonly trades: number;
  readonly reverted: number;
  readonly skipped: number;
  readonly lost: number;
  readonly gas: number;
  /** wei */
  readonly fees: bigint;
}

const BPS = 10_000;

/** Cash and token at the mid price, milli-cash. */
const wealthOf = ({ token, cash }: Holdings, pool: Holdings): number =>
  cash + (token * pool.cash) / pool.token;

const least = (order: Order, pool: Holdings, slippageBps: number): number =>
  Math.floor((quote(order.give, order.amount, pool) * (BPS - slippageBps)) / BPS);

/** Ticks whose orders were wanted; told of each for progress and faults. */
export type OnTick = (
  tick: number,
  orders: readonly Placed[],
  fills: readonly Fill[],
) => void | Promise<void>;

/**
 * Lets the strategies of a desk trade on a venue, whose traders 0.. are theirs; the one after them makes the shocks.
 *
 * @param beforeTick called before each tick is read from the venue
 */
export async function tradeOn(
  desk: StrategyDesk,
  venue: Venue,
  plan: TradingPlan,
  beforeTick: (tick: number) => void | Promise<void> = () => {},
  onTick: OnTick = () => {},
): Promise<StrategyResult[]> {
  const count = desk.slots.length;
  const everybody = (): Promise<Holdings[]> => Promise.all(desk.slots.map((_, k) => venue.holdings(k)));
  let pool = await venue.reserves();
  let owned = await everybody();
  const books = owned.map((start, k) => new Book(start, wealthOf(start, pool), desk, k));
  const opening = pool;
  for (let tick = 0; tick < plan.ticks; tick++) {
    await beforeTick(tick);
    pool = await venue.reserves();
    owned = await everybody();
    const placed: Placed[] = [];
    desk.decide(tick, pool, owned).forEach((wanted, trader) => {
      if (wanted !== null) placed.push({ ...wanted, trader, least: least(wanted, pool, plan.slippageBps) });
    });
    for (const shock of plan.shocks) if (shock.tick === tick) placed.push(shockOrder(shock, pool, count));
    const fills = await venue.trade(placed);
    fills.forEach((fill, k) => {
      books[placed[k]!.trader]?.add(fill);
    });
    await onTick(tick, placed, fills);
    pool = await venue.reserves();
    owned = await everybody();
    for (const [k, book] of books.entries()) book.mark(wealthOf(owned[k]!, pool));
  }
  return books.map((book, k) => book.result(owned[k]!, opening, pool));
}

function shockOrder({ share }: Shock, pool: Holdings, trader: number): Placed {
  const give: Asset = share > 0 ? ASSET.cash : ASSET.token;
  const reserve = give === ASSET.cash ? pool.cash : pool.token;
  return { give, amount: Math.floor(Math.abs(share) * reserve), trader, least: 0 };
}

/** Most of one asset that a plan's shocks bring in, milli-units: what the shocks' wallet must own. */
export function shockFunds({ shocks }: TradingPlan, pool: Holdings): Holdings {
  // reserves move; each shock may find a pool that all others have filled
  const room = shocks.reduce((product, { share }) => product * (1 + Math.abs(share)), 1);
  const sum = shocks.reduce((total, { share }) => total + Math.abs(share), 0);
  const of = (reserve: number): number => Math.ceil(2 * reserve * sum * room);
  return { token: of(pool.token), cash: of(pool.cash) };
}

/** One strategy's account while it trades. */
class Book {
  private readonly start: Holdings;
  private readonly desk: StrategyDesk;
  private readonly k: number;
  private peak: number;
  private drawdown = 0;
  private readonly counts = { done: 0, reverted: 0, skipped: 0, lost: 0 };
  private gas = 0;
  private fees = 0n;

  constructor(start: Holdings, wealth: number, desk: StrategyDesk, k: number) {
    this.start = start;
    this.peak = wealth;
    this.desk = desk;
    this.k = k;
  }

  add({ outcome, gas, fee }: Fill): void {
    this.counts[outcome]++;
    this.gas += gas;
    this.fees += fee;
  }

  mark(wealth: number): void {
    this.peak = Math.max(this.peak, wealth);
    this.drawdown = Math.max(this.drawdown, this.peak - wealth);
  }

  result(end: Holdings, opening: Holdings, closing: Holdings): StrategyResult {
    const { done, reverted, skipped, lost } = this.counts;
    const after = wealthOf(end, closing);
    return {
      serial: this.desk.serial(this.k),
      genomeHash: this.desk.genomeHash(this.k),
      start: this.start,
      end,
      profit: Math.round(after - wealthOf(this.start, opening)),
      profitOverHolding: Math.round(after - wealthOf(this.start, closing)),
      drawdown: Math.round(this.drawdown),
      trades: done,
      reverted,
      skipped,
      lost,
      gas: this.gas,
      fees: this.fees,
    };
  }
}

/** What the simulator predicts: the same desk's strategies on a pool of integers. */
export const predict = (
  desk: StrategyDesk,
  pool: Holdings,
  owned: readonly Holdings[],
  plan: TradingPlan,
): Promise<StrategyResult[]> =>
  tradeOn(desk, new SimulatedVenue(pool, [...owned, shockFunds(plan, pool)]), plan);
