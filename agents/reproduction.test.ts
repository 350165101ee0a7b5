import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ASSET, FREE_SLOT, SYSTEM, WORLD } from '../market/columns.ts';
import { REASON } from '../market/ledger.ts';
import { drawInitialWeights } from './brain/initialWeights.ts';
import { PARAMETER_COUNT } from './brain/layout.ts';
import { FEATURE_COUNT, GENE } from './columns.ts';
import { live } from './demography.ts';
import { kitSize } from './kit.ts';
import { LineageTree } from './lineage.ts';
import { alive, checkAll, genome, kill, money, onlyParent, quiet } from './testPopulation.ts';

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
