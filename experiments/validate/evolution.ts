/** Cases about births, deaths and drift: the population code of the economy on classic schedules. */
import { GENE, REWARD_FEATURES } from '../../agents/columns.ts';
import { FREE_SLOT, TOTAL } from '../../market/columns.ts';
import { UsageError } from '../../sim/core/errors.ts';
import { METRIC_INDEX, type MetricName } from '../../sim/metrics/table.ts';
import { Shard } from '../../sim/shard.ts';
import { type TickHooks, tick } from '../../sim/tick.ts';
import type { World } from '../../sim/world.ts';
import {
  BLANK_WORLD,
  meanOf,
  QUIET_OUTPUT,
  resolve,
  STANDARD_ERRORS,
  shareTolerance,
  type ValidationCase,
} from './case.ts';

/** Worlds held in memory at once while many replicates are run. */
const BATCH = 100;
const QUIET: TickHooks = { laws: null, afterPhase: null };

/** Two types that differ in fitness alone; `mutants` of `population` start as the second type. */
function twoTypes(options: {
  seed: string;
  population: number;
  mutants: number;
  fitness: number;
  worlds: number;
  demography: object;
}) {
  const { population, mutants } = options;
  return resolve({
    seed: options.seed,
    ticks: 1_000_000,
    worlds: options.worlds,
    slots: population,
    output: QUIET_OUTPUT,
    world: {
      ...BLANK_WORLD,
      demography: {
        enabled: true,
        ageDeath: false,
        lottery: 'fitness',
        parentPays: false,
        mutation: false,
        crossover: 0,
        immigrationFloor: 0,
        immigrantsPerTick: 0,
        ...options.demography,
      },
    },
    populations: [
      { name: 'residents', kind: 'passive', share: population - mutants, fitness: 1 },
      { name: 'mutants', kind: 'passive', share: mutants, fitness: options.fitness },
    ],
  });
}

const mutantsIn = (world: World): number =>
  world.columns.population.reduce((sum, p) => sum + (p === 1 ? 1 : 0), 0);

/** Share of worlds in which the mutants take over; every world runs until one type is gone. */
function fixationShare(run: ReturnType<typeof twoTypes>, worlds: number, population: number): number {
  let fixed = 0;
  for (let from = 0; from < worlds; from += BATCH) {
    const shard = new Shard(
      run,
      Array.from({ length: Math.min(BATCH, worlds - from) }, (_, k) => from + k),
    );
    for (const world of shard.inside()) {
      let mutants = mutantsIn(world);
      while (mutants > 0 && mutants < population) {
        tick(world, QUIET);
        mutants = mutantsIn(world);
      }
      if (mutants === population) fixed++;
    }
  }
  return fixed / worlds;
}

/** (1 - 1/r)/(1 - r^-n), without cancellation near r = 1; its limits 1/n at 1 and 0 at 0. */
export function moranFixation(fitness: number, population: number): number {
  if (fitness === 0) return 0;
  if (fitness === 1) return 1 / population;
  const advantage = Math.log(fitness);
  return Math.expm1(-advantage) / Math.expm1(-population * advantage);
}

export const moran: ValidationCase = {
  name: 'moran',
  about:
    'One birth in proportion to fitness and one uniform death a tick; a single mutant of fitness r fixes with probability (1 - 1/r)/(1 - r^-n) (Moran 1958).',
  parameters: {
    fitness: { default: 1.1, about: 'fitness r of the mutant; residents have 1' },
    population: { default: 100, about: 'agents n' },
  },
  seeds: 400,
  full: [
    { seeds: 3000 },
    { set: { fitness: '1', population: '40' }, seeds: 3000 },
    { set: { fitness: '2', population: '20' }, seeds: 3000 },
  ],
  async measure(params, seeds) {
    const fitness = params.number('fitness', 0);
    const population = params.integer('population', 2);
    const run = twoTypes({
      seed: 'moran',
      population,
      mutants: 1,
      fitness,
      worlds: seeds,
      demography: { deathsPerTick: 1, birthsPerTick: 1 },
    });
    const expected = moranFixation(fitness, population);
    return {
      measured: { fixation: fixationShare(run, seeds, population) },
      expected: { fixation: expected },
      tolerance: { fixation: shareTolerance(expected, seeds) },
    };
  },
};

