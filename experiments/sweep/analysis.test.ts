import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { experimentReport } from '../report/experimentReport.ts';
import {
  checkStatement,
  contrastsOf,
  finding,
  loadSweep,
  seedsOfTest,
  valuesOf,
  verdictOf,
  warningsOf,
} from './analysis.ts';
import { type CellResult, decodeResult, encodeResult } from './cell.ts';
import { loadExperiment } from './experimentFile.ts';
import { planSweep, runSweep, unfinished } from './sweep.ts';
import { SweepDirectory } from './sweepDirectory.ts';
import { tinyExperiment } from './tinyExperiment.ts';

let work: string;
beforeAll(() => {
  work = mkdtempSync(join(tmpdir(), 'darwin-analysis-'));
});
afterAll(() => rmSync(work, { recursive: true }));

async function sweep(name: string, text: string, resume = false): Promise<string> {
  const file = join(work, `${name}.yaml`);
  writeFileSync(file, text);
  const plan = planSweep(loadExperiment(file), 'smoke', 1);
  const directory = join(work, name);
  const open = new SweepDirectory(directory, plan, resume);
  await runSweep(unfinished(plan, directory), open, 1);
  open.close('finished');
  return directory;
}

describe('verdicts', () => {
  const found = (low: number, high: number) => ({ interval: { low, high }, difference: (low + high) / 2 });

  it.each([
    [found(1, 3), 0.01, 'higher', 'supported'],
    [found(-3, -1), 0.01, 'lower', 'supported'],
    [found(-3, -1), 0.01, 'higher', 'opposite'],
    [found(1, 3), 0.01, 'different', 'different'],
    [found(1, 3), 0.05, 'higher', 'inconclusive'],
    [found(1, 3), 0.0499, 'higher', 'supported'],
    [found(-0.1, 3), 0.01, 'higher', 'inconclusive'],
    [found(0, 3), 0.01, 'higher', 'inconclusive'],
    [found(Number.NaN, Number.NaN), Number.NaN, 'higher', 'inconclusive'],
  ] as const)('of %o with p %d, expected %s: %s', (comparison, p, expected, verdict) => {
    expect(verdictOf(comparison, p, expected)).toBe(verdict);
  });

  it('need as many seeds as the test can reject with at all', () => {
    // 2 / 2^6 = .031, and of three contrasts 3 x 2 / 2^7 = .047
    expect(seedsOfTest(1)).toBe(6);
    expect(seedsOfTest(3)).toBe(7);
  });
});

