/** Orders of the last compute auction by price: bids above the axis, offers below it. */
import { pointer, scaleLinear, scaleLog, select } from 'd3';
import { formatTick, formatValue } from '../format.ts';
import type { RunStore } from '../store.ts';
import { clearingLevel } from './clearing.ts';
import { type Figure, setEmpty } from './figure.ts';

const MARGIN = { top: 22, right: 12, bottom: 24, left: 46 };
/** The shown levels begin and end at multiples of this, so that the axis stands still. */
const LEVEL_STEP = 32;
/** Width of a bar relative to the distance of levels. */
const BAR_SHARE = 0.8;
const SIDES = [
  { key: 'bid', label: 'bid for', colour: 0 },
  { key: 'ask', label: 'offered', colour: 1 },
] as const;

interface Auction {
  readonly world: number;
  readonly bids: Float32Array;
  readonly asks: Float32Array;
  readonly prices: readonly number[];
  /** Clearing price, token per cu; NaN when nothing traded. */
  readonly price: number;
}

/** Always one world, the first of the selection: a sum over auctions would cross where none of them clears. */
export class Depth implements Figure {
  private readonly plot: HTMLElement;
  private readonly store: RunStore;
  private readonly height: number;
  private readonly svg;
  private readonly values = new Map<string, HTMLDataElement>();
  private readonly worldName: HTMLElement;
  private width = 0;
  /** Levels shown: all that held orders since the world was chosen, so that the axis stands still. */
  private extent = { of: '', first: 0, last: 0 };
  /** Price level under the pointer; null = none. */
  private under: number | null = null;

  constructor(plot: HTMLElement, legend: HTMLElement, store: RunStore, height: number) {
    this.plot = plot;
    this.store = store;
    this.height = height;
    this.svg = select(plot).append('svg').attr('height', height).attr('role', 'img').attr('tabindex', 0);
    this.svg.append('g').attr('class', 'grid-lines');
    this.svg.append('text').attr('class', 'unit').attr('y', 11).text('cu, by price in token per cu');
    for (const side of SIDES)
      this.svg.append('path').attr('class', `bars colour-${side.colour} side-${side.key}`);
    this.svg.append('g').attr('class', 'x-axis');
    const clearing = this.svg.append('g').attr('class', 'clearing');
    clearing.append('line');
    this.svg.append('line').attr('class', 'guide');
    for (const side of SIDES) legend.append(this.key(side.label, side.key, `colour-${side.colour}`));
    legend.append(this.key('clearing price', 'clearing', 'colour-ink'));
    this.worldName = document.createElement('span');
    this.worldName.className = 'key note';
    legend.append(this.worldName);
    const node = this.svg.node()!;
    node.addEventListener('pointermove', (event) => {
      const auction = this.auction();
      if (auction === null) return;
      const price = this.xScale(auction).invert(pointer(event, node)[0]);
      this.under = nearestLevel(auction.prices, price);
      this.drawCursor();
    });
    node.addEventListener('pointerleave', () => this.leave());
    node.addEventListener('blur', () => this.leave());
    node.addEventListener('keydown', (event) => {
      const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
      const auction = this.auction();
      if (step === undefined || auction === null) return;
      event.preventDefault();
      const from = this.under ?? nearestLevel(auction.prices, auction.price || auction.prices[0]!);
      this.under = Math.min(auction.prices.length - 1, Math.max(0, from + step));
      this.drawCursor();
    });
  }

  resize(width: number): void {
    this.width = width;
    this.svg.attr('width', width).attr('viewBox', `0 0 ${width} ${this.height}`);
  }

  draw(): void {
    const auction = this.auction();
    if (this.width === 0) return;
    setEmpty(this.plot, emptyWords(auction));
    if (auction === null) return;
    const x = this.xScale(auction);
    const top = Math.max(1, ...auction.bids, ...auction.asks);
    const y = scaleLinear([-top, top], [this.height - MARGIN.bottom, MARGIN.top]).nice(4);
    this.drawFrame(x, y);
    const bars = (quantities: Float32Array, sign: 1 | -1): string => {
      const half = Math.max(1, (BAR_SHARE * (x.range()[1]! - x.range()[0]!)) / this.levelsShown(auction)) / 2;
      let path = '';
      for (const [level, quantity] of quantities.entries()) {
        const price = auction.prices[level]!;
        if (quantity <= 0 || price < x.domain()[0]! || price > x.domain()[1]!) continue;
        const left = (x(price) - half).toFixed(1);
        path += `M${left},${y(0).toFixed(1)}V${y(sign * quantity).toFixed(1)}h${(2 * half).toFixed(1)}V${y(0).toFixed(1)}Z`;
      }
      return path;
    };
    this.svg.select('.side-bid').attr('d', bars(auction.bids, 1)).attr('data-total', total(auction.bids));
    this.svg.select('.side-ask').attr('d', bars(auction.asks, -1)).attr('data-total', total(auction.asks));
    const traded = Number.isFinite(auction.price);
    const at = traded ? x(auction.price) : 0;
    const clearing = this.svg.select('.clearing').attr('visibility', traded ? 'visible' : 'hidden');
    clearing
      .select('line')
      .attr('x1', at)
      .attr('x2', at)
      .attr('y1', MARGIN.top)
      .attr('y2', this.height - MARGIN.bottom);
    this.drawCursor();
  }

