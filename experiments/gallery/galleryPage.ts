/** The gallery: what each experiment found at modest scale, as one page of Markdown beside its figures. */
import type { Figure } from '../report/figures.ts';
import {
  type ContrastResult,
  checkStatement,
  estimated,
  finding,
  generationsOf,
  overallFinding,
  resultsHashOf,
  type SweepData,
  short,
  warningsOf,
} from '../sweep/analysis.ts';
import type { ValidationResult } from '../validate/case.ts';

/** A finding that a person wrote about results; shown as stale beside any others. */
export interface WrittenFinding {
  /** First digits of the hash of the results that it is about. */
  readonly results: string;
  readonly text: string;
}

export interface GalleryEntry {
  readonly data: SweepData;
  readonly contrasts: readonly ContrastResult[];
  readonly figures: readonly Figure[];
  readonly written: WrittenFinding | null;
}

/** Figures of a report that the gallery keeps. */
export function chosenFigures({ figures, data }: Pick<GalleryEntry, 'figures' | 'data'>): Figure[] {
  const [primary] = data.source.experiment.outcomes;
  const wanted = [
    `contrasts-${primary!.name}`,
    `axis-${primary!.name}`,
    `course-${primary!.name}`,
    'genome',
    'lineage',
  ];
  return wanted.flatMap((name) => figures.find((one) => one.name === name) ?? []).slice(0, FIGURES_MAX);
}
const FIGURES_MAX = 4;

/** File name of a figure within the gallery. */
export const figureFile = (experiment: string, { name }: Figure): string =>
  `${experiment}-${name.replaceAll(/[^\w.-]+/g, '-')}.svg`;

const HASH_DIGITS = 12;
const cellText = (text: string): string => text.replaceAll('|', '\\|');
const tableOf = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map(() => '---'), ...rows].map((row) => `| ${row.map(cellText).join(' | ')} |`).join('\n');

function generationsText({ source, cells }: SweepData): string {
  const seen = [...cells.values()]
    .flatMap((list) => generationsOf(source.experiment, list).generation)
    .filter(Number.isFinite);
  return seen.length === 0 ? '-' : `${short(Math.min(...seen))} to ${short(Math.max(...seen))}`;
}

/** The commands that give an entry again. */
const commandsOf = ({ manifest, source }: SweepData): string => {
  const { name } = source.experiment;
  return `darwin sweep ${name} --scale ${manifest.scale} --out runs/${name}-${manifest.scale}\ndarwin report runs/${name}-${manifest.scale}`;
};

function entrySection({ data, contrasts, figures, written }: GalleryEntry): string {
  const { manifest, source, cells, finished } = data;
  const { name, title, question, hypothesis } = source.experiment;
  const results = resultsHashOf(data);
  const seconds = [...cells.values()].flat().reduce((sum, cell) => sum + (cell?.seconds ?? 0), 0);
  const stale = written !== null && !results.startsWith(written.results);
  const rows = contrasts.map(({ contrast, outcome, comparison: c, adjusted, verdict }) => [
    contrast.name,
    outcome.name,
    estimated(c.difference, c.interval),
    String(c.pairs),
    short(adjusted),
    contrast.expect,
    verdict,
  ]);
  return [
    `## ${title || name}`,
    `**Question.** ${question}`,
    `**Hypothesis${checkStatement(data).kept ? ', stated before the run' : ''}.** ${hypothesis}`,
    `**Finding.** ${overallFinding(contrasts)}${written === null ? '' : ` ${written.text.trim()}`}`,
    ...(stale
      ? [`> The finding was written about other results (${written.results}) than those below.`]
      : []),
    ...warningsOf(data).map((warning) => `> ${warning}`),
    tableOf(['contrast', 'outcome', 'difference (95 %)', 'seeds', 'p, Holm', 'stated', 'verdict'], rows),
    ...chosenFigures({ figures, data }).map(
      (figure) => `![${figure.caption}](${figureFile(name, figure)})\n\n*${figure.caption}*`,
    ),
    `\`\`\`\n${commandsOf(data)}\n\`\`\``,
    tableOf(
      ['', ''],
      [
        [
          'design',
          `${manifest.arms.length} arms x ${manifest.worlds} seeds x ${manifest.ticks.toLocaleString('en-US')} ticks`,
        ],
        ['cells finished', `${finished} of ${manifest.cells.length}`],
        ['generations spanned', generationsText(data)],
        ['time of cells, one thread each', `${short(seconds / 60)} minutes`],
        ['statement', manifest.statements.at(-1)!.hash.slice(0, HASH_DIGITS)],
        ['results', results.slice(0, HASH_DIGITS)],
        ['program', `${manifest.version}, commit ${(manifest.commit ?? 'unknown').slice(0, HASH_DIGITS)}`],
      ],
    ),
    `<details><summary>Sentences from the numbers</summary>\n\n${contrasts
      .map((one) => `- ${finding(one)}`)
      .join('\n')}\n\n</details>`,
  ].join('\n\n');
}

