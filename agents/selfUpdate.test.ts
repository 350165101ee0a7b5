import { describe, expect, it } from 'vitest';
import { ASSET, FREE_SLOT, WORLD } from '../market/columns.ts';
import { REASON } from '../market/ledger.ts';
import { chooseOption, headUse, logitMask } from './actions.ts';
import { HEAD, LANES, laneIndex, OBSERVATION_COUNT, PARAMETER_COUNT } from './brain/layout.ts';
import { type AgentWorld, GENE, GENE_COUNT, NO_BASE, TRIAL, TRIAL_TOTAL } from './columns.ts';
import { live } from './demography.ts';
import { checkUnitNorm } from './laws.ts';
import { OBSERVATION, observe } from './observation.ts';
import { reviseObjectives } from './selfUpdate.ts';
import { testWorld } from './testWorld.ts';

const BLOCK = 4;
type Options = NonNullable<Parameters<typeof testWorld>[0]>;

/** Five agents that revise when told; nobody dies, is born or arrives unless a test lets it. */
function trialWorld(objectives: object = {}, options: Options = {}): AgentWorld {
  return testWorld({
    slots: 5,
    ...options,
    world: {
      demography: { ageDeath: false, immigrationFloor: 0 },
      objectives: { enabled: true, trialBlock: BLOCK, cooldown: 6, placebo: 0, ...objectives },
      ...options.world,
    },
  });
}
const revise = (world: AgentWorld, ...agents: number[]): void => {
  for (let i = 0; i < world.parameters.slots; i++) {
    chooseOption(world, i, HEAD.objective, agents.includes(i) ? 1 : 0);
  }
};
const genesOf = (world: AgentWorld, agent: number, column: 'genes' | 'trialGenes' = 'genes'): number[] =>
  Array.from({ length: GENE_COUNT }, (_, k) => world.agents[column][k * world.parameters.slots + agent]!);
const finished = ({ agents: { trialTotal: t } }: AgentWorld): number =>
  t[TRIAL_TOTAL.accepted]! +
  t[TRIAL_TOTAL.kept]! +
  t[TRIAL_TOTAL.placeboAccepted]! +
  t[TRIAL_TOTAL.placeboKept]!;

/**
 * Plays blocks with the wealth that each agent has at their closes; agents in `revising` revise in tick 0 (so that
 * their trial begins with the second block). Returns the genes of agent 0 in use within each block.
 */
function play(world: AgentWorld, closes: readonly (readonly number[])[], revising: readonly number[] = [0]) {
  const used: number[][] = [];
  closes.forEach((wealth, block) => {
    for (let t = 0; t < BLOCK; t++) {
      const tick = block * BLOCK + t;
      revise(world, ...(tick === 0 ? revising : []));
      if (t === BLOCK - 1) world.columns.wealth.set(wealth);
      reviseObjectives(world, tick);
      if (t === BLOCK - 2) used.push(genesOf(world, 0));
    }
  });
  return used;
}
/** Closes of blocks at which agent 0 has grown by these powers of two, and the others by those. */
const powers = (own: readonly number[], others: readonly number[] = own.map(() => 0)): number[][] => {
  let mine = 10;
  let theirs = 10;
  return own.map((grown, k) => {
    mine += grown;
    theirs += others[k]!;
    return [2 ** mine, 2 ** theirs, 2 ** theirs, 2 ** theirs, 2 ** theirs];
  });
};
/** Before the trial, then A B B A. */
const FLAT = powers([0, 0, 0, 0, 0]);

