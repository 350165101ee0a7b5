/** Self-update of objectives and the arms of experiments, through whole ticks of whole economies. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { chooseOption } from '../agents/actions.ts';
import { HEAD } from '../agents/brain/layout.ts';
import { GENE_COUNT, TRIAL, TRIAL_TOTAL } from '../agents/columns.ts';
import { parseConfig } from '../configs/parse.ts';
import { FREE_SLOT } from '../market/columns.ts';
import { DrawSequence, STREAM } from './core/rng.ts';
import { createLawBook, lawStatus } from './invariants.ts';
import { METRIC_INDEX, type MetricName, POPULATION_METRIC_INDEX } from './metrics/table.ts';
import { Shard } from './shard.ts';
import { tick } from './tick.ts';
import type { World } from './world.ts';

const resolve = (config: object) => parseConfig(JSON.stringify(config));
/** Hectic: short lives, cheap children. */
const DEMOGRAPHY = { meanLife: 150, threshold: 200, endowmentFloor: 100, immigrationFloor: 0.5 };
const hectic = (objectives: object, more: object = {}) => ({
  seed: 'objectives',
  ticks: 400,
  slots: 24,
  world: {
    demography: DEMOGRAPHY,
    objectives: { enabled: true, trialBlock: 10, cooldown: 20, ...objectives },
  },
  populations: [
    { name: 'learners', kind: 'learner', share: 2 },
    { name: 'hidden', kind: 'learner', rewardHidden: true, inheritance: 'lamarckian' },
    { name: 'ablated', kind: 'learner', learner: 'reinforce' },
    { name: 'zi', kind: 'ziC' },
  ],
  ...more,
});

const wishes = new DrawSequence();
/** Lets each agent revise with a probability in every tick, whatever its policy says. */
const impulsive =
  (probability: number) =>
  (world: World, phase: string): void => {
    if (phase !== 'decide') return;
    for (let i = 0; i < world.parameters.slots; i++) {
      const wish = wishes.at(world.parameters.seed, world.tick, i, STREAM.environment).unit() < probability;
      chooseOption(world, i, HEAD.objective, wish ? 1 : 0);
    }
  };

/** Trials begun are decided, cut short by death, or still going on. */
function checkAccounts({ agents, columns }: World): void {
  const { trialTotal, trialStage } = agents;
  let running = 0;
  trialStage.forEach((stage, slot) => {
    if (stage !== TRIAL.none) running++;
    if (columns.population[slot] === FREE_SLOT) expect(stage).toBe(TRIAL.none);
  });
  const ended = trialTotal.subarray(TRIAL_TOTAL.accepted).reduce((sum, n) => sum + n, 0);
  expect(trialTotal[TRIAL_TOTAL.started]).toBe(ended + running);
}

