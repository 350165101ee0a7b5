import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { OverflowError } from '../sim/core/errors.ts';
import { U32_MAX } from '../sim/core/units.ts';
import {
  billDebts,
  bookClaim,
  bookLiability,
  CONSUMER_CREDITOR,
  claimsOf,
  cohortAt,
  dueTick,
  heldByCourt,
  payClaims,
  settleEstate,
} from './claims.ts';
import { ASSET, FREE_SLOT, type MarketWorld, SYSTEM, TRUST_TOTAL } from './columns.ts';
import { checkClaims } from './laws.ts';
import { REASON } from './ledger.ts';
import { testWorld } from './testWorld.ts';
import { payContractBills } from './trust.ts';

/** A world with a court, in which a token is worth a cash. */
const courtWorld = (trust: object = {}, world: object = {}): MarketWorld =>
  testWorld({
    slots: 4,
    world: {
      genesis: { token: 10, cash: 1 },
      treasury: { reserveEndowments: 1 },
      trust: { regime: 'legal', delay: 4, claimCohorts: 5, ...trust },
      ...world,
    },
  });

/** Agent 0 owes `amounts[i]` milli-cash to agent i + 1; returns the cohort. */
function owe(world: MarketWorld, amounts: readonly number[], tick = 0): number {
  const cohort = cohortAt(world.parameters, dueTick(world.parameters, tick));
  amounts.forEach((amount, k) => {
    bookClaim(world, k + 1, cohort, amount);
    bookLiability(world, 0, cohort, amount);
  });
  return cohort;
}

const runTo = (world: MarketWorld, from: number, to: number): void => {
  for (let tick = from; tick <= to; tick++) {
    world.columns.debtDue.fill(0);
    payClaims(world, tick);
    checkClaims(world);
    billDebts(world, tick);
    payContractBills(world, tick);
    checkClaims(world);
  }
};

describe('a cohort', () => {
  it('falls due at the first multiple of its width from the delay on, and never meets another that is open', () => {
    const cases = fc.record({
      delay: fc.integer({ min: 1, max: 3000 }),
      claimCohorts: fc.integer({ min: 2, max: 40 }),
      tick: fc.integer({ min: 0, max: 1_000_000 }),
    });
    fc.assert(
      fc.property(cases, ({ delay, claimCohorts, tick }) => {
        const { parameters } = courtWorld({ delay, claimCohorts });
        const { cohortTicks, cohorts } = parameters.trust;
        const due = dueTick(parameters, tick);
        expect(due).toBeGreaterThanOrEqual(tick + delay);
        expect(due).toBeLessThan(tick + delay + cohortTicks);
        // the claims of the earliest tick that are still open when this one's are booked
        const oldest = Math.floor(tick / cohortTicks + 1) * cohortTicks;
        expect((due - oldest) / cohortTicks).toBeLessThan(cohorts);
      }),
    );
  });

  it('is a single due tick where the delay leaves room for that, and pools neighbours where it does not', () => {
    expect(courtWorld({ delay: 4, claimCohorts: 5 }).parameters.trust.cohortTicks).toBe(1);
    expect(courtWorld({ delay: 5, claimCohorts: 5 }).parameters.trust.cohortTicks).toBe(2);
  });
});

describe('claims', () => {
  it('are paid in full when their debtors can', () => {
    const world = courtWorld();
    owe(world, [300, 0, 200]);
    expect(claimsOf(world, 1)).toBe(300);
    runTo(world, 0, 3);
    expect(world.balances.cash[0]).toBe(500);
    expect(heldByCourt(world)).toBe(500);
    runTo(world, 4, 4);
    expect([...world.balances.cash]).toEqual([500, 1300, 1000, 1200]);
    expect(world.columns.contractCash[1]).toBe(300);
    expect(heldByCourt(world)).toBe(0);
  });

  it('of a cohort share what came in, each rounded down, and the rest is lost', () => {
    const world = courtWorld();
    owe(world, [1000, 500, 1]); // of 1501 the debtor has 1000
    runTo(world, 0, 4);
    expect([...world.balances.cash]).toEqual([0, 1666, 1333, 1000]);
    expect(world.columns.trustTotal[TRUST_TOTAL.recovered]).toBe(666 + 333);
    expect(world.columns.trustTotal[TRUST_TOTAL.lost]).toBe(1501 - 999);
    expect(world.columns.liabilities.every((owed) => owed === 0)).toBe(true);
  });

  it('are billed to the living in the tick before they are due, and in no other', () => {
    const world = courtWorld({ delay: 20 });
    const due = dueTick(world.parameters, 0);
    expect(world.parameters.trust.cohortTicks).toBeGreaterThan(1);
    owe(world, [30, 12]);
    const cohort = cohortAt(world.parameters, due);
    bookLiability(world, 2, cohort, 9);
    bookLiability(world, 3, cohort, 9);
    world.columns.population[3] = FREE_SLOT;
    const { debtDue, bill } = world.columns;
    bill.set([5, 6, U32_MAX - 4, 0]);
    for (let tick = 0; tick < due - 1; tick++) billDebts(world, tick);
    expect([...debtDue]).toEqual([0, 0, 0, 0]);
    expect([...bill]).toEqual([5, 6, U32_MAX - 4, 0]);
    billDebts(world, due - 1);
    expect([...debtDue]).toEqual([42, 0, 9, 0]);
    expect([...bill]).toEqual([47, 6, U32_MAX, 0]);
  });

  it('of consumers are claims like any other', () => {
    const world = courtWorld();
    const before = world.balances.systemCash[SYSTEM.consumers]!;
    const cohort = owe(world, []);
    bookClaim(world, CONSUMER_CREDITOR, cohort, 700);
    bookLiability(world, 0, cohort, 700);
    runTo(world, 0, 4);
    expect(world.balances.systemCash[SYSTEM.consumers]).toBe(before + 700);
  });

  it('beyond 32 bits stop the run instead of wrapping', () => {
    const world = courtWorld();
    owe(world, [U32_MAX]);
    const cohort = cohortAt(world.parameters, 4);
    expect(() => bookClaim(world, 1, cohort, 1)).toThrow(OverflowError);
    expect(() => bookClaim(world, 1, cohort, 1)).toThrow("account 'agent 1 claims'");
    expect(() => bookLiability(world, 0, cohort, 1)).toThrow("account 'agent 0 liabilities'");
  });
});

