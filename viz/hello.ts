/** What a page is told of a run first, live or recorded. */
import { REWARD_FEATURES } from '../agents/columns.ts';
import { type ResolvedRun, worldParameters } from '../configs/arms.ts';
import { registeredNames } from '../configs/registry.ts';
import { fromMilli } from '../sim/core/units.ts';
import { ownMetric } from '../sim/metrics/ownMetrics.ts';
import { METRICS, type Metric, POPULATION_METRICS } from '../sim/metrics/table.ts';
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
  metrics: [...METRICS, ...run.ownMetrics],
  populationMetrics: POPULATION_METRICS,
  rewardFeatures: REWARD_FEATURES,
});

/** A metric of a run's own; a recorded run may be shown where nobody has registered it. */
const own = (name: string): Metric =>
  registeredNames().metrics.includes(name)
    ? ownMetric(name)
    : { name, unit: '', about: 'A metric of its own, recorded by this run.' };

/** What a page is told of a run, from its config. */
export function headerOf(run: ResolvedRun): RunHeader {
  const { name, description, ticks, worlds, slots, output, populations, extensions } = run.arms[0]!;
  const byArm = worldParameters({ ...run, arms: run.arms.map((arm) => ({ ...arm, worlds: 1 })) });
  return {
    name,
    description,
    ticks,
    worlds,
    slots,
    metricsEvery: output.metricsEvery,
    arms: run.armLabels.map((label, arm) => ({
      label,
      computePrices: Array.from(byArm[arm]!.computeMarket.priceTable, fromMilli),
    })),
    populations: populations.map(({ name, kind, evolves }) => ({ name, kind, evolves })),
    ownMetrics: (extensions?.metrics ?? []).map(own),
  };
}
