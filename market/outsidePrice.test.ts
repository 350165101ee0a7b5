import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseConfig } from '../configs/parse.ts';
import { ConfigError } from '../sim/core/errors.ts';
import { Shard } from '../sim/shard.ts';
import { AMM_KEEP, AMM_SCALE, amountOut } from './amm.ts';
import { ASSET, SYSTEM, WORLD } from './columns.ts';
import { REASON } from './ledger.ts';
import { orderAt, priceOutside, tradeOutside } from './outsidePrice.ts';

const ONE = 2 ** 16;
const reserve = fc.integer({ min: 1_000_000, max: 2 ** 30 });
/** From 1/16 to 16 of cash per token. */
const price = fc.integer({ min: ONE / 16, max: 16 * ONE });

/** What an input earns at the price outside, milli-cash in 2^-16. */
function profit(
  give: typeof ASSET.token | typeof ASSET.cash,
  amount: bigint,
  p: number,
  token: number,
  cash: number,
): bigint {
  const [inn, out] = give === ASSET.token ? [BigInt(token), BigInt(cash)] : [BigInt(cash), BigInt(token)];
  const got = amountOut(amount, inn, out);
  return give === ASSET.token
    ? got * BigInt(ONE) - amount * BigInt(p)
    : got * BigInt(p) - amount * BigInt(ONE);
}

describe('an order at a price outside', () => {
  it('earns as much as any other, to what a unit is worth', () => {
    fc.assert(
      fc.property(
        reserve,
        reserve,
        price,
        fc.double({ min: 0, max: 3, noNaN: true }),
        (token, cash, p, other) => {
          const { give, amount } = orderAt(p, token, cash);
          const best = profit(give, BigInt(amount), p, token, cash);
          const unit = BigInt(2 * (ONE + p));
          expect(best + unit >= 0n).toBe(true);
          for (const side of [ASSET.token, ASSET.cash] as const) {
            const size = side === give ? amount : side === ASSET.token ? token : cash;
            const rival = profit(side, BigInt(Math.floor(size * other)), p, token, cash);
            expect(rival <= best + unit).toBe(true);
          }
        },
      ),
    );
  });

  it('leaves the price of the pool within the fee of the price outside', () => {
    fc.assert(
      fc.property(reserve, reserve, price, (token, cash, p) => {
        const { give, amount } = orderAt(p, token, cash);
        const sells = give === ASSET.token;
        const [inn, out] = sells ? [token, cash] : [cash, token];
        const got = Number(amountOut(BigInt(amount), BigInt(inn), BigInt(out)));
        const after = sells ? (cash - got) / (token + amount) : (cash + amount) / (token - got);
        const keep = AMM_KEEP / AMM_SCALE;
        // a milli-unit of reserves that hold a quarter of a million at least
        expect(after / (p / ONE)).toBeGreaterThan(keep - 1e-5);
        expect(after / (p / ONE)).toBeLessThan(1 / keep + 1e-5);
      }),
    );
  });

  it('is none where the pool is within its fee of the price outside, and one just beyond', () => {
    const [token, cash] = [1_000_000_000, 1_000_000_000];
    for (const p of [Math.ceil(ONE * 0.9971), ONE, Math.floor(ONE * 1.003)])
      expect(orderAt(p, token, cash).amount).toBe(0);
    expect(orderAt(Math.floor(ONE * 0.9968), token, cash)).toMatchObject({ give: ASSET.token });
    expect(orderAt(Math.floor(ONE * 0.9968), token, cash).amount).toBeGreaterThan(0);
    expect(orderAt(Math.ceil(ONE * 1.0032), token, cash)).toMatchObject({ give: ASSET.cash });
    expect(orderAt(Math.ceil(ONE * 1.0032), token, cash).amount).toBeGreaterThan(0);
  });
});

