/** Figures of an experiment's report. */

import { area, line, scaleLinear, scaleLog } from 'd3';
import { inUnit } from '../sweep/outcome.ts';
import { escapeHtml } from './page.ts';
import {
  at,
  axisLabels,
  BOX,
  type Box,
  colour,
  legend,
  scaleOver,
  svgOf,
  tickText,
  xAxis,
  yAxis,
} from './plot.ts';

/** A figure of a report, also saved as a file of its own. */
export interface Figure {
  readonly name: string;
  readonly svg: string;
  readonly caption: string;
}

/** One row of a contrast plot. */
export interface ContrastRow {
  readonly label: string;
  readonly estimate: number;
  readonly low: number;
  readonly high: number;
  /** Differences of single seeds. */
  readonly seeds: readonly number[];
  readonly emphasised: boolean;
}

const ROW = 40;
const LABEL_CHARACTERS = 40;
const clipped = (text: string): string =>
  text.length > LABEL_CHARACTERS ? `${text.slice(0, LABEL_CHARACTERS - 1)}…` : text;

/** Differences with their intervals around zero, one row a contrast; small dots are seeds. */
export function contrastPlot(rows: readonly ContrastRow[], unit: string): string {
  const box: Box = { ...BOX, left: 300, height: rows.length * ROW + BOX.top + BOX.bottom };
  const x = scaleOver(
    [0, ...rows.flatMap(({ low, high, estimate, seeds }) => [low, high, estimate, ...seeds])],
    [box.left, box.width - box.right],
  );
  const parts = [
    xAxis(x, box, true, 6),
    `<line class="axis" x1="${at(x(0))}" x2="${at(x(0))}" y1="${box.top}" y2="${box.height - box.bottom}"/>`,
  ];
  rows.forEach(({ label, estimate, low, high, seeds, emphasised }, k) => {
    const y = box.top + (k + 0.5) * ROW;
    const fill = colour(emphasised ? 0 : 6);
    parts.push(
      `<text class="legend" x="${box.left - 12}" y="${y}" dy="0.32em" text-anchor="end">${escapeHtml(clipped(label))}<title>${escapeHtml(label)}</title></text>`,
      ...seeds
        .filter(Number.isFinite)
        .map(
          (value) => `<circle cx="${at(x(value))}" cy="${y + 11}" r="2" fill="${fill}" fill-opacity="0.45"/>`,
        ),
    );
    if (Number.isFinite(low) && Number.isFinite(high))
      parts.push(
        `<line x1="${at(x(low))}" x2="${at(x(high))}" y1="${y}" y2="${y}" stroke="${fill}" stroke-width="3"/>`,
      );
    if (Number.isFinite(estimate))
      parts.push(
        `<circle cx="${at(x(estimate))}" cy="${y}" r="5" fill="${fill}"><title>${escapeHtml(`${label}: ${tickText(estimate)} (${tickText(low)} to ${tickText(high)})`)}</title></circle>`,
      );
  });
  parts.push(axisLabels(inUnit('difference', unit), '', box));
  return svgOf('differences with 95 % intervals', box, parts);
}

/** A line with a band around it. */
export interface BandSeries {
  readonly label: string;
  readonly points: readonly {
    readonly x: number;
    readonly y: number;
    readonly low: number;
    readonly high: number;
  }[];
}

