import { CLASS_COUNT } from '../../configs/taskClasses.ts';
import { FINANCE, MODE, WORLD } from '../../market/columns.ts';
import { TWO_32 } from '../../sim/core/units.ts';
import { chooseOption } from '../actions.ts';
import { HEAD } from '../brain/layout.ts';
import type { AgentWorld } from '../columns.ts';
import { bestClass } from './bestClass.ts';
import { canTrain, restingFinance, wantsHardware } from './reservation.ts';

/** Below this skill it trains before it serves. */
const SKILL_WANTED = 0.4;
/** It trains in the tick after one in which it sold less than all but this share of its offer. */
const GOOD_FILL = 0.99;
/** "Cost plus a little": the second option of the ask head, a quarter of the margin. */
const ASK_LITTLE = 1;
const QUOTE_LOW = 1;
const METHOD_SUPERVISED = 0;

/**
 * The strong baseline: no exploration and no learning. Serves its best class at cost plus a quarter of the
 * margin; trains that class with labels while its skill is below 0.4, and after every tick in which demand did
 * not take its whole offer; buys hardware when it owns twice the runway, selling token for it when its
 * cash is short.
 */
export function decideRule(world: AgentWorld, _tick: number, agent: number): void {
  const { columns: c, agents, balances } = world;
  const taskClass = bestClass(world, agent);
  const unskilled = c.skill[agent * CLASS_COUNT + taskClass]! < SKILL_WANTED * TWO_32;
  const unsold = c.mode[agent] === MODE.serve && agents.serviceFill[agent]! < GOOD_FILL;
  const trains = (unskilled || unsold) && canTrain(world, agent);
  chooseOption(world, agent, HEAD.mode, trains ? MODE.train : MODE.serve);
  chooseOption(world, agent, HEAD.class, taskClass);
  chooseOption(world, agent, HEAD.ask, ASK_LITTLE);
  chooseOption(world, agent, HEAD.quote, QUOTE_LOW);
  chooseOption(world, agent, HEAD.method, METHOD_SUPERVISED);
  let finance: number = restingFinance(world, agent);
  if (wantsHardware(world, agent))
    finance =
      balances.cash[agent]! >= c.scalar[WORLD.hardwarePrice]! ? FINANCE.buyHardware : FINANCE.sellToken;
  chooseOption(world, agent, HEAD.finance, finance);
}
