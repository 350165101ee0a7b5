/** The figures of an experiment's report, out of the cells of its sweep. */
import { REWARD_FEATURES } from '../../agents/columns.ts';
import { interquartileMean } from '../statistics/estimates.ts';
import { bootstrapInterval } from '../statistics/intervals.ts';
import {
  armOf,
  type ContrastResult,
  type SweepData,
  sideLabel,
  summarise,
  valuesOf,
} from '../sweep/analysis.ts';
import type { CellResult } from '../sweep/cell.ts';
import type { OutcomeSpec, Side } from '../sweep/experimentSchema.ts';
import { gardenText, inUnit, isOfPopulations, seriesOf, stageOf, unitOf } from '../sweep/outcome.ts';
import { axisChart, bandChart, contrastPlot, type Figure, heatMap, lineageTree } from './figures.ts';
import { COLOURS } from './plot.ts';

/** Samples whose intervals a band draws; each takes a bootstrap. */
const BAND_POINTS = 40;
const BAND_RESAMPLES = 300;

/**
 * Sides of an outcome: those of its contrasts, and all arms, or all populations of them, where none says. They come in the
 * order of the arms, so that an arm has one colour in all figures.
 *
 * @param most sides at all; those of contrasts before others
 */
export function sidesOf(data: SweepData, outcome: OutcomeSpec, most = Number.POSITIVE_INFINITY): Side[] {
  const { contrasts, outcomes } = data.source.experiment;
  const of = contrasts.filter((one) => (one.outcome ?? outcomes[0]!.name) === outcome.name);
  const sides: Side[] = of.flatMap((one) => [one.of, one.against]);
  if (!of.some((one) => one.of.population !== undefined))
    for (const { name } of data.manifest.arms) sides.push(...sidesOfArm(data, name, outcome));
  const seen = new Set<string>();
  const places = new Map(data.manifest.arms.map(({ name }, k) => [name, k]));
  const placeOf = (side: Side): number => places.get(armOf(data, side))!;
  return sides
    .filter((side) => {
      const label = sideLabel(data, side, outcome);
      if (seen.has(label)) return false;
      seen.add(label);
      return true;
    })
    .slice(0, most)
    .sort((a, b) => placeOf(a) - placeOf(b));
}

/** An arm, or its populations where the outcome is theirs and names none of them. */
function sidesOfArm(data: SweepData, arm: string, outcome: OutcomeSpec): Side[] {
  if (outcome.population !== undefined || !isOfPopulations(outcome)) return [{ arm }];
  const stages = data.cells.get(arm)!.flatMap((cell) => (cell && stageOf(cell, outcome)) ?? []);
  return stages[0]?.populations.map((population) => ({ arm, population })) ?? [{ arm }];
}

/** Sides that figures over time show: as many as there are colours. */
export const shownSides = (data: SweepData, outcome: OutcomeSpec): Side[] => sidesOf(data, outcome, COLOURS);

function trajectories(data: SweepData, outcome: OutcomeSpec): string {
  const series = shownSides(data, outcome).map((side) => {
    const stages = data.cells
      .get(armOf(data, side))!
      .flatMap((cell) => (cell === undefined ? [] : (stageOf(cell, outcome) ?? [])));
    const population = side.population ?? outcome.population;
    const curves = stages.map((stage) => {
      const index = population === undefined ? -1 : stage.populations.indexOf(population);
      const values = seriesOf(stage, outcome.metric, index, outcome.gene);
      if (outcome.per === undefined) return values;
      if (outcome.per === 'tick') return values.map((value) => value / stage.interval);
      const divisors = seriesOf(stage, outcome.per, index);
      return values.map((value, k) => value / divisors[k]!);
    });
    const ticks = stages[0]?.ticks ?? [];
    const every = Math.max(1, Math.ceil(ticks.length / BAND_POINTS));
    const points = ticks.flatMap((x, k) => {
      if ((ticks.length - 1 - k) % every !== 0) return [];
      const values = curves.map((curve) => curve[k] ?? Number.NaN).filter(Number.isFinite);
      const { low, high } = bootstrapInterval([values], { resamples: BAND_RESAMPLES });
      return [{ x, y: interquartileMean(values), low, high }];
    });
    return { label: sideLabel(data, side, outcome), points };
  });
  return bandChart(series, {
    title: `${outcome.name} over time`,
    xLabel: outcome.stage === 'run' ? 'tick' : `tick of the ${gardenText(outcome.stage)}`,
    yLabel: inUnit(outcome.name, unitOf(outcome)),
  });
}

