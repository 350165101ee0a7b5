/**
 * `npm run gallery`: runs what is missing of every experiment at modest scale, one after the other, and writes README.md and
 * figures of this folder. `-- NAME...` runs these alone; what the page had of the others, and of those without a finished cell,
 * stays.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { parse } from 'yaml';
import { isNear } from '../../configs/suggestions.ts';
import { UsageError } from '../../sim/core/errors.ts';
import { countOf } from '../commandLine.ts';
import { PACKAGE_ROOT } from '../hardware.ts';
import { experimentReport } from '../report/experimentReport.ts';
import { standaloneSvg } from '../report/page.ts';
import { runScript, scriptOf } from '../script.ts';
import { loadSweep, type SweepData } from '../sweep/analysis.ts';
import { loadExperiment } from '../sweep/experimentFile.ts';
import { planSweep, runSweep, unfinished } from '../sweep/sweep.ts';
import { SweepDirectory } from '../sweep/sweepDirectory.ts';
import type { ValidationResult } from '../validate/case.ts';
import { type Job, runJobs } from '../validate/jobs.ts';
import {
  chosenFigures,
  figureFile,
  figuresOf,
  type GalleryPart,
  galleryPage,
  headline,
  headlineIn,
  partIn,
  partOf,
  type WrittenFinding,
} from './galleryPage.ts';

const EXPERIMENTS: readonly string[] = [
  'darwinian-market',
  'reward-science',
  'trust',
  'centralization',
  'property-rights',
  'self-updating-objectives',
  'wireheading',
  'training-paradigms',
  'network-effects',
  'probabilistic-machines',
];
const SCALE = 'modest';
const FOLDER = join(PACKAGE_ROOT, 'experiments', 'gallery');
const PAGE = join(FOLDER, 'README.md');
/** Rewards of the hungry-thirsty case with as many worlds, or searches, as tell them apart in a minute or two. */
const HEADLINES: readonly Job[] = [
  { name: 'hungry-thirsty', set: { reward: 'fitness' }, seeds: 32, full: false },
  { name: 'hungry-thirsty', set: { reward: 'published' }, seeds: 8, full: false },
  { name: 'hungry-thirsty', set: { reward: 'constant' }, seeds: 2, full: false },
  { name: 'hungry-thirsty', set: { reward: 'evolved' }, seeds: 2, full: false },
];

const say = (text: string): void => {
  process.stderr.write(`${text}\n`);
};

/** Runs the cells that are missing; what is finished is never run again. */
async function finish(name: string, path: string, threads: number): Promise<void> {
  const plan = planSweep(loadExperiment(join('experiments', `${name}.yaml`)), SCALE, threads);
  const left = unfinished(plan, path);
  if (left.length === 0) return;
  say(`${name}: ${left.length} of ${plan.cells.length} cells to run`);
  const directory = new SweepDirectory(path, plan, existsSync(join(path, 'sweep.json')));
  let status: 'finished' | 'failed' = 'failed';
  try {
    await runSweep(left, directory, plan.threads, {
      onEnd: ({ arm, replicate }) => say(`${name}: ${arm}, seed ${replicate}`),
    });
    status = 'finished';
  } finally {
    directory.close(status);
  }
}

/** A sweep that has a finished cell, or null. */
function sweepIn(path: string): SweepData | null {
  const cells = join(path, 'cells');
  if (!existsSync(cells) || readdirSync(cells).length === 0) return null;
  return loadSweep(path);
}

async function headlinesIn(runs: string, threads: number, run: boolean): Promise<ValidationResult[]> {
  const file = join(runs, 'hungry-thirsty.json');
  if (existsSync(file)) return JSON.parse(readFileSync(file, 'utf8')) as ValidationResult[];
  if (!run) return [];
  const results = await runJobs(HEADLINES, threads, {
    onEnd: ({ set }) => say(`hungry-thirsty: ${set.reward}`),
  });
  mkdirSync(runs, { recursive: true });
  writeFileSync(file, JSON.stringify(results));
  return results;
}

/** Throws UsageError for a name that is no experiment's. */
function assertKnown(name: string): void {
  if (EXPERIMENTS.includes(name)) return;
  const meant = EXPERIMENTS.find((one) => isNear(name, one));
  throw new UsageError(
    `the gallery has no experiment '${name}'`,
    meant === undefined ? EXPERIMENTS.join(', ') : `did you mean ${meant}?`,
  );
}

interface Options {
  readonly runs: string;
  readonly reportOnly?: boolean;
  readonly threads: string;
}
const script = scriptOf(
  'gallery',
  `Runs what is missing of experiments at ${SCALE} scale and writes the page of findings.`,
)
  .argument('[experiments...]', 'these alone; the others keep what the page has of them')
  .option('--runs <dir>', 'where the sweeps lie', 'runs')
  .option('--report-only', 'write from what is finished')
  .option('--threads <n>', 'cells that run at once', String(availableParallelism()));

async function main(values: Options, named: readonly string[]): Promise<void> {
  for (const name of named) assertKnown(name);
  const run = values.reportOnly !== true;
  const threads = countOf('--threads', values.threads)!;
  const findings = parse(readFileSync(join(FOLDER, 'findings.yaml'), 'utf8')) as Readonly<
    Record<string, WrittenFinding | undefined>
  >;
  const before = readFileSync(PAGE, 'utf8');
  const wanted = (name: string): boolean => named.length === 0 || named.includes(name);
  const headlines = await headlinesIn(values.runs, threads, run && named.length === 0);
  const parts: GalleryPart[] = [];
  for (const name of EXPERIMENTS) {
    const path = join(values.runs, `${name}-${SCALE}`);
    if (run && wanted(name)) await finish(name, path, threads);
    const data = wanted(name) ? sweepIn(path) : null;
    if (data === null) {
      const { title } = loadExperiment(join('experiments', `${name}.yaml`)).experiment;
      const kept = partIn(before, title || name);
      say(`${name}: ${kept === null ? 'nothing is finished, left out' : 'stays as it was'}`);
      if (kept !== null) parts.push(kept);
      continue;
    }
    const { html, figures, contrasts } = experimentReport(data);
    writeFileSync(join(path, 'report.html'), html);
    const entry = { data, contrasts, figures, written: findings[name] ?? null };
    parts.push(partOf(entry));
    for (const figure of chosenFigures(entry))
      writeFileSync(join(FOLDER, figureFile(name, figure)), standaloneSvg(figure.svg));
  }
  const page = galleryPage(parts, headlines.length === 0 ? headlineIn(before) : headline(headlines));
  writeFileSync(PAGE, page);
  const shown = figuresOf(page);
  for (const file of readdirSync(FOLDER))
    if (file.endsWith('.svg') && !shown.has(file)) rmSync(join(FOLDER, file));
  say(PAGE);
}

await runScript(script, main);
