/**
 * `npm run api -- [--out DIR]`: the reference of the library as HTML, by TypeDoc, and a check that every export is documented.
 * TypeDoc needs TypeScript 5, which is fetched with it. Exit codes: 0 ok, 1 something is not documented, 2 bad input, 3 no registry.
 */
import { spawnSync } from 'node:child_process';
import { join, resolve } from 'node:path';
import process from 'node:process';
import { PACKAGE_ROOT } from './hardware.ts';
import { fetchPackages } from './onDemand.ts';
import { runScript, scriptOf } from './script.ts';

const PACKAGES = ['typedoc@0.28.20', 'typescript@5.9.3'];
/** Kinds of exports and of their parts that need a comment. */
const DOCUMENTED = ['Class', 'Interface', 'Function', 'Variable', 'TypeAlias', 'Method', 'Accessor'];

const script = scriptOf(
  'api',
  'Writes the reference of the library as HTML, and checks that every export is documented.',
).option('--out <dir>', 'where it is written', join('dist', 'api'));

function main(values: { readonly out: string }): boolean {
  const out = resolve(values.out);
  const tools = fetchPackages({ purpose: 'make the reference of the library', packages: PACKAGES });
  const { status } = spawnSync(
    process.execPath,
    [
      join(tools, 'node_modules', 'typedoc', 'bin', 'typedoc'),
      ...['--entryPoints', 'sim/index.ts', '--tsconfig', 'tsconfig.json', '--out', out],
      ...['--name', 'darwin-market', '--readme', 'experiments/examples/README.md', '--disableSources'],
      ...['--excludePrivate', '--excludeInternal', '--skipErrorChecking', '--logLevel', 'Warn'],
      ...['--validation.notExported', 'false', '--validation.invalidLink', '--validation.notDocumented'],
      ...DOCUMENTED.flatMap((kind) => ['--requiredToBeDocumented', kind]),
      '--treatValidationWarningsAsErrors',
    ],
    { cwd: PACKAGE_ROOT, stdio: ['ignore', 'inherit', 'inherit'] },
  );
  if (status !== 0) return false;
  process.stdout.write(`${join(out, 'index.html')}\n`);
  return true;
}

await runScript(script, main);
