import { describe, expect, it } from 'vitest';
import { type MarketWorld, SPENDING, SYSTEM, TOTAL, TRUST_TOTAL } from './columns.ts';
import { MARKET_LAWS } from './laws.ts';
import { closeSpending, openSpending } from './spending.ts';
import { testWorld } from './testWorld.ts';

const { check: checkSpending } = MARKET_LAWS.find(({ name }) => name === 'welfare-accounting')!;
const worldOf = (regime: string): MarketWorld => testWorld({ slots: 4, world: { trust: { regime } } });

/** Two sellers get 70 and 20 for tasks, the treasury a fee of 10, out of consumers' 100. */
function sell({ columns, balances }: MarketWorld): void {
  balances.systemToken[SYSTEM.consumers]! -= 100;
  columns.serviceAmount.set([70, 0, 0, 20]);
  columns.offerReceipt.set([70, 0, 0, 20]);
  columns.total[TOTAL.taskFees]! += 10;
  columns.total[TOTAL.spentToken]! += 100;
}

describe('the accounts of a service market', () => {
  it.each(['off', 'none', 'legal', 'programmatic'])('close after a tick of sales: trust %s', (regime) => {
    const world = worldOf(regime);
    const { columns } = world;
    // what earlier ticks left
    columns.total[TOTAL.taskFees] = 1000;
    columns.total[TOTAL.spentToken] = 5000;
    if (regime !== 'off') columns.trustTotal[TRUST_TOTAL.compensated] = 400;
    openSpending(world);
    sell(world);
    closeSpending(world);
    expect(() => checkSpending(world)).not.toThrow();
    const opened = columns.spending[SPENDING.opened]!;
    expect(opened - columns.spending[SPENDING.closed]!).toBe(100);
    expect(columns.spending[SPENDING.receipts]).toBe(90);
    expect(columns.spending[SPENDING.compensated]).toBe(0);
  });

  it('do not close where a milli-token went elsewhere', () => {
    const world = worldOf('off');
    openSpending(world);
    sell(world);
    world.balances.systemToken[SYSTEM.consumers]! -= 1;
    closeSpending(world);
    expect(() => checkSpending(world)).toThrow('101 milli-token spent on tasks, 100 received');
  });

  it('add back what consumers got of slashed stakes, which is what buyers of compute did not', () => {
    const world = worldOf('programmatic');
    const { columns, balances } = world;
    columns.trustTotal[TRUST_TOTAL.compensated] = 400;
    openSpending(world);
    sell(world);
    // stakes of 60 are slashed: buyers of compute get 25 and 5, consumers 30
    columns.trustTotal[TRUST_TOTAL.compensated] = 460;
    columns.compensated.set([0, 25, 5, 0]);
    balances.systemToken[SYSTEM.consumers]! += 30;
    closeSpending(world);
    expect(columns.spending[SPENDING.compensated]).toBe(30);
    expect(() => checkSpending(world)).not.toThrow();
  });
});
