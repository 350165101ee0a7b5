/**
 * Tries the mutants of one file: `node tryMutants.mjs INSTRUMENTER FILE TESTS THREADS EVERY REPORT`, from the project's root. Stryker's
 * instrumenter puts all mutants into the file, each behind a switch; the tests and what they import become one module, beside which
 * no copy of the project is needed. Threads (mutantWorker.mjs) switch one mutant on at a time and run the tests that come to it. The
 * report is in the schema of mutation-testing-elements.
 */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, resolve } from 'node:path';
import process from 'node:process';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { Worker } from 'node:worker_threads';
import { wordsForPeople } from './wordsForPeople.mjs';

const [instrumenter, file, testList, threads, every, report] = process.argv.slice(2);
const source = readFileSync(file, 'utf8');
const beside = (name) => fileURLToPath(new URL(name, import.meta.url));

/** What tests import, and what they are given instead. */
const STAND_INS = { vitest: beside('testApi.mjs'), 'fast-check': beside('fewerCases.mjs') };
/** Sources that have no mutants and import none that have: they are imported once. */
const UNCHANGED = /\/(configs|sim\/core)\//;
const ENTRY = 'tests.mjs';
/** Where the bundle lies: beside the tests, whose paths to fixtures are relative. */
const BUNDLE = resolve(`market/.mutants-${process.pid}`);
/** A thread that has tried so many is replaced, since modules that were imported stay in its memory. */
const TRIES_MOST = 300;
/** A mutant that takes longer than this and so many times all tests has no end. */
const LEAST_LIMIT_MS = 10_000;
const LIMIT_FACTOR = 5;

/** The file with all mutants in it, and the mutants. */
async function instrument() {
  const { resolve: find } = createRequire(instrumenter);
  const load = (name, from = find) => import(pathToFileURL(from(name)).href);
  const { createInstrumenter } = await load('@stryker-mutator/instrumenter');
  const { commonTokens } = await load('@stryker-mutator/api/plugin');
  const { createInjector } = await load('typed-inject');
  const silent = new Proxy({}, { get: () => () => false });
  const tool = createInjector().provideValue(commonTokens.logger, silent).injectFunction(createInstrumenter);
  const input = [{ name: resolve(file), mutate: true, content: source }];
  const options = { plugins: null, excludedMutations: [], ignorers: [wordsForPeople], noHeader: false };
  const { files, mutants } = await tool.instrument(input, options);
  return { code: files[0].content, mutants };
}

/** Writes a module with the tests, the instrumented file and what they import. */
async function bundle(code) {
  const { build } = await import('vite');
  const entry = resolve(BUNDLE, 'entry.mjs');
  const modules = ['experiments/propertySeed.ts', ...testList.split(',')];
  writeFileSync(
    entry,
    `${modules.map((path) => `import '${resolve(path)}';`).join('\n')}\nexport { runCollected } from 'vitest';\nexport { WORLD_DEFAULTS } from '${resolve('market/testWorld.ts')}';\n`,
  );
  const instrumented = {
    name: 'instrumented',
    enforce: 'pre',
    load: (id) => (id === resolve(file) ? code : null),
  };
  const { output } = await build({
    configFile: false,
    logLevel: 'error',
    plugins: [instrumented],
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
  for (const { fileName, code: text } of output) writeFileSync(resolve(BUNDLE, fileName), text);
}

/** What the tests do without mutants: which pass, how long they take, and which come to which mutant. */
const planOf = () =>
  new Promise((found, failed) => {
    const worker = new Worker(beside('mutantWorker.mjs'), { workerData: { bundle: resolve(BUNDLE, ENTRY) } });
    worker.on('message', ({ plan }) => void worker.terminate().then(() => found(plan)));
    worker.on('error', failed);
  });

/** Takes mutants off a list and tries them, each within the limit, until none is left. */
async function tryAll(queue, plan, statuses) {
  const limitMs = LEAST_LIMIT_MS + LIMIT_FACTOR * plan.allMs;
  while (queue.length > 0) {
    await new Promise((done) => {
      const worker = new Worker(beside('mutantWorker.mjs'), {
        workerData: { bundle: resolve(BUNDLE, ENTRY), plan },
      });
      let timer;
      let tried = 0;
      let current = null;
      const end = (status) => {
        clearTimeout(timer);
        if (current !== null && status !== null) statuses.set(current, status);
        current = null;
        void worker.terminate().then(done);
      };
      const next = () => {
        clearTimeout(timer);
        if (queue.length === 0 || tried++ === TRIES_MOST) return end(null);
        current = queue.shift();
        timer = setTimeout(end, limitMs, 'Timeout');
        worker.postMessage(current);
      };
      worker.on('message', (status) => {
        statuses.set(current, status);
        next();
      });
      // out of memory, or an error outside of any test
      worker.on('error', () => end('Killed'));
      next();
    });
  }
}

mkdirSync(BUNDLE);
try {
  const { code, mutants } = await instrument();
  await bundle(code);
  const plan = await planOf();
  const statuses = new Map();
  const isTried = ({ id, status }) => status !== 'Ignored' && Number(id) % Number(every) === 0;
  const queue = mutants.filter(isTried).map(({ id }) => id);
  await Promise.all(Array.from({ length: Number(threads) }, () => tryAll(queue, plan, statuses)));
  const place = ({ line, column }) => ({ line: line + 1, column: column + 1 });
  const described = mutants.map(({ id, status, location: { start, end }, ...mutant }) => ({
    ...mutant,
    id,
    location: { start: place(start), end: place(end) },
    status: status ?? statuses.get(id) ?? 'Pending',
  }));
  mkdirSync(dirname(report), { recursive: true });
  writeFileSync(report, JSON.stringify({ files: { [file]: { source, mutants: described } } }));
} finally {
  rmSync(BUNDLE, { recursive: true });
}
