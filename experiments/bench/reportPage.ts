/** The page of benchmark results that `darwin bench --html FILE` writes. */
import type { Hardware } from '../hardware.ts';
import { type ChartSeries, lineChart } from '../report/lineChart.ts';
import { htmlPage, type Section } from '../report/page.ts';
import { type BenchRow, FIGURES, type FigureName } from './measure.ts';
import { SCALING_AXES } from './scaling.ts';

const number = (value: number): string =>
  value >= 1e6
    ? `${(value / 1e6).toPrecision(3)}M`
    : value >= 1e4
      ? `${(value / 1e3).toPrecision(3)}k`
      : value.toPrecision(3);

/** All rows as a table, the phases of a tick as another, scaling as figures. */
export function benchPage(hardware: Hardware, results: readonly BenchRow[]): string {
  const scaling = results.filter(({ x }) => x !== undefined);
  const plain = results.filter(({ x }) => x === undefined);
  const sections: Section[] = [
    {
      kind: 'text',
      text: 'Rates are medians over repeats with their range. What is compared takes turns in one process; a ratio is the median of the ratios of repeats that ran side by side.',
    },
    ...(plain.length > 0 ? rateSections(plain) : []),
    ...results.flatMap(phaseSections),
    ...scalingSections(scaling),
    ...results.flatMap(memorySections),
  ];
  const { cpu, cores, memoryGiB, os, node } = hardware;
  return htmlPage(
    'darwin-market benchmarks',
    `${cpu}, ${cores} cores, ${memoryGiB} GiB, ${os}, Node ${node}`,
    sections,
  );
}

function rateSections(rows: readonly BenchRow[]): Section[] {
  const cells = rows.flatMap((row) =>
    (Object.keys(FIGURES) as FigureName[])
      .filter((figure) => row[figure] !== undefined)
      .map((figure) => {
        const { median, min, max } = row[figure]!;
        return [
          row.name,
          String(row.threads),
          String(row.agents),
          String(row.worlds),
          `${number(median)} ${FIGURES[figure]}`,
          `${number(min)} to ${number(max)}`,
          row.nsPerAgentStep === undefined ? '' : row.nsPerAgentStep.toFixed(0),
          row.bytesPerAgent === undefined ? '' : row.bytesPerAgent.toFixed(0),
          row.ratio === undefined ? '' : `${row.ratio.toFixed(2)} x ${row.ratioTo ?? ''}`,
          row.note ?? '',
        ];
      }),
  );
  const head = [
    'benchmark',
    'threads',
    'agents',
    'worlds',
    'median',
    'range',
    'ns/step',
    'B/agent',
    'ratio',
    'what',
  ];
  return [
    { kind: 'heading', text: 'Rates' },
    { kind: 'table', head, rows: cells },
  ];
}

function phaseSections({ name, note, phases, nsPerAgentStep = Number.NaN }: BenchRow): Section[] {
  if (phases === undefined) return [];
  const rows = Object.entries(phases)
    .sort(([, a], [, b]) => b - a)
    .map(([phase, share]) => [
      phase,
      `${(100 * share).toFixed(1)} %`,
      `${(share * nsPerAgentStep).toFixed(0)} ns`,
    ]);
  return [
    {
      kind: 'heading',
      text: `Where the time of a tick goes (${name}${note === undefined ? '' : `, ${note}`})`,
    },
    { kind: 'table', head: ['phase', 'share', 'per agent-step'], rows },
  ];
}

/** One figure per axis: time of an agent-step relative to the reference. */
function scalingSections(rows: readonly BenchRow[]): Section[] {
  if (rows.length === 0) return [];
  const axes = [...new Set(rows.map((row) => axisOf(row)))];
  return [
    { kind: 'heading', text: 'How cost grows' },
    ...axes.map((axis): Section => {
      const names = [...new Set(rows.filter((row) => axisOf(row) === axis).map(({ name }) => name))];
      const series = names.map(
        (name): ChartSeries => ({
          label: labelOf(name),
          points: rows.filter((row) => row.name === name).map(({ x, ratio }) => ({ x: x!, y: ratio! })),
        }),
      );
      // brains alone beside the whole tick, out of the same runs
      for (const name of names) {
        const profiled = rows.filter((row) => row.name === name && row.brainShare !== undefined);
        series.push({
          label: `${labelOf(name)}: learning and acting alone`,
          points: profiled.map(({ x, ratio, brainShare }) => ({ x: x!, y: ratio! * brainShare! })),
        });
      }
      const title = `Time of an agent-step by ${axis}`;
      const grown = rows.filter(({ name, note }) => names.includes(name) && note !== undefined);
      return {
        kind: 'figure',
        svg: lineChart(series, { title, xLabel: axis, yLabel: 'relative to the reference', logX: true }),
        caption: `${title}, relative to ${referenceOf(rows, names)}, measured in the same minutes: 1 = as dear, 2 = twice as dear.${grown.map(({ name, note }) => ` ${labelOf(name)}: ${note}.`).join('')}`,
      };
    }),
    {
      kind: 'table',
      head: [
        'series',
        'size',
        'threads',
        'agent-steps/s',
        'ns/step',
        'of it brain',
        'relative time',
        'B/agent',
      ],
      rows: rows.map((row) => [
        labelOf(row.name),
        row.x!.toLocaleString('en-US'),
        String(row.threads),
        number(row.agentStepsPerSecond!.median),
        row.nsPerAgentStep!.toFixed(0),
        row.brainShare === undefined ? '' : (row.brainShare * row.nsPerAgentStep!).toFixed(0),
        row.ratio!.toFixed(2),
        row.bytesPerAgent === undefined ? '' : row.bytesPerAgent.toFixed(0),
      ]),
    },
  ];
}

const referenceOf = (rows: readonly BenchRow[], names: readonly string[]): string =>
  rows.find(({ name }) => names.includes(name))?.ratioTo?.replace('the time of ', '') ?? '';

const labelOf = (name: string): string => name.replace('scaling ', '');

const axisOf = ({ name }: BenchRow): string => SCALING_AXES[labelOf(name)] ?? 'size';

/** Memory of a process over the ticks of a run. */
function memorySections({
  samples,
  note = '',
  ratio = Number.NaN,
  bytesPerAgent = Number.NaN,
}: BenchRow): Section[] {
  if (samples === undefined) return [];
  const title = 'Resident memory over ticks';
  return [
    { kind: 'heading', text: 'Memory over time' },
    {
      kind: 'figure',
      svg: lineChart([{ label: 'resident', points: samples }], {
        title,
        xLabel: 'tick',
        yLabel: 'MiB',
        dots: false,
      }),
      caption: `${note}. The last quarter takes ${ratio.toFixed(2)} times what the second one did; columns are ${bytesPerAgent.toFixed(0)} bytes an agent.`,
    },
  ];
}
