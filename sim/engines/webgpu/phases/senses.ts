/** What agents see, want, choose and get as reward. */
import { SHADER as ACTIONS } from '../../../../agents/actions.wgsl.generated.ts';
import { SHADER as FORGETTING } from '../../../../agents/brain/forgetting.wgsl.generated.ts';
import { SHADER as OBSERVATION } from '../../../../agents/observation.wgsl.generated.ts';
import { SHADER as POPULATIONS } from '../../../../agents/populations.wgsl.generated.ts';
import { SHADER as REWARD_GENOME } from '../../../../agents/rewardGenome.wgsl.generated.ts';
import { SHADER as ZIP } from '../../../../agents/scripted/zip.wgsl.generated.ts';
import { SHADER as SELF_UPDATE } from '../../../../agents/selfUpdate.wgsl.generated.ts';
import { SHADER as WEALTH_MEDIAN } from '../../../../agents/wealthMedian.wgsl.generated.ts';
import type { WorldParameters } from '../../../../configs/worldParameters.ts';
import {
  claims,
  double,
  fixed,
  floatMath,
  marketColumns,
  orderStatistic,
  rng,
  type ShaderModule,
  variation,
  worth,
} from '../modules.ts';
import type { DevicePhase } from '../phase.ts';

const actions: ShaderModule = { name: 'actions', text: ACTIONS, needs: [worth, marketColumns] };
const hasNoLearner = (p: WorldParameters): boolean => p.populations.every(({ kind }) => kind !== 'learner');

export const SENSES: readonly DevicePhase[] = [
  {
    name: 'observe',
    module: { name: 'observation', text: OBSERVATION, needs: [actions, claims] },
    passes: [
      { entry: 'openObservation', over: 'worlds' },
      { entry: 'observe', over: 'agents' },
    ],
    idle: hasNoLearner,
  },
  {
    name: 'scripted',
    module: { name: 'populations', text: `${ZIP}\n${POPULATIONS}`, needs: [actions, rng, double] },
    passes: [{ entry: 'decideScripted', over: 'agents' }],
    idle: (p) => p.populations.every(({ kind }) => kind === 'learner'),
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
      needs: [fixed, orderStatistic, variation],
    },
    passes: [
      { entry: 'reviseObjectives', over: 'worlds' },
      { entry: 'resetLearning', over: 'brains' },
    ],
    idle: (p) => !p.objectives.enabled || hasNoLearner(p),
    refuses: ({ objectives: { enabled, judge } }) =>
      enabled && judge === 'reward'
        ? { path: 'world.objectives.judge', why: 'trials that are judged by reward' }
        : null,
  },
];
