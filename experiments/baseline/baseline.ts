/**
 * What a config's metrics were when somebody accepted them, and what falls outside of that now. The replicate is a world:
 * each gives the mean of a metric's samples over the second half of the run.
 */
import { readFileSync } from 'node:fs';
import type { ResolvedRun } from '../../configs/arms.ts';
import { UsageError } from '../../sim/core/errors.ts';
import type { RunFrame } from '../../sim/frame.ts';
import { METRICS, POPULATION_METRICS } from '../../sim/metrics/table.ts';
import { packageVersion } from '../hardware.ts';
import { studentQuantile } from '../statistics/distributions.ts';
import { deviation, mean } from '../statistics/estimates.ts';
import { sha256 } from '../sweep/sha256.ts';

const BASELINE_VERSION = 1;
/** Probability that a check of an unchanged economy with other luck finds anything, over all of its metrics. */
const FALSE_ALARM = 0.01;
/** Worlds of every arm that a baseline is made of, unless said otherwise. */
export const BASELINE_SEEDS = 20;
/** Values that differ by less are equal: sums of the same numbers in another order. */
const EQUAL = 1e-9;

/** What worlds of an arm showed of a metric. */
export interface Accepted {
  readonly mean: number;
  /** Standard deviation over worlds. */
  readonly deviation: number;
  /** Of one world. */
  readonly least: number;
  readonly most: number;
}
/** By metric of worlds, or of a population as `learners.profitPerTick`. */
export type AcceptedMetrics = Readonly<Record<string, Accepted>>;

/** Contents of a baseline file. */
export interface Baseline {
  readonly baselineVersion: number;
  readonly name: string;
  /** SHA-256 of the config; names, seeds, how many worlds and how fast are left out. */
  readonly config: string;
  readonly version: string;
  readonly ticks: number;
  readonly slots: number;
  readonly seed: string;
  /** Worlds of every arm. */
  readonly worlds: number;
  readonly arms: readonly { readonly label: string; readonly metrics: AcceptedMetrics }[];
}

/** Figures of a run: by arm and metric, one value a world that has any. */
export type RunFigures = readonly ReadonlyMap<string, readonly number[]>[];

/** Adds up what figures are made of while a run advances. */
export class FigureBook {
  private readonly run: ResolvedRun;
  /** [world], sum and count by metric. */
  private readonly sums: Map<string, { sum: number; count: number }>[];

  constructor(run: ResolvedRun) {
    this.run = run;
    this.sums = Array.from({ length: run.arms.length * run.arms[0]!.worlds }, () => new Map());
  }

  add(frames: readonly RunFrame[]): void {
    const { ticks, output } = this.run.arms[0]!;
    for (const { tick, worlds } of frames) {
      if (tick < ticks / 2 || tick % output.metricsEvery !== 0) continue;
      for (const { world, arm, metrics, ownMetrics = [], populations } of worlds) {
        const { populations: owners, extensions } = this.run.arms[arm]!;
        METRICS.forEach(({ name }, k) => {
          this.count(world, name, metrics[k]!);
        });
        ownMetrics.forEach((value, k) => {
          this.count(world, extensions!.metrics![k]!, value);
        });
        populations.forEach((row, p) => {
          const { name: owner } = owners[p]!;
          POPULATION_METRICS.forEach(({ name }, k) => {
            this.count(world, `${owner}.${name}`, row[k]!);
          });
        });
      }
    }
  }

  figures(): RunFigures {
    const { worlds } = this.run.arms[0]!;
    return this.run.arms.map((_, arm) => {
      const byMetric = new Map<string, number[]>();
      for (const sums of this.sums.slice(arm * worlds, (arm + 1) * worlds))
        for (const [name, { sum, count }] of sums) {
          const values = byMetric.get(name) ?? [];
          values.push(sum / count);
          byMetric.set(name, values);
        }
      return byMetric;
    });
  }

  private count(world: number, name: string, value: number): void {
    if (!Number.isFinite(value)) return;
    const sums = this.sums[world]!;
    const found = sums.get(name);
    if (found === undefined) sums.set(name, { sum: value, count: 1 });
    else {
      found.sum += value;
      found.count++;
    }
  }
}

/** Identifies what is simulated; how many worlds and how fast is another matter. */
const configHash = ({ arms }: ResolvedRun): string =>
  sha256(
    JSON.stringify(
      arms.map(
        ({ description: _, worlds: __, threads: ___, engine: ____, output: { metricsEvery }, ...rest }) => ({
          ...rest,
          metricsEvery,
        }),
      ),
    ),
  );

