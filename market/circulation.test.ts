import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isqrt } from '../sim/core/fixed.ts';
import { U32_MAX } from '../sim/core/units.ts';
import { circulate, startTick } from './circulation.ts';
import {
  ASSET,
  FREE_SLOT,
  type MarketWorld,
  POOL_RECORD,
  SWAP,
  SWAP_FIELDS,
  SYSTEM,
  TOTAL,
  WORLD,
} from './columns.ts';
import { checkConservation } from './laws.ts';
import { REASON } from './ledger.ts';
import { hardwarePrice } from './ownership.ts';
import { cashReserve, midPrice, tokenReserve } from './pool.ts';
import { checkAmm } from './poolLaws.ts';
import { TestMarket } from './testTick.ts';
import { testWorld } from './testWorld.ts';

const system = (world: MarketWorld, account: keyof typeof SYSTEM): [token: number, cash: number] => [
  world.balances.systemToken[SYSTEM[account]]!,
  world.balances.systemCash[SYSTEM[account]]!,
];
const quiet = { amm: { enabled: false } };

describe('genesis', () => {
  it('mints every balance of the config once, and possessions for the occupied slots', () => {
    const world = testWorld({ slots: 5, living: 3 });
    expect([...world.balances.token]).toEqual([2e6, 2e6, 2e6, 0, 0]);
    expect([...world.balances.cash]).toEqual([5e5, 5e5, 5e5, 0, 0]);
    expect(system(world, 'consumers')).toEqual([5e7, 4e8]);
    expect(system(world, 'amm')).toEqual([2e8, 2e8]);
    expect(system(world, 'treasury')).toEqual([4e7, 1e7]);
    expect(world.ledger.supply(ASSET.token)).toBe(3 * 2e6 + 5e7 + 2e8 + 4e7);
    expect([...world.columns.capacity]).toEqual([8, 8, 8, 0, 0]);
    expect(world.columns.total[TOTAL.capacity]).toBe(24);
    expect(world.columns.scalar[WORLD.alive]).toBe(3);
    expect(world.columns.total[TOTAL.ammRootK]).toBe(2e8);
    expect(world.columns.scalar[WORLD.tokenPrice]).toBe(65_536);
    expect(world.columns.wealth[0]).toBe(2_500_000);
    checkConservation(world);
  });

  it('gives each population its endowment, and everybody capacity, data and skill', () => {
    const world = testWorld({
      slots: 6,
      living: 5,
      populations: [
        { name: 'poor', kind: 'random', share: 2, endowment: 0.5 },
        { name: 'rich', kind: 'random', share: 1 },
      ],
      world: {
        genesis: { data: 7 },
        ownership: { distribution: 'firms', firms: 2, firmShare: 0.5 },
      },
    });
    const { columns, parameters } = world;
    expect([...columns.population.subarray(0, 5)]).toEqual([0, 0, 0, 0, 1]);
    expect([...world.balances.token]).toEqual([1e6, 1e6, 1e6, 1e6, 2e6, 0]);
    expect([...world.balances.cash]).toEqual([25e4, 25e4, 25e4, 25e4, 5e5, 0]);
    const capacities = parameters.ownership.capacities!;
    expect(new Set(capacities).size).toBeGreaterThan(1);
    expect([...columns.capacity]).toEqual([...capacities].slice(0, 5).concat(0));
    expect(columns.total[TOTAL.capacity]).toBe([...capacities].slice(0, 5).reduce((a, b) => a + b, 0));
    expect([...columns.data]).toEqual([7, 7, 7, 7, 7, 0]);
    expect(columns.total[TOTAL.dataFounded]).toBe(35);
    const { skill } = parameters.genesis;
    expect([...columns.skill]).toEqual(Array.from({ length: 24 }, (_, k) => (k < 20 ? skill : 0)));
    expect([...columns.wealthBefore]).toEqual([...columns.wealth]);
    expect([...columns.wealth]).toEqual([125e4, 125e4, 125e4, 125e4, 25e5, 0]);
    expect(columns.scalar[WORLD.dataPrice]).toBe(parameters.dataOwnership.price);
  });

  it('saturates the wealth of the very rich', () => {
    const world = testWorld({
      slots: 1,
      world: { genesis: { token: 2e5 }, amm: { token: 1000, cash: 50_000 } },
    });
    expect(world.columns.wealth[0]).toBe(U32_MAX);
  });

  it.each([{}, { networkEffect: 0.5 }, { value: 900 }])('sets the prices of the first tick: %o', (market) => {
    const world = testWorld({ slots: 3, world: { serviceMarket: market, amm: { token: 300, cash: 700 } } });
    const { scalar } = world.columns;
    const opening = [WORLD.tokenPrice, WORLD.taskValue, WORLD.hardwarePrice, WORLD.priceFast].map(
      (k) => scalar[k],
    );
    expect(opening.every((price) => price! > 0)).toBe(true);
    expect(scalar[WORLD.priceSlow]).toBe(scalar[WORLD.priceFast]);
    const { priceTable, priceStart } = world.parameters.computeMarket;
    // the level of the price at which moving averages start: its neighbours are further away
    const level = scalar[WORLD.computeLevel]!;
    expect(256 * priceTable[level]!).toBeLessThanOrEqual(priceStart);
    expect(256 * priceTable[level + 1]!).toBeGreaterThan(priceStart);
    startTick(world, 0);
    expect(
      [WORLD.tokenPrice, WORLD.taskValue, WORLD.hardwarePrice, WORLD.priceFast].map((k) => scalar[k]),
    ).toEqual(opening);
    expect(scalar[WORLD.tokenPriceBefore]).toBe(scalar[WORLD.tokenPrice]);
  });

  it('gives the court a bank where gamblers bet, and no pool where the AMM is off', () => {
    const bets = testWorld({
      slots: 5,
      world: { ...quiet, randomExchange: { kind: 'bets', target: 20 } },
    });
    expect(system(bets, 'court')).toEqual([0, 5 * 20_000]);
    expect(system(bets, 'amm')).toEqual([0, 0]);
    const endless = testWorld({ slots: 5, world: { randomExchange: { kind: 'bets' } } });
    expect(system(endless, 'court')[1]).toBe(5 * U32_MAX);
  });
});

