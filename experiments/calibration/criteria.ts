/**
 * What makes an economy alive (MODEL 12): each criterion as a figure over worlds, with its bound. The replicate is
 * a world, never an agent.
 */
import { REWARD_FEATURES } from '../../agents/columns.ts';
import type { MetricName } from '../../sim/metrics/table.ts';
import { meanOf, STANDARD_ERRORS } from '../validate/case.ts';
import type { ArmRecord } from './record.ts';

/** The lines of MODEL 12, in its order. */
export const LINES = {
  extinction: 'no extinction',
  alive: 'at least 60 % of slots alive on average',
  markets: 'every market that is on trades in 90 % of ticks',
  circulation: 'money circulates: spending of the last fifth within 0.5 and 2 times that of the first',
  price: 'token price within 0.1 and 10 times its start',
  turnover: 'births and deaths both exceed 3 a slot',
  learning: 'learners out-earn zero intelligence and random in the same world',
  evolution: 'reward genes move away from their neutral shadow across the worlds',
  garden: 'common garden: evolved rewards beat random, zero and log-wealth rewards',
} as const;
export type Line = keyof typeof LINES;

/** `horizon`: the run is too short or has too few worlds for a failure to mean anything. */
export type Verdict = 'yes' | 'no' | 'horizon';

export interface Criterion {
  readonly line: Line;
  readonly name: string;
  /** The figure of each world. */
  readonly values: readonly number[];
  /** What was found, with its spread over worlds. */
  readonly found: string;
  readonly bound: string;
  readonly verdict: Verdict;
}

/** Mean lives that a run must span for its births, deaths and genes to count (MODEL 12). */
export const LIVES_MIN = 5;
/** Worlds from which four standard errors of 15 genes are no longer met by chance: t with 9 degrees, 15 x .003. */
export const GENE_WORLDS_MIN = 10;
/** A difference between populations counts from so many standard errors over worlds on. */
const AHEAD_STANDARD_ERRORS = 2;

const FIFTHS = 5;
const ALIVE_SHARE_MIN = 0.6;
const ACTIVE_SHARE_MIN = 0.9;
const SPENDING_RATIO = [0.5, 2] as const;
const PRICE_RATIO = [0.1, 10] as const;
const TURNOVER_MIN = 3;

/** Three significant digits; a dash for what was not observed. */
export const round = (x: number): string => {
  if (!Number.isFinite(x)) return '-';
  return Math.abs(x) >= 100 ? x.toFixed(0) : String(Number(x.toPrecision(3)));
};
export const sum = (values: readonly number[]): number => values.reduce((total, v) => total + v, 0);
export const mean = (values: readonly number[]): number => sum(values) / values.length;
/**
 * The median of lives of which some have not ended (Kaplan & Meier 1958): the age that half of all survive. NaN where
 * fewer than half of those at risk have died by the greatest age seen.
 */
export function medianLife(ended: readonly number[], unfinished: readonly number[]): number {
  const ages = [...ended].sort((a, b) => a - b);
  const open = [...unfinished].sort((a, b) => a - b);
  let atRisk = ages.length + open.length;
  let surviving = 1;
  let left = 0;
  for (const age of ages) {
    // who left at this very age was still at risk
    while (left < open.length && open[left]! < age) {
      left++;
      atRisk--;
    }
    surviving *= 1 - 1 / atRisk--;
    if (surviving <= 0.5) return age;
  }
  return Number.NaN;
}
/** The median life of a population of an arm, in words. */
export function lifeText(arm: ArmRecord, population: number): string {
  const { ages, unfinished } = arm.livesOf(population);
  const life = medianLife(ages, unfinished);
  return Number.isNaN(life) && unfinished.length > 0
    ? `over ${round(Math.max(...unfinished, ...ages))}`
    : round(life);
}
const fifth = (series: readonly number[], which: number): number[] =>
  series.slice(
    Math.floor((series.length * which) / FIFTHS),
    Math.floor((series.length * (which + 1)) / FIFTHS),
  );
const isNumber = (x: number): boolean => !Number.isNaN(x);

/** Mean, standard error and worlds ahead of paired differences; worlds in which one side was never seen are left out. */
export interface Difference {
  readonly values: readonly number[];
  readonly gap: number;
  readonly standardError: number;
  readonly ahead: number;
  /** "gap +- s.e.; ahead in k/n worlds". */
  readonly text: string;
  readonly exceeds: boolean;
}

