import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { startTick } from '../market/circulation.ts';
import { FINANCE, FREE_SLOT, MODE, SIDE, WORLD } from '../market/columns.ts';
import { drawInducedValues } from '../market/inducedValues.ts';
import { fraction32 } from '../sim/core/units.ts';
import { actionIndex, applyActions, askOf, chooseOption, logitMask, taskCost } from './actions.ts';
import { HEAD, HEAD_COUNT, HEADS, LANES } from './brain/layout.ts';
import type { AgentWorld } from './columns.ts';
import { decideScripted, registerPopulation } from './populations.ts';
import { worthOf } from './scripted/reservation.ts';
import { decideZiC, decideZiCTogether } from './scripted/ziC.ts';
import { testWorld } from './testWorld.ts';

const actionOf = (world: AgentWorld, agent: number): number[] =>
  Array.from({ length: HEAD_COUNT }, (_, h) => world.brain.columns.action[actionIndex(agent) + h * LANES]!);

/** A world of one kind whose agents have decided for a tick. */
function decided(kind: string, options: Parameters<typeof testWorld>[0] = {}, tick = 0): AgentWorld {
  const world = testWorld({ populations: [{ name: kind, kind }], ...options });
  startTick(world, tick);
  decideScripted(world, tick);
  applyActions(world, tick);
  return world;
}

describe('decideScripted', () => {
  it('leaves learners and empty slots alone', () => {
    const world = testWorld({
      populations: [
        { name: 'l', kind: 'learner' },
        { name: 'p', kind: 'passive' },
      ],
    });
    world.brain.columns.action.fill(1);
    world.columns.population[7] = FREE_SLOT;
    decideScripted(world, 0);
    expect(actionOf(world, 0)).toEqual(new Array(8).fill(1));
    expect(actionOf(world, 7)).toEqual(new Array(8).fill(1));
    expect(actionOf(world, 4)[HEAD.mode]).toBe(MODE.idle);
  });

  it('runs a population registered by a user, and refuses a name twice, a built-in one, and an unknown one', () => {
    registerPopulation('myOwn', (world, tick, agent) => {
      chooseOption(world, agent, HEAD.class, (tick + agent) % 4);
    });
    const world = testWorld({ kinds: ['myOwn'], populations: [{ name: 'm', kind: 'myOwn' }] });
    decideScripted(world, 5);
    expect(actionOf(world, 6)[HEAD.class]).toBe(3);
    expect(() => registerPopulation('myOwn', () => {})).toThrow(RangeError);
    expect(() => registerPopulation('learner', () => {})).toThrow(RangeError);
    const unknown = testWorld({ kinds: ['nobodyWrote'], populations: [{ name: 'n', kind: 'nobodyWrote' }] });
    expect(() => decideScripted(unknown, 0)).toThrow(/registerPopulation/);
  });

  it.each([
    ['of an option that its head has not', HEAD.class, 4, 'the head class of an action has no option 4'],
    ['of an option below all', HEAD.mode, -1, 'the head mode of an action has no option -1'],
    ['of half an option', HEAD.mode, 0.5, 'the head mode of an action has no option 0.5'],
    ['of a head that there is not', 8, 0, 'an action has no head 8'],
  ])(
    'refuses the choice %s, where it would be looked up in the skills of others',
    (_, head, option, message) => {
      const world = testWorld({});
      const before = actionOf(world, 6);
      expect(() => chooseOption(world, 6, head, option)).toThrow(message);
      expect(actionOf(world, 6)).toEqual(before);
      chooseOption(world, 6, HEAD.class, 3);
      expect(actionOf(world, 6)[HEAD.class]).toBe(3);
    },
  );

  it('tells an error in the code of a user as that', () => {
    registerPopulation('broken', () => {
      throw new TypeError('x is undefined');
    });
    const world = testWorld({ kinds: ['broken'], populations: [{ name: 'b', kind: 'broken' }] });
    expect(() => decideScripted(world, 0)).toThrow("population kind 'broken' failed: x is undefined");
  });

  it('is the same in every repetition of a tick, and differs between ticks where it draws', () => {
    const actions = (tick: number): number[] => [...decided('random', {}, tick).brain.columns.action];
    expect(actions(3)).toEqual(actions(3));
    expect(actions(3)).not.toEqual(actions(4));
  });
});

