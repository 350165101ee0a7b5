import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PRICE_LEVELS } from '../../configs/worldParameters.ts';
import { checkBoughtSold, checkComputeUse } from '../auctionLaws.ts';
import { startTick } from '../circulation.ts';
import { type MarketWorld, SIDE, SYSTEM, TOTAL, WORLD } from '../columns.ts';
import { checkBalances, checkConservation, checkEscrow } from '../laws.ts';
import { testWorld } from '../testWorld.ts';
import type { TradeSink } from '../trades.ts';
import { type ContinuousTraders, DoubleAuction, NO_QUOTE, tradeContinuously } from './doubleAuction.ts';
import { NO_ASK, NO_BID } from './orderBook.ts';

const { buy, sell, none } = SIDE;
type Fill = { buyer: number; seller: number; quantity: number; price: number };
type Shout = { side: number; level: number; traded: boolean };

/** A linear table: level k costs k + 1 milli-token. */
const PRICES = { priceMin: 0.001, priceMax: 0.256, feeBps: 0 };

interface Day {
  readonly world: MarketWorld;
  readonly auction: DoubleAuction;
  readonly fills: Fill[];
  readonly shouts: Shout[];
}

/**
 * One trading day.
 *
 * @param intents side and units of each slot
 * @param quote level of a visit; may look into the auction
 */
function playDay(
  intents: readonly (readonly [side: number, units: number])[],
  quote: (agent: number, round: number, day: Day) => number,
  {
    rounds = 1,
    clearBookAtTrade = false,
    feeBps = 0,
    token = 10,
    capacity = 20,
    seed = 1,
    onShout = (_day: Day): void => {},
  } = {},
): Day {
  const world = testWorld({
    slots: intents.length,
    seed,
    world: {
      genesis: { token, cash: 0, capacity },
      hardware: { enabled: false },
      computeMarket: { ...PRICES, feeBps },
      doubleAuction: { enabled: true, rounds, clearBookAtTrade },
    },
  });
  const day: Day = { world, auction: new DoubleAuction(intents.length), fills: [], shouts: [] };
  const sink: TradeSink = {
    wants: () => true,
    fill: (_tick, _market, buyer, seller, _class, quantity, price) => {
      day.fills.push({ buyer, seller, quantity, price });
    },
  };
  world.trades = sink;
  startTick(world, 0);
  intents.forEach(([side, units], i) => {
    world.columns.computeSide[i] = side;
    world.columns.computeQuantity[i] = units;
  });
  const traders: ContinuousTraders<MarketWorld> = {
    quote: (_world, _tick, round, agent) => quote(agent, round, day),
    hear: (_world, _tick, _shout, side, level, traded) => {
      day.shouts.push({ side, level, traded });
      onShout(day);
    },
  };
  tradeContinuously(world, day.auction, () => traders, 0);
  return day;
}

const escrowOf = ({ world }: Day): number => world.balances.systemToken[SYSTEM.escrow]!;
const checkLaws = ({ world }: Day): void => {
  for (const check of [checkConservation, checkBalances, checkEscrow, checkComputeUse, checkBoughtSold])
    check(world);
};

