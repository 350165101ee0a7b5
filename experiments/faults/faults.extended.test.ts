/** Many schedules of faults: what `npm run faults -- --schedules N` does on demand. */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { FaultSimulator } from './simulator.ts';

const SCHEDULES = 1000;
const TIMEOUT_MS = 1_800_000;

describe('a thousand schedules of faults', { timeout: TIMEOUT_MS }, () => {
  it('change no result and lose no more than an interval; every kind of fault strikes', async () => {
    const memory = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();
    const folder = mkdtempSync(join(memory, 'darwin-faults-'));
    const simulator = await FaultSimulator.open(folder);
    const kinds = new Set<string>();
    try {
      for (let seed = 0; seed < SCHEDULES; seed++) {
        const trial = await simulator.try(seed);
        expect(trial, `npm run faults -- --schedules 1 --seed ${seed}`).toMatchObject({ problem: null });
        for (const kind of trial.struck) kinds.add(kind);
      }
    } finally {
      simulator.close();
      rmSync(folder, { recursive: true, force: true });
    }
    expect([...kinds].sort()).toEqual([
      'damaged index',
      'damaged rows',
      'damaged state',
      'interrupted',
      'killed',
      'power',
      'refused',
      'short',
      'worker',
    ]);
  });
});
