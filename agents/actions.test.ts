import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { startTick } from '../market/circulation.ts';
import { FINANCE, MODE, SIDE, WORLD } from '../market/columns.ts';
import { mulHigh } from '../sim/core/fixed.ts';
import {
  ACTION_HEADS,
  ASK_SHARE_PERCENT,
  applyActions,
  askOf,
  chooseOption,
  expectedTasks,
  headUse,
  logitMask,
  nearestLevel,
  taskCost,
} from './actions.ts';
import { HEAD, HEADS } from './brain/layout.ts';
import type { AgentWorld } from './columns.ts';
import { testWorld } from './testWorld.ts';

/** Options of a head that a mask allows. */
const allowed = (mask: number, head: number): number[] =>
  Array.from({ length: HEADS[head]!.size }, (_, k) => k).filter(
    (k) => (mask >>> (HEADS[head]!.offset + k)) & 1,
  );
const maskOf = (world: object): number => logitMask(testWorld({ world }).parameters);
const off = { enabled: false };

function act(world: AgentWorld, agent: number, action: Partial<Record<keyof typeof HEAD, number>>): void {
  for (const [head, option] of Object.entries(action))
    chooseOption(world, agent, HEAD[head as keyof typeof HEAD], option);
  applyActions(world, 0);
}

describe('the table of actions', () => {
  it('names every option of every head of the brain', () => {
    expect(ACTION_HEADS.map(({ name, options }) => [name, options.length])).toEqual(
      HEADS.map(({ name, size }) => [name, size]),
    );
  });
});

describe('logitMask', () => {
  it('masks default, stake, unstake and revise while their mechanisms are off', () => {
    const mask = maskOf({});
    expect(allowed(mask, HEAD.deliver)).toEqual([]);
    expect(allowed(mask, HEAD.objective)).toEqual([]);
    expect(allowed(mask, HEAD.finance)).toEqual([
      FINANCE.hold,
      FINANCE.sellToken,
      FINANCE.buyToken,
      FINANCE.buyHardware,
    ]);
    expect(allowed(mask, HEAD.mode)).toEqual([0, 1, 2, 3]);
  });

  it.each([
    ['computeMarket', HEAD.mode, [MODE.serve, MODE.train, MODE.idle]],
    ['computeMarket', HEAD.quote, []],
    ['serviceMarket', HEAD.mode, [MODE.rentOut, MODE.train, MODE.idle]],
    ['serviceMarket', HEAD.ask, []],
    ['training', HEAD.mode, [MODE.rentOut, MODE.serve, MODE.idle]],
    ['training', HEAD.method, []],
    ['amm', HEAD.finance, [FINANCE.hold, FINANCE.buyHardware]],
    ['hardware', HEAD.finance, [FINANCE.hold, FINANCE.sellToken, FINANCE.buyToken]],
  ] as const)('without %s, head %i keeps %j', (mechanism, head, left) => {
    expect(allowed(maskOf({ [mechanism]: off }), head)).toEqual(left);
  });

  it('leaves idling and holding where every mechanism is off', () => {
    const mask = maskOf({ computeMarket: off, serviceMarket: off, training: off, amm: off, hardware: off });
    expect(allowed(mask, HEAD.mode)).toEqual([MODE.idle]);
    expect(allowed(mask, HEAD.finance)).toEqual([FINANCE.hold]);
  });

  it('leaves the quote alone where values are induced', () => {
    const { parameters } = testWorld({ world: { induced: { enabled: true } } });
    const mask = logitMask(parameters);
    expect(HEADS.map((_, h) => allowed(mask, h).length)).toEqual([1, 0, 0, 5, 0, 0, 0, 0]);
    expect(headUse(parameters)).toEqual([9, 9, 9, 9]);
  });
});

