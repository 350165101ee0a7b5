/** Schedules of faults, drawn from a seed: a small random run, and what befalls it each time that it is started. */
import type { ResolvedRun } from '../../configs/arms.ts';
import { resolveConfig } from '../../configs/parse.ts';
import { DrawSequence, indexBelow, STREAM, unitInterval } from '../../sim/core/rng.ts';

/** What befalls one start of a run. Shares are in [0, 1): of the disk steps, or of the ticks, of the run without faults. */
export type Fault =
  /** A step on the disk is refused. */
  | { readonly kind: 'refused'; readonly at: number; readonly code: string }
  /** A write stops short: so much of the file is there, and no space is left. */
  | { readonly kind: 'short'; readonly at: number; readonly share: number }
  /** The process is killed before or after a step. */
  | { readonly kind: 'killed'; readonly at: number; readonly after: boolean }
  /** The machine stops before or after a step: what was not forced to the disk is cut short or undone. */
  | { readonly kind: 'power'; readonly at: number; readonly after: boolean; readonly share: number }
  /** The thread that holds some of the worlds stops. */
  | { readonly kind: 'worker'; readonly at: number }
  /** Somebody presses Ctrl-C. */
  | { readonly kind: 'interrupted'; readonly at: number };
export type FaultKind = Fault['kind'];

/** Something that is damaged between two starts. */
export type Damage = 'state' | 'index' | 'rows';

/** A start of the run. */
export interface Attempt {
  readonly fault: Fault;
  /** What is damaged after it, where a checkpoint before the newest one can stand in; null = nothing. */
  readonly damage: Damage | null;
  /** Where in the damaged file, [0, 1). */
  readonly share: number;
}

export interface Schedule {
  readonly seed: number;
  readonly attempts: readonly Attempt[];
}

/** Schedules that share a run, so that it is run without faults once for all of them. */
export const SCHEDULES_PER_RUN = 16;
const ATTEMPTS_MAX = 3;
const CODES = ['ENOSPC', 'EIO', 'EACCES', 'EROFS', 'EDQUOT', 'EMFILE'];
const DAMAGES: readonly Damage[] = ['state', 'index', 'rows'];

/** Draws of a seed; `part` tells the run's from those of each attempt. */
class Draws {
  private readonly sequence: DrawSequence;

  constructor(seed: number, part: number) {
    this.sequence = new DrawSequence().at(seed, part, 0, STREAM.environment);
  }

  share(): number {
    return unitInterval(this.sequence.word());
  }

  below(count: number): number {
    return indexBelow(this.sequence.word(), count);
  }

  from<T>(list: readonly T[]): T {
    return list[this.below(list.length)]!;
  }
}

/** The run that a schedule disturbs. */
export function runOf(seed: number): ResolvedRun {
  const group = Math.floor(seed / SCHEDULES_PER_RUN);
  const draws = new Draws(group, 0xffff);
  const ticks = 6 + draws.below(12);
  return resolveConfig({
    name: 'disturbed',
    seed: `disturbed ${group}`,
    ticks,
    worlds: 1 + draws.below(2),
    slots: 6 + draws.below(7),
    output: {
      metricsEvery: 1 + draws.below(8),
      agentsEvery: draws.from([0, 0, 7]),
      tradesEvery: 5,
      tradesWorlds: draws.from([0, 0, 1]),
      journalWorlds: draws.from([0, 0, 1]),
      lineage: draws.below(2) === 1,
      checkpointEvery: draws.from([0, 1 + draws.below(4), 2 + draws.below(8), 5]),
      checkpointsKept: 1 + draws.below(3),
      checkpointAtEnd: draws.below(3) === 0,
    },
    world: {
      demography: { meanLife: draws.from([40, 4000]) },
      policy: draws.from([{}, { staking: true, issuance: 'stakeWeighted' }]),
      trust: draws.from([{}, { regime: 'legal', delay: 3 }]),
    },
    populations: [
      { name: 'learners', kind: 'learner', share: 2 },
      { name: 'zi', kind: 'ziC' },
    ],
  });
}

function faultOf(draws: Draws): Fault {
  const kinds: readonly FaultKind[] = [
    'refused',
    'short',
    'killed',
    'killed',
    'power',
    'power',
    'worker',
    'interrupted',
  ];
  const kind = draws.from(kinds);
  const at = draws.share();
  if (kind === 'refused') return { kind, at, code: draws.from(CODES) };
  if (kind === 'short') return { kind, at, share: draws.share() };
  if (kind === 'killed') return { kind, at, after: draws.below(2) === 1 };
  if (kind === 'power') return { kind, at, after: draws.below(2) === 1, share: draws.share() };
  return { kind, at };
}

/** The faults of a seed. */
export function scheduleOf(seed: number): Schedule {
  const draws = new Draws(seed, 0);
  const attempts = Array.from(
    { length: 1 + draws.below(ATTEMPTS_MAX) },
    (): Attempt => ({
      fault: faultOf(draws),
      damage: draws.below(4) === 0 ? draws.from(DAMAGES) : null,
      share: draws.share(),
    }),
  );
  return { seed, attempts };
}
