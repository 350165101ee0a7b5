import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { PARAMETERS } from '../../agents/brain/layout.ts';
import type { BrainOnTrial, Learned } from './brainOnTrial.ts';
import { automaticErrors, brainsOnTrial, F32_TOLERANCE } from './gradients.ts';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

/** The specification with what it learned changed. */
const changed = (change: (learned: Learned) => Learned): BrainOnTrial => {
  const [specification] = brainsOnTrial(tf);
  return {
    name: 'changed',
    learn: async (lessons, seed) => (await specification!.learn(lessons, seed)).map(change),
  };
};
/** Traces with one of them moved by a ten-thousandth of the largest. */
const moved = (parameter: number) =>
  changed((learned) => {
    const traces = Array.from(learned.traces);
    traces[parameter]! += 1e-4 * Math.max(...traces.map(Math.abs));
    return { ...learned, traces };
  });

describe('automatic differentiation', () => {
  it('agrees with every brain within the rounding of f32, and leaves no tensor behind', async () => {
    const outside = tf.memory().numTensors;
    for (const brain of brainsOnTrial(tf)) {
      const { actor, critic } = await automaticErrors(tf, brain, 1);
      expect([brain.name, actor < F32_TOLERANCE, critic < F32_TOLERANCE]).toEqual([brain.name, true, true]);
    }
    expect(tf.memory().numTensors).toBe(outside);
  });

  it('notices one parameter of 1,617 whose gradient is a little off, in the net that it belongs to', async () => {
    const actor = await automaticErrors(tf, moved(PARAMETERS.actorHidden + 77), 1);
    expect(actor.actor).toBeGreaterThan(F32_TOLERANCE);
    expect(actor.critic).toBeLessThan(F32_TOLERANCE);
    const critic = await automaticErrors(tf, moved(PARAMETERS.criticOutputBias), 1);
    expect(critic.actor).toBeLessThan(F32_TOLERANCE);
    expect(critic.critic).toBeGreaterThan(F32_TOLERANCE);
  });

  it('notices a bonus for entropy of the wrong sign', async () => {
    const { actor } = await automaticErrors(
      tf,
      changed((learned) => ({ ...learned, tdError: -learned.tdError })),
      1,
    );
    expect(actor).toBeGreaterThan(F32_TOLERANCE);
  });

  it('does not hide gradients that are not numbers', async () => {
    const { critic } = await automaticErrors(
      tf,
      changed((learned) => ({ ...learned, traces: Array.from(learned.traces, () => Number.NaN) })),
      1,
    );
    expect(critic).toBeNaN();
  });
});