const config = (world: string, series: string): string => `
ticks: 12
slots: 8
priceSeries: { ${series} }
world: { ${world} }
`;
const FOLLOWS = 'amm: { outsidePrice: true }, consumers: { cash: 400000, token: 400000 }';

function opened(text: string, ticks: number) {
  const shard = new Shard(parseConfig(text), [0]);
  const [world] = [...shard.inside()];
  const prices: number[] = [];
  for (let tick = 1; tick <= ticks; tick++) {
    shard.advance(tick);
    prices.push(world!.columns.scalar[WORLD.tokenPrice]! / ONE);
  }
  return { prices, world: world! };
}

describe('a pool with a price outside', () => {
  it('begins at its own price, opens every tick at the recorded one, and begins again behind the last row', () => {
    const { prices } = opened(config(FOLLOWS, 'values: [50, 75, 25], ticksPerRow: 2'), 8);
    const expected = [1, 1, 1.5, 1.5, 0.5, 0.5, 1, 1];
    for (const [k, found] of prices.entries())
      expect(Math.abs(found / expected[k]! - 1)).toBeLessThan(0.0031);
  });

  it('follows as far as the consumers’ money goes, and mints nothing', () => {
    // every law is checked at every tick
    const poor = 'amm: { outsidePrice: true }, consumers: { cash: 400000, token: 1000 }';
    const { prices, world } = opened(config(poor, 'values: [1, 0.1]'), 2);
    expect(prices[1]).toBeGreaterThan(0.9);
    expect(world.ledger.minted(ASSET.token) + world.ledger.minted(ASSET.cash)).toBe(0);
    expect(world.balances.systemToken[SYSTEM.consumers]).toBeGreaterThanOrEqual(0);
  });

  it('is moved by two transfers between consumers and pool, entered as what they are', () => {
    const { world } = opened(config(FOLLOWS, 'values: [1, 2]'), 1);
    const entries: [number, number, number][] = [];
    world.ledger.journal = {
      record: (_tick, from, to, asset, _amount, reason) => {
        if (reason === REASON.outsideTrade) entries.push([from, to, asset]);
      },
    };
    tradeOutside(world, 1);
    const [consumers, amm] = [world.ledger.system(SYSTEM.consumers), world.ledger.system(SYSTEM.amm)];
    expect(entries).toEqual([
      [consumers, amm, ASSET.cash],
      [amm, consumers, ASSET.token],
    ]);
  });

  it('is moved by itself alone where the switch is off', () => {
    const off = opened(config('consumers: { token: 400000 }', 'values: [1, 2]'), 3);
    expect(Math.abs(off.prices[1]! - 1)).toBeLessThan(0.1);
  });

  it('has a row every so many ticks', () => {
    const rows = Uint32Array.of(5, 6);
    expect([0, 2, 3, 5, 6].map((tick) => priceOutside(rows, 3, tick))).toEqual([5, 5, 6, 6, 5]);
  });

  it.each([
    ['no rows', FOLLOWS, '', /no series is given/],
    ['a price of zero', FOLLOWS, 'values: [1, 0]', /row 2 is 0/],
    ['a first price of zero', FOLLOWS, 'values: [0, 0]', /row 1 is 0/],
    ['a price above a thousand times the first', FOLLOWS, 'values: [1, 1000.5]', /row 2 is 1000.5/],
    ['no pool', 'amm: { enabled: false, outsidePrice: true }', 'values: [1]', /no pool/],
    [
      'a price beyond 2^16',
      'amm: { outsidePrice: true, token: 1000 }',
      'values: [1, 999]',
      /leave 2\^-16 to/,
    ],
  ])('is refused with %s', (_, world, series, problem) => {
    expect(() => parseConfig(config(world, series))).toThrow(ConfigError);
    expect(() => parseConfig(config(world, series))).toThrow(problem);
  });

  it('may have prices up to a thousand times the first and down to a thousandth', () => {
    expect(() => parseConfig(config(FOLLOWS, 'values: [1, 1000, 0.001]'))).not.toThrow();
  });
});
