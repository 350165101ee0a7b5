import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ARENA_START, Arena, ColumnHash } from '../../sim/core/columns.ts';
import { DrawSequence, STREAM } from '../../sim/core/rng.ts';
import { bindBrain, instantiateKernel, logitsWithChoice, SCRATCH_BYTES } from './brain.ts';
import { drawInitialWeights } from './initialWeights.ts';
import { KERNEL_SOURCE_HASH } from './kernel.generated.ts';
import {
  ALL_LOGITS,
  BRAIN_ROWS,
  type BrainColumnName,
  HEAD_COUNT,
  HEADS,
  LANES,
  laneIndex,
  OBSERVATION_COUNT,
  PARAMETER_COUNT,
  PARAMETERS,
  REVISE_BIAS,
  REVISE_LOGIT,
} from './layout.ts';
import {
  headDraws,
  type LearnerGenes,
  type LearnerOptions,
  type LearnerState,
  stepLearner,
} from './specification.ts';
import {
  ARRAYS,
  distance,
  eventOf,
  excite,
  GENES,
  genesOf,
  HEAD_USE,
  makeWorld,
  readLearner,
  run,
  SCALARS,
  SEED,
  specificationOptions,
  type TestWorld,
} from './testBrains.ts';

/**
 * Checks the kernel's samples against the specification's probabilities: equal, or the draw lies within `tolerance`
 * of a boundary between the two options. Returns how many were settled by the second clause.
 */
function checkSamples(own: Uint32Array, state: LearnerState, draws: number[], tolerance: number): number {
  let close = 0;
  for (let head = 0; head < HEAD_COUNT; head++) {
    if (own[head] === state.action[head]) continue;
    const { offset } = HEADS[head]!;
    const lower = Math.min(own[head]!, state.action[head]!);
    let boundary = 0;
    for (let j = 0; j <= lower; j++) boundary += state.probability[offset + j]!;
    expect(Math.abs(own[head]! - state.action[head]!)).toBe(1);
    expect(Math.abs(draws[head]! - boundary)).toBeLessThan(tolerance);
    close++;
  }
  return close;
}

const STATE_NAMES = Object.keys(BRAIN_ROWS) as BrainColumnName[];
const hashOf = ({ columns }: TestWorld): string => {
  const hash = new ColumnHash();
  for (const name of STATE_NAMES) hash.add(columns[name]);
  return hash.digest();
};
describe('the kernel and the specification', () => {
  /** One step from the same state: rounding of f32 alone. */
  const STEP_TOLERANCE = 2e-5;

  const compareSteps = (world: TestWorld, options: LearnerOptions, ticks: number): number => {
    let largest = 0;
    let skipped = 0;
    for (let tick = 0; tick < ticks; tick++) {
      excite(world, tick);
      for (let agent = 0; agent < world.slots; agent++)
        world.columns.done[agent] = (tick + agent) % 97 === 0 ? 1 : 0;
      const agents = Array.from({ length: world.slots }, (_, agent) => agent);
      const states = agents.map((agent) => readLearner(world, agent));
      world.brain.step(tick);
      for (const agent of agents) {
        const state = states[agent]!;
        const draws = headDraws(SEED, tick, agent);
        stepLearner(state, genesOf(world, agent), options, eventOf(world, agent), draws);
        // Where delta is a rounding error its sign, and so the entropy term, is not defined.
        if (Math.abs(state.tdError) < 1e-5 && state.tdError !== 0) {
          skipped++;
          continue;
        }
        const own = readLearner(world, agent);
        for (const name of ARRAYS) largest = Math.max(largest, distance(own[name], state[name]));
        for (const name of SCALARS) largest = Math.max(largest, distance([own[name]], [state[name]]));
        checkSamples(own.action, state, draws, STEP_TOLERANCE);
      }
    }
    expect(skipped).toBeLessThan(5);
    return largest;
  };

  test('agree to 2e-5 after one step from the same state, over 1,000 steps', () => {
    const world = makeWorld(4, { headUse: HEAD_USE });
    expect(compareSteps(world, specificationOptions(), 1000)).toBeLessThan(STEP_TOLERANCE);
  });

  test('agree with masked options, masked heads and uncentred rewards', () => {
    const logitMask = 0b10_1111_000000_01_11011_11111_1111_0111;
    const world = makeWorld(4, { headUse: HEAD_USE, logitMask, centreReward: false });
    const options = specificationOptions({ logitMask, centreReward: false });
    expect(compareSteps(world, options, 200)).toBeLessThan(STEP_TOLERANCE);
  });

  test('stay together over 1,000 free steps when fed the same actions', () => {
    const world = makeWorld(4, { headUse: HEAD_USE });
    const options = specificationOptions();
    const states = Array.from({ length: world.slots }, (_, agent) => readLearner(world, agent));
    let weights = 0;
    let probabilities = 0;
    let flips = 0;
    for (let tick = 0; tick < 1000; tick++) {
      excite(world, tick);
      world.brain.step(tick);
      states.forEach((state, agent) => {
        const draws = headDraws(SEED, tick, agent);
        stepLearner(state, genesOf(world, agent), options, eventOf(world, agent), draws);
        const own = readLearner(world, agent);
        flips += checkSamples(own.action, state, draws, 1e-3);
        state.action.set(own.action);
        weights = Math.max(weights, distance(own.weights, state.weights));
        probabilities = Math.max(probabilities, distance(own.probability, state.probability));
      });
    }
    if (process.env.TWIN_FIGURES) console.log({ weights, probabilities, flips });
    expect(weights).toBeLessThan(1e-3);
    expect(probabilities).toBeLessThan(1e-3);
    expect(flips).toBeLessThan(10);
  });
});

