/** Worlds with mechanisms drawn at random, for tests of the laws. */
import fc from 'fast-check';
import { parseConfig } from '../configs/parse.ts';
import { Shard } from './shard.ts';

const share = fc.constantFrom(0, 0.1, 0.5, 1);
/** Worlds with any of the mechanisms on, hectic enough for births and deaths. */
const anyWorld = fc.record({
  dataOwnership: fc.record({ platform: share, market: fc.boolean(), price: fc.constantFrom(0, 0.001, 0.1) }),
  ownership: fc.record({
    distribution: fc.constantFrom('equal', 'firms', 'pareto'),
    firms: fc.integer({ min: 1, max: 6 }),
    firmShare: fc.constantFrom(0.3, 0.6),
    scaleEconomy: fc.constantFrom(0, 0.2),
    capitalCost: fc.constantFrom(0, 0.02),
    operatorShare: share,
  }),
  policy: fc.record({
    issuance: fc.constantFrom('none', 'stakeWeighted', 'workWeighted', 'yuma'),
    epoch: fc.integer({ min: 1, max: 9 }),
    feeBurn: share,
    dividend: share,
    staking: fc.boolean(),
    wealthTaxPerTick: fc.constantFrom(0, 0.001),
  }),
  trust: fc.record({ regime: fc.constantFrom('off', 'none', 'legal', 'programmatic') }),
  amm: fc.record({ enabled: fc.boolean() }),
  training: fc.record({ dataPerTask: fc.integer({ min: 0, max: 5 }) }),
  serviceMarket: fc.record({
    pricing: fc.constantFrom('ask', 'secondScore'),
    networkEffect: fc.constantFrom(0, 0.3),
  }),
});
export const hectic = {
  hardware: { capacityMax: 512, wearPerTick: 0.002, runwayTicks: 100, trainingRunwayTicks: 50 },
  demography: { meanLife: 60, threshold: 200, endowmentFloor: 100, immigrationFloor: 0.6 },
};
export const crowd = [
  { name: 'random', kind: 'random', share: 3 },
  { name: 'learners', kind: 'learner', share: 1 },
];

/**
 * Runs worlds of any mechanisms with every law checked on every tick; returns how many agent-ticks they had.
 *
 * @throws Error of fast-check with the seed, when a law breaks
 */
export function lawfulAgentTicks(size: { slots: number; ticks: number; runs: number }): number {
  const { slots, ticks, runs } = size;
  let agentTicks = 0;
  fc.assert(
    fc.property(anyWorld, fc.integer({ min: 0, max: 1e6 }), (world, seed) => {
      const run = parseConfig(
        JSON.stringify({ seed: `${seed}`, ticks, slots, populations: crowd, world: { ...hectic, ...world } }),
      );
      agentTicks += new Shard(run, [0]).advance(ticks).agentSteps;
    }),
    { numRuns: runs },
  );
  return agentTicks;
}
