/** A case about the learner: a contextual bandit, played through the engine's own brain. */
import { UsageError } from '../../sim/core/errors.ts';
import { Shard } from '../../sim/shard.ts';
import { BLANK_WORLD, meanOf, QUIET_OUTPUT, resolve, type ValidationCase } from './case.ts';

/** Share of the oracle's pay that counts as having learned (VALIDATION.md). */
const LEARNED_SHARE = 0.75;

export const bandit: ValidationCase = {
  name: 'bandit',
  about:
    'Eight-dimensional, four-armed linear contextual bandit, 20,000 steps: in the last fifth the learner is paid at least 75 % of the oracle.',
  parameters: {
    noise: { default: 1, about: 'scale of the reward noise' },
    noiseShape: { default: 'gaussian', about: 'gaussian or student2 (infinite variance)' },
    rewardScale: { default: 1, about: 'factor on rewards from the middle of the run on' },
    steps: { default: 20_000, about: 'steps of each learner' },
  },
  seeds: 24,
  full: [
    { seeds: 72 },
    { set: { rewardScale: '100' }, seeds: 36 },
    { set: { noiseShape: 'student2' }, seeds: 36 },
  ],
  async measure(params, seeds) {
    const steps = params.integer('steps', 10);
    const rewardScale = params.number('rewardScale');
    if (rewardScale <= 0)
      throw new UsageError(
        `parameter 'rewardScale' is ${rewardScale}; at 0 nothing is left to learn, below it everything to unlearn`,
        'it must be above 0',
      );
    const run = resolve({
      seed: 'bandit',
      ticks: steps,
      worlds: seeds,
      slots: 4,
      output: QUIET_OUTPUT,
      world: {
        ...BLANK_WORLD,
        environment: {
          kind: 'contextualBandit',
          noise: params.number('noise'),
          noiseShape: params.text('noiseShape'),
          rewardScale,
          scaleTick: Math.floor(steps / 2),
        },
      },
      populations: [{ name: 'learners', kind: 'learner' }],
    });
    const shard = new Shard(
      run,
      Array.from({ length: seeds }, (_, w) => w),
      { laws: false },
    );
    shard.advance(Math.floor(0.8 * steps));
    for (const world of shard.inside()) world.environment!.measure();
    shard.advance(steps);
    const shares = [...shard.inside()].map((world) => world.environment!.measure().oracleShare!);
    const { mean } = meanOf(shares);
    // the oracle has share 1: what is missing to it must not exceed a quarter
    return {
      measured: { oracleShare: mean },
      expected: { oracleShare: 1 },
      tolerance: { oracleShare: 1 - LEARNED_SHARE },
    };
  },
};
