/**
 * `darwin bench memory`: what a process takes while a run goes on: every mechanism on, worker threads, tables written to
 * a run directory that is removed after. Nothing may grow with the number of ticks.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { createSimulation } from '../../sim/run.ts';
import { cpuEngine } from '../engines/cpu.ts';
import { freshManifest } from '../manifest.ts';
import { planRun } from '../plan.ts';
import { RunDirectory } from '../runDirectory.ts';
import { median } from '../statistics/estimates.ts';
import { note } from '../terminal.ts';
import { createThreadShards } from '../threads.ts';
import { everyMechanismAt, STANDARD_WORLD } from './economy.ts';
import { type BenchOptions, type BenchRow, spreadOf } from './measure.ts';

const TICKS = 20_000;
/** Looks at the memory of a run, and lines about them. */
const SAMPLES = 100;
const NOTES = 10;
const WORLDS = 4;
const MIB = 2 ** 20;

/** Memory of the process over the run; `ratio` compares its last quarter with its second, once all is warm. */
export async function benchMemory(
  options: BenchOptions & { readonly ticks?: number } = {},
): Promise<BenchRow[]> {
  const { ticks = TICKS, worlds = WORLDS, threads = Math.max(2, availableParallelism()) } = options;
  const run = everyMechanismAt(options.agents ?? STANDARD_WORLD, worlds, { ticks });
  const { slots } = run.arms[0]!;
  const plan = planRun(run, threads);
  const parent = mkdtempSync(join(tmpdir(), 'darwin-memory-'));
  const simulation = createSimulation(run, { shards: createThreadShards(run, plan.threads) });
  try {
    const manifest = freshManifest(run, cpuEngine(), plan.threads);
    const directory = await RunDirectory.create(join(parent, 'run'), manifest);
    const samples: { x: number; y: number }[] = [];
    for (let k = 1; k <= SAMPLES; k++) {
      const { batches } = await simulation.advance(Math.ceil((k * ticks) / SAMPLES));
      await directory.append(batches);
      samples.push({ x: simulation.tick, y: process.memoryUsage.rss() / MIB });
      if (k % (SAMPLES / NOTES) === 0)
        note(`memory: tick ${simulation.tick} of ${ticks}, ${samples.at(-1)!.y.toFixed(0)} MiB`);
    }
    await directory.finish({ status: 'finished' });
    const quarter = (k: number): number[] =>
      samples.slice((k * SAMPLES) / 4, ((k + 1) * SAMPLES) / 4).map(({ y }) => y);
    const warm = [...quarter(1), ...quarter(2), ...quarter(3)];
    return [
      {
        name: 'memory',
        engine: 'cpu',
        threads: plan.threads,
        agents: slots * worlds,
        worlds,
        mebibytes: spreadOf(warm),
        bytesPerAgent: plan.bytes / (slots * worlds),
        ratio: median(quarter(3)) / median(quarter(1)),
        ratioTo: 'the second quarter, in the last',
        samples,
        note: `resident memory of the process over ${ticks} ticks, the last three quarters of them`,
      },
    ];
  } finally {
    await simulation.close();
    rmSync(parent, { recursive: true, force: true });
  }
}
