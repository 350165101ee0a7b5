/** Demand and supply of the last compute auction as curves that cross at the clearing price. */
import { scaleLinear, scaleLog, select } from 'd3';
import type { PageContext } from '../context.ts';
import { formatValue } from '../format.ts';
import { appendAxes, drawAxes, drawCrossing, AXES_MARGIN as MARGIN, ticksAcross } from './axes.ts';
import { clearingLevel } from './clearing.ts';
import { type Figure, type Sheet, setEmpty } from './figure.ts';

/** Prices shown reach beyond the levels that hold orders by this factor; levels are a geometric series. */
const ROOM = 1.15;
/** Prices are labelled at most so many times. */
const PRICE_LABELS = 6;

interface Curves {
  readonly world: number;
  readonly prices: readonly number[];
  /** cu wanted at each level or above it, and offered at it or below. */
  readonly demand: readonly number[];
  readonly supply: readonly number[];
  /** Level of the clearing price; -1 when nothing traded. */
  readonly cleared: number;
}

/** Quantity bid at each price or more, and offered at each or less. */
export function auctionCurves(
  bids: ArrayLike<number>,
  asks: ArrayLike<number>,
): { demand: number[]; supply: number[] } {
  const demand = new Array<number>(bids.length).fill(0);
  const supply = new Array<number>(bids.length).fill(0);
  for (let k = bids.length - 1, sum = 0; k >= 0; k--) demand[k] = sum += bids[k]!;
  for (let k = 0, sum = 0; k < asks.length; k++) supply[k] = sum += asks[k]!;
  return { demand, supply };
}

export class Auction implements Figure {
  private readonly plot: HTMLElement;
  private readonly context: PageContext;
  private readonly height: number;
  private readonly svg;
  private readonly values = new Map<string, HTMLDataElement>();
  private width = 0;

  constructor(plot: HTMLElement, legend: HTMLElement, context: PageContext, height: number) {
    this.plot = plot;
    this.context = context;
    this.height = height;
    this.svg = select(plot).append('svg').attr('height', height).attr('role', 'img');
    appendAxes(this.svg);
    this.svg.append('path').attr('class', 'line colour-0').attr('data-series', 'demand');
    this.svg.append('path').attr('class', 'line colour-1').attr('data-series', 'supply');
    this.svg.append('line').attr('class', 'clearing across');
    this.svg.append('line').attr('class', 'clearing down');
    this.svg.append('circle').attr('class', 'crossing').attr('r', 4.5);
    this.svg.append('text').attr('class', 'unit').attr('y', 11).text('token per cu');
    this.svg.append('text').attr('class', 'unit x-label').attr('text-anchor', 'end').text('cu');
    this.svg.append('text').attr('class', 'note').attr('y', 11).attr('text-anchor', 'end');
    for (const [key, label, colour] of [
      ['demand', 'wanted', 'colour-0'],
      ['supply', 'offered', 'colour-1'],
      ['price', 'clearing price', 'colour-ink'],
      ['volume', 'cleared', 'colour-ink'],
    ] as const) {
      const item = document.createElement('span');
      item.className = `key ${colour}`;
      const swatch = document.createElement('i');
      swatch.className = 'line';
      const value = document.createElement('data');
      value.dataset.auction = key;
      item.append(...(key === 'volume' ? [] : [swatch]), label, value);
      legend.append(item);
      this.values.set(key, value);
    }
  }

  resize(width: number): void {
    this.width = width;
    this.svg.attr('width', width).attr('viewBox', `0 0 ${width} ${this.height}`);
  }

