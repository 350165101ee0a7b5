/**
 * What the page knows of the run: the hello, frames evenly spaced over the run in bounded memory, and the
 * selection that decides which worlds are shown. Figures read summaries (mean and band over the selected
 * worlds), each computed once per frame and selection.
 */

import type { WatchedFrame, WatchedWorld } from '../frameBytes.ts';
import type { ArmHeader, Hello, Laws, RunState, Status } from '../protocol.ts';
import type { Change } from './changes.ts';

/** Frames kept; more than a chart has pixels for. */
export const STORED_FRAMES_MAX = 800;

export type Selection =
  | { readonly kind: 'all' }
  | { readonly kind: 'arm'; readonly arm: number }
  | { readonly kind: 'world'; readonly world: number };
export type Band = 'range' | 'quartiles';

/** Mean and band of every value of a frame over the selected worlds, [V] each. */
export interface Summary {
  readonly mean: Float64Array;
  readonly low: Float64Array;
  readonly high: Float64Array;
}

interface StoredWorld {
  readonly world: number;
  readonly arm: number;
  /** Metrics, then populations, genes and shadow genes, [V]. */
  readonly values: Float64Array;
}
interface StoredFrame {
  readonly tick: number;
  readonly interval: number;
  readonly worlds: readonly StoredWorld[];
  summary: Summary | null;
}

/** Quantile by linear interpolation (type 7) of an ascending list that is not empty. */
export function quantile(ascending: ArrayLike<number>, count: number, share: number): number {
  const at = (count - 1) * share;
  const below = Math.floor(at);
  const low = ascending[below]!;
  return below + 1 < count ? low + (at - below) * (ascending[below + 1]! - low) : low;
}

/** Mean and band of each value over worlds; worlds where a value is not a number are left out of it. */
export function summarise(worlds: readonly Float64Array[], size: number, band: Band): Summary {
  const mean = new Float64Array(size).fill(Number.NaN);
  const low = new Float64Array(size).fill(Number.NaN);
  const high = new Float64Array(size).fill(Number.NaN);
  const scratch = new Float64Array(worlds.length);
  for (let v = 0; v < size; v++) {
    let count = 0;
    let sum = 0;
    for (const values of worlds) {
      const value = values[v]!;
      if (!Number.isFinite(value)) continue;
      scratch[count++] = value;
      sum += value;
    }
    if (count === 0) continue;
    const ascending = scratch.subarray(0, count).sort();
    mean[v] = sum / count;
    low[v] = band === 'range' ? ascending[0]! : quantile(ascending, count, 0.25);
    high[v] = band === 'range' ? ascending[count - 1]! : quantile(ascending, count, 0.75);
  }
  return { mean, low, high };
}

export class RunStore {
  hello: Hello | null = null;
  status: Status | null = null;
  laws: Laws | null = null;
  /** Whether the server starts and steers runs. */
  control = false;
  /** What was changed in flight, in order of tick. */
  changes: readonly Change[] = [];
  selection: Selection = { kind: 'all' };
  band: Band = 'range';
  /** Tick under the cursor; null = none. */
  cursor: number | null = null;
  /** Tick that the time line stands at; null = the latest. */
  playhead: number | null = null;
  private frames: StoredFrame[] = [];
  /** A recorded frame with the orders of its last auction; null = none was read. */
  auction: WatchedFrame | null = null;
  /** Latest frame that came with Lorenz curves and order histograms. */
  private latest: WatchedFrame | null = null;
  private size = 0;

  /** Starts anew with what the server says of its run; a selection that still makes sense is kept. */
  begin(hello: Hello): void {
    this.hello = hello;
    this.frames = [];
    this.latest = null;
    this.auction = null;
    this.laws = null;
    this.changes = [];
    this.cursor = null;
    this.playhead = null;
    const { metrics, run, populationMetrics, rewardFeatures } = hello;
    this.size =
      metrics.length + run.populations.length * populationMetrics.length + 2 * rewardFeatures.length;
    const { selection } = this;
    const gone =
      (selection.kind === 'arm' && selection.arm >= run.arms.length) ||
      (selection.kind === 'world' && selection.world >= run.arms.length * run.worlds);
    if (gone) this.selection = { kind: 'all' };
  }

  /**
   * Adds frames in any order; of two at one tick the first stays. A frame within an interval of the metrics
   * counts again what the frame at the interval's end will, so it stays only while it is the last.
   */
  add(frames: readonly WatchedFrame[]): void {
    for (const frame of frames) {
      if (frame.worlds.some((w) => valuesOf(w).length !== this.size)) continue;
      if ((frame.worlds[0]?.lorenzWealth.length ?? 0) > 0 && frame.tick >= (this.latest?.tick ?? 0)) {
        this.latest = frame;
      }
      const at = this.indexAt(frame.tick);
      if (at >= 0 && this.frames[at]!.tick === frame.tick) continue;
      if (at === this.frames.length - 1) {
        if (this.isPartial(this.frames[at]?.tick ?? 0)) this.frames.pop();
      } else if (this.isPartial(frame.tick)) continue;
      this.frames.splice(this.indexAt(frame.tick) + 1, 0, {
        tick: frame.tick,
        interval: frame.interval,
        worlds: frame.worlds.map((w) => ({ world: w.world, arm: w.arm, values: valuesOf(w) })),
        summary: null,
      });
    }
    if (this.frames.length > STORED_FRAMES_MAX) this.thin();
  }