describe('arithmetic of the kernel', () => {
  test('its exponential has a relative error below 2e-7 from -60 to 0', () => {
    const count = 40_000;
    const arena = new Arena(2 * 4 * count);
    const input = arena.column({ type: 'f32', length: count });
    const output = arena.column({ type: 'f32', length: count });
    for (let k = 0; k < count; k++) input[k] = (-60 * k) / count;
    instantiateKernel(arena.memory).exponentials(input.byteOffset, output.byteOffset, count / LANES);
    let largest = 0;
    for (let k = 0; k < count; k++)
      largest = Math.max(largest, Math.abs(output[k]! / Math.exp(input[k]!) - 1));
    expect(largest).toBeLessThan(2e-7);
    expect(output[0]).toBe(1);
  });

  test('hostile observations and rewards never make a number that is not finite', () => {
    const world = makeWorld(8);
    const hostile = [Number.NaN, Infinity, -Infinity, 3e38, -3e38, 1e-45, 0, -0];
    for (let tick = 0; tick < 200; tick++) {
      excite(world, tick);
      const { observation, reward } = world.columns;
      for (let k = 0; k < observation.length; k++)
        if ((k * 7 + tick) % 5 === 0) observation[k] = hostile[(k + tick) % hostile.length]!;
      reward[tick % 8] = hostile[(tick >> 3) % hostile.length]!;
      world.brain.step(tick);
    }
    for (const name of STATE_NAMES) {
      if (name === 'observation' || name === 'reward') continue;
      expect(
        world.columns[name].every((x) => Number.isFinite(x)),
        name,
      ).toBe(true);
    }
  });

  test('traces of a head that is no longer used become 0 before they are subnormal', () => {
    const world = makeWorld(4, { headUse: [0b1111_1111, 1, 1, 1] }, { gamma: 0.9, lambda: 0.6 });
    run(world, 0, 20);
    // From now on the engine replays mode 1, which uses the mode head alone.
    let subnormal = 0;
    for (let tick = 20; tick < 200; tick++) {
      world.columns.action.fill(1, 0, LANES);
      excite(world, tick);
      world.brain.step(tick);
      for (const z of world.columns.traces) if (z !== 0 && Math.abs(z) < 2 ** -126) subnormal++;
    }
    const traces = new Float32Array(PARAMETER_COUNT);
    world.brain.readRows('traces', 0, traces);
    const method = traces.subarray(PARAMETERS.actorOutput + 26 * 16, PARAMETERS.actorOutput + 30 * 16);
    expect(method.every((z) => z === 0)).toBe(true);
    expect(subnormal).toBe(0);
  });
});

