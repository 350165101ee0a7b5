import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { EngineError } from '../../sim/core/errors.ts';
import type { BrainOptions, bindBrain } from './brain.ts';
import {
  ALL_LOGITS,
  BRAIN_ROWS,
  type BrainColumnName,
  HEAD_COUNT,
  LANES,
  laneIndex,
  PARAMETER_COUNT,
} from './layout.ts';
import { headDraws, type LearnerGenes, stepLearner } from './specification.ts';
import { sampleAction, TensorBrain } from './tensorBrain.ts';
import {
  ARRAYS,
  distance,
  eventOf,
  excite,
  GENES,
  genesOf,
  HEAD_USE,
  makeWorld,
  makeWorldOf,
  readLearner,
  rowsOf,
  run,
  SCALARS,
  SEED,
  specificationOptions,
  type TestWorld,
} from './testBrains.ts';

beforeAll(async () => {
  await tf.setBackend('cpu');
  await tf.ready();
});

const bindTensors = (...of: Parameters<typeof bindBrain>) => new TensorBrain(tf, ...of);
const tensorWorld = (slots: number, options: Partial<BrainOptions> = {}, genes: Partial<LearnerGenes> = {}) =>
  makeWorldOf(bindTensors, slots, { headUse: HEAD_USE, ...options }, genes);
const kernelWorld = (slots: number, options: Partial<BrainOptions> = {}) =>
  makeWorld(slots, { headUse: HEAD_USE, ...options });

const STATE = (Object.keys(BRAIN_ROWS) as BrainColumnName[]).filter((name) => name !== 'observation');

describe('tensors and the specification', () => {
  /** One step from the same state: rounding of f32 alone. */
  const STEP_TOLERANCE = 2e-5;

  /** Of two observations that happen to be near each other the deviation is small, and f32 leaves little of it. */
  const SETTLED = 8;

  /** The largest distance after single steps from the same states, and how many temporal differences had a sign. */
  const compareSteps = (world: TestWorld, over: Partial<BrainOptions>, seed: number, ticks: number) => {
    const options = specificationOptions(over);
    let largest = 0;
    let compared = 0;
    run(world, 0, SETTLED, seed);
    for (let tick = SETTLED; tick < SETTLED + ticks; tick++) {
      excite(world, tick, seed);
      const agents = Array.from({ length: world.slots }, (_, agent) => agent);
      for (const agent of agents) world.columns.done[agent] = (tick + agent) % 7 === 6 ? 1 : 0;
      const states = agents.map((agent) => readLearner(world, agent));
      world.brain.step(tick);
      for (const agent of agents) {
        const state = states[agent]!;
        stepLearner(
          state,
          genesOf(world, agent),
          options,
          eventOf(world, agent),
          headDraws(SEED, tick, agent),
        );
        // where delta is a rounding error its sign, and so the entropy term, is not defined
        if (Math.abs(state.tdError) < 1e-5 && state.tdError !== 0) continue;
        compared++;
        const own = readLearner(world, agent);
        for (const name of ARRAYS) largest = Math.max(largest, distance(own[name], state[name]));
        for (const name of SCALARS) largest = Math.max(largest, distance([own[name]], [state[name]]));
        const close = own.action.filter((option, head) => option !== state.action[head]).length;
        expect(close).toBeLessThan(2);
      }
    }
    return { largest, compared };
  };

  test('agree to 2e-5 after one step from the same state, whatever was observed and earned', () => {
    fc.assert(
      fc.property(fc.nat(1000), (seed) => {
        const world = tensorWorld(3);
        const { largest, compared } = compareSteps(world, {}, seed, 12);
        world.brain.dispose();
        expect(compared).toBeGreaterThan(30);
        expect(largest).toBeLessThan(STEP_TOLERANCE);
      }),
      { numRuns: 6 },
    );
  });

  test('agree with masked options, masked heads and uncentred rewards', () => {
    const over = { logitMask: 0b10_1111_000000_01_11011_11111_1111_0111, centreReward: false };
    const world = tensorWorld(4, over);
    expect(compareSteps(world, over, 5, 30).largest).toBeLessThan(STEP_TOLERANCE);
    world.brain.dispose();
  });

  test('agree where the step is plain and where a critic is held at nothing', () => {
    const world = tensorWorld(4, {}, { kappaActor: 0, kappaCritic: Infinity, alpha: 0.01 });
    expect(compareSteps(world, {}, 9, 20).largest).toBeLessThan(STEP_TOLERANCE);
    world.brain.dispose();
  });
});

