/** `darwin validate [NAME]`: closed forms and published results, reproduced through the engine. */
import { existsSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import process from 'node:process';
import type { Command } from 'commander';
import { EXIT, UsageError } from '../../sim/core/errors.ts';
import { assertWritable, countOf, writePage } from '../commandLine.ts';
import { answer, figure, note, table } from '../terminal.ts';
import type { Figure, ValidationCase, ValidationResult } from '../validate/case.ts';
import type { Job } from '../validate/jobs.ts';
import { isResultsPage, resultsPage } from '../validate/resultsPage.ts';

interface ValidateOptions {
  readonly set?: readonly string[];
  readonly seeds?: string;
  readonly full?: boolean;
  readonly threads?: string;
  readonly markdown?: string;
  readonly list?: boolean;
  readonly json?: boolean;
}

export function register(program: Command): void {
  program
    .command('validate')
    .summary('reproduce closed forms and published results')
    .description(
      'Runs validation cases through the engine, all of them unless one is named. Exit code 1 if any fails.',
    )
    .argument('[name]', 'case')
    .option('--list', 'list the cases with their parameters')
    .option(
      '--set <key=value>',
      'set a parameter of the case, may be repeated',
      (value: string, all: string[] = []) => [...all, value],
    )
    .option('--seeds <n>', 'independent worlds')
    .option('--full', 'longer settings of every case: more seeds, larger populations, tighter tolerances')
    .option('--threads <n>', 'cases at once, by default one per core')
    .option('--markdown <file>', 'write the results as a page, too')
    .option('--json', 'print one JSON array')
    .action(validateCommand);
}

function overridesOf(set: readonly string[]): Record<string, string> {
  const pairs = set.map((text) => {
    const equals = text.indexOf('=');
    if (equals < 1)
      throw new UsageError(`--set ${text} is not of the form key=value`, 'for example --set meanMoney=20');
    return [text.slice(0, equals), text.slice(equals + 1)];
  });
  return Object.fromEntries(pairs);
}

/** Refuses a page that would replace a file which is no page of validation, or that cannot be written. */
function assertPageFits(file: string): void {
  assertWritable('--markdown', file);
  if (existsSync(file) && !isResultsPage(readFileSync(file, 'utf8')))
    throw new UsageError(
      `${file} exists and is no page of validation`,
      'only such pages are replaced: give another --markdown',
    );
}

/** The command that gives the same results; `--threads` only changes how long it takes. */
function commandOf(name: string | undefined, { set = [], seeds, full, markdown }: ValidateOptions): string {
  return [
    'darwin validate',
    ...(name === undefined ? [] : [name]),
    ...set.map((pair) => `--set ${shellWord(pair)}`),
    ...(seeds === undefined ? [] : [`--seeds ${seeds.trim()}`]),
    ...(full ? ['--full'] : []),
    ...(markdown === undefined ? [] : [`--markdown ${shellWord(markdown)}`]),
  ].join(' ');
}

/** A text as one word of a shell. */
const shellWord = (text: string): string =>
  /^[\w=.,:/@%+-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;

async function validateCommand(name: string | undefined, options: ValidateOptions): Promise<void> {
  const { CASES, caseNamed } = await import('../validate/index.ts');
  if (options.list) return list(CASES, options.json);
  const { jobsOf, runJobs } = await import('../validate/jobs.ts');
  const cases = name === undefined ? CASES : [caseNamed(name)];
  const set = overridesOf(options.set ?? []);
  if (name === undefined && Object.keys(set).length > 0)
    throw new UsageError('--set needs the name of a case', 'darwin validate NAME --set key=value');
  const { full = false, markdown } = options;
  const jobs = jobsOf(cases, { full, set, seeds: countOf('--seeds', options.seeds) });
  const threads = countOf('--threads', options.threads) ?? availableParallelism();
  // before an hour of work is lost on it
  if (markdown !== undefined) assertPageFits(markdown);
  const started = performance.now();

  const setting = (job: Job): string =>
    [job.name, ...Object.entries(job.set).map((entry) => entry.join('='))].join(' ');
  const results = await runJobs(
    jobs,
    threads,
    jobs.length === 1
      ? {}
      : {
          onStart: (job) => note(`${setting(job)} ...`),
          onEnd: (job, { pass, seconds }) =>
            note(`${setting(job)}: ${pass ? 'pass' : 'FAIL'} after ${figure(seconds)} s`),
        },
  );
  answer(options.json, results, () => resultTable(results));
  if (results.some((result) => !result.pass)) process.exitCode = EXIT.checkFailed;
  if (markdown === undefined) return;
  const page = resultsPage(results, cases, {
    command: commandOf(name, options),
    seconds: (performance.now() - started) / 1000,
    threads: Math.min(threads, jobs.length),
  });
  if (!writePage(markdown, page)) process.exitCode = EXIT.badInput;
}

function list(cases: readonly ValidationCase[], json: boolean | undefined): void {
  const value = cases.map(({ name, about, parameters, seeds, full }) => ({
    name,
    about,
    parameters,
    seeds,
    full,
  }));
  answer(json, value, () =>
    cases
      .map(({ name, about, parameters }) =>
        [
          `${name}: ${about}`,
          ...Object.entries(parameters).map(([key, p]) => `    ${key} = ${p.default}: ${p.about}`),
        ].join('\n'),
      )
      .join('\n'),
  );
}

const shown = (value: Figure | undefined): string =>
  typeof value === 'number' ? figure(value) : (value ?? '-');

function resultTable(results: readonly ValidationResult[]): string {
  const rows = results.flatMap(({ name, measured, expected, tolerance, pass, seconds }) => {
    const figures = Object.keys({ ...expected, ...measured });
    return figures.map((key, k) => [
      k === 0 ? name : '',
      key,
      shown(measured[key]),
      shown(expected[key]),
      shown(tolerance[key]),
      k === 0 ? (pass ? 'pass' : 'FAIL') : '',
      k === 0 ? figure(seconds) : '',
    ]);
  });
  const failed = results.filter((result) => !result.pass).length;
  return `${table(['case', 'figure', 'measured', 'expected', '+-', '', 'seconds'], rows)}\n${results.length - failed} of ${results.length} pass`;
}
