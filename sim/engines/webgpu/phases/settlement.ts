/** Contracts, circulation, debts, bills, swaps and stakes. */
import { SHADER as OWNERSHIP_BILLS } from '../../../../market/ownershipBills.wgsl.generated.ts';
import { SHADER as SALE } from '../../../../market/sale.wgsl.generated.ts';
import { SHADER as SETTLE } from '../../../../market/settle.wgsl.generated.ts';
import { SHADER as SPARSE_YUMA } from '../../../../market/sparseYuma.wgsl.generated.ts';
import { SHADER as STAKING } from '../../../../market/staking.wgsl.generated.ts';
import { SHADER as TOKEN_POLICY } from '../../../../market/tokenPolicy.wgsl.generated.ts';
import { SHADER as TRUST_BILLS } from '../../../../market/trustBills.wgsl.generated.ts';
import {
  amm,
  claims,
  fixed,
  ledger,
  pairSums,
  pool,
  rng,
  type ShaderModule,
  wealth,
  worth,
} from '../modules.ts';
import type { DevicePhase } from '../phase.ts';

const trustBills: ShaderModule = { name: 'trustBills', text: TRUST_BILLS, needs: [claims] };

export const SETTLEMENT: readonly DevicePhase[] = [
  {
    name: 'claims',
    module: trustBills,
    passes: [{ entry: 'openContracts', over: 'worlds' }],
    idle: ({ trust }) => trust.regime === 'off',
  },
  {
    name: 'debts',
    module: claims,
    passes: [{ entry: 'billDebts', over: 'agents' }],
    idle: ({ trust }) => trust.cohorts === 0,
  },
  {
    name: 'settle',
    module: {
      name: 'settle',
      text: [OWNERSHIP_BILLS, SALE, TOKEN_POLICY, SPARSE_YUMA, SETTLE].join('\n'),
      needs: [trustBills, pool, amm, pairSums, rng, wealth, worth],
    },
    passes: [
      { entry: 'openSettlement', over: 'worlds' },
      { entry: 'payAll', over: 'worlds' },
      { entry: 'keepAccounts', over: 'worlds' },
      { entry: 'endEpoch', over: 'worlds' },
      { entry: 'closeSettlement', over: 'worlds' },
    ],
  },
  {
    name: 'stake',
    module: { name: 'staking', text: STAKING, needs: [ledger, fixed] },
    passes: [{ entry: 'moveStakes', over: 'agents' }],
    idle: ({ staking }) => !staking.enabled,
  },
];
