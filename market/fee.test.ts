import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ASSET, SYSTEM, TOTAL } from './columns.ts';
import { divideFee, feeOf, payLessFee } from './fee.ts';
import { type Journal, NOBODY, REASON } from './ledger.ts';
import { TestMarket } from './testTick.ts';
import { testWorld } from './testWorld.ts';

const silent: Journal = { record: () => {} };

describe('payments of both markets', () => {
  it('leave the same columns and balances moved together as entry by entry for a journal, in every regime', () => {
    const traded = { compute: 0, tasks: 0, fees: 0 };
    fc.assert(
      fc.property(
        fc.constantFrom('off', 'none', 'legal', 'programmatic'),
        fc.integer({ min: 0, max: 2 ** 32 - 1 }),
        fc.constantFrom(0, 0.3),
        (regime, seed, feeBurn) => {
          const [together, apart] = [null, silent].map((journal) => {
            const world = testWorld({
              slots: 24,
              seed,
              // one way of settling for both: the test is about the markets
              passes: false,
              world: {
                computeMarket: { feeBps: 70 },
                serviceMarket: { feeBps: 130 },
                trust: { regime },
                policy: { staking: regime === 'programmatic', feeBurn },
              },
            });
            const market = new TestMarket(world);
            world.ledger.journal = journal;
            for (let t = 0; t < 12; t++) market.run();
            return world;
          });
          expect(together!.columns).toEqual(apart!.columns);
          expect(together!.balances).toEqual(apart!.balances);
          const { total } = together!.columns;
          traded.compute += total[TOTAL.computeVolume]!;
          traded.tasks += total[TOTAL.tasks]!;
          traded.fees += total[TOTAL.computeFees]! + total[TOTAL.taskFees]!;
        },
      ),
      { numRuns: 40 },
    );
    for (const amount of Object.values(traded)) expect(amount).toBeGreaterThan(0);
  });

  it('round every fee down by itself: three of 1.5 take 3, not 4', () => {
    const world = testWorld({ slots: 3, world: { policy: { feeBurn: 0.5 } } });
    const { ledger } = world;
    const before = [0, 1, 2].map((i) => ledger.balance(ASSET.token, i));
    const treasury = ledger.balance(ASSET.token, ledger.system(SYSTEM.treasury));
    const amounts = Uint32Array.of(150, 150, 150);
    payLessFee(world, SYSTEM.consumers, Uint32Array.of(0, 1, 2), 3, amounts, 100, REASON.task);
    expect([...amounts]).toEqual([149, 149, 149]);
    expect([0, 1, 2].map((i) => ledger.balance(ASSET.token, i) - before[i]!)).toEqual([149, 149, 149]);
    expect(world.columns.total[TOTAL.taskFees]).toBe(3);
    // half of a fee of 1, rounded down, is nothing to burn
    expect(ledger.burned(ASSET.token)).toBe(0);
    expect(ledger.balance(ASSET.token, ledger.system(SYSTEM.treasury)) - treasury).toBe(3);
    expect(feeOf(150, 100)).toBe(1);
  });
});

describe('a fee', () => {
  it('is the floor of amount x rate, at amounts of any size', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }),
        fc.integer({ min: 0, max: 10_000 }),
        (amount, bps) => {
          expect(feeOf(amount, bps)).toBe(Number((BigInt(amount) * BigInt(bps)) / 10_000n));
        },
      ),
    );
    expect([feeOf(9_999, 1), feeOf(10_000, 1), feeOf(10_001, 1)]).toEqual([0, 1, 1]);
  });

  it('counts for the market that it was taken in', () => {
    const world = testWorld({ slots: 1 });
    const { columns, ledger } = world;
    divideFee(world, 0, 10, 4, REASON.computeFee);
    expect([columns.total[TOTAL.computeFees], columns.total[TOTAL.taskFees]]).toEqual([10, 0]);
    divideFee(world, 0, 5, 0, REASON.taskFee);
    expect([columns.total[TOTAL.computeFees], columns.total[TOTAL.taskFees]]).toEqual([10, 5]);
    expect(ledger.burned(ASSET.token)).toBe(4);
  });

  it('on each payment is one entry of its kind in a journal, after the payment, and none without one', () => {
    const entries: [from: number, to: number, amount: number, reason: number][] = [];
    const world = testWorld({ slots: 2, world: { policy: { feeBurn: 0.5 } } });
    const { ledger } = world;
    const from = ledger.system(SYSTEM.consumers);
    const treasury = ledger.system(SYSTEM.treasury);
    ledger.journal = {
      record: (_tick, payer, payee, _asset, amount, reason) => entries.push([payer, payee, amount, reason]),
    };
    payLessFee(
      world,
      SYSTEM.consumers,
      Uint32Array.of(1, 0),
      2,
      Uint32Array.of(100, 200),
      1000,
      REASON.compute,
    );
    expect(entries).toEqual([
      [from, 1, 180, REASON.compute],
      [from, NOBODY, 10, REASON.feeBurn],
      [from, treasury, 10, REASON.computeFee],
      [from, 0, 90, REASON.compute],
      [from, NOBODY, 5, REASON.feeBurn],
      [from, treasury, 5, REASON.computeFee],
    ]);
    expect(world.columns.total[TOTAL.computeFees]).toBe(30);
  });
});