describe('random', () => {
  it('chooses each unmasked option as often, and no masked one', () => {
    const world = testWorld({ slots: 100, populations: [{ name: 'r', kind: 'random' }] });
    const mask = logitMask(world.parameters);
    const counts = HEADS.map(({ size }) => new Array<number>(size).fill(0));
    const ticks = 40;
    for (let tick = 0; tick < ticks; tick++) {
      decideScripted(world, tick);
      for (let i = 0; i < 100; i++)
        for (const [h, option] of actionOf(world, i).entries()) counts[h]![option]!++;
    }
    const n = 100 * ticks;
    HEADS.forEach(({ offset, size, name }, h) => {
      const options = Array.from({ length: size }, (_, k) => k).filter((k) => (mask >>> (offset + k)) & 1);
      if (options.length === 0) options.push(0); // a head without options is reported as its first
      const p = 1 / options.length;
      for (let k = 0; k < size; k++)
        if (!options.includes(k)) expect([name, counts[h]![k]]).toEqual([name, 0]);
        else expect(Math.abs(counts[h]![k]! - n * p)).toBeLessThanOrEqual(4.5 * Math.sqrt(n * p * (1 - p)));
    });
  });
});

describe('ziC', () => {
  it('quotes uniformly between its limit and the end of the table where values are induced', () => {
    const world = testWorld({
      slots: 200,
      world: { induced: { enabled: true } },
      populations: [{ name: 'z', kind: 'ziC' }],
    });
    const { columns } = world;
    columns.inducedUnits.fill(1);
    for (let i = 0; i < 200; i++) {
      columns.inducedSide[i] = i % 2 === 0 ? SIDE.buy : SIDE.sell;
      columns.inducedLevel[i] = 100;
    }
    let bids = 0;
    let asks = 0;
    let lowest = 255;
    let highest = 0;
    const ticks = 30;
    for (let tick = 0; tick < ticks; tick++) {
      decideScripted(world, tick);
      applyActions(world, tick);
      for (let i = 0; i < 200; i++) {
        const level = columns.computeLevel[i]!;
        if (i % 2 === 0) {
          expect(level).toBeLessThanOrEqual(100);
          bids += level;
          lowest = Math.min(lowest, level);
        } else {
          expect(level).toBeGreaterThanOrEqual(100);
          asks += level;
          highest = Math.max(highest, level);
        }
      }
    }
    const n = 100 * ticks;
    expect(Math.abs(bids / n - 50)).toBeLessThan(4 * Math.sqrt((101 ** 2 - 1) / 12 / n));
    expect(Math.abs(asks / n - 177.5)).toBeLessThan(4 * Math.sqrt((156 ** 2 - 1) / 12 / n));
    expect([lowest, highest]).toEqual([0, 255]);
  });

  it('decides together as each trader decides alone, and for its own population only', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 2 ** 32 - 1 }),
        fc.nat(1000),
        fc.integer({ min: 6, max: 17 }),
        (seed, tick, slots) => {
          const induced = () =>
            testWorld({
              slots,
              seed,
              world: { computeMarket: { enabled: true }, induced: { enabled: true } },
              populations: [
                { name: 'a', kind: 'ziC' },
                { name: 'b', kind: 'ziC' },
              ],
            });
          const [together, alone, half] = [induced(), induced(), induced()];
          for (const world of [together, alone, half]) {
            drawInducedValues(world, 0);
            world.columns.population[5] = FREE_SLOT;
          }
          decideScripted(together, tick);
          for (let i = 0; i < slots; i++) if (i !== 5) decideZiC(alone, tick, i);
          decideZiCTogether(half, tick, 1);
          expect(together.agents.scriptedLevel).toEqual(alone.agents.scriptedLevel);
          expect([...half.agents.scriptedLevel]).toEqual(
            Array.from(alone.agents.scriptedLevel, (level, i) =>
              half.columns.population[i] === 1 ? level : 0,
            ),
          );
        },
      ),
      { numRuns: 40 },
    );
  });

  it('never asks below cost, nor above what its quality is worth, nor bids what its ask would not repay', () => {
    const world = testWorld({ slots: 64, populations: [{ name: 'z', kind: 'ziC' }] });
    const { columns: c, parameters: p } = world;
    for (let i = 0; i < 64; i++) c.soldEma[i] = 2000;
    let served = 0;
    for (let tick = 0; tick < 20; tick++) {
      startTick(world, tick);
      decideScripted(world, tick);
      applyActions(world, tick);
      const cost = taskCost(world);
      for (let i = 0; i < 64; i++) {
        const price = p.computeMarket.priceTable[c.computeLevel[i]!]!;
        if (c.mode[i] === MODE.rentOut) expect(price * 0.997).toBeGreaterThanOrEqual(150);
        else {
          served++;
          expect(c.mode[i]).toBe(MODE.serve);
          expect(c.taskAsk[i]).toBeGreaterThanOrEqual(cost);
          expect(c.taskAsk[i]).toBeLessThanOrEqual(worthOf(world, i, c.taskClass[i]!));
          // the lowest level is the least that a bid can say
          if (c.computeLevel[i]! > 0)
            expect(price * p.serviceMarket.cuPerTask).toBeLessThanOrEqual(c.taskAsk[i]!);
        }
      }
    }
    expect(served).toBeGreaterThan(400);
    expect(served).toBeLessThan(880);
  });
});

