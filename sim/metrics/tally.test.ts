import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { worldParameters } from '../../configs/arms.ts';
import { parseConfig } from '../../configs/parse.ts';
import { FREE_SLOT } from '../../market/columns.ts';
import { configOf, PARITY_CASES } from '../engines/webgpu/parityWorlds.ts';
import { Shard } from '../shard.ts';
import { tick } from '../tick.ts';
import { createWorld } from '../world.ts';
import { allocateWorlds } from '../worldMemory.ts';
import { bindTally, Tally } from './tally.ts';

const POPULATIONS = ['a', 'b', 'c'];
const SLOTS = 21;

/** A world, and the memory that its columns lie in. */
function founded(names: readonly string[] = POPULATIONS) {
  const populations = names.map((name) => ({ name, kind: 'random' }));
  const run = parseConfig(JSON.stringify({ ticks: 100, slots: SLOTS, populations }));
  const parameters = worldParameters(run)[0]!;
  const [memory] = allocateWorlds([parameters]);
  return { world: createWorld(parameters, memory!), memory: memory!.arena.memory };
}

const oneOf = (...values: number[]) => fc.constantFrom(...values);
const slot = fc.record({
  population: oneOf(0, 1, 2, FREE_SLOT),
  bornAt: oneOf(0, 1, 999, 1000),
  mode: oneOf(0, 1, 2, 3),
  profit: fc.float({ noNaN: true, min: -1e6, max: 1e6 }),
  reward: fc.float({ noNaN: true }),
});
const day = fc.array(slot, { minLength: SLOTS, maxLength: SLOTS });

describe('a tally', () => {
  it.each([1, 3])('adds the same bits with and without its kernel, tick by tick: %i populations', (count) => {
    const { world, memory } = founded(POPULATIONS.slice(0, count));
    const { columns, agents, brain } = world;
    const kernel = bindTally(memory);
    expect(bindTally(memory)).toBe(kernel);
    fc.assert(
      fc.property(fc.array(day, { minLength: 1, maxLength: 3 }), oneOf(1000, 2999, 3000), (days, now) => {
        const fast = new Tally(count, kernel);
        const plain = new Tally(count);
        for (const slots of days) {
          slots.forEach((s, i) => {
            columns.population[i] = s.population === FREE_SLOT ? FREE_SLOT : s.population % count;
            agents.bornAt[i] = s.bornAt;
            columns.mode[i] = s.mode;
            agents.profit[i] = s.profit;
            brain.columns.reward[i] = s.reward;
          });
          fast.addAgents(world, now);
          plain.addAgents(world, now);
        }
        expect([...fast.save()]).toEqual([...plain.save()]);
      }),
    );
  });

  it('of more populations than the kernel has room for adds all the same', () => {
    const { world, memory } = founded();
    world.agents.profit.fill(2);
    const many = new Tally(1000, bindTally(memory));
    const few = new Tally(POPULATIONS.length, bindTally(memory));
    many.addAgents(world, 0);
    few.addAgents(world, 0);
    POPULATIONS.forEach((_, p) => {
      expect(few.populations[p]!.agentTicks).toBeGreaterThan(0);
      expect(many.populations[p]!.save()).toEqual(few.populations[p]!.save());
    });
  });

  it('goes on from what it saved', () => {
    const { world } = founded();
    const tally = new Tally(POPULATIONS.length);
    world.columns.served[0] = 3;
    tally.addAgents(world, 0);
    tally.addWorld(world);
    expect(tally.taskEnergy).toBeGreaterThan(0);
    tally.populations[1]!.births = 5;
    const other = new Tally(POPULATIONS.length);
    other.load(tally.save());
    for (const each of [tally, other]) {
      each.addAgents(world, 1);
      each.addWorld(world);
    }
    expect(other.save()).toEqual(tally.save());
    tally.clear();
    expect(tally.taskEnergy).toBe(0);
    expect(tally.populations[1]).toMatchObject({ births: 0, agentTicks: 0, profit: 0 });
  });

  it('counts who acted in a tick: no newborn, but those who die in it', () => {
    const plain = PARITY_CASES.find(({ what }) => what === 'a plain market')!;
    const [world] = new Shard(configOf(plain, 'acted'), [0]).inside();
    const { tally, columns, agents, parameters } = world!;
    tally.clear();
    const acted = parameters.populations.map(() => ({ agentTicks: 0, profit: 0, reward: 0 }));
    const afterPhase = (_: unknown, phase: string): void => {
      if (phase !== 'reward') return;
      columns.population.forEach((p, i) => {
        if (p === FREE_SLOT) return;
        acted[p]!.agentTicks++;
        acted[p]!.profit += agents.profit[i]!;
        acted[p]!.reward += world!.brain.columns.reward[i]!;
      });
    };
    for (let t = 0; t < 120; t++) tick(world!, { laws: null, afterPhase });
    expect([tally.births, tally.deaths].every((count) => count > 10)).toBe(true);
    for (const [p, { agentTicks, profit, reward }] of tally.populations.entries())
      expect({ agentTicks, profit, reward }).toEqual(acted[p]);
  });
});
