/**
 * The Price equation over a metric interval: change of a trait's mean = selection Cov(w, z) / mean w +
 * transmission E(w dz) / mean w + migration (G. R. Price, "Selection and covariance", Nature 227, 1970; with
 * migrants as in Kerr & Godfrey-Smith, Evolution 63, 2009). w of an agent at the first census is its number of living
 * descendants at the second, itself included if it survived; a child counts for its first parent.
 */
import { FREE_SLOT } from '../market/columns.ts';
import { type AgentWorld, GENE, NO_ANCESTOR, REWARD_FEATURES } from './columns.ts';

/** A trait of a living agent. */
export type Trait = (world: AgentWorld, slot: number) => number;

/** The linear gene on a reward feature. */
export function linearGene(feature: (typeof REWARD_FEATURES)[number]): Trait {
  const gene = GENE.linear + REWARD_FEATURES.indexOf(feature);
  return ({ agents, parameters }, slot) => agents.genes[gene * parameters.slots + slot]!;
}

/** The index of the population: its mean is the share of type 1 in a run with two populations. */
export const populationIndex: Trait = ({ columns }, slot) => columns.population[slot]!;

export interface PriceTerms {
  /** Change of the mean, from the two means alone. */
  readonly change: number;
  readonly selection: number;
  readonly transmission: number;
  readonly migration: number;
  /** change - selection - transmission - migration; rounding only. */
  readonly residual: number;
}

/** Living descendants of each slot's ancestor; reused, so that checking the equation allocates nothing. */
let fitnessRoom = new Float64Array(0);

/** Starts an interval: every living agent becomes its own ancestor. Kept in columns, so that checkpoints hold it. */
export function takeCensus(world: AgentWorld, trait: Trait): void {
  const { columns, agents } = world;
  for (let i = 0; i < columns.population.length; i++) {
    const alive = columns.population[i] !== FREE_SLOT;
    agents.censusAlive[i] = alive ? 1 : 0;
    agents.censusTrait[i] = alive ? trait(world, i) : 0;
    agents.censusAncestor[i] = alive ? i : NO_ANCESTOR;
  }
}

/**
 * The terms since the last census; all NaN when nobody lived at either end. Where no descendant of the first
 * census lives, selection is undefined and the whole change counts as migration.
 */
export function priceTerms(world: AgentWorld, trait: Trait): PriceTerms {
  const { columns, agents } = world;
  const slots = columns.population.length;
  if (fitnessRoom.length < slots) fitnessRoom = new Float64Array(slots);
  const fitness = fitnessRoom.fill(0, 0, slots);
  let descendants = 0;
  let migrants = 0;
  let descendantSum = 0;
  let migrantSum = 0;
  let changeSum = 0;
  for (let i = 0; i < slots; i++) {
    if (columns.population[i] === FREE_SLOT) continue;
    const z = trait(world, i);
    const ancestor = agents.censusAncestor[i]!;
    if (ancestor === NO_ANCESTOR) {
      migrants++;
      migrantSum += z;
      continue;
    }
    fitness[ancestor]!++;
    descendants++;
    descendantSum += z;
    changeSum += z - agents.censusTrait[ancestor]!;
  }
  let ancestors = 0;
  let ancestorSum = 0;
  for (let i = 0; i < slots; i++) {
    if (agents.censusAlive[i] === 0) continue;
    ancestors++;
    ancestorSum += agents.censusTrait[i]!;
  }
  const before = ancestorSum / ancestors;
  const change = (descendantSum + migrantSum) / (descendants + migrants) - before;
  if (descendants === 0)
    return { change, selection: 0, transmission: 0, migration: change, residual: 0 * change };
  const meanFitness = descendants / ancestors;
  let covariance = 0;
  for (let i = 0; i < slots; i++) {
    if (agents.censusAlive[i] === 0) continue;
    covariance += ((fitness[i]! - meanFitness) * (agents.censusTrait[i]! - before)) / ancestors;
  }
  const selection = covariance / meanFitness;
  const transmission = changeSum / ancestors / meanFitness;
  const migration =
    migrants === 0
      ? 0
      : (migrants / (descendants + migrants)) * (migrantSum / migrants - descendantSum / descendants);
  return {
    change,
    selection,
    transmission,
    migration,
    residual: change - selection - transmission - migration,
  };
}
