/**
 * The library in use: a population of one's own, whose members are decided by a learner outside of the engine
 * (observations out, actions in, once a tick), and a metric of one's own. Nothing of the engine is changed.
 *
 * In another project all of this is imported from 'darwin-market'.
 */
import {
  chooseOption,
  type Decide,
  HEAD,
  OBSERVATIONS,
  parseConfig,
  registerPopulation,
  Shard,
  type World,
} from '../../sim/index.ts';

const KIND = 'external';
const CLASSES = 4;
/** Share of ticks in which it tries any class. */
const EXPLORE_EVERY = 10;
const RATE = 0.02;

/** What an outside learner looks like to the engine: it may be anything that answers in time. */
interface ExternalLearner {
  /** @param observation one agent's, in the order of `OBSERVATIONS` */
  act(
    agent: number,
    tick: number,
    observation: Float32Array,
  ): { readonly mode: number; readonly taskClass: number };
  /** The agent's profit in the tick that has just ended, in cash. */
  learn(agent: number, profit: number): void;
}

/** Serves tasks, and learns by experience which class earns most: a running mean of the profit of each class. */
export class ClassLearner implements ExternalLearner {
  private readonly worth = new Map<number, number[]>();
  private readonly chosen = new Map<number, number>();

  act(agent: number, tick: number, observation: Float32Array): { mode: number; taskClass: number } {
    const worth = this.worth.get(agent) ?? new Array<number>(CLASSES).fill(0);
    this.worth.set(agent, worth);
    // at first what it can do best
    const skills = OBSERVATIONS.flatMap(({ name }, k) => (name.startsWith('skill') ? [observation[k]!] : []));
    const score = worth.map((value, c) => value + skills[c]!);
    const best = score.indexOf(Math.max(...score));
    const taskClass =
      (tick + agent) % EXPLORE_EVERY === 0 ? ((tick / EXPLORE_EVERY + agent) % CLASSES) | 0 : best;
    this.chosen.set(agent, taskClass);
    return { mode: 1, taskClass };
  }

  learn(agent: number, profit: number): void {
    const worth = this.worth.get(agent);
    const taskClass = this.chosen.get(agent);
    if (worth === undefined || taskClass === undefined) return;
    worth[taskClass] = worth[taskClass]! + RATE * (profit - worth[taskClass]!);
  }
}

/** A population whose members do what `learner` says. */
function decideBy(learner: ExternalLearner): Decide {
  const observation = new Float32Array(OBSERVATIONS.length);
  return (world, tick, agent) => {
    world.brain.readColumn('observation', agent, agent + 1, observation);
    const { mode, taskClass } = learner.act(agent, tick, observation);
    chooseOption(world, agent, HEAD.mode, mode);
    chooseOption(world, agent, HEAD.class, taskClass);
  };
}

/** A metric of one's own: the share of all capacity that a population owns. */
export function capacityShare({ columns }: World, population: number): number {
  let own = 0;
  let all = 0;
  columns.population.forEach((owner, slot) => {
    const capacity = columns.capacity[slot]!;
    all += capacity;
    if (owner === population) own += capacity;
  });
  return own / all;
}

/** What the example shows. */
export interface ExampleFigures {
  readonly profitPerTick: number;
  readonly capacityShare: number;
  readonly ticks: number;
}

/**
 * Runs outside learners beside the engine's own.
 *
 * @param learner decides for a quarter of the slots
 */
export function runExample(ticks: number, learner: ExternalLearner = new ClassLearner()): ExampleFigures {
  // configs that are parsed from now on know it
  registerPopulation(KIND, decideBy(learner));
  const run = parseConfig(
    `
seed: example
ticks: ${ticks}
worlds: 1
slots: 32
populations:
  - { name: outside, kind: ${KIND}, share: 1 }
  - { name: learners, kind: learner, share: 3 }
`,
  );
  const shard = new Shard(run, [0]);
  const [world] = shard.inside();
  let profits = 0;
  let seen = 0;
  for (let tick = 1; tick <= ticks; tick++) {
    shard.advance(tick);
    world!.columns.population.forEach((owner, agent) => {
      if (owner !== 0) return;
      const profit = world!.agents.profit[agent]!;
      learner.learn(agent, profit);
      profits += profit;
      seen++;
    });
  }
  return { profitPerTick: profits / seen, capacityShare: capacityShare(world!, 0), ticks };
}
