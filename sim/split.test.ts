import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { PARAMETERS, REVISE_LOGIT } from '../agents/brain/layout.ts';
import { TRIAL_TOTAL } from '../agents/columns.ts';
import { parseConfig } from '../configs/parse.ts';
import { TOTAL } from '../market/columns.ts';
import { Shard, type ShardOptions } from './shard.ts';

const SLOTS = 57;
/** Births, deaths, revised objectives and every kind of inheritance, in a few blocks of agents. */
const run = parseConfig(`
seed: split
ticks: 80
slots: ${SLOTS}
output: { metricsEvery: 20 }
world:
  demography: { meanLife: 40, threshold: 200, endowmentFloor: 100, immigrationFloor: 0.5 }
  objectives: { enabled: true, trialBlock: 8 }
populations:
  - { name: learners, kind: learner, share: 2, inheritance: lamarckian, revises: true }
  - { name: plain, kind: learner, share: 1, learner: reinforce, inheritance: baldwinian }
  - { name: fixed markup, kind: fixedMarkup }
`);
/** Everybody likes to revise objectives, or there would be no trial in so few ticks. */
function shardOf(options: ShardOptions = {}): Shard {
  const shard = new Shard(run, [0], options);
  for (const { brain } of shard.inside())
    for (let agent = 0; agent < SLOTS; agent++) {
      const weights = brain.readAgent(agent);
      weights[PARAMETERS.actorOutputBias + REVISE_LOGIT] = 0;
      brain.writeAgent(agent, weights);
    }
  return shard;
}
const digest = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
const SPLITS = [1, 2, 5] as const;

describe('a world whose brains lie in several memories', () => {
  const whole = shardOf();
  const reports = [30, 80].map((tick) => whole.advance(tick));
  const [hash] = whole.hashes();

  it('has births, deaths and trials, and more than one memory', () => {
    const [world] = [...whole.inside()];
    const { total } = world!.columns;
    expect(total[TOTAL.births]).toBeGreaterThan(10);
    expect(total[TOTAL.deaths]).toBeGreaterThan(10);
    expect(world!.agents.trialTotal[TRIAL_TOTAL.started]).toBeGreaterThan(0);
    for (const shards of SPLITS) {
      const [split] = [...shardOf({ brainShards: shards }).inside()];
      expect(split!.brain.shards).toHaveLength(shards);
      expect(new Set(split!.brain.shards.map(({ kernel }) => kernel.memory)).size).toBe(shards);
    }
  });

  it.each(SPLITS)('%i of them: reports and ends as in one', (shards) => {
    const split = shardOf({ brainShards: shards });
    expect([30, 80].map((tick) => split.advance(tick))).toEqual(reports);
    expect(split.hashes()).toEqual([hash]);
  });

  it('goes on from a checkpoint in any other number of memories, which has the same bytes', () => {
    const saved = SPLITS.map((shards) => {
      const half = shardOf({ brainShards: shards });
      half.advance(37);
      return half.save();
    });
    const plain = shardOf();
    plain.advance(37);
    for (const [k, shards] of [0, ...SPLITS].entries()) {
      const pieces = saved[k % SPLITS.length]!;
      expect(pieces.map(digest)).toEqual(plain.save().map(digest));
      const resumed = shardOf({ brainShards: shards });
      resumed.restore(pieces);
      resumed.advance(80);
      expect(resumed.hashes()).toEqual([hash]);
    }
  });
});
