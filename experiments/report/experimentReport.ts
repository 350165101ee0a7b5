/** An experiment's report: what was asked, what was run, what came out and how far it can be trusted. */
import { createHash } from 'node:crypto';
import { REWARD_FEATURES } from '../../agents/columns.ts';
import { duration } from '../progress.ts';
import { interquartileMean } from '../statistics/estimates.ts';
import { bootstrapInterval } from '../statistics/intervals.ts';
import {
  armOf,
  type ContrastResult,
  checkStatement,
  contrastsOf,
  finding,
  GENERATIONS_MIN,
  generationsOf,
  type SweepData,
  short,
  shortInterval,
  sideLabel,
  summarise,
  valuesOf,
  warningsOf,
} from '../sweep/analysis.ts';
import type { CellResult } from '../sweep/cell.ts';
import type { OutcomeSpec, Side } from '../sweep/experimentSchema.ts';
import { seriesOf, unitOf } from '../sweep/outcome.ts';
import type { StageRecord } from '../sweep/stage.ts';
import { bandChart, contrastPlot, type Figure, heatMap, lineageTree } from './figures.ts';
import { htmlPage, type Section } from './page.ts';
import { COLOURS } from './plot.ts';
import { sensitivitySections } from './sensitivitySections.ts';

export interface Report {
  readonly html: string;
  readonly figures: readonly Figure[];
  readonly contrasts: readonly ContrastResult[];
}

/** Samples whose intervals a band draws; each takes a bootstrap. */
const BAND_POINTS = 40;
const BAND_RESAMPLES = 300;

/** Builds the page of a sweep; the same bytes each time for the same directory. */
export function experimentReport(data: SweepData): Report {
  const { manifest, source } = data;
  const { experiment } = source;
  const contrasts = contrastsOf(data);
  const figures = figuresOf(data, contrasts);
  const sampled = experiment.sampling === undefined ? null : sensitivitySections(data);
  const all = [...figures, ...(sampled?.figures ?? [])];
  const figureSections = (from: readonly Figure[]): Section[] =>
    from.map(({ svg, caption }) => ({ kind: 'figure', svg, caption }));
  const sections: Section[] = [
    ...warningsOf(data).map((text): Section => ({ kind: 'warning', text })),
    { kind: 'heading', text: 'Question' },
    { kind: 'text', text: experiment.question },
    { kind: 'heading', text: 'Hypothesis, stated before the run' },
    { kind: 'text', text: experiment.hypothesis },
    ...findingSections(contrasts, manifest.scale === 'smoke'),
    { kind: 'heading', text: 'Design' },
    { kind: 'text', text: designText(data) },
    ...(experiment.sampling === undefined ? [armTable(data)] : (sampled?.sections ?? [])),
    { kind: 'heading', text: 'Figures' },
    ...figureSections(all),
    ...statisticsSections(data, contrasts),
    { kind: 'heading', text: 'Threats to validity' },
    { kind: 'list', items: threatsOf(data, contrasts) },
    { kind: 'heading', text: 'How to repeat it' },
    { kind: 'code', text: commandOf(data) },
    provenance(data),
  ];
  const title = experiment.title || experiment.name;
  const subtitle = `${manifest.scale} scale: ${manifest.arms.length} arms x ${manifest.worlds} seeds x ${manifest.ticks.toLocaleString('en-US')} ticks`;
  return { html: htmlPage(title, subtitle, sections), figures: all, contrasts };
}

function findingSections(contrasts: readonly ContrastResult[], smoke: boolean): Section[] {
  if (contrasts.length === 0) return [];
  const primary = contrasts.filter((one) => one.primary);
  const others = contrasts.filter((one) => !one.primary);
  const count = (verdict: string): number => primary.filter((one) => one.verdict === verdict).length;
  const decided = primary.length - count('inconclusive');
  const overall =
    decided === 0
      ? 'Inconclusive: no primary contrast is told apart from luck.'
      : `Of ${primary.length} primary contrasts ${count('supported') + count('different')} came out as stated, ${count('opposite')} the other way, ${count('inconclusive')} inconclusive.`;
  return [
    { kind: 'heading', text: smoke ? 'What this run found (smoke: no evidence)' : 'Finding' },
    { kind: 'text', text: overall },
    { kind: 'list', items: primary.map(finding) },
    ...(others.length === 0
      ? []
      : ([
          { kind: 'text', text: 'Beside the primary outcome, to explore:' },
          { kind: 'list', items: others.map(finding) },
        ] satisfies Section[])),
  ];
}