/** A baseline of what a run showed. */
export const baselineOf = (run: ResolvedRun, figures: RunFigures): Baseline => ({
  baselineVersion: BASELINE_VERSION,
  name: run.arms[0]!.name,
  config: configHash(run),
  version: packageVersion(),
  ticks: run.arms[0]!.ticks,
  slots: run.arms[0]!.slots,
  seed: run.arms[0]!.seed,
  worlds: run.arms[0]!.worlds,
  arms: figures.map((metrics, arm) => ({
    label: run.armLabels[arm]!,
    metrics: Object.fromEntries(
      [...metrics]
        // what some worlds do not have at all, others may have anywhere
        .filter(([, values]) => values.length === run.arms[0]!.worlds)
        .map(([name, values]): [string, Accepted] => [
          name,
          {
            mean: mean(values),
            deviation: deviation(values),
            least: Math.min(...values),
            most: Math.max(...values),
          },
        ]),
    ),
  })),
});

/** Reads a baseline. Throws UsageError for a file that is none. */
export function readBaseline(file: string): Baseline {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (cause) {
    const missing = (cause as NodeJS.ErrnoException).code === 'ENOENT';
    throw new UsageError(
      missing ? `there is no baseline ${file}` : `cannot read ${file}: ${(cause as Error).message}`,
      '--accept writes it',
      { cause },
    );
  }
  let found: Partial<Baseline> | null = null;
  try {
    found = JSON.parse(text) as Partial<Baseline> | null;
  } catch {
    // said below
  }
  if (!Array.isArray(found?.arms)) throw new UsageError(`${file} is no baseline`, '--accept writes one anew');
  if (found.baselineVersion !== BASELINE_VERSION)
    throw new UsageError(
      `${file} has version ${found.baselineVersion}, this program reads version ${BASELINE_VERSION}`,
      '--accept writes it anew',
    );
  return found as Baseline;
}

/** A metric of a check beside what was accepted. */
export interface Judgement {
  readonly arm: string;
  readonly metric: string;
  /** Accepted interval. */
  readonly low: number;
  readonly high: number;
  /** Mean over the worlds of the check; NaN where none has any. */
  readonly got: number;
  /** Distance from the accepted mean in standard errors of the difference; infinite where worlds never differed. */
  readonly errors: number;
  readonly pass: boolean;
}

/**
 * Holds a run against a baseline. The accepted interval is where the mean over as many worlds as the check has lies if
 * nothing but luck differs (a prediction interval by Student's t), at a level shared out among all metrics (Bonferroni), so
 * that an unchanged economy with other luck is refused in one check of a hundred at most, where metrics are about normal.
 * It is never narrower than what single accepted worlds showed, for metrics that are not; so worlds of the baseline pass.
 *
 * @throws UsageError for other arms than the baseline's
 */
export function judge(run: ResolvedRun, figures: RunFigures, baseline: Baseline): Judgement[] {
  const labels = baseline.arms.map(({ label }) => label);
  if (labels.length !== run.arms.length)
    throw new UsageError(
      `the config has ${run.arms.length} arms, the baseline ${labels.length}`,
      'check the config that was accepted, or --accept',
    );
  const { worlds } = baseline;
  const judged = baseline.arms.flatMap(({ label, metrics }, arm) =>
    Object.entries(metrics).map(([metric, accepted]) => ({
      arm: label,
      metric,
      accepted,
      values: figures[arm]!.get(metric) ?? [],
    })),
  );
  const quantile = studentQuantile(FALSE_ALARM / 2 / judged.length, worlds - 1);
  return judged.map(({ arm, metric, accepted, values }) => {
    const { mean: centre, deviation: spread, least, most } = accepted;
    const got = values.length === 0 ? Number.NaN : mean(values);
    const error = spread * Math.sqrt(1 / worlds + 1 / Math.max(1, values.length));
    const reach = Math.max(quantile * error, EQUAL * Math.abs(centre));
    const low = Math.min(centre - reach, least);
    const high = Math.max(centre + reach, most);
    return {
      arm,
      metric,
      low,
      high,
      got,
      errors: got === centre ? 0 : Math.abs(got - centre) / error,
      pass: got >= low && got <= high,
    };
  });
}

/** Whether a run is of the config that was accepted. */
export const isSameConfig = (run: ResolvedRun, baseline: Baseline): boolean =>
  configHash(run) === baseline.config;
