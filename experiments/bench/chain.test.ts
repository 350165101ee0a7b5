import { describe, expect, it } from 'vitest';
import { assertCompiled } from '../compiled.ts';
import { benchChain } from './chain.ts';

describe('darwin bench chain', () => {
  it('counts entries, transactions and signatures, and the gas of every mechanism of its world', async () => {
    assertCompiled();
    const rows = await benchChain({ agents: 8, repeats: 1, threads: 2, ticks: 6, signedTicks: 1 });
    expect(rows.map(({ name, threads }) => [name, threads])).toEqual([
      ['chain, a batch a tick', 1],
      ['chain, signed singly', 1],
      ['chain, signed singly', 2],
      ['signatures', 1],
    ]);
    const [batch, here, pooled, signatures] = rows;
    for (const spread of [
      batch!.entriesPerSecond,
      here!.transactionsPerSecond,
      pooled!.transactionsPerSecond,
      signatures!.signaturesPerSecond,
    ])
      expect(spread!.median).toBeGreaterThan(0);
    for (const mechanism of ['bills', 'amm', 'service market', 'identities'])
      expect(batch!.gasPerEntry![mechanism], mechanism).toBeGreaterThan(1000);
    expect(pooled!.ratio).toBeCloseTo(
      pooled!.transactionsPerSecond!.median / here!.transactionsPerSecond!.median,
    );
  });
});
