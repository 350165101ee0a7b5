/** What somebody who watches a run asks of it: its pace, its end, and changes of parameters, which wait for a boundary. */
import { addIntervention } from '../configs/addIntervention.ts';
import type { ResolvedRun } from '../configs/arms.ts';
import type { Intervention } from '../configs/interventions.ts';
import { UsageError } from '../sim/core/errors.ts';
import type { Simulation } from '../sim/run.ts';
import type { ChangeRequest } from './controlApi.ts';
import { Pace } from './pace.ts';

interface Asked {
  readonly change: ChangeRequest;
  readonly resolve: (done: Intervention) => void;
  readonly reject: (error: Error) => void;
}

/** Changes that may wait at a time. */
const WAITING_MAX = 100;

export class Steering {
  readonly pace: Pace;
  private readonly stopping = new AbortController();
  private asked: Asked[] = [];
  private over = false;
  private tellEnded: () => void = () => {};
  /** Resolves when the run is over and its memory is free. */
  readonly ended = new Promise<void>((resolve) => {
    this.tellEnded = resolve;
  });

  /**
   * @param onPace called when state or speed may have changed
   * @param paused whether the run waits at its first tick
   */
  constructor(onPace: () => void, paused = false) {
    this.pace = new Pace(onPace, paused);
  }

  /** Aborted when the run is to stop, with a checkpoint. */
  get signal(): AbortSignal {
    return this.stopping.signal;
  }

  get isOver(): boolean {
    return this.over;
  }

  stop(): void {
    this.stopping.abort();
  }

  /**
   * Asks for a change before the next tick; resolves when it is recorded.
   *
   * @throws ConfigError when it is not permitted, UsageError when the run is over
   */
  intervene(change: ChangeRequest): Promise<Intervention> {
    return new Promise((resolve, reject) => {
      if (this.over) reject(new UsageError('the run is over', 'start another one'));
      else if (this.asked.length >= WAITING_MAX)
        reject(new UsageError(`${WAITING_MAX} changes are waiting already`, 'wait for them'));
      else this.asked.push({ change, resolve, reject });
      this.pace.poke();
    });
  }

  /**
   * Makes the changes that were asked for, between two ticks: first recorded, then done, so that whatever stops the
   * program leaves a record that reproduces the run.
   *
   * @param record keeps the configs of all arms
   * @returns the run with all that happened to it
   */
  async take(
    run: ResolvedRun,
    simulation: Simulation,
    record: (run: ResolvedRun) => Promise<void>,
  ): Promise<ResolvedRun> {
    let current = run;
    for (let next = this.asked.shift(); next !== undefined; next = this.asked.shift()) {
      const { tick } = simulation;
      try {
        const intervened = addIntervention(current, { ...next.change, tick });
        await record(intervened.run);
        await simulation.intervene(intervened.byArm);
        current = intervened.run;
        next.resolve({ tick, path: next.change.path, value: next.change.value });
      } catch (error) {
        next.reject(error as Error);
      }
    }
    return current;
  }

  /** Nothing more will happen; what still waits is refused. */
  end(): void {
    this.over = true;
    for (const { reject } of this.asked.splice(0))
      reject(new UsageError('the run is over', 'start another one'));
    this.tellEnded();
  }
}
