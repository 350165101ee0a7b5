/**
 * `npm run screenshots`: runs the quickstart with its seed and takes README's pictures of it, in light and dark.
 * `-- --run DIR` takes them of a run that is there, `-- --out DIR` writes them elsewhere.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { EXIT } from '../../sim/core/errors.ts';
import { PACKAGE_ROOT } from '../hardware.ts';
import { runScript, scriptOf } from '../script.ts';
import { takePictures } from './pictures.ts';

const FOLDER = join(PACKAGE_ROOT, 'viz', 'screenshots');
const CLI = join(PACKAGE_ROOT, 'dist', 'experiments', 'cli.js');

/** Runs the quickstart into a directory; the exit code of the run. */
const runQuickstart = (directory: string): number =>
  spawnSync(process.execPath, [CLI, 'run', 'quickstart', '--out', directory], { stdio: 'inherit' }).status ??
  EXIT.environment;

interface Options {
  readonly run?: string;
  readonly out: string;
}
const script = scriptOf('screenshots', "Runs the quickstart with its seed and takes README's pictures of it.")
  .option('--run <dir>', 'a run that is there instead')
  .option('--out <dir>', 'where pictures are written', FOLDER);

async function main(values: Options): Promise<number> {
  const work = mkdtempSync(join(tmpdir(), 'darwin-screenshots-'));
  try {
    const run = values.run ?? join(work, 'quickstart');
    const code = values.run === undefined ? runQuickstart(run) : EXIT.ok;
    if (code !== EXIT.ok) return code;
    for (const file of await takePictures(run, values.out))
      process.stdout.write(`${file} ${Math.round(statSync(file).size / 1000)} kB\n`);
    return EXIT.ok;
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

await runScript(script, main);
