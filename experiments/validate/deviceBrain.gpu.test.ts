import * as tf from '@tensorflow/tfjs';
import { expect, test } from 'vitest';
import { describeOnGpu } from '../testDevice.ts';
import { deviceBrain } from './deviceBrain.ts';
import { automaticErrors, F32_TOLERANCE } from './gradients.ts';

await describeOnGpu('gradients of the shader', (gpu) => {
  test('agree with automatic differentiation within the rounding of f32', async () => {
    await tf.setBackend('cpu');
    const { actor, critic } = await automaticErrors(tf, deviceBrain(gpu), 1);
    expect(actor).toBeLessThan(F32_TOLERANCE);
    expect(critic).toBeLessThan(F32_TOLERANCE);
    // they are other roundings than those of the CPU, and not the same numbers
    expect(actor).toBeGreaterThan(0);
  });
});
