/** `npm run release:hashes [-- --check]`: records the hashes of a release, or holds this program against them. */
import { writeFileSync } from 'node:fs';
import process from 'node:process';
import { parseArgs } from 'node:util';
import { reportedExit } from '../closingError.ts';
import { assertRecorded, presetHashes, RELEASE_FILE, recordedHashes } from './hashes.ts';

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { check: { type: 'boolean', default: false } } });
  const hashes = await presetHashes();
  if (values.check) assertRecorded(hashes, recordedHashes());
  else writeFileSync(RELEASE_FILE, `${JSON.stringify(hashes, null, 2)}\n`);
  const what = values.check ? 'as recorded' : `written to ${RELEASE_FILE}`;
  process.stdout.write(
    `${Object.keys(hashes.presets).length} presets ${what}, ${hashes.ticks} ticks each, Node ${process.version}\n`,
  );
}

process.exitCode = await reportedExit(main);
