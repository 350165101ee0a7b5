/** `darwin bench run`: whole ticks of a market economy, end to end, through the same threads as `darwin run`. */
import { availableParallelism } from 'node:os';
import { UsageError } from '../../sim/core/errors.ts';
import { createSimulation, type Simulation } from '../../sim/run.ts';
import { planRun } from '../plan.ts';
import { median } from '../statistics/estimates.ts';
import { createThreadShards, type ThreadOptions } from '../threads.ts';
import { ProcessesApart } from './apart.ts';
import { everyMechanismAt, STANDARD_WORLD, STANDARD_WORLDS } from './economy.ts';
import { type BenchOptions, type BenchRow, ratioOf, spreadOf, takeTurns } from './measure.ts';

export interface RunBenchOptions extends BenchOptions {
  /** Ticks between two clock readings. */
  readonly ticks?: number;
  readonly threadCounts?: readonly number[];
}

/** What the row of processes says. */
const APART =
  'processes with a thread and their share of the worlds each, which share nothing: the most that this machine gives so many threads';
/** Young agents die early: the population settles first. */
const WARM_UP_TICKS = 300;

/** A running simulation that advances by the same number of ticks each turn. */
class RunContender {
  /** Of all turns, where phases are timed. */
  readonly phaseNs: Record<string, number> = {};
  stepsPerTick = 0;
  private readonly simulation: Simulation;
  private readonly ticks: number;

  constructor(simulation: Simulation, ticks: number) {
    this.simulation = simulation;
    this.ticks = ticks;
  }

  async advance(): Promise<number> {
    const { agentSteps, phaseNs } = await this.simulation.advance(this.simulation.tick + this.ticks);
    for (const [phase, ns] of Object.entries(phaseNs ?? {}))
      this.phaseNs[phase] = (this.phaseNs[phase] ?? 0) + ns;
    this.stepsPerTick = agentSteps / this.ticks;
    return agentSteps;
  }
}

/**
 * Measures each thread count, the first of them without laws and with a clock between its phases, and as many processes
 * with a thread each as the highest count, which have nothing to do with each other: what they do together is what the
 * machine gives several threads. All take turns in each repeat.
 */
export async function benchRun(options: RunBenchOptions = {}): Promise<BenchRow[]> {
  const { repeats = 7, ticks = 200, threads = Math.max(2, availableParallelism()) } = options;
  const { agents: slots = STANDARD_WORLD, worlds = STANDARD_WORLDS } = options;
  const threadCounts = options.threadCounts ?? [...new Set([1, 2, threads])].filter((n) => n <= threads);
  if (repeats < 1 || ticks < 1)
    throw new UsageError('a benchmark needs at least one repeat and tick', '--repeats 7');
  const run = everyMechanismAt(slots, worlds);
  const opened: { close: () => Promise<void> }[] = [];
  const open = async (count: number, thread: ThreadOptions = {}): Promise<RunContender> => {
    const { threads: planned } = planRun(run, count);
    const simulation = createSimulation(run, { shards: createThreadShards(run, planned, thread) });
    opened.push(simulation);
    await simulation.advance(WARM_UP_TICKS);
    return new RunContender(simulation, ticks);
  };
  try {
    const contenders: RunContender[] = [];
    for (const count of threadCounts) contenders.push(await open(count));
    const lawless = await open(threadCounts[0]!, { laws: false });
    const profiled = await open(threadCounts[0]!, { profile: true });
    const processes = Math.min(Math.max(...threadCounts), worlds);
    const apart = new ProcessesApart(run, processes, ticks);
    opened.push(apart);
    await apart.start(WARM_UP_TICKS);
    const rates = await takeTurns([...contenders, lawless, profiled, apart], repeats);
    const [withoutLaws, , together] = rates.slice(contenders.length);
    const phases = sharesOf(profiled.phaseNs);
    const rowOf = (threadCount: number, own: readonly number[]): BenchRow => {
      const spread = spreadOf(own);
      return {
        name: 'run',
        engine: 'cpu',
        threads: threadCount,
        agents: slots * worlds,
        worlds,
        agentStepsPerSecond: spread,
        nsPerAgentStep: 1e9 / spread.median,
        worldTicksPerSecond: (spread.median * worlds) / profiled.stepsPerTick,
        ...(own === rates[0] ? {} : { ratio: ratioOf(own, rates[0]!), ratioTo: `${threadCounts[0]} thread` }),
      };
    };
    return [
      ...threadCounts.map((count, k): BenchRow => {
        const row = rowOf(count, rates[k]!);
        if (k > 0) return row;
        const lawsShare = 1 - median(rates[0]!) / median(withoutLaws!);
        return { ...row, phases, lawsShare, watchShare: (phases.measure ?? 0) + (phases.sample ?? 0) };
      }),
      { ...rowOf(processes, together!), name: `run, ${processes} processes apart`, note: APART },
    ];
  } finally {
    await Promise.all(opened.map((simulation) => simulation.close()));
  }
}

function sharesOf(phaseNs: Readonly<Record<string, number>>): Record<string, number> {
  const total = Object.values(phaseNs).reduce((sum, ns) => sum + ns, 0);
  return Object.fromEntries(Object.entries(phaseNs).map(([phase, ns]) => [phase, ns / total]));
}
