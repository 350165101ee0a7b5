import { describe, expect, it } from 'vitest';
import { FEATURE_COUNT, type Founders, GENE_COUNT } from '../agents/columns.ts';
import { MIND_VALUES } from '../agents/founders.ts';
import { resolveConfig } from '../configs/parse.ts';
import { CLASS_COUNT } from '../configs/taskClasses.ts';
import { FREE_SLOT } from '../market/columns.ts';
import { CheckpointError, ConfigError } from './core/errors.ts';
import { decodeFounders, encodeFounders, foundersHash, poolFounders, readFounders } from './founders.ts';
import { Shard } from './shard.ts';
import type { World } from './world.ts';

const SLOTS = 16;
const source = resolveConfig({
  seed: 'source',
  slots: SLOTS,
  worlds: 2,
  world: { demography: { meanLife: 80, threshold: 100, endowmentFloor: 100 } },
  populations: [
    { name: 'zi', kind: 'ziC' },
    { name: 'learners', kind: 'learner', share: 3 },
  ],
});
const LEARNERS = 1;
const saved = new Shard(source, [0, 1]);
saved.advance(150);
const worlds = [...saved.inside()];
const pool = (minds: boolean): Founders =>
  poolFounders(
    saved.save().map((state) => readFounders([state], LEARNERS, minds)),
    minds,
  );

const garden = (
  population: object,
  founders: Founders | null,
  seed = 'garden',
  world: object = {},
): World => {
  const run = resolveConfig({
    seed,
    slots: 24,
    ticks: 200,
    world,
    populations: [
      { name: 'learners', kind: 'learner', share: 2, from: { run: 'elsewhere' }, ...population },
      { name: 'own', kind: 'learner' },
    ],
  });
  const shard = new Shard(run, [0], founders === null ? {} : { founders: [[founders, null]] });
  shard.advance(0);
  return [...shard.inside()][0]!;
};
const genomeOf = ({ agents, parameters: { slots } }: World, slot: number, genes = agents.genes): string =>
  Array.from({ length: GENE_COUNT }, (_, k) => genes[k * slots + slot]).join(' ');
const genomesIn = ({ count, genes }: Founders): Set<string> =>
  new Set(
    Array.from({ length: count }, (_, at) =>
      genes.subarray(at * GENE_COUNT, (at + 1) * GENE_COUNT).join(' '),
    ),
  );
const membersOf = ({ columns: { population } }: World, k: number): number[] =>
  Array.from(population.keys()).filter((slot) => population[slot] === k);

describe('founders read from a saved run', () => {
  it('are all living members of the population in all worlds, and nobody else', () => {
    const found = pool(true);
    const members = worlds.flatMap((world) =>
      membersOf(world, LEARNERS).map((slot) => genomeOf(world, slot)),
    );
    expect(found.count).toBe(members.length);
    expect(found.count).toBeGreaterThan(5);
    expect([...genomesIn(found)].sort()).toEqual([...new Set(members)].sort());
    expect(found.mind).toHaveLength(found.count * MIND_VALUES);
    expect(found.skill).toHaveLength(found.count * CLASS_COUNT);
  });

  it('leave brains and skills behind where only genomes are asked for', () => {
    expect(pool(false)).toMatchObject({ count: pool(true).count, mind: { length: 0 }, skill: { length: 0 } });
    expect(foundersHash(pool(false))).not.toBe(foundersHash(pool(true)));
  });

  it('are the same after a way through bytes; damage is noticed', () => {
    const bytes = encodeFounders(pool(true));
    expect(decodeFounders(bytes)).toEqual(pool(true));
    bytes[bytes.length - 9]! ^= 1;
    expect(() => decodeFounders(bytes, 'kept')).toThrow(CheckpointError);
  });

  it('in the middle of a trial give the genes that they had before it', () => {
    const run = resolveConfig({
      slots: 32,
      world: { objectives: { enabled: true, trialBlock: 4, cooldown: 0, placebo: 0 } },
    });
    const shard = new Shard(run, [0]);
    const [world] = [...shard.inside()];
    // every agent in the second block of a trial: the new genes are in use, the old ones kept aside
    world!.agents.trialStage.fill(3);
    world!.agents.trialGenes.set(world!.agents.genes);
    for (let k = 0; k < FEATURE_COUNT * 32; k++) world!.agents.genes[k] = 0.125;
    const found = readFounders(shard.save(), 0, false);
    expect(found.genes.slice(0, FEATURE_COUNT).every((gene) => gene !== 0.125)).toBe(true);
    world!.agents.trialStage.fill(5);
    expect(readFounders(shard.save(), 0, false).genes[0]).toBe(0.125);
  });
});

