/** What a page is told of a run first, live or recorded. */
import { REWARD_FEATURES } from '../agents/columns.ts';
import { METRICS, POPULATION_METRICS } from '../sim/metrics/table.ts';
import { type Hello, PROTOCOL_VERSION, type RunHeader } from './protocol.ts';

/** Worlds whose frames are sent; a page cannot tell more lines apart. */
export const WATCHED_WORLDS_MAX = 64;

/** Worlds of each arm whose frames are sent. */
export const replicatesWatched = (arms: number): number =>
  Math.max(1, Math.floor(WATCHED_WORLDS_MAX / Math.max(1, arms)));

/** The hello of a run. */
export const helloOf = (run: RunHeader): Hello => ({
  type: 'hello',
  version: PROTOCOL_VERSION,
  run,
  watchedWorlds: Math.min(
    WATCHED_WORLDS_MAX,
    run.arms.length * Math.min(run.worlds, replicatesWatched(run.arms.length)),
  ),
  metrics: METRICS,
  populationMetrics: POPULATION_METRICS,
  rewardFeatures: REWARD_FEATURES,
});