  select(selection: Selection, band: Band): void {
    this.selection = selection;
    this.band = band;
    for (const frame of this.frames) frame.summary = null;
  }

  get frameCount(): number {
    return this.frames.length;
  }

  get lastTick(): number {
    return this.frames.at(-1)?.tick ?? 0;
  }

  get state(): RunState | null {
    return this.status?.state ?? null;
  }

  /** Whether the run may still move on. */
  get isGoingOn(): boolean {
    return this.state === 'running' || this.state === 'paused';
  }

  tickOf(index: number): number {
    return this.frames[index]!.tick;
  }

  intervalOf(index: number): number {
    return this.frames[index]!.interval;
  }

  summaryOf(index: number): Summary {
    const frame = this.frames[index]!;
    frame.summary ??= summarise(
      frame.worlds.filter((w) => this.isSelected(w)).map((w) => w.values),
      this.size,
      this.band,
    );
    return frame.summary;
  }

  /** The values of the worlds of an arm at a frame, in order of world; null = of the selected worlds. */
  worldsAt(index: number, arm: number | null): readonly Float64Array[] {
    return this.frames[index]!.worlds.filter((w) => (arm === null ? this.isSelected(w) : w.arm === arm)).map(
      (w) => w.values,
    );
  }

  /** Index of the last frame at or before a tick, -1 when there is none. */
  indexAt(tick: number): number {
    let low = 0;
    let high = this.frames.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.frames[middle]!.tick <= tick) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }

  /** Tick under the cursor, else at the time line, else null: the latest. */
  get shownTick(): number | null {
    return this.cursor ?? this.playhead;
  }

  /** Index of the frame nearest to the shown tick, else the last; -1 when there are no frames. */
  get shownIndex(): number {
    const tick = this.shownTick;
    if (tick === null) return this.frames.length - 1;
    const below = Math.max(0, this.indexAt(tick));
    const next = this.frames[below + 1];
    return next !== undefined && next.tick - tick < tick - this.frames[below]!.tick
      ? below + 1
      : Math.min(below, this.frames.length - 1);
  }

  /** The selected worlds of the latest frame with distributions. */
  get latestWorlds(): readonly WatchedWorld[] {
    return this.latest?.worlds.filter((w) => this.isSelected(w)) ?? [];
  }

  /** The selected worlds with the orders of the shown tick: of the latest frame while that is shown, else as recorded. */
  get auctionWorlds(): readonly WatchedWorld[] {
    if (this.playhead === null && this.latest !== null) return this.latestWorlds;
    return this.auction?.worlds.filter((w) => this.isSelected(w)) ?? [];
  }

  arm(index: number): ArmHeader | undefined {
    return this.hello?.run.arms[index];
  }

  /** Where a value stands in a summary; -1 when the server does not send it. */
  metricIndex(name: string): number {
    return this.hello?.metrics.findIndex((m) => m.name === name) ?? -1;
  }

  populationIndex(population: number, name: string): number {
    const hello = this.hello;
    const at = hello?.populationMetrics.findIndex((m) => m.name === name) ?? -1;
    return hello === null || at < 0
      ? -1
      : hello.metrics.length + population * hello.populationMetrics.length + at;
  }

  geneIndex(feature: number, of: 'mean' | 'shadow'): number {
    const count = this.hello?.rewardFeatures.length ?? 0;
    return this.size - (of === 'mean' ? 2 : 1) * count + feature;
  }

  private isPartial(tick: number): boolean {
    return tick % (this.hello?.run.metricsEvery ?? 1) !== 0;
  }

  private isSelected(place: { readonly world: number; readonly arm: number }): boolean {
    const { selection } = this;
    if (selection.kind === 'world') return place.world === selection.world;
    return selection.kind === 'all' || place.arm === selection.arm;
  }

  /** Halves the frames so that those left are evenly spaced in ticks; the first and the last stay. */
  private thin(): void {
    const first = this.frames[0]!.tick;
    const spacing = (this.lastTick - first) / (STORED_FRAMES_MAX / 2);
    let due = first;
    const last = this.frames.length - 1;
    this.frames = this.frames.filter((frame, k) => {
      if (frame.tick < due && k !== last) return false;
      due = Math.max(due + spacing, frame.tick);
      return true;
    });
  }
}

function valuesOf(world: WatchedWorld): Float64Array {
  const parts = [world.metrics, world.populations, world.geneMean, world.shadowMean];
  const values = new Float64Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    values.set(part, at);
    at += part.length;
  }
  return values;
}
