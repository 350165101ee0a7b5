/** Lines, bands and stacked areas over ticks, in one or more panels that share the tick axis and the cursor. */
import { area, line, max, min, type ScaleLinear, scaleLinear, select, stack } from 'd3';
import type { PageContext } from '../context.ts';
import { formatCount, formatValue } from '../format.ts';
import type { RunStore } from '../store.ts';
import { drawLevels, drawTicks, levelScale } from './axes.ts';
import { drawChangeMarks } from './changeMarks.ts';
import { followCursor } from './cursorKeys.ts';
import { type Figure, type Sheet, setEmpty } from './figure.ts';

export interface Series {
  readonly key: string;
  readonly label: string;
  /** Colour of the palette, 0..7. */
  readonly colour: number;
  readonly dashed?: boolean;
  /** Values per interval become values per so many ticks; 0 = shown as they are. */
  readonly perTicks: number;
  /** True for what is measured in the sampled tick itself: there is none before the first. */
  readonly ofTick?: boolean;
  /** Ticks that a value is averaged over, backwards; for counts of rare events. */
  readonly averagedOver?: number;
  /** Where the value stands in a summary, at present. */
  index(store: RunStore): number;
}

export interface Panel {
  readonly unit: string;
  readonly kind: 'line' | 'area' | 'stack';
  /** Share of the height, relative to the other panels. */
  readonly weight: number;
  /** Whether the axis starts at zero. */
  readonly zero: boolean;
  readonly series: readonly Series[];
  /** False: lines without their bands, where there are too many to tell apart. */
  readonly bands?: boolean;
  /** A level to compare with, such as the number of slots. */
  level?(store: RunStore): { value: number; label: string };
}

export interface TimeSeriesSpec {
  readonly panels: readonly Panel[];
  readonly height: number;
  /** Why nothing was measured, where nothing was. */
  readonly unmeasured?: string;
  /** Keys of the series that are drawn strongly; all when absent. */
  emphasised?(store: RunStore): ReadonlySet<string>;
}

const MARGIN = { top: 22, right: 12, bottom: 24, left: 46 };
const PANEL_GAP = 30;

interface Curve {
  readonly series: Series;
  readonly mean: readonly number[];
  readonly low: readonly number[];
  readonly high: readonly number[];
}

/** Draws a spec into a figure and keeps its legend at the values of the cursor, or the last ones. */
export class TimeSeries implements Figure {
  private readonly plot: HTMLElement;
  private readonly store: RunStore;
  private readonly spec: TimeSeriesSpec;
  private readonly svg;
  private readonly values = new Map<string, { item: HTMLElement; value: HTMLDataElement }>();
  private width = 0;
  private x: ScaleLinear<number, number> = scaleLinear();

  /**
   * @param plot element that holds the drawing; its width is followed
   * @param legend element for the names and values of the series
   */
  constructor(
    plot: HTMLElement,
    legend: HTMLElement,
    context: Pick<PageContext, 'store' | 'schedule'>,
    spec: TimeSeriesSpec,
  ) {
    this.plot = plot;
    this.store = context.store;
    this.spec = spec;
    this.svg = select(plot)
      .append('svg')
      .attr('height', spec.height)
      .attr('role', 'img')
      .attr('tabindex', 0)
      .attr('class', 'time-series');
    for (const [k, panel] of spec.panels.entries()) {
      const g = this.svg.append('g').attr('class', `panel panel-${k}`);
      g.append('g').attr('class', 'grid-lines');
      g.append('text').attr('class', 'unit').attr('x', 0).attr('y', -11).text(panel.unit);
      g.append('g').attr('class', 'bands');
      g.append('g').attr('class', 'lines');
      g.append('g').attr('class', 'level');
      g.append('g').attr('class', 'dots');
      this.addLegend(legend, panel);
    }
    this.svg.append('g').attr('class', 'changes');
    this.svg.append('rect').attr('class', 'future');
    this.svg.append('g').attr('class', 'x-axis');
    this.svg
      .append('text')
      .attr('class', 'unit')
      .attr('x', 0)
      .attr('y', spec.height - MARGIN.bottom + 16)
      .text('tick');
    const cursor = this.svg.append('g').attr('class', 'cursor').attr('visibility', 'hidden');
    cursor.append('line');
    cursor.append('rect').attr('rx', 3).attr('height', 17);
    cursor.append('text').attr('text-anchor', 'middle');
    followCursor(this.svg.node()!, context, {
      at: (left) => this.x.invert(left),
      last: () => this.store.lastTick,
    });
  }

