import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { assertCompiled, darwin } from '../compiled.ts';
import { readCell, readSweep } from '../sweep/sweepDirectory.ts';
import { tinyExperiment } from '../sweep/tinyExperiment.ts';

let work: string;
beforeAll(() => {
  assertCompiled();
  work = mkdtempSync(join(tmpdir(), 'darwin-sweep-'));
  writeFileSync(join(work, 'tiny.yaml'), tinyExperiment(500));
});
afterAll(() => rmSync(work, { recursive: true }));

const cellsOf = (dir: string): string[] => {
  try {
    return readdirSync(join(work, dir, 'cells')).filter((name) => name.endsWith('.gz'));
  } catch {
    return [];
  }
};
/** All results of a directory, without how long they took. */
const resultsOf = (dir: string) =>
  readSweep(join(work, dir)).cells.map(({ hash }) => {
    const { seconds: _, ...result } = readCell(join(work, dir), hash)!;
    return result;
  });

describe('darwin sweep', () => {
  it('killed without warning and resumed, runs no finished cell again and ends in what a serial sweep finds', async () => {
    let polling: NodeJS.Timeout | undefined;
    const killed = await darwin(
      ['sweep', 'tiny.yaml', '--out', 'killed', '--threads', '2'],
      work,
      (_t, _i, kill) => {
        polling ??= setInterval(() => {
          if (cellsOf('killed').length === 0) return;
          clearInterval(polling);
          kill('SIGKILL');
        }, 5);
      },
    );
    clearInterval(polling);
    expect(killed.code).toBeNull();
    const finished = cellsOf('killed');
    expect(finished.length).toBeGreaterThan(0);
    expect(finished.length).toBeLessThan(6);
    const written = finished.map((name) => statSync(join(work, 'killed', 'cells', name)).mtimeMs);

    const again = await darwin(['sweep', 'tiny.yaml', '--out', 'killed'], work);
    expect(again.code).toBe(2);
    expect(again.stderr).toContain('--resume goes on with it');

    const resumed = await darwin(['sweep', 'tiny.yaml', '--out', 'killed', '--resume', '--json'], work);
    expect(JSON.parse(resumed.stdout)).toMatchObject({
      status: 'finished',
      cells: 6,
      finished: 6,
      ranNow: 6 - finished.length,
    });
    expect(finished.map((name) => statSync(join(work, 'killed', 'cells', name)).mtimeMs)).toEqual(written);

    const serial = await darwin(['sweep', 'tiny.yaml', '--out', 'serial', '--threads', '1'], work);
    expect(serial.code, serial.stderr).toBe(0);
    expect(resultsOf('killed')).toEqual(resultsOf('serial'));
  }, 180_000);

  it('interrupted, leaves whole cells and says how to go on', async () => {
    let asked = false;
    const outcome = await darwin(
      ['sweep', 'tiny.yaml', '--out', 'stopped', '--threads', '1'],
      work,
      (text, interrupt) => {
        if (asked || !text.includes('1/6')) return;
        asked = true;
        interrupt();
      },
    );
    expect(outcome.code).toBe(130);
    expect(outcome.stderr).toContain('--resume');
    expect(readSweep(join(work, 'stopped')).status).toBe('interrupted');
    expect(cellsOf('stopped').length).toBeGreaterThan(0);
  });

  it('states what will be run before the first cell, and again when the file was changed on the way', async () => {
    writeFileSync(join(work, 'grown.yaml'), tinyExperiment(40, 2));
    const first = await darwin(['sweep', 'grown.yaml', '--out', 'grown', '--json'], work);
    writeFileSync(join(work, 'grown.yaml'), tinyExperiment(40, 3));
    const second = await darwin(['sweep', 'grown.yaml', '--out', 'grown', '--resume', '--json'], work);
    expect(JSON.parse(second.stdout)).toMatchObject({ cells: 6, finished: 6, ranNow: 2 });
    const { statements } = readSweep(join(work, 'grown'));
    expect(statements.map(({ finished }) => finished)).toEqual([0, 4]);
    expect(statements[0]!.hash).toBe(JSON.parse(first.stdout).experimentHash);
    expect(statements[1]!.hash).toBe(JSON.parse(second.stdout).experimentHash);
    expect(readFileSync(join(work, 'grown', 'experiment.yaml'), 'utf8')).toBe(tinyExperiment(40, 3));
  });

  it.each([
    [['sweep', 'tiny.yaml', '--scale', 'smok'], 'did you mean smoke?'],
    [['sweep', 'nothing.yaml'], 'there is no experiment file'],
    [['sweep', 'tiny.yaml', '--threads', '0'], 'not a whole number'],
    [['sweep', 'tiny.yaml', '--out', '.'], 'is not empty and holds no sweep'],
    [['sweep', 'tiny.yaml', '--out', 'none', '--resume'], 'holds no sweep to resume'],
  ])('%j is refused in one line with exit code 2', async (args, message) => {
    const { code, stderr } = await darwin(args, work);
    expect(code).toBe(2);
    expect(stderr).toContain(message);
    expect(stderr.trim().split('\n')).toHaveLength(1);
  });

  it('--dry-run says what it would take and writes nothing', async () => {
    const { stdout, code } = await darwin(
      ['sweep', 'tiny.yaml', '--out', 'dry', '--dry-run', '--json'],
      work,
    );
    expect(code).toBe(0);
    const { cells, finished, seconds, bytes } = JSON.parse(stdout);
    expect({ cells, finished }).toEqual({ cells: 6, finished: 0 });
    expect(seconds).toBeGreaterThan(0);
    expect(bytes).toBeGreaterThan(2 ** 16);
    expect(cellsOf('dry')).toEqual([]);
  });
});
