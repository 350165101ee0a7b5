import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { UsageError } from '../sim/core/errors.ts';
import { assertWritable, countOf, writePage } from './commandLine.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'command-line-'));
  writeFileSync(join(folder, 'file'), 'mine');
  mkdirSync(join(folder, 'directory'));
});
afterAll(() => rmSync(folder, { recursive: true }));

describe('a count', () => {
  it('is a whole number from 1, or missing', () => {
    expect([countOf('--seeds', '1'), countOf('--seeds', '1e3'), countOf('--seeds', undefined)]).toEqual([
      1,
      1000,
      undefined,
    ]);
  });

  it.each(['0', '-1', '1.5', '', ' ', 'many', 'Infinity'])('is not %j', (text) => {
    expect(() => countOf('--seeds', text)).toThrow(`--seeds ${text} is not a whole number from 1`);
  });
});

describe('a file that a result goes to', () => {
  it('is accepted in a directory that is there, and nothing is made', () => {
    assertWritable('--html', join(folder, 'new'));
    assertWritable('--html', join(folder, 'file'));
    expect(readdirSync(folder).sort()).toEqual(['directory', 'file']);
    expect(readFileSync(join(folder, 'file'), 'utf8')).toBe('mine');
  });

  it.each([
    ['a directory that is missing', 'gone/page'],
    ['a directory that is a file', 'file/page'],
    ['the place of a directory', 'directory'],
  ])('is refused in %s', (_, path) => {
    expect(() => assertWritable('--html', join(folder, path))).toThrow(UsageError);
    expect(() => assertWritable('--html', join(folder, path))).toThrow('cannot write');
  });

  it('that can no longer be written is noted and does not end the program', () => {
    const said = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
    expect(writePage(join(folder, 'gone', 'page'), 'text')).toBe(false);
    expect(said.mock.calls.join('')).toMatch(/^cannot write .*ENOENT.*\n$/);
    said.mockRestore();
    expect(existsSync(join(folder, 'gone'))).toBe(false);
    expect(writePage(join(folder, 'page'), 'text')).toBe(true);
    expect(readFileSync(join(folder, 'page'), 'utf8')).toBe('text');
    rmSync(join(folder, 'page'));
  });
});
