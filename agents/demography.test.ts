import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { startTick } from '../market/circulation.ts';
import { ASSET, FREE_SLOT, SYSTEM, TOTAL, tokenToCash, WORLD } from '../market/columns.ts';
import { checkEscrow } from '../market/laws.ts';
import { REASON } from '../market/ledger.ts';
import { midPrice } from '../market/pool.ts';
import { drawInitialWeights } from './brain/brain.ts';
import { PARAMETER_COUNT } from './brain/layout.ts';
import { type AgentWorld, FEATURE_COUNT, GENE, GENE_COUNT } from './columns.ts';
import { kitSize, live } from './demography.ts';
import { checkEmptySlots, checkPopulationBalance, checkUnitNorm } from './laws.ts';
import { LineageTree } from './lineage.ts';
import { registerPopulation } from './populations.ts';
import { testWorld, tickWithoutMarkets } from './testWorld.ts';

type Options = Parameters<typeof testWorld>[0];
/** Nobody dies of age and nobody immigrates, unless said otherwise. */
function quiet(demography: object = {}, options: Options = {}): AgentWorld {
  const world = testWorld({
    ...options,
    world: {
      ...options.world,
      demography: { ageDeath: false, immigrationFloor: 0, ...demography },
    },
  });
  startTick(world, 0);
  return world;
}
const money = (world: AgentWorld, agent: number): number =>
  world.balances.cash[agent]! + tokenToCash(world.balances.token[agent]!, midPrice(world));
const alive = (world: AgentWorld): number[] =>
  [...world.columns.population.keys()].filter((i) => world.columns.population[i] !== FREE_SLOT);
const genome = (world: AgentWorld, agent: number): number[] =>
  Array.from({ length: GENE_COUNT }, (_, k) => world.agents.genes[k * world.parameters.slots + agent]!);
const treasury = (world: AgentWorld, asset: 0 | 1): number =>
  world.ledger.balance(asset, world.ledger.system(SYSTEM.treasury));

/** Lets agents die for unpaid bills in a tick in which nobody is rich enough to reproduce. */
function kill(world: AgentWorld, ...agents: number[]): void {
  const thresholds = world.agents.thresholdGene.slice();
  world.agents.thresholdGene.fill(0x7fff_ffff);
  for (const agent of agents) world.columns.insolvent[agent] = 1;
  live(world, 0);
  world.agents.thresholdGene.set(thresholds);
}
/** Leaves exactly one agent that wants children. */
function onlyParent(world: AgentWorld, agent: number): void {
  const own = world.agents.thresholdGene[agent]!;
  world.agents.thresholdGene.fill(0x7fff_ffff);
  world.agents.thresholdGene[agent] = own;
}

function checkAll(world: AgentWorld, tick: number): void {
  world.ledger.checkConservation();
  checkPopulationBalance(world, tick);
  checkEmptySlots(world, tick);
  checkEscrow(world);
  checkUnitNorm(world, tick);
  const { capacity, total, scalar } = world.columns;
  expect(capacity.reduce((a, b) => a + b, 0)).toBe(total[TOTAL.capacity]);
  expect(alive(world).length).toBe(scalar[WORLD.alive]);
}

