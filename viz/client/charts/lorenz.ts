/** Lorenz curves of wealth and compute with their Gini coefficients. */
import { group, line, mean, pointer, scaleLinear, select } from 'd3';
import type { PageContext } from '../context.ts';
import { cellsOf } from '../data.ts';
import { formatTick, formatValue } from '../format.ts';
import { selectedRows } from '../snapshots.ts';
import type { RunStore } from '../store.ts';
import { drawLevels, placeGuide } from './axes.ts';
import { type Figure, type Sheet, setEmpty } from './figure.ts';
import { lorenzCurve } from './lorenzCurve.ts';

const MARGIN = { top: 22, right: 12, bottom: 24, left: 46 };
const QUARTERS = [0, 0.25, 0.5, 0.75, 1];
const CURVES = [
  { key: 'lorenzWealth', gini: 'giniWealth', column: 'wealth', label: 'wealth', colour: 0 },
  { key: 'lorenzCompute', gini: 'giniCompute', column: 'capacity', label: 'compute', colour: 1 },
] as const;

/** Mean over worlds of the curves; the diagonal is equality. */
export class Lorenz implements Figure {
  private readonly plot: HTMLElement;
  private readonly context: PageContext;
  private readonly store: RunStore;
  private readonly height: number;
  private readonly svg;
  private readonly values: HTMLDataElement[] = [];
  private width = 0;
  /** Share of agents under the pointer; null = none. */
  private under: number | null = null;

  constructor(plot: HTMLElement, legend: HTMLElement, context: PageContext, height: number) {
    this.plot = plot;
    this.context = context;
    this.store = context.store;
    this.height = height;
    this.svg = select(plot).append('svg').attr('height', height).attr('role', 'img').attr('tabindex', 0);
    this.svg.append('g').attr('class', 'grid-lines');
    this.svg.append('text').attr('class', 'unit').attr('y', 11).text('share owned, %');
    this.svg.append('text').attr('class', 'note').attr('y', 11).attr('text-anchor', 'end');
    this.svg.append('line').attr('class', 'equality');
    this.svg.append('g').attr('class', 'lines');
    this.svg.append('g').attr('class', 'x-axis');
    this.svg.append('line').attr('class', 'guide');
    for (const curve of CURVES) {
      const item = document.createElement('span');
      item.className = `key colour-${curve.colour}`;
      const swatch = document.createElement('i');
      swatch.className = 'line';
      const value = document.createElement('data');
      value.dataset.series = curve.gini;
      item.append(swatch, `${curve.label}, Gini`, value);
      legend.append(item);
      this.values.push(value);
    }
    const node = this.svg.node()!;
    node.addEventListener('pointermove', (event) => {
      const [x] = pointer(event, node);
      this.under = Math.min(1, Math.max(0, this.xScale().invert(x)));
      this.drawCursor();
    });
    node.addEventListener('pointerleave', () => this.leave());
    node.addEventListener('blur', () => this.leave());
    node.addEventListener('keydown', (event) => {
      const step = { ArrowLeft: -0.05, ArrowRight: 0.05 }[event.key];
      if (step === undefined) return;
      event.preventDefault();
      this.under = Math.min(1, Math.max(0, (this.under ?? 0.5) + step));
      this.drawCursor();
    });
  }

  sheet(): Sheet {
    const curves = this.curves();
    const points = curves[0]?.length ?? 0;
    return {
      columns: ['share of agents', ...CURVES.map((curve) => `share of ${curve.label}`)],
      rows: Array.from({ length: points }, (_, k) => [
        k / (points - 1),
        ...curves.map((curve) => curve[k] ?? Number.NaN),
      ]),
    };
  }

  resize(width: number): void {
    this.width = width;
    this.svg.attr('width', width).attr('viewBox', `0 0 ${width} ${this.height}`);
    this.svg.select('.note').attr('x', width - MARGIN.right);
  }

  draw(): void {
    if (this.width === 0) return;
    const x = this.xScale();
    const y = this.yScale();
    this.drawFrame(x, y);
    if ((this.store.latestWorlds[0]?.lorenzWealth.length ?? 0) === 0 || this.store.playhead !== null)
      this.context.snapshots.ask();
    const curves = this.curves();
    const isMeasured = curves[0]!.length > 1;
    setEmpty(this.plot, isMeasured ? null : this.context.snapshots.words);
    this.svg.attr('visibility', isMeasured ? 'visible' : 'hidden');
    this.svg
      .select('.lines')
      .selectAll<SVGPathElement, number[]>('path')
      .data(curves)
      .join('path')
      .attr('class', (_, k) => `line colour-${CURVES[k]!.colour}`)
      .attr('data-series', (_, k) => CURVES[k]!.key)
      .attr('data-points', (points) => points.length)
      .attr('data-middle', (points) => points[(points.length - 1) / 2] ?? '')
      .attr('d', (points) =>
        line<number>()
          .x((_, k) => x(k / (points.length - 1)))
          .y((value) => y(value))
          .digits(1)(points),
      );
    this.drawCursor();
  }

