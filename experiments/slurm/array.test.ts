import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import process from 'node:process';
import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { assertCompiled, darwin } from '../compiled.ts';
import type { Cell } from '../sweep/cell.ts';
import { readSweep } from '../sweep/sweepDirectory.ts';
import { tinyExperiment } from '../sweep/tinyExperiment.ts';
import { type ArrayJob, arrayScript, tasksOf } from './array.ts';

let work: string;
const path = process.env.PATH ?? '';
beforeAll(() => {
  assertCompiled();
  work = mkdtempSync(join(tmpdir(), 'darwin-slurm-'));
  writeFileSync(join(work, 'tiny.yaml'), tinyExperiment(40, 2));
});
afterAll(() => {
  process.env.PATH = path;
  rmSync(work, { recursive: true });
});
beforeEach(() => {
  process.env.PATH = path;
});

/** Puts programs of Slurm that only write down how they were called in front of any real ones. */
function pretend(programs: Readonly<Record<string, string>>): void {
  const folder = mkdtempSync(join(work, 'bin-'));
  for (const [name, body] of Object.entries(programs)) {
    writeFileSync(join(folder, name), `#!/bin/sh\necho "$@" >> ${work}/${name}.calls\n${body}\n`);
    chmodSync(join(folder, name), 0o755);
  }
  process.env.PATH = `${folder}${delimiter}${path}`;
}

const job = (more: Partial<ArrayJob> = {}): ArrayJob => ({
  name: 'trust-full',
  directory: '/data/runs/trust',
  tasks: [[], [], []],
  threads: 2,
  bytes: 2 ** 30,
  extensions: ['/data/mine.mjs'],
  options: ['--partition=long'],
  ...more,
});

describe('the script of an array job', () => {
  it('asks for what its tasks need and has each run its own cells', () => {
    const lines = arrayScript(job()).split('\n');
    expect(lines[0]).toBe('#!/bin/bash');
    expect(lines.filter((line) => line.startsWith('#SBATCH'))).toEqual([
      '#SBATCH --job-name=trust-full',
      '#SBATCH --array=0-2',
      '#SBATCH --ntasks=1',
      '#SBATCH --cpus-per-task=2',
      '#SBATCH --mem=1792M',
      '#SBATCH --output=/data/runs/trust/slurm/%A_%a.log',
      '#SBATCH --requeue',
      '#SBATCH --partition=long',
    ]);
    expect(lines.at(-2)).toMatch(
      /^exec '.*' '.*cli\.js' 'worker' '--slurm' '\/data\/runs\/trust' '--threads' '2' '--extend' '\/data\/mine\.mjs'$/,
    );
  });

  it('is one that the shell reads word for word, whatever the directory is called', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[ a-z'"$`%\\!#&;*]{1,20}$/), (name) => {
        const directory = `/data/${name}`;
        const script = arrayScript(job({ directory })).replace(/^exec .* '--slurm'/m, 'printf %s ');
        const { stdout, status } = spawnSync('bash', ['-c', script.replace(/ '--threads' '2'.*/, '')], {
          encoding: 'utf8',
        });
        expect(status).toBe(0);
        expect(stdout).toBe(directory);
        expect(script).toContain(`${name.replaceAll('%', '%%').replaceAll(/["\\]/g, '\\$&')}`);
      }),
      { numRuns: 25 },
    );
  });

  it('deals every cell to one task, and never makes more tasks than Slurm takes', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 3000 }), fc.integer({ min: 1, max: 8 }), (count, threads) => {
        const cells = Array.from({ length: count }, (_, k) => ({ hash: String(k) }) as Cell);
        const tasks = tasksOf(cells, threads);
        expect(tasks.length).toBeLessThanOrEqual(1000);
        expect(
          tasks
            .flat()
            .map(({ hash }) => hash)
            .sort(),
        ).toEqual(cells.map(({ hash }) => hash).sort());
        const sizes = tasks.map(({ length }) => length);
        expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
        if (count <= 1000) expect(Math.max(...sizes)).toBeLessThanOrEqual(threads);
      }),
      { numRuns: 30 },
    );
    expect(tasksOf([], 2)).toEqual([]);
  });
});

