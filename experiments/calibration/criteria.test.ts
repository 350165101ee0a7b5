import { describe, expect, it } from 'vitest';
import { REWARD_FEATURES } from '../../agents/columns.ts';
import { resolveConfig } from '../../configs/parse.ts';
import type { WorldFrame } from '../../sim/frame.ts';
import {
  METRIC_INDEX,
  METRICS,
  type MetricName,
  POPULATION_METRIC_INDEX,
  POPULATION_METRICS,
} from '../../sim/metrics/table.ts';
import {
  type Criterion,
  criteriaOf,
  differenceOf,
  differs,
  GENE_WORLDS_MIN,
  geneShifts,
  lifeText,
  medianLife,
  round,
  verdictOf,
} from './criteria.ts';
import { ArmRecord, type Death } from './record.ts';
import { breakingSentence, studyTable } from './studies.ts';

const SLOTS = 10;
const TICKS = 1000;
const EVERY = 100;
const SAMPLES = TICKS / EVERY;
/** learner, ziC and random */
const PROFITS = [3, 1, 0];

const configOf = (worlds: number, meanLife: number) =>
  resolveConfig({
    ticks: TICKS,
    worlds,
    slots: SLOTS,
    output: { metricsEvery: EVERY },
    world: { amm: { token: 1000, cash: 2000 }, demography: { meanLife } },
    populations: [
      { name: 'learners', kind: 'learner' },
      { name: 'zero-intelligence', kind: 'ziC' },
      { name: 'random', kind: 'random' },
    ],
  }).arms[0]!;

/** What every sample of a living economy shows; 4 births and deaths a slot in all. */
const LIVING: Readonly<Partial<Record<MetricName, number>>> = {
  alive: 8,
  births: (4 * SLOTS) / SAMPLES,
  deaths: (4 * SLOTS) / SAMPLES,
  computeActive: 1,
  serviceActive: 1,
  swapActive: 1,
  spend: 100,
  spendCash: 100,
  tokenPrice: 2,
};

interface Constructed {
  readonly worlds?: number;
  readonly meanLife?: number;
  /** Metrics of a sample, from 0, of a world. */
  readonly metric?: (sample: number, world: number) => Partial<Record<MetricName, number>>;
  /** Mature profit per tick of a population in a world. */
  readonly profit?: (population: number, world: number) => number;
  /** Mean reward gene less its shadow. */
  readonly gene?: (feature: number, world: number) => number;
  readonly deaths?: readonly Death[];
}

/** A record out of constructed frames. */
function armOf({ worlds = 12, meanLife = 100, metric, profit, gene, deaths = [] }: Constructed): ArmRecord {
  const frames: WorldFrame[] = [];
  for (let world = 0; world < worlds; world++)
    for (let sample = -1; sample < SAMPLES; sample++) {
      const metrics = new Float64Array(METRICS.length);
      const values = { ...LIVING, ...metric?.(Math.max(0, sample), world) };
      for (const [name, value] of Object.entries(values)) metrics[METRIC_INDEX[name as MetricName]] = value;
      frames.push({
        world,
        arm: 0,
        replicate: world,
        tick: (sample + 1) * EVERY,
        metrics,
        populations: PROFITS.map((usual, population) => {
          const row = new Float64Array(POPULATION_METRICS.length);
          // enough spread over worlds to have a standard error
          row[POPULATION_METRIC_INDEX.matureProfitPerTick] =
            profit?.(population, world) ?? usual + 0.01 * (world % 2) * population;
          return row;
        }),
        geneMean: Float64Array.from(REWARD_FEATURES, (_, f) => 0.5 + (gene?.(f, world) ?? 0)),
        geneDeviation: new Float64Array(REWARD_FEATURES.length),
        shadowMean: new Float64Array(REWARD_FEATURES.length).fill(0.5),
        lorenzWealth: new Float64Array(21),
        lorenzCompute: new Float64Array(21),
        bidHistogram: new Float64Array(0),
        askHistogram: new Float64Array(0),
      });
    }
  return new ArmRecord(configOf(worlds, meanLife), frames, deaths);
}

const criterion = (arm: ArmRecord, name: string): Criterion =>
  criteriaOf(arm).find((c) => c.name.startsWith(name))!;
/** The verdict when one world of twelve has a metric at a value in every sample. */
const whenOneWorldHas = (name: MetricName, value: number, criterionName: string) =>
  criterion(armOf({ metric: (_, world) => (world === 5 ? { [name]: value } : {}) }), criterionName).verdict;

