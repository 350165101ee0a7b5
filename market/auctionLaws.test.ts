import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PRICE_LEVELS } from '../configs/worldParameters.ts';
import {
  checkBoughtSold,
  checkClearing,
  checkComputeUse,
  checkPayments,
  largestVolume,
} from './auctionLaws.ts';
import { BatchAuction } from './batchAuction.ts';
import { startTick } from './circulation.ts';
import { type MarketWorld, SIDE, WORLD } from './columns.ts';
import { tradeCompute } from './computeMarket.ts';
import { feeOf } from './fee.ts';
import { testWorld } from './testWorld.ts';

const { none, buy, sell } = SIDE;
const TOP = PRICE_LEVELS - 1;

type Order = readonly [side: number, level: number, quantity: number, filled: number];

/** A world with the record of an auction, which need not be one that any auction would leave. */
function recorded(orders: readonly Order[], level: number, settings: object = {}): MarketWorld {
  const world = testWorld({ slots: orders.length, world: settings, passes: false });
  const { columns } = world;
  let bought = 0;
  orders.forEach(([side, limit, quantity, filled], i) => {
    columns.orderSide[i] = side;
    columns.orderLevel[i] = limit;
    columns.orderQuantity[i] = quantity;
    columns.orderFilled[i] = filled;
    if (side === buy) {
      columns.bidHistogram[limit]! += quantity;
      bought += filled;
    } else if (side === sell) columns.askHistogram[limit]! += quantity;
  });
  columns.scalar[WORLD.computeLevel] = level;
  columns.scalar[WORLD.computeVolume] = bought;
  return world;
}

describe('the law of compute used', () => {
  /** Two idle agents around one with eight units of its own. */
  const using = (used: number, side: number, filled: number, missing = 0, who = 1) => {
    const trust = { trust: { regime: missing > 0 ? 'legal' : 'off' } };
    const world = testWorld({ slots: 3, world: trust, passes: false });
    const { opened, computeUsed, orderSide, orderFilled, undelivered } = world.columns;
    opened.fill(8);
    computeUsed[who] = used;
    orderSide[who] = side;
    orderFilled[who] = filled;
    if (missing > 0) undelivered[who] = missing;
    return () => checkComputeUse(world);
  };

  it('lets an agent use what it opened with, and bought, and did not sell; not a unit more', () => {
    expect(using(8, none, 0)).not.toThrow();
    expect(using(9, none, 0)).toThrow("account 'agent 1 compute': 9 cu used of 8");
    expect(using(13, buy, 5)).not.toThrow();
    expect(using(14, buy, 5)).toThrow('14 cu used of 13');
    expect(using(3, sell, 5)).not.toThrow();
    expect(using(4, sell, 5)).toThrow('4 cu used of 3');
  });

  it('lets nobody sell what it does not have', () => {
    expect(using(0, sell, 8)).not.toThrow();
    expect(using(0, sell, 9)).toThrow('9 cu sold of 8');
  });

  it('counts what sellers did not deliver as not there', () => {
    expect(using(11, buy, 5, 2)).not.toThrow();
    expect(using(12, buy, 5, 2)).toThrow('12 cu used of 11');
  });

  it.each([0, 2])('holds for the first and the last agent, too (%i)', (who) => {
    expect(using(9, none, 0, 0, who)).toThrow(`agent ${who} compute`);
  });
});

describe('the law of bought and sold', () => {
  const traded = (bought: number, sold: number, volume: number) => {
    const world = recorded(
      [
        [buy, 9, 9, bought],
        [sell, 3, 9, sold],
        [none, 0, 0, 0],
      ],
      5,
    );
    world.columns.scalar[WORLD.computeVolume] = volume;
    return () => checkBoughtSold(world);
  };

  it('is that both are the volume', () => {
    expect(traded(0, 0, 0)).not.toThrow();
    expect(traded(4, 4, 4)).not.toThrow();
    expect(traded(5, 4, 5)).toThrow("account 'compute': 5 cu bought, 4 sold, volume 5");
    expect(traded(4, 5, 4)).toThrow('4 cu bought, 5 sold');
    expect(traded(4, 4, 5)).toThrow('volume 5');
    expect(traded(4, 4, 3)).toThrow('volume 3');
  });
});

/** Bids of 4 at 200 and 5 at 150, asks of 3 at 100 and 3 at 120: six trade, at any of 120..150 with the same excess. */
const MARKET: readonly Order[] = [
  [buy, 200, 4, 4],
  [buy, 150, 5, 2],
  [sell, 100, 3, 3],
  [sell, 120, 3, 3],
  [none, 0, 0, 0],
];
const checkOf = (orders: readonly Order[], level: number, settings?: object) => {
  const world = recorded(orders, level, settings);
  return () => checkClearing(world);
};
const withOrder = (at: number, ...order: Order): Order[] => MARKET.map((one, i) => (i === at ? order : one));