  drawCursor(): void {
    const shown = this.store.shownIndex;
    const spoken: string[] = [];
    for (const [k, curve] of CURVES.entries()) {
      const gini =
        shown < 0 ? Number.NaN : this.store.summaryOf(shown).mean[this.store.metricIndex(curve.gini)];
      this.values[k]!.value = String(gini);
      this.values[k]!.textContent = formatValue(gini);
      spoken.push(`Gini of ${curve.label} ${formatValue(gini)}`);
    }
    this.svg.attr('aria-label', `Lorenz curves: ${spoken.join(', ')}`);
    const { under } = this;
    const [wealth, compute] = this.curves();
    const show = under !== null && wealth !== undefined && wealth.length > 1;
    const at = show ? this.xScale()(under) : null;
    const guide = this.svg.select<SVGLineElement>('.guide').node()!;
    placeGuide(guide, at, MARGIN.top, this.height - MARGIN.bottom);
    const percent = (share: number): string => `${Math.round(100 * share)} %`;
    this.svg
      .select('.note')
      .text(
        show
          ? `poorest ${percent(under)} own ${percent(valueAt(wealth, under))}, ${percent(valueAt(compute!, under))}`
          : '',
      );
  }

  private leave(): void {
    this.under = null;
    this.drawCursor();
  }

  /** Of the latest frame where it carries them, else from the agents of the nearest snapshot. */
  private curves(): number[][] {
    const worlds = this.store.playhead === null ? this.store.latestWorlds : [];
    const points = worlds[0]?.lorenzWealth.length ?? 0;
    if (points === 0) return this.ofSnapshot();
    return CURVES.map(({ key }) =>
      Array.from({ length: points }, (_, k) => mean(worlds, (w) => w[key][k]) ?? Number.NaN),
    );
  }

  private ofSnapshot(): number[][] {
    const { snapshots, store } = this.context;
    const table = snapshots.current?.table;
    if (table === undefined) return CURVES.map(() => []);
    const rows = selectedRows(table, store.selection, store.hello?.run.worlds ?? 1);
    const world = cellsOf(table, 'world');
    return CURVES.map(({ column }) => {
      const values = cellsOf(table, column);
      const byWorld = group(rows, (row) => world[row]!);
      const curves = [...byWorld.values()].map((members) => lorenzCurve(members.map((row) => values[row]!)));
      return Array.from(curves[0] ?? [], (_, k) => mean(curves, (curve) => curve[k]!) ?? Number.NaN);
    });
  }

  private xScale() {
    return scaleLinear([0, 1], [MARGIN.left, this.width - MARGIN.right]);
  }

  private yScale() {
    return scaleLinear([0, 1], [this.height - MARGIN.bottom, MARGIN.top]);
  }

  private drawFrame(x: ReturnType<typeof scaleLinear<number, number>>, y: typeof x): void {
    const host = this.svg.select<SVGGElement>('.grid-lines').node()!;
    drawLevels(host, { place: y, ticks: QUARTERS }, [x(0), x(1)], (share) => formatTick(100 * share));
    this.svg
      .select('.x-axis')
      .selectAll<SVGTextElement, number>('text')
      .data(this.width < 460 ? QUARTERS.filter((_, k) => k % 2 === 0) : QUARTERS)
      .join('text')
      .attr('x', (value) => x(value))
      .attr('y', this.height - MARGIN.bottom + 16)
      .attr('text-anchor', (value) => (value === 1 ? 'end' : 'middle'))
      .text((value) => (value === 1 ? '100 % of agents' : formatTick(100 * value)));
    this.svg.select('.equality').attr('x1', x(0)).attr('y1', y(0)).attr('x2', x(1)).attr('y2', y(1));
  }
}

/** A curve given at even spacing, at a share of its length. */
function valueAt(points: readonly number[], share: number): number {
  const at = share * (points.length - 1);
  const below = Math.min(points.length - 2, Math.floor(at));
  return points[below]! + (at - below) * (points[below + 1]! - points[below]!);
}
