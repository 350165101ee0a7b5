import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { UsageError } from '../sim/core/errors.ts';
import { readManifest } from './manifest.ts';
import { readSweep } from './sweep/sweepDirectory.ts';

describe('a path that is no directory of a run or sweep', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'darwin-no-directory-'));
    for (const name of ['trust-smoke', 'garden-smoke', 'empty']) mkdirSync(join(folder, name));
    for (const name of ['trust-smoke', 'garden-smoke']) writeFileSync(join(folder, name, 'sweep.json'), '{');
    writeFileSync(join(folder, 'note.txt'), '');
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  const lineOf = (read: () => unknown): string => {
    try {
      read();
    } catch (error) {
      expect(error).toBeInstanceOf(UsageError);
      return (error as UsageError).line.replaceAll(folder, 'F').replaceAll('\\', '/');
    }
    return 'nothing was thrown';
  };

  it.each([
    [
      'is missing, with a neighbour of nearly its name',
      'trust-smok',
      'there is no directory F/trust-smok (did you mean F/trust-smoke?)',
    ],
    [
      'is missing',
      'elsewhere',
      'there is no directory F/elsewhere (give the directory of a sweep, such as F/garden-smoke)',
    ],
    [
      'is missing like its parent',
      'no/such',
      'there is no directory F/no/such (give the directory of a sweep)',
    ],
    ['lies below a file', 'note.txt/a', 'there is no directory F/note.txt/a (give the directory of a sweep)'],
    ['is a file', 'note.txt', 'F/note.txt is a file (give the directory of a sweep)'],
    ['holds others', '.', 'F has no sweep.json (give the directory of a sweep, such as F/garden-smoke)'],
    ['is empty', 'empty', 'F/empty has no sweep.json (give the directory of a sweep)'],
    ['is damaged', 'trust-smoke', 'F/trust-smoke has a broken sweep.json (give the directory of a sweep)'],
  ])('that %s is named with what was probably meant', (_, path, line) => {
    expect(lineOf(() => readSweep(join(folder, path)))).toBe(line);
  });

  it('is told of runs likewise', () => {
    const run = join(folder, 'empty');
    writeFileSync(join(run, 'manifest.json'), '');
    expect(lineOf(() => readManifest(join(folder, 'empt')))).toBe(
      'there is no directory F/empt (did you mean F/empty?)',
    );
    expect(lineOf(() => readManifest(join(folder, 'trust-smoke')))).toBe(
      'F/trust-smoke is the directory of a sweep, not of a run (darwin report F/trust-smoke shows it)',
    );
    expect(lineOf(() => readSweep(run))).toBe(
      'F/empty is the directory of a run, not of a sweep (darwin serve F/empty shows it)',
    );
    expect(lineOf(() => readManifest(folder))).toBe(
      'F has no manifest.json (give the directory of a run, such as F/empty)',
    );
  });
});
