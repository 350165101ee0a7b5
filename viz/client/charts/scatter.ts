/** A cloud of agents on a canvas: 10^5 points at a time, coloured by group or by shade, pointed at and picked. */
import { extent, type Quadtree, quadtree, type ScaleLinear, scaleLinear, select } from 'd3';
import { formatValue } from '../format.ts';
import { channelsOf, colourOf, shadeOf } from '../palette.ts';
import { appendAxes, drawAxes, AXES_MARGIN as MARGIN, ticksAcross } from './axes.ts';
import { type Figure, type Sheet, setEmpty } from './figure.ts';
import { blendSquares, groupPoints, type PixelAxis } from './squares.ts';

export interface Cloud {
  readonly count: number;
  readonly x: ArrayLike<number>;
  readonly y: ArrayLike<number>;
  readonly xLabel: string;
  readonly yLabel: string;
  /** Index into `groups` of each point, or a share 0..1 where there are none. */
  readonly colour: ArrayLike<number>;
  readonly groups: readonly { readonly label: string; readonly colour: string }[];
  /** What the shade means, at 0 and at 1; for clouds without groups. */
  readonly shade: { readonly label: string; readonly low: number; readonly high: number } | null;
  /** Index of the picked point; -1 = none. */
  readonly picked: number;
  /** A point in words. */
  name(point: number): string;
}

export interface ScatterSpec {
  readonly height: number;
  /** The cloud now, or why there is none; the same object as before is not drawn again. */
  read(): Cloud | string;
  pick(point: number): void;
}

const SHADES = 48;
/** More points than this are drawn as squares, by which 10^5 of them take milliseconds. */
const CIRCLES_MAX = 4000;
const SQUARE_PX = 2;
const SQUARE_ALPHA = 0.6;
/** A pointer farther than this from every point points at none, px. */
const REACH_PX = 14;

/** Points of one colour. */
interface Layer {
  readonly points: Uint32Array;
  readonly colour: string;
}

export class Scatter implements Figure {
  private readonly plot: HTMLElement;
  private readonly legend: HTMLElement;
  private readonly spec: ScatterSpec;
  private readonly canvas: HTMLCanvasElement;
  private readonly svg;
  private width = 0;
  private cloud: Cloud | null = null;
  private x: ScaleLinear<number, number> = scaleLinear();
  private y: ScaleLinear<number, number> = scaleLinear();
  private tree: Quadtree<number> | null = null;
  private under = -1;
  /** What the canvas shows: cloud, size and theme. */
  private drawn: readonly unknown[] = [];

  constructor(plot: HTMLElement, legend: HTMLElement, spec: ScatterSpec) {
    this.plot = plot;
    this.legend = legend;
    this.spec = spec;
    this.canvas = document.createElement('canvas');
    this.canvas.setAttribute('aria-hidden', 'true');
    plot.append(this.canvas);
    this.svg = select(plot)
      .append('svg')
      .attr('class', 'scatter')
      .attr('height', spec.height)
      .attr('role', 'img')
      .attr('tabindex', 0);
    appendAxes(this.svg);
    this.svg.append('text').attr('class', 'unit y-label').attr('y', 11);
    this.svg.append('text').attr('class', 'unit x-label').attr('text-anchor', 'end');
    this.svg.append('circle').attr('class', 'picked').attr('r', 7);
    this.svg.append('circle').attr('class', 'under').attr('r', 6);
    this.svg.append('text').attr('class', 'note').attr('y', 11).attr('text-anchor', 'end');
    this.listen();
  }

  resize(width: number): void {
    this.width = width;
    const { height } = this.spec;
    const ratio = devicePixelRatio;
    this.canvas.width = Math.round(width * ratio);
    this.canvas.height = Math.round(height * ratio);
    this.canvas.style.width = `${width}px`;
    this.canvas.style.height = `${height}px`;
    this.svg.attr('width', width).attr('viewBox', `0 0 ${width} ${height}`);
  }

