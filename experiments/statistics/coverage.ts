/** How often intervals hold the truth, by simulation of outcomes whose truth is known. */
import { normalQuantile } from './distributions.ts';
import { bootstrapInterval, type IntervalOptions, type Statistic, uniforms } from './intervals.ts';

/** An outcome of worlds: how it is drawn, and what its statistics truly are. */
interface Outcome {
  /** From a uniform number in (0, 1). */
  readonly at: (uniform: number) => number;
  readonly truth: Readonly<Record<Statistic, number>>;
}

/** The mean between the quartiles, by the midpoint rule; exact to 1e-6 for what is drawn here. */
const middleMean = (at: (uniform: number) => number): number => {
  const steps = 20_000;
  let sum = 0;
  for (let k = 0; k < steps; k++) sum += at(0.25 + (k + 0.5) / (2 * steps));
  return sum / steps;
};

const symmetric = (at: (uniform: number) => number): Outcome => ({
  at,
  truth: { interquartileMean: 0, mean: 0 },
});
const logNormal = (u: number): number => Math.exp(normalQuantile(u));

/** Outcomes like those of worlds: errors of many small causes, growth that multiplies, and rare extremes. */
export const OUTCOMES = {
  normal: symmetric(normalQuantile),
  logNormal: {
    at: logNormal,
    truth: { interquartileMean: middleMean(logNormal), mean: Math.exp(0.5) },
  },
  // Student's t with two degrees of freedom: its variance is infinite
  heavyTailed: symmetric((u) => (2 * u - 1) / Math.sqrt(2 * u * (1 - u))),
} as const satisfies Readonly<Record<string, Outcome>>;
export type OutcomeName = keyof typeof OUTCOMES;

export interface CoverageOptions extends IntervalOptions {
  /** Worlds of an experiment. */
  readonly replicates: number;
  /** Strata into which they are dealt out evenly, each shifted by a constant of its own. */
  readonly strata?: number;
  /** Experiments that are simulated. */
  readonly trials: number;
}

/** Resamples of an interval in simulation: fewer than in a report, which moves its ends by a few percent of its width. */
const RESAMPLES = 600;

/** Share of simulated experiments whose interval holds the true value. */
export function coverage(name: OutcomeName, options: CoverageOptions): number {
  const { replicates, trials, strata = 1, statistic = 'interquartileMean', seed = 'coverage' } = options;
  const outcome: Outcome = OUTCOMES[name];
  const uniform = uniforms(`${seed} ${name} ${replicates} ${strata}`);
  const draw = (): number => outcome.at(Math.min(1 - 2 ** -33, uniform() + 2 ** -33));
  // strata lie apart: an interval that resampled across them would be far too wide
  const shift = (stratum: number): number => 10 * stratum;
  const truth = outcome.truth[statistic] + shift(strata - 1) / 2;
  let held = 0;
  for (let trial = 0; trial < trials; trial++) {
    const sample = Array.from({ length: strata }, (_, stratum) =>
      Array.from({ length: replicates / strata }, () => draw() + shift(stratum)),
    );
    const { low, high } = bootstrapInterval(sample, {
      resamples: RESAMPLES,
      ...options,
      seed: `${seed} ${trial}`,
    });
    if (low <= truth && truth <= high) held++;
  }
  return held / trials;
}
