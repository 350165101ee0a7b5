/** Records short runs, for benchmarks and tests of replays. */
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseConfig } from '../../configs/parse.ts';
import { createSimulation } from '../../sim/run.ts';
import { cpuEngine } from '../engines/cpu.ts';
import { freshManifest, type Manifest, readManifest } from '../manifest.ts';
import { RunDirectory } from '../runDirectory.ts';

/** A finished run of a config in a fresh temporary directory, with a checkpoint at its end. */
export async function recordRun(text: string): Promise<{ directory: string; manifest: Manifest }> {
  const run = parseConfig(text);
  const directory = join(mkdtempSync(join(tmpdir(), 'darwin-replay-')), 'run');
  const simulation = createSimulation(run);
  const files = await RunDirectory.create(directory, freshManifest(run, cpuEngine(), 1));
  const { batches } = await simulation.advance(simulation.ticks);
  await files.append(batches);
  const standing = { agentSteps: 0, elapsedSeconds: 1, laws: [], summary: { counts: [], sums: [] } };
  await files.checkpoint(simulation, standing, 1);
  await files.finish({
    status: 'finished',
    ticks: simulation.ticks,
    finalHash: await simulation.finalHash(),
  });
  await simulation.close();
  return { directory, manifest: readManifest(directory) };
}
