/** Double auctions and the traders of books inside whole worlds, with every law checked on every tick. */
import { describe, expect, it } from 'vitest';
import { parseConfig } from '../configs/parse.ts';
import { checkClearing } from '../market/auctionLaws.ts';
import { SIDE, TOTAL, WORLD } from '../market/columns.ts';
import { allocativeEfficiency } from '../market/inducedValues.ts';
import { Shard } from './shard.ts';
import type { World } from './world.ts';

const play = (config: object, ticks: number): { shard: Shard; world: World } => {
  const run = parseConfig(JSON.stringify({ seed: 'books', ticks, ...config }));
  const shard = new Shard(run, [0]);
  shard.advance(ticks);
  return { shard, world: [...shard.inside()][0]! };
};
const population = (...kinds: string[]): object[] => kinds.map((kind) => ({ name: kind, kind }));

const BOOK_ECONOMY = {
  slots: 48,
  world: {
    doubleAuction: { enabled: true, rounds: 3 },
    demography: { meanLife: 200 },
  },
  populations: population('learner', 'zip', 'gvwy', 'ziC', 'random', 'rule'),
};

describe('an economy that trades its compute at a book', () => {
  it('lives by all laws, and trades compute and tasks', () => {
    const { world } = play(BOOK_ECONOMY, 300);
    expect(world.columns.total[TOTAL.computeVolume]).toBeGreaterThan(100);
    expect(world.columns.total[TOTAL.tasks]).toBeGreaterThan(1000);
    expect(world.columns.total[TOTAL.births]! + world.columns.total[TOTAL.deaths]!).toBeGreaterThan(0);
  });

  it('resumes from a checkpoint between two days', () => {
    const run = parseConfig(JSON.stringify({ seed: 'books', ticks: 200, ...BOOK_ECONOMY }));
    const shardAt = (tick: number): Shard => {
      const shard = new Shard(run, [0]);
      shard.advance(tick);
      return shard;
    };
    const resumed = new Shard(run, [0]);
    resumed.restore(shardAt(77).save());
    resumed.advance(120);
    expect(resumed.hashes()).toEqual(shardAt(120).hashes());
  });

  it('records what rested when the day ended, both sides of it', () => {
    const { world } = play(BOOK_ECONOMY, 60);
    const { bidHistogram, askHistogram, orderSide, orderQuantity, orderFilled, scalar } = world.columns;
    const left = (side: number): number =>
      orderSide.reduce((sum, s, i) => sum + (s === side ? orderQuantity[i]! - orderFilled[i]! : 0), 0);
    const sum = (histogram: Uint32Array): number => histogram.reduce((a, b) => a + b, 0);
    expect(sum(askHistogram)).toBe(left(SIDE.sell));
    expect(sum(bidHistogram)).toBeLessThanOrEqual(left(SIDE.buy));
    expect(scalar[WORLD.computeBid]).toBeGreaterThan(0);
  });
});

describe('ZIP in the batch markets', () => {
  it('makes a living by serving tasks above cost', () => {
    const { world } = play(
      {
        slots: 32,
        world: { demography: { enabled: false } },
        populations: population('zip', 'gvwy'),
      },
      400,
    );
    const profit = (index: number): number => {
      let sum = 0;
      for (let i = 0; i < 32; i++)
        if (world.columns.population[i] === index) sum += world.agents.lifeProfit[i]!;
      return sum / 16;
    };
    expect(profit(0)).toBeGreaterThan(0);
    // who sells at cost serves, and gains nothing by it
    expect(profit(0)).toBeGreaterThan(profit(1));
  });

  it('learns the clearing price of call auctions: later calls make more of the gains than those of ziC', () => {
    const efficiency = (kind: string): number => {
      const { world, shard } = play(
        {
          slots: 200,
          world: {
            genesis: { token: 1000, cash: 0, capacity: 1 },
            serviceMarket: { enabled: false },
            training: { enabled: false },
            hardware: { enabled: false },
            amm: { enabled: false },
            energy: { price: 0, subsistence: 0 },
            policy: { wealthTaxPerTick: 0 },
            demography: { enabled: false },
            computeMarket: { priceMin: 0.001, priceMax: 0.256, feeBps: 0 },
            induced: { enabled: true, schedule: 'even', renewEvery: 1 },
          },
          populations: population(kind),
        },
        30,
      );
      shard.advance(60);
      return allocativeEfficiency(world);
    };
    expect(efficiency('zip')).toBeGreaterThan(efficiency('ziC') + 0.2);
  });
});

describe('the laws of a book', () => {
  it('catch a trader that traded more than it came with', () => {
    const { world } = play(BOOK_ECONOMY, 20);
    expect(() => checkClearing(world)).not.toThrow();
    world.columns.orderFilled[3] = world.columns.orderQuantity[3]! + 1;
    expect(() => checkClearing(world)).toThrow("law 'clearing'");
  });
});
