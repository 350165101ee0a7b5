import { describe, expect, it } from 'vitest';
import { parseConfig } from '../configs/parse.ts';
import { Arena, columnBytes } from '../sim/core/columns.ts';
import { DrawSequence, STREAM } from '../sim/core/rng.ts';
import { Shard } from '../sim/shard.ts';
import { type Brain, bindBrain, instantiateKernel } from './brain/brain.ts';
import {
  ALL_HEADS,
  ALL_LOGITS,
  brainColumnSpec,
  HEAD_COUNT,
  LANES,
  laneIndex,
  OBSERVATION_COUNT,
  PARAMETER_COUNT,
  PARAMETERS,
  STANDARD_SHAPE,
} from './brain/layout.ts';
import {
  createLearner,
  headDraws,
  type LearnerGenes,
  type LearnerOptions,
  stepLearner,
} from './brain/specification.ts';
import { type AgentWorld, GENE } from './columns.ts';
import { testWorld, tickWithoutMarkets } from './testWorld.ts';

/** Those that learn. */
const LEARNING = ['streamAc', 'sgd', 'reinforce'] as const;
const KINDS = [...LEARNING, 'frozen'] as const;
const worldOf = (learner: string, more: object = {}, slots = 4): AgentWorld =>
  testWorld({
    slots,
    world: { demography: { meanLife: 60, threshold: 100, endowmentFloor: 50, immigrationFloor: 0.5 } },
    populations: [{ name: 'a', kind: 'learner', learner, ...more }],
  });
const learnerGenes = ({ brain: { columns: c } }: AgentWorld, agent: number): LearnerGenes => ({
  gamma: c.gamma[agent]!,
  lambda: c.lambda[agent]!,
  tau: c.tau[agent]!,
  kappaActor: c.kappaActor[agent]!,
  kappaCritic: c.kappaCritic[agent]!,
  alpha: c.alpha[agent]!,
});
const criticOf = (brain: Brain, agent: number): number[] => [
  ...brain.readAgent(agent).subarray(PARAMETERS.criticOutput, PARAMETER_COUNT),
];

describe('the learner of a population', () => {
  it('sets what its brains learn with, and leaves the genes alone', () => {
    const genes = KINDS.map((kind) => learnerGenes(worldOf(kind), 0));
    expect(genes[0]).toMatchObject({ alpha: 1, kappaCritic: 2, lambda: 0.5 });
    expect(genes[0]!.kappaActor).toBeCloseTo(3, 5);
    expect(genes[1]).toMatchObject({ kappaActor: 0, kappaCritic: 0, lambda: 0.5 });
    expect(genes[1]!.alpha).toBeCloseTo(0.001, 9);
    expect(genes[2]).toMatchObject({ kappaActor: 0, kappaCritic: Infinity, lambda: 1 });
    expect(genes[3]).toMatchObject({ alpha: 0, lambda: 0.5 });
    for (const kind of KINDS) {
      const { agents, parameters } = worldOf(kind);
      expect(agents.genes[GENE.lambda * parameters.slots]).toBe(0.5);
    }
  });

  it('is the population’s: learners of all kinds live in one world', () => {
    const world = testWorld({
      slots: 4,
      populations: KINDS.map((learner) => ({ name: learner, kind: 'learner', learner })),
    });
    expect([...world.brain.columns.kappaCritic].slice(0, 4)).toEqual([2, 0, Infinity, 0]);
  });

  it.each(['darwinian', 'baldwinian', 'lamarckian'])(
    'without a critic stays without one in %s children',
    (inheritance) => {
      const world = worldOf('reinforce', { inheritance }, 6);
      let children = 0;
      for (let tick = 0; tick < 40; tick++) {
        tickWithoutMarkets(world, tick);
        for (let agent = 0; agent < 6; agent++) {
          if (world.brain.columns.active[agent] === 0) continue;
          if (world.agents.generation[agent]! > 0) children++;
          expect(criticOf(world.brain, agent).every((w) => w === 0)).toBe(true);
          expect(world.brain.shards[0]!.columns.value[agent]).toBe(0);
        }
      }
      expect(children).toBeGreaterThan(0);
    },
  );
});

