/** What tests of births, deaths and immigration share: quiet worlds, and laws checked after a tick. */
import { expect } from 'vitest';
import { startTick } from '../market/circulation.ts';
import { FREE_SLOT, SYSTEM, TOTAL, tokenToCash, WORLD } from '../market/columns.ts';
import { checkEscrow } from '../market/laws.ts';
import { midPrice } from '../market/pool.ts';
import { type AgentWorld, GENE_COUNT } from './columns.ts';
import { live } from './demography.ts';
import { checkEmptySlots, checkPopulationBalance, checkUnitNorm } from './laws.ts';
import { testWorld } from './testWorld.ts';

type Options = Parameters<typeof testWorld>[0];
/** Nobody dies of age and nobody immigrates, unless said otherwise. */
export function quiet(demography: object = {}, options: Options = {}): AgentWorld {
  const world = testWorld({
    ...options,
    world: {
      ...options.world,
      demography: { ageDeath: false, immigrationFloor: 0, ...demography },
    },
  });
  startTick(world, 0);
  return world;
}
export const money = (world: AgentWorld, agent: number): number =>
  world.balances.cash[agent]! + tokenToCash(world.balances.token[agent]!, midPrice(world));
export const alive = (world: AgentWorld): number[] =>
  [...world.columns.population.keys()].filter((i) => world.columns.population[i] !== FREE_SLOT);
export const genome = (world: AgentWorld, agent: number): number[] =>
  Array.from({ length: GENE_COUNT }, (_, k) => world.agents.genes[k * world.parameters.slots + agent]!);
export const treasury = (world: AgentWorld, asset: 0 | 1): number =>
  world.ledger.balance(asset, world.ledger.system(SYSTEM.treasury));

/** Lets agents die for unpaid bills in a tick in which nobody is rich enough to reproduce. */
export function kill(world: AgentWorld, ...agents: number[]): void {
  const thresholds = world.agents.thresholdGene.slice();
  world.agents.thresholdGene.fill(0x7fff_ffff);
  for (const agent of agents) world.columns.insolvent[agent] = 1;
  live(world, 0);
  world.agents.thresholdGene.set(thresholds);
}
/** Leaves exactly one agent that wants children. */
export function onlyParent(world: AgentWorld, agent: number): void {
  const own = world.agents.thresholdGene[agent]!;
  world.agents.thresholdGene.fill(0x7fff_ffff);
  world.agents.thresholdGene[agent] = own;
}

export function checkAll(world: AgentWorld, tick: number): void {
  world.ledger.checkConservation();
  checkPopulationBalance(world, tick);
  checkEmptySlots(world, tick);
  checkEscrow(world);
  checkUnitNorm(world, tick);
  const { capacity, total, scalar } = world.columns;
  expect(capacity.reduce((a, b) => a + b, 0)).toBe(total[TOTAL.capacity]);
  expect(alive(world).length).toBe(scalar[WORLD.alive]);
}
