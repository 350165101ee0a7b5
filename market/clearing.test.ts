import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { METHODS } from '../configs/worldParameters.ts';
import { DrawSequence, STREAM } from '../sim/core/rng.ts';
import { U32_MAX } from '../sim/core/units.ts';
import { BatchAuction } from './batchAuction.ts';
import { startTick } from './circulation.ts';
import { FREE_SLOT, type MarketWorld, MODE, SIDE, TOTAL, TRUST_TOTAL, WORLD } from './columns.ts';
import { tradeCompute } from './computeMarket.ts';
import { drawInducedValues } from './inducedValues.ts';
import { REASON } from './ledger.ts';
import { ServiceAuction, serveTasks } from './serviceMarket.ts';
import { TestMarket } from './testTick.ts';
import { expectSame, twinsOf as twins } from './testTwins.ts';
import { train } from './training.ts';
import { openContracts } from './trust.ts';

/** Cases that are drawn where kernels are compared. */
const CASES = 120;

const draws = new DrawSequence();

/** A number of a size drawn first, so that all magnitudes come up; `most` now and then. */
function anySize(most: number): number {
  const bits = draws.below(36);
  if (bits > 33) return most;
  return Math.min(most, Math.floor(draws.unit() * 2 ** bits));
}

const anyMethod = fc.record({
  eta: fc.constantFrom(0, 1e-9, 4e-4, 1),
  computeExponent: fc.constantFrom(0, 0.3, 1),
  dataExponent: fc.constantFrom(0, 0.2, 1),
  labelExponent: fc.constantFrom(0, 0.5, 1),
  labels: fc.nat(3),
  environmentPrice: fc.constantFrom(0, 0.05, 1000),
});

describe('the training pass', () => {
  it('leaves every column as training one by one does, whatever agents have', () => {
    fc.assert(
      fc.property(
        fc.record({
          depreciation: fc.constantFrom(0, 1e-5, 0.01, 0.9, 1),
          labelPrice: fc.constantFrom(0, 0.05, 1000),
          maxCompute: fc.constantFrom(1, 16, 4096),
          methods: fc.tuple(anyMethod, anyMethod, anyMethod, anyMethod),
        }),
        fc.constantFrom(0, 50),
        fc.constantFrom(1, 9, 40, 100, 1024, 1030),
        fc.nat(),
        ({ methods, ...training }, trainingRunwayTicks, slots, seed) => {
          const named = Object.fromEntries(METHODS.map((name, m) => [name, methods[m]]));
          const pair = twins({
            slots,
            seed,
            world: { training: { ...training, ...named }, hardware: { trainingRunwayTicks } },
          });
          for (const world of pair) {
            const { columns, balances } = world;
            draws.at(seed, 0, 0, STREAM.scripted);
            columns.scalar[WORLD.tokenPrice] = anySize(U32_MAX);
            for (let i = 0; i < slots; i++) {
              if (draws.below(5) === 0) columns.population[i] = FREE_SLOT;
              columns.mode[i] = draws.below(4);
              columns.taskClass[i] = draws.below(4);
              columns.method[i] = draws.below(4);
              columns.compute[i] = anySize(U32_MAX);
              columns.computeUsed[i] = Math.min(columns.compute[i]!, anySize(U32_MAX));
              columns.bill[i] = anySize(U32_MAX);
              columns.data[i] = anySize(U32_MAX);
              columns.labelsUsed[i] = 0;
              columns.skillGain[i] = draws.word();
              balances.token[i] = anySize(U32_MAX);
              balances.stake[i] = anySize(U32_MAX);
              balances.cash[i] = anySize(U32_MAX);
              for (let c = 0; c < 4; c++) columns.skill[4 * i + c] = anySize(U32_MAX);
            }
            train(world, 0);
          }
          expectSame(pair);
        },
      ),
      { numRuns: 60 },
    );
  });
});

/** Parts of a world's config that the service market depends on; a case takes one of each list. */
const OPTIONS = {
  serviceMarket: [
    { demand: 30, value: 10, cuPerTask: 4, maxTasks: 8 },
    { demand: 30, value: 10, pricing: 'secondScore', feeBps: 250, networkEffect: 0.3 },
    { demand: 3, value: 1000, cuPerTask: 1, maxTasks: 3, pricing: 'secondScore', feeBps: 10_000 },
    { demand: 1000, value: 0.01, cuPerTask: 7, networkEffect: 1, feeBps: 1 },
  ],
  trust: [
    { regime: 'off' },
    { regime: 'none', reputationWeight: 0.5, sideGain: 3 },
    { regime: 'legal', delay: 4, claimCohorts: 4, registrationFee: 2 },
    { regime: 'programmatic', audit: 0.5, falseAlarm: 0.1, stakePerUnit: 2, reputationWeight: 1 },
    { regime: 'programmatic', audit: 1, falseAlarm: 0, stakePerUnit: 0.5, slashToBuyer: 0.25 },
    { regime: 'programmatic', stakePerUnit: 0, sideGain: 1000, effort: 1000 },
  ],
  policy: [{}, { feeBurn: 0.3 }, { feeBurn: 1 }],
  dataOwnership: [{}, { platform: 0.5 }, { platform: 0 }],
  consumers: [{}, { cash: 1, token: 1000 }, { cash: 0.01, token: 1_000_000 }],
};
const configs = fc.record(
  Object.fromEntries(
    Object.entries(OPTIONS).map(([section, of]) => [section, fc.constantFrom<object>(...of)]),
  ),
);

