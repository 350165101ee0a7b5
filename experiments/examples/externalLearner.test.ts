import { describe, expect, it } from 'vitest';
import { OBSERVATIONS } from '../../sim/index.ts';
import { ClassLearner, runExample } from './externalLearner.ts';

describe('the example of the library', () => {
  it('asks the learner once a tick for every living member, and tells it what came of it', () => {
    const asked = new Map<number, number[]>();
    let told = 0;
    class Watched extends ClassLearner {
      override act(agent: number, tick: number, observation: Float32Array) {
        expect(observation).toHaveLength(OBSERVATIONS.length);
        asked.set(agent, [...(asked.get(agent) ?? []), tick]);
        return super.act(agent, tick, observation);
      }
      override learn(agent: number, profit: number): void {
        told += Number(profit !== 0);
        super.learn(agent, profit);
      }
    }
    const { capacityShare, profitPerTick } = runExample(60, new Watched());
    expect(asked.size).toBeGreaterThanOrEqual(8);
    for (const ticks of asked.values()) expect(new Set(ticks).size).toBe(ticks.length);
    expect(told).toBeGreaterThan(60);
    expect(capacityShare).toBeGreaterThan(0);
    expect(capacityShare).toBeLessThan(1);
    expect(Number.isFinite(profitPerTick)).toBe(true);
  });
});
