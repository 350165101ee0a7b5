import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { mulHigh } from '../sim/core/fixed.ts';
import { circulate, startTick } from './circulation.ts';
import { type MarketWorld, MODE, SYSTEM, TOTAL, tokenToCash, WORLD } from './columns.ts';
import { moveDemand, sine16, wantedTasks } from './demand.ts';
import { feeOf } from './fee.ts';
import { ServiceAuction, scoreShift, serveTasks } from './serviceMarket.ts';
import { TestMarket } from './testTick.ts';
import { expectSame, twinsOf } from './testTwins.ts';
import { testWorld } from './testWorld.ts';
import { CONSUMERS } from './trades.ts';

type Offer = { taskClass?: number; ask: number; skill: number; compute?: number };
const HALF = 2 ** 31;

/** A tick in which the agents offer tasks; demand of every class as given. */
function serve(world: MarketWorld, offers: Offer[], demand: number, tick = 0): ServiceAuction {
  const { columns } = world;
  startTick(world, tick);
  circulate(world, tick);
  columns.demand.fill(demand);
  offers.forEach(({ taskClass = 0, ask, skill, compute = 8 }, i) => {
    columns.mode[i] = MODE.serve;
    columns.taskClass[i] = taskClass;
    columns.taskAsk[i] = ask;
    columns.skill[i * 4 + taskClass] = skill;
    columns.compute[i] = compute;
  });
  const auction = new ServiceAuction(world.parameters.slots);
  serveTasks(world, auction, tick);
  return auction;
}

describe('a task', () => {
  it('is paid the ask, less the fee, by the consumers', () => {
    const world = testWorld({ slots: 2 });
    const { columns, balances } = world;
    const consumers = balances.systemToken[SYSTEM.consumers]!;
    serve(world, [{ ask: 2000, skill: HALF, compute: 10 }], 50);
    // value 10 cash at price 1: 10,000 milli-token, quality a half
    expect(columns.scalar[WORLD.taskValue]).toBe(10_000);
    expect([columns.tasksOffered[0], columns.tasksSold[0], columns.computeUsed[0]]).toEqual([2, 2, 8]);
    const fee = feeOf(4000, 30);
    expect(columns.serviceAmount[0]).toBe(4000 - fee);
    expect(balances.token[0]).toBe(2e6 + 4000 - fee);
    expect(consumers - balances.systemToken[SYSTEM.consumers]!).toBe(4000);
    expect(columns.data[0]).toBe(2);
    expect(columns.total[TOTAL.spentToken]).toBe(4000);
    expect(columns.total[TOTAL.spentCash]).toBe(4000);
    expect(columns.total[TOTAL.taskValue]).toBe(2 * 5000);
    expect(columns.total[TOTAL.tasks]).toBe(2);
    expect([...columns.served]).toEqual([2, 0, 0, 0]);
  });

  it('is worth more token when the token is cheap', () => {
    const world = testWorld({ slots: 1, world: { amm: { token: 200_000, cash: 50_000 } } });
    startTick(world, 0);
    expect(world.columns.scalar[WORLD.taskValue]).toBe(40_000);
    expect(tokenToCash(40_000, world.columns.scalar[WORLD.tokenPrice]!)).toBe(10_000);
  });

  it('asked at its value is bought, one milli-token above it is not', () => {
    const world = testWorld({ slots: 2 });
    serve(
      world,
      [
        { ask: 5000, skill: HALF },
        { ask: 5001, skill: HALF },
      ],
      50,
    );
    expect([...world.columns.tasksSold]).toEqual([2, 0]);
  });

  it('needs the compute of one whole task, and at most maxTasks are offered', () => {
    const world = testWorld({ slots: 3 });
    serve(
      world,
      [
        { ask: 1, skill: HALF, compute: 3 },
        { ask: 1, skill: HALF, compute: 4 },
        { ask: 1, skill: HALF, compute: 100 },
      ],
      50,
    );
    expect([...world.columns.tasksOffered]).toEqual([0, 1, 8]);
    expect([...world.columns.computeUsed]).toEqual([0, 4, 32]);
  });

  it('of an agent in another mode or of a free slot is not sold', () => {
    const world = testWorld({ slots: 2, living: 1 });
    world.columns.mode[1] = MODE.serve;
    const auction = serve(world, [], 50);
    expect([...auction.fill]).toEqual([0, 0]);
    expect([...world.columns.tasksSold]).toEqual([0, 0]);
  });
});

