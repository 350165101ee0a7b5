import { describe, expect, it } from 'vitest';
import { MismatchError } from '../../sim/core/errors.ts';
import { packageVersion } from '../hardware.ts';
import { presetNames } from '../loadConfig.ts';
import { assertRecorded, presetHash, recordedHashes } from './hashes.ts';

describe('the hashes of a release', () => {
  it('are recorded for every preset of this version (npm run release:hashes)', () => {
    const { version, presets } = recordedHashes();
    expect(version).toBe(packageVersion());
    expect(Object.keys(presets)).toEqual(presetNames().sort());
  });

  it('hold for the quickstart', async () => {
    expect(await presetHash('quickstart')).toBe(recordedHashes().presets.quickstart);
  });

  it('that differ, are missing or are new are named with both values', () => {
    const recorded = { version: '1.0.0', ticks: 100, presets: { a: '01', b: '02' } };
    const found = (presets: Record<string, string>) => ({ ...recorded, presets });
    assertRecorded(found({ b: '02', a: '01' }), recorded);
    for (const [presets, problem] of [
      [{ a: '01', b: '03' }, 'b: hash 03 after 100 ticks, recorded for version 1.0.0 is 02'],
      [{ a: '01' }, 'b: hash none'],
      [{ a: '01', b: '02', c: '04' }, 'c: hash 04 after 100 ticks, recorded for version 1.0.0 is none'],
    ] as const) {
      const check = () => assertRecorded(found(presets as Record<string, string>), recorded);
      expect(check).toThrow(MismatchError);
      expect(check).toThrow(problem);
    }
  });
});
