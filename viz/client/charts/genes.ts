/** Reward genes at one tick: mean, spread and neutral shadow of every feature, one row each. */
import { group, mean, scaleLinear, select, variance } from 'd3';
import type { PageContext } from '../context.ts';
import { cellsOf } from '../data.ts';
import { formatTick, formatValue } from '../format.ts';
import { selectedRows } from '../snapshots.ts';
import { type Figure, type Sheet, setEmpty } from './figure.ts';

const ROW_HEIGHT = 19;
const MARGIN = { top: 22, right: 58, bottom: 24 };
const NAME_PX = 138;
const NARROW_PX = 420;
const NAME_NARROW_PX = 122;
const SIZE = 4.5;

/** Height of the drawing for so many features, px. */
export const geneRowsHeight = (features: number): number =>
  MARGIN.top + MARGIN.bottom + features * ROW_HEIGHT;

interface Row {
  readonly feature: string;
  readonly mean: number;
  readonly shadow: number;
  /** Standard deviation over the learners of a world; NaN where the tick has neither frame nor snapshot with them. */
  readonly deviation: number;
}

/** Colour and dash of a feature, the same in the trajectories beside it. */
export const geneStyle = (feature: number): { colour: number; dashed: boolean } => ({
  colour: feature % 8,
  dashed: feature >= 8,
});

export class Genes implements Figure {
  private readonly plot: HTMLElement;
  private readonly context: PageContext;
  private readonly spreadKey: HTMLElement;
  private readonly height: number;
  private readonly svg;
  private width = 0;

  constructor(plot: HTMLElement, legend: HTMLElement, context: PageContext, features: number) {
    this.plot = plot;
    this.context = context;
    this.height = geneRowsHeight(features);
    this.svg = select(plot)
      .append('svg')
      .attr('height', this.height)
      .attr('role', 'img')
      .attr('class', 'genes');
    this.svg.append('g').attr('class', 'grid-lines vertical');
    this.svg.append('g').attr('class', 'rows');
    const [, , spread] = (
      [
        ['dot', 'mean of living learners'],
        ['diamond', 'neutral shadow'],
        ['spread', '± one standard deviation'],
      ] as const
    ).map(([className, label]) => {
      const item = document.createElement('span');
      item.className = 'key colour-ink';
      const swatch = document.createElement('i');
      swatch.className = className;
      item.append(swatch, label);
      legend.append(item);
      return item;
    });
    this.spreadKey = spread!;
  }

  sheet(): Sheet {
    return {
      columns: ['feature', 'mean', 'neutral shadow', 'standard deviation'],
      rows: this.rows().map((row) => [row.feature, row.mean, row.shadow, row.deviation]),
    };
  }

  resize(width: number): void {
    this.width = width;
    this.svg.attr('width', width).attr('viewBox', `0 0 ${width} ${this.height}`);
  }

  draw(): void {
    const rows = this.rows();
    if (this.width === 0 || rows.length === 0) return;
    const isMeasured = rows.some(({ mean }) => Number.isFinite(mean));
    setEmpty(this.plot, isMeasured ? null : 'No learner lives at this tick.');
    this.svg.attr('visibility', isMeasured ? 'visible' : 'hidden');
    if (!isMeasured) return;
    this.spreadKey.hidden = !rows.some((row) => Number.isFinite(row.deviation));
    const left = this.width < NARROW_PX ? NAME_NARROW_PX : NAME_PX;
    const reach = Math.max(0.25, ...rows.map((r) => Math.abs(r.mean) + (finite(r.deviation) ?? 0)));
    const x = scaleLinear([-Math.min(1, reach), Math.min(1, reach)], [left, this.width - MARGIN.right])
      .nice(4)
      .clamp(true);
    this.drawGrid(x);
    const joined = this.svg
      .select('.rows')
      .selectAll<SVGGElement, Row>('g')
      .data(rows, (row) => row.feature)
      .join((enter) => {
        const g = enter.append('g');
        g.append('line').attr('class', 'swatch');
        g.append('text').attr('class', 'name').attr('dy', '0.32em');
        g.append('line').attr('class', 'spread');
        g.append('line').attr('class', 'shift');
        g.append('path').attr('class', 'shadow');
        g.append('circle').attr('class', 'mean').attr('r', SIZE);
        g.append('text').attr('class', 'value').attr('dy', '0.32em').attr('text-anchor', 'end');
        return g;
      })
      .attr('class', (_, k) => `row colour-${geneStyle(k).colour}`)
      .attr('transform', (_, k) => `translate(0,${MARGIN.top + (k + 0.5) * ROW_HEIGHT})`)
      .attr('data-feature', (row) => row.feature)
      .attr('data-mean', (row) => row.mean)
      .attr('data-shadow', (row) => row.shadow)
      .attr('data-deviation', (row) => row.deviation);
    joined
      .select('.swatch')
      .attr('x1', 0)
      .attr('x2', 14)
      .attr('stroke-dasharray', (_, k) => (geneStyle(k).dashed ? '3 2' : null));
    joined
      .select('.name')
      .attr('x', 20)
      .text((row) => row.feature);
    joined
      .select('.spread')
      .attr('visibility', (row) => (Number.isFinite(row.deviation) ? 'visible' : 'hidden'))
      .attr('x1', (row) => x(row.mean - (finite(row.deviation) ?? 0)))
      .attr('x2', (row) => x(row.mean + (finite(row.deviation) ?? 0)));
    joined
      .select('.shift')
      .attr('x1', (row) => x(finite(row.shadow) ?? row.mean))
      .attr('x2', (row) => x(row.mean));
    joined.select('.shadow').attr('d', (row) => {
      const at = x(finite(row.shadow) ?? row.mean).toFixed(1);
      return `M${at},${-SIZE}l${SIZE},${SIZE}l${-SIZE},${SIZE}l${-SIZE},${-SIZE}Z`;
    });
    joined.select('.mean').attr('cx', (row) => x(row.mean));
    joined
      .select('.value')
      .attr('x', this.width)
      .text((row) => formatValue(row.mean));
    joined
      .select('.shadow')
      .attr('visibility', (row) => (Number.isFinite(row.shadow) ? 'visible' : 'hidden'));
    this.svg.attr(
      'aria-label',
      `Reward genes: ${rows.map((r) => `${r.feature} ${formatValue(r.mean)}, shadow ${formatValue(r.shadow)}`).join('; ')}`,
    );
  }

