import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { testWorld, WORLD_DEFAULTS } from '../../market/testWorld.ts';
import { PACKAGE_ROOT } from '../hardware.ts';
import { mutableFiles, reasonLeftOut, testsOf } from './mutable.ts';
import { scoresOf } from './score.ts';

const { wordsForPeople } = (await import('./wordsForPeople.mjs' as string)) as {
  wordsForPeople: { shouldIgnore: (path: unknown) => string | undefined };
};

let root: string;
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'mutable-'));
  const plant = (path: string, ...imports: string[]): void => {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), imports.map((from) => `import {\n  a,\n} from '${from}';\n`).join(''));
  };
  plant('market/own.ts');
  plant('market/own.test.ts', './own.ts');
  plant('market/other.test.ts', './own.ts', './testWorld.ts', './part.ts');
  plant('market/own.gpu.test.ts', './own.ts');
  plant('market/part.ts');
  plant('market/whole.ts', './part.ts');
  plant('market/whole.test.ts', './whole.ts');
  plant('market/hidden.ts');
  plant('market/testWorld.ts', './hidden.ts');
  plant('market/classic/away.ts', '../own.ts');
  plant('market/classic/away.test.ts', './away.ts');
  plant('market/nobodys.ts');
  plant('market/kernel.as.ts');
  plant('market/kernel.generated.ts');
});
afterAll(() => rmSync(root, { recursive: true }));

describe('mutants', () => {
  it('are made of sources, not of tests, their support, kernels and what is generated', () => {
    expect(mutableFiles(root)).toEqual([
      'market/classic/away.ts',
      'market/hidden.ts',
      'market/nobodys.ts',
      'market/own.ts',
      'market/part.ts',
      'market/whole.ts',
    ]);
    expect(reasonLeftOut('market/kernel.as.ts')).toContain('AssemblyScript');
    expect(reasonLeftOut('market/amm.ts')).toBeNull();
    expect(mutableFiles(PACKAGE_ROOT)).toContain('market/amm.ts');
  });

  it('are tried on the tests that import their file, else on those of what imports it', () => {
    expect(testsOf(root, 'market/own.ts')).toEqual(['market/other.test.ts', 'market/own.test.ts']);
    expect(testsOf(root, 'market/testWorld.ts')).toEqual(['market/other.test.ts']);
    expect(testsOf(root, 'market/classic/away.ts')).toEqual(['market/classic/away.test.ts']);
    expect(testsOf(root, 'market/hidden.ts')).toEqual(['market/other.test.ts']);
    expect(testsOf(root, 'market/nobodys.ts')).toEqual([]);
  });

  it('of a part that no test is named after are tried on the tests of the whole, too', () => {
    expect(testsOf(root, 'market/part.ts')).toEqual(['market/other.test.ts', 'market/whole.test.ts']);
  });

  it('find the switch that makes worlds by specifications where a test does not say', () => {
    // mutantWorker.mjs takes it from there
    expect(WORLD_DEFAULTS).toEqual({ passes: true });
    expect(testWorld().clearing).not.toBeNull();
    WORLD_DEFAULTS.passes = false;
    expect(testWorld().clearing).toBeNull();
    WORLD_DEFAULTS.passes = true;
  });

  it('of every file of market/ have tests to be tried on', () => {
    const without = mutableFiles(PACKAGE_ROOT).filter((file) => testsOf(PACKAGE_ROOT, file).length === 0);
    expect(without).toEqual([]);
  });
});

describe('a score', () => {
  const at = (line: number, from: number, to: number) => ({
    start: { line, column: from },
    end: { line, column: to },
  });
  const mutant = (status: string, replacement = 'b', location = at(2, 7, 8)) => ({
    mutatorName: 'any',
    replacement,
    status,
    location,
  });
  const scoreOf = (...mutants: ReturnType<typeof mutant>[]) =>
    scoresOf({ files: { 'market/a.ts': { source: 'one\nconst a = 1;\n', mutants } } })[0]!;

  it('is the share of killed mutants of those that were tried, without those outside of a sample', () => {
    const score = scoreOf(
      mutant('Killed'),
      mutant('Timeout'),
      mutant('RuntimeError'),
      mutant('CompileError'),
      mutant('Survived'),
      mutant('Ignored'),
    );
    expect(score).toMatchObject({ file: 'market/a.ts', killed: 3, survived: 1, ignored: 1, share: 0.75 });
  });

  it('counts what no test reaches as not noticed', () => {
    expect(scoreOf(mutant('NoCoverage')).share).toBe(0);
    expect(scoreOf(mutant('Ignored')).share).toBe(1);
  });

  it('says of each survivor where it is, what stood there and what instead, in one line', () => {
    expect(scoreOf(mutant('Survived')).survivors).toEqual(['market/a.ts:2:7 a -> b']);
    expect(scoreOf(mutant('NoCoverage', 'x\n  y')).survivors).toEqual([
      'market/a.ts:2:7 a -> x y (no test comes here)',
    ]);
    const two = { start: { line: 1, column: 2 }, end: { line: 2, column: 6 } };
    expect(scoreOf(mutant('Survived', '', two)).survivors).toEqual(['market/a.ts:1:2 ne const -> ']);
  });
});

