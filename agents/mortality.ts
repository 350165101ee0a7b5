/** Who dies in a tick, and what becomes of an estate (MODEL.md section 8). */

import { CLASS_COUNT } from '../configs/taskClasses.ts';
import type { WorldParameters } from '../configs/worldParameters.ts';
import { settleEstate } from '../market/claims.ts';
import { ASSET, FREE_SLOT, MODE, SIDE, SYSTEM, TOTAL, WORLD } from '../market/columns.ts';
import { addToPool } from '../market/dataPool.ts';
import { REASON } from '../market/ledger.ts';
import { dropWithdrawal } from '../market/staking.ts';
import { leaveEpoch } from '../market/tokenPolicy.ts';
import { leaveContracts } from '../market/trust.ts';
import { takeSmallest } from '../sim/core/orderStatistic.ts';
import { DrawSequence, draw, STREAM, WORLD_DRAW } from '../sim/core/rng.ts';
import { actionIndex } from './actions.ts';
import { HEAD_COUNT, LANES } from './brain/layout.ts';
import type { AgentWorld } from './columns.ts';
import { scratch } from './demographyScratch.ts';
import { abandonTrial } from './selfUpdate.ts';

/** Why an agent dies; `none` = it lives. */
export const CAUSE = { none: 0, insolvency: 1, age: 2, random: 3, truncation: 4 } as const;
const CAUSE_NAMES = ['random', 'insolvency', 'age', 'random', 'truncation'] as const;

const MEMORIES = 4;

const draws = new DrawSequence();

/** Fills scratch.cause and scratch.dying; returns how many die. */
export function markDying(world: AgentWorld, tick: number): number {
  const { parameters: p } = world;
  const { deathsPerTick } = p.demography;
  const count = markMortal(world, tick);
  if (deathsPerTick > 0) markAtRandom(world, tick);
  const ends = endsGeneration(p, tick);
  if (ends) truncate(world);
  return deathsPerTick > 0 || ends ? listDying(p.slots) : count;
}

/** Marks and lists the insolvent and those whose life is over; returns how many. */
function markMortal(world: AgentWorld, tick: number): number {
  const { cause, dying } = scratch;
  const { slots } = world.parameters;
  cause.fill(CAUSE.none, 0, slots);
  let count = 0;
  for (let i = nextMortal(world, tick, 0); i < slots; i = nextMortal(world, tick, i + 1)) {
    cause[i] = naturalCause(world, tick, i);
    dying[count++] = i;
  }
  return count;
}

/** The first agent from `from` on that dies of need or age; the number of slots if there is none. */
function nextMortal(world: AgentWorld, tick: number, from: number): number {
  const { slots } = world.parameters;
  let agent = world.senses.nextMortal(tick, from);
  while (agent < slots && naturalCause(world, tick, agent) === CAUSE.none) agent++;
  return agent;
}

/** Why an agent dies of itself: it cannot pay or cannot go on, or its life is over. */
export function naturalCause({ parameters, columns }: AgentWorld, tick: number, agent: number): number {
  const { population, insolvent, wealth } = columns;
  const { hazard } = parameters.demography;
  if (population[agent] === FREE_SLOT) return CAUSE.none;
  if (insolvent[agent] !== 0 || wealth[agent]! < parameters.energy.subsistence) return CAUSE.insolvency;
  return draw(parameters.seed, tick, agent, STREAM.deathHazard) < hazard ? CAUSE.age : CAUSE.none;
}

/** Marks `deathsPerTick` of the living, whoever else dies. */
function markAtRandom(world: AgentWorld, tick: number): void {
  const { parameters: p } = world;
  const { cause, living } = scratch;
  const alive = collectLiving(world, FREE_SLOT);
  // the first places of a Fisher-Yates shuffle: exactly that many distinct agents
  const random = Math.min(p.demography.deathsPerTick, alive);
  draws.at(p.seed, tick, WORLD_DRAW, STREAM.deathHazard);
  for (let k = 0; k < random; k++) {
    const pick = k + draws.below(alive - k);
    const agent = living[pick]!;
    living[pick] = living[k]!;
    living[k] = agent;
    if (cause[agent] === CAUSE.none) cause[agent] = CAUSE.random;
  }
}

/** Lists the marked in scratch.dying; returns how many. */
function listDying(slots: number): number {
  const { cause, dying } = scratch;
  let count = 0;
  for (let i = 0; i < slots; i++) if (cause[i] !== CAUSE.none) dying[count++] = i;
  return count;
}

/** Whether truncation selection takes place at the end of a tick. */
export const endsGeneration = ({ demography }: WorldParameters, tick: number): boolean =>
  demography.selection === 'truncation' && (tick + 1) % demography.generation === 0;