describe('economies whose agents revise their objectives', () => {
  it('keep every law and account for every trial, whatever the config and whoever revises when', () => {
    let decided = 0;
    let cutShort = 0;
    let accepted = 0;
    fc.assert(
      fc.property(
        fc.record({
          seed: fc.string({ minLength: 1, maxLength: 8 }),
          trialBlock: fc.integer({ min: 1, max: 12 }),
          cooldown: fc.integer({ min: 0, max: 30 }),
          placebo: fc.constantFrom(0, 0.3, 1),
          probability: fc.double({ min: 0.01, max: 1, noNaN: true }),
          meanLife: fc.integer({ min: 30, max: 300 }),
          selection: fc.constantFrom('endogenous', 'truncation'),
          amm: fc.boolean(),
          quotas: fc.boolean(),
        }),
        ({ seed, probability, meanLife, selection, amm, quotas, ...objectives }) => {
          const config = hectic(objectives, { seed });
          const run = resolve({
            ...config,
            slots: 16,
            world: {
              ...config.world,
              amm: { enabled: amm },
              demography: { ...DEMOGRAPHY, meanLife, selection, generation: 40, quotas },
            },
          });
          const book = createLawBook();
          for (const world of new Shard(run, [0]).inside()) {
            for (let t = 0; t < 160; t++) tick(world, { laws: book, afterPhase: impulsive(probability) });
            checkAccounts(world);
            const total = world.agents.trialTotal;
            decided += total[TRIAL_TOTAL.kept]! + total[TRIAL_TOTAL.placeboKept]!;
            accepted += total[TRIAL_TOTAL.accepted]!;
            cutShort += total[TRIAL_TOTAL.cutShort]!;
          }
          expect(lawStatus(book).every(({ violated, checks }) => violated === null && checks > 0)).toBe(true);
        },
      ),
      { numRuns: 15 },
    );
    // the property was tried on trials of every outcome
    expect(Math.min(decided, accepted, cutShort)).toBeGreaterThan(10);
  });

  it('resume from a checkpoint in the middle of trials as if never interrupted', () => {
    const run = resolve(hectic({}));
    const hooks = { laws: null, afterPhase: impulsive(0.2) };
    const played = (shard: Shard, from: number, to: number): Shard => {
      for (const world of shard.inside()) for (let t = from; t < to; t++) tick(world, hooks);
      return shard;
    };
    const straight = played(new Shard(run, [0]), 0, 120);
    const half = played(new Shard(run, [0]), 0, 75);
    const [world] = half.inside();
    expect([...world!.agents.trialStage].filter((stage) => stage > TRIAL.waiting).length).toBeGreaterThan(0);
    const resumed = new Shard(run, [0]);
    resumed.restore(half.save());
    expect(resumed.hashes()).toEqual(half.hashes());
    expect(played(resumed, 75, 120).hashes()).toEqual(straight.hashes());
  });

  it('report trials of an interval, and what wealth and chance accept', () => {
    const run = resolve(hectic({ placebo: 0.5 }, { output: { metricsEvery: 200 } }));
    const shard = new Shard(run, [0]);
    const [world] = shard.inside();
    shard.advance(1);
    for (let t = 1; t < 199; t++) tick(world!, { laws: null, afterPhase: impulsive(0.2) });
    const total = world!.agents.trialTotal;
    const { metrics } = shard.advance(200).frames.at(-1)!;
    const metric = (name: MetricName): number => metrics[METRIC_INDEX[name]]!;
    expect(metric('trialsStarted')).toBe(total[TRIAL_TOTAL.started]);
    expect(metric('trialsFinished')).toBe(total[TRIAL_TOTAL.accepted]! + total[TRIAL_TOTAL.kept]!);
    expect(metric('trialsAccepted')).toBe(total[TRIAL_TOTAL.accepted]);
    expect(metric('trialAcceptance')).toBeCloseTo(metric('trialsAccepted') / metric('trialsFinished'), 12);
    const placebos = total[TRIAL_TOTAL.placeboAccepted]! + total[TRIAL_TOTAL.placeboKept]!;
    expect(placebos).toBeGreaterThan(20);
    expect(metric('placeboAcceptance')).toBeCloseTo(total[TRIAL_TOTAL.placeboAccepted]! / placebos, 12);
    // a new interval starts at the totals of now
    const later = shard.advance(201).frames.at(-1)!.metrics;
    expect(later[METRIC_INDEX.trialsFinished]).toBeLessThan(metric('trialsFinished') / 10);
    expect(later[METRIC_INDEX.placeboAcceptance]).toBeGreaterThan(0);
  });

  it('have no figures of trials where objectives are off', () => {
    const run = resolve({ ...hectic({}), world: { demography: DEMOGRAPHY } });
    const [frame] = new Shard(run, [0]).advance(1).frames.slice(-1);
    for (const name of ['trialsStarted', 'trialAcceptance', 'placeboAcceptance'] as const) {
      expect(frame!.metrics[METRIC_INDEX[name]]).toBeNaN();
    }
  });

  it('differ from economies that cannot revise in nothing but the head: no revision, no change of genes', () => {
    const genesAt = (objectives: object): Float32Array => {
      const run = resolve({ ...hectic({}), world: { demography: { enabled: false }, objectives } });
      const shard = new Shard(run, [0]);
      shard.advance(100);
      return [...shard.inside()][0]!.agents.genes.slice();
    };
    const off = genesAt({ enabled: false });
    expect(off.length).toBe(24 * GENE_COUNT);
    // trials that never reach their second block
    expect(genesAt({ enabled: true, trialBlock: 1000 })).toEqual(off);
  });

  it('are refused where no wealth is at stake', () => {
    const refuse = (world: object): (() => Shard) => {
      return () =>
        new Shard(resolve({ ...hectic({}), world: { objectives: { enabled: true }, ...world } }), [0]);
    };
    expect(refuse({ induced: { enabled: true } })).toThrow(/objectives are revised in economies/);
    expect(refuse({ environment: { kind: 'contextualBandit' } })).toThrow(
      /objectives are revised in economies/,
    );
  });
});

describe('lifetime reward and wealth', () => {
  it('correlate over deaths where profit is the reward, and are not a number where there is no reward', () => {
    const run = resolve({
      seed: 'lives',
      ticks: 600,
      slots: 48,
      output: { metricsEvery: 600 },
      world: { demography: { ...DEMOGRAPHY, meanLife: 100 } },
      populations: [
        { name: 'profit', kind: 'learner', reward: 'profit', evolves: false },
        { name: 'zero', kind: 'learner', reward: 'zero' },
      ],
    });
    const frame = new Shard(run, [0]).advance(600).frames.at(-1)!;
    const figure = (population: number, name: keyof typeof POPULATION_METRIC_INDEX): number =>
      frame.populations[population]![POPULATION_METRIC_INDEX[name]]!;
    expect(figure(0, 'deaths')).toBeGreaterThan(50);
    expect(Math.abs(figure(0, 'rewardWealthCorrelation'))).toBeLessThanOrEqual(1);
    expect(figure(0, 'rewardProfitCorrelation')).toBeGreaterThan(0.5);
    expect(figure(1, 'rewardWealthCorrelation')).toBeNaN();
    expect(figure(1, 'rewardProfitCorrelation')).toBeNaN();
  });
});
