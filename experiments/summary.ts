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

export class Summary {
  private readonly run: ResolvedRun;
  private last: readonly WorldFrame[] = [];
  private readonly counts: Record<(typeof COUNTED)[number], number>[];
  private readonly sums: PopulationSum[][];

  constructor(run: ResolvedRun) {
    this.run = run;
    this.counts = run.arms.map(() => ({ births: 0, deaths: 0, immigrants: 0, insolvencies: 0 }));
    this.sums = run.arms.map((arm) =>
      arm.populations.map(() => ({ profit: 0, mature: 0, matureFrames: 0, frames: 0 })),
    );
  }

  /** Takes the frames of an advance, oldest first. Values per interval count once, where the interval ends. */
  add(frames: readonly RunFrame[]): void {
    const { output, ticks } = this.run.arms[0]!;
    for (const frame of frames) {
      this.last = frame.worlds;
      if (frame.tick % output.metricsEvery !== 0 && frame.tick !== ticks) continue;
      for (const world of frame.worlds) this.count(world, frame.tick > 0.8 * ticks);
    }
  }

  private count(world: WorldFrame, inLastFifth: boolean): void {
    for (const name of COUNTED) this.counts[world.arm]![name] += world.metrics[METRIC_INDEX[name]]!;
    if (!inLastFifth) return;
    world.populations.forEach((row, k) => {
      const sum = this.sums[world.arm]![k]!;
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
    return { ...this.counts[arm]! };
  }

  /** Profit per agent and tick over the last fifth of the run; null where a population was extinct. */
  populations(
    arm: number,
  ): Record<string, { alive: number; profitPerTick: number | null; matureProfitPerTick: number | null }> {
    const worlds = this.last.filter((world) => world.arm === arm);
    return Object.fromEntries(
      this.run.arms[arm]!.populations.map(({ name }, k) => {
        const { profit, mature, frames, matureFrames } = this.sums[arm]![k]!;
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
    const byArm = arms.map((_, arm) => ({ ...this.metrics(arm), ...this.totals(arm) }) as Figures);
    const unit = Object.fromEntries(METRICS.map((m) => [m.name, m.unit]));
    const row = (name: string, about: string): string[] => [
      `${name}, ${about}`,
      ...byArm.map((figures) => figure(figures[name] ?? Number.NaN)),
    ];
    const economy = table(
      [`mean over worlds, last interval`, ...(single ? ['value'] : armLabels)],
      [
        ...SHOWN.map((name) => row(name, unit[name]!)),
        ...COUNTED.map((name) => row(name, 'whole run, all worlds')),
      ],
    );
    const members = arms.flatMap((_, arm) =>
      Object.entries(this.populations(arm)).map(([name, p]) => [
        single ? name : `${armLabels[arm]} | ${name}`,
        figure(p.alive),
        figure(p.profitPerTick ?? Number.NaN),
        figure(p.matureProfitPerTick ?? Number.NaN),
      ]),
    );
    const head = ['population', 'alive', 'profit per tick, cash (last fifth)', 'of mature agents'];
    return `${economy}\n${table(head, members)}`;
  }
}