describe('death', () => {
  it('gives money to the treasury and hardware to the stock, and empties the slot', () => {
    const world = quiet();
    const { columns, agents, brain } = world;
    const token = treasury(world, ASSET.token);
    const cash = treasury(world, ASSET.cash);
    kill(world, 3);
    expect(treasury(world, ASSET.token) - token).toBe(2_000_000);
    expect(treasury(world, ASSET.cash) - cash).toBe(500_000);
    expect(columns.total[TOTAL.capacity]).toBe(7 * 8);
    expect(columns.population[3]).toBe(FREE_SLOT);
    expect([agents.serial[3], brain.columns.active[3], columns.skill[12]]).toEqual([0, 0, 0]);
    expect(columns.scalar[WORLD.deaths]).toBe(1);
    checkAll(world, 0);
  });

  it('takes an agent whose wealth is below one subsistence and spares one that has just that', () => {
    const world = quiet({ threshold: 1e6 });
    const { columns, parameters } = world;
    columns.wealth[1] = parameters.energy.subsistence - 1;
    columns.wealth[2] = parameters.energy.subsistence;
    live(world, 0);
    expect(alive(world)).toEqual([0, 2, 3, 4, 5, 6, 7]);
    expect(columns.total[TOTAL.insolvencies]).toBe(1);
  });

  it('of age strikes at the hazard rate', () => {
    const world = testWorld({
      slots: 400,
      world: { demography: { meanLife: 50, threshold: 1e6, immigrationFloor: 0 } },
    });
    let lives = 0;
    for (let tick = 0; tick < 40; tick++) {
      lives += alive(world).length;
      live(world, tick);
    }
    const expected = lives / 50;
    expect(Math.abs(world.columns.total[TOTAL.deaths]! - expected)).toBeLessThan(4 * Math.sqrt(expected));
  });

  it('by parameter takes exactly that many distinct agents, every one as likely', () => {
    const world = quiet({ deathsPerTick: 3, threshold: 1e6 }, { slots: 9 });
    const deaths = new Array<number>(9).fill(0);
    const fates = world.columns.population.slice();
    for (let tick = 0; tick < 600; tick++) {
      live(world, tick);
      expect(alive(world)).toHaveLength(6);
      fates.forEach((_, i) => {
        if (world.columns.population[i] === FREE_SLOT) deaths[i]!++;
      });
      // the dead rise for the next round
      world.columns.population.fill(0);
      world.columns.wealth.fill(1_000_000);
    }
    for (const n of deaths) expect(Math.abs(n - 200)).toBeLessThan(4 * Math.sqrt(600 * (1 / 3) * (2 / 3)));
  });

  it('does not happen where demography is off', () => {
    const world = quiet({ enabled: false });
    world.columns.insolvent.fill(1);
    live(world, 0);
    expect(alive(world)).toHaveLength(8);
  });
});

