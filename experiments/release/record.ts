/** `npm run release:hashes [-- --check]`: records the hashes of a release, or holds this program against them. */
import { writeFileSync } from 'node:fs';
import process from 'node:process';
import { runScript, scriptOf } from '../script.ts';
import { assertRecorded, presetHashes, RELEASE_FILE, recordedHashes } from './hashes.ts';

const script = scriptOf('release:hashes', 'Records the hashes of every preset for a release.').option(
  '--check',
  'hold this program against those that are recorded',
);

async function main({ check }: { readonly check?: boolean }): Promise<void> {
  const hashes = await presetHashes();
  if (check) assertRecorded(hashes, recordedHashes());
  else writeFileSync(RELEASE_FILE, `${JSON.stringify(hashes, null, 2)}\n`);
  const what = check ? 'as recorded' : `written to ${RELEASE_FILE}`;
  process.stdout.write(
    `${Object.keys(hashes.presets).length} presets ${what}, ${hashes.ticks} ticks each, Node ${process.version}\n`,
  );
}

await runScript(script, main);
