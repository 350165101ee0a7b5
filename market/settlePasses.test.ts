import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DrawSequence, STREAM } from '../sim/core/rng.ts';
import { U32_MAX } from '../sim/core/units.ts';
import { startTick } from './circulation.ts';
import { FINANCE, FREE_SLOT, type MarketWorld, SYSTEM, TOTAL, WORLD } from './columns.ts';
import { settle } from './settle.ts';
import { moveStakes } from './staking.ts';
import { TestMarket } from './testTick.ts';
import { expectSame, type Twins, twinsOf } from './testTwins.ts';
import { openContracts } from './trust.ts';

/** Parts of a world's config that settlement depends on; a case takes one of each list. */
const OPTIONS = {
  amm: [{}, { enabled: false }, { token: 1, cash: 4000 }],
  policy: [
    { issuance: 'none', wealthTaxPerTick: 0 },
    { issuance: 'yuma', epoch: 3, wealthTaxPerTick: 0.01, staking: true, dividend: 0.5 },
    { issuance: 'stakeWeighted', wealthTaxPerTick: 0.001, staking: true, unstakeDelay: 2 },
    { issuance: 'workWeighted', wealthTaxPerTick: 0.1, dividend: 0.1, financeStep: 0.5 },
  ],
  trust: [
    { regime: 'off' },
    { regime: 'none' },
    { regime: 'legal', delay: 4, claimCohorts: 4 },
    { regime: 'programmatic' },
  ],
  ownership: [
    {},
    { scaleEconomy: 0.3, capitalCost: 0.5, operatorShare: 0.25, distribution: 'pareto', paretoAlpha: 3 },
    { operatorShare: 1, capitalCost: 0.01 },
    { scaleEconomy: 0.9 },
  ],
  dataOwnership: [{}, { platform: 0.5, market: true }],
  // four at a time up to a price of 2^13 milli-cash, one by one from there on
  energy: [{}, {}, { price: 0, subsistence: 0 }, { price: 8.191 }, { price: 8.192 }],
  hardware: [{ wearPerTick: 0.3 }, { enabled: false }, { wearPerTick: 0, runwayTicks: 0 }],
};
const configs = fc.record(
  Object.fromEntries(
    Object.entries(OPTIONS).map(([section, of]) => [section, fc.constantFrom<object>(...of)]),
  ),
);

/** Most that an agent owns or owes, and most compute that it uses or trades: four at a time below 2^16 units. */
const sizes = fc.record({
  most: fc.constantFrom(1000, 2 ** 24, 2 ** 29 - 1, 2 ** 30),
  units: fc.constantFrom(40, 2 ** 16 - 1, 2 ** 20),
});
const slotCounts = fc.constantFrom(9, 16, 23);

const twins = (world: object, seed: number, slots = 9): Twins => {
  const policy = { staking: true, ...(world as { policy?: object }).policy };
  return twinsOf({ slots, living: slots - 2, seed, world: { ...world, policy } });
};

const draws = new DrawSequence();

/** A number of a size drawn first, so that all magnitudes come up; `most` now and then. */
function anySize(most: number): number {
  const bits = draws.below(36);
  if (bits > 33) return most;
  return Math.min(most, Math.floor(draws.unit() * 2 ** bits));
}

