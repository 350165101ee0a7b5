import { MODE } from '../../market/columns.ts';
import { chooseOption, taskCost } from '../actions.ts';
import { HEAD } from '../brain/layout.ts';
import type { AgentWorld } from '../columns.ts';
import { bestClass } from './bestClass.ts';
import { highestBidLevel, restingFinance, worthOf } from './reservation.ts';

/**
 * Quotes its limit. Where values are induced, that is the induced level; in a market economy it serves its
 * best class at cost and bids for compute up to what a unit earns at the value of its quality.
 */
export function decideTruthful(world: AgentWorld, _tick: number, agent: number): void {
  const { agents, columns } = world;
  if (world.parameters.induced.enabled) {
    agents.scriptedLevel[agent] = columns.inducedLevel[agent]! + 1;
    return;
  }
  const taskClass = bestClass(world, agent);
  chooseOption(world, agent, HEAD.mode, MODE.serve);
  chooseOption(world, agent, HEAD.class, taskClass);
  chooseOption(world, agent, HEAD.finance, restingFinance(world, agent));
  agents.scriptedAsk[agent] = taskCost(world) + 1;
  agents.scriptedLevel[agent] = Math.max(0, highestBidLevel(world, worthOf(world, agent, taskClass))) + 1;
}
