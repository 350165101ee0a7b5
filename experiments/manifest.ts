/** `manifest.json` of a run directory: what was run, on what, and how it ended. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ResolvedRun } from '../configs/arms.ts';
import { worldSeeds } from '../configs/derive.ts';
import type { EngineName, RunConfig } from '../configs/schema.ts';
import { UsageError } from '../sim/core/errors.ts';
import type { Engine } from '../sim/engine.ts';
import type { LawStatus } from '../sim/frame.ts';
import { TABLES_VERSION } from '../sim/tables.ts';
import { describeHardware, type Hardware, packageVersion, sourceCommit } from './hardware.ts';

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
  };
}

/** Reads a manifest. Throws UsageError when the directory holds none that this version can read. */
export function readManifest(directory: string): Manifest {
  const file = join(directory, 'manifest.json');
  let manifest: Manifest;
  try {
    manifest = JSON.parse(readFileSync(file, 'utf8')) as Manifest;
  } catch (cause) {
    const why =
      (cause as NodeJS.ErrnoException).code === 'ENOENT'
        ? 'has no manifest.json'
        : 'has a broken manifest.json';
    throw new UsageError(`${directory} ${why}`, 'give the directory of a run', { cause });
  }
  if (manifest.manifestVersion !== MANIFEST_VERSION || !Array.isArray(manifest.arms))
    throw new UsageError(
      `${file} has version ${manifest.manifestVersion}, this program reads version ${MANIFEST_VERSION}`,
      'use the version of darwin-market that wrote it',
    );
  // directories from before these were recorded
  return { ...{ resumedAt: [], parent: null, sources: [], device: null }, ...manifest };
}