describe('a step', () => {
  test('leaves every bit of an agent that is not active', () => {
    fc.assert(
      fc.property(fc.array(fc.boolean(), { minLength: 1, maxLength: 13 }), fc.nat(1000), (flags, start) => {
        const world = makeWorld(flags.length);
        run(world, start, start + 3);
        flags.forEach((flag, agent) => {
          world.columns.active[agent] = flag ? 1 : 0;
        });
        // What a dead slot may hold: genes that are not numbers, traces of either zero.
        flags.forEach((flag, agent) => {
          if (flag) return;
          for (const gene of Object.keys(GENES))
            world.columns[gene as keyof LearnerGenes][agent] = Number.NaN;
          const first = laneIndex(agent, PARAMETER_COUNT);
          for (let p = 0; p < PARAMETER_COUNT; p += 2) world.columns.traces[first + p * LANES] = -0;
        });
        const before = flags.map((_, agent) => world.brain.readState(agent));
        excite(world, start + 3);
        world.columns.observation[0] = Number.NaN;
        world.columns.done.fill(1);
        world.brain.step(start + 3);
        flags.forEach((flag, agent) => {
          const same = Buffer.from(before[agent]!.buffer).equals(
            Buffer.from(world.brain.readState(agent).buffer),
          );
          expect(same).toBe(!flag);
        });
      }),
      { numRuns: 60 },
    );
  });

  test('gives an agent the same bits whoever shares its block', () => {
    const alone = makeWorld(6);
    const together = makeWorld(6);
    alone.columns.active.fill(0);
    alone.columns.active[5] = 1;
    run(alone, 0, 50);
    run(together, 0, 50);
    expect(alone.brain.readState(5)).toEqual(together.brain.readState(5));
  });

  test('gives the same bits for every split of the block range', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 40 }), fc.nat(10), fc.nat(10), (slots, a, b) => {
        const whole = makeWorld(slots);
        const split = makeWorld(slots);
        const { blockCount } = whole.brain;
        const [first, second] = [a % (blockCount + 1), b % (blockCount + 1)].toSorted((x, y) => x - y);
        for (let tick = 0; tick < 4; tick++) {
          excite(whole, tick);
          excite(split, tick);
          whole.brain.step(tick);
          split.brain.step(tick, second, blockCount);
          split.brain.step(tick, 0, first);
          split.brain.step(tick, first, second);
        }
        expect(hashOf(split)).toBe(hashOf(whole));
      }),
      { numRuns: 30 },
    );
  });

  test('depends on the seed and on nothing outside its columns', () => {
    const hashes = [SEED, SEED, SEED + 1].map((seed) => {
      const world = makeWorld(9, { seed });
      run(world, 0, 30);
      return hashOf(world);
    });
    expect(hashes[0]).toBe(hashes[1]);
    expect(hashes[0]).not.toBe(hashes[2]);
  });

  test('refuses a block range outside the world', () => {
    const { brain } = makeWorld(8);
    expect(() => brain.step(0, 0, 3)).toThrow('block range');
    expect(() => brain.step(0, 2, 1)).toThrow('block range');
  });

  test('learns nothing on the first tick of a life and everything from the second', () => {
    const world = makeWorld(4);
    const before = world.brain.readAgent(1);
    run(world, 0, 1);
    expect(world.brain.readAgent(1)).toEqual(before);
    expect(world.columns.tdError[1]).toBe(0);
    expect(world.columns.rewardCount[1]).toBe(0);
    expect(world.columns.fresh[1]).toBe(0);
    run(world, 1, 2);
    expect(world.brain.readAgent(1)).not.toEqual(before);
  });

  test('clears the traces of an agent whose episode ended, and of no other', () => {
    const world = makeWorld(4);
    run(world, 0, 5);
    world.columns.done[2] = 1;
    run(world, 5, 6);
    const nonZero = [0, 1, 2, 3].map((agent) => {
      const traces = new Float32Array(PARAMETER_COUNT);
      world.brain.readRows('traces', agent, traces);
      return traces.some((z) => z !== 0);
    });
    expect(nonZero).toEqual([true, true, false, true]);
  });

  test('does not bootstrap past the end of an episode', () => {
    const world = makeWorld(4, { centreReward: false });
    run(world, 0, 30);
    const valueBefore = world.columns.value[0]!;
    excite(world, 30);
    world.columns.reward[0] = 0;
    world.columns.done[0] = 1;
    world.brain.step(30);
    expect(world.columns.tdError[0]).toBeCloseTo(-valueBefore, 6);
  });
});