  resize(width: number): void {
    this.width = width;
    this.svg.attr('width', width).attr('viewBox', `0 0 ${width} ${this.spec.height}`);
  }

  draw(): void {
    const { store, spec, width } = this;
    if (width === 0 || store.frameCount === 0) return;
    const ticks = Array.from({ length: store.frameCount }, (_, k) => store.tickOf(k));
    this.x = scaleLinear([0, Math.max(1, ticks.at(-1)!)], [MARGIN.left, width - MARGIN.right]);
    const strong = spec.emphasised?.(store) ?? null;
    const inner = spec.height - MARGIN.top - MARGIN.bottom - PANEL_GAP * (spec.panels.length - 1);
    const weights = spec.panels.reduce((sum, panel) => sum + panel.weight, 0);
    let top = MARGIN.top;
    let measured = false;
    for (const [k, panel] of spec.panels.entries()) {
      const height = (inner * panel.weight) / weights;
      measured = this.drawPanel(k, panel, ticks, top, height, strong) || measured;
      top += height + PANEL_GAP;
    }
    const none = spec.unmeasured ?? 'Not measured in this run.';
    setEmpty(this.plot, measured ? null : store.lastTick === 0 ? 'Measured from the first tick on.' : none);
    this.svg.attr('visibility', measured ? 'visible' : 'hidden');
    this.drawTickAxis();
    drawChangeMarks(this.svg.select<SVGGElement>('.changes'), store, this.x, {
      top: MARGIN.top,
      bottom: spec.height - MARGIN.bottom,
      right: width - MARGIN.right,
    });
    for (const [key, { item }] of this.values) item.hidden = strong !== null && !strong.has(key);
    this.drawCursor();
  }

  drawCursor(): void {
    const { store } = this;
    const shown = store.shownIndex;
    if (shown < 0 || this.width === 0) return;
    const spoken: string[] = [];
    for (const panel of this.spec.panels) {
      for (const series of panel.series) {
        const entry = this.values.get(series.key);
        if (entry === undefined) continue;
        const value = this.valueAt(series, shown).mean;
        entry.value.value = String(value);
        entry.value.textContent = formatValue(value);
        if (!entry.item.hidden) spoken.push(`${series.label} ${formatValue(value)} ${panel.unit}`);
      }
    }
    const tick = store.tickOf(shown);
    this.svg.attr('aria-label', `At tick ${formatCount(tick)}: ${spoken.join(', ')}`);

    const cursor = this.svg
      .select('.cursor')
      .attr('visibility', store.shownTick === null ? 'hidden' : 'visible');
    this.veilFuture();
    const at = this.x(tick);
    const bottom = this.spec.height - MARGIN.bottom;
    cursor.select('line').attr('x1', at).attr('x2', at).attr('y1', MARGIN.top).attr('y2', bottom);
    const label = formatCount(tick);
    const half = 6 + label.length * 3.6;
    const middle = Math.min(Math.max(at, half), this.width - half);
    cursor
      .select('text')
      .attr('x', middle)
      .attr('y', bottom + 16)
      .text(label);
    cursor
      .select('rect')
      .attr('x', middle - half)
      .attr('width', 2 * half)
      .attr('y', bottom + 3);
  }

  /** What lies behind the tick of the time line is there, but pale. */
  private veilFuture(): void {
    const { playhead, lastTick } = this.store;
    const from = this.x(Math.min(playhead ?? lastTick, lastTick));
    const end = this.width - MARGIN.right;
    this.svg
      .select('.future')
      .attr('x', from)
      .attr('y', MARGIN.top)
      .attr('width', playhead === null ? 0 : Math.max(0, end - from))
      .attr('height', this.spec.height - MARGIN.top - MARGIN.bottom);
  }

