/**
 * What the watchers of a live run are sent, and when: each frame is written once and handed to bounded queues, no faster
 * than a page redraws. Knows nothing of sockets, so that a server and a worker of a browser feed their pages alike.
 */
import type { LawStatus, RunFrame } from '../sim/frame.ts';
import { encodeFrame } from './frameBytes.ts';
import { helloOf, replicatesWatched, WATCHED_WORLDS_MAX } from './hello.ts';
import { FrameHistory } from './history.ts';
import type { Ended, Hello, RunHeader, Status } from './protocol.ts';

/** Past frames kept for late watchers; a chart has fewer pixels. */
export const HISTORY_FRAMES_MAX = 400;
/** Frames a second sent to a page, which redraws no faster than it can be read. */
export const FRAMES_PER_SECOND = 20;
const STATUS_INTERVAL_MS = 250;

/** How fast the run is. */
export interface Rates {
  readonly ticksPerSecond: number;
  readonly agentStepsPerSecond: number;
}

/** How the run stands, as far as its driver says. */
export interface RunStatus {
  readonly state: Status['state'];
  /** What the terminal says too; an error's line when the run failed. */
  readonly message?: string;
  /** Speed limit in force, ticks per second; null = none. */
  readonly speed?: number | null;
  /** Name of the law whose violation ended the run; no frame comes after it, so the table learns of it here. */
  readonly brokenLaw?: string;
}

/** Where a run is shown. */
export interface Stage {
  /** From now on another run is shown; whoever watches is told, and sees nothing of the one before. */
  begin(header: RunHeader): void;
  /** Shows a frame to everyone who watches. O(worlds) to write it, O(1) for each watcher; never waits. */
  publish(frame: RunFrame, rates: Rates): void;
  /** Shows how the run stands; `finished`, `stopped` and `failed` end the run for the watchers. */
  status(status: RunStatus): void;
}

/** A watcher as the feed sees it (broadcast.ts). */
export interface FedWatcher {
  /** Frames that it was too slow for. */
  readonly dropped: number;
  frame(bytes: Uint8Array): void;
  message(kind: string, write: () => string): void;
  clear(): void;
}

interface Published {
  readonly frame: RunFrame;
  /** Ticks that its counts cover. */
  readonly interval: number;
  /** Whether that is a whole interval of the metrics. */
  readonly whole: boolean;
}

/** Ticks that the counts of a frame cover: those since the last multiple of `metricsEvery` before it. */
export const intervalOf = (tick: number, metricsEvery: number): number =>
  tick === 0 ? 0 : ((tick - 1) % metricsEvery) + 1;

export class Feed implements Stage {
  readonly watchers = new Set<FedWatcher>();
  private readonly framesPerSecond: number;
  private past = new FrameHistory(HISTORY_FRAMES_MAX);
  private watchedReplicates = 1;
  private hello: Hello | null = null;
  private metricsEvery = 1;
  /** Latest frame, not yet written; null before the first. */
  private latest: Published | null = null;
  /** Frames that wait for their turn: the last one of a whole interval, and one within the next. */
  private pending: Published[] = [];
  private flushTimer: ReturnType<typeof setTimeout> | null = null;
  private frameSentAt = Number.NEGATIVE_INFINITY;
  private statusSentAt = Number.NEGATIVE_INFINITY;
  private laws: { tick: number; laws: readonly LawStatus[] } | null = null;
  private violations = 0;
  private rates: Rates = { ticksPerSecond: 0, agentStepsPerSecond: 0 };
  private run: Pick<Status, 'state' | 'message' | 'speed'> = { state: 'running', message: '', speed: null };
  private thinned = 0;

  /** @param framesPerSecond sent to watchers; Infinity = each one */
  constructor(framesPerSecond: number = FRAMES_PER_SECOND) {
    this.framesPerSecond = framesPerSecond;
  }

  /** What watchers are told first; null without a live run. */
  get greeting(): Hello | null {
    return this.hello;
  }

  get state(): Status['state'] {
    return this.run.state;
  }

  get tick(): number {
    return this.latest?.frame.tick ?? 0;
  }

  /** Past frames, oldest first. */
  get history(): readonly Uint8Array[] {
    return this.past.kept;
  }

  /** Says which run is shown before anybody watches. */
  describe(header: RunHeader): void {
    this.metricsEvery = header.metricsEvery;
    this.watchedReplicates = replicatesWatched(header.arms.length);
    this.hello = helloOf(header);
  }

