/**
 * Zero intelligence plus (ZIP; D. Cliff, "Minimal-intelligence agents for bargaining behaviors in market-based
 * environments", HPL-97-91, 1997): quotes its limit price times 1 + margin, and moves the margin by a
 * Widrow-Hoff step with momentum towards a target just beyond each price that it hears.
 *
 * Memory, four numbers an agent: margin (<= 0 for buyers), momentum term, learning rate, momentum coefficient. A
 * learning rate of 0 stands for a newborn.
 */
import { MODE, SIDE, TOTAL, WORLD } from '../../market/columns.ts';
import { DrawSequence, STREAM } from '../../sim/core/rng.ts';
import { U32_MAX } from '../../sim/core/units.ts';
import { chooseOption, levelAtLeast, taskCost } from '../actions.ts';
import { HEAD } from '../brain/layout.ts';
import type { AgentWorld } from '../columns.ts';
import { bestClass } from './bestClass.ts';
import { highestBidLevel, restingFinance, worthOf } from './reservation.ts';

const MARGIN = 0;
const MOMENTUM_TERM = 1;
const RATE = 2;
const MOMENTUM = 3;

/**
 * Ranges of Cliff (1997): rate beta, momentum coefficient gamma, first margin; targets: price x (1 +- U[0, c_r]) +-
 * U[0, c_a] of Cliff's money.
 */
export const ZIP = {
  rateMin: 0.1,
  rateSpan: 0.4,
  momentumSpan: 0.1,
  marginMin: 0.05,
  marginSpan: 0.3,
  relativeStep: 0.05,
  absoluteStep: 0.05,
} as const;
/**
 * Cliff's markets have their equilibrium at two units of money; the middle of the price table (or the cost of a
 * task) stands for that here, so that c_a means the same whatever the scale of prices.
 */
const EQUILIBRIUM_UNITS = 2;

const draws = new DrawSequence();

/** Whether an agent has less far to its limit (`raise`: asks for more), or gives way. */
const RAISE = true;
const LOWER = false;

/** A newborn's rate, momentum coefficient and margin: drawn once a life. */
function equip(world: AgentWorld, agent: number, side: number): void {
  const { parameters: p, agents } = world;
  const { memory } = agents;
  if (memory[RATE * p.slots + agent] !== 0) return;
  draws.at(p.seed, agents.bornAt[agent]!, agent, STREAM.quotes);
  memory[RATE * p.slots + agent] = ZIP.rateMin + ZIP.rateSpan * draws.unit();
  memory[MOMENTUM * p.slots + agent] = ZIP.momentumSpan * draws.unit();
  const margin = ZIP.marginMin + ZIP.marginSpan * draws.unit();
  memory[MARGIN * p.slots + agent] = side === SIDE.buy ? -margin : margin;
}

/** An agent's own price at its limit, milli-token (not an integer). */
const priceOf = ({ parameters: p, agents }: AgentWorld, agent: number, limit: number): number =>
  limit * (1 + agents.memory[MARGIN * p.slots + agent]!);

/**
 * Moves the margin of an agent towards a price just beyond `heard`: up in price when a seller raises or a buyer
 * lowers its margin, else down. Margins stay on the profitable side of the limit.
 *
 * @param limit value or cost, milli-token
 * @param heard price heard, milli-token
 * @param equilibrium what stands for two of Cliff's units of money, milli-token
 */
function adapt(
  world: AgentWorld,
  agent: number,
  side: number,
  limit: number,
  heard: number,
  margin: boolean,
  equilibrium: number,
): void {
  const { parameters: p, agents } = world;
  const { memory } = agents;
  const up = (side === SIDE.sell) === margin;
  const unit = equilibrium / EQUILIBRIUM_UNITS;
  const relative = ZIP.relativeStep * draws.unit();
  const absolute = ZIP.absoluteStep * draws.unit() * unit;
  const target = up ? heard * (1 + relative) + absolute : heard * (1 - relative) - absolute;
  const price = priceOf(world, agent, limit);
  const momentum = memory[MOMENTUM * p.slots + agent]!;
  const step = memory[RATE * p.slots + agent]! * (target - price);
  const term = momentum * memory[MOMENTUM_TERM * p.slots + agent]! + (1 - momentum) * step;
  memory[MOMENTUM_TERM * p.slots + agent] = term;
  const moved = (price + term) / Math.max(1, limit) - 1;
  memory[MARGIN * p.slots + agent] =
    side === SIDE.buy ? Math.min(0, Math.max(-1, moved)) : Math.max(0, moved);
}

const middlePrice = ({ parameters: { computeMarket } }: AgentWorld): number =>
  computeMarket.priceTable[computeMarket.priceTable.length >>> 1]!;

/** The level nearest to an agent's price that is no worse for it, within its limit. */
function levelOf(world: AgentWorld, agent: number, side: number): number {
  const { priceTable } = world.parameters.computeMarket;
  const limit = world.columns.inducedLevel[agent]!;
  const price = priceOf(world, agent, priceTable[limit]!);
  if (side === SIDE.buy) return Math.min(limit, Math.max(0, levelAtLeast(priceTable, price + 1) - 1));
  return Math.max(limit, Math.min(priceTable.length - 1, levelAtLeast(priceTable, price)));
}

/**
 * How the level at which an agent would quote compares with a level: positive above it, negative below, as
 * `quoteZip(...) - level`, by two prices of the table instead of a search: everybody hears every quote.
 */
