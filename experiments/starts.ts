/** The three ways in which `darwin run` starts: at genesis, where an interrupted run stopped, as a branch of a saved run. */
import { isDeepStrictEqual } from 'node:util';
import type { ResolvedRun } from '../configs/arms.ts';
import type { Override } from '../configs/overrides.ts';
import { resolveConfig } from '../configs/parse.ts';
import type { RunConfig } from '../configs/schema.ts';
import { ConfigError, UsageError } from '../sim/core/errors.ts';
import { checkpointTicks, openNewest, openPlace, parsePlace, type SavedState } from './checkpoints.ts';
import { untilNotWritten } from './directoryLock.ts';
import { assertExtensionsHere } from './extensions.ts';
import { keptFounders, type LoadedFounders, loadFounders } from './founders.ts';
import { type Manifest, readManifest } from './manifest.ts';
import { readSeries } from './recordedSeries.ts';
import { note } from './terminal.ts';

/** Everything that a run needs to know before its worlds are made. */
export interface Start {
  readonly run: ResolvedRun;
  readonly founders: LoadedFounders;
  /** State to go on from; null = genesis. */
  readonly state: SavedState | null;
  /** World of the state that a world goes on from. */
  readonly savedWorld: (world: number) => number;
  /** The run that is resumed: its directory and manifest. */
  readonly resumed: { readonly directory: string; readonly manifest: Manifest } | null;
  /** The run that is branched. */
  readonly parent: { readonly directory: string } | null;
}

const same = (world: number): number => world;
const passedOver = (problem: string): void => note(`${problem}; the checkpoint before it is used`);

/** A run from genesis. Throws for founders that cannot be read. */
export async function startFresh(resolved: ResolvedRun): Promise<Start> {
  const run = await readSeries(resolved);
  const founders = await loadFounders(run);
  return { run, founders, state: null, savedWorld: same, resumed: null, parent: null };
}

/** The configs of a manifest with its engine and some values changed, every arm for itself. Throws ConfigError. */
export function armsOf(
  { arms, armLabels, engine }: Manifest,
  directory: string,
  overrides: readonly Override[],
): ResolvedRun {
  assertExtensionsHere(arms, directory);
  const file = `${directory}/manifest.json`;
  const resolved = arms.map((arm) => resolveConfig({ ...arm, engine }, { file, overrides }));
  if (resolved.length === 1)
    return resolved[0]!.arms.length === 1 ? { arms: resolved[0]!.arms, armLabels } : resolved[0]!;
  for (const { arms: more } of resolved)
    if (more.length > 1)
      throw new ConfigError(
        file,
        `${directory} has ${arms.length} arms already, a list would make arms of them`,
        'give one value, or branch a run of one arm',
      );
  return { arms: resolved.map((one) => one.arms[0]!), armLabels };
}

/**
 * The run of a directory, from its newest whole checkpoint on; from genesis where it has none.
 *
 * @param overrides of ticks, threads and the checkpoint schedule
 * @throws UsageError when it is finished or another process writes to it, CheckpointError when no checkpoint is whole
 */
export async function startResumed(directory: string, overrides: readonly Override[]): Promise<Start> {
  const manifest = readManifest(directory);
  await untilNotWritten(directory);
  const run = armsOf(manifest, directory, overrides);
  const { ticks } = run.arms[0]!;
  const newest = checkpointTicks(directory).at(-1) ?? 0;
  const isWhole = manifest.status === 'finished' || manifest.status === 'interrupted';
  if (newest > ticks || (isWhole && manifest.ticks >= ticks))
    throw new UsageError(
      `${directory} is finished: it ran to tick ${Math.max(newest, manifest.ticks)}`,
      '--ticks N lets it go on',
    );
  // one of the last tick lacks the figures of the last interval, which a run that was stopped there still owes
  const state = await openNewest(directory, passedOver, { withRows: true, before: ticks });
  const tick = state?.index.tick ?? 0;
  assertToCome(overrides, tick, `${directory} goes on`);
  if (state === null && manifest.parent !== null)
    throw new UsageError(`${directory} has lost the checkpoint that it began with`, 'branch again');
  if (state === null) note(`${directory} has no checkpoint: the run begins again`);
  const founders = keptFounders(directory, manifest);
  return { run, founders, state, savedWorld: same, resumed: { directory, manifest }, parent: null };
}

