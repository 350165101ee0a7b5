/** What agents see, want, choose and get as reward. */
import { SHADER as ACTIONS } from '../../../../agents/actions.wgsl.generated.ts';
import { SHADER as FORGETTING } from '../../../../agents/brain/forgetting.wgsl.generated.ts';
import { SHADER as OBSERVATION } from '../../../../agents/observation.wgsl.generated.ts';
import { SHADER as POPULATIONS } from '../../../../agents/populations.wgsl.generated.ts';
import { SHADER as REWARD_GENOME } from '../../../../agents/rewardGenome.wgsl.generated.ts';
import { SHADER as SELF_UPDATE } from '../../../../agents/selfUpdate.wgsl.generated.ts';
import { SHADER as WEALTH_MEDIAN } from '../../../../agents/wealthMedian.wgsl.generated.ts';
import type { WorldParameters } from '../../../../configs/derive.ts';
import { BUILT_IN_POPULATIONS } from '../../../../configs/registry.ts';
import { fixed, floatMath, marketColumns, rng, type ShaderModule, variation, worth } from '../modules.ts';
import type { DevicePhase } from '../phase.ts';

const actions: ShaderModule = { name: 'actions', text: ACTIONS, needs: [worth, marketColumns] };
const hasNoLearner = (p: WorldParameters): boolean => p.populations.every(({ kind }) => kind !== 'learner');

/** Kinds of trader that a shader knows. */
const KINDS: readonly string[] = BUILT_IN_POPULATIONS.filter((kind) => kind !== 'zip');

export const SENSES: readonly DevicePhase[] = [
  {
    name: 'observe',
    module: { name: 'observation', text: OBSERVATION, needs: [actions] },
    passes: [
      { entry: 'openObservation', over: 'worlds' },
      { entry: 'observe', over: 'agents' },
    ],
    idle: hasNoLearner,
  },
  {
    name: 'scripted',
    module: { name: 'populations', text: POPULATIONS, needs: [actions, rng] },
    passes: [{ entry: 'decideScripted', over: 'agents' }],
    idle: (p) => p.populations.every(({ kind }) => kind === 'learner'),
    refuses: ({ populations }) => {
      const foreign = populations.findIndex(({ kind }) => !KINDS.includes(kind));
      if (foreign < 0) return null;
      const why = `no shader decides for a population of kind '${populations[foreign]!.kind}'`;
      return { path: `populations[${foreign}].kind`, why };
    },
  },
  {
    name: 'decide',
    module: actions,
    passes: [
      { entry: 'openOrders', over: 'worlds' },
      { entry: 'applyAction', over: 'agents' },
    ],
  },
  {
    name: 'reward',
    module: {
      name: 'reward',
      text: `${WEALTH_MEDIAN}\n${REWARD_GENOME}`,
      needs: [worth, rng, floatMath],
    },
    passes: [
      { entry: 'measureWealth', over: 'worlds' },
      { entry: 'reward', over: 'agents' },
    ],
  },
  {
    name: 'revise',
    module: {
      name: 'revise',
      text: `${SELF_UPDATE}\n${FORGETTING}`,
      needs: [fixed, variation],
    },
    passes: [
      { entry: 'reviseObjectives', over: 'worlds' },
      { entry: 'resetLearning', over: 'brains' },
    ],
    idle: (p) => !p.objectives.enabled || hasNoLearner(p),
  },
];