describe('the opening of a tick', () => {
  it('clears flows, makes capacity the compute at hand and fixes the opening prices', () => {
    const world = testWorld({ slots: 3, living: 2 });
    const { columns } = world;
    columns.computeUsed.fill(7);
    columns.bill.fill(7);
    columns.capacity[2] = 5; // nobody's
    world.ledger.transfer(
      ASSET.cash,
      world.ledger.system(SYSTEM.consumers),
      world.ledger.system(SYSTEM.amm),
      2e8,
      REASON.consumerSwap,
    );
    startTick(world, 1);
    expect([...columns.computeUsed, ...columns.bill]).toEqual([0, 0, 0, 0, 0, 0]);
    expect([...columns.compute]).toEqual([8, 8, 0]);
    expect([...columns.opened]).toEqual([8, 8, 0]);
    expect(columns.scalar[WORLD.tokenPriceBefore]).toBe(65_536);
    expect(columns.scalar[WORLD.tokenPrice]).toBe(2 * 65_536);
    expect(columns.scalar[WORLD.taskValue]).toBe(5000);
  });

  it('gives no compute to an empty slot, wherever it lies', () => {
    const world = testWorld({ slots: 5 });
    world.columns.population[0] = FREE_SLOT;
    world.columns.population[4] = FREE_SLOT;
    startTick(world, 1);
    expect([...world.columns.opened]).toEqual([0, 8, 8, 8, 0]);
    expect([...world.columns.compute]).toEqual([0, 8, 8, 8, 0]);
  });

  it('wants tasks where there is a market for them', () => {
    const demandOf = (enabled: boolean): number[] => {
      const world = testWorld({ slots: 1, world: { serviceMarket: { enabled } } });
      startTick(world, 0);
      return [...world.columns.demand];
    };
    expect(demandOf(true)).toHaveLength(4);
    expect(demandOf(true).every((tasks) => tasks > 0)).toBe(true);
    expect(demandOf(false)).toEqual([0, 0, 0, 0]);
  });

  it('never values a task beyond what 31 bits pay for, with a bonus as large as the value', () => {
    const mostOf = (networkEffect: number): number => {
      const world = testWorld({ slots: 1, world: { serviceMarket: { networkEffect } } });
      const { ledger } = world;
      const [amm, consumers] = [ledger.system(SYSTEM.amm), ledger.system(SYSTEM.consumers)];
      ledger.transfer(ASSET.cash, amm, consumers, cashReserve(world) - 5000, REASON.task);
      startTick(world, 1);
      return world.columns.scalar[WORLD.taskValue]! * world.parameters.serviceMarket.maxTasks;
    };
    const most = 2 ** 31 - 1;
    expect(mostOf(0)).toBeLessThanOrEqual(most);
    expect(mostOf(0)).toBeGreaterThan(most * 0.99);
    expect(2 * mostOf(0.5)).toBeLessThanOrEqual(most);
    expect(2 * mostOf(0.5)).toBeGreaterThan(most * 0.99);
  });

  it('keeps the intents, which are what agents last quoted', () => {
    const world = testWorld({ slots: 2 });
    world.columns.taskAsk.fill(42);
    startTick(world, 1);
    expect([...world.columns.taskAsk]).toEqual([42, 42]);
  });
});

