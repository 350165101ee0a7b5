/** `darwin bench run`: whole ticks of a market economy, end to end, through the same threads as `darwin run`. */
import { availableParallelism } from 'node:os';
import { parseConfig } from '../../configs/parse.ts';
import { UsageError } from '../../sim/core/errors.ts';
import { createSimulation, type Simulation } from '../../sim/run.ts';
import { planRun } from '../plan.ts';
import { createThreadShards, type ThreadOptions } from '../threads.ts';

export interface BenchRow {
  readonly name: string;
  readonly engine: string;
  readonly threads: number;
  /** Agent slots of all worlds. */
  readonly agents: number;
  readonly worlds: number;
  /** Steps of living agents. */
  readonly agentStepsPerSecond: { readonly median: number; readonly min: number; readonly max: number };
  /** World-ticks per second of the median. */
  readonly worldTicksPerSecond?: number;
  /** Share of each phase in the time of a tick, from a run of its own with a clock between phases. */
  readonly phases?: Readonly<Record<string, number>>;
  /** Share of the time that checking the economic laws takes: 1 - rate with laws / rate without, of medians. */
  readonly lawsShare?: number;
}

export interface RunBenchOptions {
  readonly agents?: number;
  readonly worlds?: number;
  readonly repeats?: number;
  /** Ticks between two clock readings. */
  readonly ticks?: number;
  readonly threadCounts?: readonly number[];
}

/** Young agents die early: the population settles first. */
const WARM_UP_TICKS = 300;

const median = (values: readonly number[]): number => {
  const sorted = values.toSorted((a, b) => a - b);
  return (sorted[(sorted.length - 1) >> 1]! + sorted[sorted.length >> 1]!) / 2;
};

interface Contender {
  readonly simulation: Simulation;
  readonly rates: number[];
}

/** Measures each thread count, and the first of them without laws; contenders take turns in each repeat. */
export async function benchRun(options: RunBenchOptions = {}): Promise<BenchRow[]> {
  const { agents = 256, worlds = 8, repeats = 7, ticks = 200 } = options;
  const threadCounts = options.threadCounts ?? [...new Set([1, 2, availableParallelism()])];
  if (repeats < 1 || ticks < 1)
    throw new UsageError('a benchmark needs at least one repeat and tick', '--repeats 7');
  const config = `
name: benchmark
ticks: ${WARM_UP_TICKS + ticks * (repeats + 1)}
worlds: ${worlds}
slots: ${agents}
output: { metricsEvery: 100, agentsEvery: 0, tradesWorlds: 0, lineage: false }
`;
  const run = parseConfig(config, { file: 'benchmark' });
  const open = async (threads: number, thread: ThreadOptions = {}): Promise<Contender> => {
    const { threads: planned } = planRun(run, threads);
    const simulation = createSimulation(run, { shards: createThreadShards(run, planned, thread) });
    await simulation.advance(WARM_UP_TICKS);
    return { simulation, rates: [] };
  };
  const withLaws: Contender[] = [];
  const opened: Contender[] = [];
  try {
    for (const threads of threadCounts) withLaws.push(await open(threads));
    const lawless = await open(threadCounts[0]!, { laws: false });
    const profiled = await open(threadCounts[0]!, { profile: true });
    opened.push(...withLaws, lawless, profiled);
    for (let repeat = 0; repeat < repeats; repeat++) {
      for (const { simulation, rates } of [...withLaws, lawless]) {
        const start = performance.now();
        const { agentSteps } = await simulation.advance(simulation.tick + ticks);
        rates.push((agentSteps * 1000) / (performance.now() - start));
      }
    }
    const { phaseNs, agentSteps } = await profiled.simulation.advance(profiled.simulation.tick + ticks);
    const stepsPerTick = agentSteps / ticks;
    return threadCounts.map((threads, k): BenchRow => {
      const rates = withLaws[k]!.rates;
      const middle = median(rates);
      const row: BenchRow = {
        name: 'run',
        engine: 'cpu',
        threads,
        agents: agents * worlds,
        worlds,
        agentStepsPerSecond: { median: middle, min: Math.min(...rates), max: Math.max(...rates) },
        worldTicksPerSecond: (middle * worlds) / stepsPerTick,
      };
      return k > 0
        ? row
        : { ...row, phases: sharesOf(phaseNs!), lawsShare: 1 - middle / median(lawless.rates) };
    });
  } finally {
    await Promise.all(opened.map(({ simulation }) => simulation.close()));
  }
}

function sharesOf(phaseNs: Readonly<Record<string, number>>): Record<string, number> {
  const total = Object.values(phaseNs).reduce((sum, ns) => sum + ns, 0);
  return Object.fromEntries(Object.entries(phaseNs).map(([phase, ns]) => [phase, ns / total]));
}
