import { expect, test } from 'vitest';
import { describeOnGpu } from '../../../experiments/testDevice.ts';
import { TOTAL, WORLD } from '../../../market/columns.ts';
import type { World } from '../../world.ts';
import { PARITY_CASES, runCase } from './parityWorlds.ts';
import { comparePhase } from './phaseParity.ts';

await describeOnGpu('the comparison of engines', (gpu) => {
  test('holds where nothing is disturbed', async () => {
    await comparePhase(gpu, 'income', runCase({ ...PARITY_CASES[1]!, ticks: 20 }, 'harness'), 'plain');
  });

  test.each<[string, RegExp, (world: World) => void]>([
    [
      'an integer',
      /phase 'income', disturbed, world 1, tick 20: capacity\[3\] is \d+, expected \d+, and 2 more: opened/,
      ({ columns }) => columns.capacity[3]!++,
    ],
    ['a double', /total\[11\] is -?\d+, expected/, ({ columns }) => columns.total[TOTAL.swaps]!++],
    ['a single', /genes\[5\] is/, ({ agents }) => agents.genes[5]!++],
    ['a scalar', /scalar\[11\] is/, ({ columns }) => columns.scalar[WORLD.medianWealth]!++],
  ])('names %s that differs', async (_, message, disturb) => {
    const worlds = runCase({ ...PARITY_CASES[1]!, ticks: 20 }, 'harness');
    await expect(
      comparePhase(gpu, 'income', worlds, 'disturbed', {}, () => disturb(worlds[1]!)),
    ).rejects.toThrow(message);
  });
});
