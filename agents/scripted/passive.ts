import { FINANCE, MODE } from '../../market/columns.ts';
import { chooseOption } from '../actions.ts';
import { HEAD } from '../brain/layout.ts';
import type { AgentWorld } from '../columns.ts';

/** Does nothing, ever. */
export function decidePassive(world: AgentWorld, _tick: number, agent: number): void {
  chooseOption(world, agent, HEAD.mode, MODE.idle);
  chooseOption(world, agent, HEAD.finance, FINANCE.hold);
}
