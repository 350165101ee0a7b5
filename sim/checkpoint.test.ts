import { describe, expect, it } from 'vitest';
import { parseConfig, resolveConfig } from '../configs/parse.ts';
import { CHECKPOINT_VERSION, readHeader } from './checkpoint.ts';
import { CheckpointError } from './core/errors.ts';
import { Shard } from './shard.ts';

const run = parseConfig(`
seed: checkpoints
ticks: 100
worlds: 2
slots: 21
output: { metricsEvery: 30 }
world:
  demography: { meanLife: 60, threshold: 200, endowmentFloor: 100 }
populations:
  - { name: learners, kind: learner, share: 2, inheritance: lamarckian }
  - { name: fixed markup, kind: fixedMarkup }
`);
const shardAt = (tick: number, worlds = [0, 1]): Shard => {
  const shard = new Shard(run, worlds);
  shard.advance(tick);
  return shard;
};

describe('a checkpoint', () => {
  it('resumes to the state of the run that was never interrupted, whatever the tick', () => {
    const straight = shardAt(100).hashes();
    for (const tick of [1, 37, 60, 99]) {
      const resumed = new Shard(run, [0, 1]);
      resumed.restore(shardAt(tick).save());
      expect(resumed.hashes()).toEqual(shardAt(tick).hashes());
      resumed.advance(100);
      expect(resumed.hashes()).toEqual(straight);
    }
  });

  it('resumes metrics in the middle of an interval', () => {
    const straight = shardAt(45);
    const resumed = new Shard(run, [0, 1]);
    resumed.restore(shardAt(45).save());
    const rows = (shard: Shard) => shard.advance(60).frames.map((frame) => [...frame.metrics]);
    expect(rows(resumed)).toEqual(rows(straight));
  });

  it('is the same bytes for the same state', () => {
    expect(shardAt(20).save()).toEqual(shardAt(20).save());
  });

  it('restores a world alone from a shard that held several', () => {
    const [, second] = shardAt(40).save();
    const alone = new Shard(run, [1]);
    alone.restore([second!]);
    alone.advance(100);
    expect(alone.hashes()[0]).toBe(shardAt(100).hashes()[1]);
  });

  it('is refused when truncated anywhere, naming the file', () => {
    const [bytes] = shardAt(10, [0]).save();
    for (const length of [0, 7, 15, 16, 200, bytes!.length - 1]) {
      const cut = bytes!.slice(0, length);
      expect(() => readHeader(cut, 'part-0')).toThrow(CheckpointError);
      expect(() => readHeader(cut, 'part-0')).toThrow('part-0:');
    }
  });

  it('is refused when one bit of the payload flips', () => {
    const [bytes] = shardAt(10, [0]).save();
    const { header } = readHeader(bytes!, 'part-0');
    const start = bytes!.length - header.payloadBytes;
    for (const offset of [start, start + 1001, bytes!.length - 9]) {
      const flipped = bytes!.slice();
      flipped[offset]! ^= 4;
      expect(() => readHeader(flipped, 'part-0')).toThrow('part-0: is corrupted');
    }
  });

  it.each([
    ['no object', () => null],
    ['no columns', (header: object) => ({ ...header, columns: 5 })],
    [
      'a column of no type',
      (header: { columns: object[] }) => ({ ...header, columns: [{ ...header.columns[0], type: 'u8' }] }),
    ],
    [
      'a column of no length',
      (header: { columns: object[] }) => ({ ...header, columns: [{ ...header.columns[0], length: -1 }] }),
    ],
    [
      'a column beyond its end',
      (header: { columns: object[] }) => ({ ...header, columns: [{ ...header.columns[0], length: 1e9 }] }),
    ],
  ])('is refused when its header, which no checksum covers, has %s', (_, change) => {
    const [bytes] = shardAt(10, [0]).save();
    const length = new DataView(bytes!.buffer).getUint32(8, true);
    const header = JSON.parse(new TextDecoder().decode(bytes!.subarray(16, 16 + length)));
    const changed = new TextEncoder().encode(JSON.stringify(change(header)).padEnd(length));
    const other = new Uint8Array(16 + changed.length + bytes!.length - 16 - length);
    other.set(bytes!.subarray(0, 16));
    other.set(changed, 16);
    other.set(bytes!.subarray(16 + length), 16 + changed.length);
    new DataView(other.buffer).setUint32(8, changed.length, true);
    expect(() => readHeader(other, 'part-0')).toThrow(CheckpointError);
    expect(() => readHeader(other, 'part-0')).toThrow('part-0: has a corrupted header');
  });

  it('is refused when written by another version, with what to do', () => {
    const [bytes] = shardAt(10, [0]).save();
    const other =
      new TextDecoder().decode(bytes!.subarray(16, 100)).indexOf(`"version":${CHECKPOINT_VERSION}`) +
      16 +
      '"version":'.length;
    const changed = bytes!.slice();
    changed[other] = '9'.charCodeAt(0);
    expect(() => readHeader(changed, 'part-0')).toThrow('has version 9');
  });

  it('is refused by a world of another size', () => {
    const larger = parseConfig('slots: 40\nworlds: 2');
    expect(() => new Shard(larger, [0]).restore(shardAt(5, [0]).save())).toThrow('this world needs');
  });

  it('cut short is refused when put into a world, as is one for a world that is not there', () => {
    const shard = new Shard(run, [0, 1]);
    const [bytes] = shardAt(10, [0]).save();
    expect(() => shard.restoreWorld(0, bytes!.slice(0, -8), { place: 'part-3' })).toThrow(
      'part-3: is truncated',
    );
    expect(() => shard.restoreWorld(7, bytes!)).toThrow('world 7 is not among the worlds 0, 1');
  });
});

