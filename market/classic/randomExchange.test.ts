import { describe, expect, it } from 'vitest';
import { SYSTEM } from '../columns.ts';
import { checkConservation } from '../laws.ts';
import { testWorld } from '../testWorld.ts';
import { exchangeAtRandom } from './randomExchange.ts';

const kinetic = (more: object = {}, genesisCash = 0.02) => ({
  genesis: { cash: genesisCash, token: 0 },
  amm: { enabled: false },
  randomExchange: { kind: 'kinetic', ...more },
});

/** Gini coefficient of integer holdings. */
function gini(holdings: Uint32Array): number {
  const sorted = [...holdings].sort((a, b) => a - b);
  const total = sorted.reduce((a, b) => a + b, 0);
  const weighted = sorted.reduce((sum, x, i) => sum + (i + 1) * x, 0);
  return (2 * weighted) / (sorted.length * total) - (sorted.length + 1) / sorted.length;
}

describe('kinetic exchange', () => {
  it('moves one stake in each pair: half of the living pay, half receive', () => {
    const world = testWorld({ slots: 12, living: 10, world: kinetic({ stake: 0.005 }) });
    exchangeAtRandom(world, 0);
    const changes = [...world.balances.cash.subarray(0, 10)].map((cash) => cash - 20);
    expect(changes.filter((c) => c === -5).length).toBe(5);
    expect(changes.filter((c) => c === 5).length).toBe(5);
    expect([...world.balances.cash.subarray(10)]).toEqual([0, 0]);
  });

  it('lets one sit out when the number is odd, and nobody go into debt', () => {
    const world = testWorld({ slots: 5, world: kinetic({ stake: 0.015, roundsPerTick: 50 }) });
    for (let t = 0; t < 40; t++) {
      exchangeAtRandom(world, t);
      checkConservation(world);
    }
    const total = world.balances.cash.reduce((a, b) => a + b, 0);
    expect(total).toBe(100);
    for (const cash of world.balances.cash) expect(cash % 5).toBe(0);
  });

  it('relaxes to the geometric distribution: Gini (1 + T) / (1 + 2T)', () => {
    const mean = 5;
    const world = testWorld({ slots: 4000, world: kinetic({ roundsPerTick: 25 }, mean / 1000) });
    let sum = 0;
    for (let t = 0; t < 24; t++) {
      exchangeAtRandom(world, t);
      if (t >= 14) sum += gini(world.balances.cash) / 10;
    }
    expect(Math.abs(sum - (1 + mean) / (1 + 2 * mean))).toBeLessThan(0.01);
  });

  it('pairs each with each equally often', () => {
    const met = new Uint32Array(6);
    const world = testWorld({ slots: 6, world: kinetic({}, 100) });
    for (let t = 0; t < 3000; t++) {
      exchangeAtRandom(world, t);
      const { order } = world.columns;
      for (let k = 0; k < 6; k += 2) {
        if (order[k] === 0) met[order[k + 1]!]!++;
        if (order[k + 1] === 0) met[order[k]!]!++;
      }
    }
    expect(met[0]).toBe(0);
    for (const n of met.subarray(1)) expect(Math.abs(n - 600)).toBeLessThan(6 * Math.sqrt(480));
  });
});

describe('bets', () => {
  const bets = (more: object) => ({
    genesis: { cash: 0.01, token: 0 },
    amm: { enabled: false },
    randomExchange: { kind: 'bets', ...more },
  });

  it('end in ruin or at the target with the probability of the gambler’s ruin', () => {
    const p = 0.49;
    const [start, target] = [10, 20];
    const slots = 2000;
    const world = testWorld({
      slots,
      seed: 3,
      world: bets({ winProbability: p, target: target / 1000, roundsPerTick: 50 }),
    });
    for (let t = 0; t < 40; t++) exchangeAtRandom(world, t);
    checkConservation(world);
    const { cash } = world.balances;
    for (const c of cash) expect([0, target]).toContain(c);
    const ruined = cash.reduce((n, c) => n + (c === 0 ? 1 : 0), 0) / slots;
    const rho = (1 - p) / p;
    const expected = (rho ** start - rho ** target) / (1 - rho ** target);
    expect(expected).toBeCloseTo(0.5987, 4);
    expect(Math.abs(ruined - expected)).toBeLessThan(4 * Math.sqrt((expected * (1 - expected)) / slots));
  });

  it('are won always at probability one and never at zero', () => {
    const sure = testWorld({ slots: 3, world: bets({ winProbability: 1, target: 0.015 }) });
    const never = testWorld({ slots: 3, world: bets({ winProbability: 0 }) });
    for (let t = 0; t < 20; t++) {
      exchangeAtRandom(sure, t);
      exchangeAtRandom(never, t);
    }
    expect([...sure.balances.cash]).toEqual([15, 15, 15]);
    expect([...never.balances.cash]).toEqual([0, 0, 0]);
  });

  it('against an empty bank do not take place when won', () => {
    const world = testWorld({ slots: 1, world: bets({ winProbability: 1, target: 1 }) });
    const { ledger } = world;
    ledger.transfer(
      1,
      ledger.system(SYSTEM.court),
      ledger.system(SYSTEM.consumers),
      world.balances.systemCash[SYSTEM.court]!,
      1,
    );
    exchangeAtRandom(world, 0);
    expect(world.balances.cash[0]).toBe(10);
  });
});

describe('random exchange that is off', () => {
  it('moves nothing', () => {
    const world = testWorld({ slots: 4 });
    exchangeAtRandom(world, 0);
    expect(new Set(world.balances.cash)).toEqual(new Set([500_000]));
  });
});
