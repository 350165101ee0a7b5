import { CLASS_COUNT } from '../../configs/taskClasses.ts';
import { MODE } from '../../market/columns.ts';
import { DrawSequence, draw, indexBelow, STREAM } from '../../sim/core/rng.ts';
import { chooseOption, taskCost } from '../actions.ts';
import { HEAD } from '../brain/layout.ts';
import type { AgentWorld } from '../columns.ts';
import { restingFinance, worthOf } from './reservation.ts';

const draws = new DrawSequence();
/** An unconstrained seller of tasks asks up to this many times what its quality is worth. */
const ASK_SPAN = 2;

/**
 * Zero intelligence, unconstrained (Gode & Sunder 1993): quotes drawn uniformly over the whole price table,
 * without regard to value or cost. In a market economy it rents out or serves a random class by coin toss
 * and may sell or buy at a loss.
 */
export function decideZiU(world: AgentWorld, tick: number, agent: number): void {
  const { parameters: p, agents } = world;
  draws.at(p.seed, tick, agent, STREAM.scripted);
  agents.scriptedLevel[agent] = draws.below(p.computeMarket.priceTable.length) + 1;
  if (p.induced.enabled) return;
  const rents = p.computeMarket.enabled && (!p.serviceMarket.enabled || draws.below(2) === 0);
  const taskClass = draws.below(CLASS_COUNT);
  chooseOption(world, agent, HEAD.finance, restingFinance(world, agent));
  chooseOption(world, agent, HEAD.mode, rents ? MODE.rentOut : MODE.serve);
  chooseOption(world, agent, HEAD.class, taskClass);
  const most = ASK_SPAN * Math.max(taskCost(world), worthOf(world, agent, taskClass));
  agents.scriptedAsk[agent] = Math.floor(draws.unit() * (most + 1)) + 1;
}

/** At the book, a level drawn anew on each visit. */
export function quoteZiU({ parameters: p }: AgentWorld, tick: number, round: number, agent: number): number {
  const word = draw(p.seed, tick, agent + p.slots * round, STREAM.quotes);
  return indexBelow(word, p.computeMarket.priceTable.length);
}