describe('heads', () => {
  test('masked options are never sampled, have probability 0 and no trace', () => {
    fc.assert(
      fc.property(fc.integer(), (mask) => {
        const logitMask = mask >>> 0;
        const world = makeWorld(8, { logitMask });
        run(world, 0, 12);
        const traces = new Float32Array(PARAMETER_COUNT);
        const probability = new Float32Array(32);
        const action = new Uint32Array(HEAD_COUNT);
        const choice = new Set(logitsWithChoice(logitMask));
        for (let agent = 0; agent < 8; agent++) {
          world.brain.readRows('traces', agent, traces);
          world.brain.readRows('probability', agent, probability);
          world.brain.readRows('action', agent, action);
          HEADS.forEach(({ offset, size }, head) => {
            const allowed = (logitMask >>> offset) & ((1 << size) - 1);
            const total = probability.subarray(offset, offset + size).reduce((a, b) => a + b, 0);
            expect(Math.abs(total - (allowed === 0 ? 0 : 1))).toBeLessThan(1e-6);
            if (allowed === 0) expect(action[head]).toBe(0);
            else expect((allowed >>> action[head]!) & 1).toBe(1);
          });
          for (let k = 0; k < 32; k++) {
            expect(probability[k]! > 0).toBe(((logitMask >>> k) & 1) === 1);
            const from = PARAMETERS.actorOutput + k * 16;
            const still = traces.subarray(from, from + 16).every((z) => z === 0);
            if (!choice.has(k)) expect(still && traces[PARAMETERS.actorOutputBias + k] === 0).toBe(true);
          }
        }
      }),
      { numRuns: 40 },
    );
  });

  test('only heads with two or more allowed options have a choice', () => {
    expect(logitsWithChoice(0)).toEqual([]);
    expect(logitsWithChoice(0b0001_0110)).toEqual([1, 2]);
    expect(logitsWithChoice(ALL_LOGITS)).toHaveLength(32);
  });

  test('sampling frequencies match the probabilities (chi-square, p > 1e-4)', () => {
    const world = makeWorld(1024, {}, { alpha: 0 });
    const weights = world.brain.readAgent(0);
    for (let k = 0; k < 32; k++) weights[PARAMETERS.actorOutputBias + k] = Math.sin(5 * k);
    for (let agent = 0; agent < world.slots; agent++) world.brain.writeAgent(agent, weights);
    const counts = new Float64Array(32);
    const ticks = 40;
    for (let tick = 0; tick < ticks; tick++) {
      world.brain.step(tick);
      for (let agent = 0; agent < world.slots; agent++)
        HEADS.forEach(({ offset }, head) => {
          counts[offset + world.columns.action[laneIndex(agent, HEAD_COUNT) + head * LANES]!]!++;
        });
    }
    const probability = new Float32Array(32);
    world.brain.readRows('probability', 17, probability);
    // Upper 1e-4 quantiles of chi-square with 1..5 degrees of freedom.
    const limits = [0, 15.14, 18.42, 21.11, 23.51, 25.74];
    for (const { offset, size } of HEADS) {
      let chiSquare = 0;
      for (let k = offset; k < offset + size; k++) {
        const expected = probability[k]! * ticks * world.slots;
        chiSquare += (counts[k]! - expected) ** 2 / expected;
      }
      expect(chiSquare).toBeLessThan(limits[size - 1]!);
    }
  });

  test('an action that the engine overwrites is the one learned from', () => {
    const sampled = makeWorld(4);
    const replayed = makeWorld(4);
    run(sampled, 0, 1);
    run(replayed, 0, 1);
    replayed.columns.action.forEach((option, k) => {
      replayed.columns.action[k] = option === 0 ? 1 : 0;
    });
    run(sampled, 1, 2);
    run(replayed, 1, 2);
    expect(replayed.brain.readAgent(0)).not.toEqual(sampled.brain.readAgent(0));
  });
});