describe('kernel and specification agree', () => {
  const SEED = 11;
  const options: LearnerOptions = {
    shape: STANDARD_SHAPE,
    logitMask: ALL_LOGITS,
    headUse: [ALL_HEADS, ALL_HEADS, ALL_HEADS, ALL_HEADS],
    centreReward: true,
    rewardDeviationFloor: 1e-3,
  };

  it.each(KINDS)('on 40 steps of %s, and on what each learner leaves alone', (kind) => {
    const genes = learnerGenes(worldOf(kind), 0);
    const spec = brainColumnSpec(1);
    const arena = new Arena(columnBytes(spec));
    const columns = arena.columns(spec);
    const brain = bindBrain(instantiateKernel(arena.memory), columns, { seed: SEED });
    for (const [name, value] of Object.entries(genes)) columns[name as keyof LearnerGenes][0] = value;
    columns.active[0] = 1;
    brain.birth(0, 0);
    if (kind === 'reinforce') {
      const weights = brain.readAgent(0);
      brain.writeAgent(0, weights.fill(0, PARAMETERS.criticOutput));
    }
    const state = createLearner(STANDARD_SHAPE);
    state.weights.set(brain.readAgent(0));
    const born = brain.readAgent(0);
    const draws = new DrawSequence();
    const observation = new Float32Array(OBSERVATION_COUNT);
    const action = new Uint32Array(HEAD_COUNT);
    let reward = 0;
    for (let tick = 0; tick < 40; tick++) {
      draws.at(SEED, tick, 0, STREAM.environment);
      for (let k = 0; k < OBSERVATION_COUNT; k++) {
        observation[k] = (k - 10) * 3 + draws.normal();
        columns.observation[laneIndex(0, OBSERVATION_COUNT) + k * LANES] = observation[k]!;
      }
      reward = Math.fround(draws.normal());
      columns.reward[0] = reward;
      brain.step(tick);
      stepLearner(state, genes, options, { observation, reward, done: false }, headDraws(SEED, tick, 0));
      // a sample on the edge of two options may fall to either side: learning goes on from the kernel's
      brain.readRows('action', 0, action);
      state.action.set(action);
      const weights = brain.readAgent(0);
      let worst = 0;
      for (let p = 0; p < PARAMETER_COUNT; p++)
        worst = Math.max(worst, Math.abs(weights[p]! - state.weights[p]!));
      expect(worst, `tick ${tick}`).toBeLessThan(1e-4);
      expect(Math.abs(columns.tdError[0]! - state.tdError)).toBeLessThan(1e-3);
    }
    const moved = (from: number, to: number): boolean =>
      brain
        .readAgent(0)
        .subarray(from, to)
        .some((w, p) => w !== born[from + p]);
    expect(moved(0, PARAMETERS.actorCount)).toBe(kind !== 'frozen');
    expect(moved(PARAMETERS.actorCount, PARAMETER_COUNT)).toBe(kind === 'streamAc' || kind === 'sgd');
    if (kind === 'reinforce') expect(columns.value[0]).toBe(0);
  });

  it('that a plain step is alpha x delta x trace, however large the trace', () => {
    const world = worldOf('sgd', {}, 1);
    const { brain } = world;
    const { columns } = brain.shards[0]!;
    columns.observation.fill(0.5);
    brain.step(0);
    columns.observation.fill(-1, 0, OBSERVATION_COUNT * 2);
    const before = brain.readAgent(0);
    columns.traces.fill(50);
    brain.step(1);
    const after = brain.readAgent(0);
    const trace = new Float32Array(PARAMETER_COUNT);
    brain.readRows('traces', 0, trace);
    const step = columns.alpha[0]! * columns.tdError[0]!;
    expect(Math.abs(columns.tdError[0]!)).toBeGreaterThan(0);
    for (let p = 0; p < PARAMETERS.actorHiddenBias; p++) {
      expect(Math.abs(after[p]! - before[p]! - step * trace[p]!)).toBeLessThan(1e-5);
    }
  });
});

describe('each learner', () => {
  it.each(LEARNING)(
    '%s learns a contextual bandit: better than half of the oracle, where chance gets nothing',
    (learner) => {
      const run = parseConfig(
        JSON.stringify({
          seed: 'ablations',
          ticks: 5000,
          worlds: 4,
          slots: 4,
          output: { metricsEvery: 1_000_000, agentsEvery: 0, tradesWorlds: 0, lineage: false },
          world: {
            environment: { kind: 'contextualBandit', noise: 0.5 },
            learner: { gamma: 0, plainStep: 0.01 },
          },
          populations: [{ name: 'a', kind: 'learner', learner }],
        }),
      );
      const shard = new Shard(run, [0, 1, 2, 3], { laws: false });
      shard.advance(4000);
      for (const world of shard.inside()) world.environment!.measure();
      shard.advance(5000);
      const shares = [...shard.inside()].map((world) => world.environment!.measure().oracleShare!);
      const mean = shares.reduce((a, b) => a + b, 0) / shares.length;
      expect(mean).toBeGreaterThan(0.5);
    },
  );
});
