import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Arena, columnBytes } from '../sim/core/columns.ts';
import { AssertionError, LawViolation, OverflowError } from '../sim/core/errors.ts';
import { U32_MAX } from '../sim/core/units.ts';
import { SwapRate } from './amm.ts';
import { ASSET, type Asset, type LedgerColumns, ledgerColumnSpec, SYSTEM } from './columns.ts';
import { type Journal, Ledger, NOBODY, REASON, type Reason } from './ledger.ts';

const SLOTS = 4;
const { token, cash } = ASSET;

function book(slots = SLOTS, world = 0): { ledger: Ledger; balances: LedgerColumns } {
  const spec = ledgerColumnSpec(slots);
  const balances = new Arena(columnBytes(spec)).columns(spec);
  return { ledger: new Ledger(world, balances), balances };
}

/** Accounts by the names that the tables below use. */
const account = (ledger: Ledger, name: string): number => {
  if (/^\d+$/.test(name)) return Number(name);
  if (name.startsWith('stake')) return ledger.stakeOf(Number(name.slice(5)));
  return ledger.system(SYSTEM[name as keyof typeof SYSTEM]);
};

describe('the ledger, entry by entry', () => {
  //  entry                asset  from         to           amount  ->  balance of from, of to
  const entries: [string, Asset, string | null, string | null, number, number | null, number | null][] = [
    ['genesis of 0', token, null, '0', 2000, null, 2000],
    ['genesis of 0', cash, null, '0', 500, null, 500],
    ['genesis of consumers', cash, null, 'consumers', 9000, null, 9000],
    ['genesis of the pool', token, null, 'amm', 7_000_000_000, null, 7_000_000_000],
    ['0 pays 1', token, '0', '1', 300, 1700, 300],
    ['0 pays a fee', token, '0', 'treasury', 1, 1699, 1],
    ['0 stakes', token, '0', 'stake0', 699, 1000, 699],
    ['0 is slashed', token, 'stake0', 'treasury', 99, 600, 100],
    ['0 unstakes', token, 'stake0', '0', 600, 0, 1600],
    ['0 pays energy', cash, '0', 'supplier', 500, 0, 500],
    ['the supplier spends', cash, 'supplier', 'consumers', 500, 0, 9500],
    ['nothing moves', cash, 'supplier', 'consumers', 0, 0, 9500],
    ['1 pays itself', token, '1', '1', 300, 300, 300],
    ['mint', token, null, 'treasury', 50, null, 150],
    ['burn', token, 'treasury', null, 150, 0, null],
  ];

  it('adds up', () => {
    const { ledger } = book();
    for (const [what, asset, from, to, amount, fromAfter, toAfter] of entries) {
      const reason = what.startsWith('genesis') ? REASON.genesis : REASON.task;
      if (from === null) ledger.mint(asset, account(ledger, to!), amount, reason);
      else if (to === null) ledger.burn(asset, account(ledger, from), amount, reason);
      else ledger.transfer(asset, account(ledger, from), account(ledger, to), amount, reason);
      if (fromAfter !== null) expect(ledger.balance(asset, account(ledger, from!)), what).toBe(fromAfter);
      if (toAfter !== null) expect(ledger.balance(asset, account(ledger, to!)), what).toBe(toAfter);
      ledger.checkConservation();
    }
    expect(ledger.supply(token)).toBe(2000 + 7_000_000_000 + 50 - 150);
    expect(ledger.supply(cash)).toBe(9500);
    expect(ledger.holdings(cash)).toBe(9500);
  });
});

