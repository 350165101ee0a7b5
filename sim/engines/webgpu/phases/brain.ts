/** Learning and acting. */
import { SHADER as BRAIN } from '../../../../agents/brain/brain.wgsl.generated.ts';
import { floatMath, rng } from '../modules.ts';
import type { DevicePhase } from '../phase.ts';

export const BRAIN_PHASE: DevicePhase = {
  name: 'learn and act',
  module: { name: 'brain', text: BRAIN, needs: [floatMath, rng] },
  passes: [{ entry: 'stepBrain', over: 'brains' }],
  idle: ({ populations }) => populations.every(({ kind }) => kind !== 'learner'),
};
