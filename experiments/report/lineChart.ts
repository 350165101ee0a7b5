/** A static line chart as SVG text, for self-contained pages; colours are the page's custom properties. */
import { format, line, scaleLinear, scaleLog } from 'd3';
import { escapeHtml } from './page.ts';

export interface ChartPoint {
  readonly x: number;
  readonly y: number;
  /** Range of y over repeats, drawn as a whisker. */
  readonly low?: number;
  readonly high?: number;
}

export interface ChartSeries {
  readonly label: string;
  readonly points: readonly ChartPoint[];
}

export interface ChartOptions {
  readonly title: string;
  readonly xLabel: string;
  readonly yLabel: string;
  /** Logarithmic x axis; needs x > 0. */
  readonly logX?: boolean;
  /** Whether points are marked, default true; to be left out where they are many. */
  readonly dots?: boolean;
  readonly width?: number;
  readonly height?: number;
}

const MARGIN = { top: 16, right: 16, bottom: 44, left: 64 } as const;
const TICKS_Y = 5;
const TICKS_X = 7;
/** The tallest point stands this much below the upper edge. */
const HEADROOM = 1.08;
/** Colours of PAGE_STYLE. */
const SERIES_COLOURS = 8;
const LEGEND_LINE = 18;

const thousands = format('.3~s');
const fraction = format('.3~g');
/** SI prefixes for large values only: 0.5 is not 500m. */
const short = (value: number): string => (Math.abs(value) < 1000 ? fraction(value) : thousands(value));
const at = (value: number): string => value.toFixed(1);

/** Draws series over x from 0 on the y axis; series without a point are left out. */
export function lineChart(series: readonly ChartSeries[], options: ChartOptions): string {
  const drawn = series.filter(({ points }) => points.length > 0);
  const { title, xLabel, yLabel, logX = false, dots = true, width = 720, height = 320 } = options;
  const points = drawn.flatMap((one) => one.points);
  if (points.length === 0) return '';
  const xs = points.map(({ x }) => x);
  const top = Math.max(...points.map(({ y, high }) => high ?? y)) * HEADROOM;
  const legend = drawn.length > 1 ? drawn.length * LEGEND_LINE : 0;
  const bottom = height - MARGIN.bottom;
  const x = (logX ? scaleLog() : scaleLinear())
    .domain([Math.min(...xs), Math.max(...xs) || 1])
    .range([MARGIN.left, width - MARGIN.right]);
  const y = scaleLinear()
    .domain([0, top || 1])
    .range([bottom, MARGIN.top + legend])
    .nice(TICKS_Y);
  const path = line<ChartPoint>(
    (point) => x(point.x),
    (point) => y(point.y),
  );
  const parts: string[] = [];
  for (const tick of y.ticks(TICKS_Y))
    parts.push(
      `<line class="grid" x1="${MARGIN.left}" x2="${width - MARGIN.right}" y1="${at(y(tick))}" y2="${at(y(tick))}"/>`,
      `<text class="tick" x="${MARGIN.left - 8}" y="${at(y(tick))}" dy="0.32em" text-anchor="end">${short(tick)}</text>`,
    );
  for (const tick of axisTicks(xs, logX, x))
    parts.push(
      `<text class="tick" x="${at(x(tick))}" y="${bottom + 18}" text-anchor="middle">${short(tick)}</text>`,
    );
  drawn.forEach((one, k) => {
    const colour = `var(--c${k % SERIES_COLOURS})`;
    const sorted = one.points.toSorted((a, b) => a.x - b.x);
    parts.push(`<path d="${path(sorted) ?? ''}" fill="none" stroke="${colour}" stroke-width="2"/>`);
    for (const point of dots ? sorted : []) {
      const { low, high } = point;
      if (low !== undefined && high !== undefined)
        parts.push(
          `<line x1="${at(x(point.x))}" x2="${at(x(point.x))}" y1="${at(y(low))}" y2="${at(y(high))}" stroke="${colour}" stroke-opacity="0.5"/>`,
        );
      parts.push(
        `<circle cx="${at(x(point.x))}" cy="${at(y(point.y))}" r="3.5" fill="${colour}"><title>${escapeHtml(`${one.label}: ${short(point.x)}, ${short(point.y)}`)}</title></circle>`,
      );
    }
    if (drawn.length > 1)
      parts.push(
        `<rect x="${MARGIN.left}" y="${MARGIN.top - 9 + k * LEGEND_LINE}" width="12" height="12" rx="2" fill="${colour}"/>`,
        `<text class="legend" x="${MARGIN.left + 18}" y="${MARGIN.top + 1 + k * LEGEND_LINE}">${escapeHtml(one.label)}</text>`,
      );
  });
  parts.push(
    `<text class="label" x="${(MARGIN.left + width - MARGIN.right) / 2}" y="${height - 6}" text-anchor="middle">${escapeHtml(xLabel)}</text>`,
    `<text class="label" transform="translate(14 ${(bottom + MARGIN.top + legend) / 2}) rotate(-90)" text-anchor="middle">${escapeHtml(yLabel)}</text>`,
  );
  return `<svg role="img" aria-label="${escapeHtml(title)}" viewBox="0 0 ${width} ${height}" xmlns="http://www.w3.org/2000/svg">${parts.join('')}</svg>`;
}

/** Ticks of the x axis: on a logarithmic one the measured places, thinned out until they stand apart. */
function axisTicks(xs: readonly number[], logX: boolean, x: (value: number) => number): number[] {
  const places = [...new Set(xs)].sort((a, b) => a - b);
  if (!logX && places.length > TICKS_X)
    return scaleLinear()
      .domain([places[0]!, places.at(-1)!])
      .ticks(TICKS_X);
  const kept: number[] = [];
  for (const place of places) {
    const last = kept.at(-1);
    if (last === undefined || x(place) - x(last) >= 44) kept.push(place);
  }
  return kept;
}