/** A state of the markets at the end of a tick, however unlikely. Free slots stay empty of money. */
function disturb(world: MarketWorld, seed: number, tick: number, most: number, units = 2 ** 20): void {
  const { columns, balances, parameters } = world;
  draws.at(seed, tick, 0, STREAM.scripted);
  for (let i = 0; i < parameters.slots; i++) {
    const lives = columns.population[i] !== FREE_SLOT;
    balances.token[i] = lives ? anySize(most) : 0;
    balances.cash[i] = lives ? anySize(most) : 0;
    if (columns.unstakeAmount.length > 0) balances.stake[i] = lives ? anySize(most) : 0;
    columns.finance[i] = draws.below(6);
    columns.orderSide[i] = draws.below(3);
    columns.computeFilled[i] = anySize(units);
    columns.computeUsed[i] = anySize(units);
    if (columns.undelivered.length > 0) columns.undelivered[i] = draws.below(columns.computeFilled[i]! + 1);
    columns.computeAmount[i] = anySize(most);
    columns.serviceAmount[i] = anySize(most);
    columns.opened[i] = anySize(2 ** 12);
    columns.capacity[i] = lives ? anySize(2 ** 12) : 0;
    columns.labelsUsed[i] = draws.below(3);
    columns.bill[i] = lives ? anySize(most) : 0;
    columns.tasksSold[i] = anySize(2 ** 16);
    columns.taskClass[i] = draws.below(4);
    for (let c = 0; c < 4; c++) columns.skill[4 * i + c] = draws.word();
    for (const name of [
      'lossCarried',
      'contractBill',
      'courtBill',
      'debtDue',
      'contractCash',
      'compensated',
      'slashed',
      'dataBill',
    ] as const)
      if (columns[name].length > 0) columns[name][i] = lives ? anySize(most) : 0;
    for (const name of ['breached', 'unstakeAmount'] as const)
      if (columns[name].length > 0) columns[name][i] = lives ? anySize(2) : 0;
  }
  // what is due is owed, to the cohort that falls due in the next tick
  const { cohorts, cohortTicks } = parameters.trust;
  const isDue = cohorts > 0 && (tick + 1) % cohortTicks === 0;
  if (!isDue) columns.debtDue.fill(0);
  else
    for (let k = 0; k < columns.liabilities.length; k++)
      columns.liabilities[k] = columns.debtDue[Math.floor(k / cohorts)]!;
  columns.total[TOTAL.capacity] = columns.capacity.reduce((sum, cu) => sum + cu, 0);
  balances.systemToken[SYSTEM.treasury] = anySize(most) + parameters.treasury.tokenReserve;
  balances.systemCash[SYSTEM.treasury] = anySize(most) + parameters.treasury.cashReserve;
}

/** The error that settling a tick throws, or ''. */
function outcome(world: MarketWorld, seed: number, tick: number, most: number, units: number): string {
  world.ledger.tick = tick;
  startTick(world, tick);
  openContracts(world, tick);
  disturb(world, seed, tick, most, units);
  try {
    settle(world, tick);
    moveStakes(world, tick);
    return '';
  } catch (error) {
    return (error as Error).message;
  }
}

