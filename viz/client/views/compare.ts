/** Two runs or arms beside each other, and the difference with its band. */
import type { RunSummary } from '../../dataApi.ts';
import { Board } from '../board.ts';
import { changesOf } from '../changes.ts';
import { type Line, type LinePanel, Lines } from '../charts/lines.ts';
import type { PageContext, View } from '../context.ts';
import { choice, controlRow, setText } from '../controls.ts';
import { DataError, fetchRuns, RunData } from '../data.ts';
import { quantile, RunStore } from '../store.ts';

const HEIGHT = 320;
/** Standard errors of the band of a difference: about 95 %. */
const BAND_ERRORS = 2;

/** What is compared; `perTick` for what is counted over an interval. */
const COMPARED = [
  { metric: 'spendCash', title: "Consumers' spending", unit: 'cash per tick', perTick: true },
  { metric: 'tokenPrice', title: 'Token price', unit: 'cash per token', perTick: false },
  { metric: 'computePrice', title: 'Compute price', unit: 'token per cu', perTick: false },
  { metric: 'serviceWelfare', title: 'Welfare of service', unit: 'cash per tick', perTick: true },
  { metric: 'giniWealth', title: 'Gini of wealth', unit: '0 equal, 1 one owns all', perTick: false },
  { metric: 'alive', title: 'Agents alive', unit: 'agents a world', perTick: false },
] as const;

const NOTHING_ELSE = [
  'There is no other run or arm to compare with',
  'Several values of a key make arms, such as 0.1, 0.2 for energy.price. Runs recorded beside this one can be chosen, too.',
] as const;

/** A run and one of its arms; null = all of them. */
interface Side {
  readonly store: RunStore;
  readonly arm: number | null;
  readonly label: string;
}

/** Values of a metric in every world of a side at a frame. */
function valuesAt({ store, arm }: Side, frame: number, metric: string, perTick: boolean): number[] {
  const index = store.metricIndex(metric);
  const interval = perTick ? Math.max(1, store.intervalOf(frame)) : 1;
  return store
    .worldsAt(frame, arm)
    .map((values) => values[index]! / interval)
    .filter((value) => Number.isFinite(value));
}

const meanOf = (values: readonly number[]): number =>
  values.length === 0 ? Number.NaN : values.reduce((a, b) => a + b, 0) / values.length;
const varianceOf = (values: readonly number[]): number => {
  if (values.length < 2) return Number.NaN;
  const mean = meanOf(values);
  return values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1);
};

/**
 * Mean difference b - a and its standard error over worlds. Worlds are taken in pairs where both sides have as many
 * and share their seeds; else as two samples.
 */
export function difference(
  a: readonly number[],
  b: readonly number[],
  paired: boolean,
): { mean: number; error: number } {
  if (paired && a.length === b.length) {
    const differences = a.map((value, k) => b[k]! - value);
    return { mean: meanOf(differences), error: Math.sqrt(varianceOf(differences) / differences.length) };
  }
  return {
    mean: meanOf(b) - meanOf(a),
    error: Math.sqrt(varianceOf(a) / a.length + varianceOf(b) / b.length),
  };
}

function lineOf(side: Side, key: string, colour: number, metric: string, perTick: boolean): Line {
  const frames = Array.from({ length: side.store.frameCount }, (_, k) => k).filter(
    (k) => !perTick || side.store.intervalOf(k) > 0,
  );
  const sorted = frames.map((k) => Float64Array.from(valuesAt(side, k, metric, perTick)).sort());
  const at = (share: number) => (values: Float64Array) =>
    values.length === 0 ? Number.NaN : quantile(values, values.length, share);
  return {
    key,
    label: side.label,
    colour,
    ticks: frames.map((k) => side.store.tickOf(k)),
    mean: sorted.map((values) => meanOf(Array.from(values))),
    low: sorted.map(at(0)),
    high: sorted.map(at(1)),
  };
}

/** The difference at the ticks that both sides have. */
function differenceLine(a: Side, b: Side, metric: string, perTick: boolean, paired: boolean): Line {
  const ticks: number[] = [];
  const parts: { mean: number; error: number }[] = [];
  for (let k = 0; k < a.store.frameCount; k++) {
    const tick = a.store.tickOf(k);
    const other = b.store.indexAt(tick);
    if (other < 0 || b.store.tickOf(other) !== tick || (perTick && a.store.intervalOf(k) === 0)) continue;
    ticks.push(tick);
    parts.push(difference(valuesAt(a, k, metric, perTick), valuesAt(b, other, metric, perTick), paired));
  }
  return {
    key: 'difference',
    label: 'second less first',
    colour: 2,
    ticks,
    mean: parts.map(({ mean }) => mean),
    low: parts.map(({ mean, error }) => mean - BAND_ERRORS * error),
    high: parts.map(({ mean, error }) => mean + BAND_ERRORS * error),
  };
}

/** Reads other runs than the shown one, each once. */
class Others {
  readonly stores = new Map<string, RunStore>();
  problem = '';
  private readonly asked = new Set<string>();
  private readonly arrived: () => void;

  constructor(arrived: () => void) {
    this.arrived = arrived;
  }

