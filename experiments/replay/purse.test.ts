import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { UsageError } from '../../sim/core/errors.ts';
import { Purse } from './purse.ts';

describe('a purse', () => {
  it('allows what reaches its cap and nothing beyond', () => {
    const purse = new Purse(100n);
    purse.pay(40n);
    expect(purse.allows(60n)).toBe(true);
    expect(purse.allows(61n)).toBe(false);
    expect(() => purse.assertAllows(61n, 'the swap')).toThrow(UsageError);
    expect(() => purse.assertAllows(61n, 'the swap')).toThrow(
      'the swap could cost 0.000000000000000061 ether and 0.00000000000000004 are spent: the cap is 0.0000000000000001',
    );
  });

  it('counts what strategies are handed once, and their fees only beyond it', () => {
    const purse = new Purse(100n);
    purse.handOver(90n);
    expect(purse.spent).toBe(90n);
    expect(purse.allows(100n, true)).toBe(true);
    expect(purse.allows(101n, true)).toBe(false);
    expect(purse.allows(11n)).toBe(false);
    purse.pay(60n, true);
    expect(purse.spent).toBe(90n);
    purse.pay(35n, true);
    expect(purse.spent).toBe(95n);
  });

  it('never passes its cap, whatever is asked and paid', () => {
    const step = fc.record({
      amount: fc.bigInt({ min: 0n, max: 50n }),
      who: fc.constantFrom('own', 'strategy', 'hand', 'order', 'block'),
    });
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 300n }), fc.array(step), (cap, steps) => {
        const purse = new Purse(cap);
        const orders: bigint[] = [];
        for (const { amount, who } of steps) {
          if (who === 'order' && purse.reserve(amount)) orders.push(amount);
          if (who === 'block') {
            // all that was sent may come into blocks, at the highest price, whenever it likes
            const most = orders.shift() ?? 0n;
            purse.release(most);
            purse.pay(most, true);
            expect(purse.spent <= cap).toBe(true);
          }
          if (who === 'order' || who === 'block') continue;
          if (!purse.allows(amount, who === 'strategy')) continue;
          if (who === 'hand') purse.handOver(amount);
          else purse.pay(amount, who === 'strategy');
          expect(purse.spent <= cap).toBe(true);
        }
      }),
    );
  });

  it('sets aside what orders under way may cost, and raises of their fees', () => {
    const purse = new Purse(100n);
    expect([purse.reserve(40n), purse.reserve(40n), purse.reserve(40n)]).toEqual([true, true, false]);
    expect(purse.reserve(20n)).toBe(true);
    expect(purse.allows(1n)).toBe(false);
    purse.release(40n);
    purse.pay(10n, true);
    expect(purse.allows(30n)).toBe(true);
    expect(purse.allows(31n)).toBe(false);
  });

  it('without a cap allows anything', () => {
    expect(new Purse(null).allows(10n ** 30n)).toBe(true);
  });
});