  /** Tick, then mean and band of every series. */
  sheet(): Sheet {
    const { store, spec } = this;
    const all = spec.panels.flatMap((panel) => panel.series);
    return {
      columns: ['tick', ...all.flatMap((s) => [s.label, `${s.label} low`, `${s.label} high`])],
      rows: Array.from({ length: store.frameCount }, (_, k) => [
        store.tickOf(k),
        ...all.flatMap((series) => {
          const { mean, low, high } = this.valueAt(series, k);
          return [mean, low, high];
        }),
      ]),
    };
  }

  private addLegend(legend: HTMLElement, panel: Panel): void {
    for (const series of panel.series) {
      const item = document.createElement('span');
      item.className = `key colour-${series.colour}`;
      // Which of many are named is known with the first frame.
      item.hidden = this.spec.emphasised !== undefined;
      const swatch = document.createElement('i');
      swatch.className = panel.kind === 'line' ? `line${series.dashed ? ' dashed' : ''}` : 'block';
      const name = document.createElement('span');
      name.textContent = series.label;
      const value = document.createElement('data');
      value.dataset.series = series.key;
      item.append(swatch, name, value);
      legend.append(item);
      this.values.set(series.key, { item, value });
    }
  }

  private valueAt(series: Series, frame: number): { mean: number; low: number; high: number } {
    const { store } = this;
    const index = series.index(store);
    const from = store.tickOf(frame) - (series.averagedOver ?? 0);
    const sum = { mean: 0, low: 0, high: 0 };
    let ticks = 0;
    let frames = 0;
    for (let k = frame; k >= 0 && (k === frame || store.tickOf(k) > from); k--) {
      const { mean, low, high } = store.summaryOf(k);
      sum.mean += mean[index] ?? Number.NaN;
      sum.low += low[index] ?? Number.NaN;
      sum.high += high[index] ?? Number.NaN;
      ticks += store.intervalOf(k);
      frames++;
    }
    const needsTicks = series.perTicks > 0 || series.ofTick === true;
    const factor =
      needsTicks && ticks === 0 ? Number.NaN : series.perTicks > 0 ? series.perTicks / ticks : 1 / frames;
    return { mean: sum.mean * factor, low: sum.low * factor, high: sum.high * factor };
  }

  private curve(series: Series, count: number): Curve {
    const values = Array.from({ length: count }, (_, k) => this.valueAt(series, k));
    return {
      series,
      mean: values.map((v) => v.mean),
      low: values.map((v) => v.low),
      high: values.map((v) => v.high),
    };
  }

