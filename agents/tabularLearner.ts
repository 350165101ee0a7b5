/**
 * Tabular Q-learning (C. J. C. H. Watkins, P. Dayan, Machine Learning 8, 1992), one table an agent, in
 * environments whose states are numbered. It keeps the economy's timing: at tick t it learns from the reward
 * of its action at t - 1, then chooses its action at t, epsilon-greedy with ties broken at random.
 */
import type { WorldParameters } from '../configs/worldParameters.ts';
import { ConfigError } from '../sim/core/errors.ts';
import { indexBelow, pcg4d, STREAM, unitInterval } from '../sim/core/rng.ts';
import type { AgentWorld } from './columns.ts';
import type { DiscreteStates, Environment } from './environments/environment.ts';

/** The kind of population whose members learn by table. */
export const TABULAR = 'tabular';

const NONE: DiscreteStates = {
  stateCount: 0,
  actionCount: 0,
  state: new Uint32Array(0),
  action: new Uint32Array(0),
};

/** All tabular learners of one world. Kernels never read a table, so that it needs no place in their memory. */
export class TabularLearner {
  /** All that they remember; empty where nobody learns by table. */
  readonly columns: {
    /** Action values, agent-major [N x states x actions]. */
    readonly value: Float32Array<ArrayBuffer>;
    /** State of the last action plus one; 0 = there was none, [N]. */
    readonly lastState: Uint32Array<ArrayBuffer>;
  };
  private readonly discrete: DiscreteStates;
  /** Whether each population learns by table. */
  private readonly learns: readonly boolean[];
  private readonly words = new Uint32Array(4);

  /** @throws ConfigError when a population learns by table and the environment has no numbered states */
  constructor(
    { populations, slots, tabular }: WorldParameters,
    environment: Pick<Environment, 'discrete'> | null,
  ) {
    this.learns = populations.map(({ kind }) => kind === TABULAR);
    const wanted = this.learns.includes(true);
    const discrete = wanted ? environment?.discrete : NONE;
    if (discrete === undefined) {
      throw new ConfigError(
        'populations',
        'tabular learners need an environment with numbered states',
        'set world.environment.kind: gridWorld',
      );
    }
    this.discrete = discrete;
    this.columns = {
      value: new Float32Array(slots * discrete.stateCount * discrete.actionCount).fill(tabular.initial),
      lastState: new Uint32Array(wanted ? slots : 0),
    };
  }

  /** Learns from `reward` for the last action, then writes `discrete.action`, for all members of tabular populations. */
  step(world: AgentWorld, tick: number): void {
    const { value, lastState } = this.columns;
    if (lastState.length === 0) return;
    const { parameters, columns, brain } = world;
    const { alpha, epsilon, gamma } = parameters.tabular;
    const { seed, slots } = parameters;
    const { stateCount, actionCount, state, action } = this.discrete;
    const { reward } = brain.columns;
    const { population } = columns;
    const { learns, words } = this;
    for (let agent = 0; agent < slots; agent++) {
      if (learns[population[agent]!] !== true) continue;
      const table = agent * stateCount * actionCount;
      const here = table + state[agent]! * actionCount;
      const last = lastState[agent]!;
      let best = bestOf(value, here, actionCount);
      if (last !== 0) {
        const at = table + (last - 1) * actionCount + action[agent]!;
        value[at]! += alpha * (reward[agent]! + gamma * best - value[at]!);
        // the step may have changed a value of the state that it is in
        if (last - 1 === state[agent]) best = bestOf(value, here, actionCount);
      }
      pcg4d(words, seed, tick, agent, STREAM.tabular);
      if (unitInterval(words[0]!) < epsilon) action[agent] = indexBelow(words[1]!, actionCount);
      else action[agent] = greedy(value, here, actionCount, best, words[2]!);
      lastState[agent] = state[agent]! + 1;
    }
  }
}

function bestOf(value: Float32Array, from: number, count: number): number {
  let best = value[from]!;
  for (let k = 1; k < count; k++) {
    const candidate = value[from + k]!;
    if (candidate > best) best = candidate;
  }
  return best;
}

/** One of the actions of value `best`, chosen by a random word. */
function greedy(value: Float32Array, from: number, count: number, best: number, word: number): number {
  let ties = 0;
  let first = 0;
  for (let k = count - 1; k >= 0; k--) {
    if (value[from + k] !== best) continue;
    ties++;
    first = k;
  }
  if (ties === 1) return first;
  let skip = indexBelow(word, ties);
  for (let k = first; ; k++) if (value[from + k] === best && skip-- === 0) return k;
}
