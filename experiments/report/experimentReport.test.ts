import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { estimated, loadSweep, type SweepData, shortInterval, warningsOf } from '../sweep/analysis.ts';
import type { CellResult } from '../sweep/cell.ts';
import { loadExperiment } from '../sweep/experimentFile.ts';
import { planSweep, runSweep } from '../sweep/sweep.ts';
import { SweepDirectory } from '../sweep/sweepDirectory.ts';
import { tinyExperiment } from '../sweep/tinyExperiment.ts';
import { experimentReport } from './experimentReport.ts';
import { priceSections } from './priceSection.ts';

let work: string;
let data: SweepData;
beforeAll(async () => {
  work = mkdtempSync(join(tmpdir(), 'darwin-report-'));
  const file = join(work, 'tiny.yaml');
  const outcome = '  - { name: median life, metric: medianLife }\n';
  writeFileSync(file, tinyExperiment(200, 2).replace('contrasts:\n', `${outcome}contrasts:\n`));
  const plan = planSweep(loadExperiment(file), 'smoke', 1);
  const directory = new SweepDirectory(join(work, 'tiny'), plan, false);
  await runSweep(plan.cells, directory, 1);
  directory.close('finished');
  data = loadSweep(join(work, 'tiny'));
}, 120_000);
afterAll(() => rmSync(work, { recursive: true }));

it('has the outcomes of populations for each of them where no contrast names any', () => {
  const { html } = experimentReport(data);
  const [, table] = html.split('Outcomes by arm');
  const rows = [...table!.matchAll(/<tr>(.*?)<\/tr>/gs)].map(([, row]) =>
    [...row!.matchAll(/<t[dh][^>]*>(.*?)<\/t[dh]>/gs)].map(([, cell]) => cell!),
  );
  const from = rows.findIndex(([outcome]) => outcome!.includes('median life'));
  expect(rows.slice(from, from + 4).map(([, side, worlds]) => [side, worlds])).toEqual([
    ['learners (low)', '2'],
    ['zi (low)', '2'],
    ['learners (high)', '2'],
    ['zi (high)', '2'],
  ]);
});

it('says what all arms have changed, but not what each of them sets', () => {
  const { html } = experimentReport(data);
  expect(html).toContain(
    'Base config quickstart with world.demography.meanLife = 80, populations = [{&quot;name&quot;:&quot;learners&quot;',
  );
  expect(html).not.toContain('with world.serviceMarket.demand');
});

it('calls the hypothesis stated before the run only where the file was not changed on the way', () => {
  const headings = ({ manifest }: SweepData): string[] =>
    [...experimentReport({ ...data, manifest }).html.matchAll(/<h2>(Hypothesis.*?)<\/h2>/g)].map(
      ([, h]) => h!,
    );
  expect(headings(data)).toEqual(['Hypothesis, stated before the run']);
  const changed = { ...data.manifest.statements[0]!, finished: 1 };
  const statements = [...data.manifest.statements, changed];
  expect(headings({ ...data, manifest: { ...data.manifest, statements } })).toEqual([
    'Hypothesis, in a file that was changed after cells had been run',
  ]);
});

it('has no empty heads of tables', () => {
  expect(experimentReport(data).html).not.toContain('<th></th>');
});

it('shows arms in one order in all figures and tables, so that an arm keeps its colour', () => {
  const { figures, html } = experimentReport(data);
  // the contrast names the second arm first
  const shown = figures
    .filter(({ name }) => /^(course-welfare|lorenz)/.test(name))
    .map(({ svg }) => [...svg.matchAll(/class="legend"[^>]*>([^<]*)</g)].map(([, text]) => text));
  expect(shown.length).toBeGreaterThan(1);
  for (const legend of shown) expect(legend).toEqual(['low', 'high']);
  const [, table] = html.split('Outcomes by arm');
  expect(table!.indexOf('<td>low</td>')).toBeLessThan(table!.indexOf('<td>high</td>'));
});