  drawCursor(): void {
    this.draw();
  }

  private rows(): Row[] {
    const { store } = this.context;
    const shown = store.shownIndex;
    if (shown < 0 || store.hello === null) return [];
    const summary = store.summaryOf(shown);
    const spread = this.deviations(store.tickOf(shown), store.hello.rewardFeatures);
    return store.hello.rewardFeatures.map((feature, f) => ({
      feature,
      mean: summary.mean[store.geneIndex(f, 'mean')]!,
      shadow: summary.mean[store.geneIndex(f, 'shadow')]!,
      deviation: spread[f] ?? Number.NaN,
    }));
  }

  /** Mean over worlds: of the latest frame where it carries them, else of the learners in the snapshot of the tick. */
  private deviations(tick: number, features: readonly string[]): number[] {
    const { store, snapshots } = this.context;
    const now = store.shownTick === null ? store.latestWorlds : [];
    const framed = features.map((_, f) => mean(now, (w) => w.geneDeviation[f]) ?? Number.NaN);
    const { current } = snapshots;
    const { hello } = store;
    if (framed.some(Number.isFinite) || hello === null || current?.tick !== tick) return framed;
    const { table } = current;
    const [world, population] = [cellsOf(table, 'world'), cellsOf(table, 'population')];
    const learners = selectedRows(table, store.selection, hello.run.worlds).filter((row) => {
      const own = hello.run.populations[population[row]!];
      return own?.kind === 'learner' && own.evolves;
    });
    const worlds = [...group(learners, (row) => world[row]!).values()];
    return features.map((feature) => {
      const genes = cellsOf(table, `gene_${feature}`);
      return mean(worlds, (rows) => spreadOf(rows.map((row) => genes[row]!))) ?? Number.NaN;
    });
  }

  private drawGrid(x: ReturnType<typeof scaleLinear<number, number>>): void {
    const lines = this.svg
      .select('.grid-lines')
      .selectAll<SVGGElement, number>('g')
      .data(x.ticks(this.width < NARROW_PX ? 2 : 4))
      .join((enter) => {
        const entered = enter.append('g');
        entered.append('line');
        entered.append('text').attr('text-anchor', 'middle');
        return entered;
      })
      .attr('class', (value) => (value === 0 ? 'zero' : null))
      .attr('transform', (value) => `translate(${x(value)},0)`);
    lines
      .select('line')
      .attr('y1', MARGIN.top - 4)
      .attr('y2', this.height - MARGIN.bottom);
    lines
      .select('text')
      .attr('y', this.height - MARGIN.bottom + 16)
      .text(formatTick);
  }
}

/** Standard deviation of a whole population, as the engine measures it. */
const spreadOf = (values: readonly number[]): number =>
  Math.sqrt(((variance(values) ?? 0) * (values.length - 1)) / values.length);

const finite = (value: number): number | undefined => (Number.isFinite(value) ? value : undefined);
