import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { loadSweep, type SweepData } from '../sweep/analysis.ts';
import { loadExperiment } from '../sweep/experimentFile.ts';
import { planSweep, runSweep } from '../sweep/sweep.ts';
import { SweepDirectory } from '../sweep/sweepDirectory.ts';
import { tinyExperiment } from '../sweep/tinyExperiment.ts';
import { experimentReport } from './experimentReport.ts';

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
