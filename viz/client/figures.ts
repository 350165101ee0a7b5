/** The figures of the page: what each shows, in words and in series. */
import { Depth } from './charts/depth.ts';
import type { Figure } from './charts/figure.ts';
import { Genes, geneRowsHeight, geneStyle } from './charts/genes.ts';
import { Lorenz } from './charts/lorenz.ts';
import { type Panel, type Series, TimeSeries, type TimeSeriesSpec } from './charts/timeSeries.ts';
import { formatCount } from './format.ts';
import type { RunStore } from './store.ts';

const HEIGHT = 230;
/** Features drawn strongly among the trajectories: those farthest from their neutral shadow. */
const STRONG_GENES = 5;
const PALETTE = 8;

interface FigureText {
  readonly id: string;
  readonly place: 'markets' | 'lives' | 'rewards';
  readonly title: string;
  readonly help: string;
  readonly height: number;
  create(plot: HTMLElement, legend: HTMLElement): Figure;
}

/** `perTicks`: 0 for a level; n for what is counted over an interval and shown per n ticks. */
const metric = (name: string, label: string, colour: number, perTicks = 0, dashed = false): Series => ({
  key: name,
  label,
  colour,
  perTicks,
  dashed,
  index: (store) => store.metricIndex(name),
});
/** Counts of rare events, per thousand ticks over the last thousand. */
const rare = (name: string, label: string, colour: number, dashed = false): Series => ({
  ...metric(name, label, colour, 1000, dashed),
  averagedOver: 1000,
});
const panel = (
  unit: string,
  series: readonly Series[],
  options: Partial<Omit<Panel, 'unit' | 'series'>> = {},
): Panel => ({
  unit,
  series,
  kind: 'line',
  weight: 1,
  zero: true,
  ...options,
});

