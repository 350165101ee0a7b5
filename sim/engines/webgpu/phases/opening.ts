/** The opening of a tick. */
import { SHADER as CIRCULATION } from '../../../../market/circulation.wgsl.generated.ts';
import { amm, claims, demand, ownership, pool, type ShaderModule } from '../modules.ts';
import type { DevicePhase } from '../phase.ts';

const circulation: ShaderModule = {
  name: 'circulation',
  text: CIRCULATION,
  needs: [pool, ownership, demand, amm, claims],
};

export const OPENING: readonly DevicePhase[] = [
  {
    name: 'income',
    module: circulation,
    passes: [{ entry: 'startTick', over: 'worlds' }],
    refuses: ({ amm: { outside } }) =>
      outside === null ? null : { path: 'world.amm.outsidePrice', why: 'prices from outside' },
  },
  {
    name: 'circulate',
    module: circulation,
    passes: [{ entry: 'circulate', over: 'worlds' }],
  },
];
