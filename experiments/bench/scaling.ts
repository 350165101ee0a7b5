/**
 * `darwin bench scaling`: how the cost of an agent-step grows with agents, worlds and threads. Every size takes turns
 * with one reference, so that a slow minute of the machine does not look like a slow size.
 */
import { availableParallelism } from 'node:os';
import { HIDDEN } from '../../agents/brain/layout.ts';
import type { ResolvedRun } from '../../configs/arms.ts';
import { CapacityError } from '../../sim/core/errors.ts';
import { createSimulation } from '../../sim/run.ts';
import { LEARN_AND_ACT } from '../../sim/tick.ts';
import { type Plan, planRun } from '../plan.ts';
import { note } from '../terminal.ts';
import { createThreadShards } from '../threads.ts';
import { benchBrain } from './brain.ts';
import { type BenchOptions, type BenchRow, type Contender, ratioOf, spreadOf, takeTurns } from './measure.ts';
import { benchmarkConfig } from './run.ts';

const REPEATS = 5;
/** Largest number of agents by default; `--agents 1000000` goes on to a million where memory allows. */
const AGENTS_MAX = 100_000;
const WORLDS_MAX = 4096;
/** Agents of a world where worlds or total agents vary. */
const STANDARD_WORLD = 256;
/** Agents of a world where the number of worlds varies: small, so that many fit. */
const SMALL_WORLD = 16;
const REFERENCE = { slots: STANDARD_WORLD, worlds: 4 } as const;
/** Agent-steps between two clock readings, about: small sizes go through many ticks. */
const STEPS = 200_000;
const WARM_UP_TICKS = 20;
/** Reserves of the pool end at 2^30 milli-units. */
const RESERVES_MAX = 1_000_000;
/** Most that the schema lets consumers hold. */
const CONSUMERS_MAX = 1e9;

/** Sizes of one series. */
interface Point {
  readonly slots: number;
  readonly worlds: number;
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
    return { slots: STANDARD_WORLD, worlds, threads: 1, x: worlds * STANDARD_WORLD };
  });
  const inOne = geometric(100, Math.max(100, agentsMax), 10).map((slots) => ({
    slots,
    worlds: 1,
    threads: 1,
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
        threads: 1,
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

async function open(run: ResolvedRun, threads: number, ticks: number): Promise<Open> {
  const plan = planRun(run, threads);
  // every size with a clock between its phases, the reference too
  const simulation = createSimulation(run, {
    shards: createThreadShards(run, plan.threads, { profile: true }),
  });
  try {
    await simulation.advance(WARM_UP_TICKS);
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

/** The benchmark economy with as much demand and money per agent at every size. */
export function economy(
  slots: number,
  worlds: number,
  file = 'plainEconomy.yaml',
  more: Readonly<Record<string, number | string>> = {},
): ResolvedRun {
  const { world } = benchmarkConfig(file, {}).arms[0]!;
  const scaled = (amount: number): number => Math.max(1, Math.round((amount * slots) / STANDARD_WORLD));
  return benchmarkConfig(file, {
    slots,
    worlds,
    ...more,
    ticks: 1_000_000_000,
    'world.serviceMarket.demand': scaled(world.serviceMarket.demand),
    'world.consumers.cash': Math.min(CONSUMERS_MAX, scaled(world.consumers.cash)),
    'world.consumers.token': Math.min(CONSUMERS_MAX, scaled(world.consumers.token)),
    'world.amm.cash': Math.min(RESERVES_MAX, scaled(world.amm.cash)),
    'world.amm.token': Math.min(RESERVES_MAX, scaled(world.amm.token)),
  });
}

const minutes = (ms: number): string => `${(ms / 60_000).toFixed(1)} min`;

/** Measures all series; `ratio` is the time of an agent-step relative to the reference's in the same minutes. */
export async function benchScaling(options: BenchOptions = {}): Promise<BenchRow[]> {
  const { agents = AGENTS_MAX, worlds = WORLDS_MAX, repeats = REPEATS } = options;
  const threads = options.threads ?? Math.max(2, availableParallelism());
  const referenceTicks = Math.ceil(STEPS / (REFERENCE.slots * REFERENCE.worlds));
  const reference = await open(economy(REFERENCE.slots, REFERENCE.worlds), 1, referenceTicks);
  const rows: BenchRow[] = [];
  try {
    const series = scalingSeries(agents, worlds, threads);
    // nearly all time goes into founding and warming up what is large
    const sizeOf = ({ slots, worlds: count }: Point): number => slots * count + STEPS;
    const work = series.flatMap(({ points }) => points).reduce((sum, point) => sum + sizeOf(point), 0);
    const start = performance.now();
    let done = 0;
    for (const { name, points } of series) {
      for (const point of points) {
        const elapsed = performance.now() - start;
        const left = done === 0 ? '' : `, about ${minutes((elapsed * (work - done)) / done)} left`;
        note(`${name}: ${point.x.toLocaleString('en-US')} (${minutes(elapsed)}${left})`);
        done += sizeOf(point);
        const row = await measurePoint(name, point, reference.contender, repeats);
        if (row !== null) rows.push(row);
      }
    }
  } finally {
    await reference.close();
  }
  return [...rows, ...(await hiddenRows(repeats))];
}

/** Brains alone at other hidden sizes, in turns with the standard one. */
async function hiddenRows(repeats: number): Promise<BenchRow[]> {
  note(`hidden units: ${HIDDEN_SIZES.join(', ')}`);
  const rows = await benchBrain({
    agents: STANDARD_WORLD,
    worlds: REFERENCE.worlds,
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
  { slots, worlds, threads, x }: Point,
  reference: Contender,
  repeats: number,
): Promise<BenchRow | null> {
  const ticks = Math.max(2, Math.ceil(STEPS / (slots * worlds)));
  let opened: Open;
  try {
    opened = await open(economy(slots, worlds), threads, ticks);
  } catch (error) {
    // a size that this machine cannot hold is left out, and said
    if (!(error instanceof CapacityError)) throw error;
    note(`${name}: ${x} left out: ${error.message}`);
    return null;
  }
  try {
    const [own, other] = await takeTurns([opened.contender, reference], repeats);
    const agentStepsPerSecond = spreadOf(own!);
    return {
      name: `scaling ${name}`,
      engine: 'cpu',
      threads: opened.plan.threads,
      agents: slots * worlds,
      worlds,
      agentStepsPerSecond,
      nsPerAgentStep: 1e9 / agentStepsPerSecond.median,
      bytesPerAgent: opened.plan.bytes / (slots * worlds),
      brainShare: opened.brainShare(),
      ratio: ratioOf(other!, own!),
      ratioTo: `the time of ${REFERENCE.worlds} worlds of ${REFERENCE.slots}, 1 thread`,
      x,
    };
  } finally {
    await opened.close();
  }
}