describe('self-update, off', () => {
  it('takes no memory, masks its head and counts it in no mode', () => {
    const { agents, parameters } = testWorld();
    expect([agents.trialGenes.length, agents.trialStage.length, agents.trialTotal.length]).toEqual([0, 0, 0]);
    expect(logitMask(parameters) >>> 30).toBe(0);
    for (const use of headUse(parameters)) expect((use >>> HEAD.objective) & 1).toBe(0);
  });

  it('ignores an agent that revises', () => {
    const world = testWorld({ slots: 2 });
    const before = genesOf(world, 0);
    revise(world, 0, 1);
    for (let tick = 0; tick < 2000; tick++) reviseObjectives(world, tick);
    expect(genesOf(world, 0)).toEqual(before);
  });
});

describe('a trial', () => {
  it('lets both options of its head be chosen, in every mode', () => {
    const { parameters } = trialWorld();
    expect(logitMask(parameters) >>> 30).toBe(3);
    for (const use of headUse(parameters)) expect((use >>> HEAD.objective) & 1).toBe(1);
  });

  it('plays old, new, new and old genes, from the opening of the next block on', () => {
    const world = trialWorld();
    const old = genesOf(world, 0);
    const [before, a1, b1, b2, a2] = play(world, FLAT);
    expect([before, a1, a2]).toEqual([old, old, old]);
    expect(b1).not.toEqual(old);
    expect(b2).toEqual(b1);
    expect(world.agents.trialStage[0]).toBe(TRIAL.none);
    expect([...world.agents.trialTotal]).toEqual([1, 0, 1, 0, 0, 0]);
  });

  it('changes reward genes alone, of unit norm, by a size that sigma sets', () => {
    const world = trialWorld();
    const old = genesOf(world, 0);
    revise(world, 0);
    reviseObjectives(world, 0);
    const fresh = genesOf(world, 0, 'trialGenes');
    expect(fresh.slice(GENE.gamma)).toEqual(old.slice(GENE.gamma));
    const distance = Math.hypot(...fresh.slice(0, 15).map((g, k) => g - old[k]!));
    expect(distance).toBeGreaterThan(0.05);
    expect(distance).toBeLessThan(0.1 * 6 * Math.sqrt(15));
    checkUnitNorm(world, 0);
    world.agents.trialGenes[0]! += 1;
    expect(() => checkUnitNorm(world, 0)).toThrow(/agent 0 genome on trial/);
  });

  it.each([
    ['richer under new genes', powers([0, 0, 1, 1, 0]), true],
    ['richer under old genes', powers([0, 1, 0, 0, 1]), false],
    ['as rich under both', powers([0, 0, 0, 0, 0]), false],
    ['steadily growing', powers([0, 1, 1, 1, 1]), false],
    ['richer in one new block than poorer in the other', powers([0, 0, 2, -1, 0]), true],
    ['poorer by as much in the other', powers([0, 0, 1, -1, 0]), false],
    ['as everybody else grew', powers([0, 0, 1, 1, 0], [0, 0, 1, 1, 0]), false],
    ['while all others fell behind', powers([0, 0, 0, 0, 0], [0, 0, -1, -1, 0]), true],
    ['but no richer before the trial', powers([5, 0, 0, 0, 0]), false],
  ])('accepts by wealth alone: %s -> %s', (_, closes, accepted) => {
    const world = trialWorld();
    const old = genesOf(world, 0);
    const used = play(world, closes);
    expect(genesOf(world, 0)).toEqual(accepted ? used[2] : old);
    expect(world.agents.trialTotal[accepted ? TRIAL_TOTAL.accepted : TRIAL_TOTAL.kept]).toBe(1);
  });

  it('accepts at the least advantage that integer logarithms resolve, and keeps the old genes at a tie', () => {
    for (const [gain, accepted] of [
      [0, 0],
      // the integer logarithm resolves 2^-16 octaves, a relative change of 1.1e-5
      [16, 1],
    ] as const) {
      const world = trialWorld();
      const rest = [1 << 20, 1 << 20, 1 << 20, 1 << 20];
      const wealth = (own: number): number[] => [own, ...rest];
      play(world, [
        ...Array.from({ length: 3 }, () => wealth(1 << 20)),
        ...Array.from({ length: 2 }, () => wealth((1 << 20) + gain)),
      ]);
      expect(world.agents.trialTotal[TRIAL_TOTAL.accepted]).toBe(accepted);
    }
  });

  it('never asks the reward', () => {
    const outcomes = [-1, 0, 1].map((reward) => {
      const world = trialWorld();
      world.brain.columns.reward.fill(reward);
      world.agents.lifeReward.fill(1000 * reward);
      play(world, powers([0, 0, 1, 1, 0]));
      return genesOf(world, 0);
    });
    expect(outcomes[1]).toEqual(outcomes[0]);
    expect(outcomes[2]).toEqual(outcomes[0]);
  });

  it.each([
    ['keeps the new ones if they paid it more', 1, 1],
    ['keeps the old ones at a tie', 0, 0],
    ['keeps the old ones if they paid more', -1, 0],
  ])('that reward judges %s, whatever became of wealth', (_, gain, accepted) => {
    const outcomes = [-1, 0, 1].map((grown) => {
      const world = trialWorld({ judge: 'reward' });
      const { columns, agents } = world;
      for (let tick = 0; tick < 5 * BLOCK; tick++) {
        revise(world, ...(tick === 0 ? [0] : []));
        // blocks 2 and 3 are those of the new genes
        const isNew = Math.floor(tick / BLOCK) === 2 || Math.floor(tick / BLOCK) === 3;
        agents.lifeReward[0]! += 1 + (isNew ? gain / 512 : 0);
        if (isNew) columns.wealth[0] = 2 ** (12 + grown);
        reviseObjectives(world, tick);
      }
      return agents.trialTotal[TRIAL_TOTAL.accepted];
    });
    expect(outcomes).toEqual([accepted, accepted, accepted]);
  });

  it('takes gifts to children out of growth', () => {
    const give = (block: number): number => {
      const world = trialWorld();
      const { columns, agents } = world;
      for (let tick = 0; tick < 5 * BLOCK; tick++) {
        revise(world, ...(tick === 0 ? [0] : []));
        agents.transferGiven[0] = 0;
        columns.wealthBefore.set(columns.wealth);
        if (tick === block * BLOCK + 1) {
          // the tick before, it gave half of what it had
          agents.transferGiven[0] = columns.wealth[0]! / 2;
          columns.wealth[0]! /= 2;
          columns.wealthBefore[0]! /= 2;
        }
        // and in the first new block it grows a little
        if (tick === 2 * BLOCK + 2) columns.wealth[0]! += 2000;
        reviseObjectives(world, tick);
      }
      return world.agents.trialTotal[TRIAL_TOTAL.accepted]!;
    };
    expect([1, 2, 3, 4].map(give)).toEqual([1, 1, 1, 1]);
  });

  it('forgets traces and reward moments at the opening of each of its blocks, and keeps what was learned', () => {
    const world = trialWorld();
    const { traces, weights, rewardCount, rewardMean } = world.brain.shards[0]!.columns;
    const kept = weights.slice();
    const first = laneIndex(0, PARAMETER_COUNT);
    const resets: number[] = [];
    for (let tick = 0; tick < 6 * BLOCK; tick++) {
      revise(world, ...(tick === 0 ? [0] : []));
      traces.fill(1);
      rewardCount.fill(7);
      rewardMean.fill(3);
      if (tick === 3 * BLOCK - 1) world.columns.wealth[0]! *= 2; // accepted in the end
      reviseObjectives(world, tick);
      expect([traces[first + LANES * 1000], rewardCount[0]]).toEqual(rewardMean[0] === 0 ? [0, 0] : [1, 7]);
      expect([traces[first + 1], rewardCount[1]]).toEqual([1, 7]);
      if (rewardMean[0] === 0) resets.push(tick);
    }
    // four openings, and the switch to the accepted genes
    expect(resets).toEqual([1, 2, 3, 4, 5].map((block) => block * BLOCK - 1));
    expect(weights).toEqual(kept);
  });

  it('shows the same flag to the agent under old and new genes, and none while it waits', () => {
    const world = trialWorld();
    const flag = (): number =>
      world.brain.columns.observation[laneIndex(0, OBSERVATION_COUNT) + OBSERVATION.onTrial! * LANES]!;
    const seen: number[] = [];
    for (let tick = 0; tick < 6 * BLOCK; tick++) {
      observe(world, tick);
      seen.push(flag());
      revise(world, ...(tick === 1 ? [0] : []));
      reviseObjectives(world, tick);
    }
    expect(seen).toEqual(seen.map((__, tick) => (tick >= BLOCK && tick < 5 * BLOCK ? 1 : 0)));
  });

  it('is not interrupted by another wish, and the next one waits for the cooldown, to the tick', () => {
    const world = trialWorld({ cooldown: 6 });
    const starts: number[] = [];
    for (let tick = 0; tick < 12 * BLOCK; tick++) {
      const before = world.agents.trialTotal[TRIAL_TOTAL.started]!;
      revise(world, 0);
      reviseObjectives(world, tick);
      if (world.agents.trialTotal[TRIAL_TOTAL.started] !== before) starts.push(tick);
    }
    // the first trial ends with tick 19; ticks 20 to 25 are its cooldown
    expect(starts).toEqual([0, 5 * BLOCK + 6]);
    expect(world.agents.trialTotal[TRIAL_TOTAL.kept]).toBe(2);
  });

  it('of a placebo has the old genes throughout, whatever it decides', () => {
    const world = trialWorld({ placebo: 1 });
    const old = genesOf(world, 0);
    for (const used of play(world, powers([0, 0, 1, 1, 0]), [0, 1])) expect(used).toEqual(old);
    expect(genesOf(world, 0)).toEqual(old);
    expect([...world.agents.trialTotal]).toEqual([2, 0, 0, 1, 1, 0]);
  });

  it('is for learners with a reward, of populations that revise', () => {
    const world = trialWorld(
      {},
      {
        slots: 6,
        populations: [
          { name: 'revisers', kind: 'learner' },
          { name: 'contented', kind: 'learner', revises: false },
          { name: 'zero', kind: 'learner', reward: 'zero' },
          { name: 'noise', kind: 'learner', reward: 'randomReward' },
          { name: 'hidden', kind: 'learner', rewardHidden: true },
          { name: 'scripted', kind: 'random' },
        ],
      },
    );
    revise(world, 0, 1, 2, 3, 4, 5);
    reviseObjectives(world, 0);
    const revising = [...world.columns.population]
      .filter((_, slot) => world.agents.trialStage[slot] !== TRIAL.none)
      .map((population) => world.parameters.populations[population]!.name);
    expect(revising.sort()).toEqual(['hidden', 'revisers']);
    checkUnitNorm(world, 0);
  });

  it('measures nobody over a block that it did not see open', () => {
    const world = trialWorld();
    world.agents.blockBase.fill(NO_BASE);
    // agent 1 appears rich in the middle of the block: the median is that of the others
    const closes = powers([0, 0, 1, 1, 0]).map((row) => [...row]);
    play(world, closes.slice(0, 1));
    expect(world.agents.blockBase[1]).not.toBe(NO_BASE);
    world.agents.blockBase.fill(NO_BASE, 1);
    for (let tick = BLOCK; tick < 2 * BLOCK; tick++) reviseObjectives(world, tick);
    // alone, an agent is its own median: every trial ties
    expect(world.agents.trialScore[0]).toBe(0);
  });
});

