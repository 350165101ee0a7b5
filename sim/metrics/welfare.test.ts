import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseConfig } from '../../configs/parse.ts';
import { CLASS_COUNT } from '../../configs/taskClasses.ts';
import { FREE_SLOT } from '../../market/columns.ts';
import { fraction32 } from '../core/units.ts';
import { Shard } from '../shard.ts';
import { hectic } from '../testWorlds.ts';
import type { World } from '../world.ts';
import { METRIC_INDEX } from './table.ts';
import { tickWelfare } from './welfare.ts';

interface Seller {
  readonly skill: number;
  readonly taskClass?: number;
  readonly opened?: number;
  readonly sold?: number;
}

/** A world as its tick 1 might have left it: a task takes 2 cu at 1 cash and is worth 100 cash at skill 1; 3 tasks at most. */
function worldOf(
  sellers: readonly Seller[],
  demand: readonly number[],
  market: object = {},
  others: object = {},
): World {
  const run = parseConfig(
    JSON.stringify({
      seed: 'welfare',
      ticks: 5,
      slots: Math.max(4, sellers.length),
      world: {
        serviceMarket: { value: 100, cuPerTask: 2, maxTasks: 3, ...market },
        energy: { price: 1 },
        ...others,
      },
      populations: [{ name: 'idle', kind: 'passive' }],
    }),
  );
  const [world] = new Shard(run, [0]).inside();
  const { columns } = world!;
  world!.tick = 2;
  columns.population.fill(FREE_SLOT);
  columns.offerQuantity.fill(0);
  columns.offerSold.fill(0);
  columns.opened.fill(0);
  columns.demand.set(demand);
  sellers.forEach(({ skill, taskClass = 0, opened = 0, sold = 0 }, i) => {
    columns.population[i] = 0;
    columns.skill.fill(0, i * CLASS_COUNT, (i + 1) * CLASS_COUNT);
    columns.skill[i * CLASS_COUNT + taskClass] = fraction32(skill);
    columns.taskClass[i] = taskClass;
    columns.opened[i] = opened;
    if (sold === 0) return;
    columns.served[taskClass]! += sold;
    columns.offerQuantity[i] = sold;
    columns.offerSold[i] = sold;
    columns.offerClass[i] = taskClass;
    columns.offerQuality[i] = fraction32(skill);
  });
  return world!;
}
const boundOf = (...of: Parameters<typeof worldOf>): number => tickWelfare(worldOf(...of)).bound / 1000;