  begin(header: RunHeader): void {
    this.describe(header);
    this.past = new FrameHistory(HISTORY_FRAMES_MAX);
    this.latest = null;
    this.pending = [];
    this.laws = null;
    this.violations = 0;
    this.thinned = 0;
    this.rates = { ticksPerSecond: 0, agentStepsPerSecond: 0 };
    this.run = { state: 'running', message: '', speed: null };
    for (const watcher of this.watchers) {
      watcher.clear();
      watcher.message('hello', () => JSON.stringify(this.hello));
      this.tellStatus(watcher);
    }
  }

  publish(frame: RunFrame, rates: Rates): void {
    const watched = this.watchedPart(frame);
    const interval = intervalOf(frame.tick, this.metricsEvery);
    const whole = frame.tick % this.metricsEvery === 0;
    this.rates = rates;
    // Frames within an interval (a pause, a step) are of the moment; the past is made of whole intervals.
    if (whole) this.past.offer(() => encodeFrame(watched, { interval, distributions: false }));
    const kept = whole ? [] : this.pending.filter((waiting) => waiting.whole);
    this.thinned += this.pending.length - kept.length;
    this.latest = { frame: watched, interval, whole };
    this.pending = [...kept, this.latest];

    const violations = frame.laws.reduce((sum, law) => sum + (law.violated === null ? 0 : 1), 0);
    this.laws = { tick: frame.tick, laws: frame.laws };
    const now = performance.now();
    if (now - this.statusSentAt >= STATUS_INTERVAL_MS || violations !== this.violations) this.sendStatus(now);
    this.violations = violations;

    const due = this.frameSentAt + 1000 / this.framesPerSecond;
    if (now >= due) this.flush(now);
    else if (this.flushTimer === null) {
      this.flushTimer = setTimeout(() => this.flush(performance.now()), due - now);
      // a frame that waits keeps no program alive; browsers have numbers here
      if (typeof this.flushTimer === 'object') this.flushTimer.unref();
    }
  }

  status(status: RunStatus): void {
    const { state, message = '', speed = this.run.speed, brokenLaw } = status;
    this.run = { state, message, speed };
    if (brokenLaw !== undefined && this.laws !== null) {
      const laws = this.laws.laws.map((law) =>
        law.name === brokenLaw ? { ...law, violated: message } : law,
      );
      this.laws = { ...this.laws, laws };
    }
    const now = performance.now();
    if (this.run.state !== 'running') this.flush(now);
    this.sendStatus(now);
    const ended = this.ended();
    if (ended !== null)
      for (const watcher of this.watchers) watcher.message('ended', () => JSON.stringify(ended));
  }

  /** Somebody begins to watch: is told what run this is, how it stands, and its latest frame, once there is a run. */
  join(watcher: FedWatcher): void {
    this.watchers.add(watcher);
    if (this.hello === null) return;
    watcher.message('hello', () => JSON.stringify(this.hello));
    this.tellStatus(watcher);
    const ended = this.ended();
    if (ended !== null) watcher.message('ended', () => JSON.stringify(ended));
    if (this.latest !== null) {
      const { frame, interval } = this.latest;
      watcher.frame(encodeFrame(frame, { interval, distributions: true }));
    }
  }

  leave(watcher: FedWatcher): void {
    this.watchers.delete(watcher);
  }

  close(): void {
    if (this.flushTimer !== null) clearTimeout(this.flushTimer);
    this.flushTimer = null;
  }

  /** The worlds that are sent: the first replicates of every arm. */
  private watchedPart(frame: RunFrame): RunFrame {
    if (frame.worlds.length <= WATCHED_WORLDS_MAX) return frame;
    const worlds = frame.worlds
      .filter((world) => world.replicate < this.watchedReplicates)
      .slice(0, WATCHED_WORLDS_MAX);
    return { ...frame, worlds };
  }

  /** Sends what waits, if anything. */
  private flush(now: number): void {
    this.close();
    const waiting = this.pending;
    if (waiting.length === 0) return;
    this.pending = [];
    this.frameSentAt = now;
    if (this.watchers.size === 0) return;
    for (const { frame, interval } of waiting) {
      const bytes = encodeFrame(frame, { interval, distributions: true });
      for (const watcher of this.watchers) watcher.frame(bytes);
    }
  }

  private sendStatus(now: number): void {
    this.statusSentAt = now;
    for (const watcher of this.watchers) this.tellStatus(watcher);
  }

  private tellStatus(watcher: FedWatcher): void {
    watcher.message('status', () => {
      const status: Status = {
        type: 'status',
        ...this.run,
        ...this.rates,
        dropped: watcher.dropped,
        thinned: this.thinned,
      };
      return JSON.stringify(status);
    });
    if (this.laws !== null) watcher.message('laws', () => JSON.stringify({ type: 'laws', ...this.laws }));
  }

  private ended(): Ended | null {
    const { state, message } = this.run;
    return state === 'running' || state === 'paused' ? null : { type: 'ended', state, message };
  }
}