it('names what the numbers of lines along an axis are', () => {
  const axis = { path: 'world.serviceMarket.demand', label: 'demand', log: false, marks: [] };
  const legend = (lines: string, values: readonly unknown[]): string[] => {
    const { experiment } = data.source;
    const arms = experiment.arms!.map((arm, k) => ({ ...arm, set: { ...arm.set, [lines]: values[k] } }));
    const source = { ...data.source, experiment: { ...experiment, arms, axis: { ...axis, lines } } };
    const { svg } = experimentReport({ ...data, source }).figures.find(
      ({ name }) => name === 'axis-welfare',
    )!;
    return [...svg.matchAll(/class="legend"[^>]*>([^<]*)</g)].map(([, text]) => text!);
  };
  expect(legend('world.trust.stakePerUnit', [0.5, 2])).toEqual(['stakePerUnit 0.5', 'stakePerUnit 2']);
  expect(legend('world.trust.regime', ['none', 'legal'])).toEqual(['none', 'legal']);
});

it('warns where evolution is asked about and nobody was born', () => {
  const barren = ({ run, ...cell }: CellResult): CellResult => ({
    ...cell,
    run: { ...run, metrics: { ...run.metrics, births: run.metrics.births.map(() => 0) } },
  });
  const cells = new Map(
    [...data.cells].map(([arm, list]) => [arm, list.map((cell) => cell && barren(cell))]),
  );
  const { experiment } = data.source;
  const outcomes = [{ ...experiment.outcomes[0]!, metric: 'geneShift' }];
  const source = { ...data.source, experiment: { ...experiment, outcomes } };
  const asked = expect.stringContaining('questions of evolution need 30');
  expect(warningsOf({ ...data, cells, source })).toContainEqual(asked);
  expect(warningsOf({ ...data, cells })).not.toContainEqual(asked);
});

it('leaves out the unit of a share, and the interval of an estimate that has none', () => {
  const { experiment } = data.source;
  const outcomes = experiment.outcomes.map((outcome) => ({ ...outcome, unit: '1' }));
  const { html } = experimentReport({
    ...data,
    source: { ...data.source, experiment: { ...experiment, outcomes } },
  });
  expect(html).toContain('>difference</text>');
  expect(html).not.toMatch(/, 1<|, 1, over/);
  const none = { low: Number.NaN, high: Number.NaN };
  expect([shortInterval(none), estimated(2, none), estimated(Number.NaN, none)]).toEqual(['-', '2', '-']);
  expect(estimated(2, { low: 1, high: 3 })).toBe('2 (1 to 3)');
});

it('tells the stylised facts of prices where there are samples enough, of each arm', () => {
  const series = Array.from({ length: 200 }, (_, k) => 1 + 0.1 * Math.sin(k * k));
  const cells = new Map(
    [...data.cells].map(([arm, list]) => [
      arm,
      list.map((cell) =>
        cell === undefined
          ? cell
          : {
              ...cell,
              run: { ...cell.run, metrics: { ...cell.run.metrics, tokenPrice: series, computePrice: [] } },
            },
      ),
    ]),
  );
  const [, table] = experimentReport({ ...data, cells }).html.split('Prices as time series');
  const rows = [...table!.split('</table>')[0]!.matchAll(/<tr>(.*?)<\/tr>/gs)].map(([, row]) =>
    [...row!.matchAll(/<t[dh][^>]*>(.*?)<\/t[dh]>/gs)].map(([, cell]) => cell!),
  );
  expect(rows.slice(1).map((row) => row.slice(0, 3))).toEqual([
    ['low', 'tokenPrice', '199'],
    ['high', 'tokenPrice', '199'],
  ]);
  const none = new Map([...data.cells].map(([arm]) => [arm, [undefined]]));
  expect(priceSections({ ...data, cells: none })).toEqual([]);
});
