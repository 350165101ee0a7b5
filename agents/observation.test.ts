import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { startTick } from '../market/circulation.ts';
import { FREE_SLOT, MODE, SIDE, WORLD } from '../market/columns.ts';
import { LANES, laneIndex, OBSERVATION_COUNT } from './brain/layout.ts';
import type { AgentWorld } from './columns.ts';
import { measureWealth, OBSERVATION, OBSERVATIONS, observe } from './observation.ts';
import { testWorld } from './testWorld.ts';

const observationOf = (world: AgentWorld, agent: number): number[] => {
  const first = laneIndex(agent, OBSERVATION_COUNT);
  return OBSERVATIONS.map((_, k) => world.brain.columns.observation[first + k * LANES]!);
};
const named = (world: AgentWorld, agent: number, name: string): number =>
  observationOf(world, agent)[OBSERVATION[name]!]!;

function observed(options: Parameters<typeof testWorld>[0] = {}): AgentWorld {
  const world = testWorld(options);
  startTick(world, 0);
  observe(world, 0);
  return world;
}

describe('observe', () => {
  it('has one row in the table for each input of the brain, with distinct names', () => {
    expect(OBSERVATIONS).toHaveLength(OBSERVATION_COUNT);
    expect(new Set(OBSERVATIONS.map(({ name }) => name)).size).toBe(OBSERVATION_COUNT);
  });

  it('states what a founder sees', () => {
    const world = observed();
    expect(named(world, 5, 'token')).toBeCloseTo(Math.log2(2_000_001) / 16, 5);
    expect(named(world, 5, 'cash')).toBeCloseTo(Math.log2(500_001) / 16, 5);
    expect(named(world, 5, 'capacity')).toBeCloseTo(Math.log2(9) / 8, 5);
    expect(named(world, 5, 'skill3')).toBeCloseTo(0.2, 6);
    expect(named(world, 5, 'demand0')).toBeCloseTo(world.columns.demand[0]! / 40 - 1, 6);
    expect(named(world, 5, 'tokenPrice')).toBe(0);
    expect(Math.abs(named(world, 5, 'wealth'))).toBeLessThan(0.01);
  });

  it('remembers the own last quotes, relative to value, cost and the market', () => {
    const world = testWorld();
    startTick(world, 0);
    const { columns, parameters } = world;
    columns.mode[2] = MODE.serve;
    columns.taskAsk[2] = columns.scalar[WORLD.taskValue]! / 8;
    columns.computeSide[2] = SIDE.buy;
    columns.computeLevel[2] = parameters.computeMarket.priceTable.findIndex((price) => price >= 200);
    observe(world, 7);
    expect(named(world, 2, 'ownAsk')).toBe(0.125);
    expect(named(world, 2, 'ownMarkup')).toBeCloseTo((1250 - 602) / (1999 - 602), 3);
    expect(named(world, 2, 'ownBid')).toBeCloseTo(1, 1); // 200 against an average of 100 milli-token
    expect(named(world, 2, 'age')).toBeCloseTo(3 / 16, 6);
    expect(named(world, 3, 'ownAsk')).toBe(0);
    expect(named(world, 3, 'ownBid')).toBe(0);
  });

  it.each([
    ['computeMarket', ['ownBid', 'clearingPrice', 'priceFast', 'priceSlow', 'imbalance', 'computeFill']],
    ['serviceMarket', ['ownAsk', 'ownMarkup', 'serviceFill', 'energyPrice', 'demand0', 'demand3']],
    ['training', ['data']],
    ['amm', ['tokenPrice', 'tokenReturn']],
  ])('is 0 for the features of %s where it is off', (mechanism, names) => {
    const world = testWorld({ world: { [mechanism]: { enabled: false }, genesis: { data: 9 } } });
    startTick(world, 0);
    world.agents.computeFill.fill(1);
    world.agents.serviceFill.fill(1);
    world.columns.mode.fill(MODE.serve);
    world.columns.taskAsk.fill(900);
    world.columns.computeSide.fill(SIDE.buy);
    world.columns.scalar[WORLD.priceFast] = 999;
    world.columns.scalar[WORLD.computeBid] = 3;
    observe(world, 0);
    for (const name of names) expect([name, named(world, 1, name)]).toEqual([name, 0]);
  });

  it('writes nothing for agents that do not learn', () => {
    const world = observed({ populations: [{ name: 'r', kind: 'rule' }] });
    expect(world.brain.columns.observation.every((x) => x === 0)).toBe(true);
  });

  it('stays finite and within the range that the table states, whatever an agent owns', () => {
    const u32 = fc.integer({ min: 0, max: 0xffff_ffff });
    const columns = fc.record({
      token: u32,
      cash: u32,
      wealth: u32,
      capacity: u32,
      data: u32,
      ask: u32,
      skill: u32,
    });
    const prices = fc.record({ fast: u32, slow: u32, token: u32, before: u32, median: u32, value: u32 });
    const world = testWorld({ slots: 4 });
    startTick(world, 0);
    fc.assert(
      fc.property(columns, prices, fc.nat(3), fc.nat(255), (own, price, mode, level) => {
        const { columns: c, balances } = world;
        balances.token[0] = own.token;
        balances.cash[0] = own.cash;
        c.wealth[0] = own.wealth;
        c.capacity[0] = own.capacity;
        c.data[0] = own.data;
        c.taskAsk[0] = own.ask;
        c.skill[0] = own.skill;
        c.mode[0] = mode;
        c.computeSide[0] = mode % 3;
        c.computeLevel[0] = level;
        c.scalar[WORLD.priceFast] = price.fast;
        c.scalar[WORLD.priceSlow] = price.slow;
        c.scalar[WORLD.tokenPrice] = price.token;
        c.scalar[WORLD.tokenPriceBefore] = price.before;
        c.scalar[WORLD.medianWealth] = price.median;
        c.scalar[WORLD.taskValue] = price.value;
        observe(world, 0xffff_ffff);
        observationOf(world, 0).forEach((x, k) => {
          const { name, range } = OBSERVATIONS[k]!;
          expect([name, x >= range[0] && x <= range[1]]).toEqual([name, true]);
        });
      }),
      { numRuns: 200 },
    );
  });
});

describe('measureWealth', () => {
  it('is within 2.2 % of the lower median of the living', () => {
    const world = testWorld({ slots: 31 });
    const wealths = fc.array(fc.integer({ min: 1, max: 0xffff_ffff }), { minLength: 1, maxLength: 31 });
    fc.assert(
      fc.property(wealths, (values) => {
        const { population, wealth, scalar } = world.columns;
        population.fill(FREE_SLOT);
        wealth.fill(12345);
        values.forEach((value, i) => {
          population[i] = 0;
          wealth[i] = value;
        });
        measureWealth(world);
        const median = [...values].sort((a, b) => a - b)[Math.floor((values.length - 1) / 2)]!;
        expect(Math.abs(scalar[WORLD.medianWealth]! - median)).toBeLessThanOrEqual(0.022 * median + 1);
      }),
    );
  });

  it('is 0 when the median agent owns nothing and when nobody lives', () => {
    const world = testWorld({ slots: 3 });
    world.columns.wealth.set([0, 0, 9]);
    measureWealth(world);
    expect(world.columns.scalar[WORLD.medianWealth]).toBe(0);
    world.columns.population.fill(FREE_SLOT);
    world.columns.wealth.fill(9);
    measureWealth(world);
    expect(world.columns.scalar[WORLD.medianWealth]).toBe(0);
  });
});
