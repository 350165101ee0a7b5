import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { resolveConfig } from '../configs/parse.ts';
import { CheckpointError, UsageError } from '../sim/core/errors.ts';
import { createSimulation, type Simulation } from '../sim/run.ts';
import {
  CheckpointVersionError,
  checkpointTicks,
  discardAfter,
  openCheckpoint,
  openNewest,
  openPlace,
  parsePlace,
  type Standing,
  writeCheckpoint,
} from './checkpoints.ts';
import { drive } from './simulate.ts';

const run = resolveConfig({ seed: 'kept', slots: 12, worlds: 3, ticks: 100, output: { metricsEvery: 20 } });
const standing: Standing = { agentSteps: 7, elapsedSeconds: 1, laws: [], summary: { counts: [], sums: [] } };

let parent: string;
beforeAll(() => {
  parent = mkdtempSync(join(tmpdir(), 'darwin-checkpoints-'));
});
afterAll(() => rmSync(parent, { recursive: true }));

/** A directory with checkpoints at some ticks. */
async function written(
  name: string,
  ticks: readonly number[],
  { kept = 10, origin = null as number | null } = {},
): Promise<{ directory: string; simulation: Simulation }> {
  const directory = join(parent, name);
  mkdirSync(directory);
  const simulation = createSimulation(run);
  for (const tick of ticks) {
    await simulation.advance(tick);
    await writeCheckpoint(directory, simulation, { tableParts: { metrics: tick }, standing, kept, origin });
  }
  return { directory, simulation };
}
const silent = (): void => {};
const part = (directory: string, tick: number): string =>
  join(directory, 'checkpoints', String(tick), 'part-00000.bin');
const index = (directory: string, tick: number): string =>
  join(directory, 'checkpoints', String(tick), 'index.json');

describe('a checkpoint on disk', () => {
  it('lets another simulation go on to the same hash, and keeps what the run has added up', async () => {
    const { directory, simulation } = await written('whole', [37]);
    const state = await openCheckpoint(directory, 37);
    expect(state.index).toMatchObject({ tick: 37, tableParts: { metrics: 37 }, standing });
    expect(state.index.hash).toBe(await simulation.finalHash());
    const resumed = createSimulation(run);
    await resumed.restore((world) => state.read(world));
    await Promise.all([simulation.advance(100), resumed.advance(100)]);
    expect(await resumed.finalHash()).toBe(await simulation.finalHash());
    await expect(state.read(3)).rejects.toThrow('holds no world 3');
  });

  it('leaves nothing beside parts and index, and writes over a damaged one of the same tick', async () => {
    const { directory, simulation } = await written('again', [10]);
    expect(readdirSync(join(directory, 'checkpoints/10')).sort()).toEqual(['index.json', 'part-00000.bin']);
    truncateSync(part(directory, 10), 5);
    await writeCheckpoint(directory, simulation, { tableParts: {}, standing, kept: 1, origin: null });
    expect((await openCheckpoint(directory, 10)).index.tick).toBe(10);
    expect(readdirSync(join(directory, 'checkpoints'))).toEqual(['10']);
  });

  it('makes room: the newest stay, and the one that a branch began with', async () => {
    const { directory } = await written('few', [5, 10, 15, 100], { kept: 2 });
    expect(checkpointTicks(directory)).toEqual([15, 100]);
    const branch = await written('few of a branch', [5, 10, 15, 20], { kept: 1, origin: 5 });
    expect(checkpointTicks(branch.directory)).toEqual([5, 20]);
  });

  it('is not what an interrupted writer left; that goes when the run is resumed', async () => {
    const { directory } = await written('aside', [5, 10]);
    mkdirSync(join(directory, 'checkpoints/15.writing'));
    mkdirSync(join(directory, 'checkpoints/1.dropped'));
    expect(checkpointTicks(directory)).toEqual([5, 10]);
    discardAfter(directory, 5);
    expect(readdirSync(join(directory, 'checkpoints'))).toEqual(['5']);
  });
});

