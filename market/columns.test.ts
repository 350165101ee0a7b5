import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CLASS_COUNT } from '../configs/taskClasses.ts';
import { PRICE_LEVELS } from '../configs/worldParameters.ts';
import { U32_MAX } from '../sim/core/units.ts';
import { cashToToken, marketColumnSpec, optionalColumns, tokenToCash } from './columns.ts';
import { testWorld } from './testWorld.ts';

const N = 5;
const NOTHING = {
  contractSlots: 0,
  cohorts: 0,
  stakingSlots: 0,
  networkSlots: 0,
  dataSlots: 0,
  operatorSlots: 0,
  yumaSlots: 0,
  yumaMembers: 0,
};

describe('the columns of a mechanism', () => {
  it.each([
    ['none', {}, {}],
    ['reputation', { trust: { regime: 'none' } }, { contractSlots: N }],
    ['courts', { trust: { regime: 'legal', claimCohorts: 7 } }, { contractSlots: N, cohorts: 7 }],
    ['staking', { policy: { staking: true } }, { stakingSlots: N }],
    ['networks', { serviceMarket: { networkEffect: 0.1 } }, { networkSlots: N }],
    ['a market for data', { dataOwnership: { market: true } }, { dataSlots: N }],
    ['operators', { ownership: { operatorShare: 0.1 } }, { operatorSlots: N }],
    [
      'Yuma consensus',
      { policy: { issuance: 'yuma', staking: true } },
      { yumaSlots: N, yumaMembers: N, stakingSlots: N },
    ],
  ])('are there where it is on: %s', (_, world, expected) => {
    const { parameters } = testWorld({ slots: N, world: { trust: { regime: 'off' }, ...world } });
    expect(optionalColumns(parameters)).toEqual({ ...NOTHING, ...expected });
  });

  it('take no memory where it is off', () => {
    const lengths = Object.entries(marketColumnSpec(N)).map(([name, { length }]) => [name, length] as const);
    const empty = new Set(lengths.filter(([, length]) => length === 0).map(([name]) => name));
    const optional = ['registered', 'claims', 'courtHeld', 'deliveredShare', 'trustTotal', 'unstakeDue'];
    for (const name of [...optional, 'soldBefore', 'dataBill', 'lossCarried', 'epochQuality', 'yumaBonds'])
      expect(empty, name).toContain(name);
  });

  it('have a row for each agent, cohort, class or pair of members', () => {
    const most = Object.fromEntries(Object.keys(NOTHING).map((name, k) => [name, k + 2]));
    const spec = marketColumnSpec(N, { ...NOTHING, ...most });
    const lengthOf = (name: keyof typeof spec): number => spec[name].length;
    expect(lengthOf('skill')).toBe(N * CLASS_COUNT);
    expect(lengthOf('claims')).toBe(most.contractSlots! * most.cohorts!);
    expect(lengthOf('liabilities')).toBe(most.contractSlots! * most.cohorts!);
    expect(lengthOf('yumaBonds')).toBe(most.yumaMembers! ** 2);
    expect(lengthOf('deliveredShare')).toBe(1);
    expect(lengthOf('trustTotal')).toBeGreaterThan(0);
    expect(lengthOf('bidHistogram')).toBe(PRICE_LEVELS);
    // token and cash before and after each of three swaps
    expect(lengthOf('swapReserves')).toBe(12);
    expect(lengthOf('poolRecord')).toBe(6);
  });
});

describe('a price in 2^-16', () => {
  const u32 = fc.oneof(fc.nat(U32_MAX), fc.constantFrom(0, 1, 65_535, 65_536, U32_MAX));

  it('turns token into cash, rounded down, exactly', () => {
    fc.assert(
      fc.property(fc.oneof(u32, fc.nat(2 * U32_MAX)), u32, (token, price) => {
        expect(tokenToCash(token, price)).toBe(Number((BigInt(token) * BigInt(price)) >> 16n));
      }),
    );
    expect(tokenToCash(2 * U32_MAX, U32_MAX)).toBe(Number((BigInt(2 * U32_MAX) * BigInt(U32_MAX)) >> 16n));
    expect(tokenToCash(3, 65_536 / 2)).toBe(1);
  });

  it('turns cash into token, rounded down, exactly; into none where token is worth nothing', () => {
    fc.assert(
      fc.property(fc.nat(2 ** 37 - 1), u32, (cash, price) => {
        const exact = price === 0 ? 0n : (BigInt(cash) << 16n) / BigInt(price);
        expect(cashToToken(cash, price)).toBe(Number(exact));
      }),
    );
    expect(cashToToken(5, 0)).toBe(0);
    expect(cashToToken(2, 3 * 65_536)).toBe(0);
    expect(cashToToken(6, 3 * 65_536)).toBe(2);
  });
});
