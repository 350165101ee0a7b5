/** Working memory of births and deaths, one a thread. */

const scratchOf = (slots: number) => ({
  /** CAUSE of each slot's death this tick. */
  cause: new Uint8Array(slots),
  dying: new Uint32Array(slots),
  /** Slots that children may take, grouped by owner under quotas. */
  open: new Uint32Array(slots),
  living: new Uint32Array(slots),
  eligible: new Uint32Array(slots),
  weights: new Uint32Array(slots),
  chosen: new Uint32Array(slots),
  slots,
});

/** Grown to the largest world of the thread and overwritten in every use. */
export let scratch = scratchOf(0);

/** Makes room for a world of some size. */
export function reserveScratch(slots: number): void {
  if (scratch.slots < slots) scratch = scratchOf(slots);
}