describe('settling in passes', () => {
  it('leaves every column as settling step by step does, whatever the tick was like', () => {
    fc.assert(
      fc.property(configs, fc.nat(), sizes, slotCounts, (world, seed, { most, units }, slots) => {
        const pair = twins(world, seed, slots);
        for (let tick = 0; tick < 4; tick++) {
          const [fast, slow] = pair.map((of) => outcome(of, seed, tick, most, units));
          expect(fast).toBe(slow);
          if (slow !== '') return;
          expectSame(pair);
        }
      }),
      { numRuns: 150 },
    );
  });

  it('does so where next to nothing is due: with few mechanisms, or none', () => {
    const few = fc.record({
      amm: fc.constantFrom({ enabled: false }, {}),
      energy: fc.constantFrom({ price: 0, subsistence: 0 }, { price: 0, subsistence: 0.001 }),
      hardware: fc.constantFrom({ enabled: false }, { wearPerTick: 0.3 }),
      policy: fc.constantFrom({ wealthTaxPerTick: 0 }, { wealthTaxPerTick: 0.01 }),
      trust: fc.constantFrom({ regime: 'off' }, { regime: 'none' }),
    });
    const owing = fc.array(fc.constantFrom(0, 1, 1000), { minLength: 20, maxLength: 20 });
    fc.assert(
      fc.property(few, owing, fc.nat(), fc.integer({ min: 3, max: 20 }), (config, bills, seed, slots) => {
        const world = { ...config, policy: { issuance: 'none', ...config.policy } };
        const pair = twins(world, seed, slots);
        for (let tick = 0; tick < 3; tick++) {
          for (const of of pair) {
            of.ledger.tick = tick;
            startTick(of, tick);
            openContracts(of, tick);
            disturb(of, seed, tick, 2 ** 24);
            of.columns.population.forEach((owner, i) => {
              of.columns.bill[i] = bills[(i + tick) % bills.length]!;
              if (owner === FREE_SLOT) of.balances.stake[i] = 0;
            });
            settle(of, tick);
          }
          expectSame(pair);
        }
      }),
      { numRuns: 150 },
    );
  });

  it('does so over ticks of a market with all mechanisms', () => {
    const pair = twins(
      {
        policy: { issuance: 'yuma', epoch: 7, dividend: 0.1, wealthTaxPerTick: 0.001, financeStep: 0.2 },
        trust: { regime: 'legal', delay: 12, claimCohorts: 5 },
        ownership: { distribution: 'pareto', scaleEconomy: 0.05, capitalCost: 0.05, operatorShare: 0.1 },
        dataOwnership: { platform: 0.5, market: true },
        hardware: { capacityMax: 512 },
      },
      5,
      40,
    );
    const markets = pair.map((world) => new TestMarket(world));
    for (let t = 0; t < 120; t++) {
      for (const market of markets) market.run();
      expectSame(pair);
    }
    expect(pair[0].columns.total[TOTAL.insolvencies]).toBeGreaterThan(0);
  });

  it.each([0, 3])('refuses what settling step by step refuses, in the same words (agent %i)', (agent) => {
    const full = (
      balance: 'token' | 'cash' | 'stake',
      finance: number,
      prepare: (w: MarketWorld) => void,
    ) => {
      const messages = twins(
        { policy: { financeStep: 0.5, wealthTaxPerTick: 0 }, amm: { token: 1e6, cash: 1e6 } },
        1,
      ).map((world) => {
        startTick(world, 0);
        world.balances[balance][agent] = U32_MAX;
        world.columns.finance[agent] = finance;
        prepare(world);
        try {
          settle(world, 0);
          moveStakes(world, 0);
          return '';
        } catch (error) {
          return (error as Error).message;
        }
      });
      expect(messages[0]).toBe(messages[1]);
      return messages[0];
    };
    const sells = full('cash', FINANCE.sellToken, ({ balances }) => {
      balances.token[agent] = 1_000_000;
    });
    expect(sells).toContain(`agent ${agent} cash`);
    const buys = full('token', FINANCE.buyToken, ({ balances }) => {
      balances.cash[agent] = 1_000_000;
    });
    expect(buys).toContain(`agent ${agent} token`);
    const stakes = full('stake', FINANCE.stake, ({ balances }) => {
      balances.token[agent] = 1_000_000;
    });
    expect(stakes).toContain(`stake of agent ${agent}`);
    const releases = full('token', FINANCE.hold, ({ balances, columns }) => {
      balances.stake[agent] = 1000;
      columns.unstakeAmount[agent] = 1000;
    });
    expect(releases).toContain(`agent ${agent} token`);
  });

  it('gives a dividend that no balance can hold to nobody', () => {
    const messages = twins({ policy: { dividend: 1, wealthTaxPerTick: 0 } }, 1).map((world) => {
      startTick(world, 0);
      world.balances.token[2] = U32_MAX;
      world.balances.systemToken[SYSTEM.treasury]! += 1_000_000;
      expect(world.columns.scalar[WORLD.alive]).toBe(7);
      try {
        settle(world, 0);
        return '';
      } catch (error) {
        return (error as Error).message;
      }
    });
    expect(messages[0]).toContain('agent 2 token');
    expect(messages[0]).toBe(messages[1]);
  });
});
