import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FREE_SLOT, TOTAL, WORLD } from './columns.ts';
import { InducedSchedule } from './inducedSchedule.ts';
import { drawInducedValues } from './inducedValues.ts';
import { testWorld } from './testWorld.ts';

const settings = fc.record({
  schedule: fc.constantFrom('random', 'even'),
  unitsPerTrader: fc.constantFrom(1, 2, 7),
  redrawEvery: fc.constantFrom(0, 1, 2),
  renewEvery: fc.constantFrom(0, 1, 3),
});

const CASES = 150;

describe('the kernel of induced values', () => {
  it('draws, gives and counts what the specification does, bit for bit', () => {
    const seen = { cases: 0, volume: 0, equilibria: new Set<number>() };
    fc.assert(
      fc.property(
        settings,
        fc.integer({ min: 2, max: 21 }),
        fc.integer({ min: 0, max: 2 ** 32 - 1 }),
        fc.uniqueArray(fc.nat(20)),
        (induced, slots, seed, dead) => {
          const [kernel, specification] = [true, false].map((passes) =>
            testWorld({ slots, seed, passes, world: { induced: { enabled: true, ...induced } } }),
          );
          for (let tick = 0; tick < 4; tick++) {
            for (const world of [kernel!, specification!]) {
              // some die after the first values were drawn, and keep them
              if (tick === 1) for (const i of dead) if (i < slots) world.columns.population[i] = FREE_SLOT;
              drawInducedValues(world, tick);
            }
            expect(kernel!.columns).toEqual(specification!.columns);
          }
          seen.cases++;
          seen.volume += kernel!.columns.total[TOTAL.inducedVolumeMaximum]!;
          seen.equilibria.add(kernel!.columns.scalar[WORLD.inducedEquilibrium]!);
        },
      ),
      { numRuns: CASES },
    );
    // of all cases; mutants are tried on fewer
    if (seen.cases < CASES) return;
    expect(seen.volume).toBeGreaterThan(100);
    expect(seen.equilibria.size).toBeGreaterThan(20);
  });

  it('refuses columns of another memory', () => {
    const [here, there] = [testWorld({ slots: 4 }), testWorld({ slots: 4 })];
    expect(() => new InducedSchedule(there.memory, here.parameters, here.columns)).toThrow('another memory');
    const mixed = { ...here.columns, inducedUnits: there.columns.inducedUnits };
    expect(() => new InducedSchedule(here.memory, here.parameters, mixed)).toThrow('another memory');
  });
});
