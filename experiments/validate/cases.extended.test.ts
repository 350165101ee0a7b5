import { describe, expect, it } from 'vitest';
import { CASES, runCase } from './index.ts';

const CASE_TIMEOUT_MS = 600_000;

describe('every validation case at its default parameters', () => {
  it.each(CASES.map((c) => [c.name, c] as const))(
    '%s',
    async (_name, validationCase) => {
      const result = await runCase(validationCase);
      expect(result, JSON.stringify(result)).toMatchObject({ pass: true });
    },
    CASE_TIMEOUT_MS,
  );

  it(
    'bandit is learned when rewards are scaled a hundredfold midway, and under noise of infinite variance',
    async () => {
      const bandit = CASES.find((c) => c.name === 'bandit')!;
      expect(await runCase(bandit, { rewardScale: '100' })).toMatchObject({ pass: true });
      expect(await runCase(bandit, { noiseShape: 'student2' })).toMatchObject({ pass: true });
    },
    CASE_TIMEOUT_MS,
  );
});
