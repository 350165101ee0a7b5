/** Every reward gene beside its neutral shadow over the run, in small drawings of one scale. */
import { area, line, max, scaleLinear, select } from 'd3';
import type { PageContext } from '../context.ts';
import { formatValue } from '../format.ts';
import { drawChangeMarks } from './changeMarks.ts';
import { type Figure, type Sheet, setEmpty } from './figure.ts';
import { geneStyle } from './genes.ts';

const CELL = { width: 168, height: 76, gap: 10 };
const NAME_PX = 18;

/** Height of the drawing at a width, px. */
const heightAt = (width: number, count: number): number =>
  Math.ceil(count / columnsAt(width, count)) * (CELL.height + CELL.gap);
/** As few columns as need no more rows than the most that fit. */
export function columnsAt(width: number, count: number): number {
  const most = Math.max(1, Math.floor((width + CELL.gap) / (CELL.width + CELL.gap)));
  return Math.max(1, Math.ceil(count / Math.max(1, Math.ceil(count / most))));
}

export class GeneGrid implements Figure {
  private readonly plot: HTMLElement;
  private readonly context: PageContext;
  private readonly svg;
  private readonly scale = document.createElement('span');
  private width = 0;

  constructor(plot: HTMLElement, legend: HTMLElement, context: PageContext) {
    this.plot = plot;
    this.context = context;
    this.svg = select(plot).append('svg').attr('class', 'gene-grid').attr('role', 'img');
    for (const [className, label] of [
      ['line', 'mean of living learners'],
      ['spread', 'over worlds'],
      ['line dashed', 'neutral shadow: mutation without selection'],
    ] as const) {
      const item = document.createElement('span');
      item.className = className === 'line dashed' ? 'key colour-6' : 'key colour-0';
      const swatch = document.createElement('i');
      swatch.className = className;
      item.append(swatch, label);
      legend.append(item);
    }
    this.scale.className = 'key';
    legend.append(this.scale);
  }

  resize(width: number): void {
    this.width = width;
    const height = heightAt(width, this.features.length);
    this.svg.attr('width', width).attr('height', height).attr('viewBox', `0 0 ${width} ${height}`);
    this.plot.style.height = `${height}px`;
  }

  draw(): void {
    const { store } = this.context;
    if (this.width === 0 || store.frameCount === 0) return;
    const columns = columnsAt(this.width, this.features.length);
    const cell = (this.width - CELL.gap * (columns - 1)) / columns;
    const frames = Array.from({ length: store.frameCount }, (_, k) => k);
    const of =
      (f: number, what: 'mean' | 'shadow', side: 'mean' | 'low' | 'high' = 'mean') =>
      (k: number) =>
        store.summaryOf(k)[side][store.geneIndex(f, what)]!;
    const reach =
      max(this.features, (_, f) =>
        max(frames, (k) => Math.max(Math.abs(of(f, 'mean')(k)) || 0, Math.abs(of(f, 'shadow')(k)) || 0)),
      ) ?? 1;
    const isMeasured = frames.some((k) => this.features.some((_, f) => Number.isFinite(of(f, 'mean')(k))));
    setEmpty(this.plot, isMeasured ? null : 'No learner has lived in this run.');
    this.svg.attr('visibility', isMeasured ? 'visible' : 'hidden');
    if (!isMeasured) return;
    const x = scaleLinear([0, Math.max(1, store.lastTick)], [0, cell]);
    const most = Math.max(0.1, reach);
    const y = scaleLinear([-most, most], [CELL.height - 2, NAME_PX]).clamp(true);
    this.scale.textContent = `every axis from ${formatValue(-most)} to ${formatValue(most)}`;
    const xOf = (k: number): number => x(store.tickOf(k));
    const path = (value: (k: number) => number): string =>
      line<number>()
        .defined((k) => Number.isFinite(value(k)))
        .x(xOf)
        .y((k) => y(value(k)))
        .digits(1)(frames) ?? '';
    const cells = this.svg
      .selectAll<SVGGElement, string>('g.cell')
      .data(this.features)
      .join((enter) => {
        const g = enter.append('g');
        g.append('g').attr('class', 'changes');
        g.append('line').attr('class', 'zero');
        g.append('path').attr('class', 'band');
        g.append('path').attr('class', 'line dashed shadow');
        g.append('path').attr('class', 'line mean');
        g.append('text').attr('class', 'gene-name').attr('y', 10);
        g.append('text').attr('class', 'gene-value').attr('y', 10).attr('text-anchor', 'end');
        return g;
      })
      .attr('class', (_, f) => `cell colour-${geneStyle(f).colour}`)
      .attr('data-gene', (feature) => feature)
      .attr(
        'transform',
        (_, f) =>
          `translate(${(f % columns) * (cell + CELL.gap)},${Math.floor(f / columns) * (CELL.height + CELL.gap)})`,
      );
    cells.select('.zero').attr('x2', cell).attr('y1', y(0)).attr('y2', y(0));
    cells.select('.band').attr('d', (_, f) =>
      area<number>()
        .defined((k) => Number.isFinite(of(f, 'mean')(k)))
        .x(xOf)
        .y0((k) => y(of(f, 'mean', 'low')(k)))
        .y1((k) => y(of(f, 'mean', 'high')(k)))
        .digits(1)(frames),
    );
    cells.select('.shadow').attr('d', (_, f) => path(of(f, 'shadow')));
    cells.select('.mean').attr('d', (_, f) => path(of(f, 'mean')));
    cells.select<SVGGElement>('.changes').each((_, f, nodes) => {
      const place = { top: NAME_PX, bottom: CELL.height - 2, right: cell };
      drawChangeMarks(select<SVGGElement, unknown>(nodes[f]!), store, x, place, false);
    });
    cells.select('.gene-name').text((feature) => feature);
    cells.select('.gene-value').attr('x', cell);
    this.drawCursor();
  }

  drawCursor(): void {
    const { store } = this.context;
    const shown = store.shownIndex;
    if (shown < 0 || this.width === 0) return;
    const { mean } = store.summaryOf(shown);
    this.svg
      .selectAll<SVGTextElement, string>('g .gene-value')
      .text((_, f) => formatValue(mean[store.geneIndex(f, 'mean')]));
    this.svg.attr(
      'aria-label',
      `Genes and shadows: ${this.features
        .map(
          (feature, f) =>
            `${feature} ${formatValue(mean[store.geneIndex(f, 'mean')])}, shadow ${formatValue(mean[store.geneIndex(f, 'shadow')])}`,
        )
        .join('; ')}`,
    );
  }

  sheet(): Sheet {
    const { store } = this.context;
    return {
      columns: ['tick', ...this.features.flatMap((feature) => [feature, `${feature} shadow`])],
      rows: Array.from({ length: store.frameCount }, (_, k) => {
        const { mean } = store.summaryOf(k);
        return [
          store.tickOf(k),
          ...this.features.flatMap((_feature, f) => [
            mean[store.geneIndex(f, 'mean')]!,
            mean[store.geneIndex(f, 'shadow')]!,
          ]),
        ];
      }),
    };
  }

  private get features(): readonly string[] {
    return this.context.store.hello?.rewardFeatures ?? [];
  }
}
