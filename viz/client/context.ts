/** What every view of the page shares. */
import type { RunData } from './data.ts';
import type { Place, PlaceChange } from './place.ts';
import type { Snapshots } from './snapshots.ts';
import type { RunStore } from './store.ts';

export interface PageContext {
  readonly store: RunStore;
  readonly place: Place;
  /** The data of the run that is shown; null before one is. */
  readonly data: RunData | null;
  readonly snapshots: Snapshots;
  /** Redraws with the next frame of the screen. */
  schedule(what: 'all' | 'cursor'): void;
  /** A number of the run was changed here. */
  changed(): void;
  /** Goes to a place of the page; Back undoes it. */
  go(change: PlaceChange): void;
}

/** A room of the page. Built when it is first shown for a run, drawn only while it is. */
export interface View {
  draw(all: boolean): void;
  close(): void;
}
