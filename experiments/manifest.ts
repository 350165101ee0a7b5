/** `manifest.json` of a run directory: what was run, on what, and how it ended. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { worldSeeds } from '../configs/allotments.ts';
import type { ResolvedRun } from '../configs/arms.ts';
import type { EngineName, RunConfig } from '../configs/schema.ts';
import { inBrief } from '../sim/core/brief.ts';
import { UsageError } from '../sim/core/errors.ts';
import type { Engine } from '../sim/engine.ts';
import type { LawStatus } from '../sim/frame.ts';
import { TABLES_VERSION } from '../sim/tables.ts';
import { extensionsOf } from './extensions.ts';
import { describeHardware, type Hardware, packageVersion, sourceCommit } from './hardware.ts';
import { noDirectory } from './noDirectory.ts';
import { shapeProblem } from './shapeProblem.ts';

export const MANIFEST_VERSION = 1;

/** What was run, on what, and how it ended; the contents of `manifest.json`. */
export interface Manifest {
  readonly manifestVersion: number;
  readonly tablesVersion: number;
  readonly name: string;
  readonly description: string;
  /** failed: an error stopped the run, see `error`; interrupted: the user did. */
  readonly status: 'running' | 'finished' | 'interrupted' | 'failed';
  /** The line of the error that stopped the run. */
  readonly error: string | null;
  /** The config of every arm with all defaults filled in. */
  readonly arms: readonly RunConfig[];
  readonly armLabels: readonly string[];
  /** 32-bit seeds of the replicates; world = arm x replicates + replicate. */
  readonly seeds: readonly number[];
  readonly version: string;
  readonly commit: string | null;
  readonly engine: EngineName;
  /** What the engine ran on; null in directories from before this was recorded. */
  readonly device: string | null;
  readonly threads: number;
  readonly hardware: Hardware;
  readonly startedAt: string;
  readonly finishedAt: string | null;
  /** Ticks completed. */
  readonly ticks: number;
  readonly elapsedSeconds: number | null;
  readonly agentSteps: number;
  readonly agentStepsPerSecond: number | null;
  readonly ticksPerSecond: number | null;
  /** Hash of the state of all worlds at the last tick; null until then. */
  readonly finalHash: string | null;
  readonly laws: readonly LawStatus[];
  /** Ticks at which the run was resumed after an interruption, in order. */
  readonly resumedAt: readonly number[];
  /** Where a branch began; null for a run from genesis. */
  readonly parent: ParentRun | null;
  /** Saved runs that populations come from. */
  readonly sources: readonly FounderSource[];
  /** Code of one's own that the run uses, such as `metric ownShare`; `--extend` loads it. */
  readonly extensions: readonly string[];
  /**
   * Extended public keys (BIP-32) of the agents' wallets, of the first worlds: agents/wallet.ts tells addresses from them.
   * Null where no mnemonic was given. Nothing private is ever in a run directory.
   */
  readonly wallets: readonly string[] | null;
}

/** The state that a branch began with; its own `checkpoints/<tick>` holds it too. */
export interface ParentRun {
  readonly dir: string;
  readonly tick: number;
  /** Hash of the state of all worlds of the branch at that tick. */
  readonly hash: string;
  /** Hash of the parent at that tick; another one where the branch has more arms. */
  readonly parentHash: string;
}

/** What a population with `from` was founded with; `founders/` holds it. */
export interface FounderSource {
  readonly arm: number;
  readonly population: string;
  readonly run: string;
  readonly tick: number;
  /** Hash of the state of all worlds of the source at that tick. */
  readonly hash: string;
  readonly what: 'genomes' | 'agents';
  readonly count: number;
  /** Hash of the founders themselves. */
  readonly foundersHash: string;
}

