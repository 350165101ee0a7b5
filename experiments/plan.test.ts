import { describe, expect, it } from 'vitest';
import { resolveConfig } from '../configs/parse.ts';
import { CapacityError } from '../sim/core/errors.ts';
import { worldBytes } from '../sim/world.ts';
import { planRun } from './plan.ts';

const TERABYTES = 2 ** 45;
const run = (slots: number, worlds: number) => resolveConfig({ slots, worlds });
const bytesOf = (slots: number) => worldBytes({ slots, populations: run(slots, 1).arms[0]!.populations });
const lineOf = (action: () => unknown): string => {
  try {
    action();
  } catch (error) {
    expect(error).toBeInstanceOf(CapacityError);
    return (error as CapacityError).line;
  }
  throw new Error('the plan was accepted');
};

describe('the plan of a run', () => {
  it('fits when the machine has exactly the bytes that it needs, and not with one less', () => {
    const bytes = 6 * bytesOf(100);
    expect(planRun(run(100, 6), 2, bytes)).toEqual({ threads: 2, bytes });
    expect(lineOf(() => planRun(run(100, 6), 2, bytes - 1))).toContain('6 worlds x 100 slots need');
  });

  it('names sizes that fit, and they do, while one more slot or world does not', () => {
    const available = 4 * bytesOf(500);
    const line = lineOf(() => planRun(run(1000, 6), 1, available));
    const slots = Number(/slots: (\d+)/.exec(line)![1]);
    const worlds = Number(/or (\d+) worlds? of this size/.exec(line)![1]);
    expect(planRun(run(slots, 6), 1, available).bytes).toBeLessThanOrEqual(available);
    expect(planRun(run(1000, worlds), 1, available).bytes).toBeLessThanOrEqual(available);
    expect(() => planRun(run(1000, worlds + 1), 1, available)).toThrow(CapacityError);
    // memory comes in cache lines, so a few more slots may take no more bytes
    expect(() => planRun(run(slots + 64, 6), 1, available)).toThrow(CapacityError);
  });

  it('offers one smaller world when not even one of this size fits beside the others', () => {
    const line = lineOf(() => planRun(run(1000, 1_000_000), 1, bytesOf(300)));
    const slots = Number(/one world of (\d+) slots/.exec(line)![1]);
    expect(planRun(run(slots, 1), 1, bytesOf(300)).threads).toBe(1);
  });

  it('starts no more threads than worlds, or thousands of agents in fewer worlds', () => {
    expect(planRun(run(10, 3), 8).threads).toBe(3);
    expect(planRun(run(10, 1), 0).threads).toBe(1);
    expect(planRun(run(2047, 1), 8).threads).toBe(1);
    expect(planRun(run(2048, 1), 8).threads).toBe(2);
    expect(planRun(run(2048, 3), 8).threads).toBe(6);
    expect(planRun(run(20_480, 3), 8).threads).toBe(8);
    expect(planRun(run(20_480, 3), 2).threads).toBe(2);
  });

  it('lets a thread have more worlds than one memory holds', () => {
    const slots = 200_000;
    expect(planRun(run(slots, 5), 2, TERABYTES)).toEqual({ threads: 2, bytes: 5 * bytesOf(slots) });
  });

  it('takes a million agents of one world in 24 GiB, and says what fits into less', () => {
    const { bytes } = planRun(run(1_000_000, 1), 2, 24 * 2 ** 30);
    expect(bytes).toBe(bytesOf(1_000_000));
    const line = lineOf(() => planRun(run(1_000_000, 1), 2, 8 * 2 ** 30));
    expect(line).toContain('8.0 GiB are available');
    const slots = Number(/slots: (\d+)/.exec(line)![1]);
    expect(slots).toBeGreaterThan(500_000);
    expect(planRun(run(slots, 1), 2, 8 * 2 ** 30).bytes).toBeLessThanOrEqual(8 * 2 ** 30);
    expect(() => planRun(run(slots + 64, 1), 2, 8 * 2 ** 30)).toThrow(CapacityError);
  });

  it('refuses a world whose columns no memory holds even without its brains, with the largest that one does', () => {
    const line = lineOf(() => planRun(run(4_000_000, 1), 1, TERABYTES));
    expect(line).toContain('beside its brains');
    const slots = Number(/slots: (\d+)/.exec(line)![1]);
    expect(slots).toBeGreaterThan(1_000_000);
    expect(planRun(run(slots, 1), 1, TERABYTES).threads).toBe(1);
    expect(() => planRun(run(slots + 64, 1), 1, TERABYTES)).toThrow(CapacityError);
  });
});
