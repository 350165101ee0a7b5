/**
 * What leaves the engine while a run goes on. A frame is one sampled tick of all worlds; batches are rows
 * for the run directory. Both are plain transferable data, the same from a worker thread, the main
 * thread or a browser. The receiver decides what to do with them; nothing comes back.
 */
import type { AnyColumn } from './core/columns.ts';

/** One world at a sampled tick. Arrays follow the tables named in brackets. */
export interface WorldFrame {
  readonly world: number;
  readonly arm: number;
  readonly replicate: number;
  readonly tick: number;
  /** [METRICS] of sim/metrics/table.ts. Counts and sums cover the interval since the last multiple of `metricsEvery`. */
  readonly metrics: Float64Array;
  /** Metrics of one's own, in the order of the config's `extensions.metrics`; absent where there are none. */
  readonly ownMetrics?: Float64Array;
  /** [population][POPULATION_METRICS]. */
  readonly populations: readonly Float64Array[];
  /** Mean, standard deviation and neutral-shadow mean of each reward feature's linear gene over living learners, [REWARD_FEATURES]. */
  readonly geneMean: Float64Array;
  readonly geneDeviation: Float64Array;
  readonly shadowMean: Float64Array;
  /** Lorenz curves at 0, 5, ..., 100 % of agents, [21]. */
  readonly lorenzWealth: Float64Array;
  readonly lorenzCompute: Float64Array;
  /** cu bid and offered per price level in the last compute auction, [PRICE_LEVELS]. */
  readonly bidHistogram: Float64Array;
  readonly askHistogram: Float64Array;
}

/** How an economic law stands: how often it was checked and when last. */
export interface LawStatus {
  readonly name: string;
  readonly about: string;
  readonly checks: number;
  readonly lastTick: number;
  readonly violated: string | null;
  /** The nearest that it has come to its limit. */
  readonly margin?: LawMargin | undefined;
  /** Why there is none yet, or can be none, in a sentence. */
  readonly noMargin?: string | undefined;
}

/** The worst value that a law has met, beside the one that would break it. */
export interface LawMargin {
  /** Such as `residual`. */
  readonly what: string;
  readonly unit: string;
  readonly largest: number;
  /** 0 where none of it is allowed, as of differences. */
  readonly limit: number;
}

/** What a run shows of a sampled tick: samples of every world, and how the laws stand. */
export interface RunFrame {
  readonly tick: number;
  readonly ticks: number;
  readonly worlds: readonly WorldFrame[];
  readonly laws: readonly LawStatus[];
}

/** Rows of one output table (sim/tables.ts), column by column, all of one length. */
export interface RecordBatch {
  readonly table: TableName;
  readonly rows: number;
  readonly columns: Readonly<Record<string, AnyColumn | readonly string[]>>;
}
export type TableName =
  | 'metrics'
  | 'populations'
  | 'agents'
  | 'contracts'
  | 'trades'
  | 'orders'
  | 'lineage'
  | 'journal';

/** What a shard of worlds reports after advancing to a tick. */
export interface ShardReport {
  readonly tick: number;
  readonly frames: readonly WorldFrame[];
  readonly laws: readonly LawStatus[];
  readonly batches: readonly RecordBatch[];
  /** Agent-steps made since the last report. */
  readonly agentSteps: number;
  /** Whether the fault that the shard was given, if any, has struck. */
  readonly faultStruck: boolean;
  /** Nanoseconds per phase since the last report, when profiling is on. */
  readonly phaseNs: Readonly<Record<string, number>> | null;
}
