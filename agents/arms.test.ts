/** The arms that every experiment can use are choices of a config, and each does what it says. */
import { describe, expect, it } from 'vitest';
import { startTick } from '../market/circulation.ts';
import { MODE } from '../market/columns.ts';
import { applyActions, chooseOption } from './actions.ts';
import { HEAD } from './brain/layout.ts';
import { type AgentWorld, FEATURE_COUNT, GENE, REWARD_FEATURES } from './columns.ts';
import { live } from './demography.ts';
import { reward } from './rewardGenome.ts';
import { testWorld } from './testWorld.ts';

const SLOTS = 5;
/** Births by founder, when one slot opens per tick and founders own 1, 2, 3 and 4 parts of wealth. */
function birthsByWealth(lottery: string, ticks: number): number[] {
  const births = [0, 0, 0, 0];
  const world = testWorld({
    slots: SLOTS,
    world: {
      demography: {
        ageDeath: false,
        immigrationFloor: 0,
        lottery,
        sampling: 'multinomial',
        parentPays: false,
        crossover: 0,
      },
    },
    lineage: { birth: (w, _tick, slot) => births[w.agents.parent[slot]! - 1]!++, death() {} },
  });
  startTick(world, 0);
  births.fill(0);
  for (let tick = 0; tick < ticks; tick++) {
    world.columns.wealth.set([1e6, 2e6, 3e6, 4e6, 0]);
    // the child of the tick before dies before it can have children: its slot opens for the next
    world.columns.insolvent[4] = 1;
    live(world, 2 * tick);
    live(world, 2 * tick + 1);
  }
  return births;
}

describe('who has children', () => {
  const BIRTHS = 1200;
  const deviation = (count: number, share: number, total: number): number =>
    Math.abs(count - share * total) / Math.sqrt(total * share * (1 - share));

  it.each([
    ['wealth', [0.1, 0.2, 0.3, 0.4]],
    ['uniform', [0.25, 0.25, 0.25, 0.25]],
  ] as const)('is drawn by a %s lottery in shares %j', (lottery, shares) => {
    const births = birthsByWealth(lottery, BIRTHS);
    const total = births.reduce((a, b) => a + b, 0);
    expect(total).toBe(BIRTHS);
    for (const [k, share] of shares.entries()) expect(deviation(births[k]!, share, total)).toBeLessThan(4);
  });
});

/** A world in which some agents trained, some idled and wealth moved; its reward was computed. */
function lived(population: object, tick = 3): AgentWorld {
  const world = testWorld({ slots: 8, populations: [{ name: 'a', kind: 'learner', ...population }] });
  startTick(world, tick);
  for (let i = 0; i < 8; i++) chooseOption(world, i, HEAD.mode, i % 2 === 0 ? MODE.train : MODE.idle);
  applyActions(world, tick);
  for (let i = 0; i < 8; i++) {
    world.columns.wealthBefore[i] = 1_000_000;
    world.columns.wealth[i] = 1_000_000 + 200 * (i - 4);
    world.columns.skillGain[i] = i * 100_000;
    world.columns.computeUsed[i] = i;
    world.columns.bill[i] = 10 * i;
  }
  reward(world, tick);
  return world;
}
const rewardsOf = (world: AgentWorld): number[] => [...world.brain.columns.reward].slice(0, 8);
const featureOf = (world: AgentWorld, name: (typeof REWARD_FEATURES)[number]): number[] =>
  Array.from({ length: 8 }, (_, i) => world.agents.features[REWARD_FEATURES.indexOf(name) * 8 + i]!);

describe('what an agent is paid for', () => {
  it.each([
    ['logWealth', 'wealthGain'],
    ['profit', 'profit'],
    ['skill', 'skillGain'],
    ['computeSpent', 'computeSpent'],
    ['constant', 'survival'],
  ] as const)('is, by the reward %s, the feature %s and nothing else', (name, feature) => {
    const world = lived({ reward: name });
    expect(rewardsOf(world)).toEqual(featureOf(world, feature));
    if (feature !== 'survival') expect(new Set(rewardsOf(world)).size).toBeGreaterThan(4);
  });

  it('is nothing by the reward zero, whatever happens and whoever inherits', () => {
    const world = lived({ reward: 'zero' });
    expect(rewardsOf(world)).toEqual(new Array(8).fill(0));
    world.columns.insolvent[3] = 1;
    world.columns.wealth.fill(0x7fff_ffff);
    world.agents.thresholdGene.fill(0);
    live(world, 4);
    live(world, 5);
    expect(world.agents.generation[3]).toBe(1);
    expect([...world.agents.genes.subarray(0, FEATURE_COUNT * 8)].every((gene) => gene === 0)).toBe(true);
  });

  it('is noise by the random reward: fresh in each tick, of mean 0 and variance 1/3', () => {
    const world = lived({ reward: 'randomReward' });
    const noise = Array.from({ length: 400 }, (_, tick) => {
      reward(world, tick);
      return rewardsOf(world);
    }).flat();
    expect(new Set(noise).size).toBeGreaterThan(0.99 * noise.length);
    const mean = noise.reduce((sum, r) => sum + r, 0) / noise.length;
    const variance = noise.reduce((sum, r) => sum + r * r, 0) / noise.length;
    expect(Math.abs(mean)).toBeLessThan(4 * Math.sqrt(1 / 3 / noise.length));
    // the variance of r^2 is 1/5 - 1/9
    expect(Math.abs(variance - 1 / 3)).toBeLessThan(4 * Math.sqrt((1 / 5 - 1 / 9) / noise.length));
  });

  it('evolves from random unit vectors by default', () => {
    const world = lived({});
    const gene = (k: number, i: number): number => world.agents.genes[(GENE.linear + k) * 8 + i]!;
    const genomes = Array.from({ length: 8 }, (_, i) => REWARD_FEATURES.map((__, k) => gene(k, i)));
    for (const genome of genomes) expect(Math.hypot(...genome)).toBeCloseTo(1, 5);
    expect(new Set(genomes.map(String)).size).toBe(8);
  });
});
