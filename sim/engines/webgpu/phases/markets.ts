/** Markets, data and training. */
import { SHADER as COMPUTE_MARKET } from '../../../../market/computeMarket.wgsl.generated.ts';
import { SHADER as INDUCED_VALUES } from '../../../../market/inducedValues.wgsl.generated.ts';
import { SHADER as SERVICE_MARKET } from '../../../../market/serviceMarket.wgsl.generated.ts';
import { SHADER as TRAINING } from '../../../../market/training.wgsl.generated.ts';
import { dataPool, fixed, rng, type ShaderModule, sums, trainingMethod, trust, wealth } from '../modules.ts';
import type { DevicePass, DevicePhase } from '../phase.ts';

const inducedValues: ShaderModule = {
  name: 'inducedValues',
  text: INDUCED_VALUES,
  needs: [sums, fixed, rng],
};

/** Passes of less code, which compilers take less than their share of time for. */
const overWorlds = (...entries: string[]): DevicePass[] =>
  entries.map((entry) => ({ entry, over: 'worlds' }));

export const MARKETS: readonly DevicePhase[] = [
  {
    name: 'induced values',
    module: inducedValues,
    passes: [{ entry: 'drawInducedValues', over: 'worlds' }],
    idle: ({ induced }) => !induced.enabled,
  },
  {
    name: 'compute market',
    module: { name: 'computeMarket', text: COMPUTE_MARKET, needs: [trust, inducedValues] },
    passes: overWorlds('clearOrders', 'settleFills', 'judgeSellers', 'payFills', 'sueSellers'),
    idle: ({ computeMarket }) => !computeMarket.enabled,
  },
  {
    name: 'service market',
    module: { name: 'serviceMarket', text: SERVICE_MARKET, needs: [trust, dataPool] },
    passes: overWorlds('offerAndChoose', 'sellTasks', 'performTaskContracts', 'pay'),
    idle: ({ serviceMarket }) => !serviceMarket.enabled,
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
