/** A saved run to begin with: every table, two checkpoints, founders of another run, and a stop before its end. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { worldCount } from '../../configs/arms.ts';
import { resolveConfig } from '../../configs/parse.ts';
import type { Engine } from '../../sim/engine.ts';
import { createShard } from '../../sim/shard.ts';
import { conduct } from '../conduct.ts';
import type { Manifest } from '../manifest.ts';
import { startFresh } from '../starts.ts';

const NEVER = new AbortController().signal;
/** What depends on machine and moment. */
const SAME = {
  startedAt: '2026-01-01T00:00:00.000Z',
  finishedAt: null,
  elapsedSeconds: 1.5,
  agentStepsPerSecond: 1000,
  ticksPerSecond: 40,
  commit: null,
  device: 'a machine',
  hardware: { cpu: 'a machine', cores: 2, memoryGiB: 8, os: 'linux', node: 'v20.0.0' },
};

/** The cpu engine in this thread. */
export const thisThread = (): Engine => ({
  name: 'cpu',
  device: 'this thread',
  plan: () => ({ threads: 1, bytes: 0 }),
  createShards: async (run, _plan, options) => [
    createShard(
      run,
      Array.from({ length: worldCount(run) }, (_, world) => world),
      options,
    ),
  ],
  close: async () => {},
});

async function write(config: object, out: string): Promise<void> {
  const chosen = { engine: thisThread(), why: 'for fuzzing' };
  const { write: said } = process.stderr;
  process.stderr.write = () => true;
  try {
    await conduct(await startFresh(resolveConfig(config)), chosen, {
      out,
      parent: '',
      signal: NEVER,
      watch: null,
    });
  } finally {
    process.stderr.write = said;
  }
}

/** Tick of the newest checkpoint of a seed run. */
export const SEED_TICK = 20;

/** Writes a run that was stopped, `saved`, into a folder; its founders come from the run `source` beside it. */
export async function writeSeedRun(folder: string): Promise<string> {
  const populations = [
    { name: 'learners', kind: 'learner', share: 2 },
    { name: 'zi', kind: 'ziC' },
  ];
  const common = { seed: 'fuzzed', slots: 6, world: { demography: { meanLife: 30 } } };
  const source = join(folder, 'source');
  const output = { metricsEvery: 5, checkpointEvery: 10, agentsEvery: 10, tradesEvery: 5, journalWorlds: 1 };
  await write({ ...common, name: 'source', ticks: SEED_TICK, output, populations }, source);
  const saved = join(folder, 'saved');
  const from = { run: source, what: 'agents' };
  await write(
    {
      ...{
        ...common,
        name: 'saved',
        ticks: SEED_TICK,
        worlds: 2,
        output: { ...output, checkpointAtEnd: true },
      },
      populations: [{ ...populations[0], from }, populations[1]],
    },
    saved,
  );
  const file = join(saved, 'manifest.json');
  const manifest = JSON.parse(readFileSync(file, 'utf8')) as Manifest;
  const arms = manifest.arms.map((arm) => ({ ...arm, ticks: 2 * SEED_TICK }));
  writeFileSync(file, JSON.stringify({ ...manifest, ...SAME, arms, status: 'interrupted' }, null, 2));
  return saved;
}
