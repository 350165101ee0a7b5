import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { assertCompiled, darwin } from '../compiled.ts';
import { readCell, readSweep } from '../sweep/sweepDirectory.ts';
import { tinyExperiment } from '../sweep/tinyExperiment.ts';

const ROOT = process.getuid?.() === 0;
const INSTALLED = spawnSync('slurmctld', ['-V']).error === undefined;
// root without Slurm in CI fails, so that it is not left out unseen
const RUNS = ROOT && (INSTALLED || process.env.CI === 'true');
const why = ROOT ? (INSTALLED ? '' : ' (left out: slurmctld is not installed)') : ' (left out: needs root)';

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}

let work: string;
const daemons: ChildProcess[] = [];
const slurm = (program: string, ...args: string[]): string =>
  spawnSync(program, args, { encoding: 'utf8' }).stdout.trim();

/** A cluster of this machine alone; nobody else reaches it, so it needs no keys. */
async function startCluster(): Promise<void> {
  for (const folder of ['state', 'spool']) mkdirSync(join(work, folder));
  const host = hostname();
  const settings = {
    ClusterName: 'darwin',
    SlurmctldHost: `${host}(127.0.0.1)`,
    SlurmUser: 'root',
    AuthType: 'auth/none',
    CredType: 'cred/none',
    SlurmctldPort: await freePort(),
    SlurmdPort: await freePort(),
    SlurmctldPidFile: join(work, 'controller.pid'),
    SlurmdPidFile: join(work, 'node.pid'),
    StateSaveLocation: join(work, 'state'),
    SlurmdSpoolDir: join(work, 'spool'),
    ProctrackType: 'proctrack/linuxproc',
    TaskPlugin: 'task/none',
    SelectType: 'select/cons_tres',
    SelectTypeParameters: 'CR_Core',
    SwitchType: 'switch/none',
    MpiDefault: 'none',
  };
  const file = join(work, 'slurm.conf');
  writeFileSync(
    file,
    [
      ...Object.entries(settings).map(([key, value]) => `${key}=${value}`),
      `NodeName=${host} NodeAddr=127.0.0.1 CPUs=2 RealMemory=4096 State=UNKNOWN`,
      'PartitionName=all Nodes=ALL Default=YES MaxTime=INFINITE State=UP',
      '',
    ].join('\n'),
  );
  process.env.SLURM_CONF = file;
  daemons.push(
    spawn('slurmctld', ['-D', '-i'], { stdio: 'ignore' }),
    spawn('slurmd', ['-D'], { stdio: 'ignore' }),
  );
  await until(() => slurm('sinfo', '--noheader', '--format=%t').startsWith('idle'));
}

async function until(holds: () => boolean): Promise<void> {
  for (let tries = 0; tries < 600; tries++) {
    if (holds()) return;
    await pause(200);
  }
  throw new Error('waited for two minutes');
}

describe.skipIf(!RUNS)(`an array job of a real Slurm${why}`, () => {
  beforeAll(async () => {
    assertCompiled();
    work = mkdtempSync(join(tmpdir(), 'darwin-cluster-'));
    writeFileSync(join(work, 'tiny.yaml'), tinyExperiment(200));
    await startCluster();
  }, 150_000);
  afterAll(async () => {
    for (const daemon of daemons.reverse()) {
      daemon.kill('SIGTERM');
      await Promise.race([once(daemon, 'exit'), pause(5000)]);
      daemon.kill('SIGKILL');
    }
    rmSync(work, { recursive: true, force: true });
  });

  it('ends in the results of a serial sweep', async () => {
    const submitted = await darwin(['sweep', 'tiny.yaml', '--out', 'array', '--slurm', '--json'], work);
    expect(submitted.code, submitted.stdout).toBe(0);
    const { job, tasks } = JSON.parse(submitted.stdout);
    expect(tasks).toBe(6);
    await until(() => slurm('squeue', '--noheader', '--jobs', job) === '');
    const logs = readdirSync(join(work, 'array', 'slurm')).filter((name) => name.endsWith('.log'));
    expect(logs).toHaveLength(6);
    for (const log of logs)
      expect(readFileSync(join(work, 'array', 'slurm', log), 'utf8')).toContain('1 cells');
    const gathered = await darwin(['sweep', 'tiny.yaml', '--out', 'array', '--resume', '--json'], work);
    expect(JSON.parse(gathered.stdout)).toMatchObject({ status: 'finished', finished: 6, ranNow: 0 });
    await darwin(['sweep', 'tiny.yaml', '--out', 'serial', '--threads', '1'], work);
    const resultsOf = (dir: string) =>
      readSweep(join(work, dir)).cells.map(({ hash }) => ({
        ...readCell(join(work, dir), hash)!,
        seconds: 0,
      }));
    expect(resultsOf('array')).toEqual(resultsOf('serial'));
  }, 290_000);
});