/** Made of a whole run: they have no course. */
const WITHOUT_COURSE: readonly string[] = ['medianLife', 'insolventShare', 'geneShift'];

/** All figures of a sweep. */
export function figuresOf(data: SweepData, contrasts: readonly ContrastResult[]): Figure[] {
  const { outcomes, sampling } = data.source.experiment;
  const figures: Figure[] = [];
  const add = (name: string, svg: string, caption: string): void => {
    if (svg !== '') figures.push({ name, svg, caption });
  };
  for (const outcome of outcomes) {
    const own = contrasts.filter((one) => one.outcome === outcome);
    if (own.length === 0) continue;
    const rows = own.map(({ contrast, comparison, verdict }) => ({
      label: contrast.name,
      estimate: comparison.difference,
      ...comparison.interval,
      seeds: differencesOf(data, contrast.of, contrast.against, outcome),
      emphasised: verdict !== 'inconclusive',
    }));
    add(
      `contrasts-${outcome.name}`,
      contrastPlot(rows, unitOf(outcome)),
      `Differences of ${outcome.name} between the two sides of each contrast, with the same seed: interquartile means with 95 % bootstrap intervals; small dots are seeds, grey is inconclusive.`,
    );
  }
  figures.push(...axisFigures(data));
  if (sampling === undefined)
    for (const outcome of outcomes.filter(({ metric }) => !WITHOUT_COURSE.includes(metric)))
      add(
        `course-${outcome.name}`,
        trajectories(data, outcome),
        `${outcome.name} over time: interquartile means over worlds with 95 % bands.`,
      );
  add('lorenz-wealth', lorenz(data, 'lorenzWealth', 'wealth'), LORENZ_CAPTION('wealth'));
  add('lorenz-compute', lorenz(data, 'lorenzCompute', 'compute'), LORENZ_CAPTION('compute'));
  figures.push(...genomeFigures(data), ...lineageFigures(data));
  return figures;
}

const LORENZ_CAPTION = (what: string): string =>
  `Lorenz curves of ${what} at the end, means over worlds; the dashed line is equality.`;

const differencesOf = (data: SweepData, of: Side, against: Side, outcome: OutcomeSpec): number[] => {
  const theirs = valuesOf(data, against, outcome);
  return valuesOf(data, of, outcome).map((value, k) => value - theirs[k]!);
};

function lorenz(data: SweepData, key: 'lorenzWealth' | 'lorenzCompute', what: string): string {
  const series = data.manifest.arms.slice(0, COLOURS).map(({ name }) => {
    const curves = data.cells
      .get(name)!
      .flatMap((cell) => (cell === undefined || cell.run[key].length === 0 ? [] : [cell.run[key]]));
    const size = curves[0]?.length ?? 0;
    const points = Array.from({ length: size }, (_, k) => {
      const values = curves.map((curve) => curve[k]!).filter(Number.isFinite);
      const y = values.reduce((sum, value) => sum + value, 0) / values.length;
      return { x: k / (size - 1), y, low: Number.NaN, high: Number.NaN };
    });
    return { label: name, points };
  });
  if (series.every(({ points }) => points.length === 0)) return '';
  return bandChart(series, {
    title: `Lorenz curves of ${what}`,
    xLabel: 'share of agents, poorest first',
    yLabel: `share of ${what}`,
    diagonal: true,
  });
}