describe('the criteria of a living economy', () => {
  it('hold in a record that is alive in every respect', () => {
    const arm = armOf({ gene: (feature, world) => (feature === 2 ? 0.3 + 0.01 * (world % 3) : 0) });
    const verdicts = criteriaOf(arm).map(({ name, verdict }) => `${name}: ${verdict}`);
    expect(verdicts.filter((text) => !text.endsWith('yes'))).toEqual([]);
    expect(verdicts).toHaveLength(13);
  });

  it.each([
    ['least alive', 'alive', 1, 0],
    ['mean share of slots', 'alive', 6, 5.99],
    ['ticks in which compute', 'computeActive', 0.9, 0.899],
    ['ticks in which tasks', 'serviceActive', 0.9, 0.899],
    ['ticks in which token', 'swapActive', 0.9, 0.899],
    // the price starts at 2
    ['lowest token price', 'tokenPrice', 0.2, 0.199],
    ['highest token price', 'tokenPrice', 20, 20.001],
    ['births', 'births', 3.001 * (SLOTS / SAMPLES), 3 * (SLOTS / SAMPLES)],
    ['deaths', 'deaths', 3.001 * (SLOTS / SAMPLES), 3 * (SLOTS / SAMPLES)],
  ] as const)('"%s" needs every world within its bound of %s', (name, metric, within, beyond) => {
    expect(whenOneWorldHas(metric, within, name)).toBe('yes');
    expect(whenOneWorldHas(metric, beyond, name)).toBe('no');
  });

  it('of circulation compare the last fifth of the samples with the first, both ways', () => {
    const spending = (factor: number) =>
      criterion(
        armOf({ metric: (sample, world) => ({ spend: sample >= 8 && world === 0 ? 100 * factor : 100 }) }),
        'spending',
      );
    expect(spending(2).verdict).toBe('yes');
    expect(spending(2.01).verdict).toBe('no');
    expect(spending(0.5).verdict).toBe('yes');
    expect(spending(0.49).verdict).toBe('no');
    expect(spending(2).values[0]).toBe(2);
    expect(spending(2).found).toContain('in cash 1 (1 to 1)');
  });

  it('of extinction look at the worst sample, and the price at its extremes', () => {
    const dip = (name: MetricName, value: number) =>
      armOf({ metric: (sample, world) => (sample === 4 && world === 1 ? { [name]: value } : {}) });
    expect(criterion(dip('alive', 0), 'least alive').verdict).toBe('no');
    expect(criterion(dip('alive', 0), 'mean share').verdict).toBe('yes');
    expect(criterion(dip('tokenPrice', 0.1), 'lowest').verdict).toBe('no');
    expect(criterion(dip('tokenPrice', 21), 'highest').verdict).toBe('no');
  });

  it('of births, deaths and genes cannot fail in a run of fewer than five mean lives', () => {
    const few = { metric: () => ({ births: 0, deaths: 0 }) };
    for (const name of ['births', 'deaths', 'reward genes']) {
      expect(criterion(armOf({ ...few, meanLife: 200 }), name).verdict).toBe('no');
      expect(criterion(armOf({ ...few, meanLife: 201 }), name).verdict).toBe('horizon');
    }
    expect(criterion(armOf({ meanLife: 201 }), 'births').verdict).toBe('yes');
  });

  it('leave out markets that are off', () => {
    const arm = armOf({});
    const off = { ...arm.config.world, amm: { ...arm.config.world.amm, enabled: false } };
    const without = new ArmRecord({ ...arm.config, world: off }, arm.worlds.flat(), []);
    expect(criteriaOf(without).map(({ name }) => name)).not.toContain('ticks in which token is swapped');
    expect(criteriaOf(arm).map(({ name }) => name)).toContain('ticks in which token is swapped');
  });

  it('take no notice of the frame of genesis', () => {
    const arm = armOf({});
    expect(arm.worlds.every((frames) => frames.length === SAMPLES && frames[0]!.tick === EVERY)).toBe(true);
  });
});

