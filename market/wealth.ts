import { ASSET, type MarketWorld, tokenToCash } from './columns.ts';

/**
 * Wealth of an agent, milli-cash: cash + free and staked token at a token price in 2^-16, rounded down. Where
 * the AMM is off no token can become cash, and only cash counts.
 */
export function wealthOf(world: MarketWorld, agent: number, tokenPrice: number): number {
  const { balances, parameters, ledger } = world;
  const cash = ledger.balance(ASSET.cash, agent);
  if (!parameters.amm.enabled) return cash;
  return cash + tokenToCash(balances.token[agent]! + balances.stake[agent]!, tokenPrice);
}
