/** `darwin bench load`: what a server takes: hundreds of watchers, runs beside each other, a large directory, minutes on end. */
import { suggestName } from '../../configs/suggestions.ts';
import { UsageError } from '../../sim/core/errors.ts';
import { note } from '../terminal.ts';
import { loadDirectory } from './loadDirectory.ts';
import { loadRuns } from './loadRuns.ts';
import { loadSoak } from './loadSoak.ts';
import { loadWatchers } from './loadWatchers.ts';
import type { BenchOptions, BenchRow } from './measure.ts';

const PARTS: Readonly<
  Record<string, (options: BenchOptions & { readonly ticks?: number }) => Promise<BenchRow[]>>
> = { watchers: loadWatchers, runs: loadRuns, directory: loadDirectory, soak: loadSoak };

/** Parts that a list with commas names; without one all, and the soak where minutes are given. Throws UsageError. */
export function partsOf({ parts, minutes }: BenchOptions): string[] {
  const names = Object.keys(PARTS);
  if (parts === undefined) return names.filter((name) => name !== 'soak' || minutes !== undefined);
  return parts.split(',').map((name) => {
    if (Object.hasOwn(PARTS, name)) return name;
    throw new UsageError(`load has no part ${name}`, suggestName(name, names, 'parts'));
  });
}

/** @throws UsageError for a part that there is not, MismatchError where a run beside others ends otherwise */
export async function benchLoad(
  options: BenchOptions & { readonly ticks?: number } = {},
): Promise<BenchRow[]> {
  const rows: BenchRow[] = [];
  for (const part of partsOf(options)) {
    note(`load: ${part} ...`);
    rows.push(...(await PARTS[part]!(options)));
  }
  return rows;
}