/** Paired differences over worlds: whether their mean is more than AHEAD_STANDARD_ERRORS above zero. */
export function differenceOf(one: readonly number[], other: readonly number[]): Difference {
  const values = one.map((value, w) => value - other[w]!).filter(isNumber);
  const { mean: gap, standardError } = meanOf(values);
  const ahead = values.filter((value) => value > 0).length;
  return {
    values,
    gap,
    standardError,
    ahead,
    text: `${round(gap)} +- ${round(standardError)}; ahead in ${ahead}/${values.length} worlds`,
    exceeds: values.length > 1 && gap > AHEAD_STANDARD_ERRORS * standardError,
  };
}

/** Spending in the last fifth of a run relative to the first. */
const spendingRatio = (arm: ArmRecord, world: number, metric: 'spend' | 'spendCash'): number => {
  const spending = arm.series(world, metric);
  return sum(fifth(spending, FIFTHS - 1)) / sum(fifth(spending, 0));
};

/** Tasks are offered and paid in token, which is what the criterion counts; what that is in cash is told beside it. */
function withCash(criterion: Criterion, arm: ArmRecord): Criterion {
  const cash = arm.perWorld((w) => spendingRatio(arm, w, 'spendCash'));
  const range = `${round(Math.min(...cash))} to ${round(Math.max(...cash))}`;
  return { ...criterion, found: `${criterion.found}; in cash ${round(mean(cash))} (${range})` };
}

/** All criteria that one run can show; the common garden needs runs of its own. */
export function criteriaOf(arm: ArmRecord): Criterion[] {
  const worlds = arm.worlds.length;
  const { slots, ticks, world } = arm.config;
  const short = ticks < LIVES_MIN * world.demography.meanLife;
  /** Holds when it holds in every world. */
  const inAll = (
    line: Line,
    name: string,
    figure: (world: number) => number,
    bound: string,
    holds: (value: number) => boolean,
    needsLives = false,
  ): Criterion => {
    const values = arm.perWorld(figure);
    const holding = values.filter(holds).length;
    const found = `${round(mean(values))} (${round(Math.min(...values))} to ${round(Math.max(...values))}); ${holding}/${worlds} worlds`;
    const verdict = holding === worlds ? 'yes' : needsLives && short ? 'horizon' : 'no';
    return { line, name, values, found, bound, verdict };
  };
  const active = (name: string, metric: MetricName): Criterion =>
    inAll(
      'markets',
      `ticks in which ${name}`,
      (w) => mean(arm.series(w, metric)),
      `>= ${ACTIVE_SHARE_MIN}`,
      (x) => x >= ACTIVE_SHARE_MIN,
    );
  const turnover = (metric: 'births' | 'deaths'): Criterion =>
    inAll(
      'turnover',
      `${metric} / slots`,
      (w) => sum(arm.series(w, metric)) / slots,
      `> ${TURNOVER_MIN}`,
      (x) => x > TURNOVER_MIN,
      true,
    );
  const start = world.amm.cash / world.amm.token;
  const [ratioMin, ratioMax] = SPENDING_RATIO;
  const [priceMin, priceMax] = PRICE_RATIO;
  return [
    inAll(
      'extinction',
      'least alive at any sample',
      (w) => Math.min(...arm.series(w, 'alive')),
      '> 0',
      (x) => x > 0,
    ),
    inAll(
      'alive',
      'mean share of slots alive',
      (w) => mean(arm.series(w, 'alive')) / slots,
      `>= ${ALIVE_SHARE_MIN}`,
      (x) => x >= ALIVE_SHARE_MIN,
    ),
    ...(world.computeMarket.enabled ? [active('compute trades', 'computeActive')] : []),
    ...(world.serviceMarket.enabled ? [active('tasks trade', 'serviceActive')] : []),
    ...(world.amm.enabled ? [active('token is swapped', 'swapActive')] : []),
    withCash(
      inAll(
        'circulation',
        'spending in token, last fifth / first fifth',
        (w) => spendingRatio(arm, w, 'spend'),
        `${ratioMin} to ${ratioMax}`,
        (x) => x >= ratioMin && x <= ratioMax,
      ),
      arm,
    ),
    inAll(
      'price',
      'lowest token price / start',
      (w) => Math.min(...arm.series(w, 'tokenPrice')) / start,
      `>= ${priceMin}`,
      (x) => x >= priceMin,
    ),
    inAll(
      'price',
      'highest token price / start',
      (w) => Math.max(...arm.series(w, 'tokenPrice')) / start,
      `<= ${priceMax}`,
      (x) => x <= priceMax,
    ),
    turnover('births'),
    turnover('deaths'),
    ...['random', 'ziC'].flatMap((kind) => outEarning(arm, kind)),
    genesMove(arm, short),
  ];
}

