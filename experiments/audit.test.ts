import { expect, test } from 'vitest';
// @ts-expect-error: plain JavaScript, as it runs before anything is built
import { problemsOf } from './audit.mjs';

const advisory = {
  name: 'left',
  url: 'https://github.com/advisories/GHSA-1',
  severity: 'high',
  title: 'reads too far',
  range: '<2',
};
const report = { vulnerabilities: { left: { via: [advisory] }, above: { via: ['left'] } } };
const exception = {
  advisory: 'GHSA-1',
  package: 'left',
  reason: 'is never given foreign input',
  until: '2026-02-01',
};

test('an advisory is named once, with what it concerns, however many packages it reaches', () => {
  expect(problemsOf(report, [], '2026-01-31')).toEqual(['GHSA-1 left <2: high, reads too far']);
  expect(problemsOf({ vulnerabilities: {} }, [], '2026-01-31')).toEqual([]);
});

test('an exception with a reason holds to the day before its end, of its own package and advisory', () => {
  expect(problemsOf(report, [exception], '2026-01-31')).toEqual([]);
  const left = 'GHSA-1 left <2: high, reads too far';
  expect(problemsOf(report, [exception], '2026-02-01')).toEqual([
    'the exception of GHSA-1 left ended on 2026-02-01',
    left,
  ]);
  expect(problemsOf(report, [{ ...exception, reason: '' }], '2026-01-31')).toEqual([
    'the exception of GHSA-1 left has no reason',
    left,
  ]);
  expect(problemsOf(report, [{ ...exception, package: 'right' }], '2026-01-31')).toEqual([
    'the exception of GHSA-1 right excepts nothing: remove it',
    left,
  ]);
});
