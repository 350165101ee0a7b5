/** Orders of the last compute auction by price: bids above the axis, offers below it. */
import { bisectLeft, pointer, type ScaleLinear, scaleLinear, scaleLog, select } from 'd3';
import { formatTick, formatValue } from '../format.ts';
import type { RunStore } from '../store.ts';
import { drawLevels, placeGuide } from './axes.ts';
import { clearingLevel } from './clearing.ts';
import { type Figure, type Sheet, setEmpty } from './figure.ts';

const MARGIN = { top: 22, right: 12, bottom: 34, left: 46 };
/** Neighbouring price levels that share a bar; one level alone is two pixels wide. */
const BIN_LEVELS = 4;
/** The shown levels begin and end at multiples of this, so that the axis seldom moves. */
const LEVEL_STEP = 32;
/** Room that a price label needs. */
const LABEL_PX = 38;
/** Width of a bar relative to the distance of bins. */
const BAR_SHARE = 0.84;
const SIDES = [
  { key: 'bid', label: 'bid for', colour: 0 },
  { key: 'ask', label: 'offered', colour: 1 },
] as const;

interface Auction {
  readonly world: number;
  readonly bids: Float32Array;
  readonly asks: Float32Array;
  /** Token per cu at each level. */
  readonly prices: readonly number[];
  /** Level at which it cleared; -1 when nothing traded. */
  readonly cleared: number;
}

/** Always one world, the first of the selection: a sum over auctions would cross where none of them clears. */
export class Depth implements Figure {
  private readonly plot: HTMLElement;
  private readonly store: RunStore;
  private readonly height: number;
  private readonly svg;
  private readonly values = new Map<string, HTMLDataElement>();
  private width = 0;
  /** Levels that held orders since this world was chosen. */
  private extent = { of: '', first: 0, last: 0 };
  /** Bin under the pointer; null = none. */
  private under: number | null = null;

  constructor(plot: HTMLElement, legend: HTMLElement, store: RunStore, height: number) {
    this.plot = plot;
    this.store = store;
    this.height = height;
    this.svg = select(plot).append('svg').attr('height', height).attr('role', 'img').attr('tabindex', 0);
    this.svg.append('g').attr('class', 'grid-lines');
    this.svg.append('text').attr('class', 'unit').attr('y', 11).text('cu');
    this.svg.append('text').attr('class', 'unit x-label').attr('text-anchor', 'end').text('token per cu');
    this.svg.append('text').attr('class', 'note').attr('y', 11).attr('text-anchor', 'end');
    for (const side of SIDES) {
      this.svg.append('path').attr('class', `bars colour-${side.colour} side-${side.key}`);
    }
    this.svg.append('g').attr('class', 'x-axis');
    this.svg.append('line').attr('class', 'clearing');
    this.svg.append('line').attr('class', 'guide');
    for (const side of SIDES) legend.append(this.key(side.label, side.key, `colour-${side.colour}`));
    legend.append(this.key('clearing price', 'clearing', 'colour-ink'));
    this.listen();
  }

  resize(width: number): void {
    this.width = width;
    this.svg.attr('width', width).attr('viewBox', `0 0 ${width} ${this.height}`);
    this.svg.select('.note').attr('x', width - MARGIN.right);
    this.svg
      .select('.x-label')
      .attr('x', width - MARGIN.right)
      .attr('y', this.height - 4);
  }

  draw(): void {
    const auction = this.auction();
    if (this.width === 0) return;
    const words = emptyWords(auction);
    setEmpty(this.plot, words);
    this.svg.attr('visibility', words === null ? 'visible' : 'hidden');
    if (auction === null) return;
    const x = this.xScale(auction);
    const [bids, asks] = [binned(auction.bids), binned(auction.asks)];
    const top = Math.max(1, ...bids, ...asks);
    const y = scaleLinear([-top, top], [this.height - MARGIN.bottom, MARGIN.top]).nice(4);
    this.drawFrame(x, y, auction.prices);
    const zero = y(0).toFixed(1);
    const width = (x(BIN_LEVELS) - x(0)) * BAR_SHARE;
    const bars = (quantities: readonly number[], sign: 1 | -1): string =>
      quantities
        .map((quantity, bin) => {
          const left = x((bin + 0.5) * BIN_LEVELS) - width / 2;
          return quantity > 0
            ? `M${left.toFixed(1)},${zero}V${y(sign * quantity).toFixed(1)}h${width.toFixed(1)}V${zero}Z`
            : '';
        })
        .join('');
    this.svg.select('.side-bid').attr('d', bars(bids, 1)).attr('data-total', total(auction.bids));
    this.svg.select('.side-ask').attr('d', bars(asks, -1)).attr('data-total', total(auction.asks));
    this.placeLine('.clearing', auction.cleared < 0 ? null : x(auction.cleared + 0.5));
    this.drawCursor();
  }

  drawCursor(): void {
    const auction = this.auction();
    if (auction === null || this.width === 0) return;
    const { under } = this;
    const { prices } = auction;
    const shown = (quantities: Float32Array): number =>
      under === null ? total(quantities) : binned(quantities)[under]!;
    const clearing = prices[auction.cleared] ?? Number.NaN;
    this.show('bid', shown(auction.bids));
    this.show('ask', shown(auction.asks));
    this.show('clearing', clearing);
    const range =
      under === null
        ? ''
        : `, ${formatValue(prices[under * BIN_LEVELS])} to ${formatValue(prices[(under + 1) * BIN_LEVELS - 1])}`;
    this.svg.select('.note').text(`world ${auction.world}${range}`);
    this.placeLine('.guide', under === null ? null : this.xScale(auction)((under + 0.5) * BIN_LEVELS));
    this.svg.attr(
      'aria-label',
      `Orders of world ${auction.world}${range}: ${formatValue(shown(auction.bids))} cu bid for, ${formatValue(shown(auction.asks))} cu offered, clearing price ${formatValue(clearing)}`,
    );
  }

