import process from 'node:process';
import { describe, expect, it } from 'vitest';
import { UsageError } from '../../sim/core/errors.ts';
import { assertCompiled } from '../compiled.ts';
import { presetNames } from '../loadConfig.ts';
import { compareNodes } from './nodeVersions.ts';

describe('versions of Node', { timeout: 600_000 }, () => {
  it('come to the hashes of the release and reproduce a run; this one does', async () => {
    assertCompiled();
    const [figures] = await compareNodes([process.execPath]);
    expect(figures).toMatchObject({ version: process.version, presets: presetNames().length });
    expect(figures!.hash).toMatch(/^[0-9a-f]{16}$/);
  });

  it.each([
    ['is not there', '/nowhere/node', 'cannot start /nowhere/node'],
    ['is another program', '/bin/cat', 'is no Node'],
  ])('are refused where one %s', async (_, path, problem) => {
    const refused = compareNodes([path]);
    await expect(refused).rejects.toThrow(UsageError);
    await expect(refused).rejects.toThrow(problem);
  });
});
