/** What every benchmark shares: rows, spreads, and contenders that take turns. */
import { median } from '../statistics/estimates.ts';

/** Median and range over repeats. */
export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

/** What a benchmark may count, with the unit that tables show. */
export const FIGURES = {
  agentStepsPerSecond: 'agent-steps/s',
  traderStepsPerSecond: 'trader-steps/s',
  ordersPerSecond: 'orders/s',
  entriesPerSecond: 'entries/s',
  rowsPerSecond: 'rows/s',
  framesPerSecond: 'frames/s',
  transactionsPerSecond: 'transactions/s',
  signaturesPerSecond: 'signatures/s',
  milliseconds: 'ms',
  mebibytes: 'MiB',
  gzippedBytes: 'bytes gzipped',
} as const;
export type FigureName = keyof typeof FIGURES;

/** One measurement; a row of `darwin bench --json`. */
export interface BenchRow extends Partial<Record<FigureName, Spread>> {
  readonly name: string;
  readonly engine: string;
  readonly threads: number;
  /** Agent slots of all worlds. */
  readonly agents: number;
  readonly worlds: number;
  /** Of the median. */
  readonly nsPerAgentStep?: number;
  /** World-ticks per second of the median. */
  readonly worldTicksPerSecond?: number;
  /** Column memory per agent slot. */
  readonly bytesPerAgent?: number;
  /** Bytes of a GPU's memory that an agent-step reads and writes at least; of whole ticks, those of its brain alone. */
  readonly bytesPerAgentStep?: number;
  /** Bytes that copies in the device's memory read and write, in turns with the work. */
  readonly copyBytesPerSecond?: Spread;
  /** Median over the repeats of bytes moved by agent-steps / bytes moved by copies in the same time. */
  readonly rooflineShare?: number;
  /** Median over the repeats of this row's rate / the rate of the row that `ratioTo` names, in the same repeat. */
  readonly ratio?: number;
  readonly ratioTo?: string;
  /** Share of each phase in the time of a run, sampled metrics included, from a run of its own with a clock between phases. */
  readonly phases?: Readonly<Record<string, number>>;
  /** Share of the time that checking the economic laws takes: 1 - rate with laws / rate without, of medians. */
  readonly lawsShare?: number;
  /** Share of a run that watching it takes, laws, tallies and sampled metrics together; from the profile. */
  readonly watchShare?: number;
  /** From nothing to ready, milliseconds; not part of any rate. */
  readonly startMs?: number;
  /** Share of learning and acting in the time of a tick, in the run that gave the rate. */
  readonly brainShare?: number;
  /** What was measured when: the memory of a process after so many ticks. */
  readonly samples?: readonly { readonly x: number; readonly y: number }[];
  /** Gas of a ledger entry by mechanism, on an EVM chain. */
  readonly gasPerEntry?: Readonly<Record<string, number>>;
  /** Position on the axis of its scaling series. */
  readonly x?: number;
  /** What was done, where the name does not say it. */
  readonly note?: string;
}

/** Options of the command line by which a benchmark is changed. */
export const BENCH_FLAGS = [
  'agents',
  'hidden',
  'worlds',
  'repeats',
  'threads',
  'engine',
  'against',
  'bse',
  'quick',
  'seconds',
  'parts',
  'watchers',
  'runs',
  'mebibytes',
  'minutes',
] as const;
export type BenchFlag = (typeof BENCH_FLAGS)[number];

/** What the command line sets for all benchmarks; each reads what its `reads` names. */
export interface BenchOptions {
  /** Agents of a world. */
  readonly agents?: number;
  /** Several numbers of agents, where a benchmark takes them: brain, engines. */
  readonly agentCounts?: readonly number[];
  /** Hidden units of each net, where a benchmark takes them: brain. */
  readonly hiddenSizes?: readonly number[];
  readonly worlds?: number;
  readonly repeats?: number;
  /** Highest number of threads; default 2 and what the machine has. */
  readonly threads?: number;
  /** The engine that is measured, where a benchmark knows several: cpu or webgpu; several with commas for engines. Default cpu. */
  readonly engine?: string;
  /** Another implementation to compare with; what it is depends on the benchmark. */
  readonly against?: string;
  /** A copy of the Bristol Stock Exchange: its directory or BSE.py. */
  readonly bse?: string;
  /** How long a page is looked at. */
  readonly seconds?: number;
  /** Parts of a benchmark that has several, with commas between them: load. */
  readonly parts?: string;
  /** Watchers of a run at a time. */
  readonly watchers?: number;
  /** Runs beside each other. */
  readonly runs?: number;
  /** Size of a run directory. */
  readonly mebibytes?: number;
  /** How long a server is watched. */
  readonly minutes?: number;
  /** Fewer sizes and repeats, where a benchmark takes many minutes. */
  readonly quick?: boolean;
}

export interface Benchmark {
  readonly name: string;
  /** One sentence: what is measured. */
  readonly about: string;
  /** The options that change what is measured; any other is refused. */
  readonly reads: readonly BenchFlag[];
  /** Whether it needs what only developers have, so that it runs when it is named and not among all. */
  readonly byNameOnly?: true;
  readonly run: (options: BenchOptions) => Promise<readonly BenchRow[]>;
}

export const spreadOf = (values: readonly number[]): Spread => ({
  median: median(values),
  min: Math.min(...values),
  max: Math.max(...values),
});

/** Median over the repeats of a / b. */
export const ratioOf = (a: readonly number[], b: readonly number[]): number =>
  median(a.map((value, k) => value / b[k]!));

/** Work that was timed by whoever did it, because not all of its time counts. */
export interface TimedWork {
  readonly units: number;
  readonly ms: number;
}

/** Something to be timed. */
export interface Contender {
  /** Does one portion of work and returns how many units it was. */
  readonly advance: () => number | TimedWork | Promise<number | TimedWork>;
}

/**
 * Times contenders turn about, the order turning with every repeat, so that a disturbance of the machine falls on all.
 *
 * @returns units per second, [contender][repeat]
 */
export async function takeTurns(contenders: readonly Contender[], repeats: number): Promise<number[][]> {
  const rates = contenders.map(() => new Array<number>(repeats));
  for (let repeat = 0; repeat < repeats; repeat++) {
    for (let turn = 0; turn < contenders.length; turn++) {
      const index = (turn + repeat) % contenders.length;
      const start = performance.now();
      const work = await contenders[index]!.advance();
      const { units, ms } = typeof work === 'number' ? { units: work, ms: performance.now() - start } : work;
      rates[index]![repeat] = (units * 1000) / ms;
    }
  }
  return rates;
}
