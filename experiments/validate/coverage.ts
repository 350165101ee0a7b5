/** Validation of the statistics that reports use: intervals hold the truth as often as they say. */
import { UsageError } from '../../sim/core/errors.ts';
import { coverage, OUTCOMES, type OutcomeName } from '../statistics/coverage.ts';
import { CONFIDENCE, type IntervalMethod, RELIABLE_WORLDS, type Statistic } from '../statistics/intervals.ts';
import { STANDARD_ERRORS, type ValidationCase } from './case.ts';

/** Most that a coverage may differ from 95 % from RELIABLE_WORLDS on, and below, where reports warn. */
const ALLOWED = { reliable: 0.02, few: 0.04 } as const;

function oneOf<const T extends string>(name: string, value: string, allowed: readonly T[]): T {
  const found = allowed.find((entry) => entry === value);
  if (found === undefined)
    throw new UsageError(`parameter '${name}' is '${value}'; it must be one of ${allowed.join(', ')}`);
  return found;
}

export const intervalCoverage: ValidationCase = {
  name: 'coverage',
  about:
    'experiments with outcomes of known truth are simulated: the 95 % intervals of reports hold it in 93 to 97 % of them from 20 worlds on (stratified bootstrap of the interquartile mean, Agarwal et al. 2021, expanded as by Hesterberg 2015; bca: Efron 1987)',
  parameters: {
    replicates: { default: RELIABLE_WORLDS, about: 'worlds of each simulated experiment' },
    strata: { default: 1, about: 'strata among which they are divided evenly' },
    statistic: { default: 'interquartileMean', about: 'interquartileMean or mean' },
    method: { default: 'expanded', about: 'expanded, percentile or bca' },
  },
  seeds: 600,
  full: [
    ...[5, 10, 20, 50].map((replicates) => ({ set: { replicates: String(replicates) }, seeds: 4000 })),
    { set: { replicates: '40', strata: '2' }, seeds: 4000 },
  ],
  measure: async (params, trials) => {
    const replicates = params.integer('replicates', 2);
    const strata = params.integer('strata');
    if (replicates % strata !== 0 || replicates < 2 * strata)
      throw new UsageError(`${replicates} worlds cannot be divided into ${strata} strata of two or more`);
    const statistic = oneOf<Statistic>('statistic', params.text('statistic'), ['interquartileMean', 'mean']);
    const method = oneOf<IntervalMethod>('method', params.text('method'), ['expanded', 'percentile', 'bca']);
    const names = Object.keys(OUTCOMES) as OutcomeName[];
    const allowed = replicates / strata >= RELIABLE_WORLDS ? ALLOWED.reliable : ALLOWED.few;
    const noise = STANDARD_ERRORS * Math.sqrt((CONFIDENCE * (1 - CONFIDENCE)) / trials);
    const of = (value: (name: OutcomeName) => number): Record<string, number> =>
      Object.fromEntries(names.map((name) => [name, value(name)]));
    return {
      measured: of((name) => coverage(name, { replicates, strata, trials, statistic, method })),
      expected: of(() => CONFIDENCE),
      // what a short simulation cannot tell apart is allowed; a full one allows what reports promise
      tolerance: of(() => Math.max(allowed, params.allowance(noise))),
    };
  },
};
