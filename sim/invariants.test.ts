import { describe, expect, it } from 'vitest';
import { parseConfig } from '../configs/parse.ts';
import { LawViolation } from './core/errors.ts';
import { FAULT_TICK, FAULTS, faultHook } from './faults.ts';
import type { LawMargin } from './frame.ts';
import { askAll, checkLaws, createLawBook, LAWS, lawStatus, MARGINS_EVERY } from './invariants.ts';
import { MARGINS, type NoMargin, worse } from './lawMargins.ts';
import { Shard } from './shard.ts';
import type { World } from './world.ts';

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

/** What a fault breaks, and the world as it then is. */
const brokenBy = (fault: string): { violation: LawViolation; world: World } => {
  const shard = new Shard(economy, [1], { fault });
  try {
    shard.advance(150);
  } catch (error) {
    if (error instanceof LawViolation) return { violation: error, world: [...shard.inside()][0]! };
    throw error;
  }
  throw new Error(`fault '${fault}' went unnoticed for 150 ticks`);
};
const violationOf = (fault: string): LawViolation => brokenBy(fault).violation;

/** Faults that break a law by another amount than the one whose margin is noted. */
const ELSEWHERE = [
  'wrapped-balance',
  'negative-treasury',
  'beyond-limit',
  'dropped-order',
  'unwanted-task',
  'underpaid-task',
  'task-from-nothing',
  'plundered-pool',
  'leaking-pool',
  'unlocked-slash',
  'printed-endowment',
];

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

  it.each(FAULTS.filter(({ name }) => !ELSEWHERE.includes(name)))(
    'are beyond their limit in the margin of a world with "$name"',
    ({ name, law }) => {
      const margin = MARGINS[law]!(brokenBy(name).world);
      expect(margin).toMatchObject({ what: expect.any(String) });
      const { largest, limit } = margin as LawMargin;
      // no number at all is beyond it, too
      expect(largest <= limit).toBe(false);
    },
  );

  it('leave a report of whether a fault has struck', () => {
    const none = new Shard(economy, [1], { fault: 'unlocked-slash', laws: false });
    expect(none.advance(FAULT_TICK).faultStruck).toBe(false);
    expect(none.advance(FAULT_TICK + 1).faultStruck).toBe(true);
    expect(new Shard(economy, [1]).advance(FAULT_TICK + 1).faultStruck).toBe(false);
  });

  it('note how near worlds come to their limits, also where they are asked about a state that is read back', () => {
    const shard = new Shard(economy, [0, 1], { laws: false });
    shard.advance(20);
    const [first, second] = [...shard.inside()];
    const book = createLawBook();
    askAll(first!, book);
    askAll(second!, book);
    for (const [k, status] of lawStatus(book).entries()) {
      const [a, b] = [first!, second!].map((world) => LAWS[k]!.margin(world));
      const margins = [a!, b!].filter((margin) => !('why' in margin)) as LawMargin[];
      if (margins.length > 0) expect(status.margin).toEqual(margins.reduce(worse));
      else expect(status.noMargin).toBe((b as NoMargin).why);
      if (status.margin?.limit === 0) expect(status.margin.largest).toBeLessThanOrEqual(0);
    }
  });

  it('note it at every rare check of the first ticks, and less often afterwards', () => {
    const shard = new Shard(economy, [0], { laws: false });
    shard.advance(20);
    const [world] = [...shard.inside()];
    const book = createLawBook();
    const looksAt = (tick: number): boolean => {
      book.margins.clear();
      checkLaws(world!, book, tick);
      return book.margins.size > 0;
    };
    // a branch or a run that goes on begins in between
    const ticks = [
      32,
      33,
      48,
      32 + MARGINS_EVERY - 16,
      32 + MARGINS_EVERY,
      2 * MARGINS_EVERY,
      2 * MARGINS_EVERY + 16,
    ];
    expect(ticks.map(looksAt)).toEqual([true, false, true, true, false, true, false]);
  });

  it.each([
    [
      { largest: 1, limit: 2 },
      { largest: 3, limit: 5 },
    ],
    [
      { largest: 0, limit: 0 },
      { largest: 1e-9, limit: 0 },
    ],
    [
      { largest: -3, limit: 0 },
      { largest: -2, limit: 0 },
    ],
    [
      { largest: 9, limit: 9 },
      { largest: 1, limit: 0 },
    ],
    [
      { largest: 0, limit: 0 },
      { largest: 0, limit: 5 },
    ],
    [
      { largest: 2, limit: 4 },
      { largest: 3, limit: 6 },
    ],
  ])('take %o for less bad than %o, in either order', (less, more) => {
    const [a, b] = [less, more].map((margin): LawMargin => ({ what: 'x', unit: '', ...margin }));
    expect(worse(a!, b!)).toBe(b);
    expect(worse(b!, a!)).toBe(b);
  });

  it('say why they have no margin where a mechanism that they are about is not there', () => {
    const run = parseConfig('ticks: 5\nslots: 8\npopulations: [{ name: random, kind: random }]\n');
    const { laws } = new Shard(run, [0]).advance(5);
    const reasons = laws.filter(({ margin }) => margin === undefined);
    expect(reasons.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['slashing-within-stake', 'claims-equal-liabilities']),
    );
    for (const { noMargin } of reasons) expect(noMargin).toMatch(/^[A-Z].*\.$/);
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
