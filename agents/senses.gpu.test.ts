import { expect, test } from 'vitest';
import { describeOnGpu, testPhaseParity } from '../experiments/testDevice.ts';
import { PARITY_CASES, type ParityCase } from '../sim/engines/webgpu/parityWorlds.ts';
import { DEVICE_PHASES } from '../sim/engines/webgpu/phases/index.ts';
import { testWorld } from './testWorld.ts';

/** Traders with private values in a call auction, and nothing else. */
const INDUCED: ParityCase = {
  what: 'induced values',
  slots: 37,
  ticks: 12,
  world: {
    genesis: { token: 2000, cash: 0, capacity: 1 },
    consumers: { cash: 0, token: 0 },
    treasury: { reserveEndowments: 0 },
    amm: { enabled: false },
    computeMarket: { enabled: true, priceMin: 0.005, priceMax: 20, feeBps: 0 },
    serviceMarket: { enabled: false },
    energy: { price: 0, subsistence: 0 },
    training: { enabled: false },
    hardware: { enabled: false },
    policy: { wealthTaxPerTick: 0 },
    demography: { enabled: false },
    induced: { enabled: true, renewEvery: 3, unitsPerTrader: 2 },
  },
  populations: ['learner', 'ziC', 'ziU', 'truthful', 'gvwy', 'random'].map((kind) => ({ name: kind, kind })),
};

await describeOnGpu('what agents see, choose and are told', (gpu) => {
  testPhaseParity(gpu, 'observe');
  testPhaseParity(gpu, 'scripted', { cases: [INDUCED, ...PARITY_CASES] });
  testPhaseParity(gpu, 'decide', { cases: [INDUCED, ...PARITY_CASES] });
  testPhaseParity(gpu, 'reward', { tolerances: { features: { absolute: 3e-6, relative: 4e-6 } } });

  test('a kind of trader that no shader knows is refused by its place in the config', () => {
    const populations = [{ kind: 'learner' }, { kind: 'zip' }].map((p, k) => ({ name: `p${k}`, ...p }));
    const refuses = DEVICE_PHASES.get('scripted')!.refuses!;
    expect(refuses(testWorld({ populations }).parameters)).toEqual({
      path: 'populations[1].kind',
      why: "no shader decides for a population of kind 'zip'",
    });
    expect(refuses(testWorld().parameters)).toBeNull();
  });
});
