import { describe, expect, it } from 'vitest';
import { Arena, columnBytes } from '../sim/core/columns.ts';
import { type MilliCash, milli } from '../sim/core/units.ts';
import { Clearing, clearingColumnSpec } from './clearing.ts';
import { MODE } from './columns.ts';
import { Descriptor } from './descriptor.ts';
import { KERNEL_BASE64 } from './settle.generated.ts';
import { Settlement } from './settlement.ts';
import { testWorld } from './testWorld.ts';

describe('the description of a world to a kernel', () => {
  it('refuses columns of another memory', () => {
    const [here, there] = [testWorld(), testWorld()];
    const { parameters, balances, columns } = here;
    const arena = new Arena(columnBytes(clearingColumnSpec(8)));
    const own = arena.columns(clearingColumnSpec(8));
    expect(() => new Settlement(there.memory, parameters, balances, columns)).toThrow('another memory');
    expect(() => new Clearing(there.memory, parameters, balances, columns, own)).toThrow('another memory');
    const mixed = { ...columns, bill: there.columns.bill };
    expect(() => new Settlement(here.memory, parameters, balances, mixed)).toThrow('another memory');
  });

  it('refuses more columns or parameters than a kernel has room for', () => {
    const { memory, columns } = testWorld();
    const describing = (columnCount: number, parameterCount: number) => () =>
      new Descriptor(
        KERNEL_BASE64,
        memory,
        Array.from({ length: columnCount }, () => columns.bill),
        Array.from({ length: parameterCount }, () => 0),
      );
    expect(describing(72, 64)).not.toThrow();
    expect(describing(73, 64)).toThrow('no room');
    expect(describing(72, 65)).toThrow('no room');
  });

  it('lets worlds of one memory take turns with one kernel', () => {
    const world = testWorld({ slots: 4, living: 2 });
    const { columns, balances, memory, parameters } = world;
    const { energy } = parameters;
    const subsistence = milli<MilliCash>(0.007);
    const frugal = { ...parameters, slots: 1, energy: { ...energy, subsistence } };
    const other = new Settlement(memory, frugal, balances, columns);
    const settlement = world.settlement!;
    expect(other.passes).toBe(settlement.passes);
    other.open().openBills();
    expect([...columns.bill]).toEqual([7, 0, 0, 0]);
    columns.bill.fill(0);
    settlement.open().openBills();
    expect(energy.subsistence).not.toBe(7);
    expect([...columns.bill]).toEqual([energy.subsistence, energy.subsistence, 0, 0]);
  });

  it('carries parameters below zero', () => {
    const world = testWorld({ slots: 2 });
    const { columns, parameters } = world;
    const method = parameters.training.methods[0]!;
    expect(method.etaLog2).toBeLessThan(0);
    columns.mode.fill(MODE.train);
    columns.compute.fill(1000);
    const before = columns.skill[0]!;
    world.clearing!.open().train();
    expect(columns.skillGain[0]).toBeGreaterThan(0);
    expect(columns.skill[0]).toBeGreaterThan(before);
  });
});
