import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EXIT } from '../../sim/core/errors.ts';
import { softwareDriver } from '../testDevice.ts';

const ROOT = resolve(import.meta.dirname, '..', '..');
const SCRIPT = join(ROOT, 'experiments', 'bench', 'gpuBundle.mjs');
const LIMIT_BYTES = 60 * 2 ** 20;

interface Ran {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

const pack = (...args: string[]): Ran =>
  spawnSync(process.execPath, [SCRIPT, ...args], { encoding: 'utf8', cwd: ROOT });

describe('a bundle for hosts with a GPU', () => {
  const scratch = mkdtempSync(join(tmpdir(), 'darwin-bundle-test-'));
  const bundle = join(scratch, 'bundle');
  const empty = join(scratch, 'empty');
  let packed: Ran;
  let driver: string;

  /** The bundle's one script on a host that has nothing but system tools. */
  const start = (args: readonly string[], variables: Readonly<Record<string, string>> = {}): Ran =>
    spawnSync(join(bundle, 'start.sh'), args, {
      encoding: 'utf8',
      cwd: empty,
      env: { PATH: '/usr/bin:/bin', DARWIN_CACHE: join(scratch, 'cache'), ...variables },
    });

  beforeAll(async () => {
    mkdirSync(empty);
    driver = await softwareDriver();
    // no registry is asked for a Node, and little time is spent on xz
    packed = pack(bundle, '--node', process.execPath, '--level', '0');
  }, 600_000);
  afterAll(() => rmSync(scratch, { recursive: true, force: true }));

  it('is packed from this build, below 60 MiB even where little time is spent on compression, without DuckDB', () => {
    expect(packed).toMatchObject({ status: EXIT.ok, stderr: '' });
    const files = readdirSync(bundle, { recursive: true }).map((name) => join(bundle, String(name)));
    const bytes = files.reduce((sum, file) => sum + (statSync(file).isFile() ? statSync(file).size : 0), 0);
    expect(bytes).toBeLessThan(LIMIT_BYTES);
    expect(files.filter((file) => file.includes('duckdb'))).toEqual([]);
  });

  it('never replaces what is there, and says what an option takes', () => {
    expect(pack(bundle)).toMatchObject({ status: EXIT.badInput, stderr: expect.stringContaining('exists') });
    const elsewhere = join(scratch, 'elsewhere');
    expect(pack(elsewhere, '--level', '10')).toMatchObject({ status: EXIT.badInput });
    expect(pack(elsewhere, '--node', '/no/such/node').stderr).toContain('no such file');
    expect(existsSync(elsewhere)).toBe(false);
  });

  it('validates and measures on the GPU that a driver gives it', () => {
    const gpu = { VK_ICD_FILENAMES: driver };
    const [gradients] = JSON.parse(start(['validate', 'gradients', '--seeds', '1', '--json'], gpu).stdout);
    expect(gradients).toMatchObject({ name: 'gradients', pass: true });
    const brain = ['bench', 'brain', '--engine', 'webgpu', '--agents', '3', '--repeats', '1', '--json'];
    const { results } = JSON.parse(start(brain, gpu).stdout);
    expect(results).toMatchObject([{ name: 'brain', engine: 'webgpu', agents: 3 }]);
    expect(results[0].rooflineShare).toBeGreaterThan(0);
  });

  it('says in a line what is missing where no driver is found, and fails with 3', () => {
    const brain = ['bench', 'brain', '--engine', 'webgpu', '--agents', '3', '--repeats', '1'];
    const { status, stderr } = start(brain, { VK_ICD_FILENAMES: join(empty, 'none.json') });
    expect(status).toBe(EXIT.environment);
    // behind what Dawn and Vulkan's loader warn of
    expect(stderr.trim().split('\n').at(-1)).toMatch(/^error: no GPU was found: .*\(.*--engine cpu\)$/);
  });

  it('measures on, where one measurement fails, and names it', () => {
    const out = join(empty, 'measured');
    const args = [
      'measure',
      '--out',
      out,
      '--agents',
      '3',
      '--repeats',
      '1',
      '--only',
      'engines,brain-webgpu',
    ];
    const { status, stderr } = start(args, { VK_ICD_FILENAMES: join(empty, 'none.json') });
    expect(status).toBe(EXIT.environment);
    expect(stderr).toMatch(/^brain-webgpu failed: .*GPU/m);
    expect(existsSync(join(out, 'engines.json'))).toBe(true);
    expect(existsSync(join(out, 'tick-cpu.json'))).toBe(false);
    expect(start(args)).toMatchObject({ status: EXIT.badInput, stderr: expect.stringContaining('exists') });
    expect(start(['measure', '--output', out])).toMatchObject({ status: EXIT.badInput });
  });
});
