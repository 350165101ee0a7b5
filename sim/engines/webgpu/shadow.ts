/**
 * The CPU's side of worlds that live on the device: memory for one world, in which each is founded before it goes there
 * and looked at by the CPU's own code when it comes back.
 */
import type { Founders } from '../../../agents/columns.ts';
import type { WorldParameters } from '../../../configs/worldParameters.ts';
import { Ledger } from '../../../market/ledger.ts';
import { assert } from '../../core/assert.ts';
import { ARENA_START } from '../../core/columns.ts';
import { Tally } from '../../metrics/tally.ts';
import { createWorld, type World, type WorldMemory } from '../../world.ts';
import { allocateWorlds, memoriesOf, reopenWorld } from '../../worldMemory.ts';
import { type DeviceLayout, layOutDevice } from './layout.ts';
import { takeWords, type WorldWords, wordsOfWorld } from './mirror.ts';

export class Shadow {
  readonly layout: DeviceLayout;
  private readonly memory: WorldMemory;
  private world: World | null = null;

  /** @param p of the worlds, which share a layout */
  constructor(p: WorldParameters) {
    this.layout = layOutDevice(p);
    this.memory = allocateWorlds([p])[0]!;
  }

  /** Founds a world and returns it as words; the sink hears of its first agents. */
  found(
    p: WorldParameters,
    lineage: World['lineage'],
    founders: readonly (Founders | null)[] | null,
  ): { world: World; words: WorldWords } {
    const memories = memoriesOf(this.memory);
    for (const { buffer } of memories) new Uint8Array(buffer, ARENA_START).fill(0);
    this.world = createWorld(p, reopenWorld(memories, 1, 0), lineage, null, founders);
    return { world: this.world, words: wordsOfWorld(this.world, this.layout) };
  }

  /**
   * A world that stands in this memory from now on, until the next one does.
   *
   * @param words as the device has it; brains are left out where they have none
   */
  show(p: WorldParameters, tick: number, tally: Tally, words: WorldWords | null): World {
    const { world } = this;
    assert(world !== null, 'no world was founded in this memory');
    const view: World = {
      ...world,
      parameters: p,
      ledger: new Ledger(p.world, world.balances),
      tally,
      screen: null,
      tick,
    };
    view.ledger.tick = tick - 1;
    if (words !== null) takeWords(view, this.layout, words);
    return view;
  }
}

/** A tally of a world that nobody else adds to. */
export const emptyTally = (p: WorldParameters): Tally => new Tally(p.populations.length);
