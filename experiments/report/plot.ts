/** What the figures of reports share: a frame with axes, as SVG text whose colours are the page's custom properties. */
import { format, type ScaleLinear, scaleLinear } from 'd3';
import { escapeHtml } from './page.ts';

/** Colours of the page, --c0 to --c7. */
export const COLOURS = 8;
export const colour = (index: number): string => `var(--c${index % COLOURS})`;

export interface Box {
  readonly width: number;
  readonly height: number;
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}
/** Size and margins of a figure that has room for axis labels. */
export const BOX: Box = { width: 720, height: 320, left: 64, right: 16, top: 16, bottom: 44 };

const thousands = format('.3~s');
const fraction = format('.3~g');
/** SI prefixes for large values only: 0.5 is not 500m. */
export const tickText = (value: number): string =>
  Math.abs(value) < 1000 ? fraction(value) : thousands(value);
/** A coordinate with as many digits as a screen shows. */
export const at = (value: number): string => value.toFixed(1);

/** A linear scale over finite values, with some room; around zero where all are the same. */
export function scaleOver(
  values: readonly number[],
  range: readonly [number, number],
  nice = 5,
): ScaleLinear<number, number> {
  const finite = values.filter(Number.isFinite);
  const low = finite.length === 0 ? 0 : Math.min(...finite);
  const high = finite.length === 0 ? 1 : Math.max(...finite);
  const room = low === high ? Math.abs(low) * 0.1 || 1 : 0;
  return scaleLinear()
    .domain([low - room, high + room])
    .range([...range])
    .nice(nice);
}

type Scale = ScaleLinear<number, number>;

/** Grid lines and numbers of the y axis. */
export const yAxis = (y: Scale, { left, right, width }: Box, count = 5): string =>
  y
    .ticks(count)
    .map(
      (tick) =>
        `<line class="grid" x1="${left}" x2="${width - right}" y1="${at(y(tick))}" y2="${at(y(tick))}"/><text x="${left - 8}" y="${at(y(tick))}" dy="0.32em" text-anchor="end">${tickText(tick)}</text>`,
    )
    .join('');

/** Numbers of the x axis, with grid lines where asked. */
export const xAxis = (x: Scale, { top, bottom, height }: Box, grid = false, count = 7): string =>
  x
    .ticks(count)
    .map(
      (tick) =>
        `${grid ? `<line class="grid" x1="${at(x(tick))}" x2="${at(x(tick))}" y1="${top}" y2="${height - bottom}"/>` : ''}<text x="${at(x(tick))}" y="${height - bottom + 18}" text-anchor="middle">${tickText(tick)}</text>`,
    )
    .join('');

/** What the axes mean. */
export const axisLabels = (
  xLabel: string,
  yLabel: string,
  { width, height, left, right, top, bottom }: Box,
): string =>
  `<text class="label" x="${(left + width - right) / 2}" y="${height - 6}" text-anchor="middle">${escapeHtml(xLabel)}</text><text class="label" transform="translate(14 ${(top + height - bottom) / 2}) rotate(-90)" text-anchor="middle">${escapeHtml(yLabel)}</text>`;

const LEGEND_LINE = 18;
const LEGEND_CHARACTER = 6.8;
const LEGEND_GAP = 36;

/** A legend in as few lines as its labels need, and the height that it takes. */
export function legend(
  labels: readonly string[],
  { left, right, width }: Box,
  top = 14,
): { svg: string; height: number } {
  let x = left;
  let y = top;
  const parts = labels.map((label, k) => {
    const wide = label.length * LEGEND_CHARACTER + LEGEND_GAP;
    if (x > left && x + wide > width - right) {
      x = left;
      y += LEGEND_LINE;
    }
    const part = `<rect x="${at(x)}" y="${y - 10}" width="12" height="12" rx="2" fill="${colour(k)}"/><text class="legend" x="${at(x + 18)}" y="${y}">${escapeHtml(label)}</text>`;
    x += wide;
    return part;
  });
  return { svg: parts.join(''), height: labels.length === 0 ? 0 : y + 8 };
}

/** The figure's element around its parts. */
export const svgOf = (
  title: string,
  { width, height }: Pick<Box, 'width' | 'height'>,
  parts: readonly string[],
): string =>
  `<svg role="img" aria-label="${escapeHtml(title)}" viewBox="0 0 ${width} ${Math.ceil(height)}" xmlns="http://www.w3.org/2000/svg">${parts.join('')}</svg>`;