/** One world of each mechanism; what a mechanism keeps outside the columns would be lost in a checkpoint. */
const MECHANISMS: Readonly<Record<string, object>> = {
  'seasonal demand, network effect and a secondary price': {
    serviceMarket: { shape: 'seasonal', period: 30, networkEffect: 0.3, pricing: 'secondScore' },
  },
  'a random walk of demand': { serviceMarket: { shape: 'randomWalk', period: 5 } },
  'courts and claims': { trust: { regime: 'legal', delay: 12, claimCohorts: 4 } },
  'escrow, stakes and audits': { trust: { regime: 'programmatic' } },
  'self-update of objectives': { objectives: { enabled: true, trialBlock: 6, cooldown: 3 } },
  'Yuma consensus and stakes': { policy: { issuance: 'yuma', staking: true } },
  'truncation selection': { demography: { selection: 'truncation', generation: 20, meanLife: 60 } },
  'worn hardware': { hardware: { wearPerTick: 0.001 } },
  'random exchange': { randomExchange: { kind: 'kinetic' } },
};

describe('a checkpoint in the middle of', () => {
  it.each(Object.entries(MECHANISMS))('%s goes on to the same state, frames and rows', (_, world) => {
    const config = resolveConfig({
      seed: 'mechanisms',
      slots: 24,
      ticks: 90,
      output: { metricsEvery: 20, agentsEvery: 15, tradesEvery: 1, tradesWorlds: 1, journalWorlds: 1 },
      world: { demography: { meanLife: 60, threshold: 200, endowmentFloor: 100 }, ...world },
      populations: [
        { name: 'learners', kind: 'learner', share: 2 },
        { name: 'random', kind: 'random' },
      ],
    });
    const straight = new Shard(config, [0]);
    straight.advance(53);
    const saved = straight.save();
    const rest = straight.advance(90);
    const resumed = new Shard(config, [0]);
    resumed.restore(saved);
    const again = resumed.advance(90);
    expect(resumed.hashes()).toEqual(straight.hashes());
    expect(again.frames).toEqual(rest.frames);
    expect(again.batches).toEqual(rest.batches);
    expect(rest.batches.length).toBeGreaterThan(3);
  });
});

describe('a branch', () => {
  const config = (world: object) =>
    resolveConfig({
      seed: 'branches',
      slots: 16,
      ticks: 80,
      world,
      populations: [{ name: 'a', kind: 'learner' }],
    });
  const at40 = (world: object): Uint8Array => {
    const shard = new Shard(config(world), [0]);
    shard.advance(40);
    return shard.saveWorld(0);
  };

  it.each([
    ['trust', { trust: { regime: 'programmatic' } }],
    ['self-update', { objectives: { enabled: true, trialBlock: 5 } }],
    ['staking', { policy: { staking: true } }],
  ])('may switch %s on or off; the mechanism then starts as at genesis and every law holds', (_, on) => {
    for (const [before, after] of [
      [{}, on],
      [on, {}],
    ]) {
      const branch = new Shard(config(after!), [0]);
      const saved = at40(before!);
      expect(() => branch.restoreWorld(0, saved)).toThrow('this world needs');
      expect(branch.restoreWorld(0, saved, { branch: true })).toBe(40);
      expect(branch.advance(80).laws.every((law) => law.violated === null)).toBe(true);
    }
  });

  it('with nothing changed is its parent; with a tax it is not', () => {
    const straight = new Shard(config({}), [0]);
    straight.advance(80);
    const [same, taxed] = [{}, { policy: { wealthTaxPerTick: 0.01 } }].map((world) => {
      const branch = new Shard(config(world), [0]);
      branch.restoreWorld(0, at40({}), { branch: true });
      branch.advance(80);
      return branch.hashes();
    });
    expect(same).toEqual(straight.hashes());
    expect(taxed).not.toEqual(straight.hashes());
  });

  it('cannot change the number of slots', () => {
    const larger = resolveConfig({ slots: 20 });
    const shard = new Shard(larger, [0]);
    expect(messageOf(() => shard.restoreWorld(0, at40({}), { branch: true }))).toContain(
      'a branch keeps slots',
    );
  });
});

function messageOf(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    return error instanceof CheckpointError ? error.line : String(error);
  }
  return '';
}
