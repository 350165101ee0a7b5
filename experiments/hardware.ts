/** What this machine and this program are, for manifests and benchmarks. */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { availableParallelism, cpus, platform, release, totalmem } from 'node:os';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

export interface Hardware {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGiB: number;
  readonly os: string;
  readonly node: string;
}

export const describeHardware = (): Hardware => ({
  cpu: cpus()[0]?.model.trim() || process.arch,
  cores: availableParallelism(),
  memoryGiB: Math.round((totalmem() / 2 ** 30) * 10) / 10,
  os: `${platform()} ${release()}`,
  node: process.version,
});

/** Root of the package, whether this runs from source or from `dist`. */
export const PACKAGE_ROOT = ((): string => {
  let directory = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(directory, 'package.json'))) directory = dirname(directory);
  return directory;
})();

/** Version of this package. */
export const packageVersion = (): string =>
  (JSON.parse(readFileSync(join(PACKAGE_ROOT, 'package.json'), 'utf8')) as { version: string }).version;

let commit: string | null | undefined;

/** Commit that the code was built from, `-dirty` when files differ from it; null outside a checkout. Asked once. */
export function sourceCommit(): string | null {
  if (commit === undefined) commit = askCommit();
  return commit;
}

function askCommit(): string | null {
  if (!existsSync(join(PACKAGE_ROOT, '.git'))) return null;
  try {
    const flags = ['describe', '--always', '--dirty', '--abbrev=40', '--exclude=*'];
    return execFileSync('git', ['-C', PACKAGE_ROOT, ...flags], { encoding: 'utf8', stdio: 'pipe' }).trim();
  } catch {
    return null; // git is not there
  }
}
