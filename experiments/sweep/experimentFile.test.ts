import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ConfigError, UsageError } from '../../sim/core/errors.ts';
import { PACKAGE_ROOT } from '../hardware.ts';
import { armsAt, loadExperiment, parseExperiment } from './experimentFile.ts';
import { SCALES } from './experimentSchema.ts';
import { planSweep } from './sweep.ts';
import { tinyExperiment } from './tinyExperiment.ts';

let work: string;
beforeAll(() => {
  work = mkdtempSync(join(tmpdir(), 'darwin-experiment-'));
});
afterAll(() => rmSync(work, { recursive: true }));

const changed = (from: string | RegExp, to: string): string => tinyExperiment().replace(from, to);
const load = (text: string) => {
  const file = join(work, 'tiny.yaml');
  writeFileSync(file, text);
  return loadExperiment(file);
};

describe('experiment files', () => {
  it.each([
    ['hypothesis', 'hypotesis', /unknown key `hypotesis`/, /hypothesis/],
    [
      'metric: serviceWelfare',
      'metric: serviceWelfar',
      /no metric `serviceWelfar`/,
      /did you mean `serviceWelfare`/,
    ],
    ['of: { arm: high }', 'of: { arm: hihg }', /no arm `hihg`/, /did you mean `high`/],
    ['of: { arm: high }', 'of: {}', /names no arm/, /low, high/],
    ['outcome: profit', 'outcome: profits', /no outcome `profits`/, /did you mean `profit`/],
    [
      'against: { arm: high, population: zi }',
      'against: { arm: high }',
      /names no population/,
      /add `population`/,
    ],
    ['expect: higher', 'expect: more', /`contrasts\[0\].expect` is `more`/, /.*/],
    ['name: high, set', 'name: low, set', /holds `low` twice/, /another name/],
    [
      'seeds: { search: tiny }',
      'seeds: { search: tiny, evaluation: tiny }',
      /is `seeds.search`/,
      /other seeds/,
    ],
    [
      'seeds: { search: tiny }',
      'seeds: { search: tiny }\ngarden: { population: learners }',
      /evaluation` is missing/,
      /.*/,
    ],
    ['window: whole', 'window: whole, stage: garden', /has no stage `garden`/, /.*/],
    ['metric: profitPerTick', 'metric: geneShift', /`gene` is missing/, /wealthGain/],
    [
      'name: tiny',
      'name: tiny\nthreats: [{ luck: one seed }]',
      /`threats\[0\]` is .*, must be text/,
      /quotes/,
    ],
    [/arms:[\s\S]*?(?=seeds)/, '', /either `arms` or `sampling`/, /.*/],
  ])('%s -> %s is one line with the place and what was meant', (from, to, message, hint) => {
    let error: unknown;
    try {
      parseExperiment(changed(from, to), 'tiny.yaml');
    } catch (caught) {
      error = caught;
    }
    expect(error).toBeInstanceOf(ConfigError);
    expect((error as ConfigError).message).toMatch(/^tiny\.yaml:\d+:\d+: /);
    expect((error as ConfigError).message).toMatch(message);
    expect((error as ConfigError).hint).toMatch(hint);
    expect((error as ConfigError).hint).not.toBe('');
  });

  it.each([
    ['world.serviceMarket.demand: 2', 'world.serviceMarket.demnd: 2', /arm 'low': world.serviceMarket.demnd/],
    ['world.serviceMarket.demand: 2', 'world.serviceMarket.demand: [2, 3]', /arm 'low': has 2 settings/],
    ['population: zi', 'population: zis', /arm 'high': has no population `zis`/],
    [
      'world.demography.meanLife: 80',
      'world.demography.meanLife: -1',
      /tiny.yaml: set: world.demography.meanLife/,
    ],
  ])('%s -> %s names the arm whose config is wrong', (from, to, message) => {
    expect(() => armsAt(load(changed(from, to)), 'smoke')).toThrow(message);
  });

  it('a missing file is answered with the nearest experiment', () => {
    expect(() => loadExperiment('property-right')).toThrow(UsageError);
    expect(() => loadExperiment('property-right')).toThrow(/no experiment file/);
  });

  it('arms differ by what they set, and share everything else', () => {
    const [low, high] = armsAt(load(tinyExperiment()), 'smoke');
    expect(low!.config.world.serviceMarket.demand).toBe(2);
    expect(high!.config.world.serviceMarket.demand).toBe(6);
    expect({ ...high!.config, world: { ...high!.config.world, serviceMarket: null } }).toEqual({
      ...low!.config,
      world: { ...low!.config.world, serviceMarket: null },
    });
  });

  it('points of a sampled space are arms', () => {
    const text = changed(
      /arms:[\s\S]*?(?=seeds)/,
      'sampling: { method: latinHypercube, points: 5, parameters: [{ path: world.serviceMarket.demand, low: 2, high: 6 }] }\n',
    ).replace(/contrasts:[\s\S]*?(?=scales)/, '');
    // no contrast says whose profit is meant
    expect(() => load(text)).toThrow(/`outcomes\[1\]` names no population/);
    const arms = armsAt(load(text.replace('window: secondHalf', 'population: learners')), 'smoke');
    expect(arms).toHaveLength(5);
    const demands = arms.map(({ config }) => config.world.serviceMarket.demand);
    expect(new Set(demands).size).toBe(5);
    expect(Math.min(...demands)).toBeGreaterThanOrEqual(2);
  });
});

describe('cells', () => {
  it('are seeds by arms in one batch, each with a hash of its own', () => {
    const { cells, batches } = planSweep(load(tinyExperiment()), 'smoke', 2);
    expect(cells.map(({ arm, replicate }) => `${arm} ${replicate}`)).toEqual([
      'low 0',
      'high 0',
      'low 1',
      'high 1',
      'low 2',
      'high 2',
    ]);
    expect(batches).toBe(1);
    expect(new Set(cells.map(({ hash }) => hash)).size).toBe(6);
  });

  it('have a hash of what they simulate alone, not of what they are called or how many there are', () => {
    const hashes = (text: string): string[] =>
      planSweep(load(text), 'smoke', 1).cells.map(({ hash }) => hash);
    const own = hashes(tinyExperiment());
    expect(hashes(changed('name: tiny', 'name: other'))).toEqual(own);
    expect(hashes(tinyExperiment(60, 4)).slice(0, 6)).toEqual(own);
    expect(hashes(tinyExperiment(61))).not.toContain(own[0]);
    expect(hashes(changed('search: tiny', 'search: tinier'))).not.toContain(own[0]);
  });
});

describe('the experiments of this program', () => {
  const names = readdirSync(join(PACKAGE_ROOT, 'experiments')).filter((name) => name.endsWith('.yaml'));

  it.each(names)('%s is valid at every scale', (name) => {
    const source = loadExperiment(join(PACKAGE_ROOT, 'experiments', name));
    expect(`${source.experiment.name}.yaml`).toBe(name);
    for (const scale of SCALES) expect(armsAt(source, scale).length).toBeGreaterThan(0);
  });
});
