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
  const { feeBurn } = world.parameters.policy;
  divideFee(world, from, fee, feeBurn === 0 ? 0 : portion(fee, feeBurn), reason);
}

/** Moves a fee, or several fees at once, of which `burned` is burned. */
export function divideFee(
  { columns, ledger }: Pick<MarketWorld, 'columns' | 'ledger'>,
  from: number,
  fee: number,
  burned: number,
  reason: typeof REASON.taskFee | typeof REASON.computeFee,
): void {
  columns.total[reason === REASON.taskFee ? TOTAL.taskFees : TOTAL.computeFees]! += fee;
  ledger.burn(ASSET.token, from, burned, REASON.feeBurn);
  ledger.transfer(ASSET.token, from, ledger.system(SYSTEM.treasury), fee - burned, reason);
}

/**
 * Pays sellers out of a system account: the fee on each payment rounds down and the seller keeps the remainder. Each
 * fee is split by itself; without a journal they move together.
 *
 * @param from a system account such as SYSTEM.escrow
 * @param sellers slots, of which the first `count` are paid
 * @param amounts payment before the fee by slot, milli-token; overwritten by what each received
 */
export function payLessFee(
  world: MarketWorld,
  from: number,
  sellers: Uint32Array,
  count: number,
  amounts: Uint32Array,
  feeBps: number,
  reason: typeof REASON.task | typeof REASON.compute,
): void {
  const { ledger } = world;
  const { feeBurn } = world.parameters.policy;
  const feeReason = reason === REASON.task ? REASON.taskFee : REASON.computeFee;
  const payer = ledger.system(from);
  const together = ledger.journal === null;
  let fees = 0;
  let burned = 0;
  for (let k = 0; k < count; k++) {
    const i = sellers[k]!;
    const fee = feeOf(amounts[i]!, feeBps);
    amounts[i]! -= fee;
    if (together) {
      fees += fee;
      burned += feeBurn === 0 ? 0 : portion(fee, feeBurn);
    } else {
      ledger.transfer(ASSET.token, payer, i, amounts[i]!, reason);
      takeFee(world, payer, fee, feeReason);
    }
  }
  if (!together) return;
  ledger.deal(ASSET.token, from, sellers, count, amounts, reason);
  divideFee(world, payer, fees, burned, feeReason);
}