describe('the law of clearing', () => {
  it('holds where the rule was followed, and where nobody could trade', () => {
    expect(checkOf(MARKET, 135)).not.toThrow();
    expect(
      checkOf(
        [
          [buy, 10, 4, 0],
          [sell, 11, 4, 0],
        ],
        77,
      ),
    ).not.toThrow();
    expect(
      checkOf(
        [
          [buy, 0, 4, 4],
          [sell, 0, 4, 4],
        ],
        0,
      ),
    ).not.toThrow();
    expect(
      checkOf(
        [
          [buy, TOP, 4, 4],
          [sell, TOP, 4, 4],
        ],
        TOP,
      ),
    ).not.toThrow();
  });

  it('asks for the largest volume', () => {
    const less = MARKET.map((one, i): Order => (i === 1 ? [buy, 150, 5, 1] : one));
    expect(checkOf(less, 135)).toThrow("account 'compute': volume 5 cu, 6 could trade");
  });

  it.each([
    [100, 'beyond'],
    [119, 'beyond'],
    [120, 'the rule says 135'],
    [134, 'the rule says 135'],
    [136, 'the rule says 135'],
    [150, 'the rule says 135'],
    [151, 'beyond'],
    [201, 'beyond'],
  ])('takes the lower middle of tied levels: not %i', (level, found) => {
    expect(checkOf(MARKET, level)).toThrow(found);
  });

  it('takes of levels with the largest volume those of least excess', () => {
    // at 100..109 seven are bid for five, at 110..150 five for five; at 151..160 four for five
    const orders: readonly Order[] = [
      [buy, 160, 4, 4],
      [buy, 150, 1, 1],
      [buy, 109, 2, 0],
      [sell, 100, 5, 5],
    ];
    expect(checkOf(orders, 130)).not.toThrow();
    expect(checkOf(orders, 125)).toThrow('cleared at level 125, the rule says 130');
    // more is offered than bid where the excess is least
    const mirrored = orders.map(
      ([side, level, q, f]): Order => [side === buy ? sell : buy, TOP - level, q, f],
    );
    expect(checkOf(mirrored, 125)).not.toThrow();
    expect(checkOf(mirrored, 130)).toThrow('the rule says 125');
  });

  it('lets nobody trade beyond its limit, and everybody at it', () => {
    const atLimits: readonly Order[] = [
      [buy, 90, 4, 4],
      [sell, 90, 4, 4],
    ];
    expect(checkOf(atLimits, 90)).not.toThrow();
    expect(checkOf(atLimits, 91)).toThrow("'agent 0 compute': filled at level 91, beyond its limit 90");
    expect(checkOf(atLimits, 89)).toThrow("'agent 1 compute': filled at level 89, beyond its limit 90");
  });

  it('fills nobody with more than it ordered', () => {
    expect(checkOf(withOrder(1, buy, 150, 1, 2), 135)).toThrow();
    const swapped = withOrder(0, buy, 200, 3, 4);
    expect(checkOf(swapped, 135)).toThrow("'agent 0 compute': filled 4 of 3 cu");
  });

  it.each([
    ['bidHistogram', 0],
    ['bidHistogram', 10],
    ['askHistogram', TOP],
    ['askHistogram', 210],
  ] as const)('counts every order and no other: %s at %i', (name, level) => {
    const world = recorded(MARKET, 135);
    // too far from the price to change the volume
    world.columns[name][level]! += 1;
    expect(() => checkClearing(world)).toThrow(`'compute': level ${level}: `);
  });

  it('serves better limits first, in full', () => {
    const unfair: readonly Order[] = [[buy, 200, 4, 3], [buy, 150, 5, 3], ...MARKET.slice(2)];
    expect(checkOf(unfair, 135)).toThrow("'compute bids': level 150: 3 of 5 cu filled while");
    const asks: readonly Order[] = [
      [buy, 200, 4, 4],
      [sell, 100, 3, 2],
      [sell, 120, 3, 2],
    ];
    expect(checkOf(asks, 160)).toThrow("'compute asks': level 120: 2 of 3 cu filled while");
    const shared: readonly Order[] = [
      [buy, 200, 3, 2],
      [buy, 200, 3, 2],
      [sell, 100, 4, 4],
    ];
    expect(checkOf(shared, 150)).not.toThrow();
  });

  it('of a book asks only that nobody trades more than it came with', () => {
    const book = { doubleAuction: { enabled: true } };
    const orders: readonly Order[] = [
      [buy, 90, 4, 4],
      [sell, 95, 4, 2],
    ];
    expect(checkOf(orders, 200, book)).not.toThrow();
    expect(checkOf([orders[0]!, [sell, 95, 4, 5]], 200, book)).toThrow("'agent 1 compute': filled 5 of 4 cu");
    expect(checkOf([[buy, 90, 4, 5], orders[1]!], 200, book)).toThrow("'agent 0 compute'");
  });

  /** An auction of a few orders around a level, as the market clears it. */
  const auction = (orders: readonly (readonly [number, number, number])[]): MarketWorld => {
    const world = testWorld({ slots: orders.length, passes: false });
    startTick(world, 3);
    orders.forEach(([side, level, quantity], i) => {
      world.columns.computeSide[i] = side;
      world.columns.computeLevel[i] = 100 + level;
      world.columns.computeQuantity[i] = quantity;
    });
    tradeCompute(world, new BatchAuction(orders.length), 3);
    return world;
  };
  const anyOrders = fc.array(
    fc.tuple(fc.constantFrom(buy, sell), fc.nat(7), fc.integer({ min: 1, max: 4 })),
    { minLength: 2, maxLength: 9 },
  );

  it('holds in every auction, and at no other level than the one that it cleared at', () => {
    fc.assert(
      fc.property(anyOrders, fc.integer({ min: 95, max: 112 }), (orders, other) => {
        const world = auction(orders);
        expect(() => checkClearing(world)).not.toThrow();
        const { scalar } = world.columns;
        if (scalar[WORLD.computeVolume] === 0 || scalar[WORLD.computeLevel] === other) return;
        scalar[WORLD.computeLevel] = other;
        expect(() => checkClearing(world)).toThrow('clearing');
      }),
    );
  });
});