describe('the analysis of a sweep', () => {
  it('pairs seeds, and reports what was stated, how sure it is, and where it comes from', async () => {
    const directory = await sweep('demand', tinyExperiment(80, 7));
    const data = loadSweep(directory);
    const [welfare, profit] = contrastsOf(data);
    const ours = valuesOf(data, { arm: 'high' }, welfare!.outcome);
    expect(ours).toHaveLength(7);
    expect(welfare!.comparison.pairs).toBe(7);
    expect(welfare!.verdict).toBe('supported');
    expect(welfare!.adjusted).toBe(2 / 2 ** 7);
    expect(finding(welfare!)).toMatch(/as stated, higher.*welfare of high less low: .* cash per tick/);
    expect(profit!.labels).toEqual(['learners (high)', 'zi (high)']);
    expect(checkStatement(data)).toEqual({ kept: true, changedSince: false });
    // the file is gone, a directory, or a device that never ends
    for (const file of [join(work, 'gone.yaml'), work, '/dev/zero'])
      expect(checkStatement({ ...data, manifest: { ...data.manifest, file } }).changedSince).toBeNull();

    const { sellers } = data.cells.get('high')![0]!.run;
    const sold = sellers.top.findLastIndex(Number.isFinite);
    expect(sold).toBeGreaterThanOrEqual(0);
    expect(sellers.share[0]![sold]! + sellers.share[1]![sold]!).toBeCloseTo(1, 5);
    expect(sellers.hhi[sold]).toBeGreaterThan(0);
    expect(sellers.hhi[sold]).toBeLessThanOrEqual(sellers.top[sold]! + 1e-6);

    const { html, figures } = experimentReport(data);
    for (const part of [
      'Does demand raise welfare?',
      'stated before the run',
      'Threats to validity',
      'Smoke scale: this shows that the experiment runs',
      'Generations spanned',
      `darwin sweep ${join(work, 'demand.yaml')} --scale smoke`,
      data.manifest.statements[0]!.hash,
    ])
      expect(html).toContain(part);
    // self-contained: nothing is loaded
    expect(html).not.toMatch(/<script|<link|src=|url\(|@import/);
    expect(html).not.toContain('NaN');
    expect(figures.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['contrasts-welfare', 'course-welfare', 'lorenz-wealth', 'genome', 'lineage']),
    );
    expect(experimentReport(loadSweep(directory)).html).toBe(html);
  }, 180_000);

  it('warns of a statement that was changed on the way, and of one that was changed afterwards', async () => {
    await sweep('moved', tinyExperiment(40, 1));
    const directory = await sweep('moved', tinyExperiment(40, 2), true);
    expect(checkStatement(loadSweep(directory))).toEqual({ kept: false, changedSince: false });
    const file = join(work, 'moved.yaml');
    writeFileSync(file, `${readFileSync(file, 'utf8')}# another word\n`);
    const warnings = warningsOf(loadSweep(directory)).join('\n');
    expect(warnings).toContain('changed after cells had been run');
    expect(warnings).toContain('was changed after this run');
    expect(warnings).toContain('2 seeds: below 20');
  });

  it('says which parameters matter where a space is sampled', async () => {
    const text = tinyExperiment(40, 1)
      .replace(
        /arms:[\s\S]*?(?=seeds)/,
        'sampling:\n  method: morris\n  points: 2\n  parameters:\n    - { path: world.serviceMarket.demand, low: 2, high: 6 }\n    - { path: world.energy.price, low: 0.1, high: 0.2 }\n',
      )
      .replace(/contrasts:[\s\S]*?(?=scales)/, '')
      .replace('window: secondHalf', 'window: secondHalf, population: learners');
    const data = loadSweep(await sweep('space', text));
    const { html, figures } = experimentReport(data);
    expect(html).toContain('elementary effects');
    expect(html).toContain('world.energy.price');
    expect(figures.some(({ name }) => name === 'effects-welfare')).toBe(true);
  });

  it('divides the variance of an outcome among parameters where asked for Sobol indices', async () => {
    const text = tinyExperiment(20, 1)
      .replace(
        /arms:[\s\S]*?(?=seeds)/,
        'sampling:\n  method: sobol\n  points: 2\n  parameters:\n    - { path: world.serviceMarket.demand, low: 2, high: 6 }\n    - { path: world.energy.price, low: 0.1, high: 0.2 }\n',
      )
      .replace(/contrasts:[\s\S]*?(?=scales)/, '')
      .replace('window: secondHalf', 'window: secondHalf, population: learners');
    const data = loadSweep(await sweep('variance', text));
    expect(data.manifest.arms).toHaveLength(8);
    expect(experimentReport(data).html).toContain('total order (95 %)');
  });

  it('of a garden compares genomes in the economy of the first arm', async () => {
    const text = tinyExperiment(60, 2)
      .replace(
        'seeds: { search: tiny }',
        "seeds: { search: tiny, evaluation: 'held out' }\ngarden: { population: learners }",
      )
      .replace('window: secondHalf }', 'window: secondHalf, stage: garden }')
      .replaceAll('population: learners }', 'population: evolved }')
      .replace('garden: { population: evolved }', 'garden: { population: learners }')
      .replace('population: zi }', 'population: rule }');
    const data = loadSweep(await sweep('garden', text));
    const [, profit] = contrastsOf(data);
    expect(profit!.comparison.pairs).toBe(2);
    const worlds = planSweep(loadExperiment(join(work, 'garden.yaml')), 'smoke', 1).cells.map(
      (c) => c.gardens[0]!.world,
    );
    expect(new Set(worlds.map(({ serviceMarket }) => serviceMarket.demand))).toEqual(new Set([2]));
    expect(data.cells.get('high')![0]!.gardens.garden!.populations).toContain('shadow');
  });

  it('of gardens with populations and an economy of their own compares these', async () => {
    const text = tinyExperiment(60, 1)
      .replace(
        'seeds: { search: tiny }',
        `seeds: { search: tiny, evaluation: 'held out' }
gardens:
  - name: knock-out
    population: learners
    size: 2
    set: { world.energy.price: 0.3 }
    populations:
      - { name: whole, genes: rewards }
      - { name: no profit, genes: rewards, without: [profit] }
      - { name: background, genes: evolved, learned: true, learner: frozen, share: 2 }
      - { name: rule, kind: rule }`,
      )
      .replace('window: secondHalf }', 'window: whole, stage: knock-out }')
      .replaceAll('population: learners }', 'population: whole }')
      .replace('population: zi }', 'population: no profit }');
    const data = loadSweep(await sweep('gardens', text));
    const [cell] = planSweep(loadExperiment(join(work, 'gardens.yaml')), 'smoke', 1).cells;
    const [garden] = cell!.gardens;
    expect(garden).toMatchObject({ slots: 2 * cell!.config.slots, ticks: 60 });
    // of the first arm, twice as much
    expect(garden!.world.serviceMarket.demand).toBe(2 * 2);
    expect(garden!.world.energy.price).toBe(0.3);
    const [, profit] = contrastsOf(data);
    expect(profit!.comparison.pairs).toBe(1);
    expect(data.cells.get('high')![0]!.gardens['knock-out']!.populations).toEqual([
      'whole',
      'no profit',
      'background',
      'rule',
    ]);
    expect(experimentReport(data).html).toContain("of the garden 'knock-out'");
  });

  it('keeps a garden that nobody was left for as missing', () => {
    const stage = { populations: ['a'], slots: 1, metrics: { alive: [Number.NaN] } };
    const result = {
      hash: 'x',
      arm: 'a',
      replicate: 0,
      seconds: 1,
      run: stage,
      gardens: { empty: null, full: stage },
    };
    expect(decodeResult(encodeResult(result as unknown as CellResult))).toEqual(result);
  });
});
