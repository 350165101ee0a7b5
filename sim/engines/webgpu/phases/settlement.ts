/** Contracts, circulation, debts, bills, swaps and stakes. */
import { SHADER as STAKING } from '../../../../market/staking.wgsl.generated.ts';
import { SHADER as TRUST_BILLS } from '../../../../market/trustBills.wgsl.generated.ts';
import { claims, fixed, ledger } from '../modules.ts';
import type { DevicePhase } from '../phase.ts';

export const SETTLEMENT: readonly DevicePhase[] = [
  {
    name: 'claims',
    module: { name: 'trustBills', text: TRUST_BILLS, needs: [claims] },
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
    name: 'stake',
    module: { name: 'staking', text: STAKING, needs: [ledger, fixed] },
    passes: [{ entry: 'moveStakes', over: 'agents' }],
    idle: ({ staking }) => !staking.enabled,
  },
];
