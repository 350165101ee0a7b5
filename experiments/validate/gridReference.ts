/**
 * Q-learners in the hungry-thirsty domain as VALIDATION states it, written a second time: by coordinates instead of tables
 * of transitions, with another generator, and without any code of the engine. It says what the engine must give where
 * nothing is published, and how widely learners differ where something is.
 */
import seedrandom from 'seedrandom';

/** Reward by drives. */
export interface DriveReward {
  readonly both: number;
  readonly hungry: number;
  readonly thirsty: number;
  readonly neither: number;
}

export type Cell = readonly [number, number];

const GRID_SIDE = 6;
/** Probability a step that thirst comes back. */
export const THIRST = 0.1;
export const Q_LEARNER = { alpha: 0.1, epsilon: 0.1, gamma: 0.99, initial: 0 } as const;
const ACTIONS = 6;
const EAT = 4;
const DRINK = 5;

const isFree = (x: number, y: number, toX: number, toY: number): boolean => {
  if (toX < 0 || toY < 0 || toX >= GRID_SIDE || toY >= GRID_SIDE) return false;
  if (y !== toY && Math.min(y, toY) === 2) return x > 4;
  if (x !== toX && Math.min(x, toX) === 2) return ![1, 2, 3, 5].includes(y);
  return true;
};

/** Share of steps that each of some learners ends not hungry, [learners]. */
export function referenceFitness(
  reward: DriveReward,
  { food, water, steps }: { readonly food: Cell; readonly water: Cell; readonly steps: number },
  learners: number,
): number[] {
  const random = seedrandom.alea('hungry-thirsty reference');
  const { alpha, epsilon, gamma, initial } = Q_LEARNER;
  const live = (): number => {
    const q = new Float64Array(GRID_SIDE * GRID_SIDE * 4 * ACTIONS).fill(initial);
    let [x, y] = [Math.floor(random() * GRID_SIDE), Math.floor(random() * GRID_SIDE)];
    let hungry = true;
    let thirsty = true;
    let sated = 0;
    const row = (): number => ACTIONS * (4 * (GRID_SIDE * y + x) + (hungry ? 2 : 0) + (thirsty ? 1 : 0));
    for (let step = 0; step < steps; step++) {
      const from = row();
      let action = Math.floor(random() * ACTIONS);
      if (random() >= epsilon) {
        let ties = 0;
        let best = Number.NEGATIVE_INFINITY;
        for (let a = 0; a < ACTIONS; a++) {
          if (q[from + a]! > best) {
            best = q[from + a]!;
            ties = 0;
          }
          if (q[from + a] === best && random() * ++ties < 1) action = a;
        }
      }
      const eats = action === EAT && x === food[0] && y === food[1] && !thirsty;
      const drinks = action === DRINK && x === water[0] && y === water[1];
      const toX = x + (action === 2 ? 1 : action === 3 ? -1 : 0);
      const toY = y + (action === 0 ? 1 : action === 1 ? -1 : 0);
      if (isFree(x, y, toX, toY)) [x, y] = [toX, toY];
      hungry = !eats;
      thirsty = !drinks && (thirsty || random() < THIRST);
      if (!hungry) sated++;
      const r = hungry ? (thirsty ? reward.both : reward.hungry) : thirsty ? reward.thirsty : reward.neither;
      const to = row();
      let next = q[to]!;
      for (let a = 1; a < ACTIONS; a++) next = Math.max(next, q[to + a]!);
      q[from + action]! += alpha * (r + gamma * next - q[from + action]!);
    }
    return sated / steps;
  };
  return Array.from({ length: learners }, live);
}
