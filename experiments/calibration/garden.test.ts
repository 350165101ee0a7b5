import { beforeAll, describe, expect, it } from 'vitest';
import { FEATURE_COUNT, type Founders, GENE, GENE_COUNT, REWARD_FEATURES } from '../../agents/columns.ts';
import { resolveConfig } from '../../configs/parse.ts';
import type { RunConfig } from '../../configs/schema.ts';
import { CLASS_COUNT } from '../../configs/taskClasses.ts';
import { TOTAL } from '../../market/columns.ts';
import { POPULATION_METRIC_INDEX } from '../../sim/metrics/table.ts';
import { createSimulation } from '../../sim/run.ts';
import { Shard } from '../../sim/shard.ts';
import type { World } from '../../sim/world.ts';
import { GARDEN_POPULATIONS, gardenFounders, gardenRun } from './garden.ts';

/** Lives so short that most of the garden is replaced within the test. */
const LIFE = 60;
let base: RunConfig;
let pools: readonly (Founders | null)[];
let world: World;
let seeds: readonly number[];
let living = 0;
let states: Uint8Array[][];

const poolOf = (name: string): Founders => pools[GARDEN_POPULATIONS.findIndex((p) => p.name === name)]!;
const genomesOf = ({ genes, count }: Founders): string[] =>
  Array.from({ length: count }, (_, k) => genes.subarray(k * GENE_COUNT, (k + 1) * GENE_COUNT).join());

beforeAll(async () => {
  const run = resolveConfig({
    ticks: 150,
    worlds: 2,
    slots: 32,
    world: { demography: { meanLife: LIFE } },
    populations: [
      { name: 'learners', kind: 'learner', share: 3 },
      { name: 'random', kind: 'random' },
    ],
  });
  base = run.arms[0]!;
  const evolution = createSimulation(run);
  const { frame } = await evolution.advance(150);
  living = frame.worlds.reduce(
    (sum, { populations }) => sum + populations[0]![POPULATION_METRIC_INDEX.alive]!,
    0,
  );
  states = [];
  await evolution.save(async (number, state) => {
    states[number] = [state];
  });
  pools = gardenFounders(states, 0, base.world.learner)[0]!;
  const [garden, other] = [0, 1].map((number) => gardenRun(base, number, 100));
  const shard = new Shard(garden!, [0], { founders: [pools] });
  seeds = [shard, new Shard(other!, [0])].map((one) => [...one.inside()][0]!.parameters.seed);
  shard.advance(100);
  world = [...shard.inside()][0]!;
});

describe('the founders of the common garden', () => {
  it('are all living learners, with their genes, their shadows, and their rewards alone', () => {
    const evolved = poolOf('evolved');
    expect(living).toBeGreaterThan(0);
    expect(evolved.count).toBe(living);
    expect(poolOf('shadow').genes).not.toEqual(evolved.genes);
    expect(poolOf('shadow').genes).toHaveLength(evolved.genes.length);
    const rewards = poolOf('evolved-rewards').genes;
    for (let k = 0; k < evolved.count; k++) {
      const at = k * GENE_COUNT;
      expect(rewards.subarray(at, at + GENE.gamma)).toEqual(evolved.genes.subarray(at, at + GENE.gamma));
      expect(rewards[at + GENE.gamma]).toBe(Math.fround(base.world.learner.gamma));
      expect(rewards[at + GENE.logKappa]).toBe(Math.fround(Math.log(base.world.learner.kappaActor)));
    }
    expect(GARDEN_POPULATIONS.map(({ name }) => name).filter((name) => poolOf(name) !== null)).toEqual([
      'evolved',
      'evolved-rewards',
      'shadow',
    ]);
  });
});

describe('founders whose rewards lack some features', () => {
  const masked = (without: readonly (typeof REWARD_FEATURES)[number][]): Founders =>
    gardenFounders(states, 0, base.world.learner, [
      { name: 'a', kind: 'learner', share: 1, genes: 'evolved', without },
    ])[0]![0]!;

  it('value nothing of them, and the others in the proportions of before', () => {
    const { genes, count } = poolOf('evolved');
    const left = masked(['skillGain', 'idle']).genes;
    const silent = ['skillGain', 'idle'].map((feature) => REWARD_FEATURES.indexOf(feature as 'idle'));
    for (let k = 0; k < count; k++) {
      const before = genes.subarray(k * GENE_COUNT, k * GENE_COUNT + FEATURE_COUNT);
      const after = left.subarray(k * GENE_COUNT, k * GENE_COUNT + FEATURE_COUNT);
      const norm = Math.sqrt(before.reduce((sum, w, f) => sum + (silent.includes(f) ? 0 : w * w), 0));
      before.forEach((w, f) => {
        expect(after[f]).toBeCloseTo(silent.includes(f) ? 0 : w / norm, 5);
      });
      expect(silent.some((f) => before[f] !== 0)).toBe(true);
      // what is learned with is not rewarded
      expect(left.subarray(k * GENE_COUNT + GENE.gamma, (k + 1) * GENE_COUNT)).toEqual(
        genes.subarray(k * GENE_COUNT + GENE.gamma, (k + 1) * GENE_COUNT),
      );
    }
  });

  it('are refused where nothing is left to value', () => {
    expect(() => masked(REWARD_FEATURES)).toThrow('some genomes value nothing else');
  });

  it('have learned nothing, unless that is asked for', () => {
    const founders = (learned: boolean): Founders =>
      gardenFounders(states, 0, base.world.learner, [
        { name: 'a', kind: 'learner', share: 1, genes: 'evolved', learned },
      ])[0]![0]!;
    expect(founders(false).mind).toHaveLength(0);
    const { mind, skill, count } = founders(true);
    expect(mind.some((value) => value !== 0)).toBe(true);
    expect(skill.length).toBe(count * CLASS_COUNT);
  });
});

describe('the common garden', () => {
  it('has seeds that the run of evolution did not have', () => {
    const known = [...new Shard(resolveConfig(base), [0, 1]).inside()].map(
      ({ parameters }) => parameters.seed,
    );
    expect(new Set([...known, ...seeds]).size).toBe(known.length + 2);
  });

  it('stays clean: nobody is born, and every newcomer carries a genome of its population', () => {
    const { agents, columns, parameters } = world;
    expect(columns.total[TOTAL.births]).toBe(0);
    expect(columns.total[TOTAL.immigrants]).toBeGreaterThan(parameters.slots / 2);
    for (const name of ['evolved', 'evolved-rewards', 'shadow']) {
      const population = GARDEN_POPULATIONS.findIndex((p) => p.name === name);
      const genomes = new Set(genomesOf(poolOf(name)));
      let members = 0;
      for (let slot = 0; slot < parameters.slots; slot++) {
        if (columns.population[slot] !== population) continue;
        members++;
        const own = Float32Array.from(
          { length: GENE_COUNT },
          (_, k) => agents.genes[k * parameters.slots + slot]!,
        );
        expect(genomes).toContain(own.join());
      }
      expect(members).toBeGreaterThan(0);
    }
  });

  it('gives every population slots of its own', () => {
    const { agents, columns } = world;
    columns.population.forEach((population, slot) => {
      if (population < GARDEN_POPULATIONS.length) expect(population).toBe(agents.slotPopulation[slot]);
    });
  });
});
