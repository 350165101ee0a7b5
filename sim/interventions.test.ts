import { describe, expect, test } from 'vitest';
import { worldParameters } from '../configs/arms.ts';
import { parseConfig } from '../configs/parse.ts';
import { PERMITTED } from '../configs/permitted.ts';
import { nodeAt, schemaTree } from '../configs/schemaTree.ts';
import { ASSET, TOTAL } from '../market/columns.ts';
import { REASON } from '../market/ledger.ts';
import { createSimulation } from './run.ts';
import { Shard } from './shard.ts';

const FROM = 60;
const TO = 80;
const LIVES = `
  hardware: { capacityMax: 64, wearPerTick: 0.002, priceBase: 1, priceScale: 1, runwayTicks: 10, trainingRunwayTicks: 10 }
  policy: { staking: true, issuance: stakeWeighted, feeBurn: 0.1, dividend: 0.001 }
  ownership: { scaleEconomy: 0.1, capitalCost: 0.001, operatorShare: 0.1, distribution: firms }
  dataOwnership: { platform: 0.5, market: true }
  treasury: { reserveEndowments: 1 }
  serviceMarket: { shape: seasonal, period: 20, demand: 12 }
  training: { labelPrice: 0.01, maxCompute: 4 }`;
const DEMOGRAPHY = 'meanLife: 60, threshold: 1, endowmentFloor: 10, immigrationFloor: 0.9';

/** Worlds that have between them what every permitted number is about. */
const ECONOMIES: Readonly<Record<string, string>> = {
  programmatic: `world:${LIVES}
  trust: { regime: programmatic }
  objectives: { enabled: true, trialBlock: 5, cooldown: 5 }
  demography: { ${DEMOGRAPHY}, deathsPerTick: 1, birthsPerTick: 3 }`,
  legal: `world:${LIVES}
  trust: { regime: legal, delay: 5, legalCost: 1, registrationFee: 0.1 }
  demography: { ${DEMOGRAPHY}, selection: truncation, generation: 20 }`,
  kinetic: 'world: { randomExchange: { kind: kinetic } }',
  saving: 'world: { randomExchange: { kind: saving } }',
  yardSale: 'world: { randomExchange: { kind: yardSale } }',
  bets: 'world: { randomExchange: { kind: bets } }',
};

const run = (economy: string, more = '') =>
  parseConfig(
    `ticks: ${TO}\nslots: 30\noutput: { agentsEvery: 0, tradesWorlds: 0, lineage: false }\n${economy}
populations: [{ name: learners, kind: learner, share: 2 }, { name: random, kind: random }]\n${more}`,
  );
const withSet = (economy: string, path: string, value: number) =>
  parseConfig(
    `ticks: ${TO}\nslots: 30\noutput: { agentsEvery: 0, tradesWorlds: 0, lineage: false }\n${economy}
populations: [{ name: learners, kind: learner, share: 2 }, { name: random, kind: random }]`,
    { overrides: [{ origin: 'test', path, value }] },
  );

/** Another value than the one in force, within the rule of its path. */
function otherThan(current: number, path: string): number {
  const { max, kind } = nodeAt(schemaTree(), path.split('.'))!;
  if (path.endsWith('reserveEndowments')) return 0;
  if (current === 0) return kind === 'integer' ? 2 : Math.min(max!, 0.3);
  return current === max ? current / 2 : Math.min(max!, 3 * current);
}

/** Whose law a number is: worlds that differ in it go apart there. */
const LEGAL = /registrationFee|legalCost|recovery|discountRate|truncationShare/;
const isAbout = (path: string, economy: string): boolean =>
  path.includes('randomExchange')
    ? !['programmatic', 'legal'].includes(economy)
    : economy === (LEGAL.test(path) ? 'legal' : 'programmatic');

const numberAt = (value: unknown, path: string): number =>
  path.split('.').reduce((node, key) => (node as Record<string, unknown>)[key], value) as number;

function ranFrom(state: Uint8Array[], config: ReturnType<typeof run>, branch: boolean): string {
  const shard = new Shard(config, [0]);
  state.forEach((piece) => void shard.restoreWorld(0, piece, { branch }));
  shard.advance(TO);
  return shard.hashes()[0]!;
}

