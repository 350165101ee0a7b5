import { describe, expect, it } from 'vitest';
import { TOTAL } from '../../market/columns.ts';
import { UsageError } from '../../sim/core/errors.ts';
import { Shard } from '../../sim/shard.ts';
import { benchmarkConfig } from './economy.ts';
import { benchmarkNamed } from './index.ts';
import { benchScripted } from './scripted.ts';

describe('darwin bench scripted', () => {
  it('answers with trader-steps per second by threads, with and without laws', async () => {
    const rows = await benchmarkNamed('scripted').run({ agents: 16, worlds: 2, repeats: 1 });
    expect(rows.map(({ name, threads, agents }) => [name, threads, agents])).toEqual([
      ['scripted', 1, 32],
      ['scripted, no laws', 1, 32],
      ['scripted', 2, 32],
      ['scripted, no laws', 2, 32],
    ]);
    for (const { traderStepsPerSecond } of rows) expect(traderStepsPerSecond!.min).toBeGreaterThan(0);
  });

  it('refuses no repeats', async () => {
    await expect(benchScripted({ repeats: 0 })).rejects.toThrow(UsageError);
  });

  it('measures a market that trades in every tick and does not run dry', () => {
    const shard = new Shard(benchmarkConfig('scripted.yaml', { slots: 64, worlds: 1 }), [0]);
    const [world] = [...shard.inside()];
    let volume = 0;
    for (let tick = 1; tick <= 2000; tick++) {
      shard.advance(tick);
      const now = world!.columns.total[TOTAL.computeVolume]!;
      expect(now).toBeGreaterThan(volume);
      volume = now;
    }
    const poorest = Math.min(...world!.balances.token);
    expect(poorest).toBeGreaterThan((world!.parameters.genesis.token * 3) / 4);
  });
});
