import { describe, expect, it } from 'vitest';
import type { ValidationCase, ValidationResult } from './case.ts';
import { isResultsPage, resultsPage } from './resultsPage.ts';

const ONE: ValidationCase = {
  name: 'one',
  about: 'One is one.',
  parameters: {},
  seeds: 1,
  full: [],
  measure: () => Promise.reject(new Error('not run here')),
};
const result: ValidationResult = {
  name: 'one',
  params: { agents: 4 },
  measured: { value: 1 },
  expected: { value: 1 },
  tolerance: {},
  pass: true,
  seconds: 30,
};
const origin = { command: 'darwin validate --markdown page.md', seconds: 40, threads: 2 };

describe('a page of validation', () => {
  it('tells the time on the clock from the sum over cases that ran at once', () => {
    const page = resultsPage([result, result], [ONE], origin);
    expect(page).toContain(
      '2 of 2 pass; 40 seconds by the clock on 2 threads, 60 seconds of cases together.',
    );
  });

  it('is known by its title and command, and no other text is', () => {
    const page = resultsPage([result], [ONE], origin);
    expect(isResultsPage(page)).toBe(true);
    for (const other of ['', 'notes', '# Validation\n\nmy own notes', `notes\n${page}`])
      expect(isResultsPage(other)).toBe(false);
  });
});
