/** What the service market made of a tick, beside the most that could have been made of it. */
import { CLASS_COUNT } from '../../configs/taskClasses.ts';
import { FREE_SLOT } from '../../market/columns.ts';
import { energyShare } from '../../market/ownership.ts';
import { mulHigh, portion } from '../core/fixed.ts';
import type { World } from '../world.ts';
import { taskEnergy } from './taskEnergy.ts';

/** Skills of those who can serve, by class; reused by all worlds of a thread. */
const skills = Array.from({ length: CLASS_COUNT }, () => ({ room: new Uint32Array(0), count: 0 }));

/** Milli-cash in one tick. */
export interface TickWelfare {
  /** Value of the tasks delivered less the energy of those sold (taskEnergy.ts). */
  readonly made: number;
  /** The most that anybody could have made of the tick. */
  readonly bound: number;
}

/**
 * Welfare of the tick just completed and its greedy bound: the best tasks first until demand, compute or gain ends, with
 * every agent in the class that it chose, at its skill, with at most `maxTasks`, and all compute free to move, at the
 * energy price of the largest machine. The limits are nested (an agent's within its class's within the compute of all),
 * a laminar matroid, on which the greedy choice is the best one (J. Edmonds, "Matroids and the greedy algorithm",
 * Mathematical Programming 1, 1971): no allocation makes more. Agents count whatever their mode.
 */
export function tickWelfare(world: World): TickWelfare {
  const { parameters, columns } = world;
  if (!parameters.serviceMarket.enabled) return { made: Number.NaN, bound: Number.NaN };
  const { value, cuPerTask } = parameters.serviceMarket;
  const { offerSold, offerQuality, breached, opened } = columns;
  let worth = 0;
  let compute = 0;
  let largest = 0;
  for (let i = 0; i < parameters.slots; i++) {
    compute += opened[i]!;
    largest = Math.max(largest, opened[i]!);
    const sold = offerSold[i]!;
    if (sold === 0) continue;
    // of those who died in this tick nobody knows any more: their tasks count as delivered
    const delivered = breached.length === 0 || breached[i] === 0;
    if (delivered) worth += sold * mulHigh(value, offerQuality[i]!);
  }
  const least = portion(cuPerTask * parameters.energy.price, energyShare(parameters.ownership, largest));
  listSkills(world);
  return {
    made: worth - taskEnergy(world),
    bound: greedy(world, Math.floor(compute / cuPerTask), least),
  };
}

/** Skill in the class chosen of everybody who could have served in this tick: as offered, else as it is now. */
function listSkills({ parameters, columns, agents, tick }: World): void {
  const { offerQuantity, offerClass, offerQuality, population, taskClass, skill } = columns;
  const { slots } = parameters;
  for (const list of skills) {
    if (list.room.length < slots) list.room = new Uint32Array(slots);
    list.count = 0;
  }
  for (let i = 0; i < slots; i++) {
    let c = offerClass[i]!;
    let quality = offerQuality[i]!;
    // the record of an offer outlives its seller; without one, newcomers were not there
    if (offerQuantity[i] === 0) {
      if (population[i] === FREE_SLOT || agents.bornAt[i]! >= tick) continue;
      c = taskClass[i]!;
      quality = skill[i * CLASS_COUNT + c]!;
    }
    const list = skills[c]!;
    list.room[list.count++] = quality;
  }
}

/** Sells up to `tasks` of the skills listed, the best of all classes first, while a task is worth more than `cost`. */
function greedy({ parameters, columns }: World, tasks: number, cost: number): number {
  const { value, maxTasks } = parameters.serviceMarket;
  const sorted = skills.map(({ room, count }) => room.subarray(0, count).sort());
  const next = sorted.map((list) => list.length - 1);
  const wanted = Array.from(columns.demand);
  let left = tasks;
  let welfare = 0;
  while (left > 0) {
    let best = -1;
    let quality = 0;
    for (let c = 0; c < CLASS_COUNT; c++) {
      if (wanted[c] === 0 || next[c]! < 0) continue;
      const own = sorted[c]![next[c]!]!;
      if (best >= 0 && own <= quality) continue;
      best = c;
      quality = own;
    }
    const gain = best < 0 ? 0 : mulHigh(value, quality) - cost;
    if (gain <= 0) break;
    const sold = Math.min(left, maxTasks, wanted[best]!);
    welfare += sold * gain;
    left -= sold;
    wanted[best]! -= sold;
    next[best]!--;
  }
  return welfare;
}
