/** A small experiment for tests. */

/** Lines to append to it, or to put in place of a key of its own. */
export const tinyExperiment = (ticks = 60, worlds = 3): string => `
name: tiny
question: Does demand raise welfare?
hypothesis: It does.
config: quickstart
set:
  world.demography.meanLife: 80
  populations: [{ name: learners, kind: learner }, { name: zi, kind: ziC }]
arms:
  - { name: low, set: { world.serviceMarket.demand: 2 } }
  - { name: high, set: { world.serviceMarket.demand: 6 } }
seeds: { search: tiny }
outcomes:
  - { name: welfare, metric: serviceWelfare, per: tick, window: whole }
  - { name: profit, metric: profitPerTick, window: secondHalf }
contrasts:
  - { name: high against low, of: { arm: high }, against: { arm: low }, expect: higher }
  - name: learners against traders
    outcome: profit
    of: { arm: high, population: learners }
    against: { arm: high, population: zi }
    expect: different
scales:
  smoke: { worlds: ${worlds}, ticks: ${ticks}, slots: 16 }
  modest: { worlds: 4, ticks: 100, slots: 16 }
  full: { worlds: 5, ticks: 100, slots: 16 }
`;