describe('the second score', () => {
  it('pays each winner its value less the best losing score, never less than it asked', () => {
    const world = testWorld({ slots: 3, world: { serviceMarket: { pricing: 'secondScore', feeBps: 0 } } });
    serve(
      world,
      [
        { ask: 1000, skill: HALF }, // score 4000
        { ask: 2000, skill: HALF }, // 3000
        { ask: 4000, skill: HALF }, // 1000
      ],
      2,
    );
    expect([...world.columns.tasksSold]).toEqual([2, 0, 0]);
    expect(world.columns.marginalScore[0]).toBe(3000);
    expect(world.columns.serviceAmount[0]).toBe(2 * (5000 - 3000));
  });

  it('is zero where nobody lost: winners are paid all their value', () => {
    const world = testWorld({ slots: 1, world: { serviceMarket: { pricing: 'secondScore', feeBps: 0 } } });
    serve(world, [{ ask: 1000, skill: HALF }], 50);
    expect(world.columns.marginalScore[0]).toBe(0);
    expect(world.columns.serviceAmount[0]).toBe(2 * 5000);
  });

  it('never makes a winner worse off than its ask, and never costs more than value, at any offers', () => {
    const offer = fc.record({ ask: fc.nat(6000), skill: fc.integer({ min: 0, max: 2 ** 32 - 1 }) });
    fc.assert(
      fc.property(fc.array(offer, { minLength: 1, maxLength: 12 }), fc.nat(12), (offers, demand) => {
        const world = testWorld({
          slots: 12,
          world: { serviceMarket: { pricing: 'secondScore', feeBps: 0 } },
        });
        serve(world, offers, demand);
        offers.forEach(({ ask, skill }, i) => {
          const sold = world.columns.tasksSold[i]!;
          expect(world.columns.serviceAmount[i]).toBeGreaterThanOrEqual(ask * sold);
          expect(world.columns.serviceAmount[i]).toBeLessThanOrEqual(mulHigh(10_000, skill) * sold);
        });
      }),
      { numRuns: 100 },
    );
  });
});

describe('the choice of sellers', () => {
  const offer = fc.record({
    taskClass: fc.nat(1),
    ask: fc.nat(8000),
    skill: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
    compute: fc.nat(40),
  });

  it('is optimal to one bucket: nobody loses to a score that is a bucket or more below', () => {
    fc.assert(
      fc.property(
        fc.array(offer, { minLength: 1, maxLength: 16 }),
        fc.nat(40),
        fc.nat(1000),
        (offers, demand, tick) => {
          const world = testWorld({ slots: 16 });
          const auction = serve(world, offers, demand, tick);
          const bucket = 2 ** auction.shift;
          const { tasksOffered, tasksSold, served } = world.columns;
          for (const taskClass of [0, 1]) {
            const units: number[] = [];
            let gained = 0;
            offers.forEach((o, i) => {
              if (o.taskClass !== taskClass) return;
              const score = mulHigh(10_000, o.skill) - o.ask;
              gained += score * tasksSold[i]!;
              if (score >= 0) for (let k = 0; k < tasksOffered[i]!; k++) units.push(score);
            });
            const best = units.sort((a, b) => b - a).slice(0, demand);
            expect(served[taskClass]).toBe(best.length);
            const most = best.reduce((a, b) => a + b, 0);
            expect(gained).toBeLessThanOrEqual(most);
            expect(most - gained).toBeLessThan(bucket * Math.max(1, best.length));
          }
        },
      ),
      { numRuns: 300 },
    );
  });

  it('rations equals in an order that turns, and gives each its turn', () => {
    const world = testWorld({ slots: 4 });
    const offers = Array.from({ length: 4 }, () => ({ ask: 1000, skill: HALF }));
    const first = new Set<number>();
    for (let tick = 0; tick < 60; tick++) {
      serve(world, offers, 3, tick);
      const sold = [...world.columns.tasksSold];
      expect(sold.reduce((a, b) => a + b, 0)).toBe(3);
      first.add(sold.indexOf(2));
    }
    expect([...first].sort()).toEqual([0, 1, 2, 3]);
  });

  it.each([
    [0, 0],
    [255, 0],
    [256, 1],
    [10_000, 6],
    [2 ** 31 - 1, 23],
  ])('puts scores up to %i in 256 buckets by a shift of %i', (best, shift) => {
    expect(scoreShift(best)).toBe(shift);
    expect(best >>> shift).toBeLessThan(256);
  });
});

