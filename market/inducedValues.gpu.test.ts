import { describeOnGpu } from '../experiments/testDevice.ts';
import { testDisturbed } from '../experiments/testDisturbed.ts';
import type { ParityCase } from '../sim/engines/webgpu/parityWorlds.ts';
import { FREE_SLOT } from './columns.ts';

const populations = [{ name: 'truthful', kind: 'truthful' }];
const schedule = (what: string, slots: number, ticks: number, induced: object): ParityCase => ({
  what,
  slots,
  ticks,
  world: { induced: { enabled: true, ...induced }, serviceMarket: { enabled: false } },
  populations,
});

await describeOnGpu('induced values', (gpu) => {
  testDisturbed(
    gpu,
    'induced values',
    [
      schedule('random values at genesis', 50, 0, {}),
      schedule('even values at genesis', 51, 0, { schedule: 'even', unitsPerTrader: 7 }),
      schedule('random values, drawn again', 20, 5, { redrawEvery: 2 }),
      schedule('even values, dealt again', 300, 5, { redrawEvery: 2, renewEvery: 1, schedule: 'even' }),
      schedule('units given again', 700, 4, { renewEvery: 3, unitsPerTrader: 1000 }),
      schedule('one slot', 1, 0, { redrawEvery: 1 }),
      { what: 'no values', slots: 9, ticks: 3, world: {} },
    ],
    {
      'everybody alive': () => {},
      'some slots free': ({ columns, parameters }) => {
        for (let i = 0; i < parameters.slots; i += 3) columns.population[i] = FREE_SLOT;
        columns.inducedUnits.fill(1);
      },
      'buyers alone': ({ columns, parameters }) => {
        for (let i = 1; i < parameters.slots; i += 2) columns.population[i] = FREE_SLOT;
      },
      'nobody alive': ({ columns }) => columns.population.fill(FREE_SLOT),
    },
  );
});
