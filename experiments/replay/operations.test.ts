import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ASSET, SYSTEM } from '../../market/accounts.ts';
import { NOBODY } from '../../market/ledger.ts';
import { type Entry, encodeOperations, KIND, Translator, UnsettledEntryError } from './operations.ts';

const SLOTS = 4;
const { token, cash } = ASSET;
const system = (account: number): number => 2 * SLOTS + account;
const stake = (agent: number): number => SLOTS + agent;
const entry = (from: number, to: number, asset: 0 | 1, amount: number, reason: string): Entry => ({
  from,
  to,
  asset,
  amount,
  reason,
});
/** kind, asset, from, to, amount of each operation. */
const translated = (...entries: Entry[]) =>
  new Translator(SLOTS)
    .operationsOf(entries)
    .map(({ kind, asset, from, to, amount }) => [kind, asset, from, to, amount]);

const TREASURY = SLOTS + SYSTEM.treasury;
const POOL = SLOTS + SYSTEM.amm;

describe('an entry', () => {
  const { escrow, treasury, consumers } = SYSTEM;
  it.each<[string, Entry, number[][]]>([
    ['between agents is a transfer', entry(0, 1, cash, 5, 'kit'), [[KIND.transfer, cash, 0, 1, 5]]],
    [
      'to a system account is a transfer',
      entry(0, system(treasury), token, 5, 'tax'),
      [[KIND.transfer, token, 0, TREASURY, 5]],
    ],
    ['from nobody is minted', entry(NOBODY, 2, token, 5, 'issuance'), [[KIND.mint, token, 0, 2, 5]]],
    ['to nobody is burned', entry(2, NOBODY, token, 5, 'feeBurn'), [[KIND.burn, token, 2, 0, 5]]],
    [
      'into escrow is locked',
      entry(system(consumers), system(escrow), token, 5, 'task'),
      [[KIND.lock, token, SLOTS, 0, 5]],
    ],
    [
      'out of escrow is awarded',
      entry(system(escrow), 3, cash, 5, 'endowment'),
      [[KIND.award, cash, 0, 3, 5]],
    ],
    [
      'from escrow to nobody is burned there',
      entry(system(escrow), NOBODY, token, 5, 'slash'),
      [[KIND.burnAward, token, 0, 0, 5]],
    ],
    ['into the own stake is staked', entry(1, stake(1), token, 5, 'stake'), [[KIND.stake, token, 1, 1, 5]]],
    [
      'into the stake of another is paid first',
      entry(1, stake(2), token, 5, 'stake'),
      [
        [KIND.transfer, token, 1, 2, 5],
        [KIND.stake, token, 2, 2, 5],
      ],
    ],
    ['out of a stake is released', entry(stake(1), 1, token, 5, 'unstake'), [[KIND.release, token, 1, 1, 5]]],
    [
      'out of a dead stake goes where the estate goes',
      entry(stake(1), system(treasury), token, 5, 'estate'),
      [[KIND.release, token, 1, TREASURY, 5]],
    ],
    [
      'from a stake into escrow is slashed',
      entry(stake(1), system(escrow), token, 5, 'slash'),
      [[KIND.slash, token, 1, 0, 5]],
    ],
    [
      'from a stake to nobody is slashed and burned',
      entry(stake(1), NOBODY, token, 5, 'slash'),
      [
        [KIND.slash, token, 1, 0, 5],
        [KIND.burnAward, token, 0, 0, 5],
      ],
    ],
    [
      'that mints into a stake is minted and staked',
      entry(NOBODY, stake(1), token, 5, 'genesis'),
      [
        [KIND.mint, token, 0, 1, 5],
        [KIND.stake, token, 1, 1, 5],
      ],
    ],
  ])('%s', (_, given, expected) => {
    expect(translated(given)).toEqual(expected);
  });

  it('that no contract can carry out is refused by its number', () => {
    const odd = [
      entry(0, system(SYSTEM.amm), token, 5, 'tax'),
      entry(NOBODY, system(SYSTEM.escrow), token, 5, 'genesis'),
      entry(0, system(99), token, 5, 'tax'),
    ];
    for (const one of odd) {
      expect(() => translated(one)).toThrow(UnsettledEntryError);
      expect(() => translated(entry(0, 1, cash, 1, 'kit'), one)).toThrow(/^entry 1 /);
    }
  });
});

