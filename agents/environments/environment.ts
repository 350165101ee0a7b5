/**
 * What an environment is: it writes observations, reads actions and gives rewards through the same columns,
 * learner and tick as the economy.
 */
import type { WorldParameters } from '../../configs/worldParameters.ts';
import type { AgentWorld } from '../columns.ts';

/** States and actions that can be numbered, for learners that keep a table of them. */
export interface DiscreteStates {
  readonly stateCount: number;
  readonly actionCount: number;
  /** Each agent's state now, 0..stateCount-1; the environment's, [N]. */
  readonly state: Uint32Array;
  /** Each agent's action, 0..actionCount-1; written by its learner before `step`, [N]. */
  readonly action: Uint32Array;
}

/** An environment of one world, stepped once a tick in place of the markets. */
export interface Environment {
  /** Given where states can be numbered. */
  readonly discrete?: DiscreteStates;
  /** Bit k = 1: logit k may be sampled. */
  readonly logitMask: number;
  /** Writes the raw observation of every agent for this tick. */
  observe(world: AgentWorld, tick: number): void;
  /** Reads the actions just taken; writes `reward` and, where an episode ended, `done`. */
  step(world: AgentWorld, tick: number): void;
  /** State that is not in the world's columns, for a checkpoint; absent where there is none. */
  save?(): Float64Array<ArrayBuffer>;
  /** Takes up saved state. */
  load?(saved: Float64Array): void;
  /** Figures measured since the last call, by name. */
  measure(): Readonly<Record<string, number>>;
}

/** Makes one world's environment. */
export type EnvironmentFactory = (parameters: WorldParameters) => Environment;
