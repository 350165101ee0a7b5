/** What watches a tick: sums over the metric interval, and the laws. */
import { SHADER as TALLY } from '../../../metrics/tally.wgsl.generated.ts';
import { SHADER as SCREEN } from '../../../screen.wgsl.generated.ts';
import { claims, fee, fixed, pairSums, pool, type ShaderModule, sums, together, worth } from '../modules.ts';
import type { DevicePhase } from '../phase.ts';

const tally: ShaderModule = { name: 'tally', text: TALLY, needs: [pairSums, worth] };
const screen: ShaderModule = {
  name: 'screen',
  text: SCREEN,
  needs: [together, sums, pool, fee, claims, fixed],
};

export const WATCHING: readonly DevicePhase[] = [
  { name: 'tally', module: tally, passes: [{ entry: 'tallyAgents', over: 'worlds' }] },
  { name: 'measure', module: tally, passes: [{ entry: 'measure', over: 'worlds' }] },
  {
    name: 'laws',
    module: screen,
    passes: ['screenPossessions', 'screenOrders', 'screenTasks', 'screenContracts'].map((entry) => ({
      entry,
      over: 'worlds',
    })),
  },
];
