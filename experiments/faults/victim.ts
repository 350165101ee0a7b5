/**
 * A run that is killed (kills.ts): starts or goes on as `darwin run` does, and writes down each tick that it reaches, so
 * that what a kill lost is known. One that was killed after its last line says what it came to. Arguments: directory,
 * engine, threads.
 */
import { appendFileSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { resolveConfig } from '../../configs/parse.ts';
import type { EngineName } from '../../configs/schema.ts';
import type { Engine } from '../../sim/engine.ts';
import { conduct } from '../conduct.ts';
import { openEngine } from '../engines/index.ts';
import { type Manifest, readManifest } from '../manifest.ts';
import { startFresh, startResumed } from '../starts.ts';

/** The run of all victims but for engine and threads. */
const VICTIM = {
  name: 'victim',
  seed: 'killed',
  ticks: 400,
  worlds: 2,
  slots: 12,
  output: { metricsEvery: 40, agentsEvery: 70, tradesEvery: 10, journalWorlds: 1, checkpointEvery: 20 },
  world: { demography: { meanLife: 300 } },
  populations: [
    { name: 'learners', kind: 'learner', share: 3 },
    { name: 'zi', kind: 'ziC' },
  ],
};

/** An engine whose shards say how far they are. */
function telling(engine: Engine, file: string): Engine {
  return {
    name: engine.name,
    device: engine.device,
    plan: (run, threads) => engine.plan(run, threads),
    close: () => engine.close(),
    createShards: async (...given) => {
      const shards = await engine.createShards(...given);
      const [first, ...others] = shards;
      const told: typeof first = Object.create(first!);
      told!.advance = async (toTick) => {
        const report = await first!.advance(toTick);
        appendFileSync(file, `${toTick}\n`);
        return report;
      };
      return [told!, ...others];
    },
  };
}

const [directory = '', name = 'cpu', threads = '1'] = process.argv.slice(2);
const engine = name as EngineName;

/** Starts the run, or lets it go on; returns its manifest at the end. */
async function finish(): Promise<Manifest> {
  const isKnown = existsSync(join(directory, 'manifest.json'));
  if (isKnown && readManifest(directory).status === 'finished') return readManifest(directory);
  const start = isKnown
    ? await startResumed(directory, [])
    : await startFresh(resolveConfig({ ...VICTIM, engine, threads: Number(threads) }));
  const chosen = await openEngine(engine, { agents: 24, slots: 24 });
  const { manifest } = await conduct(
    start,
    { ...chosen, engine: telling(chosen.engine, `${directory}.ticks`) },
    { out: directory, parent: '', signal: new AbortController().signal, watch: null },
  );
  await chosen.engine.close();
  return manifest;
}

const { finalHash, resumedAt } = await finish();
process.stdout.write(`${JSON.stringify({ hash: finalHash, resumedAt })}\n`, () => process.exit(0));
