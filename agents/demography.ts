/**
 * Birth, death and immigration (MODEL.md section 8). Within a tick parents are drawn and pay before estates
 * are settled, and children take their slots last; with one random death a tick that is the Moran process, with
 * all slots dying and multinomial sampling the Wright-Fisher process. Selection acts on money alone.
 */
import { WORLD } from '../market/columns.ts';
import type { AgentWorld } from './columns.ts';
import { reserveScratch, scratch } from './demographyScratch.ts';
import { immigrate } from './immigration.ts';
import { bury, markDying } from './mortality.ts';
import { emptyNursery, place, staged } from './nursery.ts';
import { drawParents } from './reproduction.ts';

/**
 * Phase 10: marks who dies, draws parents for the open slots and lets them pay, settles estates, places the
 * children, lets immigrants in.
 */
export function live(world: AgentWorld, tick: number): void {
  const { parameters: p, columns: c, agents } = world;
  c.scalar[WORLD.births] = 0;
  c.scalar[WORLD.deaths] = 0;
  c.scalar[WORLD.immigrants] = 0;
  agents.transferGiven.fill(0);
  if (!p.demography.enabled) return;
  reserveScratch(p.slots);
  const dying = markDying(world, tick);
  emptyNursery();
  drawParents(world, tick, dying);
  for (let k = 0; k < dying; k++) bury(world, tick, scratch.dying[k]!);
  for (let b = 0; b < staged; b++) place(world, tick, b);
  immigrate(world, tick);
}
