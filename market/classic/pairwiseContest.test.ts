import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ASSET, SYSTEM } from '../columns.ts';
import { checkConservation } from '../laws.ts';
import { REASON } from '../ledger.ts';
import { testWorld } from '../testWorld.ts';
import { earnings, playContests, STRATEGIES } from './pairwiseContest.ts';

/** Axelrod's dilemma, 5/3/1/0, in units. */
const DILEMMA = [3, 0, 5, 1];
const ROUNDS = 200;
const between = (
  one: keyof typeof STRATEGIES,
  other: keyof typeof STRATEGIES,
  rounds = ROUNDS,
): [number, number] => [
  earnings(STRATEGIES[one], STRATEGIES[other], DILEMMA, rounds),
  earnings(STRATEGIES[other], STRATEGIES[one], DILEMMA, rounds),
];

describe('over 200 rounds of the dilemma', () => {
  it('each pair of strategies earns what follows by hand', () => {
    expect(between('titForTat', 'titForTat')).toEqual([600, 600]);
    expect(between('titForTat', 'second')).toEqual([199, 204]);
    expect(between('titForTat', 'first')).toEqual([600, 600]);
    expect(between('second', 'second')).toEqual([200, 200]);
    expect(between('second', 'first')).toEqual([1000, 0]);
    expect(between('grim', 'second')).toEqual([199, 204]);
    // exploited every other round: 0, 1, 0, 1, ...
    expect(between('winStay', 'second')).toEqual([100, 600]);
    expect(between('winStay', 'winStay')).toEqual([600, 600]);
  });

  it('nobody remembers a round that has not been: in the first, all but the defector cooperate', () => {
    for (const one of ['first', 'titForTat', 'grim', 'winStay'] as const)
      expect(between(one, 'second', 1)).toEqual([0, 5]);
  });

  it('titForTat never earns more than the other, and less by at most one temptation', () => {
    const names = Object.keys(STRATEGIES) as (keyof typeof STRATEGIES)[];
    fc.assert(
      fc.property(fc.constantFrom(...names), fc.integer({ min: 1, max: 300 }), (other, rounds) => {
        const [own, theirs] = between('titForTat', other, rounds);
        expect(theirs - own).toBeGreaterThanOrEqual(0);
        expect(theirs - own).toBeLessThanOrEqual(5);
      }),
    );
  });
});

const contest = (more: object = {}, cash = 1) => ({
  genesis: { cash, token: 0 },
  amm: { enabled: false },
  contest: { enabled: true, ...more },
});
const pair = (one: string, other: string) => [
  { name: 'one', kind: 'passive', strategy: one },
  { name: 'other', kind: 'passive', strategy: other },
];

describe('the contests of a tick', () => {
  it('pay each of a pair from the bank what it earned, and the background', () => {
    const world = testWorld({
      slots: 2,
      world: contest({ rounds: 200, background: 0.5 }),
      populations: pair('titForTat', 'second'),
    });
    const bank = world.balances.systemCash[SYSTEM.court]!;
    playContests(world, 0);
    expect([...world.balances.cash]).toEqual([1000 + 199_500, 1000 + 204_500]);
    expect(world.balances.systemCash[SYSTEM.court]).toBe(bank - 199_500 - 204_500);
    checkConservation(world);
  });

  it('match every agent once a meeting; of an odd number one sits out', () => {
    const world = testWorld({ slots: 9, living: 7, world: contest({ meetings: 3 }) });
    playContests(world, 0);
    const meetings = [...world.balances.cash].map((cash) => (cash - 1000) / 3000);
    expect(meetings.slice(0, 7).reduce((a, b) => a + b, 0)).toBe(3 * 6);
    for (const n of meetings.slice(0, 7)) expect([0, 1, 2, 3]).toContain(n);
    expect([...world.balances.cash.subarray(7)]).toEqual([0, 0]);
  });

  it('take losses only as far as the loser has money, and pay wins only as far as the bank has', () => {
    const lost = testWorld({ slots: 2, world: contest({ firstFirst: -1.5 }) });
    const bank = lost.balances.systemCash[SYSTEM.court]!;
    playContests(lost, 0);
    expect([...lost.balances.cash]).toEqual([0, 0]);
    expect(lost.balances.systemCash[SYSTEM.court]).toBe(bank + 2000);
    const broke = testWorld({ slots: 2, world: contest() });
    const { ledger } = broke;
    const left = broke.balances.systemCash[SYSTEM.court]! - 4000;
    ledger.transfer(
      ASSET.cash,
      ledger.system(SYSTEM.court),
      ledger.system(SYSTEM.consumers),
      left,
      REASON.contest,
    );
    playContests(broke, 0);
    expect([...broke.balances.cash].sort()).toEqual([2000, 4000]);
    checkConservation(broke);
  });

  it('do not take place when they are off', () => {
    const world = testWorld({ slots: 4 });
    playContests(world, 0);
    expect(new Set(world.balances.cash)).toEqual(new Set([500_000]));
    expect(world.balances.systemCash[SYSTEM.court]).toBe(0);
  });
});