/** Largest population whose chain of n + 1 states is solved: n^3/3 operations. */
const CHAIN_MAX = 400;
/** n s above which a mutant that is not lost early never is: e^-2ns is below double precision. */
const STRONG = 20;

/**
 * Probability that one mutant of fitness 1 + s takes over n haploids under multinomial sampling. Up to CHAIN_MAX exactly,
 * from the Markov chain on the number of mutants: u_i = sum over j of Binomial(n, i (1 + s)/(n + i s))(j) u_j, u_0 = 0,
 * u_n = 1. Above it in the limit of many: the survival of a branching process with Poisson(1 + s) offspring
 * (Haldane 1927) where n s is large, else Kimura's diffusion.
 */
export function wrightFisherFixation(selection: number, population: number): number {
  if (selection === 0) return 1 / population;
  if (selection === -1) return 0;
  if (population <= CHAIN_MAX) return chainFixation(selection, population);
  if (population * selection < STRONG)
    return Math.expm1(-2 * selection) / Math.expm1(-2 * population * selection);
  // from above, where Newton's steps fall to the root and never past it
  let survival = 1;
  for (let k = 0; k < 100; k++) {
    const lost = Math.exp(-(1 + selection) * survival);
    survival -= (survival - 1 + lost) / (1 - (1 + selection) * lost);
  }
  return survival;
}

/** u_1 of the chain, by elimination of the states from n - 1 down; no pivoting, because I - P is an M-matrix. */
function chainFixation(selection: number, n: number): number {
  const logFactorial = new Float64Array(n + 1);
  for (let k = 1; k <= n; k++) logFactorial[k] = logFactorial[k - 1]! + Math.log(k);
  /** Row i - 1: probabilities to go from i mutants to 1, ..., n - 1, and to n. */
  const rows = Array.from({ length: n - 1 }, (_, k) => {
    const mutant = Math.log((k + 1) * (1 + selection)) - Math.log(n + (k + 1) * selection);
    const resident = Math.log(n - k - 1) - Math.log(n + (k + 1) * selection);
    return Float64Array.from({ length: n }, (_, l) => {
      const ways = logFactorial[n]! - logFactorial[l + 1]! - logFactorial[n - l - 1]!;
      return Math.exp(ways + (l + 1) * mutant + (n - l - 1) * resident);
    });
  });
  // a state left out is passed through: its row, without the way back to itself, replaces each step into it
  for (let state = n - 2; state > 0; state--) {
    const through = rows[state]!;
    const stay = through[state]!;
    for (let from = 0; from < state; from++) {
      const row = rows[from]!;
      const into = row[state]! / (1 - stay);
      for (let to = 0; to < state; to++) row[to]! += into * through[to]!;
      row[n - 1]! += into * through[n - 1]!;
    }
  }
  return rows[0]![n - 1]! / (1 - rows[0]![0]!);
}

/**
 * Variance of 2x(1 - x) after t neutral generations of n from a share x of mutants: the first four moments of x follow
 * a linear recursion, E (K)_m = (n)_m x^m for a binomial count K and its falling factorials.
 */
export function heterozygosityVariance(start: number, population: number, generations: number): number {
  const one = 1 / population;
  const two = 1 - one;
  const three = two * (1 - 2 * one);
  const four = three * (1 - 3 * one);
  let [m2, m3, m4] = [start ** 2, start ** 3, start ** 4];
  for (let t = 0; t < generations; t++) {
    m4 = four * m4 + 6 * three * one * m3 + 7 * two * one ** 2 * m2 + one ** 3 * start;
    m3 = three * m3 + 3 * two * one * m2 + one ** 2 * start;
    m2 = two * m2 + one * start;
  }
  return Math.max(0, 4 * (m2 - 2 * m3 + m4) - (2 * (start - m2)) ** 2);
}

/** Most that one world can have of 2x(1 - x). */
const HETEROZYGOSITY_MAX = 0.5;

