import { describe, expect, it } from 'vitest';
import { ASSET, FREE_SLOT, TOTAL, WORLD } from '../market/columns.ts';
import { live } from './demography.ts';
import { alive, checkAll, kill, quiet, treasury } from './testPopulation.ts';
import { testWorld } from './testWorld.ts';

describe('death', () => {
  it('gives money to the treasury and hardware to the stock, and empties the slot', () => {
    const world = quiet();
    const { columns, agents, brain } = world;
    const token = treasury(world, ASSET.token);
    const cash = treasury(world, ASSET.cash);
    kill(world, 3);
    expect(treasury(world, ASSET.token) - token).toBe(2_000_000);
    expect(treasury(world, ASSET.cash) - cash).toBe(500_000);
    expect(columns.total[TOTAL.capacity]).toBe(7 * 8);
    expect(columns.population[3]).toBe(FREE_SLOT);
    expect([agents.serial[3], brain.columns.active[3], columns.skill[12]]).toEqual([0, 0, 0]);
    expect(columns.scalar[WORLD.deaths]).toBe(1);
    checkAll(world, 0);
  });

  it('takes along what consumers who follow each other saw it sell', () => {
    const world = quiet({}, { world: { serviceMarket: { networkEffect: 0.5 } } });
    world.columns.soldBefore.fill(4);
    kill(world, 3);
    expect([...world.columns.soldBefore]).toEqual([4, 4, 4, 0, 4, 4, 4, 4]);
  });

  it('takes an agent whose wealth is below one subsistence and spares one that has just that', () => {
    const world = quiet({ threshold: 1e6 });
    const { columns, parameters } = world;
    columns.wealth[1] = parameters.energy.subsistence - 1;
    columns.wealth[2] = parameters.energy.subsistence;
    live(world, 0);
    expect(alive(world)).toEqual([0, 2, 3, 4, 5, 6, 7]);
    expect(columns.total[TOTAL.insolvencies]).toBe(1);
  });

  it('of age strikes at the hazard rate', () => {
    const world = testWorld({
      slots: 400,
      world: { demography: { meanLife: 50, threshold: 1e6, immigrationFloor: 0 } },
    });
    let lives = 0;
    for (let tick = 0; tick < 40; tick++) {
      lives += alive(world).length;
      live(world, tick);
    }
    const expected = lives / 50;
    expect(Math.abs(world.columns.total[TOTAL.deaths]! - expected)).toBeLessThan(4 * Math.sqrt(expected));
  });

  it('by parameter takes exactly that many distinct agents, every one as likely', () => {
    const world = quiet({ deathsPerTick: 3, threshold: 1e6 }, { slots: 9 });
    const deaths = new Array<number>(9).fill(0);
    const fates = world.columns.population.slice();
    for (let tick = 0; tick < 600; tick++) {
      live(world, tick);
      expect(alive(world)).toHaveLength(6);
      fates.forEach((_, i) => {
        if (world.columns.population[i] === FREE_SLOT) deaths[i]!++;
      });
      // the dead rise for the next round
      world.columns.population.fill(0);
      world.columns.wealth.fill(1_000_000);
    }
    for (const n of deaths) expect(Math.abs(n - 200)).toBeLessThan(4 * Math.sqrt(600 * (1 / 3) * (2 / 3)));
  });

  it('does not happen where demography is off', () => {
    const world = quiet({ enabled: false });
    world.columns.insolvent.fill(1);
    live(world, 0);
    expect(alive(world)).toHaveLength(8);
  });
});
