/** What a sweep found: outcomes by arm, contrasts with intervals and tests, and in words what they allow to say. */
import { readFileSync, statSync } from 'node:fs';
import { UsageError } from '../../sim/core/errors.ts';
import { type Comparison, comparePaired, holm } from '../statistics/comparisons.ts';
import { median } from '../statistics/estimates.ts';
import { bootstrapInterval, estimateOf, type Interval, RELIABLE_WORLDS } from '../statistics/intervals.ts';
import { requiredSeedsOf } from '../statistics/power.ts';
import type { CellResult } from './cell.ts';
import type { ExperimentFile } from './experimentFile.ts';
import {
  type Contrast,
  type Experiment,
  type OutcomeSpec,
  type Side,
  stageNames,
} from './experimentSchema.ts';
import { outcomeOf, unitOf } from './outcome.ts';
import { sha256 } from './sha256.ts';
import { readCell, readSweep, type SweepManifest, statedExperiment } from './sweepDirectory.ts';

/** A sweep as it lies in its directory. */
export interface SweepData {
  readonly directory: string;
  readonly manifest: SweepManifest;
  readonly source: ExperimentFile;
  /** Finished cells by arm, then by seed; undefined where one is missing. */
  readonly cells: ReadonlyMap<string, readonly (CellResult | undefined)[]>;
  readonly finished: number;
}

/** Reads a sweep. Throws UsageError when the directory holds none, or no finished cell. */
export function loadSweep(directory: string): SweepData {
  const manifest = readSweep(directory);
  const cells = new Map<string, (CellResult | undefined)[]>(
    manifest.arms.map(({ name }) => [
      name,
      new Array<CellResult | undefined>(manifest.worlds).fill(undefined),
    ]),
  );
  let finished = 0;
  for (const { arm, replicate, hash } of manifest.cells) {
    const result = readCell(directory, hash);
    if (result === null) continue;
    finished++;
    // arms with equal settings share their cells
    cells.get(arm)![replicate] = result;
  }
  if (finished === 0)
    throw new UsageError(`${directory} holds no finished cell`, 'darwin sweep ... --resume runs them');
  const source = statedExperiment(directory);
  assertArms(source, cells);
  return { directory, manifest, source, cells, finished };
}

/** Names of arms that an error repeats. */
const ARMS_SHOWN_MAX = 8;

/** Throws UsageError where an experiment names an arm that was not run. */
function assertArms({ file, experiment }: ExperimentFile, cells: SweepData['cells']): void {
  const sides = experiment.contrasts.flatMap(({ of, against }) => [of.arm, against.arm]);
  const named = [...(experiment.arms ?? []).map(({ name }) => name), ...sides];
  const missing = named.find((name) => name !== undefined && !cells.has(name));
  if (missing !== undefined)
    throw new UsageError(
      `${file} names the arm ${missing}, which the sweep does not have`,
      `it has ${[...cells.keys()].slice(0, ARMS_SHOWN_MAX).join(', ')}`,
    );
}

/** What is known of the statement that was made before the run. */
export interface StatementCheck {
  /** Whether the experiment was stated once, before its first cell. */
  readonly kept: boolean;
  /** Whether the file that was run reads otherwise by now; null where it is gone. */
  readonly changedSince: boolean | null;
}

/** Text of a file; null where it is gone, or no file any more. */
function textOf(file: string): string | null {
  try {
    // a device would be read without end
    return statSync(file).isFile() ? readFileSync(file, 'utf8') : null;
  } catch {
    return null;
  }
}

export function checkStatement({ manifest }: SweepData): StatementCheck {
  const { statements, file } = manifest;
  const text = textOf(file);
  return {
    kept: statements.every(({ finished }) => finished === 0),
    changedSince: text === null ? null : sha256(text) !== statements.at(-1)!.hash,
  };
}

/** The arm that a side means. */
export const armOf = ({ manifest }: SweepData, side: Side): string => side.arm ?? manifest.arms[0]!.name;

/** A side in words. */
export function sideLabel(data: SweepData, side: Side, outcome: OutcomeSpec): string {
  const population = side.population ?? outcome.population;
  const arm = armOf(data, side);
  if (population === undefined) return arm;
  return data.manifest.arms.length === 1 ? population : `${population} (${arm})`;
}

/** An outcome of every seed of a side; NaN where it is missing. */
export const valuesOf = (data: SweepData, side: Side, outcome: OutcomeSpec): number[] =>
  data.cells
    .get(armOf(data, side))!
    .map((cell) =>
      cell === undefined ? Number.NaN : outcomeOf(cell, outcome, side.population ?? outcome.population),
    );

/** A side's own estimate. */
export interface Summary {
  readonly values: readonly number[];
  readonly estimate: number;
  readonly interval: Interval;
}

