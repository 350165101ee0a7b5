/**
 * `darwin bench page`: what the page weighs, how soon it draws and how smoothly, how fast its server serves, and what
 * watchers cost a run. The browser is a real one, without a screen.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { EnvironmentError } from '../../sim/core/errors.ts';
import { defaultPageDirectory } from '../../viz/server.ts';
import { type BenchOptions, type BenchRow, spreadOf } from './measure.ts';
import { benchDrawing } from './pageDrawing.ts';
import { benchServing } from './pageServing.ts';
import { benchWatched } from './pageWatched.ts';

/** What a browser loads before it draws, file by file and together. */
export function pageWeight(directory: string): BenchRow[] {
  const files = readdirSync(directory, { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  );
  const weights = files
    .map((entry) => ({
      name: entry.name,
      bytes: gzipSync(readFileSync(join(entry.parentPath, entry.name)), { level: 9 }).length,
    }))
    .sort((a, b) => b.bytes - a.bytes);
  const total = weights.reduce((sum, { bytes }) => sum + bytes, 0);
  return [{ name: 'all files', bytes: total }, ...weights].map(({ name, bytes }) => ({
    name: `page weight: ${name}`,
    engine: 'cpu',
    threads: 0,
    agents: 0,
    worlds: 0,
    gzippedBytes: spreadOf([bytes]),
  }));
}

/** @throws EnvironmentError where the page is not built or there is no browser */
export async function benchPage(options: BenchOptions = {}): Promise<BenchRow[]> {
  const directory = defaultPageDirectory();
  if (!existsSync(join(directory, 'index.html')))
    throw new EnvironmentError('the page is not built', 'npm run build:page');
  return [
    ...pageWeight(directory),
    ...(await benchDrawing(options)),
    ...(await benchServing(options)),
    ...(await benchWatched(options)),
  ];
}