describe('a balance', () => {
  it.each([
    ['an agent', 2, 'agent 2 cash', cash],
    ['an agent', 2, 'agent 2 token', token],
    ['a stake', SLOTS + 1, 'stake of agent 1 token', token],
    ['a system account', 2 * SLOTS + SYSTEM.court, 'court cash', cash],
  ])('of %s pays its last unit and not one more', (_, payer, name, asset) => {
    const { ledger } = book(SLOTS, 7);
    ledger.tick = 41;
    ledger.mint(asset, payer, 10, REASON.genesis);
    ledger.transfer(asset, payer, 0, 10, REASON.task);
    const error = caught(() => ledger.transfer(asset, payer, 0, 1, REASON.task));
    expect(error).toBeInstanceOf(OverflowError);
    expect((error as OverflowError).at).toEqual({ world: 7, tick: 41, account: name });
    expect(error.message).toContain('balance 0 cannot pay 1');
  });

  it('of an agent holds 2^32 - 1 and not one more', () => {
    const { ledger } = book();
    ledger.mint(token, 3, U32_MAX, REASON.genesis);
    expect(ledger.balance(token, 3)).toBe(U32_MAX);
    const error = caught(() => ledger.mint(token, 3, 1, REASON.genesis));
    expect((error as OverflowError).at.account).toBe('agent 3 token');
    expect(error.message).toContain(`balance ${U32_MAX + 1} passes 2^32 - 1`);
  });

  it('of a system account holds 2^53 - 1 and not one more', () => {
    const { ledger } = book();
    const treasury = ledger.system(SYSTEM.treasury);
    ledger.mint(cash, treasury, Number.MAX_SAFE_INTEGER, REASON.genesis);
    expect(caught(() => ledger.mint(cash, treasury, 1, REASON.genesis))).toBeInstanceOf(OverflowError);
  });
});

const caught = (act: () => void): Error => {
  try {
    act();
  } catch (error) {
    return error as Error;
  }
  return expect.fail('nothing was thrown');
};

describe('an entry', () => {
  it.each([-1, 0.5, Number.NaN, 2 ** 53])('of %d units is refused', (amount) => {
    const { ledger } = book();
    ledger.mint(cash, 0, 100, REASON.genesis);
    expect(() => ledger.transfer(cash, 0, 1, amount, REASON.task)).toThrow(AssertionError);
  });

  it('of cash never touches a stake, which holds token', () => {
    const { ledger } = book();
    ledger.mint(token, ledger.stakeOf(1), 100, REASON.genesis);
    ledger.mint(cash, 0, 100, REASON.genesis);
    expect(() => ledger.transfer(cash, ledger.stakeOf(1), 0, 1, REASON.task)).toThrow(AssertionError);
    expect(() => ledger.transfer(cash, 0, ledger.stakeOf(1), 1, REASON.task)).toThrow(AssertionError);
    expect(ledger.balance(cash, ledger.stakeOf(1))).toBe(0);
  });
});

describe('conservation', () => {
  it.each(['token', 'cash', 'stake', 'systemToken', 'systemCash'] as const)(
    'sees one unit poked into the column %s, and names law, world, tick and asset',
    (column) => {
      const { ledger, balances } = book(SLOTS, 2);
      ledger.tick = 9;
      ledger.mint(token, 0, 5, REASON.genesis);
      ledger.mint(cash, 0, 5, REASON.genesis);
      ledger.checkConservation();
      balances[column][1]! += 1;
      const error = caught(() => ledger.checkConservation()) as LawViolation;
      expect(error).toBeInstanceOf(LawViolation);
      expect(error.law).toBe('conservation');
      const asset = /cash/i.test(column) ? 'cash' : 'token';
      expect(error.at).toEqual({ world: 2, tick: 9, account: `all ${asset}` });
      expect(error.message).toContain('by 1 milli');
    },
  );

  it('holds after any entries that the ledger accepts', () => {
    const entry = fc.record({
      asset: fc.constantFrom(token, cash),
      from: fc.nat(2 * SLOTS + 7),
      to: fc.nat(2 * SLOTS + 7),
      amount: fc.oneof(fc.nat(1000), fc.nat(2 ** 31 - 1)),
      kind: fc.constantFrom('transfer', 'mint', 'burn'),
    });
    fc.assert(
      fc.property(fc.array(entry, { maxLength: 60 }), (entries) => {
        const { ledger } = book();
        for (const { asset, from, to, amount, kind } of entries) {
          const stakes = (a: number): boolean => a >= SLOTS && a < 2 * SLOTS;
          if (asset === cash && (stakes(from) || stakes(to))) continue;
          if (kind === 'mint') {
            if (to < 2 * SLOTS && ledger.balance(asset, to) + amount > U32_MAX) continue;
            ledger.mint(asset, to, amount, REASON.task);
          } else if (ledger.balance(asset, from) < amount) continue;
          else if (kind === 'burn') ledger.burn(asset, from, amount, REASON.task);
          else {
            if (to < 2 * SLOTS && ledger.balance(asset, to) + amount > U32_MAX) continue;
            ledger.transfer(asset, from, to, amount, REASON.task);
          }
          ledger.checkConservation();
        }
      }),
    );
  });
});

