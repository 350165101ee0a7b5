/** `darwin bench run`: whole ticks of a market economy, end to end, through the same threads as `darwin run`. */
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import type { ResolvedRun } from '../../configs/arms.ts';
import { type Override, parseConfig } from '../../configs/parse.ts';
import { UsageError } from '../../sim/core/errors.ts';
import { createSimulation, type Simulation } from '../../sim/run.ts';
import { PACKAGE_ROOT } from '../hardware.ts';
import { planRun } from '../plan.ts';
import { createThreadShards, type ThreadOptions } from '../threads.ts';
import { type BenchOptions, type BenchRow, median, ratioOf, spreadOf, takeTurns } from './measure.ts';

export interface RunBenchOptions extends BenchOptions {
  /** Ticks between two clock readings. */
  readonly ticks?: number;
  readonly threadCounts?: readonly number[];
}

/** Young agents die early: the population settles first. */
const WARM_UP_TICKS = 300;

/** A config of this folder, its sizes replaced by what was asked for. */
export function benchmarkConfig(
  file: string,
  sizes: Readonly<Record<string, number | string | undefined>>,
): ResolvedRun {
  const place = join('experiments', 'bench', file);
  const overrides = Object.entries(sizes)
    .filter(([, value]) => value !== undefined)
    .map(([path, value]): Override => ({ origin: `--${path}`, path, value }));
  return parseConfig(readFileSync(join(PACKAGE_ROOT, place), 'utf8'), { file: place, overrides });
}

/** A running simulation that advances by the same number of ticks each turn. */
class RunContender {
  readonly simulation: Simulation;
  private readonly ticks: number;

  constructor(simulation: Simulation, ticks: number) {
    this.simulation = simulation;
    this.ticks = ticks;
  }

  async advance(): Promise<number> {
    const { agentSteps } = await this.simulation.advance(this.simulation.tick + this.ticks);
    return agentSteps;
  }
}

/** Measures each thread count, and the first of them without laws; contenders take turns in each repeat. */
export async function benchRun(options: RunBenchOptions = {}): Promise<BenchRow[]> {
  const { agents, worlds, repeats = 7, ticks = 200, threads = Math.max(2, availableParallelism()) } = options;
  const threadCounts = options.threadCounts ?? [...new Set([1, 2, threads])].filter((n) => n <= threads);
  if (repeats < 1 || ticks < 1)
    throw new UsageError('a benchmark needs at least one repeat and tick', '--repeats 7');
  const run = benchmarkConfig('everyMechanism.yaml', {
    slots: agents,
    worlds,
    ticks: WARM_UP_TICKS + ticks * (repeats + 1),
  });
  const { slots, worlds: worldCount } = run.arms[0]!;
  const open = async (count: number, thread: ThreadOptions = {}): Promise<RunContender> => {
    const { threads: planned } = planRun(run, count);
    const simulation = createSimulation(run, { shards: createThreadShards(run, planned, thread) });
    await simulation.advance(WARM_UP_TICKS);
    return new RunContender(simulation, ticks);
  };
  const opened: RunContender[] = [];
  try {
    for (const count of threadCounts) opened.push(await open(count));
    opened.push(await open(threadCounts[0]!, { laws: false }));
    const rates = await takeTurns(opened, repeats);
    const profiled = await open(threadCounts[0]!, { profile: true });
    opened.push(profiled);
    const { phaseNs, agentSteps } = await profiled.simulation.advance(profiled.simulation.tick + ticks);
    const stepsPerTick = agentSteps / ticks;
    const phases = sharesOf(phaseNs!);
    const watchShare = (phases.measure ?? 0) + (phases.sample ?? 0);
    const lawless = median(rates[threadCounts.length]!);
    return threadCounts.map((count, k): BenchRow => {
      const own = rates[k]!;
      const spread = spreadOf(own);
      const row: BenchRow = {
        name: 'run',
        engine: 'cpu',
        threads: count,
        agents: slots * worldCount,
        worlds: worldCount,
        agentStepsPerSecond: spread,
        nsPerAgentStep: 1e9 / spread.median,
        worldTicksPerSecond: (spread.median * worldCount) / stepsPerTick,
      };
      return k > 0
        ? { ...row, ratio: ratioOf(own, rates[0]!), ratioTo: `${threadCounts[0]} thread` }
        : { ...row, phases, lawsShare: 1 - spread.median / lawless, watchShare };
    });
  } finally {
    await Promise.all(opened.map(({ simulation }) => simulation.close()));
  }
}

function sharesOf(phaseNs: Readonly<Record<string, number>>): Record<string, number> {
  const total = Object.values(phaseNs).reduce((sum, ns) => sum + ns, 0);
  return Object.fromEntries(Object.entries(phaseNs).map(([phase, ns]) => [phase, ns / total]));
}
