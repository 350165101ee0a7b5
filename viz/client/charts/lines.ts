/** Lines with bands over ticks from whatever data, in panels under each other; for what is not in the frames. */
import { area, extent, line, max, type ScaleLinear, scaleLinear, select } from 'd3';
import type { PageContext } from '../context.ts';
import { formatCount, formatValue } from '../format.ts';
import type { RunStore } from '../store.ts';
import { drawLevels, drawTicks, levelScale, placeGuide } from './axes.ts';
import { drawChangeMarks } from './changeMarks.ts';
import { followCursor } from './cursorKeys.ts';
import { type Figure, type Sheet, setEmpty } from './figure.ts';

export interface Line {
  readonly key: string;
  readonly label: string;
  /** Colour of the palette, 0..7. */
  readonly colour: number;
  readonly dashed?: boolean;
  readonly ticks: readonly number[];
  readonly mean: ArrayLike<number>;
  readonly low?: ArrayLike<number>;
  readonly high?: ArrayLike<number>;
}
export interface LinePanel {
  readonly unit: string;
  readonly lines: readonly Line[];
  readonly zero: boolean;
}

const MARGIN = { top: 22, right: 12, bottom: 24, left: 46 };
const PANEL_GAP = 30;

export class Lines implements Figure {
  private readonly plot: HTMLElement;
  private readonly legend: HTMLElement;
  private readonly context: PageContext;
  private readonly height: number;
  private readonly read: () => readonly LinePanel[] | string;
  private readonly stores: () => readonly RunStore[];
  private readonly svg;
  private width = 0;
  private panels: readonly LinePanel[] = [];
  private x: ScaleLinear<number, number> = scaleLinear();

  /**
   * @param read the lines now, or why there are none
   * @param stores the runs whose changes are marked
   */
  constructor(
    plot: HTMLElement,
    legend: HTMLElement,
    context: PageContext,
    height: number,
    read: () => readonly LinePanel[] | string,
    stores: () => readonly RunStore[] = () => [context.store],
  ) {
    this.plot = plot;
    this.legend = legend;
    this.context = context;
    this.height = height;
    this.read = read;
    this.stores = stores;
    this.svg = select(plot)
      .append('svg')
      .attr('height', height)
      .attr('role', 'img')
      .attr('tabindex', 0)
      .attr('class', 'time-series');
    this.svg.append('g').attr('class', 'panels');
    this.svg.append('g').attr('class', 'changes');
    this.svg.append('g').attr('class', 'x-axis');
    this.svg
      .append('text')
      .attr('class', 'unit')
      .attr('x', 0)
      .attr('y', height - 8)
      .text('tick');
    this.svg.append('line').attr('class', 'guide');
    followCursor(this.svg.node()!, context, { at: (left) => this.x.invert(left), last: () => this.lastTick });
  }

  resize(width: number): void {
    this.width = width;
    this.svg.attr('width', width).attr('viewBox', `0 0 ${width} ${this.height}`);
  }

  draw(): void {
    if (this.width === 0) return;
    const read = this.read();
    this.panels = typeof read === 'string' ? [] : read;
    const measured = this.panels.some(({ lines }) => lines.some(isMeasured));
    const none = typeof read === 'string' ? read : 'No value has been measured here.';
    setEmpty(this.plot, measured ? null : none);
    this.svg.attr('visibility', measured ? 'visible' : 'hidden');
    if (typeof read === 'string') return;
    this.x = scaleLinear([0, Math.max(1, this.lastTick)], [MARGIN.left, this.width - MARGIN.right]);
    const inner =
      (this.height - MARGIN.top - MARGIN.bottom - PANEL_GAP * (this.panels.length - 1)) / this.panels.length;
    const groups = this.svg
      .select('.panels')
      .selectAll<SVGGElement, LinePanel>('g.panel')
      .data(this.panels)
      .join((enter) => {
        const g = enter.append('g').attr('class', 'panel');
        g.append('g').attr('class', 'grid-lines');
        g.append('text').attr('class', 'unit').attr('y', -11);
        g.append('g').attr('class', 'bands');
        g.append('g').attr('class', 'lines');
        return g;
      })
      .attr('transform', (_, k) => `translate(0,${MARGIN.top + k * (inner + PANEL_GAP)})`);
    groups.select('.unit').text((panel) => panel.unit);
    for (const node of groups.nodes())
      this.drawPanel(node, select<SVGGElement, LinePanel>(node).datum(), inner);
    this.drawChanges();
    drawTicks(this.svg.select<SVGGElement>('.x-axis').node()!, this.x, this.width, this.height - 8);
    this.drawCursor();
  }

