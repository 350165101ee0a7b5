import { describe, expect, it } from 'vitest';
import { startTick } from '../circulation.ts';
import { FREE_SLOT, type MarketWorld, SIDE, SYSTEM, TOTAL, WORLD } from '../columns.ts';
import { drawInducedValues } from '../inducedValues.ts';
import { testWorld } from '../testWorld.ts';
import type { TradeSink } from '../trades.ts';
import { type ContinuousTraders, DoubleAuction, NO_QUOTE, tradeContinuously } from './doubleAuction.ts';

const { buy, sell, none } = SIDE;
type Intent = readonly [side: number, units: number];
type Heard = [shout: number, side: number, level: number, traded: boolean];

/** A world whose level k costs k + 1 milli-token and whose agents have 10,000 and 20 cu. */
function bookWorld(intents: readonly Intent[], settings: object = {}, feeBps = 0): MarketWorld {
  const world = testWorld({
    slots: intents.length,
    world: {
      genesis: { token: 10, cash: 0, capacity: 20 },
      hardware: { enabled: false },
      computeMarket: { priceMin: 0.001, priceMax: 0.256, feeBps },
      doubleAuction: { enabled: true, rounds: 2 },
      ...settings,
    },
  });
  startTick(world, 0);
  intents.forEach(([side, units], i) => {
    world.columns.computeSide[i] = side;
    world.columns.computeQuantity[i] = units;
  });
  return world;
}

/** One day; `quotes` by agent and round, NO_QUOTE where there is none. Returns what was heard. */
function trade(
  world: MarketWorld,
  quotes: readonly (readonly number[])[],
  auction = new DoubleAuction(world.parameters.slots),
): Heard[] {
  const heard: Heard[] = [];
  const traders: ContinuousTraders<MarketWorld> = {
    quote: (_world, _tick, round, agent) => quotes[agent]?.[round] ?? NO_QUOTE,
    hear: (_world, _tick, shout, side, level, traded) => void heard.push([shout, side, level, traded]),
  };
  tradeContinuously(world, auction, () => traders, 0);
  return heard;
}

/** Asks rest in the first round; bids come in the second. */
const ASK = (level: number) => [level, level];
const LATE = (level: number) => [NO_QUOTE, level];