describe('a trading day', () => {
  it('moves token one way and compute the other, at the resting price', () => {
    // the ask of slot 1 rests from round 0; the bid of slot 0 comes in round 1
    const day = playDay(
      [
        [buy, 3],
        [sell, 3],
      ],
      (agent, round) => (agent === 1 ? 99 : round === 0 ? NO_QUOTE : 149),
      { rounds: 2 },
    );
    expect(day.fills).toEqual([{ buyer: 0, seller: 1, quantity: 3, price: 100 }]);
    expect([...day.world.balances.token]).toEqual([10_000 - 300, 10_000 + 300]);
    expect([...day.world.columns.compute]).toEqual([23, 17]);
    expect([...day.world.columns.computeAmount]).toEqual([300, 300]);
    expect(day.world.columns.total[TOTAL.quoteSurplus]).toBe(150);
    expect(day.world.columns.scalar[WORLD.computeVolume]).toBe(3);
    checkLaws(day);
  });

  it('takes the fee from the seller, rounded down', () => {
    const day = playDay(
      [
        [buy, 3],
        [sell, 3],
      ],
      () => 32, // 33 milli-token a unit
      { feeBps: 250 },
    );
    // 2.5 % of 99 is 2.475
    expect([...day.world.balances.token]).toEqual([10_000 - 99, 10_000 + 97]);
    checkLaws(day);
  });

  it('locks token in escrow and compute while orders rest, and frees both when they are cancelled', () => {
    const seen: number[][] = [];
    const day = playDay(
      [
        [buy, 4],
        [sell, 5],
      ],
      (agent, round) => (round === 0 ? (agent === 0 ? 9 : 19) : NO_QUOTE),
      {
        rounds: 2,
        onShout: ({ world, shouts, ...rest }) => {
          if (shouts.length === 2)
            seen.push([
              escrowOf({ world, shouts, ...rest }),
              world.balances.token[0]!,
              world.columns.compute[1]!,
            ]);
        },
      },
    );
    expect(seen).toEqual([[40, 9_960, 15]]);
    expect(escrowOf(day)).toBe(0);
    expect([...day.world.balances.token]).toEqual([10_000, 10_000]);
    expect([...day.world.columns.compute]).toEqual([20, 20]);
    expect(day.fills).toEqual([]);
    checkLaws(day);
  });

  it('cuts an order to what its owner can pay for or deliver', () => {
    const day = playDay(
      [
        [buy, 30],
        [sell, 30],
      ],
      () => 99,
      { token: 0.25, capacity: 7 },
    );
    // 250 milli-token buy two units at 100
    expect(day.fills).toEqual([{ buyer: 0, seller: 1, quantity: 2, price: 100 }]);
    expect(day.world.columns.orderQuantity[1]).toBe(7);
    checkLaws(day);
  });

  it('keeps the place in the queue of an order that is only repeated', () => {
    // two asks at one level, repeated in every round; in round 5 the older of them is hit
    const first = new Set<number>();
    const day = playDay(
      [
        [buy, 1],
        [sell, 1],
        [sell, 1],
      ],
      (agent, round) => {
        if (agent !== 0 && first.size === 0) first.add(agent);
        if (agent === 0) return round < 5 ? NO_QUOTE : 50;
        return 50;
      },
      { rounds: 6 },
    );
    expect(day.fills.map(({ seller }) => seller)).toEqual([...first]);
  });

  it('clears the whole book at each trade where the config says so', () => {
    const counts = (clearBookAtTrade: boolean): number => {
      let resting = -1;
      playDay(
        [
          [sell, 1],
          [sell, 1],
          [sell, 1],
          [buy, 1],
        ],
        (agent, round) => (agent === 3 ? (round === 0 ? NO_QUOTE : 200) : 100 + agent),
        {
          rounds: 2,
          clearBookAtTrade,
          onShout: ({ auction, shouts }) => {
            if (shouts.at(-1)!.traded) resting = auction.book.count;
          },
        },
      );
      return resting;
    };
    expect(counts(true)).toBe(0);
    expect(counts(false)).toBe(2);
  });

  it('draws the order of arrival anew in each round, the same for the same seed', () => {
    const arrivals = (seed: number): number[][] => {
      const rounds: number[][] = [];
      playDay(
        Array.from({ length: 12 }, (_, i) => [i % 2 === 0 ? buy : sell, 1] as const),
        (agent, round) => {
          rounds[round] ??= [];
          rounds[round].push(agent);
          return NO_QUOTE;
        },
        { rounds: 3, seed },
      );
      return rounds;
    };
    const [a, b] = arrivals(1);
    expect([...a!].sort((x, y) => x - y)).toEqual(Array.from({ length: 12 }, (_, i) => i));
    expect(a).not.toEqual(b);
    expect(arrivals(1)).toEqual(arrivals(1));
    expect(arrivals(2)).not.toEqual(arrivals(1));
  });

  it('ends when one side has nothing left to trade', () => {
    let visits = 0;
    playDay(
      [
        [buy, 1],
        [sell, 1],
        [sell, 1],
      ],
      (agent) => {
        visits++;
        return agent === 0 ? 200 : 10;
      },
      { rounds: 1000 },
    );
    expect(visits).toBeLessThanOrEqual(6);
  });

  it('tells of every quote, with the price where it traded', () => {
    const { shouts } = playDay(
      [
        [buy, 1],
        [sell, 1],
      ],
      (agent, round) => (agent === 1 ? 40 : round === 0 ? NO_QUOTE : 60),
      { rounds: 2 },
    );
    // in round 1 the ask may be repeated before the bid comes
    expect(shouts[0]).toEqual({ side: sell, level: 40, traded: false });
    expect(shouts.at(-1)).toEqual({ side: buy, level: 40, traded: true });
  });

  it('does nothing where the config does not ask for it', () => {
    const world = testWorld({ slots: 2, world: { computeMarket: PRICES } });
    startTick(world, 0);
    world.columns.computeSide.set([buy, sell]);
    world.columns.computeQuantity.set([1, 1]);
    const never: ContinuousTraders<MarketWorld> = {
      quote: () => {
        throw new Error('asked for a quote');
      },
      hear: () => {},
    };
    tradeContinuously(world, new DoubleAuction(0), () => never, 0);
    expect(world.columns.scalar[WORLD.computeVolume]).toBe(0);
  });

  it('conserves money and compute, never crosses the book, never fills beyond a limit or an order', () => {
    const intents = fc.array(fc.tuple(fc.constantFrom(buy, sell, none), fc.nat(25)), {
      minLength: 2,
      maxLength: 12,
    });
    const quotes = fc.array(fc.integer({ min: -1, max: PRICE_LEVELS }), { minLength: 1, maxLength: 60 });
    fc.assert(
      fc.property(
        intents,
        quotes,
        fc.boolean(),
        fc.nat(500),
        fc.nat(400),
        (sides, levels, clearBookAtTrade, feeBps, tokenMilli) => {
          let next = 0;
          const day = playDay(sides, () => levels[next++ % levels.length]!, {
            rounds: 6,
            clearBookAtTrade,
            feeBps,
            token: tokenMilli / 1000,
            onShout: ({ auction, world }) => {
              checkConservation(world);
              const { bestBid, bestAsk } = auction.book;
              if (bestBid !== NO_BID && bestAsk !== NO_ASK) expect(bestBid).toBeLessThan(bestAsk);
            },
          });
          checkLaws(day);
          const { columns, parameters } = day.world;
          for (const { seller, buyer, price } of day.fills) {
            expect(columns.orderSide[buyer]).toBe(buy);
            expect(columns.orderSide[seller]).toBe(sell);
            expect(parameters.computeMarket.priceTable).toContain(price);
          }
          sides.forEach(([side, units], i) => {
            expect(columns.orderFilled[i]).toBeLessThanOrEqual(columns.orderQuantity[i]!);
            expect(columns.orderQuantity[i]).toBeLessThanOrEqual(units);
            const bought = side === buy ? columns.orderFilled[i]! : -columns.orderFilled[i]!;
            expect(columns.compute[i]).toBe(columns.opened[i]! + (side === none ? 0 : bought));
          });
        },
      ),
      { numRuns: 60 },
    );
  });

  it('fills each unit within the limits that its traders quoted last', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(PRICE_LEVELS - 1), { minLength: 8, maxLength: 8 }), (levels) => {
        const day = playDay(
          levels.map((_, i) => [i % 2 === 0 ? buy : sell, 3] as const),
          (agent) => levels[agent]!,
          { rounds: 3 },
        );
        const { priceTable } = day.world.parameters.computeMarket;
        for (const { buyer, seller, price } of day.fills) {
          expect(price).toBeLessThanOrEqual(priceTable[levels[buyer]!]!);
          expect(price).toBeGreaterThanOrEqual(priceTable[levels[seller]!]!);
        }
        // nobody is left who would trade with anybody else who is left
        const left = (side: number): number[] =>
          levels.filter(
            (_, i) =>
              day.world.columns.orderSide[i] === side &&
              day.world.columns.orderFilled[i]! < day.world.columns.orderQuantity[i]!,
          );
        expect(Math.max(-1, ...left(buy))).toBeLessThan(Math.min(PRICE_LEVELS, ...left(sell)));
      }),
    );
  });
});