/** Lines over x with bands; `diagonal` adds the line of equality. */
export function bandChart(
  series: readonly BandSeries[],
  {
    title,
    xLabel,
    yLabel,
    diagonal = false,
  }: { title: string; xLabel: string; yLabel: string; diagonal?: boolean },
): string {
  const key = legend(
    series.map(({ label }) => label),
    BOX,
  );
  const box: Box = { ...BOX, top: key.height + 8, height: BOX.height + key.height };
  const points = series.flatMap((one) => one.points);
  const x = scaleOver(
    points.map((point) => point.x),
    [box.left, box.width - box.right],
  ).domain([Math.min(...points.map((p) => p.x), 0), Math.max(...points.map((p) => p.x), 1e-9)]);
  const y = scaleOver(
    points.flatMap(({ y: value, low, high }) => [value, low, high]),
    [box.height - box.bottom, box.top],
  );
  type Point = BandSeries['points'][number];
  const shape = area<Point>(
    (p) => x(p.x),
    (p) => y(p.low),
    (p) => y(p.high),
  ).defined((p) => Number.isFinite(p.low) && Number.isFinite(p.high));
  const path = line<Point>(
    (p) => x(p.x),
    (p) => y(p.y),
  ).defined((p) => Number.isFinite(p.y));
  for (const generator of [shape, path]) generator.digits(1);
  const drawn = series.map(
    ({ points: own }, k) =>
      `<path d="${shape([...own]) ?? ''}" fill="${colour(k)}" fill-opacity="0.16"/><path d="${path([...own]) ?? ''}" fill="none" stroke="${colour(k)}" stroke-width="2"/>`,
  );
  const equality = diagonal
    ? `<line class="axis" x1="${at(x(0))}" y1="${at(y(0))}" x2="${at(x(1))}" y2="${at(y(1))}" stroke-dasharray="4 4"/>`
    : '';
  return svgOf(title, box, [
    yAxis(y, box),
    xAxis(x, box),
    equality,
    ...drawn,
    key.svg,
    axisLabels(xLabel, yLabel, box),
  ]);
}

/** Estimates with whiskers over a parameter; `marks` are places that theory names. */
export function axisChart(
  series: readonly BandSeries[],
  {
    title,
    xLabel,
    yLabel,
    log,
    marks,
  }: {
    title: string;
    xLabel: string;
    yLabel: string;
    log: boolean;
    marks: readonly { readonly at: number; readonly label: string }[];
  },
): string {
  const key = legend(series.length > 1 ? series.map(({ label }) => label) : [], BOX);
  const box: Box = { ...BOX, top: key.height + 24, height: BOX.height + key.height };
  const points = series.flatMap((one) => one.points);
  const places = [...new Set(points.map(({ x }) => x))].sort((a, b) => a - b);
  const ends = [...places, ...marks.map((mark) => mark.at)];
  const x = (log ? scaleLog() : scaleLinear())
    .domain([Math.min(...ends), Math.max(...ends)])
    .range([box.left + AXIS_ROOM, box.width - box.right - AXIS_ROOM]);
  const y = scaleOver(
    points.flatMap(({ y: value, low, high }) => [value, low, high]),
    [box.height - box.bottom, box.top],
  );
  const path = line<BandSeries['points'][number]>(
    (p) => x(p.x),
    (p) => y(p.y),
  ).digits(1);
  const foot = box.height - box.bottom;
  const numbers = places.map(
    (place) => `<text x="${at(x(place))}" y="${foot + 18}" text-anchor="middle">${tickText(place)}</text>`,
  );
  const theory = marks.map(
    (mark) =>
      `<line class="axis" x1="${at(x(mark.at))}" x2="${at(x(mark.at))}" y1="${box.top}" y2="${foot}" stroke-dasharray="4 4"/><text class="legend" x="${at(x(mark.at) + 4)}" y="${box.top - 6}">${escapeHtml(mark.label)}</text>`,
  );
  const drawn = series.map(({ label, points: own }, k) => {
    // whiskers of several lines stand side by side
    const aside = (k - (series.length - 1) / 2) * WHISKER_STEP;
    const whiskers = own.map((p) => {
      const place = at(x(p.x) + aside);
      // fewer than two worlds have no interval
      const whisker =
        Number.isFinite(p.low) && Number.isFinite(p.high)
          ? `<line x1="${place}" x2="${place}" y1="${at(y(p.low))}" y2="${at(y(p.high))}" stroke="${colour(k)}" stroke-width="2" stroke-opacity="0.55"/>`
          : '';
      return `${whisker}<circle cx="${place}" cy="${at(y(p.y))}" r="4" fill="${colour(k)}"><title>${escapeHtml(`${label} at ${tickText(p.x)}: ${tickText(p.y)} (${tickText(p.low)} to ${tickText(p.high)})`)}</title></circle>`;
    });
    return `<path d="${path([...own]) ?? ''}" fill="none" stroke="${colour(k)}" stroke-width="1.5" stroke-opacity="0.6"/>${whiskers.join('')}`;
  });
  return svgOf(title, box, [
    yAxis(y, box),
    ...numbers,
    ...theory,
    ...drawn,
    key.svg,
    axisLabels(xLabel, yLabel, box),
  ]);
}

