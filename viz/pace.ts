/** Pause, step, resume and speed of a watched run. Decides when ticks are made, never what they do. */
import type { Control } from './protocol.ts';

/** A speed limit is kept in stretches of this long, so that a slow run still moves smoothly. */
const STRETCH_S = 0.1;

export class Pace {
  private paused: boolean;
  /** Somebody has asked for something that is done between ticks. */
  private poked = false;
  /** Ticks left of a step; 0 outside one. */
  private steps = 0;
  private ticksPerSecond: number | null = null;
  private dueMs = 0;
  private waiting = false;
  private wake: () => void = () => {};
  private readonly onChange: () => void;

  /**
   * @param onChange called when `state` or `speed` may have changed
   * @param paused whether it begins so
   */
  constructor(onChange: () => void = () => {}, paused = false) {
    this.onChange = onChange;
    this.paused = paused;
  }

  /** Whether no tick is to be made before somebody asks for one. */
  get holds(): boolean {
    return this.paused && this.steps === 0;
  }

  /** Ends the turn that waits, if one does, without a tick. */
  poke(): void {
    this.poked = true;
    this.wake();
  }

  /** paused: the ticks under way when the pause was asked for are done, and nothing moves. */
  get state(): 'running' | 'paused' {
    return this.waiting ? 'paused' : 'running';
  }

  /** Speed limit, ticks per second; null = none. */
  get speed(): number | null {
    return this.ticksPerSecond;
  }

  apply(control: Control): void {
    if (control.type === 'pause') {
      this.paused = true;
      this.steps = 0;
    } else if (control.type === 'resume') {
      this.paused = false;
      this.steps = 0;
    } else if (control.type === 'step') {
      this.paused = true;
      this.steps += control.ticks;
    } else {
      this.ticksPerSecond = control.ticksPerSecond;
      this.dueMs = 0;
    }
    this.wake();
    this.onChange();
  }

  /** Resolves when ticks may be made, to how many; to 0 when the signal is aborted or somebody has poked. */
  async turn(signal: AbortSignal): Promise<number> {
    for (;;) {
      if (signal.aborted || this.poked) {
        this.poked = false;
        return 0;
      }
      const waitMs = this.dueMs - performance.now();
      if (this.holds) await this.resumed(signal);
      else if (this.ticksPerSecond !== null && waitMs > 0) await this.changed(signal, waitMs);
      else break;
    }
    const byStep = this.steps > 0 ? this.steps : Number.POSITIVE_INFINITY;
    if (this.ticksPerSecond === null) return byStep;
    return Math.min(byStep, Math.max(1, Math.floor(this.ticksPerSecond * STRETCH_S)));
  }

  /** Reports that so many ticks were made since the last turn. */
  spent(ticks: number): void {
    this.steps = Math.max(0, this.steps - ticks);
    if (this.ticksPerSecond === null) return;
    const now = performance.now();
    // a late tick does not speed up those after it
    this.dueMs = Math.max(this.dueMs, now - 1000 * STRETCH_S) + (ticks * 1000) / this.ticksPerSecond;
  }

  private async resumed(signal: AbortSignal): Promise<void> {
    if (!this.waiting) {
      this.waiting = true;
      this.onChange();
    }
    while (this.holds && !this.poked && !signal.aborted) await this.changed(signal);
    // still paused, whatever is done now
    if (this.poked && this.holds && !signal.aborted) return;
    this.waiting = false;
    this.onChange();
  }

  private changed(signal: AbortSignal, timeoutMs?: number): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        signal.removeEventListener('abort', done);
        this.wake = () => {};
        resolve();
      };
      // without a limit, the timer only keeps the program alive while it is paused
      const timer = setTimeout(done, timeoutMs ?? 2 ** 30);
      signal.addEventListener('abort', done);
      this.wake = done;
    });
  }
}
