/**
 * Populations that come from a saved run: members at genesis and immigrants carry the genes of its living learners,
 * and on request what those have learned (weights, the moments that scale inputs and rewards, skills). What an
 * agent owns stays behind: a founder starts with the possessions of the new world.
 */

import { CLASS_COUNT } from '../configs/taskClasses.ts';
import type { WorldParameters } from '../configs/worldParameters.ts';
import { FREE_SLOT } from '../market/columns.ts';
import { ConfigError } from '../sim/core/errors.ts';
import { indexBelow, pcg4d, STREAM } from '../sim/core/rng.ts';
import { BRAIN_ROWS, type BrainColumnName } from './brain/layout.ts';
import { type AgentWorld, type Founders, GENE_COUNT } from './columns.ts';

/** What a brain has learned. Traces and the last action belong to the tick before, which a founder has not seen. */
export const MIND = [
  'weights',
  'inputMean',
  'inputVariance',
  'inputCount',
  'rewardMean',
  'rewardVariance',
  'rewardCount',
] as const satisfies readonly BrainColumnName[];
const mindRows = (name: (typeof MIND)[number]): number => BRAIN_ROWS[name][1];
/** Values of one mind. */
export const MIND_VALUES = MIND.reduce((sum, name) => sum + mindRows(name), 0);
/** Most founders that one draw can choose among. */
export const FOUNDERS_MAX = 2 ** 21;

/** Founders of every population of every arm, [arm][population]; null where a population has no `from`. */
export type FoundersByArm = readonly (readonly (Founders | null)[])[];

/** Throws ConfigError unless every population that comes from a saved run was given its founders. */
export function assertFounders(
  { populations }: WorldParameters,
  founders: readonly (Founders | null)[] | null,
): void {
  populations.forEach(({ name, from }, k) => {
    if (from === undefined || (founders?.[k]?.count ?? 0) > 0) return;
    throw new ConfigError(
      `populations[${k}].from`,
      `the founders of '${name}' were not read from ${from.run}`,
      'read them and give them to createSimulation(run, { founders })',
    );
  });
}

const words = new Uint32Array(4);

/** The founder that arrives in a slot, and the one whose genes are its neutral shadow; a function of the seed alone. */
function drawFounder({ seed }: WorldParameters, tick: number, slot: number, count: number, shadow: boolean) {
  pcg4d(words, seed, tick, slot, STREAM.founders);
  return indexBelow(words[shadow ? 1 : 0]!, count);
}

const foundersOf = (world: AgentWorld, population: number): Founders | null =>
  world.founders?.[population] ?? null;

/** Gives a newcomer a founder's genes, and another one's as its neutral shadow. Does nothing without founders. */
export function takeFounderGenes(world: AgentWorld, tick: number, slot: number, population: number): void {
  const founders = foundersOf(world, population);
  if (founders === null) return;
  const { parameters: p, agents } = world;
  const { count, genes } = founders;
  const self = drawFounder(p, tick, slot, count, false);
  const shadow = drawFounder(p, tick, slot, count, true);
  for (let k = 0; k < GENE_COUNT; k++) {
    agents.genes[k * p.slots + slot] = genes[self * GENE_COUNT + k]!;
    agents.shadowGenes[k * p.slots + slot] = genes[shadow * GENE_COUNT + k]!;
  }
  agents.thresholdGene[slot] = founders.thresholdGene[self]!;
  agents.endowmentGene[slot] = founders.endowmentGene[self]!;
}

/** Gives a newcomer what the same founder has learned, over the brain and skills of a newborn. */
export function takeFounderMind(world: AgentWorld, tick: number, slot: number, population: number): void {
  const founders = foundersOf(world, population);
  if (founders === null || founders.mind.length === 0) return;
  const self = drawFounder(world.parameters, tick, slot, founders.count, false);
  let from = self * MIND_VALUES;
  for (const name of MIND) {
    world.brain.writeRows(name, slot, founders.mind.subarray(from, from + mindRows(name)));
    from += mindRows(name);
  }
  takeSkill(world, slot, founders, self);
}

function takeSkill({ columns }: AgentWorld, slot: number, { skill }: Founders, self: number): void {
  for (let k = 0; k < CLASS_COUNT; k++)
    columns.skill[slot * CLASS_COUNT + k] = skill[self * CLASS_COUNT + k]!;
}

/** Skills of the founders at genesis, after market/circulation.ts gave everybody the world's. */
export function foundSkills(world: AgentWorld): void {
  const { population } = world.columns;
  for (let i = 0; i < population.length; i++) {
    const founders = population[i] === FREE_SLOT ? null : foundersOf(world, population[i]!);
    if (founders === null || founders.skill.length === 0) continue;
    takeSkill(world, i, founders, drawFounder(world.parameters, 0, i, founders.count, false));
  }
}
