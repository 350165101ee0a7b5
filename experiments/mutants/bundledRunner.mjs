/**
 * A test runner of Stryker: the tests that MUTANT_TESTS names become one module, which is imported anew for each mutant into the process
 * that is there. Vitest would start a thread and load hundreds of modules a mutant, some seconds of work for tests of milliseconds.
 *
 * Each test is tried in worlds without kernels and in worlds with them, since what a kernel does its specification does not.
 */
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import process from 'node:process';
import { fileURLToPath, pathToFileURL } from 'node:url';

/** The object by which instrumented code knows the mutant that is on. Source: Stryker's INSTRUMENTER_CONSTANTS. */
const shared = () => {
  globalThis.__stryker__ ??= {};
  return globalThis.__stryker__;
};

const beside = (name) => fileURLToPath(new URL(name, import.meta.url));

/** What tests import, and what they are given instead. */
const STAND_INS = { vitest: beside('testApi.mjs'), 'fast-check': beside('fewerCases.mjs') };

const ENTRY = 'tests.mjs';
/** Sources that have no mutants and import none that have: they are imported once. */
const UNCHANGED = /\/(configs|sim\/core)\//;

/** Where the bundle lies: beside the tests, whose paths to fixtures are relative. */
const BUNDLE = 'market/.bundle';

/** Writes a module with all tests, and what it imports, into a folder, unless an earlier process did. */
async function bundle(tests) {
  if (existsSync(BUNDLE)) return;
  const { build } = await import('vite');
  const entry = resolve(`experiments/mutants/.entry-${process.pid}.mjs`);
  const lines = ['experiments/propertySeed.ts', ...tests].map((path) => `import '${resolve(path)}';`);
  writeFileSync(
    entry,
    `${lines.join('\n')}\nexport { runCollected } from 'vitest';\nexport { WORLD_DEFAULTS } from '${resolve('market/testWorld.ts')}';\n`,
  );
  const { output } = await build({
    configFile: false,
    logLevel: 'error',
    resolve: { alias: STAND_INS },
    build: {
      ssr: entry,
      write: false,
      minify: false,
      rolldownOptions: {
        output: {
          format: 'es',
          entryFileNames: ENTRY,
          chunkFileNames: '[name].mjs',
          codeSplitting: { groups: [{ name: 'unchanged', test: UNCHANGED }] },
        },
      },
    },
  });
  rmSync(entry);
  const aside = `${BUNDLE}-${process.pid}`;
  mkdirSync(aside);
  for (const { fileName, code } of output) writeFileSync(`${aside}/${fileName}`, code);
  if (existsSync(BUNDLE)) rmSync(aside, { recursive: true });
  else renameSync(aside, BUNDLE);
}

/** What the first process learns of the tests without mutants, for those that take over from it. */
const PLAN = 'market/.plan.json';
/** Tests that take longer are tried behind all others. */
const SLOW_MS = 60;
/** One mutant of so many is tried. */
const EVERY = Number(process.env.MUTANT_EVERY ?? 1);
const KINDS = ['specification', 'kernels'];

/** Whether somebody asked what worlds are where a test does not say. */
function watchDefaults(defaults) {
  const watch = { asked: false, passes: true };
  Object.defineProperty(defaults, 'passes', {
    get() {
      watch.asked = true;
      return watch.passes;
    },
  });
  return watch;
}

class BundledRunner {
  #imports = 0;

  capabilities() {
    return { reloadEnvironment: true };
  }

  async init() {
    await bundle(process.env.MUTANT_TESTS.split(','));
  }

  /** Runs tests in turns, each by whether it wants an id; in worlds without kernels before those with them. */
  async #run(turns, bail, onLoaded = () => {}) {
    const space = shared();
    const module = await import(`${pathToFileURL(`${BUNDLE}/${ENTRY}`).href}?${this.#imports++}`);
    const watch = watchDefaults(module.WORLD_DEFAULTS);
    onLoaded();
    const tests = [];
    const runTest = async (id, run) => {
      space.currentTestId = id;
      watch.asked = false;
      const begun = performance.now();
      let failure = null;
      try {
        await run();
      } catch (error) {
        failure = String(error?.message ?? error).slice(0, 500);
      }
      space.currentTestId = undefined;
      const timeSpentMs = performance.now() - begun;
      const outcome = failure === null ? { status: 0 } : { status: 1, failureMessage: failure };
      tests.push({ id, name: id, timeSpentMs, asked: watch.asked, ...outcome });
      return failure === null || !bail;
    };
    for (const wanted of turns)
      for (const kind of KINDS) {
        watch.passes = kind === 'kernels';
        const idOf = (name) => `${kind}: ${name}`;
        const go = await module.runCollected(
          (name, run) => runTest(idOf(name), run),
          (name) => wanted(idOf(name)),
        );
        if (!go) return tests;
      }
    return tests;
  }

  async dryRun() {
    const space = shared();
    space.activeMutant = undefined;
    space.mutantCoverage = { static: {}, perTest: {} };
    try {
      const tests = await this.#run([() => true], false);
      // the same twice where no world is left to the defaults
      const isAgain = ({ id, asked }) => id.startsWith('kernels') && !asked;
      // tests of kernels fail in worlds without, and those that count rare cases where cases are few
      const kept = tests.filter((one) => one.status === 0 && !isAgain(one));
      const ids = new Set(kept.map(({ id }) => id));
      const slow = kept.filter(({ timeSpentMs }) => timeSpentMs > SLOW_MS).map(({ id }) => id);
      writeFileSync(PLAN, JSON.stringify({ all: [...ids], slow }));
      const { static: always, perTest } = space.mutantCoverage;
      const covered = Object.fromEntries(Object.entries(perTest).filter(([id]) => ids.has(id)));
      const results = kept.map(({ asked, ...result }) => result);
      return { status: 'complete', tests: results, mutantCoverage: { static: always, perTest: covered } };
    } catch (error) {
      return { status: 'error', errorMessage: String(error?.stack ?? error) };
    }
  }

  async mutantRun({ activeMutant, mutantActivation, hitLimit, testFilter }) {
    if (Number(activeMutant.id) % EVERY > 0) return { status: 'error', errorMessage: 'not in the sample' };
    const space = shared();
    space.hitCount = 0;
    space.hitLimit = hitLimit;
    const switchOn = () => {
      space.activeMutant = activeMutant.id;
    };
    space.activeMutant = undefined;
    if (mutantActivation === 'static') switchOn();
    const { all, slow } = JSON.parse(readFileSync(PLAN, 'utf8'));
    const chosen = new Set(testFilter ?? all);
    const later = new Set(slow);
    const turns = [(id) => chosen.has(id) && !later.has(id), (id) => chosen.has(id) && later.has(id)];
    let tests;
    try {
      tests = await this.#run(turns, true, switchOn);
    } catch (error) {
      // what fails outside of tests, while a module or a hook runs
      return { status: 'killed', killedBy: [], failureMessage: String(error), nrOfTests: 0 };
    } finally {
      space.activeMutant = undefined;
    }
    if (space.hitCount > hitLimit) return { status: 'timeout', reason: 'without end' };
    const failed = tests.find(({ status }) => status === 1);
    if (!failed) return { status: 'survived', nrOfTests: tests.length };
    const { id, failureMessage } = failed;
    return { status: 'killed', killedBy: [id], failureMessage, nrOfTests: tests.length };
  }
}

export const strykerPlugins = [{ kind: 'TestRunner', name: 'bundled', injectableClass: BundledRunner }];