describe('an estate', () => {
  it('pays into court at once what the dead owed, and the creditors get it when it is due', () => {
    const world = courtWorld();
    owe(world, [300, 200]);
    settleEstate(world, 0);
    checkClaims(world);
    expect(world.balances.cash[0]).toBe(500);
    expect(heldByCourt(world)).toBe(500);
    runTo(world, 0, 4);
    expect([...world.balances.cash]).toEqual([500, 1300, 1200, 1000]);
  });

  it('whose cash is short is helped by the treasury, which inherits its token', () => {
    const world = courtWorld();
    owe(world, [4000]);
    const treasury = world.balances.systemCash[SYSTEM.treasury]!;
    settleEstate(world, 0);
    expect(treasury).toBe(1000); // all that there is goes to the court
    expect(world.balances.systemCash[SYSTEM.treasury]).toBe(0);
    expect(heldByCourt(world)).toBe(2000);
    checkClaims(world);
    runTo(world, 0, 4);
    expect(world.balances.cash[1]).toBe(3000);
    expect(world.columns.trustTotal[TRUST_TOTAL.lost]).toBe(2000);
  });

  it('gets no help beyond what its token are worth', () => {
    const world = courtWorld({}, { amm: { enabled: false } });
    owe(world, [4000]);
    settleEstate(world, 0);
    expect(world.balances.systemCash[SYSTEM.treasury]).toBe(1000);
    expect(heldByCourt(world)).toBe(1000);
    checkClaims(world);
  });

  it('leaves the claims of the dead to the treasury', () => {
    const world = courtWorld();
    owe(world, [300]);
    settleEstate(world, 1);
    checkClaims(world);
    expect(claimsOf(world, 1)).toBe(0);
    runTo(world, 0, 4);
    expect(world.balances.cash[1]).toBe(1000);
    expect(world.balances.systemCash[SYSTEM.treasury]).toBe(1300);
  });

  it('of a creditor and of its debtor, in either order, pays the treasury', () => {
    for (const order of [
      [0, 1],
      [1, 0],
    ]) {
      const world = courtWorld();
      owe(world, [300]);
      for (const agent of order) settleEstate(world, agent);
      runTo(world, 0, 4);
      expect(world.balances.systemCash[SYSTEM.treasury]).toBe(1300);
      expect(world.balances.cash[0]).toBe(700);
    }
  });
});

describe('under any sequence of suits, payments and deaths', () => {
  const events = fc.array(
    fc.oneof(
      fc.record({ what: fc.constant('sue'), a: fc.nat(3), b: fc.nat(3), amount: fc.nat(900) }),
      fc.record({ what: fc.constant('die'), a: fc.nat(3), b: fc.constant(0), amount: fc.constant(0) }),
      fc.record({ what: fc.constant('tick'), a: fc.constant(0), b: fc.constant(0), amount: fc.constant(0) }),
    ),
    { maxLength: 80 },
  );

  it('claims equal liabilities, no cash appears or vanishes, and in the end nothing is owed', () => {
    fc.assert(
      fc.property(
        events,
        fc.integer({ min: 1, max: 9 }),
        fc.integer({ min: 2, max: 5 }),
        (list, delay, claimCohorts) => {
          const world = courtWorld({ delay, claimCohorts });
          const { ledger, balances } = world;
          let tick = 0;
          for (const { what, a, b, amount } of list) {
            if (what === 'sue') {
              const cohort = cohortAt(world.parameters, dueTick(world.parameters, tick));
              bookClaim(world, a === b ? CONSUMER_CREDITOR : a, cohort, amount);
              bookLiability(world, b, cohort, amount);
            } else if (what === 'die') {
              settleEstate(world, a);
              const rest = balances.cash[a]!;
              ledger.transfer(ASSET.cash, a, ledger.system(SYSTEM.treasury), rest, REASON.estate);
            } else {
              world.columns.debtDue.fill(0);
              billDebts(world, tick);
              payContractBills(world, tick);
              tick++;
              payClaims(world, tick);
            }
            checkClaims(world);
          }
          for (let k = 0; k < 2 * (delay + claimCohorts + 10); k++, tick++) runTo(world, tick, tick);
          expect(heldByCourt(world)).toBe(0);
          for (let agent = 0; agent < 4; agent++) expect(claimsOf(world, agent)).toBe(0);
          ledger.checkConservation();
        },
      ),
      { numRuns: 200 },
    );
  });
});