describe('tensors and the kernel', () => {
  test('sample the same options from the same probabilities, masked or not', () => {
    fc.assert(
      fc.property(
        fc.nat(),
        fc.constantFrom(ALL_LOGITS, 0b10_1111_000000_01_11011_11111_1111_0111),
        (tick, logitMask) => {
          const world = kernelWorld(37, { logitMask });
          run(world, tick, tick + 3);
          const { action } = world.columns;
          const expected = action.slice();
          action.fill(99);
          for (let agent = 0; agent < world.slots; agent++)
            sampleAction(world.columns, agent, logitMask, SEED, tick + 2);
          for (let agent = 0; agent < world.slots; agent++)
            for (let head = 0; head < HEAD_COUNT; head++) {
              const at = laneIndex(agent, HEAD_COUNT) + LANES * head;
              expect(action[at]).toBe(expected[at]);
            }
        },
      ),
      { numRuns: 20 },
    );
  });

  test('stay together over 300 steps when fed the same actions', () => {
    const tensors = tensorWorld(6);
    const kernel = kernelWorld(6);
    let flips = 0;
    for (let tick = 0; tick < 300; tick++) {
      for (const world of [tensors, kernel]) run(world, tick, tick + 1);
      flips += tensors.columns.action.filter((option, k) => option !== kernel.columns.action[k]).length;
      tensors.columns.action.set(kernel.columns.action);
    }
    expect(flips).toBeLessThan(10);
    for (let agent = 0; agent < 6; agent++)
      for (const name of ['weights', 'probability', 'value'] as const)
        expect(distance(rowsOf(tensors, name, agent), rowsOf(kernel, name, agent))).toBeLessThan(1e-3);
    tensors.brain.dispose();
  });
});

