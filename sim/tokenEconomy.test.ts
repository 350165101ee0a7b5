/**
 * Ownership, data, token policy and training inside whole worlds, with every law checked on every tick: what theory
 * says they change, what they must never break, and a journal that replays to the final balances.
 */
import { describe, expect, it } from 'vitest';
import { parseConfig } from '../configs/parse.ts';
import { SYSTEM_COUNT, TOTAL } from '../market/columns.ts';
import { NOBODY } from '../market/ledger.ts';
import { METRIC_INDEX, type MetricName } from './metrics/table.ts';
import { Shard } from './shard.ts';
import { crowd, hectic, lawfulAgentTicks } from './testWorlds.ts';
import type { World } from './world.ts';

interface Play {
  readonly worlds: readonly World[];
  /** A metric at the last tick, mean over worlds. */
  readonly last: (name: MetricName) => number;
}

/** Runs worlds of a config to the end; every law is on. */
function play(config: object, { ticks, worlds = 2 }: { ticks: number; worlds?: number }): Play {
  const run = parseConfig(
    JSON.stringify({ seed: 'token economy', ticks, worlds, output: { metricsEvery: ticks }, ...config }),
  );
  const shard = new Shard(
    run,
    Array.from({ length: worlds }, (_, k) => k),
  );
  const { frames } = shard.advance(ticks);
  const final = frames.filter((frame) => frame.tick === ticks);
  return {
    worlds: [...shard.inside()],
    last: (name) => final.reduce((sum, frame) => sum + frame.metrics[METRIC_INDEX[name]]!, 0) / worlds,
  };
}

const rule = [{ name: 'rule', kind: 'rule' }];
/** Rule agents that invest, in a market where size can be used. */
const investors = (ownership: object, world: object = {}) => ({
  slots: 24,
  populations: rule,
  world: {
    ownership,
    serviceMarket: { demand: 40, maxTasks: 64 },
    energy: { price: 0.6 },
    hardware: { capacityMax: 256, wearPerTick: 0.001, runwayTicks: 2000, priceBase: 20, priceScale: 20 },
    demography: { enabled: false },
    ...world,
  },
});

describe('who owns compute', () => {
  const firms = { distribution: 'firms', firms: 3, firmShare: 0.5 };

  it('concentrates where firms have scale economies: their HHI more than doubles, and without them it falls', () => {
    const at = (ownership: object, ticks: number): number =>
      play(investors(ownership), { ticks, worlds: 1 }).last('hhiCompute');
    const genesis = at(firms, 1);
    expect(genesis).toBeGreaterThan(2 / 24);
    const equal = at({}, 2000);
    const withoutScale = at(firms, 2000);
    const withScale = at({ ...firms, scaleEconomy: 0.3 }, 2000);
    expect(equal).toBeLessThan(1.2 / 24);
    expect(withoutScale).toBeLessThan(0.8 * genesis);
    expect(withScale).toBeGreaterThan(2 * genesis);
    expect(withScale).toBeGreaterThan(4 * equal);
  });

  it('is invested in by sovereign machines, less by those that share profits, least by tools', () => {
    const serviceMarket = { demand: 20 };
    const hardware = { wearPerTick: 0.002, runwayTicks: 2000 };
    const capacity = [0, 0.5, 1].map((operatorShare) =>
      play(investors({ operatorShare }, { serviceMarket, hardware, energy: {} }), {
        ticks: 1000,
        worlds: 1,
      }).last('capacity'),
    );
    expect(capacity[1]).toBeLessThan(0.8 * capacity[0]!);
    expect(capacity[2]).toBeLessThan(0.8 * capacity[1]!);
  });
});

const mixed = [
  { name: 'learners', kind: 'learner', share: 2 },
  { name: 'random', kind: 'random', share: 2 },
  { name: 'rule', kind: 'rule' },
];

describe('who owns data', () => {
  it('is the platforms where they keep it, the users where they do not, who then sell it to those that train', () => {
    const economy = (dataOwnership: object) => ({ slots: 20, populations: mixed, world: { dataOwnership } });
    const platforms = play(economy({ platform: 1, market: true }), { ticks: 300 });
    const users = play(economy({ platform: 0, market: true }), { ticks: 300 });
    // under the platforms the pool holds but the estates of the dead
    expect(platforms.last('dataPool')).toBeLessThan(0.2 * platforms.last('dataAgents'));
    expect(platforms.last('dataRevenue')).toBeLessThan(0.1 * users.last('dataRevenue'));
    expect(users.last('dataSold')).toBeGreaterThan(100);
    for (const { columns } of users.worlds)
      expect(columns.total[TOTAL.dataSold]).toBeGreaterThanOrEqual(columns.data.reduce((a, b) => a + b, 0));
  });
});

