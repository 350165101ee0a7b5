import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PRICE_LEVELS } from '../configs/worldParameters.ts';
import { FREE_SLOT, type MarketWorld, SIDE, TOTAL, WORLD } from './columns.ts';
import {
  addPriceDeviation,
  allocativeEfficiency,
  drawInducedValues,
  smithAlpha,
  takeInducedFills,
} from './inducedValues.ts';
import { testWorld } from './testWorld.ts';

const induced = (slots: number, settings: object = {}, seed = 1, living = slots): MarketWorld => {
  const world = testWorld({ slots, seed, living, world: { induced: { enabled: true, ...settings } } });
  drawInducedValues(world, 0);
  return world;
};
const levelsOf = ({ columns }: MarketWorld, side: number): number[] =>
  [...columns.inducedLevel].filter((_, i) => columns.inducedSide[i] === side && columns.inducedUnits[i]! > 0);
const sorted = (levels: number[]): number[] => levels.sort((a, b) => a - b);

describe('an even schedule', () => {
  it('spaces values and costs evenly over the price levels, the same for both sides', () => {
    const world = induced(8, { schedule: 'even' });
    expect(sorted(levelsOf(world, SIDE.buy))).toEqual([32, 96, 160, 224]);
    expect(sorted(levelsOf(world, SIDE.sell))).toEqual([32, 96, 160, 224]);
  });

  it('crosses in the middle of the table: the equilibrium lies at half of it', () => {
    for (const traders of [2, 4, 10, 100, 512, 1000]) {
      const { scalar } = induced(traders, { schedule: 'even' }).columns;
      expect(Math.abs(scalar[WORLD.inducedEquilibrium]! / 2 - PRICE_LEVELS / 2)).toBeLessThanOrEqual(1);
    }
  });

  it('leaves nothing to gain when every unit trades', () => {
    const world = induced(100, { schedule: 'even' });
    takeInducedFills(world, new Uint32Array(100).fill(1));
    expect(allocativeEfficiency(world)).toBe(0);
  });

  it('is dealt out by chance, by the seed, and again when values are redrawn', () => {
    const deal = (seed: number): number[] => [
      ...induced(40, { schedule: 'even' }, seed).columns.inducedLevel,
    ];
    expect(deal(1)).toEqual(deal(1));
    expect(deal(1)).not.toEqual(deal(2));
    const world = induced(40, { schedule: 'even', redrawEvery: 3 });
    const first = [...world.columns.inducedLevel];
    drawInducedValues(world, 2);
    expect([...world.columns.inducedLevel]).toEqual(first);
    drawInducedValues(world, 3);
    expect([...world.columns.inducedLevel]).not.toEqual(first);
  });

  it('gives free slots nothing and spaces the values of the living', () => {
    const world = induced(8, { schedule: 'even' }, 1, 4);
    expect(world.columns.population[5]).toBe(FREE_SLOT);
    expect([...world.columns.inducedUnits]).toEqual([1, 1, 1, 1, 0, 0, 0, 0]);
    expect(sorted(levelsOf(world, SIDE.buy))).toEqual([64, 192]);
  });
});

describe('units', () => {
  it('are given again on schedule at the same values, and add to the gains that are possible', () => {
    const world = induced(20, { renewEvery: 2, unitsPerTrader: 3 });
    const levels = [...world.columns.inducedLevel];
    const possible = world.columns.total[TOTAL.inducedGainsMaximum]!;
    world.columns.inducedUnits.fill(0);
    drawInducedValues(world, 1);
    expect(world.columns.inducedUnits[0]).toBe(0);
    drawInducedValues(world, 2);
    expect([...world.columns.inducedUnits]).toEqual(new Array(20).fill(3));
    expect([...world.columns.inducedLevel]).toEqual(levels);
    expect(world.columns.total[TOTAL.inducedGainsMaximum]).toBe(2 * possible);
  });
});

describe('the gains that are possible', () => {
  it('are those of matching the best buyers with the best sellers, at an equilibrium between the marginal ones', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 60 }),
        fc.nat(1000),
        fc.integer({ min: 1, max: 3 }),
        (n, seed, unitsPerTrader) => {
          const world = induced(2 * n, { unitsPerTrader }, seed);
          const buyers = sorted(levelsOf(world, SIDE.buy)).reverse();
          const sellers = sorted(levelsOf(world, SIDE.sell));
          let gains = 0;
          let units = 0;
          while (units < n && buyers[units]! >= sellers[units]!) {
            gains += buyers[units]! - sellers[units]!;
            units++;
          }
          const { total, scalar } = world.columns;
          expect(total[TOTAL.inducedVolumeMaximum]).toBe(units * unitsPerTrader);
          expect(total[TOTAL.inducedGainsMaximum]).toBe(gains * unitsPerTrader);
          const price = (scalar[WORLD.inducedEquilibrium]! - 1) / 2;
          // at that price exactly these units want to trade
          buyers.forEach((value, k) => {
            if (k < units) expect(value).toBeGreaterThanOrEqual(price);
            else expect(value).toBeLessThanOrEqual(price);
          });
          sellers.forEach((cost, k) => {
            if (k < units) expect(cost).toBeLessThanOrEqual(price);
            else expect(cost).toBeGreaterThanOrEqual(price);
          });
        },
      ),
    );
  });
});

describe("Smith's alpha", () => {
  const traded = (world: MarketWorld, levels: readonly number[]): MarketWorld => {
    for (const level of levels) addPriceDeviation(world, level, 1);
    world.columns.total[TOTAL.inducedVolume] = levels.length;
    return world;
  };

  it('is 0 at the equilibrium and unknown before the first trade', () => {
    const world = induced(4, { schedule: 'even' });
    expect(smithAlpha(world)).toBeNaN();
    const middle = (world.columns.scalar[WORLD.inducedEquilibrium]! - 1) / 2;
    expect(smithAlpha(traded(world, [middle, middle]))).toBe(0);
  });

  it('is the root mean square of deviations in percent of the equilibrium price', () => {
    const world = induced(4, { schedule: 'even' });
    const equilibrium = world.columns.scalar[WORLD.inducedEquilibrium]! / 2;
    const levels = [100, 140, 200];
    const mean = levels.reduce((sum, level) => sum + (level + 0.5 - equilibrium) ** 2, 0) / levels.length;
    expect(smithAlpha(traded(world, levels))).toBeCloseTo((100 * Math.sqrt(mean)) / equilibrium, 3);
  });
});
