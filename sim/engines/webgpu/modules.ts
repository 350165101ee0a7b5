/**
 * Shader texts and what each needs. A phase's shader is composed of the constants of its layout, the modules that it
 * needs, each once and in order, and its own text.
 */
import { SHADER as OBJECTIVES } from '../../../agents/objectives.wgsl.generated.ts';
import { SHADER as VARIATION } from '../../../agents/variation.wgsl.generated.ts';
import { SHADER as AMM } from '../../../market/amm.wgsl.generated.ts';
import { SHADER as BATCH_AUCTION } from '../../../market/batchAuction.wgsl.generated.ts';
import { SHADER as CLAIMS } from '../../../market/claims.wgsl.generated.ts';
import { SHADER as COLUMNS } from '../../../market/columns.wgsl.generated.ts';
import { SHADER as DATA_POOL } from '../../../market/dataPool.wgsl.generated.ts';
import { SHADER as DEMAND } from '../../../market/demand.wgsl.generated.ts';
import { SHADER as FEE } from '../../../market/fee.wgsl.generated.ts';
import { SHADER as LEDGER } from '../../../market/ledger.wgsl.generated.ts';
import { SHADER as OWNERSHIP } from '../../../market/ownership.wgsl.generated.ts';
import { SHADER as POOL } from '../../../market/pool.wgsl.generated.ts';
import { SHADER as TRAINING_METHOD } from '../../../market/trainingMethod.wgsl.generated.ts';
import { SHADER as TRUST } from '../../../market/trust.wgsl.generated.ts';
import { SHADER as WEALTH } from '../../../market/wealth.wgsl.generated.ts';
import { SHADER as WORTH } from '../../../market/worth.wgsl.generated.ts';
import { SHADER as DOUBLE } from '../../core/double.wgsl.generated.ts';
import { SHADER as FIXED } from '../../core/fixed.wgsl.generated.ts';
import { SHADER as FLOAT_MATH } from '../../core/floatMath.wgsl.generated.ts';
import { SHADER as ORDER_STATISTIC } from '../../core/orderStatistic.wgsl.generated.ts';
import { SHADER as RNG } from '../../core/rng.wgsl.generated.ts';
import { SHADER as WIDE } from '../../core/wide.wgsl.generated.ts';
import { SHADER as BRAINS } from './brains.wgsl.generated.ts';
import { SHADER as PAIR_SUMS } from './pairSums.wgsl.generated.ts';
import { SHADER as STATE } from './state.wgsl.generated.ts';
import { SHADER as SUMS } from './sums.wgsl.generated.ts';
import { SHADER as TOGETHER } from './workgroup.wgsl.generated.ts';

/** A piece of shader text. */
export interface ShaderModule {
  readonly name: string;
  readonly text: string;
  readonly needs: readonly ShaderModule[];
}

export const wide: ShaderModule = { name: 'wide', text: WIDE, needs: [] };
export const state: ShaderModule = { name: 'state', text: STATE, needs: [wide] };
export const rng: ShaderModule = { name: 'rng', text: RNG, needs: [wide] };
export const fixed: ShaderModule = { name: 'fixed', text: FIXED, needs: [wide, state] };
/** Doubles in integers, for rules whose real numbers decide about money or births. */
export const double: ShaderModule = { name: 'double', text: DOUBLE, needs: [wide] };
export const floatMath: ShaderModule = { name: 'floatMath', text: FLOAT_MATH, needs: [] };
/** Sums, scans and agreement of the threads of a world. */
export const together: ShaderModule = { name: 'together', text: TOGETHER, needs: [state] };
/** Many exact sums at once, by atomics. */
export const sums: ShaderModule = { name: 'sums', text: SUMS, needs: [state] };
/** Two sums at once that all threads may branch on. */
export const pairSums: ShaderModule = { name: 'pairSums', text: PAIR_SUMS, needs: [together] };
/** Order statistics of integers. */
export const orderStatistic: ShaderModule = {
  name: 'orderStatistic',
  text: ORDER_STATISTIC,
  needs: [together],
};
export const ledger: ShaderModule = { name: 'ledger', text: LEDGER, needs: [state] };

/** Conversions between the assets. */
export const marketColumns: ShaderModule = { name: 'marketColumns', text: COLUMNS, needs: [state] };
export const pool: ShaderModule = { name: 'pool', text: POOL, needs: [ledger, marketColumns, fixed] };
export const ownership: ShaderModule = { name: 'ownership', text: OWNERSHIP, needs: [fixed] };
export const demand: ShaderModule = { name: 'demand', text: DEMAND, needs: [fixed, rng] };
export const wealth: ShaderModule = { name: 'wealth', text: WEALTH, needs: [marketColumns] };
export const trainingMethod: ShaderModule = {
  name: 'trainingMethod',
  text: TRAINING_METHOD,
  needs: [fixed],
};
export const dataPool: ShaderModule = {
  name: 'dataPool',
  text: DATA_POOL,
  needs: [wealth, trainingMethod, fixed, rng],
};
export const amm: ShaderModule = { name: 'amm', text: AMM, needs: [fixed] };
export const claims: ShaderModule = { name: 'claims', text: CLAIMS, needs: [ledger, together, fixed] };

/** What the work, stake and energy of a single agent are worth. */
export const worth: ShaderModule = { name: 'worth', text: WORTH, needs: [fixed] };

/** Whose genes are on trial, which populations have a reward. */
export const objectives: ShaderModule = { name: 'objectives', text: OBJECTIVES, needs: [state] };

/** How genomes differ from those that they come from. */
export const variation: ShaderModule = {
  name: 'variation',
  text: VARIATION,
  needs: [rng, floatMath, objectives],
};

export const fee: ShaderModule = { name: 'fee', text: FEE, needs: [ledger, sums, fixed] };
const batchAuction: ShaderModule = {
  name: 'batchAuction',
  text: BATCH_AUCTION,
  needs: [together, fixed],
};
/** Contracts that sellers may break. */
export const trust: ShaderModule = {
  name: 'trust',
  text: TRUST,
  needs: [batchAuction, fee, claims, worth, marketColumns, rng],
};

/** Weights and traces, for passes over brains. */
export const brains: ShaderModule = { name: 'brains', text: BRAINS, needs: [state] };

/** The texts of modules and of all that they need, each once, what is needed first. */
export function compose(modules: readonly ShaderModule[]): string {
  const texts = new Map<string, string>();
  const visit = ({ name, text, needs }: ShaderModule): void => {
    if (texts.has(name)) return;
    for (const needed of needs) visit(needed);
    texts.set(name, text);
  };
  for (const module of modules) visit(module);
  return [...texts.values()].join('\n');
}
