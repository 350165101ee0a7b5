import { expect, it } from 'vitest';
import { parseConfig } from '../configs/parse.ts';
import { pieceCount } from './checkpoint.ts';
import { Shard } from './shard.ts';

const SLOTS = 20_000;
const run = parseConfig(`
seed: many
ticks: 12
slots: ${SLOTS}
output: { metricsEvery: 4, agentsEvery: 0 }
world:
  demography: { meanLife: 20, threshold: 200, endowmentFloor: 100, immigrationFloor: 0.5 }
`);

it('20,000 agents in several memories report and end as in one, through a checkpoint in pieces', () => {
  const whole = new Shard(run, [0]);
  const reports = [6, 12].map((tick) => whole.advance(tick));
  let saved: Uint8Array[] = [];
  for (const brainShards of [2, 5]) {
    const split = new Shard(run, [0], { brainShards });
    if (saved.length > 0) split.restore(saved);
    else expect(split.advance(6)).toEqual(reports[0]);
    saved = split.save();
    expect(saved).toHaveLength(pieceCount(SLOTS));
    expect(saved.length).toBeGreaterThan(2);
    const { frames } = split.advance(12);
    expect(frames).toEqual(reports[1]!.frames);
    expect(split.hashes()).toEqual(whole.hashes());
  }
  const [other, ...rest] = saved;
  const mixed = new Shard(run, [0]);
  mixed.advance(1);
  expect(() => mixed.restore([saved[1]!])).toThrow('the pieces before it of tick 1');
  mixed.restore([other!, ...rest]);
  mixed.advance(12);
  expect(mixed.hashes()).toEqual(whole.hashes());
});
