import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { Override } from '../../configs/overrides.ts';
import { parseConfig } from '../../configs/parse.ts';
import { METRIC_INDEX } from '../../sim/metrics/table.ts';
import { createSimulation } from '../../sim/run.ts';
import { overridesOf, SELECTION_ARMS } from './selection.ts';

const baseline = readFileSync(new URL('../../configs/baseline.yaml', import.meta.url), 'utf8');
const SMALL = overridesOf({
  ticks: 500,
  worlds: 2,
  slots: 48,
  'output.metricsEvery': 500,
  'world.demography.meanLife': 120,
});
const setOf = (name: string): Override[] => overridesOf(SELECTION_ARMS.find((arm) => arm.name === name)!.set);

/** Sums over the worlds of a small run. */
async function totals(overrides: readonly Override[]) {
  const { frame } = await createSimulation(
    parseConfig(baseline, { overrides: [...SMALL, ...overrides] }),
  ).advance(500);
  const total = (name: keyof typeof METRIC_INDEX): number =>
    frame.worlds.reduce((sum, { metrics }) => sum + metrics[METRIC_INDEX[name]]!, 0);
  return { births: total('births'), deaths: total('deaths'), insolvencies: total('insolvencies') };
}

describe('arms of evolution', () => {
  it('begin with the baseline itself and change it by keys that it has', () => {
    expect(SELECTION_ARMS[0]!.set).toEqual({});
    for (const { set } of SELECTION_ARMS)
      expect(() => parseConfig(baseline, { overrides: overridesOf(set) })).not.toThrow();
  });

  it('without selection let nobody die of a bill, and children be born to the poor', async () => {
    const free = await totals(setOf('no selection'));
    expect(free.insolvencies).toBe(0);
    expect(free.deaths).toBeGreaterThan(100);
    expect(free.births).toBeGreaterThan(100);
    // in the same worlds with money nobody can yet afford as many
    expect((await totals([])).births).toBeLessThan(free.births / 2);
  });
});
