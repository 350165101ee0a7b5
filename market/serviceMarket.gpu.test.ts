import { test } from 'vitest';
import { describeOnGpu } from '../experiments/testDevice.ts';
import { testDisturbed } from '../experiments/testDisturbed.ts';
import { type ParityCase, runCase, runUpTo } from '../sim/engines/webgpu/parityWorlds.ts';
import { comparePhase } from '../sim/engines/webgpu/phaseParity.ts';
import { FREE_SLOT, SYSTEM, WORLD } from './columns.ts';
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
const contracts = (what: string, trust: object, serviceMarket: object = {}): ParityCase =>
  plain(what, {
    trust,
    serviceMarket,
    policy: { staking: true, feeBurn: 0.3 },
    dataOwnership: { platform: 0.3 },
    training: { dataPerTask: 3 },
  });

const regimes: readonly ParityCase[] = [
  plain('nobody can default', { policy: { feeBurn: 1 } }),
  contracts('no remedy', { regime: 'none' }),
  contracts('audits of everybody', {
    regime: 'programmatic',
    audit: 1,
    falseAlarm: 0.3,
    slashRest: 'burned',
    reputationWeight: 0.5,
  }),
  contracts('courts for every sum', {
    regime: 'legal',
    legalCost: 0.001,
    registrationFee: 0.5,
    delay: 2,
  }),
];
const cases: readonly ParityCase[] = [
  ...regimes,
  plain('no market', { serviceMarket: { enabled: false } }),
  plain('second scores', {
    serviceMarket: { pricing: 'secondScore', demand: 5 },
    training: { dataPerTask: 0 },
  }),
  contracts(
    'audits without stakes, second scores',
    { regime: 'programmatic', stakePerUnit: 0, audit: 0.5 },
    { pricing: 'secondScore', demand: 5 },
  ),
  contracts('courts that recover nothing', { regime: 'legal', recovery: 0 }, { demand: 10 }),
  contracts('consumers follow each other', { regime: 'programmatic' }, { networkEffect: 1, demand: 10 }),
  { ...contracts('one slot', { regime: 'none' }), slots: 1 },
];

await describeOnGpu('the service market', (gpu) => {
  testDisturbed(gpu, 'service market', cases, {
    'as agents chose': () => {},
    'offers at random': (world) => stir(world, 1),
    'as many as compute allows': (world) => stir(world, 2, { most: 400 }),
    'one task wanted of each class': (world) => {
      stir(world, 3);
      world.columns.demand.fill(1);
    },
    'nothing wanted of two classes': (world) => {
      stir(world, 4);
      world.columns.demand.set([0, 1_000_000, 0, 3]);
    },
    'consumers short of cash': (world) => stir(world, 5, { consumersCash: 40, honesty: 1 }),
    'worthless tasks': (world) => {
      stir(world, 6);
      world.columns.scalar[WORLD.taskValue] = 0;
    },
    'data at its limits': (world) => {
      stir(world, 7, { honesty: 0 });
      world.columns.data.fill(0xffff_fffe);
      world.columns.scalar[WORLD.dataInflow] = 0xffff_fff0;
    },
    'nobody alive': ({ columns }) => columns.population.fill(FREE_SLOT),
  });

  test.each(regimes.map((each) => [each.what, each] as const))(
    'consumers short of token are reported as the CPU reports them: %s',
    async (_, each) => {
      for (const token of [0, 20_000]) {
        const worlds = runCase(each, 'short');
        for (const world of worlds) {
          runUpTo(world, 'service market');
          stir(world, 1);
          world.balances.systemToken[SYSTEM.consumers] = token;
        }
        await comparePhase(gpu, 'service market', worlds, `${token} milli-token`);
      }
    },
  );
});
