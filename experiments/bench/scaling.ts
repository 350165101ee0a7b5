/**
 * `darwin bench scaling`: how the cost of an agent-step grows with agents, worlds and threads. Every size takes turns
 * with the same reference, founded with it, so that neither a slow minute of the machine nor the age of its agents looks
 * like a slow size.
 */
import { availableParallelism } from 'node:os';
import { HIDDEN } from '../../agents/brain/layout.ts';
import type { ResolvedRun } from '../../configs/arms.ts';
import { CapacityError, UsageError } from '../../sim/core/errors.ts';
import { createSimulation } from '../../sim/run.ts';
import { createShard } from '../../sim/shard.ts';
import { LEARN_AND_ACT } from '../../sim/tick.ts';
import { type Plan, planRun } from '../plan.ts';
import { note } from '../terminal.ts';
import { createThreadShards } from '../threads.ts';
import { benchBrain } from './brain.ts';
import { economy, STANDARD_WORLD } from './economy.ts';
import { type BenchOptions, type BenchRow, type Contender, ratioOf, spreadOf, takeTurns } from './measure.ts';

const REPEATS = 5;
/** Largest number of agents by default; `--agents 1000000` goes on to a million where memory allows. */
const AGENTS_MAX = 100_000;
const WORLDS_MAX = 4096;
/** Agents of a world where the number of worlds varies: small, so that many fit. */
const SMALL_WORLD = 16;
const REFERENCE = { slots: STANDARD_WORLD, worlds: 16 } as const;
const WARM_UP_TICKS = 20;
/**
 * Ticks between two clock readings, at every size and of the reference, so that all are measured at the same age. A
 * world's state comes into the cache once a turn, as it does once an interval of metrics in a run.
 */
const TURN_TICKS = 16;
/** A world that no cache holds gains nothing from more. */
const HUGE_WORLD = 500_000;
const HUGE_TURN_TICKS = 4;
/** A turn of so many agent-steps is long enough to be measured three times. */
const LONG_TURN = 5_000_000;
const LONG_REPEATS = 3;
/** Agent-steps of a point below which it is founded and measured anew, and how often at most. */
const POINT_STEPS = 1_000_000;
const FOUNDINGS_MAX = 3;
/**
 * Agents up to which a size runs in this thread, whose code earlier sizes have made quick; larger ones make their own
 * quick while they warm up, and a thread of their own gives their memory back.
 */
const IN_PROCESS_MAX = 50_000;
/** Ticks of the reference before the first size, after which its code is quick. */
const COMPILE_TICKS = 300;
/** What is measured, and what `quick` measures: agents and worlds at most, turns, how often small sizes are founded. */
const FULL = { agents: AGENTS_MAX, worlds: WORLDS_MAX, repeats: REPEATS, foundings: FOUNDINGS_MAX } as const;
const QUICK = { agents: 10_000, worlds: 64, repeats: 2, foundings: 1 } as const;
/** Growth of cost is told from here on: below, what a tick costs whatever its agents shows. */
const GROWTH_FROM = 1000;

/** Sizes of one series. */
interface Point {
  readonly slots: number;
  readonly worlds: number;
  /** 0 = this thread, where the size allows. */
  readonly threads: number;
  /** What the series varies. */
  readonly x: number;
}
interface Series {
  readonly name: string;
  readonly points: readonly Point[];
}

/** Series by what they vary; each a name that rows carry, and the axis that the report draws. */
export const SCALING_AXES: Readonly<Record<string, string>> = {
  'agents in worlds of 256': 'agents',
  'agents in one world': 'agents',
  'worlds of 16 agents': 'worlds',
  'threads, worlds of 256': 'threads',
  'hidden units, brain alone': 'hidden units',
};
/** Hidden units of each net; the standard size comes first and is what the others are compared with. */
const HIDDEN_SIZES = [HIDDEN, 8, 32, 64] as const;

/** Powers of `base` times `first`, up to and with `last`. */
function geometric(first: number, last: number, base: number): number[] {
  const values: number[] = [];
  for (let value = first; value < last; value *= base) values.push(value);
  return [...values, last];
}