  private drawChanges(): void {
    const place = { top: MARGIN.top, bottom: this.height - MARGIN.bottom, right: this.width - MARGIN.right };
    this.svg
      .select('.changes')
      .selectAll<SVGGElement, RunStore>('g.changes-of')
      .data(this.stores())
      .join((enter) => enter.append('g').attr('class', 'changes-of'))
      .each((store, k, nodes) =>
        drawChangeMarks(select<SVGGElement, unknown>(nodes[k]!), store, this.x, place),
      );
  }

  drawCursor(): void {
    const tick = this.context.store.shownTick;
    const spoken: string[] = [];
    const items = this.panels.flatMap(({ lines, unit }) =>
      lines.map((l) => {
        const value = valueAt(l, tick ?? Number.POSITIVE_INFINITY);
        spoken.push(`${l.label} ${formatValue(value)} ${unit}`);
        const item = document.createElement('span');
        item.className = `key colour-${l.colour}`;
        const swatch = document.createElement('i');
        swatch.className = `line${l.dashed ? ' dashed' : ''}`;
        const shown = document.createElement('data');
        shown.dataset.line = l.key;
        shown.value = String(value);
        shown.textContent = formatValue(value);
        item.append(swatch, l.label, shown);
        return item;
      }),
    );
    this.legend.replaceChildren(...items);
    const guide = this.svg.select<SVGLineElement>('.guide').node()!;
    placeGuide(guide, tick === null ? null : this.x(tick), MARGIN.top, this.height - MARGIN.bottom);
    const when = tick === null ? 'At the end' : `At tick ${formatCount(tick)}`;
    this.svg.attr('aria-label', `${when}: ${spoken.join(', ')}`);
  }

  sheet(): Sheet {
    const all = this.panels.flatMap(({ lines }) => lines);
    return {
      columns: ['line', 'tick', 'mean', 'low', 'high'],
      rows: all.flatMap((l) =>
        l.ticks.map((tick, k) => [
          l.label,
          tick,
          l.mean[k] ?? Number.NaN,
          l.low?.[k] ?? Number.NaN,
          l.high?.[k] ?? Number.NaN,
        ]),
      ),
    };
  }

  private get lastTick(): number {
    return max(this.panels, (panel) => max(panel.lines, (l) => l.ticks.at(-1))) ?? 0;
  }

  private drawPanel(node: SVGGElement, panel: LinePanel, height: number): void {
    const g = select(node);
    const bounds = panel.lines
      .flatMap((l) => [l.mean, l.low ?? l.mean, l.high ?? l.mean])
      .flatMap((values) => Array.from(values))
      .filter((value) => Number.isFinite(value));
    const [low, high] = extent(bounds);
    const { scale: y, ticks } = levelScale([low ?? 0, high ?? 1], height, panel.zero);
    const across = [MARGIN.left, this.width - MARGIN.right] as const;
    drawLevels(g.select<SVGGElement>('.grid-lines').node()!, { place: y, ticks }, across);
    const points = (l: Line): number[] => l.ticks.map((_, k) => k);
    g.select('.bands')
      .selectAll<SVGPathElement, Line>('path')
      .data(panel.lines.filter((l) => l.low !== undefined))
      .join('path')
      .attr('class', (l) => `band colour-${l.colour}`)
      .attr('d', (l) =>
        area<number>()
          .defined((k) => Number.isFinite(l.low![k]))
          .x((k) => this.x(l.ticks[k]!))
          .y0((k) => y(l.low![k]!))
          .y1((k) => y(l.high![k]!))
          .digits(1)(points(l)),
      );
    g.select('.lines')
      .selectAll<SVGPathElement, Line>('path')
      .data(panel.lines)
      .join('path')
      .attr('class', (l) => `line colour-${l.colour}${l.dashed ? ' dashed' : ''}`)
      .attr('data-series', (l) => l.key)
      .attr('data-points', (l) => l.ticks.length)
      .attr('data-last', (l) => l.mean[l.ticks.length - 1] ?? '')
      .attr('d', (l) =>
        line<number>()
          .defined((k) => Number.isFinite(l.mean[k]))
          .x((k) => this.x(l.ticks[k]!))
          .y((k) => y(l.mean[k]!))
          .digits(1)(points(l)),
      );
  }
}

const isMeasured = ({ mean }: Line): boolean => Array.from(mean).some((value) => Number.isFinite(value));

/** The value at the last tick at or before one. */
function valueAt(l: Line, tick: number): number {
  let found = Number.NaN;
  for (const [k, at] of l.ticks.entries()) {
    if (at > tick) break;
    found = l.mean[k] ?? Number.NaN;
  }
  return found;
}
