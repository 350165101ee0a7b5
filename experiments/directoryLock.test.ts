import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { UsageError } from '../sim/core/errors.ts';
import { lockDirectory, untilNotWritten } from './directoryLock.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'darwin-lock-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

/** No process has a number beyond the largest that Linux gives. */
const NOBODY = 2 ** 22 + 1;
const lockOf = (holder: object): void =>
  writeFileSync(join(directory, 'running.lock'), JSON.stringify(holder));

describe('the lock of a run directory', () => {
  it('lets one writer in at a time', () => {
    const unlock = lockDirectory(directory);
    expect(() => lockDirectory(directory)).toThrow(UsageError);
    expect(() => lockDirectory(directory)).toThrow(`is being written by process ${process.pid}`);
    unlock();
    expect(existsSync(join(directory, 'running.lock'))).toBe(false);
    lockDirectory(directory)();
  });

  it('is taken over from a process that is gone, and from one whose number another process has now', async () => {
    for (const holder of [
      { pid: NOBODY, host: hostname(), started: null },
      { pid: process.pid, host: hostname(), started: 'before this machine was started' },
    ]) {
      lockOf(holder);
      await untilNotWritten(directory);
      lockDirectory(directory)();
    }
  });

  it('is respected where the writer cannot be seen: on another machine, or unreadable', () => {
    lockOf({ pid: NOBODY, host: 'elsewhere.invalid', started: null });
    expect(() => lockDirectory(directory)).toThrow('on elsewhere.invalid');
    const unreadable = [
      '{',
      '5',
      'null',
      '{"pid":"1","host":"a","started":null}',
      `{"pid":1,"host":"${'a'.repeat(300)}"}`,
    ];
    for (const text of unreadable) {
      writeFileSync(join(directory, 'running.lock'), text);
      expect(() => lockDirectory(directory)).toThrow('is locked by');
    }
  });

  it('is waited for a moment, since a killed process takes one to go', async () => {
    const unlock = lockDirectory(directory);
    setTimeout(unlock, 120);
    await untilNotWritten(directory);
    expect(existsSync(join(directory, 'running.lock'))).toBe(false);
  });
});
