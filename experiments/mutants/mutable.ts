/** Which source files of `market/` mutants are made of, and the tests that should kill those of each. */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';

/** Files of `market/` without mutants of their own, by what their paths match, and why. */
const LEFT_OUT: readonly (readonly [RegExp, string])[] = [
  [/\.test\.ts$/, 'a test'],
  [/\/test[A-Z]\w*\.ts$/, 'support of tests'],
  [/\.generated\.ts$/, 'made by a build'],
  [
    /\.as\.ts$/,
    'AssemblyScript: a mutant would need a build of its own; twins are compared bit by bit by tests',
  ],
];

/** Tests that mutants are not tried on: they read the text of sources, or need a device or a chain. */
const UNFIT = /mutants\.test\.ts$|\.gpu\.|\/contracts\/|\.extended\.test\.ts$/;

const sourcesBelow = (root: string, folder: string): string[] =>
  (readdirSync(join(root, folder), { recursive: true }) as string[])
    .filter((name) => name.endsWith('.ts'))
    .map((name) => `${folder}/${name.replaceAll('\\', '/')}`)
    .sort();

/** Why a file of the folder gets no mutants; null where it does. */
export const reasonLeftOut = (path: string): string | null =>
  LEFT_OUT.find(([pattern]) => pattern.test(path))?.[1] ?? null;

/** Paths of all files that mutants are made of, from the project's root. */
export const mutableFiles = (root: string, folder = 'market'): string[] =>
  sourcesBelow(root, folder).filter((path) => reasonLeftOut(path) === null);

/** Relative imports of a file, as paths from the root. */
function importsOf(root: string, path: string): string[] {
  const text = readFileSync(join(root, path), 'utf8');
  const found = text.matchAll(/\bfrom\s+'(\.[^']+)'/g);
  return [...found].map(([, to]) => relative(root, resolve(root, dirname(path), to!)).replaceAll('\\', '/'));
}

/**
 * The tests of the folder for a file: those that import it; else those that import what imports it, and so on. Where none of them is
 * named after the file, those one import further away are taken, too: a part of a larger whole is tried by the tests of the whole.
 */
export function testsOf(root: string, file: string, folder = 'market'): string[] {
  const all = sourcesBelow(root, folder).map((path) => ({ path, imports: importsOf(root, path) }));
  const own = file.replace(/\.ts$/, '.test.ts');
  const seen = new Set<string>();
  const found = new Set<string>();
  let level = [file];
  while (level.length > 0) {
    for (const path of level) seen.add(path);
    level = all
      .filter(({ path, imports }) => !seen.has(path) && imports.some((to) => level.includes(to)))
      .map(({ path }) => path);
    const wasFound = found.size > 0;
    for (const path of level) if (path.endsWith('.test.ts') && !UNFIT.test(path)) found.add(path);
    if (found.has(own) || wasFound) break;
  }
  return [...found].sort();
}
