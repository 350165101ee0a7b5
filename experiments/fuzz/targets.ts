/** All targets by name; each is loaded when it is asked for. */
import { closest } from 'fastest-levenshtein';
import { UsageError } from '../../sim/core/errors.ts';
import type { FuzzTarget } from './target.ts';

/** Opens a target with an empty folder for what it needs on the disk. */
type Open = (folder: string) => Promise<FuzzTarget>;

export const TARGETS: Readonly<Record<string, Open>> = {
  configs: async () => (await import('./configs.ts')).openConfigs(),
  runs: async (folder) => (await import('./runs.ts')).openRuns(folder),
  messages: async (folder) => (await import('./messages.ts')).openMessages(folder),
  rpc: async () => (await import('./rpc.ts')).openRpc(),
  parquet: async (folder) => (await import('./parquet.ts')).openParquet(folder),
};

/** The target of a name. Throws UsageError with the nearest one where there is none. */
export function targetNamed(name: string): Open {
  const open = Object.hasOwn(TARGETS, name) ? TARGETS[name] : undefined;
  if (open !== undefined) return open;
  const names = Object.keys(TARGETS);
  throw new UsageError(`there is no target ${name}`, `did you mean ${closest(name, names)}?`);
}
