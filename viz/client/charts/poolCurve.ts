/** The curve of the automated market maker, token x cash = k, and where on it the reserves stand. */
import { line, range, scaleLinear, select } from 'd3';
import type { PageContext } from '../context.ts';
import { formatTick, formatValue } from '../format.ts';
import { type Figure, type Sheet, setEmpty } from './figure.ts';

const MARGIN = { top: 22, right: 14, bottom: 34, left: 52 };
/** The curve is shown from this share of the reserves to its inverse. */
const REACH = 0.4;
const POINTS = 80;
/** Earlier places of the reserves that are drawn. */
const TRAIL = 60;

export class PoolCurve implements Figure {
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
    this.svg.append('g').attr('class', 'grid-lines y-lines');
    this.svg.append('g').attr('class', 'grid-lines vertical x-lines');
    this.svg.append('path').attr('class', 'line colour-3 curve');
    this.svg.append('g').attr('class', 'trail');
    this.svg.append('line').attr('class', 'clearing across');
    this.svg.append('line').attr('class', 'clearing down');
    this.svg.append('circle').attr('class', 'crossing').attr('r', 5);
    this.svg.append('text').attr('class', 'unit').attr('y', 11).text('cash in the pool');
    this.svg
      .append('text')
      .attr('class', 'unit x-label')
      .attr('text-anchor', 'end')
      .text('token in the pool');
    for (const [key, label] of [
      ['price', 'cash per token'],
      ['token', 'token'],
      ['cash', 'cash'],
    ] as const) {
      const item = document.createElement('span');
      item.className = 'key';
      const value = document.createElement('data');
      value.dataset.pool = key;
      item.append(label, value);
      legend.append(item);
      this.values.set(key, value);
    }
  }

  resize(width: number): void {
    this.width = width;
    this.svg.attr('width', width).attr('viewBox', `0 0 ${width} ${this.height}`);
  }

  draw(): void {
    this.drawCursor();
  }

  drawCursor(): void {
    const { store } = this.context;
    const shown = store.shownIndex;
    if (this.width === 0 || shown < 0) return;
    const at = this.reserves(shown);
    const none = !(at.token > 0 && at.cash > 0);
    setEmpty(this.plot, none ? 'This run has no pool, or its reserves were not recorded.' : null);
    this.svg.attr('visibility', none ? 'hidden' : 'visible');
    if (none) return;
    const k = at.token * at.cash;
    const x = scaleLinear([at.token * REACH, at.token / REACH], [MARGIN.left, this.width - MARGIN.right]);
    const y = scaleLinear([at.cash * REACH, at.cash / REACH], [this.height - MARGIN.bottom, MARGIN.top]);
    this.drawGrid(x, y);
    const tokens = range(POINTS + 1).map((p) => at.token * REACH * (1 / REACH ** 2) ** (p / POINTS));
    this.svg.select('.curve').attr(
      'd',
      line<number>()
        .x((token) => x(token))
        .y((token) => y(k / token))
        .digits(1)(tokens),
    );
    const past = range(Math.max(0, shown - TRAIL), shown).map((frame) => this.reserves(frame));
    this.svg
      .select('.trail')
      .selectAll<SVGCircleElement, (typeof past)[number]>('circle')
      .data(past)
      .join('circle')
      .attr('r', 2)
      .attr('cx', (p) => x(p.token))
      .attr('cy', (p) => y(p.cash));
    const [left, top] = [x(at.token), y(at.cash)];
    this.svg.select('.across').attr('x1', MARGIN.left).attr('x2', left).attr('y1', top).attr('y2', top);
    this.svg
      .select('.down')
      .attr('x1', left)
      .attr('x2', left)
      .attr('y1', top)
      .attr('y2', this.height - MARGIN.bottom);
    this.svg.select('.crossing').attr('cx', left).attr('cy', top);
    this.show('price', at.cash / at.token);
    this.show('token', at.token);
    this.show('cash', at.cash);
    this.svg.attr(
      'aria-label',
      `The pool holds ${formatValue(at.token)} token and ${formatValue(at.cash)} cash: ${formatValue(at.cash / at.token)} cash per token`,
    );
  }

  sheet(): Sheet {
    const { store } = this.context;
    return {
      columns: ['tick', 'token in the pool', 'cash in the pool'],
      rows: range(store.frameCount).map((frame) => {
        const { token, cash } = this.reserves(frame);
        return [store.tickOf(frame), token, cash];
      }),
    };
  }

  private show(key: string, value: number): void {
    const element = this.values.get(key)!;
    element.value = String(value);
    element.textContent = formatValue(value);
  }

  /** Mean over the selected worlds. */
  private reserves(frame: number): { token: number; cash: number } {
    const { store } = this.context;
    const { mean } = store.summaryOf(frame);
    return {
      token: mean[store.metricIndex('poolToken')] ?? Number.NaN,
      cash: mean[store.metricIndex('poolCash')] ?? Number.NaN,
    };
  }

  private drawGrid(x: ReturnType<typeof scaleLinear<number, number>>, y: typeof x): void {
    const lines = (name: string, values: number[]) =>
      this.svg
        .select(name)
        .selectAll<SVGGElement, number>('g')
        .data(values)
        .join((enter) => {
          const g = enter.append('g');
          g.append('line');
          g.append('text');
          return g;
        });
    const across = lines('.y-lines', y.ticks(4)).attr('transform', (v) => `translate(0,${y(v)})`);
    across
      .select('line')
      .attr('x1', MARGIN.left)
      .attr('x2', this.width - MARGIN.right);
    across
      .select('text')
      .attr('x', MARGIN.left - 7)
      .attr('dy', '0.32em')
      .attr('text-anchor', 'end')
      .text(formatTick);
    const up = lines('.x-lines', x.ticks(Math.max(2, Math.floor(this.width / 110)))).attr(
      'transform',
      (v) => `translate(${x(v)},0)`,
    );
    up.select('line')
      .attr('y1', MARGIN.top)
      .attr('y2', this.height - MARGIN.bottom);
    up.select('text')
      .attr('y', this.height - MARGIN.bottom + 14)
      .attr('text-anchor', 'middle')
      .text(formatTick);
    this.svg
      .select('.x-label')
      .attr('x', this.width - MARGIN.right)
      .attr('y', this.height - 4);
  }
}
