import { describe, expect, it } from 'vitest';
import { FREE_SLOT } from '../market/columns.ts';
import { NO_ANCESTOR } from './columns.ts';
import { linearGene, populationIndex, priceTerms, takeCensus } from './priceEquation.ts';
import { testWorld, tickWithoutMarkets } from './testWorld.ts';

describe('priceTerms', () => {
  it('splits a change of the mean as worked by hand', () => {
    const world = testWorld({ slots: 6 });
    const { columns, agents } = world;
    const z = [1, 2, 3, 0, 0, 0];
    const trait = (_: typeof world, slot: number): number => z[slot]!;
    columns.population.fill(FREE_SLOT, 3);
    takeCensus(world, trait); // 1, 2, 3: mean 2
    // 0 dies; 1 survives; 2 survives and has a child with 5; an immigrant brings 10
    columns.population.set([FREE_SLOT, 0, 0, 0, 0, FREE_SLOT]);
    agents.censusAncestor[3] = 2;
    agents.censusAncestor[4] = NO_ANCESTOR;
    z[3] = 5;
    z[4] = 10;
    const terms = priceTerms(world, trait);
    expect(terms.change).toBeCloseTo(20 / 4 - 2, 12);
    expect(terms.selection).toBeCloseTo(2 / 3, 12); // Cov((0,1,2),(1,2,3)) = 2/3, mean w = 1
    expect(terms.transmission).toBeCloseTo(2 / 3, 12); // (5 - 3) / 3
    expect(terms.migration).toBeCloseTo((1 / 4) * (10 - 10 / 3), 12);
    expect(terms.residual).toBeCloseTo(0, 12);
  });

  it('counts the whole change as migration when no line survives', () => {
    const world = testWorld({ slots: 2 });
    takeCensus(world, populationIndex);
    world.agents.censusAncestor.fill(NO_ANCESTOR);
    world.columns.population.fill(1);
    expect(priceTerms(world, populationIndex)).toMatchObject({ change: 1, selection: 0, migration: 1 });
  });

  it('is NaN when nobody lives', () => {
    const world = testWorld({ slots: 2 });
    takeCensus(world, populationIndex);
    world.columns.population.fill(FREE_SLOT);
    expect(priceTerms(world, populationIndex).change).toBeNaN();
  });

  it('balances to 1e-5 in every interval of an evolving world, and each of its terms occurs', () => {
    const world = testWorld({
      slots: 32,
      world: {
        energy: { subsistence: 5 },
        demography: { meanLife: 60, threshold: 100, endowmentFloor: 50, immigrationFloor: 0.95 },
      },
      populations: [
        { name: 'a', kind: 'passive', reward: 'random' },
        { name: 'b', kind: 'random', reward: 'random' },
      ],
    });
    let tick = 0;
    for (const trait of [linearGene('profit'), populationIndex]) {
      const seen = { selection: 0, transmission: 0, migration: 0 };
      for (let interval = 0; interval < 8; interval++) {
        takeCensus(world, trait);
        for (let k = 0; k < 10; k++) tickWithoutMarkets(world, tick++);
        const terms = priceTerms(world, trait);
        expect(Math.abs(terms.residual)).toBeLessThan(1e-5);
        for (const name of ['selection', 'transmission', 'migration'] as const)
          seen[name] += Math.abs(terms[name]);
      }
      expect(seen.selection).toBeGreaterThan(0);
      expect(seen.migration).toBeGreaterThan(0);
      // a population's index is inherited without change
      if (trait === populationIndex) expect(seen.transmission).toBe(0);
      else expect(seen.transmission).toBeGreaterThan(0);
    }
  });
});
