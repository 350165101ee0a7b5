import { describeOnGpu, testPhaseParity } from '../experiments/testDevice.ts';

await describeOnGpu('the opening of a tick', (gpu) => {
  testPhaseParity(gpu, 'income');
});
