import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FREE_SLOT, SIDE, WORLD } from '../market/columns.ts';
import type { AnyColumn } from '../sim/core/columns.ts';
import { mulHigh } from '../sim/core/fixed.ts';
import { DrawSequence, STREAM } from '../sim/core/rng.ts';
import { U32_MAX } from '../sim/core/units.ts';
import { applyActions, chooseOption, orderAgents, orderInduced } from './actions.ts';
import { HEADS, LANES } from './brain/layout.ts';
import { type AgentWorld, NO_BASE, TRIAL } from './columns.ts';
import { CAUSE, naturalCause } from './mortality.ts';
import { measureWealth, medianBin, observe, observeAgents } from './observation.ts';
import { isRich } from './reproduction.ts';
import { reward, rewardAgents, rewardRange } from './rewardGenome.ts';
import { choosesTrial, givesOnTrial } from './selfUpdate.ts';
import { testWorld } from './testWorld.ts';

const TICK = 70_000;
const POPULATIONS = [
  { name: 'linear', kind: 'learner' },
  { name: 'hidden', kind: 'learner', rewardHidden: true },
  { name: 'random', kind: 'learner', reward: 'randomReward', rewardHidden: true },
  { name: 'scripted', kind: 'random' },
];

/** Mechanisms on and off, in every combination that a config allows. */
const mechanisms = fc.record({
  computeMarket: fc.record({ enabled: fc.boolean() }),
  serviceMarket: fc.record({
    enabled: fc.boolean(),
    maxTasks: fc.constantFrom(1, 8, 3000),
    cuPerTask: fc.constantFrom(1, 4),
  }),
  training: fc.record({ enabled: fc.boolean(), maxCompute: fc.constantFrom(1, 16, 1_000_000) }),
  amm: fc.record({ enabled: fc.boolean() }),
  trust: fc.record({
    regime: fc.constantFrom('off', 'none', 'legal', 'programmatic'),
    reputationWeight: fc.constantFrom(0, 0.5, 1),
  }),
  objectives: fc.record({ enabled: fc.boolean() }),
  ownership: fc.record({ scaleEconomy: fc.constantFrom(0, 0.05, 0.9) }),
  policy: fc.record({ staking: fc.boolean() }),
});
const setting = fc.record({
  slots: fc.constantFrom(4, 5, 7, 8, 13),
  world: mechanisms,
  populations: fc.constantFrom([POPULATIONS[0]!], [POPULATIONS[0]!, POPULATIONS[3]!], POPULATIONS),
  seed: fc.integer({ min: 0, max: 0xffff }),
});

const draws = new DrawSequence();
/** Zeros, the largest numbers and numbers of every size. */
function anyWord(): number {
  const kind = draws.below(8);
  if (kind === 0) return 0;
  if (kind === 1) return U32_MAX;
  if (kind === 2) return 1;
  return draws.word() >>> draws.below(32);
}
const anyFloat = (): number => [0, -0, 1, 1e30, -1e30][draws.below(20)] ?? draws.normal();

const BELOW: Readonly<Record<string, number>> = {
  mode: 4,
  taskClass: 4,
  computeSide: 3,
  computeLevel: 256,
  scriptedLevel: 257,
  inducedSide: 3,
  inducedLevel: 256,
  active: 2,
  trialStage: 6,
};

/** Fills all that agents own, did and feel with anything; who lives, acts and learns is drawn too. */
function scramble(world: AgentWorld, seed: number): void {
  const { parameters: p, columns, balances, agents, brain } = world;
  draws.at(seed, 0, 0, STREAM.initialWeights);
  const fill = (name: string, column: AnyColumn): void => {
    for (let k = 0; k < column.length; k++) {
      if (column instanceof Float32Array) column[k] = anyFloat();
      else column[k] = BELOW[name] === undefined ? anyWord() : draws.below(BELOW[name]);
    }
  };
  for (const group of [balances, columns, agents])
    for (const [name, column] of Object.entries(group)) fill(name, column);
  for (const name of ['observation', 'active', 'reward', 'tdError'] as const) fill(name, brain.columns[name]);
  // prices and values of a running economy; medians and levels that exist
  columns.scalar[WORLD.computeLevel] = draws.below(256);
  for (let i = 0; i < p.slots; i++) {
    const free = draws.below(4) === 0;
    columns.population[i] = free ? FREE_SLOT : draws.below(p.populations.length);
    if (free) brain.columns.active[i] = 0;
    agents.bornAt[i] = TICK - draws.below(TICK + 1);
    if (p.objectives.enabled) {
      agents.trialFrom[i] = TICK - 1 + draws.below(3);
      agents.blockBase[i] = draws.below(2) === 0 ? NO_BASE : draws.below(1000);
    }
    for (let m = 0; m < 4; m++)
      agents.modeShare[m * p.slots + i] = [0, 1, 2 ** -64][draws.below(9)] ?? draws.unit();
    HEADS.forEach(({ size }, head) => {
      chooseOption(world, i, head, draws.below(size));
    });
  }
}

