import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { startTick } from '../market/circulation.ts';
import { ASSET, FREE_SLOT, SYSTEM, TOTAL, WORLD } from '../market/columns.ts';
import { checkEscrow } from '../market/laws.ts';
import type { AgentWorld, LineageSink } from './columns.ts';
import { live } from './demography.ts';
import { checkEmptySlots, checkPopulationBalance, checkUnitNorm } from './laws.ts';
import { testWorld, tickWithoutMarkets } from './testWorld.ts';

interface Death {
  slot: number;
  cause: string;
}
/** Agents that are the richer the higher their slot, and die of nothing but the end of a generation. */
function ranked(demography: object = {}, slots = 10, populations?: object[]) {
  const deaths: Death[] = [];
  const births: number[] = [];
  const lineage: LineageSink = {
    birth: (world, _tick, slot) => births.push(world.agents.parent[slot]!),
    death: (_world, _tick, slot, cause) => deaths.push({ slot, cause }),
  };
  const world = testWorld({
    slots,
    world: {
      genesis: { cash: 100_000 },
      demography: {
        ageDeath: false,
        immigrationFloor: 0,
        selection: 'truncation',
        generation: 100,
        truncationShare: 0.2,
        ...demography,
      },
    },
    ...(populations ? { populations } : {}),
    lineage,
  });
  startTick(world, 0);
  for (let i = 0; i < slots; i++) world.columns.wealth[i]! += i * 1_000_000;
  births.length = 0;
  return { world, deaths, births };
}
const check = (world: AgentWorld, tick: number): void => {
  world.ledger.checkConservation();
  checkPopulationBalance(world, tick);
  checkEmptySlots(world, tick);
  checkEscrow(world);
  checkUnitNorm(world, tick);
};

describe('truncation selection', () => {
  it('waits for the last tick of a generation: nobody is born before, however rich', () => {
    const { world, deaths, births } = ranked();
    for (let tick = 0; tick < 99; tick++) live(world, tick);
    expect([deaths.length, births.length]).toEqual([0, 0]);
    live(world, 99);
    expect([deaths.length, births.length]).toEqual([2, 2]);
    live(world, 100);
    expect(deaths).toHaveLength(2);
    check(world, 100);
  });

  it('replaces the poorest share by children of the richest share', () => {
    const { world, deaths, births } = ranked({ truncationShare: 0.3 });
    live(world, 99);
    expect(deaths).toEqual([0, 1, 2].map((slot) => ({ slot, cause: 'truncation' })));
    // serials are slot + 1
    expect([...births].sort()).toEqual([10, 8, 9].sort());
    for (const slot of [0, 1, 2]) expect(world.agents.generation[slot]).toBe(1);
    expect(world.columns.scalar[WORLD.alive]).toBe(10);
    check(world, 99);
  });

  it('lets parents pay and the treasury inherit, and mints nothing', () => {
    const { world } = ranked();
    const { ledger } = world;
    const treasury = ledger.balance(ASSET.cash, ledger.system(SYSTEM.treasury));
    const estates = world.balances.cash[0]! + world.balances.cash[1]!;
    const rich = world.balances.cash[9]!;
    live(world, 99);
    expect(ledger.balance(ASSET.cash, ledger.system(SYSTEM.treasury)) - treasury).toBe(estates);
    expect(world.balances.cash[9]).toBeLessThan(rich);
    expect(world.balances.cash[0]).toBeGreaterThan(0);
    expect(ledger.minted(ASSET.cash) + ledger.minted(ASSET.token)).toBe(0);
  });

  it('asks nobody whether it wants children, but everybody whether it can pay for them', () => {
    const { world, births } = ranked();
    world.agents.thresholdGene.fill(0x7fff_ffff);
    const { ledger } = world;
    const treasury = ledger.system(SYSTEM.treasury);
    ledger.transfer(ASSET.cash, 9, treasury, world.balances.cash[9]!, 0 as never);
    ledger.transfer(ASSET.token, 9, treasury, world.balances.token[9]!, 0 as never);
    live(world, 99);
    // the richest on paper has nothing to spend: the other parent has both children
    expect(births).toEqual([9, 9]);
    check(world, 99);
  });

  it('fills slots that emptied meanwhile too, in turns among the parents', () => {
    const { world, births } = ranked();
    for (const slot of [3, 4, 5]) world.columns.insolvent[slot] = 1;
    live(world, 5);
    expect(births).toEqual([]);
    live(world, 99);
    // seven living: one dies, one parent has its child and the other three
    expect(world.columns.scalar[WORLD.alive]).toBe(10);
    expect(births).toEqual([10, 10, 10, 10]);
    check(world, 99);
  });

  it('ranks each population by itself where quotas hold', () => {
    const populations = [
      { name: 'poor', kind: 'learner' },
      { name: 'rich', kind: 'learner' },
    ];
    const { world, deaths, births } = ranked({ quotas: true }, 10, populations);
    const members = [...world.columns.population];
    live(world, 99);
    for (const population of [0, 1]) {
      const own = members.flatMap((p, slot) => (p === population ? [slot] : []));
      expect(deaths.map(({ slot }) => slot)).toContain(own[0]);
      expect(births).toContain(own.at(-1)! + 1);
    }
    expect([...world.columns.population]).toEqual(members);
  });

  it('takes and gives nobody at a share of 0, and all of two halves at a half', () => {
    const none = ranked({ truncationShare: 0 });
    live(none.world, 99);
    expect([none.deaths.length, none.births.length]).toEqual([0, 0]);
    const half = ranked({ truncationShare: 0.5 });
    live(half.world, 99);
    expect([half.deaths.length, half.births.length]).toEqual([5, 5]);
    expect(new Set(half.births)).toEqual(new Set([6, 7, 8, 9, 10]));
  });

  it('is off by default: births come when parents can pay', () => {
    const { world, births } = ranked({ selection: 'endogenous' });
    world.columns.insolvent[0] = 1;
    live(world, 5);
    live(world, 6);
    expect(births).toHaveLength(1);
  });

  it('keeps every law over whole lives, whatever share, generation and cause of death', () => {
    fc.assert(
      fc.property(
        fc.record({
          truncationShare: fc.double({ min: 0, max: 0.5, noNaN: true }),
          generation: fc.integer({ min: 1, max: 20 }),
          deathsPerTick: fc.integer({ min: 0, max: 1 }),
          quotas: fc.boolean(),
          immigrationFloor: fc.constantFrom(0, 0.5),
        }),
        fc.integer({ min: 1, max: 1000 }),
        (demography, seed) => {
          const world = testWorld({
            slots: 12,
            seed,
            world: {
              demography: { meanLife: 60, endowmentFloor: 50, selection: 'truncation', ...demography },
            },
            populations: [
              { name: 'learners', kind: 'learner' },
              { name: 'random', kind: 'random' },
            ],
          });
          for (let tick = 0; tick < 60; tick++) {
            tickWithoutMarkets(world, tick);
            check(world, tick);
          }
          const { total, population } = world.columns;
          expect(total[TOTAL.deaths]).toBeGreaterThanOrEqual(0);
          expect([...population].filter((p) => p !== FREE_SLOT).length).toBe(
            world.columns.scalar[WORLD.alive],
          );
        },
      ),
      { numRuns: 20 },
    );
  });
});