/** Whoever might serve, with whatever it might have. */
function disturbServers(world: MarketWorld, seed: number, tick: number, most: number): void {
  const { columns, balances, parameters } = world;
  draws.at(seed, tick, 0, STREAM.scripted);
  for (let c = 0; c < 4; c++) columns.demand[c] = draws.below(3) === 0 ? 0 : anySize(1000);
  columns.scalar[WORLD.dataInflow] = anySize(U32_MAX);
  for (let i = 0; i < parameters.slots; i++) {
    const lives = columns.population[i] !== FREE_SLOT;
    columns.mode[i] = draws.below(3) === 0 ? draws.below(4) : MODE.serve;
    columns.taskClass[i] = draws.below(4);
    columns.taskAsk[i] = anySize(draws.below(8) === 0 ? most : 2 ** 14);
    columns.compute[i] = anySize(2 ** 8);
    columns.computeUsed[i] = anySize(2 ** 20);
    columns.soldEma[i] = anySize(2 ** 16);
    columns.deliver[i] = draws.below(2);
    columns.data[i] = anySize(U32_MAX);
    columns.bill[i] = anySize(U32_MAX);
    columns.reputation[i] = anySize(U32_MAX);
    balances.token[i] = lives ? anySize(most) : 0;
    balances.cash[i] = lives ? anySize(most) : 0;
    balances.stake[i] = lives ? anySize(most) : 0;
    for (let c = 0; c < 4; c++) columns.skill[4 * i + c] = draws.word();
    if (columns.unstakeAmount.length > 0) columns.unstakeAmount[i] = anySize(2 ** 16);
    if (columns.soldBefore.length > 0) columns.soldBefore[i] = draws.below(3) * anySize(2 ** 10);
    if (columns.breached.length > 0) columns.breached[i] = draws.below(4) === 0 ? 3 : 0;
    if (columns.contractBill.length > 0) columns.contractBill[i] = anySize(U32_MAX);
  }
}

/** The error that a tick's service market throws, or ''. */
function served(
  world: MarketWorld,
  auction: ServiceAuction,
  seed: number,
  tick: number,
  most: number,
): string {
  world.ledger.tick = tick;
  startTick(world, tick);
  openContracts(world, tick);
  disturbServers(world, seed, tick, most);
  try {
    serveTasks(world, auction, tick);
    return '';
  } catch (error) {
    return (error as Error).message;
  }
}

const ORDERS = {
  computeMarket: [{}, { feeBps: 10_000 }, { feeBps: 77 }],
  trust: OPTIONS.trust,
  policy: OPTIONS.policy,
  consumers: OPTIONS.consumers,
  amm: [{}, { enabled: false }],
  induced: [{}, { enabled: true, unitsPerTrader: 5 }, { enabled: true, renewEvery: 0 }],
};
const orderConfigs = fc
  .record(
    Object.fromEntries(
      Object.entries(ORDERS).map(([section, of]) => [section, fc.constantFrom<object>(...of)]),
    ),
  )
  // where values are induced nobody can default
  .map((world) => ('enabled' in world.induced! ? { ...world, trust: { regime: 'off' } } : world));

/** Whoever might trade compute, at levels that cross or not, with whatever it might have. */
function disturbTraders(world: MarketWorld, seed: number, tick: number, most: number): void {
  const { columns, balances, parameters } = world;
  draws.at(seed, tick, 0, STREAM.scripted);
  const centre = draws.below(256);
  const spread = 1 + draws.below(40);
  const quantity = anySize(most === U32_MAX && draws.below(3) === 0 ? U32_MAX : 2 ** 12);
  const rich = draws.below(2) === 0;
  for (let i = 0; i < parameters.slots; i++) {
    const lives = columns.population[i] !== FREE_SLOT;
    columns.computeSide[i] = draws.below(3);
    columns.computeLevel[i] = Math.max(0, Math.min(256, centre + draws.below(spread) - (spread >> 1)));
    columns.computeQuantity[i] = anySize(quantity);
    columns.compute[i] = anySize(quantity);
    columns.deliver[i] = draws.below(2);
    columns.bill[i] = anySize(U32_MAX);
    columns.reputation[i] = anySize(U32_MAX);
    balances.token[i] = lives ? (rich ? Math.floor(most / 2) : anySize(most)) : 0;
    balances.cash[i] = lives ? anySize(most) : 0;
    balances.stake[i] = lives ? (rich ? Math.floor(most / 2) : anySize(most)) : 0;
    if (columns.unstakeAmount.length > 0) columns.unstakeAmount[i] = anySize(2 ** 16);
    if (columns.contractBill.length > 0) columns.contractBill[i] = anySize(U32_MAX);
  }
}

