import { MODE, WORLD } from '../../market/columns.ts';
import { portion } from '../../sim/core/fixed.ts';
import { fraction32, U32_MAX } from '../../sim/core/units.ts';
import { chooseOption, taskCost } from '../actions.ts';
import { HEAD } from '../brain/layout.ts';
import type { AgentWorld } from '../columns.ts';
import { bestClass } from './bestClass.ts';
import { canTrain, restingFinance } from './reservation.ts';

/** It trains in the tick after one in which it sold less than this share of its offer. */
const POOR_FILL = 0.5;
const METHOD_SUPERVISED = 0;
const QUOTE_LOWEST = 0;

/**
 * Cost-plus pricing: serves its best class at cost x (1 + markup), the markup of its population's config,
 * whatever the market does. After a tick that left more than half of its offer unsold it trains that class
 * for one tick with labels, if it can pay. Never buys hardware.
 */
export function decideFixedMarkup(world: AgentWorld, _tick: number, agent: number): void {
  const { parameters: p, columns: c, agents } = world;
  const served = c.mode[agent] === MODE.serve;
  const trains =
    served && agents.serviceFill[agent]! < POOR_FILL && c.compute[agent]! > 0 && canTrain(world, agent);
  chooseOption(world, agent, HEAD.mode, trains ? MODE.train : MODE.serve);
  chooseOption(world, agent, HEAD.class, bestClass(world, agent));
  chooseOption(world, agent, HEAD.method, METHOD_SUPERVISED);
  chooseOption(world, agent, HEAD.quote, QUOTE_LOWEST);
  chooseOption(world, agent, HEAD.finance, restingFinance(world, agent));
  if (trains || c.scalar[WORLD.taskValue] === 0) return;
  const markup = p.populations[c.population[agent]!]!.markup;
  const cost = taskCost(world);
  agents.scriptedAsk[agent] = Math.min(U32_MAX - 1, cost + portion(cost, fraction32(markup))) + 1;
}
