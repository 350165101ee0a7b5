import { describeOnGpu, testPhaseParity } from '../experiments/testDevice.ts';
import { PARITY_CASES, type ParityCase } from '../sim/engines/webgpu/parityWorlds.ts';

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
  populations: ['learner', 'ziC', 'ziU', 'truthful', 'gvwy', 'random', 'zip'].map((kind) => ({
    name: kind,
    kind,
  })),
};

/** Sellers who move their margins by what they sold, some of them new. */
const SELLERS: ParityCase = {
  what: 'ZIP sells tasks',
  slots: 90,
  ticks: 40,
  world: { serviceMarket: { demand: 12 }, demography: { meanLife: 60, threshold: 200, endowmentFloor: 100 } },
  populations: [
    { name: 'zip', kind: 'zip', share: 3 },
    { name: 'ziC', kind: 'ziC' },
  ],
};
const exactly = { absolute: 0, relative: 0 };

await describeOnGpu('what agents see, choose and are told', (gpu) => {
  testPhaseParity(gpu, 'observe');
  testPhaseParity(gpu, 'scripted', {
    cases: [INDUCED, SELLERS, ...PARITY_CASES],
    // margins become quotes
    tolerances: { memory: exactly },
  });
  testPhaseParity(gpu, 'decide', { cases: [INDUCED, ...PARITY_CASES] });
  testPhaseParity(gpu, 'reward', { tolerances: { features: { absolute: 3e-6, relative: 4e-6 } } });
});