/** Where genes stand against their neutral shadows, by arm at the end and in the first arm over time. */
function genomeFigures(data: SweepData): Figure[] {
  const shiftOf = (cell: CellResult, sample: number, gene: number): number => {
    const { mean, shadow } = cell.run.genes;
    const at = sample < 0 ? mean.length - 1 : sample;
    return (mean[at]?.[gene] ?? Number.NaN) - (shadow[at]?.[gene] ?? Number.NaN);
  };
  const over = (arm: string, sample: number, gene: number): number =>
    interquartileMean(
      data.cells
        .get(arm)!
        .flatMap((cell) => (cell === undefined ? [] : [shiftOf(cell, sample, gene)]))
        .filter(Number.isFinite),
    );
  const arms = data.manifest.arms.slice(0, 2 * COLOURS).map(({ name }) => name);
  const ends = REWARD_FEATURES.map((_, gene) => arms.map((arm) => over(arm, -1, gene)));
  if (!ends.flat().some((value) => Math.abs(value) > 1e-9)) return [];
  const unit = 'mean gene less its neutral shadow';
  const first = data.cells.get(arms[0]!)!.find((cell) => cell !== undefined)!;
  const { ticks } = first.run.genes;
  return [
    {
      name: 'genome',
      svg: heatMap(REWARD_FEATURES, arms, ends, { title: 'reward genes at the end', xLabel: '', unit }),
      caption: `What evolved rewards value: mean genes of living learners less their neutral shadows, which mutate alike but are never selected; interquartile means over worlds, by arm.`,
    },
    {
      name: 'genome-course',
      svg: heatMap(
        REWARD_FEATURES,
        ticks.map(String),
        REWARD_FEATURES.map((_, gene) => ticks.map((_tick, sample) => over(arms[0]!, sample, gene))),
        { title: 'reward genes over time', xLabel: 'tick', unit },
      ),
      caption: `The same over time, arm ${arms[0]}.`,
    },
  ];
}

function lineageFigures(data: SweepData): Figure[] {
  const arm = data.manifest.arms[0]!.name;
  const cell = data.cells.get(arm)!.find((one) => one?.run.lineage.some(([, parent]) => parent !== 0));
  if (cell === undefined) return [];
  const { lineage, populations, ticks } = cell.run;
  const lives = lineage.map(([serial, parent, population, , from, to]) => ({
    serial,
    parent,
    population,
    from,
    to,
  }));
  const { svg, founders, living } = lineageTree(lives, populations, ticks.at(-1) ?? 0);
  return [
    {
      name: 'lineage',
      svg,
      caption: `Ancestors of the ${living} machines that live at the end of arm ${arm}, seed ${cell.replicate}: ${founders} founders and immigrants have living descendants, of ${lives.filter(({ parent }) => parent === 0).length}. Lines are lives, steps are births.`,
    },
  ];
}

/** Outcomes over the parameter along which arms lie. */
function axisFigures(data: SweepData): Figure[] {
  const { axis, arms = [], outcomes } = data.source.experiment;
  if (axis === undefined) return [];
  const { path, label: xLabel, lines, log, marks } = axis;
  // a word says what it is, a number only beside its key
  const lineOf = (set: Readonly<Record<string, unknown>>): string => {
    if (lines === undefined) return '';
    const value = set[lines] ?? data.source.experiment.set[lines] ?? 'base';
    return typeof value === 'string' ? value : `${lines.split('.').at(-1)} ${value}`;
  };
  const labels = [...new Set(arms.map(({ set }) => lineOf(set)))].slice(0, COLOURS);
  return outcomes
    .filter((outcome) => !isOfPopulations(outcome) || outcome.population !== undefined)
    .map((outcome) => {
      const series = labels.map((label) => ({
        label,
        points: arms
          .filter(({ set }) => lineOf(set) === label)
          .map(({ name, set }) => {
            const { estimate, interval } = summarise(valuesOf(data, { arm: name }, outcome), name);
            return { x: Number(set[path]), y: estimate, ...interval };
          })
          .filter(({ x, y }) => Number.isFinite(x) && Number.isFinite(y))
          .sort((a, b) => a.x - b.x),
      }));
      return {
        name: `axis-${outcome.name}`,
        svg: axisChart(series, {
          title: `${outcome.name} over ${xLabel}`,
          xLabel,
          yLabel: inUnit(outcome.name, unitOf(outcome)),
          log,
          marks,
        }),
        caption: `${outcome.name} over ${xLabel}: interquartile means over worlds with 95 % intervals.`,
      };
    });
}