describe('the record of a trading day', () => {
  it('has what was bid for and offered, of those who live and have something to trade', () => {
    const world = bookWorld([
      [buy, 3],
      [sell, 25],
      [buy, 0],
      [none, 7],
      [sell, 4],
      [buy, 9],
    ]);
    const { columns } = world;
    columns.population[4] = FREE_SLOT;
    columns.orderFilled.fill(7);
    trade(world, []);
    expect([columns.scalar[WORLD.computeBid], columns.scalar[WORLD.computeOffered]]).toEqual([12, 20]);
    expect([...columns.orderSide]).toEqual([buy, sell, none, none, none, buy]);
    expect([...columns.orderQuantity]).toEqual([3, 20, 0, 0, 0, 9]);
    expect([...columns.orderFilled]).toEqual([0, 0, 0, 0, 0, 0]);
    expect(columns.scalar[WORLD.computeVolume]).toBe(0);
    expect(columns.total[TOTAL.computeVolume]).toBe(0);
  });

  it('has the book as it stood at the end, by side and level', () => {
    const world = bookWorld([
      [buy, 3],
      [buy, 2],
      [sell, 4],
      [sell, 5],
      [sell, 6],
    ]);
    trade(world, [ASK(10), ASK(10), ASK(50), ASK(60), ASK(60)]);
    const { bidHistogram, askHistogram } = world.columns;
    const levels = (histogram: Uint32Array): [number, number][] =>
      [...histogram.entries()].filter(([, units]) => units > 0);
    expect(levels(bidHistogram)).toEqual([[10, 5]]);
    expect(levels(askHistogram)).toEqual([
      [50, 4],
      [60, 11],
    ]);
    expect([...world.balances.token]).toEqual([10_000, 10_000, 10_000, 10_000, 10_000]);
    expect([...world.columns.compute]).toEqual([20, 20, 20, 20, 20]);
  });

  it('has what everybody filled, paid and received, fee apart, and moves prices by the mean price', () => {
    const world = bookWorld(
      [
        [sell, 2],
        [sell, 3],
        [buy, 4],
      ],
      {},
      1000,
    );
    const { columns, balances } = world;
    const treasury = balances.systemToken[SYSTEM.treasury]!;
    const [fast, slow] = [columns.scalar[WORLD.priceFast]!, columns.scalar[WORLD.priceSlow]!];
    const heard = trade(world, [ASK(49), ASK(99), LATE(149)]);
    // two at 50 and two at 100, a tenth of each in fees
    expect([...columns.orderFilled]).toEqual([2, 2, 4]);
    expect([...columns.computeFilled]).toEqual([2, 2, 4]);
    expect([...columns.computeAmount]).toEqual([90, 180, 300]);
    expect([...balances.token]).toEqual([10_090, 10_180, 9_700]);
    expect(balances.systemToken[SYSTEM.treasury]! - treasury).toBe(30);
    expect(columns.total[TOTAL.computeFees]).toBe(30);
    expect(balances.systemToken[SYSTEM.escrow]).toBe(0);
    expect([...columns.compute]).toEqual([18, 18, 24]);
    expect(columns.total[TOTAL.quoteSurplus]).toBe(2 * 100 + 2 * 50);
    expect(columns.total[TOTAL.computeVolume]).toBe(4);
    expect(columns.scalar[WORLD.computeVolume]).toBe(4);
    expect(columns.scalar[WORLD.computeLevel]).toBe(99);
    const mean = 75 * 256;
    expect(columns.scalar[WORLD.priceFast]).toBe(fast + Math.floor((mean - fast) / 8));
    expect(columns.scalar[WORLD.priceSlow]).toBe(slow + Math.floor((mean - slow) / 64));
    // the last of an order's fills is what everybody hears, in the order of the quotes
    expect(heard.filter(([, , , traded]) => traded).map(([, ...rest]) => rest)).toEqual([[buy, 99, true]]);
    expect(heard.map(([shout]) => shout)).toEqual([...heard.keys()]);
  });

  it('starts anew every day', () => {
    const world = bookWorld([
      [sell, 2],
      [buy, 2],
    ]);
    const auction = new DoubleAuction(2);
    trade(world, [ASK(49), LATE(99)], auction);
    expect([auction.volume, auction.paid]).toEqual([2, 100]);
    startTick(world, 1);
    expect(trade(world, [ASK(9), LATE(19)], auction)[0]![0]).toBe(0);
    expect([auction.volume, auction.paid]).toEqual([2, 20]);
    expect([auction.buyers, auction.sellers]).toEqual([0, 0]);
    expect(world.columns.total[TOTAL.computeVolume]).toBe(4);
    expect([...world.columns.compute]).toEqual([18, 22]);
    // nothing trades: prices stand
    startTick(world, 2);
    const fast = world.columns.scalar[WORLD.priceFast];
    trade(world, [], auction);
    expect(world.columns.scalar[WORLD.priceFast]).toBe(fast);
    expect([auction.volume, auction.paid]).toEqual([0, 0]);
    expect([auction.buyers, auction.sellers]).toEqual([1, 1]);
  });

  it('gives the surplus of a resting bid to the seller who came to it', () => {
    const world = bookWorld([
      [buy, 3],
      [sell, 2],
    ]);
    trade(world, [ASK(99), LATE(49)]);
    expect([...world.balances.token]).toEqual([9_800, 10_200]);
    expect(world.columns.total[TOTAL.quoteSurplus]).toBe(100);
    // what rests of the bid is on record and unlocked
    expect(world.columns.bidHistogram[99]).toBe(1);
    expect([...world.columns.compute]).toEqual([22, 18]);
  });

  it('tells of fills where somebody wants the tick, and only there', () => {
    const fillsOf = (wanted: boolean): number => {
      const world = bookWorld([
        [sell, 2],
        [buy, 2],
      ]);
      let fills = 0;
      const sink: TradeSink = { wants: () => wanted, fill: () => void fills++ };
      world.trades = sink;
      trade(world, [ASK(49), LATE(99)]);
      return fills;
    };
    expect(fillsOf(true)).toBe(1);
    expect(fillsOf(false)).toBe(0);
  });
});

