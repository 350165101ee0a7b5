/**
 * Reads a run directory with DuckDB alone: what each population earned and how it ended.
 *
 *   npx tsx experiments/examples/readRun.ts runs/quickstart-darwin-1
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { pathToFileURL } from 'node:url';
import { DuckDBInstance } from '@duckdb/node-api';

/** Means over the worlds of an arm of the last sample of a population. */
export interface Ending {
  readonly arm: number;
  readonly population: string;
  readonly alive: number;
  readonly wealth: number;
}

/** How the populations of each arm of a run ended, the richest first. */
export async function endings(directory: string): Promise<Ending[]> {
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  try {
    const parts = join(directory, 'populations', '*.parquet').replaceAll("'", "''");
    const found = await connection.runAndReadAll(`
      with samples as (select * from read_parquet('${parts}'))
      select arm, population, avg(alive) as alive, avg(wealth) as wealth
      from samples where tick = (select max(tick) from samples)
      group by arm, population order by arm, wealth desc`);
    return found.getRowObjectsJS() as unknown as Ending[];
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const [directory = 'runs/quickstart-darwin-1'] = process.argv.slice(2);
  const { name, ticks, finalHash } = JSON.parse(readFileSync(join(directory, 'manifest.json'), 'utf8'));
  process.stdout.write(`${name}: ${ticks} ticks, hash ${finalHash}\n`);
  for (const { arm, population, alive, wealth } of await endings(directory))
    process.stdout.write(
      `arm ${arm}, ${population}: ${alive.toFixed(1)} alive, mean wealth ${wealth.toFixed(1)}\n`,
    );
}
