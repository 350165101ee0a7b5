/** Test support: the same world twice, with the kernels and without them. */
import { expect } from 'vitest';
import type { MarketWorld } from './columns.ts';
import { type TestWorldOptions, testWorld } from './testWorld.ts';

export type Twins = readonly [kernels: MarketWorld, specification: MarketWorld];

export const twinsOf = (options: TestWorldOptions): Twins => [
  testWorld({ ...options, passes: true }),
  testWorld({ ...options, passes: false }),
];

/** Every column and balance of one is that of the other. */
export function expectSame([a, b]: Twins): void {
  for (const group of ['balances', 'columns'] as const)
    for (const [name, column] of Object.entries(a[group]))
      expect([name, ...column]).toEqual([
        name,
        ...(b[group] as unknown as Record<string, Uint32Array>)[name]!,
      ]);
}
