/** Which files a page may make this program read: none that a link or `..` leads out of given folders. */
import { realpathSync } from 'node:fs';
import { isAbsolute, relative, sep } from 'node:path';
import type { ResolvedRun } from '../configs/arms.ts';
import { ConfigError } from '../sim/core/errors.ts';
import { PACKAGE_ROOT } from './hardware.ts';

/** Whether a path, with all links followed, lies in a folder; a path that is not there lies nowhere. */
export function isWithin(path: string, folder: string): boolean {
  try {
    const way = relative(realpathSync(folder), realpathSync(path));
    return way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way);
  } catch {
    return false;
  }
}

/**
 * Refuses a config that came over the network where it names a file or run outside the working directory, the folder of
 * runs and what the program ships. What is not there is left to whoever reads it, who says so.
 *
 * @throws ConfigError
 */
export function assertConfined({ arms }: ResolvedRun, folder: string): void {
  const folders = ['.', PACKAGE_ROOT, folder];
  const named = arms.flatMap(({ demandSeries, priceSeries, populations }) => [
    ...Object.entries({ demandSeries, priceSeries }).map(([key, { file }]) => [`${key}.file`, file] as const),
    ...populations.map(({ from }, k) => [`populations[${k}].from.run`, from?.run ?? ''] as const),
  ]);
  for (const [path, file] of named)
    if (file !== '' && !(folders.some((within) => isWithin(file, within)) || isPlain(file)))
      throw new ConfigError(
        path,
        `${file} lies outside the working directory`,
        'the command line may read it',
        {
          path,
        },
      );
}

/** Whether a path goes down from where it stands, whatever is there. */
const isPlain = (file: string): boolean =>
  !isAbsolute(file) && !file.split(/[\\/]/).includes('..') && !exists(file);

function exists(file: string): boolean {
  try {
    realpathSync(file);
    return true;
  } catch {
    return false;
  }
}