describe('an intervention', () => {
  const states = Object.entries(ECONOMIES).map(([name, economy]) => {
    const shard = new Shard(run(economy), [0]);
    shard.advance(FROM);
    const state = shard.save();
    return { name, economy, state };
  });

  test.each(PERMITTED)('of %s does what a branch with that value does', (path) => {
    for (const { name, economy, state } of states) {
      if (!isAbout(path, name)) continue;
      const value = otherThan(numberAt(run(economy).arms[0], path), path);
      const changed = run(economy, `interventions: [{ tick: ${FROM}, path: ${path}, value: ${value} }]`);
      const hash = ranFrom(state, changed, false);
      expect(hash, `${name} with ${path} = ${value}`).toBe(
        ranFrom(state, withSet(economy, path, value), true),
      );
      expect(JSON.stringify(worldParameters(withSet(economy, path, value)))).not.toBe(
        JSON.stringify(worldParameters(run(economy))),
      );
    }
  });

  test('of issuance may lower it: what was issued before stays lawful', () => {
    const lower = run(
      ECONOMIES.programmatic!,
      'interventions: [{ tick: 50, path: world.policy.issuancePerTick, value: 0.5 }]',
    );
    const shard = new Shard(lower, [0]);
    expect(() => shard.advance(TO)).not.toThrow();
    const [world] = shard.inside();
    expect(world!.parameters.policy.issuancePerTick).toBe(500);
  });

  const issuing = (policy: string) =>
    run(`world: { policy: { staking: true, epoch: 40, ${policy} }, serviceMarket: { demand: 20 } }`);
  test.each([
    [
      'half the rate',
      'issuance: stakeWeighted, issuancePerTick: 8',
      'issuance: stakeWeighted, issuancePerTick: 4',
    ],
    ['no rule any more', 'issuance: workWeighted, issuancePerTick: 8', 'issuance: none'],
    [
      'half the rate amid an epoch',
      'issuance: yuma, issuancePerTick: 8',
      'issuance: yuma, issuancePerTick: 4',
    ],
    ['another rule', 'issuance: stakeWeighted, issuancePerTick: 8', 'issuance: yuma, issuancePerTick: 4'],
  ])(
    'that a branch begins with may be %s: what its parent issued stays lawful, resumed too',
    (_, parent, child) => {
      const shard = new Shard(issuing(parent), [0]);
      shard.advance(FROM);
      const branch = new Shard(issuing(child), [0]);
      shard.save().forEach((piece) => void branch.restoreWorld(0, piece, { branch: true }));
      branch.advance(FROM + 5);
      const resumed = new Shard(issuing(child), [0]);
      resumed.restore(branch.save());
      for (const one of [branch, resumed]) expect(() => one.advance(TO + 5)).not.toThrow();
      expect(resumed.hashes()).toEqual(branch.hashes());
      const [before, after] = [shard, branch].map(
        (one) => [...one.inside()][0]!.columns.total[TOTAL.issued]!,
      );
      expect(before).toBeGreaterThan(4000 * (TO - FROM));
      expect(after! - before!).toBeLessThanOrEqual(4000 * 2 * (TO - FROM + 5));
    },
  );

  test('that a branch begins with allows no more than its parent could have issued', () => {
    const shard = new Shard(issuing('issuance: stakeWeighted, issuancePerTick: 8'), [0]);
    shard.advance(FROM);
    const branch = new Shard(issuing('issuance: none'), [0]);
    shard.save().forEach((piece) => void branch.restoreWorld(0, piece, { branch: true }));
    const [world] = branch.inside();
    world!.ledger.mint(ASSET.token, 0, 8000 + 1, REASON.issuance);
    world!.columns.total[TOTAL.issued]! += 8000 + 1;
    expect(() => branch.advance(FROM + 1)).toThrow("law 'minted-equals-issued'");
  });

  test('that was planned and one that came in flight are the same', async () => {
    const change = { tick: 33, path: 'world.energy.price', value: 0.4 };
    const planned = createSimulation(run(ECONOMIES.legal!, `interventions: [${JSON.stringify(change)}]`));
    await planned.advance(TO);
    const flown = createSimulation(run(ECONOMIES.legal!));
    await flown.advance(33);
    await flown.intervene([change]);
    await flown.advance(TO);
    expect(await flown.finalHash()).toBe(await planned.finalHash());
  });

  test('waits for its tick: a run that ends before it is the run without it', async () => {
    const hashOf = async (more: string) => {
      const simulation = createSimulation(run(ECONOMIES.legal!, more));
      await simulation.advance(40);
      return simulation.finalHash();
    };
    const plain = await hashOf('');
    expect(await hashOf('interventions: [{ tick: 40, path: world.energy.price, value: 3 }]')).toBe(plain);
    expect(await hashOf('interventions: [{ tick: 39, path: world.energy.price, value: 3 }]')).not.toBe(plain);
    expect(await hashOf('interventions: []')).toBe(plain);
  });
});
