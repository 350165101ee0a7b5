/**
 * The accounts of a tick's service market, noted before and after it, so that the welfare-accounting law (laws.ts) can
 * compare what left the consumers' account with what sellers and the fee takers say they received. Nothing in the
 * model reads them.
 */
import { type MarketWorld, SPENDING, SYSTEM, TOTAL, TRUST_TOTAL } from './columns.ts';

/** Notes the consumers' token before any task is bought. */
export function openSpending({ columns, balances }: MarketWorld): void {
  const { spending, total, trustTotal } = columns;
  spending[SPENDING.opened] = balances.systemToken[SYSTEM.consumers]!;
  spending[SPENDING.feesBefore] = total[TOTAL.taskFees]!;
  spending[SPENDING.spentBefore] = total[TOTAL.spentToken]!;
  spending[SPENDING.compensatedBefore] = trustTotal[TRUST_TOTAL.compensated] ?? 0;
}

/** Notes it afterwards, with what all sellers received, dead or alive at the end of the tick. */
export function closeSpending({ columns, balances, parameters }: MarketWorld): void {
  const { serviceAmount, compensated } = columns;
  let receipts = 0;
  for (let i = 0; i < parameters.slots; i++) receipts += serviceAmount[i]!;
  let compensation = 0;
  for (let i = 0; i < compensated.length; i++) compensation += compensated[i]!;
  noteSpending({ columns, balances }, receipts, compensation);
}

/**
 * Notes the service market's accounts, given the sums over agents.
 *
 * @param receipts of sellers, milli-token
 * @param compensation that buyers of compute got of slashed stakes, milli-token
 */
export function noteSpending(
  { columns, balances }: Pick<MarketWorld, 'columns' | 'balances'>,
  receipts: number,
  compensation: number,
): void {
  const { spending, trustTotal } = columns;
  spending[SPENDING.closed] = balances.systemToken[SYSTEM.consumers]!;
  spending[SPENDING.receipts] = receipts;
  if (trustTotal.length === 0) return;
  // of the slashed stakes, what buyers of compute did not get consumers did
  const slashed = trustTotal[TRUST_TOTAL.compensated]! - spending[SPENDING.compensatedBefore]!;
  spending[SPENDING.compensated] = slashed - compensation;
}
