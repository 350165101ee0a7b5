/**
 * Engines that run freely part after one action that falls otherwise; what their worlds show on average must not. Figures
 * are named here, before any run. Worlds of the two engines have seeds of their own: with the same ones they would be the
 * same numbers until rounding parts them, and would say little more than that rounding is rare.
 */
import { worldCount } from '../../configs/arms.ts';
import { ENGINE_NAMES, type EngineName } from '../../configs/schema.ts';
import { UsageError } from '../../sim/core/errors.ts';
import type { Engine } from '../../sim/engine.ts';
import { METRIC_INDEX, type MetricName } from '../../sim/metrics/table.ts';
import { createSimulation } from '../../sim/run.ts';
import { openEngine } from '../engines/index.ts';
import { holm } from '../statistics/comparisons.ts';
import { normalCdf } from '../statistics/distributions.ts';
import { meanOf, resolve, STANDARD_ERRORS, type ValidationCase } from './case.ts';

/** What is compared: markets, money, people. */
export const COMPARED: readonly MetricName[] = [
  'computePrice',
  'computeVolume',
  'tasksServed',
  'taskPrice',
  'spendCash',
  'serviceWelfare',
  'tokenPrice',
  'agentsMoneyShare',
  'medianWealth',
  'giniWealth',
  'giniCompute',
  'utilisation',
  'meanSkill',
  'labels',
  'alive',
  'births',
  'deaths',
];

/** Ticks between samples; those of the last half of a run count. */
const SAMPLE_TICKS = 5;

/** Worlds in which little time is enough for births and deaths, learners among traders by rule. */
const configOf = (worlds: number, slots: number, ticks: number, seed: string) =>
  resolve({
    name: 'engines',
    seed,
    ticks,
    worlds,
    slots,
    output: { metricsEvery: SAMPLE_TICKS, agentsEvery: 0, tradesWorlds: 0, lineage: false },
    populations: [
      { name: 'learners', kind: 'learner', share: 3 },
      { name: 'zero intelligence', kind: 'ziC', share: 1 },
    ],
    world: {
      hardware: { runwayTicks: 100, trainingRunwayTicks: 50 },
      demography: { meanLife: 60, threshold: 200, endowmentFloor: 100, immigrationFloor: 0.6 },
    },
  });

/** Seeds of the worlds of the engine that is compared, and of those beside it. */
export const SEEDS = { ours: 'engines', theirs: 'engines, beside' } as const;

/** Of each world the mean of every compared figure over the last half of its samples; NaN where there is none. */
export async function figuresOf(
  engine: Engine,
  worlds: number,
  slots: number,
  ticks: number,
  seed: string,
): Promise<number[][]> {
  const run = configOf(worlds, slots, ticks, seed);
  const simulation = createSimulation(run, {
    shards: await engine.createShards(run, engine.plan(run, 1), { laws: false }),
  });
  const sums = Array.from({ length: worldCount(run) }, () => COMPARED.map(() => ({ sum: 0, count: 0 })));
  try {
    const { frames } = await simulation.advance(ticks);
    for (const { tick, worlds: shown } of frames)
      if (2 * tick > ticks)
        for (const { world, metrics } of shown)
          COMPARED.forEach((name, k) => {
            const value = metrics[METRIC_INDEX[name]]!;
            if (Number.isNaN(value)) return;
            sums[world]![k]!.sum += value;
            sums[world]![k]!.count++;
          });
  } finally {
    await simulation.close();
  }
  return sums.map((figures) => figures.map(({ sum, count }) => sum / count));
}

/** A difference in standard errors: 0 where there is none, without end where nothing varies. */
const inErrors = (difference: number, error: number): number => (difference === 0 ? 0 : difference / error);

const known = (values: readonly number[]): number[] => values.filter((value) => !Number.isNaN(value));

/**
 * The difference of the means of two independent samples in standard errors (Welch 1947); NaN stands for a world without
 * the figure. NaN where either has fewer than two.
 */
export function standardised(ours: readonly number[], theirs: readonly number[]): number {
  const [a, b] = [known(ours), known(theirs)];
  if (a.length < 2 || b.length < 2) return Number.NaN;
  const [one, other] = [meanOf(a), meanOf(b)];
  return inErrors(one.mean - other.mean, Math.hypot(one.standardError, other.standardError));
}

