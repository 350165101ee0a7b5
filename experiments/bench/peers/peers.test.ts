import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import * as flocc from 'flocc';
import * as peer from 'nodejs-order-book';
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest';
import { NO_ORDER, OrderBook } from '../../../market/classic/orderBook.ts';
import { EnvironmentError, MismatchError, UsageError } from '../../../sim/core/errors.ts';
import { gini } from '../../validate/exchange.ts';
import { BristolProcess, checkBristolFills, ownTraders, unitOrders } from './bristol.ts';
import { type PeerContender, warmUp } from './contender.ts';
import { floccEconomy, loadFlocc, MEAN_MONEY, ownEconomy } from './exchange.ts';
import { compareFills, loadOrderBookPeer, namesOf, playOurs, playTheirs } from './orderBooks.ts';
import { type Fill, makeOrderStream, ORDER } from './orderStream.ts';
import { benchPeers } from './peers.ts';

const directory = mkdtempSync(join(tmpdir(), 'darwin-peers-'));
afterAll(() => rmSync(directory, { recursive: true }));
afterEach(() => {
  vi.doUnmock('flocc');
  vi.doUnmock('nodejs-order-book');
});

const streams = fc.record({
  length: fc.integer({ min: 1, max: 600 }),
  depth: fc.integer({ min: 1, max: 60 }),
  seed: fc.nat(2 ** 31),
});

const ourFills = (stream: ReturnType<typeof makeOrderStream>): Fill[] => {
  const fills: Fill[] = [];
  playOurs(stream, new OrderBook(stream.depth), new Int32Array(stream.length).fill(NO_ORDER), fills);
  return fills;
};

describe('the stream of orders', () => {
  it('is the same for the same seed, and has orders of all kinds that fill one another', () => {
    const stream = makeOrderStream(2000, 100, 7);
    expect(makeOrderStream(2000, 100, 7)).toEqual(stream);
    const count = (kind: number): number => stream.kind.filter((k) => k === kind).length;
    for (const kind of Object.values(ORDER)) expect(count(kind)).toBeGreaterThan(100);
    expect(ourFills(stream).length).toBeGreaterThan(300);
  });

  it('never fills a book beyond its depth and cancels only what still rests', () => {
    fc.assert(
      fc.property(streams, ({ length, depth, seed }) => {
        const stream = makeOrderStream(length, depth, seed);
        // by the fills alone, without asking a book
        const left = new Map<number, number>();
        const fills = ourFills(stream);
        let at = 0;
        for (let k = 0; k < length; k++) {
          if (stream.kind[k] === ORDER.cancel) expect(left.delete(stream.target[k]!)).toBe(true);
          let wanted = stream.quantity[k]!;
          for (; at < fills.length && fills[at]![0] === k; at++) {
            const [, maker, , quantity] = fills[at]!;
            const rest = left.get(maker)! - quantity;
            expect(rest).toBeGreaterThanOrEqual(0);
            if (rest === 0) left.delete(maker);
            else left.set(maker, rest);
            wanted -= quantity;
          }
          if (stream.kind[k] === ORDER.limit && wanted > 0) left.set(k, wanted);
          expect(left.size).toBeLessThanOrEqual(depth);
        }
        expect(at).toBe(fills.length);
      }),
    );
  });
});

describe('order books side by side', () => {
  it('make the same fills of any stream', () => {
    fc.assert(
      fc.property(streams, ({ length, depth, seed }) => {
        const stream = makeOrderStream(length, depth, seed);
        const theirs: Fill[] = [];
        playTheirs(stream, new peer.OrderBook(), peer.Side, namesOf(stream), theirs);
        expect(ourFills(stream)).toEqual(theirs);
      }),
      { numRuns: 30 },
    );
  });

  it('are refused with the first fill that differs, or that one of them lacks', () => {
    const fills: Fill[] = [
      [3, 1, 10, 2],
      [4, 2, 11, 5],
    ];
    expect(compareFills('other', fills, structuredClone(fills))).toBe(2);
    expect(() => compareFills('other', fills, [fills[0]!, [4, 2, 11, 4]])).toThrow(
      new MismatchError(
        'fill 1: ours order 4 takes 5 of order 2 at level 11, other order 4 takes 4 of order 2 at level 11',
      ),
    );
    expect(() => compareFills('other', fills, [fills[0]!])).toThrow(/fill 1: .* other none/);
    expect(() => compareFills('other', [], [fills[0]!])).toThrow(/fill 0: ours none/);
  });
});

describe('exchange economies side by side', () => {
  const AGENTS = 100;
  const TICKS = 400;
  /** 4 standard deviations of the Gini coefficient of exponential holdings of so many agents. */
  const TOLERANCE = 4 / Math.sqrt(12 * (AGENTS - 1));
  const EXPECTED = (1 + MEAN_MONEY) / (1 + 2 * MEAN_MONEY);

  it('keep the money and spread it alike', () => {
    flocc.utils.seed(1);
    const environment = floccEconomy(flocc, AGENTS);
    environment.tick(TICKS);
    const theirs = Uint32Array.from(environment.getAgents(), (agent) => agent.get('money'));
    const shard = ownEconomy(AGENTS);
    shard.advance(TICKS);
    const ours = [...shard.inside()][0]!.balances.cash;
    for (const money of [ours, theirs]) {
      expect(money.reduce((a, b) => a + b, 0)).toBe(AGENTS * MEAN_MONEY);
      expect(Math.abs(gini(money) - EXPECTED)).toBeLessThan(TOLERANCE);
    }
  });
});

