import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { METHODS } from '../configs/derive.ts';
import { DrawSequence, STREAM } from '../sim/core/rng.ts';
import { U32_MAX } from '../sim/core/units.ts';
import { FREE_SLOT, type MarketWorld, WORLD } from './columns.ts';
import { testWorld } from './testWorld.ts';
import { train } from './training.ts';

/** The same world twice: with the kernel and without it. */
const twins = (options: Parameters<typeof testWorld>[0]): readonly [MarketWorld, MarketWorld] =>
  [true, false].map((passes) => testWorld({ ...options, passes })) as unknown as readonly [
    MarketWorld,
    MarketWorld,
  ];

function expectSame([a, b]: readonly [MarketWorld, MarketWorld]): void {
  for (const group of ['balances', 'columns'] as const)
    for (const [name, column] of Object.entries(a[group]))
      expect([name, ...column]).toEqual([
        name,
        ...(b[group] as unknown as Record<string, Uint32Array>)[name]!,
      ]);
}

const draws = new DrawSequence();

/** A number of a size drawn first, so that all magnitudes come up; `most` now and then. */
function anySize(most: number): number {
  const bits = draws.below(36);
  if (bits > 33) return most;
  return Math.min(most, Math.floor(draws.unit() * 2 ** bits));
}

const anyMethod = fc.record({
  eta: fc.constantFrom(0, 1e-9, 4e-4, 1),
  computeExponent: fc.constantFrom(0, 0.3, 1),
  dataExponent: fc.constantFrom(0, 0.2, 1),
  labelExponent: fc.constantFrom(0, 0.5, 1),
  labels: fc.nat(3),
  environmentPrice: fc.constantFrom(0, 0.05, 1000),
});

describe('the training pass', () => {
  it('leaves every column as training one by one does, whatever agents have', () => {
    fc.assert(
      fc.property(
        fc.record({
          depreciation: fc.constantFrom(0, 1e-5, 0.01, 0.9, 1),
          labelPrice: fc.constantFrom(0, 0.05, 1000),
          maxCompute: fc.constantFrom(1, 16, 4096),
          methods: fc.tuple(anyMethod, anyMethod, anyMethod, anyMethod),
        }),
        fc.constantFrom(0, 50),
        fc.constantFrom(1, 9, 40, 1023, 1024, 1030),
        fc.nat(),
        ({ methods, ...training }, trainingRunwayTicks, slots, seed) => {
          const named = Object.fromEntries(METHODS.map((name, m) => [name, methods[m]]));
          const pair = twins({
            slots,
            seed,
            world: { training: { ...training, ...named }, hardware: { trainingRunwayTicks } },
          });
          for (const world of pair) {
            const { columns, balances } = world;
            draws.at(seed, 0, 0, STREAM.scripted);
            columns.scalar[WORLD.tokenPrice] = anySize(U32_MAX);
            for (let i = 0; i < slots; i++) {
              if (draws.below(5) === 0) columns.population[i] = FREE_SLOT;
              columns.mode[i] = draws.below(4);
              columns.taskClass[i] = draws.below(4);
              columns.method[i] = draws.below(4);
              columns.compute[i] = anySize(U32_MAX);
              columns.computeUsed[i] = Math.min(columns.compute[i]!, anySize(U32_MAX));
              columns.bill[i] = anySize(U32_MAX);
              columns.data[i] = anySize(U32_MAX);
              columns.labelsUsed[i] = 0;
              columns.skillGain[i] = draws.word();
              balances.token[i] = anySize(U32_MAX);
              balances.stake[i] = anySize(U32_MAX);
              balances.cash[i] = anySize(U32_MAX);
              for (let c = 0; c < 4; c++) columns.skill[4 * i + c] = anySize(U32_MAX);
            }
            train(world, 0);
          }
          expectSame(pair);
        },
      ),
      { numRuns: 100 },
    );
  });
});