describe('circulation', () => {
  it('returns the cash of supplier, labour, court and operators to the consumers', () => {
    const world = testWorld({ slots: 1, world: quiet });
    const { ledger } = world;
    for (const account of [SYSTEM.supplier, SYSTEM.labour, SYSTEM.court, SYSTEM.operators]) {
      ledger.transfer(ASSET.cash, 0, ledger.system(account), 100, REASON.energy);
    }
    const before = system(world, 'consumers')[1];
    startTick(world, 0);
    circulate(world, 0);
    expect(system(world, 'consumers')[1]).toBe(before + 400);
    for (const account of ['supplier', 'labour', 'court', 'operators'] as const) {
      expect(system(world, account)[1]).toBe(0);
    }
  });

  it('returns the token of operators, and leaves in court what it holds for creditors', () => {
    const world = testWorld({ slots: 1, world: { ...quiet, trust: { regime: 'legal' } } });
    const { ledger, columns } = world;
    ledger.transfer(ASSET.token, 0, ledger.system(SYSTEM.operators), 70, REASON.operator);
    ledger.transfer(ASSET.cash, 0, ledger.system(SYSTEM.court), 100, REASON.energy);
    ledger.transfer(ASSET.cash, 0, ledger.system(SYSTEM.supplier), 9, REASON.energy);
    columns.courtHeld.set([20, 10]);
    const [token, cash] = system(world, 'consumers');
    startTick(world, 0);
    circulate(world, 0);
    expect(system(world, 'consumers')).toEqual([token + 70, cash + 70 + 9]);
    expect(system(world, 'court')).toEqual([0, 30]);
    expect(system(world, 'operators')).toEqual([0, 0]);
  });

  it('leaves the court its bank in a world of bets', () => {
    const world = testWorld({ slots: 1, world: { randomExchange: { kind: 'bets', target: 20 } } });
    startTick(world, 0);
    circulate(world, 0);
    expect(system(world, 'court')[1]).toBe(20_000);
  });

  it.each([
    [0, 0],
    [63, 0],
    [64, 1],
    [6400, 100],
  ])('releases, of %i above the reserve, %i in both assets', (above, released) => {
    const world = testWorld({ slots: 1, world: quiet });
    const { ledger } = world;
    const treasury = ledger.system(SYSTEM.treasury);
    ledger.transfer(ASSET.token, 0, treasury, above, REASON.tax);
    ledger.transfer(ASSET.cash, 0, treasury, above, REASON.tax);
    const before = system(world, 'consumers');
    startTick(world, 0);
    circulate(world, 0);
    expect(system(world, 'consumers')).toEqual(before.map((balance) => balance + released));
  });

  it('releases nothing from a treasury below its reserve, of either asset', () => {
    const world = testWorld({ slots: 1, world: quiet });
    const { ledger } = world;
    const treasury = ledger.system(SYSTEM.treasury);
    ledger.transfer(ASSET.cash, treasury, 0, 5e6, REASON.immigration);
    ledger.transfer(ASSET.token, treasury, 0, 2e6, REASON.immigration);
    startTick(world, 0);
    circulate(world, 0);
    expect(system(world, 'treasury')).toEqual([38e6, 5e6]);
  });
});

