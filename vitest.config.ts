import { defineConfig } from 'vitest/config';
import LongestFirst from './experiments/longestFirst.ts';

/** The extended tier runs where CI=true; a file named *.extended.test.ts belongs to it. */
const extended = process.env.CI === 'true';

export default defineConfig({
  test: {
    include: ['{sim,agents,market,viz,configs,experiments}/**/*.test.ts'],
    exclude: ['**/node_modules/**', 'dist/**', ...(extended ? [] : ['**/*.extended.test.ts'])],
    reporters: ['default', './experiments/stillRunning.ts', './experiments/closingLine.ts'],
    sequence: { sequencer: LongestFirst },
    setupFiles: ['./experiments/propertySeed.ts', './experiments/plainText.ts'],
    // against hanging alone: shaders compile for half a minute on a machine that is busy with other work
    testTimeout: extended ? 300_000 : 120_000,
    hookTimeout: 120_000,
    pool: 'forks',
    maxWorkers: 2,
  },
});