/** Between an axis' end and its first and last place. */
const AXIS_ROOM = 24;
const WHISKER_STEP = 5;

const CELL_HEIGHT = 22;
/** Blue below zero, orange above, nothing at zero: by opacity, so that both colour schemes can show it. */
const heat = (value: number, most: number): string =>
  `fill="${colour(value < 0 ? 0 : 1)}" fill-opacity="${Math.min(1, Math.abs(value) / most).toFixed(3)}"`;

/** Genes by row and arms or times by column; colour is the value, from -most to most. */
export function heatMap(
  rows: readonly string[],
  columns: readonly string[],
  values: readonly (readonly number[])[],
  { title, xLabel, unit }: { title: string; xLabel: string; unit: string },
): string {
  const box: Box = { ...BOX, left: 150, top: 10, bottom: 78, height: rows.length * CELL_HEIGHT + 88 };
  const wide = (box.width - box.left - box.right) / columns.length;
  const most = Math.max(1e-9, ...values.flat().filter(Number.isFinite).map(Math.abs));
  const parts = rows.map(
    (row, r) =>
      `<text x="${box.left - 8}" y="${box.top + (r + 0.5) * CELL_HEIGHT}" dy="0.32em" text-anchor="end">${escapeHtml(row)}</text>`,
  );
  const every = Math.ceil(columns.length / 10);
  columns.forEach((column, c) => {
    if (c % every === 0)
      parts.push(
        `<text x="${at(box.left + (c + 0.5) * wide)}" y="${box.height - box.bottom + 18}" text-anchor="middle">${escapeHtml(clipped(column))}</text>`,
      );
    rows.forEach((row, r) => {
      const value = values[r]?.[c] ?? Number.NaN;
      const place = `x="${at(box.left + c * wide + 1)}" y="${box.top + r * CELL_HEIGHT + 1}" width="${at(wide - 2)}" height="${CELL_HEIGHT - 2}"`;
      const name = `<title>${escapeHtml(`${row}, ${column}: ${Number.isFinite(value) ? value.toFixed(3) : 'none'}`)}</title>`;
      parts.push(`<rect ${place} class="empty">${name}</rect>`);
      if (Number.isFinite(value)) parts.push(`<rect ${place} ${heat(value, most)}>${name}</rect>`);
    });
  });
  parts.push(colourKey(box, most, unit), axisLabels(xLabel, '', { ...box, height: box.height - 28 }));
  return svgOf(title, box, parts);
}

/** What the colours of a heat map mean. */
function colourKey(box: Box, most: number, unit: string): string {
  const steps = 11;
  const y = box.height - 16;
  const parts = Array.from({ length: steps }, (_, k) => {
    const value = -most + (2 * most * k) / (steps - 1);
    return `<rect x="${box.left + k * 16}" y="${y - 10}" width="15" height="12" ${heat(value, most)}/>`;
  });
  const text = `${tickText(-most)} to ${tickText(most)}, ${unit}`;
  return `${parts.join('')}<text x="${box.left + steps * 16 + 8}" y="${y}">${escapeHtml(text)}</text>`;
}

/** A life as a tree draws it. */
export interface TreeLife {
  readonly serial: number;
  /** 0 = none. */
  readonly parent: number;
  readonly population: number;
  readonly from: number;
  /** -1 = alive at the end. */
  readonly to: number;
}

/** Lines that a tree can show apart. */
const TREE_ROWS_MAX = 400;

/**
 * The ancestors of those who live at the end, from genesis on: lines are lives, steps down are births. Returns the figure
 * and how many founders have living descendants.
 */
