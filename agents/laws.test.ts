import { describe, expect, it } from 'vitest';
import { startTick } from '../market/circulation.ts';
import { FREE_SLOT } from '../market/columns.ts';
import { LawViolation } from '../sim/core/errors.ts';
import { logitMask } from './actions.ts';
import type { AgentWorld } from './columns.ts';
import { checkEmptySlots, checkPopulationBalance, checkProbabilities, checkUnitNorm } from './laws.ts';
import { observe } from './observation.ts';
import { testWorld } from './testWorld.ts';

/** What a check throws, or null. */
function broken(check: () => void): LawViolation | null {
  try {
    check();
    return null;
  } catch (error) {
    if (error instanceof LawViolation) return error;
    throw error;
  }
}
function acted(): AgentWorld {
  const world = testWorld();
  startTick(world, 0);
  observe(world, 0);
  world.brain.step(0);
  return world;
}

describe('checkUnitNorm', () => {
  it('names the agent whose reward genes left the unit sphere, genome or shadow', () => {
    const world = testWorld();
    expect(broken(() => checkUnitNorm(world, 0))).toBeNull();
    world.agents.genes[5]! += 0.01;
    expect(broken(() => checkUnitNorm(world, 7))).toMatchObject({
      law: 'unit-norm',
      at: { world: 0, tick: 7, account: 'agent 5 genome' },
    });
    world.agents.genes[5]! -= 0.01;
    world.agents.shadowGenes[6] = Number.NaN;
    expect(broken(() => checkUnitNorm(world, 7))?.at.account).toBe('agent 6 shadow genome');
  });

  it('wants zero genes of a population without reward', () => {
    const world = testWorld({ populations: [{ name: 'z', kind: 'learner', reward: 'zero' }] });
    expect(broken(() => checkUnitNorm(world, 0))).toBeNull();
    world.agents.genes[1] = 1;
    expect(broken(() => checkUnitNorm(world, 0))?.law).toBe('unit-norm');
  });
});

describe('checkProbabilities', () => {
  it('holds after acting, and names agent and head where a probability is wrong or not finite', () => {
    for (const wrong of [0.9, Number.NaN]) {
      const world = acted();
      const mask = logitMask(world.parameters);
      expect(broken(() => checkProbabilities(world, 0, mask))).toBeNull();
      world.brain.shards[0]!.columns.probability[4 * 4 + 2] = wrong; // agent 2, first option of the class head
      expect(broken(() => checkProbabilities(world, 3, mask))).toMatchObject({
        law: 'probabilities',
        at: { tick: 3, account: 'agent 2 head class' },
      });
    }
  });

  it('does not ask newborns, which have not acted', () => {
    const world = testWorld();
    expect(broken(() => checkProbabilities(world, 0, logitMask(world.parameters)))).toBeNull();
  });
});

describe('checkPopulationBalance', () => {
  it('notices an agent that vanished', () => {
    const world = testWorld();
    expect(broken(() => checkPopulationBalance(world, 0))).toBeNull();
    world.columns.population[0] = FREE_SLOT;
    expect(broken(() => checkPopulationBalance(world, 2))?.message).toContain('7 alive, expected 8');
  });
});

describe('checkEmptySlots', () => {
  it('notices money left in an empty slot', () => {
    const world = testWorld();
    expect(broken(() => checkEmptySlots(world, 0))).toBeNull();
    world.columns.population[4] = FREE_SLOT;
    expect(broken(() => checkEmptySlots(world, 0))?.at.account).toBe('agent 4');
  });
});
