import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { UsageError } from '../../sim/core/errors.ts';
import { decodeResult, encodeResult, isIntact, runCell } from './cell.ts';
import { loadExperiment } from './experimentFile.ts';
import { planSweep } from './sweep.ts';
import { tinyExperiment } from './tinyExperiment.ts';

let work: string;
beforeAll(() => {
  work = mkdtempSync(join(tmpdir(), 'darwin-cell-'));
  writeFileSync(join(work, 'tiny.yaml'), tinyExperiment(20, 1));
});
afterAll(() => rmSync(work, { recursive: true }));

const cellsOn = (engine?: string) =>
  planSweep(loadExperiment(join(work, 'tiny.yaml')), 'smoke', 1, engine).cells;

describe('a cell', () => {
  it('runs on the engine that is asked for, and results of other floats go by another hash', async () => {
    const [cpu] = cellsOn('cpu');
    const [tensor] = cellsOn('tensorflow');
    expect(cellsOn()[0]!.hash).toBe(cpu!.hash);
    expect(cellsOn('auto')[0]!.hash).toBe(cpu!.hash);
    expect(tensor!.hash).not.toBe(cpu!.hash);
    const [one, other] = [await runCell(cpu!), await runCell(tensor!)];
    expect(other.run.ticks).toEqual(one.run.ticks);
    expect(other.run.lawsChecked).toBeGreaterThan(0);
    expect(other.run.finalHash).not.toBe(one.run.finalHash);
    expect(() => cellsOn('webgpu')).toThrow(UsageError);
    expect(() => cellsOn('webgpu')).toThrow('do not run on engine webgpu');
  });

  it('is known to be intact or not, and its result comes back from bytes as it went', async () => {
    const [cell] = cellsOn();
    expect(isIntact(JSON.parse(JSON.stringify(cell)))).toBe(true);
    expect(isIntact({ ...cell!, replicate: 5 })).toBe(false);
    const bytes = encodeResult(await runCell(cell!));
    expect(encodeResult(decodeResult(bytes)).equals(bytes)).toBe(true);
  });
});
