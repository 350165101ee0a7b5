/** The figures that a run ends with, per arm and over all worlds. */
import type { ResolvedRun } from '../configs/arms.ts';
import type { RunFrame, WorldFrame } from '../sim/frame.ts';
import { METRIC_INDEX, METRICS, type MetricName, POPULATION_METRIC_INDEX } from '../sim/metrics/table.ts';
import { figure, table } from './terminal.ts';

/** Means over worlds; values that a world does not have (NaN) are left out. */
export type Figures = Record<string, number>;

/** Sums over the run and all worlds of an arm. */
const COUNTED = ['births', 'deaths', 'immigrants', 'insolvencies'] as const satisfies readonly MetricName[];
/** What a person looks at first. */
const SHOWN = [
  'alive',
  'tokenPrice',
  'computePrice',
  'computeVolume',
  'tasksServed',
  'taskPrice',
  'spendCash',
  'serviceWelfare',
  'agentsMoneyShare',
  'medianWealth',
  'giniWealth',
  'giniCompute',
  'utilisation',
  'meanSkill',
  'labels',
] as const satisfies readonly MetricName[];

interface PopulationSum {
  profit: number;
  mature: number;
  matureFrames: number;
  frames: number;
}

interface Sums {
  readonly counts: readonly Record<(typeof COUNTED)[number], number>[];
  readonly sums: readonly (readonly PopulationSum[])[];
}
/** Longest label of an arm that heads a column of the terminal's table. */
const ARM_LABEL_MAX = 32;

/** Sums of a summary so far, for a checkpoint: plain data, [arm] and [arm][population]. */
export type SummaryState = Readonly<Sums>;

export class Summary {
  private readonly run: ResolvedRun;
  private last: readonly WorldFrame[] = [];
  private lastTick = 0;
  /** Over all complete intervals. */
  private complete: Sums;

  constructor(run: ResolvedRun) {
    this.run = run;
    this.complete = {
      counts: run.arms.map(() => ({ births: 0, deaths: 0, immigrants: 0, insolvencies: 0 })),
      sums: run.arms.map((arm) =>
        arm.populations.map(() => ({ profit: 0, mature: 0, matureFrames: 0, frames: 0 })),
      ),
    };
  }

  /** The sums over all complete intervals. */
  save(): SummaryState {
    return structuredClone(this.complete);
  }

  /**
   * Takes up the sums of an earlier part of the run.
   *
   * @param sameEnd whether that part knew where the run ends, and so which fifth is the last one
   */
  load(state: SummaryState, sameEnd: boolean): void {
    const { counts, sums } = structuredClone(state) as Sums;
    this.complete = { counts, sums: sameEnd ? sums : this.complete.sums };
  }

  /** Takes the frames of an advance, oldest first. Values per interval count once, where the interval ends. */
  add(frames: readonly RunFrame[]): void {
    const { metricsEvery } = this.run.arms[0]!.output;
    for (const frame of frames) {
      this.last = frame.worlds;
      this.lastTick = frame.tick;
      if (frame.tick % metricsEvery === 0) this.count(this.complete);
    }
  }

  /** The sums so far, those of the open interval included. */
  private soFar(): Sums {
    if (this.lastTick % this.run.arms[0]!.output.metricsEvery === 0) return this.complete;
    const all = structuredClone(this.complete);
    this.count(all);
    return all;
  }

  /** Adds the interval that the last frame closes. */
  private count(to: Sums): void {
    const inLastFifth = this.lastTick > 0.8 * this.run.arms[0]!.ticks;
    for (const world of this.last) {
      for (const name of COUNTED) to.counts[world.arm]![name] += world.metrics[METRIC_INDEX[name]]!;
      if (!inLastFifth) continue;
      world.populations.forEach((row, k) => {
        const sum = to.sums[world.arm]![k]!;
        const alive = row[POPULATION_METRIC_INDEX.alive]!;
        const profit = row[POPULATION_METRIC_INDEX.profitPerTick]!;
        const mature = row[POPULATION_METRIC_INDEX.matureProfitPerTick]!;
        if (alive > 0 && Number.isFinite(profit)) {
          sum.profit += profit;
          sum.frames++;
        }
        if (alive > 0 && Number.isFinite(mature)) {
          sum.mature += mature;
          sum.matureFrames++;
        }
      });
    }
  }

  /** Mean over the worlds of one arm (or all) of each metric at the last frame; births and deaths over the run. */
  metrics(arm: number | null = null): Figures {
    const worlds = this.last.filter((world) => arm === null || world.arm === arm);
    const figures: Figures = {};
    METRICS.forEach(({ name }, k) => {
      const values = worlds.map((world) => world.metrics[k]!).filter(Number.isFinite);
      if (values.length > 0) figures[name] = values.reduce((sum, v) => sum + v, 0) / values.length;
    });
    return figures;
  }

  /** Births, deaths, immigrants and insolvencies since genesis, all worlds of an arm. */
  totals(arm: number): Figures {
    return { ...this.soFar().counts[arm]! };
  }

  /** Profit per agent and tick over the last fifth of the run; null where a population was extinct. */
  populations(
    arm: number,
  ): Record<string, { alive: number; profitPerTick: number | null; matureProfitPerTick: number | null }> {
    const worlds = this.last.filter((world) => world.arm === arm);
    const { sums } = this.soFar();
    return Object.fromEntries(
      this.run.arms[arm]!.populations.map(({ name }, k) => {
        const { profit, mature, frames, matureFrames } = sums[arm]![k]!;
        const alive = worlds.reduce((sum, w) => sum + w.populations[k]![POPULATION_METRIC_INDEX.alive]!, 0);
        return [
          name,
          {
            alive: alive / Math.max(1, worlds.length),
            profitPerTick: frames === 0 ? null : profit / frames,
            matureProfitPerTick: matureFrames === 0 ? null : mature / matureFrames,
          },
        ];
      }),
    );
  }

  /** Tables for a terminal: the economy, then who earns what. */
  text(): string {
    const { arms, armLabels } = this.run;
    const single = arms.length === 1;
    // what several settings vary does not fit a column: a legend says it
    const legend = armLabels.some((label) => label.length > ARM_LABEL_MAX);
    const names = legend ? armLabels.map((_, arm) => `arm ${arm}`) : armLabels;
    const byArm = arms.map((_, arm) => ({ ...this.metrics(arm), ...this.totals(arm) }) as Figures);
    const unit = Object.fromEntries(METRICS.map((m) => [m.name, m.unit]));
    const row = (name: string, about: string): string[] => [
      `${name}, ${about}`,
      ...byArm.map((figures) => figure(figures[name] ?? Number.NaN)),
    ];
    const economy = table(
      [`mean over worlds, last interval`, ...(single ? ['value'] : names)],
      [
        ...SHOWN.map((name) => row(name, unit[name]!)),
        ...COUNTED.map((name) => row(name, 'whole run, all worlds')),
      ],
    );
    const members = arms.flatMap((_, arm) =>
      Object.entries(this.populations(arm)).map(([name, p]) => [
        single ? name : `${names[arm]} | ${name}`,
        figure(p.alive),
        figure(p.profitPerTick ?? Number.NaN),
        figure(p.matureProfitPerTick ?? Number.NaN),
      ]),
    );
    const head = ['population', 'alive', 'profit per tick, cash (last fifth)', 'of mature agents'];
    const tables = `${economy}\n${table(head, members)}`;
    return legend ? `${armLabels.map((label, arm) => `arm ${arm}: ${label}`).join('\n')}\n${tables}` : tables;
  }
}