  draw(): void {
    if (this.width === 0) return;
    const read = this.spec.read();
    setEmpty(this.plot, typeof read === 'string' ? read : null);
    const now = [read, this.width, colourOf('ink')];
    if (now.every((part, k) => part === this.drawn[k])) {
      this.drawCursor();
      return;
    }
    this.drawn = now;
    this.cloud = typeof read === 'string' ? null : read;
    this.tree = null;
    this.under = -1;
    this.svg.attr('visibility', this.cloud === null ? 'hidden' : 'visible');
    const context = this.canvas.getContext('2d')!;
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, this.canvas.width, this.canvas.height);
    if (this.cloud === null) return;
    this.scale(this.cloud);
    this.drawAxes(this.cloud);
    this.drawPoints(this.cloud, context);
    this.drawLegend(this.cloud);
    this.svg.attr('data-points', this.cloud.count);
    this.drawCursor();
  }

  drawCursor(): void {
    const { cloud, under } = this;
    const ring = (name: string, point: number): void => {
      const seen = cloud !== null && point >= 0 && this.isDrawn(point);
      const circle = this.svg.select(name).attr('visibility', seen ? 'visible' : 'hidden');
      if (seen) circle.attr('cx', this.x(cloud.x[point]!)).attr('cy', this.y(cloud.y[point]!));
    };
    ring('.picked', cloud?.picked ?? -1);
    ring('.under', under);
    const words = cloud === null ? '' : under < 0 ? '' : cloud.name(under);
    this.svg
      .select('.note')
      .attr('x', this.width - MARGIN.right)
      .text(words);
    if (cloud !== null)
      this.svg.attr(
        'aria-label',
        words || `${cloud.yLabel} against ${cloud.xLabel} of ${formatValue(cloud.count)} agents`,
      );
  }

  sheet(): Sheet {
    const { cloud } = this;
    if (cloud === null) return { columns: [], rows: [] };
    return {
      columns: ['agent', cloud.xLabel, cloud.yLabel, cloud.shade?.label ?? 'group'],
      rows: Array.from({ length: cloud.count }, (_, k) => [
        cloud.name(k),
        cloud.x[k]!,
        cloud.y[k]!,
        cloud.groups[cloud.colour[k]!]?.label ?? cloud.colour[k]!,
      ]),
    };
  }

  /** The axes with the points as one picture. */
  picture(): SVGSVGElement | null {
    const svg = this.svg.node();
    if (svg === null) return null;
    const image = select(svg).insert('image', ':first-child');
    image.attr('href', this.canvas.toDataURL()).attr('width', this.width).attr('height', this.spec.height);
    setTimeout(() => image.remove());
    return svg;
  }

  private isDrawn(point: number): boolean {
    const { cloud } = this;
    return cloud !== null && Number.isFinite(cloud.x[point]) && Number.isFinite(cloud.y[point]);
  }

  private scale(cloud: Cloud): void {
    const range = (values: ArrayLike<number>): [number, number] => {
      const [low, high] = extent(values as Iterable<number> & ArrayLike<number>, (v) =>
        Number.isFinite(v) ? v : undefined,
      );
      if (low === undefined || high === undefined) return [0, 1];
      const pad = high > low ? (high - low) * 0.03 : Math.max(1, Math.abs(low) * 0.1);
      return [low - (low === 0 ? 0 : pad), high + pad];
    };
    const { height } = this.spec;
    this.x = scaleLinear(range(cloud.x), [MARGIN.left, this.width - MARGIN.right]);
    this.y = scaleLinear(range(cloud.y), [height - MARGIN.bottom, MARGIN.top]);
  }

  private drawAxes(cloud: Cloud): void {
    const { x, y, width } = this;
    drawAxes(
      this.svg,
      width,
      this.spec.height,
      { place: x, ticks: x.ticks(ticksAcross(width, 90)) },
      { place: y, ticks: y.ticks(5) },
    );
    this.svg.select('.y-label').text(cloud.yLabel);
    this.svg.select('.x-label').text(cloud.xLabel);
  }

  private drawPoints(cloud: Cloud, context: CanvasRenderingContext2D): void {
    const grouped = cloud.groups.length > 0;
    const colours = grouped
      ? cloud.groups.map(({ colour }) => colourOf(colour))
      : Array.from({ length: SHADES }, (_, k) => shadeOf(k / (SHADES - 1)));
    const last = colours.length - 1;
    const points = groupPoints(cloud.count, colours.length, (k) => {
      if (!this.isDrawn(k)) return -1;
      const value = cloud.colour[k]!;
      return grouped ? Math.min(last, value) : Math.round(Math.min(1, Math.max(0, value)) * last);
    });
    // The largest group lies at the bottom.
    const order = points.map((_, k) => k);
    if (grouped) order.sort((a, b) => points[b]!.length - points[a]!.length);
    const layers = order.map((k) => ({ points: points[k]!, colour: colours[k]! }));
    if (cloud.count > CIRCLES_MAX) this.drawSquares(cloud, layers, context);
    else this.drawCircles(cloud, layers, context);
  }

  private drawCircles(cloud: Cloud, layers: readonly Layer[], context: CanvasRenderingContext2D): void {
    const { x, y } = this;
    context.setTransform(devicePixelRatio, 0, 0, devicePixelRatio, 0, 0);
    context.globalAlpha = 0.8;
    for (const { points, colour } of layers) {
      context.fillStyle = colour;
      context.beginPath();
      for (const point of points) {
        const [left, top] = [x(cloud.x[point]!), y(cloud.y[point]!)];
        context.moveTo(left + 3.2, top);
        context.arc(left, top, 3.2, 0, 2 * Math.PI);
      }
      context.fill();
    }
  }

  private drawSquares(cloud: Cloud, layers: readonly Layer[], context: CanvasRenderingContext2D): void {
    const { width, height } = this.canvas;
    const axis = (scale: ScaleLinear<number, number>): PixelAxis => {
      const per = scale(1) - scale(0);
      return { at: scale(0) * devicePixelRatio, per: per * devicePixelRatio };
    };
    const picture = context.createImageData(width, height);
    blendSquares(
      picture.data,
      width,
      height,
      layers.map(({ points, colour }) => ({ points, colour: channelsOf(colour) })),
      cloud,
      { x: axis(this.x), y: axis(this.y) },
      Math.max(1, Math.round(SQUARE_PX * devicePixelRatio)),
      SQUARE_ALPHA,
    );
    context.putImageData(picture, 0, 0);
  }

  private drawLegend(cloud: Cloud): void {
    const item = (swatch: HTMLElement, ...text: string[]): HTMLElement => {
      const key = document.createElement('span');
      key.className = 'key';
      key.append(swatch, ...text);
      return key;
    };
    if (cloud.shade !== null) {
      const bar = document.createElement('i');
      bar.className = 'shade';
      const { label, low, high } = cloud.shade;
      this.legend.replaceChildren(item(bar, `${label} ${formatValue(low)} to ${formatValue(high)}`));
      return;
    }
    const counts = new Array<number>(cloud.groups.length).fill(0);
    for (let k = 0; k < cloud.count; k++) counts[cloud.colour[k]!]!++;
    this.legend.replaceChildren(
      ...cloud.groups
        .map((group, k) => ({ ...group, count: counts[k]! }))
        .filter(({ count }) => count > 0)
        .map(({ label, colour, count }) => {
          const dot = document.createElement('i');
          dot.className = 'dot';
          dot.style.setProperty('--c', `var(--${colour})`);
          return item(dot, `${label} ${formatValue(count)}`);
        }),
    );
  }

  private listen(): void {
    const node = this.svg.node()!;
    const point = (at: number): void => {
      if (at === this.under) return;
      this.under = at;
      this.drawCursor();
    };
    node.addEventListener('pointermove', (event) => {
      const { left, top } = node.getBoundingClientRect();
      point(this.nearest(event.clientX - left, event.clientY - top));
    });
    node.addEventListener('pointerleave', () => point(-1));
    node.addEventListener('blur', () => point(-1));
    node.addEventListener('click', () => {
      if (this.under >= 0) this.spec.pick(this.under);
    });
    node.addEventListener('keydown', (event) => {
      const count = this.cloud?.count ?? 0;
      const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      if (step !== undefined && count > 0) {
        event.preventDefault();
        point((this.under + step + count) % count);
      } else if (event.key === 'Enter' && this.under >= 0) this.spec.pick(this.under);
    });
  }

  private nearest(left: number, top: number): number {
    const { cloud } = this;
    if (cloud === null) return -1;
    this.tree ??= quadtree<number>()
      .x((k) => this.x(cloud.x[k]!))
      .y((k) => this.y(cloud.y[k]!))
      .addAll(Array.from({ length: cloud.count }, (_, k) => k).filter((k) => this.isDrawn(k)));
    return this.tree.find(left, top, REACH_PX) ?? -1;
  }
}
