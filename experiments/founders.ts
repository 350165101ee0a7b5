/**
 * `populations[].from`: reads the founders of populations out of saved runs, and keeps them in the run directory
 * (`founders/<hash>.bin`), so that it can be resumed and verified without the runs that they came from.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { deflateSync, inflateSync } from 'node:zlib';
import type { Founders } from '../agents/columns.ts';
import { FOUNDERS_MAX, type FoundersByArm } from '../agents/founders.ts';
import { LEARNER } from '../agents/populations.ts';
import { isUnrewarded } from '../agents/rewardGenome.ts';
import type { ResolvedRun } from '../configs/arms.ts';
import type { PopulationConfig } from '../configs/schema.ts';
import { pieceCount } from '../sim/checkpoint.ts';
import { CheckpointError, ConfigError } from '../sim/core/errors.ts';
import { decodeFounders, encodeFounders, foundersHash, poolFounders, readFounders } from '../sim/founders.ts';
import { openPlace } from './checkpoints.ts';
import { replace } from './disk.ts';
import { makeDirectory } from './makeDirectory.ts';
import { type FounderSource, type Manifest, readManifest } from './manifest.ts';
import { note } from './terminal.ts';

const FOLDER = 'founders';
/** Of a file of founders, inflated: FOUNDERS_MAX of them with all that they have learned fit. */
const FOUNDERS_BYTES_MAX = 2 ** 31 - 1;

/** Founders and where they came from. */
export interface LoadedFounders {
  readonly founders: FoundersByArm;
  readonly sources: readonly FounderSource[];
}

/**
 * Reads the founders of every population with `from`.
 *
 * @throws UsageError or CheckpointError where a saved run cannot be read, ConfigError where its population does not fit
 */
export async function loadFounders(run: ResolvedRun): Promise<LoadedFounders> {
  const known = new Map<string, Promise<Source>>();
  const sources: FounderSource[] = [];
  const founders: (Founders | null)[][] = [];
  for (const [arm, { populations }] of run.arms.entries()) {
    const row: (Founders | null)[] = [];
    for (const [k, population] of populations.entries()) {
      if (population.from === undefined) {
        row.push(null);
        continue;
      }
      const place = `populations[${k}].from`;
      const key = JSON.stringify([population.from, population.name, population.rewardHidden]);
      const source = known.get(key) ?? readSource(population, place);
      known.set(key, source);
      const { pool, ...about } = await source;
      row.push(pool);
      sources.push({ arm, population: population.name, ...about });
    }
    founders.push(row);
  }
  return { founders, sources };
}

type Source = Omit<FounderSource, 'arm' | 'population'> & { readonly pool: Founders };

async function readSource(population: PopulationConfig, place: string): Promise<Source> {
  const { run, tick, what, arm } = population.from!;
  const refuse = (problem: string, hint = ''): never => {
    throw new ConfigError(place, problem, hint);
  };
  if (population.kind !== LEARNER)
    refuse(`\`kind\` is \`${population.kind}\``, 'only learners have genes and brains to start from');
  if (isUnrewarded(population))
    refuse(`\`reward\` is \`${population.reward}\``, 'a population without reward genes has none to take');
  const manifest = readManifest(run);
  const config = manifest.arms[arm];
  if (config === undefined)
    return refuse(`${run} has no arm ${arm}`, `it has ${manifest.arms.length}, counted from 0`);
  const index = indexOfSource(config.populations, population, run, refuse);
  const saved = config.populations[index]!;
  if (saved.kind !== LEARNER) refuse(`'${saved.name}' of ${run} does not learn: its kind is ${saved.kind}`);
  if (isUnrewarded(saved)) refuse(`'${saved.name}' of ${run} has no reward genes: ${saved.reward}`);
  if (saved.rewardHidden !== population.rewardHidden)
    refuse(`\`rewardHidden\` is ${saved.rewardHidden} in ${run}`, 'set it to the same here');

  const state = await openPlace({ directory: run, tick: tick ?? null }, (problem) =>
    note(`${problem}; the checkpoint before it is used`),
  );
  const pools: Founders[] = [];
  for (let replicate = 0; replicate < config.worlds; replicate++) {
    const world = arm * config.worlds + replicate;
    const minds = what === 'agents';
    const pieces = [await state.read(world)];
    for (let piece = 1; minds && piece < pieceCount(manifest.arms[0]!.slots); piece++)
      pieces.push(await state.read(world, piece));
    pools.push(readFounders(pieces, index, minds, state.folder));
  }
  const pool = poolFounders(pools, what === 'agents');
  if (pool.count === 0) refuse(`'${saved.name}' was extinct at tick ${state.index.tick} of ${run}`);
  if (pool.count > FOUNDERS_MAX)
    refuse(`${run} holds ${pool.count} founders, at most ${FOUNDERS_MAX} can be drawn from`);
  return {
    pool,
    run,
    tick: state.index.tick,
    hash: state.index.hash,
    what,
    count: pool.count,
    foundersHash: foundersHash(pool),
  };
}

/** Index of the saved population that a population comes from. */
function indexOfSource(
  saved: readonly PopulationConfig[],
  { from, name }: PopulationConfig,
  run: string,
  refuse: (problem: string, hint?: string) => never,
): number {
  const wanted = saved.findIndex((entry) => entry.name === (from!.population ?? name));
  if (wanted >= 0) return wanted;
  const names = saved.map((entry) => entry.name).join(', ');
  if (from!.population !== undefined)
    refuse(`${run} has no population \`${from!.population}\``, `it has ${names}`);
  const learners = saved.flatMap(({ kind }, k) => (kind === LEARNER ? [k] : []));
  if (learners.length !== 1)
    refuse(`${run} has no population \`${name}\``, `name one with from.population: ${names}`);
  return learners[0]!;
}

const fileOf = (directory: string, hash: string): string => join(directory, FOLDER, `${hash}.bin`);

/** Keeps founders in a run directory. */
export function keepFounders(directory: string, { founders, sources }: LoadedFounders): void {
  if (sources.length === 0) return;
  makeDirectory(join(directory, FOLDER));
  for (const pool of new Set(founders.flat())) {
    if (pool === null) continue;
    const file = fileOf(directory, foundersHash(pool));
    if (existsSync(file)) continue;
    replace(file, deflateSync(encodeFounders(pool), { level: 1 }));
  }
}

/** The founders that a run directory keeps. Throws CheckpointError when they are missing or damaged. */
export function keptFounders(directory: string, { arms, sources }: Manifest): LoadedFounders {
  const known = new Map<string, Founders>();
  const read = (hash: string): Founders => {
    const file = fileOf(directory, hash);
    let founders: Founders;
    try {
      founders =
        known.get(hash) ??
        decodeFounders(
          new Uint8Array(inflateSync(readFileSync(file), { maxOutputLength: FOUNDERS_BYTES_MAX })),
          file,
        );
    } catch (cause) {
      if (cause instanceof CheckpointError) throw cause;
      throw new CheckpointError(`${file}: cannot be read`, 'run the config again', { cause });
    }
    if (foundersHash(founders) !== hash)
      throw new CheckpointError(`${file}: is not what its name says`, 'run the config again');
    known.set(hash, founders);
    return founders;
  };
  const founders = arms.map(({ populations }, arm) =>
    populations.map(({ name }) => {
      const source = sources.find((entry) => entry.arm === arm && entry.population === name);
      return source === undefined ? null : read(source.foundersHash);
    }),
  );
  return { founders, sources };
}
