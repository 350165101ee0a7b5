import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BatchAuction } from './batchAuction.ts';
import { startTick } from './circulation.ts';
import { ASSET, FREE_SLOT, type MarketWorld, SIDE, SYSTEM, TOTAL, TRUST_TOTAL, WORLD } from './columns.ts';
import { tradeCompute } from './computeMarket.ts';
import { BPS, feeOf } from './fee.ts';
import { allocativeEfficiency, drawInducedValues, volumeRatio } from './inducedValues.ts';
import { MARKET_LAWS } from './laws.ts';
import { REASON } from './ledger.ts';
import { actAtRandom, TestMarket } from './testTick.ts';
import { expectSame, twinsOf } from './testTwins.ts';
import { testWorld } from './testWorld.ts';
import type { TradeSink } from './trades.ts';

type Order = [agent: number, side: number, level: number, quantity: number];

function trade(world: MarketWorld, orders: Order[], tick = 0): BatchAuction {
  startTick(world, tick);
  for (const [agent, side, level, quantity] of orders) {
    world.columns.computeSide[agent] = side;
    world.columns.computeLevel[agent] = level;
    world.columns.computeQuantity[agent] = quantity;
  }
  const auction = new BatchAuction(world.parameters.slots);
  tradeCompute(world, auction, tick);
  return auction;
}
const { buy, sell } = SIDE;

describe('the fee', () => {
  it('is the floor of amount x bps / 10000, whatever the amount', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }),
        fc.integer({ min: 0, max: BPS }),
        (amount, bps) => {
          expect(BigInt(feeOf(amount, bps))).toBe((BigInt(amount) * BigInt(bps)) / BigInt(BPS));
        },
      ),
    );
  });

  it.each([
    [333, 30, 0],
    [334, 30, 1],
    [10_000, 30, 30],
    [9_999, 10_000, 9_999],
  ])('on %i at %i basis points is %i', (amount, bps, fee) => {
    expect(feeOf(amount, bps)).toBe(fee);
  });
});

