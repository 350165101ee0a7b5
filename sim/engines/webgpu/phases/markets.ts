/** Markets, data and training. */
import { SHADER as INDUCED_VALUES } from '../../../../market/inducedValues.wgsl.generated.ts';
import { SHADER as TRAINING } from '../../../../market/training.wgsl.generated.ts';
import { dataPool, fixed, rng, type ShaderModule, trainingMethod, wealth } from '../modules.ts';
import type { DevicePhase } from '../phase.ts';

const inducedValues: ShaderModule = { name: 'inducedValues', text: INDUCED_VALUES, needs: [fixed, rng] };

export const MARKETS: readonly DevicePhase[] = [
  {
    name: 'induced values',
    module: inducedValues,
    passes: [{ entry: 'drawInducedValues', over: 'worlds' }],
    idle: ({ induced }) => !induced.enabled,
  },
  {
    name: 'data',
    module: dataPool,
    passes: [{ entry: 'buyData', over: 'worlds' }],
    idle: ({ dataOwnership }) => !dataOwnership.market,
  },
  {
    name: 'train',
    module: { name: 'training', text: TRAINING, needs: [trainingMethod, wealth] },
    passes: [{ entry: 'train', over: 'worlds' }],
    idle: ({ training }) => !training.enabled,
  },
];