/** What is measured, up to so many agents, worlds and threads. */
export function scalingSeries(agentsMax: number, worldsMax: number, threadsMax: number): Series[] {
  const threads = threadsMax;
  const inWorlds = geometric(1000, Math.max(1000, agentsMax), 10).map((agents) => {
    const worlds = Math.max(1, Math.round(agents / STANDARD_WORLD));
    return { slots: STANDARD_WORLD, worlds, threads: 0, x: worlds * STANDARD_WORLD };
  });
  const inOne = geometric(100, Math.max(100, agentsMax), 10).map((slots) => ({
    slots,
    worlds: 1,
    threads: 0,
    x: slots,
  }));
  return [
    { name: 'agents in worlds of 256', points: inWorlds },
    { name: 'agents in one world', points: inOne },
    {
      name: 'worlds of 16 agents',
      points: geometric(1, worldsMax, 8).map((worlds) => ({
        slots: SMALL_WORLD,
        worlds,
        threads: 0,
        x: worlds,
      })),
    },
    {
      name: 'threads, worlds of 256',
      points: geometric(1, threads, 2).map((count) => ({
        slots: STANDARD_WORLD,
        worlds: 8 * threads,
        threads: count,
        x: count,
      })),
    },
  ];
}

interface Open {
  readonly contender: Contender;
  readonly plan: Plan;
  /** Share of learning and acting in all that `contender` has done, once it has done something. */
  readonly brainShare: () => number;
  readonly close: () => Promise<void>;
}

async function open(
  run: ResolvedRun,
  threads: number,
  ticks: number,
  warmUpTicks = WARM_UP_TICKS,
): Promise<Open> {
  const plan = planRun(run, Math.max(1, threads));
  const { slots, worlds } = run.arms[0]!;
  // every size with a clock between its phases, the reference too
  const simulation = createSimulation(run, {
    shards:
      threads === 0 && slots * worlds <= IN_PROCESS_MAX
        ? [createShard(run, [...Array(worlds).keys()], { clock: () => performance.now() * 1e6 })]
        : createThreadShards(run, plan.threads, { profile: true }),
  });
  try {
    await simulation.advance(warmUpTicks);
  } catch (error) {
    await simulation.close();
    throw error;
  }
  let brainNs = 0;
  let allNs = 0;
  return {
    plan,
    contender: {
      advance: async () => {
        const { agentSteps, phaseNs } = await simulation.advance(simulation.tick + ticks);
        for (const [phase, ns] of Object.entries(phaseNs ?? {})) {
          allNs += ns;
          if (phase === LEARN_AND_ACT.name) brainNs += ns;
        }
        return agentSteps;
      },
    },
    brainShare: () => brainNs / allNs,
    close: () => simulation.close(),
  };
}

const minutes = (ms: number): string => `${(ms / 60_000).toFixed(1)} min`;

/** Measures all series; `ratio` is the time of an agent-step relative to the reference's in the same minutes. */
export async function benchScaling(options: BenchOptions = {}): Promise<BenchRow[]> {
  const { agents, worlds, repeats, foundings } = {
    ...(options.quick ? QUICK : FULL),
    ...options,
  };
  if (repeats < 1) throw new UsageError('a benchmark needs at least one repeat', '--repeats 5');
  const threads = options.threads ?? Math.max(2, availableParallelism());
  const series = scalingSeries(agents, worlds, threads);
  const plan = (point: Point): PointPlan => planOf(point, repeats, foundings);
  const work = series
    .flatMap(({ points }) => points)
    .reduce((sum, point) => sum + workOf(point, plan(point)), 0);
  const start = performance.now();
  await (await open(economy(REFERENCE.slots, REFERENCE.worlds), 0, 1, COMPILE_TICKS)).close();
  const rows: BenchRow[] = [];
  let done = 0;
  for (const { name, points } of series) {
    const measured: BenchRow[] = [];
    for (const point of points) {
      const elapsed = performance.now() - start;
      const left = done === 0 ? '' : `, about ${minutes((elapsed * (work - done)) / done)} left`;
      note(`${name}: ${point.x.toLocaleString('en-US')} (${minutes(elapsed)}${left})`);
      done += workOf(point, plan(point));
      const row = await measurePoint(name, point, plan(point));
      if (row !== null) measured.push(row);
    }
    rows.push(...withGrowth(measured));
  }
  return [...rows, ...(await hiddenRows(repeats))];
}

const turnTicksOf = ({ slots }: Point): number => (slots < HUGE_WORLD ? TURN_TICKS : HUGE_TURN_TICKS);

