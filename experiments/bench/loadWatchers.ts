/** Hundreds of watchers of one run, part of `darwin bench load`. */
import type { BenchOptions, BenchRow } from './measure.ts';
import { benchWatched } from './pageWatched.ts';

const WATCHERS = 500;
const REPEATS = 3;
const TICKS = 500;

/** Rates of a run that nobody and that hundreds watch, in turns. */
export async function loadWatchers(options: BenchOptions & { readonly ticks?: number }): Promise<BenchRow[]> {
  const { watchers = WATCHERS, repeats = REPEATS, ticks = TICKS } = options;
  const rows = await benchWatched({ ...options, repeats, ticks, audiences: [0, watchers] });
  return rows.map((row) => ({ ...row, name: row.name.replace('page:', 'load:') }));
}
