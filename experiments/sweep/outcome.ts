/** Outcomes: one number of one world, from the samples that its cell kept. */
import { closest } from 'fastest-levenshtein';
import { REWARD_FEATURES } from '../../agents/columns.ts';
import { isNear } from '../../configs/suggestions.ts';
import { isOwnMetric } from '../../sim/metrics/ownMetrics.ts';
import {
  METRICS,
  type MetricName,
  POPULATION_METRICS,
  type PopulationMetricName,
} from '../../sim/metrics/table.ts';
import type { CellResult } from './cell.ts';
import { COMMON_GARDEN, type OutcomeSpec, type WINDOWS } from './experimentSchema.ts';
import type { StageRecord } from './stage.ts';

const MEMBER_METRICS: readonly string[] = POPULATION_METRICS.map(({ name }) => name);
const WORLD_METRICS: readonly string[] = METRICS.map(({ name }) => name);
/** Made of a whole run, with their units. */
const DERIVED = {
  sellerHhi: '1',
  topSellerShare: '1',
  marketShare: '1',
  slotShare: '1',
  medianLife: 'ticks',
  insolventShare: '1',
  geneShift: '1',
} as const;
const OF_POPULATIONS: readonly string[] = ['marketShare', 'slotShare', 'medianLife', 'insolventShare'];
const TICK = 'tick';

type Refuse = (key: string, problem: string, hint: string) => never;

/** Metrics that exist both for worlds and for populations are a population's where one is named. */
export const isOfPopulations = ({ metric }: Pick<OutcomeSpec, 'metric'>): boolean =>
  OF_POPULATIONS.includes(metric) || (MEMBER_METRICS.includes(metric) && !WORLD_METRICS.includes(metric));

/** Refuses an outcome that cannot be measured. */
export function assertOutcome(outcome: OutcomeSpec, stages: readonly string[], refuse: Refuse): void {
  const known = [...WORLD_METRICS, ...MEMBER_METRICS, ...Object.keys(DERIVED)];
  const exists = (key: 'metric' | 'per', metric: string, names: readonly string[]): void => {
    // whether arms record it, their configs say
    if (names.includes(metric) || isOwnMetric(metric)) return;
    const nearest = closest(metric, [...names]);
    refuse(
      key,
      `there is no metric \`${metric}\``,
      isNear(metric, nearest) ? `did you mean \`${nearest}\`?` : 'see columns.json of any run',
    );
  };
  exists('metric', outcome.metric, known);
  if (outcome.per !== undefined) exists('per', outcome.per, [...WORLD_METRICS, ...MEMBER_METRICS, TICK]);
  if (!stages.includes(outcome.stage))
    refuse('stage', `the experiment has no stage \`${outcome.stage}\``, `stages: ${stages.join(', ')}`);
  if (outcome.metric !== 'geneShift') return;
  if (!(REWARD_FEATURES as readonly string[]).includes(outcome.gene ?? ''))
    refuse('gene', `\`gene\` is ${outcome.gene ?? 'missing'}`, `one of ${REWARD_FEATURES.join(', ')}`);
}

/** Metrics of one's own that an outcome is made of. */
export const ownMetricsOf = ({ metric, per }: OutcomeSpec): string[] =>
  [metric, per ?? ''].filter((name) => isOwnMetric(name));

/** Unit of an outcome, for tables and axes. */
export function unitOf({ unit, metric, per }: OutcomeSpec): string {
  if (unit !== '') return unit;
  const own = (name: string): string =>
    [...POPULATION_METRICS, ...METRICS].find((one) => one.name === name)?.unit ??
    (DERIVED as Readonly<Record<string, string>>)[name] ??
    '';
  if (per === undefined) return own(metric);
  const counted = own(metric).replace(/ per interval$/, '');
  return per === TICK ? `${counted} per tick` : `${counted} / ${own(per).replace(/ per interval$/, '')}`;
}

/** What a number is, with its unit where it has one: a share of 1 says nothing. */
export const inUnit = (what: string, unit: string): string =>
  unit === '' || unit === '1' ? what : `${what}, ${unit}`;

/** First sample of a window. */
function firstOf(window: (typeof WINDOWS)[number], samples: number): number {
  switch (window) {
    case 'whole':
      return 0;
    case 'secondHalf':
      return Math.floor(samples / 2);
    case 'lastFifth':
      return Math.floor((samples * 4) / 5);
    default:
      return samples - 1;
  }
}

const finite = (values: readonly number[]): number[] => values.filter(Number.isFinite);
const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

/**
 * A metric over time, as an outcome means it; what a whole run has only once is repeated. NaN where a sample has none.
 *
 * @param population index, -1 = the world
 */
export function seriesOf(
  stage: StageRecord,
  metric: string,
  population: number,
  gene?: string,
): readonly number[] {
  const repeated = (value: number | undefined): number[] => stage.ticks.map(() => value ?? Number.NaN);
  switch (metric) {
    case 'sellerHhi':
      return stage.sellers.hhi;
    case 'topSellerShare':
      return stage.sellers.top;
    case 'marketShare':
      return stage.sellers.share[population] ?? repeated(Number.NaN);
    case 'slotShare':
      return (stage.members[population]?.alive ?? repeated(Number.NaN)).map((alive) => alive / stage.slots);
    case 'medianLife':
      return repeated(stage.lives[population]?.medianLife);
    case 'insolventShare':
      return repeated(stage.lives[population]?.insolvent);
    case 'geneShift': {
      const feature = (REWARD_FEATURES as readonly string[]).indexOf(gene ?? '');
      const { mean: genes, shadow } = stage.genes;
      return repeated((genes.at(-1)?.[feature] ?? Number.NaN) - (shadow.at(-1)?.[feature] ?? Number.NaN));
    }
    default: {
      const members = stage.members[population];
      if (members !== undefined && MEMBER_METRICS.includes(metric))
        return members[metric as PopulationMetricName] ?? repeated(Number.NaN);
      return stage.metrics[metric as MetricName] ?? repeated(Number.NaN);
    }
  }
}

/** A garden as texts call it. */
export const gardenText = (stage: string): string =>
  stage === COMMON_GARDEN ? 'garden' : `garden '${stage}'`;

/** The stage that an outcome looks at; null where nobody was left to found it. */
export const stageOf = (
  { run, gardens }: CellResult,
  { stage }: Pick<OutcomeSpec, 'stage'>,
): StageRecord | null => (stage === 'run' ? run : (gardens[stage] ?? null));

/**
 * The outcome of a world; NaN where nothing of it was seen, as the profit of a population that had died out.
 *
 * @param population whose, by default that of the outcome
 */
export function outcomeOf(result: CellResult, outcome: OutcomeSpec, population = outcome.population): number {
  const stage = stageOf(result, outcome);
  if (stage === null) return Number.NaN;
  const index = population === undefined ? -1 : stage.populations.indexOf(population);
  if (population !== undefined && index < 0) return Number.NaN;
  const from = firstOf(outcome.window, stage.ticks.length);
  const values = seriesOf(stage, outcome.metric, index, outcome.gene).slice(from);
  if (outcome.per === undefined) return mean(finite(values));
  if (outcome.per === TICK) return mean(finite(values)) / stage.interval;
  const divisors = seriesOf(stage, outcome.per, index).slice(from);
  const both = values.flatMap((value, k) =>
    Number.isFinite(value) && Number.isFinite(divisors[k]) ? [[value, divisors[k]!] as const] : [],
  );
  return both.reduce((sum, [value]) => sum + value, 0) / both.reduce((sum, [, divisor]) => sum + divisor, 0);
}
