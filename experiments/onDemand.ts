/** Packages that a command needs now and then and the project does not depend on, fetched once into the temporary directory. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { EnvironmentError } from '../sim/core/errors.ts';

/** What to fetch. */
export interface Fetched {
  /** What the command does with them, for the error where they cannot be fetched. */
  readonly purpose: string;
  /** As npm names them, with exact versions. */
  readonly packages: readonly string[];
}

/** Name of the folder that packages lie in: another one for other versions. */
const folderOf = (packages: readonly string[]): string =>
  join(
    tmpdir(),
    `darwin-${packages
      .join('-')
      .replaceAll(/[^\w.]+/g, '-')
      .replace(/^-/, '')}`,
  );

/**
 * Fetches packages, unless they are there from an earlier call.
 *
 * @returns the folder that holds their `node_modules`
 * @throws EnvironmentError when no registry answers
 */
export function fetchPackages({ purpose, packages }: Fetched): string {
  const folder = folderOf(packages);
  if (existsSync(folder)) return folder;
  const aside = `${folder}.${process.pid}`;
  mkdirSync(aside, { recursive: true });
  writeFileSync(join(aside, 'package.json'), '{"private":true}');
  const { status } = spawnSync(
    'npm',
    ['install', '--no-audit', '--no-fund', '--legacy-peer-deps', '--silent', ...packages],
    { cwd: aside, stdio: 'ignore', shell: process.platform === 'win32' },
  );
  if (status !== 0) {
    rmSync(aside, { recursive: true, force: true });
    throw new EnvironmentError(
      `no registry gives ${packages.join(' and ')}, which ${purpose}`,
      'try again where npm install works',
    );
  }
  renameSync(aside, folder);
  return folder;
}