describe('a damaged checkpoint', () => {
  const damages: [string, (directory: string) => void, string][] = [
    ['a part cut short', (d) => truncateSync(part(d, 20), 100), 'part-00000.bin: is truncated'],
    [
      'a flipped bit',
      (d) => {
        const bytes = readFileSync(part(d, 20));
        bytes[bytes.length >> 1]! ^= 16;
        writeFileSync(part(d, 20), bytes);
      },
      'part-00000.bin: is corrupted',
    ],
    ['a missing part', (d) => rmSync(part(d, 20)), 'part-00000.bin: is missing'],
    ['a missing index', (d) => rmSync(index(d, 20)), 'index.json: is missing'],
    ['an index cut short', (d) => truncateSync(index(d, 20), 300), 'index.json: is damaged'],
    [
      'a changed index',
      (d) =>
        writeFileSync(index(d, 20), readFileSync(index(d, 20), 'utf8').replace('"tick":20', '"tick":21')),
      'index.json: is damaged',
    ],
  ];
  it.each(damages)('with %s is named, and the one before it is used', async (name, damage, problem) => {
    const { directory } = await written(name, [10, 20]);
    damage(directory);
    const named: string[] = [];
    const state = await openNewest(directory, (text) => named.push(text));
    expect(state?.index.tick).toBe(10);
    expect(named).toHaveLength(1);
    expect(named[0]).toContain(join(directory, 'checkpoints', '20'));
    expect(named[0]).toContain(problem);
    await expect(openCheckpoint(directory, 20)).rejects.toThrow(CheckpointError);
  });

  it('is an error when there is no whole one, and none at all is no checkpoint', async () => {
    const { directory } = await written('all', [10, 20]);
    for (const tick of [10, 20]) rmSync(part(directory, tick));
    await expect(openNewest(directory, silent)).rejects.toThrow('none of its checkpoints is whole');
    expect(await openNewest(join(parent, 'absent'), silent)).toBe(null);
  });

  /** Changes an index and gives it the checksum that it then needs, as only a program does. */
  async function changeIndex(directory: string, change: (body: string) => string): Promise<void> {
    const { createHash } = await import('node:crypto');
    const body = change(readFileSync(index(directory, 20), 'utf8').split('\n')[0]!);
    const checksum = createHash('sha256').update(body).digest('hex');
    writeFileSync(index(directory, 20), `${body}\n${checksum}\n`);
  }

  it.each([
    ['is no JSON', () => '{', 'is no index'],
    ['names a file elsewhere', (body: string) => body.replace('"part-', '"../part-'), 'is no index'],
    ['has no worlds', (body: string) => body.replace('"worlds":[', '"worlds":5,"other":['), 'is no index'],
    [
      'counts on bytes that are not there',
      (body: string) => body.replace(/"bytes":\d+/, '"bytes":99999999'),
      'is truncated',
    ],
  ])('whose index %s is passed over, whatever its checksum says', async (name, change, problem) => {
    const { directory } = await written(`index that ${name}`, [10, 20]);
    await changeIndex(directory, change);
    const named: string[] = [];
    const state = await openNewest(directory, (text) => named.push(text));
    expect(state?.index.tick).toBe(10);
    expect(named[0]).toContain(problem);
  });

  it('takes no more memory than its index says, and is refused where it would', async () => {
    const { directory } = await written('bomb', [10, 20]);
    await changeIndex(directory, (body) => body.replaceAll(/"rawBytes":\d+/g, '"rawBytes":64'));
    const state = await openCheckpoint(directory, 20);
    await expect(state.read(0)).rejects.toThrow(CheckpointError);
    await expect(state.read(0)).rejects.toThrow('part-00000.bin: is corrupted');
  });

  it('of another version is refused with both versions and not passed over', async () => {
    const { directory } = await written('version', [10, 20]);
    await changeIndex(directory, (body) => body.replace(/"worldVersion":\d+/, '"worldVersion":99'));
    await expect(openNewest(directory, silent)).rejects.toThrow(CheckpointVersionError);
    await expect(openNewest(directory, silent)).rejects.toThrow(/has version 2\.99, this program reads/);
  });
});

describe('a place in a saved run', () => {
  it.each([
    ['runs/a@500', 'runs/a', 500],
    ['runs/a', 'runs/a', null],
    ['a@b@7', 'a@b', 7],
    ['a@b', 'a@b', null],
    ['@7', '@7', null],
  ])('%s', (text, directory, tick) => {
    expect(parsePlace(text)).toEqual({ directory, tick });
  });

  it('without a checkpoint there says which there are', async () => {
    const { directory } = await written('place', [10, 20]);
    const at = (tick: number) => openPlace({ directory, tick }, silent);
    await expect(at(15)).rejects.toThrow(UsageError);
    await expect(at(15)).rejects.toMatchObject({ hint: 'it has 10, 20' });
    expect((await openPlace({ directory, tick: null }, silent)).index.tick).toBe(20);
    await expect(openPlace({ directory: parent, tick: null }, silent)).rejects.toThrow('has no checkpoint');
    expect(existsSync(join(parent, 'checkpoints'))).toBe(false);
  });
});

describe('the checkpoint schedule of a run', () => {
  const { signal } = new AbortController();

  it('calls at every multiple, whatever the metrics schedule, and never changes the result', async () => {
    const hashes: string[] = [];
    for (const checkpointEvery of [0, 7, 20, 33, 100]) {
      const simulation = createSimulation(run);
      const ticks: number[] = [];
      const frames: number[] = [];
      await drive(simulation, run, {
        signal,
        checkpointEvery,
        onAdvance: ({ batches }) => {
          for (const { table, columns } of batches)
            if (table === 'metrics') frames.push(...(columns.tick as Uint32Array));
        },
        onCheckpoint: async () => void ticks.push(simulation.tick),
      });
      const count = checkpointEvery === 0 ? 0 : Math.floor(100 / checkpointEvery);
      expect(ticks).toEqual(Array.from({ length: count }, (_, k) => (k + 1) * checkpointEvery));
      expect([...new Set(frames)]).toEqual([0, 20, 40, 60, 80, 100]);
      hashes.push(await simulation.finalHash());
    }
    expect(new Set(hashes).size).toBe(1);
  });
});
