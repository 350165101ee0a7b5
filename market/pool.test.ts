import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { U32_MAX } from '../sim/core/units.ts';
import { type MarketWorld, POOL_RECORD, SWAP, SWAP_FIELDS, SYSTEM, TOTAL } from './columns.ts';
import {
  cashReserve,
  closeSwap,
  midPrice,
  openPool,
  openSwap,
  recordRedemption,
  tokenReserve,
} from './pool.ts';
import { testWorld } from './testWorld.ts';

const ONE = 2 ** 16;

function holding(token: number, cash: number, enabled = true): MarketWorld {
  const world = testWorld({ slots: 1, world: { amm: { token: 2, cash: 6, enabled } } });
  world.balances.systemToken[SYSTEM.amm] = token;
  world.balances.systemCash[SYSTEM.amm] = cash;
  return world;
}

describe('the mid price', () => {
  it('is cash over token of the reserves, rounded down to 2^-16, whatever their size', () => {
    const reserve = fc.integer({ min: 1, max: 2 ** 50 });
    fc.assert(
      fc.property(reserve, reserve, (token, cash) => {
        const exact = (BigInt(cash) * BigInt(ONE)) / BigInt(token);
        expect(midPrice(holding(token, cash))).toBe(Number(exact > U32_MAX ? U32_MAX : exact));
      }),
    );
    expect(midPrice(holding(3, 2))).toBe(Math.floor((ONE * 2) / 3));
    expect(midPrice(holding(1, 2 ** 16 - 1))).toBe(ONE * (2 ** 16 - 1));
    expect(midPrice(holding(2, 2 ** 17 - 1))).toBe(U32_MAX - 2 ** 15 + 1);
    expect(midPrice(holding(1, 2 ** 16))).toBe(U32_MAX);
    expect(midPrice(holding(1, 2 ** 53 - 1))).toBe(U32_MAX);
  });

  it('is one where a reserve is empty', () => {
    expect(midPrice(holding(0, 5))).toBe(ONE);
    expect(midPrice(holding(5, 0))).toBe(ONE);
    expect(midPrice(holding(0, 0))).toBe(ONE);
  });

  it('is the ratio that the config names where there is no pool', () => {
    expect(midPrice(holding(0, 0, false))).toBe(3 * ONE);
    expect(midPrice(holding(7, 8, false))).toBe(3 * ONE);
  });
});

describe("the pool's record", () => {
  it('has the reserves before and after each swap, in a row of its own, and counts it', () => {
    const rows = Object.values(SWAP);
    for (const row of rows) {
      const world = holding(100, 200);
      openSwap(world, row);
      world.balances.systemToken[SYSTEM.amm] = 90;
      world.balances.systemCash[SYSTEM.amm] = 230;
      closeSwap(world, row);
      const record = [...world.columns.swapReserves];
      expect(record.splice(row * SWAP_FIELDS, SWAP_FIELDS)).toEqual([100, 200, 90, 230]);
      expect(record.every((reserve) => reserve === 0)).toBe(true);
      expect(world.columns.total[TOTAL.swaps]).toBe(1);
      openSwap(world, row);
      closeSwap(world, row);
      expect(world.columns.total[TOTAL.swaps]).toBe(2);
      expect([tokenReserve(world), cashReserve(world)]).toEqual([90, 230]);
    }
  });

  it('has the reserves at the opening of a tick, and around a redemption', () => {
    const world = holding(100, 200);
    openPool(world);
    world.balances.systemToken[SYSTEM.amm] = 90;
    world.balances.systemCash[SYSTEM.amm] = 230;
    recordRedemption(world, 95, 250);
    const { poolRecord } = world.columns;
    expect([poolRecord[POOL_RECORD.openedToken], poolRecord[POOL_RECORD.openedCash]]).toEqual([100, 200]);
    expect([...poolRecord.subarray(POOL_RECORD.redemption)]).toEqual([95, 250, 90, 230]);
  });
});
