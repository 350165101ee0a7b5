/** The curve of the automated market maker, token x cash = k, and where on it the reserves stand. */
import { line, range, scaleLinear, select } from 'd3';
import type { PageContext } from '../context.ts';
import { formatValue } from '../format.ts';
import { appendAxes, drawAxes, drawCrossing, AXES_MARGIN as MARGIN, ticksAcross } from './axes.ts';
import { type Figure, type Sheet, setEmpty } from './figure.ts';

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
    appendAxes(this.svg);
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
    drawAxes(
      this.svg,
      this.width,
      this.height,
      { place: x, ticks: x.ticks(ticksAcross(this.width, 110)) },
      { place: y, ticks: y.ticks(4) },
    );
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
    drawCrossing(this.svg, this.height, x(at.token), y(at.cash));
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
}