/** The manifest of a run that begins. */
export function freshManifest(
  run: ResolvedRun,
  { name: engine, device }: Pick<Engine, 'name' | 'device'>,
  threads: number,
  parent: ParentRun | null = null,
  sources: readonly FounderSource[] = [],
): Manifest {
  const { name, description, seed, worlds } = run.arms[0]!;
  return {
    manifestVersion: MANIFEST_VERSION,
    tablesVersion: TABLES_VERSION,
    name,
    description,
    status: 'running',
    error: null,
    arms: run.arms,
    armLabels: run.armLabels,
    seeds: [...worldSeeds(seed, worlds)],
    version: packageVersion(),
    commit: sourceCommit(),
    engine,
    device,
    threads,
    hardware: describeHardware(),
    startedAt: new Date().toISOString(),
    finishedAt: null,
    ticks: 0,
    elapsedSeconds: null,
    agentSteps: 0,
    agentStepsPerSecond: null,
    ticksPerSecond: null,
    finalHash: null,
    laws: [],
    resumedAt: [],
    parent,
    sources,
    extensions: extensionsOf(run.arms),
    wallets: null,
  };
}

/** What every reader relies on; a config as a whole is proved where it is run again (starts.ts). */
const count = z.number().int().min(0);
const text = z.string();
const arm = z.looseObject({
  name: text,
  seed: text,
  ticks: count.min(1),
  worlds: count.min(1),
  slots: count.min(1),
  populations: z.array(z.looseObject({ name: text, kind: text })).min(1),
  output: z.looseObject({ metricsEvery: count.min(1) }),
  world: z.looseObject({}),
  extensions: z.looseObject({ metrics: z.array(text).optional() }).optional(),
  interventions: z.array(z.looseObject({ tick: count, path: text, value: z.number() })).optional(),
});
const law = z.looseObject({ name: text, checks: count });
const origin = z.looseObject({ dir: text, tick: count, hash: text, parentHash: text });
const shape = z.looseObject({
  name: text,
  description: text,
  status: z.enum(['running', 'finished', 'interrupted', 'failed']),
  error: text.nullable(),
  arms: z.array(arm).min(1),
  armLabels: z.array(text),
  seeds: z.array(count),
  version: text,
  engine: text,
  device: text.nullable(),
  threads: count,
  startedAt: text,
  ticks: count,
  elapsedSeconds: z.number().nullable(),
  agentSteps: z.number(),
  agentStepsPerSecond: z.number().nullable(),
  ticksPerSecond: z.number().nullable(),
  finalHash: text.nullable(),
  laws: z.array(law),
  resumedAt: z.array(count),
  parent: origin.nullable(),
  sources: z.array(z.looseObject({ arm: count, foundersHash: text.regex(/^[0-9a-f]+$/) })),
  wallets: z.array(text).nullable(),
});

/** Reads a manifest. Throws UsageError when the directory holds none that this version can read. */
export function readManifest(directory: string): Manifest {
  const file = join(directory, 'manifest.json');
  const hint = 'give the directory of a run';
  let found: unknown;
  try {
    found = JSON.parse(readFileSync(file, 'utf8'));
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') throw noDirectory(directory, 'manifest.json', 'run', cause);
    if (code !== undefined)
      throw new UsageError(`cannot read ${file}: ${(cause as Error).message}`, hint, { cause });
    throw new UsageError(`${directory} has a broken manifest.json`, hint, { cause });
  }
  if (typeof found !== 'object' || found === null || Array.isArray(found))
    throw new UsageError(`${directory} has a broken manifest.json`, hint);
  const { manifestVersion } = found as Partial<Manifest>;
  if (manifestVersion !== MANIFEST_VERSION)
    throw new UsageError(
      `${file} has version ${inBrief(manifestVersion)}, this program reads version ${MANIFEST_VERSION}`,
      'use the version of darwin-market that wrote it',
    );
  // directories from before these were recorded
  const whole = {
    ...{ resumedAt: [], parent: null, sources: [], extensions: [], device: null, wallets: null },
    ...found,
  };
  const problem = shapeProblem(shape, whole);
  if (problem !== null)
    throw new UsageError(
      `${file} is damaged: ${problem}`,
      'the tables beside it are still readable by any SQL engine',
    );
  return whole as unknown as Manifest;
}
