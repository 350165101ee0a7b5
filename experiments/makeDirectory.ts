import { existsSync, mkdirSync } from 'node:fs';
import { dirname, resolve } from 'node:path';

/**
 * Makes a directory and what is missing above it, one level at a time. `mkdirSync` with `recursive` spins for ever
 * where a parent exists but refuses children with ENOENT, as /proc does.
 *
 * @throws the system's error of the level that could not be made
 */
export function makeDirectory(path: string): void {
  const full = resolve(path);
  if (existsSync(full)) return;
  const parent = dirname(full);
  if (parent !== full) makeDirectory(parent);
  try {
    mkdirSync(full);
  } catch (error) {
    // another process may have made it meanwhile
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}