function designText({ manifest, source, cells }: SweepData): string {
  const { experiment } = source;
  const { slots } = [...cells.values()].flat().find((cell) => cell !== undefined)!.run;
  const garden =
    experiment.garden === undefined
      ? ''
      : ` After each world the genomes of its ${experiment.garden.population} compete, fixed, in a common garden with evaluation seeds '${experiment.seeds.evaluation}'.`;
  const interventions = experiment.interventions
    .map(
      ({ at, population, skill }) =>
        ` At ${Math.round(100 * at)} % of the run, ${population} are given skill ${skill} in every class.`,
    )
    .join('');
  return `Base config ${experiment.config}, ${slots} slots; seeds '${experiment.seeds.search}', the same in every arm, so that arms differ by what they set and not by luck. The replicate is a world, never an agent. Worlds ran as ${manifest.batches} ${manifest.batches === 1 ? 'batch' : 'batches'}.${garden}${interventions} Primary outcome: ${outcomeText(experiment.outcomes[0]!)}.`;
}

const WINDOW_TEXT = {
  whole: 'over the whole run',
  secondHalf: 'over the second half',
  lastFifth: 'over the last fifth',
  end: 'at the end',
} as const;
function outcomeText(outcome: OutcomeSpec): string {
  const { name, metric, per, stage, window, population, gene } = outcome;
  const of = population === undefined ? '' : ` of ${population}`;
  return `${name} (${metric}${gene === undefined ? '' : ` of ${gene}`}${per === undefined ? '' : ` per ${per}`}${of}, ${unitOf(outcome)}, ${WINDOW_TEXT[window]}${stage === 'garden' ? ' of the garden' : ''})`;
}

function armTable(data: SweepData): Section {
  const { manifest, source, cells } = data;
  const outcome = source.experiment.outcomes[0]!;
  const rows = manifest.arms.map(({ name, about, differs }) => {
    const list = cells.get(name)!;
    const { estimate, interval, values } = summarise(valuesOf(data, { arm: name }, outcome), name);
    const { generation, births } = generationsOf(list);
    const own = Number.isFinite(estimate) ? `${short(estimate)} (${shortInterval(interval)})` : '-';
    return [
      name,
      about,
      shortened(differs),
      String(list.filter((cell) => cell !== undefined).length),
      own,
      String(values.length),
      `${short(Math.min(...generation))} to ${short(Math.max(...generation))}`,
      short(interquartileMean(births)),
    ];
  });
  return {
    kind: 'table',
    head: [
      'arm',
      'about',
      'what differs',
      'worlds',
      `${outcome.name}: interquartile mean (95 %)`,
      'with a value',
      'generations at the end',
      'births / slots',
    ],
    rows,
  };
}

const DIFFERS_MAX = 240;
const shortened = (text: string): string =>
  text.length > DIFFERS_MAX ? `${text.slice(0, DIFFERS_MAX)} … (sweep.json has all)` : text;

/** Sides that figures over time show: those of the primary contrasts first, then all arms. */
function shownSides(data: SweepData, outcome: OutcomeSpec): Side[] {
  const { contrasts, outcomes } = data.source.experiment;
  const of = contrasts.filter((one) => (one.outcome ?? outcomes[0]!.name) === outcome.name);
  const sides: Side[] = [
    ...of.flatMap((one) => [one.of, one.against]),
    ...(of.some((one) => one.of.population !== undefined)
      ? []
      : data.manifest.arms.map(({ name }) => ({ arm: name }))),
  ];
  const seen = new Set<string>();
  return sides
    .filter((side) => {
      const label = sideLabel(data, side, outcome);
      if (seen.has(label)) return false;
      seen.add(label);
      return true;
    })
    .slice(0, COLOURS);
}

