import { describe, expect, it } from 'vitest';
import { parseConfig } from '../configs/parse.ts';
import { LawViolation } from './core/errors.ts';
import { FAULT_TICK, FAULTS, faultHook } from './faults.ts';
import { LAWS } from './invariants.ts';
import { Shard } from './shard.ts';

/** A hectic economy with free slots, births, deaths, trades, defaults, suits and swaps within a few ticks. */
const economy = parseConfig(`
seed: laws
ticks: 200
worlds: 2
slots: 24
world:
  trust: { regime: legal, legalCost: 0.05, registrationFee: 1, delay: 3, discountRate: 0 }
  demography: { meanLife: 40, threshold: 200, endowmentFloor: 100, immigrationFloor: 0.5 }
populations:
  - { name: learners, kind: learner, share: 2 }
  - { name: zero intelligence, kind: ziC }
`);

const violationOf = (fault: string): LawViolation => {
  const shard = new Shard(economy, [1], { fault });
  try {
    shard.advance(150);
  } catch (error) {
    if (error instanceof LawViolation) return error;
    throw error;
  }
  throw new Error(`fault '${fault}' went unnoticed for 150 ticks`);
};

describe('the laws of the economy', () => {
  it('hold in a hectic economy, and each is checked on its schedule', () => {
    const { laws } = new Shard(economy, [0, 1]).advance(160);
    for (const [k, law] of LAWS.entries()) {
      expect(laws[k]).toMatchObject({ name: law.name, violated: null, checks: (2 * 160) / law.every });
    }
  });

  it.each(FAULTS)('see "$name": $about', ({ name, law }) => {
    const violation = violationOf(name);
    expect(violation.law).toBe(law);
    expect(violation.at.world).toBe(1);
    expect(violation.at.tick).toBeGreaterThanOrEqual(FAULT_TICK);
    expect(violation.at.account).not.toBe('');
    expect(violation.message).toContain(
      `tick ${violation.at.tick}, world 1, account '${violation.at.account}'`,
    );
    expect(violation.exitCode).toBe(1);
  });

  it('each have a fault that breaks them', () => {
    expect(new Set(FAULTS.map((fault) => fault.law))).toEqual(new Set(LAWS.map((law) => law.name)));
  });

  it('count no number at all as a broken Price equation, but not a world in which nobody lives', () => {
    const law = LAWS.find(({ name }) => name === 'price-equation')!;
    const shard = new Shard(economy, [1]);
    shard.advance(20);
    const [world] = [...shard.inside()];
    world!.agents.censusTrait.fill(Number.NaN);
    expect(() => law.check(world!)).toThrow(LawViolation);
    world!.agents.censusAlive.fill(0);
    expect(() => law.check(world!)).not.toThrow();
  });

  it('leave a report of whether a fault has struck', () => {
    const none = new Shard(economy, [1], { fault: 'unlocked-slash', laws: false });
    expect(none.advance(FAULT_TICK).faultStruck).toBe(false);
    expect(none.advance(FAULT_TICK + 1).faultStruck).toBe(true);
    expect(new Shard(economy, [1]).advance(FAULT_TICK + 1).faultStruck).toBe(false);
  });

  it('name the agent whose balance wrapped round', () => {
    expect(violationOf('wrapped-balance').at.account).toMatch(/^agent \d+ cash$/);
  });

  it('are not checked where checking is switched off', () => {
    expect(() => new Shard(economy, [1], { fault: 'minted-token', laws: false }).advance(50)).not.toThrow();
  });

  it('reject an unknown fault by name', () => {
    expect(() => faultHook('minted-tokens')).toThrow("no fault is called 'minted-tokens'");
  });
});
