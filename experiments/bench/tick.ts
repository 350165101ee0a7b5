/**
 * `darwin bench tick` and `darwin bench observe`: one world in this thread, without threads, tables or frames around
 * it: what a tick costs, and what one of its phases does.
 */
import { observe } from '../../agents/observation.ts';
import type { ResolvedRun } from '../../configs/arms.ts';
import { UsageError } from '../../sim/core/errors.ts';
import { Shard } from '../../sim/shard.ts';
import { type World, worldBytes } from '../../sim/world.ts';
import { economy, everyMechanismAt, STANDARD_WORLD } from './economy.ts';
import { type BenchOptions, type BenchRow, type Contender, spreadOf, takeTurns } from './measure.ts';

/** Young agents die early: the population settles first. */
const WARM_UP_TICKS = 300;
/** Ticks, or repetitions of a phase, between two clock readings. */
const TICKS = 200;
const REPEATS = 7;

/** Economies that a tick is timed in, and what they stand for. */
const ECONOMIES = [
  { at: everyMechanismAt, note: 'every mechanism on' },
  { at: economy, note: 'compute, tasks, pool, training; no contracts, stakes, data' },
] as const;

interface WarmWorld {
  readonly run: ResolvedRun;
  readonly shard: Shard;
  readonly world: World;
}

function warmWorld({ at }: (typeof ECONOMIES)[number], agents = STANDARD_WORLD): WarmWorld {
  const run = at(agents, 1);
  const shard = new Shard(run, [0]);
  shard.advance(WARM_UP_TICKS);
  return { run, shard, world: [...shard.inside()][0]! };
}

const rowOf = (name: string, { run, world }: WarmWorld, rates: readonly number[], note: string): BenchRow => {
  const agentStepsPerSecond = spreadOf(rates);
  const { slots } = run.arms[0]!;
  return {
    name,
    engine: 'cpu',
    threads: 1,
    agents: slots,
    worlds: 1,
    agentStepsPerSecond,
    nsPerAgentStep: 1e9 / agentStepsPerSecond.median,
    bytesPerAgent: worldBytes({ ...world.parameters, market: world.parameters }) / slots,
    note,
  };
};

const repeatsOf = ({ repeats = REPEATS }: BenchOptions): number => {
  if (repeats < 1) throw new UsageError('a benchmark needs at least one repeat', '--repeats 7');
  return repeats;
};

/** Whole ticks with laws and metrics, [economy]. */
export async function benchTick(options: BenchOptions = {}): Promise<BenchRow[]> {
  const worlds = ECONOMIES.map((kind) => warmWorld(kind, options.agents));
  const contenders = worlds.map(
    ({ shard, world }): Contender => ({ advance: () => shard.advance(world.tick + TICKS).agentSteps }),
  );
  const rates = await takeTurns(contenders, repeatsOf(options));
  return worlds.map((world, k) => rowOf('tick', world, rates[k]!, ECONOMIES[k]!.note));
}

/** The phase that writes every learner's observation, again and again on the same state. */
export async function benchObserve(options: BenchOptions = {}): Promise<BenchRow[]> {
  const [every] = ECONOMIES;
  const warm = warmWorld(every, options.agents);
  const { world } = warm;
  const learners = world.brain.columns.active.reduce((sum, active) => sum + active, 0);
  const contender: Contender = {
    advance: () => {
      for (let k = 0; k < TICKS; k++) observe(world, world.tick);
      return learners * TICKS;
    },
  };
  const [rates] = await takeTurns([contender], repeatsOf(options));
  return [rowOf('observe', warm, rates!, every.note)];
}