describe('learners against a scripted population', () => {
  /** Differences of +-1 around a gap: with n worlds the standard error is 1/sqrt(n - 1). */
  const gapOf = (gap: number) =>
    criterion(
      armOf({
        worlds: 10,
        profit: (population, world) => (population === 0 ? gap + (world % 2 === 0 ? 1 : -1) : 0),
      }),
      "mature learners' profit per tick less that of random",
    );

  it('are ahead from two standard errors over worlds on', () => {
    expect(gapOf(2.01 / 3).verdict).toBe('yes');
    expect(gapOf(1.99 / 3).verdict).toBe('no');
    expect(gapOf(2.01 / 3).found).toContain('0.67 +- 0.333; ahead in 5/10 worlds');
  });

  it('cannot be compared where nobody of one side was mature, and are by the worlds where both were', () => {
    const seen = (worlds: number) =>
      criterion(
        armOf({
          profit: (population, world) =>
            population === 2 && world >= worlds ? Number.NaN : population === 0 ? 1 : 0,
        }),
        "mature learners' profit per tick less that of random",
      );
    expect(seen(0).verdict).toBe('horizon');
    expect(seen(0).found).toContain('-');
    expect(seen(1).verdict).toBe('horizon');
    expect(seen(2).verdict).toBe('yes');
    expect(seen(2).found).toContain('2/2 worlds');
  });

  it('have the median life of Kaplan and Meier', () => {
    expect(medianLife([5, 1, 3, 100], [])).toBe(3);
    // survival 3/4 after 1; at 3 two are at risk: 3/8
    expect(medianLife([1, 3], [2, 9])).toBe(3);
    // who leaves at the age of a death was at risk in it: survival 3/4, then 1/2
    expect(medianLife([1, 3], [3, 9])).toBe(3);
    expect(medianLife([2, 3], [1, 9])).toBe(3);
    expect(medianLife([1], [9, 9])).toBeNaN();
    expect(medianLife([], [])).toBeNaN();
  });

  it('count lives that have not ended', () => {
    const deaths = [{ world: 0, tick: 300, population: 0, age: 200, insolvent: false }];
    const starts = [
      { world: 0, tick: 100, population: 0 },
      { world: 0, tick: 100, population: 0 },
      { world: 1, tick: 600, population: 0 },
      { world: 0, tick: 0, population: 1 },
    ];
    const plain = armOf({ deaths });
    const arm = new ArmRecord(plain.config, plain.worlds.flat(), deaths, starts);
    expect(arm.livesOf(0)).toEqual({ ages: [200], unfinished: [900, 400], insolvent: 0 });
    expect(lifeText(arm, 0)).toBe('over 900');
    expect(arm.first(2, 500).livesOf(0).unfinished).toEqual([400]);
  });

  it('join worlds that ran one by one', () => {
    const one = armOf({ worlds: 1, metric: () => ({ alive: 1 }) });
    const two = armOf({
      worlds: 1,
      metric: () => ({ alive: 2 }),
      deaths: [{ world: 0, tick: 5, population: 0, age: 5, insolvent: true }],
    });
    const joined = ArmRecord.join([one, two]);
    expect(joined.perWorld((w) => joined.series(w, 'alive')[0]!)).toEqual([1, 2]);
    expect(joined.config.worlds).toBe(2);
    expect(joined.deaths.map(({ world }) => world)).toEqual([1]);
  });

  it('live as long as the lives that ended where all did', () => {
    const ages = [5, 1, 3, 100];
    const deaths = ages.map((age, k) => ({ world: 0, tick: 300, population: 0, age, insolvent: k === 0 }));
    const arm = armOf({ deaths });
    expect(criterion(arm, "mature learners' profit").found).toContain('median life 3 against - ticks');
    expect(arm.livesOf(0).insolvent).toBe(0.25);
  });
});

describe('reward genes', () => {
  /** Gaps of +-1 around `gap` in one feature. */
  const shifted = (gap: number, worlds = 10) =>
    armOf({ worlds, gene: (feature, world) => (feature === 3 ? gap + (world % 2 === 0 ? 1 : -1) : 0) });

  it('have left their shadow from four standard errors over worlds on', () => {
    expect(criterion(shifted(4.01 / 3), 'reward genes').verdict).toBe('yes');
    expect(criterion(shifted(3.99 / 3), 'reward genes').verdict).toBe('no');
    expect(criterion(shifted(-4.01 / 3), 'reward genes').verdict).toBe('yes');
    expect(geneShifts(shifted(2))[0]).toMatchObject({ feature: REWARD_FEATURES[3], gap: 2 });
  });

  it('cannot be judged by fewer than ten worlds', () => {
    expect(criterion(shifted(5, GENE_WORLDS_MIN), 'reward genes').verdict).toBe('yes');
    expect(criterion(shifted(5, GENE_WORLDS_MIN - 1), 'reward genes').verdict).toBe('horizon');
  });
});