const HEADLINE = 'Where do rewards come from: hungry-thirsty';

/** The reproduction of hungry-thirsty: fitness under each reward against what is stated. */
export function headline(results: readonly ValidationResult[]): string {
  const rows = results.map(({ params, measured, expected, tolerance, pass }) => [
    String(params.reward),
    short(Number(measured.fitness)),
    `${short(Number(expected.fitness))} +- ${short(tolerance.fitness!)}`,
    expected.againstReference === undefined
      ? (measured.thirst ?? '-').toString()
      : `reference ${short(Number(expected.againstReference))} +- ${short(tolerance.againstReference!)}`,
    String(params.seeds),
    pass ? 'yes' : '**no**',
  ]);
  return [
    `## ${HEADLINE}`,
    'Q-learners in the grid world of Singh, Lewis & Barto (2009): the share of 75,000 steps that end not hungry. The fitness itself is a poor reward, because most learners never find out that food needs water. A search over rewards, which is told nothing but fitness, finds a penalty for thirst.',
    tableOf(['reward', 'fitness', 'stated', 'also', 'worlds or searches', 'holds'], rows),
    '```\ndarwin validate hungry-thirsty --set reward=evolved\n```',
  ].join('\n\n');
}

/** What the page has of one experiment. */
export interface GalleryPart {
  /** Its line of the list at the top. */
  readonly line: string;
  readonly section: string;
}

const lineStart = (title: string): string => `- [${title}](#${anchorOf(title)}): `;

/** What the page has of an experiment whose cells lie here. */
export function partOf(entry: GalleryEntry): GalleryPart {
  const { title, name } = entry.data.source.experiment;
  return {
    line: `${lineStart(title || name)}${overallFinding(entry.contrasts)}`,
    section: entrySection(entry),
  };
}

/** Sections of a page that was written before, by their headings. */
function sectionsOf(page: string): Map<string, string> {
  const sections = page.split(/^(?=## )/m).slice(1);
  return new Map(sections.map((text) => [/^## (.*)$/m.exec(text)![1]!, text.trim()]));
}

/** What a page that was written before has of the experiment with this title, or null. */
export function partIn(page: string, title: string): GalleryPart | null {
  const line = page.split('\n').find((one) => one.startsWith(lineStart(title)));
  const section = sectionsOf(page).get(title);
  return line === undefined || section === undefined ? null : { line, section };
}

/** What a page that was written before has of the hungry-thirsty case, or null. */
export const headlineIn = (page: string): string | null => sectionsOf(page).get(HEADLINE) ?? null;

/** The page: experiments, and the section of the hungry-thirsty case (`headline`) where there is one. */
export function galleryPage(parts: readonly GalleryPart[], head: string | null): string {
  return `${[
    '# Gallery',
    'Written by `npm run gallery`; change the experiments or findings.yaml, not this file. Modest scale: at most twenty minutes each on two cores. The replicate is a world, never an agent; differences are interquartile means over seeds, paired by seed, with 95 % bootstrap intervals, and p is adjusted by Holm over the contrasts of an outcome. Each experiment was stated before its first cell was run; `darwin report` writes the full report with all figures.',
    parts.map(({ line }) => line).join('\n'),
    ...(head === null ? [] : [head]),
    ...parts.map(({ section }) => section),
  ].join('\n\n')}\n`;
}

/** Figures that a page shows, by their file names. */
export const figuresOf = (page: string): Set<string> =>
  new Set([...page.matchAll(/\]\(([^)#]+\.svg)\)/g)].map(([, file]) => file!));

/** The anchor that a heading of Markdown gets. */
const anchorOf = (heading: string): string =>
  heading
    .toLowerCase()
    .replaceAll(/[^\w\s-]/g, '')
    .replaceAll(' ', '-');
