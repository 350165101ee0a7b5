/** How many seeds an effect needs to show. */
import { normalQuantile } from './distributions.ts';

/** Probability of showing an effect that is there, by custom (Cohen 1988). */
export const POWER = 0.8;
/** Variance of the interquartile mean relative to that of the mean, for normal outcomes. */
const INTERQUARTILE_VARIANCE = 1.19;

/**
 * Seeds with which a two-sided 95 % interval of the interquartile mean of paired differences leaves out zero with
 * probability `power`, by the normal approximation; power.test.ts holds it against simulation.
 *
 * @param effect true difference in standard deviations of the differences, not 0
 * @returns at least 2; infinite for an effect of 0 or NaN
 */
export function requiredSeeds(effect: number, power = POWER, alpha = 0.05): number {
  if (!(Math.abs(effect) > 0)) return Number.POSITIVE_INFINITY;
  const reach = normalQuantile(1 - alpha / 2) + normalQuantile(power);
  return Math.max(2, Math.ceil(INTERQUARTILE_VARIANCE * (reach / effect) ** 2));
}

/** The same from a pilot: its difference, its standard error and its number of pairs. */
export const requiredSeedsOf = (difference: number, error: number, pairs: number, power = POWER): number =>
  requiredSeeds((difference / (error * Math.sqrt(pairs))) * Math.sqrt(INTERQUARTILE_VARIANCE), power);
