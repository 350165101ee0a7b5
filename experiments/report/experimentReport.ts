/** An experiment's report: what was asked, what was run, what came out and how far it can be trusted. */
import { duration } from '../progress.ts';
import { interquartileMean } from '../statistics/estimates.ts';
import {
  type ContrastResult,
  checkStatement,
  contrastsOf,
  estimated,
  finding,
  GENERATIONS_MIN,
  generationsOf,
  overallFinding,
  resultsHashOf,
  type SweepData,
  short,
  shortInterval,
  sideLabel,
  summarise,
  valuesOf,
  warningsOf,
} from '../sweep/analysis.ts';
import type { Experiment, OutcomeSpec, ScaleName } from '../sweep/experimentSchema.ts';
import { gardenText, inUnit, unitOf } from '../sweep/outcome.ts';
import { figuresOf, sidesOf } from './experimentFigures.ts';
import type { Figure } from './figures.ts';
import { htmlPage, type Section } from './page.ts';
import { priceSections } from './priceSection.ts';
import { sensitivitySections } from './sensitivitySections.ts';

export interface Report {
  readonly html: string;
  readonly figures: readonly Figure[];
  readonly contrasts: readonly ContrastResult[];
}

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
    {
      kind: 'heading',
      text: checkStatement(data).kept
        ? 'Hypothesis, stated before the run'
        : 'Hypothesis, in a file that was changed after cells had been run',
    },
    { kind: 'text', text: experiment.hypothesis },
    ...findingSections(contrasts, manifest.scale === 'smoke'),
    { kind: 'heading', text: 'Design' },
    { kind: 'text', text: designText(data) },
    ...(experiment.sampling === undefined ? [armTable(data)] : (sampled?.sections ?? [])),
    ...gardenTables(data),
    { kind: 'heading', text: 'Figures' },
    ...figureSections(all),
    ...statisticsSections(data, contrasts),
    ...(experiment.sampling === undefined ? priceSections(data) : []),
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
  return [
    { kind: 'heading', text: smoke ? 'What this run found (smoke: no evidence)' : 'Finding' },
    { kind: 'text', text: overallFinding(contrasts) },
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
  const garden = [
    ...(experiment.garden === undefined
      ? []
      : [
          ` After each world the genomes of its ${experiment.garden.population} compete, fixed, in a common garden with evaluation seeds '${experiment.seeds.evaluation}'.`,
        ]),
    ...experiment.gardens.map(
      ({ name, population, size, set }) =>
        ` After each world the genomes of its ${population} are tried in the garden '${name}' with evaluation seeds '${experiment.seeds.evaluation}'${size === 1 ? '' : `, ${size} times as large`}${Object.keys(set).length === 0 ? '' : `, where ${settingsText(set)}`}.`,
    ),
  ].join('');
  const interventions = experiment.interventions
    .map(
      ({ at, population, skill }) =>
        ` At ${Math.round(100 * at)} % of the run, ${population} are given skill ${skill} in every class.`,
    )
    .join('');
  const common = commonSettings(experiment, manifest.scale);
  const changed = common === '' ? '' : ` with ${common} in all arms`;
  return `Base config ${experiment.config}${changed}; ${slots} slots; seeds '${experiment.seeds.search}', the same in every arm, so that arms differ by what they set and not by luck. The replicate is a world, never an agent. Worlds ran as ${manifest.batches} ${manifest.batches === 1 ? 'batch' : 'batches'}.${garden}${interventions} Primary outcome: ${outcomeText(experiment.outcomes[0]!)}.`;
}

const settingsText = (set: Readonly<Record<string, unknown>>): string =>
  Object.entries(set)
    .map(([path, value]) => `${path} = ${typeof value === 'object' ? JSON.stringify(value) : value}`)
    .join(', ');

/** What an experiment changes of its base config at a scale, but for what its arms or points set themselves. */
function commonSettings({ set, arms = [], sampling, scales }: Experiment, scale: ScaleName): string {
  const theirs = new Set([
    ...arms.flatMap((arm) => Object.keys(arm.set)),
    ...(sampling?.parameters ?? []).map(({ path }) => path),
  ]);
  const common = Object.entries({ ...set, ...scales[scale].set }).filter(([path]) => !theirs.has(path));
  return settingsText(Object.fromEntries(common));
}

/** Who competes in gardens with populations of their own. */
function gardenTables({ source }: SweepData): Section[] {
  const rows = source.experiment.gardens.flatMap(({ name, populations }) =>
    populations.map((one, k) => [
      k === 0 ? name : '',
      one.name,
      one.genes ?? (one.kind === 'learner' ? `reward ${one.reward ?? 'random'}` : one.kind),
      one.without.join(', '),
      one.learned ? 'what they had learned' : one.kind === 'learner' ? 'nothing' : '-',
      one.learner === 'frozen' ? 'no' : one.kind === 'learner' ? 'yes' : '-',
    ]),
  );
  if (rows.length === 0) return [];
  const head = ['garden', 'population', 'genes', 'silenced', 'comes with', 'learns on'];
  return [{ kind: 'table', head, rows }];
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
  return `${name} (${metric}${gene === undefined ? '' : ` of ${gene}`}${per === undefined ? '' : ` per ${per}`}${inUnit(of, unitOf(outcome))}, ${WINDOW_TEXT[window]}${stage === 'run' ? '' : ` of the ${gardenText(stage)}`})`;
}

function armTable(data: SweepData): Section {
  const { manifest, source, cells } = data;
  const outcome = source.experiment.outcomes[0]!;
  const rows = manifest.arms.map(({ name, about, differs }) => {
    const list = cells.get(name)!;
    const { estimate, interval, values } = summarise(valuesOf(data, { arm: name }, outcome), name);
    const { generation, births } = generationsOf(source.experiment, list);
    return [
      name,
      about,
      shortened(differs),
      String(list.filter((cell) => cell !== undefined).length),
      estimated(estimate, interval),
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
            estimated(c.difference, c.interval),
            estimated(c.probability, c.probabilityInterval),
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
  const rows = data.source.experiment.outcomes.flatMap((outcome) =>
    sidesOf(data, outcome).map((side, k) => {
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
    }),
  );
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
    .flatMap((list) => generationsOf(experiment, list).generation)
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
  const laws = [...cells.values()].flat().reduce((sum, cell) => sum + (cell?.run.lawsChecked ?? 0), 0);
  const compute = [...cells.values()].flat().reduce((sum, cell) => sum + (cell?.seconds ?? 0), 0);
  const since =
    changedSince === null ? 'the file is gone' : changedSince ? 'changed since' : 'unchanged since';
  return {
    kind: 'table',
    head: [],
    rows: [
      [
        'statement of the experiment',
        `${manifest.statements.map(({ hash, at, finished: before }) => `${hash}, stored ${at} with ${before} cells finished`).join('; ')}; ${kept ? 'before the first cell' : 'changed on the way'}, ${since}`,
      ],
      ['results', `${resultsHashOf(data)} over the final hashes of ${finished} cells`],
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
