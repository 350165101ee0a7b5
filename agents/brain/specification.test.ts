import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { HEAD, HEADS, PARAMETER_COUNT, PARAMETERS, STANDARD_SHAPE } from './layout.ts';
import {
  createLearner,
  effectiveStepSize,
  evaluate,
  gradientError,
  gradientErrors,
  type LearnerGenes,
  type LearnerOptions,
  learn,
  logitGradient,
  normaliseInput,
  normaliseReward,
  sampleHead,
  softmaxHead,
  stepLearner,
} from './specification.ts';

const GENES: LearnerGenes = { gamma: 0.9, lambda: 0.8, tau: 0.1, kappaActor: 3, kappaCritic: 2, alpha: 1 };
const TINY = { inputs: 3, hidden: 4, heads: [2, 3] };
const options = (over: Partial<LearnerOptions> = {}): LearnerOptions => ({
  shape: TINY,
  logitMask: 0xffff_ffff,
  headUse: [3, 3],
  centreReward: true,
  rewardDeviationFloor: 1e-3,
  ...over,
});
const tinyLearner = () => {
  const state = createLearner(TINY);
  for (let p = 0; p < state.weights.length; p++) state.weights[p] = Math.sin(3 * p + 1);
  return state;
};

describe('layout', () => {
  test('the standard brain has 1,617 parameters, the actor’s first', () => {
    expect(PARAMETERS.count).toBe(PARAMETER_COUNT);
    expect(PARAMETERS.criticHidden).toBe(32 * 16 + 16 + 16 * 32 + 32);
  });
  test('heads lie one after the other and fill 32 logits', () => {
    expect(HEADS.map((head) => head.offset)).toEqual([0, 4, 8, 13, 18, 20, 26, 30]);
    expect(HEADS.reduce((total, head) => total + head.size, 0)).toBe(32);
    expect(HEADS[HEAD.objective].name).toBe('objective');
  });
});

describe('gradients', () => {
  test('every head’s log pi and entropy and the critic agree with finite differences to 1e-6', () => {
    for (const seed of [1, 2]) {
      const errors = gradientErrors(seed, STANDARD_SHAPE);
      expect(errors.logProbability).toHaveLength(8);
      expect(errors.entropy).toHaveLength(8);
      expect(errors.maximum).toBeLessThan(1e-6);
    }
  });
  test('gradients hold at any size', () => {
    fc.assert(
      fc.property(
        fc.nat(1000),
        fc.integer({ min: 1, max: 6 }),
        fc.integer({ min: 2, max: 6 }),
        (seed, i, h) => {
          expect(gradientError({ inputs: i, hidden: h, seed })).toBeLessThan(1e-6);
        },
      ),
      // A nearly constant layer once broke the differences, not the gradients.
      { numRuns: 20, examples: [[691, 6, 2]] },
    );
    expect(() => gradientError({ inputs: 3, hidden: 1, seed: 1 })).toThrow('at least 2');
  });
  test('heads that the mode did not use, masked options and heads without a choice have no gradient', () => {
    const state = tinyLearner();
    const masked = options({ logitMask: 0b10111 });
    evaluate(state, masked, Float64Array.of(1, -1, 0.5));
    state.action.set([1, 0]);
    const out = new Float64Array(5);
    logitGradient(state, masked, 0b01, 1, out);
    expect([...out.subarray(2)]).toEqual([0, 0, 0]);
    expect(out[0]).not.toBe(0);
    logitGradient(state, masked, 0b11, 1, out);
    expect(out[3]).toBe(0);
    expect(out[2]! + out[4]!).toBeCloseTo(0, 12);
    logitGradient(state, options({ logitMask: 0b00111 }), 0b11, 1, out);
    expect([...out.subarray(2)]).toEqual([0, 0, 0]);
  });
});

describe('heads', () => {
  const distribution = (logits: number[], mask: number) => {
    const probability = new Float64Array(logits.length);
    const slope = new Float64Array(logits.length);
    const entropy = softmaxHead(logits, 0, logits.length, mask, probability, slope);
    return { probability, slope, entropy };
  };
  test('probabilities of allowed options sum to 1, those of masked ones are 0', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: -80, max: 80, noNaN: true }), { minLength: 2, maxLength: 6 }),
        fc.integer({ min: 1, max: 63 }),
        (logits, mask) => {
          fc.pre((mask & ((1 << logits.length) - 1)) !== 0);
          const { probability, slope } = distribution(logits, mask);
          const total = probability.reduce((a, b) => a + b, 0);
          expect(total).toBeCloseTo(1, 12);
          probability.forEach((p, k) => {
            expect(p > 0).toBe(((mask >>> k) & 1) === 1);
          });
          expect(slope.reduce((a, b) => a + b, 0)).toBeCloseTo(0, 10);
        },
      ),
    );
  });
  test('entropy is largest, ln n, and flat at equal logits', () => {
    const { entropy, slope } = distribution([2, 2, 2, 2], 0b1111);
    expect(entropy).toBeCloseTo(Math.log(4), 12);
    for (const s of slope) expect(s).toBeCloseTo(0, 15);
  });
  test('a head with one allowed option is certain, a head with none gives option 0', () => {
    expect([...distribution([1, 2, 3], 0b010).probability]).toEqual([0, 1, 0]);
    expect([...distribution([1, 2, 3], 0).probability]).toEqual([0, 0, 0]);
    expect(sampleHead([0, 1, 0], 0, 3, 0b010, 0.999)).toBe(1);
    expect(sampleHead([0, 0, 0], 0, 3, 0, 0.5)).toBe(0);
  });
  test('a draw takes the option whose half-open interval holds it', () => {
    const p = [0.25, 0, 0.5, 0.25];
    expect([0, 0.2499, 0.25, 0.7499, 0.75, 0.9999].map((u) => sampleHead(p, 0, 4, 0b1101, u))).toEqual([
      0, 0, 2, 2, 3, 3,
    ]);
    expect(sampleHead([0.5, 0.49, 0], 0, 3, 0b011, 0.995), 'past rounding').toBe(1);
  });
});

