import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { mulHigh } from '../sim/core/fixed.ts';
import { U32_MAX } from '../sim/core/units.ts';
import { SwapRate } from './amm.ts';
import { startTick } from './circulation.ts';
import {
  ASSET,
  FINANCE,
  type MarketWorld,
  SIDE,
  SWAP,
  SWAP_FIELDS,
  SYSTEM,
  TOTAL,
  WORLD,
} from './columns.ts';
import { MARKET_LAWS } from './laws.ts';
import { REASON } from './ledger.ts';
import { cashReserve, midPrice, tokenReserve } from './pool.ts';
import { offerToken } from './sale.ts';
import { settle } from './settle.ts';
import { openSpending } from './spending.ts';
import { TestMarket } from './testTick.ts';
import { testWorld } from './testWorld.ts';

/** Sets balances by moving the difference to or from the consumers, so that money is conserved. */
function give(world: MarketWorld, agent: number, token: number, cash: number): void {
  const consumers = world.ledger.system(SYSTEM.consumers);
  for (const [asset, wanted] of [
    [ASSET.token, token],
    [ASSET.cash, cash],
  ] as const) {
    const has = world.ledger.balance(asset, agent);
    if (has > wanted) world.ledger.transfer(asset, agent, consumers, has - wanted, REASON.genesis);
    else world.ledger.transfer(asset, consumers, agent, wanted - has, REASON.genesis);
  }
}

const noTax = { policy: { wealthTaxPerTick: 0 } };

describe('the bill', () => {
  it('is energy of compute used and rented out, subsistence, labels and environment', () => {
    const world = testWorld({ slots: 3, world: noTax });
    startTick(world, 0);
    const { columns, balances } = world;
    columns.computeUsed.set([5, 0, 0]);
    columns.orderSide.set([SIDE.none, SIDE.sell, SIDE.buy]);
    columns.computeFilled.set([0, 7, 9]);
    columns.labelsUsed.set([2, 0, 0]);
    columns.bill.set([2 * 50 + 30, 0, 0]); // labels at 0.05 and an environment at 0.03, billed by training
    const before = [...balances.cash];
    settle(world, 0);
    const paid = before.map((cash, i) => cash - balances.cash[i]!);
    expect(paid).toEqual([130 + 5 * 150 + 50, 7 * 150 + 50, 50]);
    expect(balances.systemCash[SYSTEM.labour]).toBe(100);
    expect(balances.systemCash[SYSTEM.supplier]).toBe(30 + 12 * 150 + 3 * 50);
    expect(columns.total[TOTAL.energy]).toBe(12 * 150);
    expect([...columns.insolvent]).toEqual([0, 0, 0]);
  });

  it.each([true, false])(
    'is energy of own compute where rented units did not arrive (passes: %s)',
    (passes) => {
      const world = testWorld({ slots: 5, world: { ...noTax, trust: { regime: 'none' } }, passes });
      startTick(world, 0);
      const { columns } = world;
      columns.orderSide.set([SIDE.buy, SIDE.buy, SIDE.buy, SIDE.buy, SIDE.sell]);
      columns.computeFilled.set([3, 3, 3, 3, 12]);
      columns.undelivered.set([3, 2, 0, 3, 0]);
      columns.computeUsed.set([4, 4, 4, 0, 0]);
      settle(world, 0);
      // whoever rents out pays for it, delivered or not
      expect([...columns.bill]).toEqual([4, 3, 1, 0, 12].map((cu) => cu * 150 + 50));
      expect(columns.total[TOTAL.energy]).toBe(20 * 150);
    },
  );

  it('of an agent that has the last unit is paid; one unit less is insolvent and pays what it has', () => {
    const world = testWorld({ slots: 2, world: noTax });
    startTick(world, 0);
    give(world, 0, 0, 50);
    give(world, 1, 0, 49);
    settle(world, 0);
    expect([...world.columns.insolvent]).toEqual([0, 1]);
    expect([...world.balances.cash]).toEqual([0, 0]);
    expect(world.balances.systemCash[SYSTEM.supplier]).toBe(99);
    expect(world.columns.total[TOTAL.insolvencies]).toBe(1);
  });

  it('has no energy where values are induced', () => {
    const world = testWorld({ slots: 1, world: { ...noTax, induced: { enabled: true } } });
    startTick(world, 0);
    world.columns.computeUsed[0] = 8;
    settle(world, 0);
    expect(world.columns.bill[0]).toBe(50);
  });

  it('saturates instead of wrapping', () => {
    const world = testWorld({ slots: 1, world: { energy: { price: 1e6 } } });
    startTick(world, 0);
    world.columns.computeUsed[0] = 8;
    settle(world, 0);
    expect(world.columns.bill[0]).toBe(U32_MAX);
    expect(world.columns.insolvent[0]).toBe(1);
  });

  it('is paid from cash alone where the AMM is off', () => {
    const world = testWorld({ slots: 1, world: { amm: { enabled: false } } });
    startTick(world, 0);
    give(world, 0, 2_000_000, 10);
    settle(world, 0);
    expect(world.columns.insolvent[0]).toBe(1);
    expect(world.balances.token[0]).toBeGreaterThan(1_990_000);
    expect(world.columns.wealth[0]).toBe(0);
  });
});

