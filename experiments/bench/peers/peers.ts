/** `darwin bench peers`: how fast others do the same work on this machine, side by side with this program. */
import { note } from '../../terminal.ts';
import {
  type BenchOptions,
  type BenchRow,
  type FigureName,
  ratioOf,
  spreadOf,
  takeTurns,
} from '../measure.ts';
import { BristolProcess, bristolTraders, checkBristolFills, ownTraders } from './bristol.ts';
import { type PeerContender, warmUp } from './contender.ts';
import { openExchanges } from './exchange.ts';
import { openOrderBooks } from './orderBooks.ts';
import { makeOrderStream } from './orderStream.ts';

export interface PeerBenchOptions extends BenchOptions {
  /** About how long one turn of one program takes, milliseconds. Default 300. */
  readonly turnMs?: number;
  /** Traders of each market that is compared with BSE. Default 40 and 200. */
  readonly traders?: readonly number[];
  /** Orders of the stream that both books are fed. Default 50,000. */
  readonly orders?: number;
}

/** The same work by this program, in one way or several, and by another. */
interface Comparison {
  readonly name: string;
  readonly figure: FigureName;
  /** What one unit of it is. */
  readonly definition: string;
  readonly agents: number;
  readonly ours: readonly PeerContender[];
  readonly theirs: PeerContender;
}

const ORDER =
  'an order: one limit order, market order or cancellation put to a book with price-time priority, its fills known';
const AGENT_STEP =
  'an agent-step: one agent in one tick gives a unit of money, if it has one, to a random other; ours in whole ticks with all laws checked';
const TRADER_STEP =
  "a trader-step: one trader asked for its quote once, and the market cleared; BSE's turns without an order count, ours are whole ticks with all laws checked";

/** Times that every trader is asked in a tick: once, the dearest per step, and as often as BSE asks between new values. */
const ROUNDS = [1, 10];

/**
 * Times every peer beside this program, after both were seen to do the same; one that was not given is named on
 * standard error.
 *
 * @throws EnvironmentError when a peer is not installed or fails, UsageError when `bse` is no copy of BSE
 */
export async function benchPeers(options: PeerBenchOptions = {}): Promise<BenchRow[]> {
  const { bse, repeats = 7, turnMs = 300, traders = [40, 200], orders = 50_000, agents = 1000 } = options;
  // a wrong path is refused at once and not after the other comparisons
  const bristol = bse === undefined ? null : await BristolProcess.start(bse);
  const rows: BenchRow[] = [];
  try {
    const books = await openOrderBooks(makeOrderStream(orders));
    rows.push(
      ...(await compare(
        {
          name: 'order book',
          figure: 'ordersPerSecond',
          definition: `${ORDER}; ${books.fills} equal fills of ${orders} orders`,
          agents: 0,
          ...books,
        },
        repeats,
        turnMs,
      )),
      ...(await compare(
        {
          name: 'random exchange',
          figure: 'agentStepsPerSecond',
          definition: AGENT_STEP,
          agents,
          ...(await openExchanges(agents)),
        },
        repeats,
        turnMs,
      )),
    );
    if (bristol === null) {
      note(
        'left out: ZIC traders beside BSE (--bse PATH, a copy of github.com/davecliff/BristolStockExchange)',
      );
      return rows;
    }
    const fills = await checkBristolFills(bristol);
    for (const size of traders) {
      const comparison: Comparison = {
        name: `${size} ZIC traders`,
        figure: 'traderStepsPerSecond',
        definition: `${TRADER_STEP}; ${fills} equal fills of unit orders`,
        agents: size,
        ours: ROUNDS.map((rounds) => ownTraders(size, rounds)),
        theirs: bristolTraders(bristol, size),
      };
      rows.push(...(await compare(comparison, repeats, turnMs)));
    }
    return rows;
  } finally {
    bristol?.close();
  }
}

async function compare(comparison: Comparison, repeats: number, turnMs: number): Promise<BenchRow[]> {
  const { name, figure, definition, agents, ours, theirs } = comparison;
  const contenders = [...ours, theirs];
  const amounts: number[] = [];
  for (const contender of contenders) amounts.push(await warmUp(contender, turnMs));
  const rates = await takeTurns(
    contenders.map(({ work }, k) => ({ advance: () => work(amounts[k]!) })),
    repeats,
  );
  return contenders.map(
    ({ engine, startMs }, k): BenchRow => ({
      name: `${name}: ${engine}`,
      engine,
      threads: 1,
      agents,
      worlds: 1,
      [figure]: spreadOf(rates[k]!),
      startMs,
      note: definition,
      ...(k < ours.length ? { ratio: ratioOf(rates[k]!, rates.at(-1)!), ratioTo: theirs.engine } : {}),
    }),
  );
}
