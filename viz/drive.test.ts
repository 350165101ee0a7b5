import { describe, expect, it } from 'vitest';
import { resolveConfig } from '../configs/parse.ts';
import { ticksOfCall } from './drive.ts';

const ticksOf = (slots: number, agentsEvery: number, worlds = 1) =>
  ticksOfCall(resolveConfig({ slots, worlds, output: { metricsEvery: 100, agentsEvery } }));

describe('a call to the threads of a run', () => {
  it('begins with few ticks where agents are many', () => {
    expect(ticksOf(256, 0).first).toBe(64);
    expect(ticksOf(16_384, 0).first).toBe(16);
    expect(ticksOf(16_384, 0, 2).first).toBe(8);
    expect(ticksOf(1_000_000, 0).first).toBe(1);
  });

  it('ends before more than two million rows of snapshots wait, and never at none', () => {
    expect(ticksOf(1000, 0).most).toBe(Number.POSITIVE_INFINITY);
    expect(ticksOf(2 ** 20, 10).most).toBe(20);
    expect(ticksOf(2 ** 21, 10).most).toBe(10);
    expect(ticksOf(2 ** 21 + 1, 1).most).toBe(1);
    expect(ticksOf(64, 100, 4).most).toBe(100 * 2 ** 13);
  });
});
