/**
 * Code of one's own for a run, without a change to the engine: a population, a metric and a reward feature.
 *
 *     darwin run extension.yaml --extend extension.mjs
 */
import { chooseOption, HEAD, registerMetric, registerPopulation, registerRewardFeature } from 'darwin-market';

const SERVE = 1;
const CLASSES = 4;

/** A population whose members serve every class in turn. */
registerPopulation('roundRobin', (world, tick, agent) => {
  chooseOption(world, agent, HEAD.mode, SERVE);
  chooseOption(world, agent, HEAD.class, (tick + agent) % CLASSES);
});

registerMetric(
  { name: 'ownSpecialists', unit: '1', about: 'share of the living whose best skill is twice their worst' },
  ({ columns }) => {
    let living = 0;
    let specialists = 0;
    columns.population.forEach((population, agent) => {
      if (population === 0xffff_ffff) return;
      const skills = columns.skill.subarray(agent * CLASSES, (agent + 1) * CLASSES);
      living++;
      if (Math.max(...skills) >= 2 * Math.min(...skills)) specialists++;
    });
    return specialists / living;
  },
);

/** Where contracts cannot be broken, nothing is ever slashed: the feature takes that place in the genome. */
registerRewardFeature(
  { name: 'thrift', formula: 'share of its compute that the agent did not use', range: [0, 1] },
  ({ columns }, _tick, agent) => {
    const capacity = columns.capacity[agent];
    return capacity === 0 ? 0 : 1 - columns.computeUsed[agent] / capacity;
  },
);
