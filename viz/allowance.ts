/** Limits of what one asker, or all of them, may ask for in a while, and of what is worked on at a time. */
import { DarwinError, EXIT } from '../sim/core/errors.ts';

/** How many requests may come at once, and how many a second in the long run. */
export interface Rate {
  readonly burst: number;
  readonly perSecond: number;
}

/** A token bucket: full at first, filled evenly. */
export class Allowance {
  private readonly rate: Rate;
  private readonly now: () => number;
  private left: number;
  private at: number;

  /** @param now milliseconds of a clock that never goes back */
  constructor(rate: Rate, now: () => number = () => performance.now()) {
    this.rate = rate;
    this.now = now;
    this.left = rate.burst;
    this.at = now();
  }

  /** Takes one of what is allowed; false when nothing is left. */
  take(): boolean {
    const { burst, perSecond } = this.rate;
    const now = this.now();
    this.left = Math.min(burst, this.left + ((now - this.at) / 1000) * perSecond);
    this.at = now;
    if (this.left < 1) return false;
    this.left--;
    return true;
  }
}

/** More work waits than the server takes. It answers 503. */
export class Overloaded extends DarwinError {
  readonly code = 'overloaded';
  readonly exitCode = EXIT.environment;
}

/** Lets a few pieces of work run at a time, the others wait in the order in which they came. */
export class Turns {
  private readonly atOnce: number;
  private readonly waitingMax: number;
  private running = 0;
  private readonly waiting: (() => void)[] = [];

  constructor(atOnce: number, waitingMax: number) {
    this.atOnce = atOnce;
    this.waitingMax = waitingMax;
  }

  /** Does a piece of work when its turn comes. Throws Overloaded when too many wait already. */
  async take<T>(work: () => Promise<T>): Promise<T> {
    if (this.running === this.atOnce) {
      if (this.waiting.length === this.waitingMax)
        throw new Overloaded(`${this.waitingMax} questions wait already`, 'ask again in a moment');
      // whoever ends hands its place on, so that nobody slips in between
      await new Promise<void>((turn) => this.waiting.push(turn));
    } else this.running++;
    try {
      return await work();
    } finally {
      const next = this.waiting.shift();
      if (next === undefined) this.running--;
      else next();
    }
  }
}