describe('the moving average of tasks sold', () => {
  it('closes a sixteenth of the gap in each tick of serving, and rests in others', () => {
    const world = testWorld({ slots: 1 });
    let expected = 0;
    for (let tick = 0; tick < 5; tick++) {
      serve(world, [{ ask: 1, skill: HALF }], 50, tick);
      expected += Math.floor((2 * 256 - expected) / 16);
      expect(world.columns.soldEma[0]).toBe(expected);
    }
    world.columns.mode[0] = MODE.idle;
    serveTasks(world, new ServiceAuction(1), 9);
    expect(world.columns.soldEma[0]).toBe(expected);
  });
});

describe('the budget', () => {
  it('cuts demand to what the consumers can pay at full value', () => {
    const world = testWorld({
      slots: 1,
      world: {
        amm: { enabled: false },
        consumers: { token: 1005, cash: 0 },
        serviceMarket: { demand: 50, classSpread: 0 },
      },
    });
    startTick(world, 0);
    expect([...world.columns.demand]).toEqual([50, 50, 50, 50]);
    circulate(world, 0);
    // 251.25 token a class at 10 token a task
    expect([...world.columns.demand]).toEqual([25, 25, 25, 25]);
  });

  it('is never overspent, whatever is offered', () => {
    const world = testWorld({
      slots: 64,
      world: { amm: { enabled: false }, consumers: { token: 300, cash: 0 }, serviceMarket: { feeBps: 0 } },
    });
    const offers = Array.from({ length: 64 }, (_, i) => ({
      taskClass: i % 4,
      ask: 9_999,
      skill: 2 ** 32 - 1,
    }));
    startTick(world, 0);
    circulate(world, 0);
    const demand = [...world.columns.demand];
    offers.forEach(({ taskClass, ask, skill }, i) => {
      world.columns.mode[i] = MODE.serve;
      world.columns.taskClass[i] = taskClass;
      world.columns.taskAsk[i] = ask;
      world.columns.skill[i * 4 + taskClass] = skill;
    });
    serveTasks(world, new ServiceAuction(64), 0);
    expect([...world.columns.served]).toEqual(demand);
    expect(world.balances.systemToken[SYSTEM.consumers]).toBeGreaterThanOrEqual(0);
  });
});