  drawCursor(): void {
    const auction = this.auction();
    if (auction === null || this.width === 0) return;
    const { under } = this;
    this.show('bid', under === null ? total(auction.bids) : auction.bids[under]!);
    this.show('ask', under === null ? total(auction.asks) : auction.asks[under]!);
    this.show('clearing', auction.price);
    const where = `world ${auction.world}`;
    this.worldName.textContent =
      under === null ? where : `${where}, at ${formatValue(auction.prices[under])}`;
    const at = under === null ? 0 : this.xScale(auction)(auction.prices[under]!);
    this.svg
      .select('.guide')
      .attr('visibility', under === null ? 'hidden' : 'visible')
      .attr('x1', at)
      .attr('x2', at)
      .attr('y1', MARGIN.top)
      .attr('y2', this.height - MARGIN.bottom);
    this.svg.attr(
      'aria-label',
      `Orders of world ${auction.world}: ${formatValue(total(auction.bids))} cu bid for, ${formatValue(total(auction.asks))} cu offered, clearing price ${formatValue(auction.price)}`,
    );
  }

  private key(label: string, key: string, colour: string): HTMLElement {
    const item = document.createElement('span');
    item.className = `key ${colour}`;
    const swatch = document.createElement('i');
    swatch.className = key === 'clearing' ? 'line dashed' : 'block';
    const value = document.createElement('data');
    value.dataset.series = `depth-${key}`;
    item.append(swatch, label, value);
    this.values.set(key, value);
    return item;
  }

  private show(key: string, value: number): void {
    const element = this.values.get(key)!;
    element.value = String(value);
    element.textContent = formatValue(value);
  }

  private leave(): void {
    this.under = null;
    this.drawCursor();
  }

  private auction(): Auction | null {
    const world = this.store.latestWorlds[0];
    const prices = this.store.arm(world?.arm ?? 0)?.computePrices;
    if (world === undefined || prices === undefined || prices.length !== world.bidHistogram.length)
      return null;
    const price = prices[clearingLevel(world.bidHistogram, world.askHistogram)] ?? Number.NaN;
    return { world: world.world, bids: world.bidHistogram, asks: world.askHistogram, prices, price };
  }

  /** First and last level shown; widens as orders come, and starts anew with another run or world. */
  private levels({ world, bids, asks }: Auction): [from: number, to: number] {
    const of = `${this.store.hello?.run.name} ${world}`;
    if (this.extent.of !== of) this.extent = { of, first: bids.length, last: -1 };
    for (let level = 0; level < bids.length; level++) {
      if (bids[level]! + asks[level]! === 0) continue;
      this.extent.first = Math.min(this.extent.first, level);
      this.extent.last = Math.max(this.extent.last, level);
    }
    const { first, last } = this.extent;
    if (first > last) return [0, bids.length - 1];
    return [
      Math.floor(Math.max(0, first - 2) / LEVEL_STEP) * LEVEL_STEP,
      Math.min(bids.length - 1, Math.ceil((last + 2) / LEVEL_STEP) * LEVEL_STEP),
    ];
  }

  private levelsShown(auction: Auction): number {
    const [from, to] = this.levels(auction);
    return to - from;
  }

  /** Logarithmic price axis. */
  private xScale(auction: Auction) {
    const [from, to] = this.levels(auction);
    return scaleLog([auction.prices[from]!, auction.prices[to]!], [MARGIN.left, this.width - MARGIN.right]);
  }

  private drawFrame(
    x: ReturnType<typeof scaleLog<number, number>>,
    y: ReturnType<typeof scaleLinear<number, number>>,
  ) {
    const lines = this.svg
      .select('.grid-lines')
      .selectAll<SVGGElement, number>('g')
      .data(y.ticks(5))
      .join((enter) => {
        const entered = enter.append('g');
        entered.append('line');
        entered.append('text').attr('text-anchor', 'end').attr('dy', '0.32em');
        return entered;
      })
      .attr('class', (value) => (value === 0 ? 'zero' : null))
      .attr('transform', (value) => `translate(0,${y(value)})`);
    lines
      .select('line')
      .attr('x1', MARGIN.left)
      .attr('x2', this.width - MARGIN.right);
    lines
      .select('text')
      .attr('x', MARGIN.left - 7)
      .text((value) => formatTick(Math.abs(value)));
    const prices = x.ticks(5).filter((price) => /^[125]/.test(price.toExponential()));
    this.svg
      .select('.x-axis')
      .selectAll<SVGTextElement, number>('text')
      .data(prices)
      .join('text')
      .attr('x', (price) => x(price))
      .attr('y', this.height - MARGIN.bottom + 16)
      .attr('text-anchor', (price) => (x(price) > this.width - 30 ? 'end' : 'middle'))
      .text(formatTick);
  }
}

function emptyWords(auction: Auction | null): string | null {
  if (auction === null) return 'Orders are not part of a recorded run.';
  return total(auction.bids) + total(auction.asks) > 0 ? null : 'No orders in the last auction.';
}

const total = (quantities: Float32Array): number => quantities.reduce((sum, q) => sum + q, 0);

function nearestLevel(prices: readonly number[], price: number): number {
  let best = 0;
  for (let level = 1; level < prices.length; level++) {
    if (Math.abs(prices[level]! - price) < Math.abs(prices[best]! - price)) best = level;
  }
  return best;
}
