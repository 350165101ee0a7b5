/**
 * Hashes of every preset after its first ticks, as `configs/release.golden.json` records them for a release: any machine
 * and any Node version from 20 on must come to the same.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { MismatchError } from '../../sim/core/errors.ts';
import { createSimulation } from '../../sim/run.ts';
import { PACKAGE_ROOT, packageVersion } from '../hardware.ts';
import { loadConfig, presetNames } from '../loadConfig.ts';
import { startFresh } from '../starts.ts';

/** Ticks after which presets are hashed: enough for births, deaths and interest, and few enough for every test run. */
const RELEASE_TICKS = 100;
/** Where hashes are recorded. */
export const RELEASE_FILE = join(PACKAGE_ROOT, 'configs', 'release.golden.json');

export interface ReleaseHashes {
  readonly version: string;
  readonly ticks: number;
  /** Hash of the state of all worlds on the cpu engine, by preset. */
  readonly presets: Readonly<Record<string, string>>;
}

/** The hash of a preset after RELEASE_TICKS on the cpu engine, all worlds in this thread. */
export async function presetHash(preset: string): Promise<string> {
  const file = join(PACKAGE_ROOT, 'configs', `${preset}.yaml`);
  const { run, founders } = await startFresh(loadConfig(file, { ticks: String(RELEASE_TICKS) }));
  const simulation = createSimulation(run, { founders: founders.founders });
  try {
    await simulation.advance(RELEASE_TICKS);
    return await simulation.finalHash();
  } finally {
    await simulation.close();
  }
}

/** Hashes of all presets of this version. */
export async function presetHashes(): Promise<ReleaseHashes> {
  const presets: Record<string, string> = {};
  for (const preset of presetNames().sort()) presets[preset] = await presetHash(preset);
  return { version: packageVersion(), ticks: RELEASE_TICKS, presets };
}

/** What was recorded for the release. */
export const recordedHashes = (): ReleaseHashes =>
  JSON.parse(readFileSync(RELEASE_FILE, 'utf8')) as ReleaseHashes;

/** Throws MismatchError naming the first preset whose hash is not the recorded one. */
export function assertRecorded(found: ReleaseHashes, recorded: ReleaseHashes): void {
  for (const preset of new Set([...Object.keys(recorded.presets), ...Object.keys(found.presets)])) {
    const [was, is] = [recorded.presets[preset] ?? 'none', found.presets[preset] ?? 'none'];
    if (was !== is)
      throw new MismatchError(
        `${preset}: hash ${is} after ${found.ticks} ticks, recorded for version ${recorded.version} is ${was}`,
        'the model changed: npm run release:hashes records anew',
      );
  }
}