describe('the greedy bound of a tick', () => {
  it('gives all compute to the most skilled, up to what one can do and what is wanted', () => {
    const both = [
      { skill: 0.5, opened: 8 },
      { skill: 0.25, opened: 4 },
    ];
    // 6 tasks of compute: three at 50 - 2, three at 25 - 2
    expect(boundOf(both, [9, 0, 0, 0])).toBeCloseTo(3 * 48 + 3 * 23, 6);
    // 5 cu of the second are two tasks and half of one
    expect(boundOf([both[0]!, { skill: 0.25, opened: 1 }], [9, 0, 0, 0])).toBeCloseTo(3 * 48 + 23, 6);
    expect(boundOf(both, [4, 0, 0, 0])).toBeCloseTo(3 * 48 + 23, 6);
    expect(boundOf(both, [2, 0, 0, 0])).toBeCloseTo(2 * 48, 6);
  });

  it('leaves agents in the class that they chose', () => {
    const both = [
      { skill: 0.5, opened: 100 },
      { skill: 0.25, taskClass: 3 },
    ];
    expect(boundOf(both, [9, 9, 9, 0])).toBeCloseTo(3 * 48, 6);
    expect(boundOf(both, [9, 9, 9, 1])).toBeCloseTo(3 * 48 + 23, 6);
  });

  it('sells no task that is worth less than its energy', () => {
    expect(boundOf([{ skill: 0.0199, opened: 100 }], [9, 0, 0, 0])).toBe(0);
    expect(boundOf([{ skill: 0.03125, opened: 100 }], [9, 0, 0, 0])).toBeCloseTo(3 * 1.125, 6);
  });

  it('is nil without agents, demand or compute, and has no value without a service market', () => {
    expect(boundOf([], [9, 9, 9, 9])).toBe(0);
    expect(boundOf([{ skill: 1, opened: 10 }], [0, 0, 0, 0])).toBe(0);
    expect(boundOf([{ skill: 1, opened: 1 }], [9, 0, 0, 0])).toBe(0);
    expect(boundOf([{ skill: 1, opened: 10 }], [9, 0, 0, 0], { enabled: false })).toBeNaN();
  });

  it('takes the skill that was offered, which training or death has changed since', () => {
    const world = worldOf([{ skill: 0.5, opened: 6, sold: 1 }], [9, 0, 0, 0]);
    world.columns.skill.fill(0);
    world.columns.population.fill(FREE_SLOT);
    const { made, bound } = tickWelfare(world);
    expect(bound / 1000).toBeCloseTo(3 * 48, 6);
    expect(made / 1000).toBeCloseTo(48, 6);
  });

  it('leaves out who came after the market had closed', () => {
    const world = worldOf([{ skill: 0.5, opened: 6 }], [9, 0, 0, 0]);
    world.agents.bornAt[0] = world.tick - 1;
    expect(tickWelfare(world).bound).toBeGreaterThan(0);
    world.agents.bornAt[0] = world.tick;
    expect(tickWelfare(world).bound).toBe(0);
  });

  it('counts energy at what the largest machine pays, and what was made at what its sellers pay', () => {
    const scale = { ownership: { scaleEconomy: 0.5 }, genesis: { capacity: 8 } };
    const world = worldOf(
      [
        { skill: 0.5, opened: 16 },
        { skill: 0.5, opened: 8, sold: 1 },
      ],
      [9, 0, 0, 0],
      {},
      scale,
    );
    const { made, bound } = tickWelfare(world);
    expect(made / 1000).toBeCloseTo(50 - 2, 6);
    expect(bound / 1000).toBeCloseTo(6 * (50 - 1), 2);
  });

  it('is the best of all allocations of few tasks', () => {
    const seller = fc.record({
      skill: fc.constantFrom(0, 0.01, 0.25, 0.5, 0.75),
      taskClass: fc.integer({ min: 0, max: 1 }),
      opened: fc.integer({ min: 0, max: 5 }),
    });
    fc.assert(
      fc.property(
        fc.array(seller, { maxLength: 4 }),
        fc.tuple(fc.integer({ min: 0, max: 4 }), fc.integer({ min: 0, max: 4 })),
        (sellers, wanted) => {
          const compute = sellers.reduce((sum, { opened }) => sum + opened, 0);
          const best = (k: number, tasks: number, wants: readonly number[]): number => {
            if (k === sellers.length) return 0;
            const { skill, taskClass } = sellers[k]!;
            let most = 0;
            for (let sold = 0; sold <= Math.min(3, tasks, wants[taskClass]!); sold++) {
              const rest = wants.map((own, c) => (c === taskClass ? own - sold : own));
              most = Math.max(most, sold * (100 * skill - 2) + best(k + 1, tasks - sold, rest));
            }
            return most;
          };
          expect(boundOf(sellers, [...wanted, 0, 0])).toBeCloseTo(
            best(0, Math.floor(compute / 2), wanted),
            6,
          );
        },
      ),
      { numRuns: 50 },
    );
  });
});

describe('what is made of a tick', () => {
  it('is worth nothing where it was not delivered, and takes energy all the same', () => {
    const world = worldOf(
      [{ skill: 0.5, opened: 6, sold: 2 }],
      [9, 0, 0, 0],
      {},
      { trust: { regime: 'none' } },
    );
    expect(tickWelfare(world).made / 1000).toBeCloseTo(2 * 48, 6);
    world.columns.breached[0] = 4;
    expect(tickWelfare(world).made / 1000).toBeCloseTo(-2 * 2, 6);
  });

  it.each([
    ['the defaults', {}],
    ['scale economies', { ownership: { distribution: 'pareto', scaleEconomy: 0.2 } }],
    ['trust', { trust: { regime: 'programmatic' }, policy: { staking: true } }],
    ['courts', { trust: { regime: 'legal' } }],
    ['network effects', { serviceMarket: { networkEffect: 0.3, pricing: 'secondScore' } }],
  ])('is never more than the bound, and more than nothing: %s', (_, world) => {
    const run = parseConfig(
      JSON.stringify({
        seed: 'efficiency',
        ticks: 60,
        worlds: 2,
        slots: 32,
        output: { metricsEvery: 1 },
        world: { ...hectic, ...world },
        populations: [
          { name: 'random', kind: 'random' },
          { name: 'rule', kind: 'rule' },
        ],
      }),
    );
    const { frames } = new Shard(run, [0, 1]).advance(60);
    const shares = frames
      .map(({ metrics }) => metrics[METRIC_INDEX.serviceEfficiency]!)
      .filter(Number.isFinite);
    expect(shares.length).toBeGreaterThan(60);
    expect(Math.max(...shares)).toBeLessThanOrEqual(1);
    expect(Math.max(...shares)).toBeGreaterThan(0.05);
  });
});