describe('birth', () => {
  it('needs wealth of the threshold and the price of the kit, to the milli-cash', () => {
    const world = quiet({ mutation: false, crossover: 0 });
    kill(world, 7);
    onlyParent(world, 2);
    const kit = kitSize(world) * world.columns.scalar[WORLD.hardwarePrice]!;
    world.columns.wealth[2] = world.agents.thresholdGene[2]! + kit - 1;
    live(world, 1);
    expect(world.columns.scalar[WORLD.births]).toBe(0);
    world.columns.wealth[2]! += 1;
    live(world, 2);
    expect(world.columns.scalar[WORLD.births]).toBe(1);
    checkAll(world, 2);
  });

  it('mints nothing: parent pays kit and endowment, child gets the endowment, wealth is recorded', () => {
    const world = quiet();
    kill(world, 7);
    onlyParent(world, 2);
    const { agents, columns, ledger } = world;
    const before = money(world, 2);
    const kit = kitSize(world) * columns.scalar[WORLD.hardwarePrice]!;
    const supplier = ledger.balance(ASSET.cash, ledger.system(SYSTEM.supplier));
    live(world, 1);
    const given = money(world, 7);
    expect(ledger.balance(ASSET.cash, ledger.system(SYSTEM.supplier)) - supplier).toBe(500_000);
    expect(Math.abs(before - money(world, 2) - kit - given)).toBeLessThanOrEqual(4);
    expect(given / (before - kit)).toBeCloseTo(0.33, 4);
    expect(agents.transferGiven[2]).toBeCloseTo(kit + given, -1);
    expect(Math.abs(columns.wealth[7]! - given)).toBeLessThanOrEqual(1);
    expect(columns.wealthBefore[7]).toBe(columns.wealth[7]);
    expect(columns.capacity[7]).toBe(kitSize(world));
    checkAll(world, 1);
  });

  it('endows at least the floor whatever the parent holds in cash and token', () => {
    fc.assert(
      fc.property(fc.nat(3_000_000), fc.nat(30_000_000), fc.nat(20_000_000), (cash, token, reserve) => {
        const world = quiet({ threshold: 0, endowmentShare: 0.1, endowmentFloor: 700 }, { slots: 2 });
        const { ledger, columns } = world;
        kill(world, 1);
        const move = (asset: 0 | 1, from: number, to: number, amount: number): void =>
          ledger.transfer(asset, from, to, amount, REASON.estate);
        const consumers = ledger.system(SYSTEM.consumers);
        move(ASSET.cash, 0, consumers, 500_000);
        move(ASSET.token, 0, consumers, 2_000_000);
        move(ASSET.cash, consumers, 0, cash);
        move(ASSET.token, consumers, 0, token);
        move(ASSET.token, consumers, ledger.system(SYSTEM.amm), reserve);
        columns.wealth[0] = money(world, 0);
        const before = money(world, 0);
        const kit = kitSize(world) * columns.scalar[WORLD.hardwarePrice]!;
        live(world, 1);
        if (columns.scalar[WORLD.births] === 0) expect(before).toBeLessThan(kit + 700_000 + 10);
        else {
          expect(before).toBeGreaterThanOrEqual(kit + 700_000);
          expect(money(world, 1)).toBeGreaterThanOrEqual(700_000);
        }
        checkAll(world, 1);
      }),
      { numRuns: 60 },
    );
  });

  it('costs nothing and needs nothing where parents do not pay', () => {
    const world = quiet({ parentPays: false, threshold: 1e6, lottery: 'uniform' });
    kill(world, 5);
    live(world, 1);
    expect(world.columns.scalar[WORLD.births]).toBe(1);
    expect(money(world, 5)).toBe(0);
    checkAll(world, 1);
  });

  it('gives each parent at most one child a tick, and each child a serial, parents and a generation', () => {
    const tree = new LineageTree();
    const world = quiet({ crossover: 1 }, { lineage: tree });
    kill(world, 4, 5, 6, 7);
    onlyParent(world, 1);
    live(world, 1);
    expect(alive(world)).toEqual([0, 1, 2, 3, 4]);
    const { agents } = world;
    expect([agents.serial[4], agents.parent[4], agents.generation[4], agents.bornAt[4]]).toEqual([
      9, 2, 1, 1,
    ]);
    expect(agents.secondParent[4]).toBe(0); // nobody else was eligible
    agents.thresholdGene.fill(0);
    live(world, 2);
    expect(agents.secondParent[5]).toBeGreaterThan(0);
    expect(tree.ancestors(9)).toEqual([2]);
    expect(tree.life(5)?.died).toBe(0);
  });

  it('does not inherit skill or data', () => {
    const world = quiet();
    kill(world, 7);
    onlyParent(world, 0);
    world.columns.skill.fill(0xf000_0000, 0, 28);
    world.columns.data[0] = 500;
    live(world, 1);
    expect(world.columns.skill[28]).toBe(world.parameters.genesis.skill);
    expect(world.columns.data[7]).toBe(0);
  });

  it('copies the genome exactly where the population does not evolve, and changes it where it does', () => {
    for (const evolves of [true, false]) {
      const world = quiet({}, { populations: [{ name: 'l', kind: 'learner', evolves }] });
      kill(world, 7);
      onlyParent(world, 3);
      live(world, 1);
      if (evolves) expect(genome(world, 7)).not.toEqual(genome(world, 3));
      else expect(genome(world, 7)).toEqual(genome(world, 3));
      expect(world.brain.columns.gamma[7]).toBe(world.agents.genes[GENE.gamma * 8 + 7]);
    }
  });

  it('draws the shadow genome from a random member: it drifts, but never follows the parent alone', () => {
    const world = quiet({ mutation: false, crossover: 0 }, { slots: 40 });
    const { agents } = world;
    agents.shadowGenes.set(agents.genes); // so that a shadow tells whose it was
    kill(world, ...Array.from({ length: 20 }, (_, k) => 20 + k));
    live(world, 1);
    const key = (genes: Float32Array, i: number): number => genes[i]!; // gene 0 is unique to each founder
    let own = 0;
    for (let i = 20; i < 40; i++) {
      if (world.columns.population[i] === FREE_SLOT) continue;
      expect([...agents.shadowGenes.subarray(0, 20)]).toContain(key(agents.shadowGenes, i));
      if (key(agents.genes, i) === key(agents.shadowGenes, i)) own++;
    }
    expect(world.columns.scalar[WORLD.births]).toBe(20);
    expect(own).toBeLessThan(8);
  });

  it('gives founders and immigrants a shadow genome that tells nothing of their own', () => {
    const slots = 400;
    const { agents } = quiet({}, { slots });
    let product = 0;
    for (let i = 0; i < FEATURE_COUNT * slots; i++) {
      expect(agents.shadowGenes[i]).not.toBe(agents.genes[i]);
      product += (agents.shadowGenes[i]! * agents.genes[i]! * FEATURE_COUNT) / (FEATURE_COUNT * slots);
    }
    // mean product of independent unit vectors' entries, of variance 1 / FEATURE_COUNT each
    expect(Math.abs(product)).toBeLessThan(4 / Math.sqrt(FEATURE_COUNT * slots));
  });

  it('by wealth with replacement goes to parents in proportion to wealth, however many children that gives one', () => {
    const world = quiet(
      { deathsPerTick: 50, sampling: 'multinomial', lottery: 'wealth', parentPays: false, mutation: false },
      { slots: 50, populations: [{ name: 'l', kind: 'passive' }] },
    );
    world.columns.wealth.fill(1000);
    world.columns.wealth[0] = 49_000; // half of all
    const first = world.agents.serial[0]!;
    live(world, 0);
    const children = [...world.agents.parent].filter((parent) => parent === first).length;
    expect(Math.abs(children - 25)).toBeLessThan(4 * Math.sqrt(50 / 4));
  });

  it('fills slots of its own population only, where quotas hold', () => {
    const populations = [
      { name: 'a', kind: 'passive', share: 1 },
      { name: 'b', kind: 'passive', share: 1 },
    ];
    const world = quiet({ quotas: true }, { slots: 10, populations });
    kill(world, 0, 1, 8);
    world.agents.thresholdGene.fill(0x7fff_ffff, 5);
    live(world, 1);
    expect([...world.columns.population]).toEqual([0, 0, 0, 0, 0, 1, 1, 1, FREE_SLOT, 1]);
    const open = quiet({ quotas: false }, { slots: 10, populations });
    kill(open, 0, 1, 8);
    open.agents.thresholdGene.fill(0x7fff_ffff, 5);
    live(open, 1);
    expect(open.columns.population[8]).toBe(0);
  });
});

