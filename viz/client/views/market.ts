/** The markets from near: the auction of the tick, services by class, the pool and trust. */
import type { TableFrame } from '../../tableFrame.ts';
import { Board } from '../board.ts';
import { Auction } from '../charts/auction.ts';
import { Depth } from '../charts/depth.ts';
import { type Line, type LinePanel, Lines } from '../charts/lines.ts';
import { PoolCurve } from '../charts/poolCurve.ts';
import type { PageContext, View } from '../context.ts';
import { cellsOf, columnOf, DataError } from '../data.ts';
import { inSelection } from '../lives.ts';
import { Orders } from '../orders.ts';
import { HEIGHT, metric, panel, seriesFigure } from './seriesFigures.ts';

const TALL = 300;
const CLASSES = [0, 1, 2, 3];
const REFRESH_MS = 4000;

/** Fills of the service market by class: tasks sold and mean price at each recorded tick, mean over worlds. */
export function serviceByClass(
  table: TableFrame,
  isSelected: (world: number) => boolean,
): { sold: Line[]; price: Line[] } {
  const market = columnOf(table, 'market');
  const [tick, world] = [cellsOf(table, 'tick'), cellsOf(table, 'world')];
  const [quantity, price, taskClass] = [
    cellsOf(table, 'quantity'),
    cellsOf(table, 'price'),
    cellsOf(table, 'class'),
  ];
  const worlds = new Set<number>();
  const byTick = new Map<number, { sold: number[]; spent: number[] }>();
  for (let k = 0; k < table.rows; k++) {
    if (!isSelected(world[k]!)) continue;
    worlds.add(world[k]!);
    let sums = byTick.get(tick[k]!);
    if (sums === undefined) {
      sums = { sold: CLASSES.map(() => 0), spent: CLASSES.map(() => 0) };
      byTick.set(tick[k]!, sums);
    }
    if (market.words[market.cells[k]!] !== 'service') continue;
    const c = taskClass[k]!;
    sums.sold[c]! += quantity[k]!;
    sums.spent[c]! += (quantity[k]! * price[k]!) / 1000;
  }
  const ticks = [...byTick.keys()];
  const lineOf = (
    c: number,
    mean: (sums: { sold: number[]; spent: number[] }) => number,
    key: string,
  ): Line => ({
    key: `${key}-${c}`,
    label: `class ${c}`,
    colour: c,
    ticks,
    mean: [...byTick.values()].map(mean),
  });
  return {
    sold: CLASSES.map((c) => lineOf(c, (sums) => sums.sold[c]! / Math.max(1, worlds.size), 'sold')),
    price: CLASSES.map((c) =>
      lineOf(c, (sums) => (sums.sold[c]! > 0 ? sums.spent[c]! / sums.sold[c]! : Number.NaN), 'price'),
    ),
  };
}

/** The recorded fills, read when first asked for and again while the run grows. */
class Fills {
  table: TableFrame | null = null;
  words = 'Reading the fills.';
  private readonly context: PageContext;
  private askedAt = Number.NEGATIVE_INFINITY;
  private readTo = -1;

  constructor(context: PageContext) {
    this.context = context;
  }

  ask(): void {
    const { data, store, schedule } = this.context;
    const now = performance.now();
    if (data === null || now - this.askedAt < REFRESH_MS || this.readTo === store.lastTick) return;
    this.askedAt = now;
    const { lastTick } = store;
    data.table('trades', 'columns=tick,world,market,class,quantity,price', false).then(
      (table) => {
        if (lastTick < this.readTo) return;
        this.readTo = lastTick;
        this.table = table.rows > 0 ? table : null;
        if (table.rows === 0) this.words = 'No fills are recorded (output.tradesWorlds, output.tradesEvery).';
        schedule('all');
      },
      (error: unknown) => {
        if (!(error instanceof DataError)) throw error;
        this.words = error.message;
        schedule('all');
      },
    );
  }
}

