/**
 * A thread that runs the tests of a bundle: once without mutants, where it was given no plan, or with each mutant whose id it is sent. The
 * module is imported anew for each mutant, since code that runs while a module loads may be mutated, too.
 *
 * Each test is tried in worlds without kernels and in worlds with them, since what a kernel does its specification does not.
 */
import { pathToFileURL } from 'node:url';
import { parentPort, workerData } from 'node:worker_threads';

const { bundle, plan } = workerData;
/** Tests that take longer are tried behind all others. */
const SLOW_MS = 60;
/** A mutant that comes so many times as often to its place as without it has no end. Source: Stryker's HIT_LIMIT_FACTOR. */
const HIT_FACTOR = 100;
const KINDS = ['specification', 'kernels'];

/** The object by which instrumented code knows the mutant that is on. Source: Stryker's INSTRUMENTER_CONSTANTS. */
const space = {};
globalThis.__stryker__ = space;
let imports = 0;

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

/** Runs the tests that are wanted in a module of its own; `onLoaded` is called between. Returns how each went. */
async function run(wanted, bail, onLoaded = () => {}) {
  const module = await import(`${pathToFileURL(bundle).href}?${imports++}`);
  const watch = watchDefaults(module.WORLD_DEFAULTS);
  onLoaded();
  const outcomes = [];
  const runTest = async (id, test) => {
    space.currentTestId = id;
    watch.asked = false;
    const begun = performance.now();
    let passed = true;
    try {
      await test();
    } catch {
      passed = false;
    }
    space.currentTestId = undefined;
    outcomes.push({ id, passed, asked: watch.asked, ms: performance.now() - begun });
    return passed || !bail;
  };
  for (const kind of KINDS) {
    watch.passes = kind === 'kernels';
    const idOf = (name) => `${kind}: ${name}`;
    const go = await module.runCollected(
      (name, test) => runTest(idOf(name), test),
      (name) => wanted(idOf(name)),
    );
    if (!go) break;
  }
  return outcomes;
}

/** The tests that pass without mutants, by name: their time and the mutants that they come to, and how often. */
async function makePlan() {
  space.mutantCoverage = { static: {}, perTest: {} };
  const begun = performance.now();
  const outcomes = await run(() => true, false);
  const allMs = performance.now() - begun;
  // the same twice where no world is left to the defaults
  const isAgain = ({ id, asked }) => id.startsWith('kernels') && !asked;
  // tests of kernels fail in worlds without, and those that count rare cases where cases are few
  const kept = outcomes.filter((one) => one.passed && !isAgain(one));
  const { static: always, perTest } = space.mutantCoverage;
  const tests = Object.fromEntries(kept.map(({ id, ms }) => [id, { ms, hits: perTest[id] ?? {} }]));
  return { allMs, tests, always };
}

/** What becomes of a mutant. */
async function tryMutant(id) {
  const isStatic = plan.always[id] !== undefined;
  const comesTo = ([, { hits }]) => isStatic || hits[id] !== undefined;
  const chosen = Object.entries(plan.tests).filter(comesTo);
  if (chosen.length === 0) return 'NoCoverage';
  const isSlow = ([, { ms }]) => ms > SLOW_MS;
  const namesOf = (tests) => new Set(tests.map(([name]) => name));
  const turns = [namesOf(chosen.filter((one) => !isSlow(one))), namesOf(chosen.filter(isSlow))];
  space.hitCount = 0;
  space.hitLimit =
    HIT_FACTOR * Math.max(1, plan.always[id] ?? 0, ...chosen.map(([, { hits }]) => hits[id] ?? 0));
  for (const names of turns) {
    if (names.size === 0) continue;
    space.activeMutant = isStatic ? id : undefined;
    const switchOn = () => {
      space.activeMutant = id;
    };
    try {
      const outcomes = await run((name) => names.has(name), true, switchOn);
      if (space.hitCount > space.hitLimit) return 'Timeout';
      if (outcomes.some(({ passed }) => !passed)) return 'Killed';
    } catch {
      // what fails outside of tests, while a module or a hook runs
      return 'Killed';
    } finally {
      space.activeMutant = undefined;
    }
  }
  return 'Survived';
}

if (plan === undefined) parentPort.postMessage({ plan: await makePlan() });
else parentPort.on('message', async (id) => parentPort.postMessage(await tryMutant(id)));
