import { describe, expect, it } from 'vitest';
import { parseConfig } from '../configs/parse.ts';
import { readHeader } from './checkpoint.ts';
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

  it('is refused when written by another version, with what to do', () => {
    const [bytes] = shardAt(10, [0]).save();
    const other =
      new TextDecoder().decode(bytes!.subarray(16, 100)).indexOf('"version":1') + 16 + '"version":'.length;
    const changed = bytes!.slice();
    changed[other] = '9'.charCodeAt(0);
    expect(() => readHeader(changed, 'part-0')).toThrow('has version 9');
  });

  it('is refused by a world of another size', () => {
    const larger = parseConfig('slots: 40\nworlds: 2');
    expect(() => new Shard(larger, [0]).restore(shardAt(5, [0]).save())).toThrow('this world needs');
  });
});
