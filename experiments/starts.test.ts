import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseSet } from '../configs/overrides.ts';
import { resolveConfig } from '../configs/parse.ts';
import { type DarwinError, UsageError } from '../sim/core/errors.ts';
import { createSimulation } from '../sim/run.ts';
import { openNewest, type Standing, writeCheckpoint } from './checkpoints.ts';
import { describeHardware } from './hardware.ts';
import { MANIFEST_VERSION, type Manifest, readManifest } from './manifest.ts';
import { RunDirectory } from './runDirectory.ts';
import { armsOf, startBranch, startFresh, startResumed } from './starts.ts';

const populations = [
  { name: 'learners', kind: 'learner' },
  { name: 'zero', kind: 'learner', reward: 'zero' },
  { name: 'zi', kind: 'ziC' },
];
const standing: Standing = { agentSteps: 0, elapsedSeconds: 0, laws: [], summary: { counts: [], sums: [] } };

let parent: string;
let damages = 0;
/** A saved run with a checkpoint at tick 10 of 20. */
async function save(name: string, config: object): Promise<string> {
  const path = join(parent, name);
  const run = resolveConfig({ slots: 12, ticks: 20, populations, ...config });
  const manifest: Manifest = {
    manifestVersion: MANIFEST_VERSION,
    tablesVersion: 1,
    name,
    description: '',
    status: 'interrupted',
    error: null,
    ...run,
    seeds: [1],
    version: '0',
    commit: null,
    engine: 'cpu',
    device: null,
    threads: 1,
    hardware: describeHardware(),
    startedAt: '',
    finishedAt: null,
    ticks: 10,
    elapsedSeconds: null,
    agentSteps: 0,
    agentStepsPerSecond: null,
    ticksPerSecond: null,
    finalHash: null,
    laws: [],
    resumedAt: [],
    parent: null,
    sources: [],
    extensions: [],
    wallets: null,
  };
  const directory = await RunDirectory.create(path, manifest);
  const simulation = createSimulation(run);
  await simulation.advance(10);
  await writeCheckpoint(path, simulation, { tableParts: {}, standing, kept: 1, origin: null });
  await directory.finish({});
  return path;
}
let one: string;
let two: string;
beforeAll(async () => {
  parent = mkdtempSync(join(tmpdir(), 'darwin-starts-'));
  one = await save('one', {});
  two = await save('two', { world: { energy: { price: [0.1, 0.2] } } });
});
afterAll(() => rmSync(parent, { recursive: true }));

const problem = async (start: Promise<unknown>): Promise<string> => {
  const error = (await start.catch((e: DarwinError) => e)) as DarwinError;
  expect(error.exitCode).toBe(2);
  return error.line;
};

describe('a branch', () => {
  const branch = (text: string, ...sets: string[]) => startBranch(text, sets.map(parseSet));

  it.each([
    ['seed=other', '`seed` was "darwin"'],
    ['slots=13', '`slots` was 12'],
    ['worlds=2', '`worlds` was 1'],
    ['populations.zi.kind=rule', '`populations[2].kind` was "ziC"'],
    ['populations.learners.reward=profit', '`populations[0].reward` was "random"'],
    ['populations.learners.rewardHidden=true', '`populations[0].rewardHidden` was false'],
    ['world.amm.token=5', '`world.amm.token` was 200000'],
    ['world.environment.kind=contextualBandit', '`world.environment` was'],
    ['ticks=10', 'the run ends at tick 10, the branch begins at 10'],
    ['populations=[]', 'at least 1'],
  ])('with %s is refused', async (set, part) => {
    expect(await problem(branch(one, set))).toContain(part);
  });

  it('keeps its luck and takes every other change', async () => {
    const start = await branch(
      `${one}@10`,
      'world.energy.price=0.3',
      'populations.zi.markup=0.5',
      'ticks=99',
    );
    expect(start.state?.index.tick).toBe(10);
    expect(start.run.arms[0]).toMatchObject({ ticks: 99, seed: 'darwin', world: { energy: { price: 0.3 } } });
    expect(start.parent).toEqual({ directory: one });
  });

  it('of one arm may have several, each from the same worlds; of several keeps them', async () => {
    const spread = await branch(one, 'world.energy.price=[0.1, 0.2, 0.3]');
    expect(spread.run.armLabels).toHaveLength(3);
    expect([0, 1, 2].map(spread.savedWorld)).toEqual([0, 0, 0]);
    const kept = await branch(two, 'world.policy.wealthTaxPerTick=0.01');
    expect(kept.run.armLabels).toEqual(['energy.price=0.1', 'energy.price=0.2']);
    expect(kept.run.arms.map(({ world }) => world.energy.price)).toEqual([0.1, 0.2]);
    expect([0, 1].map(kept.savedWorld)).toEqual([0, 1]);
    const list = branch(two, 'world.policy.wealthTaxPerTick=[0, 0.01]');
    expect(await problem(list)).toContain('has 2 arms already');
  });

  it('of a tick without a checkpoint, or of no run, is refused', async () => {
    expect(await problem(branch(`${one}@11`))).toContain('has no checkpoint at tick 11 (it has 10)');
    expect(await problem(branch(join(parent, 'absent')))).toContain('there is no directory');
  });
});

