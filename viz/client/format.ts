/** How numbers are written on the page: at most about four significant digits, thousands apart. */
import { format } from 'd3';

const whole = format(',.0f');
const short = format('.3~s');
const MINUS = '\u2212';
const DASH = '\u2013';

/** A value of any size for people: 0.0123, 4.57, 128, 12,340, 1.58M; a dash when there is none. */
export function formatValue(value: number | undefined): string {
  if (value === undefined || !Number.isFinite(value)) return DASH;
  const size = Math.abs(value);
  if (size === 0) return '0';
  if (size >= 100_000) return short(value);
  // From here on three digits would lose whole units.
  if (size >= 999.5) return whole(value);
  if (size < 0.001) return value.toExponential(1).replace('-', MINUS);
  return String(Number(value.toPrecision(3))).replace('-', MINUS);
}

/** A whole number with thousands apart. */
export const formatCount = (value: number): string => (Number.isFinite(value) ? whole(value) : DASH);

/** An axis label: 0, 2.5, 500, 20k. */
export function formatTick(value: number): string {
  const size = Math.abs(value);
  if (size >= 1000) return short(value);
  return String(Number(value.toPrecision(4))).replace('-', MINUS);
}
