import { describe, expect, it } from 'vitest';
import { TOTAL } from '../market/columns.ts';
import type { AgentWorld } from './columns.ts';
import { live } from './demography.ts';
import { registerPopulation } from './populations.ts';
import { alive, checkAll } from './testPopulation.ts';
import { testWorld, tickWithoutMarkets } from './testWorld.ts';

describe('a long run without earnings', () => {
  it('keeps every law in every tick while agents are born, starve, age and arrive', () => {
    const world = testWorld({
      slots: 24,
      world: {
        energy: { subsistence: 5 },
        demography: { meanLife: 60, threshold: 100, endowmentFloor: 50, immigrationFloor: 0.5 },
      },
      populations: [
        { name: 'hidden', kind: 'learner', rewardHidden: true, inheritance: 'lamarckian' },
        { name: 'plain', kind: 'learner', inheritance: 'baldwinian' },
        { name: 'random', kind: 'random', reward: 'zero' },
      ],
    });
    for (let tick = 0; tick < 300; tick++) {
      tickWithoutMarkets(world, tick);
      checkAll(world, tick);
    }
    const { total } = world.columns;
    for (const count of [TOTAL.births, TOTAL.deaths, TOTAL.immigrants])
      expect(total[count]).toBeGreaterThan(20);
  });
});

describe('population genetics', () => {
  registerPopulation('geneticType', () => {});
  const blank = {
    genesis: { token: 0, cash: 0, capacity: 0 },
    amm: { enabled: false },
    computeMarket: { enabled: false },
    serviceMarket: { enabled: false },
    training: { enabled: false },
    hardware: { enabled: false },
    energy: { price: 0, subsistence: 0 },
  };
  const twoTypes = (slots: number, fitness: number, demography: object) =>
    testWorld({
      slots,
      kinds: ['geneticType'],
      populations: [
        { name: 'resident', kind: 'geneticType' },
        { name: 'mutant', kind: 'geneticType', fitness },
      ],
      world: {
        ...blank,
        demography: {
          ageDeath: false,
          immigrationFloor: 0,
          parentPays: false,
          lottery: 'fitness',
          mutation: false,
          ...demography,
        },
      },
    });
  const mutants = (world: AgentWorld): number => world.columns.population.reduce((a, b) => a + b, 0);
  /** Starts the next replicate in the same world: later ticks draw independently. */
  const restart = (world: AgentWorld, count: number): void => {
    world.columns.population.fill(0);
    world.columns.population.fill(1, 0, count);
  };

  it('is the Moran process with one birth and one death a tick: fixation (1 - 1/r) / (1 - r^-n)', () => {
    const n = 6;
    const r = 1.6;
    const runs = 2000;
    const world = twoTypes(n, r, { deathsPerTick: 1 });
    let fixed = 0;
    let tick = 0;
    for (let run = 0; run < runs; run++) {
      restart(world, 1);
      while (mutants(world) > 0 && mutants(world) < n) live(world, tick++);
      if (mutants(world) === n) fixed++;
    }
    expect(alive(world)).toHaveLength(n);
    const expected = (1 - 1 / r) / (1 - r ** -n);
    expect(Math.abs(fixed / runs - expected)).toBeLessThan(4 * Math.sqrt((expected * (1 - expected)) / runs));
  });

  it('is the Wright-Fisher process when all die and sampling is multinomial: H decays by 1 - 1/n', () => {
    const n = 10;
    const generations = 6;
    const runs = 1000;
    const world = twoTypes(n, 1, { deathsPerTick: n, sampling: 'multinomial' });
    let sum = 0;
    let squares = 0;
    let tick = 0;
    for (let run = 0; run < runs; run++) {
      restart(world, 5);
      for (let t = 0; t < generations; t++) live(world, tick++);
      const p = mutants(world) / n;
      const h = 2 * p * (1 - p);
      sum += h;
      squares += h * h;
    }
    const mean = sum / runs;
    const standardError = Math.sqrt((squares / runs - mean * mean) / runs);
    expect(Math.abs(mean - 0.5 * (1 - 1 / n) ** generations)).toBeLessThan(4 * standardError);
  });
});
