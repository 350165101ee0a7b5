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
import { METHODS, PRICE_FRACTION_BITS } from '../configs/worldParameters.ts';
import { mulHigh } from '../sim/core/fixed.ts';
import { draw, STREAM } from '../sim/core/rng.ts';
import { U32_MAX } from '../sim/core/units.ts';
import { type MarketWorld, MODE, TOTAL, WORLD } from './columns.ts';
import { costOf } from './trainingMethod.ts';
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

/** Slots of those who may buy data this tick, in slot order; grown to the largest world of the thread. */
let buyers = new Uint32Array(0);
/** Of each training method this tick: units that an agent buys if its data leaves room, and what all of it costs. */
const unitsOf = new Float64Array(METHODS.length);
const costs = new Float64Array(METHODS.length);

/** Sells the pool's data to the agents that train with it this tick, and moves the posted price. */
export function buyData(world: MarketWorld, tick: number): void {
  const { parameters, columns } = world;
  if (!parameters.dataOwnership.market) return;
  const { dataBought, dataBill, data, bill, scalar, total } = columns;
  dataBill.fill(0);
  dataBought.fill(0);
  const count = listBuyers(world);
  const wanted = writeWanted(world, count);
  const pool = total[TOTAL.dataPool]!;
  if (wanted > pool) ration(world, count, pool, draw(parameters.seed, tick, 0, STREAM.dataRotation));
  const price = scalar[WORLD.dataPrice]!;
  let sold = 0;
  let revenue = 0;
  for (let k = 0; k < count; k++) {
    const i = buyers[k]!;
    const units = dataBought[i]!;
    if (units === 0) continue;
    const cost = dataCost(units, price);
    dataBill[i] = cost;
    bill[i] = Math.min(U32_MAX, bill[i]! + cost);
    data[i]! += units;
    sold += units;
    revenue += cost;
  }
  total[TOTAL.dataPool]! -= sold;
  total[TOTAL.dataSold]! += sold;
  total[TOTAL.dataRevenue]! += revenue;
  movePrice(world, wanted);
}

/** Lists whoever trains by a method that buys data; returns how many. */
function listBuyers({ parameters, columns }: MarketWorld): number {
  const { training, dataOwnership } = parameters;
  if (!training.enabled) return 0;
  const { population, mode, method, scalar } = columns;
  const { slots } = parameters;
  if (buyers.length < slots) buyers = new Uint32Array(slots);
  const price = scalar[WORLD.dataPrice]!;
  const affordable = price === 0 ? U32_MAX : Math.floor((dataOwnership.budget * PRICE_ONE) / price);
  let asking = 0;
  for (let m = 0; m < METHODS.length; m++) {
    const method = training.methods[m]!;
    unitsOf[m] = Math.min(method.dataBought, affordable);
    costs[m] = costOf(method, training.labelPrice);
    if (method.dataBought > 0) asking |= 1 << m;
  }
  let count = 0;
  for (let i = 0; i < slots; i++) {
    buyers[count] = i;
    // one where mode = MODE.train, one but for FREE_SLOT, whose bits are all ones, one where the method buys data
    count += (((mode[i]! ^ MODE.train) - 1) >>> 31) & (~population[i]! >>> 31) & (asking >>> method[i]!);
  }
  return count;
}

/** Writes the units that each buys at the posted price, all that its method asks for or none; returns their sum. */
function writeWanted(world: MarketWorld, count: number): number {
  const { parameters, columns } = world;
  const { compute, computeUsed, method, data, dataBought, scalar } = columns;
  const { trainingRunway } = parameters.hardware;
  const price = scalar[WORLD.dataPrice]!;
  let wanted = 0;
  for (let k = 0; k < count; k++) {
    const i = buyers[k]!;
    if (compute[i]! <= computeUsed[i]!) continue;
    const m = method[i]!;
    const units = Math.min(unitsOf[m]!, U32_MAX - data[i]!);
    if (openingWealth(world, i) - (costs[m]! + dataCost(units, price)) < trainingRunway) continue;
    dataBought[i] = units;
    wanted += units;
  }
  return wanted;
}

/** Cuts what is wanted to `pool` units: first come in an order rotated by `word`, first served. */
function ration({ parameters, columns }: MarketWorld, count: number, pool: number, word: number): void {
  const { dataBought } = columns;
  const start = mulHigh(word, parameters.slots);
  let first = 0;
  while (first < count && buyers[first]! < start) first++;
  const left = takeInOrder(dataBought, first, count, pool);
  takeInOrder(dataBought, 0, first, left);
}

/** Lets buyers from..to - 1 take what they want of `left` units; returns what they leave. */
function takeInOrder(wanted: Uint32Array, from: number, to: number, left: number): number {
  let rest = left;
  for (let k = from; k < to; k++) {
    const i = buyers[k]!;
    wanted[i] = Math.min(wanted[i]!, rest);
    rest -= wanted[i]!;
  }
  return rest;
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
