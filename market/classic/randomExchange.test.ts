import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ASSET, SYSTEM, TOTAL } from '../columns.ts';
import { checkConservation } from '../laws.ts';
import { REASON } from '../ledger.ts';
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

describe('exchange with saving', () => {
  const saving = (share: number) => ({
    genesis: { cash: 1000, token: 0 },
    amm: { enabled: false },
    randomExchange: { kind: 'saving', saving: share },
  });

  it('leaves each of a pair at least what it saves, and all money where it was', () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 1, noNaN: true }), fc.nat(), (share, seed) => {
        const world = testWorld({ slots: 6, seed, world: saving(share) });
        for (let t = 0; t < 5; t++) {
          const before = [...world.balances.cash];
          exchangeAtRandom(world, t);
          // the share itself is rounded down to 2^-32, then what is saved to a milli-cash
          world.balances.cash.forEach((cash, i) => {
            expect(cash).toBeGreaterThanOrEqual(Math.floor(before[i]! * share) - 1);
          });
          checkConservation(world);
        }
        expect(world.balances.cash.reduce((a, b) => a + b, 0)).toBe(6_000_000);
      }),
      { numRuns: 40 },
    );
  });

  it('relaxes to Var / mean^2 = (1 - s) / (1 + 2s)', () => {
    const [slots, share] = [2000, 0.7];
    const world = testWorld({ slots, world: saving(share) });
    let square = 0;
    for (let t = 0; t < 120; t++) {
      exchangeAtRandom(world, t);
      if (t < 60) continue;
      for (const cash of world.balances.cash) square += (cash / 1e6 - 1) ** 2 / (slots * 60);
    }
    expect(Math.abs(square - (1 - share) / (1 + 2 * share))).toBeLessThan(0.01);
  });

  it('moves nothing when all is saved but what rounding leaves', () => {
    const world = testWorld({ slots: 2, world: saving(1) });
    exchangeAtRandom(world, 0);
    for (const cash of world.balances.cash) expect(Math.abs(cash - 1_000_000)).toBeLessThanOrEqual(1);
  });
});

describe('a yard sale', () => {
  const yardSale = (stakeShare: number, cash = 1000) => ({
    genesis: { cash, token: 0 },
    amm: { enabled: false },
    randomExchange: { kind: 'yardSale', stakeShare },
  });
  const unequal = [
    { name: 'rich', kind: 'passive', endowment: 2 },
    { name: 'poor', kind: 'passive' },
  ];

  it('moves the share of what the poorer one has, rounded down, whoever wins', () => {
    const world = testWorld({ slots: 2, world: yardSale(0.1, 1.239), populations: unequal });
    expect([...world.balances.cash]).toEqual([2478, 1239]);
    exchangeAtRandom(world, 0);
    expect([2478 - 123, 2478 + 123]).toContain(world.balances.cash[0]);
    expect(world.balances.cash[0]! + world.balances.cash[1]!).toBe(3717);
  });

  it('stakes at least one unit, and none against those who have nothing', () => {
    const world = testWorld({ slots: 2, world: yardSale(0.1, 0.001) });
    exchangeAtRandom(world, 0);
    expect([...world.balances.cash].sort()).toEqual([0, 2]);
    const settled = [...world.balances.cash];
    for (let t = 1; t < 20; t++) exchangeAtRandom(world, t);
    expect([...world.balances.cash]).toEqual(settled);
  });

  it('is won by each of a pair equally often', () => {
    const world = testWorld({ slots: 2, world: yardSale(0, 1000) });
    let [won, before] = [0, world.balances.cash[0]!];
    for (let t = 0; t < 2000; t++) {
      exchangeAtRandom(world, t);
      if (world.balances.cash[0]! > before) won++;
      before = world.balances.cash[0]!;
    }
    expect(Math.abs(won - 1000)).toBeLessThan(4 * Math.sqrt(500));
  });
});

describe('kelly bets', () => {
  const kelly = (winProbability: number, cash = 1) => ({
    genesis: { cash, token: 0 },
    amm: { enabled: false },
    randomExchange: { kind: 'kelly', winProbability },
  });
  const betting = (betShare: number) => [{ name: 'bettors', kind: 'passive', betShare }];

  it("stake the population's share of the agent's cash at even odds", () => {
    for (const [p, cash] of [
      [1, 1250],
      [0, 750],
    ] as const) {
      const world = testWorld({ slots: 2, world: kelly(p), populations: betting(0.25) });
      exchangeAtRandom(world, 0);
      expect([...world.balances.cash]).toEqual([cash, cash]);
      checkConservation(world);
    }
  });

  it('halve all cash, rounded down, once somebody has 2^31, and count it', () => {
    const world = testWorld({ slots: 3, world: kelly(1, 100_000), populations: betting(1) });
    const { ledger, balances } = world;
    const court = ledger.system(SYSTEM.court);
    const own = (agent: number, cash: number): void => {
      ledger.transfer(ASSET.cash, agent, court, balances.cash[agent]!, REASON.randomExchange);
      ledger.transfer(ASSET.cash, court, agent, cash, REASON.randomExchange);
    };
    own(0, 2 ** 31 - 1);
    own(1, 5);
    own(2, 1);
    exchangeAtRandom(world, 0);
    // below 2^31 the win fits, less the last 2^-32 of a share of one
    expect([...balances.cash]).toEqual([2 ** 32 - 3, 9, 1]);
    expect(world.columns.total[TOTAL.halvings]).toBe(0);
    exchangeAtRandom(world, 1);
    expect([...balances.cash]).toEqual([2 ** 32 - 5, 7, 0]);
    expect(world.columns.total[TOTAL.halvings]).toBe(1);
    checkConservation(world);
  });
});

describe('random exchange that is off', () => {
  it('moves nothing', () => {
    const world = testWorld({ slots: 4 });
    exchangeAtRandom(world, 0);
    expect(new Set(world.balances.cash)).toEqual(new Set([500_000]));
  });
});
