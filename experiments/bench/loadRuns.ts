/** Runs of several processes in one folder that a server shows meanwhile, part of `darwin bench load`. */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { setTimeout as delay } from 'node:timers/promises';
import { EnvironmentError, MismatchError } from '../../sim/core/errors.ts';
import type { RunList } from '../../viz/dataApi.ts';
import { startServer } from '../../viz/server.ts';
import { PACKAGE_ROOT } from '../hardware.ts';
import { DirectoryCatalog } from '../runCatalog.ts';
import { asked } from './asking.ts';
import { type BenchOptions, type BenchRow, spreadOf } from './measure.ts';

const RUNS = 10;
const TICKS = 400;
const PAUSE_MS = 100;
const WORLDS = 2;
const SLOTS = 48;

/** Runs the command line to its end; returns the hash. */
function runOnce(config: string, out: string): Promise<string> {
  const cli = join(PACKAGE_ROOT, 'dist', 'experiments', 'cli.js');
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [cli, 'run', config, '--out', out, '--json'], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const text = { stdout: '', stderr: '' };
    for (const name of ['stdout', 'stderr'] as const)
      child[name].setEncoding('utf8').on('data', (data: string) => {
        text[name] += data;
      });
    child.on('error', reject);
    child.on('close', (code) => {
      if (code === 0) resolve((JSON.parse(text.stdout) as { finalHash: string }).finalHash);
      else
        reject(
          new EnvironmentError(`a run ended with code ${code}: ${text.stderr.trim().split('\n').at(-1)}`),
        );
    });
  });
}

/** Asks for the list of runs, and for the frames of each, until it is told to stop; milliseconds of every answer. */
async function watchAll(url: string, over: AbortSignal): Promise<{ list: number[]; frames: number[] }> {
  const times = { list: [] as number[], frames: [] as number[] };
  while (!over.aborted) {
    const { ms, bytes } = await asked(`${url}api/v1/runs`);
    times.list.push(ms);
    const { runs } = JSON.parse(Buffer.from(bytes).toString()) as RunList;
    for (const { id } of runs) times.frames.push((await asked(`${url}api/v1/runs/${id}/frames`)).ms);
    await delay(PAUSE_MS);
  }
  return times;
}

/**
 * How long a server takes to answer questions to runs that other processes write at the same time.
 *
 * @throws MismatchError where one of the runs ends otherwise than one that is alone
 */
export async function loadRuns(options: BenchOptions & { readonly ticks?: number }): Promise<BenchRow[]> {
  const { runs = RUNS, ticks = TICKS } = options;
  const work = mkdtempSync(join(tmpdir(), 'darwin-load-runs-'));
  const config = join(work, 'load.yaml');
  writeFileSync(
    config,
    `{ name: load, ticks: ${ticks}, threads: 1, worlds: ${WORLDS}, slots: ${SLOTS}, output: { metricsEvery: 10, agentsEvery: 100, checkpointEvery: 100 } }`,
  );
  const folder = join(work, 'runs');
  const server = await startServer({ catalog: new DirectoryCatalog(folder) });
  const over = new AbortController();
  try {
    const alone = await runOnce(config, join(work, 'alone'));
    const watching = watchAll(server.url, over.signal);
    // told where it is waited for
    watching.catch(() => {});
    const start = performance.now();
    const hashes = await Promise.all(
      Array.from({ length: runs }, (_, k) => runOnce(config, join(folder, `run-${k}`))),
    );
    const seconds = (performance.now() - start) / 1000;
    over.abort();
    const { list, frames } = await watching;
    const other = hashes.find((hash) => hash !== alone);
    if (other !== undefined)
      throw new MismatchError(`one of ${runs} runs beside each other ended in ${other}, alone in ${alone}`);
    const common = { engine: 'cpu', threads: runs, agents: WORLDS * SLOTS, worlds: WORLDS };
    const told = `${runs} processes write runs of ${ticks} ticks for ${seconds.toFixed(0)} s, all with hash ${alone}`;
    return [
      { ...common, name: 'load: list of runs', milliseconds: spreadOf(list), note: told },
      { ...common, name: 'load: frames of a run', milliseconds: spreadOf(frames), note: told },
    ];
  } finally {
    over.abort();
    await server.close();
    rmSync(work, { recursive: true, force: true });
  }
}
