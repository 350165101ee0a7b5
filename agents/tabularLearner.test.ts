import { describe, expect, it } from 'vitest';
import { parseConfig } from '../configs/parse.ts';
import { ConfigError } from '../sim/core/errors.ts';
import { Shard } from '../sim/shard.ts';
import type { World } from '../sim/world.ts';
import { GRID_ACTIONS, type GridWorld } from './environments/gridWorld.ts';
import { TabularLearner } from './tabularLearner.ts';

const ACTIONS = GRID_ACTIONS.length;

const runOf = ({ slots = 4, tabular = {}, grid = {}, ticks = 100_000, worlds = 1 } = {}) =>
  parseConfig(
    JSON.stringify({
      seed: 'tables',
      ticks,
      worlds,
      slots,
      output: { metricsEvery: 1_000_000, agentsEvery: 0, tradesWorlds: 0, lineage: false },
      world: { tabular, environment: { kind: 'gridWorld', grid } },
      populations: [{ name: 'learners', kind: 'tabular' }],
    }),
  );
const shardOf = (options = {}): { shard: Shard; world: World } => {
  const shard = new Shard(runOf(options), [0]);
  return { shard, world: [...shard.inside()][0]! };
};

/** Reward of the published optimum of reward functions. */
const PUBLISHED = { rewardHungryThirsty: -0.05, rewardHungry: -0.01, rewardThirsty: 1, rewardSated: 0.5 };

describe('a tabular learner', () => {
  it("moves Q(s, a) by alpha (r + gamma max Q(s') - Q(s, a)), one tick after the action", () => {
    const { shard, world } = shardOf({
      slots: 1,
      tabular: { alpha: 0.25, gamma: 0.5, epsilon: 1 },
      grid: PUBLISHED,
    });
    const { value } = world.tabular.columns;
    const { state, action } = world.environment!.discrete!;
    value.forEach((_, k) => {
      value[k] = (k % 7) / 8;
    });
    shard.advance(1);
    expect([...value]).toEqual(Array.from(value, (_, k) => Math.fround((k % 7) / 8)));
    for (let tick = 2; tick < 60; tick++) {
      const before = Float32Array.from(value);
      const last = world.tabular.columns.lastState[0]! - 1;
      const at = last * ACTIONS + action[0]!;
      const best = Math.max(...before.subarray(state[0]! * ACTIONS, (state[0]! + 1) * ACTIONS));
      const reward = world.brain.columns.reward[0]!;
      shard.advance(tick);
      expect(value[at]).toBeCloseTo(before[at]! + 0.25 * (reward + 0.5 * best - before[at]!), 6);
      before[at] = value[at]!;
      expect(value).toEqual(before);
    }
  });

  it('explores with probability epsilon, all actions alike, and else takes the best', () => {
    const { shard, world } = shardOf({ slots: 50, tabular: { epsilon: 0.3, alpha: 0 } });
    // action 2 is the best of every state
    world.tabular.columns.value.forEach((_, k, value) => {
      value[k] = k % ACTIONS === 2 ? 1 : 0;
    });
    const counts = new Array<number>(ACTIONS).fill(0);
    for (let tick = 1; tick <= 200; tick++) {
      shard.advance(tick);
      for (const a of world.environment!.discrete!.action) counts[a]!++;
    }
    const n = 50 * 200;
    counts.forEach((count, a) => {
      const p = 0.3 / ACTIONS + (a === 2 ? 0.7 : 0);
      expect(Math.abs(count / n - p)).toBeLessThan(4.5 * Math.sqrt((p * (1 - p)) / n));
    });
  });

  it('breaks ties at random', () => {
    const { shard, world } = shardOf({ slots: 600, tabular: { epsilon: 0 } });
    // the best two of six, equal
    world.tabular.columns.value.forEach((_, k, value) => {
      value[k] = k % ACTIONS === 1 || k % ACTIONS === 4 ? 1 : 0;
    });
    shard.advance(1);
    const actions = [...world.environment!.discrete!.action];
    expect([...new Set(actions)].sort()).toEqual([1, 4]);
    const share = actions.filter((a) => a === 4).length / 600;
    expect(Math.abs(share - 0.5)).toBeLessThan(4 * Math.sqrt(0.25 / 600));
  });

  it('starts from the value that the config gives', () => {
    const { world } = shardOf({ tabular: { initial: 2.5 } });
    expect(new Set(world.tabular.columns.value)).toEqual(new Set([2.5]));
  });

  it('resumes from a checkpoint to the state of the run that was never interrupted', () => {
    const run = runOf({ slots: 9, grid: PUBLISHED });
    const straight = new Shard(run, [0]);
    straight.advance(3000);
    const first = new Shard(run, [0]);
    first.advance(1234);
    const resumed = new Shard(run, [0]);
    resumed.restore(first.save());
    expect(resumed.hashes()).toEqual(first.hashes());
    resumed.advance(3000);
    expect(resumed.hashes()).toEqual(straight.hashes());
    const sated = (shard: Shard): number[] => [...([...shard.inside()][0]!.environment as GridWorld).sated];
    expect(sated(resumed)).toEqual(sated(straight));
  });

  it('is refused in a world without numbered states', () => {
    const { world } = shardOf();
    expect(() => new TabularLearner(world.parameters, null)).toThrow(ConfigError);
    expect(() => new TabularLearner(world.parameters, {})).toThrow('numbered states');
  });

  it('lives better by a reward that minds thirst than by its own fitness, and by a constant not at all', () => {
    const fitnessOf = (grid: object): number => {
      const { shard, world } = shardOf({ slots: 16, grid });
      shard.advance(20_000);
      world.environment!.measure();
      shard.advance(28_000);
      return world.environment!.measure().fitness!;
    };
    const constant = { rewardHungryThirsty: 1, rewardHungry: 1, rewardThirsty: 1, rewardSated: 1 };
    expect(fitnessOf(PUBLISHED)).toBeGreaterThan(0.15);
    expect(fitnessOf({})).toBeLessThan(0.1);
    expect(fitnessOf(constant)).toBeLessThan(0.001);
  });
});