describe('a compute trade', () => {
  it('moves compute, pays the clearing price and gives the fee to the treasury', () => {
    const world = testWorld({ slots: 3 });
    const { columns, balances, parameters } = world;
    const treasury = balances.systemToken[SYSTEM.treasury]!;
    trade(world, [
      [0, buy, 200, 5],
      [1, sell, 180, 8],
      [2, SIDE.none, 180, 8],
    ]);
    const price = parameters.computeMarket.priceTable[190]!;
    const fee = feeOf(5 * price, 30);
    expect(columns.scalar[WORLD.computeLevel]).toBe(190);
    expect([...columns.compute]).toEqual([13, 3, 8]);
    expect([...columns.computeFilled]).toEqual([5, 5, 0]);
    expect([...columns.computeAmount]).toEqual([5 * price, 5 * price - fee, 0]);
    expect([...balances.token]).toEqual([2e6 - 5 * price, 2e6 + 5 * price - fee, 2e6]);
    expect(balances.systemToken[SYSTEM.treasury]! - treasury).toBe(fee);
    expect(balances.systemToken[SYSTEM.escrow]).toBe(0);
    expect([columns.scalar[WORLD.computeBid], columns.scalar[WORLD.computeOffered]]).toEqual([5, 8]);
    expect([columns.bidHistogram[200], columns.askHistogram[180]]).toEqual([5, 8]);
    const table = parameters.computeMarket.priceTable;
    expect(columns.total[TOTAL.quoteSurplus]).toBe(5 * (table[200]! - table[180]!));
  });

  it('is cut to what the buyer can pay at its limit, to the last unit', () => {
    const world = testWorld({ slots: 2 });
    const limit = world.parameters.computeMarket.priceTable[200]!;
    const consumers = world.ledger.system(SYSTEM.consumers);
    world.ledger.transfer(ASSET.token, 0, consumers, 2e6 - (3 * limit - 1), REASON.task);
    trade(world, [
      [0, buy, 200, 8],
      [1, sell, 200, 8],
    ]);
    expect(world.columns.computeFilled[0]).toBe(2);
    world.ledger.transfer(ASSET.token, consumers, 0, 3 * limit - world.balances.token[0]!, REASON.task);
    trade(world, [], 1);
    expect(world.columns.computeFilled[0]).toBe(3);
    expect(world.balances.token[0]).toBe(0);
  });

  it('is cut to the compute that the seller has', () => {
    const world = testWorld({ slots: 2 });
    trade(world, [
      [0, buy, 200, 50],
      [1, sell, 200, 50],
    ]);
    expect([...world.columns.compute]).toEqual([16, 0]);
  });

  it('takes no order from a free slot, of no side or at no level', () => {
    const world = testWorld({ slots: 4, living: 3 });
    const auction = trade(world, [
      [0, buy, 256, 5],
      [1, sell, 0, 5],
      [2, SIDE.none, 255, 5],
      [3, buy, 255, 5],
    ]);
    expect(world.columns.population[3]).toBe(FREE_SLOT);
    expect([auction.bidTotal, auction.askTotal, auction.volume]).toEqual([0, 5, 0]);
  });

  it('takes none from a slot that nobody lives in, whatever it holds, nor beyond the table of prices', () => {
    const world = testWorld({ slots: 4, living: 3 });
    const consumers = world.ledger.system(SYSTEM.consumers);
    world.ledger.transfer(ASSET.token, consumers, 3, 1e6, REASON.task);
    trade(world, [
      [0, sell, 256, 5],
      [1, sell, 10, 5],
      [3, buy, 200, 2],
    ]);
    expect([...world.columns.orderSide]).toEqual([SIDE.none, sell, SIDE.none, SIDE.none]);
    expect([...world.columns.orderQuantity]).toEqual([0, 5, 0, 0]);
    expect([...world.columns.orderLevel]).toEqual([0, 10, 0, 0]);
    expect(world.columns.scalar[WORLD.computeVolume]).toBe(0);
  });

  it('has no side where nothing is left of it', () => {
    const world = testWorld({ slots: 3 });
    const consumers = world.ledger.system(SYSTEM.consumers);
    world.ledger.transfer(ASSET.token, 0, consumers, 2e6, REASON.task);
    trade(world, [
      [0, buy, 200, 5],
      [1, sell, 180, 0],
      [2, sell, 180, 3],
    ]);
    expect([...world.columns.orderSide]).toEqual([SIDE.none, SIDE.none, sell]);
    expect([...world.columns.orderLevel]).toEqual([0, 0, 180]);
  });

  it('without volume leaves the last price standing and moves no average', () => {
    const world = testWorld({ slots: 2 });
    trade(world, [
      [0, buy, 200, 5],
      [1, sell, 180, 5],
    ]);
    const { scalar } = world.columns;
    const before = [scalar[WORLD.computeLevel], scalar[WORLD.priceFast], scalar[WORLD.priceSlow]];
    trade(world, [[1, sell, 250, 5]], 1);
    trade(world, [[0, buy, 100, 5]], 2);
    expect([scalar[WORLD.computeLevel], scalar[WORLD.priceFast], scalar[WORLD.priceSlow]]).toEqual(before);
    expect(scalar[WORLD.computeVolume]).toBe(0);
  });

  it('moves the fast average an eighth and the slow one a 64th of the way, up and down', () => {
    const world = testWorld({ slots: 2 });
    const start = world.parameters.computeMarket.priceStart;
    const { scalar } = world.columns;
    for (const level of [255, 0]) {
      const [fast, slow] = [scalar[WORLD.priceFast]!, scalar[WORLD.priceSlow]!];
      trade(world, [
        [0, buy, level, 1],
        [1, sell, level, 1],
      ]);
      const now = world.parameters.computeMarket.priceTable[level]! * 256;
      expect(scalar[WORLD.priceFast]).toBe(fast + Math.floor((now - fast) / 8));
      expect(scalar[WORLD.priceSlow]).toBe(slow + Math.floor((now - slow) / 64));
    }
    expect(scalar[WORLD.priceFast]).toBeGreaterThan(start);
  });

  it('takes place in no world without a compute market', () => {
    const world = testWorld({ slots: 2, world: { computeMarket: { enabled: false } } });
    trade(world, [
      [0, buy, 200, 5],
      [1, sell, 200, 5],
    ]);
    expect([...world.columns.computeFilled]).toEqual([0, 0]);
  });
});

