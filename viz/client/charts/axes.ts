/** Grid lines with their numbers, of charts of one quantity against another and of charts over ticks. */
import { type ScaleLinear, type Selection, select } from 'd3';
import { formatTick } from '../format.ts';

/** Room around the drawing, px: numbers on the left and below, a unit above. */
export const AXES_MARGIN = { top: 22, right: 14, bottom: 34, left: 52 } as const;
const GAP = { left: 7, below: 14, label: 4 } as const;

/** Where a value lies, px. */
type Place = (value: number) => number;

/** Values that get a line, and where they lie, px. */
export interface Axis {
  readonly place: Place;
  readonly ticks: readonly number[];
}

type Svg = Selection<SVGSVGElement, unknown, null, undefined>;

/** Ticks of an axis so many pixels wide with one about every `spacing` pixels. */
export const ticksAcross = (width: number, spacing: number): number =>
  Math.max(2, Math.floor(width / spacing));

/** Draws a line across for each value, with its number on the left; the one of zero is told apart. */
export function drawLevels(
  host: SVGGElement,
  { place, ticks }: Axis,
  [left, right]: readonly [left: number, right: number],
): void {
  const lines = select(host)
    .selectAll<SVGGElement, number>('g')
    .data(ticks)
    .join((enter) => {
      const g = enter.append('g');
      g.append('line');
      g.append('text').attr('text-anchor', 'end').attr('dy', '0.32em');
      return g;
    })
    .attr('transform', (value) => `translate(0,${place(value)})`)
    .attr('class', (value) => (value === 0 ? 'zero' : null));
  lines.select('line').attr('x1', left).attr('x2', right);
  lines
    .select('text')
    .attr('x', left - GAP.left)
    .text(formatTick);
}

/** Pixels near an end at which a number would reach out of the drawing. */
const END_PX = { right: 30, left: 20 } as const;

/**
 * Writes ticks of the run, which are whole, under a chart.
 *
 * @param y of their base line, px
 * @param word for a tick; formatTick where it is left out
 */
export function drawTicks(
  host: SVGGElement,
  x: ScaleLinear<number, number>,
  width: number,
  y: number,
  word: (tick: number) => string = formatTick,
): void {
  const anchor = (at: number): string =>
    at > width - END_PX.right ? 'end' : at < END_PX.left ? 'start' : 'middle';
  select(host)
    .selectAll<SVGTextElement, number>('text')
    .data(x.ticks(ticksAcross(width, 90)).filter((tick) => Number.isInteger(tick)))
    .join('text')
    .attr('x', (tick) => x(tick))
    .attr('y', y)
    .attr('text-anchor', (tick) => anchor(x(tick)))
    .text(word);
}

/** Puts the line of the cursor at a place, or hides it; px. */
export function placeGuide(line: SVGLineElement, at: number | null, top: number, bottom: number): void {
  select(line).attr('visibility', at === null ? 'hidden' : 'visible');
  if (at !== null) select(line).attr('x1', at).attr('x2', at).attr('y1', top).attr('y2', bottom);
}

/** Appends what `drawAxes` fills; `.x-label` stands below on the right. */
export function appendAxes(svg: Svg): void {
  svg.append('g').attr('class', 'grid-lines y-lines');
  svg.append('g').attr('class', 'grid-lines vertical x-lines');
}

/** Draws both grids, and puts the label of the x axis in its place. */
export function drawAxes(svg: Svg, width: number, height: number, x: Axis, y: Axis): void {
  const { top, right, bottom, left } = AXES_MARGIN;
  const lines = (name: string, { ticks }: Axis, transform: (value: number) => string) =>
    svg
      .select(name)
      .selectAll<SVGGElement, number>('g')
      .data(ticks)
      .join((enter) => {
        const g = enter.append('g');
        g.append('line');
        g.append('text');
        return g;
      })
      .attr('transform', transform);
  const across = lines('.y-lines', y, (value) => `translate(0,${y.place(value)})`);
  across
    .select('line')
    .attr('x1', left)
    .attr('x2', width - right);
  across
    .select('text')
    .attr('x', left - GAP.left)
    .attr('dy', '0.32em')
    .attr('text-anchor', 'end')
    .text(formatTick);
  const up = lines('.x-lines', x, (value) => `translate(${x.place(value)},0)`);
  up.select('line')
    .attr('y1', top)
    .attr('y2', height - bottom);
  up.select('text')
    .attr('y', height - bottom + GAP.below)
    .attr('text-anchor', 'middle')
    .text(formatTick);
  svg
    .select('.x-label')
    .attr('x', width - right)
    .attr('y', height - GAP.label);
}

/** Moves the dashed lines from a point on a curve to both axes, and the dot on it, px. */
export function drawCrossing(svg: Svg, height: number, x: number, y: number): void {
  const { left, bottom } = AXES_MARGIN;
  svg.select('.across').attr('x1', left).attr('x2', x).attr('y1', y).attr('y2', y);
  svg
    .select('.down')
    .attr('x1', x)
    .attr('x2', x)
    .attr('y1', y)
    .attr('y2', height - bottom);
  svg.select('.crossing').attr('cx', x).attr('cy', y);
}
