import { describe, expect, it } from 'vitest';
import { startTick } from './circulation.ts';
import { settle } from './settle.ts';
import type { Settlement } from './settlement.ts';
import { TestMarket } from './testTick.ts';
import { expectSame, twinsOf } from './testTwins.ts';
import { testWorld } from './testWorld.ts';

/** Worlds that differ in what the kernel is told of them. */
const WORLDS: readonly (readonly [string, object])[] = [
  ['the defaults', {}],
  ['induced values', { induced: { enabled: true }, computeMarket: { priceMax: 1 } }],
  ['no trust to break', { trust: { regime: 'none' } }],
  ['courts', { trust: { regime: 'legal', delay: 4, claimCohorts: 4, legalCost: 0.01, registrationFee: 1 } }],
  ['stakes', { trust: { regime: 'programmatic' }, policy: { staking: true, unstakeDelay: 2 } }],
  ['Yuma consensus', { policy: { issuance: 'yuma', epoch: 2, staking: true } }],
  ['issuance by work', { policy: { issuance: 'workWeighted', dividend: 0.1, wealthTaxPerTick: 0.1 } }],
  ['a market for data', { dataOwnership: { platform: 0.5, market: true } }],
  ['operators and capital', { ownership: { operatorShare: 0.25, capitalCost: 0.5, scaleEconomy: 0.3 } }],
  ['no pool', { amm: { enabled: false } }],
  ['no hardware to buy', { hardware: { enabled: false } }],
  ['hardware for everybody', { hardware: { wearPerTick: 0.3, runwayTicks: 0 } }],
  ['dear labels', { training: { labelPrice: 9 } }],
];

describe('the kernel of settlement', () => {
  it.each(WORLDS)('settles as the specification does: %s', (_, world) => {
    const pair = twinsOf({ slots: 10, living: 8, seed: 3, world });
    const markets = pair.map((one) => new TestMarket(one));
    for (let t = 0; t < 7; t++) {
      for (const market of markets) market.run();
      expectSame(pair);
      // the same parameters, told again
      if (t === 3) (pair[0].settlement as Settlement).describe(pair[0].parameters);
    }
  });

  it('takes up changed parameters of its world, from the next tick on', () => {
    const world = testWorld({ slots: 2, passes: true });
    const settlement = world.settlement as Settlement;
    const billed = (tick: number): number => {
      startTick(world, tick);
      settle(world, tick);
      return world.columns.bill[0]!;
    };
    const { energy } = world.parameters;
    expect(billed(0)).toBe(energy.subsistence);
    const dearer = { ...energy, subsistence: (energy.subsistence + 7) as typeof energy.subsistence };
    settlement.describe({ ...world.parameters, energy: dearer });
    expect(billed(1)).toBe(energy.subsistence + 7);
  });
});
