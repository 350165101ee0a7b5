/**
 * Compiles the program of the working directory to dist/ and removes the modules that an earlier build left there:
 * a renamed module would live on in the package. They go last, so that a program which runs from dist meanwhile
 * keeps its files; dist/viz/client and dist/site belong to the bundler of the page.
 */
import { spawnSync } from 'node:child_process';
import { readdirSync, rmdirSync, rmSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

const DIST = resolve('dist');
const BUNDLED = [join(DIST, 'viz', 'client'), join(DIST, 'site')];
const EMITTED = 'TSFILE: ';

/** Removes what is not in `built`; returns whether the directory is left empty. */
function prune(directory, built) {
  let left = 0;
  for (const entry of readdirSync(directory, { withFileTypes: true })) {
    const path = join(directory, entry.name);
    if (BUNDLED.includes(path)) left++;
    else if (entry.isDirectory()) {
      if (prune(path, built)) rmdirSync(path);
      else left++;
    } else if (built.has(path)) left++;
    else rmSync(path, { force: true });
  }
  return left === 0;
}

const compiler = join(dirname(fileURLToPath(import.meta.resolve('typescript/package.json'))), 'bin', 'tsc');
const { status, stdout } = spawnSync(
  process.execPath,
  [compiler, '-p', 'tsconfig.build.json', '--listEmittedFiles', '--pretty', 'false'],
  { encoding: 'utf8', maxBuffer: 2 ** 28, stdio: ['ignore', 'pipe', 'inherit'] },
);
const built = new Set();
for (const line of stdout.split(/\r?\n/)) {
  if (line.startsWith(EMITTED)) built.add(resolve(line.slice(EMITTED.length)));
  else if (line !== '') process.stdout.write(`${line}\n`);
}
// without a list of what was built everything would look stale
if (status === 0 && built.size > 0) prune(DIST, built);
process.exitCode = status ?? 1;
