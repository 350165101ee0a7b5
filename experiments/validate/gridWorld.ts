/** The hungry-thirsty domain: a tabular learner in the engine's grid world, judged by a fitness that it is not paid. */
import seedrandom from 'seedrandom';
import type { GridWorld } from '../../agents/environments/gridWorld.ts';
import { UsageError } from '../../sim/core/errors.ts';
import { Shard } from '../../sim/shard.ts';
import {
  BLANK_WORLD,
  meanOf,
  type Params,
  QUIET_OUTPUT,
  resolve,
  STANDARD_ERRORS,
  type ValidationCase,
} from './case.ts';

/** Reward by drives. */
interface Reward {
  readonly both: number;
  readonly hungry: number;
  readonly thirsty: number;
  readonly neither: number;
}
const REWARDS: Readonly<Record<string, Reward>> = {
  fitness: { both: 0, hungry: 0, thirsty: 1, neither: 1 },
  published: { both: -0.05, hungry: -0.01, thirsty: 1, neither: 0.5 },
  constant: { both: 1, hungry: 1, thirsty: 1, neither: 1 },
};
/** Fitness with food at (0,0), water at (5,0) and 75,000 steps. */
const PUBLISHED: Readonly<Record<string, number>> = { fitness: 0.008, published: 0.2256, constant: 0 };
const PUBLISHED_PLACE = { food: '0,0', water: '5,0', steps: 75_000 } as const;
/**
 * "About .008" is a mean of a heavy tail: three in four learners never find out that food needs water and stay near 0,
 * the others reach up to .2, so the deviation between learners is .04. With ties broken at random, as here, an
 * independent simulation of the same rules gives .0145 +- .0035 over 96 learners; with ties broken by the order of the
 * actions nobody ever eats (0), and a learning rate of .5 gives .009 +- .002. Where in that range a published .008 lies
 * is decided by details of the learner that are not stated, not by the domain, whose exact optimum agrees.
 */
const PUBLISHED_TOLERANCE: Readonly<Record<string, number>> = {
  fitness: 0.02,
  published: 0.01,
  constant: 0.001,
};

const SIZE = 6;
const THIRST = 0.1;
const ALPHA = 0.1;
const EPSILON = 0.1;
const GAMMA = 0.99;
const LEARNERS = 32;
/** Share of steps without hunger from which on a learner has found out how to eat: chance alone gives less than .001. */
const EATS_SHARE = 0.01;

function placeOf(params: Params, name: string): [number, number] {
  const match = /^\s*([0-5])\s*,\s*([0-5])\s*$/.exec(params.text(name));
  if (match === null)
    throw new UsageError(`parameter '${name}' is '${params.text(name)}'; it must be x,y with 0..5 each`);
  return [Number(match[1]), Number(match[2])];
}

/**
 * What the engine must give where nothing is published: the mean fitness of Q-learners in the domain as
 * VALIDATION states it, simulated apart from the engine, by coordinates, with another generator.
 */
function referenceFitness(
  reward: Reward,
  food: readonly [number, number],
  water: readonly [number, number],
  steps: number,
  learners: number,
): { mean: number; standardError: number } {
  const random = seedrandom('hungry-thirsty reference');
  const free = (x: number, y: number, toX: number, toY: number): boolean => {
    if (toX < 0 || toY < 0 || toX >= SIZE || toY >= SIZE) return false;
    if (y !== toY && Math.min(y, toY) === 2) return x > 4;
    if (x !== toX && Math.min(x, toX) === 2) return ![1, 2, 3, 5].includes(y);
    return true;
  };
  const live = (): number => {
    const q = new Float64Array(SIZE * SIZE * 4 * 6);
    let [x, y] = [Math.floor(random() * SIZE), Math.floor(random() * SIZE)];
    let hungry = true;
    let thirsty = true;
    let sated = 0;
    const row = (): number => 6 * (4 * (SIZE * y + x) + (hungry ? 2 : 0) + (thirsty ? 1 : 0));
    for (let step = 0; step < steps; step++) {
      const from = row();
      let action = Math.floor(random() * 6);
      if (random() >= EPSILON) {
        let ties = 0;
        let best = Number.NEGATIVE_INFINITY;
        for (let a = 0; a < 6; a++) {
          if (q[from + a]! > best) {
            best = q[from + a]!;
            ties = 0;
          }
          if (q[from + a] === best && random() * ++ties < 1) action = a;
        }
      }
      const eats = action === 4 && x === food[0] && y === food[1] && !thirsty;
      const drinks = action === 5 && x === water[0] && y === water[1];
      const toX = x + (action === 2 ? 1 : action === 3 ? -1 : 0);
      const toY = y + (action === 0 ? 1 : action === 1 ? -1 : 0);
      if (free(x, y, toX, toY)) [x, y] = [toX, toY];
      hungry = !eats;
      thirsty = !drinks && (thirsty || random() < THIRST);
      if (!hungry) sated++;
      const r = hungry ? (thirsty ? reward.both : reward.hungry) : thirsty ? reward.thirsty : reward.neither;
      const to = row();
      let next = q[to]!;
      for (let a = 1; a < 6; a++) next = Math.max(next, q[to + a]!);
      q[from + action]! += ALPHA * (r + GAMMA * next - q[from + action]!);
    }
    return sated / steps;
  };
  return meanOf(Array.from({ length: learners }, live));
}

