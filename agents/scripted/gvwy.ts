import type { AgentWorld } from '../columns.ts';
import { decideTruthful } from './truthful.ts';

/**
 * Giveaway (GVWY of the Bristol Stock Exchange, D. Cliff, arXiv:1809.06027): quotes its limit and so gives all
 * gains away at a price that it makes itself; it earns only what better resting quotes leave to it. That is the
 * truthful trader under the name that is usual where books are studied.
 */
export const decideGvwy = (world: AgentWorld, tick: number, agent: number): void =>
  decideTruthful(world, tick, agent);
