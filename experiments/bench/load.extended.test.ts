import { describe, expect, it } from 'vitest';
import { assertCompiled } from '../compiled.ts';
import { benchLoad } from './load.ts';

describe('darwin bench load', { timeout: 600_000 }, () => {
  it('measures watchers, runs beside each other, a directory and a soak of any size', async () => {
    assertCompiled();
    const rows = await benchLoad({
      ...{ parts: 'watchers,runs,directory,soak', watchers: 20, runs: 2, mebibytes: 8, minutes: 0.1 },
      ...{ repeats: 1, worlds: 1, ticks: 40 },
    });
    const named = new Map(rows.map((row) => [row.name, row]));
    expect(named.get('load: run watched by 20')!.agentStepsPerSecond!.min).toBeGreaterThan(0);
    expect(named.get('load: list of runs')!.note).toMatch(/^2 processes .* all with hash [0-9a-f]{16}$/);
    for (const what of ['list', 'detail', 'frames', 'agents of a tick', 'all of it'])
      expect(named.get(`load: large run, ${what}`)!.milliseconds!.min).toBeGreaterThan(0);
    for (const what of ['resident memory', 'heap']) {
      const soak = named.get(`load: soak, ${what}`)!;
      expect(soak.samples).toHaveLength(80);
      expect(soak.ratio).toBeGreaterThan(0.2);
      expect(soak.note).toMatch(/and \d+ ticks, .*, slope after the first -?[\d.]+ MiB an hour$/);
    }
    const least = (what: string): number => named.get(`load: soak, ${what}`)!.mebibytes!.min;
    expect(least('heap')).toBeGreaterThan(10);
    expect(least('resident memory')).toBeGreaterThan(least('heap'));
  });
});