describe('a line of MODEL 12', () => {
  const of = (...verdicts: Criterion['verdict'][]): Criterion[] =>
    verdicts.map((verdict) => ({ line: 'price', name: '', values: [], found: '', bound: '', verdict }));

  it('holds when all its criteria do, and fails when one does', () => {
    expect(verdictOf(of('yes', 'yes'), 'price')).toBe('yes');
    expect(verdictOf(of('yes', 'horizon'), 'price')).toBe('horizon');
    expect(verdictOf(of('horizon', 'no', 'yes'), 'price')).toBe('no');
    expect(verdictOf(of('yes'), 'alive')).toBeNull();
  });
});

describe('figures', () => {
  it('are paired by world and leave out worlds where one side was never seen', () => {
    const { gap, standardError, ahead, values } = differenceOf([1, 2, Number.NaN, 6], [0, 3, 1, 2]);
    expect(values).toEqual([1, -1, 4]);
    expect(gap).toBeCloseTo(4 / 3, 12);
    expect(standardError).toBeCloseTo(Math.sqrt(19 / 9), 12);
    expect(ahead).toBe(2);
  });

  it('have three digits, and none where nothing was seen', () => {
    expect([round(0.12345), round(1234.5), round(-2), round(Number.NaN)]).toEqual([
      '0.123',
      '1235',
      '-2',
      '-',
    ]);
  });
});

describe('studies', () => {
  const arm = (tokenPrice: number, alive: number) =>
    armOf({ worlds: 4, metric: (_, world) => ({ tokenPrice: tokenPrice + 0.01 * world, alive }) });
  const study = { name: 'a', why: 'b', set: { 'world.amm.token': [1, 2] } };

  it('show the criteria whose verdict or mean changes, and no others', () => {
    const { header, rows, sentence } = studyTable(study, [arm(2, 8), arm(3, 8)]);
    expect(header).toEqual(['criterion', 'token 1', 'token 2']);
    expect(rows.map(([name]) => name)).toEqual([
      'lowest token price / start (>= 0.1)',
      'highest token price / start (<= 10)',
    ]);
    expect(sentence).toBe('No value breaks a criterion that so short a run can show.');
    expect(studyTable(study, [arm(2, 8), arm(2, 8)]).rows).toEqual([]);
  });

  it('say which value breaks which criterion', () => {
    const { sentence, rows } = studyTable(study, [arm(2, 8), arm(2, 5)]);
    expect(sentence).toBe('token 2 breaks "mean share of slots alive"; token 1 breaks none.');
    expect(rows.map((row) => row[2])).toContainEqual(expect.stringContaining('**no**'));
    expect(breakingSentence(['x 1', 'x 2', 'x 3'], [[], [], criteriaOf(arm(2, 0))])).toBe(
      'x 3 breaks "least alive at any sample" and "mean share of slots alive"; x 1 and x 2 break none.',
    );
  });

  it('count a change of the mean from four standard errors of the difference on', () => {
    const at = (...values: number[]): Criterion => ({
      line: 'price',
      name: '',
      values,
      found: '',
      bound: '',
      verdict: 'yes',
    });
    // standard error 1 of the difference
    expect(differs([at(0, 0), at(2.9, 4.9)])).toBe(false);
    expect(differs([at(0, 0), at(3.1, 5.1)])).toBe(true);
    expect(differs([at(1, 1), at(1, 1)])).toBe(false);
    // the same in both worlds, which differ more from each other
    expect(differs([at(-10, 10), at(-9, 11)])).toBe(true);
    expect(differs([at(1, 1), at(1)])).toBe(false);
  });

  it('take the beginning of a longer run for a shorter one', () => {
    const deaths = [0, 1, 2].map((world) => ({ world, tick: 500, population: 0, age: 3, insolvent: false }));
    const first = armOf({ worlds: 4, deaths }).first(2, 500);
    expect(first.worlds.map((frames) => frames.at(-1)!.tick)).toEqual([500, 500]);
    expect(first.config).toMatchObject({ worlds: 2, ticks: 500 });
    expect(first.livesOf(0).ages).toHaveLength(2);
    expect(armOf({ worlds: 4, deaths }).first(4, 499).livesOf(0).ages).toHaveLength(0);
  });
});
