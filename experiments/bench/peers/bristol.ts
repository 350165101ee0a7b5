/**
 * Zero-intelligence traders at a continuous double auction, beside the Bristol Stock Exchange (BSE; D. Cliff,
 * arXiv:1809.06027), a Python program that the user supplies: it runs in a process of its own, as its authors
 * wrote it, and takes its time itself.
 */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import process from 'node:process';
import { createInterface } from 'node:readline';
import { parseConfig } from '../../../configs/parse.ts';
import { NO_ORDER, OrderBook } from '../../../market/classic/orderBook.ts';
import { SIDE } from '../../../market/columns.ts';
import { EnvironmentError, UsageError } from '../../../sim/core/errors.ts';
import { Shard } from '../../../sim/shard.ts';
import { type TickHooks, tick as tickOnce } from '../../../sim/tick.ts';
import { BLANK_WORLD, QUIET_OUTPUT } from '../../validate/case.ts';
import { type PeerContender, timed } from './contender.ts';
import { compareFills, playOurs } from './orderBooks.ts';
import { type Fill, makeOrderStream, ORDER, type OrderStream } from './orderStream.ts';

/** Price levels 0..255 cost 1..256 milli-token here and 1..256 pence there. */
const PRICE_MAX = 256;

/**
 * Answers one JSON line with another. A session's steps are counted by the same sums of time as its own loop makes;
 * values and costs are evenly spaced, and new ones arrive every 10 seconds by its default, `drip-poisson`.
 */
const DRIVER = `
import json, random, sys, time
import BSE
BSE.bse_sys_maxprice = ${PRICE_MAX}
print(json.dumps({'ready': True}), flush=True)
QUIET = dict.fromkeys(('dump_blotters', 'dump_lobs', 'dump_strats', 'dump_avgbals', 'dump_tape'), False)

def session(traders, seconds):
    schedule = [{'from': 0.0, 'to': seconds, 'ranges': [(1, ${PRICE_MAX})], 'stepmode': 'fixed'}]
    orders = {'sup': schedule, 'dem': schedule, 'interval': 10, 'timemode': 'drip-poisson'}
    half = [('ZIC', traders // 2)]
    start = time.perf_counter()
    BSE.market_session('bench', 0.0, seconds, {'sellers': half, 'buyers': half, 'proptraders': []}, orders, QUIET, False)
    ms = (time.perf_counter() - start) * 1000
    steps, now = 0, 0.0
    while now < seconds:
        steps += 1
        now += 1.0 / float(traders)
    return {'units': steps, 'ms': ms}

def fills(orders):
    exchange, found = BSE.Exchange(), []
    for k, (side, price) in enumerate(orders):
        order = BSE.Order(k, side, price, 1, float(k), 0)
        trade = exchange.process_order(float(k), order, None, False)
        if trade is not None:
            found.append([k, trade['party1'], trade['price'] - 1, 1])
    return {'fills': found}

for line in sys.stdin:
    asked = json.loads(line)
    if 'seed' in asked:
        random.seed(asked['seed'])
    print(json.dumps(fills(asked['orders']) if 'orders' in asked else session(asked['traders'], float(asked['seconds']))), flush=True)
`;

/** What the driver says: that it is ready, how long a session took, or the fills of a list of orders. */
interface BristolAnswer {
  readonly ready?: boolean;
  readonly units?: number;
  readonly ms?: number;
  readonly fills?: readonly Fill[];
}

/** The process that runs the peer; answers in the order of the questions. */
export class BristolProcess {
  readonly startMs: number;
  private readonly child: ChildProcessWithoutNullStreams;
  private readonly lines: AsyncIterator<string>;
  private readonly stderr: string[];

  private constructor(
    child: ChildProcessWithoutNullStreams,
    lines: AsyncIterator<string>,
    stderr: string[],
    startMs: number,
  ) {
    this.child = child;
    this.lines = lines;
    this.stderr = stderr;
    this.startMs = startMs;
  }

  /**
   * Starts Python with BSE loaded.
   *
   * @param path BSE.py or the directory that holds it
   * @throws UsageError when it is not there, EnvironmentError when it cannot be run
   */
  static async start(path: string, python = 'python3'): Promise<BristolProcess> {
    const directory = directoryOf(path);
    const from = performance.now();
    const child = spawn(python, ['-B', '-c', DRIVER], {
      stdio: 'pipe',
      env: { ...process.env, PYTHONPATH: directory },
    });
    const stderr: string[] = [];
    child.stderr.setEncoding('utf8').on('data', (text: string) => stderr.push(text));
    // a process that ends early breaks the pipe; the missing answer says so
    child.stdin.on('error', () => {});
    const failed = new Promise<never>((_, reject) => {
      child.once('error', (cause) =>
        reject(
          new EnvironmentError(`comparing with BSE needs ${python}: ${cause.message}`, 'install Python 3', {
            cause,
          }),
        ),
      );
    });
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    const opened = new BristolProcess(child, lines, stderr, performance.now() - from);
    await Promise.race([opened.answer(), failed]);
    return new BristolProcess(child, lines, stderr, performance.now() - from);
  }

  /** Sends a question; returns its answer. */
  async ask(question: object): Promise<BristolAnswer> {
    this.child.stdin.write(`${JSON.stringify(question)}\n`);
    return await this.answer();
  }