/** The interquartile mean of the worlds that have a value, with its interval. */
export function summarise(values: readonly number[], seed: string): Summary {
  const seen = values.filter(Number.isFinite);
  return { values: seen, estimate: estimateOf([seen]), interval: bootstrapInterval([seen], { seed }) };
}

/**
 * supported and opposite: the interval leaves out zero and the adjusted test rejects luck; inconclusive otherwise, which
 * says nothing about there being no effect.
 */
export type Verdict = 'supported' | 'opposite' | 'different' | 'inconclusive';

export interface ContrastResult {
  readonly contrast: Contrast;
  readonly outcome: OutcomeSpec;
  readonly primary: boolean;
  readonly labels: readonly [string, string];
  readonly comparison: Comparison;
  /** Adjusted by Holm over the contrasts of the same outcome. */
  readonly adjusted: number;
  readonly verdict: Verdict;
  /** Seeds with which an effect of this size would show in 80 % of experiments; infinite for none. */
  readonly seedsNeeded: number;
}

const ALPHA = 0.05;
/** Seeds below which the signed-rank test cannot reject, however large the effect, in a family of contrasts. */
export const seedsOfTest = (contrasts: number): number => Math.floor(Math.log2((2 * contrasts) / ALPHA)) + 1;

export function verdictOf(
  { interval, difference }: Pick<Comparison, 'interval' | 'difference'>,
  adjusted: number,
  expect: Contrast['expect'],
): Verdict {
  const leavesOutZero = interval.low > 0 || interval.high < 0;
  if (!leavesOutZero || !(adjusted < ALPHA)) return 'inconclusive';
  if (expect === 'different') return 'different';
  return (expect === 'higher') === difference > 0 ? 'supported' : 'opposite';
}

/** All contrasts of a sweep, in the order of the file. */
export function contrastsOf(data: SweepData): ContrastResult[] {
  const { outcomes, contrasts } = data.source.experiment;
  const compared = contrasts.map((contrast) => {
    const outcome = outcomes.find(({ name }) => name === contrast.outcome) ?? outcomes[0]!;
    const [ours, theirs] = [contrast.of, contrast.against].map((side) => valuesOf(data, side, outcome));
    return { contrast, outcome, comparison: comparePaired(ours!, theirs!, contrast.name) };
  });
  const adjusted = compared.map(() => Number.NaN);
  const families = compared.map(({ outcome }) => compared.filter((one) => one.outcome === outcome).length);
  for (const { name } of outcomes) {
    const family = compared.flatMap(({ outcome }, k) => (outcome.name === name ? [k] : []));
    holm(family.map((k) => compared[k]!.comparison.p)).forEach((p, j) => {
      adjusted[family[j]!] = p;
    });
  }
  return compared.map(({ contrast, outcome, comparison }, k): ContrastResult => {
    const { difference, error, pairs } = comparison;
    return {
      contrast,
      outcome,
      primary: outcome === outcomes[0],
      labels: [sideLabel(data, contrast.of, outcome), sideLabel(data, contrast.against, outcome)],
      comparison,
      adjusted: adjusted[k]!,
      verdict: verdictOf(comparison, adjusted[k]!, contrast.expect),
      seedsNeeded: Math.max(requiredSeedsOf(difference, error, pairs), seedsOfTest(families[k]!)),
    };
  });
}

/** Three significant digits, a dash for what was not observed. */
export const short = (value: number): string => {
  if (!Number.isFinite(value)) return value === Number.POSITIVE_INFINITY ? '∞' : '-';
  if (value !== 0 && Math.abs(value) < 1e-3) return value.toExponential(1);
  return Math.abs(value) >= 1000
    ? Math.round(value).toLocaleString('en-US')
    : String(Number(value.toPrecision(3)));
};
export const shortInterval = ({ low, high }: Interval): string =>
  Number.isNaN(low) && Number.isNaN(high) ? '-' : `${short(low)} to ${short(high)}`;
/** An estimate and its interval, of which the one or the other may be missing. */
export const estimated = (value: number, interval: Interval): string =>
  Number.isNaN(interval.low) || Number.isNaN(value)
    ? short(value)
    : `${short(value)} (${shortInterval(interval)})`;

/** A contrast as a finding: a sentence with its numbers. */
export function finding({
  contrast,
  outcome,
  comparison,
  adjusted,
  verdict,
  labels,
  seedsNeeded,
}: ContrastResult): string {
  const unit = unitOf(outcome);
  const shownUnit = unit === '' || unit === '1' ? '' : ` ${unit}`;
  const { difference, interval, pairs, missing } = comparison;
  if (pairs < 2)
    return `${contrast.name}: inconclusive; ${pairs} of ${pairs + missing} seeds have both values.`;
  const figures = `${outcome.name} of ${labels[0]} less ${labels[1]}: ${short(difference)}${shownUnit} (95 % interval ${shortInterval(interval)}; ${pairs} seeds, adjusted p ${short(adjusted)})`;
  const said: Readonly<Record<Verdict, string>> = {
    supported: `as stated, ${contrast.expect}`,
    opposite: `against what was stated (${contrast.expect})`,
    different: 'different',
    inconclusive: `inconclusive; an effect of this size would show with ${short(seedsNeeded)} seeds`,
  };
  return `${contrast.name}: ${said[verdict]}. ${figures}${missing > 0 ? `; ${missing} seeds lack a value` : ''}.`;
}

