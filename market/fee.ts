/** Fees on payments: how much, and what becomes of them. */
import { portion } from '../sim/core/fixed.ts';
import { ASSET, type MarketWorld, SYSTEM, TOTAL } from './columns.ts';
import { REASON } from './ledger.ts';

/** A fee rate of one, basis points. */
export const BPS = 10_000;

/**
 * The fee on an amount, rounded down: with amount = 10000 a + b, a x bps + floor(b x bps / 10000). The
 * split keeps every product below 2^32 on engines without 64-bit integers; the payee keeps the remainder.
 *
 * @param amount milli-units
 * @param bps basis points, 0..10000
 */
export function feeOf(amount: number, bps: number): number {
  const a = Math.floor(amount / BPS);
  const b = amount - a * BPS;
  return a * bps + Math.floor((b * bps) / BPS);
}

/**
 * Takes a fee in token from an account: the share that the token policy burns, rounded down, is burned, the rest
 * goes to the treasury.
 */
export function takeFee(
  world: Pick<MarketWorld, 'parameters' | 'columns' | 'ledger'>,
  from: number,
  fee: number,
  reason: typeof REASON.taskFee | typeof REASON.computeFee,
): void {
  const { parameters, columns, ledger } = world;
  columns.total[reason === REASON.taskFee ? TOTAL.taskFees : TOTAL.computeFees]! += fee;
  const { feeBurn } = parameters.policy;
  const burned = feeBurn === 0 ? 0 : portion(fee, feeBurn);
  ledger.burn(ASSET.token, from, burned, REASON.feeBurn);
  ledger.transfer(ASSET.token, from, ledger.system(SYSTEM.treasury), fee - burned, reason);
}
