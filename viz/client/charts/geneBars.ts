/** The reward genes of one agent as bars from zero. */
import { scaleLinear, select } from 'd3';
import { formatValue } from '../format.ts';
import type { Figure, Sheet } from './figure.ts';
import { geneStyle } from './genes.ts';

const ROW = 18;
const NAME_PX = 126;
const VALUE_PX = 58;
const BAR_PX = 9;

interface Gene {
  readonly feature: string;
  readonly value: number;
}

export class GeneBars implements Figure {
  private readonly plot: HTMLElement;
  private readonly svg;
  private width = 0;
  private genes: readonly Gene[] = [];

  constructor(plot: HTMLElement) {
    this.plot = plot;
    this.svg = select(plot).append('svg').attr('class', 'gene-bars').attr('role', 'img');
    this.svg.append('line').attr('class', 'zero');
    this.svg.append('g').attr('class', 'rows');
  }

  /** Takes what is drawn from now on. */
  show(genes: readonly Gene[]): void {
    this.genes = genes;
    this.resize(this.plot.clientWidth);
    this.draw();
  }

  resize(width: number): void {
    const height = this.genes.length * ROW;
    this.width = width;
    this.svg.attr('width', width).attr('height', height).attr('viewBox', `0 0 ${width} ${height}`);
  }

  draw(): void {
    if (this.width === 0) return;
    const x = scaleLinear([-1, 1], [NAME_PX, this.width - VALUE_PX]);
    this.svg
      .select('.zero')
      .attr('x1', x(0))
      .attr('x2', x(0))
      .attr('y2', this.genes.length * ROW);
    const rows = this.svg
      .select('.rows')
      .selectAll<SVGGElement, Gene>('g')
      .data(this.genes, ({ feature }) => feature)
      .join((enter) => {
        const g = enter.append('g');
        g.append('text').attr('dy', '0.32em');
        g.append('rect').attr('class', 'column').attr('height', BAR_PX).attr('rx', 2);
        g.append('text').attr('class', 'gene-value').attr('dy', '0.32em').attr('text-anchor', 'end');
        return g;
      })
      .attr('class', (_, f) => `colour-${geneStyle(f).colour}`)
      .attr('data-gene', ({ feature }) => feature)
      .attr('data-value', ({ value }) => value)
      .attr('transform', (_, f) => `translate(0,${(f + 0.5) * ROW})`);
    rows.select('text').text(({ feature }) => feature);
    rows
      .select('rect')
      .attr('x', ({ value }) => x(Math.min(0, value)))
      .attr('y', -BAR_PX / 2)
      .attr('width', ({ value }) => x(Math.abs(value)) - x(0));
    rows
      .select('.gene-value')
      .attr('x', this.width)
      .text(({ value }) => formatValue(value));
    const spoken = this.genes.map(({ feature, value }) => `${feature} ${formatValue(value)}`);
    this.svg.attr('aria-label', `Reward genes: ${spoken.join(', ')}`);
  }

  drawCursor(): void {
    // Genes are those of a snapshot, not of the tick under the cursor.
  }

  sheet(): Sheet {
    return {
      columns: ['feature', 'weight'],
      rows: this.genes.map(({ feature, value }) => [feature, value]),
    };
  }
}
