/**
 * Data (MODEL 5b): what served tasks yield, who owns it, and the users' pool as a market. A unit of data is owned by
 * one agent or lies in the pool; it is not used up. Law: agents + pool = produced + founded. The dead leave theirs
 * to the pool.
 *
 * Who buys: an agent that trains this tick by a method that buys data (`dataBought` of training.*) wants that many
 * units or what its budget buys, unless it has no compute to train with or its runway forbids the tick's labels,
 * environment and data together. So the method head decides, and no head of its own is needed. Everybody pays the
 * same posted price; where the pool holds too little, an order rotated by a draw is served first. Then the price
 * rises by a step if more was wanted than has come in since the last tick, and falls by one if less was, until what
 * is wanted is what comes in.
 */
import { PRICE_FRACTION_BITS } from '../configs/derive.ts';
import { mulHigh } from '../sim/core/fixed.ts';
import { draw, STREAM } from '../sim/core/rng.ts';
import { U32_MAX } from '../sim/core/units.ts';
import { FREE_SLOT, type MarketWorld, MODE, TOTAL, WORLD } from './columns.ts';
import { openingWealth } from './wealth.ts';

const PRICE_ONE = 2 ** PRICE_FRACTION_BITS;

/** Cost of `units` at a posted price in 1/256 milli-cash, rounded up: consumers keep the remainder. */
export const dataCost = (units: number, price: number): number => Math.ceil((units * price) / PRICE_ONE);

/**
 * Splits the data that `tasks` tasks yield between their seller and the users' pool; the pool's part is rounded
 * stochastically, so that its mean is exact. What would pass 2^32 - 1 units of an agent goes to the pool.
 */
export function yieldData(world: MarketWorld, agent: number, tasks: number, tick: number): void {
  const { parameters, columns } = world;
  const units = tasks * parameters.training.dataPerTask;
  if (units === 0) return;
  columns.total[TOTAL.dataProduced]! += units;
  const owned = columns.data[agent]!;
  const kept = Math.min(U32_MAX - owned, units - usersPart(parameters, agent, units, tick));
  columns.data[agent] = owned + kept;
  addToPool(world, units - kept);
}

function usersPart(p: MarketWorld['parameters'], agent: number, units: number, tick: number): number {
  const { poolShare } = p.dataOwnership;
  if (poolShare === 0) return 0;
  if (poolShare === U32_MAX) return units;
  const fraction = Math.imul(units, poolShare) >>> 0;
  return mulHigh(units, poolShare) + (draw(p.seed, tick, agent, STREAM.dataSplit) < fraction ? 1 : 0);
}

/** Data that comes into the pool, from work or from the dead. */
export function addToPool({ columns }: Pick<MarketWorld, 'columns'>, units: number): void {
  if (units === 0) return;
  const { total, scalar } = columns;
  total[TOTAL.dataPool]! += units;
  scalar[WORLD.dataInflow] = Math.min(U32_MAX, scalar[WORLD.dataInflow]! + units);
}

/** Sells the pool's data to the agents that train with it this tick, and moves the posted price. */
export function buyData(world: MarketWorld, tick: number): void {
  const { parameters, columns } = world;
  if (!parameters.dataOwnership.market) return;
  const { dataBought, dataBill, scalar, total } = columns;
  dataBill.fill(0);
  let wanted = 0;
  for (let i = 0; i < parameters.slots; i++) {
    dataBought[i] = wantedData(world, i);
    wanted += dataBought[i]!;
  }
  const pool = total[TOTAL.dataPool]!;
  if (wanted > pool) ration(world, pool, draw(parameters.seed, tick, 0, STREAM.dataRotation));
  const price = scalar[WORLD.dataPrice]!;
  for (let i = 0; i < parameters.slots; i++) {
    const units = dataBought[i]!;
    if (units === 0) continue;
    const cost = dataCost(units, price);
    dataBill[i] = cost;
    columns.bill[i] = Math.min(U32_MAX, columns.bill[i]! + cost);
    columns.data[i]! += units;
    total[TOTAL.dataPool]! -= units;
    total[TOTAL.dataSold]! += units;
    total[TOTAL.dataRevenue]! += cost;
  }
  movePrice(world, wanted);
}

/** Units that an agent buys at the posted price: all that its method asks for, or none. */
function wantedData(world: MarketWorld, i: number): number {
  const { parameters, columns } = world;
  const { training, hardware, dataOwnership } = parameters;
  if (columns.population[i] === FREE_SLOT || columns.mode[i] !== MODE.train || !training.enabled) return 0;
  const method = training.methods[columns.method[i]!]!;
  if (method.dataBought === 0 || columns.compute[i]! <= columns.computeUsed[i]!) return 0;
  const price = columns.scalar[WORLD.dataPrice]!;
  const affordable = price === 0 ? U32_MAX : Math.floor((dataOwnership.budget * PRICE_ONE) / price);
  const units = Math.min(method.dataBought, affordable, U32_MAX - columns.data[i]!);
  const cost = method.labels * training.labelPrice + method.environmentPrice + dataCost(units, price);
  return openingWealth(world, i) - cost < hardware.trainingRunway ? 0 : units;
}

/** Cuts what is wanted to `pool` units: first come in an order rotated by `word`, first served. */
function ration({ parameters, columns }: MarketWorld, pool: number, word: number): void {
  const { dataBought } = columns;
  const { slots } = parameters;
  const start = mulHigh(word, slots);
  let left = pool;
  for (let k = 0; k < slots; k++) {
    const i = (start + k) % slots;
    dataBought[i] = Math.min(dataBought[i]!, left);
    left -= dataBought[i]!;
  }
}

/** A step is at least 1/256 milli-cash, so that a low price can still move, and no price falls below that. */
function movePrice({ parameters, columns }: MarketWorld, wanted: number): void {
  const { priceStep } = parameters.dataOwnership;
  const { scalar } = columns;
  const price = scalar[WORLD.dataPrice]!;
  const inflow = scalar[WORLD.dataInflow]!;
  scalar[WORLD.dataInflow] = 0;
  if (priceStep === 0) return;
  const step = Math.max(1, mulHigh(price, priceStep));
  if (wanted > inflow) scalar[WORLD.dataPrice] = Math.min(U32_MAX, price + step);
  else if (wanted < inflow) scalar[WORLD.dataPrice] = Math.max(1, price - step);
}