  close(): void {
    this.child.stdin.end();
  }

  private async answer(): Promise<BristolAnswer> {
    const { value, done } = await this.lines.next();
    if (!done) return JSON.parse(value as string) as BristolAnswer;
    const last = this.stderr.join('').trim().split('\n').at(-1) ?? '';
    throw new EnvironmentError(
      `BSE ended early${last === '' ? '' : `: ${last}`}`,
      'try it by itself: python3 BSE.py',
    );
  }
}

function directoryOf(path: string): string {
  const file = existsSync(path) && statSync(path).isDirectory() ? resolve(path, 'BSE.py') : resolve(path);
  if (!existsSync(file))
    throw new UsageError(`there is no ${file}`, 'give the directory of BristolStockExchange with --bse');
  if (!file.endsWith('BSE.py')) throw new UsageError(`${path} is not BSE.py`, '--bse PATH/TO/BSE.py');
  return dirname(file);
}

/** The limit orders of a stream, one unit each: BSE's orders are of one unit, and all of its orders rest. */
export function unitOrders(stream: OrderStream): OrderStream {
  const entries = [...stream.kind.keys()].filter((k) => stream.kind[k] === ORDER.limit);
  return {
    length: entries.length,
    kind: new Uint8Array(entries.length),
    side: Uint8Array.from(entries, (k) => stream.side[k]!),
    level: Uint32Array.from(entries, (k) => stream.level[k]!),
    quantity: new Uint32Array(entries.length).fill(1),
    target: new Int32Array(entries.length),
    depth: entries.length,
  };
}

/** Orders of the comparison of fills: BSE builds its book anew from all resting orders at each of them. */
const CHECKED_ORDERS = 400;

/**
 * Compares the fills of one-unit limit orders, each by a trader of its own, in BSE's exchange and in our book.
 *
 * @returns how many fills there are
 * @throws MismatchError with the first fill that differs
 */
export async function checkBristolFills(bse: BristolProcess): Promise<number> {
  const stream = unitOrders(makeOrderStream(CHECKED_ORDERS));
  const fills: Fill[] = [];
  playOurs(stream, new OrderBook(stream.depth), new Int32Array(stream.length).fill(NO_ORDER), fills);
  const orders = Array.from(stream.level, (level, k) => [
    stream.side[k] === SIDE.buy ? 'Bid' : 'Ask',
    level + 1,
  ]);
  return compareFills('BSE', fills, (await bse.ask({ orders })).fills ?? []);
}

/**
 * Seconds of a session that are one portion of work; a trader comes about once a second. The first orders arrive over
 * the first ten seconds, in which BSE has little to do: a session of thirty has the book of a market under way.
 */
const SESSION_SECONDS = 30;

/** BSE with `traders` ZIC traders; a unit of work is one turn of its loop. */
export function bristolTraders(bse: BristolProcess, traders: number): PeerContender {
  let seed = 0;
  return {
    engine: 'BSE',
    startMs: bse.startMs,
    async work(amount) {
      const { units = 0, ms = 0 } = await bse.ask({
        traders,
        seconds: SESSION_SECONDS * amount,
        seed: seed++,
      });
      return { units, ms };
    },
  };
}

/** One market of `traders` ZIC traders of ours: whole ticks of a world, all laws checked. */
function marketOf(traders: number, rounds: number): Shard {
  const run = parseConfig(
    JSON.stringify({
      seed: 'peers',
      ticks: 1_000_000_000,
      worlds: 1,
      slots: traders,
      output: QUIET_OUTPUT,
      world: {
        ...BLANK_WORLD,
        // who buys spends for as long as the benchmark takes
        genesis: { token: 200_000, cash: 0, capacity: 1 },
        computeMarket: { enabled: true, priceMin: 0.001, priceMax: PRICE_MAX / 1000, feeBps: 0 },
        induced: { enabled: true, schedule: 'even', redrawEvery: 1, renewEvery: 1 },
        doubleAuction: { enabled: true, rounds },
      },
      populations: [{ name: 'traders', kind: 'ziC' }],
    }),
    { file: 'benchmark' },
  );
  return new Shard(run, [0]);
}

const QUIET_HOOKS: TickHooks = { laws: null, afterPhase: null };

/** Ticks that are one portion of work. */
const TICKS = 20;

/**
 * Our market of `traders` ZIC traders; a unit of work is one trader asked for its quote and that quote put to the
 * book. Units are counted by a second market of the same seed, off the clock.
 *
 * @param rounds times a tick that every trader with a unit left is asked
 */
export function ownTraders(traders: number, rounds: number): PeerContender {
  const { made: shard, ms: startMs } = timed(() => marketOf(traders, rounds));
  const counted = marketOf(traders, rounds);
  const [world] = [...counted.inside()];
  let tick = 0;
  return {
    engine: `darwin-market, ${rounds === 1 ? 'asked once' : `asked up to ${rounds} times`} a tick`,
    startMs,
    work(amount) {
      tick += amount * TICKS;
      const { ms } = timed(() => shard.advance(tick));
      let units = 0;
      while (world!.tick < tick) {
        tickOnce(world!, QUIET_HOOKS);
        units += world!.doubleAuction.shouts;
      }
      return { units, ms };
    },
  };
}
