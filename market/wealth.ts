import { U32_MAX } from '../sim/core/units.ts';
import { type MarketWorld, tokenToCash, WORLD } from './columns.ts';

/**
 * Wealth of an agent, milli-cash: cash + free and staked token at a token price in 2^-16, rounded down. Where
 * the AMM is off no token can become cash, and only cash counts.
 */
export function wealthOf(world: MarketWorld, agent: number, tokenPrice: number): number {
  const { balances, parameters } = world;
  const cash = balances.cash[agent]!;
  if (!parameters.amm.enabled) return cash;
  return cash + tokenToCash(balances.token[agent]! + balances.stake[agent]!, tokenPrice);
}

/** Wealth at the tick's opening price, milli-cash. */
export const openingWealth = (world: MarketWorld, agent: number): number =>
  wealthOf(world, agent, world.columns.scalar[WORLD.tokenPrice]!);

/** Writes everybody's wealth at a price, saturated at 2^32 - 1 (0 in an empty slot, which owns nothing), and keeps the last tick's. */
export function recordWealth(world: MarketWorld, tokenPrice: number): void {
  const { wealth, wealthBefore } = world.columns;
  const { token, cash, stake } = world.balances;
  const { slots } = world.parameters;
  const price = world.parameters.amm.enabled ? tokenPrice : 0;
  wealthBefore.set(wealth);
  for (let i = 0; i < slots; i++) {
    wealth[i] = Math.min(U32_MAX, cash[i]! + tokenToCash(token[i]! + stake[i]!, price));
  }
}