describe('inheritance of weights', () => {
  const weightsOfChild = (inheritance: string): { child: number[]; parent: number[]; drawn: number[] } => {
    const world = quiet({}, { populations: [{ name: 'l', kind: 'learner', inheritance }] });
    kill(world, 7);
    onlyParent(world, 2);
    const learned = Float32Array.from({ length: PARAMETER_COUNT }, (_, k) => k / 1000);
    world.brain.writeAgent(2, learned);
    live(world, 5);
    const drawn = new Float32Array(PARAMETER_COUNT);
    const [tick, slot] = inheritance === 'darwinian' ? [5, 7] : [0, 2];
    drawInitialWeights(drawn, 1, tick!, slot!);
    return { child: [...world.brain.readAgent(7)], parent: [...learned], drawn: [...drawn] };
  };

  it('is none for Darwinian children, which draw their own', () => {
    const { child, drawn } = weightsOfChild('darwinian');
    expect(child).toEqual(drawn);
  });

  it("is the parent's weights at birth for Baldwinian children", () => {
    const { child, drawn, parent } = weightsOfChild('baldwinian');
    expect(child).toEqual(drawn);
    expect(child).not.toEqual(parent);
  });

  it("is the parent's current weights for Lamarckian children", () => {
    const { child, parent } = weightsOfChild('lamarckian');
    expect(child).toEqual(parent);
  });

  it('survives parents that die and whose slots their children take in the same tick', () => {
    const world = quiet(
      { deathsPerTick: 6, sampling: 'multinomial', parentPays: false, lottery: 'uniform' },
      { slots: 6, populations: [{ name: 'l', kind: 'learner', inheritance: 'lamarckian' }] },
    );
    const marks = [11, 12, 13, 14, 15, 16];
    marks.forEach((mark, i) => {
      world.brain.writeAgent(i, new Float32Array(PARAMETER_COUNT).fill(mark));
    });
    const serials = [...world.agents.serial];
    live(world, 1);
    for (let i = 0; i < 6; i++) {
      const parent = serials.indexOf(world.agents.parent[i]!);
      expect(world.brain.readAgent(i)[100]).toBe(marks[parent]);
    }
  });
});