  /** Returns whether there was anything to draw. */
  private drawPanel(
    k: number,
    panel: Panel,
    ticks: readonly number[],
    top: number,
    height: number,
    strong: ReadonlySet<string> | null,
  ): boolean {
    const curves = panel.series.map((series) => this.curve(series, ticks.length));
    const layers = panel.kind === 'stack' ? stackOf(curves, ticks.length) : null;
    const level = panel.level?.(this.store);
    const { scale: y, ticks: levels } = levelScale(
      this.reach(panel, curves, layers, level?.value),
      height,
      panel.zero,
    );
    const g = this.svg.select<SVGGElement>(`.panel-${k}`).attr('transform', `translate(0,${top})`);
    const across = [MARGIN.left, this.width - MARGIN.right] as const;
    drawLevels(g.select<SVGGElement>('.grid-lines').node()!, { place: y, ticks: levels }, across);
    const x = (i: number): number => this.x(ticks[i]!);
    const indices = ticks.map((_, i) => i);

    const bands = g.select('.bands');
    if (layers !== null) {
      bands
        .selectAll<SVGPathElement, (typeof layers)[number]>('path')
        .data(layers, (layer) => layer.key)
        .join('path')
        .attr('class', (layer) => `layer colour-${layer.colour}`)
        .attr('data-series', (layer) => layer.key)
        .attr('data-last', (layer) => layer.points.at(-1)![1] - layer.points.at(-1)![0])
        .attr('d', (layer) =>
          area<number>()
            .x(x)
            .y0((i) => y(layer.points[i]![0]))
            .y1((i) => y(layer.points[i]![1]))
            .digits(1)(indices),
        );
    } else {
      const filled = panel.kind === 'area';
      bands
        .selectAll<SVGPathElement, Curve>('path')
        .data(panel.bands === false ? [] : curves, (c) => c.series.key)
        .join('path')
        .attr('class', (c) => `${filled ? 'fill' : 'band'} colour-${c.series.colour}`)
        .attr('d', (c) =>
          area<number>()
            .defined((i) => Number.isFinite(c.mean[i]))
            .x(x)
            .y0((i) => (filled ? height : y(c.low[i]!)))
            .y1((i) => y(filled ? c.mean[i]! : c.high[i]!))
            .digits(1)(indices),
        );
      g.select('.lines')
        .selectAll<SVGPathElement, Curve>('path')
        .data(curves, (c) => c.series.key)
        .join('path')
        .attr('class', (c) => {
          const faint = strong !== null && !strong.has(c.series.key) ? ' faint' : '';
          return `line colour-${c.series.colour}${c.series.dashed ? ' dashed' : ''}${faint}`;
        })
        .attr('data-series', (c) => c.series.key)
        .attr('data-points', ticks.length)
        .attr('data-last', (c) => c.mean.at(-1)!)
        .attr('d', (c) =>
          line<number>()
            .defined((i) => Number.isFinite(c.mean[i]))
            .x(x)
            .y((i) => y(c.mean[i]!))
            .digits(1)(indices),
        );
    }
    this.drawLevel(g.select('.level'), level, y);
    return curves.some((c) => c.mean.some((value) => Number.isFinite(value)));
  }

  /** The least and the highest that a panel shows. */
  private reach(
    panel: Panel,
    curves: readonly Curve[],
    layers: ReturnType<typeof stackOf> | null,
    level: number | undefined,
  ): [least: number, most: number] {
    let low: number;
    let high: number;
    if (layers !== null) {
      low = 0;
      high = max(layers.at(-1)?.points ?? [], (p) => p[1]) ?? 1;
    } else {
      const bands = panel.bands !== false;
      low = min(curves, (c) => min(bands ? c.low : c.mean, finite)) ?? 0;
      high = max(curves, (c) => max(bands ? c.high : c.mean, finite)) ?? 1;
    }
    if (level !== undefined) high = Math.max(high, level);
    return [low, high];
  }

  private drawLevel(
    g: ReturnType<typeof select<SVGGElement, unknown>>,
    level: { value: number; label: string } | undefined,
    y: ScaleLinear<number, number>,
  ): void {
    const entry = g.selectAll<SVGGElement, unknown>('g').data(level === undefined ? [] : [level]);
    const joined = entry.join((enter) => {
      const entered = enter.append('g');
      entered.append('line');
      entered.append('text').attr('text-anchor', 'end');
      return entered;
    });
    joined.attr('transform', (l) => `translate(0,${y(l.value)})`);
    joined
      .select('line')
      .attr('x1', MARGIN.left)
      .attr('x2', this.width - MARGIN.right);
    joined
      .select('text')
      .attr('x', this.width - MARGIN.right)
      .attr('y', -5)
      .text((l) => l.label);
  }

  private drawTickAxis(): void {
    const baseline = this.spec.height - MARGIN.bottom + 16;
    drawTicks(this.svg.select<SVGGElement>('.x-axis').node()!, this.x, this.width, baseline);
  }
}

const finite = (value: number): number | undefined => (Number.isFinite(value) ? value : undefined);

/** Curves on top of each other: for each a key, a colour and [bottom, top] per frame. */
function stackOf(
  curves: readonly Curve[],
  count: number,
): { key: string; colour: number; points: [number, number][] }[] {
  const rows = Array.from({ length: count }, (_, i) => i);
  const layers = stack<number, Curve>()
    .keys(curves)
    .value((i, c) => finite(c.mean[i]!) ?? 0)(rows);
  return layers.map((layer, k) => ({
    key: curves[k]!.series.key,
    colour: curves[k]!.series.colour,
    points: layer.map((point) => [point[0], point[1]]),
  }));
}