describe('the journal', () => {
  it('replays to the balances', () => {
    type Row = [number, number, number, Asset, number, Reason];
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(2 * SLOTS + 7), fc.nat(2 * SLOTS + 7), fc.nat(500)), { maxLength: 40 }),
        (moves) => {
          const { ledger } = book();
          const rows: Row[] = [];
          const journal: Journal = { record: (...row) => rows.push(row) };
          ledger.journal = journal;
          for (let a = 0; a < SLOTS; a++) ledger.mint(token, a, 1000, REASON.genesis);
          moves.forEach(([from, to, amount], tick) => {
            ledger.tick = tick;
            if (ledger.balance(token, from) >= amount) {
              ledger.transfer(token, from, to, amount, REASON.compute);
            }
          });
          ledger.burn(token, 0, Math.min(1, ledger.balance(token, 0)), REASON.tax);
          const replayed = new Map<number, number>();
          for (const [, from, to, , amount] of rows) {
            if (from !== NOBODY) replayed.set(from, (replayed.get(from) ?? 0) - amount);
            if (to !== NOBODY) replayed.set(to, (replayed.get(to) ?? 0) + amount);
          }
          for (let a = 0; a < 2 * SLOTS + 8; a++) {
            expect(replayed.get(a) ?? 0).toBe(ledger.balance(token, a));
          }
        },
      ),
    );
  });

  it('has tick, accounts, asset, amount and reason of each entry, and no row for nothing', () => {
    const { ledger } = book();
    const rows: unknown[] = [];
    ledger.journal = { record: (...row) => rows.push(row) };
    ledger.tick = 3;
    ledger.mint(cash, 1, 10, REASON.genesis);
    ledger.transfer(cash, 1, 2, 4, REASON.tax);
    ledger.transfer(cash, 1, 2, 0, REASON.tax);
    ledger.burn(cash, 2, 4, REASON.estate);
    expect(rows).toEqual([
      [3, NOBODY, 1, cash, 10, REASON.genesis],
      [3, 1, 2, cash, 4, REASON.tax],
      [3, 2, NOBODY, cash, 4, REASON.estate],
    ]);
  });
});

describe('an account name', () => {
  it('tells agents, stakes, system accounts and nobody apart', () => {
    const { ledger } = book();
    expect([0, 3, 4, 7, 8, 15, 16, NOBODY].map((a) => ledger.accountName(a))).toEqual([
      'agent 0',
      'agent 3',
      'stake of agent 0',
      'stake of agent 3',
      'consumers',
      'operators',
      'account 16',
      'nobody',
    ]);
  });
});

