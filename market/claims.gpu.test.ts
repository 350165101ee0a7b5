import { describeOnGpu, testPhaseParity } from '../experiments/testDevice.ts';
import { PARITY_CASES } from '../sim/engines/webgpu/parityWorlds.ts';
import type { World } from '../sim/world.ts';
import { SYSTEM } from './columns.ts';
import { TestAmounts } from './testAmounts.ts';

const court = PARITY_CASES.filter(({ what }) => what.startsWith('courts'));
const amounts = new TestAmounts();

/** Claims and liabilities of every size; the court holds all that is owed, part of it, or nothing. */
function owe({ parameters, balances, columns, tick }: World, seed: number): void {
  const { cohorts } = parameters.trust;
  amounts.at(seed, parameters.world, tick);
  balances.systemCash[SYSTEM.court] = 0;
  for (let k = 0; k < cohorts; k++) {
    columns.consumerClaims[k] = amounts.below(45);
    columns.treasuryClaims[k] = amounts.below(45);
    let owed = columns.consumerClaims[k]! + columns.treasuryClaims[k]!;
    for (let at = k; at < columns.claims.length; at += cohorts) {
      columns.claims[at] = amounts.below(31);
      columns.liabilities[at] = amounts.below(32);
      owed += columns.claims[at]!;
    }
    columns.courtHeld[k] = seed === 1 ? owed : Math.min(owed, amounts.below(46));
    columns.courtLost[k] = owed - columns.courtHeld[k]!;
    balances.systemCash[SYSTEM.court]! += columns.courtHeld[k]!;
  }
}

await describeOnGpu('claims', (gpu) => {
  testPhaseParity(gpu, 'claims', { cases: PARITY_CASES.filter(({ world }) => 'trust' in world) });
  testPhaseParity(gpu, 'claims', {
    cases: court.map((each) => ({ ...each, what: 'claims of every size' })),
    seeds: [1, 2, 3, 4],
    disturb: owe,
  });
  testPhaseParity(gpu, 'claims', {
    cases: court.map((each) => ({ ...each, ticks: 0, what: 'the first tick of a court' })),
  });
  testPhaseParity(gpu, 'claims', {
    cases: court.map((each) => ({ ...each, what: 'a creditor who can hold no more cash' })),
    seeds: [1],
    disturb: (world, seed) => {
      owe(world, seed);
      world.balances.cash.fill(0xffff_ffff);
    },
  });
  testPhaseParity(gpu, 'debts', { cases: court, disturb: owe });
});
