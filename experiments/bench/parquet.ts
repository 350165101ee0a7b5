/** `darwin bench parquet`: rows a second into the Parquet parts of a run directory, as a run writes them. */
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RecordBatch } from '../../sim/frame.ts';
import { Shard } from '../../sim/shard.ts';
import { cpuEngine } from '../engines/cpu.ts';
import { freshManifest } from '../manifest.ts';
import { RunDirectory } from '../runDirectory.ts';
import { benchmarkConfig } from './economy.ts';
import { type BenchOptions, type BenchRow, type Contender, spreadOf, takeTurns } from './measure.ts';

const AGENTS = 4096;
const REPEATS = 5;
/** Snapshots of all agents in each repeat. */
const SNAPSHOTS = 25;

/** Snapshots of agents, the widest table, by default 4,096 agents at a time. */
export async function benchParquet(options: BenchOptions = {}): Promise<BenchRow[]> {
  const { agents = AGENTS, repeats = REPEATS } = options;
  const run = benchmarkConfig('plainEconomy.yaml', { slots: agents, worlds: 1, ticks: 1_000_000_000 });
  const shard = new Shard(run, [0]);
  shard.advance(1);
  const batches = shard.lastSnapshot().filter(({ table }) => table === 'agents');
  const rows = batches.reduce((sum, batch: RecordBatch) => sum + batch.rows, 0);
  const parent = mkdtempSync(join(tmpdir(), 'darwin-parquet-'));
  try {
    let written = 0;
    const contender: Contender = {
      advance: async () => {
        const manifest = freshManifest(run, cpuEngine(), 1);
        const directory = await RunDirectory.create(join(parent, String(written++)), manifest);
        for (let k = 0; k < SNAPSHOTS; k++) await directory.append(batches);
        await directory.finish({ status: 'finished' });
        return rows * SNAPSHOTS;
      },
    };
    const [rates] = await takeTurns([contender], repeats);
    const bytes = bytesBelow(join(parent, '0', 'agents'));
    return [
      {
        name: 'parquet agents',
        engine: 'cpu',
        threads: 1,
        agents,
        worlds: 1,
        rowsPerSecond: spreadOf(rates!),
        note: `${Object.keys(batches[0]!.columns).length} columns, ${(bytes / (rows * SNAPSHOTS)).toFixed(1)} bytes a row on disk`,
      },
    ];
  } finally {
    rmSync(parent, { recursive: true, force: true });
  }
}

const bytesBelow = (folder: string): number =>
  readdirSync(folder).reduce((sum, name) => sum + statSync(join(folder, name)).size, 0);
