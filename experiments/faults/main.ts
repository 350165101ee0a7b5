/** `npm run faults -- --schedules N | --kills N [--seed S] [--engine E] [--threads T]`: faults on demand. */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { UsageError } from '../../sim/core/errors.ts';
import { countOf, wholeOf } from '../commandLine.ts';
import { runScript, scriptOf } from '../script.ts';
import { killOften } from './kills.ts';
import { FaultSimulator } from './simulator.ts';

const NOTE_EVERY = 50;
/** In memory, where there is such a place: it is forced at once. */
const FOLDERS = ['/dev/shm', tmpdir()];

const say = (line: string): void => void process.stdout.write(`${line}\n`);

async function simulate(schedules: number, seed: number): Promise<boolean> {
  const folder = mkdtempSync(join(FOLDERS.find((path) => existsSync(path))!, 'darwin-faults-'));
  const simulator = await FaultSimulator.open(folder);
  const struck = new Map<string, number>();
  let failed = 0;
  try {
    for (let k = 0; k < schedules; k++) {
      const trial = await simulator.try(seed + k);
      for (const kind of trial.struck) struck.set(kind, (struck.get(kind) ?? 0) + 1);
      if (trial.problem !== null) {
        failed++;
        say(`schedule ${trial.seed} ${trial.problem}`);
        say(`  again: npm run faults -- --schedules 1 --seed ${trial.seed}`);
      }
      if ((k + 1) % NOTE_EVERY === 0) process.stderr.write(`${k + 1} of ${schedules} schedules\n`);
    }
  } finally {
    simulator.close();
    rmSync(folder, { recursive: true, force: true });
  }
  say(`${schedules} schedules from seed ${seed}: ${failed} proved something wrong`);
  say(`faults that struck: ${[...struck].map(([kind, count]) => `${kind} ${count}`).join(', ') || 'none'}`);
  return failed === 0;
}

interface Options {
  readonly schedules?: string;
  readonly kills?: string;
  readonly seed: string;
  readonly engine: string;
  readonly threads: string;
}
const script = scriptOf(
  'faults',
  'Lets faults strike small runs, or kills processes, and proves what is left.',
)
  .option('--schedules <n>', 'random faults by seed against random small configs')
  .option('--kills <n>', 'real processes, killed at random moments')
  .option('--seed <n>', 'of the first schedule, or of the moments', '0')
  .option('--engine <name>', 'kills: cpu or webgpu', 'cpu')
  .option('--threads <n>', 'kills: threads of each process', '1');

async function main(values: Options): Promise<boolean> {
  const seed = wholeOf('--seed', values.seed);
  const schedules = countOf('--schedules', values.schedules);
  const kills = countOf('--kills', values.kills);
  if ((schedules === undefined) === (kills === undefined))
    throw new UsageError(
      'one of --schedules N and --kills N is needed',
      'npm run faults -- --schedules 1000',
    );
  if (schedules !== undefined) return simulate(schedules, seed);
  const threads = countOf('--threads', values.threads)!;
  const onKill = (done: number): void => {
    if (done % NOTE_EVERY === 0) process.stderr.write(`${done} of ${kills} kills\n`);
  };
  const found = await killOften({ kills: kills!, engine: values.engine, threads, seed, onKill });
  say(
    `${found.kills} kills over ${found.runs} runs of engine ${values.engine} on ${threads} threads: every run ended in hash ${found.hash} with the rows of one left alone; a kill lost at most ${found.mostLost} ticks, the interval is ${found.interval}`,
  );
  return true;
}

await runScript(script, main);
