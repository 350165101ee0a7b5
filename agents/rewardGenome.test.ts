import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { startTick } from '../market/circulation.ts';
import { MODE, SIDE, WORLD } from '../market/columns.ts';
import { profitOf } from '../market/ownership.ts';
import { TWO_32 } from '../sim/core/units.ts';
import { type AgentWorld, FEATURE_COUNT, GENE, REWARD_FEATURES } from './columns.ts';
import { logChange, normalise, REWARD_FEATURE_TABLE, reward } from './rewardGenome.ts';
import { testWorld } from './testWorld.ts';

const feature = (world: AgentWorld, agent: number, name: (typeof REWARD_FEATURES)[number]): number =>
  world.agents.features[REWARD_FEATURES.indexOf(name) * world.parameters.slots + agent]!;
/** What a tick brings and costs in cash. */
const CASH_FLOWS = ['contractCash', 'contractBill', 'courtBill', 'debtDue', 'bill'] as const;
const geneOf = (world: AgentWorld, agent: number, gene: number): number =>
  world.agents.genes[gene * world.parameters.slots + agent]!;

/** One served tick of agent 0: 1.5 cash of sales, 0.65 cash of bills. */
function served(options: Parameters<typeof testWorld>[0] = {}): AgentWorld {
  const world = testWorld(options);
  startTick(world, 0);
  const { columns: c } = world;
  c.mode.fill(MODE.idle);
  c.mode[0] = MODE.serve;
  c.computeSide[0] = SIDE.buy;
  c.computeQuantity[0] = 8;
  c.computeFilled[0] = 4;
  c.computeAmount[0] = 500;
  c.compute[0] = 12;
  c.computeUsed[0] = 8;
  c.tasksOffered[0] = 3;
  c.tasksSold[0] = 2;
  c.serviceAmount[0] = 2000;
  c.bill[0] = 650;
  c.wealthBefore[0] = 2_000_000;
  c.wealth[0] = 2_000_850;
  reward(world, 0);
  return world;
}

describe('features of reward', () => {
  it('are described in the order of the genome', () => {
    expect(REWARD_FEATURE_TABLE.map(({ name }) => name)).toEqual([...REWARD_FEATURES]);
  });

  it('are what the agent did, on fixed scales', () => {
    const world = served();
    expect(world.agents.profit[0]).toBeCloseTo(0.85, 6);
    expect(feature(world, 0, 'profit')).toBeCloseTo(0.85 / 4.85, 6);
    expect(feature(world, 0, 'wealthGain')).toBeCloseTo(1000 * Math.log(2_000_850 / 2_000_000), 4);
    expect(feature(world, 0, 'fill')).toBeCloseTo(2 / 3, 6);
    expect(feature(world, 0, 'computeSpent')).toBe(0.25);
    expect(feature(world, 0, 'novelty')).toBe(0.75);
    expect(feature(world, 0, 'idle')).toBe(0);
    expect(feature(world, 1, 'idle')).toBe(1);
    expect(feature(world, 1, 'survival')).toBe(1);
    expect(world.agents.unusedCompute[0]).toBeCloseTo(1 / 3, 6);
    expect([world.agents.computeFill[0], world.agents.lifeProfit[0]]).toEqual([0.5, world.agents.profit[0]]);
  });

  it('count rent received, and compute rented out as used', () => {
    const world = testWorld();
    startTick(world, 0);
    const { columns: c } = world;
    c.mode[1] = MODE.rentOut;
    c.computeSide[1] = SIDE.sell;
    c.computeQuantity[1] = 8;
    c.computeFilled[1] = 6;
    c.compute[1] = 2;
    c.computeAmount[1] = 900;
    c.bill[1] = 950;
    reward(world, 0);
    expect(world.agents.profit[1]).toBeCloseTo(-0.05, 6);
    expect(world.agents.unusedCompute[1]).toBe(0.25);
    expect(feature(world, 1, 'fill')).toBe(0.75);
  });

  it('take for profit what an operator takes its share of, to single precision', () => {
    const world = testWorld({ slots: 4, world: { trust: { regime: 'programmatic' } } });
    startTick(world, 0);
    const { columns: c } = world;
    const amount = fc.oneof(fc.nat(5000), fc.integer({ min: 0, max: 0xffff_ffff }));
    const amounts = fc.tuple(amount, amount, amount, amount, amount, amount, amount, amount, amount);
    const price = fc.integer({ min: 1, max: 2 ** 20 });
    fc.assert(
      fc.property(amounts, price, fc.constantFrom(SIDE.buy, SIDE.sell), (given, tokenPrice, side) => {
        const names = ['serviceAmount', 'computeAmount', 'compensated', 'slashed', ...CASH_FLOWS] as const;
        names.forEach((name, k) => {
          c[name][0] = given[k]!;
        });
        c.computeSide[0] = side;
        c.orderSide[0] = side;
        c.scalar[WORLD.tokenPrice] = tokenPrice;
        const inToken = given[0] + given[1] + given[2] + given[3];
        const turnover = (inToken * tokenPrice) / 0x1_0000 + given.slice(4).reduce((a, b) => a + b, 0);
        reward(world, 0);
        const off = Math.abs(1000 * world.agents.profit[0]! - profitOf(world, 0));
        expect(off).toBeLessThan(1 + 2 ** -20 * turnover);
      }),
    );
  });

  it('reward training by the skill it gained', () => {
    const world = testWorld();
    startTick(world, 0);
    world.columns.skillGain[0] = Math.floor(0.0004 * TWO_32);
    reward(world, 0);
    expect(feature(world, 0, 'skillGain')).toBeCloseTo(0.4, 5);
  });

  it('stay in the range that the table states', () => {
    const world = testWorld({ slots: 4 });
    const u32 = fc.integer({ min: 0, max: 0xffff_ffff });
    fc.assert(
      fc.property(fc.array(u32, { minLength: 12, maxLength: 12 }), fc.nat(3), (x, mode) => {
        startTick(world, 0);
        const { columns: c, agents, brain } = world;
        c.mode[0] = mode;
        c.serviceAmount[0] = x[0]!;
        c.computeAmount[0] = x[1]!;
        c.bill[0] = x[2]!;
        c.wealth[0] = x[3]!;
        c.wealthBefore[0] = x[4]!;
        c.skillGain[0] = x[5]!;
        c.computeUsed[0] = x[6]!;
        agents.transferGiven[0] = x[7]!;
        brain.columns.tdError[0] = x[8]! - 2 ** 31;
        c.tasksOffered[0] = x[9]! % 9;
        c.tasksSold[0] = Math.min(x[10]! % 9, c.tasksOffered[0]!);
        reward(world, 0);
        REWARD_FEATURE_TABLE.forEach(({ name, range }) => {
          const value = feature(world, 0, name);
          expect([name, value >= range[0] && value <= range[1]]).toEqual([name, true]);
        });
      }),
    );
  });

  it('leave shares of modes that sum to one', () => {
    const world = served();
    for (let tick = 1; tick < 50; tick++) reward(world, tick);
    const { slots } = world.parameters;
    const shares = [0, 1, 2, 3].map((m) => world.agents.modeShare[m * slots]!);
    expect(shares.reduce((a, b) => a + b)).toBeCloseTo(1, 5);
    expect(shares[MODE.serve]).toBeCloseTo(1 - 0.75 * (63 / 64) ** 50, 4);
  });
});