describe("the consumers' swap", () => {
  it('buys exactly the token that this tick’s demand lacks', () => {
    const world = testWorld({ slots: 1, world: { consumers: { token: 1999 } } });
    startTick(world, 0);
    const wanted = world.columns.demand.reduce((a, b) => a + b, 0) * 10_000;
    expect(wanted).toBe(2_000_000);
    circulate(world, 0);
    // 1 token lacking costs 1.003... cash
    expect(system(world, 'consumers')[0]).toBe(2_000_000);
    expect(4e8 - system(world, 'consumers')[1]).toBe(1004);
    expect(world.columns.swapReserves[SWAP.consumers * SWAP_FIELDS]).toBe(2e8);
    checkAmm(world);
  });

  it('spends at most its share of cash', () => {
    const world = testWorld({ slots: 1, world: { consumers: { token: 0, swapShare: 0.001 } } });
    startTick(world, 0);
    circulate(world, 0);
    expect(4e8 - system(world, 'consumers')[1]).toBe(399_999); // floor of 2^-32 fractions
    expect(system(world, 'consumers')[0]).toBeGreaterThan(0);
    // demand follows the budget
    const affordable = Math.floor(system(world, 'consumers')[0] / 4 / 10_000);
    expect(Math.max(...world.columns.demand)).toBeLessThanOrEqual(affordable + 12);
  });

  it('does not take place when nothing is lacking', () => {
    const world = testWorld({ slots: 1, world: { consumers: { token: 2000 } } });
    startTick(world, 0);
    circulate(world, 0);
    expect(system(world, 'consumers')).toEqual([2e6, 4e8]);
    expect(world.columns.total[TOTAL.swaps]).toBe(0);
  });

  it('buys for the bonus, too, that a network of buyers may pay', () => {
    const world = testWorld({
      slots: 1,
      world: { consumers: { token: 1000 }, serviceMarket: { networkEffect: 0.5 } },
    });
    startTick(world, 0);
    const { demand, scalar } = world.columns;
    const tasks = demand.reduce((a, b) => a + b, 0);
    const wanted = tasks * (scalar[WORLD.taskValue]! + Math.floor(scalar[WORLD.taskValue]! / 2));
    circulate(world, 0);
    expect(wanted).toBe(3e6);
    expect(system(world, 'consumers')[0]).toBe(wanted);
  });

  it('does not take place where it would bring nothing', () => {
    const world = testWorld({
      slots: 1,
      world: { consumers: { token: 0, cash: 0.1 }, amm: { token: 1, cash: 100 } },
    });
    startTick(world, 0);
    circulate(world, 0);
    expect(system(world, 'consumers')).toEqual([0, 100]);
    expect(world.columns.total[TOTAL.swaps]).toBe(0);
    expect(world.columns.swapReserves.every((reserve) => reserve === 0)).toBe(true);
  });

  it('takes all that its share allows when the pool holds too little', () => {
    const world = testWorld({
      slots: 1,
      world: { consumers: { token: 0 }, amm: { token: 1000, cash: 1000 } },
    });
    startTick(world, 0);
    circulate(world, 0);
    expect(4e8 - system(world, 'consumers')[1]).toBe(3_999_999);
    expect(tokenReserve(world)).toBeGreaterThan(0);
  });
});

describe('demand', () => {
  it('is cut to the budget: of each class what its part of the token pays for, bonus and all', () => {
    const tasks = fc.array(fc.nat(300), { minLength: 4, maxLength: 4 });
    fc.assert(
      fc.property(tasks, fc.nat(4_000_000), fc.constantFrom(0, 0.25), (wanted, token, networkEffect) => {
        const world = testWorld({
          slots: 1,
          world: { ...quiet, consumers: { token: token / 1000 }, serviceMarket: { networkEffect } },
        });
        startTick(world, 0);
        const { demand, scalar } = world.columns;
        demand.set(wanted);
        const value = scalar[WORLD.taskValue]!;
        const price = value + Math.floor(value * networkEffect);
        const all = wanted.reduce((a, b) => a + b, 0);
        circulate(world, 0);
        const affordable = wanted.map((n) =>
          all === 0 ? 0 : Math.min(n, Math.floor(Math.floor((token * n) / all) / price)),
        );
        expect([...demand]).toEqual(affordable);
      }),
    );
  });

  it('is none where a task is worth nothing', () => {
    const world = testWorld({ slots: 1, world: { serviceMarket: { value: 0 } } });
    startTick(world, 0);
    expect(world.columns.demand.some((tasks) => tasks > 0)).toBe(true);
    circulate(world, 0);
    expect([...world.columns.demand]).toEqual([0, 0, 0, 0]);
  });
});