describe('a peer that is not installed', () => {
  it('is named with what to do', async () => {
    const missing = (): never => {
      throw new Error('Cannot find package');
    };
    vi.doMock('flocc', missing);
    vi.doMock('nodejs-order-book', missing);
    await expect(loadFlocc()).rejects.toThrow(EnvironmentError);
    await expect(loadFlocc()).rejects.toThrow('development dependency flocc');
    await expect(loadOrderBookPeer()).rejects.toThrow('development dependency nodejs-order-book');
  });
});

describe('our market of ZIC traders', () => {
  it('counts a step for every quote: all traders once where they are asked once a tick', async () => {
    expect((await ownTraders(40, 1).work(2)).units).toBe(2 * 20 * 40);
  });

  it('counts more than one and at most as many steps a trader as it has rounds', async () => {
    const { units } = await ownTraders(40, 10).work(2);
    expect(units).toBeGreaterThan(2 * 20 * 40);
    expect(units).toBeLessThan(10 * 2 * 20 * 40);
  });
});

/** The interface of BSE that the driver uses, with a book that rests nothing and so fills nothing. */
const STAND_IN = `
class Order:
    def __init__(self, *fields):
        self.fields = fields
class Exchange:
    def process_order(self, time, order, tape, verbose):
        return None
def market_session(name, start, end, traders, orders, dumps, verbose):
    assert not any(dumps.values()) and traders['buyers'] == [('ZIC', 20)]
`;
const hasPython = spawnSync('python3', ['--version']).status === 0;

describe('the Bristol Stock Exchange', () => {
  const put = (name: string, text: string): string => {
    const place = join(directory, name);
    mkdirSync(place, { recursive: true });
    writeFileSync(join(place, 'BSE.py'), text);
    return place;
  };

  it('is refused in one line where it is not', async () => {
    const nowhere = join(directory, 'nowhere');
    await expect(BristolProcess.start(nowhere)).rejects.toThrow(UsageError);
    await expect(benchPeers({ bse: nowhere })).rejects.toThrow(`there is no ${nowhere}`);
    const other = join(directory, 'other.py');
    writeFileSync(other, '');
    await expect(BristolProcess.start(other)).rejects.toThrow('is not BSE.py');
  });

  it('needs Python', async () => {
    const place = put('stand-in', STAND_IN);
    await expect(BristolProcess.start(place, 'no-such-python')).rejects.toThrow('needs no-such-python');
  });

  it.skipIf(!hasPython)('says why it cannot be loaded', async () => {
    const place = put('broken', 'raise ValueError("not today")');
    await expect(BristolProcess.start(place)).rejects.toThrow('BSE ended early: ValueError: not today');
  });

  it.skipIf(!hasPython)(
    'counts the turns of its sessions, and is refused when it fills otherwise',
    async () => {
      const bse = await BristolProcess.start(join(put('stand-in', STAND_IN), 'BSE.py'));
      try {
        const { units, ms } = await bse.ask({ traders: 40, seconds: 2, seed: 1 });
        // a turn is 1/40 s in sums of doubles
        expect([80, 81]).toContain(units);
        expect(ms).toBeGreaterThanOrEqual(0);
        await expect(checkBristolFills(bse)).rejects.toThrow(/fill 0: ours .* BSE none/);
      } finally {
        bse.close();
      }
    },
  );

  it('is compared by limit orders of one unit alone', () => {
    const units = unitOrders(makeOrderStream(500));
    expect(units.length).toBeGreaterThan(200);
    expect(units.kind.every((kind) => kind === ORDER.limit)).toBe(true);
    expect(units.quantity.every((quantity) => quantity === 1)).toBe(true);
    expect(ourFills(units).length).toBeGreaterThan(10);
  });
});

describe('the warm-up of a contender', () => {
  it('is not deceived by a slow start', async () => {
    let calls = 0;
    const contender: PeerContender = {
      engine: 'late',
      startMs: 0,
      work: (amount) => ({ units: amount, ms: calls++ === 0 ? 1000 : amount }),
    };
    expect(await warmUp(contender, 100)).toBeGreaterThanOrEqual(50);
  });

  it('ends with an amount of work that takes at least half a turn, and not many turns', async () => {
    const contender: PeerContender = {
      engine: 'steady',
      startMs: 0,
      work: (amount) => ({ units: amount, ms: amount * 0.01 }),
    };
    const amount = await warmUp(contender, 100);
    expect(amount * 0.01).toBeGreaterThanOrEqual(50);
    expect(amount * 0.01).toBeLessThan(400);
  });
});

describe('the benchmark of peers', () => {
  it('gives each program a row in every comparison, and ours the ratio to theirs', async () => {
    const rows = await benchPeers({ repeats: 2, turnMs: 1, orders: 400, agents: 20 });
    expect(rows.map(({ name }) => name)).toEqual([
      'order book: darwin-market',
      'order book: nodejs-order-book',
      'random exchange: darwin-market',
      'random exchange: flocc',
    ]);
    for (const row of rows) {
      const { median, min, max } = (row.ordersPerSecond ?? row.agentStepsPerSecond)!;
      expect(min).toBeGreaterThan(0);
      expect(median).toBeGreaterThanOrEqual(min);
      expect(max).toBeGreaterThanOrEqual(median);
      expect(row.note).toMatch(/^an? /);
    }
    expect(rows.map(({ ratioTo }) => ratioTo)).toEqual(['nodejs-order-book', undefined, 'flocc', undefined]);
  });
});