describe('the compute market over ticks', () => {
  it.each([
    ['nobody can default', {}],
    ['reputation', { trust: { regime: 'none' } }],
    ['courts', { trust: { regime: 'legal', legalCost: 0.01, registrationFee: 1 } }],
    ['stakes', { trust: { regime: 'programmatic' }, policy: { staking: true, feeBurn: 0.5 } }],
    ['induced values', { computeMarket: { priceMax: 1 }, induced: { enabled: true } }],
  ])('is the same by kernel and by specification, and adds its volumes up: %s', (_, world) => {
    const pair = twinsOf({ slots: 30, seed: 8, world });
    const markets = pair.map((one) => new TestMarket(one));
    let volume = 0;
    for (let t = 0; t < 10; t++) {
      for (const market of markets) market.run();
      expectSame(pair);
      volume += pair[0].columns.scalar[WORLD.computeVolume]!;
      for (const { world: one } of markets) expect(one.columns.total[TOTAL.computeVolume]).toBe(volume);
    }
    expect(volume).toBeGreaterThan(10);
    if ('trust' in world && world.trust.regime === 'programmatic')
      expect(pair[0].columns.trustTotal[TRUST_TOTAL.compensated]).toBeGreaterThan(0);
  });
});

describe('the record of fills', () => {
  it('pairs buyers and sellers by cumulative position, to the unit, and changes nothing', () => {
    const watched = new TestMarket(testWorld({ slots: 16, seed: 3 }));
    const alone = new TestMarket(testWorld({ slots: 16, seed: 3 }));
    const bought = new Uint32Array(16);
    const sold = new Uint32Array(16);
    const sink: TradeSink = {
      wants: (tick) => tick % 2 === 0,
      fill(tick, market, buyer, seller, _class, quantity, price) {
        if (market !== 'compute') return;
        expect(tick % 2).toBe(0);
        expect(price).toBe(watched.world.parameters.computeMarket.priceTable[watched.compute.level]);
        expect(quantity).toBeGreaterThan(0);
        expect(buyer).not.toBe(seller);
        bought[buyer]! += quantity;
        sold[seller]! += quantity;
      },
    };
    watched.world.trades = sink;
    for (let t = 0; t < 20; t++) {
      bought.fill(0);
      sold.fill(0);
      watched.run();
      alone.run();
      const { orderSide, orderFilled } = watched.world.columns;
      for (let i = 0; i < 16 && t % 2 === 0; i++) {
        expect((orderSide[i] === buy ? bought : sold)[i]).toBe(orderFilled[i]);
      }
      expect(watched.world.balances.token).toEqual(alone.world.balances.token);
    }
  });
});