/** The difference of the shares of worlds that have no figure, in standard errors; NaN where all have it, or none. */
export function missingStandardised(ours: readonly number[], theirs: readonly number[]): number {
  const [m, n] = [ours.length - known(ours).length, theirs.length - known(theirs).length];
  const share = (m + n) / (ours.length + theirs.length);
  if (share === 0 || share === 1) return Number.NaN;
  const error = Math.sqrt(share * (1 - share) * (1 / ours.length + 1 / theirs.length));
  return inErrors(m / ours.length - n / theirs.length, error);
}

/** Two-sided p-value of a distance in standard errors. */
const pValue = (distance: number): number => 2 * (1 - normalCdf(Math.abs(distance)));

/** The least share of worlds that must have a figure for it to say something of an engine. */
const INFORMATIVE_SHARE = 0.75;

/** Whether enough worlds have a figure, and not all the same one. */
const isInformative = (values: readonly number[]): boolean =>
  known(values).length >= Math.max(2, INFORMATIVE_SHARE * values.length) && new Set(known(values)).size > 1;

/** What two sets of worlds say of each other. */
export interface EngineComparison {
  /** Differences of means in standard errors by name; NaN where there are too few. */
  readonly distances: Readonly<Record<string, number>>;
  /** The least p-value after Holm's adjustment, of all differences of means and of shares of worlds without a figure. */
  readonly leastP: number;
  /** Figures that most worlds of both have, and that vary. */
  readonly informative: number;
  /** Figures that single worlds lack, summed over ours and theirs. */
  readonly missing: number;
  readonly missingBeside: number;
}

/**
 * Compares worlds of one engine with independent ones of another.
 *
 * @param ours [world][figure of COMPARED]
 */
export function compareFigures(
  ours: readonly (readonly number[])[],
  theirs: readonly (readonly number[])[],
): EngineComparison {
  const columns = COMPARED.map((_, k) => [ours, theirs].map((worlds) => worlds.map((row) => row[k]!)));
  const distances = columns.map(([a, b]) => standardised(a!, b!));
  const shares = columns.map(([a, b]) => missingStandardised(a!, b!));
  const adjusted = holm([...distances, ...shares].map(pValue)).filter((p) => !Number.isNaN(p));
  const missing = (worlds: typeof ours): number =>
    worlds.flat().filter((figure) => Number.isNaN(figure)).length;
  return {
    distances: Object.fromEntries(COMPARED.map((name, k) => [name, distances[k]!])),
    leastP: Math.min(...adjusted),
    informative: columns.filter((pair) => pair.every(isInformative)).length,
    missing: missing(ours),
    missingBeside: missing(theirs),
  };
}

/** Figures that may have nothing to say: a world of a dozen machines need not sell compute in a sample. */
export const SILENT_MOST = 3;

export const engines: ValidationCase = {
  name: 'engines',
  about:
    'Worlds of independent seeds that run freely on another engine and on cpu: no difference of the means of the figures named in engines.ts, nor of how many worlds have them, by 4 standard errors after Holm for all of them; at least 14 of the 17 figures in three quarters of the worlds of both.',
  parameters: {
    engine: { default: 'tensorflow', about: `the engine beside cpu: ${ENGINE_NAMES.join(', ')}` },
    slots: { default: 12, about: 'slots of a world' },
    ticks: { default: 60, about: 'ticks, of which the last half counts' },
  },
  seeds: 32,
  full: [{}],
  measure: async (params, seeds) => {
    const name = params.text('engine');
    if (!(ENGINE_NAMES as readonly string[]).includes(name))
      throw new UsageError(`parameter 'engine' is '${name}'`, `one of ${ENGINE_NAMES.join(', ')}`);
    const size = [params.integer('slots', 4), params.integer('ticks', 4 * SAMPLE_TICKS)] as const;
    const figures: number[][][] = [];
    for (const [each, seed] of [
      [name as EngineName, SEEDS.ours],
      ['cpu', SEEDS.theirs],
    ] as const) {
      const { engine } = await openEngine(each, { agents: seeds * size[0], slots: size[0] });
      try {
        figures.push(await figuresOf(engine, seeds, ...size, seed));
      } finally {
        await engine.close();
      }
    }
    const { distances, ...found } = compareFigures(figures[0]!, figures[1]!);
    return {
      // figures that no world has have no distance
      measured: {
        ...found,
        ...Object.fromEntries(Object.entries(distances).filter(([, d]) => !Number.isNaN(d))),
      },
      expected: { leastP: 1, informative: COMPARED.length },
      tolerance: { leastP: 1 - pValue(STANDARD_ERRORS), informative: SILENT_MOST },
    };
  },
};
