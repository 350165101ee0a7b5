/** What is kept of one simulated world: samples of every metric, genes, lives, and who sold what. */
import type { RunConfig } from '../../configs/schema.ts';
import { CLASS_COUNT } from '../../configs/taskClasses.ts';
import { FREE_SLOT } from '../../market/columns.ts';
import { fraction32 } from '../../sim/core/units.ts';
import type { LawStatus, RecordBatch, WorldFrame } from '../../sim/frame.ts';
import {
  METRICS,
  type MetricName,
  POPULATION_METRICS,
  type PopulationMetricName,
} from '../../sim/metrics/table.ts';
import type { Shard } from '../../sim/shard.ts';
import type { World } from '../../sim/world.ts';
import { medianLife } from '../calibration/criteria.ts';
import { median } from '../statistics/estimates.ts';
import type { Intervention } from './experimentSchema.ts';

/** One life: serial, parent's serial (0 = none), population, generation, tick of its start and of its end (-1 = alive). */
export type Life = readonly [number, number, number, number, number, number];

/** A world's run as numbers, plain data. */
export interface StageRecord {
  readonly populations: readonly string[];
  readonly slots: number;
  /** Ticks between samples. */
  readonly interval: number;
  /** Sampled ticks, genesis left out. */
  readonly ticks: readonly number[];
  /** Samples by metric; NaN (null in JSON) where there is none. */
  readonly metrics: Readonly<Record<MetricName, readonly number[]>> &
    // of one's own
    Readonly<Record<string, readonly number[]>>;
  /** [population], samples by metric. */
  readonly members: readonly Readonly<Record<PopulationMetricName, readonly number[]>>[];
  /** Of the tasks served in sampled ticks. */
  readonly sellers: Sellers;
  /** Mean reward genes of living learners and of their neutral shadows, [GENE_SAMPLES][feature]. */
  readonly genes: {
    readonly ticks: readonly number[];
    readonly mean: readonly (readonly number[])[];
    readonly shadow: readonly (readonly number[])[];
  };
  /** Lorenz curves at the end, [21]. */
  readonly lorenzWealth: readonly number[];
  readonly lorenzCompute: readonly number[];
  readonly lives: readonly LivesOfPopulation[];
  /** All lives in the order of their start, where there are few enough to draw. */
  readonly lineage: readonly Life[];
  readonly finalHash: string;
  /** Law that was broken, as a message; null where all held. */
  readonly lawsChecked: number;
}

export interface Sellers {
  /** Herfindahl-Hirschman index of sellers' shares of tasks, by sample. */
  readonly hhi: readonly number[];
  /** Share of the largest seller. */
  readonly top: readonly number[];
  /** [population][sample] share of all tasks. */
  readonly share: readonly (readonly number[])[];
}

export interface LivesOfPopulation {
  readonly ended: number;
  readonly begun: number;
  /** Share of the ended ones that ended in insolvency. */
  readonly insolvent: number;
  /** Median life, those that have not ended counted as such; NaN where half outlive all that was seen. */
  readonly medianLife: number;
}

const GENE_SAMPLES = 20;
/** Lives beyond which no tree can be drawn. */
const LINEAGE_MAX = 20_000;
const STARTS: readonly string[] = ['genesis', 'birth', 'immigration'];

/** Seven significant digits: more than any figure shows, and half the bytes. */
const kept = (value: number): number => (Number.isFinite(value) ? Number(value.toPrecision(7)) : Number.NaN);
const keptAll = (values: ArrayLike<number>): number[] => Array.from(values, kept);

interface OpenLife {
  serial: number;
  parent: number;
  population: number;
  generation: number;
  from: number;
  to: number;
  insolvent: boolean;
}

/**
 * Runs the only world of a shard to its end and keeps what outcomes and figures are made of.
 *
 * @param signal aborts between samples
 * @throws LawViolation when an economic law breaks
 */