describe('a resumed run', () => {
  it('takes config and founders from its directory; ticks and threads may change', async () => {
    const start = await startResumed(two, ['ticks=30', 'threads=1'].map(parseSet));
    expect(start.run.armLabels).toEqual(['energy.price=0.1', 'energy.price=0.2']);
    expect(start.run.arms.map(({ ticks, threads }) => [ticks, threads])).toEqual([
      [30, 1],
      [30, 1],
    ]);
    expect(start.state?.index.tick).toBe(10);
    expect(await problem(startResumed(one, [parseSet('ticks=10')]))).toContain('is finished');
  });

  it('begins again where it never came to a checkpoint, and is refused where it lost rows or columns', async () => {
    const path = await save('early', {});
    rmSync(join(path, 'checkpoints'), { recursive: true });
    expect((await startResumed(path, [])).state).toBe(null);
    const manifest = readManifest(path);
    await expect(RunDirectory.resume(path, manifest, { metrics: 1 })).rejects.toThrow(
      'part-00000.parquet is missing',
    );
    const columns = JSON.parse(readFileSync(join(path, 'columns.json'), 'utf8'));
    const { metrics } = columns.tables;
    const refusals: [text: string, problem: string][] = [
      ['{}', 'columns.json has version missing, this program writes version 1'],
      ['{', 'columns.json is damaged: it is not JSON'],
      [JSON.stringify({ ...columns, version: 0 }), 'has version 0'],
      [
        JSON.stringify({ ...columns, tables: { ...columns.tables, metrics: metrics.slice(1) } }),
        'table metrics of',
      ],
      [JSON.stringify({ ...columns, tables: { ...columns.tables, metrics: [null] } }), 'table metrics of'],
      [JSON.stringify({ ...columns, tables: { rumours: metrics } }), 'table rumours of'],
      [JSON.stringify({ ...columns, tables: { toString: metrics } }), 'table toString of'],
    ];
    for (const [text, problem] of refusals) {
      writeFileSync(join(path, 'columns.json'), text);
      await expect(RunDirectory.resume(path, manifest, {})).rejects.toThrow(UsageError);
      await expect(RunDirectory.resume(path, manifest, {})).rejects.toThrow(problem);
    }
    rmSync(join(path, 'columns.json'));
    await expect(RunDirectory.resume(path, manifest, {})).rejects.toThrow('has no columns.json');
  });

  it('of before a table was added goes on, and says from then on that it has the table', async () => {
    const path = await save('before orders', {});
    const file = join(path, 'columns.json');
    const now = readFileSync(file, 'utf8');
    const columns = JSON.parse(now);
    delete columns.tables.orders;
    columns.tables.metrics[0].about = 'other words';
    writeFileSync(file, JSON.stringify(columns));
    await (await RunDirectory.resume(path, readManifest(path), {})).finish({});
    expect(readFileSync(file, 'utf8')).toBe(now);
  });

  it.each([
    ['is missing', (file: string) => rmSync(file)],
    ['is truncated: 5 bytes', (file: string) => writeFileSync(file, 'PAR1P')],
    ['is truncated', (file: string) => writeFileSync(file, `PAR1${'x'.repeat(20)}`)],
    ['is no Parquet file', (file: string) => writeFileSync(file, 'x'.repeat(30))],
    ['is truncated', (file: string) => writeFileSync(file, `PAR1${'x'.repeat(9)}\xffPAR1`, 'latin1')],
  ])(
    'whose rows are damaged (%s) goes on from the checkpoint that does not count on them',
    async (how, damage) => {
      const path = await save(`damaged rows ${damages++}`, { output: { metricsEvery: 4 } });
      rmSync(join(path, 'checkpoints'), { recursive: true });
      const simulation = createSimulation(resolveConfig({ ...readManifest(path).arms[0]! }));
      const directory = await RunDirectory.resume(path, readManifest(path), {});
      for (const tick of [4, 8]) {
        await directory.append((await simulation.advance(tick)).batches);
        await directory.checkpoint(simulation, standing, 9);
      }
      await directory.finish({ status: 'interrupted', ticks: 8 });
      const lives = join(path, 'metrics');
      const [first, second, ...more] = readdirSync(lives).sort();
      expect([first, second, more.length]).toEqual(['part-00000.parquet', 'part-00001.parquet', 0]);
      damage(join(lives, second!));
      const said: string[] = [];
      const state = await openNewest(path, (line) => said.push(line), { withRows: true });
      expect(state?.index.tick).toBe(4);
      expect(said).toHaveLength(1);
      expect(said[0]).toContain(`metrics/part-00001.parquet: ${how}`);
      expect((await openNewest(path, () => {}))?.index.tick).toBe(8);
      damage(join(lives, first!));
      await expect(openNewest(path, () => {}, { withRows: true })).rejects.toThrow(
        'none of its checkpoints is whole with the rows',
      );
    },
  );

  it('drops what lies behind its checkpoint, and a part that was never finished', async () => {
    const path = await save('behind', {});
    mkdirSync(join(path, 'metrics'));
    const names = [
      'part-00000.parquet',
      'part-00001.parquet',
      'part-00002.parquet',
      'part-00003.parquet.writing',
    ];
    for (const name of names) writeFileSync(join(path, 'metrics', name), '');
    const directory = await RunDirectory.resume(path, readManifest(path), { metrics: 2 });
    await directory.finish({});
    expect(readdirSync(join(path, 'metrics')).sort()).toEqual(names.slice(0, 2));
  });

  it('keeps its arms in the order of its manifest', () => {
    expect(armsOf(readManifest(two), two, []).arms.map(({ world }) => world.energy.price)).toEqual([
      0.1, 0.2,
    ]);
  });
});

