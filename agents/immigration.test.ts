import { describe, expect, it } from 'vitest';
import { ASSET, SYSTEM, TOTAL, WORLD } from '../market/columns.ts';
import { REASON } from '../market/ledger.ts';
import { live } from './demography.ts';
import { alive, checkAll, kill, money, quiet, treasury } from './testPopulation.ts';

describe('immigration', () => {
  it('fills up to the floor, endowed in full by the treasury', () => {
    const world = quiet({ immigrationFloor: 0.75, immigrantsPerTick: 2, threshold: 1e6 });
    kill(world, 3, 4, 5, 6, 7);
    const total = world.columns.total;
    expect([alive(world).length, total[TOTAL.immigrants]]).toEqual([5, 2]); // two came at once
    const before = treasury(world, ASSET.token);
    live(world, 1);
    expect(alive(world)).toHaveLength(6);
    live(world, 2);
    expect(alive(world)).toHaveLength(6);
    expect(before - treasury(world, ASSET.token)).toBe(2_000_000);
    expect(money(world, alive(world)[5]!)).toBe(2_500_000);
    expect(world.agents.parent[3]).toBe(0);
    checkAll(world, 2);
  });

  it.each([
    [ASSET.token, 2_000_000],
    [ASSET.cash, 500_000],
  ] as const)('stops when the treasury lacks one milli-unit of asset %i', (asset, needed) => {
    for (const short of [0, 1]) {
      const world = quiet({ immigrationFloor: 1, threshold: 1e6 });
      const { ledger } = world;
      const consumers = ledger.system(SYSTEM.consumers);
      world.columns.insolvent[7] = 1;
      ledger.transfer(asset, 7, consumers, ledger.balance(asset, 7), REASON.estate);
      const left = treasury(world, asset) - (needed - short);
      ledger.transfer(asset, ledger.system(SYSTEM.treasury), consumers, left, REASON.estate);
      live(world, 1);
      expect(alive(world)).toHaveLength(8 - short);
      checkAll(world, 1);
    }
  });

  it('keeps each population above a floor of its own where slots are protected by quota', () => {
    const world = quiet(
      { immigrationFloor: 0.5, immigrantsPerTick: 8, threshold: 1e6, quotas: true },
      {
        populations: [
          { name: 'a', kind: 'passive' },
          { name: 'b', kind: 'passive' },
        ],
      },
    );
    // the world as a whole stays at its floor, but 'b' would die out
    kill(world, 4, 5, 6, 7);
    live(world, 1);
    const of = (population: number): number =>
      world.columns.population.filter((p) => p === population).length;
    expect([of(0), of(1)]).toEqual([4, 2]);
    checkAll(world, 1);
  });

  it('gives immigrants what their population was given at genesis, to the milli-unit', () => {
    const populations = [
      { name: 'poor', kind: 'passive', endowment: 0 },
      { name: 'odd', kind: 'passive', endowment: 1.000_000_3 }, // 2,000,000.6 milli-token, 500,000.15 milli-cash
      { name: 'rich', kind: 'passive', endowment: 3 },
    ];
    const world = quiet(
      { immigrationFloor: 1, immigrantsPerTick: 9, threshold: 1e6, quotas: true },
      { slots: 9, populations, world: { treasury: { reserveEndowments: 100 } } },
    );
    const { population, wealth } = world.columns;
    const holdings = (): number[][] =>
      alive(world).map((i) => [
        population[i]!,
        world.balances.token[i]!,
        world.balances.cash[i]!,
        wealth[i]!,
      ]);
    const genesis = holdings();
    expect(genesis.map(([of, token, cash]) => [of, token, cash])).toEqual(
      [0, 0, 0, 1, 1, 1, 2, 2, 2].map((of) => [
        of,
        [0, 2_000_001, 6_000_000][of],
        [0, 500_000, 1_500_000][of],
      ]),
    );
    for (let i = 0; i < 9; i++) world.columns.insolvent[i] = 1;
    live(world, 0);
    expect(world.columns.scalar[WORLD.immigrants]).toBe(9);
    expect(holdings()).toEqual(genesis);
    checkAll(world, 0);
  });

  it('asks of the treasury the endowment of the population that would come', () => {
    for (const short of [0, 1]) {
      const world = quiet(
        { immigrationFloor: 1, threshold: 1e6 },
        { populations: [{ name: 'rich', kind: 'passive', endowment: 3 }] },
      );
      const { ledger } = world;
      const consumers = ledger.system(SYSTEM.consumers);
      world.columns.insolvent[7] = 1;
      for (const asset of [ASSET.token, ASSET.cash] as const)
        ledger.transfer(asset, 7, consumers, ledger.balance(asset, 7), REASON.estate);
      const left = treasury(world, ASSET.cash) - (1_500_000 - short);
      ledger.transfer(ASSET.cash, ledger.system(SYSTEM.treasury), consumers, left, REASON.estate);
      live(world, 1);
      expect(alive(world)).toHaveLength(8 - short);
      checkAll(world, 1);
    }
  });

  it('brings only populations that accept immigrants', () => {
    const world = quiet(
      { immigrationFloor: 1, immigrantsPerTick: 8, threshold: 1e6 },
      {
        populations: [
          { name: 'a', kind: 'passive', immigrates: false },
          { name: 'b', kind: 'passive' },
        ],
      },
    );
    for (let i = 0; i < 8; i++) world.columns.insolvent[i] = 1;
    live(world, 0);
    expect([...world.columns.population]).toEqual(new Array(8).fill(1));
  });
});
