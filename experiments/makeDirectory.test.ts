import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { makeDirectory } from './makeDirectory.ts';

const work = mkdtempSync(join(tmpdir(), 'make-directory-'));
afterAll(() => rmSync(work, { recursive: true, force: true }));

describe('makeDirectory', () => {
  it('makes every missing level, and does nothing where the directory exists', () => {
    const path = join(work, 'a', 'b', 'c');
    makeDirectory(path);
    makeDirectory(path);
    expect(statSync(path).isDirectory()).toBe(true);
  });

  it("ends with the system's error where a parent refuses children", () => {
    writeFileSync(join(work, 'file'), '');
    expect(() => makeDirectory(join(work, 'file', 'x'))).toThrow(/ENOTDIR|EEXIST/);
    if (existsSync('/proc/self')) expect(() => makeDirectory('/proc/no-such-place/x')).toThrow('ENOENT');
  });
});
