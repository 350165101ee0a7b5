/** How many agents have how much of one thing, by group. */
import { bin, max, scaleLinear, select } from 'd3';
import { formatTick, formatValue } from '../format.ts';
import { type Figure, type Sheet, setEmpty } from './figure.ts';

export interface Sample {
  readonly values: ArrayLike<number>;
  /** Index into `groups` of each value. */
  readonly group: ArrayLike<number>;
  readonly groups: readonly { readonly label: string; readonly colour: string }[];
  readonly label: string;
}

const MARGIN = { top: 22, right: 14, bottom: 34, left: 52 };
const BINS = 40;

export class Histogram implements Figure {
  private readonly plot: HTMLElement;
  private readonly legend: HTMLElement;
  private readonly height: number;
  private readonly read: () => Sample | string;
  private readonly svg;
  private width = 0;
  private rows: { low: number; high: number; counts: number[] }[] = [];
  private sample: Sample | null = null;

  constructor(plot: HTMLElement, legend: HTMLElement, height: number, read: () => Sample | string) {
    this.plot = plot;
    this.legend = legend;
    this.height = height;
    this.read = read;
    this.svg = select(plot).append('svg').attr('height', height).attr('role', 'img');
    this.svg.append('g').attr('class', 'grid-lines y-lines');
    this.svg.append('g').attr('class', 'columns');
    this.svg.append('g').attr('class', 'x-axis');
    this.svg.append('text').attr('class', 'unit').attr('y', 11).text('agents');
    this.svg.append('text').attr('class', 'unit x-label').attr('text-anchor', 'end');
  }

  resize(width: number): void {
    this.width = width;
    this.svg.attr('width', width).attr('viewBox', `0 0 ${width} ${this.height}`);
  }

  draw(): void {
    if (this.width === 0) return;
    const read = this.read();
    setEmpty(this.plot, typeof read === 'string' ? read : null);
    this.svg.attr('visibility', typeof read === 'string' ? 'hidden' : 'visible');
    this.sample = typeof read === 'string' ? null : read;
    if (typeof read === 'string') return;
    const { values, group, groups, label } = read;
    const bins = bin<number, number>()
      .value((k) => values[k]!)
      .thresholds(BINS)(
      Array.from({ length: values.length }, (_, k) => k).filter((k) => Number.isFinite(values[k])),
    );
    this.rows = bins.map((members) => {
      const counts = new Array<number>(groups.length).fill(0);
      for (const k of members) counts[group[k]!]!++;
      return { low: members.x0!, high: members.x1!, counts };
    });
    const total = (counts: readonly number[]): number => counts.reduce((a, b) => a + b, 0);
    const x = scaleLinear(
      [this.rows[0]?.low ?? 0, this.rows.at(-1)?.high ?? 1],
      [MARGIN.left, this.width - MARGIN.right],
    );
    const y = scaleLinear(
      [0, max(this.rows, (row) => total(row.counts)) ?? 1],
      [this.height - MARGIN.bottom, MARGIN.top],
    ).nice(4);
    const lines = this.svg
      .select('.y-lines')
      .selectAll<SVGGElement, number>('g')
      .data(y.ticks(4))
      .join((enter) => {
        const g = enter.append('g');
        g.append('line');
        g.append('text').attr('text-anchor', 'end').attr('dy', '0.32em');
        return g;
      })
      .attr('transform', (value) => `translate(0,${y(value)})`);
    lines
      .select('line')
      .attr('x1', MARGIN.left)
      .attr('x2', this.width - MARGIN.right);
    lines
      .select('text')
      .attr('x', MARGIN.left - 7)
      .text(formatTick);
    const parts = this.rows.flatMap((row) => {
      let below = 0;
      return row.counts.map((count, g) => {
        const from = below;
        below += count;
        return { row, group: g, from, to: below };
      });
    });
    this.svg
      .select('.columns')
      .selectAll<SVGRectElement, (typeof parts)[number]>('rect')
      .data(parts.filter((part) => part.to > part.from))
      .join('rect')
      .attr('class', 'column')
      .style('--c', (part) => `var(--${groups[part.group]!.colour})`)
      .attr('data-count', (part) => part.to - part.from)
      .attr('x', (part) => x(part.row.low) + 0.5)
      .attr('width', (part) => Math.max(1, x(part.row.high) - x(part.row.low) - 1))
      .attr('y', (part) => y(part.to))
      .attr('height', (part) => y(part.from) - y(part.to));
    this.svg
      .select('.x-axis')
      .selectAll<SVGTextElement, number>('text')
      .data(x.ticks(Math.max(2, Math.floor(this.width / 90))))
      .join('text')
      .attr('x', (value) => x(value))
      .attr('y', this.height - MARGIN.bottom + 14)
      .attr('text-anchor', 'middle')
      .text(formatTick);
    this.svg
      .select('.x-label')
      .attr('x', this.width - MARGIN.right)
      .attr('y', this.height - 4)
      .text(label);
    this.svg
      .attr('data-points', values.length)
      .attr('aria-label', `${label} of ${formatValue(values.length)} agents`);
    this.legend.replaceChildren(
      ...groups
        .map((g, k) => ({ ...g, count: this.rows.reduce((sum, row) => sum + row.counts[k]!, 0) }))
        .filter(({ count }) => count > 0)
        .map((g) => {
          const item = document.createElement('span');
          item.className = 'key';
          const swatch = document.createElement('i');
          swatch.className = 'block';
          swatch.style.setProperty('--c', `var(--${g.colour})`);
          item.append(swatch, `${g.label} ${formatValue(g.count)}`);
          return item;
        }),
    );
  }

  drawCursor(): void {
    // What is drawn belongs to a snapshot, not to the tick under the cursor.
  }

  sheet(): Sheet {
    return {
      columns: ['from', 'to', ...(this.sample?.groups.map(({ label }) => label) ?? [])],
      rows: this.rows.map(({ low, high, counts }) => [low, high, ...counts]),
    };
  }
}
