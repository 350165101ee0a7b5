/** Immigration (MODEL.md section 8): agents of the genesis distribution come where a population has become small. */
import type { PopulationConfig } from '../configs/schema.ts';
import { ASSET, FREE_SLOT, SYSTEM, TOTAL, WORLD } from '../market/columns.ts';
import { REASON } from '../market/ledger.ts';
import { DrawSequence, STREAM, WORLD_DRAW } from '../sim/core/rng.ts';
import { TWO_32 } from '../sim/core/units.ts';
import { arrive, setWealth } from './arrival.ts';
import type { AgentWorld } from './columns.ts';

const draws = new DrawSequence();

/** Admits agents of the genesis distribution below the population floor; under quotas, below each population's own floor. */
export function immigrate(world: AgentWorld, tick: number): void {
  const { demography, populations, slots } = world.parameters;
  const { immigrationFloor, immigrantsPerTick } = demography;
  if (immigrationFloor === 0 || immigrantsPerTick === 0) return;
  if (!demography.quotas) {
    admit(
      world,
      tick,
      Math.min(immigrantsPerTick, immigrationFloor - world.columns.scalar[WORLD.alive]!),
      FREE_SLOT,
    );
    return;
  }
  let room = immigrantsPerTick;
  for (let population = 0; population < populations.length && room > 0; population++) {
    if (!populations[population]!.immigrates) continue;
    let owned = 0;
    let alive = 0;
    for (let i = 0; i < slots; i++) {
      if (world.agents.slotPopulation[i] !== population) continue;
      owned++;
      if (world.columns.population[i] !== FREE_SLOT) alive++;
    }
    room -= admit(
      world,
      tick,
      Math.min(room, Math.floor((immigrationFloor * owned) / slots) - alive),
      population,
    );
  }
}

/**
 * Admits up to `count` immigrants, each endowed as its population was at genesis, until the treasury cannot pay
 * the next one in full; returns how many came.
 *
 * @param only the population that they join; FREE_SLOT = drawn by the genesis shares
 */
function admit(world: AgentWorld, tick: number, count: number, only: number): number {
  const { parameters: p, columns: c, ledger } = world;
  const treasury = ledger.system(SYSTEM.treasury);
  let admitted = 0;
  for (let k = count; k > 0; k--) {
    draws.at(p.seed, tick, WORLD_DRAW - k, STREAM.immigration);
    const population = only === FREE_SLOT ? immigrantPopulation(p.populations, draws.word()) : only;
    if (population < 0) break;
    // to the nearest milli-unit, as at genesis; the treasury pays what the immigrant gets
    const { endowment } = p.populations[population]!;
    const token = Math.round(p.genesis.token * endowment);
    const cash = Math.round(p.genesis.cash * endowment);
    if (ledger.balance(ASSET.token, treasury) < token || ledger.balance(ASSET.cash, treasury) < cash) break;
    const slot = freeSlot(world, population);
    if (slot < 0) continue;
    draws.at(p.seed, tick, slot, STREAM.immigration);
    arrive(world, tick, slot, population, draws);
    ledger.transfer(ASSET.token, treasury, slot, token, REASON.immigration);
    ledger.transfer(ASSET.cash, treasury, slot, cash, REASON.immigration);
    setWealth(world, slot);
    c.scalar[WORLD.immigrants]!++;
    c.total[TOTAL.immigrants]!++;
    c.scalar[WORLD.alive]!++;
    world.lineage?.birth(world, tick, slot, 'immigration');
    admitted++;
  }
  return admitted;
}

/** A population drawn by the genesis shares of those that accept immigrants; -1 when none does. */
export function immigrantPopulation(
  populations: readonly Pick<PopulationConfig, 'share' | 'immigrates'>[],
  word: number,
): number {
  let total = 0;
  for (const { share, immigrates } of populations) if (immigrates) total += share;
  let at = (word / TWO_32) * total;
  let last = -1;
  for (let k = 0; k < populations.length; k++) {
    const { share, immigrates } = populations[k]!;
    if (!immigrates || share === 0) continue;
    last = k;
    at -= share;
    if (at < 0) return k;
  }
  return last;
}

/** The first free slot that a population may use, or -1. */
function freeSlot({ parameters: p, columns: c, agents }: AgentWorld, population: number): number {
  for (let i = 0; i < p.slots; i++) {
    if (c.population[i] !== FREE_SLOT) continue;
    if (!p.demography.quotas || agents.slotPopulation[i] === population) return i;
  }
  return -1;
}
