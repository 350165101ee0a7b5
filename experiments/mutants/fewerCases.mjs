/**
 * fast-check with fewer cases a property. A mutant survives all of them and dies at the first that notices, so that most of the time
 * would go to survivors; what only more cases notice counts as survived.
 */
import { createRequire } from 'node:module';

const CASES_MOST = 12;

/** The package in its other form, since its name means this file in the tests' bundle. */
const fc = createRequire(import.meta.url)('fast-check');

export default {
  ...fc,
  assert: (property, options = {}) =>
    fc.assert(property, { ...options, numRuns: Math.min(options.numRuns ?? CASES_MOST, CASES_MOST) }),
};
