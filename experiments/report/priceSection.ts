/** Prices of a sweep as time series: stylised facts by arm, to describe and not to test. */
import { interquartileMean } from '../statistics/estimates.ts';
import { type StylisedFacts, stylisedFacts } from '../statistics/stylisedFacts.ts';
import { type SweepData, short } from '../sweep/analysis.ts';
import type { Section } from './page.ts';

const PRICES = ['tokenPrice', 'computePrice'] as const;
const FACTS = ['tailIndex', 'autocorrelation', 'clustering'] as const satisfies (keyof StylisedFacts)[];

/** A table with a row for each arm and price; nothing where no price has enough samples. */
export function priceSections({ manifest, cells }: SweepData): Section[] {
  const rows = manifest.arms.flatMap(({ name }) =>
    PRICES.flatMap((price) => {
      const facts = (cells.get(name) ?? []).flatMap((cell) =>
        // recordings of earlier versions may lack a series
        cell === undefined ? [] : [stylisedFacts(cell.run.metrics[price] ?? [])],
      );
      const figures = FACTS.map((fact) => {
        const values = facts.map((one) => one[fact]).filter(Number.isFinite);
        if (values.length === 0) return '-';
        const own = short(interquartileMean(values));
        return values.length === 1
          ? own
          : `${own} (${short(Math.min(...values))} to ${short(Math.max(...values))})`;
      });
      if (figures.every((figure) => figure === '-')) return [];
      return [[name, price, short(interquartileMean(facts.map(({ returns }) => returns))), ...figures]];
    }),
  );
  if (rows.length === 0) return [];
  return [
    { kind: 'heading', text: 'Prices as time series' },
    {
      kind: 'table',
      head: [
        'arm',
        'price',
        'returns',
        'tail index (least to most)',
        'autocorrelation of returns',
        'of their size',
      ],
      rows,
    },
    {
      kind: 'text',
      text: "Descriptive only (stylised facts, Cont 2001): logarithmic returns from sample to sample of each world, interquartile mean over worlds. Tail index: Hill's estimator on the largest tenth of sizes, around 3 in stock markets. Autocorrelation at lag 1; without any, it lies within 2 / sqrt(returns) of 0 in 95 % of worlds. The price of compute is a moving average over about 8 ticks, which adds some where samples are as close.",
    },
  ];
}