describe('immigration', () => {
  it('fills up to the floor, endowed in full by the treasury', () => {
    const world = quiet({ immigrationFloor: 0.75, immigrantsPerTick: 2, threshold: 1e6 });
    kill(world, 3, 4, 5, 6, 7);
    const total = world.columns.total;
    expect([alive(world).length, total[TOTAL.immigrants]]).toEqual([5, 2]); // two came at once
    const before = treasury(world, ASSET.token);
    live(world, 1);
    expect(alive(world)).toHaveLength(6);
    live(world, 2);
    expect(alive(world)).toHaveLength(6);
    expect(before - treasury(world, ASSET.token)).toBe(2_000_000);
    expect(money(world, alive(world)[5]!)).toBe(2_500_000);
    expect(world.agents.parent[3]).toBe(0);
    checkAll(world, 2);
  });

  it.each([
    [ASSET.token, 2_000_000],
    [ASSET.cash, 500_000],
  ] as const)('stops when the treasury lacks one milli-unit of asset %i', (asset, needed) => {
    for (const short of [0, 1]) {
      const world = quiet({ immigrationFloor: 1, threshold: 1e6 });
      const { ledger } = world;
      const consumers = ledger.system(SYSTEM.consumers);
      world.columns.insolvent[7] = 1;
      ledger.transfer(asset, 7, consumers, ledger.balance(asset, 7), REASON.estate);
      const left = treasury(world, asset) - (needed - short);
      ledger.transfer(asset, ledger.system(SYSTEM.treasury), consumers, left, REASON.estate);
      live(world, 1);
      expect(alive(world)).toHaveLength(8 - short);
      checkAll(world, 1);
    }
  });

  it('keeps each population above a floor of its own where slots are protected by quota', () => {
    const world = quiet(
      { immigrationFloor: 0.5, immigrantsPerTick: 8, threshold: 1e6, quotas: true },
      {
        populations: [
          { name: 'a', kind: 'passive' },
          { name: 'b', kind: 'passive' },
        ],
      },
    );
    // the world as a whole stays at its floor, but 'b' would die out
    kill(world, 4, 5, 6, 7);
    live(world, 1);
    const of = (population: number): number =>
      world.columns.population.filter((p) => p === population).length;
    expect([of(0), of(1)]).toEqual([4, 2]);
    checkAll(world, 1);
  });

  it('gives immigrants what their population was given at genesis, to the milli-unit', () => {
    const populations = [
      { name: 'poor', kind: 'passive', endowment: 0 },
      { name: 'odd', kind: 'passive', endowment: 1.000_000_3 }, // 2,000,000.6 milli-token, 500,000.15 milli-cash
      { name: 'rich', kind: 'passive', endowment: 3 },
    ];
    const world = quiet(
      { immigrationFloor: 1, immigrantsPerTick: 9, threshold: 1e6, quotas: true },
      { slots: 9, populations, world: { treasury: { reserveEndowments: 100 } } },
    );
    const { population, wealth } = world.columns;
    const holdings = (): number[][] =>
      alive(world).map((i) => [
        population[i]!,
        world.balances.token[i]!,
        world.balances.cash[i]!,
        wealth[i]!,
      ]);
    const genesis = holdings();
    expect(genesis.map(([of, token, cash]) => [of, token, cash])).toEqual(
      [0, 0, 0, 1, 1, 1, 2, 2, 2].map((of) => [
        of,
        [0, 2_000_001, 6_000_000][of],
        [0, 500_000, 1_500_000][of],
      ]),
    );
    for (let i = 0; i < 9; i++) world.columns.insolvent[i] = 1;
    live(world, 0);
    expect(world.columns.scalar[WORLD.immigrants]).toBe(9);
    expect(holdings()).toEqual(genesis);
    checkAll(world, 0);
  });

  it('asks of the treasury the endowment of the population that would come', () => {
    for (const short of [0, 1]) {
      const world = quiet(
        { immigrationFloor: 1, threshold: 1e6 },
        { populations: [{ name: 'rich', kind: 'passive', endowment: 3 }] },
      );
      const { ledger } = world;
      const consumers = ledger.system(SYSTEM.consumers);
      world.columns.insolvent[7] = 1;
      for (const asset of [ASSET.token, ASSET.cash] as const)
        ledger.transfer(asset, 7, consumers, ledger.balance(asset, 7), REASON.estate);
      const left = treasury(world, ASSET.cash) - (1_500_000 - short);
      ledger.transfer(ASSET.cash, ledger.system(SYSTEM.treasury), consumers, left, REASON.estate);
      live(world, 1);
      expect(alive(world)).toHaveLength(8 - short);
      checkAll(world, 1);
    }
  });

  it('brings only populations that accept immigrants', () => {
    const world = quiet(
      { immigrationFloor: 1, immigrantsPerTick: 8, threshold: 1e6 },
      {
        populations: [
          { name: 'a', kind: 'passive', immigrates: false },
          { name: 'b', kind: 'passive' },
        ],
      },
    );
    for (let i = 0; i < 8; i++) world.columns.insolvent[i] = 1;
    live(world, 0);
    expect([...world.columns.population]).toEqual(new Array(8).fill(1));
  });
});