describe('a mutant of a text', () => {
  type Node = { type: string; name?: string; callee?: Node; id?: Node; key?: Node };
  const named = (name: string): Node => ({ type: 'Identifier', name });
  const text: Node = { type: 'TemplateLiteral' };
  const reasonIn = (around: Node, node = text): string | undefined =>
    wordsForPeople.shouldIgnore({
      node,
      findParent: (asks: (path: { node: Node }) => boolean) => asks({ node: around }),
    });

  it('is disabled where an assertion, an error or a law tells it to a reader, with the reason', () => {
    expect(reasonIn({ type: 'CallExpression', callee: named('assert') })).toContain('for people');
    expect(reasonIn({ type: 'CallExpression', callee: named('breach') })).toContain('for people');
    expect(reasonIn({ type: 'NewExpression', callee: named('OverflowError') })).toContain('for people');
    expect(reasonIn({ type: 'VariableDeclarator', id: named('found') })).toContain('for people');
    expect(reasonIn({ type: 'ObjectProperty', key: named('about') })).toContain('for people');
  });

  it('is tried elsewhere, and so is what is no text', () => {
    expect(reasonIn({ type: 'CallExpression', callee: named('check') })).toBeUndefined();
    expect(reasonIn({ type: 'NewExpression', callee: named('Settlement') })).toBeUndefined();
    expect(reasonIn({ type: 'ObjectProperty', key: named('name') })).toBeUndefined();
    const condition: Node = { type: 'BinaryExpression' };
    expect(reasonIn({ type: 'CallExpression', callee: named('assert') }, condition)).toBeUndefined();
  });
});

describe('a thread that tries mutants', () => {
  /** A bundle as the instrumenter leaves one: a function with five mutants, and its tests. */
  const BUNDLE = `
    const space = globalThis.__stryker__;
    const cover = (...ids) => {
      const { static: always, perTest } = space.mutantCoverage ?? {};
      const of = perTest && (space.currentTestId === undefined ? always : (perTest[space.currentTestId] ??= {}));
      for (const id of of ? ids : []) of[id] = (of[id] ?? 0) + 1;
    };
    const isOn = (id) => {
      if (space.hitCount !== undefined && ++space.hitCount > space.hitLimit) throw new Error('without end');
      return space.activeMutant === id;
    };
    cover('static');
    const STEP = isOn('static') ? 2 : 1;
    const count = (n) => {
      cover('killed', 'survived', 'endless');
      let at = 0;
      while (isOn('endless') || at < n) at += STEP;
      return isOn('killed') ? at + 1 : isOn('survived') ? at + 0 : at;
    };
    const idle = () => cover('elsewhere');
    const fail = () => { throw new Error('as without mutants'); };
    const expectCount = (n) => { if (count(n) !== n) throw new Error('another count'); };
    const tests = { counts: () => expectCount(3), counts_nothing: () => expectCount(0), fails: fail, is_long: idle };
    export const WORLD_DEFAULTS = { passes: true };
    export async function runCollected(run, wanted) {
      for (const [name, test] of Object.entries(tests))
        if (wanted(name) && !(await run(name, test))) return false;
      return true;
    }`;
  const answerOf = (workerData: object, ...messages: string[]): Promise<unknown[]> =>
    new Promise((done, failed) => {
      const worker = new Worker(new URL('mutantWorker.mjs', import.meta.url), { workerData });
      const answers: unknown[] = [];
      worker.on('error', failed);
      worker.on('message', (answer) => {
        answers.push(answer);
        if (answers.length < messages.length) worker.postMessage(messages[answers.length]);
        else void worker.terminate().then(() => done(answers));
      });
      if (messages.length > 0) worker.postMessage(messages[0]);
    });

  it('tells which die, of what, and which no test comes to', async () => {
    const bundle = join(root, 'tests.mjs');
    writeFileSync(bundle, BUNDLE);
    const [{ plan }] = (await answerOf({ bundle })) as [{ plan: { tests: Record<string, unknown> } }];
    // each test once, as none asked what worlds are; not the one that fails without mutants
    expect(Object.keys(plan.tests)).toEqual(
      ['counts', 'counts_nothing', 'is_long'].map((name) => `specification: ${name}`),
    );
    const ids = ['killed', 'survived', 'endless', 'nowhere', 'static', 'elsewhere', 'killed'];
    expect(await answerOf({ bundle, plan }, ...ids)).toEqual([
      'Killed',
      'Survived',
      'Timeout',
      'NoCoverage',
      'Killed',
      'Survived',
      'Killed',
    ]);
  });
});