  draw(): void {
    if (this.width === 0) return;
    const read = this.read();
    const none = typeof read === 'string';
    setEmpty(this.plot, none ? read : null);
    this.svg.attr('visibility', none ? 'hidden' : 'visible');
    if (none) return;
    const { prices, demand, supply, cleared } = read;
    const used = prices
      .map((_, k) => k)
      .filter((k) => demand[k] !== (demand[k + 1] ?? 0) || supply[k] !== (supply[k - 1] ?? 0));
    const [first, last] = [prices[used[0] ?? 0]!, prices[used.at(-1) ?? prices.length - 1]!];
    const y = scaleLog([first / ROOM, last * ROOM], [this.height - MARGIN.bottom, MARGIN.top]);
    const most = Math.max(1, demand[0]!, supply.at(-1)!);
    const x = scaleLinear([0, most * 1.04], [MARGIN.left, this.width - MARGIN.right]);
    drawAxes(
      this.svg,
      this.width,
      this.height,
      { place: x, ticks: x.ticks(ticksAcross(this.width, 90)) },
      { place: y, ticks: spaced(y.ticks(PRICE_LABELS)) },
    );
    const within = (k: number): boolean => prices[k]! >= y.domain()[0]! && prices[k]! <= y.domain()[1]!;
    const levels = prices.map((_, k) => k).filter(within);
    const step = (quantity: readonly number[]): string =>
      levels
        .map((k, n) => {
          const at = `${x(quantity[k]!).toFixed(1)},${y(prices[k]!).toFixed(1)}`;
          return n === 0 ? `M${at}` : `V${y(prices[k]!).toFixed(1)}H${x(quantity[k]!).toFixed(1)}`;
        })
        .join('');
    this.svg.select('[data-series="demand"]').attr('d', step(demand)).attr('data-total', demand[0]!);
    this.svg.select('[data-series="supply"]').attr('d', step(supply)).attr('data-total', supply.at(-1)!);
    const volume = cleared < 0 ? Number.NaN : Math.min(demand[cleared]!, supply[cleared]!);
    const price = prices[cleared] ?? Number.NaN;
    const traded = cleared >= 0;
    for (const name of ['.across', '.down', '.crossing'])
      this.svg.select(name).attr('visibility', traded ? 'inherit' : 'hidden');
    if (traded) drawCrossing(this.svg, this.height, x(volume), y(price));
    this.say(read, price, volume);
  }

  drawCursor(): void {
    // The auction is that of the latest tick, wherever the cursor is.
  }

  sheet(): Sheet {
    const read = this.read();
    if (typeof read === 'string') return { columns: [], rows: [] };
    return {
      columns: ['token per cu', 'cu wanted at this price or more', 'cu offered at this price or less'],
      rows: read.prices.map((price, k) => [price, read.demand[k]!, read.supply[k]!]),
    };
  }

  private say({ world, demand, supply }: Curves, price: number, volume: number): void {
    const show = (key: string, value: number): void => {
      const element = this.values.get(key)!;
      element.value = String(value);
      element.textContent = formatValue(value);
    };
    show('demand', demand[0]!);
    show('supply', supply.at(-1)!);
    show('price', price);
    show('volume', volume);
    this.svg
      .select('.note')
      .attr('x', this.width - MARGIN.right)
      .text(`world ${world}`);
    this.svg.attr(
      'aria-label',
      `Auction of world ${world}: ${formatValue(demand[0])} cu wanted, ${formatValue(supply.at(-1))} offered, ${formatValue(volume)} cleared at ${formatValue(price)} token`,
    );
  }

  /** Of the first selected world; a sum over auctions would cross where none of them clears. */
  private read(): Curves | string {
    const { store } = this.context;
    const [world] = store.auctionWorlds;
    if (world === undefined) return 'No auction has been seen yet.';
    if (world.bidHistogram.length === 0 || Number.isNaN(world.bidHistogram[0]))
      return `The orders of world ${world.world} are not recorded (output.tradesWorlds).`;
    const prices = store.arm(world.arm)?.computePrices ?? [];
    const { demand, supply } = auctionCurves(world.bidHistogram, world.askHistogram);
    if (demand[0] === 0 && supply.at(-1) === 0) return 'Nobody asked or offered in that auction.';
    return {
      world: world.world,
      prices,
      demand,
      supply,
      cleared: clearingLevel(world.bidHistogram, world.askHistogram),
    };
  }
}

/** At most PRICE_LABELS of a scale's ticks; a logarithmic scale offers more than asked for. */
const spaced = (ticks: number[]): number[] => {
  const step = Math.max(1, Math.ceil(ticks.length / PRICE_LABELS));
  return ticks.filter((_, k) => k % step === 0);
};
