/** Wireheading: a reward for nothing teaches nothing, and selection, which sees wealth alone, removes who has it. */
import { describe, expect, it } from 'vitest';
import { bindBrain, instantiateKernel } from '../agents/brain/brain.ts';
import { brainColumnSpec, LANES, laneIndex, OBSERVATION_COUNT } from '../agents/brain/layout.ts';
import { parseConfig } from '../configs/parse.ts';
import { Arena, columnBytes } from './core/columns.ts';
import { DrawSequence, STREAM } from './core/rng.ts';
import { POPULATION_METRIC_INDEX, type PopulationMetricName } from './metrics/table.ts';
import { Shard } from './shard.ts';

/** Standard errors that count as a difference. */
const SIGNIFICANT = 4;
const WORLDS = 6;
const TICKS = 2000;
const ARMS = ['constant', 'zero', 'profit'] as const;

/** Differences between two arms over independent worlds, in standard errors. */
function standardErrors(a: readonly number[], b: readonly number[]): number {
  const d = a.map((x, k) => x - b[k]!);
  const mean = d.reduce((sum, x) => sum + x, 0) / d.length;
  const variance = d.reduce((sum, x) => sum + (x - mean) ** 2, 0) / (d.length - 1);
  return mean / Math.sqrt(variance / d.length);
}

/** Three populations of fixed rewards compete for the slots of each world; nobody arrives from outside. */
function compete(
  centreReward: boolean,
): (arm: (typeof ARMS)[number], figure: PopulationMetricName) => number[] {
  const run = parseConfig(
    JSON.stringify({
      seed: 'wireheading',
      ticks: TICKS,
      worlds: WORLDS,
      slots: 48,
      output: { metricsEvery: TICKS, agentsEvery: 0, tradesWorlds: 0, lineage: false },
      world: {
        serviceMarket: { demand: 20 },
        learner: { centreReward },
        demography: { meanLife: 1200, immigrationFloor: 0, crossover: 0 },
      },
      populations: ARMS.map((reward) => ({ name: reward, kind: 'learner', reward, evolves: false })),
    }),
  );
  const shard = new Shard(
    run,
    Array.from({ length: WORLDS }, (_, w) => w),
  );
  const frames = shard.advance(TICKS).frames.filter((frame) => frame.tick === TICKS);
  return (arm, figure) =>
    frames.map(({ populations }) => populations[ARMS.indexOf(arm)]![POPULATION_METRIC_INDEX[figure]]!);
}

describe('a population that pays itself for being alive', () => {
  it.each([
    ['centred', true],
    ['raw', false],
  ])(
    'earns and survives no better than one without reward, and worse than one that values profit (%s)',
    (_, centred) => {
      const figures = compete(centred);
      for (const figure of ['profitPerTick', 'alive', 'births'] as const) {
        const constant = figures('constant', figure);
        expect(standardErrors(constant, figures('zero', figure)), figure).toBeLessThan(SIGNIFICANT);
        // the same worlds tell a useful reward from none
        expect(standardErrors(figures('profit', figure), constant), figure).toBeGreaterThan(SIGNIFICANT);
        expect(standardErrors(figures('profit', figure), figures('zero', figure)), figure).toBeGreaterThan(
          SIGNIFICANT,
        );
      }
    },
    60_000,
  );

  it('learns, where rewards are centred, exactly what one without reward learns: bit for bit', () => {
    const learned = (reward: number): Uint32Array => {
      const spec = brainColumnSpec(1);
      const arena = new Arena(columnBytes(spec));
      const columns = arena.columns(spec);
      const brain = bindBrain(instantiateKernel(arena.memory), columns, { seed: 5 });
      for (const [name, value] of Object.entries({
        gamma: 0.95,
        lambda: 0.5,
        tau: 0.05,
        kappaActor: 3,
        kappaCritic: 2,
        alpha: 1,
      })) {
        columns[name as 'gamma'][0] = value;
      }
      columns.active[0] = 1;
      brain.birth(0, 0);
      const draws = new DrawSequence();
      for (let tick = 0; tick < 300; tick++) {
        draws.at(5, tick, 0, STREAM.environment);
        const first = laneIndex(0, OBSERVATION_COUNT);
        for (let k = 0; k < OBSERVATION_COUNT; k++) columns.observation[first + k * LANES] = draws.normal();
        columns.reward[0] = reward;
        brain.step(tick);
      }
      return new Uint32Array(brain.readAgent(0).buffer);
    };
    expect(learned(1)).toEqual(learned(0));
    expect(learned(-3)).toEqual(learned(0));
  });
});
