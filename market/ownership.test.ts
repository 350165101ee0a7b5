import { describe, expect, it } from 'vitest';
import { startTick } from './circulation.ts';
import { ASSET, FINANCE, SYSTEM, TOTAL, WORLD } from './columns.ts';
import { REASON } from './ledger.ts';
import { settle } from './settle.ts';
import { testWorld } from './testWorld.ts';
import { wealthOf } from './wealth.ts';

const world = (hardware: object = {}, slots = 1) =>
  testWorld({
    slots,
    world: { hardware: { runwayTicks: 1000, ...hardware }, policy: { wealthTaxPerTick: 0 } },
  });

describe('buying hardware', () => {
  it('adds one cu to agent and total, at the opening price, paid to the supplier', () => {
    const w = world();
    startTick(w, 0);
    w.columns.finance[0] = FINANCE.buyHardware;
    settle(w, 0);
    expect(w.columns.capacity[0]).toBe(9);
    expect(w.columns.total[TOTAL.capacity]).toBe(9);
    expect(w.columns.invested[0]).toBe(100_000);
    expect(w.balances.systemCash[SYSTEM.supplier]).toBe(100_000 + 50);
    expect(w.balances.cash[0]).toBe(500_000 - 100_000 - 50);
  });

  it('costs all buyers of a tick the same', () => {
    const w = world({}, 2);
    startTick(w, 0);
    w.columns.finance.fill(FINANCE.buyHardware);
    settle(w, 0);
    expect([...w.columns.invested]).toEqual([100_000, 100_000]);
    startTick(w, 1);
    expect(w.columns.scalar[WORLD.hardwarePrice]).toBe(50_000 + Math.floor((50_000 * 18 ** 2) / 16 ** 2));
  });

  it.each([
    [0, 9],
    [1, 8],
  ])('leaves the runway: %i milli-cash too little gives capacity %i', (missing, capacity) => {
    const w = world();
    const { ledger } = w;
    startTick(w, 0);
    // after the bill of 50 and the price of 100,000 exactly 1000 ticks of 50 must remain
    const keep = 50 + 100_000 + 50_000 - missing;
    ledger.transfer(ASSET.token, 0, ledger.system(SYSTEM.consumers), 2e6, REASON.task);
    ledger.transfer(ASSET.cash, 0, ledger.system(SYSTEM.consumers), 5e5 - keep, REASON.task);
    w.columns.finance[0] = FINANCE.buyHardware;
    settle(w, 0);
    expect(w.columns.capacity[0]).toBe(capacity);
  });

  it.each([
    ['at capacityMax', { capacityMax: 8 }],
    ['where hardware is not for sale', { enabled: false }],
    ['without the cash', { priceBase: 1000 }],
  ])('is refused %s', (_, hardware) => {
    const w = world(hardware);
    startTick(w, 0);
    w.columns.finance[0] = FINANCE.buyHardware;
    settle(w, 0);
    expect(w.columns.capacity[0]).toBe(8);
    expect(w.columns.invested[0]).toBe(0);
  });
});

describe('wealth', () => {
  it('counts cash alone where no token can become cash', () => {
    const w = testWorld({ slots: 1, world: { amm: { enabled: false } } });
    expect(wealthOf(w, 0, 65_536)).toBe(500_000);
    expect(wealthOf(testWorld({ slots: 1 }), 0, 65_536)).toBe(2_500_000);
  });
});