describe('lives', () => {
  test('birth weights are uniform within 1/sqrt(fan-in), half of each neuron’s inputs zero, biases zero', () => {
    const weights = new Float32Array(PARAMETER_COUNT);
    const layers = [
      [PARAMETERS.actorHidden, 16, 32],
      [PARAMETERS.actorOutput, 32, 16],
      [PARAMETERS.criticHidden, 16, 32],
      [PARAMETERS.criticOutput, 1, 16],
    ] as const;
    const places = new Set<number>();
    let sum = 0;
    let squares = 0;
    let count = 0;
    for (let slot = 0; slot < 50; slot++) {
      drawInitialWeights(weights, SEED, 7, slot);
      for (const [from, rows, fanIn] of layers) {
        for (let row = 0; row < rows; row++) {
          const kept = [...weights.subarray(from + row * fanIn, from + (row + 1) * fanIn)].filter(
            (x) => x !== 0,
          );
          expect(kept).toHaveLength(fanIn / 2);
          for (const x of kept) {
            const unit = x * Math.sqrt(fanIn);
            expect(Math.abs(unit)).toBeLessThanOrEqual(1.000001);
            sum += unit;
            squares += unit * unit;
            count++;
          }
        }
      }
      for (let k = 0; k < 32; k++) if (weights[k] === 0) places.add(k);
      for (let j = 0; j < 32; j++)
        expect(weights[PARAMETERS.actorOutputBias + j]).toBe(j === REVISE_LOGIT ? REVISE_BIAS : 0);
      expect(weights[PARAMETERS.criticOutputBias]).toBe(0);
    }
    // Four standard errors of the mean 0 and the second moment 1/3 of U(-1, 1).
    expect(Math.abs(sum / count)).toBeLessThan(4 * Math.sqrt(1 / 3 / count));
    expect(Math.abs(squares / count - 1 / 3)).toBeLessThan(4 * Math.sqrt(4 / 45 / count));
    expect(places.size).toBe(32);
    expect(weights.some((x) => Object.is(x, -0))).toBe(false);
  });

  test('at least one input of each neuron is kept, however sparse, and none is zeroed at sparsity 0', () => {
    const weights = new Float32Array(PARAMETER_COUNT);
    drawInitialWeights(weights, 1, 2, 3, 1);
    expect(weights.subarray(0, 32).filter((x) => x !== 0)).toHaveLength(1);
    drawInitialWeights(weights, 1, 2, 3, 0);
    expect(weights.subarray(0, 512).filter((x) => x !== 0)).toHaveLength(512);
  });

  test('birth weights depend on seed, tick and slot and can be drawn again', () => {
    const world = makeWorld(4);
    world.brain.birth(3, 99);
    const again = new Float32Array(PARAMETER_COUNT);
    drawInitialWeights(again, SEED, 99, 3);
    expect(world.brain.readAgent(3)).toEqual(again);
    drawInitialWeights(again, SEED, 98, 3);
    expect(world.brain.readAgent(3)).not.toEqual(again);
  });

  test('the kernel bears what the specification draws, to the bit, in any lane and at any sparsity', () => {
    const u32s = fc.integer({ min: 0, max: 2 ** 32 - 1 });
    fc.assert(
      fc.property(
        u32s,
        u32s,
        u32s,
        fc.integer({ min: 0, max: 7 }),
        fc.constantFrom(0, 0.1, 0.5, 0.97, 1),
        (seed, tick, slot, agent, sparsity) => {
          const { brain } = makeWorld(8, { seed, sparsity });
          brain.birth(agent, tick, slot);
          const drawn = new Float32Array(PARAMETER_COUNT);
          drawInitialWeights(drawn, seed, tick, slot, sparsity);
          // bits, so that -0 would show
          expect(new Uint32Array(brain.readAgent(agent).buffer)).toEqual(new Uint32Array(drawn.buffer));
        },
      ),
      { numRuns: 30 },
    );
  });

  test('a newborn remembers nothing: its state is zero but for unit variances and being fresh', () => {
    const world = makeWorld(4);
    run(world, 0, 20);
    world.brain.birth(2, 20);
    for (const name of Object.keys(BRAIN_ROWS) as BrainColumnName[]) {
      if (Object.keys(GENES).includes(name)) continue;
      if (['observation', 'reward', 'done', 'active', 'weights'].includes(name)) continue;
      const rows: number[] = new Array(BRAIN_ROWS[name][1]);
      world.brain.readRows(name, 2, rows);
      const value = ['inputVariance', 'rewardVariance', 'fresh'].includes(name) ? 1 : 0;
      expect([name, ...rows]).toEqual([name, ...rows.map(() => value)]);
    }
  });

  test('a birth forgets all that the former holder of the slot knew, and nothing of its neighbours', () => {
    const world = makeWorld(4);
    const newborn = makeWorld(4);
    run(world, 0, 40);
    const neighbour = world.brain.readState(2);
    world.brain.birth(1, 40);
    newborn.brain.birth(1, 40);
    expect(world.brain.readState(1)).toEqual(newborn.brain.readState(1));
    expect(world.brain.readState(2)).toEqual(neighbour);
  });

  test('resetLearning forgets traces and reward moments only', () => {
    const world = makeWorld(4);
    run(world, 0, 20);
    const weights = world.brain.readAgent(1);
    const inputs = world.columns.inputMean.slice();
    world.brain.resetLearning(1);
    const traces = new Float32Array(PARAMETER_COUNT);
    world.brain.readRows('traces', 1, traces);
    expect(traces.every((z) => z === 0)).toBe(true);
    expect([
      world.columns.rewardMean[1],
      world.columns.rewardVariance[1],
      world.columns.rewardCount[1],
    ]).toEqual([0, 1, 0]);
    expect(world.brain.readAgent(1)).toEqual(weights);
    expect(world.columns.inputMean).toEqual(inputs);
    expect(world.columns.fresh[1]).toBe(0);
  });

  test('copied weights and moments equal their source', () => {
    const world = makeWorld(8);
    run(world, 0, 10);
    world.brain.copyWeights(1, 6);
    world.brain.copyInputMoments(1, 6);
    expect(world.brain.readAgent(6)).toEqual(world.brain.readAgent(1));
    const [a, b] = [1, 6].map((agent) => {
      const mean = new Float32Array(OBSERVATION_COUNT);
      world.brain.readRows('inputMean', agent, mean);
      return mean;
    });
    expect(b).toEqual(a);
  });

  test('written weights are read back in plain order, -0 as 0', () => {
    const world = makeWorld(5);
    const plain = Float32Array.from({ length: PARAMETER_COUNT }, (_, p) => (p === 0 ? -0 : p / 7));
    world.brain.writeAgent(4, plain);
    const back = world.brain.readAgent(4);
    expect(Object.is(back[0], 0)).toBe(true);
    expect(back.subarray(1)).toEqual(plain.subarray(1));
    expect(world.columns.weights[laneIndex(4, PARAMETER_COUNT) + 3 * LANES]).toBe(plain[3]);
    expect(() => world.brain.writeAgent(4, [1, 2])).toThrow('1617 weights');
  });

  test('a saved state continues bit for bit in another memory', () => {
    const first = makeWorld(6);
    run(first, 0, 25);
    const second = makeWorld(6);
    for (let agent = 0; agent < 6; agent++) second.brain.writeState(agent, first.brain.readState(agent));
    run(first, 25, 40);
    run(second, 25, 40);
    expect(hashOf(second)).toBe(hashOf(first));
  });
});