describe('truthful', () => {
  it('quotes its limit where values are induced', () => {
    const world = testWorld({
      world: { induced: { enabled: true } },
      populations: [{ name: 't', kind: 'truthful' }],
    });
    world.columns.inducedUnits.fill(1);
    for (let i = 0; i < 8; i++) {
      world.columns.inducedSide[i] = SIDE.sell;
      world.columns.inducedLevel[i] = 30 * i;
    }
    decideScripted(world, 0);
    applyActions(world, 0);
    expect([...world.columns.computeLevel]).toEqual([0, 30, 60, 90, 120, 150, 180, 210]);
  });

  it('serves at cost in a market economy', () => {
    const world = decided('truthful');
    expect(world.columns.mode[0]).toBe(MODE.serve);
    expect(world.columns.taskAsk[0]).toBe(taskCost(world));
  });
});

describe('fixedMarkup', () => {
  it('asks its cost plus the markup of its population, in its best class', () => {
    const world = testWorld({ populations: [{ name: 'f', kind: 'fixedMarkup', markup: 0.5 }] });
    startTick(world, 0);
    world.columns.skill[4 * 3 + 1] = fraction32(0.9);
    decideScripted(world, 0);
    applyActions(world, 0);
    expect(world.columns.taskAsk[3]).toBe(602 + 301);
    expect(world.columns.taskClass[3]).toBe(1);
  });

  it('trains in the tick after one that sold less than half of its offer, and then serves again', () => {
    const world = decided('fixedMarkup');
    for (const [fill, mode] of [
      [0.49, MODE.train],
      [0.49, MODE.serve], // it trained last, so its fill says nothing
      [0.5, MODE.serve],
    ] as const) {
      world.agents.serviceFill.fill(fill);
      decideScripted(world, 1);
      applyActions(world, 1);
      expect(world.columns.mode[2]).toBe(mode);
    }
  });
});

describe('rule', () => {
  const skilled = (skill: number): AgentWorld => {
    const world = testWorld({ populations: [{ name: 'r', kind: 'rule' }] });
    startTick(world, 0);
    world.columns.skill.fill(fraction32(skill));
    return world;
  };
  const decide = (world: AgentWorld): void => {
    decideScripted(world, 0);
    applyActions(world, 0);
  };

  it('trains while its best skill is below 0.4, if it can pay', () => {
    for (const [skill, wealth, mode] of [
      [0.39, 2_500_000, MODE.train],
      [0.41, 2_500_000, MODE.serve],
      [0.39, 500_000, MODE.serve],
    ] as const) {
      const world = skilled(skill);
      world.columns.wealth.fill(wealth);
      decide(world);
      expect([skill, wealth, world.columns.mode[1]]).toEqual([skill, wealth, mode]);
    }
  });

  it('trains after a tick in which demand left some of its offer, and serves after a full one', () => {
    for (const [fill, mode] of [
      [0.9, MODE.train],
      [1, MODE.serve],
    ] as const) {
      const world = skilled(0.5);
      world.columns.mode.fill(MODE.serve);
      world.agents.serviceFill.fill(fill);
      decide(world);
      expect(world.columns.mode[1]).toBe(mode);
    }
  });

  it('asks a quarter of its margin above cost', () => {
    const world = skilled(0.5);
    decide(world);
    const { columns } = world;
    const worth = worthOf(world, 2, columns.taskClass[2]!);
    expect(columns.taskAsk[2]).toBe(askOf(taskCost(world), worth, 25));
  });

  it('spreads over the classes while its skills are equal', () => {
    const world = skilled(0.5);
    decide(world);
    expect(new Set(world.columns.taskClass).size).toBe(4);
  });

  it('buys hardware above twice the runway, first turning token into cash', () => {
    const world = skilled(0.5);
    const { columns, parameters, balances } = world;
    const price = columns.scalar[WORLD.hardwarePrice]!;
    const enough = 2 * (parameters.hardware.runway + price);
    columns.wealth.fill(enough);
    decide(world);
    expect(columns.finance[0]).toBe(FINANCE.hold);
    columns.wealth.fill(enough + 1);
    balances.cash[0] = price;
    balances.cash[1] = price - 1;
    decide(world);
    expect([columns.finance[0], columns.finance[1]]).toEqual([FINANCE.buyHardware, FINANCE.sellToken]);
    columns.capacity[0] = parameters.hardware.capacityMax;
    decide(world);
    expect(columns.finance[0]).toBe(FINANCE.hold);
  });
});

describe('passive', () => {
  it('idles, holds and quotes nothing', () => {
    const { columns } = decided('passive');
    expect([...columns.mode]).toEqual(new Array(8).fill(MODE.idle));
    expect([...columns.finance, ...columns.computeQuantity]).toEqual(new Array(16).fill(0));
  });
});
