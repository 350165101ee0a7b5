/**
 * What tests of `market/` use of vitest's interface, to run them again and again in one process: `describe`, `it` and `test` with
 * `each`, `beforeAll`, `afterAll`, and vitest's own `expect`. Tests are collected while their files are imported.
 */
import { JestAsymmetricMatchers, JestChaiExpect, JestExtend } from '@vitest/expect';
import * as chai from 'chai';

chai.use(JestExtend);
chai.use(JestChaiExpect);
chai.use(JestAsymmetricMatchers);
export const expect = Object.assign((value, message) => chai.expect(value, message), {
  fail: chai.expect.fail,
});

const newSuite = (name) => ({ name, before: [], after: [], children: [] });
const root = newSuite('');
let current = root;

/** A callback among the arguments behind a title: options and time limits may stand beside it. */
const callbackOf = (given) => given.find((one) => typeof one === 'function');

/** One call a row; the row's number keeps titles apart. */
const eachOf =
  (declare) =>
  (rows) =>
  (title, ...given) =>
    rows.forEach((row, index) => {
      const values = Array.isArray(row) ? row : [row];
      declare(`${title} (${index})`, () => callbackOf(given)(...values));
    });

function declareSuite(name, ...given) {
  const suite = newSuite(name);
  current.children.push(suite);
  const outer = current;
  current = suite;
  callbackOf(given)();
  current = outer;
}

const declareTest = (name, ...given) => void current.children.push({ name, run: callbackOf(given) });

export const describe = Object.assign(declareSuite, { each: eachOf(declareSuite) });
export const it = Object.assign(declareTest, { each: eachOf(declareTest) });
export const test = it;
export const beforeAll = (hook) => void current.before.push(hook);
export const afterAll = (hook) => void current.after.push(hook);

/** Names of all tests below a suite, with those of the suites around them. */
const namesBelow = (suite, prefix) =>
  suite.children.flatMap((child) =>
    child.run ? [prefix + child.name] : namesBelow(child, `${prefix}${child.name} `),
  );

async function runSuite(suite, prefix, run, wanted) {
  if (!namesBelow(suite, prefix).some(wanted)) return true;
  for (const hook of suite.before) await hook();
  let go = true;
  for (const child of suite.children) {
    if (!child.run) go = await runSuite(child, `${prefix}${child.name} `, run, wanted);
    else if (wanted(prefix + child.name)) go = await run(prefix + child.name, child.run);
    if (!go) break;
  }
  for (const hook of suite.after) await hook();
  return go;
}

/**
 * Runs the tests that were collected.
 *
 * @param run is given a name and the test; false ends the run
 * @param wanted which names to run
 */
export const runCollected = (run, wanted) => runSuite(root, '', run, wanted);