export const wrightFisher: ValidationCase = {
  name: 'wright-fisher',
  about:
    'All agents replaced each tick by multinomial sampling of parents: heterozygosity decays as H0 (1 - 1/n)^t; a mutant of advantage s fixes as the chain of n + 1 states has it, near (1 - e^-2s)/(1 - e^-2ns) when s is small (Kimura 1962, haploid).',
  parameters: {
    population: { default: 50, about: 'agents n' },
    selection: { default: 0, about: 'advantage s of the mutant in the fixation run' },
    generations: { default: 30, about: 'ticks t over which heterozygosity decays' },
  },
  seeds: 500,
  full: [{ seeds: 4000 }, { set: { population: '100', selection: '0.03', generations: '60' }, seeds: 2000 }],
  async measure(params, seeds) {
    const population = params.integer('population', 2);
    const selection = params.number('selection', -1);
    const generations = params.integer('generations');
    const schedule = { deathsPerTick: population, birthsPerTick: population, sampling: 'multinomial' };
    const half = Math.floor(population / 2);
    const drift = twoTypes({
      seed: 'wright-fisher',
      population,
      mutants: half,
      fitness: 1,
      worlds: seeds,
      demography: schedule,
    });
    const heterozygosity: number[] = [];
    for (let from = 0; from < seeds; from += BATCH) {
      const shard = new Shard(
        drift,
        Array.from({ length: Math.min(BATCH, seeds - from) }, (_, k) => from + k),
      );
      for (const world of shard.inside()) {
        let share = mutantsIn(world) / population;
        // without mutation a type that is gone stays away
        for (let t = 0; t < generations && share > 0 && share < 1; t++) {
          tick(world, QUIET);
          share = mutantsIn(world) / population;
        }
        heterozygosity.push(2 * share * (1 - share));
      }
    }
    const start = half / population;
    const { mean } = meanOf(heterozygosity);
    const fixing = twoTypes({
      seed: 'wright-fisher fixation',
      population,
      mutants: 1,
      fitness: 1 + selection,
      worlds: seeds,
      demography: schedule,
    });
    const fixation = wrightFisherFixation(selection, population);
    const standardError = Math.sqrt(heterozygosityVariance(start, population, generations) / seeds);
    return {
      measured: { heterozygosity: mean, fixation: fixationShare(fixing, seeds, population) },
      expected: {
        heterozygosity: 2 * start * (1 - start) * (1 - 1 / population) ** generations,
        fixation,
      },
      tolerance: {
        // and one world more or less where nearly all are fixed
        heterozygosity: STANDARD_ERRORS * standardError + HETEROZYGOSITY_MAX / seeds,
        fixation: shareTolerance(fixation, seeds),
      },
    };
  },
};

export const priceEquation: ValidationCase = {
  name: 'price-equation',
  about:
    "In an evolving economy the change of a gene's mean equals selection + transmission + migration over every interval (Price 1970).",
  parameters: {
    agents: { default: 64, about: 'slots of each world' },
    ticks: { default: 2000, about: 'ticks' },
    interval: { default: 100, about: 'ticks between censuses' },
  },
  seeds: 2,
  full: [{ set: { agents: '128', ticks: '10000' } }, { set: { interval: '7' }, seeds: 6 }],
  async measure(params, seeds) {
    const ticks = params.integer('ticks');
    const interval = params.integer('interval');
    if (interval > ticks)
      throw new UsageError(
        `parameter 'interval' is ${interval}, longer than the ${ticks} ticks of the run`,
        'lower it, or raise ticks',
      );
    const run = resolve({
      seed: 'price-equation',
      ticks,
      worlds: seeds,
      slots: params.integer('agents', 4),
      output: { ...QUIET_OUTPUT, metricsEvery: interval },
      world: { demography: { meanLife: 400 } },
      populations: [{ name: 'learners', kind: 'learner' }],
    });
    const shard = new Shard(
      run,
      Array.from({ length: seeds }, (_, w) => w),
    );
    let worstResidual = 0;
    let moved = 0;
    let checked = 0;
    const lived = new Array<boolean>(seeds).fill(true);
    for (let tick = interval; tick <= ticks; tick += interval) {
      for (const { world, metrics } of shard.advance(tick).frames) {
        const term = (name: MetricName): number => metrics[METRIC_INDEX[name]]!;
        const lives = term('alive') > 0;
        // where nobody lives at one end of an interval there is no mean to explain
        if (lives && lived[world]) {
          checked++;
          worstResidual = Math.max(worstResidual, Math.abs(term('priceResidual')));
          moved += Math.abs(term('priceSelection')) > 0 ? 1 : 0;
        }
        lived[world] = lives;
      }
    }
    return {
      measured: { worstResidual, intervals: checked, intervalsWithSelection: moved },
      expected: { worstResidual: 0 },
      tolerance: { worstResidual: 1e-5 },
    };
  },
};