describe('darwin sweep --slurm', () => {
  it('submits the cells that are left, has tasks run them, and --resume gathers', async () => {
    pretend({ sbatch: 'echo "4711;here"', squeue: 'exit 1' });
    const args = ['sweep', 'tiny.yaml', '--out', 'array', '--json'];
    const submitted = await darwin([...args, '--slurm', '--partition', 'long', '--time', '2:00'], work);
    expect(submitted.code, submitted.stderr).toBe(0);
    expect(JSON.parse(submitted.stdout)).toMatchObject({
      status: 'submitted',
      job: '4711',
      tasks: 4,
      finished: 0,
    });
    const script = join(work, 'array', 'slurm', 'array.sh');
    expect(readFileSync(join(work, 'sbatch.calls'), 'utf8').trim()).toBe(`--parsable ${script}`);
    expect(readFileSync(script, 'utf8')).toContain('#SBATCH --partition=long\n#SBATCH --time=2:00\n');
    expect(readSweep(join(work, 'array')).status).toBe('submitted');

    for (const task of ['0', '2']) {
      process.env.SLURM_ARRAY_TASK_ID = task;
      // as Slurm does
      const { status, stderr } = spawnSync('bash', [script], { encoding: 'utf8', cwd: work });
      expect(status, stderr).toBe(0);
    }
    delete process.env.SLURM_ARRAY_TASK_ID;
    expect(readdirSync(join(work, 'array', 'cells'))).toHaveLength(2);

    pretend({ sbatch: 'exit 1', squeue: 'echo "4711_[1,3] long PD"' });
    const early = await darwin([...args, '--resume'], work);
    expect(early.code).toBe(2);
    expect(early.stdout).toContain('job 4711');

    pretend({ sbatch: 'exit 1', squeue: 'exit 1' });
    const gathered = await darwin([...args, '--resume'], work);
    expect(JSON.parse(gathered.stdout)).toMatchObject({ status: 'finished', finished: 4, ranNow: 2 });
    // nothing is left, so nothing is submitted
    const again = await darwin([...args, '--resume', '--slurm'], work);
    expect(JSON.parse(again.stdout)).toMatchObject({ status: 'finished', job: null });
  }, 120_000);

  it('--dry-run shows the script and writes nothing', async () => {
    const { stdout, code } = await darwin(
      ['sweep', 'tiny.yaml', '--out', 'dry', '--slurm', '--dry-run'],
      work,
    );
    expect(code).toBe(0);
    expect(stdout).toContain('#SBATCH --array=0-3');
    expect(readdirSync(work)).not.toContain('dry');
  });

  it('says what is missing or was refused, and can be submitted again', async () => {
    mkdirSync(join(work, 'empty'), { recursive: true });
    const refused = 'echo "sbatch: error: invalid partition specified: lon" >&2; exit 1';
    pretend({ sbatch: refused });
    const wrong = await darwin(['sweep', 'tiny.yaml', '--out', 'no', '--slurm', '--partition', 'lon'], work);
    expect(wrong.code).toBe(3);
    expect(wrong.stderr).toContain('invalid partition specified: lon');
    pretend({ sbatch: 'echo 12', squeue: 'exit 1' });
    const right = await darwin(['sweep', 'tiny.yaml', '--out', 'no', '--slurm', '--resume'], work);
    expect(right.code, right.stderr).toBe(0);

    process.env.PATH = join(work, 'empty');
    const missing = await darwin(['sweep', 'tiny.yaml', '--out', 'none', '--slurm'], work);
    expect(missing.code).toBe(3);
    expect(missing.stderr).toContain('sbatch cannot be started');
  }, 60_000);

  it.each([
    [['sweep', 'tiny.yaml', '--slurm', '--queue', 'redis://127.0.0.1'], 'cannot be given with --queue'],
    [['worker', '--slurm', '.'], 'SLURM_ARRAY_TASK_ID is not set'],
    [['worker', '--slurm', '.', '--queue', 'redis://127.0.0.1'], 'either --queue URL or --slurm DIR'],
  ])('%j is refused in one line with exit code 2', async (args, message) => {
    const { code, stderr } = await darwin(args, work);
    expect(code).toBe(2);
    expect(stderr).toContain(message);
    expect(stderr.trim().split('\n')).toHaveLength(1);
  });
});
