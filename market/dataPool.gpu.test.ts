import { describeOnGpu } from '../experiments/testDevice.ts';
import { testDisturbed } from '../experiments/testDisturbed.ts';
import type { ParityCase } from '../sim/engines/webgpu/parityWorlds.ts';
import type { World } from '../sim/world.ts';
import { FREE_SLOT, MODE, TOTAL, WORLD } from './columns.ts';

/** Most agents train; the pool has so many units at such a price in 1/256 milli-cash, and so many have come in. */
const queue =
  (pool: number, price: number, inflow: number) =>
  ({ columns, balances, parameters }: World): void => {
    for (let i = 0; i < parameters.slots; i++) {
      if (i % 4 === 0) continue;
      columns.mode[i] = MODE.train;
      columns.method[i] = (i >>> 1) & 3;
      columns.compute[i] = columns.computeUsed[i]! + (i % 6 === 0 ? 0 : 3);
      balances.cash[i]! += 1_000_000;
      if (i % 7 === 0) columns.data[i] = 0xffff_ffff - (i & 7);
      if (i % 9 === 0) columns.bill[i] = 0xffff_ffff;
    }
    columns.total[TOTAL.dataPool] = pool;
    columns.scalar[WORLD.dataPrice] = price;
    columns.scalar[WORLD.dataInflow] = inflow;
  };

const market = { platform: 0.5, market: true, price: 0.001 };
const cases: readonly ParityCase[] = [
  { what: 'a market for data', slots: 40, ticks: 20, world: { dataOwnership: market } },
  { what: 'a fixed price', slots: 30, ticks: 9, world: { dataOwnership: { ...market, priceStep: 0 } } },
  {
    what: 'a price that doubles',
    slots: 30,
    ticks: 9,
    world: { dataOwnership: { ...market, priceStep: 1, budget: 1e6 } },
  },
  {
    what: 'nobody may train',
    slots: 9,
    ticks: 9,
    world: { dataOwnership: market, training: { enabled: false } },
  },
  {
    what: 'a runway that forbids',
    slots: 20,
    ticks: 9,
    world: { dataOwnership: market, hardware: { trainingRunwayTicks: 30_000 } },
  },
  { what: 'more buyers than threads', slots: 600, ticks: 2, world: { dataOwnership: market } },
  { what: 'one slot', slots: 1, ticks: 9, world: { dataOwnership: market } },
];

await describeOnGpu('the market for data', (gpu) => {
  testDisturbed(gpu, 'data', cases, {
    'as agents chose': () => {},
    'an empty pool': queue(0, 300, 40),
    'one unit, free': queue(1, 0, 40),
    'fewer units than wanted, nearly free': queue(37, 1, 0),
    'the margin among the last': queue(2000, 2, 0xffff_ffff),
    'more than anybody wants': queue(2 ** 40, 3, 1),
    'the highest price': queue(2 ** 40, 0xffff_ffff, 0),
    'nobody alive': ({ columns }) => columns.population.fill(FREE_SLOT),
  });
});
