/** What a child costs its parent: a kit of hardware, at the going price, and what token count towards it. */
import { type MarketWorld, WORLD } from '../market/columns.ts';
import { midPrice } from '../market/pool.ts';

/** cu of a child's kit: enough for one task where compute is needed at all. */
export const kitSize = ({ parameters: p }: MarketWorld): number =>
  Math.max(
    p.demography.kitCompute,
    p.serviceMarket.enabled || p.training.enabled ? p.serviceMarket.cuPerTask : 0,
  );

/** Price of the kit, milli-cash. */
export const kitPrice = (world: MarketWorld): number =>
  kitSize(world) * world.columns.scalar[WORLD.hardwarePrice]!;

/** What a milli-token is worth to a parent, milli-cash in 2^-16: the closing price, 0 where none can be sold. */
export const tokenWorth = (world: MarketWorld): number =>
  world.parameters.amm.enabled ? midPrice(world) : 0;
