import { describe, expect, it } from 'vitest';
import { meanOf } from './case.ts';
import { type DriveReward, referenceFitness } from './gridReference.ts';
import { REFERENCE } from './gridWorld.ts';
import { caseNamed, runCase } from './index.ts';
import { evolveReward, SEARCH } from './rewardSearch.ts';

const DRIVES = ['both', 'hungry', 'thirsty', 'neither'] as const;
const TARGET: DriveReward = { both: -0.6, hungry: 0.4, thirsty: 0.9, neither: -0.2 };
const closeness = (reward: DriveReward): number =>
  -DRIVES.reduce((sum, drives) => sum + (reward[drives] - TARGET[drives]) ** 2, 0);
const search = (seed: string, fitness: (reward: DriveReward) => number, generations = 13) =>
  evolveReward({ generations, genomes: 60, seed }, (rewards) => rewards.map(fitness));

describe('the search for a reward', () => {
  it('finds the table that a fitness asks for, within a mutation', () => {
    const { kept, course } = search('target', closeness);
    for (const drives of DRIVES)
      expect(Math.abs(kept[drives] - TARGET[drives]), drives).toBeLessThan(SEARCH.sigma);
    expect(course).toHaveLength(14);
    expect(course.at(-1)!).toBeGreaterThan(course[0]!);
  });

  it('drifts where nothing is fitter, and stays within -1 and 1', () => {
    const ends = Array.from({ length: 12 }, (_, k) => search(`drift ${k}`, () => 1).kept);
    for (const drives of DRIVES) {
      const { mean, standardError } = meanOf(ends.map((kept) => kept[drives]));
      expect(Math.abs(mean)).toBeLessThan(4 * standardError);
    }
    const bound = search('bound', ({ both }) => both, 60).kept;
    expect(bound.both).toBeLessThanOrEqual(1);
    expect(bound.both).toBeGreaterThan(0.8);
  });

  it('is a function of its seed, and draws anew for another', () => {
    expect(search('a', closeness)).toEqual(search('a', closeness));
    expect(search('a', closeness).kept).not.toEqual(search('b', closeness).kept);
  });
});

describe('the hungry-thirsty case', () => {
  it('with the fitness reward is held against learners simulated apart, from both sides', async () => {
    const place = { food: [0, 0], water: [5, 0], steps: 75_000 } as const;
    const fitness = referenceFitness({ both: 0, hungry: 0, thirsty: 1, neither: 1 }, place, 64);
    const { mean } = meanOf(fitness);
    // the stored figures are those of more learners than a test has time for
    expect(Math.abs(mean - REFERENCE.mean)).toBeLessThan((4 * REFERENCE.deviation) / Math.sqrt(64));
    const { measured, tolerance, expected, pass } = await runCase(
      caseNamed('hungry-thirsty'),
      { reward: 'fitness' },
      3,
    );
    expect(pass).toBe(true);
    expect(measured.againstReference).toBe(measured.fitness);
    // a learner that never eats fails, and so does one that eats far too much
    expect(Number(expected.againstReference) - tolerance.againstReference!).toBeGreaterThan(0);
    expect(Number(expected.againstReference) + tolerance.againstReference!).toBeLessThan(0.05);
  }, 120_000);

  it('evolves rewards that are better than those that it starts from', async () => {
    const at = (generations: string) =>
      runCase(
        caseNamed('hungry-thirsty'),
        { reward: 'evolved', steps: '4000', genomes: '40', generations },
        1,
      );
    const [first, last] = [await at('1'), await at('6')];
    expect(last.measured.fitness).toBeGreaterThan(Number(first.measured.fitness));
    await expect(
      runCase(caseNamed('hungry-thirsty'), { reward: 'evolved', genomes: '4' }, 1),
    ).rejects.toThrow("'genomes' is 4");
    await expect(runCase(caseNamed('hungry-thirsty'), { reward: 'evovled' }, 1)).rejects.toThrow('evolved');
  }, 60_000);
});