describe('binding', () => {
  test('the generated kernel was compiled from the present source (npm run build:kernel)', () => {
    const source = readFileSync(fileURLToPath(new URL('./kernel.as.ts', import.meta.url)));
    expect(createHash('sha256').update(source).digest('hex')).toBe(KERNEL_SOURCE_HASH);
  });

  test('threads of one memory work in different areas', () => {
    const world = makeWorld(8);
    const other = instantiateKernel(world.memory, world.spare);
    expect(instantiateKernel(world.memory).scratch + SCRATCH_BYTES).toBeLessThanOrEqual(ARENA_START);
    const twin = makeWorld(8);
    const split = bindBrain(other, world.columns, { seed: SEED });
    for (let tick = 0; tick < 5; tick++) {
      excite(world, tick);
      excite(twin, tick);
      world.brain.step(tick, 0, 1);
      split.step(tick, 1, 2);
      twin.brain.step(tick);
    }
    expect(hashOf(world)).toBe(hashOf(twin));
  });

  test('columns of another memory and a deviation floor of 0 are refused', () => {
    const { columns, memory } = makeWorld(4);
    const elsewhere = instantiateKernel(new WebAssembly.Memory({ initial: 2, maximum: 2 }));
    expect(() => bindBrain(elsewhere, columns, { seed: 1 })).toThrow('another memory');
    expect(() => bindBrain(instantiateKernel(memory), columns, { seed: 1, rewardDeviationFloor: 0 })).toThrow(
      'must be above 0',
    );
  });
});

