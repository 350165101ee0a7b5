/**
 * Arms: the parameter settings that one run compares. Worlds are arms x replicates, and replicate k has the same seed in
 * every arm, so that arms differ by the parameter and not by luck. Threads read this and not the schema, whose building
 * would take as long as founding a world (layArms.ts lays configs out).
 */
import { worldSeeds } from './allotments.ts';
import { deriveWorld } from './derive.ts';
import type { RunConfig } from './schema.ts';
import type { WorldParameters } from './worldParameters.ts';

/** A validated run: one config per arm, equal outside `world` and `populations`. */
export interface ResolvedRun {
  readonly arms: readonly RunConfig[];
  /** What each arm varies, such as `amm.token=200000`; `base` when there is one arm. */
  readonly armLabels: readonly string[];
}

/** Number of worlds of a run: arms x replicates. */
export const worldCount = (run: ResolvedRun): number => run.arms.length * run.arms[0]!.worlds;

/**
 * The parameters of every world, in order: index = arm x replicates + replicate.
 *
 * @throws ConfigError when a relation between constants does not hold
 */
export function worldParameters(run: ResolvedRun): WorldParameters[] {
  const { seed, worlds } = run.arms[0]!;
  const seeds = worldSeeds(seed, worlds);
  return run.arms.flatMap((config, arm) =>
    Array.from(seeds, (worldSeed, replicate) =>
      deriveWorld(config, { world: arm * worlds + replicate, arm, replicate, seed: worldSeed }),
    ),
  );
}