/** Collects the living members of a population in scratch.living; FREE_SLOT = of all populations. */
export function collectLiving({ columns: { population } }: AgentWorld, owner: number): number {
  let count = 0;
  for (let i = 0; i < population.length; i++) {
    const of = population[i]!;
    if (of !== FREE_SLOT && (owner === FREE_SLOT || of === owner)) scratch.living[count++] = i;
  }
  return count;
}

/** Agents that a generation's end takes from a group, and parents that it gives: the share, rounded down. */
export const truncationQuota = ({ demography }: WorldParameters, count: number): number =>
  Math.floor(demography.truncationShare * count);

/** Marks the poorest share of the living, of each population apart under quotas. */
function truncate(world: AgentWorld): void {
  const { parameters: p, columns: c } = world;
  const { cause, living, chosen } = scratch;
  const groups = p.demography.quotas ? p.populations.length : 1;
  for (let group = 0; group < groups; group++) {
    const count = collectLiving(world, p.demography.quotas ? group : FREE_SLOT);
    const poorest = takeSmallest(c.wealth, living, count, truncationQuota(p, count), chosen);
    for (let k = 0; k < poorest; k++)
      if (cause[chosen[k]!] === CAUSE.none) cause[chosen[k]!] = CAUSE.truncation;
  }
}

// --- estates ---

/** Settles an estate and empties the slot: money to the treasury, hardware to the supplier's stock. */
export function bury(world: AgentWorld, tick: number, slot: number): void {
  const { columns: c, balances, ledger } = world;
  const cause = scratch.cause[slot]!;
  abandonTrial(world, slot);
  world.lineage?.death(world, tick, slot, CAUSE_NAMES[cause]!);
  settleEstate(world, slot);
  dropWithdrawal(world, slot);
  const treasury = ledger.system(SYSTEM.treasury);
  ledger.transfer(ASSET.token, slot, treasury, balances.token[slot]!, REASON.estate);
  ledger.transfer(ASSET.token, ledger.stakeOf(slot), treasury, balances.stake[slot]!, REASON.estate);
  ledger.transfer(ASSET.cash, slot, treasury, balances.cash[slot]!, REASON.estate);
  c.total[TOTAL.capacity]! -= c.capacity[slot]!;
  addToPool(world, c.data[slot]!);
  c.total[TOTAL.deaths]!++;
  // settle has counted those that could not pay their bill
  if (cause === CAUSE.insolvency && c.insolvent[slot] === 0) c.total[TOTAL.insolvencies]!++;
  c.scalar[WORLD.deaths]!++;
  c.scalar[WORLD.alive]!--;
  vacate(world, slot);
}

/** Clears all that a slot's next owner must not find. */
function vacate({ columns: c, agents, brain, parameters: p }: AgentWorld, slot: number): void {
  for (const column of SLOT_COLUMNS) c[column][slot] = 0;
  leaveContracts(c, slot);
  leaveEpoch(c, slot);
  if (c.soldBefore.length > 0) c.soldBefore[slot] = 0;
  if (c.lossCarried.length > 0) c.lossCarried[slot] = 0;
  c.population[slot] = FREE_SLOT;
  c.mode[slot] = MODE.idle;
  c.computeSide[slot] = SIDE.none;
  for (let k = 0; k < CLASS_COUNT; k++) c.skill[slot * CLASS_COUNT + k] = 0;
  for (const column of AGENT_COLUMNS) agents[column][slot] = 0;
  for (let k = 0; k < MEMORIES; k++) agents.memory[k * p.slots + slot] = 0;
  brain.columns.active[slot] = 0;
  brain.columns.reward[slot] = 0;
  for (let h = 0, at = actionIndex(slot); h < HEAD_COUNT; h++, at += LANES) brain.columns.action[at] = 0;
}

const SLOT_COLUMNS = [
  'capacity',
  'data',
  'reputation',
  'soldEma',
  'taskClass',
  'taskAsk',
  'computeLevel',
  'computeQuantity',
  'method',
  'finance',
  'deliver',
  'compute',
  'computeFilled',
  'computeAmount',
  'computeUsed',
  'tasksOffered',
  'tasksSold',
  'serviceAmount',
  'labelsUsed',
  'skillGain',
  'bill',
  'insolvent',
  'invested',
  'wealth',
  'wealthBefore',
  'inducedUnits',
] as const;
const AGENT_COLUMNS = [
  'serial',
  'profit',
  'lifeReward',
  'lifeProfit',
  'computeFill',
  'serviceFill',
  'unusedCompute',
  'scriptedLevel',
  'scriptedAsk',
  'transferGiven',
] as const;
