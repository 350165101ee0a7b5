/** Time series of the metrics, as specifications of figures: what each shows, in words and in series. */
import type { FigureText } from '../board.ts';
import { geneStyle } from '../charts/genes.ts';
import { type Panel, type Series, TimeSeries, type TimeSeriesSpec } from '../charts/timeSeries.ts';
import type { PageContext } from '../context.ts';
import type { RunStore } from '../store.ts';

export const HEIGHT = 230;
const PALETTE = 8;
/** Features drawn strongly among the trajectories: those farthest from their neutral shadow. */
export const STRONG_GENES = 5;

/** `perTicks`: 0 for a level; n for what is counted over an interval and shown per n ticks. */
export const metric = (
  name: string,
  label: string,
  colour: number,
  perTicks = 0,
  dashed = false,
): Series => ({
  key: name,
  label,
  colour,
  perTicks,
  dashed,
  index: (store) => store.metricIndex(name),
});
/** Counts of rare events, per thousand ticks over the last thousand. */
export const rare = (name: string, label: string, colour: number, dashed = false): Series => ({
  ...metric(name, label, colour, 1000, dashed),
  averagedOver: 1000,
});
export const panel = (
  unit: string,
  series: readonly Series[],
  options: Partial<Omit<Panel, 'unit' | 'series'>> = {},
): Panel => ({ unit, series, kind: 'line', weight: 1, zero: true, ...options });

/** One series a population, of a metric of populations. */
export const ofPopulations = (store: RunStore, name: string, prefix: string): Series[] =>
  (store.hello?.run.populations ?? []).map((population, k) => ({
    key: `${prefix}-${k}`,
    label: population.name,
    colour: k % PALETTE,
    perTicks: 0,
    dashed: k >= PALETTE,
    index: (s) => s.populationIndex(k, name),
  }));

export interface SeriesText extends Omit<FigureText, 'create' | 'height'> {
  readonly height?: number;
  readonly spec: Omit<TimeSeriesSpec, 'height'>;
}

/** A figure of one or more panels of series. */
export const seriesFigure = (
  context: PageContext,
  { spec, height = HEIGHT, ...text }: SeriesText,
): FigureText => ({
  ...text,
  height,
  create: (plot, legend) => new TimeSeries(plot, legend, context, { ...spec, height }),
});

/** All reward genes over time, those farthest from their shadow drawn strongly. */
export function genesFigure(context: PageContext, height: number): FigureText {
  const features = context.store.hello?.rewardFeatures ?? [];
  return seriesFigure(context, {
    id: 'genes',
    title: 'Reward genes over time',
    help: `Mean weight that learners put on each feature; the ${STRONG_GENES} farthest from their neutral shadow are drawn strongly.`,
    height,
    spec: {
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
  });
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