export function marketView(host: HTMLElement, context: PageContext): View {
  const { store, schedule } = context;
  const board = new Board(() => schedule('cursor'));
  const fills = new Fills(context);
  const orders = new Orders(context);
  const byClass = (pick: 'sold' | 'price', unit: string) => (): readonly LinePanel[] | string => {
    fills.ask();
    if (fills.table === null) return fills.words;
    const isSelected = inSelection(store.selection, store.hello?.run.worlds ?? 1);
    const lines = serviceByClass(fills.table, isSelected)[pick];
    if (lines[0]!.ticks.length === 0)
      return 'No fills of the selected worlds are recorded (output.tradesWorlds).';
    return [{ unit, lines, zero: true }];
  };
  board.section(host, 'auctions', 'Compute market', [
    {
      id: 'auction',
      title: 'The compute auction',
      help: 'How much is wanted at each price or more, and offered at it or less; they cross at the price that all pay.',
      height: TALL,
      create: (plot, legend) => new Auction(plot, legend, context, TALL),
    },
    {
      id: 'depth',
      title: 'Its orders',
      help: 'How much compute was bid for (above) and offered (below) at each price.',
      height: TALL,
      create: (plot, legend) => new Depth(plot, legend, store, TALL),
    },
  ]);
  board.section(host, 'services', 'Service market by class', [
    {
      id: 'class-sold',
      title: 'Tasks sold in a tick',
      help: 'Tasks of each of the four classes that consumers bought in the ticks whose fills are recorded.',
      height: TALL,
      create: (plot, legend) => new Lines(plot, legend, context, TALL, byClass('sold', 'tasks per tick')),
    },
    {
      id: 'class-price',
      title: 'What a task costs',
      help: 'Mean price of a task of each class in the same ticks.',
      height: TALL,
      create: (plot, legend) => new Lines(plot, legend, context, TALL, byClass('price', 'token per task')),
    },
  ]);
  board.section(host, 'pool', 'Token market', [
    {
      id: 'pool-curve',
      title: 'The pool',
      help: 'Mean reserves of the market maker on the curve of constant product; who sells token moves them down it.',
      height: HEIGHT,
      create: (plot, legend) => new PoolCurve(plot, legend, context, HEIGHT),
    },
    seriesFigure(context, {
      id: 'swaps',
      title: 'Token price and swaps',
      help: 'The mid price of the pool, and how many aggregate swaps of machines move it.',
      spec: {
        panels: [
          panel('cash per token', [metric('tokenPrice', 'mid price', 3)], { weight: 2, zero: false }),
          panel('swaps per tick', [metric('swaps', 'swaps', 5, 1)], { kind: 'area' }),
        ],
      },
    }),
  ]);
  board.section(host, 'trust', 'Trust', [
    seriesFigure(context, {
      id: 'defaults',
      title: 'Contracts and defaults',
      help: 'What was sold where sellers may default, and what of it was not delivered.',
      spec: {
        unmeasured: 'Sellers cannot default in this run (world.trust.regime).',
        panels: [
          panel('cu per tick', [
            metric('contracted', 'sold', 0, 1),
            metric('defaults', 'not delivered', 1, 1),
          ]),
        ],
      },
    }),
    seriesFigure(context, {
      id: 'security',
      title: 'Escrow, stake and slashes',
      help: 'Payments that waited in escrow, and stake that was slashed, in a tick; stake and good names that secure them.',
      spec: {
        unmeasured: 'Nothing has to be secured in this run: sellers cannot default.',
        panels: [
          panel(
            'token per tick',
            [metric('escrowed', 'in escrow', 2, 1), metric('slashes', 'slashed', 1, 1)],
            { weight: 1 },
          ),
          panel('token', [metric('staked', 'staked', 4)], { weight: 1 }),
        ],
      },
    }),
  ]);
  return {
    draw: (all) => {
      if (all) orders.ask();
      board.draw(all);
    },
    close: () => board.close(),
  };
}