describe('a trader at the book', () => {
  it('who leaves the table of prices leaves the book', () => {
    for (const beyond of [NO_QUOTE, 256, 1000]) {
      const world = bookWorld([
        [sell, 2],
        [buy, 2],
      ]);
      const heard = trade(world, [[49, beyond], []]);
      expect(heard).toEqual([[0, sell, 49, false]]);
      expect(world.columns.askHistogram.every((units) => units === 0)).toBe(true);
      expect([...world.columns.compute]).toEqual([20, 20]);
    }
  });

  it('may quote the first and the last level', () => {
    const world = bookWorld([
      [sell, 2],
      [buy, 2],
    ]);
    trade(world, [ASK(255), [0, 0]]);
    expect([world.columns.bidHistogram[0], world.columns.askHistogram[255]]).toEqual([2, 2]);
  });

  it('who cannot pay for a unit is not heard', () => {
    const world = bookWorld([
      [sell, 2],
      [buy, 2],
    ]);
    world.balances.token[1] = 99;
    expect(trade(world, [[], ASK(99)])).toEqual([]);
    world.balances.token[1] = 100;
    startTick(world, 1);
    expect(trade(world, [[], ASK(99)])[0]).toEqual([0, buy, 99, false]);
    expect(world.columns.bidHistogram[99]).toBe(1);
    expect(world.balances.token[1]).toBe(100);
  });

  it('who quotes another level takes its order back and what it locked', () => {
    const world = bookWorld([
      [buy, 4],
      [sell, 4],
    ]);
    const heard = trade(world, [
      [99, 49],
      [199, 149],
    ]);
    expect(heard).toHaveLength(4);
    expect([world.columns.bidHistogram[49], world.columns.bidHistogram[99]]).toEqual([4, 0]);
    expect([world.columns.askHistogram[149], world.columns.askHistogram[199]]).toEqual([4, 0]);
    expect([...world.balances.token]).toEqual([10_000, 10_000]);
    expect([...world.columns.compute]).toEqual([20, 20]);
  });

  it('who has traded all that it came with is not asked again, nor is anybody once a side is done', () => {
    const world = bookWorld(
      [
        [sell, 1],
        [sell, 1],
        [buy, 1],
        [buy, 1],
        [buy, 1],
      ],
      { doubleAuction: { enabled: true, rounds: 9 } },
    );
    const asked: [agent: number, round: number][] = [];
    const traders: ContinuousTraders<MarketWorld> = {
      quote: (_world, _tick, round, agent) => {
        asked.push([agent, round]);
        const level = [10, 10, 200, 200, 5][agent]!;
        // bids that cross come one round after the other
        return agent === 3 && round < 2 ? NO_QUOTE : agent === 2 && round < 1 ? NO_QUOTE : level;
      },
      hear: null,
    };
    tradeContinuously(world, new DoubleAuction(5), () => traders, 0);
    expect(Math.max(...asked.filter(([agent]) => agent === 2).map(([, round]) => round))).toBe(1);
    expect(Math.max(...asked.map(([, round]) => round))).toBe(2);
    expect([...world.columns.orderFilled]).toEqual([1, 1, 1, 1, 0]);
  });
});

describe('induced values at the book', () => {
  const induced = { induced: { enabled: true, redrawEvery: 0, unitsPerTrader: 3 } };

  it('are traded unit by unit, on the side and up to the units that were given', () => {
    const world = bookWorld(
      [
        [sell, 9],
        [buy, 9],
      ],
      { ...induced, doubleAuction: { enabled: true, rounds: 6 } },
    );
    drawInducedValues(world, 0);
    const { columns } = world;
    expect([...columns.inducedSide]).toEqual([buy, sell]);
    columns.inducedLevel.set([200, 20]);
    columns.scalar[WORLD.inducedEquilibrium] = 221;
    // a bid of two levels above the middle meets the ask that rests at it
    const quotes = [Array(6).fill(112), Array(6).fill(110)];
    const fills: number[] = [];
    world.trades = { wants: () => true, fill: (...[, , , , , units]) => void fills.push(units) };
    trade(world, quotes);
    expect(fills).toEqual([1, 1, 1]);
    expect([...columns.orderQuantity]).toEqual([3, 3]);
    expect([...columns.inducedUnits]).toEqual([0, 0]);
    expect(columns.total[TOTAL.inducedVolume]).toBe(3);
    expect(columns.total[TOTAL.inducedGains]).toBe(3 * 180);
    // at 110 the price is that of the equilibrium, at 112 four half levels above it
    expect(columns.total[TOTAL.inducedSquaredDeviation]).toBeLessThanOrEqual(3 * (4 / 221) ** 2 * 2 ** 20);
  });

  it('count in no world without them', () => {
    const world = bookWorld([
      [sell, 2],
      [buy, 2],
    ]);
    world.columns.inducedUnits.fill(5);
    trade(world, [ASK(49), LATE(99)]);
    expect([...world.columns.inducedUnits]).toEqual([5, 5]);
    expect(world.columns.total[TOTAL.inducedSquaredDeviation]).toBe(0);
  });
});