export const hungryThirsty: ValidationCase = {
  name: 'hungry-thirsty',
  about:
    'Q-learners in the hungry-thirsty grid world: rewarded by their fitness they reach about .008 of non-hungry steps, by a reward that minds thirst .2256, by a constant 0 (Singh, Lewis & Barto 2009).',
  parameters: {
    food: { default: PUBLISHED_PLACE.food, about: 'cell x,y of the food' },
    water: { default: PUBLISHED_PLACE.water, about: 'cell x,y of the water' },
    reward: { default: 'published', about: 'fitness, published or constant' },
    steps: { default: PUBLISHED_PLACE.steps, about: 'steps of each learner' },
  },
  seeds: 4,
  full: [
    { seeds: 32 },
    { set: { reward: 'fitness' }, seeds: 32 },
    { set: { reward: 'constant' }, seeds: 8 },
    { set: { food: '5,5', water: '0,5' }, seeds: 8 },
  ],
  /**
   * Expected: the published figure at the published place, and elsewhere what an independent simulation of the
   * same domain gives. Learners are few and differ much (with the fitness reward most never find out that food
   * needs water), so the tolerance is at least that of the sample.
   */
  async measure(params, seeds) {
    const name = params.text('reward');
    const reward = REWARDS[name];
    if (reward === undefined)
      throw new UsageError(
        `parameter 'reward' is '${name}'; it must be one of ${Object.keys(REWARDS).join(', ')}`,
      );
    const food = placeOf(params, 'food');
    const water = placeOf(params, 'water');
    const steps = params.integer('steps');
    const run = resolve({
      seed: 'hungry-thirsty',
      ticks: steps,
      worlds: seeds,
      slots: LEARNERS,
      output: QUIET_OUTPUT,
      world: {
        ...BLANK_WORLD,
        tabular: { alpha: ALPHA, epsilon: EPSILON, gamma: GAMMA, initial: 0 },
        environment: {
          kind: 'gridWorld',
          grid: {
            foodX: food[0],
            foodY: food[1],
            waterX: water[0],
            waterY: water[1],
            thirst: THIRST,
            rewardHungryThirsty: reward.both,
            rewardHungry: reward.hungry,
            rewardThirsty: reward.thirsty,
            rewardSated: reward.neither,
          },
        },
      },
      populations: [{ name: 'learners', kind: 'tabular' }],
    });
    const shard = new Shard(
      run,
      Array.from({ length: seeds }, (_, w) => w),
      { laws: false },
    );
    shard.advance(steps);
    const fitness = [...shard.inside()].flatMap(({ environment }) =>
      Array.from((environment as GridWorld).sated, (sated) => sated / steps),
    );
    const { mean, standardError } = meanOf(fitness);
    const atPublished =
      food.join() === PUBLISHED_PLACE.food &&
      water.join() === PUBLISHED_PLACE.water &&
      steps === PUBLISHED_PLACE.steps;
    const known = atPublished
      ? { mean: PUBLISHED[name]!, standardError: 0 }
      : referenceFitness(reward, food, water, steps, LEARNERS);
    const error = Math.sqrt(standardError ** 2 + known.standardError ** 2);
    return {
      measured: {
        fitness: mean,
        // a mean of few that succeed and many that never do
        shareThatEats: fitness.filter((share) => share > EATS_SHARE).length / fitness.length,
      },
      expected: { fitness: known.mean },
      tolerance: { fitness: Math.max(PUBLISHED_TOLERANCE[name]!, STANDARD_ERRORS * error) },
    };
  },
};
