import { describe, expect, it } from 'vitest';
import { assertCompiled } from '../compiled.ts';
import { benchMemory } from './memory.ts';

describe('darwin bench memory', () => {
  it('looks at the process a hundred times in a run, the last time at its end', async () => {
    assertCompiled();
    const [row] = await benchMemory({ agents: 16, worlds: 1, threads: 1, ticks: 200 });
    expect(row!.samples!.map(({ x }) => x)).toEqual(Array.from({ length: 100 }, (_, k) => 2 * (k + 1)));
    expect(row!.mebibytes!.min).toBeGreaterThan(1);
    expect(row!.bytesPerAgent).toBeGreaterThan(4 * 2 * 1617);
    expect(row!.ratio).toBeGreaterThan(0);
  });
});
