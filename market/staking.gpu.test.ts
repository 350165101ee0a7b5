import { describeOnGpu, testPhaseParity } from '../experiments/testDevice.ts';
import { PARITY_CASES } from '../sim/engines/webgpu/parityWorlds.ts';
import type { World } from '../sim/world.ts';
import { TestAmounts } from './testAmounts.ts';

const staking = PARITY_CASES.filter(({ world }) => JSON.stringify(world).includes('"staking":true'));
const amounts = new TestAmounts();

/** Any choice, stakes of any size, and withdrawals that are due now, later, or larger than what is left. */
function ask({ parameters, balances, columns, tick }: World, seed: number): void {
  amounts.at(seed, parameters.world, tick);
  for (let i = 0; i < columns.unstakeAmount.length; i++) {
    columns.finance[i] = amounts.one(6);
    columns.insolvent[i] = amounts.one(2);
    balances.stake[i] = amounts.below(31);
    columns.unstakeAmount[i] = amounts.one(2) * amounts.below(31);
    columns.unstakeDue[i] = tick - 1 + amounts.one(3);
  }
}

await describeOnGpu('stakes', (gpu) => {
  testPhaseParity(gpu, 'stake', { cases: staking, disturb: ask });
  testPhaseParity(gpu, 'stake', {
    cases: staking.slice(0, 1).map((each) => ({ ...each, what: 'stakes that can hold no more' })),
    seeds: [1],
    disturb: (world, seed) => {
      ask(world, seed);
      world.balances.stake.fill(0xffff_ffff);
      world.balances.token.fill(0xffff_ffff);
    },
  });
});
