/** One agent's wealth in the snapshots of its life. */
import { line, max, scaleLinear, select } from 'd3';
import { formatTick, formatValue } from '../format.ts';
import { drawLevels } from './axes.ts';
import { type Figure, type Sheet, setEmpty } from './figure.ts';

const HEIGHT = 110;
const MARGIN = { top: 16, right: 8, bottom: 18, left: 44 };

export interface WealthHistory {
  /** Tick of its birth. */
  readonly born: number;
  readonly ticks: ArrayLike<number>;
  /** Cash, of each tick. */
  readonly wealth: readonly number[];
}

export class WealthLine implements Figure {
  private readonly plot: HTMLElement;
  private readonly svg;
  private width = 0;
  private history: WealthHistory = { born: 0, ticks: [], wealth: [] };

  constructor(plot: HTMLElement) {
    this.plot = plot;
    this.svg = select(plot).append('svg').attr('height', HEIGHT).attr('role', 'img');
    this.svg.append('text').attr('class', 'unit').attr('y', 10).text('cash');
    this.svg.append('g').attr('class', 'grid-lines');
    this.svg.append('g').attr('class', 'x-axis');
    this.svg.append('path').attr('class', 'line colour-0');
    this.svg.append('g').attr('class', 'colour-0 points');
  }

  /** Takes what is drawn from now on. */
  show(history: WealthHistory): void {
    this.history = history;
    this.resize(this.plot.clientWidth);
    this.draw();
  }

  resize(width: number): void {
    this.width = width;
    this.svg.attr('width', width).attr('viewBox', `0 0 ${width} ${HEIGHT}`);
  }

  draw(): void {
    const { born, ticks, wealth } = this.history;
    const none = wealth.length === 0;
    setEmpty(this.plot, none ? 'No snapshot was taken while it lived.' : null);
    this.svg.attr('visibility', none ? 'hidden' : 'visible').attr('data-points', none ? null : wealth.length);
    if (none || this.width === 0) return;
    const points = wealth.map((_, k) => k);
    const x = scaleLinear(
      [born, Math.max(born + 1, ticks[wealth.length - 1]!)],
      [MARGIN.left, this.width - MARGIN.right],
    );
    const y = scaleLinear([0, max(wealth) ?? 1], [HEIGHT - MARGIN.bottom, MARGIN.top]).nice(2);
    const across = [MARGIN.left, this.width - MARGIN.right] as const;
    drawLevels(this.svg.select<SVGGElement>('.grid-lines').node()!, { place: y, ticks: y.domain() }, across);
    this.svg
      .select('.x-axis')
      .selectAll<SVGTextElement, number>('text')
      .data(x.domain())
      .join('text')
      .attr('x', (tick) => x(tick))
      .attr('y', HEIGHT - 4)
      .attr('text-anchor', (_, k) => (k === 0 ? 'start' : 'end'))
      .text((tick, k) => `${k === 0 ? 'born' : 'tick'} ${formatTick(tick)}`);
    this.svg.select('path.line').attr(
      'd',
      line<number>()
        .x((k) => x(ticks[k]!))
        .y((k) => y(wealth[k]!))
        .digits(1)(points),
    );
    this.svg
      .select('.points')
      .selectAll('circle')
      .data(points)
      .join('circle')
      .attr('r', 2.5)
      .attr('cx', (k) => x(ticks[k]!))
      .attr('cy', (k) => y(wealth[k]!));
    this.svg.attr(
      'aria-label',
      `Wealth in ${wealth.length} snapshots, at last ${formatValue(wealth.at(-1))} cash`,
    );
  }

  drawCursor(): void {
    // Snapshots are far apart: what is drawn is the whole life.
  }

  sheet(): Sheet {
    const { ticks, wealth } = this.history;
    return { columns: ['tick', 'wealth (cash)'], rows: wealth.map((value, k) => [ticks[k]!, value]) };
  }
}
