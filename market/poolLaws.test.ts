import { describe, expect, it } from 'vitest';
import { type MarketWorld, POOL_RECORD, SWAP, SWAP_FIELDS, SYSTEM, TOTAL } from './columns.ts';
import { checkAmm } from './poolLaws.ts';
import { testWorld } from './testWorld.ts';

type Reserves = readonly [token: number, cash: number];
/** Reserves before and after. */
type Move = readonly [token: number, cash: number, tokenAfter: number, cashAfter: number];

interface Tick {
  opened?: Reserves;
  consumers?: Move;
  redemption?: Move;
  sale?: Move;
  purchase?: Move;
  end?: Reserves;
}

const NONE: Move = [0, 0, 0, 0];
/** isqrt(k) at genesis. */
const ROOT = 100;

/** A tick in which consumers bought, fees were redeemed, and agents sold and bought. */
const BUSY: Required<Tick> = {
  opened: [120, 100],
  consumers: [120, 100, 110, 111],
  redemption: [110, 111, 101, 102],
  sale: [101, 102, 105, 99],
  purchase: [105, 99, 100, 105],
  end: [100, 105],
};

/** A world whose record says what became of the pool in a tick. */
function recorded(tick: Tick): MarketWorld {
  const world = testWorld({ slots: 1 });
  const { columns, balances } = world;
  const [token, cash] = (tick.end ?? tick.opened)!;
  balances.systemToken[SYSTEM.amm] = token;
  balances.systemCash[SYSTEM.amm] = cash;
  columns.total[TOTAL.ammRootK] = ROOT;
  columns.poolRecord.set(tick.opened!, POOL_RECORD.openedToken);
  columns.poolRecord.set(tick.redemption ?? NONE, POOL_RECORD.redemption);
  for (const swap of ['consumers', 'sale', 'purchase'] as const) {
    columns.swapReserves.set(tick[swap] ?? NONE, SWAP[swap] * SWAP_FIELDS);
  }
  return world;
}

const checked = (tick: Tick) => () => checkAmm(recorded(tick));
/** A tick whose only move is a sale, which starts and ends where the pool does. */
const saleAlone = (...sale: Move): Tick => ({
  opened: [sale[0], sale[1]],
  sale,
  end: [sale[2], sale[3]],
});

describe('the law of the AMM', () => {
  it('holds in a tick without trade, and in one with everything', () => {
    expect(checked({ opened: [500, 700] })).not.toThrow();
    expect(checked(BUSY)).not.toThrow();
  });

  it.each(['consumers', 'sale', 'purchase'] as const)('lets k fall in no swap: %s', (swap) => {
    const [token, cash, tokenAfter] = BUSY[swap];
    const least = Math.ceil((token * cash) / tokenAfter);
    const moved = (cashAfter: number): Move => [token, cash, tokenAfter, cashAfter];
    // the swaps before and after are as they were: what they move does not excuse this one
    expect(checked({ ...BUSY, [swap]: moved(least - 1) })).toThrow(`swap '${swap}'': k fell from`);
    expect(checked({ ...BUSY, [swap]: moved(least) })).not.toThrow('k fell');
  });

  it('lets k stay as it is, to the unit', () => {
    expect(checked(saleAlone(100, 60, 120, 50))).not.toThrow();
    // products that are the same in doubles, and differ by one
    const half = 2 ** 40;
    expect(checked(saleAlone(half, half, half, half))).not.toThrow();
    expect(checked(saleAlone(half, half, half - 1, half + 1))).toThrow('k fell');
    expect(checked(saleAlone(half - 1, half + 1, half, half))).not.toThrow();
  });

  it('lets no swap empty a reserve', () => {
    expect(checked(saleAlone(100, 100, 200, 0))).toThrow('k fell');
    expect(checked(saleAlone(100, 100, 0, 200))).toThrow('k fell');
  });

  it.each([0, 1, 2, 3])('knows no half units in a swap (field %i)', (field) => {
    const sale = [100, 100, 130, 130];
    sale[field]! += 0.5;
    expect(checked(saleAlone(...(sale as unknown as Move)))).toThrow();
  });

  it.each([
    ['consumers', 'before the purchase of consumers'],
    ['redemption', 'before the redemption'],
    ['sale', 'before the sale'],
    ['purchase', 'before the purchase'],
  ] as const)('lets nothing move the reserves before a move: %s', (name, when) => {
    const [token, cash, ...after] = BUSY[name];
    expect(checked({ ...BUSY, [name]: [token - 1, cash, ...after] })).toThrow(
      `${when}: ${token - 1} milli-token and ${cash} milli-cash, swaps explain ${token} and ${cash}`,
    );
    expect(checked({ ...BUSY, [name]: [token, cash - 1, ...after] })).toThrow(`${when}: `);
  });

  it('lets nothing move the reserves after the last swap', () => {
    expect(checked({ ...BUSY, end: [101, 105] })).toThrow('at the end: 101 milli-token');
    expect(checked({ ...BUSY, end: [100, 104] })).toThrow('at the end: 100 milli-token and 104');
    expect(checked({ opened: [500, 700], end: [500, 701] })).toThrow('at the end');
    expect(checked({ opened: [500, 700], end: [499, 700] })).toThrow('at the end');
  });

  it('takes no swap from a reserve of nothing on trust', () => {
    expect(checked({ opened: [0, 7], sale: [0, 8, 1, 7], end: [1, 7] })).toThrow('before the sale');
    expect(checked({ opened: [7, 0], sale: [8, 0, 7, 1], end: [7, 1] })).toThrow('before the sale');
  });

  it('lets a redemption leave k of genesis and no less', () => {
    const redeemed = (token: number, cash: number): Tick => ({
      opened: [110, 110],
      redemption: [110, 110, token, cash],
      end: [token, cash],
    });
    expect(checked(redeemed(100, 100))).not.toThrow();
    expect(checked(redeemed(110, 110))).not.toThrow();
    expect(checked(redeemed(100, 99))).toThrow('k is 9900, at genesis it was at least 10000');
    expect(checked(redeemed(99, 101))).toThrow('k is 9999');
    expect(checked(redeemed(111, 110))).toThrow('amm, redemption');
    expect(checked(redeemed(110, 111))).toThrow('amm, redemption');
  });

  it('asks for no genesis where nothing was redeemed', () => {
    expect(checked({ opened: [3, 3] })).not.toThrow();
  });

  it('knows of no ticks where an environment stands in for the markets, but of swaps', () => {
    const inGrid = (tick: Tick) => () => {
      const world = recorded(tick);
      const environment = { ...world.parameters.environment, kind: 'gridWorld' };
      checkAmm({ ...world, parameters: { ...world.parameters, environment } });
    };
    const idle = { opened: [0, 0], end: [500, 700] } as const;
    expect(inGrid(idle)).not.toThrow();
    expect(checked(idle)).toThrow('at the end');
    expect(inGrid({ ...idle, sale: [10, 10, 9, 9] })).toThrow('k fell');
  });
});
