/** Arms of evolution itself (MODEL 8): the baseline under other rules of who has children, and who holds the slots. */
import type { Override } from '../../configs/overrides.ts';
import { POPULATION_METRIC_INDEX } from '../../sim/metrics/table.ts';
import { geneShifts, lifeText, mean, round, shiftText, sum } from './criteria.ts';
import type { ArmRecord } from './record.ts';

export interface SelectionArm {
  readonly name: string;
  readonly about: string;
  /** Changes of the baseline by path. */
  readonly set: Readonly<Record<string, unknown>>;
}

/** The baseline itself is the first arm, and is not run again. */
export const SELECTION_ARMS: readonly SelectionArm[] = [
  { name: 'wealth lottery', about: 'the baseline: parents drawn in proportion to wealth', set: {} },
  {
    name: 'uniform lottery',
    about:
      'all who can pay for a child are equally likely parents: money still decides who can pay, and who dies',
    set: { 'world.demography.lottery': 'uniform' },
  },
  {
    name: 'no selection',
    about:
      'the control: children cost nothing, all are equally likely parents, energy, life and training are free, so that nobody fails; money decides neither births nor deaths',
    set: {
      'world.demography.lottery': 'uniform',
      'world.demography.parentPays': false,
      'world.energy.price': 0,
      'world.energy.subsistence': 0,
      'world.training.labelPrice': 0,
      'world.training.reinforcement.environmentPrice': 0,
    },
  },
  {
    name: 'truncation',
    about: 'every 2,000 ticks the poorest fifth gives way to children of the richest',
    set: { 'world.demography.selection': 'truncation', 'world.demography.generation': 2000 },
  },
];

/** Changes as overrides of a config. */
export const overridesOf = (set: Readonly<Record<string, unknown>>): Override[] =>
  Object.entries(set).map(([path, value]) => ({ origin: path, path, value }));

const SHIFTS_SHOWN = 3;

/** How far the genes left their neutral shadow in each arm, and how its agents lived. */
export function selectionTable(arms: readonly ArmRecord[]): { header: string[]; rows: string[][] } {
  const rows = arms.map((arm, k) => {
    const learners = arm.populationOf('learner');
    const { insolvent } = arm.livesOf(learners);
    const profit = arm
      .perWorld((w) => arm.lastFifth(w, learners, 'matureProfitPerTick'))
      .filter((value) => !Number.isNaN(value));
    const births = arm.perWorld((w) => sum(arm.series(w, 'births')) / arm.config.slots);
    return [
      SELECTION_ARMS[k]!.name,
      String(arm.worlds.length),
      shiftText(geneShifts(arm), SHIFTS_SHOWN),
      round(mean(births)),
      round(mean(profit)),
      lifeText(arm, learners),
      round(100 * insolvent),
    ];
  });
  return {
    header: [
      'births by',
      'worlds',
      'genes furthest from their shadow',
      'births / slots',
      "mature learners' profit per tick",
      'median life',
      'deaths by insolvency, %',
    ],
    rows,
  };
}

/** Who competes where the rule agent is in the mix: the baseline's populations, and it. */
export const SLOT_POPULATIONS = [
  { name: 'learners', kind: 'learner', share: 10 },
  { name: 'log-wealth', kind: 'learner', reward: 'logWealth', evolves: false, share: 1 },
  { name: 'rule', kind: 'rule', share: 2 },
  { name: 'zero-intelligence', kind: 'ziC', share: 1 },
  { name: 'random', kind: 'random', share: 2 },
] as const;
const QUARTERS = 4;

/** Share of the slots that each population holds over time, percent of all slots, mean over worlds. */
export function slotTable(
  arms: readonly ArmRecord[],
  names: readonly string[],
): { header: string[]; rows: string[][] } {
  const { ticks } = arms[0]!.config;
  const times = Array.from({ length: QUARTERS }, (_, k) => (ticks * (k + 1)) / QUARTERS);
  const rows = arms.flatMap((arm, k) =>
    SLOT_POPULATIONS.map(({ name }, population) => {
      const share = sum(SLOT_POPULATIONS.map((entry) => entry.share));
      const profit = arm
        .perWorld((w) => arm.lastFifth(w, population, 'matureProfitPerTick'))
        .filter((value) => !Number.isNaN(value));
      return [
        population === 0 ? names[k]! : '',
        name,
        round((100 * SLOT_POPULATIONS[population]!.share) / share),
        ...times.map((_, quarter) =>
          round(100 * mean(slotShares(arm, population, (quarter + 1) / QUARTERS))),
        ),
        round(mean(profit)),
      ];
    }),
  );
  return {
    header: [
      'slots',
      'population',
      'at tick 0',
      ...times.map((tick) => `at ${tick}`),
      'mature profit per tick',
    ],
    rows,
  };
}

/** A population's share of all slots in each world at a share of the run. */
export const slotShares = (arm: ArmRecord, population: number, at: number): number[] =>
  arm.perWorld((w) => {
    const frames = arm.worlds[w]!;
    const frame = frames[Math.max(0, Math.round(frames.length * at) - 1)]!;
    return frame.populations[population]![POPULATION_METRIC_INDEX.alive]! / arm.config.slots;
  });