describe('birth and death during a trial', () => {
  /** Agent 0 is in its first block of new genes, slot 4 is free, and only agent 0 (and 1) want children. */
  function inNewGenes(parents: readonly number[], crossover: number): { world: AgentWorld; old: number[] } {
    const world = trialWorld(
      {},
      { world: { demography: { ageDeath: false, immigrationFloor: 0, mutation: false, crossover } } },
    );
    const old = genesOf(world, 0);
    play(
      world,
      powers([0, 0]).map((row) => row.map((w) => w * 1024)),
      [0],
    );
    expect(world.agents.trialStage[0]).toBe(TRIAL.newFirst);
    world.agents.thresholdGene.fill(0x7fff_ffff);
    world.columns.insolvent[4] = 1;
    live(world, 2 * BLOCK);
    expect(world.columns.population[4]).toBe(FREE_SLOT);
    world.columns.wealth.fill(1_000_000);
    world.columns.scalar[WORLD.hardwarePrice] = 1000;
    for (const parent of parents) world.agents.thresholdGene[parent] = 0;
    return { world, old };
  }

  it('hands down the old genes', () => {
    const { world, old } = inNewGenes([0], 0);
    live(world, 2 * BLOCK + 1);
    expect(world.columns.scalar[WORLD.births]).toBe(1);
    expect(genesOf(world, 4)).toEqual(old);
    expect(genesOf(world, 0)).not.toEqual(old);
    expect([world.agents.trialStage[4], world.agents.blockBase[4]]).toEqual([TRIAL.none, NO_BASE]);
  });

  it('hands down the old genes of a second parent too', () => {
    const { world, old } = inNewGenes([0, 1], 1);
    world.agents.thresholdGene[0] = 0;
    // both are eligible for one slot: whoever is drawn, the other is the second parent
    live(world, 2 * BLOCK + 1);
    expect(world.columns.scalar[WORLD.births]).toBe(1);
    expect(world.agents.secondParent[4]).not.toBe(0);
    const other = genesOf(world, 1);
    const child = genesOf(world, 4);
    // before renormalisation each gene was one parent's: the signs are those of old genes
    for (let k = 0; k < 15; k++)
      expect([Math.sign(old[k]!), Math.sign(other[k]!)]).toContain(Math.sign(child[k]!));
    const scale = child.slice(0, 15).map((g, k) => [g / old[k]!, g / other[k]!]);
    const ratio = scale.flat().sort((a, b) => a - b);
    // the common factor of the renormalisation appears for every gene
    const common = ratio.find((r) =>
      scale.every(([a, b]) => Math.abs(a! - r) < 1e-4 || Math.abs(b! - r) < 1e-4),
    );
    expect(common).toBeGreaterThan(0);
  });

  it('ends with death: the dead had its old genes, the slot is clean, the trial is counted', () => {
    const { world, old } = inNewGenes([], 0);
    const recorded: number[][] = [];
    Object.assign(world, {
      lineage: {
        birth() {},
        death: (w: AgentWorld, _t: number, slot: number) => recorded.push(genesOf(w, slot)),
      },
    });
    world.columns.insolvent[0] = 1;
    live(world, 2 * BLOCK + 1);
    expect(recorded).toEqual([old]);
    const { trialStage, trialScore, trialFrom, trialPlacebo, trialTotal } = world.agents;
    expect([trialStage[0], trialScore[0], trialFrom[0], trialPlacebo[0]]).toEqual([0, 0, 0, 0]);
    expect([trialTotal[TRIAL_TOTAL.started], trialTotal[TRIAL_TOTAL.cutShort], finished(world)]).toEqual([
      1, 1, 0,
    ]);
  });

  it('moves no money', () => {
    const world = trialWorld();
    const held = (): number[] => [...world.balances.token, ...world.balances.cash];
    const before = held();
    play(world, powers([0, 0, 1, 1, 0]), [0, 1, 2, 3, 4]);
    expect(held()).toEqual(before);
    world.ledger.transfer(ASSET.cash, 0, 1, 1, REASON.estate);
    world.ledger.checkConservation();
  });
});
