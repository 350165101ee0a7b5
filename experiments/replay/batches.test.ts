import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ASSET } from '../../market/accounts.ts';
import { cutByGas, gasOf, TRANSACTION_GAS } from './batches.ts';
import { KIND, type Operation } from './operations.ts';

const POOL = 9;
const operation = (kind: Operation['kind'], changes: Partial<Operation> = {}): Operation => ({
  kind,
  asset: ASSET.token,
  from: 0,
  to: 1,
  amount: 1,
  entry: 0,
  ...changes,
});
const pay = operation(KIND.transfer);
const into = operation(KIND.transfer, { to: POOL });
const swap = operation(KIND.swap);
const redeem = [operation(KIND.redeem), operation(KIND.redeem, { asset: ASSET.cash })];
const gasOfAll = (part: readonly Operation[]) => part.reduce((sum, one) => sum + gasOf(one), TRANSACTION_GAS);

describe('batches', () => {
  it('are filled to their gas and not a unit beyond', () => {
    const three = [pay, pay, pay];
    const most = gasOfAll(three);
    expect(cutByGas([...three, ...three], most, POOL)).toEqual([three, three]);
    expect(cutByGas([...three, ...three], most - 1, POOL)).toEqual([
      [pay, pay],
      [pay, pay],
      [pay, pay],
    ]);
    expect(cutByGas([], most, POOL)).toEqual([]);
  });

  it('keep the inputs of a swap with it', () => {
    const most = gasOfAll([into, into, swap]);
    const before = Array.from({ length: 7 }, () => pay);
    expect(gasOfAll([...before, into])).toBeLessThan(most);
    expect(cutByGas([...before, into, into, swap], most, POOL)).toEqual([before, [into, into, swap]]);
  });

  it('end inside a swap that is larger than any batch, and never inside a redemption', () => {
    const most = gasOfAll([into, into]);
    expect(cutByGas([into, into, into, swap], most, POOL)).toEqual([[into, into], [into], [swap]]);
    expect(cutByGas([...redeem, pay], gasOfAll([redeem[0]!]), POOL)).toEqual([redeem, [pay]]);
  });

  it('hold every operation once, in order, within their gas unless that of one alone is more', () => {
    const anything = fc
      .array(fc.constantFrom([pay], [into, swap], [into, into, swap], redeem, [operation(KIND.award)]))
      .map((groups) => groups.flat());
    fc.assert(
      fc.property(anything, fc.integer({ min: 1, max: 1_000_000 }), (operations, most) => {
        const parts = cutByGas(operations, most, POOL);
        expect(parts.flat()).toEqual(operations);
        for (const part of parts) {
          expect(part.length).toBeGreaterThan(0);
          const alone = part.length === 1 || (part.length === 2 && part[0] === redeem[0]);
          expect(alone || gasOfAll(part) <= most).toBe(true);
          expect(part.at(-1)).not.toBe(redeem[0]);
        }
      }),
    );
  });
});
