/**
 * The token's price on a market outside, which is recorded and not made here. Consumers, the people around the economy, can
 * trade there too: at the opening of a tick they buy from the pool or sell to it whatever is worth it at the price outside,
 * as far as their own money goes. So the pool follows the recorded price within its fee, nothing is minted, and strategies
 * meet real paths. (The profit of this arbitrage is what liquidity providers lose: Milionis, Moallemi, Roughgarden &
 * Zhang, "Automated market making and loss-versus-rebalancing", 2022.)
 */
import { TOKEN_PRICE_BITS } from '../configs/worldParameters.ts';
import { isqrt } from '../sim/core/fixed.ts';
import { AMM_KEEP, AMM_SCALE, amountOutNumber } from './amm.ts';
import { ASSET, type Asset, type MarketWorld, SYSTEM } from './columns.ts';
import { REASON } from './ledger.ts';
import { cashReserve, tokenReserve } from './pool.ts';

const KEEP = BigInt(AMM_KEEP);
const SCALE = BigInt(AMM_SCALE);
const ONE = 1n << BigInt(TOKEN_PRICE_BITS);

/** The price outside in a tick: milli-cash per milli-token, 2^-16. */
export const priceOutside = (prices: Uint32Array, ticksPerRow: number, tick: number): number =>
  prices[Math.floor(tick / ticksPerRow) % prices.length]!;

/** What is worth bringing to the pool, milli-units; 0 where nothing is. */
export interface OutsideOrder {
  readonly give: Asset;
  readonly amount: number;
}

/**
 * The input that earns most at a price outside: with g = 997/1000, x of it makes g Rin Rout / (Rin + g x)^2 = price of the
 * input, hence Rin + g x = sqrt(g Rin Rout / price); rounded down.
 *
 * @param price milli-cash per milli-token, 2^-16, above zero
 */
export function orderAt(price: number, token: number, cash: number): OutsideOrder {
  const product = KEEP * BigInt(token) * BigInt(cash);
  const tokenThen = isqrt((product * ONE) / (SCALE * BigInt(price)));
  const cashThen = isqrt((product * BigInt(price)) / (SCALE * ONE));
  const input = (then: bigint, now: number): number =>
    then <= BigInt(now) ? 0 : Number(((then - BigInt(now)) * SCALE) / KEEP);
  const sale = input(tokenThen, token);
  return sale > 0 ? { give: ASSET.token, amount: sale } : { give: ASSET.cash, amount: input(cashThen, cash) };
}

/** Lets consumers carry the price outside into the pool, where the world has one. */
export function tradeOutside(world: MarketWorld, tick: number): void {
  const { outside } = world.parameters.amm;
  if (outside === null) return;
  const { ledger, balances } = world;
  const [token, cash] = [tokenReserve(world), cashReserve(world)];
  const order = orderAt(priceOutside(outside.prices, outside.ticksPerRow, tick), token, cash);
  const sells = order.give === ASSET.token;
  const owned = (sells ? balances.systemToken : balances.systemCash)[SYSTEM.consumers]!;
  const amount = Math.min(order.amount, owned);
  const out = amountOutNumber(amount, sells ? token : cash, sells ? cash : token);
  if (out === 0) return;
  const [amm, consumers] = [ledger.system(SYSTEM.amm), ledger.system(SYSTEM.consumers)];
  ledger.transfer(order.give, consumers, amm, amount, REASON.outsideTrade);
  ledger.transfer(sells ? ASSET.cash : ASSET.token, amm, consumers, out, REASON.outsideTrade);
}