const stageOf = (cell: CellResult | undefined, outcome: OutcomeSpec): StageRecord | null =>
  cell === undefined ? null : outcome.stage === 'garden' ? cell.garden : cell.run;

function trajectories(data: SweepData, outcome: OutcomeSpec): string {
  const series = shownSides(data, outcome).map((side) => {
    const stages = data.cells.get(armOf(data, side))!.flatMap((cell) => stageOf(cell, outcome) ?? []);
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
    xLabel: outcome.stage === 'garden' ? 'tick of the garden' : 'tick',
    yLabel: `${outcome.name}, ${unitOf(outcome)}`,
  });
}

/** Made of a whole run: they have no course. */
const WITHOUT_COURSE: readonly string[] = ['medianLife', 'insolventShare', 'geneShift'];

function figuresOf(data: SweepData, contrasts: readonly ContrastResult[]): Figure[] {
  const { outcomes, sampling } = data.source.experiment;
  const figures: Figure[] = [];
  const add = (name: string, svg: string, caption: string): void => {
    if (svg !== '') figures.push({ name, svg, caption });
  };
  for (const outcome of outcomes) {
    const own = contrasts.filter((one) => one.outcome === outcome);
    if (own.length === 0) continue;
    const rows = own.map(({ contrast, comparison, verdict, labels }) => ({
      label: labels.join(' − '),
      estimate: comparison.difference,
      ...comparison.interval,
      seeds: differencesOf(data, contrast.of, contrast.against, outcome),
      emphasised: verdict !== 'inconclusive',
    }));
    add(
      `contrasts-${outcome.name}`,
      contrastPlot(rows, unitOf(outcome)),
      `Differences of ${outcome.name} between arms with the same seed: interquartile means with 95 % bootstrap intervals; small dots are seeds, grey is inconclusive.`,
    );
  }
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

function statisticsSections(data: SweepData, contrasts: readonly ContrastResult[]): Section[] {
  const sections: Section[] = [];
  if (contrasts.length > 0)
    sections.push(
      { kind: 'heading', text: 'Statistics' },
      {
        kind: 'table',
        head: [
          'contrast',
          'outcome',
          'difference (95 %)',
          'P(improvement) (95 %)',
          "Cliff's delta",
          "Cohen's d",
          'p',
          'p, Holm',
          'stated',
          'verdict',
          'seeds for 80 % power',
        ],
        rows: contrasts.map(
          ({ contrast, outcome, comparison: c, adjusted, verdict, seedsNeeded, primary }) => [
            contrast.name,
            `${outcome.name}${primary ? '' : ' (explores)'}`,
            `${short(c.difference)} (${shortInterval(c.interval)})`,
            `${short(c.probability)} (${shortInterval(c.probabilityInterval)})`,
            short(c.cliffsDelta),
            short(c.cohensD),
            short(c.p),
            short(adjusted),
            contrast.expect,
            verdict,
            short(seedsNeeded),
          ],
        ),
      },
      {
        kind: 'text',
        text: 'Differences are interquartile means over seeds of what the two sides of one seed differ by (Agarwal et al. 2021), with expanded percentile bootstrap intervals (Hesterberg 2015). p: exact signed-rank test of these differences (Wilcoxon 1945), adjusted over the contrasts of an outcome (Holm 1979). P(improvement): that a world of the first side exceeds one of the second, seeds mixed; its interval resamples seeds. Needed seeds: normal approximation at the effect found.',
      },
    );
  const { outcomes, sampling } = data.source.experiment;
  if (sampling === undefined && outcomes.length > 0)
    sections.push({ kind: 'heading', text: 'Outcomes by arm' }, outcomeTable(data));
  return sections;
}

function outcomeTable(data: SweepData): Section {
  const { outcomes, contrasts } = data.source.experiment;
  const rows = outcomes.flatMap((outcome) => {
    const own = contrasts.filter((one) => (one.outcome ?? outcomes[0]!.name) === outcome.name);
    const sides: Side[] = own.some((one) => one.of.population !== undefined)
      ? shownSides(data, outcome)
      : data.manifest.arms.map(({ name }) => ({ arm: name }));
    return sides.map((side, k) => {
      const label = sideLabel(data, side, outcome);
      const { values, estimate, interval } = summarise(valuesOf(data, side, outcome), label);
      return [
        k === 0 ? outcomeText(outcome) : '',
        label,
        String(values.length),
        short(estimate),
        shortInterval(interval),
        values.length === 0 ? '-' : `${short(Math.min(...values))} to ${short(Math.max(...values))}`,
      ];
    });
  });
  return {
    kind: 'table',
    head: ['outcome', 'side', 'worlds', 'interquartile mean', '95 % interval', 'least to most'],
    rows,
  };
}

function threatsOf(data: SweepData, contrasts: readonly ContrastResult[]): string[] {
  const { experiment } = data.source;
  const missing = contrasts.filter(({ comparison }) => comparison.missing > 0);
  const generations = [...data.cells.values()]
    .flatMap((list) => generationsOf(list).generation)
    .filter(Number.isFinite);
  return [
    ...experiment.threats,
    ...missing.map(
      ({ contrast, comparison }) =>
        `${contrast.name}: ${comparison.missing} of ${comparison.missing + comparison.pairs} seeds have no value on one side and are left out, which may favour whoever survived.`,
    ),
    ...(generations.length === 0
      ? []
      : [
          `Generations spanned: ${short(Math.min(...generations))} to ${short(Math.max(...generations))} from genesis or immigration to the living, mean of each world; ${GENERATIONS_MIN} are asked of questions of evolution.`,
        ]),
    'A model economy: parameters are calibrated to live, not to any market; conclusions hold for it.',
  ];
}

const shellWord = (text: string): string =>
  /^[\w=.,:/@%+-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
/** The commands that give this report again. */
const commandOf = ({ manifest, directory }: SweepData): string =>
  `darwin sweep ${shellWord(manifest.file)} --scale ${manifest.scale} --out ${shellWord(directory)}\ndarwin report ${shellWord(directory)}`;

function provenance(data: SweepData): Section {
  const { manifest, cells, finished } = data;
  const { kept, changedSince } = checkStatement(data);
  const results = createHash('sha256');
  for (const cell of [...cells.values()].flat())
    if (cell !== undefined)
      results.update(`${cell.hash} ${cell.run.finalHash} ${cell.garden?.finalHash ?? ''}\n`);
  const laws = [...cells.values()].flat().reduce((sum, cell) => sum + (cell?.run.lawsChecked ?? 0), 0);
  const compute = [...cells.values()].flat().reduce((sum, cell) => sum + (cell?.seconds ?? 0), 0);
  const since =
    changedSince === null ? 'the file is gone' : changedSince ? 'changed since' : 'unchanged since';
  return {
    kind: 'table',
    head: ['', ''],
    rows: [
      [
        'statement of the experiment',
        `${manifest.statements.map(({ hash, at, finished: before }) => `${hash}, stored ${at} with ${before} cells finished`).join('; ')}; ${kept ? 'before the first cell' : 'changed on the way'}, ${since}`,
      ],
      ['results', `${results.digest('hex')} over the final hashes of ${finished} cells`],
      ['economic laws', `${laws.toLocaleString('en-US')} checks, all of which held`],
      ['program', `darwin-market ${manifest.version}, commit ${manifest.commit ?? 'unknown'}`],
      [
        'machine',
        `${manifest.hardware.cpu}, ${manifest.hardware.cores} cores, ${manifest.hardware.memoryGiB} GiB, ${manifest.hardware.os}, Node ${manifest.hardware.node}`,
      ],
      [
        'time',
        `${duration(manifest.seconds)} on ${manifest.threads} threads (${duration(compute)} of cells), finished ${manifest.finishedAt ?? 'not yet'}`,
      ],
    ],
  };
}
