import { describe, expect, it } from 'vitest';
import { FREE_SLOT } from '../market/columns.ts';
import type { AgentWorld } from './columns.ts';
import { heritability, slopeOf } from './heritability.ts';
import { testWorld } from './testWorld.ts';

describe('slopeOf', () => {
  it('is the slope of the least-squares line', () => {
    // x 0 1 2 3, y 1 3 2 5: covariance 5.5, variance 5 (both x n)
    expect(slopeOf(Float64Array.of(0, 1, 1, 3, 2, 2, 3, 5), 4)).toBeCloseTo(1.1, 12);
  });

  it('has no value below three pairs, or where all parents are alike', () => {
    expect(slopeOf(Float64Array.of(0, 1, 1, 3), 2)).toBeNaN();
    expect(slopeOf(Float64Array.of(0.1, 1, 0.1, 3, 0.1, 7), 3)).toBeNaN();
  });
});

describe('heritability', () => {
  const TICK = 1000;
  /** Three parents in slots 0, 1, 2 and three children in 3, 4, 5, profits of `perTick` over 500 and 100 ticks. */
  function family(perTick: readonly number[]): AgentWorld {
    const world = testWorld({ slots: 8, populations: [{ name: 'one', kind: 'passive' }] });
    const { agents, columns } = world;
    columns.population.fill(FREE_SLOT);
    perTick.forEach((profit, i) => {
      const age = i < 3 ? 500 : 100;
      columns.population[i] = 0;
      agents.serial[i] = 10 + i;
      agents.parent[i] = i < 3 ? 0 : 7 + i;
      agents.bornAt[i] = TICK - age;
      agents.lifeProfit[i] = profit * age;
    });
    return world;
  }

  it('is one where children do as their parents did, half where half of it is passed on, and none where nothing is', () => {
    expect(heritability(family([1, 2, 3, 1, 2, 3]), TICK, 100)[0]).toBeCloseTo(1, 12);
    expect(heritability(family([0, 2, 4, 5, 6, 7]), TICK, 100)[0]).toBeCloseTo(0.5, 12);
    expect(heritability(family([1, 2, 3, 4, 4, 4]), TICK, 100)[0]).toBeCloseTo(0, 12);
  });

  it('counts a parent once for each child', () => {
    const world = family([0, 2, 4, 1, 3, 5]);
    world.agents.parent[4] = world.agents.serial[0]!;
    // pairs (0, 1), (0, 3), (4, 5): covariance 8, variance 32/3 (both x n)
    expect(heritability(world, TICK, 100)[0]).toBeCloseTo(0.75, 12);
  });

  it('is of those alone who are old enough: at the age, not a tick below', () => {
    const world = family([1, 2, 3, 1, 2, 3]);
    expect(heritability(world, TICK, 100)[0]).toBeCloseTo(1, 12);
    expect(heritability(world, TICK, 101)[0]).toBeNaN();
  });

  it('needs parents that live', () => {
    const world = family([1, 2, 3, 1, 2, 3]);
    world.columns.population[1] = FREE_SLOT;
    expect(heritability(world, TICK, 100)[0]).toBeNaN(); // two pairs
  });

  it('has no value of one agent, of nobody and of newborns', () => {
    expect(heritability(family([1]), TICK, 0)[0]).toBeNaN();
    expect(heritability(family([]), TICK, 0)[0]).toBeNaN();
    expect(heritability(testWorld({ slots: 4 }), 0, 0)[0]).toBeNaN();
  });

  it('of each population is of its own: that the rich have rich children of their kind is none', () => {
    const world = testWorld({
      slots: 12,
      populations: [
        { name: 'poor', kind: 'passive' },
        { name: 'rich', kind: 'passive' },
      ],
    });
    const { agents, columns } = world;
    for (let i = 0; i < 12; i++) {
      const rich = i % 2;
      columns.population[i] = rich;
      agents.serial[i] = 10 + i;
      agents.parent[i] = i < 6 ? 0 : 4 + i;
      agents.bornAt[i] = TICK - 10;
      // parents differ, children of a population do not
      agents.lifeProfit[i] = 1000 * rich + (i < 6 ? 10 * i : 0);
    }
    const [poor, wealthy] = heritability(world, TICK, 0);
    expect(poor).toBeCloseTo(0, 12);
    expect(wealthy).toBeCloseTo(0, 12);
  });
});
