/** Runs of a config on worker threads, kept in memory: what the calibration report is made of. */
import process from 'node:process';
import type { FoundersByArm } from '../../agents/founders.ts';
import { type ResolvedRun, worldCount } from '../../configs/arms.ts';
import type { RunConfig } from '../../configs/schema.ts';
import type { WorldFrame } from '../../sim/frame.ts';
import {
  METRIC_INDEX,
  type MetricName,
  POPULATION_METRIC_INDEX,
  type PopulationMetricName,
} from '../../sim/metrics/table.ts';
import { openEngineOf } from '../loadConfig.ts';
import { openRun } from '../simulate.ts';

/** One death. */
export interface Death {
  /** Replicate within its arm. */
  readonly world: number;
  readonly tick: number;
  readonly population: number;
  readonly age: number;
  readonly insolvent: boolean;
}

/** One life that began. */
export interface Start {
  /** Replicate within its arm. */
  readonly world: number;
  readonly tick: number;
  readonly population: number;
}

const FIFTHS = 5;

/** One arm of a run: its frames by world, oldest first, without the frame of genesis. */
export class ArmRecord {
  readonly config: RunConfig;
  readonly worlds: readonly (readonly WorldFrame[])[];
  readonly deaths: readonly Death[];
  readonly starts: readonly Start[];

  constructor(
    config: RunConfig,
    frames: readonly WorldFrame[],
    deaths: readonly Death[],
    starts: readonly Start[] = [],
  ) {
    this.config = config;
    this.deaths = deaths;
    this.starts = starts;
    const byWorld = new Map<number, WorldFrame[]>();
    for (const frame of frames) {
      if (frame.tick === 0) continue;
      const list = byWorld.get(frame.replicate);
      if (list === undefined) byWorld.set(frame.replicate, [frame]);
      else list.push(frame);
    }
    this.worlds = [...byWorld].sort(([a], [b]) => a - b).map(([, list]) => list);
  }

  /** The first worlds and ticks of this arm, which are what a smaller run of the same config gives. */
  first(worlds: number, ticks: number): ArmRecord {
    return new ArmRecord(
      {
        ...this.config,
        worlds: Math.min(worlds, this.config.worlds),
        ticks: Math.min(ticks, this.config.ticks),
      },
      this.worlds.slice(0, worlds).flatMap((frames) => frames.filter((frame) => frame.tick <= ticks)),
      this.deaths.filter((death) => death.world < worlds && death.tick <= ticks),
      this.starts.filter((start) => start.world < worlds && start.tick <= ticks),
    );
  }

  /** Worlds of one config that ran one by one, as the worlds of one arm. */
  static join(records: readonly ArmRecord[]): ArmRecord {
    return new ArmRecord(
      { ...records[0]!.config, worlds: records.length },
      records.flatMap(({ worlds }, k) => worlds[0]!.map((frame) => ({ ...frame, replicate: k }))),
      records.flatMap(({ deaths }, k) => deaths.map((death) => ({ ...death, world: k }))),
      records.flatMap(({ starts }, k) => starts.map((start) => ({ ...start, world: k }))),
    );
  }

  /** A metric of one world over time. */
  series(world: number, name: MetricName): number[] {
    return this.worlds[world]!.map((frame) => frame.metrics[METRIC_INDEX[name]]!);
  }

  /** A figure of every world. */
  perWorld(figure: (world: number) => number): number[] {
    return this.worlds.map((_, world) => figure(world));
  }

  /** A population's metric in one world, averaged over the samples after a share of the run; NaN where nobody of it lived. */
  after(world: number, share: number, population: number, name: PopulationMetricName): number {
    const frames = this.worlds[world]!;
    const values = frames
      .slice(Math.floor(frames.length * share))
      .map((frame) => frame.populations[population]![POPULATION_METRIC_INDEX[name]]!)
      .filter((value) => !Number.isNaN(value));
    return values.reduce((sum, value) => sum + value, 0) / values.length;
  }

  /** The same over the last fifth of the run. */
  lastFifth(world: number, population: number, name: PopulationMetricName): number {
    return this.after(world, (FIFTHS - 1) / FIFTHS, population, name);
  }

