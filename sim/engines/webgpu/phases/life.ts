/** Births, deaths and what is measured. */
import { SHADER as ARRIVAL } from '../../../../agents/arrival.wgsl.generated.ts';
import { SHADER as BIRTH } from '../../../../agents/brain/birth.wgsl.generated.ts';
import { SHADER as CANDIDATES } from '../../../../agents/candidates.wgsl.generated.ts';
import { SHADER as DEMOGRAPHY } from '../../../../agents/demography.wgsl.generated.ts';
import { SHADER as IMMIGRATION } from '../../../../agents/immigration.wgsl.generated.ts';
import { SHADER as LINEAGE } from '../../../../agents/lineage.wgsl.generated.ts';
import { SHADER as LOTTERY } from '../../../../agents/lottery.wgsl.generated.ts';
import { SHADER as MORTALITY } from '../../../../agents/mortality.wgsl.generated.ts';
import { SHADER as NURSERY } from '../../../../agents/nursery.wgsl.generated.ts';
import { SHADER as REPRODUCTION } from '../../../../agents/reproduction.wgsl.generated.ts';
import { SHADER as ESTATE } from '../../../../market/estate.wgsl.generated.ts';
import {
  claims,
  dataPool,
  double,
  fixed,
  floatMath,
  objectives,
  orderStatistic,
  pool,
  rng,
  type ShaderModule,
  variation,
  wealth,
} from '../modules.ts';
import type { DevicePhase } from '../phase.ts';

const arrival: ShaderModule = {
  name: 'arrival',
  text: ARRIVAL,
  needs: [pool, wealth, floatMath, objectives],
};
const demography: ShaderModule = {
  name: 'demography',
  text: [ESTATE, CANDIDATES, MORTALITY, LOTTERY, REPRODUCTION, NURSERY, IMMIGRATION, DEMOGRAPHY].join('\n'),
  needs: [arrival, claims, dataPool, double, orderStatistic, fixed, rng, variation],
};
const lineage: ShaderModule = { name: 'lineage', text: LINEAGE, needs: [demography] };
const birth: ShaderModule = { name: 'birth', text: BIRTH, needs: [lineage] };

export const LIFE: readonly DevicePhase[] = [
  {
    name: 'live',
    module: birth,
    passes: [
      { entry: 'chooseLives', over: 'worlds' },
      { entry: 'recordDeaths', over: 'worlds' },
      { entry: 'settleLives', over: 'worlds' },
      { entry: 'recordArrivals', over: 'worlds' },
      // nobody has a brain where nobody learns
      { entry: 'beTaught', over: 'brains' },
      { entry: 'beBorn', over: 'brains' },
    ],
    refuses: ({ populations }) => {
      const founded = populations.findIndex(({ from, immigrates }) => from !== undefined && immigrates);
      if (founded < 0) return null;
      return {
        path: `populations[${founded}].immigrates`,
        why: 'immigrants that are founders of a saved run',
      };
    },
  },
];