describe('headUse', () => {
  const heads = (use: number): string[] => HEADS.filter((_, h) => (use >>> h) & 1).map(({ name }) => name);

  it('counts for each mode the heads that it reads', () => {
    const use = headUse(testWorld().parameters).map(heads);
    expect(use[MODE.rentOut]).toEqual(['mode', 'quote', 'finance']);
    expect(use[MODE.serve]).toEqual(['mode', 'class', 'ask', 'quote', 'finance']);
    expect(use[MODE.train]).toEqual(['mode', 'class', 'quote', 'finance', 'method']);
    expect(use[MODE.idle]).toEqual(['mode', 'finance']);
  });

  it('counts no quote without a compute market', () => {
    const { parameters } = testWorld({ world: { computeMarket: off } });
    for (const use of headUse(parameters)) expect(heads(use)).not.toContain('quote');
  });
});

describe('nearestLevel', () => {
  const { priceTable } = testWorld().parameters.computeMarket;

  it('is the level of least distance, the lower one of two, wherever the search begins', () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 30_000, noNaN: true }), fc.nat(255), (price, guess) => {
        const level = nearestLevel(priceTable, price, guess);
        const distance = (k: number): number => Math.abs(priceTable[k]! - price);
        for (let k = 0; k < priceTable.length; k++) {
          if (k < level) expect(distance(k)).toBeGreaterThan(distance(level));
          else expect(distance(k)).toBeGreaterThanOrEqual(distance(level));
        }
      }),
      { numRuns: 50 },
    );
  });

  it('takes the lower level half-way and the upper one just above', () => {
    const table = Uint32Array.of(10, 20, 30);
    for (const guess of [0, 1, 2]) {
      const levels = (...prices: number[]) => prices.map((price) => nearestLevel(table, price, guess));
      expect(levels(14, 15, 15.001, 16)).toEqual([0, 0, 1, 1]);
      expect(levels(0, 10, 30, 99)).toEqual([0, 0, 2, 2]);
    }
  });
});

describe('expectedTasks', () => {
  it.each([
    [0, 1],
    [1, 1],
    [98, 1], // 1.3 x 98/256 + 0.5 = 0.9977
    [99, 2], // 1.0027
    [1280, 7], // 5 tasks: exactly 7
    [1281, 8],
  ])('is ceil(1.3 x %i/256 + 0.5) = %i', (ema, tasks) => {
    expect(expectedTasks(ema)).toBe(tasks);
  });
});

describe('askOf', () => {
  it('is cost plus a share of the margin, rounded down, and cost where there is no margin', () => {
    expect(ASK_SHARE_PERCENT.map((share) => askOf(600, 4600, share))).toEqual([800, 1600, 2600, 3600, 4400]);
    expect(askOf(600, 619, 5)).toBe(600);
    expect(askOf(600, 620, 5)).toBe(601);
    expect(askOf(600, 600, 95)).toBe(600);
    expect(askOf(600, 10, 95)).toBe(600);
  });
});

