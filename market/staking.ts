/** Staking (MODEL 5e, 5f): token moved between an agent's free balance and its stake, one pending withdrawal each. */
import { mulHigh } from '../sim/core/fixed.ts';
import { ASSET, FINANCE, FREE_SLOT, type MarketWorld } from './columns.ts';
import { REASON } from './ledger.ts';

/** Stake that an agent can put behind new promises: what it has not asked back, milli-token. */
export const freeStake = (
  { balances, columns }: Pick<MarketWorld, 'balances' | 'columns'>,
  agent: number,
): number => Math.max(0, balances.stake[agent]! - columns.unstakeAmount[agent]!);

/**
 * After bills are settled: stakes a step of the free token of those who chose it (not of the insolvent), notes
 * what others ask back unless they wait for something already, and releases what is due. Until then a withdrawal
 * stays in the stake, where it can be slashed but backs no new promise; the release is cut to what is left.
 */
export function moveStakes(world: MarketWorld, tick: number): void {
  const { parameters, columns, balances, ledger, settlement } = world;
  if (!parameters.staking.enabled) return;
  // the kernel stops before the first agent whose balance would leave its range, and the loop below refuses it
  let first = 0;
  if (settlement != null && ledger.journal === null) {
    first = settlement.open().moveStakes(tick);
    if (first < 0) return;
  }
  const { population, finance, insolvent, unstakeAmount, unstakeDue } = columns;
  const step = parameters.policy.financeStep;
  for (let i = first; i < parameters.slots; i++) {
    if (population[i] === FREE_SLOT) continue;
    if (finance[i] === FINANCE.stake && insolvent[i] === 0) {
      ledger.transfer(ASSET.token, i, ledger.stakeOf(i), mulHigh(balances.token[i]!, step), REASON.stake);
    } else if (finance[i] === FINANCE.unstake && unstakeAmount[i] === 0) {
      unstakeAmount[i] = mulHigh(balances.stake[i]!, step);
      unstakeDue[i] = tick + parameters.staking.delay;
    }
    if (unstakeAmount[i] === 0 || tick < unstakeDue[i]!) continue;
    const released = Math.min(unstakeAmount[i]!, balances.stake[i]!);
    ledger.transfer(ASSET.token, ledger.stakeOf(i), i, released, REASON.unstake);
    unstakeAmount[i] = 0;
  }
}

/** Forgets a dying agent's withdrawal; its stake goes the way of its estate. */
export function dropWithdrawal({ columns }: Pick<MarketWorld, 'columns'>, agent: number): void {
  if (columns.unstakeAmount.length === 0) return;
  columns.unstakeAmount[agent] = 0;
  columns.unstakeDue[agent] = 0;
}