/** Ticks between samples of the covariance. */
const SAMPLE_EVERY = 25;
const SHADOW_WORLDS_MIN = 8;

export const neutralShadow: ValidationCase = {
  name: 'neutral-shadow',
  about:
    'In an evolving economy a genome that is inherited at the same births and deaths but never read neither drifts in the mean nor covaries with wealth, over worlds.',
  parameters: {
    agents: { default: 32, about: 'slots of each world' },
    ticks: { default: 1000, about: 'ticks' },
    meanLife: { default: 150, about: 'mean life in ticks' },
    trait: { default: 'skillGain', about: 'reward feature whose linear gene is followed' },
  },
  seeds: 24,
  full: [
    { set: { ticks: '2000' }, seeds: 96 },
    { set: { trait: 'wealthGain' }, seeds: 96 },
  ],
  async measure(params, asked) {
    // fewer worlds than these estimate their standard error too badly to test four of them
    const seeds = Math.max(SHADOW_WORLDS_MIN, asked);
    const ticks = params.integer('ticks', SAMPLE_EVERY);
    const trait = params.text('trait');
    const gene = GENE.linear + REWARD_FEATURES.indexOf(trait as (typeof REWARD_FEATURES)[number]);
    if (gene < GENE.linear)
      throw new UsageError(
        `no reward feature is called '${trait}'`,
        `it is one of ${REWARD_FEATURES.join(', ')}`,
      );
    const run = resolve({
      seed: 'neutral-shadow',
      ticks,
      worlds: seeds,
      slots: params.integer('agents', 4),
      output: QUIET_OUTPUT,
      world: { demography: { meanLife: params.integer('meanLife') } },
      populations: [{ name: 'learners', kind: 'learner' }],
    });
    const shard = new Shard(
      run,
      Array.from({ length: seeds }, (_, w) => w),
    );
    const shadow = { drift: [] as number[], covariance: [] as number[] };
    const real = { drift: [] as number[], covariance: [] as number[] };
    let births = 0;
    for (const world of shard.inside()) {
      for (const [genes, into] of [
        [world.agents.shadowGenes, shadow],
        [world.agents.genes, real],
      ] as const) {
        into.drift.push(-momentsOf(world, genes, gene).mean);
        into.covariance.push(0);
      }
      const samples = Math.floor(ticks / SAMPLE_EVERY);
      for (let t = 1; t <= samples * SAMPLE_EVERY; t++) {
        tick(world, QUIET);
        if (t % SAMPLE_EVERY !== 0) continue;
        for (const [genes, into] of [
          [world.agents.shadowGenes, shadow],
          [world.agents.genes, real],
        ] as const) {
          const { mean, covariance } = momentsOf(world, genes, gene);
          into.covariance[into.covariance.length - 1]! += covariance / samples;
          if (t === samples * SAMPLE_EVERY) into.drift[into.drift.length - 1]! += mean;
        }
      }
      births += world.columns.total[TOTAL.births]! / seeds;
    }
    const drift = meanOf(shadow.drift);
    const covariance = meanOf(shadow.covariance);
    return {
      measured: {
        drift: drift.mean,
        covariance: covariance.mean,
        // for comparison: the genome that is read, which selection may move
        realDrift: meanOf(real.drift).mean,
        realCovariance: meanOf(real.covariance).mean,
        birthsPerWorld: births,
      },
      expected: { drift: 0, covariance: 0 },
      tolerance: {
        drift: STANDARD_ERRORS * drift.standardError,
        covariance: STANDARD_ERRORS * covariance.standardError,
      },
    };
  },
};

/** Mean of a gene over the living, and its covariance with wealth relative to mean wealth; zeros when nobody lives. */
function momentsOf(world: World, genes: Float32Array, gene: number): { mean: number; covariance: number } {
  const { population, wealth } = world.columns;
  let [alive, geneSum, wealthSum, product] = [0, 0, 0, 0];
  for (let i = 0; i < population.length; i++) {
    if (population[i] === FREE_SLOT) continue;
    const value = genes[gene * population.length + i]!;
    alive++;
    geneSum += value;
    wealthSum += wealth[i]!;
    product += value * wealth[i]!;
  }
  if (wealthSum === 0) return { mean: 0, covariance: 0 };
  const mean = geneSum / alive;
  return { mean, covariance: product / wealthSum - mean };
}
