import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { resolveConfig } from '../../configs/parse.ts';
import { assertCompiled, darwin } from '../compiled.ts';
import { PACKAGE_ROOT } from '../hardware.ts';
import { baselineOf, judge, type RunFigures } from './baseline.ts';
import { annotations, judgementLine, junit } from './publish.ts';

let work: string;
beforeAll(() => {
  assertCompiled();
  work = mkdtempSync(join(tmpdir(), 'darwin-baseline-'));
});
afterAll(() => rmSync(work, { recursive: true }));

const runOf = (worlds: number) => resolveConfig({ ticks: 10, worlds, slots: 8 });
const figuresOf = (values: Record<string, readonly number[]>): RunFigures => [
  new Map(Object.entries(values)),
];

describe('an accepted interval', () => {
  const accepted = baselineOf(
    runOf(4),
    figuresOf({ price: [9, 10, 11, 10], fixed: [5, 5, 5, 5], rare: [1] }),
  );
  const verdicts = (values: Record<string, readonly number[]>) =>
    Object.fromEntries(
      judge(runOf(2), figuresOf(values), accepted).map(({ metric, pass }) => [metric, pass]),
    );

  it('is where the mean of other worlds lies by Student, at one in a hundred over all metrics', () => {
    const [price] = judge(runOf(2), figuresOf({ price: [10, 10], fixed: [5, 5] }), accepted);
    // t with 3 degrees of freedom leaves .01 / 2 metrics / 2 sides = .0025 above 7.453
    const reach = 7.453 * Math.sqrt(2 / 3) * Math.sqrt(1 / 4 + 1 / 2);
    expect(price!.high).toBeCloseTo(10 + reach, 2);
    expect(price!.low).toBeCloseTo(10 - reach, 2);
    expect(verdicts({ price: [10 + reach - 0.01, 10 + reach - 0.01], fixed: [5, 5] }).price).toBe(true);
    expect(verdicts({ price: [10 + reach + 0.01, 10 + reach + 0.01], fixed: [5, 5] }).price).toBe(false);
  });

  it('of what never differed is that value, and a metric that is gone lies outside', () => {
    expect(verdicts({ price: [10, 10], fixed: [5, 5 + 1e-9] })).toEqual({ price: true, fixed: true });
    expect(verdicts({ price: [10, 10], fixed: [5, 5.001] })).toEqual({ price: true, fixed: false });
    expect(verdicts({ fixed: [5, 5] })).toEqual({ price: false, fixed: true });
  });

  it('holds every choice of the accepted worlds, however they are distributed', () => {
    const worlds = fc.array(fc.double({ min: -1e6, max: 1e6, noNaN: true }), { minLength: 3, maxLength: 30 });
    fc.assert(
      fc.property(worlds, fc.infiniteStream(fc.boolean()), (values, chosen) => {
        const baseline = baselineOf(runOf(values.length), figuresOf({ price: values }));
        const some = values.filter(() => chosen.next().value);
        fc.pre(some.length > 0);
        const [one] = judge(runOf(some.length), figuresOf({ price: some }), baseline);
        expect(one!.pass).toBe(true);
      }),
    );
  });
});

describe('what machines read', () => {
  const outside = { arm: 'a, b', metric: 'fees', low: 1, high: 2, got: 7, errors: 12.3, pass: false };

  it('annotations name file, metric, interval, what was got and how far off it is, ten at most', () => {
    const line = judgementLine(outside);
    expect(line).toBe('a, b: fees: accepted 1 to 2, got 7 (12.3 s.e. off)');
    expect(annotations('x,y.yaml', 'metric: out', [`${line} 100%\nnext`])).toEqual([
      `::error file=x%2Cy.yaml,line=1,title=metric%3A out::${line} 100%25%0Anext`,
    ]);
    const messages = Array.from({ length: 12 }, (_, k) => String(k));
    expect(annotations('x', 't', messages.slice(0, 10))).toHaveLength(10);
    expect(annotations('x', 't', messages).at(-1)).toMatch(/and 3 more$/);
  });

  it('JUnit counts laws and metrics, and escapes what it says', () => {
    const law = { name: 'conservation', about: '', checks: 1, lastTick: 0, violated: null };
    const text = junit('ci', [law], [{ ...outside, metric: 'a<b' }]);
    expect(text).toContain('<testsuites name="darwin check ci" tests="2" failures="1">');
    expect(text).toContain('<testcase classname="laws" name="conservation"/>');
    expect(text).toContain('name="a&lt;b"><failure message="a, b: a&lt;b: accepted 1 to 2');
  });

  it('the workflow for users holds steps that run, and their options exist', async () => {
    const text = readFileSync(join(PACKAGE_ROOT, 'experiments', 'examples', 'workflow.yml'), 'utf8');
    const { steps } = parse(text).jobs.check;
    const [command] = steps.flatMap(({ run }: { run?: string }) =>
      run?.includes('darwin check') ? [run] : [],
    );
    const { stdout } = await darwin(['check', '--help'], work);
    const options: string[] = command.match(/--[a-z]+/g);
    expect(options).toEqual(['--baseline', '--junit']);
    for (const option of options) expect(stdout).toContain(option);
  });
});

describe('darwin check --baseline', () => {
  const check = (...more: string[]) =>
    darwin(['check', 'ci', '--ticks', '120', '--threads', '1', ...more], work);

  it('passes what was accepted, also with other luck, and names what a broken economy changed', async () => {
    const file = join(work, 'ci.json');
    const accepted = await check('--baseline', file, '--accept', '--seeds', '8');
    expect(accepted.code, accepted.stderr).toBe(0);
    for (const more of [[], ['--seed', 'other luck']]) {
      const same = await check('--baseline', file, '--json', ...more);
      expect(same.code, same.stdout).toBe(0);
      const { baseline } = JSON.parse(same.stdout);
      expect(baseline.outside).toEqual([]);
      expect(baseline.compared).toBeGreaterThan(100);
    }
    process.env.GITHUB_ACTIONS = 'true';
    const report = join(work, 'junit.xml');
    const broken = await check(
      ...['--baseline', file, '--set', 'world.computeMarket.feeBps=3000', '--junit', report],
    ).finally(() => {
      delete process.env.GITHUB_ACTIONS;
    });
    expect(broken.code).toBe(1);
    expect(broken.stdout).toMatch(/fees .* s\.e\. off/);
    expect(broken.stderr).toContain('the config is not the one');
    expect(broken.stderr).toMatch(/::error file=ci,line=1,title=metric outside.*fees: accepted .*, got /);
    expect(readFileSync(report, 'utf8')).toMatch(/name="fees"><failure/);
  }, 180_000);

  it.each([
    [['--accept'], 2, '--accept needs a file'],
    [['--baseline', 'none.json'], 2, 'there is no baseline none.json'],
    [['--baseline', 'bad.json'], 2, 'is no baseline'],
    [['--baseline', 'x/y.json', '--accept'], 2, 'cannot write x/y.json'],
    [['--baseline', 'b.json', '--accept', '--seeds', '2'], 2, 'tells nothing of luck'],
    [['--baseline', 'bad.json', '--seeds', '9'], 2, '--seeds is for --accept'],
  ] as const)('%j is refused in one line with exit code %i', async (args, exit, message) => {
    writeFileSync(join(work, 'bad.json'), '[]');
    const { code, stderr } = await check(...args);
    expect(code).toBe(exit);
    expect(stderr).toContain(message);
    expect(stderr.trim().split('\n')).toHaveLength(1);
  });
});
