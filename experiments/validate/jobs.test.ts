import { beforeAll, describe, expect, it } from 'vitest';
import { UsageError } from '../../sim/core/errors.ts';
import { assertCompiled } from '../compiled.ts';
import type { ValidationResult } from './case.ts';
import { CASES, caseNamed } from './index.ts';
import { type Job, jobsOf, runJob, runJobs } from './jobs.ts';
import { resultsPage } from './resultsPage.ts';

const SMALL: readonly Job[] = [
  { name: 'moran', set: { population: '5', fitness: '2' }, seeds: 20, full: false },
  { name: 'amm', set: {}, seeds: undefined, full: true },
  { name: 'kelly', set: { p: '0.7' }, seeds: 1, full: false },
];
const timeless = ({ seconds, ...result }: ValidationResult) => result;

describe('jobs of validation', () => {
  it('are the defaults of each case, and with full its longer settings', () => {
    const short = jobsOf(CASES, { full: false, set: {}, seeds: undefined });
    expect(short.map(({ name }) => name)).toEqual(CASES.map(({ name }) => name));
    expect(short.every(({ set, seeds }) => Object.keys(set).length === 0 && seeds === undefined)).toBe(true);
    const full = jobsOf(CASES, { full: true, set: {}, seeds: undefined });
    expect(new Set(full.map(({ name }) => name))).toEqual(new Set(CASES.map(({ name }) => name)));
    expect(full.length).toBe(CASES.reduce((count, one) => count + one.full.length, 0));
  });

  it('set parameters that their case has', () => {
    for (const { name, parameters, full } of CASES)
      for (const { set = {} } of full)
        for (const key of Object.keys(set)) expect(parameters, `${name} ${key}`).toHaveProperty(key);
  });

  it('let what is set on the command line go before a setting', () => {
    const [job] = jobsOf([caseNamed('moran')], { full: true, set: { fitness: '3' }, seeds: 7 });
    expect(job).toEqual({ name: 'moran', set: { fitness: '3' }, seeds: 7, full: true });
  });

  it('allow no distance beyond standard errors in a full run where theory is exact', async () => {
    const job = { name: 'kinetic-exchange', set: { meanMoney: '1', agents: '800' }, seeds: 6 };
    const short = await runJob({ ...job, full: false });
    const full = await runJob({ ...job, full: true });
    expect(short.tolerance.gini).toBe(0.01);
    expect(full.tolerance.gini).toBeLessThan(0.01);
    expect(full.pass).toBe(true);
    expect(full.measured).toEqual(short.measured);
  });
});

describe('worker threads', () => {
  beforeAll(assertCompiled);

  it('give the results of one thread, in the order of the jobs', async () => {
    const started: string[] = [];
    const ended: string[] = [];
    const here = await runJobs(SMALL, 1);
    const there = await runJobs(SMALL, 2, {
      onStart: ({ name }) => started.push(name),
      onEnd: (_job, { name }) => ended.push(name),
    });
    expect(ended.sort()).toEqual([...started].sort());
    expect(there.map(timeless)).toEqual(here.map(timeless));
    expect(started).toEqual(SMALL.map(({ name }) => name));
  });

  it('pass on a refusal as the error that it is', async () => {
    const jobs = [...SMALL.slice(1), { name: 'moran', set: { fitness: '-1' }, seeds: 2, full: false }];
    const refused = await runJobs(jobs, 2).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(UsageError);
    expect((refused as UsageError).message).toContain("'fitness' is -1");
  });
});

describe('the page of results', () => {
  it('says of each case what it reproduces, at which parameters, and marks what failed', () => {
    const moran = caseNamed('moran');
    const result: ValidationResult = {
      name: 'moran',
      params: { fitness: 1.1, population: 100, seeds: 400 },
      measured: { fixation: 0.5, lost: 3 },
      expected: { fixation: 0.09092 },
      tolerance: { fixation: 0.06 },
      pass: false,
      seconds: 2.5,
    };
    const page = resultsPage([result], CASES, { command: 'darwin validate moran', seconds: 1, threads: 1 });
    expect(page).toContain(`## moran\n\n${moran.about}`);
    expect(page).toContain(
      '| fitness 1.1, population 100, seeds 400 | fixation | 0.5 | 0.09092 | 0.06 | **FAIL** | 2.5 |',
    );
    expect(page).toContain('|  | lost | 3 |  |  |  |  |');
    expect(page).toContain('0 of 1 pass');
    expect(page).not.toContain('## kelly');
    const exact = {
      ...result,
      measured: { out: 'x'.repeat(60) },
      expected: { out: 'x' },
      tolerance: {},
      pass: true,
    };
    expect(resultsPage([exact], CASES, { command: '', seconds: 1, threads: 1 })).toContain(
      `| out | ${'x'.repeat(48)}... | x | exact | pass |`,
    );
  });
});
