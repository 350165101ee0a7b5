/**
 * Memories for worlds. Worlds of one thread share memories as long as they fit; a world of a team has memories of its
 * own, which all threads see; a world that outgrows one memory keeps its brains in others (layOut).
 */
import { instantiateKernel, SCRATCH_BYTES } from '../agents/brain/brain.ts';
import type { WorldParameters } from '../configs/worldParameters.ts';
import { ARENA_ROOM_BYTES, Arena, u32 } from './core/columns.ts';
import { CapacityError } from './core/errors.ts';
import { type KernelMemory, layOut, type WorldLayout, type WorldMemory } from './world.ts';

/** Bytes of working memory that a team takes from each of its memories. */
const scratchBytes = (threads: number): number => (threads === 1 ? 0 : threads * SCRATCH_BYTES);

/** Takes the threads' working memories from an arena, and binds this thread's kernel. */
function withKernel(arena: Arena, threads: number, thread: number): KernelMemory {
  if (threads === 1) return { arena, kernel: instantiateKernel(arena.memory) };
  const scratch = arena.column(u32(scratchBytes(threads) / 4)).byteOffset;
  return { arena, kernel: instantiateKernel(arena.memory, scratch + thread * SCRATCH_BYTES) };
}

function allocate(bytes: number, threads: number, what: string): KernelMemory {
  try {
    return withKernel(new Arena(bytes + scratchBytes(threads), threads > 1), threads, 0);
  } catch (error) {
    if (!(error instanceof CapacityError)) throw error;
    throw new CapacityError(`${what}: ${error.message}`, error.hint, { cause: error });
  }
}

/**
 * Memories for the worlds of one thread, or of a team for its leader, in their order.
 *
 * @param threads of the team; 1 = none, and nothing is shared
 * @param shards memories for the brains of each world; 0 = as many as they need
 * @throws CapacityError when a world does not fit or the machine refuses
 */
export function allocateWorlds(
  worlds: readonly WorldParameters[],
  threads = 1,
  shards = 0,
): readonly WorldMemory[] {
  const layouts = worlds.map((p) => layOut({ ...p, market: p }, shards));
  let room = 0;
  let current: KernelMemory | null = null;
  return layouts.map((layout, k) => {
    const what = `world ${worlds[k]!.world}`;
    if (current === null || layout.bytes > room || threads > 1) {
      const bytes = threads > 1 ? layout.bytes : bytesTogether(layouts.slice(k));
      current = allocate(bytes, threads, what);
      room = bytes;
    }
    room -= layout.bytes;
    return { ...current, shards: layout.shards.map(({ bytes }) => allocate(bytes, threads, what)) };
  });
}

/** Bytes of as many of the first worlds as fit one memory, at least one. */
function bytesTogether(layouts: readonly WorldLayout[]): number {
  let sum = 0;
  for (const { bytes } of layouts) {
    if (sum > 0 && sum + bytes > ARENA_ROOM_BYTES) break;
    sum += bytes;
  }
  return sum;
}

/** The memories of a world of a team, in the order of `reopenWorld`. */
export const memoriesOf = ({ arena, shards }: WorldMemory): readonly WebAssembly.Memory[] =>
  [arena, ...shards.map((shard) => shard.arena)].map(({ memory }) => memory);

/** The memories of a world as another thread of its team sees them. */
export function reopenWorld(
  [first, ...brains]: readonly WebAssembly.Memory[],
  threads: number,
  thread: number,
): WorldMemory {
  const open = (memory: WebAssembly.Memory) => withKernel(new Arena(memory), threads, thread);
  return { ...open(first!), shards: brains.map(open) };
}
