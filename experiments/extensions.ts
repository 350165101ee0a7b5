/** Files of code of one's own (`--extend FILE`): what they register, and what of it a run uses. */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Command } from 'commander';
import { BUILT_IN, type Registry, registeredNames } from '../configs/registry.ts';
import type { RunConfig } from '../configs/schema.ts';
import { UsageError } from '../sim/core/errors.ts';

/** Addresses of the files that this thread has loaded, in order, with the SHA-256 of each. */
const loaded = new Map<string, string>();
export const loadedExtensions = (): readonly string[] => [...loaded.keys()];
/** SHA-256 of each file that this thread has loaded, in any order of loading the same; what the files import is not in it. */
export const extensionDigests = (): readonly string[] => [...loaded.values()].sort();

/** The option of commands that simulate. */
export const addExtendOption = (command: Command): Command =>
  command.option(
    '--extend <file>',
    'load a module that registers populations, metrics or reward features, may be repeated',
    (file: string, all: string[] = []) => [...all, file],
  );

/**
 * Loads files that register extensions, each once.
 *
 * @param files paths, or addresses as `loadedExtensions` gives them
 * @throws UsageError for a file that is missing, does not load, or registers nothing with this program
 */
export async function loadExtensions(files: readonly string[] = []): Promise<void> {
  for (const file of files) {
    const address = file.startsWith('file:') ? file : pathToFileURL(resolve(file)).href;
    if (loaded.has(address)) continue;
    if (!existsSync(new URL(address)))
      throw new UsageError(`there is no file ${file}`, '--extend takes a module such as mine.mjs');
    const before = registeredNames();
    try {
      await import(address);
    } catch (cause) {
      throw new UsageError(`${file} does not load: ${(cause as Error).message.split('\n')[0]}`, '', {
        cause,
      });
    }
    if (registeredNames() === before)
      throw new UsageError(
        `${file} registers nothing with this program`,
        'it must import darwin-market from the package that runs it',
      );
    loaded.set(
      address,
      createHash('sha256')
        .update(readFileSync(new URL(address)))
        .digest('hex'),
    );
  }
}

const WORDS: Readonly<Record<keyof Registry, string>> = {
  populationKinds: 'population kind',
  environments: 'environment',
  metrics: 'metric',
  rewardFeatures: 'reward feature',
};

/** Names that the arms of a run use, by kind. */
function namesIn(arms: readonly RunConfig[]): Registry {
  const all = (names: (arm: RunConfig) => readonly string[]) => [...new Set(arms.flatMap(names))];
  return {
    populationKinds: all(({ populations }) => populations.map(({ kind }) => kind)),
    environments: all(({ world }) => [world.environment.kind]).filter((name) => name !== 'none'),
    metrics: all(({ extensions }) => extensions?.metrics ?? []),
    rewardFeatures: all(({ extensions }) => (extensions?.rewardFeatures ?? []).map(({ name }) => name)),
  };
}

/** What of the arms is not in a registry, such as `metric ownShare`. */
function missingFrom(registry: Registry, arms: readonly RunConfig[]): string[] {
  const names = namesIn(arms);
  return (Object.keys(WORDS) as (keyof Registry)[]).flatMap((kind) =>
    names[kind].filter((name) => !registry[kind].includes(name)).map((name) => `${WORDS[kind]} ${name}`),
  );
}

/** Extensions that a run uses, for its manifest. */
export const extensionsOf = (arms: readonly RunConfig[]): string[] => missingFrom(BUILT_IN, arms);

/** Refuses a recorded run whose extensions this program does not have. Throws UsageError. */
export function assertExtensionsHere(arms: readonly RunConfig[], directory: string): void {
  const missing = missingFrom(registeredNames(), arms);
  if (missing.length > 0)
    throw new UsageError(
      `${directory} uses ${missing.join(', ')}, which this program does not have`,
      '--extend FILE loads the file that registers them',
    );
}
