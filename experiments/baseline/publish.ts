/** What a check found, for machines that build software: annotations of GitHub Actions, and JUnit. */
import type { LawStatus } from '../../sim/frame.ts';
import { figure } from '../terminal.ts';
import type { Judgement } from './baseline.ts';

/** GitHub shows so many of a step. */
const ANNOTATIONS_MAX = 10;

/** How far off, in words. */
export const offBy = ({ errors, got }: Judgement): string => {
  if (!Number.isFinite(got)) return 'no world has any';
  return Number.isFinite(errors) ? `${errors.toFixed(1)} s.e. off` : 'accepted worlds never differed';
};

/** A metric outside of what was accepted, in one line. */
export const judgementLine = (one: Judgement): string =>
  `${one.arm === '' ? '' : `${one.arm}: `}${one.metric}: accepted ${figure(one.low)} to ${figure(one.high)}, got ${figure(one.got)} (${offBy(one)})`;

/** Text in a command to GitHub's runner (docs.github.com, workflow commands). */
const escaped = (text: string): string =>
  text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
const escapedProperty = (text: string): string => escaped(text).replaceAll(':', '%3A').replaceAll(',', '%2C');

/** `::error` lines, the first ones where there are too many. */
export function annotations(file: string, title: string, messages: readonly string[]): string[] {
  const shown = messages.slice(0, messages.length > ANNOTATIONS_MAX ? ANNOTATIONS_MAX - 1 : ANNOTATIONS_MAX);
  const rest = messages.length - shown.length;
  return [...shown, ...(rest > 0 ? [`and ${rest} more`] : [])].map(
    (message) =>
      `::error file=${escapedProperty(file)},line=1,title=${escapedProperty(title)}::${escaped(message)}`,
  );
}

const XML: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
const xml = (text: string): string => text.replaceAll(/[&<>"]/g, (c) => XML[c]!);

interface Case {
  readonly suite: string;
  readonly name: string;
  /** Why it failed; null where it passed. */
  readonly failure: string | null;
}

/** A JUnit report: a suite of laws, and one of metrics for each arm. */
export function junit(config: string, laws: readonly LawStatus[], judgements: readonly Judgement[]): string {
  const cases: Case[] = [
    ...laws.map(({ name, violated }) => ({ suite: 'laws', name, failure: violated })),
    ...judgements.map((one) => ({
      suite: `metrics ${one.arm}`.trim(),
      name: one.metric,
      failure: one.pass ? null : judgementLine(one),
    })),
  ];
  const count = (list: readonly Case[]): string =>
    `tests="${list.length}" failures="${list.filter(({ failure }) => failure !== null).length}"`;
  const suites = [...new Set(cases.map(({ suite }) => suite))];
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites name="${xml(`darwin check ${config}`)}" ${count(cases)}>`,
    ...suites.flatMap((suite) => {
      const own = cases.filter((one) => one.suite === suite);
      return [
        `  <testsuite name="${xml(suite)}" ${count(own)}>`,
        ...own.map(({ name, failure }) => {
          const open = `    <testcase classname="${xml(suite)}" name="${xml(name)}"`;
          return failure === null ? `${open}/>` : `${open}><failure message="${xml(failure)}"/></testcase>`;
        }),
        '  </testsuite>',
      ];
    }),
    '</testsuites>',
    '',
  ].join('\n');
}
