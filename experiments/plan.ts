/** How many threads and how much memory a run takes, and whether this machine has them. */
import { availableParallelism } from 'node:os';
import process from 'node:process';
import { type ResolvedRun, worldCount } from '../configs/arms.ts';
import { deriveWorld } from '../configs/derive.ts';
import { ARENA_ROOM_BYTES } from '../sim/core/columns.ts';
import { CapacityError } from '../sim/core/errors.ts';
import { layOut, worldBytes } from '../sim/world.ts';

/** Threads and memory that a run will take. */
export interface Plan {
  /** Worker threads, each with its own worlds; or, where there are more than worlds, teams that share one each. */
  readonly threads: number;
  readonly bytes: number;
}

/** Agents below which another thread costs a world more at its barriers than it brings. */
const SLOTS_PER_THREAD_MIN = 1024;

const gib = (bytes: number): string => `${(bytes / 2 ** 30).toFixed(bytes < 2 ** 30 ? 2 : 1)} GiB`;

/**
 * Chooses threads and checks that the worlds fit, before anything is allocated.
 *
 * @param threads as asked for, 0 = one per core; no more are used than there are worlds, or thousands of agents in them
 * @param availableBytes memory that may be used, the machine's free memory by default
 * @throws CapacityError with the figure and the nearest size that fits
 */
export function planRun(
  run: ResolvedRun,
  threads: number,
  availableBytes: number = process.availableMemory(),
): Plan {
  const { slots } = run.arms[0]!;
  const worlds = worldCount(run);
  const arms = run.arms.map((arm) => deriveWorld(arm, { world: 0, arm: 0, replicate: 0, seed: 0 }));
  const sizeAt = (count: number): number =>
    Math.max(...arms.map((p) => worldBytes({ ...p, slots: count, market: p })));
  const each = sizeAt(slots);
  const bytes = worlds * each;
  const fitsMemory = (count: number): number =>
    Math.max(...arms.map((p) => layOut({ ...p, slots: count, market: p }).bytes));
  const asked = `${worlds} ${worlds === 1 ? 'world' : 'worlds'} x ${slots} slots`;
  if (bytes > availableBytes) {
    const fewer = Math.floor(availableBytes / each);
    const smaller = largestSlots(sizeAt, Math.floor(availableBytes / worlds), slots);
    const single = largestSlots(sizeAt, availableBytes, slots);
    const fitting = [
      ...(smaller > 0 ? [`slots: ${smaller}`] : []),
      ...(fewer > 0 ? [`${fewer} ${fewer === 1 ? 'world' : 'worlds'} of this size`] : []),
    ];
    throw new CapacityError(
      `${asked} need ${gib(bytes)} of memory, ${gib(availableBytes)} are available`,
      `what fits: ${fitting.length > 0 ? fitting.join(', or ') : `one world of ${single} slots`}`,
    );
  }
  if (fitsMemory(slots) > ARENA_ROOM_BYTES) {
    throw new CapacityError(
      `a world of ${slots} slots needs ${gib(fitsMemory(slots))} beside its brains, a WebAssembly memory ends at 4 GiB`,
      `what fits: slots: ${largestSlots(fitsMemory, ARENA_ROOM_BYTES, slots)}`,
    );
  }
  const useful = worlds * Math.max(1, Math.floor(slots / SLOTS_PER_THREAD_MIN));
  return { threads: Math.min(useful, threads > 0 ? threads : availableParallelism()), bytes };
}

/** Most slots of one world that fit into `bytes`, at most `upTo`; 0 when none do. */
function largestSlots(sizeAt: (slots: number) => number, bytes: number, upTo: number): number {
  let low = 0;
  let high = upTo;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (sizeAt(middle) <= bytes) low = middle;
    else high = middle - 1;
  }
  return low;
}
