/**
 * A genetic search over rewards of the hungry-thirsty domain: what a reward is worth is the fitness that a learner reaches
 * when it is paid by it. A table of four numbers, one for each combination of drives, which knows nothing of food.
 */
import seedrandom from 'seedrandom';
import type { DriveReward } from './gridReference.ts';

export const SEARCH = {
  genomes: 100,
  /** One genome in so many has children. */
  parentsPer: 5,
  generations: 13,
  /** Standard deviation of a mutation; rewards lie within -1 and 1. */
  sigma: 0.1,
} as const;

const DRIVES = ['both', 'hungry', 'thirsty', 'neither'] as const satisfies readonly (keyof DriveReward)[];

/** What a search ended with. */
export interface SearchedReward {
  /** Mean fitness of the last generation. */
  readonly fitness: number;
  /** Mean of the rewards that the last selection kept. */
  readonly kept: DriveReward;
  /** Mean fitness by generation, [generations + 1]; the first are random. */
  readonly course: readonly number[];
}

/**
 * Searches: genomes are drawn uniformly, the best fifth are the parents of all genomes of the next generation, each a
 * mutated copy of one of them.
 *
 * @param fitnessOf fitness of each of some rewards, in a generation
 */
export function evolveReward(
  { generations, genomes, seed }: { generations: number; genomes: number; seed: string },
  fitnessOf: (rewards: readonly DriveReward[], generation: number) => readonly number[],
): SearchedReward {
  const random = seedrandom.alea(seed);
  const normal = (): number => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  const rewardOf = (weightOf: (drives: keyof DriveReward) => number): DriveReward =>
    Object.fromEntries(DRIVES.map((drives) => [drives, weightOf(drives)])) as unknown as DriveReward;
  const mutated = (parent: DriveReward): DriveReward =>
    rewardOf((drives) => Math.max(-1, Math.min(1, parent[drives] + SEARCH.sigma * normal())));
  const mean = (values: readonly number[]): number =>
    values.reduce((sum, value) => sum + value, 0) / values.length;

  let rewards = Array.from({ length: genomes }, () => rewardOf(() => 2 * random() - 1));
  const course: number[] = [];
  for (let generation = 0; ; generation++) {
    const fitness = fitnessOf(rewards, generation);
    course.push(mean(fitness));
    const order = rewards.map((_, k) => k).sort((a, b) => fitness[b]! - fitness[a]! || a - b);
    const parents = order.slice(0, Math.floor(genomes / SEARCH.parentsPer)).map((k) => rewards[k]!);
    if (generation === generations)
      return {
        fitness: course.at(-1)!,
        kept: rewardOf((drives) => mean(parents.map((parent) => parent[drives]))),
        course,
      };
    rewards = rewards.map(() => mutated(parents[Math.floor(random() * parents.length)]!));
  }
}
