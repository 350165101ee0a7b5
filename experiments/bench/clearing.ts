/** `darwin bench clearing`: the batch auction alone, on one thread, without a world around it. */
import { PRICE_LEVELS } from '../../configs/worldParameters.ts';
import { BatchAuction } from '../../market/batchAuction.ts';
import { SIDE } from '../../market/columns.ts';
import { UsageError } from '../../sim/core/errors.ts';
import { DrawSequence, draw, STREAM } from '../../sim/core/rng.ts';
import { type BenchOptions, type BenchRow, spreadOf, takeTurns } from './measure.ts';

/** Orders of an auction: a world of the standard size, and a large one. */
const SIZES = [256, 4096];
/** Different sets of orders, taken in turn, so that no branch predictor learns one by heart. */
const SETS = 64;
const ORDERS_PER_TURN = 2 ** 22;
const QUANTITY_MAX = 40;
const SEED = 1;

interface OrderSet {
  readonly side: Uint32Array;
  readonly level: Uint32Array;
  readonly quantity: Uint32Array;
}

/** Random orders whose sides overlap over half of the price table: about half of them trade. */
function drawOrders(orders: number, set: number): OrderSet {
  const draws = new DrawSequence().at(SEED, set, orders, STREAM.scripted);
  const side = new Uint32Array(orders);
  const level = new Uint32Array(orders);
  const quantity = new Uint32Array(orders);
  for (let i = 0; i < orders; i++) {
    side[i] = draws.below(2) === 0 ? SIDE.buy : SIDE.sell;
    level[i] = (PRICE_LEVELS >> 2) + draws.below(PRICE_LEVELS >> 1);
    quantity[i] = 1 + draws.below(QUANTITY_MAX);
  }
  return { side, level, quantity };
}

/** Auctions of one size, one after another. */
class AuctionContender {
  readonly orders: number;
  private readonly auction: BatchAuction;
  private readonly sets: readonly OrderSet[];
  private round = 0;

  constructor(orders: number) {
    this.orders = orders;
    this.auction = new BatchAuction(orders);
    this.sets = Array.from({ length: SETS }, (_, set) => drawOrders(orders, set));
  }

  /** Clears a turn's auctions, each with new orders; returns the orders cleared. */
  advance(): number {
    const auctions = Math.max(1, Math.floor(ORDERS_PER_TURN / this.orders));
    for (let a = 0; a < auctions; a++) {
      const { side, level, quantity } = this.sets[this.round % SETS]!;
      this.auction.quantity.set(quantity);
      this.auction.clear(side, level, draw(SEED, this.round++, 0, STREAM.computeRotation));
    }
    return auctions * this.orders;
  }
}

/** Measures the clearing of 256 and of 4,096 orders (or of `agents` orders), from orders to fills. */
export async function benchClearing({ agents, repeats = 7 }: BenchOptions = {}): Promise<BenchRow[]> {
  if (repeats < 1) throw new UsageError('a benchmark needs at least one repeat', '--repeats 7');
  const contenders = (agents === undefined ? SIZES : [agents]).map((orders) => new AuctionContender(orders));
  // the first turn of each compiles
  for (const contender of contenders) contender.advance();
  const rates = await takeTurns(contenders, repeats);
  return contenders.map(
    ({ orders }, k): BenchRow => ({
      name: `clearing ${orders}`,
      engine: 'cpu',
      threads: 1,
      agents: orders,
      worlds: 1,
      ordersPerSecond: spreadOf(rates[k]!),
      note: `batch auctions of ${orders} orders on ${PRICE_LEVELS} levels, about half of which trade`,
    }),
  );
}
