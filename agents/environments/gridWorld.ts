/**
 * The hungry-thirsty grid world (S. Singh, R. L. Lewis, A. G. Barto, "Where Do Rewards Come From?", Proc. CogSci
 * 2009): a 6 x 6 grid of four rooms with food in one place and water in another. An agent moves, eats or
 * drinks. Eating where the food is makes it not hungry for one step, unless it is thirsty; drinking where the
 * water is makes it not thirsty, until thirst comes back with a fixed probability a step. Fitness is the share
 * of steps at whose end it is not hungry; the reward that it learns from is any function of (hungry, thirsty).
 *
 * Details that the paper leaves open are settled by the exact optimum that they give (.39118 steps of
 * fitness at thirst .1 with food at (0,0) and water at (5,0), by value iteration): moves never fail, a drink
 * is followed by one step without thirst, and reward is that of the state that the step leads to.
 */
import type { WorldParameters } from '../../configs/worldParameters.ts';
import { draw, indexBelow, STREAM } from '../../sim/core/rng.ts';
import { fraction32 } from '../../sim/core/units.ts';
import type { AgentWorld } from '../columns.ts';
import type { DiscreteStates, Environment } from './environment.ts';

const GRID_SIZE = 6;
const CELLS = GRID_SIZE * GRID_SIZE;
/** Actions in order: four moves, eat, drink. */
export const GRID_ACTIONS = ['north', 'south', 'east', 'west', 'eat', 'drink'] as const;
const MOVES = [
  [0, 1],
  [0, -1],
  [1, 0],
  [-1, 0],
] as const;
const EAT = 4;
/** Drives: bit 1 of a state is hunger, bit 0 thirst; the cell stands above them. */
const HUNGRY = 2;
const THIRSTY = 1;
const DRIVES = 4;
const DRIVE_BITS = 2;
export const GRID_STATES = CELLS * DRIVES;

/** Number of a state: cell x + 6 y, hunger and thirst. */
export const gridState = (x: number, y: number, hungry: boolean, thirsty: boolean): number =>
  (x + GRID_SIZE * y) * DRIVES + (hungry ? HUNGRY : 0) + (thirsty ? THIRSTY : 0);

/** Whether a wall stands between two neighbouring cells: between rows 2 and 3 but for x = 5, and columns 2 and 3 but for y = 0 and 4. */
function isWalled(x: number, y: number, toX: number, toY: number): boolean {
  if (x === toX) return Math.min(y, toY) === 2 && x <= 4;
  return Math.min(x, toX) === 2 && y !== 0 && y !== 4;
}

/** Cell that each move leads to, [CELLS x 4]; a blocked move stays. */
const NEIGHBOUR = Uint8Array.from({ length: CELLS * MOVES.length }, (_, k) => {
  const cell = Math.floor(k / MOVES.length);
  const x = cell % GRID_SIZE;
  const y = Math.floor(cell / GRID_SIZE);
  const [dx, dy] = MOVES[k % MOVES.length]!;
  const inside = x + dx >= 0 && x + dx < GRID_SIZE && y + dy >= 0 && y + dy < GRID_SIZE;
  return inside && !isWalled(x, y, x + dx, y + dy) ? cell + dx + GRID_SIZE * dy : cell;
});

/** Set in a transition that may end in thirst. */
const MAY_THIRST = 256;

/** State that each action leads to, [GRID_STATES x actions], MAY_THIRST added where thirst can come. */
function transitions(food: number, water: number): Uint16Array {
  const actions = GRID_ACTIONS.length;
  return Uint16Array.from({ length: GRID_STATES * actions }, (_, k) => {
    const state = Math.floor(k / actions);
    const action = k % actions;
    const cell = state >>> DRIVE_BITS;
    const thirsty = (state & THIRSTY) !== 0;
    if (action < EAT) {
      const to = NEIGHBOUR[cell * MOVES.length + action]! * DRIVES + HUNGRY;
      return thirsty ? to + THIRSTY : to + MAY_THIRST;
    }
    const here = cell * DRIVES;
    if (action === EAT) {
      if (thirsty) return here + HUNGRY + THIRSTY;
      return here + (cell === food ? 0 : HUNGRY) + MAY_THIRST;
    }
    if (cell === water) return here + HUNGRY;
    return here + HUNGRY + (thirsty ? THIRSTY : MAY_THIRST);
  });
}

