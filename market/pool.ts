/** The AMM as an account of a world: its reserves, its price, and a record of each swap for the laws. */
import { TOKEN_PRICE_BITS } from '../configs/worldParameters.ts';
import { mulDiv } from '../sim/core/fixed.ts';
import { U32_MAX } from '../sim/core/units.ts';
import { type MarketWorld, POOL_RECORD, SWAP_FIELDS, SYSTEM, TOTAL } from './columns.ts';

/** Token reserve, milli-token. */
export const tokenReserve = (world: MarketWorld): number => world.balances.systemToken[SYSTEM.amm]!;
/** Cash reserve, milli-cash. */
export const cashReserve = (world: MarketWorld): number => world.balances.systemCash[SYSTEM.amm]!;

/**
 * Milli-cash per milli-token in 2^-16, rounded down: the AMM's mid price now, or the ratio of the config's
 * reserves where the AMM is off (an accounting price, at which nobody can trade).
 */
export function midPrice(world: MarketWorld): number {
  const { amm } = world.parameters;
  const token = amm.enabled ? tokenReserve(world) : amm.token;
  const cash = amm.enabled ? cashReserve(world) : amm.cash;
  if (token === 0 || cash === 0) return 2 ** TOKEN_PRICE_BITS;
  // saturated before the quotient is formed, which may pass 2^53
  if (cash >= token * 2 ** (32 - TOKEN_PRICE_BITS)) return U32_MAX;
  return mulDiv(cash, 2 ** TOKEN_PRICE_BITS, token);
}

/** Notes the reserves before swap `row` of SWAP. */
export function openSwap(world: MarketWorld, row: number): void {
  const { swapReserves } = world.columns;
  swapReserves[row * SWAP_FIELDS] = tokenReserve(world);
  swapReserves[row * SWAP_FIELDS + 1] = cashReserve(world);
}

/** Notes the reserves after it and counts it. */
export function closeSwap(world: MarketWorld, row: number): void {
  const { swapReserves, total } = world.columns;
  swapReserves[row * SWAP_FIELDS + 2] = tokenReserve(world);
  swapReserves[row * SWAP_FIELDS + 3] = cashReserve(world);
  total[TOTAL.swaps]!++;
}

/** Notes the reserves at the opening of a tick, for the laws. */
export function openPool(world: MarketWorld): void {
  const { poolRecord } = world.columns;
  poolRecord[POOL_RECORD.openedToken] = tokenReserve(world);
  poolRecord[POOL_RECORD.openedCash] = cashReserve(world);
}

/** Notes a redemption that has just taken place, given the reserves before it. */
export function recordRedemption(world: MarketWorld, token: number, cash: number): void {
  const { poolRecord } = world.columns;
  const at = POOL_RECORD.redemption;
  poolRecord[at] = token;
  poolRecord[at + 1] = cash;
  poolRecord[at + 2] = tokenReserve(world);
  poolRecord[at + 3] = cashReserve(world);
}
