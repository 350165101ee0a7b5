import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parseConfig } from '../../configs/parse.ts';
import { createSimulation } from '../../sim/run.ts';
import { freshManifest } from '../manifest.ts';
import { RunDirectory } from '../runDirectory.ts';
import { endings } from './readRun.ts';

const run = parseConfig(
  `name: tiny
ticks: 40
worlds: 2
slots: 12
output: { metricsEvery: 20 }
world: { genesis: { cash: [1000, 2000] } }`,
  {
    file: 'tiny',
  },
);
let work: string;
let directory: string;
let finalHash: string;
beforeAll(async () => {
  work = mkdtempSync(join(tmpdir(), 'darwin-read-'));
  directory = join(work, "o'clock-1");
  const written = await RunDirectory.create(
    directory,
    freshManifest(run, { name: 'cpu', device: 'test' }, 1),
  );
  const simulation = createSimulation(run);
  await written.append((await simulation.advance(40)).batches);
  finalHash = await simulation.finalHash();
  await written.finish({ ticks: 40, status: 'finished', finalHash });
  await simulation.close();
});
afterAll(() => rmSync(work, { recursive: true }));

test('the example in TypeScript reads how the populations of each arm ended', async () => {
  const found = await endings(directory);
  expect(found).toEqual(
    [0, 1].map((arm) => expect.objectContaining({ arm, population: 'learners', alive: 12 })),
  );
  expect(found[1]!.wealth - found[0]!.wealth).toBeGreaterThan(100);
});

const script = fileURLToPath(new URL('readRun.py', import.meta.url));
const python = (...args: string[]) => spawnSync('python3', args, { encoding: 'utf8', cwd: work });
const hasPython = python('--version').status === 0;
const find =
  'import importlib.util as u, sys; sys.exit(not any(map(u.find_spec, ["duckdb", "pyarrow", "pandas"])))';
const hasReader = hasPython && python('-c', find).status === 0;

test.runIf(hasPython)('the example in Python tells a directory that is no run, and what is missing', () => {
  expect(python(script, work).stderr).toContain('is no run directory');
  if (!hasReader) expect(python(script, directory).stderr).toContain('pip install duckdb');
});

test.runIf(hasReader)(
  'the example in Python prints the run and its prices (needs python3 with duckdb, pyarrow or pandas)',
  () => {
    const { stdout, stderr, status } = python(script, directory);
    expect([status, stderr]).toEqual([0, '']);
    expect(stdout).toContain(`tiny finished at tick 40 hash ${finalHash}`);
    expect(stdout).toMatch(/^ +arm +tick +token price +alive$/m);
    expect(stdout).toMatch(/^ +1 +40 /m);
    expect(stdout).toContain('worlds: 4 arms: 2 samples: 3');
  },
);
