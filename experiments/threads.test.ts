import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { parseConfig, resolveConfig } from '../configs/parse.ts';
import {
  CapacityError,
  CheckpointError,
  ConfigError,
  DarwinError,
  EnvironmentError,
  LawViolation,
  OverflowError,
  UsageError,
} from '../sim/core/errors.ts';
import { METRIC_INDEX } from '../sim/metrics/table.ts';
import { createSimulation } from '../sim/run.ts';
import { createShard, type ShardHandle } from '../sim/shard.ts';
import { assertCompiled } from './compiled.ts';
import { createThreadShards, fromPlainError, toPlainError } from './threads.ts';

const run = resolveConfig({
  ticks: 40,
  worlds: 3,
  slots: 16,
  output: { metricsEvery: 10, agentsEvery: 20, tradesEvery: 5, journalWorlds: 1 },
});
const open: ShardHandle[] = [];
const opened = (shards: ShardHandle[]): ShardHandle[] => {
  open.push(...shards);
  return shards;
};
beforeAll(assertCompiled);
afterEach(async () => {
  await Promise.all(open.splice(0).map((shard) => shard.close()));
});

describe('worker threads', () => {
  it('report what a shard in this thread reports, call after call', async () => {
    const [thread] = opened(createThreadShards(run, 1));
    const here = createShard(run, [0, 1, 2]);
    for (const tick of [7, 10, 40]) expect(await thread!.advance(tick)).toEqual(await here.advance(tick));
    expect(await thread!.hashes()).toEqual(await here.hashes());
    await Promise.all([thread!.advance(45), here.advance(45)]);
    const snapshot = await here.lastSnapshot();
    expect(snapshot.map((batch) => batch.table)).toEqual(['agents']);
    expect(await thread!.lastSnapshot()).toEqual(snapshot);
  });

  it('give the same final hash on one, two and three threads', async () => {
    const hashes: string[] = [];
    for (const threads of [1, 2, 3]) {
      const simulation = createSimulation(run, { shards: opened(createThreadShards(run, threads)) });
      await simulation.advance(13);
      await simulation.advance(40);
      hashes.push(await simulation.finalHash());
    }
    expect(new Set(hashes).size).toBe(1);
  });

  const changed = async (config: typeof run, threads: number, when: 'planned' | 'asked' | 'never') => {
    const change = { tick: 13, path: 'world.energy.price', value: 0.9 };
    const arms = config.arms.map((arm) => (when === 'planned' ? { ...arm, interventions: [change] } : arm));
    const shards = opened(createThreadShards({ ...config, arms }, threads));
    const simulation = createSimulation({ ...config, arms }, { shards });
    await simulation.advance(13);
    if (when === 'asked') await simulation.intervene(arms.map(() => change));
    await simulation.advance(24);
    return simulation.finalHash();
  };
  const large = resolveConfig({ ticks: 24, slots: 600, output: { agentsEvery: 0 } });

  it.each([
    ['of several worlds', run],
    ['that share one', large],
  ])('%s change parameters at the same tick as one thread does, planned or asked for', async (_, config) => {
    const expected = await changed(config, 1, 'planned');
    expect(await changed(config, 1, 'asked')).toBe(expected);
    expect(await changed(config, 3, 'planned')).toBe(expected);
    expect(await changed(config, 3, 'asked')).toBe(expected);
    expect(await changed(config, 1, 'never')).not.toBe(expected);
  });

  it('save their worlds and go on from saved ones, in another number of threads', async () => {
    const states = new Map<number, Uint8Array<ArrayBuffer>>();
    const first = createSimulation(run, { shards: opened(createThreadShards(run, 2)) });
    await first.advance(13);
    await first.save(async (world, state) => void states.set(world, state));
    const here = createShard(run, [0, 1, 2]);
    await here.advance(13);
    for (const world of [0, 1, 2]) expect(states.get(world)).toEqual(await here.saveWorld(world));
    const resumed = createSimulation(run, { shards: opened(createThreadShards(run, 3)) });
    await resumed.restore(async (world) => states.get(world)!);
    await Promise.all([first.advance(40), resumed.advance(40)]);
    expect(await resumed.finalHash()).toBe(await first.finalHash());
    const cut = (await here.saveWorld(0)).slice(0, -8);
    const refused = resumed.restore(async () => cut.slice(), { place: 'a part' });
    await expect(refused).rejects.toThrow(CheckpointError);
  });

  it('own every world once, whether there are fewer threads or more', () => {
    expect(opened(createThreadShards(run, 2)).map((shard) => shard.worlds)).toEqual([[0], [1, 2]]);
    expect(opened(createThreadShards(run, 4)).map((shard) => shard.worlds)).toEqual([[0], [1], [2]]);
  });

  it('time the phases with their own clock', async () => {
    const [thread] = opened(createThreadShards(run, 1, { profile: true }));
    const { phaseNs } = await thread!.advance(5);
    expect(phaseNs!['learn and act']).toBeGreaterThan(0);
    expect(phaseNs!.sample).toBeGreaterThan(0);
  });

  it('send a failure to start as the error that it is', async () => {
    const arm = {
      ...run.arms[0]!,
      world: { ...run.arms[0]!.world, amm: { ...run.arms[0]!.world.amm, token: 0 } },
    };
    const [thread] = opened(createThreadShards({ ...run, arms: [arm] }, 1));
    await expect(thread!.advance(1)).rejects.toThrow(ConfigError);
    await expect(thread!.hashes()).rejects.toThrow('both reserves');
  });

  it('refuse calls once they are closed', async () => {
    const [thread] = createThreadShards(run, 1);
    await thread!.close();
    await expect(thread!.advance(1)).rejects.toThrow(EnvironmentError);
  });
});

