import { CLASS_COUNT } from '../../configs/taskClasses.ts';
import type { AgentWorld } from '../columns.ts';

/**
 * The class in which an agent is most skilled. Equal skills are told apart by its slot, so that newborn
 * twins do not all crowd into class 0.
 */
export function bestClass({ columns }: AgentWorld, agent: number): number {
  const base = agent * CLASS_COUNT;
  let best = agent % CLASS_COUNT;
  for (let k = 1; k < CLASS_COUNT; k++) {
    const c = (agent + k) % CLASS_COUNT;
    if (columns.skill[base + c]! > columns.skill[base + best]!) best = c;
  }
  return best;
}