describe('a long run without earnings', () => {
  it('keeps every law in every tick while agents are born, starve, age and arrive', () => {
    const world = testWorld({
      slots: 24,
      world: {
        energy: { subsistence: 5 },
        demography: { meanLife: 60, threshold: 100, endowmentFloor: 50, immigrationFloor: 0.5 },
      },
      populations: [
        { name: 'hidden', kind: 'learner', rewardHidden: true, inheritance: 'lamarckian' },
        { name: 'plain', kind: 'learner', inheritance: 'baldwinian' },
        { name: 'random', kind: 'random', reward: 'zero' },
      ],
    });
    for (let tick = 0; tick < 300; tick++) {
      tickWithoutMarkets(world, tick);
      checkAll(world, tick);
    }
    const { total } = world.columns;
    for (const count of [TOTAL.births, TOTAL.deaths, TOTAL.immigrants])
      expect(total[count]).toBeGreaterThan(20);
  });
});

describe('population genetics', () => {
  registerPopulation('geneticType', () => {});
  const blank = {
    genesis: { token: 0, cash: 0, capacity: 0 },
    amm: { enabled: false },
    computeMarket: { enabled: false },
    serviceMarket: { enabled: false },
    training: { enabled: false },
    hardware: { enabled: false },
    energy: { price: 0, subsistence: 0 },
  };
  const twoTypes = (slots: number, fitness: number, demography: object) =>
    testWorld({
      slots,
      kinds: ['geneticType'],
      populations: [
        { name: 'resident', kind: 'geneticType' },
        { name: 'mutant', kind: 'geneticType', fitness },
      ],
      world: {
        ...blank,
        demography: {
          ageDeath: false,
          immigrationFloor: 0,
          parentPays: false,
          lottery: 'fitness',
          mutation: false,
          ...demography,
        },
      },
    });
  const mutants = (world: AgentWorld): number => world.columns.population.reduce((a, b) => a + b, 0);
  /** Starts the next replicate in the same world: later ticks draw independently. */
  const restart = (world: AgentWorld, count: number): void => {
    world.columns.population.fill(0);
    world.columns.population.fill(1, 0, count);
  };

  it('is the Moran process with one birth and one death a tick: fixation (1 - 1/r) / (1 - r^-n)', () => {
    const n = 6;
    const r = 1.6;
    const runs = 2000;
    const world = twoTypes(n, r, { deathsPerTick: 1 });
    let fixed = 0;
    let tick = 0;
    for (let run = 0; run < runs; run++) {
      restart(world, 1);
      while (mutants(world) > 0 && mutants(world) < n) live(world, tick++);
      if (mutants(world) === n) fixed++;
    }
    expect(alive(world)).toHaveLength(n);
    const expected = (1 - 1 / r) / (1 - r ** -n);
    expect(Math.abs(fixed / runs - expected)).toBeLessThan(4 * Math.sqrt((expected * (1 - expected)) / runs));
  });

  it('is the Wright-Fisher process when all die and sampling is multinomial: H decays by 1 - 1/n', () => {
    const n = 10;
    const generations = 6;
    const runs = 1000;
    const world = twoTypes(n, 1, { deathsPerTick: n, sampling: 'multinomial' });
    let sum = 0;
    let squares = 0;
    let tick = 0;
    for (let run = 0; run < runs; run++) {
      restart(world, 5);
      for (let t = 0; t < generations; t++) live(world, tick++);
      const p = mutants(world) / n;
      const h = 2 * p * (1 - p);
      sum += h;
      squares += h * h;
    }
    const mean = sum / runs;
    const standardError = Math.sqrt((squares / runs - mean * mean) / runs);
    expect(Math.abs(mean - 0.5 * (1 - 1 / n) ** generations)).toBeLessThan(4 * standardError);
  });
});