describe('applyActions', () => {
  it('offers all compute of an agent that rents out, at its share of the moving-average price', () => {
    const world = testWorld();
    startTick(world, 0);
    const { columns, parameters } = world;
    act(world, 3, { mode: MODE.rentOut, quote: 4 });
    expect(columns.computeSide[3]).toBe(SIDE.sell);
    expect(columns.computeQuantity[3]).toBe(parameters.genesis.capacity);
    const { priceTable, priceStart } = parameters.computeMarket;
    expect(columns.computeLevel[3]).toBe(nearestLevel(priceTable, (1.4 * priceStart) / 256, 0));
  });

  it('bids for what a serving agent lacks for its expected tasks, and no more', () => {
    const world = testWorld();
    startTick(world, 0);
    const { columns, parameters } = world;
    const { cuPerTask, maxTasks } = parameters.serviceMarket;
    columns.soldEma[0] = 2 * 256; // ceil(2.6 + .5) = 4 tasks
    act(world, 0, { mode: MODE.serve, quote: 2 });
    expect(columns.computeSide[0]).toBe(SIDE.buy);
    expect(columns.computeQuantity[0]).toBe(4 * cuPerTask - parameters.genesis.capacity);
    columns.soldEma[0] = 1000 * 256;
    applyActions(world, 0);
    expect(columns.computeQuantity[0]).toBe(maxTasks * cuPerTask - parameters.genesis.capacity);
    columns.compute[0] = maxTasks * cuPerTask;
    applyActions(world, 0);
    expect([columns.computeQuantity[0], columns.computeSide[0]]).toEqual([0, SIDE.none]);
  });

  it('asks energy cost plus the chosen share of what the quality is worth', () => {
    const world = testWorld();
    startTick(world, 0);
    const { columns } = world;
    const cost = taskCost(world);
    expect(cost).toBe(602); // 4 cu x 0.15 cash at one token a cash, rounded up with one to spare
    act(world, 0, { mode: MODE.serve, class: 2, ask: 2 });
    const worth = mulHigh(columns.scalar[WORLD.taskValue]!, columns.skill[2]!);
    expect(columns.taskAsk[0]).toBe(cost + Math.floor((worth - cost) / 2));
    expect(columns.taskClass[0]).toBe(2);
  });

  it('lets an agent idle whose mode belongs to a mechanism that is off', () => {
    const world = testWorld({ world: { serviceMarket: off } });
    startTick(world, 0);
    act(world, 0, { mode: MODE.serve });
    expect([world.columns.mode[0], world.columns.computeQuantity[0]]).toEqual([MODE.idle, 0]);
  });

  it('never bids beyond bidShare of free token, whatever the action and the balance', () => {
    const heads = fc.tuple(...HEADS.map(({ size }) => fc.integer({ min: 0, max: size - 1 })));
    fc.assert(
      fc.property(heads, fc.integer({ min: 0, max: 2 ** 31 }), fc.nat(4096), (options, token, soldEma) => {
        const world = testWorld({ slots: 4 });
        startTick(world, 0);
        const { columns, balances, parameters } = world;
        balances.token[1] = token;
        columns.soldEma[1] = soldEma;
        options.forEach((option, head) => {
          chooseOption(world, 1, head, option);
        });
        applyActions(world, 0);
        const price = parameters.computeMarket.priceTable[columns.computeLevel[1]!]!;
        const quantity = columns.computeQuantity[1]!;
        if (columns.computeSide[1] === SIDE.buy) {
          expect(quantity).toBeGreaterThan(0);
          expect(quantity * price).toBeLessThanOrEqual(token * 0.02);
        } else if (columns.computeSide[1] === SIDE.sell) expect(quantity).toBe(columns.compute[1]);
        else expect(quantity).toBe(0);
        if (columns.mode[1] === MODE.serve)
          expect(columns.taskAsk[1]).toBeGreaterThanOrEqual(taskCost(world));
      }),
      { numRuns: 40 },
    );
  });

  it('quotes one unit at or inside the limit where values are induced', () => {
    const world = testWorld({ world: { induced: { enabled: true }, computeMarket: { priceMax: 1 } } });
    startTick(world, 0);
    const { columns } = world;
    for (let quote = 0; quote < 5; quote++)
      for (const side of [SIDE.buy, SIDE.sell])
        for (const limit of [0, 1, 128, 255]) {
          columns.inducedSide[0] = side;
          columns.inducedLevel[0] = limit;
          columns.inducedUnits[0] = 1;
          act(world, 0, { quote });
          const level = columns.computeLevel[0]!;
          expect(columns.computeSide[0]).toBe(side);
          expect(columns.computeQuantity[0]).toBe(1);
          if (side === SIDE.buy) expect(level).toBeLessThanOrEqual(limit);
          else expect(level).toBeGreaterThanOrEqual(limit);
          if (quote === 0) expect(level).toBe(limit);
        }
    columns.inducedUnits[0] = 0;
    applyActions(world, 0);
    expect([columns.computeSide[0], columns.computeQuantity[0]]).toEqual([SIDE.none, 0]);
  });
});
