import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseConfig } from '../../configs/parse.ts';
import { type MarketWorld, MODE, SIDE } from '../../market/columns.ts';
import { energyShare } from '../../market/ownership.ts';
import { testWorld } from '../../market/testWorld.ts';
import { portion } from '../core/fixed.ts';
import { Shard } from '../shard.ts';
import { METRIC_INDEX } from './table.ts';
import { taskEnergy } from './taskEnergy.ts';

/** cu of a task, and milli-cash of a cu at the full price. */
const CU = 4;
const PRICE = 150;
const DEVICE = 8;

interface Machine {
  readonly opened: number;
  readonly tasks?: number;
  readonly side?: number;
  readonly filled?: number;
}

const withMachines = (scaleEconomy: number, machines: readonly Machine[]): MarketWorld => {
  const world = testWorld({
    slots: machines.length,
    world: {
      ownership: { scaleEconomy },
      genesis: { capacity: DEVICE },
      serviceMarket: { cuPerTask: CU },
      energy: { price: PRICE / 1000 },
    },
  });
  const { columns } = world;
  machines.forEach(({ opened, tasks = 0, side = SIDE.none, filled = 0 }, i) => {
    columns.mode[i] = tasks > 0 ? MODE.serve : MODE.idle;
    columns.opened[i] = opened;
    columns.offerSold[i] = tasks;
    columns.served[0]! += tasks;
    columns.orderSide[i] = side;
    columns.orderFilled[i] = filled;
  });
  return world;
};

describe('the energy of tasks', () => {
  const machine = fc.record({
    opened: fc.integer({ min: 0, max: 64 }),
    tasks: fc.integer({ min: 0, max: 16 }),
    side: fc.constantFrom(SIDE.none, SIDE.buy),
    filled: fc.integer({ min: 0, max: 64 }),
  });

  it('is tasks x cuPerTask x price where size saves nothing, whoever sold them', () => {
    fc.assert(
      fc.property(fc.array(machine, { minLength: 1, maxLength: 6 }), (machines) => {
        const tasks = machines.reduce((sum, each) => sum + each.tasks, 0);
        expect(taskEnergy(withMachines(0, machines))).toBe(tasks * CU * PRICE);
      }),
    );
  });

  it("is at the server's own share: two doublings of the device pay a quarter at a scale economy of a half", () => {
    const world = withMachines(0.5, [
      { opened: DEVICE, tasks: 2 },
      { opened: 4 * DEVICE, tasks: 8 },
    ]);
    const ofCentre = portion(8 * CU * PRICE, energyShare(world.parameters.ownership, 4 * DEVICE));
    expect(ofCentre).toBeCloseTo((8 * CU * PRICE) / 4, -1);
    expect(taskEnergy(world)).toBe(2 * CU * PRICE + ofCentre);
  });

  it.each([1023, 1024, 70_000])('is as exact at a capacity of %i', (opened) => {
    const world = withMachines(0.5, [{ opened, tasks: 5 }]);
    const share = energyShare(world.parameters.ownership, opened);
    expect(taskEnergy(world)).toBe(portion(5 * CU * PRICE, share));
  });

  it('of rented compute is what its sellers pay a unit, which is used before the own machine', () => {
    const world = withMachines(0.5, [
      { opened: DEVICE, tasks: 3, side: SIDE.buy, filled: 8 },
      { opened: DEVICE, side: SIDE.buy, filled: 4 },
      { opened: DEVICE, side: SIDE.sell, filled: 3 },
      { opened: 2 * DEVICE, side: SIDE.sell, filled: 9 },
    ]);
    const half = portion(9 * PRICE, energyShare(world.parameters.ownership, 2 * DEVICE));
    const mean = Math.floor(((3 * PRICE + half) * 8) / 12);
    expect(taskEnergy(world)).toBe((3 * CU - 8) * PRICE + mean);
  });

  it('is nothing where no task is sold, whatever is rented', () => {
    const world = withMachines(0.5, [
      { opened: DEVICE, side: SIDE.buy, filled: 4 },
      { opened: DEVICE, side: SIDE.sell, filled: 4 },
    ]);
    expect(taskEnergy(world)).toBe(0);
  });
});

describe('the welfare of service', () => {
  /** Metrics of a world in which all energy is that of tasks, summed over its intervals. */
  const sums = (scaleEconomy: number) => {
    const run = parseConfig(
      JSON.stringify({
        seed: 'welfare',
        ticks: 60,
        slots: 24,
        output: { metricsEvery: 20 },
        world: {
          ownership: { distribution: 'firms', firms: 2, firmShare: 0.7, scaleEconomy },
          hardware: { capacityMax: 512 },
          training: { enabled: false },
          computeMarket: { enabled: false },
        },
        populations: [{ name: 'traders', kind: 'random' }],
      }),
    );
    const { frames } = new Shard(run, [0]).advance(60);
    return (name: 'serviceWelfare' | 'consumerSurplus' | 'spendCash' | 'energy' | 'tasksServed') =>
      frames.reduce((sum, { metrics }) => sum + metrics[METRIC_INDEX[name]]!, 0);
  };

  it.each([0, 0.3])('is the value less all energy paid, where all is that of tasks: scale %d', (scale) => {
    const of = sums(scale);
    expect(of('tasksServed')).toBeGreaterThan(0);
    const value = of('consumerSurplus') + of('spendCash');
    expect(of('serviceWelfare')).toBeCloseTo(value - of('energy'), 6);
  });
});