describe('a population from a saved run', () => {
  const fresh = (population: object, from: object = {}) =>
    startFresh(
      resolveConfig({
        populations: [{ name: 'learners', kind: 'learner', from: { run: one, ...from }, ...population }],
      }),
    );

  it('pools the worlds of one arm, by name or as the only learners', async () => {
    const { founders } = await fresh({}, { run: two, arm: 1, what: 'agents' });
    expect(founders.founders[0]![0]!.count).toBeGreaterThan(0);
    expect(founders.sources[0]).toMatchObject({ population: 'learners', run: two, tick: 10, what: 'agents' });
    expect(founders.founders[0]![0]!.count).toBe(founders.sources[0]!.count);
    expect((await fresh({ name: 'another' }, { population: 'learners' })).founders.sources).toHaveLength(1);
  });

  it.each([
    ['no learners', { kind: 'ziC' }, {}, '`kind` is `ziC`'],
    ['no reward', { reward: 'zero' }, {}, '`reward` is `zero`'],
    ['another hidden layer', { rewardHidden: true }, {}, '`rewardHidden` is false in'],
    [
      'an unknown population',
      {},
      { population: 'nobody' },
      'has no population `nobody` (it has learners, zero, zi)',
    ],
    ['two to choose from', { name: 'mine' }, {}, 'name one with from.population: learners, zero, zi'],
    ['one that does not learn', {}, { population: 'zi' }, "'zi' of"],
    ['one without reward genes', {}, { population: 'zero' }, 'has no reward genes: zero'],
    ['an arm too many', {}, { arm: 1 }, 'has no arm 1'],
    ['a tick that was not kept', {}, { tick: 3 }, 'has no checkpoint at tick 3'],
    ['a run that is not there', {}, { run: 'absent' }, 'there is no directory absent'],
  ])('with %s is refused', async (_, population, from, part) => {
    expect(await problem(fresh(population, from))).toContain(part);
  });
});
