import { CLASS_COUNT } from '../../configs/taskClasses.ts';
import { MODE, SIDE } from '../../market/columns.ts';
import { DrawSequence, draw, indexBelow, STREAM } from '../../sim/core/rng.ts';
import { chooseOption, fastPrice, levelAtLeast, taskCost } from '../actions.ts';
import { HEAD } from '../brain/layout.ts';
import type { AgentWorld } from '../columns.ts';
import { highestBidLevel, lowestAskLevel, restingFinance, worthOf } from './reservation.ts';

const draws = new DrawSequence();
const PRICE_ONE = 256;
/** A seller of compute asks between its energy and this many times the moving-average price. */
const ASK_SPAN = 2;

/**
 * Zero intelligence, constrained (Gode & Sunder 1993): quotes drawn uniformly within the agent's limits,
 * never at a loss. With induced values, a uniform level between its limit and the end of the table; in a
 * market economy it rents out or serves a random class by coin toss, asks uniformly between its cost and what
 * its quality is worth, bids for compute up to what its own ask leaves, and neither trains nor invests.
 */
export function decideZiC(world: AgentWorld, tick: number, agent: number): void {
  const { parameters: p, agents } = world;
  if (p.induced.enabled) {
    agents.scriptedLevel[agent] = withinLimit(world, agent, draw(p.seed, tick, agent, STREAM.scripted)) + 1;
    return;
  }
  draws.at(p.seed, tick, agent, STREAM.scripted);
  const rents = p.computeMarket.enabled && (!p.serviceMarket.enabled || draws.below(2) === 0);
  chooseOption(world, agent, HEAD.finance, restingFinance(world, agent));
  chooseOption(world, agent, HEAD.mode, rents ? MODE.rentOut : MODE.serve);
  const taskClass = draws.below(CLASS_COUNT);
  chooseOption(world, agent, HEAD.class, taskClass);
  if (rents) {
    const low = lowestAskLevel(world);
    const high = levelAtLeast(p.computeMarket.priceTable, (ASK_SPAN * fastPrice(world)) / PRICE_ONE);
    agents.scriptedLevel[agent] = low + draws.below(Math.max(1, high - low)) + 1;
    return;
  }
  const cost = taskCost(world);
  const worth = worthOf(world, agent, taskClass);
  const ask = cost + Math.floor(draws.unit() * Math.max(0, worth - cost + 1));
  agents.scriptedAsk[agent] = ask + 1;
  agents.scriptedLevel[agent] = draws.below(highestBidLevel(world, ask) + 1) + 1;
}

/** The level that a word draws between the induced limit and the end of the table. */
function withinLimit({ parameters, columns }: AgentWorld, agent: number, word: number): number {
  const limit = columns.inducedLevel[agent]!;
  if (columns.inducedSide[agent] === SIDE.buy) return indexBelow(word, limit + 1);
  return limit + indexBelow(word, parameters.computeMarket.priceTable.length - limit);
}

/** What decideZiC decides for each member of a population where values are induced, by the kernel. */
export function decideZiCTogether(world: AgentWorld, tick: number, of: number): void {
  const { population } = world.columns;
  const rest = world.senses.quoteAtRandom(tick, of);
  for (let i = rest; i < population.length; i++) if (population[i] === of) decideZiC(world, tick, i);
}

/** At the book, a level drawn anew on each visit. */
export function quoteZiC(world: AgentWorld, tick: number, round: number, agent: number): number {
  const { seed, slots } = world.parameters;
  return withinLimit(world, agent, draw(seed, tick, agent + slots * round, STREAM.quotes));
}