describe('a movement between all agents and a system account', () => {
  const amounts = fc.array(fc.nat(1000), { minLength: SLOTS, maxLength: SLOTS });
  const { treasury, supplier, amm } = SYSTEM;
  const leg = (to: number, reason: Reason, parts: readonly number[]) => ({
    to,
    reason,
    amounts: Uint32Array.from(parts),
    sum: parts.reduce((a, b) => a + b, 0),
  });

  /** Balances, and the journal's entries in an order of their own, after `act` in a book where all have 4000. */
  function played(act: (ledger: Ledger) => void) {
    const { ledger, balances } = book();
    const entries: string[] = [];
    for (const asset of [token, cash]) {
      for (let i = 0; i < SLOTS; i++) ledger.mint(asset, i, 4000, REASON.genesis);
      for (const system of [treasury, amm]) ledger.mint(asset, ledger.system(system), 40_000, REASON.genesis);
    }
    ledger.journal = { record: (...entry) => entries.push(entry.join()) };
    act(ledger);
    ledger.checkConservation();
    return { entries: entries.sort(), balances: Object.values(balances).map((column) => [...column]) };
  }

  it('is the same as an entry for each of them, in balances and in the journal', () => {
    const share = 2 ** 30;
    const rate = new SwapRate().set(3, 7);
    fc.assert(
      fc.property(amounts, amounts, amounts, (first, second, third) => {
        const together = played((ledger) => {
          const totals = Uint32Array.from(first, (part, i) => part + second[i]!);
          const legs = [leg(treasury, REASON.tax, first), leg(supplier, REASON.energy, second)];
          ledger.collect(token, totals, legs);
          ledger.distribute(cash, treasury, Uint32Array.from(third), REASON.circulation);
          ledger.swapEach(amm, cash, Uint32Array.from(third), rate, REASON.ammBuy);
          ledger.levy(token, supplier, share, REASON.tax);
        });
        const oneByOne = played((ledger) => {
          for (let i = 0; i < SLOTS; i++) {
            ledger.transfer(token, i, ledger.system(treasury), first[i]!, REASON.tax);
            ledger.transfer(token, i, ledger.system(supplier), second[i]!, REASON.energy);
            ledger.transfer(cash, ledger.system(treasury), i, third[i]!, REASON.circulation);
            ledger.transfer(cash, i, ledger.system(amm), third[i]!, REASON.ammBuy);
            ledger.transfer(token, ledger.system(amm), i, rate.share(third[i]!), REASON.ammBuy);
            const quarter = Math.floor(ledger.balance(token, i) / 4);
            ledger.transfer(token, i, ledger.system(supplier), quarter, REASON.tax);
          }
        });
        expect(together).toEqual(oneByOne);
      }),
    );
  });

  it('is refused by name when somebody has one unit less than it takes; a collection takes what there is', () => {
    const { ledger } = book();
    ledger.mint(cash, 2, 9, REASON.genesis);
    ledger.mint(cash, ledger.system(treasury), 9, REASON.genesis);
    const enough = Uint32Array.of(0, 0, 9, 0);
    const tooMuch = Uint32Array.of(0, 0, 10, 0);
    const rate = new SwapRate().set(1, 1);
    expect(() => ledger.swapEach(amm, cash, tooMuch, rate, REASON.ammBuy)).toThrow(/agent 2 cash/);
    expect(() => ledger.distribute(cash, treasury, tooMuch, REASON.tax)).toThrow(/treasury cash/);
    const fresh = book().ledger;
    fresh.mint(cash, 2, 9, REASON.genesis);
    fresh.collect(cash, tooMuch, [leg(treasury, REASON.tax, [...enough])]);
    expect(fresh.balance(cash, fresh.system(treasury))).toBe(9);
  });

  it('never wraps a balance round', () => {
    const { ledger } = book();
    ledger.mint(cash, 1, U32_MAX, REASON.genesis);
    ledger.mint(token, 1, 1, REASON.genesis);
    for (const system of [treasury, amm]) ledger.mint(cash, ledger.system(system), 1, REASON.genesis);
    const one = Uint32Array.of(0, 1, 0, 0);
    const rate = new SwapRate().set(1, 1);
    expect(() => ledger.distribute(cash, treasury, one, REASON.tax)).toThrow(OverflowError);
    expect(() => ledger.swapEach(amm, token, one, rate, REASON.ammSell)).toThrow(OverflowError);
  });

  it('is refused when its parts do not add up', () => {
    const { ledger } = book();
    ledger.mint(cash, 0, 10, REASON.genesis);
    const short = [leg(treasury, REASON.tax, [9, 0, 0, 0])];
    expect(() => ledger.collect(cash, Uint32Array.of(10, 0, 0, 0), short)).toThrow(AssertionError);
  });
});