describe('threads that share one world', () => {
  // two chunks of blocks and a rest; births, deaths and trials of objectives
  const large = parseConfig(`
seed: team
ticks: 24
slots: 600
output: { metricsEvery: 8, agentsEvery: 0 }
world:
  demography: { meanLife: 20, threshold: 200, endowmentFloor: 100, immigrationFloor: 0.5 }
  objectives: { enabled: true, trialBlock: 4 }
populations:
  - { name: learners, kind: learner, share: 2, inheritance: lamarckian, revises: true }
  - { name: fixed markup, kind: fixedMarkup }
`);
  const team = (threads: number, brainShards = 0) =>
    createSimulation(large, { shards: opened(createThreadShards(large, threads, { brainShards })) });

  it('report and end as one thread does, whatever their number and the memories of the brains', async () => {
    const alone = createSimulation(large);
    const reports = [await alone.advance(5), await alone.advance(24)];
    expect(reports[1]!.frame.worlds[0]!.metrics[METRIC_INDEX.births]).toBeGreaterThan(0);
    const hash = await alone.finalHash();
    for (const [threads, brainShards] of [
      [2, 0],
      [3, 0],
      [2, 5],
      [3, 2],
    ] as const) {
      const shared = team(threads, brainShards);
      expect([await shared.advance(5), await shared.advance(24)]).toEqual(reports);
      expect(await shared.finalHash()).toBe(hash);
    }
  });

  it('go on from a checkpoint of other threads and memories', async () => {
    const straight = team(1);
    await straight.advance(24);
    let saved = new Map<number, Uint8Array<ArrayBuffer>>();
    for (const [threads, brainShards] of [
      [3, 0],
      [1, 2],
      [2, 5],
      [1, 0],
    ] as const) {
      const next = team(threads, brainShards);
      if (saved.size > 0) await next.restore(async (_, piece) => saved.get(piece)!);
      await next.advance(next.tick + 6);
      saved = new Map();
      await next.save(async (_, state, piece) => void saved.set(piece, state));
      if (next.tick === 24) expect(await next.finalHash()).toBe(await straight.finalHash());
    }
    expect(saved.size).toBe(1);
  });

  it('refuse calls once one of them is gone', async () => {
    const [shard] = opened(createThreadShards(large, 2));
    await shard!.advance(1);
    await shard!.close();
    await expect(shard!.advance(2)).rejects.toThrow(EnvironmentError);
  });
});

describe('an error on its way between threads', () => {
  const place = { world: 2, tick: 9, account: 'consumers token' };
  it.each([
    new ConfigError('a.yaml:1:1', 'is wrong', 'make it right', { cause: new Error('inner') }),
    new UsageError('no file'),
    new CapacityError('too big', 'use less'),
    new EnvironmentError('no GPU'),
    new LawViolation('conservation', place, '1 token too many'),
    new OverflowError(place, 'below zero'),
  ])('keeps class, line, code and fields: $name', (error) => {
    const found = fromPlainError(structuredClone(toPlainError(error))) as DarwinError;
    expect(found).toBeInstanceOf(error.constructor);
    expect(found).toBeInstanceOf(DarwinError);
    expect(found).toBeInstanceOf(Error);
    expect([found.name, found.line, found.code, found.exitCode]).toEqual([
      error.name,
      error.line,
      error.code,
      error.exitCode,
    ]);
    expect(found.toJSON()).toEqual(error.toJSON());
    if (error instanceof LawViolation) expect(found).toMatchObject({ law: error.law, at: place });
  });

  it('that is no expected failure stays a plain error with its stack', () => {
    const bug = new TypeError('undefined is not a function');
    const found = fromPlainError(structuredClone(toPlainError(bug)));
    expect(found).not.toBeInstanceOf(DarwinError);
    expect([found.message, found.stack]).toEqual([bug.message, bug.stack]);
    expect(fromPlainError(toPlainError('text')).message).toBe('text');
  });
});