describe('redemption', () => {
  it('does not take place at genesis', () => {
    const world = testWorld({ slots: 1, world: { serviceMarket: { enabled: false } } });
    const { ledger } = world;
    ledger.transfer(ASSET.cash, 0, ledger.system(SYSTEM.amm), 1000, REASON.task);
    startTick(world, 0);
    circulate(world, 0);
    expect(cashReserve(world)).toBe(2e8 + 1000);
  });

  it('takes from both reserves in proportion, gives both to the consumers, and is on record', () => {
    for (const [token, cash] of [
      [4e6, 1e6],
      [1e6, 4e6],
    ] as const) {
      const world = testWorld({
        slots: 1,
        world: {
          amm: { token: token / 1000, cash: cash / 1000, redeemEvery: 4 },
          serviceMarket: { enabled: false },
        },
      });
      const { ledger } = world;
      // a tenth more of both
      ledger.transfer(
        ASSET.token,
        ledger.system(SYSTEM.consumers),
        ledger.system(SYSTEM.amm),
        token / 10,
        REASON.task,
      );
      ledger.transfer(
        ASSET.cash,
        ledger.system(SYSTEM.consumers),
        ledger.system(SYSTEM.amm),
        cash / 10,
        REASON.task,
      );
      const before = system(world, 'consumers');
      startTick(world, 4);
      circulate(world, 4);
      expect(system(world, 'amm')).toEqual([token, cash]);
      expect(system(world, 'consumers')).toEqual([before[0] + token / 10, before[1] + cash / 10]);
      const record = [...world.columns.poolRecord].slice(POOL_RECORD.redemption);
      expect(record).toEqual([1.1 * token, 1.1 * cash, token, cash].map(Math.round));
    }
  });

  it('brings isqrt(k) back to what it was at genesis, never below, whatever the reserves', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 200_000_000 }),
        fc.integer({ min: 1, max: 200_000_000 }),
        fc.integer({ min: 0, max: 5_000_000 }),
        (token, cash, extra) => {
          const world = testWorld({
            slots: 1,
            world: {
              amm: { token: token / 1000, cash: cash / 1000, redeemEvery: 4 },
              consumers: { token: 10_000, cash: 10_000 },
              serviceMarket: { enabled: false, value: 0 },
            },
          });
          const { ledger } = world;
          const consumers = ledger.system(SYSTEM.consumers);
          ledger.transfer(ASSET.token, consumers, ledger.system(SYSTEM.amm), extra, REASON.task);
          ledger.transfer(ASSET.cash, consumers, ledger.system(SYSTEM.amm), extra >> 1, REASON.task);
          const price = midPrice(world);
          startTick(world, 4);
          circulate(world, 4);
          const k = BigInt(tokenReserve(world)) * BigInt(cashReserve(world));
          expect(Number(isqrt(k))).toBe(world.columns.total[TOTAL.ammRootK]);
          checkConservation(world);
          // the price moves by rounding: a unit of either reserve
          const unit = 2 / Math.min(tokenReserve(world), cashReserve(world));
          const moved = Math.abs(midPrice(world) - price);
          expect(moved).toBeLessThanOrEqual(price * unit * 2 + 1);
        },
      ),
      { numRuns: 150 },
    );
  });

  it('waits for its tick, and for fees to redeem', () => {
    const world = testWorld({
      slots: 1,
      world: { amm: { redeemEvery: 4 }, serviceMarket: { enabled: false } },
    });
    const { ledger } = world;
    for (let tick = 0; tick < 8; tick++) {
      startTick(world, tick);
      circulate(world, tick);
      if (tick === 4) ledger.transfer(ASSET.cash, 0, ledger.system(SYSTEM.amm), 1000, REASON.task);
      expect(cashReserve(world)).toBe(tick < 4 ? 2e8 : 2e8 + 1000);
    }
    startTick(world, 8);
    circulate(world, 8);
    expect(cashReserve(world)).toBeLessThan(2e8 + 1000);
    expect(Number(isqrt(BigInt(cashReserve(world)) * BigInt(tokenReserve(world))))).toBe(2e8);
  });
});

describe('hardware', () => {
  it('costs base + scale x (total / genesis)^2, exactly', () => {
    fc.assert(
      fc.property(fc.nat(2 ** 31 - 1), (total) => {
        const world = testWorld({ slots: 3 });
        world.columns.total[TOTAL.capacity] = total;
        const exact = 50_000n + (50_000n * BigInt(total) ** 2n) / 24n ** 2n;
        const expected = exact > 0xffff_ffffn ? U32_MAX : Number(exact);
        expect(hardwarePrice(world)).toBe(expected);
      }),
      { numRuns: 100 },
    );
    expect(hardwarePrice(testWorld({ slots: 3 }))).toBe(100_000);
  });

  it('wears out by the expected amount, by whole units', () => {
    const world = testWorld({
      slots: 400,
      world: {
        hardware: { wearPerTick: 0.01, capacityMax: 1000 },
        genesis: { capacity: 50 },
        serviceMarket: { enabled: false },
      },
    });
    const market = new TestMarket(world);
    for (let t = 0; t < 10; t++) market.run(() => {});
    const left = world.columns.total[TOTAL.capacity]!;
    const expected = 400 * 50 * 0.99 ** 10;
    // each tick each agent loses one with probability a half at most: variance below a quarter
    expect(Math.abs(left - expected)).toBeLessThan(6 * Math.sqrt(400 * 10 * 0.25));
    expect(world.columns.capacity.reduce((a, b) => a + b, 0)).toBe(left);
  });
});