describe('payments of a list', () => {
  const list = fc.shuffledSubarray([0, 1, 2, 3], { minLength: 0 });
  const amounts = fc.array(fc.constantFrom(0, 1, 70, 500), { minLength: SLOTS, maxLength: SLOTS });
  const { escrow, consumers } = SYSTEM;

  /** A ledger with money, and the entries that it makes, if a journal listens. */
  const open = (listens: boolean) => {
    const { ledger, balances } = book();
    for (const asset of [token, cash])
      for (const owner of [0, 1, 2, 3, ledger.system(escrow)])
        ledger.mint(asset, owner, 5000, REASON.genesis);
    const entries: number[][] = [];
    if (listens) ledger.journal = { record: (...entry) => entries.push(entry) };
    return { ledger, balances, entries };
  };

  it('gathered and dealt in either asset are an entry for each, in their order, and none for nothing', () => {
    fc.assert(
      fc.property(
        list,
        amounts,
        fc.constantFrom(token, cash),
        fc.boolean(),
        (listed, each, asset, listens) => {
          const [whole, single] = [open(listens), open(listens)];
          const agents = Uint32Array.of(...listed, 3, 3);
          const parts = Uint32Array.from(each);
          whole.ledger.gather(asset, agents, listed.length, parts, escrow, REASON.compute);
          whole.ledger.deal(asset, escrow, agents, listed.length, parts, REASON.task);
          whole.ledger.deal(asset, escrow, agents, listed.length, parts, REASON.refund);
          const { ledger } = single;
          const account = ledger.system(escrow);
          for (const i of listed) ledger.transfer(asset, i, account, each[i]!, REASON.compute);
          for (const reason of [REASON.task, REASON.refund])
            for (const i of listed) ledger.transfer(asset, account, i, each[i]!, reason);
          expect(whole.balances).toEqual(single.balances);
          expect(whole.entries).toEqual(single.entries);
        },
      ),
    );
  });

  it('take all that somebody has and not one unit more, and fill a balance and no further', () => {
    const one = Uint32Array.of(2);
    const { ledger, balances } = open(false);
    ledger.gather(token, one, 1, Uint32Array.of(0, 0, 5000), escrow, REASON.compute);
    expect(balances.token[2]).toBe(0);
    expect(() => ledger.gather(token, one, 1, Uint32Array.of(0, 0, 1), escrow, REASON.compute)).toThrow(
      'balance 0 cannot pay 1 milli-token',
    );
    ledger.mint(cash, ledger.system(escrow), 2 ** 33, REASON.genesis);
    ledger.deal(cash, escrow, one, 1, Uint32Array.of(0, 0, U32_MAX - 5000), REASON.task);
    expect(balances.cash[2]).toBe(U32_MAX);
    expect(() => ledger.deal(cash, escrow, one, 1, Uint32Array.of(0, 0, 1), REASON.task)).toThrow(
      'balance 4294967296 passes 2^32 - 1 milli-cash',
    );
  });

  it('that a pass elsewhere made are booked on the account that it concerns, where nobody keeps a journal', () => {
    const { ledger, balances } = open(false);
    ledger.bookPass(cash, escrow, 700, 5700);
    expect(balances.systemCash[escrow]).toBe(0);
    ledger.bookPass(token, escrow, 0, 300);
    ledger.bookPass(token, consumers, 300, 0);
    expect([balances.systemToken[escrow], balances.systemToken[consumers]]).toEqual([4700, 300]);
    expect(() => open(true).ledger.bookPass(token, escrow, 1, 1)).toThrow(
      'a journal needs every entry of a pass',
    );
  });

  it('of a swap are refused by name beyond what one side has and the other can hold', () => {
    const { ledger } = open(false);
    for (const [give, gives, gets] of [
      [token, 'token', 'cash'],
      [cash, 'cash', 'token'],
    ] as const) {
      expect(() => ledger.assertSwap(1, give, 5000, U32_MAX - 5000)).not.toThrow();
      expect(() => ledger.assertSwap(1, give, 5001, 0)).toThrow(
        `balance 5000 cannot pay 5001 milli-${gives}`,
      );
      expect(() => ledger.assertSwap(1, give, 0, U32_MAX - 4999)).toThrow(
        `balance 4294967296 passes 2^32 - 1 milli-${gets}`,
      );
    }
  });

  it('of a share of any size are those of the exact product, rounded down', () => {
    const share = fc.oneof(fc.constantFrom(0, 1, 2 ** 21 - 1, 2 ** 21), fc.integer({ min: 0, max: U32_MAX }));
    fc.assert(
      fc.property(share, fc.integer({ min: 0, max: U32_MAX }), fc.boolean(), (part, has, listens) => {
        const { ledger, balances } = book(1);
        ledger.mint(cash, 0, has, REASON.genesis);
        const entries: number[] = [];
        if (listens) ledger.journal = { record: (...entry) => entries.push(entry[4]) };
        const paid = Number((BigInt(has) * BigInt(part)) >> 32n);
        expect(ledger.levy(cash, SYSTEM.treasury, part, REASON.tax)).toBe(paid);
        expect([balances.cash[0], balances.systemCash[SYSTEM.treasury]]).toEqual([has - paid, paid]);
        expect(entries).toEqual(listens && paid > 0 ? [paid] : []);
      }),
    );
  });
});

