import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { forceNow, rename, replace, watchDisk, write } from '../disk.ts';
import { Crash, FaultyDisk } from './faultyDisk.ts';
import { runOf, SCHEDULES_PER_RUN, scheduleOf } from './schedule.ts';
import { FaultSimulator } from './simulator.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'darwin-faults-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** A disk whose only fault strikes at a step out of `steps`, counted from 0. */
function disturbed(
  name: string,
  fault: Parameters<typeof scheduleFault>[0],
  act: (path: string) => void,
): { path: string; disk: FaultyDisk } {
  const path = join(folder, name);
  mkdirSync(path);
  const disk = new FaultyDisk(scheduleFault(fault), 10);
  watchDisk(disk);
  try {
    expect(() => act(path)).toThrow();
  } finally {
    watchDisk(null);
  }
  return { path, disk };
}
const scheduleFault = <T extends object>(fault: T) => ({ at: 0, after: true, share: 0, ...fault }) as never;

describe('a machine that stops', () => {
  it('cuts short what was not forced, keeps what was', () => {
    const { path, disk } = disturbed('unforced', { kind: 'power', at: 0.2 }, (to) => {
      write(join(to, 'forced'), 'kept');
      forceNow(join(to, 'forced'));
      write(join(to, 'waiting'), 'lost');
    });
    disk.losePower(0.5);
    expect(readFileSync(join(path, 'forced'), 'utf8')).toBe('kept');
    expect(readFileSync(join(path, 'waiting'), 'utf8')).toBe('lo');
  });

  it('undoes a name that was not forced, and what had the name is there again', () => {
    const { path, disk } = disturbed('renamed', { kind: 'power', at: 0.3 }, (to) => {
      write(join(to, 'old'), 'old');
      write(join(to, 'new'), 'new');
      forceNow(join(to, 'new'));
      rename(join(to, 'new'), join(to, 'old'));
    });
    disk.losePower(0);
    expect(readFileSync(join(path, 'old'), 'utf8')).toBe('old');
    expect(readFileSync(join(path, 'new'), 'utf8')).toBe('new');
  });

  it('at any step leaves a replaced file whole, the old one or the new one', () => {
    for (let step = 0; step < 4; step++)
      for (const after of [false, true]) {
        const name = `replaced ${step} ${after}`;
        const target = join(folder, name, 'file');
        mkdirSync(join(folder, name));
        replace(target, 'old');
        const disk = new FaultyDisk({ kind: 'power', at: step / 4, after, share: 0 }, 4);
        watchDisk(disk);
        try {
          expect(() => replace(target, 'new')).toThrow(Crash);
          expect(() => write(target, 'later')).toThrow(Crash);
        } finally {
          watchDisk(null);
        }
        disk.losePower(0);
        expect(readFileSync(target, 'utf8')).toBe(step === 3 && after ? 'new' : 'old');
      }
  });

  it('is not a disk that refuses: that one goes on, and says why', () => {
    const { path } = disturbed('full', { kind: 'short', at: 0, share: 0.5 }, (to) =>
      write(join(to, 'a'), 'abcd'),
    );
    expect(readFileSync(join(path, 'a'), 'utf8')).toBe('ab');
    const refused = disturbed('refused', { kind: 'refused', at: 0.1, code: 'EIO' }, (to) => {
      write(join(to, 'a'), 'abcd');
      write(join(to, 'b'), 'abcd');
    });
    expect(existsSync(join(refused.path, 'a'))).toBe(true);
    expect(existsSync(join(refused.path, 'b'))).toBe(false);
  });
});

describe('a schedule', () => {
  it('is drawn from its seed alone, and shares its run with its neighbours', () => {
    expect(scheduleOf(7)).toEqual(scheduleOf(7));
    expect(scheduleOf(7)).not.toEqual(scheduleOf(8));
    expect(runOf(0)).toEqual(runOf(SCHEDULES_PER_RUN - 1));
    expect(runOf(0)).not.toEqual(runOf(SCHEDULES_PER_RUN));
  });

  it('has in the end changed nothing, and lost no more than an interval', async () => {
    const simulator = await FaultSimulator.open(mkdtempSync(join(folder, 'few-')));
    const struck: string[] = [];
    for (const seed of [0, 1, 2, 3, 4, 5]) {
      const trial = await simulator.try(seed);
      expect(trial, `npm run faults -- --schedules 1 --seed ${seed}`).toMatchObject({ problem: null });
      struck.push(...trial.struck);
    }
    simulator.close();
    expect(struck.length).toBeGreaterThan(3);
  });
});
