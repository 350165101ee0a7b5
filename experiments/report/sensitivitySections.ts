/** The part of a report on a sampled parameter space: which parameters each outcome depends on. */
import { estimated, type SweepData, short, summarise, valuesOf } from '../sweep/analysis.ts';
import { inUnit, unitOf } from '../sweep/outcome.ts';
import { samplePoints } from '../sweep/sampling.ts';
import { morrisEffects, rankCorrelation, sobolIndices } from '../sweep/sensitivity.ts';
import { effectPlot, type Figure } from './figures.ts';
import type { Section } from './page.ts';

/** Tables of points and of what matters, and a figure for Morris screening. */
export function sensitivitySections(data: SweepData): { sections: Section[]; figures: Figure[] } {
  const { sampling, outcomes, seeds } = data.source.experiment;
  if (sampling === undefined) return { sections: [], figures: [] };
  const points = samplePoints(sampling, seeds.search);
  const arms = data.manifest.arms.map(({ name }) => name);
  const paths = sampling.parameters.map(({ path }) => path);
  const estimates = outcomes.map((outcome) =>
    arms.map((arm) => summarise(valuesOf(data, { arm }, outcome), arm)),
  );
  const figures: Figure[] = [];
  const sections: Section[] = [{ kind: 'heading', text: 'What the outcomes depend on' }];
  outcomes.forEach((outcome, o) => {
    const values = estimates[o]!.map(({ estimate }) => estimate);
    const unit = unitOf(outcome);
    if (sampling.method === 'morris') {
      const effects = morrisEffects(points, values);
      sections.push(
        {
          kind: 'text',
          text: `${inUnit(outcome.name, unit)}: elementary effects over the range of each parameter.`,
        },
        {
          kind: 'table',
          head: ['parameter', 'mean size (95 %)', 'mean', 'spread'],
          rows: effects.map(({ path, effect, interval, direction, spread }) => [
            path,
            estimated(effect, interval),
            short(direction),
            short(spread),
          ]),
        },
      );
      figures.push({
        name: `effects-${outcome.name}`,
        svg: effectPlot(effects, unit),
        caption: `${outcome.name}: what each parameter changes (Morris 1991). To the right it matters, above it interacts or bends.`,
      });
      return;
    }
    if (sampling.method === 'sobol') {
      sections.push(
        {
          kind: 'text',
          text: `${outcome.name}: shares of its variance over the space (Sobol indices, 95 % intervals of the bootstrap). First order: the parameter by itself; total order: with all it does together with others.`,
        },
        {
          kind: 'table',
          head: ['parameter', 'first order (95 %)', 'total order (95 %)'],
          rows: sobolIndices(points, values).map(({ path, first, firstInterval, total, totalInterval }) => [
            path,
            estimated(first, firstInterval),
            estimated(total, totalInterval),
          ]),
        },
      );
      return;
    }
    sections.push(
      {
        kind: 'text',
        text: `${inUnit(outcome.name, unit)}: rank correlation with each parameter over ${points.length} points.`,
      },
      {
        kind: 'table',
        head: ['parameter', "Spearman's rho"],
        rows: paths.map((path, k) => [
          path,
          short(
            rankCorrelation(
              points.map(({ unit: at }) => at[k]!),
              values,
            ),
          ),
        ]),
      },
    );
  });
  sections.push(
    { kind: 'heading', text: 'Points' },
    {
      kind: 'table',
      head: ['point', ...paths, ...outcomes.map(({ name }) => `${name} (95 %)`)],
      rows: arms.map((arm, k) => [
        arm,
        ...paths.map((path) => String(points[k]?.set[path] ?? '')),
        ...outcomes.map((_, o) => {
          const { estimate, interval } = estimates[o]![k]!;
          return estimated(estimate, interval);
        }),
      ]),
    },
  );
  return { sections, figures };
}