describe('the supply', () => {
  it('counts genesis, mints and burns apart, for each asset', () => {
    const { ledger } = book();
    ledger.mint(token, 0, 100, REASON.genesis);
    ledger.mint(cash, 0, 900, REASON.genesis);
    expect([ledger.minted(token), ledger.minted(cash)]).toEqual([0, 0]);
    ledger.mint(token, 0, 20, REASON.issuance);
    ledger.mint(cash, 0, 7, REASON.issuance);
    ledger.burn(token, 0, 3, REASON.feeBurn);
    ledger.burn(cash, 0, 5, REASON.feeBurn);
    expect([ledger.minted(token), ledger.minted(cash)]).toEqual([20, 7]);
    expect([ledger.burned(token), ledger.burned(cash)]).toEqual([3, 5]);
    expect([ledger.supply(token), ledger.supply(cash)]).toEqual([117, 902]);
  });

  it('of a stake, too, ends at 2^32 - 1, and amounts are positive integers', () => {
    const { ledger } = book();
    const stake = ledger.stakeOf(1);
    ledger.mint(token, stake, U32_MAX, REASON.genesis);
    expect(() => ledger.mint(token, stake, 1, REASON.genesis)).toThrow(
      'balance 4294967296 passes 2^32 - 1 milli-token',
    );
    expect(() => ledger.mint(cash, stake, 1, REASON.genesis)).toThrow('a stake holds token only');
    expect(() => ledger.burn(cash, stake, 1, REASON.feeBurn)).toThrow('a stake holds token only');
    for (const wrong of [-1, 0.5, Number.NaN]) {
      expect(() => ledger.mint(token, 0, wrong, REASON.genesis)).toThrow('is not a positive integer');
      expect(() => ledger.burn(token, stake, wrong, REASON.feeBurn)).toThrow('is not a positive integer');
    }
  });
});
