import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { experimentReport } from '../report/experimentReport.ts';
import { loadSweep, resultsHashOf } from '../sweep/analysis.ts';
import { loadExperiment } from '../sweep/experimentFile.ts';
import { planSweep, runSweep } from '../sweep/sweep.ts';
import { SweepDirectory } from '../sweep/sweepDirectory.ts';
import { tinyExperiment } from '../sweep/tinyExperiment.ts';
import {
  chosenFigures,
  figureFile,
  figuresOf,
  type GalleryEntry,
  galleryPage,
  headline,
  headlineIn,
  partIn,
  partOf,
} from './galleryPage.ts';

let work: string;
let entry: GalleryEntry;
beforeAll(async () => {
  work = mkdtempSync(join(tmpdir(), 'darwin-gallery-'));
  const file = join(work, 'tiny.yaml');
  writeFileSync(file, tinyExperiment(40, 2));
  const plan = planSweep(loadExperiment(file), 'smoke', 1);
  const directory = new SweepDirectory(join(work, 'tiny'), plan, false);
  await runSweep(plan.cells, directory, 1);
  directory.close('finished');
  const data = loadSweep(join(work, 'tiny'));
  entry = { data, ...experimentReport(data), written: null };
}, 120_000);
afterAll(() => rmSync(work, { recursive: true }));

describe('the gallery', () => {
  it('shows question, hypothesis, numbers, figures, commands and hashes of an experiment', () => {
    const page = galleryPage([partOf(entry)], null);
    for (const part of [
      'Does demand raise welfare?',
      '**Hypothesis, stated before the run.** It does.',
      'Inconclusive: no primary contrast is told apart from luck.',
      '| high against low | welfare |',
      'darwin sweep tiny --scale smoke --out runs/tiny-smoke',
      resultsHashOf(entry.data).slice(0, 12),
      entry.data.manifest.statements[0]!.hash.slice(0, 12),
      '| cells finished | 4 of 4 |',
    ])
      expect(page).toContain(part);
    expect(page).not.toContain('NaN');
    expect(page).not.toContain('undefined');
    for (const figure of chosenFigures(entry)) expect(page).toContain(figureFile('tiny', figure));
    expect(chosenFigures(entry).length).toBeGreaterThan(1);
  });

  it('says when a finding was written about other results', () => {
    const results = resultsHashOf(entry.data).slice(0, 8);
    const page = (of: string): string =>
      galleryPage([partOf({ ...entry, written: { results: of, text: 'Demand pays.' } })], null);
    expect(page(results)).toContain('Demand pays.');
    expect(page(results)).not.toContain('other results');
    expect(page('0000')).toContain('written about other results (0000)');
  });

  it('keeps what a page had of the experiments that are not run again', () => {
    const part = partOf(entry);
    const other = { line: '- [Other](#other): Nothing.', section: '## Other\n\nNothing, and\n\n- a list' };
    const head = headline([]);
    const page = galleryPage([part, other], head);
    expect(partIn(page, 'Other')).toEqual(other);
    expect(partIn(page, entry.data.source.experiment.title || 'tiny')).toEqual(part);
    expect(partIn(page, 'Another')).toBeNull();
    expect(headlineIn(page)).toBe(head);
    expect(headlineIn(galleryPage([part], null))).toBeNull();
  });

  it('is committed with every figure that its page shows and no other, in less than three megabytes', () => {
    const folder = import.meta.dirname;
    const page = readFileSync(join(folder, 'README.md'), 'utf8');
    const files = readdirSync(folder);
    expect(figuresOf(page)).toEqual(new Set(files.filter((file) => file.endsWith('.svg'))));
    const bytes = files.reduce((sum, file) => sum + statSync(join(folder, file)).size, 0);
    expect(bytes).toBeLessThan(3_000_000);
  });
});