/** How often a point's contenders take turns, and how often they are founded anew for it. */
interface PointPlan {
  readonly turns: number;
  readonly foundings: number;
}

function planOf(point: Point, repeats: number, foundingsMax: number): PointPlan {
  const turn = point.slots * point.worlds * turnTicksOf(point);
  const turns = turn < LONG_TURN ? repeats : Math.min(repeats, LONG_REPEATS);
  return { turns, foundings: Math.min(foundingsMax, Math.ceil(POINT_STEPS / (turn * turns))) };
}

/** About what a point takes, in agent-steps: founding an agent takes as long as some ten, threads as many thousands. */
function workOf(point: Point, { turns, foundings }: PointPlan): number {
  const ticks = 10 + WARM_UP_TICKS + turns * turnTicksOf(point);
  const agents = point.slots * point.worlds + REFERENCE.slots * REFERENCE.worlds;
  return foundings * (agents * ticks + 500_000);
}

/** The rows of a series of agents; the last says how much dearer it is than the first of a thousand agents. */
export function withGrowth(rows: readonly BenchRow[]): BenchRow[] {
  const counted = rows.filter(({ name, x = 0 }) => name.includes(' agents in ') && x >= GROWTH_FROM);
  const [first, last] = [counted[0], counted.at(-1)];
  if (first === undefined || last === undefined || first === last) return [...rows];
  const ratios = counted.map(({ ratio = Number.NaN }) => ratio);
  const spread = Math.max(...ratios) / Math.min(...ratios);
  const sizes = [first, last].map(({ x = 0 }) => x.toLocaleString('en-US'));
  const note = `an agent-step takes ${(last.ratio! / first.ratio!).toFixed(2)} times as long at ${sizes[1]} agents as at ${sizes[0]}, the dearest size ${spread.toFixed(2)} times what the cheapest takes`;
  return rows.map((row) => (row === last ? { ...row, note } : row));
}

/** Brains alone at other hidden sizes, in turns with the standard one. */
async function hiddenRows(repeats: number): Promise<BenchRow[]> {
  note(`hidden units: ${HIDDEN_SIZES.join(', ')}`);
  const rows = await benchBrain({
    agents: STANDARD_WORLD,
    worlds: 4,
    repeats,
    hiddenSizes: HIDDEN_SIZES,
  });
  return rows.map(({ ratio = 1, ...row }, k) => ({
    ...row,
    name: 'scaling hidden units, brain alone',
    x: HIDDEN_SIZES[k]!,
    ratio: k === 0 ? 1 : 1 / ratio,
    ratioTo: `the time of ${HIDDEN} hidden units`,
  }));
}

async function measurePoint(
  name: string,
  point: Point,
  { turns, foundings }: PointPlan,
): Promise<BenchRow | null> {
  const { slots, worlds, threads, x } = point;
  const ticks = turnTicksOf(point);
  const own: number[] = [];
  const other: number[] = [];
  let brain = 0;
  let plan: Plan | null = null;
  for (let k = 0; k < foundings; k++) {
    const opened: Open[] = [];
    try {
      for (const [run, count] of [
        [economy(slots, worlds), threads],
        [economy(REFERENCE.slots, REFERENCE.worlds), 0],
      ] as const)
        opened.push(await open(run, count, ticks));
      const [mine, reference] = await takeTurns(
        opened.map(({ contender }) => contender),
        turns,
      );
      own.push(...mine!);
      other.push(...reference!);
      brain += opened[0]!.brainShare() / foundings;
      plan = opened[0]!.plan;
    } catch (error) {
      // a size that this machine cannot hold is left out, and said
      if (!(error instanceof CapacityError)) throw error;
      note(`${name}: ${x} left out: ${error.message}`);
      return null;
    } finally {
      await Promise.all(opened.map(({ close }) => close()));
    }
  }
  const agentStepsPerSecond = spreadOf(own);
  return {
    name: `scaling ${name}`,
    engine: 'cpu',
    threads: plan!.threads,
    agents: slots * worlds,
    worlds,
    agentStepsPerSecond,
    nsPerAgentStep: 1e9 / agentStepsPerSecond.median,
    bytesPerAgent: plan!.bytes / (slots * worlds),
    brainShare: brain,
    ratio: ratioOf(other, own),
    ratioTo: `the time of ${REFERENCE.worlds} worlds of ${REFERENCE.slots}, 1 thread`,
    x,
  };
}