/** The error that a tick's compute market throws, or ''. */
function traded(world: MarketWorld, auction: BatchAuction, seed: number, tick: number, most: number): string {
  world.ledger.tick = tick;
  startTick(world, tick);
  openContracts(world, tick);
  drawInducedValues(world, tick);
  disturbTraders(world, seed, tick, most);
  try {
    tradeCompute(world, auction, tick);
    return '';
  } catch (error) {
    return (error as Error).message;
  }
}

describe('the compute passes', () => {
  it('leave every column as trading order by order does, whatever agents have, and refuse the same', () => {
    let cases = 0;
    let volume = 0;
    let induced = 0;
    let caught = 0;
    let refused = 0;
    fc.assert(
      fc.property(
        orderConfigs,
        fc.constantFrom(1, 9, 40, 300),
        fc.constantFrom(2 ** 14, 2 ** 24, U32_MAX),
        fc.nat(),
        (world, slots, most, seed) => {
          const pair = twins({ slots, living: Math.ceil(slots * 0.8), seed, world });
          cases++;
          const auctions = [new BatchAuction(slots), new BatchAuction(slots)] as const;
          for (let tick = 0; tick < 3; tick++) {
            const [fast, slow] = pair.map((of, k) => traded(of, auctions[k]!, seed, tick, most));
            expect(fast).toBe(slow);
            if (slow !== '') refused++;
            if (slow !== '') return;
            expectSame(pair);
          }
          volume += pair[0].columns.total[TOTAL.computeVolume]!;
          induced += pair[0].columns.total[TOTAL.inducedVolume]!;
          caught += pair[0].columns.trustTotal[TRUST_TOTAL.slashed] ?? 0;
        },
      ),
      { numRuns: CASES },
    );
    // rare cases come up among all that are drawn; mutants are tried on fewer
    if (cases >= CASES) expect(Math.min(volume, induced, caught, refused)).toBeGreaterThan(0);
  });

  it('leave an auction of more than 2^31 - 1 units to the specification, which refuses the side that has them', () => {
    const order = (side: number, quantity: number) => (world: MarketWorld) => {
      startTick(world, 0);
      const { columns, balances } = world;
      columns.computeSide.set([side, SIDE.buy]);
      columns.computeQuantity.set([quantity, quantity]);
      columns.compute.fill(U32_MAX);
      balances.token.fill(U32_MAX);
      try {
        tradeCompute(world, new BatchAuction(2), 0);
        return '';
      } catch (error) {
        return (error as Error).message;
      }
    };
    for (const quantity of [2 ** 30 - 1, 2 ** 30, 2 ** 31 - 1, 2 ** 31]) {
      for (const side of [SIDE.buy, SIDE.sell]) {
        const pair = twins({ slots: 2, world: { computeMarket: { priceMin: 0.001 } } });
        const [fast, slow] = pair.map(order(side, quantity));
        expect(fast).toBe(slow);
        if (slow === '') expectSame(pair);
      }
    }
  });
});

describe('the service passes', () => {
  it('leave every column as selling task by task does, whatever agents have, and refuse the same', () => {
    let cases = 0;
    let tasks = 0;
    let caught = 0;
    let refused = 0;
    fc.assert(
      fc.property(
        configs,
        fc.constantFrom(1, 9, 40, 300),
        fc.constantFrom(2 ** 14, 2 ** 24, U32_MAX),
        fc.nat(),
        (world, slots, most, seed) => {
          const pair = twins({ slots, living: Math.ceil(slots * 0.8), seed, world });
          cases++;
          const auctions = [new ServiceAuction(slots), new ServiceAuction(slots)] as const;
          for (let tick = 0; tick < 3; tick++) {
            const [fast, slow] = pair.map((of, k) => served(of, auctions[k]!, seed, tick, most));
            expect(fast).toBe(slow);
            if (slow !== '') refused++;
            if (slow !== '') return;
            expectSame(pair);
          }
          tasks += pair[0].columns.total[TOTAL.tasks]!;
          caught += pair[0].columns.trustTotal[TRUST_TOTAL.slashed] ?? 0;
        },
      ),
      { numRuns: CASES },
    );
    if (cases >= CASES) expect(Math.min(tasks, caught, refused)).toBeGreaterThan(0);
  });

  it('of both markets leave who sold what to a journal and to a sink of trades', () => {
    const listened = twins({ slots: 40, seed: 3, world: { trust: { regime: 'programmatic' } } }).map(
      (world) => {
        const heard: unknown[] = [];
        const market = new TestMarket(world);
        world.trades = {
          wants: () => true,
          fill: (...entry) => heard.push(entry),
        };
        for (let t = 0; t < 20; t++) market.run();
        world.ledger.journal = { record: (...entry) => heard.push(entry) };
        for (let t = 0; t < 20; t++) market.run();
        return heard;
      },
    );
    expect(listened[0]!.length).toBeGreaterThan(100);
    expect(listened[0]!.some((entry) => (entry as unknown[])[5] === REASON.taskFee)).toBe(true);
    expect(listened[0]).toEqual(listened[1]);
  });
});