describe('induced values', () => {
  const induced = (rounds = 1, units = 1) => ({
    computeMarket: { priceMax: 1 },
    induced: { enabled: true, redrawEvery: rounds, unitsPerTrader: units },
  });
  /** Everybody quotes its own value. */
  const truthful = ({ columns, parameters }: MarketWorld): void => {
    columns.computeSide.set(columns.inducedSide);
    columns.computeLevel.set(columns.inducedLevel);
    columns.computeQuantity.fill(parameters.induced.unitsPerTrader);
  };

  it('are uniform over the levels, half of the agents buy and half sell', () => {
    const world = testWorld({ slots: 51_200, world: induced() });
    drawInducedValues(world, 0);
    const counts = new Uint32Array(256);
    for (const level of world.columns.inducedLevel) counts[level]!++;
    const chi = counts.reduce((sum, n) => sum + (n - 200) ** 2 / 200, 0);
    expect(chi).toBeLessThan(255 + 6 * Math.sqrt(510));
    const buyers = world.columns.inducedSide.reduce((n, side) => n + (side === buy ? 1 : 0), 0);
    expect(buyers).toBe(25_600);
  });

  it.each([1, 3])(
    'with truthful orders of %i units give every gain and exactly the efficient volume',
    (units) => {
      const market = new TestMarket(testWorld({ slots: 101, seed: 9, world: induced(1, units) }));
      for (let t = 0; t < 10; t++) {
        market.run(truthful);
        expect(allocativeEfficiency(market.world)).toBe(1);
        for (const law of MARKET_LAWS) law.check(market.world);
      }
      expect(volumeRatio(market.world)).toBeLessThanOrEqual(1);
      expect(volumeRatio(market.world)).toBeGreaterThan(0.95); // units of no gain may stay
    },
  );

  it('of one zero-intelligence call give 2 ln 2 - 1 of the gains and 1 - ln 2 of the volume', () => {
    const slots = 20_000;
    const market = new TestMarket(testWorld({ slots, seed: 4, world: induced() }));
    market.run((world, tick) => {
      actAtRandom(world, tick);
      const { columns } = world;
      for (let i = 0; i < slots; i++) {
        const value = columns.inducedLevel[i]!;
        const u = (Math.imul(i + 1, 0x9e37_79b1) >>> 8) / 2 ** 24; // any uniform numbers will do
        columns.computeSide[i] = columns.inducedSide[i]!;
        columns.computeLevel[i] =
          columns.inducedSide[i] === buy
            ? Math.floor(u * (value + 1))
            : value + Math.floor(u * (256 - value));
        columns.computeQuantity[i] = 1;
      }
    });
    expect(Math.abs(allocativeEfficiency(market.world) - (2 * Math.LN2 - 1))).toBeLessThan(0.02);
    expect(Math.abs(volumeRatio(market.world) - (1 - Math.LN2))).toBeLessThan(0.02);
    expect(Math.abs(market.compute.level / 255 - 0.5)).toBeLessThan(0.02);
  });

  it('let a trader that has traded its units trade no more until they are drawn again', () => {
    const market = new TestMarket(testWorld({ slots: 40, seed: 2, world: induced(2) }));
    market.run(truthful);
    const first = market.compute.volume;
    expect(first).toBeGreaterThan(0);
    market.run(truthful);
    expect(market.compute.volume).toBe(0);
    market.run(truthful);
    expect(market.compute.volume).toBeGreaterThan(0);
  });

  it('are drawn once when they are never drawn again', () => {
    const world = testWorld({ slots: 8, world: induced(0) });
    drawInducedValues(world, 0);
    const levels = [...world.columns.inducedLevel];
    for (let t = 1; t < 5; t++) drawInducedValues(world, t);
    expect([...world.columns.inducedLevel]).toEqual(levels);
  });

  it('refuse an order on the other side', () => {
    const world = testWorld({ slots: 2, world: induced() });
    drawInducedValues(world, 0);
    trade(world, [
      [0, sell, 10, 1],
      [1, buy, 250, 1],
    ]);
    expect([...world.columns.computeFilled]).toEqual([0, 0]);
  });

  it('do not exist elsewhere', () => {
    const world = testWorld();
    drawInducedValues(world, 0);
    expect(world.columns.inducedSide.every((side) => side === SIDE.none)).toBe(true);
    expect(allocativeEfficiency(world)).toBeNaN();
  });
});