export function lineageTree(
  lives: readonly TreeLife[],
  populations: readonly string[],
  ticks: number,
): { svg: string; founders: number; living: number } {
  const bySerial = new Map(lives.map((life) => [life.serial, life]));
  const kept = new Set<TreeLife>();
  const living = lives.filter(({ to }) => to < 0);
  for (const one of living)
    for (
      let life: TreeLife | undefined = one;
      life !== undefined && !kept.has(life);
      life = bySerial.get(life.parent)
    )
      kept.add(life);
  const children = new Map<TreeLife | undefined, TreeLife[]>();
  for (const life of lives) {
    if (!kept.has(life)) continue;
    const parent = bySerial.get(life.parent);
    const list = children.get(parent);
    if (list === undefined) children.set(parent, [life]);
    else list.push(life);
  }
  const rows: TreeLife[] = [];
  const founders = (children.get(undefined) ?? []).sort(
    (a, b) => a.population - b.population || a.from - b.from,
  );
  const stack = [...founders].reverse();
  for (let life = stack.pop(); life !== undefined; life = stack.pop()) {
    rows.push(life);
    stack.push(...(children.get(life) ?? []).sort((a, b) => a.from - b.from));
  }
  const shown = rows.slice(0, TREE_ROWS_MAX);
  const step = Math.max(1.6, Math.min(12, 420 / Math.max(1, shown.length)));
  const key = legend(populations, BOX);
  const box: Box = {
    ...BOX,
    left: 24,
    top: key.height + 6,
    height: key.height + 6 + shown.length * step + BOX.bottom,
  };
  const x = scaleOver([0, ticks], [box.left, box.width - box.right]).domain([0, ticks]);
  const rowOf = new Map(shown.map((life, k) => [life, k]));
  const yOf = (row: number): number => box.top + (row + 0.5) * step;
  const parts = shown.map((life, row) => {
    const y = yOf(row);
    const parentRow = rowOf.get(bySerial.get(life.parent) as TreeLife);
    const birth =
      parentRow === undefined
        ? ''
        : `<line class="grid" x1="${at(x(life.from))}" x2="${at(x(life.from))}" y1="${at(yOf(parentRow))}" y2="${at(y)}"/>`;
    const end = x(life.to < 0 ? ticks : life.to);
    return `${birth}<line x1="${at(x(life.from))}" x2="${at(end)}" y1="${at(y)}" y2="${at(y)}" stroke="${colour(life.population)}" stroke-width="${Math.min(3, step * 0.6).toFixed(1)}"/>`;
  });
  parts.push(xAxis(x, box), key.svg, axisLabels('tick', '', box));
  return {
    svg: svgOf('ancestors of the living', box, parts),
    founders: founders.length,
    living: living.length,
  };
}

/** Mu* of Morris against its spread: what matters stands to the right, what interacts above. */
export function effectPlot(
  effects: readonly { readonly path: string; readonly effect: number; readonly spread: number }[],
  unit: string,
): string {
  const box = BOX;
  const seen = effects.filter(({ effect, spread }) => Number.isFinite(effect) && Number.isFinite(spread));
  const x = scaleOver([0, ...seen.map(({ effect }) => effect * 1.15)], [box.left, box.width - box.right]);
  const y = scaleOver([0, ...seen.map(({ spread }) => spread)], [box.height - box.bottom, box.top]);
  const parts = seen.map(
    ({ path, effect, spread }) =>
      `<circle cx="${at(x(effect))}" cy="${at(y(spread))}" r="5" fill="${colour(0)}"/><text class="legend" x="${at(x(effect) + 8)}" y="${at(y(spread) - 6)}">${escapeHtml(path.split('.').slice(-2).join('.'))}</text>`,
  );
  return svgOf('elementary effects', box, [
    yAxis(y, box),
    xAxis(x, box),
    ...parts,
    axisLabels(
      `mean size of the effect over the parameter's range, ${unit}`,
      'spread: interaction or curvature',
      box,
    ),
  ]);
}
