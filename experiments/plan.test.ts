import { describe, expect, it } from 'vitest';
import { resolveConfig } from '../configs/parse.ts';
import { ARENA_MAX_BYTES, ARENA_START } from '../sim/core/columns.ts';
import { CapacityError } from '../sim/core/errors.ts';
import { worldBytes } from '../sim/world.ts';
import { planRun } from './plan.ts';

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

  it('starts no more threads than worlds', () => {
    expect(planRun(run(10, 3), 8).threads).toBe(3);
    expect(planRun(run(10, 1), 0).threads).toBe(1);
  });

  it('starts more threads than cores where one memory would not hold its worlds', () => {
    const terabytes = 2 ** 45;
    const slots = 200_000;
    const fitting = Math.floor((ARENA_MAX_BYTES - ARENA_START) / bytesOf(slots));
    expect(planRun(run(slots, 100 * fitting), 0, terabytes).threads).toBe(100);
    expect(planRun(run(slots, 2 * fitting), 2, terabytes).threads).toBe(2);
    expect(lineOf(() => planRun(run(slots, 2 * fitting + 1), 2, terabytes))).toContain(
      'use at least 3 threads',
    );
  });

  it('refuses a world that no memory holds, with the largest that one does', () => {
    const terabytes = 2 ** 45;
    const line = lineOf(() => planRun(run(4_000_000, 1), 1, terabytes));
    const slots = Number(/slots: (\d+)/.exec(line)![1]);
    expect(planRun(run(slots, 1), 1, terabytes).threads).toBe(1);
    expect(() => planRun(run(slots + 64, 1), 1, terabytes)).toThrow(CapacityError);
  });
});