/** A world of agents with given token, cash and bill, and an AMM of given depth. */
const crowd = fc.record({
  agents: fc.array(
    fc.record({
      token: fc.oneof(fc.nat(200), fc.nat(3_000_000)),
      cash: fc.nat(2000),
      bill: fc.oneof(fc.nat(200), fc.nat(500_000)),
      finance: fc.constantFrom(FINANCE.hold, FINANCE.sellToken),
    }),
    { minLength: 1, maxLength: 24 },
  ),
  token: fc.integer({ min: 1, max: 200_000 }),
  cash: fc.integer({ min: 1, max: 200_000 }),
});

function crowded({
  agents,
  token,
  cash,
}: typeof crowd extends fc.Arbitrary<infer T> ? T : never): MarketWorld {
  const world = testWorld({
    slots: agents.length,
    world: {
      ...noTax,
      amm: { token, cash },
      consumers: { token: 100_000, cash: 100_000 },
      energy: { subsistence: 0 },
      serviceMarket: { value: 0.001 },
    },
  });
  startTick(world, 0);
  agents.forEach((agent, i) => {
    give(world, i, agent.token, agent.cash);
    world.columns.bill[i] = agent.bill;
    world.columns.finance[i] = agent.finance;
  });
  openSpending(world);
  return world;
}

describe('the aggregate sale', () => {
  it('pays in full whoever’s token cover the bill at the rate it executes, however thin the pool', () => {
    fc.assert(
      fc.property(crowd, (given) => {
        const world = crowded(given);
        const rate = new SwapRate();
        const sold = offerToken(world, rate);
        const before = given.agents;
        settle(world, 0);
        before.forEach(({ token, cash, bill }, i) => {
          const solvent = cash + (sold > 0 ? rate.share(token) : 0) >= bill;
          expect(world.columns.insolvent[i], `agent ${i}`).toBe(solvent ? 0 : 1);
        });
        for (const law of MARKET_LAWS) law.check(world);
      }),
      { numRuns: 400 },
    );
  });

  it('takes no more token than the bills need at that rate, to a thousandth, from a pool of some depth', () => {
    fc.assert(
      fc.property(crowd, (given) => {
        const world = crowded({ ...given, token: given.token + 10_000, cash: given.cash + 10_000 });
        const rate = new SwapRate();
        const sold = offerToken(world, rate);
        const offered = [...world.columns.tokenOffered];
        expect(offered.reduce((a, b) => a + b, 0)).toBe(sold);
        let needed = 0;
        given.agents.forEach(({ token, cash, bill, finance }, i) => {
          const step = world.parameters.policy.financeStep;
          const chosen = finance === FINANCE.sellToken ? mulHigh(token, step) : 0;
          const forBill = cash < bill && sold > 0 ? rate.cost(bill - cash, token) : 0;
          needed += Math.max(chosen, forBill);
          expect(offered[i]).toBeGreaterThanOrEqual(Math.max(chosen, forBill));
          expect(offered[i]).toBeLessThanOrEqual(token);
        });
        // and what one unit of rounding costs, an agent, at the pool's price
        const unit = Math.ceil(tokenReserve(world) / cashReserve(world)) + 1;
        expect(sold - needed).toBeLessThanOrEqual(sold / 1000 + 4 * unit * given.agents.length);
      }),
      { numRuns: 400 },
    );
  });

  it('sells one agent’s shortfall at the exact inverse of the swap', () => {
    // pool 200,000 / 200,000: 100 milli-cash cost 101 milli-token
    const world = testWorld({ slots: 1, world: { ...noTax, energy: { subsistence: 0.1 } } });
    startTick(world, 0);
    give(world, 0, 5000, 0);
    settle(world, 0);
    expect(world.columns.insolvent[0]).toBe(0);
    expect(5000 - world.balances.token[0]!).toBeGreaterThanOrEqual(101);
    expect(5000 - world.balances.token[0]!).toBeLessThanOrEqual(103);
  });

  it('of more agents than the pool can pay leaves the poor insolvent and the rich alive', () => {
    const world = testWorld({
      slots: 4,
      world: { ...noTax, amm: { token: 10, cash: 10 }, energy: { subsistence: 2 } },
    });
    startTick(world, 0);
    for (const i of [0, 1, 2]) give(world, i, 300, 0);
    give(world, 3, 2_000_000, 0);
    settle(world, 0);
    expect([...world.columns.insolvent]).toEqual([1, 1, 1, 0]);
  });

  it('that would pay out nothing does not take place', () => {
    const world = testWorld({
      slots: 1,
      world: {
        ...noTax,
        amm: { token: 200_000, cash: 1 },
        energy: { subsistence: 0.05 },
        serviceMarket: { value: 0.001 },
      },
    });
    startTick(world, 0);
    give(world, 0, 10, 0);
    settle(world, 0);
    expect(world.balances.token[0]).toBe(10);
    expect(world.columns.tokenOffered[0]).toBe(0);
    expect(world.columns.swapReserves[SWAP.sale * SWAP_FIELDS]).toBe(0);
    expect(world.columns.insolvent[0]).toBe(1);
  });

  it('at a price above one milli-cash per milli-token shares out whole and part', () => {
    const world = testWorld({
      slots: 2,
      world: { ...noTax, amm: { token: 1000, cash: 50_000 }, energy: { subsistence: 0 } },
    });
    startTick(world, 0);
    give(world, 0, 10_000, 0);
    give(world, 1, 30_000, 0);
    world.columns.finance.fill(FINANCE.sellToken);
    settle(world, 0);
    // 1 % of each, at a price a little below 50
    expect([...world.balances.token]).toEqual([9_901, 29_701]);
    expect(world.balances.cash[0]! / 99).toBeGreaterThan(49);
    expect(world.balances.cash[0]! / 99).toBeLessThan(50);
    expect(world.balances.systemCash[SYSTEM.treasury]! - world.parameters.treasury.cashReserve).toBeLessThan(
      4,
    );
  });
});