/** Whether learners earn more than a scripted population of the same worlds, paired by world. */
function outEarning(arm: ArmRecord, kind: string): Criterion[] {
  const learners = arm.populationOf('learner');
  const baseline = arm.populationOf(kind);
  if (learners < 0 || baseline < 0) return [];
  const profit = (population: number): number[] =>
    arm.perWorld((w) => arm.lastFifth(w, population, 'matureProfitPerTick'));
  const { values, text, exceeds } = differenceOf(profit(learners), profit(baseline));
  const name = arm.config.populations[baseline]!.name;
  const life = (population: number): string => lifeText(arm, population);
  return [
    {
      line: 'learning',
      name: `mature learners' profit per tick less that of ${name}, last fifth, cash`,
      values,
      found: `${text}; median life ${life(learners)} against ${life(baseline)} ticks`,
      bound: `> ${AHEAD_STANDARD_ERRORS} s.e.`,
      // nobody is mature in a very short run
      verdict: exceeds ? 'yes' : values.length < 2 ? 'horizon' : 'no',
    },
  ];
}

/** How far a reward gene's mean over worlds is from that of its neutral shadow. */
export interface GeneShift {
  readonly feature: string;
  readonly gap: number;
  readonly standardError: number;
  /** The gap in standard errors, in size. */
  readonly ratio: number;
}

/** Every reward gene's distance from its shadow at the last sample, the clearest first. */
export function geneShifts(arm: ArmRecord): GeneShift[] {
  return REWARD_FEATURES.map((feature, f) => {
    const { gap, standardError } = differenceOf(
      arm.perWorld((w) => arm.worlds[w]!.at(-1)!.geneMean[f]!),
      arm.perWorld((w) => arm.worlds[w]!.at(-1)!.shadowMean[f]!),
    );
    const ratio = standardError > 0 ? Math.abs(gap) / standardError : 0;
    return { feature, gap, standardError, ratio };
  }).sort((a, b) => b.ratio - a.ratio);
}

/** The clearest shifts in words. */
export const shiftText = (shifts: readonly GeneShift[], count: number): string =>
  shifts
    .slice(0, count)
    .map(({ feature, gap, ratio }) => `${feature} ${gap > 0 ? '+' : ''}${round(gap)} (${round(ratio)} s.e.)`)
    .join(', ');

const SHIFTS_SHOWN = 4;

/** Whether any reward gene leaves its neutral shadow: the mean difference over worlds against its spread. */
function genesMove(arm: ArmRecord, short: boolean): Criterion {
  const shifts = geneShifts(arm);
  const few = arm.worlds.length < GENE_WORLDS_MIN;
  const moved = shifts[0]!.ratio > STANDARD_ERRORS;
  return {
    line: 'evolution',
    name: 'reward genes less their neutral shadow, last sample',
    values: [],
    found: `${shiftText(shifts, SHIFTS_SHOWN)}${few ? `; fewer than ${GENE_WORLDS_MIN} worlds` : ''}`,
    bound: `one > ${STANDARD_ERRORS} s.e.`,
    verdict: few ? 'horizon' : moved ? 'yes' : short ? 'horizon' : 'no',
  };
}

/** One line of MODEL 12 over all criteria that belong to it; null where a run has none of them. */
export function verdictOf(criteria: readonly Criterion[], line: Line): Verdict | null {
  const verdicts = criteria.filter((c) => c.line === line).map(({ verdict }) => verdict);
  if (verdicts.length === 0) return null;
  if (verdicts.includes('no')) return 'no';
  return verdicts.includes('horizon') ? 'horizon' : 'yes';
}

/**
 * Whether a criterion differs between arms that share their seeds: in its verdict, or in its mean by more than
 * STANDARD_ERRORS of the difference, paired by world.
 */
export function differs(across: readonly Criterion[]): boolean {
  if (new Set(across.map(({ verdict }) => verdict)).size > 1) return true;
  return across.some((a, k) =>
    across.slice(k + 1).some((b) => {
      // a world in which one side was never seen breaks the pairs
      if (a.values.length !== b.values.length) return false;
      const { values, gap, standardError } = differenceOf(a.values, b.values);
      return values.length > 1 && Math.abs(gap) > STANDARD_ERRORS * standardError + 1e-12;
    }),
  );
}
