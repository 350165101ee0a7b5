import { describeOnGpu, testPhaseParity } from '../experiments/testDevice.ts';
import { PARITY_CASES, type ParityCase } from '../sim/engines/webgpu/parityWorlds.ts';

const learners = (inheritance: string, more: object = {}) => ({
  name: inheritance,
  kind: 'learner',
  inheritance,
  ...more,
});
const lively = { threshold: 100, endowmentFloor: 20, meanLife: 40, crossover: 0.6 };

/** Ways of dying, of choosing parents and of inheriting. */
const LIVES: readonly ParityCase[] = [
  {
    what: 'inheritance of every kind, crossover',
    slots: 60,
    ticks: 40,
    world: { demography: { ...lively, immigrationFloor: 0.3 } },
    populations: [
      learners('darwinian', { rewardHidden: true }),
      learners('baldwinian', { reward: 'skill' }),
      learners('lamarckian', { learner: 'reinforce', reward: 'zero' }),
    ],
  },
  {
    what: 'random deaths, births for nothing, multinomial',
    slots: 40,
    ticks: 30,
    world: {
      serviceMarket: { networkEffect: 0.3 },
      demography: {
        deathsPerTick: 7,
        parentPays: false,
        lottery: 'fitness',
        sampling: 'multinomial',
        ...lively,
      },
    },
    populations: [
      learners('lamarckian', { learner: 'sgd', fitness: 0.7 }),
      { name: 'random', kind: 'random', fitness: 1.1 },
      { name: 'unfit', kind: 'passive', fitness: 0 },
    ],
  },
  {
    what: 'births by fitness, at most one a parent',
    slots: 70,
    ticks: 30,
    world: { demography: { deathsPerTick: 5, parentPays: false, lottery: 'fitness', ...lively } },
    populations: [
      { name: 'resident', kind: 'passive', fitness: 1 },
      { name: 'mutant', kind: 'passive', fitness: 1.3 },
    ],
  },
  {
    what: 'births by fitness where nobody is fit',
    slots: 20,
    ticks: 9,
    world: { demography: { deathsPerTick: 2, parentPays: false, lottery: 'fitness', ...lively } },
    populations: [{ name: 'unfit', kind: 'passive', fitness: 0 }],
  },
  {
    what: 'births by a uniform lottery with replacement',
    slots: 40,
    ticks: 30,
    world: {
      demography: {
        deathsPerTick: 7,
        parentPays: false,
        lottery: 'uniform',
        sampling: 'multinomial',
        ...lively,
      },
    },
    populations: [learners('lamarckian', { learner: 'sgd' }), { name: 'random', kind: 'random' }],
  },
  {
    what: 'quotas, immigrants of each population',
    slots: 50,
    ticks: 40,
    world: { demography: { ...lively, quotas: true, immigrationFloor: 0.8, birthsPerTick: 2 } },
    populations: [
      learners('darwinian', { share: 2 }),
      { name: 'random', kind: 'random' },
      { name: 'closed', kind: 'ziC', immigrates: false },
    ],
  },
  {
    what: 'truncation at the end of a generation',
    slots: 300,
    ticks: 19,
    world: {
      demography: {
        selection: 'truncation',
        generation: 10,
        truncationShare: 0.3,
        quotas: true,
        endowmentFloor: 1,
      },
      serviceMarket: { demand: 40 },
    },
    populations: [learners('darwinian'), { name: 'random', kind: 'random' }],
  },
  { what: 'nobody is born or dies', slots: 9, ticks: 9, world: { demography: { enabled: false } } },
];

await describeOnGpu('life', (gpu) => {
  testPhaseParity(gpu, 'live', {
    cases: [...LIVES, ...PARITY_CASES],
    // whoever dies has sold
    disturb: ({ columns }) => columns.soldBefore.fill(7),
  });
});