export function compareWithOwn(world: AgentWorld, agent: number, side: number, level: number): number {
  const { priceTable } = world.parameters.computeMarket;
  const limit = world.columns.inducedLevel[agent]!;
  const price = priceOf(world, agent, priceTable[limit]!);
  if (side === SIDE.buy) {
    if (limit < level || (level > 0 && priceTable[level]! >= price + 1)) return -1;
    return limit > level && priceTable[level + 1]! < price + 1 ? 1 : 0;
  }
  if (limit > level || (level < priceTable.length - 1 && priceTable[level]! < price)) return 1;
  return limit < level && priceTable[level - 1]! >= price ? -1 : 0;
}

/** Level at which an agent of induced values quotes at the book. */
export function quoteZip(world: AgentWorld, _tick: number, _round: number, agent: number): number {
  const side = world.columns.inducedSide[agent]!;
  equip(world, agent, side);
  return levelOf(world, agent, side);
}

/**
 * Cliff's rules for a quote heard at the book, its own included. A seller raises its margin after a trade at or
 * above its price; while it has units left it lowers its margin after a bid that traded below its price, and
 * after an ask at or below its price that nobody took. Buyers mirror sellers. Prices are compared as levels.
 */
export function hearZip(
  world: AgentWorld,
  tick: number,
  shout: number,
  agent: number,
  shoutSide: number,
  level: number,
  traded: boolean,
): void {
  const { parameters: p, columns: c } = world;
  const side = c.inducedSide[agent]!;
  // most quotes concern the other side alone
  if (!traded && (shoutSide !== side || !isActive(world, agent))) return;
  equip(world, agent, side);
  const own = compareWithOwn(world, agent, side, level);
  const matches = side === SIDE.sell ? own <= 0 : own >= 0;
  const raises = traded && matches;
  if (!raises) {
    const beaten = own === 0 || !matches;
    if (!beaten || (traded && (shoutSide === side || !isActive(world, agent)))) return;
  }
  const { priceTable } = p.computeMarket;
  draws.at(p.seed, tick, agent + p.slots * shout, STREAM.hearing);
  const limit = priceTable[c.inducedLevel[agent]!]!;
  adapt(world, agent, side, limit, priceTable[level]!, raises ? RAISE : LOWER, middlePrice(world));
}

/** Whether an agent has units left to trade today. */
const isActive = ({ columns: c }: AgentWorld, agent: number): boolean =>
  c.orderQuantity[agent]! > c.orderFilled[agent]!;

/**
 * The decision of a tick. With induced values it quotes by its margin; in a call market it hears one price a tick,
 * the last clearing price, and treats it as a trade. In a market economy it serves its best class at cost plus
 * its margin, which rises while it sells all that it offers and falls while it does not, and bids for compute up
 * to what its own ask leaves.
 */
export function decideZip(world: AgentWorld, tick: number, agent: number): void {
  const { parameters: p } = world;
  if (p.induced.enabled) decideInduced(world, tick, agent);
  else serve(world, tick, agent);
}

function decideInduced(world: AgentWorld, tick: number, agent: number): void {
  const { parameters: p, columns: c, agents } = world;
  const side = c.inducedSide[agent]!;
  equip(world, agent, side);
  const called = !p.doubleAuction.enabled && c.total[TOTAL.computeVolume]! > 0;
  if (called) {
    const { priceTable } = p.computeMarket;
    const limit = priceTable[c.inducedLevel[agent]!]!;
    const heard = priceTable[c.scalar[WORLD.computeLevel]!]!;
    const price = priceOf(world, agent, limit);
    const beaten = side === SIDE.sell ? price > heard : price < heard;
    if (!beaten || c.inducedUnits[agent]! > 0) {
      draws.at(p.seed, tick, agent, STREAM.hearing);
      adapt(world, agent, side, limit, heard, beaten ? LOWER : RAISE, middlePrice(world));
    }
  }
  agents.scriptedLevel[agent] = levelOf(world, agent, side) + 1;
}

function serve(world: AgentWorld, tick: number, agent: number): void {
  const { columns: c, agents, parameters: p } = world;
  const cost = taskCost(world);
  equip(world, agent, SIDE.sell);
  const taskClass = bestClass(world, agent);
  const worth = worthOf(world, agent, taskClass);
  const soldOut = agents.serviceFill[agent] === 1;
  const price = Math.min(worth, priceOf(world, agent, cost));
  // what it offered last tick is judged by what was sold of it; above its worth nobody buys at all
  if (c.mode[agent] === MODE.serve && tick > agents.bornAt[agent]! && !(soldOut && price === worth)) {
    draws.at(p.seed, tick, agent, STREAM.hearing);
    adapt(world, agent, SIDE.sell, cost, price, soldOut ? RAISE : LOWER, cost);
  }
  const ask = Math.max(cost, Math.min(worth, Math.floor(priceOf(world, agent, cost))));
  chooseOption(world, agent, HEAD.finance, restingFinance(world, agent));
  chooseOption(world, agent, HEAD.mode, MODE.serve);
  chooseOption(world, agent, HEAD.class, taskClass);
  agents.scriptedAsk[agent] = Math.min(U32_MAX - 1, ask) + 1;
  agents.scriptedLevel[agent] = Math.max(0, highestBidLevel(world, ask)) + 1;
}
