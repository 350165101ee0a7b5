import { defineConfig } from 'vitest/config';

/** The extended tier runs where CI=true; a file named *.extended.test.ts belongs to it. */
const extended = process.env.CI === 'true';

export default defineConfig({
  test: {
    include: ['{sim,agents,market,viz,configs,experiments}/**/*.test.ts'],
    exclude: ['**/node_modules/**', 'dist/**', ...(extended ? [] : ['**/*.extended.test.ts'])],
    reporters: ['default', './experiments/closingLine.ts'],
    setupFiles: ['./experiments/propertySeed.ts'],
    // the extended tier runs on slow machines too, two files at a time
    testTimeout: extended ? 300_000 : 60_000,
    hookTimeout: 60_000,
    pool: 'forks',
    maxWorkers: 2,
  },
});