  sheet(): Sheet {
    const auction = this.auction();
    return {
      columns: ['token per cu', 'cu bid for', 'cu offered'],
      rows: (auction?.prices ?? []).map((price, k) => [price, auction!.bids[k]!, auction!.asks[k]!]),
    };
  }

  private listen(): void {
    const node = this.svg.node()!;
    const set = (bin: number | null, bins: number): void => {
      this.under = bin === null ? null : Math.min(bins - 1, Math.max(0, bin));
      this.drawCursor();
    };
    node.addEventListener('pointermove', (event) => {
      const auction = this.auction();
      if (auction === null) return;
      const level = this.xScale(auction).invert(pointer(event, node)[0]);
      set(Math.floor(level / BIN_LEVELS), auction.prices.length / BIN_LEVELS);
    });
    node.addEventListener('pointerleave', () => set(null, 0));
    node.addEventListener('blur', () => set(null, 0));
    node.addEventListener('keydown', (event) => {
      const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
      const auction = this.auction();
      if (step === undefined || auction === null) return;
      event.preventDefault();
      const from = this.under ?? Math.floor(Math.max(0, auction.cleared) / BIN_LEVELS);
      set(from + step, auction.prices.length / BIN_LEVELS);
    });
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

  private placeLine(name: string, at: number | null): void {
    const line = this.svg.select<SVGLineElement>(name).node()!;
    placeGuide(line, at, MARGIN.top, this.height - MARGIN.bottom);
  }

  private auction(): Auction | null {
    const world = this.store.auctionWorlds[0];
    const prices = this.store.arm(world?.arm ?? 0)?.computePrices;
    if (world === undefined || prices === undefined || prices.length !== world.bidHistogram.length)
      return null;
    if (Number.isNaN(world.bidHistogram[0])) return null;
    const { bidHistogram: bids, askHistogram: asks } = world;
    return { world: world.world, bids, asks, prices, cleared: clearingLevel(bids, asks) };
  }

  /** Price levels, which are geometric; the axis widens as orders come and starts anew with another world. */
  private xScale({ world, bids, asks }: Auction): ScaleLinear<number, number> {
    const of = `${this.store.hello?.run.name} ${world}`;
    if (this.extent.of !== of) this.extent = { of, first: bids.length, last: -1 };
    for (let level = 0; level < bids.length; level++) {
      if (bids[level]! + asks[level]! === 0) continue;
      this.extent.first = Math.min(this.extent.first, level);
      this.extent.last = Math.max(this.extent.last, level);
    }
    const { first, last } = this.extent;
    const domain =
      first > last
        ? [0, bids.length]
        : [
            Math.floor(first / LEVEL_STEP) * LEVEL_STEP,
            Math.min(bids.length, Math.ceil((last + 1) / LEVEL_STEP) * LEVEL_STEP),
          ];
    return scaleLinear(domain, [MARGIN.left, this.width - MARGIN.right]);
  }

  private drawFrame(
    x: ScaleLinear<number, number>,
    y: ScaleLinear<number, number>,
    prices: readonly number[],
  ): void {
    const host = this.svg.select<SVGGElement>('.grid-lines').node()!;
    const across = [MARGIN.left, this.width - MARGIN.right] as const;
    drawLevels(host, { place: y, ticks: y.ticks(5) }, across, (value) => formatTick(Math.abs(value)));

    const [from, to] = x.domain().map((level) => Math.min(level, prices.length - 1));
    const labels = scaleLog([prices[from!]!, prices[to!]!], [0, 1])
      .ticks(8)
      .filter((price) => /^[125]/.test(price.toExponential()))
      .map((price) => ({ price, at: x(bisectLeft(prices, price) + 0.5) }))
      .filter(({ at }) => at <= this.width - MARGIN.right)
      // Low prices differ by whole milli-tokens, so their levels lie close; the higher label wins.
      .filter(({ at }, k, all) => k === all.length - 1 || all[k + 1]!.at - at >= LABEL_PX);
    this.svg
      .select('.x-axis')
      .selectAll<SVGTextElement, (typeof labels)[number]>('text')
      .data(labels)
      .join('text')
      .attr('x', ({ at }) => at)
      .attr('y', this.height - MARGIN.bottom + 14)
      .attr('text-anchor', ({ at }) => (at > this.width - 30 ? 'end' : 'middle'))
      .text(({ price }) => formatTick(price));
  }
}

/** Sums of BIN_LEVELS neighbouring levels. */
function binned(quantities: Float32Array): number[] {
  return Array.from({ length: Math.ceil(quantities.length / BIN_LEVELS) }, (_, bin) =>
    total(quantities.subarray(bin * BIN_LEVELS, (bin + 1) * BIN_LEVELS)),
  );
}

const total = (quantities: Float32Array): number => quantities.reduce((sum, q) => sum + q, 0);

function emptyWords(auction: Auction | null): string | null {
  if (auction === null) return 'The orders of this world are not recorded (output.tradesWorlds).';
  return total(auction.bids) + total(auction.asks) > 0 ? null : 'No orders in the last auction.';
}
