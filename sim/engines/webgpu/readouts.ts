/**
 * What the device keeps of a world beside the columns of the CPU: sums over the open metric interval, records of lives.
 * It is taken when a tick is sampled.
 */
import type { World } from '../../world.ts';
import type { DeviceLayout } from './layout.ts';

export interface Readout {
  /**
   * Takes what the device has gathered since the last time.
   *
   * @param world as it stands on the device; its tally and its sinks are the run's own
   * @param words of the world's run of `state`; what is changed in columns of the group `device` goes back to the device
   */
  readonly take: (world: World, layout: DeviceLayout, words: Uint32Array<ArrayBuffer>) => void;
}

/** In the order in which they are taken. */
export const READOUTS: readonly Readout[] = [];
