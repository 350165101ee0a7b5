import { describeOnGpu, testPhaseParity } from '../experiments/testDevice.ts';
import { DrawSequence, STREAM } from '../sim/core/rng.ts';
import type { ParityCase } from '../sim/engines/webgpu/parityWorlds.ts';
import type { World } from '../sim/world.ts';
import { actionIndex } from './actions.ts';
import { HEAD, LANES } from './brain/layout.ts';

const revising = (trialBlock: number, ticks: number): ParityCase => ({
  what: `blocks of ${trialBlock} ticks, the tick after ${ticks}`,
  slots: 300,
  ticks,
  world: {
    objectives: { enabled: true, trialBlock, cooldown: 2, placebo: 0.4 },
    serviceMarket: { demand: 40 },
    demography: { meanLife: 200, threshold: 200, endowmentFloor: 100, immigrationFloor: 0.6 },
  },
  populations: [
    { name: 'learners', kind: 'learner', share: 3 },
    { name: 'hidden', kind: 'learner', rewardHidden: true },
    { name: 'unrewarded', kind: 'learner', reward: 'zero' },
    { name: 'fixed', kind: 'learner', revises: false },
    { name: 'random', kind: 'random' },
  ],
});

const draws = new DrawSequence();

/** Lets half of the agents choose to revise, puts trials at any stage, and lets some give to children. */
function stir(world: World, seed: number): void {
  const { agents, brain, columns, parameters } = world;
  draws.at(seed, world.tick, 1 + parameters.world, STREAM.scripted);
  for (let i = 0; i < parameters.slots; i++) {
    brain.columns.action[actionIndex(i) + HEAD.objective * LANES] = draws.below(2);
    if (brain.columns.active[i] === 0) continue;
    if (draws.below(2) === 0) agents.trialStage[i] = draws.below(6);
    if (draws.below(4) === 0) agents.transferGiven[i] = draws.word();
    agents.trialPlacebo[i] = draws.below(2);
    agents.trialScore[i] = draws.below(2001) - 1000;
    columns.wealth[i] = draws.word() >>> draws.below(32);
  }
}

await describeOnGpu('revising objectives', (gpu) => {
  testPhaseParity(gpu, 'revise', {
    cases: [revising(4, 31), revising(4, 33), revising(1, 20), revising(1000, 25)],
    disturb: stir,
  });
});
