/** What theory says about trust, in whole economies of learners; each effect with its size. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parseSet } from '../configs/overrides.ts';
import { parseConfig } from '../configs/parse.ts';
import { TRUST_TOTAL } from '../market/columns.ts';
import { METRIC_INDEX, type MetricName } from './metrics/table.ts';
import { Shard } from './shard.ts';

const preset = (name: string, ...sets: string[]) =>
  parseConfig(readFileSync(new URL(`../configs/${name}.yaml`, import.meta.url), 'utf8'), {
    file: name,
    overrides: sets.map(parseSet),
  });

/** Runs all arms to `to` and returns metrics summed over the ticks after `from`, by arm. */
function play(run: ReturnType<typeof preset>, from: number, to: number) {
  const arms = run.arms.length;
  const every = run.arms[0]!.output.metricsEvery;
  const shard = new Shard(
    run,
    Array.from({ length: arms }, (_, world) => world),
  );
  const sums = Array.from({ length: arms }, () => ({ contracted: 0, defaults: 0, computeVolume: 0 }));
  for (let tick = every; tick <= to; tick += every) {
    for (const { world, metrics } of shard.advance(tick).frames) {
      if (tick <= from) continue;
      for (const name of Object.keys(sums[0]!) as (MetricName & keyof (typeof sums)[0])[])
        sums[world]![name] += metrics[METRIC_INDEX[name]]!;
    }
  }
  return sums.map((sum) => ({ ...sum, defaultShare: sum.defaults / sum.contracted }));
}

describe('learners', () => {
  it('default in more than 90 % of what they sell where audits are below the incentive threshold, in less than 10 % above it', () => {
    const [rare, frequent] = play(preset('trust-programmatic'), 1000, 1500);
    // both began near a half; (p - f)(R + S) is about .04 against 3.2, effort + side gain are 1.2
    expect(rare!.contracted).toBeGreaterThan(10_000);
    expect(frequent!.contracted).toBeGreaterThan(10_000);
    expect(rare!.defaultShare).toBeGreaterThan(0.9);
    expect(frequent!.defaultShare).toBeLessThan(0.1);
  });

  it('trade less than half the compute without trust that they trade where default is impossible or slashed', () => {
    const run = preset(
      'trust-none',
      'world.trust.regime=[off, none, programmatic]',
      'world.trust.audit=[0, 0, 0.8]',
    );
    const [off, none, programmatic] = play(run, 2000, 3000);
    expect(none!.defaultShare).toBeGreaterThan(0.8);
    expect(programmatic!.defaultShare).toBeLessThan(0.1);
    expect(none!.computeVolume).toBeLessThan(0.5 * off!.computeVolume);
    expect(none!.computeVolume).toBeLessThan(0.5 * programmatic!.computeVolume);
  });

  it('default in less than 10 % where the court takes a tick, and in more than 60 % where it takes ten', () => {
    const [swift, , slow] = play(preset('trust-legal'), 2000, 3000);
    expect(swift!.defaultShare).toBeLessThan(0.1);
    expect(slow!.defaultShare).toBeGreaterThan(0.6);
  });
});

describe('an economy of births, deaths and defaults', () => {
  it.each(['none', 'legal', 'programmatic'])('keeps every law on every tick under %s', (regime) => {
    const run = parseConfig(`
seed: trust
ticks: 400
worlds: 3
slots: 32
world:
  consumers: { cash: 100000, token: 12500 }
  serviceMarket: { demand: 12, networkEffect: 0.3 }
  demography: { meanLife: 60, threshold: 200, endowmentFloor: 100, immigrationFloor: 0.75 }
  policy: { unstakeDelay: 7 }
  trust: { regime: ${regime}, legalCost: 0.05, registrationFee: 1, delay: 20, claimCohorts: 6, reputationWeight: 0.5 }
populations:
  - { name: learners, kind: learner, share: 2 }
  - { name: zero intelligence, kind: ziC }
  - { name: random, kind: random }
  - { name: rule, kind: rule }
`);
    const shard = new Shard(run, [0, 1, 2]);
    const { laws } = shard.advance(400);
    expect(laws.every((law) => law.violated === null)).toBe(true);
    for (const { columns } of shard.inside()) {
      expect(columns.trustTotal[TRUST_TOTAL.defaulted]).toBeGreaterThan(100);
      if (regime === 'legal') expect(columns.trustTotal[TRUST_TOTAL.recovered]).toBeGreaterThan(0);
      if (regime === 'programmatic') expect(columns.trustTotal[TRUST_TOTAL.slashed]).toBeGreaterThan(0);
    }
  });
});
