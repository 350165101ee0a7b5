/** What is wrong with a path that is to be the directory of a run or sweep, and which one was probably meant. */
import { existsSync, readdirSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { closest } from 'fastest-levenshtein';
import { isNear } from '../configs/suggestions.ts';
import { UsageError } from '../sim/core/errors.ts';

/** Entries of a folder that are looked at for suggestions. */
const LOOKED_AT_MAX = 1000;

/** What directories of this program are, and which command shows them. */
const KINDS = [
  { file: 'manifest.json', what: 'run', shows: 'serve' },
  { file: 'sweep.json', what: 'sweep', shows: 'report' },
] as const;

/** Directories in a folder that hold a file; none where the folder cannot be read. */
function holdersOf(file: string, folder: string): string[] {
  let names: string[];
  try {
    names = readdirSync(folder).slice(0, LOOKED_AT_MAX);
  } catch {
    return [];
  }
  return names.filter((name) => existsSync(join(folder, name, file))).toSorted();
}

/**
 * The error of a path without the file that every such directory has.
 *
 * @param file such as `manifest.json`
 * @param what such as `run`
 */
export function noDirectory(path: string, file: string, what: string, cause: unknown): UsageError {
  if (!existsSync(path)) {
    const folder = dirname(path);
    const name = basename(path);
    const [first = '', ...others] = holdersOf(file, folder);
    const nearest = closest(name, [first, ...others]);
    const hint = isNear(name, nearest)
      ? `did you mean ${join(folder, nearest)}?`
      : `give the directory of a ${what}${first === '' ? '' : `, such as ${join(folder, first)}`}`;
    return new UsageError(`there is no directory ${path}`, hint, { cause });
  }
  if (!statSync(path).isDirectory())
    return new UsageError(`${path} is a file`, `give the directory of a ${what}`, { cause });
  const other = KINDS.find((kind) => kind.file !== file && existsSync(join(path, kind.file)));
  if (other !== undefined && !existsSync(join(path, file)))
    return new UsageError(
      `${path} is the directory of a ${other.what}, not of a ${what}`,
      `darwin ${other.shows} ${path} shows it`,
      { cause },
    );
  const [inside] = holdersOf(file, path);
  const example = inside === undefined ? '' : `, such as ${join(path, inside)}`;
  return new UsageError(`${path} has no ${file}`, `give the directory of a ${what}${example}`, { cause });
}