describe('demand', () => {
  const shaped = (shape: string, more: object = {}): MarketWorld =>
    testWorld({
      slots: 1,
      world: { serviceMarket: { shape, demand: 100, classSpread: 0, period: 40, amplitude: 0.5, ...more } },
    });

  it('is constant, or spread over the classes', () => {
    const world = testWorld({ slots: 1, world: { serviceMarket: { demand: 50, classSpread: 0.2 } } });
    expect([0, 1, 2, 3].map((c) => wantedTasks(world, 7, c))).toEqual([40, 47, 53, 60]);
  });

  it('by season swings by the amplitude, each class a quarter of a period later', () => {
    const world = shaped('seasonal');
    expect([0, 10, 20, 30].map((t) => wantedTasks(world, t, 0))).toEqual([100, 150, 100, 50]);
    expect([0, 10, 20, 30].map((t) => wantedTasks(world, t, 1))).toEqual([150, 100, 50, 100]);
    for (let t = 0; t < 40; t++) expect(wantedTasks(world, t + 40, 2)).toBe(wantedTasks(world, t, 2));
  });

  it('at an amplitude of 1 falls to nothing and rises to twice the mean', () => {
    const regimes = shaped('regimeShift', { amplitude: 1 });
    expect([0, 1, 2, 3].map((c) => wantedTasks(regimes, 0, c))).toEqual([200, 200, 0, 0]);
    const season = shaped('seasonal', { amplitude: 1 });
    expect([10, 30].map((t) => wantedTasks(season, t, 0))).toEqual([200, 0]);
  });

  it('by season follows the sine to 0.17 % of the amplitude', () => {
    for (let phase = 0; phase < 65_536; phase += 13) {
      const exact = Math.sin((2 * Math.PI * phase) / 65_536);
      expect(Math.abs(sine16(phase) / 65_536 - exact)).toBeLessThan(0.0017);
    }
    expect(sine16(16_384)).toBe(65_536);
    expect(sine16(49_152)).toBe(-65_536);
  });

  it('by random walk moves a quarter of the amplitude a period, within its bounds, both ways', () => {
    const world = shaped('randomWalk', { period: 3 });
    const seen = new Set<number>();
    let before = wantedTasks(world, 0, 0);
    for (let t = 0; t < 3000; t++) {
      moveDemand(world, t);
      const now = wantedTasks(world, t, 0);
      if (t % 3 === 0 && t > 0) expect([12, 13]).toContain(Math.abs(now - before));
      else expect(now).toBe(before);
      before = now;
      seen.add(now);
    }
    expect(Math.min(...seen)).toBe(50);
    expect(Math.max(...seen)).toBe(150);
    expect(seen.size).toBe(9);
  });

  it('by a recorded series is the mean times its rows, each for a period, over and over', () => {
    const world = shaped('constant');
    const { parameters } = world;
    const series = Uint32Array.of(65_536, 32_768, 0, 3 * 65_536 + 650, 2 ** 32 - 1);
    const recorded = (period: number, demand: number): MarketWorld => {
      const means = [demand, 1, 0, demand];
      const serviceMarket = { ...parameters.serviceMarket, shape: 'series', series, period, demand: means };
      return { ...world, parameters: { ...parameters, serviceMarket } } as unknown as MarketWorld;
    };
    const at = (tick: number, c: number, of = recorded(3, 100)): number => wantedTasks(of, tick, c);
    expect([0, 1, 2, 3, 5, 6, 9, 11].map((tick) => at(tick, 0))).toEqual([
      100, 100, 100, 50, 50, 0, 300, 300,
    ]);
    expect([15, 18, 30].map((tick) => at(tick, 0))).toEqual([100, 50, 100]);
    expect([at(3, 1), at(9, 1), at(9, 2)]).toEqual([0, 3, 0]);
    // 2^16 times as much of many is more than can be counted
    expect(at(12, 0, recorded(3, 70_000))).toBe(2 ** 32 - 1);
  });

  it('by regime favours half of the classes, which swap at each shift', () => {
    const world = shaped('regimeShift');
    const at = (t: number): number[] => [0, 1, 2, 3].map((c) => wantedTasks(world, t, c));
    expect(at(39)).toEqual([150, 150, 50, 50]);
    expect(at(40)).toEqual([50, 50, 150, 150]);
    expect(at(80)).toEqual(at(0));
  });
});

describe('the service market over ticks', () => {
  it.each([
    ['nobody can default', {}],
    ['reputation', { trust: { regime: 'none', reputationWeight: 0.5 } }],
    ['courts', { trust: { regime: 'legal', legalCost: 0.01, registrationFee: 1 } }],
    ['stakes', { trust: { regime: 'programmatic' }, policy: { staking: true, feeBurn: 0.5 } }],
    [
      'second scores in a network',
      { serviceMarket: { pricing: 'secondScore', networkEffect: 0.3, demand: 2 } },
    ],
  ])('is the same by kernel and by specification, and adds its tasks up: %s', (_, world) => {
    const pair = twinsOf({ slots: 30, seed: 8, world });
    const markets = pair.map((one) => new TestMarket(one));
    let tasks = 0;
    for (let t = 0; t < 10; t++) {
      for (const market of markets) market.run();
      expectSame(pair);
      const { tasksSold, total } = pair[0].columns;
      tasks += tasksSold.reduce((sum, sold) => sum + sold, 0);
      expect(total[TOTAL.tasks]).toBe(tasks);
    }
    expect(tasks).toBeGreaterThan(20);
  });
});

describe('the record of tasks', () => {
  it('names consumers as buyers, with class, quantity and price', () => {
    const world = testWorld({ slots: 1 });
    const rows: unknown[][] = [];
    world.trades = { wants: () => true, fill: (...row) => rows.push(row) };
    serve(world, [{ taskClass: 2, ask: 2000, skill: HALF }], 50, 5);
    expect(rows).toEqual([[5, 'service', CONSUMERS, 0, 2, 2, 2000]]);
  });
});