  ask(id: string): void {
    if (this.asked.has(id)) return;
    this.asked.add(id);
    const data = new RunData(id);
    Promise.all([data.detail(), data.frames({ from: 0, to: Number.MAX_SAFE_INTEGER })]).then(
      ([{ hello, interventions }, frames]) => {
        const store = new RunStore();
        store.begin(hello);
        store.add(frames);
        store.changes = changesOf(interventions);
        this.stores.set(id, store);
        this.arrived();
      },
      (error: unknown) => {
        if (!(error instanceof DataError)) throw error;
        this.problem = error.message;
        this.arrived();
      },
    );
  }
}

export function compareView(host: HTMLElement, context: PageContext): View {
  const { store, place, schedule } = context;
  const board = new Board(() => schedule('cursor'));
  const others = new Others(() => schedule('all'));
  const controls = controlRow('What is compared');
  const said = document.createElement('p');
  said.className = 'said';
  host.append(controls);
  const alone = document.createElement('div');
  alone.className = 'card alone';
  alone.setAttribute('role', 'status');
  host.append(alone);
  const arms = store.hello?.run.arms ?? [];
  const ownOptions: [string, string][] = [
    ['all', 'this run, all worlds'],
    ...(arms.length > 1 ? arms.map((arm, k): [string, string] => [`arm ${k}`, arm.label]) : []),
  ];
  const isOwn = (value: string): boolean => ownOptions.some(([own]) => own === value);
  const [of, asked] = [place.get('of') ?? '', place.get('with') ?? ''];
  let first = isOwn(of) ? of : arms.length > 1 ? 'arm 0' : 'all';
  /** `all` or `arm k` of the shown run, or `run ID`; empty = there is no other. */
  let second = isOwn(asked) || asked.startsWith('run ') ? asked : arms.length > 1 ? 'arm 1' : '';
  const offer = (runs: readonly RunSummary[], words: readonly [title: string, text: string]): void => {
    const rest = runs.map((run): [string, string] => [`run ${run.id}`, run.id]);
    if (second === '') second = rest.find(([, id]) => id !== context.data?.id)?.[0] ?? '';
    alone.replaceChildren(
      ...words.map((text, k) =>
        Object.assign(document.createElement(k === 0 ? 'h3' : 'p'), { textContent: text }),
      ),
    );
    controls.replaceChildren(
      choice('Compare', ownOptions, first, (value) => {
        first = value;
        place.note({ of: value });
        schedule('all');
      }).element,
      choice('with', [...ownOptions, ...rest], second, (value) => {
        second = value;
        place.note({ with: value });
        schedule('all');
      }).element,
      said,
    );
    schedule('all');
  };
  offer([], ['Looking for other runs', '']);
  void fetchRuns().then(
    ({ runs }) => offer(runs, NOTHING_ELSE),
    (error: unknown) => {
      if (!(error instanceof DataError)) throw error;
      others.problem = error.message;
      offer([], ['The other runs cannot be listed', error.message]);
    },
  );

  const side = (value: string): Side | string => {
    if (value.startsWith('arm ')) {
      const arm = Number(value.slice(4));
      return { store, arm, label: arms[arm]?.label ?? value };
    }
    if (!value.startsWith('run ')) return { store, arm: null, label: store.hello?.run.name ?? 'this run' };
    const id = value.slice(4);
    others.ask(id);
    const other = others.stores.get(id);
    return other === undefined ? others.problem || `Reading ${id}.` : { store: other, arm: null, label: id };
  };
  const compared = (): RunStore[] => {
    const sides = [side(first), side(second)].filter((one) => typeof one !== 'string');
    return [...new Set(sides.map((one) => one.store))];
  };
  const read = (metric: string, unit: string, perTick: boolean) => (): readonly LinePanel[] | string => {
    const [a, b] = [side(first), side(second)];
    if (typeof a === 'string') return a;
    if (typeof b === 'string') return b;
    // Replicate k of every arm has the same seed; other runs may have other seeds.
    const paired = a.store === b.store && a.arm !== null && b.arm !== null;
    setText(
      said,
      paired ? 'Worlds of one seed are compared in pairs.' : 'Worlds are compared as two samples.',
    );
    return [
      {
        unit,
        zero: false,
        lines: [lineOf(a, 'first', 0, metric, perTick), lineOf(b, 'second', 1, metric, perTick)],
      },
      { unit: `difference, ${unit}`, zero: true, lines: [differenceLine(a, b, metric, perTick, paired)] },
    ];
  };
  const section = board.section(
    host,
    'compared',
    'Side by side',
    COMPARED.map(({ metric, title, unit, perTick }) => ({
      id: `compare-${metric}`,
      title,
      help: 'Above, mean and range over worlds of both; below, the second less the first, with two standard errors.',
      height: HEIGHT,
      create: (plot, legend) =>
        new Lines(plot, legend, context, HEIGHT, read(metric, unit, perTick), compared),
    })),
  );
  return {
    draw: (all) => {
      const none = second === '';
      alone.hidden = !none;
      section.hidden = none;
      controls.hidden = none;
      board.draw(all);
    },
    close: () => board.close(),
  };
}
