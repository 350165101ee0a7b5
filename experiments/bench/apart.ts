/**
 * Worlds of a run in processes of their own, one thread each and nothing shared: what several threads of this machine can
 * do at most, beside which the threads of one process are to be judged.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { ResolvedRun } from '../../configs/arms.ts';
import { EnvironmentError } from '../../sim/core/errors.ts';
import { dealWorlds } from '../../sim/run.ts';
import type { Contender } from './measure.ts';

/** What a process is told first, and then on every turn. */
export interface ApartStart {
  readonly run: ResolvedRun;
  readonly worlds: readonly number[];
}
export interface ApartTurn {
  readonly toTick: number;
}
/** Its answer to a turn: agent-steps that it did. */
export interface ApartReply {
  readonly agentSteps: number;
}

/** The compiled program of a process, beside this module or in `dist` when this runs from source. */
function program(): string {
  const fromSource = import.meta.url.endsWith('.ts');
  const place = fromSource ? '../../dist/experiments/bench/apartProcess.js' : './apartProcess.js';
  const path = fileURLToPath(new URL(place, import.meta.url));
  if (existsSync(path)) return path;
  throw new EnvironmentError('processes need the compiled code in dist/', 'npm run build');
}

/** A run dealt out to processes that advance at the same time, each until it is done. */
export class ProcessesApart implements Contender {
  private readonly children: readonly ChildProcess[];
  private readonly ticks: number;
  private tick = 0;

  /**
   * @param processes at most as many as there are worlds
   * @param ticks of a turn
   */
  constructor(run: ResolvedRun, processes: number, ticks: number) {
    this.ticks = ticks;
    const path = program();
    this.children = dealWorlds(run.arms[0]!.worlds, processes).map((worlds) => {
      // typed arrays of the derived config pass only this way
      const child = fork(path, [], { serialization: 'advanced', execArgv: [] });
      child.send({ run, worlds } satisfies ApartStart);
      return child;
    });
  }

  /** Founds the worlds and lets them warm up. */
  async start(warmUpTicks: number): Promise<void> {
    await this.advanceTo(warmUpTicks);
  }

  /** One turn; returns the agent-steps of all processes together. */
  advance(): Promise<number> {
    return this.advanceTo(this.tick + this.ticks);
  }

  /** Ends all processes. */
  async close(): Promise<void> {
    await Promise.all(
      this.children.map(
        (child) =>
          new Promise<void>((resolve) => {
            if (child.exitCode !== null || child.signalCode !== null) resolve();
            else child.once('exit', () => resolve()).kill();
          }),
      ),
    );
  }

  private async advanceTo(toTick: number): Promise<number> {
    this.tick = toTick;
    const steps = await Promise.all(this.children.map((child) => this.turn(child, { toTick })));
    return steps.reduce((sum, agentSteps) => sum + agentSteps, 0);
  }

  private turn(child: ChildProcess, turn: ApartTurn): Promise<number> {
    return new Promise((resolve, reject) => {
      const ended = (code: number | null): void =>
        reject(
          new EnvironmentError(`a benchmark process ended early (${code})`, 'darwin bench run --threads 1'),
        );
      child.once('exit', ended);
      child.once('message', (reply: ApartReply) => {
        child.off('exit', ended);
        resolve(reply.agentSteps);
      });
      child.send(turn);
    });
  }
}