/** What a grid world adds to an environment. */
export interface GridWorld extends Environment {
  readonly discrete: DiscreteStates;
  /**
   * Reward of each agent by drives, [4 x N], agent-major: neither, thirsty, hungry, both. From the config at
   * genesis; whoever evolves rewards writes it.
   */
  readonly rewards: Float64Array;
  /** Steps of each agent that ended not hungry, since genesis, [N]. */
  readonly sated: Float64Array;
}

/** The tick under which first cells are drawn; no step has it. */
const BEFORE_GENESIS = 0xffff_ffff;

/** One world's grid, every agent in a copy of its own, started hungry and thirsty in a random cell. */
export function gridWorld(parameters: WorldParameters): GridWorld {
  const { slots, seed } = parameters;
  const { grid } = parameters.environment;
  const food = grid.foodX + GRID_SIZE * grid.foodY;
  const water = grid.waterX + GRID_SIZE * grid.waterY;
  const thirst = fraction32(grid.thirst);
  const next = transitions(food, water);
  const state = new Uint32Array(slots);
  const action = new Uint32Array(slots);
  const sated = new Float64Array(slots);
  const rewards = new Float64Array(DRIVES * slots);
  // steps since genesis, and of these what the last measurement had seen
  let steps = 0;
  let measuredSteps = 0;
  let measuredSated = 0;
  for (let agent = 0; agent < slots; agent++) {
    const cell = indexBelow(draw(seed, BEFORE_GENESIS, agent, STREAM.environment), CELLS);
    state[agent] = cell * DRIVES + HUNGRY + THIRSTY;
    rewards.set(
      [grid.rewardSated, grid.rewardThirsty, grid.rewardHungry, grid.rewardHungryThirsty],
      DRIVES * agent,
    );
  }
  const saved: readonly (Uint32Array | Float64Array)[] = [state, action, sated, rewards];

  return {
    logitMask: 0,
    discrete: { stateCount: GRID_STATES, actionCount: GRID_ACTIONS.length, state, action },
    rewards,
    sated,
    observe(): void {
      // learners read the state's number
    },
    step(world: AgentWorld, tick: number): void {
      const { reward } = world.brain.columns;
      for (let agent = 0; agent < slots; agent++) {
        let to = next[state[agent]! * GRID_ACTIONS.length + action[agent]!]!;
        if (to >= MAY_THIRST) {
          to -= MAY_THIRST;
          if (draw(seed, tick, agent, STREAM.environment) < thirst) to += THIRSTY;
        }
        state[agent] = to;
        const drives = to & (DRIVES - 1);
        if ((drives & HUNGRY) === 0) sated[agent]!++;
        reward[agent] = rewards[DRIVES * agent + drives]!;
      }
      steps++;
    },
    save(): Float64Array<ArrayBuffer> {
      return Float64Array.from([steps, measuredSteps, measuredSated, ...saved.flatMap((part) => [...part])]);
    },
    load(from: Float64Array): void {
      [steps, measuredSteps, measuredSated] = [from[0]!, from[1]!, from[2]!];
      let at = 3;
      for (const part of saved) {
        part.set(from.subarray(at, at + part.length));
        at += part.length;
      }
    },
    measure() {
      const total = sated.reduce((sum, count) => sum + count, 0);
      const fitness = (total - measuredSated) / ((steps - measuredSteps) * slots);
      const result = { fitness, steps: steps - measuredSteps };
      measuredSteps = steps;
      measuredSated = total;
      return result;
    },
  };
}
