import { describeOnGpu, testPhaseParity } from '../experiments/testDevice.ts';
import { PARITY_CASES, type ParityCase } from '../sim/engines/webgpu/parityWorlds.ts';
import type { World } from '../sim/world.ts';
import { SYSTEM, TRUST_TOTAL, WORLD } from './columns.ts';
import { TestAmounts } from './testAmounts.ts';

const amounts = new TestAmounts();
const caseOf = (start: string): ParityCase => PARITY_CASES.find(({ what }) => what.startsWith(start))!;

/** Shaders of this size take seconds to compile for the processor: as few layouts as have all mechanisms. */
const cases: readonly ParityCase[] = [
  // an epoch of Yuma consensus ends in the tick that is compared, or does not
  { ...caseOf('every mechanism'), ticks: 69 },
  { ...caseOf('every mechanism'), what: 'in the middle of an epoch' },
  caseOf('courts'),
  caseOf('no remedy'),
  caseOf('no AMM'),
  {
    what: 'more agents than an epoch has members, few of whom validate',
    slots: 300,
    ticks: 14,
    world: {
      policy: { staking: true, issuance: 'yuma', epoch: 5, validators: 3, kappa: 0.7, bondsPenalty: 0.3 },
    },
    populations: [{ name: 'random', kind: 'random' }],
  },
];

/** Bills, balances and choices of every size, and in every other world a thin pool. */
function perturbBooks({ parameters, balances, columns, tick }: World, seed: number): void {
  amounts.at(seed, parameters.world, tick);
  for (let i = 0; i < parameters.slots; i++) {
    if (columns.population[i] === 0xffff_ffff) continue;
    columns.finance[i] = amounts.one(6);
    columns.bill[i] = amounts.below(20);
    columns.labelsUsed[i] = amounts.one(3);
    if (amounts.one(2) === 0) balances.cash[i] = amounts.below(18);
    balances.stake[i] = amounts.below(24);
    columns.computeUsed[i] = amounts.below(12);
    columns.tasksSold[i] = amounts.one(4);
    columns.serviceAmount[i] = amounts.below(24);
    if (columns.lossCarried.length > 0) columns.lossCarried[i] = amounts.below(20);
    if (columns.dataBill.length > 0) columns.dataBill[i] = amounts.below(16);
    if (columns.epochQuality.length > 0) columns.epochQuality[i] = amounts.below(32);
    if (columns.contracted.length === 0) continue;
    columns.contractBill[i] = amounts.below(18);
    columns.courtBill[i] = amounts.below(18);
    columns.breached[i] = amounts.one(2);
    columns.computeFilled[i] = amounts.below(12);
    columns.undelivered[i] = amounts.one(columns.computeFilled[i]! + 1);
    columns.slashed[i] = amounts.below(24);
    // the service market's accounts count what was taken from others, too
    const given = amounts.below(24);
    columns.compensated[i]! += given;
    columns.trustTotal[TRUST_TOTAL.compensated]! += given;
  }
  balances.systemToken[SYSTEM.amm] = 1 + amounts.below(seed % 2 === 0 ? 24 : 44);
  balances.systemCash[SYSTEM.amm] = 1 + amounts.below(seed % 2 === 0 ? 24 : 40);
  columns.scalar[WORLD.hardwarePrice] = amounts.below(16);
}

await describeOnGpu('settlement', (gpu) => {
  // the list of those short of cash is the CPU's scratch
  testPhaseParity(gpu, 'settle', { cases, seeds: [1] });
  testPhaseParity(gpu, 'settle', {
    cases: cases.map((each) => ({ ...each, what: `${each.what}, books of every size` })),
    // seed 1 overflows where there is every mechanism, and what follows is not compared
    seeds: [2, 1, 3],
    disturb: perturbBooks,
  });
  testPhaseParity(gpu, 'settle', {
    cases: cases.slice(2, 3).map((each) => ({ ...each, what: 'cash that can be no more' })),
    seeds: [1],
    disturb: (world, seed) => {
      perturbBooks(world, seed);
      world.columns.finance.fill(1);
      world.balances.token.fill(0xffff_ffff);
      world.balances.cash.fill(0xffff_ffff);
    },
  });
});
