/** The opening of a tick. */
import { SHADER as CIRCULATION } from '../../../../market/circulation.wgsl.generated.ts';
import { demand, ownership, pool } from '../modules.ts';
import type { DevicePhase } from '../phase.ts';

export const OPENING: readonly DevicePhase[] = [
  {
    name: 'income',
    module: { name: 'circulation', text: CIRCULATION, needs: [pool, ownership, demand] },
    passes: [{ entry: 'startTick', over: 'worlds' }],
  },
];
