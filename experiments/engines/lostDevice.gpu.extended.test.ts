import { mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { EXIT } from '../../sim/core/errors.ts';
import { checkpointTicks } from '../checkpoints.ts';
import { assertCompiled, darwin } from '../compiled.ts';
import { readManifest } from '../manifest.ts';
import { recordedFrames } from '../recordedRun.ts';
import { describeOnGpu, softwareDriver } from '../testDevice.ts';

/** Every shader is compiled anew in each of three programs. */
const LONG_MS = 900_000;
const CHECKPOINT = 6;
const CONFIG = `
name: lost
ticks: 18
worlds: 1
slots: 8
engine: webgpu
output: { metricsEvery: 3, checkpointEvery: ${CHECKPOINT}, agentsEvery: 0, tradesWorlds: 0 }
populations:
  - { name: random, kind: random }
`;

/** What a program loads before all else to lose its GPU once a file is there: as a driver that fails, it says nothing. */
const loss = (webgpu: string, once: string): string => `
import { existsSync } from 'node:fs';
const { globals } = await import(${JSON.stringify(webgpu)});
const { createCommandEncoder } = globals.GPUDevice.prototype;
globals.GPUDevice.prototype.createCommandEncoder = function (...args) {
  const encoder = createCommandEncoder.apply(this, args);
  if (existsSync(${JSON.stringify(once)})) this.destroy();
  return encoder;
};
`;

await describeOnGpu('a GPU that is lost under the command line', () => {
  let work: string;
  let variables: NodeJS.ProcessEnv;
  beforeAll(async () => {
    assertCompiled();
    work = mkdtempSync(join(tmpdir(), 'darwin-lost-'));
    writeFileSync(join(work, 'lost.yaml'), CONFIG);
    const driver = process.env.VK_ICD_FILENAMES ?? (await softwareDriver());
    variables = {
      VK_ICD_FILENAMES: driver,
      LD_LIBRARY_PATH: [dirname(driver), process.env.LD_LIBRARY_PATH].filter(Boolean).join(':'),
    };
  });
  afterAll(() => rmSync(work, { recursive: true }));

  test(
    'ends a run with exit code 3 and one line; metrics and checkpoint stay, and it goes on from there to the same end',
    async () => {
      const out = join(work, 'run');
      const hook = join(work, 'loss.mjs');
      const webgpu = pathToFileURL(realpathSync(createRequire(import.meta.url).resolve('webgpu'))).href;
      writeFileSync(hook, loss(webgpu, join(out, 'checkpoints', String(CHECKPOINT))));
      const lost = await darwin(['run', 'lost.yaml', '--out', out, '--json'], work, undefined, {
        ...variables,
        NODE_OPTIONS: `--import ${pathToFileURL(hook).href}`,
      });
      expect(lost.code, lost.stderr).toBe(EXIT.environment);
      const { error } = JSON.parse(lost.stdout);
      expect(error.message).toMatch(/^the GPU '.+' was lost \(destroyed: [^\n]+\)$/);
      expect(error.hint).toContain('resume from the last checkpoint');
      expect(lost.stderr).not.toContain('    at ');
      expect(readManifest(out)).toMatchObject({ status: 'failed', engine: 'webgpu', finalHash: null });
      expect(checkpointTicks(out)).toEqual([CHECKPOINT]);
      const { frames } = await recordedFrames(out);
      expect(frames.map(({ tick }) => tick)).toEqual([0, 3, 6]);

      const resumed = await darwin(['run', '--resume', out, '--json'], work, undefined, variables);
      expect(resumed.code, resumed.stderr).toBe(EXIT.ok);
      const straight = await darwin(
        ['run', 'lost.yaml', '--out', join(work, 'straight'), '--json'],
        work,
        undefined,
        variables,
      );
      expect(straight.code, straight.stderr).toBe(EXIT.ok);
      expect(JSON.parse(resumed.stdout).finalHash).toBe(JSON.parse(straight.stdout).finalHash);
      expect(readFileSync(join(out, 'manifest.json'), 'utf8')).toContain('finished');
    },
    LONG_MS,
  );
});
