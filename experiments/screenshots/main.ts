/**
 * `npm run screenshots`: runs the quickstart with its seed and takes README's pictures of it, in light and dark.
 * `-- --run DIR` takes them of a run that is there, `-- --out DIR` writes them elsewhere.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { parseArgs } from 'node:util';
import { DarwinError, EXIT } from '../../sim/core/errors.ts';
import { PACKAGE_ROOT } from '../hardware.ts';
import { takePictures } from './pictures.ts';

const FOLDER = join(PACKAGE_ROOT, 'viz', 'screenshots');
const CLI = join(PACKAGE_ROOT, 'dist', 'experiments', 'cli.js');

/** Runs the quickstart into a directory; the exit code of the run. */
const runQuickstart = (directory: string): number =>
  spawnSync(process.execPath, [CLI, 'run', 'quickstart', '--out', directory], { stdio: 'inherit' }).status ??
  EXIT.environment;

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { run: { type: 'string' }, out: { type: 'string' } } });
  const work = mkdtempSync(join(tmpdir(), 'darwin-screenshots-'));
  try {
    const run = values.run ?? join(work, 'quickstart');
    const code = values.run === undefined ? runQuickstart(run) : EXIT.ok;
    if (code !== EXIT.ok) {
      process.exitCode = code;
      return;
    }
    for (const file of await takePictures(run, values.out ?? FOLDER))
      process.stdout.write(`${file} ${Math.round(statSync(file).size / 1000)} kB\n`);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

main().catch((error: unknown) => {
  const isInput = (error as { code?: string }).code?.startsWith('ERR_PARSE_ARGS') === true;
  if (!isInput && !(error instanceof DarwinError)) throw error;
  process.stderr.write(`error: ${error instanceof DarwinError ? error.line : (error as Error).message}\n`);
  process.exitCode = error instanceof DarwinError ? error.exitCode : EXIT.badInput;
});