export async function runStage(
  shard: Shard,
  config: RunConfig,
  interventions: readonly Intervention[] = [],
  onTick: (tick: number) => void | Promise<void> = () => {},
): Promise<StageRecord> {
  const world = [...shard.inside()][0]!;
  const { ticks, slots } = config;
  const interval = config.output.metricsEvery;
  const populations = config.populations.map(({ name }) => name);
  const due = interventions
    .map((one) => ({ ...one, tick: Math.round(one.at * ticks) }))
    .sort((a, b) => a.tick - b.tick);
  const frames: WorldFrame[] = [];
  const sellers = { hhi: [] as number[], top: [] as number[], share: populations.map((): number[] => []) };
  const lives = new Map<number, OpenLife>();
  let laws: readonly LawStatus[] = [];
  /** Of the interval that is under way, which an intervention may divide. */
  let sold: Sales | null = null;
  for (let tick = 0; tick < ticks; ) {
    while (due.length > 0 && due[0]!.tick <= tick) intervene(world, populations, due.shift()!);
    tick = Math.min(ticks, tick + interval, due[0]?.tick ?? ticks);
    // fills are recorded in the first tick of an interval: who sold is who owns the slot now
    const owners = world.columns.population.slice();
    const report = shard.advance(tick);
    ({ laws } = report);
    frames.push(...report.frames.filter((frame) => frame.tick > 0 && frame.tick % interval === 0));
    for (const batch of report.batches) if (batch.table === 'lineage') collectLives(lives, batch);
    sold = salesIn(report.batches, owners, populations.length) ?? sold;
    if (tick % interval === 0) {
      sellers.hhi.push(sold?.hhi ?? Number.NaN);
      sellers.top.push(sold?.top ?? Number.NaN);
      sellers.share.forEach((list, p) => {
        list.push(sold?.share[p] ?? Number.NaN);
      });
      sold = null;
    }
    await onTick(tick);
  }
  const all = [...lives.values()];
  const last = frames.at(-1);
  const every = Math.max(1, Math.ceil(frames.length / GENE_SAMPLES));
  const geneFrames = frames.filter((_, k) => (frames.length - 1 - k) % every === 0);
  return {
    populations,
    slots,
    interval,
    ticks: frames.map((frame) => frame.tick),
    metrics: {
      ...byName(METRICS, (k) => keptAll(frames.map((frame) => frame.metrics[k]!))),
      ...Object.fromEntries(
        (config.extensions?.metrics ?? []).map((name, k) => [
          name,
          keptAll(frames.map((frame) => frame.ownMetrics![k]!)),
        ]),
      ),
    },
    members: populations.map((_, p) =>
      byName(POPULATION_METRICS, (k) => keptAll(frames.map((frame) => frame.populations[p]![k]!))),
    ),
    sellers,
    genes: {
      ticks: geneFrames.map((frame) => frame.tick),
      mean: geneFrames.map((frame) => keptAll(frame.geneMean)),
      shadow: geneFrames.map((frame) => keptAll(frame.shadowMean)),
    },
    lorenzWealth: keptAll(last?.lorenzWealth ?? []),
    lorenzCompute: keptAll(last?.lorenzCompute ?? []),
    lives: populations.map((_, p) =>
      livesOf(
        all.filter((life) => life.population === p),
        ticks,
      ),
    ),
    lineage:
      all.length > LINEAGE_MAX
        ? []
        : all.map((l): Life => [l.serial, l.parent, l.population, l.generation, l.from, l.to]),
    finalHash: shard.hashes()[0]!,
    lawsChecked: laws.reduce((sum, law) => sum + law.checks, 0),
  };
}

const byName = <N extends string>(
  table: readonly { readonly name: N }[],
  values: (index: number) => number[],
): Record<N, number[]> =>
  Object.fromEntries(table.map(({ name }, k) => [name, values(k)])) as Record<N, number[]>;

/** Gives all living members of a population a skill. */
function intervene(
  { columns }: World,
  populations: readonly string[],
  { population, skill }: Intervention,
): void {
  const index = populations.indexOf(population);
  const value = Math.min(2 ** 32 - 1, fraction32(skill));
  columns.population.forEach((owner, slot) => {
    if (owner === index) columns.skill.fill(value, slot * CLASS_COUNT, (slot + 1) * CLASS_COUNT);
  });
}

function collectLives(lives: Map<number, OpenLife>, { rows, columns }: RecordBatch): void {
  const { event, tick, population, serial, parent, generation } = columns;
  for (let row = 0; row < rows; row++) {
    const kind = String(event![row]);
    const id = Number(serial![row]);
    const at = Number(tick![row]);
    if (STARTS.includes(kind))
      lives.set(id, {
        serial: id,
        parent: Number(parent![row]),
        population: Number(population![row]),
        generation: Number(generation![row]),
        from: at,
        to: -1,
        insolvent: false,
      });
    else {
      const life = lives.get(id);
      if (life !== undefined) Object.assign(life, { to: at, insolvent: kind === 'insolvency' });
    }
  }
}

function livesOf(lives: readonly OpenLife[], ticks: number): LivesOfPopulation {
  const ended = lives.filter((life) => life.to >= 0);
  const ages = ended.map((life) => life.to - life.from);
  const unfinished = lives.filter((life) => life.to < 0).map((life) => ticks - life.from);
  return {
    ended: ended.length,
    begun: lives.length,
    insolvent: ended.filter((life) => life.insolvent).length / ended.length,
    medianLife: unfinished.length === 0 ? median(ages) : medianLife(ages, unfinished),
  };
}

interface Sales {
  readonly hhi: number;
  readonly top: number;
  readonly share: readonly number[];
}

/** Who sold the tasks of a recorded tick; null where none was sold. */
function salesIn(batches: readonly RecordBatch[], owners: Uint32Array, populations: number): Sales | null {
  const tasks = new Map<number, number>();
  let total = 0;
  for (const { table, rows, columns: fills } of batches) {
    if (table !== 'trades') continue;
    for (let row = 0; row < rows; row++) {
      if (fills.market![row] !== 'service') continue;
      const seller = Number(fills.seller![row]);
      const quantity = Number(fills.quantity![row]);
      tasks.set(seller, (tasks.get(seller) ?? 0) + quantity);
      total += quantity;
    }
  }
  if (total === 0) return null;
  const share = new Array<number>(populations).fill(0);
  let squares = 0;
  let top = 0;
  for (const [seller, quantity] of tasks) {
    squares += (quantity / total) ** 2;
    top = Math.max(top, quantity / total);
    const owner = owners[seller]!;
    if (owner !== FREE_SLOT) share[owner] = share[owner]! + quantity / total;
  }
  return { hhi: kept(squares), top: kept(top), share: share.map(kept) };
}
