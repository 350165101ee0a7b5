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
