/**
 * What makes an economy alive (MODEL 12): each criterion as a figure over worlds, with its bound. The replicate is
 * a world, never an agent.
 */
import { REWARD_FEATURES } from '../../agents/columns.ts';
import type { RunConfig } from '../../configs/schema.ts';
import type { WorldFrame } from '../../sim/frame.ts';
import {
  METRIC_INDEX,
  type MetricName,
  POPULATION_METRIC_INDEX,
  type PopulationMetricName,
} from '../../sim/metrics/table.ts';
import { meanOf, STANDARD_ERRORS } from '../validate/case.ts';

export interface Criterion {
  readonly name: string;
  /** What was found, with its spread over worlds. */
  readonly found: string;
  readonly bound: string;
  readonly holds: boolean;
}

/** Ages at death by population index, of all worlds of an arm. */
export type LifeSpans = ReadonlyMap<number, readonly number[]>;

const FIFTHS = 5;
const round = (x: number): string => (Math.abs(x) >= 100 ? x.toFixed(0) : x.toPrecision(3));

/** One arm of a run: its frames by world, oldest first, without the frame of genesis. */
export class ArmRecord {
  readonly config: RunConfig;
  readonly worlds: readonly (readonly WorldFrame[])[];
  readonly lives: LifeSpans;

  constructor(config: RunConfig, frames: readonly WorldFrame[], lives: LifeSpans) {
    this.config = config;
    this.lives = lives;
    const byWorld = new Map<number, WorldFrame[]>();
    for (const frame of frames) {
      if (frame.tick === 0) continue;
      const list = byWorld.get(frame.world);
      if (list === undefined) byWorld.set(frame.world, [frame]);
      else list.push(frame);
    }
    this.worlds = [...byWorld.values()];
  }

  /** A metric of one world over time. */
  series(world: number, name: MetricName): number[] {
    return this.worlds[world]!.map((frame) => frame.metrics[METRIC_INDEX[name]]!);
  }

  /** A figure of every world. */
  perWorld(figure: (world: number) => number): number[] {
    return this.worlds.map((_, world) => figure(world));
  }

  /** A population's metric in one world over the last fifth of the run; NaN where nobody of it lived. */
  lastFifth(world: number, population: number, name: PopulationMetricName): number {
    const frames = this.worlds[world]!;
    const tail = frames.slice(Math.floor((frames.length * (FIFTHS - 1)) / FIFTHS));
    const values = tail
      .map((frame) => frame.populations[population]![POPULATION_METRIC_INDEX[name]]!)
      .filter((value) => !Number.isNaN(value));
    return values.length === 0 ? Number.NaN : mean(values);
  }

  populationNamed(kind: string): number {
    return this.config.populations.findIndex((p) => p.kind === kind);
  }
}

const mean = (values: readonly number[]): number => values.reduce((sum, v) => sum + v, 0) / values.length;
const sum = (values: readonly number[]): number => values.reduce((total, v) => total + v, 0);
const median = (values: readonly number[]): number => {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
};
const fifth = (series: readonly number[], which: number): number[] =>
  series.slice(
    Math.floor((series.length * which) / FIFTHS),
    Math.floor((series.length * (which + 1)) / FIFTHS),
  );

