import { describe, expect, it } from 'vitest';
import { cohortAt } from './claims.ts';
import { TRUST_TOTAL } from './columns.ts';
import { contractsOf } from './standing.ts';
import { actAtRandom, TestMarket } from './testTick.ts';
import { testWorld } from './testWorld.ts';

const SLOTS = 16;
const marketUnder = (trust: object): TestMarket =>
  new TestMarket(
    testWorld({
      slots: SLOTS,
      seed: 9,
      world: {
        genesis: { token: 1000, cash: 1000, capacity: 20 },
        consumers: { cash: 20_000, token: 3000 },
        policy: { financeStep: 0.2 },
        serviceMarket: { demand: 6 },
        trust,
      },
    }),
  );
const LEGAL = {
  regime: 'legal',
  legalCost: 0.01,
  registrationFee: 0.01,
  delay: 5,
  claimCohorts: 4,
  discountRate: 0,
};
const everybody = Array.from({ length: SLOTS }, (_, agent) => agent);
const sum = (values: Iterable<number>): number => [...values].reduce((a, b) => a + b, 0);

describe('how agents stand with those they contract with', () => {
  it('all together they had in escrow what the tick moved through it', () => {
    const market = marketUnder({ regime: 'programmatic', stakePerUnit: 0.5, audit: 0.5 });
    const { world } = market;
    let before = 0;
    for (let tick = 0; tick < 60; tick++) {
      market.run(actAtRandom);
      const escrowed = world.columns.trustTotal[TRUST_TOTAL.escrowed]!;
      const all = everybody.map((agent) => contractsOf(world, agent, market.tick));
      expect(sum(all.map((one) => one.escrowed))).toBe(escrowed - before);
      expect(all.every(({ claims, liabilities, due }) => claims + liabilities + due === 0)).toBe(true);
      before = escrowed;
    }
    expect(before).toBeGreaterThan(0);
  });

  it('claims and liabilities are those of the rings', () => {
    const market = marketUnder(LEGAL);
    const { claims, liabilities } = market.world.columns;
    let owed = 0;
    for (let tick = 0; tick < 60; tick++) {
      market.run(actAtRandom);
      const all = everybody.map((agent) => contractsOf(market.world, agent, market.tick));
      expect(sum(all.map((one) => one.claims))).toBe(sum(claims));
      expect(sum(all.map((one) => one.liabilities))).toBe(sum(liabilities));
      for (const one of all) expect(one.due > 0).toBe(one.claims + one.liabilities > 0);
      owed += sum(claims);
    }
    expect(owed).toBeGreaterThan(0);
  });

  it('a claim falls due at the next opening at which its cohort is paid', () => {
    const { world } = marketUnder(LEGAL);
    const { parameters, columns } = world;
    const { cohorts, cohortTicks } = parameters.trust;
    for (let tick = 0; tick <= 2 * cohorts * cohortTicks; tick++)
      for (let cohort = 0; cohort < cohorts; cohort++) {
        columns.liabilities.fill(0);
        columns.liabilities[3 * cohorts + cohort] = 7;
        const { due } = contractsOf(world, 3, tick);
        expect(due % cohortTicks).toBe(0);
        // the cohort of tick 0 is never anybody's, and 0 says that nothing is owed
        if (due > 0) expect(cohortAt(parameters, due)).toBe(cohort);
        expect(due).toBeGreaterThanOrEqual(tick);
        expect(due).toBeLessThan(tick + cohorts * cohortTicks);
      }
  });

  it('without escrow and courts nothing is held or owed', () => {
    const market = marketUnder({ regime: 'none' });
    for (let tick = 0; tick < 10; tick++) market.run(actAtRandom);
    expect(market.world.columns.trustTotal[TRUST_TOTAL.contracted]).toBeGreaterThan(0);
    for (const agent of everybody)
      expect(contractsOf(market.world, agent, market.tick)).toEqual({
        escrowed: 0,
        claims: 0,
        liabilities: 0,
        due: 0,
      });
  });
});