/**
 * A branch: the worlds of a saved run at a tick, with the same luck and parameters changed. A run of one arm may
 * branch into several.
 *
 * @param text `DIR@tick`, or `DIR` for its newest checkpoint
 * @throws UsageError, CheckpointError where it cannot be read, ConfigError for a change that a branch cannot make
 */
export async function startBranch(text: string, overrides: readonly Override[]): Promise<Start> {
  const place = parsePlace(text);
  const { directory } = place;
  const manifest = readManifest(directory);
  const run = armsOf(manifest, directory, overrides);
  run.arms.forEach((arm, k) => {
    assertBranchable(manifest.arms[manifest.arms.length === 1 ? 0 : k]!, arm, text);
  });
  const state = await openPlace(place, passedOver);
  const { tick } = state.index;
  if (run.arms[0]!.ticks <= tick)
    throw new ConfigError(
      `--from ${text}`,
      `the run ends at tick ${run.arms[0]!.ticks}, the branch begins at ${tick}`,
      '--ticks N lets it go on',
    );
  assertToCome(overrides, tick, 'the branch begins');
  assertNotOverridden(overrides, run, tick);
  const kept = keptFounders(directory, manifest);
  const { worlds } = run.arms[0]!;
  const spread = manifest.arms.length === 1 && run.arms.length > 1;
  const founders: LoadedFounders = spread
    ? {
        founders: run.arms.map(() => kept.founders[0]!),
        sources: run.arms.flatMap((_, arm) => kept.sources.map((source) => ({ ...source, arm }))),
      }
    : kept;
  return {
    run,
    founders,
    state,
    savedWorld: spread ? (world) => world % worlds : same,
    resumed: null,
    parent: { directory },
  };
}

/** Interventions that options add must lie ahead: what a state has been through cannot be changed. */
function assertToCome(overrides: readonly Override[], tick: number, begins: string): void {
  for (const { origin, path, value } of overrides)
    if (path === 'interventions[]' && (value as { tick: number }).tick < tick)
      throw new ConfigError(
        origin,
        `${begins} at tick ${tick}, which is later`,
        `give a tick from ${tick} on`,
      );
}

/** A value that an earlier intervention has replaced would be set without effect. */
function assertNotOverridden(overrides: readonly Override[], { arms }: ResolvedRun, tick: number): void {
  for (const { origin, path } of overrides)
    for (const earlier of arms.flatMap(({ interventions = [] }) => interventions))
      if (earlier.path === path && earlier.tick < tick)
        throw new ConfigError(
          origin,
          `an intervention changed it at tick ${earlier.tick}, before the branch begins at ${tick}`,
          `--intervene ${tick}:${path}=VALUE changes it from there on`,
        );
}

/** What a branch takes over from its parent's state and cannot change. */
const FIXED = ['seed', 'worlds', 'slots'] as const;
const FIXED_POPULATION = ['kind', 'learner', 'reward', 'rewardHidden', 'from'] as const;
const FIXED_AMM = ['enabled', 'token', 'cash'] as const;

function assertBranchable(parent: RunConfig, branch: RunConfig, text: string): void {
  const compare = (path: string, before: unknown, after: unknown): void => {
    if (isDeepStrictEqual(before, after)) return;
    throw new ConfigError(
      `--from ${text}`,
      `\`${path}\` was ${JSON.stringify(before)} and cannot become ${JSON.stringify(after)}: the saved state holds it`,
      'a branch changes how worlds go on, not what they are; run a config for that',
    );
  };
  for (const key of FIXED) compare(key, parent[key], branch[key]);
  compare('populations.length', parent.populations.length, branch.populations.length);
  parent.populations.forEach((population, k) => {
    for (const key of FIXED_POPULATION)
      compare(`populations[${k}].${key}`, population[key], branch.populations[k]![key]);
  });
  for (const key of FIXED_AMM) compare(`world.amm.${key}`, parent.world.amm[key], branch.world.amm[key]);
  compare('world.environment', parent.world.environment, branch.world.environment);
}
