/** Recorded courses of demand and of the price outside, in the integers of a world. */
import { ConfigError } from '../sim/core/errors.ts';
import { U32_MAX } from '../sim/core/units.ts';
import type { RunConfig } from './schema.ts';
import { type OutsidePrice, TOKEN_PRICE_BITS } from './worldParameters.ts';

/** Rows of a recorded course may be at most this multiple of their mean. */
export const SERIES_MOST = 1000;

/** 2^16. */
const SERIES_ONE = 0x1_0000;

/**
 * A recorded course relative to its mean, in 2^-16, to the nearest.
 *
 * @throws ConfigError without rows, for a mean of 0, or a row above SERIES_MOST means
 */
export function relativeSeries(values: readonly number[]): Uint32Array {
  const refuse = (problem: string, hint: string): never => {
    throw new ConfigError('demandSeries', problem, hint);
  };
  if (values.length === 0)
    refuse(
      '`world.serviceMarket.shape` is series, but no series is given',
      'set demandSeries.file, or give its rows as demandSeries.values',
    );
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  if (!(mean > 0)) refuse('its rows are all 0', 'give a column of what was wanted');
  const highest = values.reduce((most, value) => Math.max(most, value), 0);
  if (highest > SERIES_MOST * mean)
    refuse(`its highest row ${highest} is above ${SERIES_MOST} times the mean ${mean}`, 'check its unit');
  return Uint32Array.from(values, (value) => Math.round((value / mean) * SERIES_ONE));
}

/**
 * A recorded course of prices that begins at the price of the pool at genesis.
 *
 * @throws ConfigError without a pool or rows, or where a price leaves 1/SERIES_MOST to SERIES_MOST times the first
 */
export function outsidePrice({
  world: { amm },
  priceSeries: { values, ticksPerRow },
}: RunConfig): OutsidePrice {
  if (!amm.enabled || !(amm.token > 0) || !(amm.cash > 0))
    throw new ConfigError(
      'world.amm.outsidePrice',
      'there is no pool to carry a price into',
      'set amm.enabled: true and reserves above 0',
    );
  const [first] = values;
  if (first === undefined)
    throw new ConfigError(
      'priceSeries',
      '`world.amm.outsidePrice` is on, but no series is given',
      'set priceSeries.file, or give its rows as priceSeries.values',
    );
  const wrong = values.findIndex((value) => !(value * SERIES_MOST >= first && value <= SERIES_MOST * first));
  if (wrong >= 0 || first === 0)
    throw new ConfigError(
      'priceSeries',
      `row ${Math.max(wrong, 0) + 1} is ${values[Math.max(wrong, 0)]}: prices must be above 0, from 1/${SERIES_MOST} to ${SERIES_MOST} times the first, ${first}`,
      'check the column and its unit',
    );
  const scale = (amm.cash / amm.token / first) * 2 ** TOKEN_PRICE_BITS;
  const prices = values.map((value) => Math.round(value * scale));
  if (prices.some((price) => price < 1 || price > U32_MAX))
    throw new ConfigError(
      'world.amm',
      `the prices of priceSeries, from ${amm.cash / amm.token} cash per token on, leave 2^-16 to 2^16`,
      'bring amm.cash and amm.token closer to each other',
    );
  return { prices: Uint32Array.from(prices), ticksPerRow };
}