/** All columns that a phase of this file may read or write. */
function columnsOf({ balances, columns, agents, brain, senses }: AgentWorld): [string, AnyColumn][] {
  const { observation, action, reward, tdError, active } = brain.columns;
  const { shared } = senses;
  const felt = { observation, action, received: reward, tdError, active, shared };
  return Object.entries<AnyColumn>({ ...balances, ...columns, ...agents, ...felt });
}
const wordsOf = ({ buffer, byteOffset, byteLength }: AnyColumn): Uint32Array =>
  new Uint32Array(buffer, byteOffset, byteLength / 4);
/** Bits of every column. */
const snapshot = (world: AgentWorld): Uint32Array[] =>
  columnsOf(world).map(([, column]) => wordsOf(column).slice());
/** Where a world differs from a snapshot, in words. */
const differences = (world: AgentWorld, bits: readonly Uint32Array[]): string[] =>
  columnsOf(world).flatMap(([name, column], k) =>
    [...wordsOf(column)].flatMap((word, i) =>
      word === bits[k]![i] ? [] : [`${name}[${i}]: ${word}, not ${bits[k]![i]}`],
    ),
  );

type Setting = typeof setting extends fc.Arbitrary<infer T> ? T : never;
/** Two equal worlds of anything. */
function twins({ seed, ...options }: Omit<Setting, 'world'> & { world: object }): [AgentWorld, AgentWorld] {
  const pair = [testWorld(options), testWorld(options)] as [AgentWorld, AgentWorld];
  for (const world of pair) scramble(world, seed);
  return pair;
}

function agree(byKernel: (world: AgentWorld) => void, bySpecification: (world: AgentWorld) => void): void {
  let changed = 0;
  fc.assert(
    fc.property(setting, (drawn) => {
      const [kernel, specification] = twins(drawn);
      // both write what all agents of a tick have in common
      byKernel(kernel);
      byKernel(specification);
      scramble(specification, drawn.seed);
      const before = snapshot(specification);
      bySpecification(specification);
      expect(differences(kernel, snapshot(specification))).toEqual([]);
      changed += differences(kernel, before).length;
    }),
    { numRuns: 100 },
  );
  expect(changed).toBeGreaterThan(1000);
}

