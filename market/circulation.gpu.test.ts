import { describeOnGpu, testPhaseParity } from '../experiments/testDevice.ts';
import { PARITY_CASES, type ParityCase } from '../sim/engines/webgpu/parityWorlds.ts';
import type { World } from '../sim/world.ts';
import { ASSET, SYSTEM, SYSTEM_COUNT } from './columns.ts';
import { TestAmounts } from './testAmounts.ts';

const amounts = new TestAmounts();

/** Money of every size on the system accounts; the court keeps what it holds. */
function shiftMoney({ parameters, balances, columns, ledger, tick }: World, seed: number): void {
  amounts.at(seed, parameters.world, tick);
  const held = ledger.balance(ASSET.cash, ledger.system(SYSTEM.court));
  for (let account = 0; account < SYSTEM_COUNT; account++) {
    balances.systemToken[account] = amounts.below(46);
    balances.systemCash[account] = amounts.below(46);
  }
  balances.systemCash[SYSTEM.court]! += held;
  // the pool has both assets and, but for a seed, more than at genesis
  balances.systemToken[SYSTEM.amm]! += 1 + (seed % 2) * parameters.amm.token;
  balances.systemCash[SYSTEM.amm]! += 1 + (seed % 2) * parameters.amm.cash;
  for (let c = 0; c < columns.demand.length; c++) columns.demand[c] = amounts.below(16);
}

/** Recorded demand, with nothing wanted in some ticks and more than a u32 holds in others. */
const recorded = (ticks: number, ticksPerRow: number, demand: number): ParityCase => ({
  what: `a recorded demand of ${demand}, the tick after ${ticks}`,
  slots: 20,
  ticks,
  world: { serviceMarket: { shape: 'series', demand } },
  config: { demandSeries: { values: [...Array(60).fill(0), 1, 3.7, 56], ticksPerRow } },
});

await describeOnGpu('the opening of a tick', (gpu) => {
  testPhaseParity(gpu, 'income', {
    cases: [recorded(181, 1, 100_000_000), ...PARITY_CASES, recorded(124, 2, 6), recorded(11, 7, 6)],
  });
  testPhaseParity(gpu, 'circulate', { disturb: shiftMoney });
});