/** Builds all figures of a run into their sections. */
export function buildFigures(store: RunStore, moved: () => void): Map<Element, Figure> {
  const { hello } = store;
  const populations = hello?.run.populations ?? [];
  const features = hello?.rewardFeatures ?? [];
  const ofPopulations = (name: string, prefix: string): Series[] =>
    populations.map((p, k) => ({
      key: `${prefix}-${k}`,
      label: p.name,
      colour: k % PALETTE,
      perTicks: 0,
      dashed: k >= PALETTE,
      index: (s) => s.populationIndex(k, name),
    }));
  const series =
    (spec: Omit<TimeSeriesSpec, 'height'>, height = HEIGHT) =>
    (plot: HTMLElement, legend: HTMLElement): Figure =>
      new TimeSeries(plot, legend, store, { ...spec, height }, moved);

  const figures: FigureText[] = [
    {
      id: 'compute',
      place: 'markets',
      title: 'Compute price and volume',
      help: 'What machines pay each other for a unit of compute, and how much of it changes hands in a tick.',
      height: HEIGHT,
      create: series({
        panels: [
          panel('token per cu', [metric('computePrice', 'price', 0)], { weight: 2, zero: false }),
          panel('cu per tick', [metric('computeVolume', 'volume', 5, 1)], { kind: 'area' }),
        ],
      }),
    },
    {
      id: 'tasks',
      place: 'markets',
      title: 'Task market',
      help: 'Tasks that consumers wanted and got in a tick, and the money that they spent on them.',
      height: HEIGHT,
      create: series({
        panels: [
          panel(
            'tasks per tick',
            // Demand is measured in one tick; what was served is counted over the interval.
            [
              { ...metric('tasksDemanded', 'wanted', 6, 0, true), ofTick: true },
              metric('tasksServed', 'served', 2, 1),
            ],
            { weight: 2 },
          ),
          panel('token per tick', [metric('spend', 'spend', 4, 1)], { kind: 'area' }),
        ],
      }),
    },
    {
      id: 'depth',
      place: 'markets',
      title: 'Orders in the compute auction',
      help: 'How much compute was bid for (above) and offered (below) at each price in the last auction.',
      height: HEIGHT,
      create: (plot, legend) => new Depth(plot, legend, store, HEIGHT),
    },
    {
      id: 'token',
      place: 'markets',
      title: 'Token price',
      help: 'What a token costs on the automated market maker, where machines raise the cash for their bills.',
      height: HEIGHT,
      create: series({
        panels: [panel('cash per token', [metric('tokenPrice', 'mid price', 3)], { zero: false })],
      }),
    },
    {
      id: 'species',
      place: 'lives',
      title: 'Agents alive, by species',
      help: 'How many slots each kind of agent holds; a machine that cannot pay its bills dies.',
      height: HEIGHT,
      create: series({
        panels: [
          panel('agents', ofPopulations('alive', 'alive'), {
            kind: 'stack',
            level: (s) => ({
              value: s.hello?.run.slots ?? 0,
              label: `${formatCount(s.hello?.run.slots ?? 0)} slots`,
            }),
          }),
        ],
      }),
    },
    {
      id: 'profit',
      place: 'lives',
      title: 'Profit by species',
      help: 'Realised profit of an average member in a tick; selection acts on this and not on reward.',
      height: HEIGHT,
      create: series({
        panels: [panel('cash per agent and tick', ofPopulations('profitPerTick', 'profit'))],
      }),
    },
    {
      id: 'turnover',
      place: 'lives',
      title: 'Births and deaths',
      help: 'Children born, agents that died and agents that came from outside, over the last thousand ticks.',
      height: HEIGHT,
      create: series({
        panels: [
          panel('agents per 1,000 ticks', [
            rare('births', 'births', 2),
            rare('deaths', 'deaths', 1),
            rare('immigrants', 'immigrants', 6, true),
          ]),
        ],
      }),
    },
    {
      id: 'lorenz',
      place: 'lives',
      title: 'Who owns what',
      help: 'Lorenz curves: the share that the poorest so many percent own; the diagonal is equality.',
      height: HEIGHT,
      create: (plot, legend) => new Lorenz(plot, legend, store, HEIGHT),
    },
    {
      id: 'genes',
      place: 'rewards',
      title: 'Reward genes over time',
      help: `Mean weight that learners put on each feature; the ${STRONG_GENES} farthest from their neutral shadow are drawn strongly.`,
      height: geneRowsHeight(features.length),
      create: series(
        {
          panels: [
            panel(
              'weight in the reward',
              features.map((feature, f) => ({
                key: `gene-${feature}`,
                label: feature,
                ...geneStyle(f),
                perTicks: 0,
                index: (s) => s.geneIndex(f, 'mean'),
              })),
              { bands: false },
            ),
          ],
          emphasised: (s) => farthestGenes(s, features),
        },
        geneRowsHeight(features.length),
      ),
    },
    {
      id: 'genes-now',
      place: 'rewards',
      title: 'Reward genes against chance',
      help: 'The same at the cursor, or now: a dot far from its diamond was moved by selection, not by drift.',
      height: geneRowsHeight(features.length),
      create: (plot, legend) => new Genes(plot, legend, store, features.length),
    },
  ];

  const built = new Map<Element, Figure>();
  for (const place of ['markets', 'lives', 'rewards'] as const) {
    const section = document.getElementById(place)!;
    section.replaceChildren();
    for (const text of figures.filter((f) => f.place === place)) {
      const [card, figure] = buildCard(text);
      section.append(card);
      built.set(card, figure);
    }
  }
  return built;
}

function buildCard(text: FigureText): [HTMLElement, Figure] {
  const card = document.createElement('figure');
  card.className = 'card';
  card.dataset.figure = text.id;
  const caption = document.createElement('figcaption');
  const title = document.createElement('h3');
  title.textContent = text.title;
  const help = document.createElement('p');
  help.className = 'help';
  help.textContent = text.help;
  caption.append(title, help);
  const legend = document.createElement('div');
  legend.className = 'legend';
  const plot = document.createElement('div');
  plot.className = 'plot';
  plot.style.height = `${text.height}px`;
  card.append(caption, legend, plot);
  const figure = text.create(plot, legend);
  plot.querySelector('svg')?.setAttribute('aria-label', text.title);
  return [card, figure];
}

/** Keys of the features whose mean is farthest from the neutral shadow at the last frame. */
function farthestGenes(store: RunStore, features: readonly string[]): ReadonlySet<string> {
  const last = store.summaryOf(store.frameCount - 1);
  const distance = (f: number): number => {
    const d = Math.abs(last.mean[store.geneIndex(f, 'mean')]! - last.mean[store.geneIndex(f, 'shadow')]!);
    return Number.isFinite(d) ? d : 0;
  };
  const ranked = features.map((feature, f) => ({ feature, far: distance(f) }));
  ranked.sort((a, b) => b.far - a.far);
  return new Set(ranked.slice(0, STRONG_GENES).map((r) => `gene-${r.feature}`));
}
