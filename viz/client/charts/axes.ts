/** Grid lines with their numbers, of charts of one quantity against another and of charts over ticks. */
import { type ScaleLinear, type Selection, scaleLinear, select } from 'd3';
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
  word: (value: number) => string = formatTick,
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
    .text(word);
}

/** Panels lower than this have two labels on their axis. */
const LOW_PANEL_PX = 70;

/**
 * A round axis of values in a panel so many pixels high; one value alone stands in its middle.
 *
 * @param zero whether it reaches to zero
 */
export function levelScale(
  [least, most]: readonly [least: number, most: number],
  height: number,
  zero: boolean,
): { readonly scale: ScaleLinear<number, number>; readonly ticks: readonly number[] } {
  let [low, high] = zero ? [Math.min(0, least), Math.max(0, most)] : [least, most];
  if (high - low < 1e-9) {
    const room = Math.max(1e-6, Math.abs(low)) / 2;
    [low, high] = zero ? [low, low + 1] : [low - room, high + room];
  }
  const labels = height > LOW_PANEL_PX ? 4 : 2;
  const scale = scaleLinear([low, high], [height, 0]).nice(labels);
  return { scale, ticks: labels === 2 ? scale.domain() : scale.ticks(labels) };
}

/** Between ticks of the run, px. */
const TICK_PX = 80;
/** Pixels near an end at which a number would reach out of the drawing. */
const END_PX = { right: 30, left: 20 } as const;

/**
 * Writes ticks of the run, which are whole, under a chart.
 *
 * @param y of their base line, px
 * @param word for a tick; formatTick where it is left out
 * @returns the ticks that are written
 */
export function drawTicks(
  host: SVGGElement,
  x: ScaleLinear<number, number>,
  width: number,
  y: number,
  word: (tick: number) => string = formatTick,
): number[] {
  const anchor = (at: number): string =>
    at > width - END_PX.right ? 'end' : at < END_PX.left ? 'start' : 'middle';
  const ticks = x
    .ticks(ticksAcross(x.range()[1]! - x.range()[0]!, TICK_PX))
    .filter((tick) => Number.isInteger(tick));
  select(host)
    .selectAll<SVGTextElement, number>('text')
    .data(ticks)
    .join('text')
    .attr('x', (tick) => x(tick))
    .attr('y', y)
    .attr('text-anchor', (tick) => anchor(x(tick)))
    .text(word);
  return ticks;
}

/** Ticks under a chart that has no room for the word beside them. */
export const withWord = (tick: number): string => (tick === 0 ? 'tick 0' : formatTick(tick));

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
  drawLevels(svg.select<SVGGElement>('.y-lines').node()!, y, [left, width - right]);
  const up = svg
    .select('.x-lines')
    .selectAll<SVGGElement, number>('g')
    .data(x.ticks)
    .join((enter) => {
      const g = enter.append('g');
      g.append('line');
      g.append('text');
      return g;
    })
    .attr('transform', (value) => `translate(${x.place(value)},0)`)
    .attr('class', (value) => (value === 0 ? 'zero' : null));
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