describe('the kernel of senses', () => {
  it('observes what the specification observes, bit for bit', () => {
    agree(
      (world) => observe(world, TICK),
      (world) => observeAgents(world, TICK, 0, world.parameters.slots),
    );
  });

  it('orders what the specification orders', () => {
    agree(
      (world) => applyActions(world, TICK),
      (world) => orderAgents(world, 0, world.parameters.slots),
    );
  });

  it('orders at induced values what the specification orders, in a call and in a trading day', () => {
    let changed = 0;
    fc.assert(
      fc.property(setting, fc.boolean(), (drawn, book) => {
        const world = {
          computeMarket: { enabled: true },
          induced: { enabled: true },
          doubleAuction: { enabled: book },
        };
        const [kernel, specification] = twins({ ...drawn, world });
        // some can pay nothing, some just what they quote, some anything
        for (const { parameters, agents, balances } of [kernel, specification]) {
          for (let i = 0; i < parameters.slots; i += 3) {
            const level = Math.max(0, agents.scriptedLevel[i]! - 1);
            balances.token[i] = parameters.computeMarket.priceTable[level]! - (i % 2);
          }
        }
        const before = snapshot(specification);
        applyActions(kernel, TICK);
        orderInduced(specification, 0, specification.parameters.slots);
        expect(differences(kernel, snapshot(specification))).toEqual([]);
        changed += differences(kernel, before).length;
      }),
      { numRuns: 200 },
    );
    expect(changed).toBeGreaterThan(1000);
  });

  it('rewards what the specification rewards, bit for bit', () => {
    agree(
      (world) => rewardRange(world, TICK, 0, world.parameters.slots),
      (world) => rewardAgents(world, TICK, 0, world.parameters.slots),
    );
  });

  it('finds the same median', () => {
    fc.assert(
      fc.property(setting, (drawn) => {
        const [world] = twins(drawn);
        expect(world.senses.medianBin(12)).toBe(medianBin(world));
        world.columns.population.fill(FREE_SLOT);
        expect([world.senses.medianBin(12), medianBin(world)]).toEqual([0, 0]);
      }),
    );
  });

  it('finds those who start a trial and those whose gift counts, from any agent on', () => {
    fc.assert(
      fc.property(setting, (drawn) => {
        const options = { ...drawn, world: { ...drawn.world, objectives: { enabled: true } } };
        const [world] = twins(options);
        world.agents.trialStage.forEach((_, i) => {
          if (draws.below(2) === 0) world.agents.trialStage[i] = TRIAL.none;
        });
        const { slots } = world.parameters;
        const whole = slots - (slots % LANES);
        const first = (is: (agent: number) => boolean, from: number): number => {
          let agent = from;
          while (agent < whole && !is(agent)) agent++;
          return agent;
        };
        for (let from = 0; from <= slots; from++) {
          expect(world.senses.nextReviser(TICK, from)).toBe(first((i) => choosesTrial(world, TICK, i), from));
          expect(world.senses.nextGiver(from)).toBe(first((i) => givesOnTrial(world, i), from));
        }
      }),
    );
  });

  it('finds those who die of need or age and those who can have a child, from any agent on', () => {
    let aged = 0;
    fc.assert(
      fc.property(
        setting,
        fc.constantFrom(0, 1, 1000, U32_MAX),
        fc.constantFrom(2, 50),
        (drawn, kit, meanLife) => {
          const [world] = twins({ ...drawn, world: { ...drawn.world, demography: { meanLife } } });
          const { columns, agents, parameters } = world;
          for (let i = 0; i < parameters.slots; i++) {
            columns.insolvent[i] = Number(draws.below(4) === 0);
            // both sides of both bounds
            columns.wealth[i] =
              Math.max(0, parameters.energy.subsistence - 1 + draws.below(3)) + 2 * draws.below(2);
            if (draws.below(2) === 0) columns.wealth[i] = anyWord();
            agents.thresholdGene[i] = Math.max(
              0,
              Math.min(U32_MAX, columns.wealth[i]! - kit - 1 + draws.below(3)),
            );
          }
          const { slots } = parameters;
          const whole = slots - (slots % LANES);
          const first = (is: (agent: number) => boolean, from: number): number => {
            let agent = from;
            while (agent < whole && !is(agent)) agent++;
            return agent;
          };
          for (let from = 0; from <= slots; from++) {
            const mortal = (i: number) => naturalCause(world, TICK, i) !== CAUSE.none;
            expect(world.senses.nextMortal(TICK, from)).toBe(first(mortal, from));
            expect(world.senses.nextRich(kit, from)).toBe(first((i) => isRich(world, i, kit), from));
            if (from < slots && naturalCause(world, TICK, from) === CAUSE.age) aged++;
          }
        },
      ),
    );
    expect(aged).toBeGreaterThan(0);
  });

  it('gives the same bits when agents are split into ranges', () => {
    fc.assert(
      fc.property(setting, fc.nat(3), (drawn, cut) => {
        const [whole, split] = twins(drawn);
        const { slots } = whole.parameters;
        const middle = Math.min(cut, Math.floor(slots / LANES)) * LANES;
        observe(whole, TICK);
        applyActions(whole, TICK);
        reward(whole, TICK);
        const ranges = [
          [middle, slots],
          [0, middle],
        ] as const;
        for (const [from, to] of ranges) observe(split, TICK, from, to);
        for (const [from, to] of ranges) applyActions(split, TICK, from, to);
        measureWealth(split);
        for (const [from, to] of ranges) rewardRange(split, TICK, from, to);
        expect(differences(split, snapshot(whole))).toEqual([]);
      }),
    );
  });

  it('refuses ranges that cut a block of lanes', () => {
    const world = testWorld({ slots: 13 });
    expect(() => observe(world, 0, 2, 8)).toThrow('agents 2..8 are not blocks of 4 among 13');
    expect(() => observe(world, 0, 0, 6)).toThrow('blocks of 4');
    expect(() => observe(world, 0, 0, 16)).toThrow('blocks of 4');
    expect(() => observe(world, 0, 8, 13)).not.toThrow();
  });

  it('divides money exactly at every edge: what an agent may bid is the floor of a quotient', () => {
    const world = testWorld({ slots: 4, world: { computeMarket: { bidShare: 1 } } });
    const { columns, balances, parameters } = world;
    const { priceTable } = parameters.computeMarket;
    fc.assert(
      fc.property(fc.nat(255), fc.nat(2 ** 20), fc.integer({ min: -1, max: 1 }), (level, count, off) => {
        const price = priceTable[level]!;
        // a share of 1 takes all but one milli-token
        const token = Math.min(U32_MAX, Math.max(0, price * count + off + 1));
        balances.token.fill(token);
        columns.compute.fill(0);
        columns.soldEma.fill(U32_MAX);
        world.agents.scriptedLevel.fill(level + 1);
        for (let i = 0; i < 4; i++) chooseOption(world, i, 0, 1);
        applyActions(world, 0);
        const affordable = Math.floor(mulHigh(token, parameters.computeMarket.bidShare) / price);
        const wanted = parameters.serviceMarket.maxTasks * parameters.serviceMarket.cuPerTask;
        const quantity = Math.min(affordable, wanted);
        expect(columns.computeQuantity[3]).toBe(quantity);
        expect(columns.computeSide[3]).toBe(quantity === 0 ? SIDE.none : SIDE.buy);
      }),
    );
  });
});