describe('learning', () => {
  test('a linear contextual bandit pays at least 75 % of the oracle in the last fifth of 8,000 steps', () => {
    const contexts = 8;
    const arms = 4;
    const ticks = 8000;
    const slots = 16;
    // Head 1 chooses the arm; the other heads are off.
    const world = makeWorld(
      slots,
      { logitMask: 0b1111_0000, headUse: [0b10, 0b10, 0b10, 0b10] },
      { gamma: 0, lambda: 0, tau: 0.01 },
    );
    const draws = new DrawSequence();
    const pay = Array.from({ length: slots }, (_, agent) => {
      draws.at(SEED, 0, agent, STREAM.inducedValues);
      return Array.from({ length: arms }, () => Array.from({ length: contexts }, () => draws.normal()));
    });
    const context = new Float64Array(contexts);
    let earned = 0;
    let possible = 0;
    for (let tick = 0; tick < ticks; tick++) {
      const means: number[][] = [];
      for (let agent = 0; agent < slots; agent++) {
        draws.at(SEED, tick, agent, STREAM.environment);
        for (let k = 0; k < contexts; k++) {
          context[k] = draws.normal();
          world.columns.observation[laneIndex(agent, OBSERVATION_COUNT) + k * LANES] = context[k]!;
        }
        means.push(pay[agent]!.map((row) => row.reduce((total, p, k) => total + p * context[k]!, 0)));
      }
      world.brain.step(tick);
      for (let agent = 0; agent < slots; agent++) {
        const arm = world.columns.action[laneIndex(agent, HEAD_COUNT) + LANES]!;
        const mean = means[agent]![arm]!;
        world.columns.reward[agent] = mean + draws.at(SEED, tick, agent, STREAM.randomReward).normal();
        if (tick < 0.8 * ticks) continue;
        earned += mean;
        possible += Math.max(...means[agent]!);
      }
    }
    expect(earned / possible).toBeGreaterThan(0.75);
  });
});