describe('a purchase of token', () => {
  it('never spends the cash that the bill needs', () => {
    const world = testWorld({
      slots: 3,
      world: { ...noTax, policy: { financeStep: 0.5, wealthTaxPerTick: 0 } },
    });
    startTick(world, 0);
    give(world, 0, 0, 1050);
    give(world, 1, 0, 60);
    give(world, 2, 0, 50);
    world.columns.finance.fill(FINANCE.buyToken);
    settle(world, 0);
    expect([...world.columns.cashOffered]).toEqual([525, 10, 0]);
    expect([...world.columns.insolvent]).toEqual([0, 0, 0]);
    expect(world.balances.token[0]).toBeGreaterThan(515);
  });
});

describe('the wealth tax', () => {
  it('takes its share of token and cash, rounded down, after the bill', () => {
    const world = testWorld({ slots: 1, world: { policy: { wealthTaxPerTick: 0.01 } } });
    startTick(world, 0);
    give(world, 0, 1000, 1149);
    settle(world, 0);
    // floor(0.01 x 2^32) is a little below 1 %
    expect([world.balances.token[0], world.balances.cash[0]]).toEqual([991, 1089]);
  });
});

describe('wealth', () => {
  it('is cash and token, free and staked, at the mid price after the swaps', () => {
    const world = testWorld({ slots: 2, world: noTax });
    startTick(world, 0);
    const opening = world.columns.scalar[WORLD.tokenPrice]!;
    world.ledger.transfer(ASSET.token, 0, world.ledger.stakeOf(0), 500_000, REASON.stake);
    world.columns.finance.set([FINANCE.hold, FINANCE.sellToken]);
    const before = world.columns.wealth[0];
    settle(world, 0);
    const closing = midPrice(world);
    expect(closing).toBeLessThan(opening);
    expect(world.columns.wealth[0]).toBe(
      world.balances.cash[0]! + Math.floor((2_000_000 * closing) / 65_536),
    );
    expect(world.columns.wealthBefore[0]).toBe(before);
  });
});

describe('many ticks of random intents', () => {
  it.each([
    ['the defaults', {}],
    ['a thin pool', { amm: { token: 500, cash: 500 } }],
    [
      'second scores, seasons and wear',
      {
        serviceMarket: { pricing: 'secondScore', shape: 'seasonal', period: 50 },
        hardware: { wearPerTick: 0.01, runwayTicks: 0 },
      },
    ],
    ['no AMM', { amm: { enabled: false } }],
    [
      'a walk of demand, dear token',
      {
        serviceMarket: { shape: 'randomWalk', period: 3 },
        amm: { token: 2000, cash: 200_000, redeemEvery: 8 },
      },
    ],
    [
      'regimes and random exchange',
      {
        serviceMarket: { shape: 'regimeShift', period: 20 },
        randomExchange: { kind: 'kinetic', stake: 1, roundsPerTick: 2 },
      },
    ],
  ])('break no law under %s', (_, overrides) => {
    const world = testWorld({ slots: 24, living: 22, seed: 5, world: overrides });
    const market = new TestMarket(world);
    const { columns } = world;
    for (let t = 0; t < 120; t++) {
      market.run();
      for (const law of MARKET_LAWS) law.check(world);
      for (const free of [22, 23]) {
        expect(columns.compute[free]! + columns.computeFilled[free]! + columns.tasksSold[free]!).toBe(0);
        expect(world.balances.token[free]! + world.balances.cash[free]!).toBe(0);
      }
    }
    expect(columns.total[TOTAL.computeVolume]).toBeGreaterThan(0);
    expect(columns.total[TOTAL.tasks]).toBeGreaterThan(0);
    if (world.parameters.amm.enabled) {
      expect(columns.total[TOTAL.swaps]).toBeGreaterThan(40);
      expect(cashReserve(world) * tokenReserve(world)).toBeGreaterThan(0);
    }
  });
});
