import { describe, expect, it } from 'vitest';
import { UsageError } from '../../sim/core/errors.ts';
import { benchClearing } from './clearing.ts';
import { benchmarkNamed } from './index.ts';

describe('darwin bench clearing', () => {
  it('answers with orders per second of two sizes of auction, on one thread', async () => {
    const rows = await benchmarkNamed('clearing').run({ repeats: 1 });
    expect(rows.map(({ name, threads, agents }) => [name, threads, agents])).toEqual([
      ['clearing 256', 1, 256],
      ['clearing 4096', 1, 4096],
    ]);
    for (const { ordersPerSecond } of rows) {
      expect(ordersPerSecond!.min).toBeGreaterThan(0);
      expect(ordersPerSecond!.median).toBe(ordersPerSecond!.min);
      expect(ordersPerSecond!.max).toBe(ordersPerSecond!.min);
    }
  });

  it('clears auctions of the size asked for, and refuses no repeats', async () => {
    const rows = await benchClearing({ agents: 16, repeats: 1 });
    expect(rows.map(({ agents }) => agents)).toEqual([16]);
    await expect(benchClearing({ repeats: 0 })).rejects.toThrow(UsageError);
  });
});
