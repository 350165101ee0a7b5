import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { U32_MAX } from '../sim/core/units.ts';
import { startTick } from './circulation.ts';
import { FREE_SLOT, type MarketWorld, MODE, SYSTEM, TOTAL, WORLD } from './columns.ts';
import { addToPool, buyData, dataCost, yieldData } from './dataPool.ts';
import { checkData } from './laws.ts';
import { settle } from './settle.ts';
import { openSpending } from './spending.ts';
import { TestMarket } from './testTick.ts';
import { testWorld } from './testWorld.ts';
import { train } from './training.ts';

const SUPERVISED = 0;
const UNSUPERVISED = 1;

/** A world whose agents train without runway, and a pool that sells at 0.02 cash. */
const market = (dataOwnership: object = {}, slots = 4): MarketWorld =>
  testWorld({
    slots,
    world: {
      dataOwnership: { platform: 0, market: true, price: 0.02, budget: 0.2, priceStep: 0, ...dataOwnership },
      hardware: { trainingRunwayTicks: 0 },
      policy: { wealthTaxPerTick: 0 },
      training: { unsupervised: { dataBought: 10 } },
    },
  });

function allTrain(world: MarketWorld, method: number): void {
  startTick(world, 0);
  openSpending(world);
  world.columns.mode.fill(MODE.train);
  world.columns.method.fill(method);
}

describe('the data that tasks yield', () => {
  const held = (platform: number, tasks: number): [agent: number, pool: number] => {
    const world = testWorld({ slots: 1, world: { dataOwnership: { platform } } });
    yieldData(world, 0, tasks, 3);
    checkData(world);
    return [world.columns.data[0]!, world.columns.total[TOTAL.dataPool]!];
  };

  it('is the platform’s where it owns all, the users’ where it owns nothing, to the unit', () => {
    expect(held(1, 7)).toEqual([7, 0]);
    expect(held(0, 7)).toEqual([0, 7]);
  });

  it('is split at the configured share: a whole number exactly, a fraction on average', () => {
    expect(held(0.5, 8)).toEqual([4, 4]);
    const world = testWorld({ slots: 1, world: { dataOwnership: { platform: 0.75 } } });
    const draws = 4000;
    for (let tick = 0; tick < draws; tick++) yieldData(world, 0, 1, tick);
    // binomial: four standard errors of a quarter
    const error = 4 * Math.sqrt((0.25 * 0.75) / draws);
    expect(Math.abs(world.columns.total[TOTAL.dataPool]! / draws - 0.25)).toBeLessThan(error);
    checkData(world);
  });

  it('goes to the pool where its owner can hold no more', () => {
    const world = testWorld({ slots: 1 });
    world.columns.data[0] = U32_MAX - 2;
    world.columns.total[TOTAL.dataFounded] = U32_MAX - 2;
    yieldData(world, 0, 5, 0);
    expect([world.columns.data[0], world.columns.total[TOTAL.dataPool]]).toEqual([U32_MAX, 3]);
    checkData(world);
  });
});

