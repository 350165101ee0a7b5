/** The agents of one tick, all columns: of the nearest recorded snapshot, or of the moment in a live run. */
import { LIVE_RUN } from '../dataApi.ts';
import type { TableFrame } from '../tableFrame.ts';
import { cellsOf, DataError, type RunData } from './data.ts';
import type { RunStore, Selection } from './store.ts';

/** A live run's agents are asked for again after so long. */
const REFRESH_MS = 2000;
/** Ticks of the snapshots of a run that grows are asked for again after so long. */
const TICKS_MS = 5000;

export interface Snapshot {
  readonly tick: number;
  readonly table: TableFrame;
}

/** Rows of a snapshot that belong to the selected worlds. */
export function selectedRows(table: TableFrame, selection: Selection, worldsPerArm: number): number[] {
  const world = cellsOf(table, 'world');
  const rows: number[] = [];
  for (let k = 0; k < table.rows; k++) {
    const w = world[k]!;
    if (selection.kind === 'world' && w !== selection.world) continue;
    if (selection.kind === 'arm' && Math.floor(w / worldsPerArm) !== selection.arm) continue;
    rows.push(k);
  }
  return rows;
}

/** The latest of ascending ticks at or before one, else the first; undefined when there are none. */
export function tickBefore(ticks: readonly number[], tick: number): number | undefined {
  let found = ticks[0];
  for (const candidate of ticks) {
    if (candidate > tick) break;
    found = candidate;
  }
  return found;
}

export class Snapshots {
  /** The one to show; stays until a newer one has come. */
  current: Snapshot | null = null;
  /** Why there is none. */
  words = 'Reading the agents.';
  private readonly data: RunData;
  private readonly store: RunStore;
  private readonly arrived: () => void;
  private ticks: readonly number[] | null = null;
  private ticksAt = Number.NEGATIVE_INFINITY;
  private wanted = '';
  private askedAt = Number.NEGATIVE_INFINITY;
  private busy = false;
  private again: number | undefined;
  private retryAt = Number.NEGATIVE_INFINITY;

  constructor(data: RunData, store: RunStore, arrived: () => void) {
    this.data = data;
    this.store = store;
    this.arrived = arrived;
  }

  /** Sees to it that the snapshot of the shown tick is there, or comes. */
  ask(): void {
    if (this.busy || performance.now() < this.retryAt) return;
    this.busy = true;
    this.load()
      .catch((error: unknown) => {
        if (!(error instanceof DataError)) throw error;
        this.words = error.message;
        this.retryAt = performance.now() + REFRESH_MS;
        this.arrived();
      })
      .finally(() => {
        this.busy = false;
      });
  }

  private async load(): Promise<void> {
    const now = performance.now();
    if (this.data.id === LIVE_RUN && this.store.isGoingOn && this.store.playhead === null) {
      if (this.store.lastTick === this.current?.tick) return;
      if (now - this.askedAt < REFRESH_MS) {
        // a paused run sends no frame that would ask again
        this.again ??= window.setTimeout(
          () => {
            this.again = undefined;
            this.arrived();
          },
          REFRESH_MS - (now - this.askedAt),
        );
        return;
      }
      this.askedAt = now;
      this.take(await this.data.table('agents', 'from=now', false));
      return;
    }
    if (this.ticks === null || (this.store.isGoingOn && now - this.ticksAt > TICKS_MS)) {
      this.ticksAt = now;
      this.ticks = await this.data.ticks('agents');
    }
    const tick = tickBefore(this.ticks, this.store.playhead ?? Number.POSITIVE_INFINITY);
    if (tick === undefined) {
      this.words = 'No snapshot of the agents has been recorded yet.';
      if (this.current === null) this.arrived();
      return;
    }
    if (this.wanted === `${tick}` && this.current !== null) return;
    this.wanted = `${tick}`;
    this.take(await this.data.table('agents', `from=${tick}&to=${tick}`, true));
  }

  private take(table: TableFrame): void {
    if (table.rows === 0) {
      this.words = 'Nobody is alive.';
      this.current = null;
    } else this.current = { tick: cellsOf(table, 'tick')[0]!, table };
    this.arrived();
  }
}
