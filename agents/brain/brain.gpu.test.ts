import { expect, test } from 'vitest';
import { describeOnGpu, testPhaseParity } from '../../experiments/testDevice.ts';
import { DrawSequence, STREAM } from '../../sim/core/rng.ts';
import { PARITY_CASES, runCase, runUpTo } from '../../sim/engines/webgpu/parityWorlds.ts';
import { comparePhase, runOnDevice } from '../../sim/engines/webgpu/phaseParity.ts';
import type { World } from '../../sim/world.ts';
import { headUse } from '../actions.ts';
import { DEFAULT_REWARD_DEVIATION_FLOOR } from './brain.ts';
import { LANES, PARAMETER_COUNT, STANDARD_SHAPE } from './layout.ts';
import { createLearner, headDraws, type LearnerState, stepLearner } from './specification.ts';

const CLOSE = {
  tolerance: { absolute: 1e-5, relative: 1e-4 },
  tolerances: {
    // a small difference of large numbers
    input: { absolute: 2e-4, relative: 1e-4 },
    // which weights of about a quarter pass on: .76e-4 of a wealth made .26e-4 of a hidden unit
    actorHidden: { absolute: 5e-5, relative: 1e-4 },
    criticHidden: { absolute: 5e-5, relative: 1e-4 },
  },
};
/** Of one step in single precision, as brain.test.ts asks of the CPU's kernel. */
const STEP_TOLERANCE = 2e-5;
const draws = new DrawSequence();

/** Gives some agents ends of episodes, learners without a bound or a critic, large rewards, a birth or a death. */
function disturb({ brain, parameters }: World, seed: number): void {
  const { columns } = brain;
  draws.at(seed, 0, 0, STREAM.scripted);
  for (let i = 0; i < parameters.slots; i++) {
    columns.reward[i] = draws.normal() * 10 ** draws.below(6);
    if (draws.below(4) === 0) columns.done[i] = 1;
    if (draws.below(4) === 0) columns.kappaActor[i] = 0;
    if (draws.below(4) === 0) columns.kappaCritic[i] = draws.below(2) === 0 ? 0 : Number.POSITIVE_INFINITY;
    if (draws.below(8) === 0) columns.lambda[i] = 1;
    if (draws.below(8) === 0) columns.tau[i] = 0;
    if (draws.below(8) === 0 && columns.active[i] === 1) brain.birth(i, 1);
    if (draws.below(8) === 0) columns.active[i] = 0;
  }
}

/** Gives everybody a random observation and reward. */
function excite({ brain, parameters }: World, tick: number): void {
  for (let i = 0; i < parameters.slots; i++) {
    draws.at(parameters.seed, tick, i, STREAM.environment);
    brain.writeRows(
      'observation',
      i,
      Array.from({ length: 32 }, () => draws.normal()),
    );
    brain.columns.reward[i] = draws.normal();
  }
}

await describeOnGpu('a step of all brains', (gpu) => {
  testPhaseParity(gpu, 'learn and act', CLOSE);
  testPhaseParity(gpu, 'learn and act', { ...CLOSE, disturb, seeds: [3], cases: PARITY_CASES.slice(0, 2) });

  test('is the same whatever runs of agents its brains lie in', async () => {
    const worlds = runCase(PARITY_CASES[0]!, 'shards');
    for (const world of worlds) runUpTo(world, 'learn and act');
    await comparePhase(gpu, 'learn and act', worlds, 'shards of nine', { ...CLOSE, brainsPerShard: 9 });
  });

  test('is that of the specification in double precision', async () => {
    const [world, other] = runCase({ ...PARITY_CASES[1]!, ticks: 40 }, 'specification') as [World, World];
    // observations that vary, since a market's inputs are differences of nearly equal numbers
    for (const each of [world, other])
      for (let tick = 40; tick <= 70; tick++) {
        excite(each, tick);
        if (tick < 70) each.brain.step(tick);
        each.tick = tick;
      }
    const before = Array.from({ length: world.parameters.slots }, (_, i) => learnerOf(world, i));
    await runOnDevice(gpu, 'learn and act', [world, other]);
    let learned = 0;
    before.forEach((state, i) => {
      if (world.brain.columns.active[i] === 0) return;
      const genes = genesOf(world, i);
      const observation = new Float32Array(32);
      world.brain.readRows('observation', i, observation);
      const reward = world.brain.columns.reward[i]!;
      if (!state.fresh) learned++;
      stepLearner(
        state,
        genes,
        optionsOf(world),
        { observation, reward, done: false },
        headDraws(world.parameters.seed, world.tick, i),
      );
      const after = learnerOf(world, i);
      expect([...after.action]).toEqual([...state.action]);
      for (const name of ['weights', 'traces', 'probability', 'entropyGradient'] as const) {
        const apart = state[name].map((x, k) => Math.abs(x - after[name][k]!) / Math.max(1, Math.abs(x)));
        expect(Math.max(...apart), `${name} of agent ${i}`).toBeLessThan(STEP_TOLERANCE);
      }
      expect(after.value).toBeCloseTo(state.value, 4);
      expect(after.tdError).toBeCloseTo(state.tdError, 4);
    });
    expect(learned).toBeGreaterThan(20);
  });
});

/** An agent's brain as the specification keeps it, in doubles. */
function learnerOf({ brain }: World, agent: number): LearnerState {
  const state = createLearner(STANDARD_SHAPE);
  const rows = (name: Parameters<typeof brain.readRows>[0], out: { [index: number]: number }): void =>
    brain.readRows(name, agent, out);
  const one = (name: Parameters<typeof brain.readRows>[0]): number => {
    const out = [0];
    rows(name, out);
    return out[0]!;
  };
  expect(state.weights).toHaveLength(PARAMETER_COUNT);
  for (const name of [
    'weights',
    'traces',
    'inputMean',
    'inputVariance',
    'input',
    'probability',
    'entropyGradient',
    'traceEnvelope',
    'action',
  ] as const)
    rows(name, state[name]);
  for (const net of ['actor', 'critic'] as const) {
    rows(`${net}Hidden`, state[net].normal);
    state[net].normal.forEach((x, k) => {
      state[net].active[k] = x > 0 ? x : 0.01 * x;
    });
    state[net].scale = one(`${net}Scale`);
  }
  state.inputCount = one('inputCount');
  state.value = one('value');
  state.tdError = one('tdError');
  state.rewardMean = one('rewardMean');
  state.rewardVariance = one('rewardVariance');
  state.rewardCount = one('rewardCount');
  state.fresh = one('fresh') === 1;
  return state;
}

function genesOf({ brain: { columns } }: World, agent: number) {
  expect(columns.gamma.length % LANES).toBe(0);
  return {
    gamma: columns.gamma[agent]!,
    lambda: columns.lambda[agent]!,
    tau: columns.tau[agent]!,
    kappaActor: columns.kappaActor[agent]!,
    kappaCritic: columns.kappaCritic[agent]!,
    alpha: columns.alpha[agent]!,
  };
}

const optionsOf = (world: World) => ({
  shape: STANDARD_SHAPE,
  logitMask: world.logitMask,
  headUse: headUse(world.parameters).map((use) => use | 1),
  centreReward: world.parameters.learner.centreReward,
  rewardDeviationFloor: DEFAULT_REWARD_DEVIATION_FLOOR,
});