describe('the token supply', () => {
  const economy = (policy: object) => ({ slots: 20, populations: mixed, world: { policy } });

  it('falls by fees that are burned and rises by what is issued, to the unit', () => {
    const supply = (policy: object): number => play(economy(policy), { ticks: 150 }).last('tokenSupply');
    const still = supply({});
    expect(supply({ feeBurn: 1 })).toBeLessThan(still);
    expect(supply({ issuance: 'workWeighted', issuancePerTick: 5 })).toBeGreaterThan(still + 0.99 * 5 * 149);
  });

  it('goes to workers, to stakers, or to both by consensus', () => {
    const issued = (issuance: string): number =>
      play(economy({ issuance, issuancePerTick: 5, epoch: 10, staking: true }), { ticks: 200 }).last(
        'issued',
      );
    for (const rule of ['workWeighted', 'stakeWeighted', 'yuma'])
      expect(issued(rule)).toBeGreaterThan(0.8 * 1000);
    expect(issued('none')).toBe(0);
  });
});

describe('training', () => {
  it('counts human effort by method: as many labels per unit of skill as its ticks and gains say, none without labels', () => {
    const { last, worlds } = play(
      {
        slots: 20,
        populations: [{ name: 'random', kind: 'random' }],
        world: { hardware: { trainingRunwayTicks: 0 } },
      },
      { ticks: 300 },
    );
    const adoption = ['Supervised', 'Unsupervised', 'SemiSupervised', 'Reinforcement'].map((method) =>
      last(`adoption${method}` as MetricName),
    );
    expect(adoption.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 12);
    // a random agent chooses uniformly: four standard errors of a quarter over some 3000 training ticks
    for (const share of adoption) expect(Math.abs(share - 0.25)).toBeLessThan(0.04);
    expect(last('effortUnsupervised')).toBe(0);
    expect(last('effortReinforcement')).toBe(0);
    expect(last('effortSupervised')).toBeGreaterThan(0);
    for (const { columns } of worlds) {
      const { total } = columns;
      expect(total[TOTAL.methodLabels]).toBe(2 * total[TOTAL.methodTicks]!);
      expect(total[TOTAL.methodLabels + 2]).toBe(total[TOTAL.methodTicks + 2]);
      const labels = [0, 1, 2, 3].reduce((sum, m) => sum + total[TOTAL.methodLabels + m]!, 0);
      expect(total[TOTAL.labels]).toBe(labels);
    }
  });
});

describe('every law', () => {
  it('holds on every tick under any combination of mechanisms and random actions', () => {
    const agentTicks = lawfulAgentTicks({ slots: 18, ticks: 40, runs: 60 });
    expect(agentTicks).toBeGreaterThan(20_000);
  });
});

describe('the journal of a world', () => {
  const everything = {
    dataOwnership: { platform: 0.5, market: true },
    ownership: { distribution: 'pareto', scaleEconomy: 0.1, capitalCost: 0.01, operatorShare: 0.3 },
    policy: { issuance: 'yuma', epoch: 7, feeBurn: 0.5, dividend: 0.2, staking: true },
    ...hectic,
  };

  it.each(['off', 'legal', 'programmatic'])('replays to exactly the final balances, trust %s', (regime) => {
    const slots = 20;
    const ticks = 150;
    const run = parseConfig(
      JSON.stringify({
        seed: 'journal',
        ticks,
        slots,
        populations: crowd,
        output: { journalWorlds: 1 },
        world: { ...everything, trust: { regime } },
      }),
    );
    const shard = new Shard(run, [0]);
    // accounts as the journal numbers them: agents, stakes, system accounts
    const balances = [0, 1].map(() => new Float64Array(2 * slots + SYSTEM_COUNT));
    const seen = new Set<string>();
    for (let tick = 50; tick <= ticks; tick += 50) {
      for (const { table, columns, rows } of shard.advance(tick).batches) {
        if (table !== 'journal') continue;
        const column = (name: string): Float64Array => columns[name] as Float64Array;
        for (let row = 0; row < rows; row++) {
          const of = balances[column('asset')[row]!]!;
          const from = column('from_account')[row]!;
          const to = column('to_account')[row]!;
          if (from !== NOBODY) of[from]! -= column('amount')[row]!;
          if (to !== NOBODY) of[to]! += column('amount')[row]!;
          expect(of[from] ?? 0).toBeGreaterThanOrEqual(0);
          seen.add((columns.reason as readonly string[])[row]!);
        }
      }
    }
    const [world] = [...shard.inside()] as [World];
    const { token, cash, stake, systemToken, systemCash } = world.balances;
    expect([...balances[0]!]).toEqual([...token, ...stake, ...systemToken]);
    expect([...balances[1]!]).toEqual([...cash, ...new Array(slots).fill(0), ...systemCash]);
    const expected = [
      'genesis',
      'task',
      'compute',
      'energy',
      'data',
      'capital',
      'operator',
      'issuance',
      'feeBurn',
    ];
    for (const reason of [...expected, 'tax', 'kit', 'estate', 'ammSell', 'stake'])
      expect(seen).toContain(reason);
  });
});