describe('the largest volume', () => {
  it('is the largest of min(demand, supply) over all levels', () => {
    const book = fc.array(fc.tuple(fc.nat(TOP), fc.nat(9)), { maxLength: 8 });
    fc.assert(
      fc.property(book, book, (bids, asks) => {
        const histogram = (orders: [number, number][]): Uint32Array => {
          const counts = new Uint32Array(PRICE_LEVELS);
          for (const [level, quantity] of orders) counts[level]! += quantity;
          return counts;
        };
        const sumOf = (orders: [number, number][]): number => orders.reduce((sum, [, q]) => sum + q, 0);
        let best = 0;
        for (let k = 0; k < PRICE_LEVELS; k++) {
          const demand = sumOf(bids.filter(([level]) => level >= k));
          best = Math.max(best, Math.min(demand, sumOf(asks.filter(([level]) => level <= k))));
        }
        expect(largestVolume(histogram(bids), histogram(asks))).toBe(best);
      }),
    );
  });
});

describe('the law of one price', () => {
  const PRICE = testWorld({ slots: 1 }).parameters.computeMarket.priceTable[135]!;
  /** The market above, paid as the rule says, with what a test changes. */
  const paid = (change: (world: MarketWorld) => void = () => {}, settings: object = {}) => {
    const world = recorded(MARKET, 135, { computeMarket: { feeBps: 250 }, ...settings });
    const { orderAmount, computeAmount } = world.columns;
    MARKET.forEach(([side, , , filled], i) => {
      const gross = PRICE * filled;
      orderAmount[i] = side === sell ? gross - feeOf(gross, 250) : gross;
    });
    computeAmount.set(orderAmount);
    change(world);
    return () => checkPayments(world);
  };

  it('holds where all trade at the clearing price, less the fee of sellers', () => {
    expect(feeOf(PRICE * 3, 250)).toBeGreaterThan(0);
    expect(paid()).not.toThrow();
  });

  it.each([0, 2, 4])('sees one milli-token too much or too little (agent %i)', (i) => {
    const account = `'agent ${i} token'`;
    for (const by of [1, -1]) {
      if (by < 0 && MARKET[i]![0] === none) continue;
      expect(
        paid(({ columns }) => {
          columns.orderAmount[i]! += by;
        }),
      ).toThrow(account);
      expect(
        paid(({ columns }) => {
          columns.computeAmount[i]! += by;
        }),
      ).toThrow(`on record for compute, `);
    }
  });

  it('lets the dead forget what they were paid', () => {
    expect(
      paid(({ columns }) => {
        columns.computeAmount[2] = 0;
      }),
    ).not.toThrow();
    expect(
      paid(({ columns }) => {
        columns.orderAmount[2] = 0;
      }),
    ).toThrow('0 milli-token moved for 3 cu');
  });

  it.each([
    ['a book, where every trade has its price', { doubleAuction: { enabled: true } }],
    ['stakes, which audits give and take', { trust: { regime: 'programmatic' } }],
  ])('says nothing of %s', (_, settings) => {
    const wrong = ({ columns }: MarketWorld): void => {
      columns.orderAmount[0]! += 1;
    };
    expect(paid(wrong, settings)).not.toThrow();
    expect(paid(wrong, { trust: { regime: 'legal' } })).toThrow('moved for 4 cu');
  });
});