  /** Index of the first population of a kind, -1 where there is none. */
  populationOf(kind: string): number {
    return this.config.populations.findIndex((p) => p.kind === kind);
  }

  /**
   * Lives of a population: the ages of those that ended within the run, the ages so far of those that did not, and the
   * share of the ended ones that ended in insolvency.
   */
  livesOf(population: number): {
    readonly ages: number[];
    readonly unfinished: number[];
    readonly insolvent: number;
  } {
    const ended = this.deaths.filter((death) => death.population === population);
    const begun = new Map<string, number>();
    const count = (world: number, tick: number, change: number): void => {
      const key = `${world} ${tick}`;
      begun.set(key, (begun.get(key) ?? 0) + change);
    };
    for (const start of this.starts) if (start.population === population) count(start.world, start.tick, 1);
    for (const { world, tick, age } of ended) count(world, tick - age, -1);
    const unfinished = [...begun].flatMap(([key, living]) =>
      new Array<number>(Math.max(0, living)).fill(this.config.ticks - Number(key.split(' ')[1])),
    );
    return {
      ages: ended.map(({ age }) => age),
      unfinished,
      insolvent: ended.filter(({ insolvent }) => insolvent).length / ended.length,
    };
  }
}

/** What a run left: one record per arm, and the complete last state of every world where it was asked for. */
export interface Recording {
  readonly arms: readonly ArmRecord[];
  readonly states: readonly Uint8Array[];
}

/** Ticks of a stretch between reports of progress. */
const STRETCH = 2000;
const DEATHS: readonly string[] = ['insolvency', 'age', 'random', 'truncation'];
const STARTS: readonly string[] = ['genesis', 'birth', 'immigration'];

/**
 * Runs all worlds of a config.
 *
 * @param options.founders saved agents for its populations
 * @param options.states whether the last states are wanted
 */
export async function record(
  name: string,
  run: ResolvedRun,
  options: { readonly founders?: FoundersByArm; readonly states?: boolean } = {},
): Promise<Recording> {
  const { engine } = await openEngineOf(run);
  const { simulation, threads } = await openRun(
    run,
    engine,
    options.founders === undefined ? {} : { founders: options.founders },
  );
  const started = performance.now();
  const frames: WorldFrame[] = [];
  const deaths: Death[][] = run.arms.map(() => []);
  const starts: Start[][] = run.arms.map(() => []);
  const states: Uint8Array[] = [];
  const worldsPerArm = worldCount(run) / run.arms.length;
  try {
    for (let tick = 0; tick < simulation.ticks; ) {
      tick = Math.min(simulation.ticks, tick + STRETCH);
      const advance = await simulation.advance(tick);
      frames.push(...advance.frames.flatMap((frame) => frame.worlds));
      for (const batch of advance.batches) {
        if (batch.table !== 'lineage') continue;
        const { event, world, tick: at, population, age } = batch.columns;
        for (let row = 0; row < batch.rows; row++) {
          const kind = String(event![row]);
          const arm = Math.floor(Number(world![row]) / worldsPerArm);
          const life = {
            world: Number(world![row]) % worldsPerArm,
            tick: Number(at![row]),
            population: Number(population![row]),
          };
          if (STARTS.includes(kind)) starts[arm]!.push(life);
          if (DEATHS.includes(kind))
            deaths[arm]!.push({ ...life, age: Number(age![row]), insolvent: kind === 'insolvency' });
        }
      }
      process.stderr.write(`${name}: tick ${tick}/${simulation.ticks}\n`);
    }
    if (options.states)
      await simulation.save(async (world, state, piece) => {
        // genomes are in the first
        if (piece === 0) states[world] = state;
      });
  } finally {
    await simulation.close();
  }
  const seconds = ((performance.now() - started) / 1000).toFixed(0);
  process.stderr.write(`${name}: ${seconds} s on ${threads} threads\n`);
  const arms = run.arms.map(
    (arm, k) =>
      new ArmRecord(
        arm,
        frames.filter((frame) => frame.arm === k),
        deaths[k]!,
        starts[k]!,
      ),
  );
  return { arms, states };
}
