/** How many agents have how much of one thing, by group. */
import { max, nice, scaleLinear, select, tickStep } from 'd3';
import { formatTick, formatValue } from '../format.ts';
import { drawLevels } from './axes.ts';
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

interface Bin {
  readonly low: number;
  readonly high: number;
  /** [group] */
  readonly counts: number[];
}

/** How many values of each group lie in bins of equal, round width; the last bin holds its upper end too. */
function countBins({ values, group, groups }: Sample): Bin[] {
  let [least, most] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (let k = 0; k < values.length; k++) {
    const value = values[k]!;
    if (!Number.isFinite(value)) continue;
    if (value < least) least = value;
    if (value > most) most = value;
  }
  if (least > most) return [];
  const [low, high] = least < most ? nice(least, most, BINS) : [least, least + 1];
  const width = least < most ? tickStep(low, high, BINS) : 1;
  const count = Math.max(1, Math.round((high - low) / width));
  const bins = Array.from({ length: count }, (_, k) => ({
    low: low + k * width,
    high: low + (k + 1) * width,
    counts: new Array<number>(groups.length).fill(0),
  }));
  for (let k = 0; k < values.length; k++) {
    const value = values[k]!;
    if (!Number.isFinite(value)) continue;
    const at = Math.min(count - 1, Math.floor((value - low) / width));
    bins[at]!.counts[group[k]!]!++;
  }
  return bins;
}

export class Histogram implements Figure {
  private readonly plot: HTMLElement;
  private readonly legend: HTMLElement;
  private readonly height: number;
  private readonly read: () => Sample | string;
  private readonly svg;
  private width = 0;
  private drawnWidth = 0;
  private rows: Bin[] = [];
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
    const same = read === this.sample && this.width === this.drawnWidth;
    this.sample = typeof read === 'string' ? null : read;
    this.drawnWidth = this.width;
    if (typeof read === 'string' || same) return;
    const { values, groups, label } = read;
    this.rows = countBins(read);
    const total = (counts: readonly number[]): number => counts.reduce((a, b) => a + b, 0);
    const x = scaleLinear(
      [this.rows[0]?.low ?? 0, this.rows.at(-1)?.high ?? 1],
      [MARGIN.left, this.width - MARGIN.right],
    );
    const y = scaleLinear(
      [0, max(this.rows, (row) => total(row.counts)) ?? 1],
      [this.height - MARGIN.bottom, MARGIN.top],
    ).nice(4);
    const across = [MARGIN.left, this.width - MARGIN.right] as const;
    drawLevels(this.svg.select<SVGGElement>('.y-lines').node()!, { place: y, ticks: y.ticks(4) }, across);
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