/** Learners whose evolution an experiment asks about: those whose genomes its gardens try. */
const evolvingOf = ({ garden, gardens }: Experiment): string[] =>
  [...(garden === undefined ? [] : [garden]), ...gardens].map(({ population }) => population);

/** Mean generation of those who live at the end, of the populations that evolve or else of everybody. */
function generationOf({ run }: CellResult, evolving: readonly string[]): number {
  const wanted = evolving.map((name) => run.populations.indexOf(name));
  const living = run.lineage.filter(([, , population, , , to]) => to < 0 && wanted.includes(population));
  if (living.length > 0)
    return living.reduce((sum, [, , , generation]) => sum + generation, 0) / living.length;
  return run.metrics.meanGeneration.filter(Number.isFinite).at(-1) ?? Number.NaN;
}

/** Generations that worlds spanned, and births a slot: what a question of evolution has to reach. */
export function generationsOf(
  experiment: Experiment,
  cells: readonly (CellResult | undefined)[],
): { generation: number[]; births: number[] } {
  const seen = cells.filter((cell) => cell !== undefined);
  const evolving = evolvingOf(experiment);
  return {
    generation: seen.map((cell) => generationOf(cell, evolving)),
    births: seen.map(({ run }) => run.metrics.births.reduce((sum, value) => sum + value, 0) / run.slots),
  };
}

/** Generations from which a run says something about evolution. */
export const GENERATIONS_MIN = 30;

/** What a reader has to know before believing any of it. */
export function warningsOf(data: SweepData): string[] {
  const { manifest, source, cells, finished } = data;
  const { kept, changedSince } = checkStatement(data);
  const warnings: string[] = [];
  if (manifest.scale === 'smoke')
    warnings.push('Smoke scale: this shows that the experiment runs, not what is true.');
  const seeds = Math.max(
    ...[...cells.values()].map((list) => list.filter((cell) => cell !== undefined).length),
  );
  if (seeds < RELIABLE_WORLDS)
    warnings.push(
      `${seeds} ${seeds === 1 ? 'seed' : 'seeds'}: below ${RELIABLE_WORLDS}, 95 % intervals are not known to hold the truth in 93 to 97 % of experiments (darwin validate coverage).${seeds < 6 ? ' With fewer than 6, no contrast can be significant at 5 %.' : ''}`,
    );
  if (finished < manifest.cells.length)
    warnings.push(`${manifest.cells.length - finished} of ${manifest.cells.length} cells are not finished.`);
  if (!kept)
    warnings.push(
      'The experiment file was changed after cells had been run: what it states was not all stated before.',
    );
  if (changedSince)
    warnings.push(`${manifest.file} was changed after this run; the report follows the file as it was run.`);
  const least = Math.min(
    ...[...cells.values()].map((list) => median(generationsOf(source.experiment, list).generation)),
  );
  const asksEvolution =
    stageNames(source.experiment).length > 1 ||
    source.experiment.outcomes.some(({ metric }) => metric === 'geneShift');
  if (asksEvolution && least < GENERATIONS_MIN)
    warnings.push(
      `In half of the worlds of an arm the living are at most ${short(least)} generations from genesis: questions of evolution need ${GENERATIONS_MIN}.`,
    );
  return warnings;
}

/** SHA-256 over the hashes of all finished cells and the states that their worlds ended in. */
export function resultsHashOf({ cells }: SweepData): string {
  const lines = [...cells.values()]
    .flat()
    .flatMap((cell) =>
      cell === undefined
        ? []
        : [
            [
              cell.hash,
              cell.run.finalHash,
              ...Object.values(cell.gardens).map((garden) => garden?.finalHash ?? ''),
            ].join(' '),
          ],
    );
  return sha256(`${lines.join('\n')}\n`);
}

/** What the primary contrasts allow to say, in one sentence. */
export function overallFinding(contrasts: readonly ContrastResult[]): string {
  const primary = contrasts.filter((one) => one.primary);
  const count = (verdict: Verdict): number => primary.filter((one) => one.verdict === verdict).length;
  if (primary.length === count('inconclusive'))
    return 'Inconclusive: no primary contrast is told apart from luck.';
  return `Of ${primary.length} primary contrasts ${count('supported') + count('different')} came out as stated, ${count('opposite')} the other way, ${count('inconclusive')} inconclusive.`;
}
