import { expect, test } from 'vitest';
import { describeOnGpu } from '../experiments/testDevice.ts';
import { testDisturbed } from '../experiments/testDisturbed.ts';
import { type ParityCase, runCase, runUpTo } from '../sim/engines/webgpu/parityWorlds.ts';
import { comparePhase } from '../sim/engines/webgpu/phaseParity.ts';
import { FREE_SLOT, SIDE } from './columns.ts';
import { stir } from './testOrders.ts';

// worlds of as many slots and the same columns share their shaders, whose compilation is most of what this costs
const SLOTS = 300;
const populations = [{ name: 'random', kind: 'random' }];
const plain = (what: string, world: object): ParityCase => ({
  what,
  slots: SLOTS,
  ticks: 3,
  world,
  populations,
});
const contracts = (what: string, trust: object): ParityCase =>
  plain(what, { trust, policy: { staking: true, feeBurn: 0.3 } });

const courts = contracts('courts for every sum', {
  regime: 'legal',
  legalCost: 0.001,
  registrationFee: 0.5,
  delay: 2,
});

const cases: readonly ParityCase[] = [
  plain('nobody can default', { policy: { feeBurn: 1 } }),
  plain('no market', { computeMarket: { enabled: false } }),
  plain('induced values', {
    induced: { enabled: true, unitsPerTrader: 3 },
    serviceMarket: { enabled: false },
  }),
  contracts('no remedy', { regime: 'none' }),
  contracts('stakes and audits', { regime: 'programmatic' }),
  contracts('audits of everybody', {
    regime: 'programmatic',
    audit: 1,
    falseAlarm: 0.3,
    slashRest: 'burned',
  }),
  contracts('audits without stakes', { regime: 'programmatic', stakePerUnit: 0, audit: 0.5 }),
  contracts('courts', { regime: 'legal' }),
  courts,
  contracts('courts that recover nothing', { regime: 'legal', recovery: 0 }),
  { ...contracts('one slot', { regime: 'programmatic' }), slots: 1 },
];

await describeOnGpu('the compute market', (gpu) => {
  testDisturbed(gpu, 'compute market', cases, {
    'as agents chose': () => {},
    'orders at random': (world) => stir(world, 1),
    'one level': (world) => stir(world, 2, { levels: 1, most: 7 }),
    'all levels and one beyond': (world) => stir(world, 3, { levels: 129, most: 100 }),
    'consumers short of cash': (world) => stir(world, 4, { consumersCash: 40, honesty: 1 }),
    'poor agents': (world) => stir(world, 5, { purse: 4000 }),
    'honest sellers': (world) => stir(world, 6, { honesty: 0 }),
    'no volume': (world) => {
      stir(world, 7);
      world.columns.computeSide.fill(SIDE.buy);
    },
    'nobody alive': ({ columns }) => columns.population.fill(FREE_SLOT),
  });

  test('a balance that would pass 2^32 - 1 is reported as the CPU reports it', async () => {
    const worlds = runCase(cases[0]!, 'overflow');
    for (const world of worlds) {
      runUpTo(world, 'compute market');
      stir(world, 1);
      world.balances.token.fill(0xffff_ffff);
    }
    await comparePhase(gpu, 'compute market', worlds, 'full purses');
  });

  test.each(['claims', 'liabilities'] as const)(
    '%s that would pass 2^32 - 1 are reported as the CPU reports them',
    async (ring) => {
      const worlds = runCase(courts, 'suits');
      for (const world of worlds) {
        runUpTo(world, 'compute market');
        stir(world, 1, { honesty: 1 });
        world.columns[ring].fill(0xffff_ffff);
      }
      const overflow = await comparePhase(gpu, 'compute market', worlds, ring);
      expect(overflow?.at.account).toMatch(new RegExp(`^agent \\d+ ${ring}$`));
    },
  );
});