describe('normalisation', () => {
  test('input moments are the sample mean and unbiased variance', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: -100, max: 100, noNaN: true }), { minLength: 2, maxLength: 40 }),
        (xs) => {
          const state = createLearner({ ...TINY, inputs: 1 });
          const out = new Float64Array(1);
          for (const x of xs) normaliseInput(state, [x], out);
          const mean = xs.reduce((a, b) => a + b, 0) / xs.length;
          const variance = xs.reduce((a, x) => a + (x - mean) ** 2, 0) / (xs.length - 1);
          expect(state.inputMean[0]).toBeCloseTo(mean, 8);
          expect(state.inputVariance[0]).toBeCloseTo(variance, 6);
          expect(Math.abs(out[0]!)).toBeLessThanOrEqual(5);
        },
      ),
    );
  });
  test('rewards are centred and scaled, and clipped to 5', () => {
    const state = createLearner(TINY);
    let last = 0;
    for (let t = 0; t < 400; t++) last = normaliseReward(state, 100 + 10 * (t % 2 === 0 ? 1 : -1), options());
    expect(last).toBeCloseTo(-1, 2);
    expect(normaliseReward(state, 1e6, options())).toBe(5);
  });
  test('without centring a positive reward stays positive', () => {
    const state = createLearner(TINY);
    for (let t = 0; t < 100; t++)
      expect(normaliseReward(state, 1 + (t % 2), options({ centreReward: false }))).toBeGreaterThan(0);
  });
  test('a constant reward teaches nothing once centred', () => {
    const state = createLearner(TINY);
    for (let t = 0; t < 100; t++) expect(normaliseReward(state, 3, options())).toBe(0);
  });
  test('the deviation never counts for less than its floor', () => {
    const state = createLearner(TINY);
    normaliseReward(state, 0, options({ rewardDeviationFloor: 10 }));
    expect(normaliseReward(state, 1, options({ rewardDeviationFloor: 10 }))).toBeCloseTo(0.05, 12);
  });
});

describe('learning', () => {
  test('ObGD bounds alpha x kappa x max(|delta|, 1) x |z| by alpha', () => {
    expect(effectiveStepSize(1, 2, 0.5, 0.25)).toBe(1);
    expect(effectiveStepSize(1, 2, 0.5, 2)).toBe(1 / 4);
    expect(effectiveStepSize(1, 2, -3, 2)).toBe(1 / 12);
  });
  test('one step moves each weight by alpha_eff x delta x z with the traces of the formula', () => {
    const state = tinyLearner();
    evaluate(state, options(), Float64Array.of(0.3, -0.7, 1.1));
    state.action.set([1, 2]);
    state.fresh = false;
    state.traces.fill(0.01);
    const before = state.weights.slice();
    learn(state, GENES, options(), Float64Array.of(-0.5, 0.2, 0.9), 0.4, false);
    const actorCount = 4 * 3 + 4 + 5 * 4 + 5;
    const nets = [
      [0, actorCount, 3],
      [actorCount, before.length, 2],
    ] as const;
    for (const [from, to, kappa] of nets) {
      let norm = 0;
      for (let p = from; p < to; p++) norm += Math.abs(state.traces[p]!);
      const size = effectiveStepSize(1, kappa, state.tdError, norm);
      for (let p = from; p < to; p++)
        expect(state.weights[p]! - before[p]!).toBeCloseTo(size * state.tdError * state.traces[p]!, 12);
    }
  });
  test('done cuts the bootstrap and clears the traces after the update', () => {
    const state = tinyLearner();
    evaluate(state, options(), Float64Array.of(0.3, -0.7, 1.1));
    state.fresh = false;
    const before = state.weights.slice();
    learn(state, GENES, options(), Float64Array.of(-0.5, 0.2, 0.9), 0.4, true);
    expect(state.tdError).toBeCloseTo(0 - state.value, 12);
    expect(state.traces.every((z) => z === 0)).toBe(true);
    expect(state.weights).not.toEqual(before);
  });
  test('a fresh learner does not learn on its first tick', () => {
    const state = tinyLearner();
    const before = state.weights.slice();
    const event = { observation: [1, 2, 3], reward: 9, done: false };
    stepLearner(state, GENES, options(), event, [0.1, 0.9]);
    expect(state.weights).toEqual(before);
    expect(state.rewardCount).toBe(0);
    expect(state.fresh).toBe(false);
    stepLearner(state, GENES, options(), { ...event, observation: [3, 1, 2] }, [0.1, 0.9]);
    expect(state.weights).not.toEqual(before);
  });
  test('positive surprise raises the probability of the action taken', () => {
    const state = tinyLearner();
    const input = Float64Array.of(0.3, -0.7, 1.1);
    const greedy = { ...GENES, tau: 0, gamma: 0 };
    evaluate(state, options(), input);
    state.action.set([0, 2]);
    state.value = -1;
    const before = state.probability.slice();
    learn(state, greedy, options(), input, 1, false);
    expect(state.tdError).toBeGreaterThan(0);
    evaluate(state, options(), input);
    expect(state.probability[0]).toBeGreaterThan(before[0]!);
    expect(state.probability[4]).toBeGreaterThan(before[4]!);
  });
});
