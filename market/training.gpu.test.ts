import { describeOnGpu } from '../experiments/testDevice.ts';
import { testDisturbed } from '../experiments/testDisturbed.ts';
import { PARITY_CASES } from '../sim/engines/webgpu/parityWorlds.ts';
import type { World } from '../sim/world.ts';
import { FREE_SLOT, MODE } from './columns.ts';

/** Agents train by every method, with compute, skill, data and bills at the ends of their ranges. */
function trainHard({ columns, parameters }: World): void {
  for (let i = 0; i < parameters.slots; i++) {
    if (i % 3 === 2) continue;
    columns.mode[i] = MODE.train;
    columns.method[i] = (i >>> 2) & 3;
    columns.taskClass[i] = i & 3;
    if (i % 5 === 0) columns.compute[i] = columns.computeUsed[i]!;
    if (i % 7 === 0) columns.skill[4 * i + (i & 3)] = 0xffff_ffff;
    if (i % 11 === 0) columns.data[i] = 0xffff_ffff;
    if (i % 13 === 0) columns.bill[i] = 0xffff_fff0;
  }
}

await describeOnGpu('training', (gpu) => {
  testDisturbed(
    gpu,
    'train',
    [
      ...PARITY_CASES.map((each) => ({ ...each, ticks: 9 })),
      {
        what: 'free training, no decay',
        slots: 20,
        ticks: 9,
        world: { training: { labelPrice: 0, depreciation: 0 } },
      },
      { what: 'all skill decays', slots: 20, ticks: 9, world: { training: { depreciation: 1 } } },
    ],
    {
      'as agents chose': () => {},
      'at the ends of ranges': trainHard,
      'nobody alive': ({ columns }) => columns.population.fill(FREE_SLOT),
    },
  );
});
