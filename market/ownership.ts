/** Capacity as a capital good (MODEL 5g): bought from the supplier at a price that rises with the stock. */
import { mulHigh } from '../sim/core/fixed.ts';
import { draw, STREAM } from '../sim/core/rng.ts';
import { U32_MAX } from '../sim/core/units.ts';
import { ASSET, FINANCE, FREE_SLOT, type MarketWorld, SYSTEM, TOTAL, WORLD } from './columns.ts';
import { REASON } from './ledger.ts';
import { wealthOf } from './wealth.ts';

/** Milli-cash per cu: priceBase + floor(priceScale x (total / genesis)^2), saturated at 2^32 - 1. */
export function hardwarePrice(world: MarketWorld): number {
  const { priceBase, priceScale, genesisStock } = world.parameters.hardware;
  const total = world.columns.total[TOTAL.capacity]!;
  const square = total * total;
  const divisor = genesisStock * genesisStock;
  const scaled =
    priceScale * square <= Number.MAX_SAFE_INTEGER
      ? Math.floor((priceScale * square) / divisor)
      : Number((BigInt(priceScale) * BigInt(total) ** 2n) / BigInt(genesisStock) ** 2n);
  return Math.min(U32_MAX, priceBase + scaled);
}

/**
 * One cu each for the agents that chose to buy hardware, at the price of the tick's opening, paid in cash.
 * Refused at capacityMax, without the cash, or when wealth at the closing price would fall below the runway.
 */
export function buyHardware(world: MarketWorld, closingPrice: number): void {
  const { parameters, columns, balances, ledger } = world;
  const { hardware } = parameters;
  if (!hardware.enabled) return;
  const { finance, population, insolvent, capacity } = columns;
  const { cash } = balances;
  const price = columns.scalar[WORLD.hardwarePrice]!;
  for (let i = 0; i < parameters.slots; i++) {
    if (finance[i] !== FINANCE.buyHardware || cash[i]! < price || population[i] === FREE_SLOT) continue;
    if (insolvent[i] === 1 || capacity[i]! >= hardware.capacityMax) continue;
    if (wealthOf(world, i, closingPrice) - price < hardware.runway) continue;
    ledger.transfer(ASSET.cash, i, ledger.system(SYSTEM.supplier), price, REASON.hardware);
    capacity[i]!++;
    columns.total[TOTAL.capacity]!++;
    columns.invested[i] = price;
  }
}

/** Capacity wears out by wear x capacity on average: the whole part for sure, the rest by a draw. */
export function wearHardware(world: MarketWorld, tick: number): void {
  const { parameters, columns } = world;
  const { wear, enabled } = parameters.hardware;
  if (!enabled || wear === 0) return;
  for (let i = 0; i < parameters.slots; i++) {
    const capacity = columns.capacity[i]!;
    if (capacity === 0 || columns.population[i] === FREE_SLOT) continue;
    const fraction = Math.imul(capacity, wear) >>> 0;
    const lost = mulHigh(capacity, wear) + (draw(parameters.seed, tick, i, STREAM.wear) < fraction ? 1 : 0);
    columns.capacity[i] = capacity - lost;
    columns.total[TOTAL.capacity]! -= lost;
  }
}