describe('entries with the pool', () => {
  const amm = system(SYSTEM.amm);
  it('at genesis become its first liquidity', () => {
    expect(
      translated(entry(NOBODY, amm, token, 9, 'genesis'), entry(NOBODY, amm, cash, 4, 'genesis')),
    ).toEqual([
      [KIND.mint, token, 0, POOL, 9],
      [KIND.mint, cash, 0, POOL, 4],
      [KIND.addLiquidity, token, 0, 0, 0],
    ]);
  });

  it('of one sale are one swap: all inputs, the swap, all outputs and the remainder', () => {
    const sale = [
      entry(0, amm, token, 10, 'ammSell'),
      entry(amm, 0, cash, 7, 'ammSell'),
      entry(1, amm, token, 1, 'ammSell'),
      entry(amm, system(SYSTEM.treasury), cash, 2, 'ammRemainder'),
    ];
    expect(translated(...sale)).toEqual([
      [KIND.transfer, token, 0, POOL, 10],
      [KIND.transfer, token, 1, POOL, 1],
      [KIND.swap, token, 0, 0, 9],
      [KIND.payOut, cash, 0, 0, 7],
      [KIND.payOut, cash, 0, TREASURY, 2],
    ]);
  });

  it('of a sale and a purchase that follows are two swaps', () => {
    const kinds = translated(
      entry(0, amm, token, 10, 'ammSell'),
      entry(amm, 0, cash, 7, 'ammSell'),
      entry(1, amm, cash, 8, 'ammBuy'),
      entry(amm, 1, token, 6, 'ammBuy'),
    ).map(([kind]) => kind);
    const one = [KIND.transfer, KIND.swap, KIND.payOut];
    expect(kinds).toEqual([...one, ...one]);
  });

  it('whose input changes its asset are refused', () => {
    expect(() => translated(entry(0, amm, token, 10, 'ammSell'), entry(1, amm, cash, 1, 'ammSell'))).toThrow(
      UnsettledEntryError,
    );
  });

  it('of a redemption say both amounts before anything is paid out, also where one is nothing', () => {
    expect(translated(entry(amm, system(SYSTEM.consumers), cash, 3, 'redemption'))).toEqual([
      [KIND.redeem, token, 0, 0, 0],
      [KIND.redeem, cash, 0, 0, 3],
      [KIND.payOut, cash, 0, SLOTS, 3],
    ]);
  });
});

describe('operations as bytes', () => {
  it('hold every field, up to accounts of 24 bits and the largest amount of a ledger', () => {
    fc.assert(
      fc.property(
        fc.record({
          kind: fc.constantFrom(...Object.values(KIND)),
          asset: fc.constantFrom(token, cash),
          from: fc.nat(2 ** 24 - 1),
          to: fc.nat(2 ** 24 - 1),
          amount: fc.maxSafeNat(),
          entry: fc.constant(0),
        }),
        (operation) => {
          const word = BigInt(encodeOperations([operation]));
          expect(Number(word >> 120n)).toBe(operation.kind);
          expect(Number((word >> 112n) & 0xffn)).toBe(operation.asset);
          expect(Number((word >> 88n) & 0xffffffn)).toBe(operation.from);
          expect(Number((word >> 64n) & 0xffffffn)).toBe(operation.to);
          expect(Number(word & 0xffffffffffffffffn)).toBe(operation.amount);
        },
      ),
    );
  });
});