describe('logChange', () => {
  it('is the change of the natural log to one part in a thousand, wealth of 0 counted as 1', () => {
    const wealth = fc.integer({ min: 0, max: 0xffff_ffff });
    fc.assert(
      fc.property(wealth, wealth, (before, after) => {
        const exact = Math.log(Math.max(1, after) / Math.max(1, before));
        expect(Math.abs(logChange(before, after) - exact)).toBeLessThanOrEqual(
          1e-3 * Math.abs(exact) + 1e-12,
        );
      }),
    );
    expect(logChange(1_000_000, 1_000_001)).toBeCloseTo(1e-6, 11);
  });
});

describe('reward', () => {
  it('is w . phi + v . tanh(U phi)', () => {
    const world = served({ populations: [{ name: 'l', kind: 'learner', rewardHidden: true }] });
    const phi = REWARD_FEATURES.map((name) => feature(world, 0, name));
    let expected = 0;
    for (let k = 0; k < FEATURE_COUNT; k++) expected += geneOf(world, 0, k) * phi[k]!;
    for (let j = 0; j < 4; j++) {
      let sum = 0;
      for (let k = 0; k < FEATURE_COUNT; k++)
        sum += geneOf(world, 0, GENE.hidden + j * FEATURE_COUNT + k) * phi[k]!;
      expected += geneOf(world, 0, GENE.output + j) * Math.tanh(sum);
    }
    expect(world.brain.columns.reward[0]).toBeCloseTo(expected, 5);
    expect(world.agents.lifeReward[0]).toBe(world.brain.columns.reward[0]);
  });

  it.each([
    ['logWealth', 'wealthGain'],
    ['profit', 'profit'],
    ['skill', 'skillGain'],
    ['computeSpent', 'computeSpent'],
    ['constant', 'survival'],
  ] as const)('of a population paid in %s is the feature %s alone', (kind, name) => {
    const world = served({ populations: [{ name: 'l', kind: 'learner', reward: kind }] });
    expect(world.brain.columns.reward[0]).toBe(feature(world, 0, name));
  });

  it('is zero for the zero reward, and a new draw from -1..1 each tick for the random one', () => {
    expect(
      served({ populations: [{ name: 'l', kind: 'learner', reward: 'zero' }] }).brain.columns.reward[0],
    ).toBe(0);
    const world = served({ populations: [{ name: 'l', kind: 'learner', reward: 'randomReward' }] });
    let sum = 0;
    let squares = 0;
    for (let tick = 0; tick < 500; tick++) {
      reward(world, tick);
      for (let i = 0; i < 8; i++) {
        const r = world.brain.columns.reward[i]!;
        sum += r;
        squares += r * r;
      }
    }
    expect(Math.abs(sum / 4000)).toBeLessThan(4 * Math.sqrt(1 / 3 / 4000));
    expect(squares / 4000).toBeCloseTo(1 / 3, 1);
  });
});

describe('normalise', () => {
  it('brings w and v to unit norm, keeps their direction and leaves zeros alone', () => {
    const finite = fc.float({ min: -10, max: 10, noNaN: true });
    fc.assert(
      fc.property(fc.array(finite, { minLength: 19, maxLength: 19 }), (values) => {
        fc.pre(values.some((v) => Math.abs(v) > 1e-3));
        const genes = Float32Array.from(values);
        normalise(genes, 0, 1);
        expect(Math.sqrt(genes.reduce((s, g) => s + g * g, 0))).toBeCloseTo(1, 5);
        const scale = Math.sqrt(values.reduce((s, v) => s + v * v, 0));
        genes.forEach((g, k) => {
          expect(g).toBeCloseTo(values[k]! / scale, 5);
        });
      }),
    );
    const zeros = new Float32Array(19);
    normalise(zeros, 0, 1);
    expect(zeros.every((g) => g === 0)).toBe(true);
  });
});
