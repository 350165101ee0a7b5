import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DarwinError, UsageError } from '../../sim/core/errors.ts';
import { loadSweep } from './analysis.ts';
import { readCell, readSweep, statedExperiment } from './sweepDirectory.ts';
import { isResult } from './sweepShape.ts';
import { tinyExperiment } from './tinyExperiment.ts';

const HASH = 'a'.repeat(64);
const SWEEP = {
  sweepVersion: 1,
  name: 'tiny',
  scale: 'smoke',
  file: 'tiny.yaml',
  statements: [{ hash: HASH, at: '2026-01-01', finished: 0 }],
  arms: ['low', 'high'].map((name) => ({ name, about: '', differs: '' })),
  cells: ['low', 'high'].map((arm) => ({ hash: HASH, arm, replicate: 0 })),
  worlds: 1,
  ticks: 10,
  batches: 1,
  version: '0.1.0',
  commit: null,
  hardware: { cpu: '', cores: 1, memoryGiB: 1, os: '', node: '' },
  threads: 1,
  startedAt: '',
  finishedAt: null,
  seconds: 0,
  status: 'finished',
};
const STAGE = {
  populations: ['learners'],
  slots: 8,
  interval: 1,
  ticks: [1],
  metrics: { births: [0], meanGeneration: [Number.NaN] },
  members: [{ alive: [1] }],
  sellers: { hhi: [1], top: [1], share: [[1]] },
  genes: { ticks: [1], mean: [[0]], shadow: [[0]] },
  lorenzWealth: [],
  lorenzCompute: [],
  lives: [{ ended: 0, begun: 0, insolvent: 0, medianLife: 1 }],
  lineage: [[1, 0, 0, 0, 0, -1]],
  finalHash: 'f',
  lawsChecked: 1,
};
const RESULT = { hash: HASH, arm: 'low', replicate: 0, seconds: 1, run: STAGE, gardens: {} };

let work: string;
beforeAll(() => {
  work = mkdtempSync(join(tmpdir(), 'darwin-sweep-directory-'));
  mkdirSync(join(work, 'cells'));
});
afterAll(() => rmSync(work, { recursive: true }));

const write = (change: object): void => writeFileSync(join(work, 'sweep.json'), JSON.stringify(change));

describe('the manifest of a sweep', () => {
  it('is read where everything is there that readers rely on, whatever else is', () => {
    write({ ...SWEEP, more: 1 });
    expect(readSweep(work)).toMatchObject({ name: 'tiny', more: 1 });
  });

  it.each([
    ['nothing at all', null, 'has a broken sweep.json'],
    ['another version', { ...SWEEP, sweepVersion: '\u001b[31m2' }, 'has version'],
    ['no arms', { ...SWEEP, arms: [] }, '`arms` is []'],
    ['a cell in another folder', { ...SWEEP, cells: [{ hash: '../x', arm: 'low', replicate: 0 }] }, 'hash'],
    ['a cell of an arm that it lacks', { ...SWEEP, arms: [SWEEP.arms[0]] }, '`cells[1]`'],
    [
      'a seed that it lacks',
      { ...SWEEP, cells: [SWEEP.cells[0], { ...SWEEP.cells[1], replicate: 1 }] },
      '`cells[1]`',
    ],
    ['two arms of one name', { ...SWEEP, arms: [SWEEP.arms[0], SWEEP.arms[0]] }, 'one name'],
    ['more seeds than cells', { ...SWEEP, worlds: 4e9 }, 'there are 2 cells'],
  ])('with %s is refused in one line that says where', (_, manifest, problem) => {
    write(manifest as object);
    const read = () => readSweep(work);
    expect(read).toThrow(UsageError);
    expect(read).toThrow(problem);
  });
});

describe('the result of a cell', () => {
  const keep = (result: unknown): void =>
    writeFileSync(join(work, 'cells', `${HASH}.json.gz`), gzipSync(JSON.stringify(result)));

  it('is read where it is whole, and taken as missing where a part of it is not what readers rely on', () => {
    keep(RESULT);
    expect(readCell(work, HASH)).toMatchObject({ arm: 'low', run: { metrics: { meanGeneration: [NaN] } } });
    for (const wrong of [
      null,
      { ...RESULT, run: null },
      { ...RESULT, gardens: null },
      { ...RESULT, gardens: { common: { ...STAGE, ticks: 'x' } } },
      { ...RESULT, run: { ...STAGE, metrics: { births: [0] } } },
      { ...RESULT, run: { ...STAGE, lineage: [[1, 2]] } },
      { ...RESULT, run: { ...STAGE, lives: [{ ended: '0' }] } },
    ]) {
      keep(wrong);
      expect(readCell(work, HASH)).toBe(null);
    }
    expect(isResult(RESULT)).toBe(true);
  });
});

describe('the experiment of a sweep', () => {
  it('that is missing is refused by name', () => {
    expect(() => statedExperiment(work)).toThrow(UsageError);
    expect(() => statedExperiment(work)).toThrow('experiment.yaml');
  });

  it('that names an arm which was not run is refused, with those that were', () => {
    write(SWEEP);
    writeFileSync(join(work, 'cells', `${HASH}.json.gz`), gzipSync(JSON.stringify(RESULT)));
    writeFileSync(join(work, 'experiment.yaml'), tinyExperiment());
    expect(loadSweep(work).finished).toBe(2);
    writeFileSync(join(work, 'experiment.yaml'), tinyExperiment().replaceAll('name: high', 'name: other'));
    expect(() => loadSweep(work)).toThrow(DarwinError);
    const renamed = readFileSync(join(work, 'experiment.yaml'), 'utf8').replaceAll('arm: high', 'arm: other');
    writeFileSync(join(work, 'experiment.yaml'), renamed);
    expect(() => loadSweep(work)).toThrow('names the arm other, which the sweep does not have');
  });
});
