/** The results of validation as a page of Markdown. */
import { figure } from '../terminal.ts';
import type { Figure, ValidationCase, ValidationResult } from './case.ts';

/** Longer values, such as rows of bonds, are cut on the page; `--json` has them whole. */
const VALUE_MAX = 48;

const shown = (value: Figure | undefined): string => {
  if (typeof value === 'number') return figure(value);
  const text = value ?? '-';
  return text.length > VALUE_MAX ? `${text.slice(0, VALUE_MAX)}...` : text;
};

/** A figure's allowed distance: a claim about a text or without tolerance is exact, one without a target is shown only. */
const allowed = ({ expected, tolerance }: ValidationResult, key: string): string => {
  if (!(key in expected)) return '';
  return (tolerance[key] ?? 0) === 0 ? 'exact' : shown(tolerance[key]);
};

/** How the results came about. */
export interface Origin {
  /** The command that gives them again. */
  readonly command: string;
  /** Wall-clock time of all cases together. */
  readonly seconds: number;
  /** Cases that ran at once. */
  readonly threads: number;
}

const TITLE = '# Validation\n';
const WRITTEN_BY = 'Written by `darwin validate';

/** Whether a text is such a page, which a later one may replace. */
export const isResultsPage = (text: string): boolean => text.startsWith(TITLE) && text.includes(WRITTEN_BY);

/** Every case, what it reproduces, and a table of what was measured. */
export function resultsPage(
  results: readonly ValidationResult[],
  cases: readonly ValidationCase[],
  { command, seconds, threads }: Origin,
): string {
  const failed = results.filter(({ pass }) => !pass).length;
  const caseSeconds = results.reduce((sum, result) => sum + result.seconds, 0);
  const sections = cases.flatMap(({ name, about }) => {
    const own = results.filter((result) => result.name === name);
    if (own.length === 0) return [];
    const rows = own.flatMap((result) => {
      const { params, measured, expected } = result;
      const parameters = Object.entries(params)
        .filter(([, value]) => value !== '')
        .map(([key, value]) => `${key} ${value}`)
        .join(', ');
      return Object.keys({ ...expected, ...measured }).map((key, k) => [
        k === 0 ? parameters : '',
        key,
        shown(measured[key]),
        key in expected ? shown(expected[key]) : '',
        allowed(result, key),
        k === 0 ? (result.pass ? 'pass' : '**FAIL**') : '',
        k === 0 ? figure(result.seconds) : '',
      ]);
    });
    const head = ['parameters', 'figure', 'measured', 'expected', '+-', '', 'seconds'];
    const table = [head, head.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n');
    return [`## ${name}`, about, table];
  });
  const intro =
    `What the engine reproduces: closed forms and published results, run through the same tick, ledger, markets, ` +
    `learner and population code as an economy. Written by \`${command}\`; change the cases, not this file. ` +
    `\`expected\` is computed from theory at the given parameters, \`measured\` comes from the simulation alone; a ` +
    `figure without an expected one is shown for comparison. Tolerances are four standard errors unless theory or a ` +
    `publication states another.`;
  const closing = `${results.length - failed} of ${results.length} pass; ${figure(seconds)} seconds by the clock on ${threads} ${threads === 1 ? 'thread' : 'threads'}, ${figure(caseSeconds)} seconds of cases together.`;
  return `${[TITLE.trim(), intro, closing, ...sections].join('\n\n')}\n`;
}