describe('columns and tensors of a brain', () => {
  test('say the same after any births, resets, gifts of weights and moves of whole brains between steps', () => {
    const operation = fc.oneof(
      fc.record({ what: fc.constant('birth' as const), a: fc.nat(8), b: fc.nat(99) }),
      fc.record({ what: fc.constant('reset' as const), a: fc.nat(8), b: fc.nat(0) }),
      fc.record({ what: fc.constant('copyWeights' as const), a: fc.nat(8), b: fc.nat(8) }),
      fc.record({ what: fc.constant('copyMoments' as const), a: fc.nat(8), b: fc.nat(8) }),
      fc.record({ what: fc.constant('move' as const), a: fc.nat(8), b: fc.nat(8) }),
    );
    const perform = ({ brain }: TestWorld, { what, a, b }: { what: string; a: number; b: number }): void => {
      if (what === 'birth') brain.birth(a, b);
      else if (what === 'reset') brain.resetLearning(a);
      else if (what === 'copyWeights') brain.copyWeights(a, b);
      else if (what === 'copyMoments') brain.copyInputMoments(a, b);
      else brain.writeState(b, brain.readState(a));
    };
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 12 }), fc.nat(4), (operations, steps) => {
        const tensors = tensorWorld(9);
        run(tensors, 0, steps);
        // the same state in a world that keeps it in columns
        const plain = kernelWorld(9);
        const padded = LANES * plain.brain.blockCount;
        const copyAll = (): void => {
          for (const name of STATE) {
            const rows: number[] = [];
            tensors.brain.readColumn(name, 0, padded, rows);
            plain.brain.writeColumn(name, 0, padded, rows);
          }
        };
        copyAll();
        run(tensors, steps, steps + 1);
        copyAll();
        for (const one of operations) {
          perform(tensors, one);
          perform(plain, one);
        }
        for (const name of STATE)
          for (let agent = 0; agent < 9; agent++)
            expect(rowsOf(tensors, name, agent), name).toEqual(rowsOf(plain, name, agent));
        run(tensors, steps + 1, steps + 2);
        run(plain, steps + 1, steps + 2);
        for (const name of ['weights', 'probability', 'rewardMean', 'inputMean', 'traceEnvelope'] as const)
          for (let agent = 0; agent < 9; agent++)
            expect(distance(rowsOf(tensors, name, agent), rowsOf(plain, name, agent)), name).toBeLessThan(
              1e-4,
            );
        tensors.brain.dispose();
      }),
      { numRuns: 15 },
    );
  });

  test('keep what an agent that is not active was, whatever stands in its genes', () => {
    const world = tensorWorld(7);
    run(world, 0, 4);
    const idle = [1, 4, 6];
    for (const agent of idle) {
      world.columns.active[agent] = 0;
      for (const gene of Object.keys(GENES)) world.columns[gene as keyof LearnerGenes][agent] = Number.NaN;
      world.columns.reward[agent] = Number.NaN;
    }
    const before = idle.map((agent) => STATE.map((name) => rowsOf(world, name, agent)));
    const awake = rowsOf(world, 'weights', 0);
    for (let tick = 4; tick < 8; tick++) {
      excite(world, tick);
      for (const agent of idle) world.columns.reward[agent] = Number.NaN;
      world.brain.step(tick);
    }
    const after = idle.map((agent) => STATE.map((name) => rowsOf(world, name, agent)));
    const rewards = STATE.indexOf('reward');
    for (const rows of [...before, ...after]) rows[rewards] = [];
    expect(after).toEqual(before);
    expect(rowsOf(world, 'weights', 0)).not.toEqual(awake);
    expect(rowsOf(world, 'weights', 0).every(Number.isFinite)).toBe(true);
    world.brain.dispose();
  });

  test('leak no tensor in 1,000 ticks of births, readings and resets, and free all in the end', () => {
    const outside = tf.memory().numTensors;
    const world = tensorWorld(4);
    run(world, 0, 2);
    const held = tf.memory().numTensors;
    const weights = new Float32Array(PARAMETER_COUNT);
    for (let tick = 2; tick < 1002; tick++) {
      run(world, tick, tick + 1);
      if (tick % 50 === 0) world.brain.birth(tick % 4, tick);
      if (tick % 70 === 0) world.brain.readAgent(tick % 4, weights);
      if (tick % 90 === 0) world.brain.resetLearning(tick % 4);
      if (tick % 200 === 0) world.brain.piecesOf('traces');
    }
    expect(tf.memory().numTensors).toBe(held);
    world.brain.dispose();
    expect(tf.memory().numTensors).toBe(outside);
  });

  test('a failure of the library is one line that names the tick', () => {
    const broken = {
      ...tf,
      tidy: () => {
        throw new Error('device lost\n at the far end');
      },
    } as unknown as typeof tf;
    const world = makeWorldOf((...of: Parameters<typeof bindBrain>) => new TensorBrain(broken, ...of), 4);
    excite(world, 17);
    expect(() => world.brain.step(17)).toThrow(EngineError);
    expect(() => world.brain.step(17)).toThrow(/^TensorFlow.js failed in tick 17: device lost$/);
  });

  test('a world without learners holds no brains to step', () => {
    const world = tensorWorld(4);
    const { columns } = world;
    columns.active.fill(0);
    const before = tf.memory().numTensors;
    world.brain.step(3);
    expect(tf.memory().numTensors).toBe(before);
    world.brain.dispose();
  });
});