/** All criteria that one run can show; the common garden needs runs of its own. */
export function criteriaOf(arm: ArmRecord): Criterion[] {
  const worlds = arm.worlds.length;
  const n = arm.config.slots;
  const range = (values: readonly number[]): string =>
    `${round(mean(values))} (${round(Math.min(...values))} to ${round(Math.max(...values))})`;
  const all = (
    name: string,
    values: readonly number[],
    bound: string,
    holds: (value: number) => boolean,
  ): Criterion => {
    const holding = values.filter(holds).length;
    return { name, found: `${range(values)}; ${holding}/${worlds} worlds`, bound, holds: holding === worlds };
  };
  const ratio = (world: number): number => {
    const spend = arm.series(world, 'spend');
    return sum(fifth(spend, FIFTHS - 1)) / sum(fifth(spend, 0));
  };
  const start = arm.config.world.amm.cash / arm.config.world.amm.token;
  return [
    all(
      'least alive at any sample',
      arm.perWorld((w) => Math.min(...arm.series(w, 'alive'))),
      '> 0',
      (x) => x > 0,
    ),
    all(
      'mean share of slots alive',
      arm.perWorld((w) => mean(arm.series(w, 'alive')) / n),
      '>= 0.6',
      (x) => x >= 0.6,
    ),
    all(
      'ticks in which compute trades',
      arm.perWorld((w) => mean(arm.series(w, 'computeActive'))),
      '>= 0.9',
      (x) => x >= 0.9,
    ),
    all(
      'ticks in which tasks trade',
      arm.perWorld((w) => mean(arm.series(w, 'serviceActive'))),
      '>= 0.9',
      (x) => x >= 0.9,
    ),
    all(
      'ticks in which token is swapped',
      arm.perWorld((w) => mean(arm.series(w, 'swapActive'))),
      '>= 0.9',
      (x) => x >= 0.9,
    ),
    all('spending, last fifth / first fifth', arm.perWorld(ratio), '0.5 to 2', (x) => x >= 0.5 && x <= 2),
    all(
      'lowest token price / start',
      arm.perWorld((w) => Math.min(...arm.series(w, 'tokenPrice')) / start),
      '>= 0.1',
      (x) => x >= 0.1,
    ),
    all(
      'highest token price / start',
      arm.perWorld((w) => Math.max(...arm.series(w, 'tokenPrice')) / start),
      '<= 10',
      (x) => x <= 10,
    ),
    all(
      'births / slots',
      arm.perWorld((w) => sum(arm.series(w, 'births')) / n),
      '> 3',
      (x) => x > 3,
    ),
    all(
      'deaths / slots',
      arm.perWorld((w) => sum(arm.series(w, 'deaths')) / n),
      '> 3',
      (x) => x > 3,
    ),
    ...['random', 'ziC'].flatMap((kind) => outEarning(arm, kind)),
    genesMove(arm),
  ];
}

/** Whether learners earn more than a scripted population of the same worlds, paired by world. */
function outEarning(arm: ArmRecord, kind: string): Criterion[] {
  const learners = arm.populationNamed('learner');
  const baseline = arm.populationNamed(kind);
  if (learners < 0 || baseline < 0) return [];
  const differences = arm
    .perWorld(
      (w) =>
        arm.lastFifth(w, learners, 'matureProfitPerTick') - arm.lastFifth(w, baseline, 'matureProfitPerTick'),
    )
    .filter((difference) => !Number.isNaN(difference));
  const { mean: gap, standardError } = meanOf(differences);
  const ahead = differences.filter((difference) => difference > 0).length;
  const name = arm.config.populations[baseline]!.name;
  return [
    {
      name: `mature learners' profit per tick less ${name}'s, last fifth, cash`,
      found: `${round(gap)} +- ${round(standardError)} s.e.; ahead in ${ahead}/${differences.length} worlds`,
      bound: '> 2 s.e.',
      holds: gap > 2 * standardError,
    },
    {
      name: `median life, learners and ${name}, ticks`,
      found: `${round(median(arm.lives.get(learners) ?? []))} and ${round(median(arm.lives.get(baseline) ?? []))}`,
      bound: 'reported',
      holds: true,
    },
  ];
}

/** Whether any reward gene leaves its neutral shadow: the mean difference over worlds against its spread. */
function genesMove(arm: ArmRecord): Criterion {
  const moved = REWARD_FEATURES.map((feature, f) => {
    const differences = arm
      .perWorld((w) => {
        const last = arm.worlds[w]!.at(-1)!;
        return last.geneMean[f]! - last.shadowMean[f]!;
      })
      .filter((difference) => !Number.isNaN(difference));
    const { mean: gap, standardError } = meanOf(differences);
    return { feature, gap, ratio: Math.abs(gap) / standardError };
  }).sort((a, b) => b.ratio - a.ratio);
  const leading = moved
    .slice(0, 4)
    .map(({ feature, gap, ratio }) => `${feature} ${gap > 0 ? '+' : ''}${round(gap)} (${round(ratio)} s.e.)`);
  return {
    name: 'reward genes less their neutral shadow, last sample',
    found: leading.join(', '),
    bound: `one > ${STANDARD_ERRORS} s.e.`,
    holds: moved[0]!.ratio > STANDARD_ERRORS,
  };
}