describe('the users’ pool', () => {
  const stocked = (units: number, dataOwnership: object = {}): MarketWorld => {
    const world = market(dataOwnership);
    yieldData(world, 0, units, 0);
    return world;
  };

  it('sells to those who train by a method that buys data, who pay consumers the posted price in their bill', () => {
    const world = stocked(100);
    allTrain(world, UNSUPERVISED);
    const { columns, balances } = world;
    columns.method[3] = SUPERVISED;
    columns.mode[2] = MODE.serve;
    buyData(world, 0);
    expect([...columns.dataBought]).toEqual([10, 10, 0, 0]);
    expect([...columns.dataBill]).toEqual([200, 200, 0, 0]);
    expect([...columns.data]).toEqual([10, 10, 0, 0]);
    expect(columns.total[TOTAL.dataPool]).toBe(80);
    expect(columns.total[TOTAL.dataSold]).toBe(20);
    expect(columns.total[TOTAL.dataRevenue]).toBe(400);
    const before = balances.systemCash[SYSTEM.consumers]!;
    train(world, 0);
    settle(world, 0);
    expect(balances.systemCash[SYSTEM.consumers]! - before).toBe(400);
    expect([...columns.bill]).toEqual([200 + 8 * 150 + 50, 200 + 8 * 150 + 50, 50, 100 + 8 * 150 + 50]);
    checkData(world);
  });

  it('makes the same training yield more skill', () => {
    const gains = [0, 100].map((units) => {
      const world = stocked(units);
      allTrain(world, UNSUPERVISED);
      buyData(world, 0);
      train(world, 0);
      return world.columns.skillGain[0]!;
    });
    // (1 + 10)^0.2 = 1.615
    expect(gains[1]! / gains[0]!).toBeCloseTo(11 ** 0.2, 3);
  });

  it('rations what it lacks by an order that turns each tick, and never sells what it has not', () => {
    const firstServed = new Set<number>();
    for (let tick = 0; tick < 40; tick++) {
      const world = stocked(13);
      allTrain(world, UNSUPERVISED);
      buyData(world, tick);
      const bought = [...world.columns.dataBought];
      expect(bought.reduce((a, b) => a + b, 0)).toBe(13);
      expect([...bought].sort((a, b) => b - a)).toEqual([10, 3, 0, 0]);
      firstServed.add(bought.indexOf(10));
      checkData(world);
    }
    expect(firstServed.size).toBe(4);
  });

  it('refuses an agent that the purchase would take below its runway by one milli-cash, or that has no compute', () => {
    for (const [room, bought] of [
      [0, 10],
      [-1, 0],
    ] as const) {
      const world = stocked(100);
      allTrain(world, UNSUPERVISED);
      const wealth = 500_000 + 2_000_000;
      (world.parameters.hardware as { trainingRunway: number }).trainingRunway = wealth - 200 - room;
      world.columns.compute[1] = 0;
      buyData(world, 0);
      expect([...world.columns.dataBought.subarray(0, 2)]).toEqual([bought, 0]);
    }
  });

  it.each([
    [0.2, 10],
    [0.199, 9],
    [0.02, 1],
    [0.019, 0],
  ])('sells no more than a budget of %d cash buys: %i units', (budget, units) => {
    const world = stocked(100, { budget });
    allTrain(world, UNSUPERVISED);
    buyData(world, 0);
    expect(world.columns.dataBought[0]).toBe(units);
  });

  it('sells nobody more than it can hold, and bills no more than a bill can be', () => {
    const world = stocked(100);
    allTrain(world, UNSUPERVISED);
    const { columns } = world;
    columns.data.set([U32_MAX - 3, U32_MAX, 0, 0]);
    columns.bill.set([0, 0, U32_MAX - 60, 7]);
    buyData(world, 0);
    expect([...columns.dataBought]).toEqual([3, 0, 10, 10]);
    expect([...columns.data]).toEqual([U32_MAX, U32_MAX, 10, 10]);
    expect([...columns.bill]).toEqual([60, 0, U32_MAX, 207]);
  });

  it('sells to nobody where nobody trains, nor in an empty slot', () => {
    const world = stocked(100);
    allTrain(world, UNSUPERVISED);
    world.columns.population[1] = FREE_SLOT;
    const { parameters } = world;
    const training = { ...parameters.training, enabled: false };
    buyData({ ...world, parameters: { ...parameters, training } }, 0);
    expect([...world.columns.dataBought]).toEqual([0, 0, 0, 0]);
    buyData(world, 1);
    expect([...world.columns.dataBought]).toEqual([10, 0, 10, 10]);
  });

  it('forgets the purchases of the last tick', () => {
    const world = stocked(100);
    allTrain(world, UNSUPERVISED);
    buyData(world, 0);
    world.columns.mode.fill(MODE.serve);
    buyData(world, 1);
    expect([...world.columns.dataBought, ...world.columns.dataBill]).toEqual([0, 0, 0, 0, 0, 0, 0, 0]);
  });

  it('raises its price by a step while more is wanted than comes in, and lowers it while less is', () => {
    const world = stocked(100, { priceStep: 0.01 });
    const { scalar } = world.columns;
    const price = scalar[WORLD.dataPrice]!;
    allTrain(world, UNSUPERVISED);
    buyData(world, 0); // 40 wanted, 100 came in
    expect(scalar[WORLD.dataPrice]).toBe(price - Math.floor(price / 100));
    const lower = scalar[WORLD.dataPrice]!;
    buyData(world, 1); // 40 wanted, nothing came in
    expect(scalar[WORLD.dataPrice]).toBe(lower + Math.floor(lower / 100));
    addToPool(world, 40);
    const still = scalar[WORLD.dataPrice]!;
    buyData(world, 2);
    expect(scalar[WORLD.dataPrice]).toBe(still);
  });

  it('charges a fraction of a milli-cash as a whole one', () => {
    expect(dataCost(0, 100)).toBe(0);
    expect(dataCost(1, 1)).toBe(1);
    expect(dataCost(256, 1)).toBe(1);
    expect(dataCost(257, 1)).toBe(2);
  });

  it('is closed by default: nobody buys and nothing is billed', () => {
    const world = testWorld({ slots: 2, world: { dataOwnership: { platform: 0 } } });
    yieldData(world, 0, 50, 0);
    allTrain(world, UNSUPERVISED);
    buyData(world, 0);
    expect([...world.columns.data, ...world.columns.bill]).toEqual([0, 0, 0, 0]);
  });

  it('conserves data in any market of random intents', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 100 }),
        fc.integer({ min: 0, max: 40 }),
        fc.integer({ min: 1, max: 1e6 }),
        (platform, bought, seed) => {
          const running = new TestMarket(
            testWorld({
              slots: 12,
              living: 10,
              seed,
              world: {
                genesis: { data: 5 },
                dataOwnership: { platform: platform / 100, market: true },
                training: { dataPerTask: 3, unsupervised: { dataBought: bought } },
                hardware: { trainingRunwayTicks: 0 },
              },
            }),
          );
          for (let t = 0; t < 12; t++) {
            running.run();
            checkData(running.world);
          }
        },
      ),
      { numRuns: 40 },
    );
  });
});

describe('who holds data', () => {
  it('is decided by its ownership: the agents own all of it under the platform, the pool all of it under the users', () => {
    const share = (platform: number): number => {
      const running = new TestMarket(
        testWorld({ slots: 24, seed: 9, world: { dataOwnership: { platform } } }),
      );
      for (let t = 0; t < 30; t++) running.run();
      const { total } = running.world.columns;
      expect(total[TOTAL.dataProduced]).toBeGreaterThan(100);
      return total[TOTAL.dataPool]! / total[TOTAL.dataProduced]!;
    };
    expect(share(1)).toBe(0);
    expect(share(0)).toBe(1);
    expect(share(0.5)).toBeGreaterThan(0.4);
    expect(share(0.5)).toBeLessThan(0.6);
  });
});
