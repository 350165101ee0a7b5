/** Kills of the compiled program: what `npm run faults -- --kills N` does on demand. */
import { describe, expect, it } from 'vitest';
import { assertCompiled } from '../compiled.ts';
import { killOften } from './kills.ts';

const KILLS = 12;
const TIMEOUT_MS = 900_000;

describe('kills at random moments', { timeout: TIMEOUT_MS }, () => {
  it.each([1, 2])('of a run on %i threads end in the same hash and rows', async (threads) => {
    assertCompiled();
    const found = await killOften({ kills: KILLS, engine: 'cpu', threads, seed: threads });
    expect(found.kills).toBeGreaterThanOrEqual(KILLS);
    expect(found.mostLost).toBeLessThanOrEqual(found.interval);
  });
});