describe('a population from a saved run', () => {
  it('starts with genomes of its founders, each drawn anew, and shadows from the same pool', () => {
    const founders = pool(false);
    const known = genomesIn(founders);
    const world = garden({}, founders);
    const genomes = membersOf(world, 0).map((slot) => genomeOf(world, slot));
    expect(genomes.every((genome) => known.has(genome))).toBe(true);
    expect(new Set(genomes).size).toBeGreaterThan(4);
    const shadows = membersOf(world, 0).map((slot) => genomeOf(world, slot, world.agents.shadowGenes));
    expect(shadows.every((genome) => known.has(genome))).toBe(true);
    expect(shadows).not.toEqual(genomes);
  });

  it('draws other founders with another seed, the same with the same', () => {
    const founders = pool(false);
    const first = genomeOf(garden({}, founders), 0);
    expect(genomeOf(garden({}, founders), 0)).toBe(first);
    const others = ['b', 'c', 'd', 'e'].map((seed) => genomeOf(garden({}, founders, seed), 0));
    expect(others.some((genome) => genome !== first)).toBe(true);
  });

  it('of genomes has the brains and skills of newborns; of agents those that were saved', () => {
    const founders = pool(true);
    const naive = garden({}, { ...founders, mind: new Float32Array(0), skill: new Uint32Array(0) });
    const wise = garden({}, founders);
    const untouched = garden({ from: undefined }, null);
    for (const slot of membersOf(wise, 0)) {
      expect(naive.brain.readAgent(slot)).toEqual(untouched.brain.readAgent(slot));
      const at = Array.from({ length: founders.count }, (_, k) => k).find(
        (k) => founders.mind[k * MIND_VALUES] === wise.brain.readAgent(slot)[0],
      )!;
      const weights = founders.mind.subarray(at * MIND_VALUES, (at + 1) * MIND_VALUES);
      expect(wise.brain.readAgent(slot)).toEqual(weights.slice(0, wise.brain.readAgent(slot).length));
      expect([...wise.columns.skill.subarray(slot * CLASS_COUNT, (slot + 1) * CLASS_COUNT)]).toEqual([
        ...founders.skill.subarray(at * CLASS_COUNT, (at + 1) * CLASS_COUNT),
      ]);
      expect(wise.columns.skill[slot * CLASS_COUNT]).not.toBe(naive.columns.skill[slot * CLASS_COUNT]);
      // possessions are those of the new world
      expect(wise.balances.cash[slot]).toBe(untouched.balances.cash[slot]);
      expect(wise.columns.capacity[slot]).toBe(untouched.columns.capacity[slot]);
    }
  });

  it('moves nobody else: the other population is what it would be beside newborns', () => {
    const beside = garden({}, pool(true));
    const alone = garden({ from: undefined }, null);
    for (const slot of membersOf(alone, 1)) {
      expect(genomeOf(beside, slot)).toBe(genomeOf(alone, slot));
      expect(beside.brain.readAgent(slot)).toEqual(alone.brain.readAgent(slot));
    }
  });

  it('that does not evolve is a common garden: births and immigrants carry genomes of the founders for good', () => {
    const founders = pool(false);
    const known = genomesIn(founders);
    const run = resolveConfig({
      seed: 'common garden',
      slots: 24,
      world: { demography: { meanLife: 40, threshold: 50, endowmentFloor: 50, immigrationFloor: 0.5 } },
      populations: [{ name: 'learners', kind: 'learner', from: { run: 'elsewhere' }, evolves: false }],
    });
    const shard = new Shard(run, [0], { founders: [[founders]] });
    const report = shard.advance(400);
    const [world] = [...shard.inside()];
    const events = report.batches.find(({ table }) => table === 'lineage')!.columns.event as string[];
    for (const event of ['birth', 'immigration']) expect(events).toContain(event);
    for (const slot of membersOf(world!, 0)) expect(known.has(genomeOf(world!, slot))).toBe(true);
    expect(world!.columns.population.some((owner) => owner !== FREE_SLOT)).toBe(true);
    expect(report.laws.every((law) => law.violated === null)).toBe(true);
  });

  it('is refused where nobody gave its founders', () => {
    expect(() => garden({}, null)).toThrow(ConfigError);
    expect(() => garden({}, null)).toThrow("the founders of 'learners' were not read from elsewhere");
  });
});
