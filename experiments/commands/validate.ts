/** `darwin validate [NAME]`: closed forms and published results, reproduced through the engine. */
import process from 'node:process';
import type { Command } from 'commander';
import { EXIT, UsageError } from '../../sim/core/errors.ts';
import { answer, figure, note, table } from '../terminal.ts';
import type { Figure, ValidationCase, ValidationResult } from '../validate/case.ts';

interface ValidateOptions {
  readonly set?: readonly string[];
  readonly seeds?: string;
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

async function validateCommand(name: string | undefined, options: ValidateOptions): Promise<void> {
  const { CASES, caseNamed, runCase } = await import('../validate/index.ts');
  if (options.list) return list(CASES, options.json);
  const cases = name === undefined ? CASES : [caseNamed(name)];
  const overrides = overridesOf(options.set ?? []);
  if (name === undefined && Object.keys(overrides).length > 0)
    throw new UsageError('--set needs the name of a case', 'darwin validate NAME --set key=value');
  const seeds = options.seeds === undefined ? undefined : Number(options.seeds);
  if (seeds !== undefined && !(Number.isInteger(seeds) && seeds >= 1))
    throw new UsageError(`--seeds ${options.seeds} is not a whole number from 1`, 'for example --seeds 8');

  const results: ValidationResult[] = [];
  for (const one of cases) {
    if (cases.length > 1) note(`${one.name} ...`);
    results.push(await runCase(one, overrides, seeds));
  }
  answer(options.json, results, () => resultTable(results));
  if (results.some((result) => !result.pass)) process.exitCode = EXIT.checkFailed;
}

function list(cases: readonly ValidationCase[], json: boolean | undefined): void {
  const value = cases.map(({ name, about, parameters, seeds }) => ({ name, about, parameters, seeds }));
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
  const rows = results.flatMap(({ name, measured, expected, tolerance, pass }) => {
    const figures = Object.keys({ ...expected, ...measured });
    return figures.map((key, k) => [
      k === 0 ? name : '',
      key,
      shown(measured[key]),
      shown(expected[key]),
      shown(tolerance[key]),
      k === 0 ? (pass ? 'pass' : 'FAIL') : '',
    ]);
  });
  const failed = results.filter((result) => !result.pass).length;
  return `${table(['case', 'figure', 'measured', 'expected', '+-', ''], rows)}\n${results.length - failed} of ${results.length} pass`;
}
