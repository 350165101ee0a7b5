/** All benchmarks, in the order in which `darwin bench` runs them; each is loaded when it is asked for. */
import { suggestName } from '../../configs/suggestions.ts';
import { UsageError } from '../../sim/core/errors.ts';
import type { BenchFlag, Benchmark, BenchOptions } from './measure.ts';

/** Engines that benchmarks know. */
const ENGINES = ['cpu', 'webgpu'];

/**
 * Whether the GPU is to be measured.
 *
 * @throws UsageError for an engine without benchmarks, and for options that are for the cpu
 */
function isOnGpu({ engine = 'cpu', hiddenSizes, against }: BenchOptions): boolean {
  if (!ENGINES.includes(engine))
    throw new UsageError(`no benchmark knows the engine ${engine}`, suggestName(engine, ENGINES, 'engines'));
  if (engine === 'webgpu' && (hiddenSizes !== undefined || against !== undefined))
    throw new UsageError('--hidden and --against are for the cpu engine', 'leave them out');
  return engine === 'webgpu';
}

export const BENCHMARKS: readonly Benchmark[] = [
  {
    name: 'brain',
    about:
      'learn + act of the standard brain, all equations, one thread; --against FILE adds another kernel; --engine webgpu',
    reads: ['agents', 'hidden', 'worlds', 'repeats', 'engine', 'against'],
    run: async (options) =>
      isOnGpu(options)
        ? (await import('./gpu.ts')).benchGpuBrain(options)
        : (await import('./brain.ts')).benchBrain(options),
  },
  {
    name: 'run',
    about: 'whole runs end to end, every mechanism on, by threads; with the share of each phase',
    reads: ['agents', 'worlds', 'repeats', 'threads'],
    run: async (options) => (await import('./run.ts')).benchRun(options),
  },
  {
    name: 'engines',
    about:
      'whole ticks, every mechanism on, of --engine webgpu,cpu,... in turns at several --agents; only by name',
    reads: ['agents', 'engine', 'worlds', 'repeats'],
    byNameOnly: true,
    run: async (options) => (await import('./engines.ts')).benchEngines(options),
  },
  {
    name: 'peers',
    about:
      'other programs that do the same work, beside this one; only by name; --bse PATH adds one in Python',
    reads: ['agents', 'repeats', 'bse'],
    byNameOnly: true,
    run: async (options) => (await import('./peers/peers.ts')).benchPeers(options),
  },
  {
    name: 'clearing',
    about: 'the batch auction alone, one thread, orders in and fills out',
    reads: ['agents', 'repeats'],
    run: async (options) => (await import('./clearing.ts')).benchClearing(options),
  },
  {
    name: 'ledger',
    about: 'entries of the ledger, single and in passes over all agents, one thread',
    reads: ['agents', 'repeats'],
    run: async (options) => (await import('./ledger.ts')).benchLedger(options),
  },
  {
    name: 'tick',
    about:
      'whole ticks of one world in one thread, with and without the optional mechanisms; --engine webgpu',
    reads: ['agents', 'worlds', 'repeats', 'engine'],
    run: async (options) =>
      isOnGpu(options)
        ? (await import('./gpuTick.ts')).benchGpuTick(options)
        : (await import('./tick.ts')).benchTick(options),
  },
  {
    name: 'observe',
    about: "the phase that writes every learner's observation",
    reads: ['agents', 'repeats'],
    run: async (options) => (await import('./tick.ts')).benchObserve(options),
  },
  {
    name: 'startup',
    about: 'from the command to its end, and to the first frame of a served run',
    reads: ['repeats'],
    run: async (options) => (await import('./startup.ts')).benchStartup(options),
  },
  {
    name: 'parquet',
    about: 'rows a second into the Parquet parts of a run directory',
    reads: ['agents', 'repeats'],
    run: async (options) => (await import('./parquet.ts')).benchParquet(options),
  },
  {
    name: 'page',
    about:
      'frames served and drawn, run slowdown by watchers, first chart, weight; --agents drawn for --seconds; only by name',
    reads: ['agents', 'worlds', 'repeats', 'seconds'],
    byNameOnly: true,
    run: async (options) => (await import('./page.ts')).benchPage(options),
  },
  {
    name: 'load',
    about:
      'a server under load: 500 watchers, 10 runs at once, a directory of 1 GiB, a soak of --minutes; --parts of it; only by name',
    reads: ['parts', 'watchers', 'runs', 'mebibytes', 'minutes', 'repeats', 'worlds'],
    byNameOnly: true,
    run: async (options) => (await import('./load.ts')).benchLoad(options),
  },
  {
    name: 'memory',
    about: 'what a process takes over 20,000 ticks of a recorded run; only by name',
    reads: ['agents', 'worlds', 'threads'],
    byNameOnly: true,
    run: async (options) => (await import('./memory.ts')).benchMemory(options),
  },
  {
    name: 'scaling',
    about: 'how the cost of an agent-step grows with agents, worlds, threads, hidden units; only by name',
    reads: ['agents', 'worlds', 'repeats', 'threads', 'quick'],
    byNameOnly: true,
    run: async (options) => (await import('./scaling.ts')).benchScaling(options),
  },
  {
    name: 'chain',
    about: 'a recorded world on anvil: entries in batches, transactions signed singly, gas; only by name',
    reads: ['agents', 'repeats', 'threads'],
    byNameOnly: true,
    run: async (options) => (await import('./chain.ts')).benchChain(options),
  },
  {
    name: 'scripted',
    about: 'whole ticks of zero-intelligence traders in one call auction, by threads, with and without laws',
    reads: ['agents', 'worlds', 'repeats', 'threads'],
    run: async (options) => (await import('./scripted.ts')).benchScripted(options),
  },
];

/** The benchmark of a name. Throws UsageError with the nearest name when there is none. */
export function benchmarkNamed(name: string): Benchmark {
  const found = BENCHMARKS.find((benchmark) => benchmark.name === name);
  if (found !== undefined) return found;
  const names = BENCHMARKS.map((benchmark) => benchmark.name);
  throw new UsageError(`there is no benchmark ${name}`, suggestName(name, names, 'benchmarks'));
}

/**
 * Refuses options that would be ignored: where benchmarks are named, what one of them does not read; where all are
 * meant, what none of them reads.
 *
 * @throws UsageError naming the option and who reads it
 */
export function assertRead(
  benchmarks: readonly Benchmark[],
  flags: readonly BenchFlag[],
  named: boolean,
): void {
  for (const flag of flags) {
    const deaf = benchmarks.filter(({ reads }) => !reads.includes(flag));
    if (named ? deaf.length === 0 : deaf.length < benchmarks.length) continue;
    const readers = BENCHMARKS.filter(({ reads }) => reads.includes(flag)).map(({ name }) => name);
    const who = named
      ? `not read by ${deaf.map(({ name }) => name).join(', ')}`
      : 'read by no benchmark that runs without its name';
    throw new UsageError(`--${flag} is ${who}`, `it is for ${readers.join(', ')}`);
  }
}
