import { describe, expect, it } from 'vitest';
import { genesisCapacities } from '../../configs/allotments.ts';
import { deriveWorld } from '../../configs/derive.ts';
import { Shard } from '../../sim/shard.ts';
import {
  benchmarkConfig,
  everyMechanismAt,
  STANDARD_WORLD,
  STANDARD_WORLDS,
  tailIndexFor,
} from './economy.ts';

describe('the economy with every mechanism on', () => {
  it('is the config itself at the standard size, whatever its ticks', () => {
    const standard = benchmarkConfig('everyMechanism.yaml', { ticks: 1_000_000_000 });
    expect(everyMechanismAt(STANDARD_WORLD, STANDARD_WORLDS).arms).toEqual(standard.arms);
  });

  it('leaves nobody with more than capacityMax, at any size', () => {
    for (const slots of [16, 257, 4096, 30_000]) {
      const { world } = everyMechanismAt(slots, 1).arms[0]!;
      const dealt = genesisCapacities(world, slots, 1)!;
      let richest = 0;
      for (const capacity of dealt) richest = Math.max(richest, capacity);
      expect(richest).toBeLessThanOrEqual(world.hardware.capacityMax);
      // still unequal
      expect(richest).toBeGreaterThan(3 * world.genesis.capacity);
    }
    // what a million agents derive asserts the rest
    const million = everyMechanismAt(1_000_000, 1);
    expect(million.arms[0]!.world.ownership.paretoAlpha).toBeLessThan(5);
    expect(() => deriveWorld(million.arms[0]!, { world: 0, arm: 0, replicate: 0, seed: 0 })).not.toThrow();
  });

  it('cuts the tail more where there are more agents, and not at the standard size', () => {
    const alphas = [256, 1000, 10_000, 100_000].map((slots) => tailIndexFor(slots, 8, 512));
    expect(alphas[0]).toBe(1.16);
    expect(alphas).toEqual(alphas.toSorted((a, b) => a - b));
    expect(new Set(alphas).size).toBe(4);
  });

  it('runs in a world of some thousand agents', () => {
    const shard = new Shard(everyMechanismAt(3000, 1), [0]);
    expect(shard.advance(2).agentSteps).toBe(6000);
  });
});
